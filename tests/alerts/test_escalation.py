"""The conversation of an incident: who is told, when, and what ends it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.audiences import AUDIENCES, audience_of
from alerts.escalation import Escalation
from alerts.ladder import DEFAULT_LADDER, OPTIONAL_RUNGS, with_ways
from alerts.message import CODE_ALPHABET, code_of
from alerts.terms import Acknowledgement, Audience, Channel, DeliveryState, Kind, Notification, NotificationId, Outcome
from geofence.policy import NUMBERS_MS_MIN
from geofence.terms import DeviceId, IncidentId, Level, PersonId, Reason, Role
from geofence.watch import LEVELS
from tests.messages import FACTS, transition

HER, DISPATCH = Audience.PROTECTED, Audience.DISPATCH
CALM, CAUTION, WARNING, EMERGENCY = Level
BREACH = transition(0, CALM, EMERGENCY, Reason.BREACH)


def ways(said: Sequence[Notification]) -> list[tuple[Audience, Channel]]:
    return [(one.audience, one.channel) for one in said]


def rung(transition_of: object = BREACH) -> tuple[Escalation, list[Notification]]:
    escalation = Escalation(DEFAULT_LADDER)
    return escalation, escalation.on_transition(transition_of, FACTS)  # type: ignore[arg-type]


def until(escalation: Escalation, end_ms: int) -> list[tuple[int, Audience, Channel]]:
    """Serve every deadline up to `end_ms` at its time."""
    said = []
    while (at_ms := escalation.next_deadline_ms()) is not None and at_ms <= end_ms:
        said += [(at_ms, one.audience, one.channel) for one in escalation.due(at_ms)]
    return said


def answer(one: Notification, by: str, at_ms: int = 1_000) -> Acknowledgement:
    device = DeviceId("brc-1") if one.audience is HER and by != "dispatcher" else None
    return Acknowledgement(one.id, by, at_ms, device, who="ana" if by == "dispatcher" else None)


def test_an_emergency_tells_her_and_dispatch_at_once() -> None:
    _, said = rung()
    assert ways(said) == [(HER, Channel.BRACELET), (DISPATCH, Channel.WEBHOOK), (DISPATCH, Channel.CONSOLE)]
    assert {one.kind for one in said} == {Kind.RAISE}
    assert said[0].devices == FACTS.protected_devices


def test_unanswered_it_climbs_by_the_ladder_and_never_leaves_dispatch_alone() -> None:
    escalation, _ = rung()
    assert until(escalation, 180_000) == [
        (5_000, HER, Channel.SMS),
        (15_000, HER, Channel.VOICE),
        (15_000, DISPATCH, Channel.WEBHOOK),
        (30_000, DISPATCH, Channel.WEBHOOK),
        (60_000, DISPATCH, Channel.WEBHOOK),  # she has not been reached
        (60_000, DISPATCH, Channel.CONSOLE),
        (60_000, DISPATCH, Channel.WEBHOOK),
        (120_000, DISPATCH, Channel.WEBHOOK),
        (180_000, DISPATCH, Channel.WEBHOOK),
    ]


def test_each_question_to_dispatch_has_a_step_of_its_own_by_which_its_software_knows_whom_to_ring() -> None:
    escalation, said = rung()
    said += [one for at_ms in (15_000, 30_000, 60_000) for one in escalation.due(at_ms)]
    steps = [one.step for one in said if (one.audience, one.channel, one.kind) == (DISPATCH, Channel.WEBHOOK, Kind.RAISE)]
    assert len(steps) == 4
    assert steps == sorted(set(steps))
    asked = [one.text for one in said if one.audience is DISPATCH and one.step in steps[1:]]
    assert len(asked) == 3
    assert all(text.startswith("Sin respuesta") for text in asked)


def test_a_bracelet_that_shows_the_alert_saves_the_text_but_not_the_call() -> None:
    escalation, said = rung()
    escalation.on_acknowledgement(answer(said[0], "device"))
    assert [way for way in until(escalation, 29_000) if way[1] is HER] == [(15_000, HER, Channel.VOICE)]


def test_a_person_ends_only_his_own_ladder() -> None:
    escalation, said = rung()
    escalation.on_acknowledgement(answer(said[0], "person"))
    assert until(escalation, 30_000) == [(15_000, DISPATCH, Channel.WEBHOOK), (30_000, DISPATCH, Channel.WEBHOOK)]
    escalation.on_acknowledgement(answer(said[1], "dispatcher", 31_000))
    assert until(escalation, 600_000) == []


@pytest.mark.parametrize("device", ["tag-1", "brc-9"])
def test_another_ones_device_answers_nothing(device: str) -> None:
    escalation, said = rung()
    escalation.on_acknowledgement(Acknowledgement(said[0].id, "person", 1_000, DeviceId(device)))
    escalation.on_acknowledgement(Acknowledgement(said[1].id, "person", 1_000, DeviceId("brc-1")))
    escalation.on_acknowledgement(Acknowledgement(said[0].id, "dispatcher", 1_000))
    assert len(until(escalation, 30_000)) == 4


def test_what_failed_for_good_is_followed_at_once() -> None:
    escalation, said = rung()
    after = escalation.on_outcome(Outcome(said[0].id, DeliveryState.FAILED, 1_200))
    assert ways(after) == [(HER, Channel.SMS)]
    after = escalation.on_outcome(Outcome(after[0].id, DeliveryState.FAILED, 1_300))
    assert ways(after) == [(HER, Channel.VOICE)]


def test_a_clear_is_told_once_with_its_reason_and_stops_ringing_her() -> None:
    escalation, _ = rung()
    said = escalation.on_transition(transition(2_000, EMERGENCY, CALM, Reason.CLEAR), FACTS)
    assert ways(said) == [(HER, Channel.BRACELET), (DISPATCH, Channel.WEBHOOK), (DISPATCH, Channel.CONSOLE)]
    assert {(one.kind, one.reason) for one in said} == {(Kind.CLEAR, Reason.CLEAR)}
    assert [audience for _, audience, _ in until(escalation, 120_000)] == [DISPATCH, DISPATCH], "dispatch has not seen it yet"


def test_an_emergency_nobody_answered_outlives_a_later_warning() -> None:
    escalation, _ = rung()
    escalation.on_transition(transition(1_000, EMERGENCY, WARNING, Reason.APPROACH), FACTS)
    escalation.on_transition(transition(2_000, WARNING, WARNING, Reason.UNVERIFIED), FACTS)
    assert (60_000, DISPATCH, Channel.WEBHOOK) in until(escalation, 60_000)


def test_level_up_rings_anew_and_a_quieter_reason_does_not() -> None:
    escalation, first = rung(transition(0, CALM, WARNING, Reason.APPROACH))
    assert ways(escalation.on_transition(transition(10, WARNING, WARNING, Reason.STRAP, party=Role.RESPONDENT), FACTS)) == [
        (DISPATCH, Channel.WEBHOOK)
    ]
    louder = escalation.on_transition(transition(20, WARNING, EMERGENCY, Reason.BREACH), FACTS)
    assert {one.kind for one in louder} == {Kind.RAISE}
    assert {one.code for one in first + louder} == {code_of(BREACH.incident)}


def test_a_lost_link_is_said_by_the_service_once_and_not_for_every_order() -> None:
    assert rung(transition(0, CALM, CAUTION, Reason.NO_LINK))[1] == []


def test_a_past_breach_is_told_to_dispatch_and_rings_nobody() -> None:
    escalation, said = rung(transition(0, CALM, CALM, Reason.PAST_BREACH))
    assert {(one.audience, one.kind) for one in said} == {(DISPATCH, Kind.UPDATE)}
    assert until(escalation, 600_000) == []


def test_trouble_of_his_device_is_not_hers_and_of_hers_is() -> None:
    for reason in (Reason.STRAP, Reason.BATTERY, Reason.JAMMING, Reason.CLOCK):
        assert audience_of(reason, Role.RESPONDENT) == (DISPATCH,)
        assert audience_of(reason, Role.PROTECTED) == (HER, DISPATCH)
    assert set(AUDIENCES) == {(reason, party) for reason in Reason for party in (*Role, None)}


def test_codes_can_be_read_aloud_and_differ() -> None:
    codes = [code_of(IncidentId(f"incident-{n}")) for n in range(2_000)]
    assert {sign for code in codes for sign in code} <= set(CODE_ALPHABET)
    assert not set(CODE_ALPHABET) & set("0O1IL")
    assert len(set(codes)) > 1_990


# --- was she reached? -------------------------------------------------------------------------------------------------

UNREACHED = "Aviso sin entregar"


def unreached(said: Sequence[Notification]) -> list[tuple[int, Channel, Kind]]:
    return [(one.issued_ms, one.channel, one.kind) for one in said if UNREACHED in one.text and one.kind is Kind.UPDATE]


def test_when_nothing_reaches_her_dispatch_is_told_once_and_in_every_later_question() -> None:
    escalation, _ = rung()
    said = escalation.due(180_000)
    assert unreached(said) == [(60_000, Channel.WEBHOOK, Kind.UPDATE), (60_000, Channel.CONSOLE, Kind.UPDATE)]
    assert all((UNREACHED in one.text) == (one.audience is DISPATCH and one.issued_ms >= 60_000) for one in said)


def test_when_every_way_to_her_has_failed_dispatch_is_told_at_once() -> None:
    escalation, said = rung()
    told: list[Notification] = []
    for at_ms in (1_000, 2_000, 3_000):  # bracelet, text, call
        assert unreached(told) == []
        hers = [one for one in said + told if one.audience is HER][-1]
        told += escalation.on_outcome(Outcome(hers.id, DeliveryState.FAILED, at_ms))
    assert unreached(told) == [(3_000, Channel.WEBHOOK, Kind.UPDATE), (3_000, Channel.CONSOLE, Kind.UPDATE)]
    assert unreached(escalation.due(180_000)) == []


@pytest.mark.parametrize("state", [DeliveryState.ACCEPTED, DeliveryState.DELIVERED])
def test_a_carrier_that_has_only_taken_it_has_not_reached_her(state: DeliveryState) -> None:
    escalation, _ = rung()
    text = escalation.due(5_000)[0]
    escalation.on_outcome(Outcome(text.id, state, 9_000))
    later = escalation.due(120_000)
    assert bool(unreached(later)) == (state is DeliveryState.ACCEPTED)
    assert Channel.VOICE in [one.channel for one in later], "what was delivered has not been answered"


@pytest.mark.parametrize("by", ["device", "person"])
def test_a_bracelet_or_a_person_that_answers_has_been_reached_even_late(by: str) -> None:
    escalation, said = rung()
    escalation.due(70_000)
    escalation.on_acknowledgement(answer(said[0], by, 71_000))
    later = escalation.due(180_000)
    assert later
    assert not any(UNREACHED in one.text for one in later)


def test_dispatch_that_has_answered_is_told_all_the_same_and_nobody_after_the_end() -> None:
    escalation, said = rung()
    escalation.on_acknowledgement(answer(said[1], "dispatcher"))
    assert len(unreached(escalation.due(60_000))) == 2
    escalation, _ = rung()
    escalation.on_transition(transition(2_000, EMERGENCY, CALM, Reason.CLEAR), FACTS)
    assert unreached(escalation.due(180_000)) == []


def test_a_caution_and_trouble_that_is_not_hers_wait_for_nobody() -> None:
    for t in (transition(0, CALM, CAUTION, Reason.CANNOT_SEE_PROTECTED), transition(0, CALM, WARNING, Reason.STRAP, party=Role.RESPONDENT)):
        escalation, _ = rung(t)
        assert unreached(escalation.due(180_000)) == []


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


def test_an_unknown_notification_changes_nothing() -> None:
    escalation, _ = rung()
    assert escalation.on_acknowledgement(Acknowledgement(NotificationId("?"), "person", 1)) == []
    assert escalation.on_outcome(Outcome(NotificationId("?"), DeliveryState.FAILED, 1)) == []
    assert len(until(escalation, 30_000)) == 4


# --- help --------------------------------------------------------------------------------------------------------------


def helped(escalation: Escalation, call: Notification, at_ms: int) -> list[Notification]:
    return escalation.on_acknowledgement(Acknowledgement(call.id, "person", at_ms, wants_help=True))


def test_she_asks_for_help_and_dispatch_is_rung_though_it_had_answered_and_until_it_answers_this() -> None:
    escalation, said = rung(transition(0, CALM, WARNING, Reason.APPROACH))
    escalation.on_acknowledgement(answer(said[1], "dispatcher"))
    said = helped(escalation, said[0], 20_000)
    assert ways(said) == [(DISPATCH, Channel.WEBHOOK), (DISPATCH, Channel.CONSOLE)]
    assert {(one.kind, one.level, one.reason) for one in said} == {(Kind.RAISE, EMERGENCY, Reason.SOS)}
    assert all("SOS" in one.text for one in said)
    assert [at_ms for at_ms, _, _ in until(escalation, 140_000)] == [35_000, 50_000, 80_000, 140_000]
    escalation.on_acknowledgement(answer(said[0], "dispatcher", 141_000))
    assert until(escalation, 400_000) == []


def test_help_asked_for_when_all_is_calm_rings_as_loud_and_then_the_incident_can_end() -> None:
    escalation, said = rung()
    call = next(one for one in escalation.due(15_000) if one.channel is Channel.VOICE)
    escalation.on_transition(transition(16_000, EMERGENCY, CALM, Reason.CLEAR), FACTS)
    said = helped(escalation, call, 20_000)
    assert {(one.audience, one.kind, one.level) for one in said} == {(DISPATCH, Kind.RAISE, EMERGENCY)}
    assert escalation.follows(call.id), "open until dispatch has answered"
    escalation.on_acknowledgement(answer(said[0], "dispatcher", 21_000))
    assert not escalation.follows(call.id)
    assert until(escalation, 400_000) == []


def test_help_survives_a_restart_and_nobody_else_can_ask_for_her() -> None:
    escalation, said = rung()
    escalation.on_acknowledgement(answer(said[1], "dispatcher"))
    assert helped(escalation, said[1], 2_000) == [], "dispatch's own message is no telephone of hers"
    device = Acknowledgement(said[0].id, "device", 2_000, DeviceId("brc-1"), wants_help=True)
    assert escalation.on_acknowledgement(device) == []
    helped(escalation, said[0], 3_000)
    again = Escalation(DEFAULT_LADDER)
    again.load(json.loads(json.dumps(escalation.dump())))
    assert {(one.reason, one.audience) for one in again.due(18_000) if one.audience is DISPATCH} == {(Reason.SOS, DISPATCH)}
