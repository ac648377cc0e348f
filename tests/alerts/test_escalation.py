"""The conversation of an incident: who is told, when, and what ends it."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from alerts.audiences import AUDIENCES, audience_of
from alerts.escalation import Escalation
from alerts.ladder import DEFAULT_LADDER
from alerts.message import CODE_ALPHABET, code_of
from alerts.terms import Acknowledgement, Audience, Channel, DeliveryState, Kind, Notification, NotificationId, Outcome
from geofence.terms import DeviceId, IncidentId, Reason, Role
from tests.alerts.conversation import BREACH, CALM, CAUTION, DISPATCH, EMERGENCY, HER, WARNING, answer, rung
from tests.messages import FACTS, transition


def ways(said: Sequence[Notification]) -> list[tuple[Audience, Channel]]:
    return [(one.audience, one.channel) for one in said]


def until(escalation: Escalation, end_ms: int) -> list[tuple[int, Audience, Channel]]:
    """Serve every deadline up to `end_ms` at its time."""
    said = []
    while (at_ms := escalation.next_deadline_ms()) is not None and at_ms <= end_ms:
        said += [(at_ms, one.audience, one.channel) for one in escalation.due(at_ms)]
    return said


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
