"""What is counted at looks now and then is told as the rate it had."""

from __future__ import annotations

import pytest

from benchmarks.broker import whole_rate


@pytest.mark.parametrize("begins_s", [1.01, 1.1, 1.19])
@pytest.mark.parametrize("lasts_s", [8.0, 8.07, 8.13])
@pytest.mark.parametrize("step_s", [0.2, 0.25])
def test_a_steady_rate_is_told_whenever_it_was_looked_at(begins_s: float, lasts_s: float, step_s: float) -> None:
    looks = [k * step_s for k in range(60)]
    seen = [(100.0 + s, 7.0 + 50_000.0 * min(max(0.0, s - begins_s), lasts_s)) for s in looks]
    assert whole_rate(seen) == pytest.approx(50_000.0, rel=1e-6)


def test_a_rest_in_between_counts() -> None:
    seen = [(float(s), 100.0 * min(s, 10) + 100.0 * max(0, s - 20)) for s in range(31)]
    assert whole_rate(seen) == pytest.approx(2_000.0 / 30.0)


def test_where_nothing_came_there_is_no_rate() -> None:
    assert whole_rate([(0.0, 5.0), (1.0, 5.0), (2.0, 5.0)]) == 0.0
