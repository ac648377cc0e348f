"""Where people's answers arrive by HTTP: a dispatcher's, signed like our own calls; a button pressed on a push message.

Each becomes an input of the engine like any other, so that the journal has it and a replay shows it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from alerts.channels.dispatch import is_signed
from alerts.channels.push import Answers
from config.settings import Settings
from monitor.wire import WHO_CHARS_MAX, from_json, person_answers


def machine_ms() -> int:
    """By the machine's clock: what others sign by theirs is no older because our record may be ahead of it (monitor/clock.py)."""
    return time.time_ns() // 1_000_000


class Desk:
    """Says of each answer whether it was taken; one that was not is told nothing more."""

    def __init__(
        self, settings: Settings, put: Callable[[str, bytes], None], now_ms: Callable[[], int], signed_ms: Callable[[], int] = machine_ms
    ) -> None:
        self._secret = settings.dispatch.webhook_secret
        self._answers = Answers(settings.push.answer_secret) if settings.push.answer_secret is not None else None
        self._put = put
        self._now_ms, self._signed_ms = now_ms, signed_ms  # of what we have sent out; of what others sign

    def on_dispatch(self, signature: str | None, body: bytes) -> bool:
        """A dispatcher has answered: `{"alert": "<notification id>", "who": "<name>"}`, signed like our own calls to the control room.

        `who` is whatever names the person there; without it the answer holds for one round of the ladder.
        """
        if self._secret is None or not is_signed(self._secret, signature, body, self._signed_ms() // 1000):
            return False
        said = _read(body)
        alert, who = said.get("alert"), said.get("who")
        if alert is None or (who is not None and not (who.strip() and len(who) <= WHO_CHARS_MAX)):
            return False
        self._put(*person_answers(alert, "dispatcher", who))
        return True

    def on_push(self, body: bytes) -> bool:
        """She has pressed the button: `{"alert": "<notification id>", "token": "…"}`, good for once."""
        said = _read(body)
        alert, token = said.get("alert", ""), said.get("token", "")
        if self._answers is None or not self._answers.take(alert, token, self._now_ms()):
            return False
        self._put(*person_answers(alert, "person"))
        return True


def _read(body: bytes) -> dict[str, str]:
    """The words of an answer; none where it is not one."""
    try:
        return from_json(body, dict[str, str])
    except (ValueError, RecursionError):
        return {}
