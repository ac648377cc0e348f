"""What is remembered of the conversation that one incident is, and as plain data for snapshots. PURE."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from alerts.ladder import Rung, Unless
from alerts.terms import Acknowledgement, Audience, Channel, NotificationId
from geofence.quick import changer_of
from geofence.terms import DeviceId, FixRef, Level, PersonId, Reason, Role, Transition

changed = changer_of(Transition)
HELP = int(Level.EMERGENCY) + 1  # how loud it is that she asks for help: an answer to an emergency is none to that
SAIDS_KEPT = 4_096  # what is the same is one object: a hundred bytes a message less, where a storm sends the same to hundreds
SENT_MAX = 400  # of one incident, that may still be answered: three hours of new numbers and questions, one or two every 15 and 60 s


class Said(NamedTuple):
    """What is remembered of a message: for whom, in which ring, how loud (a Level, or HELP); by which rung of the ladder, if any."""

    audience: Audience
    ring: int
    loudness: int
    level: Level = Level.CALM
    step: int = -1  # outside the ladder
    turn: int = 0


_said = lru_cache(maxsize=SAIDS_KEPT)(Said)


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
    sent: dict[NotificationId, Said] = field(default_factory=dict)
    asked: dict[Audience, Said] = field(default_factory=dict)  # the last ring of each audience
    told: dict[tuple[Audience, Channel], NotificationId] = field(default_factory=dict)  # who was rung by which way, and the newest ring
    called: dict[NotificationId, PersonId] = field(default_factory=dict)  # whose telephone of the control room rang
    shown: tuple[Audience, ...] = ()  # a device of theirs has confirmed this ring
    answered: tuple[Audience, ...] = ()  # a person of theirs has answered this ring
    unheard: tuple[NotificationId, ...] = ()  # rings to her that have neither failed nor been heard of
    unreached_ms: int | None = None  # when dispatch is told that this ring has not reached her
    unreached: bool = False  # it has been told so
    wants_help: bool = False  # she has asked for help, and dispatch has not answered yet
    earlier: tuple[tuple[NotificationId, int], ...] = ()  # (id, issued_ms) of its CAP messages so far

    def note(self, identity: NotificationId, loudness: int, due: Due) -> list[NotificationId]:
        """A message has been sent. Of very many the oldest that is not the newest ring of its way is forgotten: those that are."""
        rung = (due.level, due.step, due.turn) if due.step >= 0 else ()
        self.sent[identity] = _said(due.audience, self.ring, loudness, *rung)
        if len(self.sent) <= SENT_MAX:
            return []
        rings = set(self.told.values())
        oldest = next(one for one in self.sent if one not in rings)
        self.called.pop(oldest, None)
        del self.sent[oldest]
        return [oldest]

    def ask(self, audience: Audience, loudness: int) -> None:
        """A ring begins for an audience: what it was told before is no longer what waits for its answer."""
        self.asked[audience] = Said(audience, self.ring, loudness)

    def set_shown(self, audience: Audience) -> None:
        """A device of theirs has confirmed what rang last, or one of them has answered it."""
        if audience not in self.shown:
            self.shown += (audience,)
        if audience is Audience.PROTECTED:
            self.set_reached()

    def set_answered(self, audience: Audience) -> None:
        """One of them has answered: nothing of theirs waits any more."""
        if audience not in self.answered:
            self.answered += (audience,)
        if audience is Audience.PROTECTED:
            self.set_reached()
        self.wants_help = self.wants_help and audience is not Audience.DISPATCH
        self.waiting = [due for due in self.waiting if due.audience is not audience]

    def lose_way(self, failed: NotificationId, at_ms: int) -> bool:
        """One way to her has failed: whether it was the last, so that there is nothing to wait for from that moment on."""
        if failed not in self.unheard:
            return False
        self.unheard = tuple(one for one in self.unheard if one != failed)
        if self.unreached_ms is None or self.unheard or any(due.audience is Audience.PROTECTED for due in self.waiting):
            return False
        self.unreached_ms = min(self.unreached_ms, at_ms)
        return True

    def set_reached(self) -> None:
        """Something has arrived at her, or she has answered."""
        self.unheard = ()
        self.unreached, self.unreached_ms = False, None


def may_answer(case: Case, ack: Acknowledgement) -> bool:
    """Whether who acknowledges is somebody of the audience that the message was for."""
    return is_of(case.sent[ack.notification].audience, case.facts.protected_devices, ack)


def is_of(audience: Audience, devices: Sequence[DeviceId], ack: Acknowledgement) -> bool:
    """A device answers only for the person it belongs to, whose `devices` these are; a dispatcher only for dispatch."""
    if ack.by == "dispatcher":
        return audience is Audience.DISPATCH
    return ack.device is None or (audience is Audience.PROTECTED and ack.device in devices)


def is_answer(case: Case, said: Said, *, by_device: bool) -> bool:
    """Whether who answers this message answers the last ring: its own, what came later, or a person what was as loud before it.

    Who has read of a caution has not read of the emergency half a second later; a device has shown just what it says.
    """
    asked = case.asked.get(said.audience, said)
    return said.ring >= asked.ring or (not by_device and said.loudness >= asked.loudness)


def is_taken(case: Case, ack: Acknowledgement) -> bool:
    """Whether an acknowledgement answers the last ring of its audience, and comes from somebody who may."""
    return may_answer(case, ack) and is_answer(case, case.sent[ack.notification], by_device=ack.by == "device")


def count_others(case: Case, cases: Iterable[Case]) -> int:
    """How many more emergencies dispatch has not answered."""
    unanswered = (one for one in cases if Audience.DISPATCH not in one.answered and not one.facts.drill)
    return sum(one.last.to_level is Level.EMERGENCY for one in unanswered if one is not case)


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


def _said_as_data(said: Said) -> list[Any]:
    return [said.audience.value, said.ring, said.loudness, int(said.level), said.step, said.turn]


def _said_from_data(data: list[Any]) -> Said:
    audience, ring, loudness, level, step, turn = data
    return _said(Audience(audience), ring, loudness, Level(level), step, turn)


def case_as_data(case: Case) -> dict[str, Any]:
    """An incident as plain data."""
    return {
        "last": {**asdict(case.last), "fixes": [list(fix) for fix in case.last.fixes]},
        "facts": {**asdict(case.facts), "protected_devices": list(case.facts.protected_devices)},
        "ring": case.ring,
        "over": case.over,
        "waiting": [[due.at_ms, int(due.level), due.step, due.audience.value, due.turn] for due in case.waiting],
        "sent": {identity: _said_as_data(said) for identity, said in case.sent.items()},
        "asked": [_said_as_data(said) for said in case.asked.values()],
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
        sent={NotificationId(identity): _said_from_data(said) for identity, said in data["sent"].items()},
        asked={said.audience: said for said in map(_said_from_data, data["asked"])},
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
