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
        self.messages: deque[Notification] = deque()
        self._standing: set[object] = set()  # the ids of the last messages and what they say: looked up, since a flood has a thousand
        self._show = show

    def reaches(self, notification: Notification) -> bool:
        """Always."""
        return True

    async def send(self, notification: Notification) -> Answer:
        """Show it."""
        return self.begin(notification)

    def begin(self, notification: Notification) -> Answer:
        """Show it, unless the same words for the same moment stand there already, meant for another channel."""
        said = _said(notification)
        if notification.id in self._standing or said in self._standing:
            return Answer(Verdict.TAKEN, "shown already")
        self.messages.append(notification)
        self._standing.update((notification.id, said))
        if len(self.messages) > KEPT:
            oldest = self.messages.popleft()
            self._standing.difference_update((oldest.id, _said(oldest)))
        self._show(notification)
        return Answer(Verdict.TAKEN, "shown")

    async def was_taken(self, notification: Notification) -> bool:
        """Whether it is among the last messages."""
        return any(shown.id == notification.id for shown in self.messages)

    async def close(self) -> None:
        """Nothing is held."""


def _said(one: Notification) -> object:
    """What a reader would take for the same message."""
    return one.incident, one.audience, one.kind, one.issued_ms, one.text
