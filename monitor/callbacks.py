"""What Twilio tells us back: how far a text or call got, and which key was pressed.

Anybody can call this address. What Twilio has not signed for the very address that we gave it, what was told before and
what comes too late changes nothing and is counted. All else becomes an input of the engine like any other, so that the
journal has it and a replay shows it. Each address names its notification and the time of it, both under the signature.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar
from urllib.parse import parse_qsl

from alerts.channels.spoken import Key, Line, key_of, thanks
from alerts.channels.telephone import CALL_STATES, TEXT_STATES, is_genuine, word_for
from alerts.terms import Channel, DeliveryState, NotificationId, Outcome
from config.settings import Settings
from monitor.http import CallbackServer, Reply
from monitor.wire import to_json

PATH = re.compile(r"/(text|call|key|quiet|duty)/(es|en)/([0-9]{1,15})/([0-9a-f-]{36})", re.ASCII)
LINES = {line.value: line for line in Line}
FIELDS_MAX = 100  # Twilio sends about 20
STATUS_AGE_MS = 3_600_000  # a text is valid for five minutes, its receipt may lag; an hour later its incident is another
KEY_AGE_MS = 600_000  # five minutes of trying, half a minute of ringing, two of talking: a key pressed later was not pressed
SEEN_MAX = 50_000  # what was told before; an hour of a county at its worst

Form = list[tuple[str, str]]
K = TypeVar("K")
V = TypeVar("V")


class Result(Enum):
    """What became of a callback, as metrics count it."""

    TAKEN = "taken"
    REPEATED = "repeated"  # told before, or overtaken by what was told before
    LATE = "late"
    FORGED = "forged"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class _Told:
    """One genuine callback."""

    kind: str
    language: str
    issued_ms: int
    notification: NotificationId
    words: Mapping[str, str]


_REFUSED = Reply(403)
_NOTED = Reply(204)


class Callbacks:
    """One listener of its own, so that nothing else of ours stands open to the world."""

    def __init__(
        self,
        *,
        listen: str,
        public_url: str,
        auth_token: str,
        put: Callable[[str, bytes], None],
        heard: Callable[[Outcome, Channel], None],
        follows: Callable[[str], bool],
        count: Callable[[str], None],
        now_ms: Callable[[], int],
    ) -> None:
        host, _, port = listen.rpartition(":")
        self.server = CallbackServer(host, int(port), self.take)
        self._public_url = public_url
        self._auth_token = auth_token
        self._put = put
        self._heard = heard
        self._follows = follows  # whether the incident of a notification is still open
        self._count = count
        self._now_ms = now_ms
        self._seen: OrderedDict[tuple[str, ...], None] = OrderedDict()
        self._reached: OrderedDict[NotificationId, DeliveryState] = OrderedDict()

    async def run(self) -> None:
        """Listen until cancelled."""
        await self.server.run()

    def take(self, path: str, body: bytes, signature: str | None) -> Reply:
        """What is answered to one request."""
        where, form = PATH.fullmatch(path), _form_of(body)
        if where is None or form is None:
            return self._refuse(Result.MALFORMED)
        if not is_genuine(self._auth_token, self._public_url + path, form, signature):
            return self._refuse(Result.FORGED)
        told = _Told(where[1], where[2], int(where[3]), NotificationId(where[4]), dict(form))
        return self._on_key(told, LINES[told.kind]) if told.kind in LINES else self._on_status(told)

    # --- how far it got -------------------------------------------------------------------------------------------

    def _on_status(self, told: _Told) -> Reply:
        """A state is told on only if it is further than all that was told before."""
        is_text = told.kind == "text"
        word = told.words.get("MessageStatus" if is_text else "CallStatus", "")
        state = (TEXT_STATES if is_text else CALL_STATES).get(word)
        if state is None:
            return self._refuse(Result.MALFORMED)
        if self._now_ms() - told.issued_ms > STATUS_AGE_MS:
            return self._refuse(Result.LATE)
        if self._was_seen(told.kind, told.words.get("MessageSid" if is_text else "CallSid", ""), word):
            return self._refuse(Result.REPEATED)
        if state.rank <= self._reached.get(told.notification, DeliveryState.ACCEPTED).rank:
            self._count((Result.TAKEN if state is DeliveryState.ACCEPTED else Result.REPEATED).value)
            return _NOTED
        _keep(self._reached, told.notification, state)
        detail = word_for(told.words.get("ErrorCode", "")) if is_text and state is DeliveryState.FAILED else word
        self._heard(Outcome(told.notification, state, self._now_ms(), detail), Channel.SMS if is_text else Channel.VOICE)
        self._count(Result.TAKEN.value)
        return _NOTED

    # --- which key ------------------------------------------------------------------------------------------------

    def _on_key(self, told: _Told, line: Line) -> Reply:
        """A key counts once; whoever presses it, or whose connection stumbles, hears the answer each time."""
        digits = told.words.get("Digits", "")
        key = key_of(digits, line)
        if self._now_ms() - told.issued_ms > KEY_AGE_MS:
            return self._refuse(Result.LATE)
        is_open = self._follows(told.notification)  # before the key is judged, which may close it
        reply = Reply(200, thanks(key, line, told.language, self._action(told), is_open=is_open).encode(), "text/xml")
        if key is None:
            self._count(Result.TAKEN.value)
        elif self._was_seen(told.kind, told.words.get("CallSid", ""), digits):
            self._count(Result.REPEATED.value)
        else:
            help_wanted = {"wants_help": True} if key is Key.HELP else {}
            self._put("monitor/ack", to_json({"alert": told.notification, "by": "person", **help_wanted}))
            self._count(Result.TAKEN.value)
        return reply

    def _action(self, told: _Told) -> str:
        return f"{self._public_url}/{told.kind}/{told.language}/{told.issued_ms}/{told.notification}"

    # --- small ----------------------------------------------------------------------------------------------------

    def _refuse(self, why: Result) -> Reply:
        self._count(why.value)
        return _REFUSED

    def _was_seen(self, *what: str) -> bool:
        if what in self._seen:
            return True
        _keep(self._seen, what, None)
        return False


def _keep(memory: OrderedDict[K, V], key: K, value: V) -> None:
    """Remember it, and forget the oldest."""
    memory[key] = value
    while len(memory) > SEEN_MAX:
        memory.popitem(last=False)


def _form_of(body: bytes) -> Form | None:
    """The fields of a form, empty ones too, since they are signed; None where it is none, or says a thing twice."""
    try:
        form = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=FIELDS_MAX)
    except ValueError:
        return None
    return form if len(dict(form)) == len(form) else None


def callbacks_of(
    settings: Settings,
    put: Callable[[str, bytes], None],
    heard: Callable[[Outcome, Channel], None],
    *,
    follows: Callable[[str], bool],
    count: Callable[[str], None],
    now_ms: Callable[[], int],
) -> Callbacks | None:
    """The listener that the settings ask for."""
    telephone = settings.telephone
    if telephone.callback_listen is None or telephone.public_url is None or telephone.auth_token is None:
        return None
    return Callbacks(
        listen=telephone.callback_listen,
        public_url=telephone.public_url.rstrip("/"),
        auth_token=telephone.auth_token,
        put=put,
        heard=heard,
        follows=follows,
        count=count,
        now_ms=now_ms,
    )
