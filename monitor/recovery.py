"""From the disk back to where we were: the newest snapshot, then the journal's tail through the same engine.

The tail yields its notifications again, with the same ids: the outbox keeps those it already has, and sends the others.
Where no snapshot can be used, the journal's last day is judged: a start must not protect nobody for the hours that a year takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from alerts.terms import Notification
from geofence.terms import Command, DeviceId
from monitor.arrivals import Arrivals
from monitor.engine import Effects, Engine
from monitor.journal_reader import JournalReader
from monitor.log import get_logger
from monitor.snapshot import Snapshot, read_snapshots
from monitor.terms import Envelope
from monitor.wire import from_msgpack, to_msgpack

CHUNK = 1_000  # envelopes judged at a time: the batch at which the kernel has reached its full speed
# Judged again where there is no snapshot: 37 s at 4,500 pairs. It shows who is where, how each rests and reports, and what is open.
# What it does not show (places, holes, ghosts) is learned anew; an incident that is open for longer rings again, which is the safe side.
DAY_MS = 86_400_000
STALE_MS = 300_000  # what nobody was told for so long is another situation (alerts/outbox.py, EXPIRY_S)
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
    place: int = 0  # the record of the journal behind the last one that it knows
    in_the_middle: bool = False  # its engine began there, or may have: a prepared snapshot does not say
    inputs: int = 0
    notifications: list[Notification] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    receipts: dict[DeviceId, tuple[int, int]] = field(default_factory=dict)

    def snapshot(self) -> Snapshot:
        """For the start that goes on from here: the engine, and whom it would have told."""
        return Snapshot(self.place, self.engine.snapshot(), to_msgpack(self.worth_telling()))

    def worth_telling(self) -> list[Notification]:
        """Without what is over: who begins in the middle may see yesterday otherwise than it was told, and nobody is rung for it now."""
        return [one for one in self.notifications if one.issued_ms > self.engine.now_ms - STALE_MS or self._is_open(one)]

    def _is_open(self, one: Notification) -> bool:
        if not one.order:  # of many orders at once
            return self.engine.awaits_answer(one.id)
        return self.engine.incident_of(one.order) == one.incident


def recover(journal: JournalReader, snapshot_path: Path, restore: Callable[[bytes], Engine], fresh: Callable[[], Engine]) -> Recovered:
    """Rebuild the engine; `fresh` makes a new one, for the first start and for when no snapshot can be read. Raises OSError."""
    recovered = _restored(snapshot_path, restore) or _begun(fresh(), journal.recent(DAY_MS))
    offset = recovered.place
    for chunk in _chunks(journal.inputs(offset)):
        effects = judge(recovered.engine, chunk, _report)
        recovered.inputs += len(chunk)
        recovered.notifications += effects.notifications
        recovered.commands += effects.commands
        recovered.receipts.update(effects.receipts)
    recovered.place = max(offset, journal.end)
    if recovered.in_the_middle:
        recovered.notifications = recovered.worth_telling()
    _log.info("recovered", offset=offset, count=recovered.inputs)
    return recovered


def _begun(engine: Engine, place: int) -> Recovered:
    """A new engine, which reads the journal from there on."""
    if place:
        _log.warning("begun_in_the_middle", offset=place, reason="no snapshot can be used: what came before is passed over")
    return Recovered(engine, place, in_the_middle=place > 0)


def _restored(snapshot_path: Path, restore: Callable[[bytes], Engine]) -> Recovered | None:
    """What the best usable snapshot knows; None if there is none."""
    for snapshot in read_snapshots(snapshot_path):
        try:
            owed = from_msgpack(snapshot.owed, list[Notification]) if snapshot.owed else []
            return Recovered(restore(snapshot.blob), snapshot.offset, notifications=owed, in_the_middle=snapshot.owed != b"")
        except Exception as error:  # of another layout, or of a registry that is no more: the journal has what matters
            _log.warning("snapshot_unusable", error=type(error).__name__, offset=snapshot.offset)
    return None


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
