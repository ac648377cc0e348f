"""The whole service with the world taken out: envelopes and time in, effects out. PURE.

`run`, `replay` and the simulator drive this very class. Time is what the envelopes say; it never runs backwards.
The same inputs in the same order give the same effects byte for byte, whatever the batches they come in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

import geofence
from alerts.escalation import FOLDED, Escalation
from alerts.ladder import DEFAULT_LADDER, Ladder
from alerts.terms import Acknowledgement, Notification, NotificationId, Outcome
from geofence.core import Core
from geofence.state import COMMAND, LAYOUT_DIGEST, NUMBERS, PING
from geofence.terms import (
    Command,
    DeviceId,
    Format,
    IncidentId,
    Level,
    OrderId,
    Reason,
    Registry,
    Transition,
)
from geofence.watch import lead_of
from monitor.adoption import changes_to
from monitor.answers import answers, asked_apart
from monitor.decisions import Decisions
from monitor.engine_state import WORDS_DIGEST, registry_as_data, registry_from_data, shared
from monitor.intake import Intake, PingRun
from monitor.receipts import LEDGER_DIGEST, Receipts
from monitor.terms import Envelope, Ignored, Link, OrderChange, Reach, Rejection, Status
from monitor.whereabouts import warm_up as warm_up_views
from monitor.wire import Directory, from_msgpack, to_msgpack


@dataclass(frozen=True, slots=True)
class Fault:
    """A decision about one order that could not be told as it should: a defect of ours, which a person must hear of."""

    order: OrderId | None  # None: a command to a device
    error: str  # the kind of error, never its text


@dataclass(frozen=True, slots=True)
class Standing:
    """How one order stands now."""

    order: OrderId
    level: Level
    reason: Reason
    incident: IncidentId | None


@dataclass(slots=True)
class Effects:
    """What a batch or the passing of time has caused, each list in order of time."""

    transitions: list[Transition] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    acknowledgements: list[Acknowledgement] = field(default_factory=list)
    answers: list[Acknowledgement] = field(default_factory=list)  # those that answer what was rung last
    receipts: dict[DeviceId, tuple[int, int]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    pings: int = 0


class Engine:
    """Decide, escalate, answer. Not thread-safe: one consumer calls it."""

    def __init__(self, registry: Registry, *, ladder: Ladder = DEFAULT_LADDER, adaptive: bool = True) -> None:
        self._core = Core(registry, adaptive=adaptive)
        self._ladder = ladder
        self._escalation = Escalation(ladder, lambda: len(self._core.order_rows))
        self._receipts = Receipts()
        self._decisions = Decisions(self._core)
        self._filed = {order.id for order in registry.orders}  # orders of the file, as against those issued live
        self._started = False
        self.now_ms = 0
        self._directory = _directory_of(self._core)
        self._intake = Intake(self._directory)
        self._handlers: dict[type, Callable[[Any, Effects], None]] = {
            Rejection: self._on_rejection,
            OrderChange: self._on_order_change,
            Acknowledgement: self._on_acknowledgement,
            Outcome: self._on_outcome,
            Link: self._on_link,
            Ignored: lambda ignored, effects: None,
            Status: lambda status, effects: None,  # a last will is a hint; silence is judged by the fixes themselves
        }

    # --- input --------------------------------------------------------------------------------------------------

    def receive(self, batch: Sequence[Envelope], effects: Effects | None = None) -> Effects:
        """Decode and judge a batch sorted by arrival; every deadline up to its times fires in order.

        What it causes is added to `effects`, so that nothing is lost where an input makes it fail.
        """
        effects = Effects() if effects is None else effects
        for piece in self._intake.pieces(batch):
            if isinstance(piece, PingRun):
                self._judge(piece, effects)
            else:
                self._pass_time(piece.at_ms, effects)
                self._handlers[type(piece.decoded)](piece.decoded, effects)
        self._escalate_until(self.now_ms, effects)
        return effects

    def advance(self, now_ms: int) -> Effects:
        """Time alone passes, up to `now_ms`."""
        effects = Effects()
        self._pass_time(now_ms, effects)
        return effects

    def next_deadline_ms(self) -> int | None:
        """When `advance` wants to be called next; None if nothing waits."""
        waits = [x for x in (self._core.next_deadline_ms(), self._escalation.next_deadline_ms()) if x is not None]
        return min(waits) if waits else None

    def warm_up(self) -> None:
        """Compile the kernel (or load it from its cache) before the first ping."""
        Core.warm_up()
        warm_up_views()
        Intake.warm_up()
        self._directory.topics.table()
        Receipts().heard(np.zeros(1, PING))

    def orders_by_level(self) -> dict[Level, int]:
        """How many orders in the registry stand at each level."""
        count = np.bincount(self._core.tables().order["level"][self._core.live_rows()], minlength=len(Level))
        return {level: int(count[level]) for level in Level}

    def standings(self) -> list[Standing]:
        """Every order that is not calm, for readers that come late."""
        found = []
        for order, row in zip(self._core.order_rows, self._core.live_orders(), strict=True):
            if row["level"] > 0:
                reason = Reason(lead_of(int(row["reasons"])))
                found.append(Standing(order, Level(int(row["level"])), reason, self._decisions.incidents.get(order)))
        return found

    def level_of(self, order_id: OrderId) -> Level | None:
        """At which level one order stands."""
        row = self._core.order_rows.get(order_id)
        return None if row is None else Level(int(self._core.tables().order[row]["level"]))

    def orders(self) -> list[OrderId]:
        """Every order in the registry."""
        return list(self._core.order_rows)

    @property
    def core(self) -> Core:
        """The decision core, for those who only read (monitor/views.py)."""
        return self._core

    def incident_of(self, order: OrderId) -> IncidentId | None:
        """The open incident of an order."""
        return self._decisions.incidents.get(order)

    def reach_of(self, order: OrderId) -> Reach | None:
        """How the protected person of an order in force can be reached: her own bracelets and when each was last heard."""
        row = self._core.order_rows.get(order)
        if row is None or not self._core.tables().order[row]["begun"]:
            return None
        person = self._core.orders[row].protected
        heard = tuple((device.id, int(d["ping_ms"])) for device, d in self._core.rows_of(person) if device.format is Format.V1)
        return Reach(order, person, Level(int(self._core.tables().order[row]["level"])), heard)

    def asked_of_dispatch(self, incident: IncidentId) -> NotificationId | None:
        """The newest question to dispatch of an incident that is still followed."""
        return self._escalation.asked_of_dispatch(incident)

    def awaits_answer(self, notification: str) -> bool:
        """Whether a notification belongs to an incident that is still followed."""
        return self._escalation.follows(NotificationId(notification))

    def adopting(self, registry: Registry) -> Iterator[OrderChange | None]:
        """What leads from here to what an orders file says now: each for `adopt`; None is nothing to do, and a place to pause."""
        before, self._filed = self._filed, {order.id for order in registry.orders}
        gone = sorted(before - self._filed)
        self._filed |= before  # until it has all been taken over: should it not be, the next start must still know whom the file had
        yield from changes_to(self._core, registry, gone)
        self._filed = {order.id for order in registry.orders}

    def adopt(self, change: OrderChange | None, effects: Effects) -> None:
        """Take over one change of the orders file, now; what it causes is added to `effects`."""
        if change is not None:
            self._on_order_change(change, effects)

    # --- snapshot -----------------------------------------------------------------------------------------------

    def snapshot(self) -> bytes:
        """Everything the engine knows, registry included; `restore` of any release whose numbers lie and mean the same goes on from it."""
        arrays, devices, orders, order_rows, person_rows = self._core.dump()
        return to_msgpack(
            {
                "release": geofence.__version__,  # for whoever looks; what counts are the next three
                "layout": LAYOUT_DIGEST,
                "ledger": LEDGER_DIGEST,
                "words": WORDS_DIGEST,
                "arrays": arrays,
                "registry": registry_as_data(devices, orders),
                "order_rows": order_rows,
                "person_rows": person_rows,
                "incidents": self._decisions.incidents,
                "last_incident": self._decisions.last,
                "escalation": self._escalation.dump(),
                "receipts": self._receipts.dump(),
                "filed": sorted(self._filed),
                "now_ms": self.now_ms,
                "started": self._started,
            }
        )

    @classmethod
    def restore(
        cls, blob: bytes, *, known: Registry = Registry(), ladder: Ladder = DEFAULT_LADDER, adaptive: bool | None = None
    ) -> Engine:
        """The engine that `snapshot` described. Raises ValueError for another release's whose numbers lie or mean otherwise.

        `known` is what the caller has of its registry; `adaptive` where that setting may have changed.
        """
        data: dict[str, Any] = from_msgpack(blob)
        if (data["layout"], data.get("ledger"), data.get("words")) != (LAYOUT_DIGEST, LEDGER_DIGEST, WORDS_DIGEST):
            raise ValueError("the snapshot is of another release")
        engine = cls(Registry(), ladder=ladder)
        registry = shared(registry_from_data(data["registry"]), known)
        engine._core = Core.load(data["arrays"], registry.devices, registry.orders, data["order_rows"], data["person_rows"])
        if adaptive is not None:
            engine._core.set_adaptive(adaptive)
        engine._directory = _directory_of(engine._core)
        engine._intake = Intake(engine._directory)
        engine._decisions = Decisions(engine._core, data["incidents"], data["last_incident"])
        engine._escalation.load(data["escalation"])
        engine._receipts = Receipts.load(data["receipts"])
        ids = {order: order for order in engine._core.order_rows}
        engine._filed = {ids.get(order, order) for order in data["filed"]}
        engine.now_ms, engine._started = data["now_ms"], data["started"]
        return engine

    # --- time -----------------------------------------------------------------------------------------------------

    def _set_now(self, at_ms: int) -> int:
        if not self._started:
            self._started = True
            self._core.start(at_ms)
        self.now_ms = max(self.now_ms, at_ms)
        return self.now_ms

    def _pass_time(self, at_ms: int, effects: Effects) -> None:
        now_ms = self._set_now(at_ms)
        self._tell(self._core.advance(now_ms), effects)
        self._escalate_until(now_ms, effects)

    def _escalate_until(self, now_ms: int, effects: Effects) -> None:
        due_ms = self._escalation.next_deadline_ms()
        if due_ms is not None and due_ms <= now_ms:
            effects.notifications += self._escalation.due(now_ms)

    # --- pings ----------------------------------------------------------------------------------------------------

    def _judge(self, run: PingRun, effects: Effects) -> None:
        """Note pings for their receipts, except those sent with QoS 0, which asked for no guarantee, and judge them."""
        at_ms = run.rows["at_ms"]
        at_ms[0] = self._set_now(int(at_ms[0]))
        if len(at_ms) > 1:
            np.maximum.accumulate(at_ms, out=at_ms)  # our clock never runs backwards
            self.now_ms = int(at_ms[-1])
        if not run.kept:
            self._receipts.give_up(run.rows[run.receipted])
        elif np.count_nonzero(run.receipted):
            heard, devices = self._receipts.heard(run.rows[run.receipted]), self._core.devices
            effects.receipts.update(zip([devices[row].id for row in heard], heard.values(), strict=True))
        effects.pings += len(run.rows)
        for rows in asked_apart(run.rows):
            self._tell(self._core.take_rows(rows), effects)
            if rows["check"][-1]:
                self._escalate_until(int(rows["at_ms"][-1]), effects)  # what is due by then comes first, as after a batch of its own
                effects.notifications += answers(self._core, rows, self._decisions.incidents)

    # --- everything else that comes in ------------------------------------------------------------------------------

    def _on_rejection(self, rejection: Rejection, effects: Effects) -> None:
        effects.rejections.append(rejection)
        if rejection.counted is not None:  # it is in the journal, and will never be worth more: its device may forget it
            receipt = self._receipts.heard_one(*rejection.counted, self.now_ms)
            if receipt is not None:
                effects.receipts[self._core.devices[rejection.counted.device].id] = receipt

    def _on_order_change(self, change: OrderChange, effects: Effects) -> None:
        for device in change.devices:
            self._directory.add(self._core.put_device(device), device)
        if change.revoked is not None:
            self._tell(self._core.revoke(change.revoked, self.now_ms), effects)
        if change.order is not None:
            row = self._core.put_order(change.order, at_ms=self.now_ms)
            self._tell(self._core.judge(row, self.now_ms), effects)

    def _on_link(self, link: Link, effects: Effects) -> None:
        self._tell(self._core.set_link(link.up, self.now_ms), effects)

    def _on_acknowledgement(self, acknowledgement: Acknowledgement, effects: Effects) -> None:
        if self._escalation.is_strange(acknowledgement):
            return
        named = replace(acknowledgement, who=self._escalation.who_answers(acknowledgement))
        effects.acknowledgements.append(named)
        if self._escalation.takes(acknowledgement):
            effects.answers.append(named)
        effects.notifications += self._escalation.on_acknowledgement(acknowledgement)

    def _on_outcome(self, outcome: Outcome, effects: Effects) -> None:
        effects.notifications += self._escalation.on_outcome(outcome)

    # --- output ---------------------------------------------------------------------------------------------------

    def _tell(self, rows: Sequence[Any], effects: Effects) -> None:
        """Turn rows of the kernel into transitions, notifications and commands; a row that fails does not take the others with it."""
        for row in rows:
            try:
                self._tell_row(row, effects)
            except Exception as error:
                effects.faults.append(Fault(self._order_of(row), type(error).__name__))

    def _order_of(self, row: Any) -> OrderId | None:
        return None if row.kind == COMMAND else self._core.orders[row.order].id

    def _tell_row(self, row: Any, effects: Effects) -> None:
        if row.kind == COMMAND:
            self._command(row, effects)
            return
        transition = self._decisions.transition(row)
        self._escalate_until(transition.at_ms, effects)
        if row.kind == NUMBERS:
            effects.notifications += self._escalation.on_numbers(transition)
            return
        effects.transitions.append(transition)
        asks = transition.to_level >= transition.from_level and transition.reason not in FOLDED
        facts = self._decisions.facts(self._core.orders[row.order]) if asks else None
        effects.notifications += self._escalation.on_transition(transition, facts)

    def _command(self, row: Any, effects: Effects) -> None:
        device = self._core.devices[row.device_protected]
        if device.format is Format.V1:
            effects.commands.append(Command(device.id, row.at_ms, row.interval_s or None, bool(row.report_now)))


def _directory_of(core: Core) -> Directory:
    """By which topic each device is heard. The numbers of the rows are the core's own, not others as large: 32 bytes a device."""
    directory = Directory(Registry())
    for device in core.devices:
        directory.add(core.device_rows[device.id], device)
    return directory
