"""Whatever happens in whatever order: never stops unanswered, never rings the closed, never goes back on the ladder."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.escalation import Escalation
from alerts.ladder import DEFAULT_LADDER, OPTIONAL_RUNGS, with_ways
from alerts.terms import Acknowledgement, Audience, Channel, DeliveryState, Kind, Notification, Outcome
from geofence.policy import NUMBERS_MS_MIN
from geofence.terms import IncidentId, Level, PersonId, Reason, Role
from geofence.watch import LEVELS
from tests.alerts.conversation import BREACH, CALM, DISPATCH, EMERGENCY, WARNING, answer
from tests.messages import FACTS, transition

# --- any interleaving -------------------------------------------------------------------------------------------------

BY_LEVEL = {level: [reason for reason, its in LEVELS.items() if its is level] for level in Level}
EVERY_WAY = with_ways(
    DEFAULT_LADDER,
    [(one.audience, one.channel) for rungs in OPTIONAL_RUNGS.values() for one in rungs],
    [PersonId("desk"), PersonId("second"), PersonId("chief")],
)
STEP = st.tuples(
    st.sampled_from(["level", "reason", "pass", "ack", "outcome", "numbers"]),
    st.integers(0, 40_000),
    st.integers(0, 30),
    st.sampled_from(["device", "person", "dispatcher", "nobody in particular"]),
)


class Play:
    """Drives an escalation by a script and keeps what it may and must do, worked out apart from it."""

    def __init__(self, *, dumps: bool) -> None:
        self.escalation = Escalation(EVERY_WAY)
        self.dumps = dumps  # through a snapshot before every step
        self.said: list[Notification] = []
        self.at_ms, self.level, self.number = 0, CALM, 0
        self.numbered_ms = -NUMBERS_MS_MIN
        self.open: set[str] = set()  # incidents that may ring
        self.owed: set[str] = set()  # incidents whose emergency no person of dispatch has answered

    def take(self, notifications: list[Notification]) -> None:
        for one in notifications:
            if one.kind is Kind.RAISE:
                assert one.incident in self.open, "rings a closed incident"
        self.said += notifications

    def step(self, what: str, ms: int, pick: int, by: str) -> None:
        if self.dumps:
            plain = json.loads(json.dumps(self.escalation.dump()))
            self.escalation = Escalation(EVERY_WAY)
            self.escalation.load(plain)
        self.at_ms += ms
        self.take(self.escalation.due(self.at_ms))
        getattr(self, f"do_{what}")(pick, by)

    def do_pass(self, _pick: int, _by: str) -> None:
        pass

    def do_level(self, pick: int, _by: str) -> None:
        to_level = Level(pick % 4)
        if to_level is not self.level:
            self.change(to_level, pick)

    def do_reason(self, pick: int, _by: str) -> None:
        if self.level is not CALM:
            self.change(self.level, pick)

    def change(self, to_level: Level, pick: int) -> None:
        if self.level is CALM:
            self.number += 1
        incident = f"incident-{self.number}"
        reasons = BY_LEVEL[to_level] or [Reason.CLEAR]
        reason = reasons[pick % len(reasons)]
        t = transition(self.at_ms, self.level, to_level, reason, incident=IncidentId(incident), party=Role(pick % 2))
        self.open.add(incident)
        if to_level is EMERGENCY:
            self.owed.add(incident)
        self.take(self.escalation.on_transition(t, FACTS))
        if to_level is CALM:
            self.open.discard(incident)
        self.level = to_level

    def do_ack(self, pick: int, by: str) -> None:
        if not self.said:
            return
        one = self.said[pick % len(self.said)]
        named = by != "nobody in particular"
        ack = answer(one, by if named else "dispatcher", self.at_ms)
        self.take(self.escalation.on_acknowledgement(ack if named else replace(ack, who=None)))
        if one.audience is DISPATCH and (by == "dispatcher" or (by == "person" and one.person is not None)):
            self.owed.discard(one.incident)

    def do_numbers(self, pick: int, _by: str) -> None:
        if self.level >= WARNING and self.at_ms >= self.numbered_ms + NUMBERS_MS_MIN:  # the kernel's promise
            self.numbered_ms = self.at_ms
            reason = BY_LEVEL[self.level][0]
            incident = IncidentId(f"incident-{self.number}")
            now = transition(self.at_ms, self.level, self.level, reason, incident=incident, distance_m=100.0 * pick)
            renewed = self.escalation.on_numbers(now)
            assert all(one.kind is Kind.UPDATE and one.refreshes for one in renewed), "numbers ring"
            self.take(renewed)

    def do_outcome(self, pick: int, by: str) -> None:
        if self.said:
            state = DeliveryState.FAILED if by == "person" else DeliveryState.ACCEPTED
            self.take(self.escalation.on_outcome(Outcome(self.said[pick % len(self.said)].id, state, self.at_ms)))

    def end(self) -> None:
        before = len(self.said)
        self.at_ms += 121_000  # 60 s to the rung or of rest, 60 s to its repetition
        self.take(self.escalation.due(self.at_ms))
        asked = {one.incident for one in self.said[before:] if one.audience is DISPATCH and one.step > 0}
        assert self.owed <= asked, "stopped without an answer"


@settings(max_examples=150, deadline=None)
@given(st.lists(STEP, max_size=40))
def test_never_stops_unanswered_never_rings_the_closed_and_twice_is_the_same(steps: list[tuple[str, int, int, str]]) -> None:
    plays = [Play(dumps=False), Play(dumps=False), Play(dumps=True)]
    for play in plays:
        for step in steps:
            play.step(*step)
        play.end()
    assert plays[0].said == plays[1].said == plays[2].said
    ids = [one.id for one in plays[0].said]
    assert len(set(ids)) == len(ids), "two notifications with one id: the outbox would drop the second"


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["pass", "fail", "device", "unnamed"]), st.integers(0, 20_000), st.integers(0, 40)), max_size=40))
def test_the_ladder_never_goes_backwards(steps: list[tuple[str, int, int]]) -> None:
    """By each way to each audience the rungs come in the order of their seconds, whatever fails or is shown, until a person answers."""
    escalation = Escalation(EVERY_WAY)
    said, at_ms = escalation.on_transition(BREACH, FACTS), 0
    for what, wait_ms, pick in steps:
        at_ms += wait_ms
        said += escalation.due(at_ms)
        one = said[pick % len(said)]
        if what == "fail":
            said += escalation.on_outcome(Outcome(one.id, DeliveryState.FAILED, at_ms))
        elif what == "device":
            said += escalation.on_acknowledgement(answer(one, "device", at_ms))
        elif what == "unnamed":
            said += escalation.on_acknowledgement(Acknowledgement(one.id, "dispatcher", at_ms))
    climbed: dict[tuple[Audience, Channel, str | None], int] = {}
    for one in said:
        if one.kind is Kind.RAISE:
            after_s = EVERY_WAY[EMERGENCY][one.step].after_s
            assert climbed.get((one.audience, one.channel, one.person), 0) <= after_s
            climbed[one.audience, one.channel, one.person] = after_s
    times = [one.issued_ms for one in said if one.kind is Kind.RAISE]
    assert times == sorted(times)
