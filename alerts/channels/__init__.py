"""The ways out. A carrier takes one notification and says at once what became of it; the outbox does the rest.

Carriers never import the monitor: what they need of it (publishing over MQTT) is passed in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from alerts.terms import Notification, NotificationId


class Verdict(Enum):
    """What an attempt came to, and so what follows."""

    TAKEN = "taken"  # the carrier has it
    LATER = "later"  # surely not taken: try again
    UNSURE = "unsure"  # perhaps taken: look up before trying again
    NEVER = "never"  # will not be taken however often we try: climb


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict, the carrier's word for it (never a number, name or coordinate) and how long it asks us to wait."""

    verdict: Verdict
    detail: str = ""
    retry_after_s: float | None = None


class Carrier(Protocol):
    """One channel's way out. `send` may raise: the outbox takes that as UNSURE."""

    timeout_s: float  # for one attempt
    parallel: int  # attempts under way at a time
    idempotent: bool  # sending the same id again shows it once: it need not wait for our disk, nor be looked up

    def reaches(self, notification: Notification) -> bool:
        """Whether there is an address to send to; if not, the console shows it."""

    async def send(self, notification: Notification) -> Answer:
        """Try once."""

    async def was_taken(self, notification: Notification) -> bool:
        """Whether an earlier attempt that gave no answer arrived after all."""

    async def close(self) -> None:
        """Let go of connections."""


class Receipts(Protocol):
    """What a carrier gives that knows no id of ours: its own name for each that it took, by which it is known again after a restart."""

    def know(self, receipts: Mapping[str, NotificationId]) -> None:
        """What it took in earlier lives."""

    def suspect(self, notification: Notification) -> None:
        """An earlier life may have sent this."""

    def receipts_of(self, notification: NotificationId) -> tuple[str, ...]:
        """Its name for this one, once it has it; more, where one was taken twice or nobody knows which."""


def receipts_of(carrier: Carrier) -> Receipts | None:
    """None for a carrier that gives none."""
    receipts: Receipts | None = getattr(carrier, "receipts", None)
    return receipts


Begin = Callable[[Notification], Answer | Awaitable[Answer]]


def begin_of(carrier: Carrier) -> Begin | None:
    """How a carrier sends while the outbox still judges whose turn is next: no task has to be waited for before it is on the wire.

    Its `begin` is as `send`, with all that needs nobody's answer done when it returns; an Answer if that was all. It may raise. None
    for a carrier without one, and for one that must wait for our disk.
    """
    begin: Begin | None = getattr(carrier, "begin", None)
    return begin if carrier.idempotent else None
