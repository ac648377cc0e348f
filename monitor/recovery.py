"""From the disk back to where we were: the newest snapshot, then the journal's tail through the same engine.

The tail yields its notifications again, with the same ids: the outbox keeps those it already has, and sends the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from alerts.terms import Notification
from geofence.terms import Command, DeviceId
from monitor.arrivals import Arrivals
from monitor.engine import Effects, Engine
from monitor.journal import Journal
from monitor.log import get_logger
from monitor.snapshot import read_snapshots
from monitor.terms import Envelope

CHUNK = 1_000  # envelopes judged at a time: the batch at which the kernel has reached its full speed
_log = get_logger("recovery")

Poisoned = Callable[[Envelope, Exception], None]


def judge(engine: Engine, envelopes: Sequence[Envelope], poisoned: Poisoned) -> Effects:
    """Let the engine have a batch; where it fails, halve until the one input it cannot take stands alone.

    What it had caused before it failed is kept. What it took before comes to it again as duplicates, which change nothing.
    """
    effects = Effects()
    _judge_into(effects, engine, envelopes, poisoned)
    return effects


def _judge_into(effects: Effects, engine: Engine, envelopes: Sequence[Envelope], poisoned: Poisoned) -> None:
    try:
        engine.receive(envelopes, effects)
    except Exception as error:
        if len(envelopes) == 1:
            poisoned(envelopes[0], error)
            return
        middle = len(envelopes) // 2
        _judge_into(effects, engine, envelopes[:middle], poisoned)
        _judge_into(effects, engine, envelopes[middle:], poisoned)


@dataclass(slots=True)
class Recovered:
    """An engine that is up to date with the journal, and what it said on the way."""

    engine: Engine
    inputs: int = 0
    notifications: list[Notification] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    receipts: dict[DeviceId, tuple[int, int]] = field(default_factory=dict)


def recover(journal: Journal, snapshot_path: Path, restore: Callable[[bytes], Engine], fresh: Callable[[], Engine]) -> Recovered:
    """Rebuild the engine; `fresh` makes a new one, for the first start and for when no snapshot can be read."""
    engine, offset = _restore(snapshot_path, restore, fresh)
    recovered = Recovered(engine)
    for chunk in _chunks(journal.inputs(offset)):
        effects = judge(engine, chunk, _report)
        recovered.inputs += len(chunk)
        recovered.notifications += effects.notifications
        recovered.commands += effects.commands
        recovered.receipts.update(effects.receipts)
    _log.info("recovered", offset=offset, count=recovered.inputs)
    return recovered


def _restore(snapshot_path: Path, restore: Callable[[bytes], Engine], fresh: Callable[[], Engine]) -> tuple[Engine, int]:
    for snapshot in read_snapshots(snapshot_path):
        try:
            return restore(snapshot.blob), snapshot.offset
        except Exception as error:  # of another release, or of a registry that is no more: the journal has it all
            _log.warning("snapshot_unusable", error=type(error).__name__, offset=snapshot.offset)
    return fresh(), 0


def _chunks(batches: Iterable[Sequence[Envelope]]) -> Iterator[Sequence[Envelope]]:
    """The same, CHUNK at a time: where little came, a block of the journal is a single ping, and ten alone cost what a hundred do."""
    waiting: list[Arrivals] = []
    count = 0
    for batch in batches:
        if isinstance(batch, Arrivals):
            waiting.append(batch)
            count += len(batch) + 1  # an empty one takes room too
            if count < CHUNK:
                continue
        yield from _cut(Arrivals.joined(waiting))
        waiting, count = [], 0
        if not isinstance(batch, Arrivals):
            yield from _cut(batch)
    yield from _cut(Arrivals.joined(waiting))


def _cut(batch: Sequence[Envelope]) -> Iterator[Sequence[Envelope]]:
    return (batch[first : first + CHUNK] for first in range(0, len(batch), CHUNK))


def _report(envelope: Envelope, error: Exception) -> None:
    _log.error("input_poisoned", error=type(error).__name__, size=len(envelope.payload))
