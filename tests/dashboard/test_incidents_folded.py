"""Promises of the queue: what is most urgent stands first, nothing that ended by itself vanishes unseen, nothing told twice counts twice."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dashboard.incidents import LEVELS, Board, Incident
from geofence.terms import Reason

T = 1_800_000_000_000


def said(incident: str, to: str, reason: str = "breach", before: str = "calm", **more: Any) -> dict[str, Any]:
    return {
        "incident": incident,
        "order": f"order of {incident}",
        "from": before,
        "to": to,
        "reason": reason,
        "audience": ["protected", "dispatch"],
        **more,
    }


def notice(incident: str, name: str = "n", audience: str = "dispatch") -> dict[str, Any]:
    words = {"channel": "webhook", "kind": "raise", "step": 0, "level": "emergency", "reason": "breach", "text": None, "code": "K7Q2"}
    return {"id": name, "incident": incident, "audience": audience, **words}


def test_the_loudest_unanswered_and_soonest_stands_first() -> None:
    board = Board()
    board.hear("transition", T, said("blind", "caution", "cannot_see_respondent"))
    board.hear("transition", T + 1, said("far", "warning", "approach", seconds_to_perimeter=400.0))
    board.hear("transition", T + 2, said("near", "warning", "approach", seconds_to_perimeter=40.0))
    board.hear("transition", T + 3, said("in", "emergency"))
    assert [one.id for one in board.queue()] == ["in", "near", "far", "blind"]
    board.answered(board.incidents["near"], "ana", T + 4)
    assert [one.id for one in board.queue()] == ["in", "far", "near", "blind"]


def test_a_new_rise_wants_a_new_answer() -> None:
    board = Board()
    board.hear("transition", T, said("i", "warning", "approach"))
    board.answered(board.incidents["i"], "ana", T + 1)
    answered = board.incidents["i"].rank
    board.hear("transition", T + 2, said("i", "emergency", before="warning"))
    assert board.incidents["i"].rank < answered
    assert board.incidents["i"].acknowledged_ms < board.incidents["i"].raised_ms


def test_what_ended_by_itself_waits_until_somebody_has_closed_it() -> None:
    board = Board()
    board.hear("transition", T, said("i", "emergency"))
    board.hear("transition", T + 1, said("i", "calm", "clear", before="emergency"))
    assert [(one.id, one.state, one.peak) for one in board.queue()] == [("i", "calm", "emergency")]
    board.act(board.incidents["i"], "ana", T + 2, "close", {}, closed_ms=T + 2, outcome="test")
    board.forget("i")
    assert board.queue() == []
    assert board.incidents == {}


def test_closed_while_it_holds_it_comes_back_when_it_rises() -> None:
    board = Board()
    board.hear("transition", T, said("i", "caution", "battery"))
    board.act(board.incidents["i"], "ana", T + 1, "close", {}, closed_ms=T + 1, outcome="device_fault")
    board.forget("i")
    assert board.queue() == []
    board.hear("transition", T + 2, said("i", "emergency", before="caution"))
    assert [one.id for one in board.queue()] == ["i"]


def test_a_notification_that_comes_before_its_transition_is_kept() -> None:
    """The monitor tells people before screens."""
    board = Board()
    assert board.hear("notification", T, notice("i")) == []
    board.hear("transition", T, said("i", "emergency"))
    assert list(board.notices) == ["n"]
    assert board.incidents["i"].code == "K7Q2"


def test_nothing_told_twice_counts_twice() -> None:
    board = Board()
    board.hear("transition", T, said("i", "emergency"))
    assert board.hear("notification", T, notice("i"))
    assert board.hear("notification", T, notice("i")) == []


def test_an_answer_with_a_name_takes_the_place_of_a_dispatcher() -> None:
    board = Board()
    board.hear("transition", T, said("i", "emergency"))
    board.hear("notification", T, notice("i"))
    board.hear("acknowledgement", T + 1, {"notification": "n", "by": "dispatcher", "at_ms": T + 1, "device": None})
    assert board.incidents["i"].acknowledged_by == "dispatcher"
    board.answered(board.incidents["i"], "ana", T + 2)
    assert (board.incidents["i"].acknowledged_by, board.incidents["i"].acknowledged_ms) == ("ana", T + 1)


def test_a_key_pressed_on_the_control_rooms_telephone_is_its_answer_under_that_telephones_name() -> None:
    board = Board()
    board.hear("transition", T, said("i", "emergency"))
    board.hear("notification", T, notice("i"))
    board.hear("acknowledgement", T + 1, {"notification": "n", "by": "person", "who": "second"})
    assert board.incidents["i"].acknowledged_by == "second"


def test_an_answer_to_a_caution_is_none_to_the_emergency_that_came_after_it() -> None:
    """The control room's software may have it on its way while the level rises; the monitor asks on, and so must the screen."""
    board = Board()
    board.hear("transition", T, said("i", "caution", "cannot_see_respondent"))
    board.hear("notification", T, {**notice("i", "of the caution"), "level": "caution"})
    board.hear("transition", T + 500, said("i", "emergency", before="caution"))
    board.hear("notification", T + 500, notice("i", "of the emergency"))
    board.hear("acknowledgement", T + 600, {"notification": "of the caution", "by": "dispatcher", "who": "cad"})
    assert board.incidents["i"].acknowledged_by is None
    board.hear("acknowledgement", T + 700, {"notification": "of the emergency", "by": "dispatcher", "who": "cad"})
    assert (board.incidents["i"].acknowledged_by, board.incidents["i"].acknowledged_ms) == ("cad", T + 700)


