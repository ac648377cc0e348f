"""The channel that ships: shows messages on the operator's screen, and stands in for every address that is not configured."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from alerts.channels import Answer, Verdict
from alerts.terms import Notification

KEPT = 1_000  # last messages kept for whoever opens a screen later


class Console:
    """Keeps the last messages and hands each to `show`."""

    timeout_s = 2.0
    parallel = 1
    idempotent = True

    def __init__(self, show: Callable[[Notification], None] = lambda _: None) -> None:
        self.messages: deque[Notification] = deque(maxlen=KEPT)
        self._show = show

    def reaches(self, notification: Notification) -> bool:
        """Always."""
        return True

    async def send(self, notification: Notification) -> Answer:
        """Show it, unless the same words for the same moment stand there already, meant for another channel."""
        if any(_says_the_same(shown, notification) for shown in self.messages):
            return Answer(Verdict.TAKEN, "shown already")
        self.messages.append(notification)
        self._show(notification)
        return Answer(Verdict.TAKEN, "shown")

    async def was_taken(self, notification: Notification) -> bool:
        """Whether it is among the last messages."""
        return any(shown.id == notification.id for shown in self.messages)

    async def close(self) -> None:
        """Nothing is held."""


def _says_the_same(shown: Notification, new: Notification) -> bool:
    return shown.id == new.id or (
        (shown.incident, shown.audience, shown.kind, shown.issued_ms, shown.text)
        == (new.incident, new.audience, new.kind, new.issued_ms, new.text)
    )
