"""The conversation that one incident is: what is said, to whom, and what follows when nobody answers. PURE.

An incident rings anew when its level rises or a further reason of that level arises. A person's answer ends the
ladder of his or her audience, nothing else does; coming down ends it for her, while dispatch is asked on, quietly,
until a person has seen what happened. There is no audience for the respondent.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from alerts.audiences import audience_of
from alerts.case import (
    HELP,
    Case,
    Due,
    OrderFacts,
    asks_louder,
    case_as_data,
    case_from_data,
    changed,
    count_others,
    is_answer,
    is_needless,
    is_taken,
    may_answer,
    renewed,
    with_numbers,
)
from alerts.folding import Folding
from alerts.ladder import CALL_APART_MS, PATIENCE_MS, UNREACHED_MS, Ladder, Rung
from alerts.message import message_of
from alerts.rungs import find_rungs, keep_for_quiet, keep_for_ring, ladder_as_data, plan, put_off, ring_now, rung_of
from alerts.terms import TOO_OLD, Acknowledgement, Audience, Channel, DeliveryState, Kind, Notification, NotificationId, Outcome
from geofence.terms import HISTORY, IncidentId, Level, PersonId, Reason, Transition
from geofence.watch import LEVELS

_HER, _DISPATCH, _TRUSTED = Audience.PROTECTED, Audience.DISPATCH, Audience.TRUSTED
_SHOW_NUMBERS = ((_HER, Channel.BRACELET), (_DISPATCH, Channel.WEBHOOK))  # screens that show how far he is now
EARLIER_MAX = 16  # messages that a later one names: more would make it longer than some receivers take
_ARRIVED = (DeliveryState.DELIVERED, DeliveryState.ACKNOWLEDGED)
_PLAINLY = ((_DISPATCH, Channel.WEBHOOK), (_DISPATCH, Channel.CONSOLE))  # by which dispatch is told what no ladder has
_by_time = attrgetter("at_ms", "step")
_MUST_REACH = (Level.EMERGENCY, Level.WARNING)  # a caution is often that her bracelet is silent: dispatch has it already
# A lost link hits every order at once: the service says it once for all of them (monitor/notices.py).
FOLDED = (Reason.NO_LINK,)


class Escalation:
    """All open incidents."""

    def __init__(self, ladder: Ladder, count_orders: Callable[[], int] = lambda: 0) -> None:
        self._count_orders = count_orders  # how many there are: what is a crowd depends on it
        self._ladder = ladder
        self._cases: dict[IncidentId, Case] = {}
        self._incident_of: dict[NotificationId, IncidentId] = {}
        self._folding = Folding()
        self._fold_clock: tuple[int, IncidentId] | None = None  # what stands in the clock for it
        self._called_ms: dict[PersonId, int] = {}  # when a telephone of the control room rang last
        self._clock: list[tuple[int, IncidentId]] = []  # a heap of times at which a case may have something due

    # --- what happens ---------------------------------------------------------------------------------------------

    def on_transition(self, t: Transition, facts: OrderFacts | None) -> list[Notification]:
        """Ring, update or quiet an incident; who is to be told (`facts`) is not asked where the level comes down, nor of FOLDED."""
        if t.reason in FOLDED:
            return []
        if t.to_level < t.from_level:
            return self._quieten(t) + self._leave_fold(t.incident, t.at_ms)
        assert facts is not None
        if t.reason in HISTORY:
            return self._report_history(t, facts)
        case = self._cases.get(t.incident) or self._cases.setdefault(t.incident, Case(t, facts))
        case.facts = facts
        if LEVELS.get(t.reason) == t.to_level:
            return self._ring(case, t) + (self._leave_fold(t.incident, t.at_ms) if t.to_level > Level.CAUTION else [])
        return self._tell(case, with_numbers(t, case.last), ((_DISPATCH, Channel.WEBHOOK),), Kind.UPDATE)

    def _leave_fold(self, incident: IncidentId, at_ms: int) -> list[Notification]:
        """It is out of sight no more, or says something louder."""
        if self._folding.fold is None:
            return []
        said = self._folding.leave(incident, at_ms)
        self._set_fold_clock()
        return said

    def on_numbers(self, now: Transition) -> list[Notification]:
        """How far he is now: a silent word to whoever was rung and looks at a screen. What rings later carries it too."""
        case = self._cases.get(now.incident)
        if case is None:
            return []
        case.last = renewed(case.last, now)
        t = changed(case.last, to_level=now.to_level, reason=now.reason, party=now.party, zone=now.zone)
        return [self._numbers(case, t, Rung(0, *way), ring, now.at_ms) for way, ring in case.told.items() if way in _SHOW_NUMBERS]

    def follows(self, notification: NotificationId) -> bool:
        """Whether a notification is of an incident that is still followed."""
        return self._case_of(notification) is not None or self._folding.named_in(notification) is not None

    def asked_of_dispatch(self, incident: IncidentId) -> NotificationId | None:
        """The newest question to dispatch of an incident that is still followed: its answer answers them all."""
        case = self._cases.get(incident)
        asked = [] if case is None else [one for one, said in case.sent.items() if said.audience is _DISPATCH]
        return asked[-1] if asked else None

    def on_acknowledgement(self, ack: Acknowledgement) -> list[Notification]:
        """An answer: a device's proves that the alert is shown, a person's ends the ladder of that audience."""
        named = self._folding.named_in(ack.notification)
        if named is not None and ack.by == "dispatcher":
            for plain in [self._cases[one] for one in named if not asks_louder(self._cases[one])]:
                self._rest(plain, ack.at_ms) if ack.who is None else self._answer(plain, _DISPATCH)
        case = self._case_of(ack.notification)
        if case is None or not may_answer(case, ack):
            return []
        audience = case.sent[ack.notification].audience
        if is_taken(case, ack):
            self._take_answer(case, audience, ack)
        asks = ack.wants_help and ack.by != "device" and audience is _HER
        return self._call_for_help(case, ack.at_ms) if asks else []

    def _take_answer(self, case: Case, audience: Audience, ack: Acknowledgement) -> None:
        case.set_shown(audience)
        if ack.by != "device":
            if audience is _DISPATCH and self.who_answers(ack) is None:
                self._rest(case, ack.at_ms)
            else:
                self._answer(case, audience)

    def is_strange(self, ack: Acknowledgement) -> bool:
        """Whether it comes from a device that the notification was not for."""
        case = self._case_of(ack.notification)
        return case is not None and ack.device is not None and not may_answer(case, ack)

    def takes(self, ack: Acknowledgement) -> bool:
        """Whether it answers what was rung last, so that telephones that have not rung for it may be spared."""
        return (case := self._case_of(ack.notification)) is not None and is_taken(case, ack)

    def who_answers(self, ack: Acknowledgement) -> str | None:
        """The name that an answer comes under: the dispatcher's, or whose telephone of the control room it was given on."""
        case = self._case_of(ack.notification)
        return ack.who if ack.who is not None or case is None or ack.by != "person" else case.called.get(ack.notification)

    def on_outcome(self, outcome: Outcome) -> list[Notification]:
        """What became of a notification; one that failed for good is followed by the next rung at once."""
        case = self._case_of(outcome.notification)
        if case is None:
            return []
        told = case.sent[outcome.notification]
        if outcome.state is DeliveryState.ACKNOWLEDGED and is_answer(case, told, by_device=False):
            self._answer(case, told.audience)
        if outcome.state in _ARRIVED and outcome.notification in case.unheard:
            case.set_reached()
        if outcome.state is not DeliveryState.FAILED or case.over:
            return []
        rings = outcome.detail == TOO_OLD and ring_now(case, told, outcome.at_ms)
        waiting = [due for due in case.waiting if due.audience is told.audience and due.turn == 0]
        if outcome.notification in case.called:  # that telephone is busy, or nobody is there: another one rings
            waiting = [due for due in waiting if self._rung(due).person is not None]
        if waiting:
            soonest = min(waiting, key=_by_time)
            soonest.at_ms = min(soonest.at_ms, outcome.at_ms)
            self._set_clock(case, soonest.at_ms)
        if case.lose_way(outcome.notification, outcome.at_ms) or rings:
            self._set_clock(case, outcome.at_ms)
        return self.due(outcome.at_ms)

    def due(self, now_ms: int) -> list[Notification]:
        """The rungs whose time has come, in order of their time."""
        said: list[Notification] = []
        while self._clock and self._clock[0][0] <= now_ms:
            at_ms, incident = heapq.heappop(self._clock)
            case = self._cases.get(incident)
            if case is not None:
                said += self._climb(case, at_ms)
            elif self._folding.fold is not None and incident == self._folding.fold.incident:
                said += self._folding.update(at_ms)
        return said

    def next_deadline_ms(self) -> int | None:
        """When `due` wants to be called next."""
        return self._clock[0][0] if self._clock else None

    def _call_for_help(self, case: Case, at_ms: int) -> list[Notification]:
        """She asks for help: dispatch is rung as for an emergency, whatever it has answered before, until it answers this."""
        incident = case.last.incident
        self._cases[incident] = case  # her own answer may have closed it
        self._incident_of.update(dict.fromkeys(case.sent, incident))
        case.wants_help = True
        case.ring += 1
        case.shown, case.answered = (tuple(one for one in some if one is not _DISPATCH) for some in (case.shown, case.answered))
        case.waiting = [due for due in case.waiting if due.audience is not _DISPATCH]
        case.ask(_DISPATCH, HELP)
        self._plan(case, Level.EMERGENCY, (_DISPATCH,), at_ms)
        return self._leave_fold(incident, at_ms) + self._climb(case, at_ms)

    # --- was she reached? -----------------------------------------------------------------------------------------

    def _tell_unreached(self, case: Case, at_ms: int) -> list[Notification]:
        """Nothing of this ring has reached her: told to dispatch once, and in all that it is told of this ring later."""
        if case.unreached_ms is None or case.unreached_ms > at_ms:
            return []
        at_ms, case.unreached_ms, case.unreached = case.unreached_ms, None, True
        case.ring += 1
        due = Due(at_ms, case.last.to_level, -1, _DISPATCH)
        return [self._notification(case, case.last, Rung(0, *way), Kind.UPDATE, due) for way in _PLAINLY]

    # --- the ladder -----------------------------------------------------------------------------------------------

    def _ring(self, case: Case, t: Transition) -> list[Notification]:
        """Start the ladder of the level anew, for the audiences of the reason."""
        audiences = audience_of(t.reason, t.party)
        audiences = (*audiences, _TRUSTED) if _HER in audiences else audiences  # whom she trusts hears what she hears, later
        case.last, case.over = t, False
        if case.ring > 0:
            case.shown = tuple(a for a in case.shown if a not in audiences)
            case.answered = tuple(a for a in case.answered if a not in audiences)
            keep_for_ring(case, self._ladder, t.to_level, audiences)
        case.ring += 1
        for audience in audiences:
            if not (case.wants_help and audience is _DISPATCH):
                case.ask(audience, int(t.to_level))
        if _HER in audiences and t.to_level in _MUST_REACH:
            case.unheard, case.unreached = (), False  # unless something arrives, dispatch will be told ...
            if case.unreached_ms is None:  # ... and no later because it rings again
                case.unreached_ms = t.at_ms + UNREACHED_MS
            self._set_clock(case, case.unreached_ms)
        self._plan(case, t.to_level, audiences, t.at_ms + PATIENCE_MS.get(t.reason, 0))
        return self._climb(case, t.at_ms)

    def _plan(self, case: Case, level: Level, audiences: Sequence[Audience], start_ms: int) -> None:
        for at_ms in plan(case, self._ladder, level, audiences, start_ms):
            self._set_clock(case, at_ms)

    def _climb(self, case: Case, at_ms: int) -> list[Notification]:
        """Send what is due at `at_ms`, unless it has become needless; plan the repeats."""
        ready = [due for due in case.waiting if due.at_ms <= at_ms]
        if ready:
            ready.sort(key=_by_time)
            case.waiting = [due for due in case.waiting if due.at_ms > at_ms]
        said = self._tell_unreached(case, at_ms)
        for due in ready:
            rung = self._rung(due)
            if is_needless(case, rung) or self._is_engaged(case, rung, due):
                continue
            if rung.repeat_s is not None:
                case.waiting.append(Due(due.at_ms + rung.repeat_s * 1000, due.level, due.step, due.audience, due.turn + 1))
                self._set_clock(case, case.waiting[-1].at_ms)
            folded = self._fold(case, rung, due)
            if folded is not None:
                said += folded
                continue
            helps = case.wants_help and rung.audience is _DISPATCH
            t = changed(case.last, to_level=Level.EMERGENCY, reason=Reason.SOS) if helps else case.last
            said.append(self._notification(case, t, rung, Kind.UPDATE if case.over and not helps else Kind.RAISE, due))
        self._forget_if_done(case)
        return said

    def _is_engaged(self, case: Case, rung: Rung, due: Due) -> bool:
        """Whether a telephone of the control room has just rung for another incident: this one then waits for its next turn.

        A storm would keep it engaged, and nobody could answer anything; each call says how many more wait. A drill calls nobody.
        """
        if rung.person is None or case.facts.drill:
            return rung.person is not None
        free_ms = self._called_ms.get(rung.person, due.at_ms - CALL_APART_MS) + CALL_APART_MS
        if due.at_ms < free_ms:
            due.at_ms = free_ms
            case.waiting.append(due)
            self._set_clock(case, free_ms)
            return True
        self._called_ms[rung.person] = due.at_ms
        return False

    def _fold(self, case: Case, rung: Rung, due: Due) -> list[Notification] | None:
        """Dispatch hears of it in the list of all who are out of sight; None: by itself, as of what was louder and is not answered."""
        plain = rung.audience is _DISPATCH and due.level is Level.CAUTION and not (case.facts.drill or asks_louder(case))
        if not plain or not self._folding.takes(case.last, due.at_ms, self._count_orders()):
            return None
        said = self._folding.add(case.last, rung.channel, due.at_ms, case.facts.language, again=rung.after_s > 0)
        self._set_fold_clock()
        return said

    def _quieten(self, t: Transition) -> list[Notification]:
        """The level came down: say so once to whoever was rung; her ladder ends, dispatch's unanswered one goes on."""
        case = self._cases.get(t.incident)
        if case is None:
            return []
        keep_for_quiet(case, self._ladder)
        told = [way for way in case.told if way[1] is not Channel.VOICE]
        case.over = case.over or t.to_level is Level.CALM or bool(case.waiting)
        said = self._tell(case, t, told, Kind.CLEAR)
        if t.to_level is Level.CALM:
            case.over, case.unreached_ms = True, None
        self._forget_if_done(case)
        return said

    def _report_history(self, t: Transition, facts: OrderFacts) -> list[Notification]:
        """A past breach, a pattern: told to dispatch once, it rings nobody."""
        case = self._cases.setdefault(t.incident, Case(t, facts, over=t.to_level is Level.CALM))
        said = self._tell(case, t, _PLAINLY, Kind.UPDATE)
        self._forget_if_done(case)
        return said

    def _answer(self, case: Case, audience: Audience) -> None:
        case.set_answered(audience)
        self._forget_if_done(case)

    def _rest(self, case: Case, at_ms: int) -> None:
        """Somebody of dispatch has seen it and not said who: that holds for a round, or for good where nothing is repeated."""
        times = put_off(case, self._ladder, at_ms)
        for due_ms in times:
            self._set_clock(case, due_ms)
        if not times:
            self._answer(case, _DISPATCH)

    def _rung(self, due: Due) -> Rung:
        return rung_of(self._ladder, due)

    def _case_of(self, notification: NotificationId) -> Case | None:
        incident = self._incident_of.get(notification)
        return None if incident is None else self._cases.get(incident)

    def _set_clock(self, case: Case, at_ms: int) -> None:
        heapq.heappush(self._clock, (at_ms, case.last.incident))

    def _set_fold_clock(self) -> None:
        fold = self._folding.fold
        if fold is not None and fold.due_ms is not None and (fold.due_ms, fold.incident) != self._fold_clock:
            self._fold_clock = fold.due_ms, fold.incident
            heapq.heappush(self._clock, self._fold_clock)

    def _forget_if_done(self, case: Case) -> None:
        """An incident that is over and waits for nobody is closed: nothing of it rings again."""
        if case.over and case.last.to_level is Level.CALM and not case.waiting:
            self._cases.pop(case.last.incident, None)
            for notification in case.sent:
                self._incident_of.pop(notification, None)

    # --- words ----------------------------------------------------------------------------------------------------

    def _tell(self, case: Case, t: Transition, ways: Sequence[tuple[Audience, Channel]], kind: Kind) -> list[Notification]:
        """One notification each, outside the ladder."""
        case.last = t
        case.ring += 1
        said = [(Rung(0, audience, channel), Due(t.at_ms, t.to_level, -1, audience)) for audience, channel in ways]
        return [self._notification(case, t, rung, kind, due) for rung, due in said]

    def _notification(self, case: Case, t: Transition, rung: Rung, kind: Kind, due: Due) -> Notification:
        """The message, and what is remembered of it."""
        one = message_of(case, t, rung, kind, due, others=count_others(case, self._cases.values()) if rung.person is not None else 0)
        self._remember(case, one, HELP if case.wants_help and one.audience is _DISPATCH else int(t.to_level), due)
        if rung.person is not None:
            case.called[one.id] = rung.person
        if kind is Kind.RAISE:
            case.told[one.audience, one.channel] = one.id
        if kind is Kind.RAISE and one.audience is _HER and one.channel is not Channel.CONSOLE:
            case.unheard += (one.id,)
        if one.channel is Channel.CAP:
            case.earlier = (*case.earlier, (one.id, one.issued_ms))[-EARLIER_MAX:]
        return one

    def _numbers(self, case: Case, t: Transition, rung: Rung, ring: NotificationId, at_ms: int) -> Notification:
        """New numbers for a ring. Dispatch may answer them as it may answer the ring; her bracelet shows them in its place."""
        due = Due(at_ms, t.to_level, -1, rung.audience, at_ms)
        one = message_of(case, t, rung, Kind.UPDATE, due, refreshes=ring)
        if one.audience is _DISPATCH:
            self._remember(case, one, int(t.to_level), due)
        return one

    def _remember(self, case: Case, one: Notification, loudness: int, due: Due) -> None:
        """It may be answered from now on."""
        self._incident_of[one.id] = one.incident
        for forgotten in case.note(one.id, loudness, due):
            self._incident_of.pop(forgotten, None)

    # --- snapshot -------------------------------------------------------------------------------------------------

    def dump(self) -> dict[str, Any]:
        """Every open incident as plain data."""
        cases = [case_as_data(case) for case in self._cases.values()]
        ladder = ladder_as_data(self._ladder)
        return {"cases": cases, "ladder": ladder, "called_ms": dict(self._called_ms), "folding": self._folding.dump()}

    def load(self, data: dict[str, Any]) -> None:
        """What `dump` gave, into an empty escalation."""
        self._called_ms.update(data["called_ms"])
        self._folding.load(data["folding"])
        self._set_fold_clock()
        for plain in data["cases"]:
            case = case_from_data(plain)
            find_rungs(case, self._ladder, data["ladder"])
            self._cases[case.last.incident] = case
            self._incident_of.update(dict.fromkeys(case.sent, case.last.incident))
            for due in case.waiting:
                self._set_clock(case, due.at_ms)
            if case.unreached_ms is not None:
                self._set_clock(case, case.unreached_ms)
