"""The two machines of one target, who speaks for a person, contact: worked by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from geofence import filter as fl
from geofence import proximity as near
from geofence.order import contact_deadline_ms
from geofence.state import DEVICE
from geofence.target import (
    APPROACH,
    BREACH,
    CLEAR,
    FRESH,
    LOST,
    OVERDUE,
    contact_of,
    interval_for,
    is_near,
    is_open,
    is_sure_way,
    step_approach,
    step_breach,
    witness,
)
from tests.pings import T0
from tests.rows import EXCLUSION, S, device, people, target


def breaches(*looks: tuple[float, float, bool, bool, bool], **start: int) -> list[int]:
    """Whether it is a breach after each look (p inside, p path, may raise, new fix, may clear)."""
    t, seen = target(**start), []
    for look in looks:
        step_breach(t, *look)
        seen.append(int(t["breach"]))
    return seen


def test_a_breach_is_raised_by_one_sure_look_two_fair_ones_or_the_path() -> None:
    assert breaches((0.69, 0.0, True, True, False)) == [0]
    assert breaches((0.70, 0.0, True, True, False)) == [1]
    assert breaches((0.70, 0.0, False, True, False)) == [0]
    assert breaches((0.0, 0.64, True, True, False), (0.0, 0.65, True, True, False)) == [0, 1]
    assert breaches(*[(0.65, 0.0, True, True, False)] * 2) == [0, 1]
    assert breaches(*[(0.64, 0.0, True, True, False)] * 4) == [0] * 4
    assert breaches(*[(0.65, 0.0, True, False, False)] * 4) == [0] * 4, "time alone is no second fix"
    fair, doubt = (0.66, 0.0, True, True, False), (0.5, 0.0, True, True, False)
    assert breaches(fair, doubt, fair, fair) == [0, 0, 0, 1], "two running"


def test_a_breach_is_cleared_by_two_sure_looks_of_evidence() -> None:
    out, edge = (0.09, 0.0, True, True, True), (0.10, 0.0, True, True, True)
    assert breaches(out, out, breach=1) == [1, 0]
    assert breaches(out, edge, out, out, breach=1) == [1, 1, 1, 0]
    assert breaches(*[(0.0, 0.0, True, True, False)] * 5, breach=1) == [1] * 5
    assert breaches((0.8, 0.0, True, True, True), out, out, on_count=1, off_count=1) == [1, 1, 0], "counts begin anew"


def test_an_approach_is_raised_and_calmed() -> None:
    def steps(*looks: tuple[float, float, bool, bool], **start: int) -> list[int]:
        t, seen = target(**start), []
        for look in looks:
            step_approach(t, *look)
            seen.append(int(t["approach"]))
        return seen

    far = near.FAR_S
    assert steps((0.49, far, True, False), (0.50, far, True, False)) == [0, 1]
    assert steps((0.0, 120.1, True, False), (0.0, 120.0, True, False)) == [0, 1]
    assert steps((0.9, 10.0, False, False)) == [0]
    quiet, loud = (0.19, 240.1, True, True), (0.20, 240.1, True, True)
    assert steps(quiet, quiet, approach=1) == [1, 0]
    assert steps(quiet, loud, quiet, (0.19, 240.0, True, True), quiet, quiet, approach=1) == [1, 1, 1, 1, 1, 0]
    assert steps((0.0, far, True, False), approach=1) == [1]
    assert steps((0.9, far, True, True), quiet, quiet, calm_count=1) == [1, 1, 0]


def test_when_contact_is_near() -> None:
    assert is_near(target(breach=1), 5_000.0, near.FAR_S)
    assert not is_near(target(), 10.0, 10.0)
    assert [is_near(target(approach=1), m, s) for m, s in ((300.0, near.FAR_S), (300.1, near.FAR_S), (900.0, 180.0), (900.0, 180.1))] == [True, False, True, False]


def test_windows_paths_and_ways() -> None:
    t = target(open_from_ms=T0, open_until_ms=T0 + 5)
    assert [is_open(t, T0 + k) for k in (-1, 0, 4, 5)] == [False, True, True, False]
    assert [is_sure_way(device(prev_ms=T0 - s * S)) for s in (180, 181)] == [True, False]
    assert [is_sure_way(device(prev_ms=T0 - S, p11=a, prev_p11=b)) for a, b in ((22_500.0, 22_500.0), (22_501.0, 0.0), (0.0, 22_501.0))] == [True, False, False]


def test_the_best_device_speaks_for_her_and_the_worst_for_him() -> None:
    late, later, unfit, never = device(fix_ms=T0 - 300 * S), device(fix_ms=T0 - 400 * S), device(p11=160.0**2), device(seen=0)
    assert [witness(people(never, later, late), 0, protected, T0) for protected in (True, False)] == [2, 1]
    assert [witness(people(later, late, never), 0, protected, T0) for protected in (True, False)] == [1, 0]
    assert [witness(people(unfit, device()), 0, protected, T0) for protected in (True, False)] == [1, 0]
    assert [witness(people(device(), unfit), 0, protected, T0) for protected in (True, False)] == [0, 1]
    assert [witness(people(late, unfit), 0, protected, T0) for protected in (True, False)] == [1, 0], "a vague fix of now is one late by a moment"
    assert [witness(people(device(), device()), 0, protected, T0) for protected in (True, False)] == [0, 0], "the first of equals"
    assert [witness(people(*some), 0, True, T0) for some in ((), (never,))] == [-1, -1]
    assert witness(people(device(gap_s=120.0, fix_ms=T0 - 300 * S), device(gap_s=10.0, fix_ms=T0 - 250 * S)), 0, True, T0) == 0, "by its own rhythm"


@pytest.mark.parametrize(
    ("hers", "his", "row", "reach_m", "contact", "lost"),
    [
        ({}, {}, {}, 0.0, FRESH, (0, 0)),
        ({}, {}, {"lost_protected": 1, "lost_respondent": 1}, 9e9, FRESH, (0, 0)),
        ({}, {"fix_ms": T0 - 200 * S}, {}, 3_121.0, OVERDUE, (0, 0)),
        ({}, {"fix_ms": T0 - 200 * S}, {}, 3_120.0, LOST, (0, 1)),
        ({"fix_ms": T0 - 200 * S, "rest": 2}, {"rest": 2}, {}, 600.0, LOST, (1, 0)),
        ({}, {"p11": 150.0**2}, {}, 9_000.0, FRESH, (0, 0)),
        ({}, {"p11": 150.1**2}, {}, 9_000.0, LOST, (0, 1)),
        ({}, {"source": fl.LBS}, {}, 9_000.0, LOST, (0, 1)),  # a mast heard him: he may be anywhere around it
        ({"fix_ms": T0 - 200 * S, "rest": 2}, {"rest": 2}, {}, 601.0, OVERDUE, (0, 0)),
        ({"fix_ms": T0 - 200 * S, "rest": 2}, {}, {"perimeter": 0}, 0.0, FRESH, (0, 0)),
        ({"fix_ms": T0 - 200 * S, "rest": 2}, {"fix_ms": T0 - 200 * S}, {}, 3_000.0, LOST, (1, 1)),
        ({}, {"fix_ms": T0 - 200 * S}, {"lost_respondent": 1}, 9e9, LOST, (0, 1)),
        ({"fix_ms": T0 - 200 * S, "rest": 2}, {}, {"lost_respondent": 1}, 9e9, OVERDUE, (0, 0)),
    ],
)
def test_contact(hers: dict[str, float], his: dict[str, float], row: dict[str, int], reach_m: float, contact: int, lost: tuple[int, int]) -> None:
    """A lost party stays lost until it is seen again; a party that is silent is lost once the distance could have been closed."""
    order = {"perimeter": 1, "lost_protected": 0, "lost_respondent": 0, **row}
    T = SimpleNamespace(order=[order], device=np.array([device(**hers), device(**his)], DEVICE))
    assert contact_of(T, 0, 0, 1, reach_m, T0, BREACH) == contact
    assert (order["lost_protected"], order["lost_respondent"]) == lost
    assert contact_of(T, 0, -1, -1, reach_m, T0, BREACH) == FRESH


@pytest.mark.parametrize(
    ("hers_s", "his_s", "reach_m", "calm", "contact", "lost"),
    [
        (0, 80, 1_280.0, True, FRESH, (0, 0)),  # 60 s and the worst latency: nothing is overdue yet
        (0, 81, 1_297.0, True, OVERDUE, (0, 0)),
        (0, 81, 1_296.0, True, LOST, (0, 1)),  # 16 m/s for 81 s
        (0, 81, 1_296.0, False, FRESH, (0, 0)),  # something rings already: only silence is said
        (0, 196, 3_072.0, False, LOST, (0, 1)),
        (90, 196, 3_000.0, True, LOST, (0, 1)),  # she is only late: he is named
        (90, 90, 1_000.0, True, LOST, (1, 1)),
    ],
)
def test_while_all_is_calm_a_late_report_is_enough(hers_s: int, his_s: int, reach_m: float, calm: bool, contact: int, lost: tuple[int, int]) -> None:
    """0 seconds calm while he could be inside by the last fixes and the speed bound, once a report is overdue."""
    order = {"perimeter": 1, "lost_protected": 0, "lost_respondent": 0}
    T = SimpleNamespace(order=[order], device=np.array([device(fix_ms=T0 - hers_s * S), device(fix_ms=T0 - his_s * S)], DEVICE))
    assert contact_of(T, 0, 0, 1, reach_m, T0, CLEAR if calm else BREACH) == contact
    assert (order["lost_protected"], order["lost_respondent"]) == lost
    if contact == LOST:
        assert contact_of(T, 0, 0, 1, 9e9, T0, BREACH) == LOST, "until it reports again"
    elif calm:
        deadline = contact_deadline_ms(T, 0, 0, 1, reach_m, T0, CLEAR)
        assert contact_of(T, 0, 0, 1, reach_m, deadline, CLEAR) != FRESH


RESTED, ASLEEP = {"fix_ms": T0 - 200 * S, "rest": 2}, {"rest": 10}


@pytest.mark.parametrize(
    ("hers", "his", "proximity", "contact"),
    [
        (RESTED, ASLEEP, APPROACH, FRESH),
        (RESTED, ASLEEP, BREACH, LOST),
        (RESTED, ASLEEP, CLEAR, LOST),
        ({**RESTED, "fix_ms": T0 - 480 * S}, ASLEEP, APPROACH, FRESH),
        ({**RESTED, "fix_ms": T0 - 480 * S - 1}, ASLEEP, APPROACH, LOST),
        ({**RESTED, "rest": 1}, ASLEEP, APPROACH, LOST),
        ({**RESTED, "p11": 150.1**2}, ASLEEP, APPROACH, LOST),
        (RESTED, {"rest": 9}, APPROACH, LOST),
        (RESTED, {**ASLEEP, "stirred": 1}, APPROACH, LOST),
        (RESTED, {**ASLEEP, "fix_ms": T0 - 80 * S}, APPROACH, FRESH),
        (RESTED, {**ASLEEP, "fix_ms": T0 - 80 * S - 1}, APPROACH, LOST),
    ],
)
def test_her_silence_beside_the_neighbour_who_is_seen_asleep(hers: dict[str, float], his: dict[str, float], proximity: int, contact: int) -> None:
    """An approach is told already; nothing is added to it for the longest usual outage, and a beat later than nothing has changed."""
    order = {"perimeter": 1, "lost_protected": 0, "lost_respondent": 0}
    T = SimpleNamespace(order=[order], device=np.array([device(**hers), device(**his)], DEVICE))
    assert contact_of(T, 0, 0, 1, 300.0, T0, proximity) == contact
    assert order["lost_protected"] == (contact == LOST)
    if contact == FRESH:
        deadline = contact_deadline_ms(T, 0, 0, 1, 300.0, T0, proximity)
        assert contact_of(T, 0, 0, 1, 300.0, deadline - 1, proximity) == FRESH
        assert contact_of(T, 0, 0, 1, 300.0, deadline, proximity) == LOST


@pytest.mark.parametrize(
    ("state", "margin", "seconds", "party", "until", "interval"),
    [
        ({}, 900.0, 1e9, 1, 0, 60),
        ({"approach": 1}, 900.0, 1e9, 1, 0, 15),
        ({"approach": 1}, 200.0, 1e9, 1, 60, 5),
        ({"approach": 1, "kind": EXCLUSION}, 200.0, 1e9, 0, 0, 15),
        ({"approach": 1, "kind": EXCLUSION}, 200.0, 1e9, 1, 60, 5),
        ({"approach": 1}, 200.0, 1e9, 0, 60, 5),
        ({"near_until_ms": T0 + 1}, 900.0, 1e9, 1, 0.001, 5),
        ({"near_until_ms": T0}, 900.0, 1e9, 1, 0, 60),
        ({"breach": 1}, 900.0, 1e9, -1, 60, 5),
    ],
)
def test_the_interval_a_target_wants(state: dict[str, int], margin: float, seconds: float, party: int, until: float, interval: int) -> None:
    t = target(**state)
    assert interval_for(t, margin, seconds, T0, party) == interval
    if until:
        assert t["near_until_ms"] == T0 + round(until * S)


def test_a_fix_of_fifty_metres_is_fit() -> None:
    """150 m is the limit, not 300 square metres."""
    assert witness(people(device(p11=2_500.0, fix_ms=T0), device(fix_ms=T0 - 60 * S)), 0, True, T0) == 0


@pytest.mark.parametrize(
    ("hers", "his", "row", "calm", "contact", "lost"),
    [
        ({"fix_ms": T0 - 90 * S}, {}, {"lost_protected": 1}, False, LOST, (1, 0)),  # lost until it reports again: overdue is not yet that
        ({}, {"fix_ms": T0 - 90 * S}, {"lost_respondent": 1}, False, LOST, (0, 1)),
        ({"fix_ms": T0 - 80 * S}, {}, {"lost_protected": 1}, False, FRESH, (0, 0)),
        ({"fix_ms": T0 - 90 * S}, {}, {"lost_protected": 1, "perimeter": 0}, False, FRESH, (0, 0)),  # nothing hangs on her any more
        ({"fix_ms": T0 - 90 * S}, {"p11": 160.0**2}, {}, True, LOST, (0, 1)),  # she is merely late, he is nowhere: he is named
        ({"p11": 160.0**2}, {"fix_ms": T0 - 90 * S}, {}, True, LOST, (1, 0)),
        ({"p11": 160.0**2}, {"p11": 160.0**2}, {}, False, LOST, (1, 1)),
    ],
)
def test_who_is_named_as_lost_whichever_comes_first_in_the_arrays(
    hers: dict[str, float], his: dict[str, float], row: dict[str, int], calm: bool, contact: int, lost: tuple[int, int]
) -> None:
    for i, j in ((0, 1), (1, 0)):
        order = {"perimeter": 1, "lost_protected": 0, "lost_respondent": 0, **row}
        rows = [device(**hers), device(**his)] if i == 0 else [device(**his), device(**hers)]
        T = SimpleNamespace(order=[order], device=np.array(rows, DEVICE))
        assert contact_of(T, 0, i, j, 9e9, T0, CLEAR if calm else BREACH) == contact
        assert (order["lost_protected"], order["lost_respondent"]) == lost


def test_who_has_no_device_is_not_lost() -> None:
    for i, j in ((-1, 0), (0, -1)):
        order = {"perimeter": 1, "lost_protected": 1, "lost_respondent": 1}
        T = SimpleNamespace(order=[order], device=np.array([device(fix_ms=T0 - 90 * S)], DEVICE))
        assert contact_of(T, 0, i, j, 9e9, T0, BREACH) == LOST
        assert (order["lost_protected"], order["lost_respondent"]) == (1 if i == 0 else 0, 1 if j == 0 else 0)


def test_after_a_breach_one_fair_look_is_no_second_one() -> None:
    out, fair = (0.0, 0.0, True, True, True), (0.65, 0.0, True, True, True)
    assert breaches(out, out, fair, fair, breach=1, on_count=1) == [1, 0, 0, 1]
