"""What is remembered of the conversation that one incident is, and as plain data for snapshots. PURE."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from alerts.ladder import Rung, Unless
from alerts.terms import Acknowledgement, Audience, Channel, NotificationId
from geofence.quick import changer_of
from geofence.terms import DeviceId, FixRef, Level, PersonId, Reason, Role, Transition

changed = changer_of(Transition)


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What telling needs to know about an order."""

    protected: PersonId
    respondent: PersonId
    language: str
    protected_devices: tuple[DeviceId, ...]
    drill: bool = False  # nobody is called on the telephone for it


@dataclass(slots=True)
class Due:
    """A rung that waits for its time."""

    at_ms: int
    level: Level  # whose ladder it is a rung of
    step: int
    audience: Audience
    turn: int = 0  # how often it was repeated


@dataclass(slots=True)
class Case:
    """One incident, from its first ring until it is over and dispatch has answered."""

    last: Transition
    facts: OrderFacts
    ring: int = 0
    over: bool = False
    waiting: list[Due] = field(default_factory=list)
    sent: dict[NotificationId, Audience] = field(default_factory=dict)
    told: dict[tuple[Audience, Channel], NotificationId] = field(default_factory=dict)  # who was rung by which way, and the newest ring
    called: dict[NotificationId, PersonId] = field(default_factory=dict)  # whose telephone of the control room rang
    shown: tuple[Audience, ...] = ()  # a device of theirs has confirmed this ring
    answered: tuple[Audience, ...] = ()  # a person of theirs has answered this ring
    unheard: tuple[NotificationId, ...] = ()  # rings to her that have neither failed nor been heard of
    unreached_ms: int | None = None  # when dispatch is told that this ring has not reached her
    unreached: bool = False  # it has been told so
    wants_help: bool = False  # she has asked for help, and dispatch has not answered yet
    earlier: tuple[tuple[NotificationId, int], ...] = ()  # (id, issued_ms) of its CAP messages so far

    def set_reached(self) -> None:
        """Something has arrived at her, or she has answered."""
        self.unheard = ()
        self.unreached, self.unreached_ms = False, None


def may_answer(case: Case, ack: Acknowledgement) -> bool:
    """A device may answer only for the person it belongs to; a dispatcher only for dispatch."""
    audience = case.sent[ack.notification]
    if ack.by == "dispatcher":
        return audience is Audience.DISPATCH
    return ack.device is None or (audience is Audience.PROTECTED and ack.device in case.facts.protected_devices)


def is_needless(case: Case, rung: Rung) -> bool:
    """Whether something has been answered by now that spares this rung."""
    if rung.unless is Unless.NOTHING:
        return False
    answered = rung.audience in case.answered
    return answered or (rung.unless is Unless.DEVICE and rung.audience in case.shown)


def asks_louder(case: Case) -> bool:
    """Whether dispatch still owes an answer to more than that an order is out of sight."""
    return case.wants_help or any(due.audience is Audience.DISPATCH and due.level > Level.CAUTION for due in case.waiting)


def with_numbers(t: Transition, known: Transition) -> Transition:
    """`t`, with the distance last known where it has none itself."""
    if t is known or t.distance_m is not None:
        return t
    return changed(t, distance_m=known.distance_m, uncertainty_m=known.uncertainty_m)


def renewed(t: Transition, now: Transition) -> Transition:
    """`t`, with how far he is now."""
    numbers = {"distance_m": now.distance_m, "uncertainty_m": now.uncertainty_m, "bearing_deg": now.bearing_deg}
    return changed(t, seconds_to_perimeter=now.seconds_to_perimeter, **numbers)


def case_as_data(case: Case) -> dict[str, Any]:
    """An incident as plain data."""
    return {
        "last": {**asdict(case.last), "fixes": [list(fix) for fix in case.last.fixes]},
        "facts": {**asdict(case.facts), "protected_devices": list(case.facts.protected_devices)},
        "ring": case.ring,
        "over": case.over,
        "waiting": [[due.at_ms, int(due.level), due.step, due.audience.value, due.turn] for due in case.waiting],
        "sent": {identity: audience.value for identity, audience in case.sent.items()},
        "told": [[audience.value, channel.value, ring] for (audience, channel), ring in case.told.items()],
        "called": dict(case.called),
        "shown": [audience.value for audience in case.shown],
        "answered": [audience.value for audience in case.answered],
        "unheard": list(case.unheard),
        "unreached_ms": case.unreached_ms,
        "unreached": case.unreached,
        "wants_help": case.wants_help,
        "earlier": [list(one) for one in case.earlier],
    }


def _transition_from_data(data: dict[str, Any]) -> Transition:
    party = data["party"]
    typed = {
        "from_level": Level(data["from_level"]),
        "to_level": Level(data["to_level"]),
        "reason": Reason(data["reason"]),
        "party": None if party is None else Role(party),
        "fixes": tuple(FixRef(*fix) for fix in data["fixes"]),
    }
    return Transition(**{**data, **typed})


def case_from_data(data: dict[str, Any]) -> Case:
    """What `case_as_data` gave."""
    facts = OrderFacts(**{**data["facts"], "protected_devices": tuple(data["facts"]["protected_devices"])})
    return Case(
        last=_transition_from_data(data["last"]),
        facts=facts,
        ring=data["ring"],
        over=data["over"],
        waiting=[Due(at_ms, Level(level), step, Audience(audience), turn) for at_ms, level, step, audience, turn in data["waiting"]],
        sent={NotificationId(identity): Audience(audience) for identity, audience in data["sent"].items()},
        told={(Audience(audience), Channel(channel)): NotificationId(ring) for audience, channel, ring in data["told"]},
        called={NotificationId(identity): PersonId(person) for identity, person in data["called"].items()},
        shown=tuple(Audience(audience) for audience in data["shown"]),
        answered=tuple(Audience(audience) for audience in data["answered"]),
        unheard=tuple(NotificationId(identity) for identity in data["unheard"]),
        unreached_ms=data["unreached_ms"],
        unreached=data["unreached"],
        wants_help=data.get("wants_help", False),
        earlier=tuple((NotificationId(identity), issued_ms) for identity, issued_ms in data["earlier"]),
    )
