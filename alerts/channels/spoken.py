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


# What is said beside the alert: (es, en). The control room cannot ask itself for help.
_CHOICE: dict[Audience, tuple[str, str]] = {
    Audience.PROTECTED: (
        "Oprime 1 si ya lo sabes. Oprime 9 si necesitas ayuda.",
        "Press 1 if you have heard this. Press 9 if you need help.",
    ),
    Audience.DISPATCH: ("Oprime 1 si te haces cargo.", "Press 1 if you take charge of it."),
}
KEYS: dict[Audience, tuple[Key, ...]] = {Audience.PROTECTED: (Key.SEEN, Key.HELP), Audience.DISPATCH: (Key.SEEN,)}
_THANKS: dict[tuple[Audience, Key], tuple[str, str]] = {
    (Audience.DISPATCH, Key.SEEN): ("Queda a tu cargo. Gracias.", "It is yours now. Thank you."),
    (Audience.PROTECTED, Key.SEEN): ("Gracias. Ante un peligro, llama al 911.", "Thank you. In danger, call 911."),
    (Audience.PROTECTED, Key.HELP): (
        "Avisamos ahora a la central de que pides ayuda. Si puedes, llama también al 911.",
        "We are telling the control room now that you ask for help. If you can, call 911 as well.",
    ),
}
_CLOSED = (
    "Este aviso ya está cerrado y no podemos pasar tu petición. Si necesitas ayuda, llama al 911.",
    "This alert is closed and we cannot pass on what you ask. If you need help, call 911.",
)


def asks(notification: Notification) -> bool:
    """Whether a call waits for a key: hers does, and the control room's. Whom she trusts cannot answer for her."""
    return notification.audience in KEYS


def twiml_of(notification: Notification, action: str | None = None) -> str:
    """What a call says: the alert, a pause, the alert; `action` is where a pressed key is told, None where nobody listens."""
    language = notification.language
    if action is None or not asks(notification):
        said = _say(notification.text, language)
        return _response(f'{said}<Pause length="1"/>{said}')
    once = _say(f"{notification.text} {_word(_CHOICE[notification.audience], language)}", language)
    return _response(_gather(f'{once}<Pause length="1"/>{once}', action))


def key_of(digits: str, audience: Audience) -> Key | None:
    """What the pressed key means to that audience; None for nothing."""
    return next((key for key in KEYS[audience] if key.value == digits), None)


def thanks(key: Key | None, audience: Audience, language: str, action: str, *, is_open: bool = True) -> str:
    """What is said to a pressed key; one that means nothing is asked for again. Help is promised only where somebody will be told."""
    if key is Key.HELP and not is_open:
        return _response(_say(_word(_CLOSED, language), language))
    if key is None:
        return _response(_gather(_say(_word(_CHOICE[audience], language), language), action))
    return _response(_say(_word(_THANKS[audience, key], language), language))


def _gather(inside: str, action: str) -> str:
    return f'<Gather input="dtmf" numDigits="1" timeout="{KEY_WAIT_S}" method="POST" action={quoteattr(action)}>{inside}</Gather>'


def _say(text: str, language: str) -> str:
    return f'<Say language="{VOICES[language]}">{escape(text)}</Say>'


def _word(words: tuple[str, str], language: str) -> str:
    return words[0 if language == "es" else 1]


def _response(inside: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{inside}</Response>'
