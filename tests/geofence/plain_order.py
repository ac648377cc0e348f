"""Deadlines, which target speaks, what was known of a breach."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from geofence import policy
from geofence.order import contact_deadline_ms, note_breach_times, on_the_beat, soon, urgency
from geofence.past import was_known
from geofence.state import DEVICE
from geofence.target import BREACH
from tests.pings import T0
from tests.rows import S, device, target


def test_deadlines_live_on_whole_seconds() -> None:
    assert [on_the_beat(T0 + a, T0 + b) - T0 for a, b in ((1, 0), (1_000, 0), (0, 0), (-5_000, 999), (1_001, 1_000), (7_000, 500))] == [1_000, 1_000, 1_000, 1_000, 2_000, 7_000]
    assert on_the_beat(policy.NEVER_MS, T0) == policy.NEVER_MS


def test_time_is_watched_while_a_track_still_glides_towards_the_edge() -> None:
    def waits(margin_m: float, age_s: float, hers: Any, his: Any, sigma_m: float = 10.0) -> bool:
        T = SimpleNamespace(device=np.array([hers, his], DEVICE))
        at_ms = T0 + round(age_s * S)
        return bool(soon(T, (1.0, margin_m, sigma_m, 0, 0, 0, 0, 0.0, 1.0), at_ms) == at_ms + S)

    still, walker = device(), device(ve=3.0, vn=4.0)
    assert [waits(m, 0, still, walker) for m in (5.0 * 23 + 29, 5.0 * 23 + 31)] == [True, False]
    assert [waits(m, 0, walker, walker) for m in (10.0 * 23 + 29, 10.0 * 23 + 31)] == [True, False]
    assert [waits(0.0, s, still, walker) for s in (19.999, 20.0)] == [True, False]
    assert waits(0.0, 25, device(fix_ms=T0 + 10 * S), walker), "the newer of the two counts"
    alone = SimpleNamespace(device=np.array([device(fix_ms=T0 + 10 * S), walker], DEVICE))
    assert soon(alone, (1.0, 0.0, 10.0, 0, 0, 0, 0, -1.0, 1.0), T0 + 25 * S) == policy.NEVER_MS, "a zone needs only him"


def test_which_target_speaks() -> None:
    def rank(margin_m: float, odds: float, entered: bool = False, **state: int) -> float:
        return float(urgency(target(**state), (1.0, margin_m, 10.0, odds), entered))

    order = [rank(900, 0.0), rank(100, 0.0), rank(900, 0.3), rank(900, 0.0, approach=1), rank(900, 0.0, breach=1), rank(900, 0.0, breach=1, approach=1)]
    order += [rank(900, 0.0, entered=True, breach=1)]
    assert order == sorted(order)
    assert len(set(order)) == len(order)


@pytest.mark.parametrize(
    ("hers", "his", "order", "reach_m", "deadline_s"),
    [
        ({}, {}, {}, 9_000.0, 195.001),
        ({"gap_s": 10.0}, {}, {}, 9_000.0, 70.001),
        ({}, {"gap_s": 10.0}, {}, 9_000.0, 70.001),
        ({"gap_s": 10.0}, {}, {"perimeter": 0}, 9_000.0, 195.001),
        ({}, {"fix_ms": T0 - 200 * S}, {}, 9_000.0, 195.001),
        ({}, {"fix_ms": T0 - 200 * S}, {}, 4_320.0, 100.0),
        ({}, {"fix_ms": T0 - 200 * S}, {}, 100.0, 0.001),
        ({}, {"fix_ms": T0 - 200 * S}, {"lost_respondent": 1}, 3_600.0, 195.001),
        ({"fix_ms": T0 - 200 * S, "rest": 2}, {"rest": 2}, {}, 1_050.0, 150.0),
        ({"fix_ms": T0 - 200 * S, "rest": 2}, {}, {"lost_protected": 1}, 1_050.0, 195.001),
        ({"fix_ms": T0 - 200 * S, "rest": 2}, {}, {"perimeter": 0}, 1_050.0, 195.001),
        ({"fix_ms": T0 - 200 * S, "rest": 2}, {"fix_ms": T0 - 200 * S, "rest": 2}, {}, 6_300.0, 100.0),
        ({"fix_ms": T0 - 200 * S}, {"fix_ms": T0 - 200 * S}, {"lost_protected": 1, "lost_respondent": 1}, 9e9, float("inf")),
    ],
)
def test_when_silence_is_looked_at_again(hers: dict[str, float], his: dict[str, float], order: dict[str, int], reach_m: float, deadline_s: float) -> None:
    row = {"perimeter": 1, "lost_protected": 0, "lost_respondent": 0, **order}
    T = SimpleNamespace(order=[row], device=np.array([device(**hers), device(**his)], DEVICE))
    deadline = contact_deadline_ms(T, 0, 0, 1, reach_m, T0, BREACH)
    assert deadline == (policy.NEVER_MS if deadline_s == float("inf") else T0 + round(deadline_s * S))


def test_a_breach_remembers_when_it_ran() -> None:
    T = SimpleNamespace(order=[{"breach_from_ms": 0, "breach_until_ms": 0}])
    seen = []
    for proximity, at_s in ((1, 1), (3, 2), (3, 3), (2, 4), (1, 5), (3, 6)):
        note_breach_times(T, 0, proximity, T0 + at_s * S)
        row = T.order[0]
        seen.append((row["breach_from_ms"], row["breach_until_ms"]))
    never = policy.NEVER_MS
    times = [(0, 0), (2, None), (2, None), (2, 4), (2, 4), (6, None)]
    assert seen == [(T0 + a * S if a else 0, never if b is None else T0 + b * S if b else 0) for a, b in times]


def test_what_was_known_is_not_told_as_past() -> None:
    live = {"breach_from_ms": T0, "breach_until_ms": T0 + 100 * S, "past_ms": 0}
    assert [was_known(live, T0 + s * S) for s in (-61, -60, 0, 100, 101)] == [False, True, True, True, False]
    told = {"breach_from_ms": 0, "breach_until_ms": 0, "past_ms": T0}
    assert [was_known(told, T0 + s * S) for s in (-601, -600, 600, 601)] == [False, True, True, False]
    assert not was_known({"breach_from_ms": 0, "breach_until_ms": 0, "past_ms": 0}, 0)
