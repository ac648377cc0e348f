"""A carrier's outage is one word to the control room, with the list; whoever comes near in the middle of it is a word by itself."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.channels.cap import Sender, document
from alerts.channels.dispatch import message_of
from alerts.database import body_of, from_body
from alerts.escalation import Escalation
from alerts.folding import ALONE_MAX, ORDERS_MAX, UPDATE_MS, WINDOW_MS
from alerts.ladder import DEFAULT_LADDER, Rung, with_ways
from alerts.terms import Acknowledgement, Audience, Channel, Kind, Notification
from geofence.terms import IncidentId, Level, OrderId, Reason, Transition
from tests.messages import FACTS, transition

HER, DISPATCH = Audience.PROTECTED, Audience.DISPATCH
CALM, CAUTION, WARNING, EMERGENCY = Level
T = 1_764_000_000_000
LOST, SEEN = Reason.CANNOT_SEE_RESPONDENT, Reason.SEEN


def of(n: int, at_ms: int, before: Level, after: Level, reason: Reason, **more: object) -> Transition:
    one = transition(T + at_ms, before, after, reason, incident=IncidentId(f"incident-{n}"), **more)
    return replace(one, order=OrderId(f"O-{n:04}"))


def lost(n: int, at_ms: int = 0, metres: float | None = None) -> Transition:
    return of(n, at_ms, CALM, CAUTION, LOST, distance_m=metres if metres is not None else 10_000.0 - n)


def seen(n: int, at_ms: int) -> Transition:
    return of(n, at_ms, CAUTION, CALM, SEEN)


def told(transitions: list[Transition], ladder: object = DEFAULT_LADDER, until_ms: int = 0) -> tuple[Escalation, list[Notification]]:
    """Tell these in order, time passing between them and up to `until_ms`."""
    escalation = Escalation(ladder)  # type: ignore[arg-type]
    said = []
    for t in transitions:
        said += escalation.due(t.at_ms)
        said += escalation.on_transition(t, FACTS)
    return escalation, said + escalation.due(T + until_ms)


def webhooks(said: list[Notification]) -> list[Notification]:
    return [one for one in said if one.channel is Channel.WEBHOOK]


def folds(said: list[Notification], channel: Channel = Channel.WEBHOOK) -> list[Notification]:
    return [one for one in said if one.orders_total is not None and one.channel is channel]


def test_a_thousand_out_of_sight_are_a_handful_of_words_and_a_list_with_the_nearest_first() -> None:
    _, said = told([lost(n) for n in range(1_000)], until_ms=UPDATE_MS)
    assert len(webhooks(said)) == ALONE_MAX + 2, "the first few, the ring of the fold, and its list"
    ring, full = folds(said)
    assert (ring.kind, ring.level, full.kind) == (Kind.RAISE, CAUTION, Kind.UPDATE)
    assert (full.orders_total, len(full.orders)) == (1_000 - ALONE_MAX, ORDERS_MAX)
    assert full.orders[:2] == ("O-0999", "O-0998"), "the nearest when last seen stand first"
    assert "995" in full.text
    assert "O-0999" in full.text
    assert len(folds(said, Channel.CONSOLE)) == 1, "a screen that scrolls is not told the list again and again"


def test_she_is_told_by_her_bracelet_all_the_same() -> None:
    _, said = told([lost(n) for n in range(100)])
    assert sum((one.audience, one.channel) == (HER, Channel.BRACELET) for one in said) == 100


def test_an_approach_in_the_middle_of_it_rings_by_itself_and_leaves_the_list() -> None:
    before = [lost(n) for n in range(50)]
    near = of(30, 5_000, CAUTION, EMERGENCY, Reason.BREACH)
    _, said = told([*before, near], until_ms=21_000)
    mine = [one for one in webhooks(said) if one.order == "O-0030"]
    assert [(one.level, one.kind) for one in mine] == [(EMERGENCY, Kind.RAISE), (EMERGENCY, Kind.RAISE)], "at once, and again at 15 s"
    assert "O-0030" not in folds(said)[-1].orders


def test_a_few_are_told_each_by_itself() -> None:
    _, said = told([lost(n) for n in range(ALONE_MAX)])
    assert folds(said) == []
    assert len(webhooks(said)) == ALONE_MAX


def test_what_is_a_crowd_in_a_county_is_an_ordinary_minute_in_a_state() -> None:
    escalation, said = Escalation(DEFAULT_LADDER, lambda: 4_500), []
    for n in range(46):
        said += escalation.on_transition(lost(n), FACTS)
    assert len([one for one in webhooks(said) if one.orders_total is None]) == 45
    assert len(folds(said)) == 1


def test_one_that_falls_silent_later_is_told_by_itself_though_a_fold_stands() -> None:
    many = [lost(n) for n in range(20)]
    _, said = told([*many, lost(99, WINDOW_MS + 1)])
    alone = [one for one in webhooks(said) if one.order == "O-0099"]
    assert [one.kind for one in alone] == [Kind.RAISE], "hours after a mast failed a silenced tracker is no part of it"


def test_the_list_is_renewed_at_most_every_fifteen_seconds_and_only_if_it_has_changed() -> None:
    _, said = told([lost(n, 100 * n) for n in range(400)], until_ms=600_000)
    times = [one.issued_ms for one in folds(said) if one.kind is Kind.UPDATE]
    assert len(times) == 3, "forty seconds of arrivals"
    assert min(b - a for a, b in pairwise(times)) >= UPDATE_MS
    assert {one.refreshes for one in folds(said) if one.kind is Kind.UPDATE} == {folds(said)[0].id}


def test_the_end_is_told_once_when_the_last_of_them_is_seen() -> None:
    many = [lost(n) for n in range(20)]
    back = [seen(n, 100_000 + n) for n in range(20)]
    _, said = told([*many, *back], until_ms=200_000)
    ends = [one for one in folds(said) if one.kind is Kind.CLEAR]
    assert [(one.issued_ms - T, one.level, one.orders) for one in ends] == [(100_019, CALM, ())]
    assert {one.incident for one in folds(said)} == {ends[0].incident}
    assert {one.code for one in folds(said)} == {ends[0].code}


def test_what_was_told_in_the_fold_is_not_told_again_as_it_ends() -> None:
    _, said = told([*(lost(n) for n in range(20)), seen(15, 100_000)])
    assert [one for one in webhooks(said) if one.order == "O-0015"] == []


def test_the_next_outage_is_another_one() -> None:
    first = [*(lost(n) for n in range(20)), *(seen(n, 100_000) for n in range(20))]
    second = [lost(n, 300_000) for n in range(20)]
    _, said = told([*first, *second])
    assert len({one.incident for one in folds(said)}) == 2
    ids = [one.id for one in said if one.orders_total is not None]
    assert len(ids) == len(set(ids))


def test_a_fold_that_starts_in_the_millisecond_in_which_another_ends_tells_its_list() -> None:
    first = [lost(n) for n in range(ALONE_MAX + 1)]
    second = [lost(n) for n in range(50, 70)]
    _, said = told([*first, seen(ALONE_MAX, 0), *second], until_ms=UPDATE_MS)
    assert [len(one.orders) for one in folds(said) if one.kind is Kind.UPDATE] == [20]


ASKING = {**DEFAULT_LADDER, CAUTION: (*DEFAULT_LADDER[CAUTION], Rung(60, DISPATCH, Channel.WEBHOOK, repeat_s=60))}


def asked(escalation: Escalation, until_ms: int) -> list[tuple[int, str]]:
    said = []
    while (at_ms := escalation.next_deadline_ms()) is not None and at_ms <= T + until_ms:
        said += escalation.due(at_ms)
    return [((one.issued_ms - T) // 1000, one.order or "the fold") for one in webhooks(said) if one.kind is Kind.RAISE]


def test_an_unanswered_fold_is_asked_again_once_for_all_where_the_ladder_asks_again() -> None:
    escalation, _ = told([lost(n) for n in range(20)], ASKING)
    again = [(at_s, what) for at_s, what in asked(escalation, 130_000) if what == "the fold"]
    assert again == [(60, "the fold"), (120, "the fold")]


def test_an_answer_to_the_fold_answers_all_that_it_names_and_none_else() -> None:
    escalation, said = told([lost(n) for n in range(20)], ASKING)
    ring = folds(said)[0]
    assert escalation.follows(ring.id)
    escalation.on_acknowledgement(Acknowledgement(ring.id, "dispatcher", T + 1_000, who="ana"))
    assert {what for _, what in asked(escalation, 130_000)} == {f"O-{n:04}" for n in range(ALONE_MAX)}


def test_a_restart_before_the_list_is_told_tells_it() -> None:
    one, _ = told([lost(n) for n in range(20)])
    again = Escalation(DEFAULT_LADDER)
    again.load(one.dump())
    assert folds(one.due(T + UPDATE_MS)) == folds(again.due(T + UPDATE_MS)) != []


def test_an_unanswered_emergency_that_goes_out_of_sight_is_asked_on_by_itself() -> None:
    escalation = Escalation(DEFAULT_LADDER)
    escalation.on_transition(of(7, 0, CALM, EMERGENCY, Reason.BREACH), FACTS)
    escalation.on_transition(of(7, 30_000, EMERGENCY, CAUTION, LOST), FACTS)
    for n in range(20, 60):
        escalation.on_transition(lost(n, 50_000), FACTS)
    asked_on = [one for one in escalation.due(T + 125_000) if one.order == "O-0007" and one.channel is Channel.WEBHOOK and one.step > 0]
    assert [(one.issued_ms - T) // 1000 for one in asked_on] == [60, 120]


def test_who_asks_for_help_in_the_middle_of_an_outage_is_heard_by_herself() -> None:
    escalation, said = Escalation(DEFAULT_LADDER), []
    for n in range(40):
        said += escalation.on_transition(lost(n), FACTS)
    hers = next(one for one in said if one.order == "O-0030" and one.audience is HER)
    helped = escalation.on_acknowledgement(Acknowledgement(hers.id, "person", T + 1_000, wants_help=True))
    assert {(one.channel, one.reason, one.level, one.order) for one in helped} == {
        (channel, Reason.SOS, EMERGENCY, "O-0030") for channel in (Channel.WEBHOOK, Channel.CONSOLE)
    }
    again = [one for one in escalation.due(T + 20_000) if one.order == "O-0030" and one.channel is Channel.WEBHOOK]
    assert [one.reason for one in again] == [Reason.SOS]


def test_a_call_for_help_leaves_the_list() -> None:
    escalation, said = Escalation(DEFAULT_LADDER), []
    for n in range(40):
        said += escalation.on_transition(lost(n), FACTS)
    hers = next(one for one in said if one.order == "O-0030" and one.audience is HER)
    escalation.on_acknowledgement(Acknowledgement(hers.id, "person", T + 1_000, wants_help=True))
    escalation.due(T + UPDATE_MS)
    escalation.on_acknowledgement(Acknowledgement(next(one for one in said if one.order == "O-0031" and one.audience is HER).id, "person", T + 16_000, wants_help=True))
    assert [len(one.orders) for one in folds(escalation.due(T + 2 * UPDATE_MS))] == [33], "the list is renewed without whoever left it"


def test_an_answer_to_the_list_does_not_answer_her_call_for_help() -> None:
    escalation, said = Escalation(DEFAULT_LADDER), []
    for n in range(40):
        said += escalation.on_transition(lost(n), FACTS)
    hers = next(one for one in said if one.order == "O-0030" and one.audience is HER)
    escalation.on_acknowledgement(Acknowledgement(hers.id, "person", T + 1_000, wants_help=True))
    escalation.on_acknowledgement(Acknowledgement(folds(said)[0].id, "dispatcher", T + 2_000, who="ana"))
    after = escalation.due(T + 20_000)
    assert [one.reason for one in webhooks(after) if one.order == "O-0030"] == [Reason.SOS]
    assert "O-0030" not in folds(after)[-1].orders, "what is said by itself is not in the list"


def test_an_answer_to_the_list_does_not_answer_an_emergency_that_went_out_of_sight() -> None:
    escalation, said = Escalation(DEFAULT_LADDER), []
    escalation.on_transition(of(7, 0, CALM, EMERGENCY, Reason.BREACH), FACTS)
    escalation.on_transition(of(7, 30_000, EMERGENCY, CAUTION, LOST), FACTS)
    for n in range(20, 60):
        said += escalation.on_transition(lost(n, 50_000), FACTS)
    escalation.on_transition(of(7, 50_500, CAUTION, CAUTION, Reason.CANNOT_SEE_PROTECTED), FACTS)
    escalation.on_acknowledgement(Acknowledgement(folds(said)[0].id, "dispatcher", T + 51_000, who="ana"))
    after = [one for one in webhooks(escalation.due(T + 125_000)) if one.order == "O-0007" and one.step > 0]
    assert [(one.issued_ms - T) // 1000 for one in after] == [60, 120]


def test_a_drill_is_no_part_of_it() -> None:
    escalation = Escalation(DEFAULT_LADDER)
    for n in range(20):
        escalation.on_transition(lost(n), FACTS)
    said = escalation.on_transition(lost(99), replace(FACTS, drill=True))
    assert [one.order for one in webhooks(said)] == ["O-0099"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 20_000), st.booleans()), max_size=60), st.integers(0, 60))
def test_a_restart_at_any_moment_changes_nothing_and_no_id_comes_twice(steps: list[tuple[int, int, bool]], cut: int) -> None:
    def play(restarts: bool) -> list[Notification]:
        escalation, said, at_ms = Escalation(DEFAULT_LADDER), [], 0
        unseen: set[int] = set()
        for k, (n, wait_ms, comes_back) in enumerate(steps):
            if restarts and k == cut:
                again = Escalation(DEFAULT_LADDER)
                again.load(escalation.dump())
                escalation = again
            at_ms += wait_ms
            said += escalation.due(T + at_ms)
            if n in unseen and comes_back:
                unseen.discard(n)
                said += escalation.on_transition(replace(seen(n, at_ms), incident=IncidentId(f"{n}")), FACTS)
            elif n not in unseen:
                unseen.add(n)
                said += escalation.on_transition(replace(lost(n, at_ms), incident=IncidentId(f"{n}")), FACTS)
        return said + escalation.due(T + at_ms + 60_000)

    said = play(False)
    assert said == play(True)
    named = [one.id for one in said if one.orders_total is not None]
    assert len(named) == len(set(named))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5_000)), min_size=1, max_size=60))
def test_dispatch_hears_of_everyone_who_is_out_of_sight(steps: list[tuple[int, int]]) -> None:
    """By itself or in a list, within the time of an update."""
    transitions, at_ms, unseen = [], 0, []
    for n, wait_ms in steps:
        at_ms += wait_ms
        if n not in unseen:
            unseen.append(n)
            transitions.append(lost(n, at_ms))
    _, said = told(transitions, until_ms=at_ms + UPDATE_MS)
    alone = {one.order for one in webhooks(said) if one.orders_total is None}
    lists = folds(said)
    assert alone | set(lists[-1].orders if lists else ()) == {f"O-{n:04}" for n in unseen}


def test_it_is_said_by_every_way_that_dispatch_has_and_survives_the_disk() -> None:
    ladder = with_ways(DEFAULT_LADDER, [(DISPATCH, Channel.CAP)])
    _, said = told([lost(n) for n in range(20)], ladder)
    ring = folds(said)[0]
    assert {one.channel for one in said if one.orders_total is not None} == {Channel.WEBHOOK, Channel.CONSOLE, Channel.CAP}
    assert from_body(body_of(ring)) == ring
    assert message_of(ring)["orders"] == list(ring.orders)
    cap = next(one for one in said if one.orders_total is not None and one.channel is Channel.CAP)
    assert ring.code.encode() in document(cap, Sender(name="resguardo", addresses="dispatch", area="-", status="Test"))


@pytest.mark.parametrize("language", ["es", "en"])
def test_it_speaks_the_language_of_its_first_order(language: str) -> None:
    escalation, said = Escalation(DEFAULT_LADDER), []
    for n in range(20):
        said += escalation.on_transition(lost(n), replace(FACTS, language=language))
    assert ("órdenes" in folds(said)[0].text) == (language == "es")
