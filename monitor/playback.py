"""One incident again, through the real engine: where both were and how the order stood, step by step, from the journal.

The level of one order depends on the devices of its two persons, on the order itself, on our link and on time; on nothing else. So
an engine with that one order is given only those of the journal's inputs, beginning an hour before: it decides what the whole
service decided then, at a thousandth of its cost. Whether it really did is checked against the journal's own record (`exact`).
It reads only, beside a monitor that writes. Memory: one segment of the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.errors import BadInput
from config.settings import ServiceSettings
from geofence.terms import Format, Order, OrderId, Reason, Registry, Transition
from monitor.amendments import AMENDED, Amendment, read_amendments
from monitor.blocks import scan  # noqa: F401 - tests/monitor/test_playback.py takes hold of it here
from monitor.engine import Effects, Engine
from monitor.known_orders import read_orders
from monitor.records import Record, RecordKind, decode_body
from monitor.recovery import judge
from monitor.replay import transition_line
from monitor.segment_times import begins_ms, from_time
from monitor.segments import Walk, opening_of, segments_of
from monitor.sessions import TRACCAR, topics_of
from monitor.terms import Envelope
from monitor.views import Views
from monitor.whereabouts import both
from monitor.wire import from_json, to_json

WARM_MS = 3_600_000  # before the first frame: tracks forget in minutes, a button pressed in five, a past breach in ten
LATE_MS = 5_000  # behind the last frame: what was decided by then may stand behind later inputs
FRAMES_MAX = 20_000  # of one playback: a day in steps of five seconds


@dataclass(frozen=True, slots=True)
class Recording:
    """A monitor's journal, and what the orders were: the file as it is now, and every change made at the console."""

    journal: Path
    registry: Registry
    amendments: tuple[Amendment, ...] = ()

    @classmethod
    def of(cls, settings: ServiceSettings) -> Recording:
        """That of a monitor with these settings. Raises BadInput and OSError where its files cannot be read."""
        registry = read_orders(settings.orders, settings.data_dir) if settings.orders is not None else Registry()
        return cls(settings.data_dir / "journal", registry, tuple(read_amendments(settings.data_dir / AMENDED)))

    def order(self, order: OrderId, at_ms: int) -> Order | None:
        """As it was at a moment; the file's word where nothing was changed before."""
        changed = [one for one in self.amendments if one.of == order and one.at_ms <= at_ms]
        return changed[-1].order if changed else next((one for one in self.registry.orders if one.id == order), None)

    def world(self, order: OrderId, at_ms: int) -> Registry:
        """The order with the devices of whoever was ever a party to it. Raises BadInput for an order nobody knows."""
        versions = [one.order for one in self.amendments if one.of == order] + [one for one in self.registry.orders if one.id == order]
        persons = {person for one in versions if one is not None for person in (one.protected, one.respondent)}
        if not persons:
            raise BadInput("order", "is neither in the orders file nor was it ever issued at the console")
        devices = {one.id: one for amendment in self.amendments for one in amendment.devices}
        devices |= {one.id: one for one in self.registry.devices}
        then = self.order(order, at_ms)
        return Registry(tuple(one for one in devices.values() if one.person in persons), () if then is None else (then,))


@dataclass(frozen=True, slots=True)
class Frame:
    """One moment. Its text form hides the places."""

    at_ms: int
    level: str
    reason: str | None
    distance_m: float | None
    uncertainty_m: float | None
    protected: dict[str, Any] | None  # as in monitor/whereabouts.py, without the trail: the frames before are the trail
    respondent: dict[str, Any] | None

    def __repr__(self) -> str:
        return f"Frame({self.at_ms}, {self.level})"


