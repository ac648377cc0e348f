"""The control room answers by name, or it is asked again; its telephones ring one after the other, and never all the time."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from alerts.escalation import Escalation
from alerts.ladder import CALL_APART_MS, DEFAULT_LADDER, UNNAMED_MS, with_ways
from alerts.terms import Acknowledgement, Audience, Channel, DeliveryState, Kind, Notification, Outcome
from geofence.terms import IncidentId, Level, OrderId, PersonId, Reason
from tests.messages import FACTS, transition

CALM, CAUTION, WARNING, EMERGENCY = Level
DESK, SECOND, CHIEF = map(PersonId, ("desk", "second", "chief"))
LADDER = with_ways(DEFAULT_LADDER, (), (DESK, SECOND, CHIEF))


def breach(n: int = 1, at_ms: int = 0) -> Escalation | object:
    return transition(at_ms, CALM, EMERGENCY, Reason.BREACH, incident=IncidentId(f"incident-{n}"))


def begun(*incidents: int, ladder: object = LADDER) -> tuple[Escalation, list[Notification]]:
    escalation = Escalation(ladder)  # type: ignore[arg-type]
    return escalation, [one for n in incidents for one in escalation.on_transition(breach(n), FACTS)]  # type: ignore[arg-type]


def until(escalation: Escalation, end_ms: int) -> list[Notification]:
    said = []
    while (at_ms := escalation.next_deadline_ms()) is not None and at_ms <= end_ms:
        said += escalation.due(at_ms)
    return said


def calls(said: list[Notification]) -> list[tuple[int, str]]:
    return [(one.issued_ms // 1000, one.person or "?") for one in said if one.audience is Audience.DISPATCH and one.channel is Channel.VOICE]


def asked(said: list[Notification]) -> list[int]:
    return [one.issued_ms // 1000 for one in said if (one.audience, one.channel) == (Audience.DISPATCH, Channel.WEBHOOK)]


def by_dispatch(one: Notification, at_ms: int, who: str | None) -> Acknowledgement:
    return Acknowledgement(one.id, "dispatcher", at_ms, who=who)


def test_an_answer_without_a_name_holds_for_a_round_and_one_with_a_name_for_good() -> None:
    escalation, said = begun(1, ladder=DEFAULT_LADDER)
    escalation.on_acknowledgement(by_dispatch(said[1], 10_000, None))
    again = [one for one in until(escalation, 200_000) if one.kind is Kind.RAISE]
    assert asked(again) == [(10_000 + UNNAMED_MS) // 1000, 130, 190]
    escalation.on_acknowledgement(by_dispatch(again[-1], 200_000, "ana"))
    assert until(escalation, 900_000) == []


def test_where_nobody_would_be_asked_again_an_answer_needs_no_name() -> None:
    escalation = Escalation(DEFAULT_LADDER)
    said = escalation.on_transition(transition(0, CALM, WARNING, Reason.APPROACH), FACTS)
    escalation.on_acknowledgement(by_dispatch(said[1], 1_000, None))
    assert asked(until(escalation, 300_000)) == [60], "told once that nothing has reached her; not asked"


def test_the_desk_rings_then_the_second_operator_then_the_supervisor_and_round_again() -> None:
    escalation, _ = begun(1)
    assert calls(until(escalation, 150_000)) == [
        (15, "desk"), (30, "second"), (60, "chief"), (75, "desk"), (90, "second"), (120, "chief"), (135, "desk"), (150, "second"),
    ]  # fmt: skip


def test_a_key_pressed_there_is_the_answer_of_whose_telephone_it_is() -> None:
    escalation, _ = begun(1)
    call = next(one for one in until(escalation, 15_000) if one.person == DESK)
    pressed = Acknowledgement(call.id, "person", 20_000)
    assert escalation.who_answers(pressed) == DESK
    escalation.on_acknowledgement(pressed)
    assert [one for one in until(escalation, 600_000) if one.audience is Audience.DISPATCH and one.kind is Kind.RAISE] == []


def test_software_that_names_nobody_does_not_answer_in_the_name_of_the_telephone_that_rang() -> None:
    escalation, _ = begun(1)
    call = next(one for one in until(escalation, 15_000) if one.person == DESK)
    escalation.on_acknowledgement(by_dispatch(call, 16_000, None))
    again = [one for one in until(escalation, 200_000) if one.kind is Kind.RAISE]
    assert asked(again), "it rests for a round, and asks again"


def test_her_key_is_hers_and_not_the_control_rooms() -> None:
    escalation, _ = begun(1)
    hers = next(one for one in until(escalation, 15_000) if one.channel is Channel.VOICE and one.audience is Audience.PROTECTED)
    escalation.on_acknowledgement(Acknowledgement(hers.id, "person", 20_000))
    assert calls(until(escalation, 60_000)) == [(30, "second"), (60, "chief")]


def test_a_telephone_that_is_busy_is_followed_by_the_next_at_once() -> None:
    escalation, _ = begun(1)
    desk = next(one for one in until(escalation, 15_000) if one.person == DESK)
    after = escalation.on_outcome(Outcome(desk.id, DeliveryState.FAILED, 17_000, "busy"))
    assert calls(after) == [(17, "second")]


def test_what_has_ended_rings_no_telephone() -> None:
    escalation, _ = begun(1)
    until(escalation, 20_000)
    said = escalation.on_transition(transition(21_000, EMERGENCY, CALM, Reason.CLEAR), FACTS)
    said += until(escalation, 300_000)
    assert calls(said) == []
    assert asked(said), "but it is asked on, quietly, until somebody has seen what happened"


def test_one_telephone_rings_for_one_incident_at_a_time_and_says_how_many_more_wait() -> None:
    escalation, _ = begun(1, 2, 3)
    said = until(escalation, 200_000)
    for person in (DESK, SECOND, CHIEF):
        times = [one.issued_ms for one in said if one.person == person]
        assert len(times) >= 3
        assert min(later - earlier for earlier, later in pairwise(times)) >= CALL_APART_MS
    first = next(one for one in said if one.person == DESK)
    assert "Otros 2 avisos esperan respuesta" in first.text


def test_the_others_have_their_turn() -> None:
    escalation, _ = begun(1, 2)
    first = [one for one in until(escalation, 15_000) if one.person == DESK]
    assert [one.incident for one in first] == ["incident-1"]
    escalation.on_acknowledgement(Acknowledgement(first[0].id, "person", 16_000))
    later = [one for one in until(escalation, 15_000 + CALL_APART_MS) if one.person == DESK]
    assert [one.incident for one in later] == ["incident-2"]


def test_a_drill_calls_nobody_and_keeps_no_telephone_engaged() -> None:
    escalation = Escalation(LADDER)
    escalation.on_transition(replace(transition(0, CALM, EMERGENCY, Reason.BREACH), order=OrderId("drill")), replace(FACTS, drill=True))
    escalation.on_transition(breach(2, 1_000), FACTS)  # type: ignore[arg-type]
    said = until(escalation, 70_000)
    assert [one for one in said if one.person in (DESK, SECOND, CHIEF) and one.order == "drill"] == []
    assert calls(said)[:2] == [(16, "desk"), (31, "second")]


@pytest.mark.parametrize("at_ms", [0, 15_000, 40_000])
def test_a_restart_changes_nothing(at_ms: int) -> None:
    one, _ = begun(1, 2)
    other, _ = begun(1, 2)
    until(one, at_ms)
    until(other, at_ms)
    again = Escalation(LADDER)
    again.load(other.dump())
    after = []
    for each in (one, again):
        said = each.on_transition(breach(3, at_ms + 1_000), FACTS)  # type: ignore[arg-type]
        after.append(said + until(each, 200_000))
    assert after[0] == after[1]


def test_nobody_is_called_where_no_telephone_is_named() -> None:
    escalation, _ = begun(1, ladder=DEFAULT_LADDER)
    assert calls(until(escalation, 300_000)) == []
