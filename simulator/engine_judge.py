"""The monitor's real engine as the judge of a virtual world."""

from __future__ import annotations

from geofence.terms import Registry
from monitor.engine import Effects, Engine
from monitor.wire import Envelope
from simulator.virtual import Answer, Arrival


class EngineJudge:
    """Passes a world's messages to the engine and its effects back."""

    def __init__(self, registry: Registry) -> None:
        self.engine = Engine(registry)

    def receive(self, batch: list[Arrival]) -> Answer:
        """See `virtual.Judge`."""
        return _answer(self.engine.receive([Envelope(at_ms=at_ms, topic=topic, payload=payload) for at_ms, topic, payload in batch]))

    def advance(self, now_ms: int) -> Answer:
        """See `virtual.Judge`."""
        return _answer(self.engine.advance(now_ms))

    def next_deadline_ms(self) -> int | None:
        """See `virtual.Judge`."""
        return self.engine.next_deadline_ms()


def _answer(effects: Effects) -> Answer:
    return Answer(effects.transitions, effects.notifications, effects.commands, effects.receipts, len(effects.rejections))
