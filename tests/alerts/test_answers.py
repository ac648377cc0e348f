"""What an answer ends: the ring that it answers, never a louder one, and never her cry for help."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from alerts.case import SENT_MAX
from alerts.escalation import Escalation
from alerts.ladder import DEFAULT_LADDER, UNREACHED_MS, Ladder, with_ways
from alerts.terms import TOO_OLD, Acknowledgement, Audience, Channel, DeliveryState, Kind, Notification, Outcome
from geofence.terms import DeviceId, Level, PersonId, Reason
from tests.alerts.conversation import BREACH, CALM, CAUTION, DISPATCH, EMERGENCY, HER, WARNING, answer, rung
from tests.messages import FACTS, transition

CALLS = tuple(map(PersonId, ("desk", "second", "chief")))
LADDER = with_ways(DEFAULT_LADDER, (), CALLS)
SILENT = transition(0, CALM, CAUTION, Reason.CANNOT_SEE_PROTECTED)


def until(escalation: Escalation, end_ms: int) -> list[Notification]:
    said = []
    while (at_ms := escalation.next_deadline_ms()) is not None and at_ms <= end_ms:
        said += escalation.due(at_ms)
    return said


def at_s(said: list[Notification], audience: Audience, channel: Channel, kind: Kind = Kind.RAISE) -> list[int]:
    return [one.issued_ms // 1000 for one in said if (one.audience, one.channel, one.kind) == (audience, channel, kind)]


def told(said: list[Notification], audience: Audience, channel: Channel) -> Notification:
    return next(one for one in said if (one.audience, one.channel) == (audience, channel))


def called(said: list[Notification]) -> list[tuple[int, str]]:
    return [(one.issued_ms // 1000, str(one.person)) for one in said if one.audience is DISPATCH and one.channel is Channel.VOICE]


def later(level: Level, reason: Reason, at_ms: int, before: Level = EMERGENCY) -> object:
    return transition(at_ms, before, level, reason)


# --- an answer to what was said before ----------------------------------------------------------------------------------


def raised(escalation: Escalation, at_ms: int = 30_000) -> list[Notification]:
    return escalation.on_transition(transition(at_ms, CAUTION, EMERGENCY, Reason.BREACH), FACTS)


def test_who_answers_a_caution_has_not_answered_the_emergency_that_has_just_come() -> None:
    escalation, said = rung(SILENT)
    emergency = raised(escalation)
    escalation.on_acknowledgement(answer(told(said, DISPATCH, Channel.WEBHOOK), "dispatcher", 30_200))
    assert at_s(until(escalation, 100_000), DISPATCH, Channel.WEBHOOK) == [45, 60, 90]
    escalation.on_acknowledgement(answer(told(emergency, DISPATCH, Channel.WEBHOOK), "dispatcher", 101_000))
    assert at_s(until(escalation, 400_000), DISPATCH, Channel.WEBHOOK) == []


def test_a_bracelet_that_has_shown_the_caution_has_not_shown_the_emergency() -> None:
    escalation, said = rung(SILENT)
    emergency = raised(escalation)
    escalation.on_acknowledgement(answer(told(said, HER, Channel.BRACELET), "device", 30_200))
    said = until(escalation, 30_000 + UNREACHED_MS)
    assert at_s(said, HER, Channel.SMS) == [35]
    assert at_s(said, DISPATCH, Channel.CONSOLE, Kind.UPDATE) == [90], "she has not been reached"
    escalation, _ = rung(SILENT)
    emergency = raised(escalation)
    escalation.on_acknowledgement(answer(told(emergency, HER, Channel.BRACELET), "device", 30_200))
    assert at_s(until(escalation, 40_000), HER, Channel.SMS) == []


def test_who_answers_an_emergency_answers_its_further_reasons_and_what_is_said_of_it_later() -> None:
    escalation, said = rung()
    escalation.on_transition(later(EMERGENCY, Reason.SOS, 10_000), FACTS)  # type: ignore[arg-type]
    escalation.on_acknowledgement(answer(told(said, DISPATCH, Channel.WEBHOOK), "dispatcher", 10_500))
    assert at_s(until(escalation, 200_000), DISPATCH, Channel.WEBHOOK) == []
    escalation, _ = rung()
    down = escalation.on_transition(later(WARNING, Reason.APPROACH, 10_000), FACTS)  # type: ignore[arg-type]
    escalation.on_acknowledgement(answer(told(down, DISPATCH, Channel.WEBHOOK), "dispatcher", 10_500))
    assert at_s(until(escalation, 200_000), DISPATCH, Channel.WEBHOOK) == [], "who reads that it came down reads what it was"


def test_a_bracelet_that_was_away_has_not_shown_what_rang_meanwhile() -> None:
    escalation, said = rung()
    assert at_s(until(escalation, 9_000), HER, Channel.SMS) == [5]
    escalation.on_transition(later(EMERGENCY, Reason.BREACH, 10_000), FACTS)  # type: ignore[arg-type]
    escalation.on_acknowledgement(answer(told(said, HER, Channel.BRACELET), "device", 10_500))
    assert at_s(until(escalation, 20_000), HER, Channel.SMS) == [15]


def test_the_outcome_of_an_old_message_ends_nothing_new() -> None:
    escalation, said = rung(SILENT)
    raised(escalation)
    escalation.on_outcome(Outcome(told(said, DISPATCH, Channel.WEBHOOK).id, DeliveryState.ACKNOWLEDGED, 30_200))
    assert at_s(until(escalation, 50_000), DISPATCH, Channel.WEBHOOK) == [45]


# --- her cry for help ---------------------------------------------------------------------------------------------------


def cried(ladder: Ladder = LADDER) -> tuple[Escalation, list[Notification], list[Notification]]:
    """She presses 9 at 20 s, on the call of 15 s; what was said till then, and what her cry says at once."""
    escalation = Escalation(ladder)
    said = [*escalation.on_transition(BREACH, FACTS), *until(escalation, 15_000)]
    call = told(said, HER, Channel.VOICE)
    return escalation, said, escalation.on_acknowledgement(Acknowledgement(call.id, "person", 20_000, wants_help=True))


def test_an_answer_to_the_breach_is_none_to_her_cry_for_help() -> None:
    escalation, said, cry = cried()
    desk = told(said, DISPATCH, Channel.VOICE)
    escalation.on_acknowledgement(Acknowledgement(desk.id, "person", 25_000))
    said = until(escalation, 60_000)
    assert at_s(said, DISPATCH, Channel.WEBHOOK) == [35, 50]
    assert {one.reason for one in said if one.audience is DISPATCH} == {Reason.SOS}
    escalation.on_acknowledgement(answer(told(cry, DISPATCH, Channel.WEBHOOK), "dispatcher", 61_000))
    assert [one for one in until(escalation, 400_000) if one.audience is DISPATCH] == []


@pytest.mark.parametrize(("level", "reason"), [(CALM, Reason.CLEAR), (WARNING, Reason.APPROACH), (EMERGENCY, Reason.OUTSIDE_INCLUSION)])
def test_whatever_happens_next_her_cry_for_help_is_told_by_all_ways(level: Level, reason: Reason) -> None:
    alone, *_ = cried()
    undisturbed = until(alone, 200_000)
    escalation, *_ = cried()
    escalation.on_transition(later(level, reason, 21_000), FACTS)  # type: ignore[arg-type]
    said = until(escalation, 200_000)
    assert called(undisturbed)[:3] == [(50, "second"), (75, "desk"), (80, "chief")], "the desk had been rung at 15 s"
    assert called(said) == called(undisturbed)
    assert set(at_s(undisturbed, DISPATCH, Channel.WEBHOOK)) <= set(at_s(said, DISPATCH, Channel.WEBHOOK))


def test_a_quieter_ring_puts_off_no_telephone_that_rings_for_her_cry() -> None:
    escalation = Escalation(LADDER)
    said = escalation.on_transition(transition(0, CALM, WARNING, Reason.APPROACH), FACTS)
    escalation.on_acknowledgement(Acknowledgement(said[0].id, "person", 20_000, wants_help=True))
    escalation.on_transition(later(WARNING, Reason.APPROACH, 21_000, WARNING), FACTS)  # type: ignore[arg-type]
    assert called(until(escalation, 90_000)) == [(35, "desk"), (50, "second"), (80, "chief")]


def test_a_further_ring_makes_no_old_answer_one_to_her_cry() -> None:
    escalation, said, _ = cried()
    escalation.on_transition(later(EMERGENCY, Reason.OUTSIDE_INCLUSION, 21_000), FACTS)  # type: ignore[arg-type]
    escalation.on_acknowledgement(answer(told(said, DISPATCH, Channel.WEBHOOK), "dispatcher", 22_000))
    assert at_s(until(escalation, 60_000), DISPATCH, Channel.WEBHOOK)


def test_who_answers_her_first_cry_answers_her_second() -> None:
    escalation, said, cry = cried()
    escalation.on_acknowledgement(Acknowledgement(told(said, HER, Channel.VOICE).id, "person", 24_000, wants_help=True))
    escalation.on_acknowledgement(answer(told(cry, DISPATCH, Channel.WEBHOOK), "dispatcher", 25_000))
    assert at_s(until(escalation, 200_000), DISPATCH, Channel.WEBHOOK) == []


def test_she_is_heard_on_whichever_call_she_presses() -> None:
    """An old call to her, of a ring that another has followed: no answer to that, but her cry all the same."""
    escalation = Escalation(DEFAULT_LADDER)
    said = [*escalation.on_transition(transition(0, CALM, WARNING, Reason.APPROACH), FACTS), *until(escalation, 15_000)]
    escalation.on_transition(later(EMERGENCY, Reason.BREACH, 16_000, WARNING), FACTS)  # type: ignore[arg-type]
    cry = escalation.on_acknowledgement(Acknowledgement(told(said, HER, Channel.SMS).id, "person", 17_000, wants_help=True))
    assert {(one.audience, one.reason) for one in cry} == {(DISPATCH, Reason.SOS)}
    assert at_s(until(escalation, 40_000), HER, Channel.VOICE) == [31], "her own ladder goes on"


# --- who comes back again and again ---------------------------------------------------------------------------------------


def again_and_again(every_s: int, ladder: Ladder = LADDER) -> list[Notification]:
    """A breach, and a further reason every so many seconds."""
    escalation = Escalation(ladder)
    said = escalation.on_transition(BREACH, FACTS)
    for at_ms in range(every_s * 1000, 200_000, every_s * 1000):
        said += until(escalation, at_ms)
        said += escalation.on_transition(later(EMERGENCY, Reason.BREACH, at_ms), FACTS)  # type: ignore[arg-type]
    return said


@pytest.mark.parametrize("every_s", [4, 14, 29])
def test_who_comes_back_again_and_again_puts_off_nobody(every_s: int) -> None:
    said = again_and_again(every_s)
    assert {at for at, person in called(said) if person == "second"} & {30}
    assert {at for at, person in called(said) if person == "chief"} & {60}
    assert at_s(said, HER, Channel.SMS)[0] == 5
    assert at_s(said, HER, Channel.VOICE)[0] == 15
    assert at_s(said, DISPATCH, Channel.CONSOLE, Kind.UPDATE)[0] == 60, "she has not been reached"


def test_what_waits_already_waits_once() -> None:
    escalation, _ = rung()
    escalation.on_transition(later(EMERGENCY, Reason.BREACH, 4_000), FACTS)  # type: ignore[arg-type]
    said = until(escalation, 29_000)
    assert (at_s(said, HER, Channel.SMS), at_s(said, HER, Channel.VOICE), at_s(said, DISPATCH, Channel.WEBHOOK)) == ([5], [15], [15])


def test_a_rung_that_waits_for_patience_does_not_hold_up_what_is_known() -> None:
    """'Not seen yet' waits five minutes before it is told; that she is out of sight is told at once."""
    escalation = Escalation(DEFAULT_LADDER)
    assert escalation.on_transition(transition(0, CALM, CAUTION, Reason.NOT_SEEN_YET), FACTS) == []
    said = escalation.on_transition(later(CAUTION, Reason.CANNOT_SEE_PROTECTED, 10_000, CAUTION), FACTS)  # type: ignore[arg-type]
    assert at_s(said, DISPATCH, Channel.WEBHOOK) == [10]


# --- what is remembered -----------------------------------------------------------------------------------------------------


def restarted(escalation: Escalation, ladder: Ladder) -> Escalation:
    again = Escalation(ladder)
    again.load(json.loads(json.dumps(escalation.dump())))
    return again


def test_a_ladder_that_is_another_after_a_restart_rings_whom_it_named_before_where_they_still_are() -> None:
    ways = {(HER, Channel.PUSH)}
    before, after = LADDER, with_ways(DEFAULT_LADDER, ways, CALLS)
    for one, other in ((before, after), (after, before)):
        escalation = Escalation(one)
        escalation.on_transition(BREACH, FACTS)
        said = until(restarted(escalation, other), 70_000)
        assert called(said) == [(15, "desk"), (30, "second"), (60, "chief")]
        assert at_s(said, HER, Channel.PUSH) == []
    escalation = Escalation(LADDER)
    escalation.on_transition(BREACH, FACTS)
    fewer = with_ways(DEFAULT_LADDER, (), CALLS[:2])
    assert called(until(restarted(escalation, fewer), 70_000)) == [(15, "desk"), (30, "second")]


def test_what_an_answer_ends_is_known_after_a_restart_too() -> None:
    escalation, said = rung(SILENT)
    raised(escalation)
    again = restarted(escalation, DEFAULT_LADDER)
    again.on_acknowledgement(answer(told(said, DISPATCH, Channel.WEBHOOK), "dispatcher", 30_200))
    assert at_s(until(again, 50_000), DISPATCH, Channel.WEBHOOK) == [45]
    assert again.dump() != escalation.dump()


def test_an_emergency_of_a_day_does_not_grow_without_end_and_its_newest_question_can_be_answered() -> None:
    escalation, first = rung()
    said = list(first)
    for at_ms in range(15_000, 86_400_000, 15_000):
        said += until(escalation, at_ms)
        said += escalation.on_numbers(replace(BREACH, at_ms=at_ms, distance_m=float(at_ms % 1_000)))  # type: ignore[type-var]
    (case,) = escalation.dump()["cases"]
    assert len(case["sent"]) == SENT_MAX
    assert not escalation.follows(next(one for one in said if one.refreshes and one.audience is DISPATCH).id)
    assert escalation.follows(told(first, HER, Channel.BRACELET).id), "what her bracelet rang for may be answered at any time"
    newest = [one for one in said if one.audience is DISPATCH and one.channel is Channel.WEBHOOK][-1]
    assert escalation.follows(newest.id)
    escalation.on_acknowledgement(answer(newest, "dispatcher", 86_400_000))
    assert at_s(until(escalation, 87_000_000), DISPATCH, Channel.WEBHOOK) == []


def test_a_device_that_it_was_not_for_is_strange() -> None:
    escalation, said = rung()
    asked = told(said, DISPATCH, Channel.WEBHOOK)
    assert escalation.is_strange(Acknowledgement(asked.id, "person", 1_000, DeviceId("tag-1")))
    assert not escalation.is_strange(answer(said[0], "device"))
    assert not escalation.is_strange(answer(asked, "dispatcher"))


# --- after an outage ------------------------------------------------------------------------------------------------------


def too_late(one: Notification, at_ms: int) -> Outcome:
    return Outcome(one.id, DeliveryState.FAILED, at_ms, TOO_OLD)


def hers(said: list[Notification]) -> list[tuple[Channel, int]]:
    return [(one.channel, one.issued_ms) for one in said if one.audience is HER]


def away() -> tuple[Escalation, list[Notification], list[Notification]]:
    """Nobody was there from 2 s to six minutes: what was said before, and what is due then with the times at which it should have been."""
    escalation, said = rung()
    return escalation, said, until(escalation, 360_000)


def test_a_telephone_that_nobody_could_ring_in_time_rings_as_soon_as_somebody_can() -> None:
    escalation, _, late = away()
    text, call = told(late, HER, Channel.SMS), told(late, HER, Channel.VOICE)
    again = [*escalation.on_outcome(too_late(text, 360_100)), *escalation.on_outcome(too_late(call, 360_200))]
    assert hers(again) == [(Channel.SMS, 360_100), (Channel.VOICE, 360_200)]
    assert {one.id for one in again}.isdisjoint({text.id, call.id})
    once_more = escalation.on_outcome(too_late(told(again, HER, Channel.SMS), 800_000))
    assert hers(once_more) == [(Channel.SMS, 800_000)], "another outage"
    restart = restarted(escalation, DEFAULT_LADDER)
    assert hers(restart.on_outcome(too_late(told(once_more, HER, Channel.SMS), 1_200_000))) == [(Channel.SMS, 1_200_000)]


def test_what_came_too_late_is_not_rung_for_where_she_has_answered_or_all_is_over_or_it_waits_already() -> None:
    escalation, said, late = away()
    escalation.on_acknowledgement(answer(told(said, HER, Channel.BRACELET), "person", 360_050))
    assert hers(escalation.on_outcome(too_late(told(late, HER, Channel.SMS), 360_100))) == []
    escalation, said, late = away()
    escalation.on_acknowledgement(answer(told(said, HER, Channel.BRACELET), "device", 360_050))
    assert hers(escalation.on_outcome(too_late(told(late, HER, Channel.SMS), 360_100))) == [], "her bracelet has shown it"
    escalation, _, late = away()
    escalation.on_transition(later(CALM, Reason.CLEAR, 360_050), FACTS)  # type: ignore[arg-type]
    assert hers(escalation.on_outcome(too_late(told(late, HER, Channel.SMS), 360_100))) == []
    escalation, _, late = away()
    escalation.on_transition(later(EMERGENCY, Reason.BREACH, 359_000), FACTS)  # type: ignore[arg-type]
    said = [*escalation.on_outcome(too_late(told(late, HER, Channel.VOICE), 360_100)), *until(escalation, 380_000)]
    assert [channel for channel, _ in hers(said)].count(Channel.VOICE) == 1


# --- another ladder after a restart ----------------------------------------------------------------------------------------


def with_last(**changed: int) -> Ladder:
    """The default ladder, but for the question to dispatch that is repeated."""
    rungs = DEFAULT_LADDER[EMERGENCY]
    return {**DEFAULT_LADDER, EMERGENCY: (*rungs[:7], replace(rungs[7], **changed))}  # type: ignore[arg-type]


def test_dispatch_is_asked_on_whatever_has_become_of_the_ladder() -> None:
    escalation, _ = rung()
    said = until(escalation, 100_000)
    for ladder in (with_last(after_s=45), with_last(after_s=90, repeat_s=30)):
        assert len(at_s(until(restarted(escalation, ladder), 3_700_000), DISPATCH, Channel.WEBHOOK)) >= 59
    ways = {Channel.WEBHOOK: Channel.CAP}
    by_cap = {level: tuple(replace(one, channel=ways.get(one.channel, one.channel)) for one in rungs) for level, rungs in DEFAULT_LADDER.items()}
    asked = at_s(until(restarted(escalation, by_cap), 3_700_000), DISPATCH, Channel.CAP)
    assert (asked[0], len(asked)) == (120, 62), "by the way that there is now, from its first rung on"
    escalation.on_acknowledgement(answer(told(said, DISPATCH, Channel.WEBHOOK), "dispatcher", 110_000))
    assert at_s(until(restarted(escalation, by_cap), 3_700_000), DISPATCH, Channel.CAP) == []


def test_what_escalation_does_not_take_spares_no_telephone() -> None:
    escalation, said, cry = cried()
    old = answer(told(said, DISPATCH, Channel.WEBHOOK), "dispatcher", 21_000)
    assert not escalation.takes(old)
    assert escalation.takes(answer(told(cry, DISPATCH, Channel.WEBHOOK), "dispatcher", 21_000))
