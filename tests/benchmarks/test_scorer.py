"""The scorer's rules on days made by hand: what is an episode, what counts as found, what as false."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.detection.baselines import hysteresis, naive, naive_accurate, oracle
from benchmarks.detection.drive import Report
from benchmarks.detection.score import Episode, Score, episodes, false_raises, lead_s, raised_s, wilson

R = 300.0


def day(*spans: tuple[int, int, float], seconds: int = 4_000, away_m: float = 2_000.0) -> np.ndarray:
    """Distance second by second: far, but for (from, until, metres)."""
    distance = np.full(seconds, away_m)
    for first, last, metres in spans:
        distance[first:last] = metres
    return distance


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([(100, 200, 100.0)], [(100, 200, True)]),
        ([(100, 110, 100.0)], [(100, 110, False)]),  # too short to be counted
        ([(100, 200, 260.0)], [(100, 200, False)]),  # too shallow
        ([(100, 200, 100.0), (250, 300, 290.0)], [(100, 300, True)]),  # 50 s outside is still the same
        ([(100, 200, 100.0), (261, 300, 100.0)], [(100, 200, True), (261, 300, True)]),
        ([], []),
    ],
)
def test_an_episode_is_true_nearness(spans: list[tuple[int, int, float]], expected: list[tuple[int, int, bool]]) -> None:
    assert [(e.entry_s, e.exit_s, e.mandatory) for e in episodes(day(*spans), R)] == expected


def test_contact_is_the_first_second_within_fifty_metres() -> None:
    assert [e.contact_s for e in episodes(day((100, 200, 100.0), (150, 160, 20.0)), R)] == [150.0]
    assert [e.contact_s for e in episodes(day((100, 200, 100.0)), R)] == [None]


@pytest.mark.parametrize(
    ("alarm", "found"),
    [((1_000.0, 1_100.0), 1_000.0), ((825.0, 900.0), 825.0), ((815.0, 900.0), None), ((1_280.0, 1_300.0), 1_280.0), ((1_295.0, 1_300.0), None),
     ((100.0, 3_000.0), None)],
)  # fmt: skip
def test_an_alarm_counts_from_three_minutes_before_to_ninety_seconds_after(alarm: tuple[float, float], found: float | None) -> None:
    assert raised_s(Episode(1_000.0, 1_200.0, True, None), [alarm], []) == found


def test_an_alarm_still_on_from_a_recent_episode_counts_and_from_an_old_one_does_not() -> None:
    now = Episode(1_000.0, 1_200.0, True, None)
    assert raised_s(now, [(500.0, 1_100.0)], [Episode(480.0, 750.0, True, None)]) == 1_000.0
    assert raised_s(now, [(500.0, 1_100.0)], [Episode(480.0, 690.0, True, None)]) is None


def test_a_raise_is_false_only_if_nobody_was_near_within_a_minute() -> None:
    truth = day((1_000, 1_100, 340.0))  # within R + 50
    assert false_raises(truth, R, [(1_050.0, 1_060.0), (1_155.0, 1_200.0)]) == []
    assert false_raises(truth, R, [(1_165.0, 1_200.0), (900.0, 2_000.0)]) == [1_165.0, 900.0]


def test_the_lead_counts_what_was_on_within_half_an_hour() -> None:
    assert lead_s(5_000.0, [(4_800.0, 5_100.0)]) == 200.0
    assert lead_s(5_000.0, [(1_000.0, 5_100.0)]) == 1_800.0
    assert lead_s(5_000.0, [(3_500.0, 3_600.0), (4_900.0, 4_950.0)]) == 1_500.0, "any alert in the half hour"
    assert lead_s(5_000.0, [(5_001.0, 5_100.0), (1_000.0, 3_000.0)]) is None


def test_a_whole_day_is_added_up() -> None:
    truth = day((1_000, 1_200, 20.0), (3_000, 3_200, 100.0))
    score = Score()
    score.day(truth, R, [(1_010.0, 1_250.0), (2_000.0, 2_010.0)], [(1_005.0, 1_200.0), (3_001.0, 3_200.0)], [(900.0, 1_250.0)], [], "hand")
    assert (score.mandatory, score.found, score.observable, score.found_observable, score.false) == (2, 1, 2, 1, 1)
    assert (score.delays_s, score.excess_s, score.leads_s, score.alerted) == ([10.0], [5.0], [100.0], 1)
    assert len(score.stories) == 2
    silenced = Score()
    silenced.day(truth, R, [], [], [(500.0, 1_250.0)], [(400.0, 1_500.0)], "hand")
    assert (silenced.leads_s, silenced.silenced_leads_s) == ([], [500.0])


def test_the_interval_is_wilsons() -> None:
    low, high = wilson(499, 499)
    assert (round(low, 1), high) == (99.2, 100.0)  # as in the literature's table
    assert [round(x, 1) for x in wilson(5, 10)] == [23.7, 76.3]


def reports(*rows: tuple[int, float, float, float, float]) -> list[Report]:
    """(device, second, measured x, true x, accuracy)."""
    return [Report(d, k, t, t + 1, x, 0.0, acc, 0, 0.0, 0.0, False, (true, 0.0)) for k, (d, t, x, true, acc) in enumerate(rows)]


def test_the_baselines_do_what_others_do() -> None:
    heard = reports((0, 0, 0, 0, 5), (1, 10, 100, 900, 80), (1, 20, 900, 900, 5), (1, 30, 100, 100, 5), (1, 40, 100, 100, 5), (1, 50, 900, 900, 5))
    assert naive(heard, R, 100) == [(11, 21), (31, 51)]
    assert naive_accurate(heard, R, 100) == [(31, 51)]
    assert oracle(heard, R, 100) == [(31, 51)]
    assert hysteresis(heard, R, 100) == [(41, 100)]