class Playback:
    """Frames from `from_ms` to `to_ms`, one each `step_ms`. Raises BadInput for what cannot be played."""

    def __init__(
        self,
        recording: Recording,
        order: str,
        from_ms: int,
        to_ms: int,
        step_ms: int,
        *,
        warm_ms: int = WARM_MS,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        if step_ms <= 0 or not 0 <= to_ms - from_ms <= FRAMES_MAX * step_ms:
            raise BadInput("step_ms", f"gives more than {FRAMES_MAX} frames, or none")
        self._order = OrderId(order)
        self._span = from_ms, to_ms
        self._step_ms = step_ms
        self._stop = stop
        self._paths = from_time(segments_of(recording.journal), from_ms - warm_ms)
        began_ms = begins_ms(self._paths[0]) if self._paths else None
        self._registry = recording.world(self._order, from_ms if began_ms is None else began_ms)
        self._last_ms = 0  # of all that was read
        self._recorded: list[bytes] = []  # transitions of the order in the journal
        self._found: list[Transition] = []  # and from the engine
        self.order = recording.order(self._order, to_ms) or next(iter(self._registry.orders), None)

    @property
    def transitions(self) -> list[dict[str, object]]:
        """What was decided between the first and the last frame so far, as lines of TRANSITIONS.jsonl."""
        return [transition_line(one) for one in self._found]

    @property
    def exact(self) -> bool:
        """Whether the journal holds the very same transitions, byte for byte; known once the last frame is out."""
        return [to_json(one) for one in self._found] == self._recorded

    def frames(self) -> Iterator[Frame]:
        """Every frame from the journal's first input on, and one of the end; fewer where `stop` says so. Raises OSError."""
        engine = Engine(self._registry)
        from_ms, to_ms = self._span
        due_ms = from_ms
        for envelope in self._inputs():
            if engine.now_ms == 0 and due_ms < envelope.at_ms:  # time has not begun: of what was before, the journal knows nothing
                due_ms += -(-(envelope.at_ms - due_ms) // self._step_ms) * self._step_ms
            while due_ms < envelope.at_ms and due_ms <= to_ms:
                yield self._frame(engine, due_ms)
                due_ms += self._step_ms
            if envelope.at_ms <= to_ms:
                self._note(judge(engine, [envelope], lambda envelope, error: None))
        end_ms = min(to_ms, self._last_ms)
        while due_ms < end_ms and not self._stop():
            yield self._frame(engine, due_ms)
            due_ms += self._step_ms
        if engine.now_ms and due_ms - self._step_ms < end_ms and from_ms <= end_ms:
            yield self._frame(engine, end_ms)

    def _frame(self, engine: Engine, at_ms: int) -> Frame:
        self._note(engine.advance(at_ms))
        stands = Views(lambda: engine).stands(self._order)
        if not stands["begun"]:  # nothing was judged then, and where they were is nobody's business
            return Frame(at_ms, "calm", Reason.ORDER_ENDED.word, None, None, None, None)
        seen = both(engine.core, self._order, at_ms)
        numbers = seen["numbers"] or {"distance_m": None, "uncertainty_m": None}
        place = seen["protected"], seen["respondent"]
        return Frame(at_ms, stands["level"], stands["reason"], numbers["distance_m"], numbers["uncertainty_m"], *place)

    def _note(self, effects: Effects) -> None:
        self._found += [one for one in effects.transitions if self._span[0] < one.at_ms <= self._span[1]]

    # --- the journal --------------------------------------------------------------------------------------------------

    def _inputs(self) -> Iterator[Envelope]:
        """What came in for this order, from an hour before until a little after; what was decided is noted on the way."""
        topics = _topics(self._registry)
        for record in self._records([one.encode() for one in (*topics, self._order)]):
            self._last_ms = max(self._last_ms, record.at_ms)
            if record.kind is RecordKind.INPUT:
                topic, payload = record.body[:2]
                if topic in topics or (topic == "orders" and self._is_ours(payload)):
                    yield record.envelope()
            elif record.kind is RecordKind.TRANSITION and self._is_told(record):
                self._recorded.append(bytes(record.body))

    def _records(self, needles: Sequence[bytes]) -> Iterator[Record]:
        """The records of all blocks in which one of these words stands: most blocks hold nothing of ours, and are not decoded."""
        walk = Walk(partial=True)
        for index, path in enumerate(self._paths):  # one at a time: it may be the last that is needed
            openings = [opening_of(following) for following in self._paths[index + 1 : index + 2]]
            walk.until = next((one.number for one in openings if one is not None), None)  # what was written again is played once
            body = b""
            for block in walk.blocks([path]):
                if self._stop():
                    return
                body = block.body
                if any(needle in body for needle in needles):
                    with suppress(ValueError):
                        yield from decode_body(body)
            with suppress(ValueError):
                self._last_ms = max([self._last_ms, *(record.at_ms for record in decode_body(body))]) if body else self._last_ms
            if self._last_ms > self._span[1] + LATE_MS:
                return

    def _is_told(self, record: Record) -> bool:
        inside = self._span[0] < record.at_ms <= self._span[1]
        return inside and from_json(record.body, dict[str, Any])["order"] == self._order

    def _is_ours(self, payload: bytes) -> bool:
        with suppress(ValueError):
            said = from_json(payload, dict[str, Any])
            order = said.get("order")
            return self._order in (said.get("order_revoked"), order.get("id") if isinstance(order, dict) else None)
        return False


def _topics(registry: Registry) -> set[str]:
    """By which the devices of a registry are heard, and our link."""
    topics = {topic for device in registry.devices for topic in topics_of(device)} | {"monitor/link"}
    topics |= {f"v1/{device.id}/{kind}" for device in registry.devices for kind in ("ping", "status")}
    return topics | {TRACCAR} if any(device.format is Format.TRACCAR for device in registry.devices) else topics


def playback(recording: Recording, order: str, from_ms: int, to_ms: int, step_ms: int) -> Iterator[Frame]:
    """The frames alone. Raises BadInput, OSError."""
    return Playback(recording, order, from_ms, to_ms, step_ms).frames()