def test_an_answer_without_a_name_holds_until_the_control_room_is_asked_again() -> None:
    """It may be software that answers by itself: the monitor goes on after a round, and a list that says "answered" would be silent."""
    board = Board()
    board.hear("transition", T, said("i", "emergency"))
    board.hear("notification", T, notice("i"))
    board.hear("acknowledgement", T + 1, {"notification": "n", "by": "dispatcher", "device": None})
    answered = board.incidents["i"].rank
    board.hear("notification", T + 30_000, {**notice("i", "silent"), "kind": "update"})
    board.hear("notification", T + 30_000, notice("i", "hers", "protected"))
    assert board.incidents["i"].acknowledged_by == "dispatcher"
    board.hear("notification", T + 60_000, {**notice("i", "again"), "step": 3})
    assert board.incidents["i"].acknowledged_ms is None
    assert board.incidents["i"].rank < answered
    board.answered(board.incidents["i"], "ana", T + 61_000)
    board.hear("notification", T + 62_000, {**notice("i", "crossed"), "step": 3})
    assert board.incidents["i"].acknowledged_by == "ana"


def test_her_bracelets_answer_is_not_the_control_rooms() -> None:
    board = Board()
    board.hear("transition", T, said("i", "emergency"))
    board.hear("notification", T, notice("i", audience="protected"))
    board.hear("acknowledgement", T + 1, {"notification": "n", "by": "person"})
    assert board.incidents["i"].acknowledged_by is None


def test_after_a_loss_the_list_is_right_about_now() -> None:
    board = Board()
    board.hear("transition", T, said("gone", "emergency"))
    board.hear("transition", T, said("same", "warning", "approach"))
    now = [
        {"order": "o", "level": "warning", "reason": "approach", "incident": "same"},
        {"order": "o2", "level": "emergency", "reason": "sos", "incident": "new"},
        {"order": "o3", "level": "calm", "reason": "clear", "incident": None},
    ]
    changed = board.greet(T + 9, now)
    assert {one.id: (one.level, one.state) for one in board.incidents.values()} == {
        "gone": ("calm", "calm"), "same": ("warning", "open"), "new": ("emergency", "open"),
    }  # fmt: skip
    assert {one.id for one in changed if isinstance(one, Incident)} == {"gone", "new"}
    assert board.greet(T + 10, now) == []


levels = st.sampled_from(LEVELS)
events = st.lists(st.tuples(st.sampled_from("abc"), levels, st.sampled_from([r.word for r in Reason if r is not Reason.NONE])), max_size=30)


@given(events)
def test_whatever_is_told_the_queue_is_sorted_and_holds_all_that_is_not_closed(told: list[tuple[str, str, str]]) -> None:
    board, level = Board(), dict.fromkeys("abc", "calm")
    for k, (incident, to, reason) in enumerate(told):
        board.hear("transition", T + k, said(incident, to, reason, before=level[incident]))
        level[incident] = to
    queue = board.queue()
    assert all(a.age <= b.age for a, b in pairwise(queue))
    assert {one.id for one in queue} == {incident for incident, _, _ in told}
    loud = [LEVELS.index(one.level) for one in queue if one.calm_ms is None]
    assert loud == sorted(loud, reverse=True)
