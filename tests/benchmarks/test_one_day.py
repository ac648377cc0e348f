"""The benchmark's own day: the same seed gives the same day, and something happens in it."""

from __future__ import annotations

from benchmarks.detection.__main__ import Result, add, one_day
from benchmarks.detection.judge import DETECTORS, OURS
from benchmarks.detection.score import Score


def day(seed: int) -> Result:
    return one_day(seed, radius_m=300.0, warning_m=2_000.0, noise=1.0, interval_s=None)


def test_a_day_is_the_same_each_time_and_every_detector_has_seen_it() -> None:
    first, again = day(3), day(3)
    assert first.pings == again.pings > 1_000
    assert {label: vars(score) for label, score in first.scores.items()} == {label: vars(score) for label, score in again.scores.items()}
    assert set(first.scores) == {*DETECTORS, OURS}
    assert first.scores[OURS].mandatory > 0
    assert vars(day(4).scores[OURS]) != vars(first.scores[OURS])


def test_results_add_up() -> None:
    total = Result()
    for seed in (3, 4):
        add(total, day(seed))
    assert total.scores[OURS].days == 2
    assert total.scores[OURS].mandatory == sum(day(seed).scores[OURS].mandatory for seed in (3, 4))
    assert isinstance(total.scores[OURS], Score)
