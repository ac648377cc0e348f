"""What a call says, as TwiML: the alert twice, and which key answers it. Text only; the words of the alert come with it."""

from __future__ import annotations

from enum import Enum
from xml.sax.saxutils import escape, quoteattr

from alerts.terms import Audience, Notification

VOICES = {"es": "es-MX", "en": "en-US"}
KEY_WAIT_S = 8  # after the second reading: as long as it takes to find the keys of a telephone held at the ear


class Key(Enum):
    """What a pressed key means."""

    SEEN = "1"
    HELP = "9"


class Line(Enum):
    """Who is at the other end of a call that waits for a key; its word is in the address at which the key is told."""

    HER = "key"
    OVERHEARD = "quiet"  # hers, but others may hear it
    DESK = "duty"  # the control room


# What each line may press, and what is said of it: (es, en). The control room cannot ask itself for help.
_CHOICE: dict[Line, tuple[str, str]] = {
    Line.HER: ("Oprime 1 si ya lo sabes. Oprime 9 si necesitas ayuda.", "Press 1 if you have heard this. Press 9 if you need help."),
    Line.OVERHEARD: ("Oprime 1 si ya lo sabes. Oprime 9 para cambiarla.", "Press 1 if you have heard this. Press 9 to change it."),
    Line.DESK: ("Oprime 1 si te haces cargo.", "Press 1 if you take charge of it."),
}
_THANKS: dict[tuple[Line, Key], tuple[str, str]] = {
    (Line.HER, Key.SEEN): ("Gracias. Ante un peligro, llama al 911.", "Thank you. In danger, call 911."),
    (Line.HER, Key.HELP): (
        "Avisamos ahora a la central de que pides ayuda. Si puedes, llama también al 911.",
        "We are telling the control room now that you ask for help. If you can, call 911 as well.",
    ),
    (Line.OVERHEARD, Key.SEEN): ("Gracias.", "Thank you."),
    (Line.OVERHEARD, Key.HELP): ("Gracias, pasamos tu petición ahora mismo.", "Thank you, we are passing this on right now."),
    (Line.DESK, Key.SEEN): ("Queda a tu cargo. Gracias.", "It is yours now. Thank you."),
}
_CLOSED: dict[Line, tuple[str, str]] = {
    Line.HER: (
        "Este aviso ya está cerrado y no podemos pasar tu petición. Si necesitas ayuda, llama al 911.",
        "This alert is closed and we cannot pass on what you ask. If you need help, call 911.",
    ),
    Line.OVERHEARD: (
        "Este recordatorio ya terminó y no podemos pasar tu petición. Llama tú misma.",
        "This reminder is over and we cannot pass on what you ask. Please call yourself.",
    ),
}
KEYS: dict[Line, tuple[Key, ...]] = {line: tuple(key for key in Key if (line, key) in _THANKS) for line in Line}


def line_of(notification: Notification) -> Line | None:
    """Who a call is for, where it waits for a key: hers does, and the control room's. Whom she trusts cannot answer for her."""
    if notification.audience is Audience.PROTECTED:
        return Line.OVERHEARD if notification.neutral else Line.HER
    return Line.DESK if notification.audience is Audience.DISPATCH else None


def twiml_of(notification: Notification, action: str | None = None) -> str:
    """What a call says: the alert, a pause, the alert; `action` is where a pressed key is told, None where nobody listens."""
    language, line = notification.language, line_of(notification)
    if action is None or line is None:
        said = _say(notification.text, language)
        return _response(f'{said}<Pause length="1"/>{said}')
    once = _say(f"{notification.text} {_word(_CHOICE[line], language)}", language)
    return _response(_gather(f'{once}<Pause length="1"/>{once}', action))


def key_of(digits: str, line: Line) -> Key | None:
    """What the pressed key means on that line; None for nothing."""
    return next((key for key in KEYS[line] if key.value == digits), None)


def thanks(key: Key | None, line: Line, language: str, action: str, *, is_open: bool = True) -> str:
    """What is said to a pressed key; one that means nothing is asked for again. Help is promised only where somebody will be told."""
    if key is Key.HELP and not is_open:
        return _response(_say(_word(_CLOSED[line], language), language))
    if key is None:
        return _response(_gather(_say(_word(_CHOICE[line], language), language), action))
    return _response(_say(_word(_THANKS[line, key], language), language))


def _gather(inside: str, action: str) -> str:
    return f'<Gather input="dtmf" numDigits="1" timeout="{KEY_WAIT_S}" method="POST" action={quoteattr(action)}>{inside}</Gather>'


def _say(text: str, language: str) -> str:
    return f'<Say language="{VOICES[language]}">{escape(text)}</Say>'


def _word(words: tuple[str, str], language: str) -> str:
    return words[0 if language == "es" else 1]


def _response(inside: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{inside}</Response>'
