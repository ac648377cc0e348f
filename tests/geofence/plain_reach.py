"""Who is silent, and how far that one may have come."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from geofence import rhythm
from geofence.reach import lost_at_ms, reach_m, reach_mps
from geofence.state import DEVICE
from geofence.target import is_silent, walks_s
from tests.pings import T0
from tests.rows import S, device


def test_silence_is_two_and_a_half_gaps_and_a_bit() -> None:
    assert [rhythm.silence_ms(device(gap_s=g)) for g in (5.0, 60.0)] == [57_500, 195_000]
    d = device(gap_s=60.0)
    assert [is_silent(d, T0 + 195_000 + k) for k in (0, 1)] == [False, True]
    assert [is_silent(device(p11=s * s), T0) for s in (150.0, 150.1)] == [False, True]


@pytest.mark.parametrize(
    ("fields", "protected", "age_s", "mps"),
    [
        ({}, True, 59.0, 3.0),
        ({}, True, 60.0, 12.0),
        ({}, False, 0.0, 16.0),
        ({}, False, 179.0, 16.0),
        ({}, False, 180.0, 12.0),
        ({"ve": 18.0, "vn": 24.0}, False, 0.0, 39.0),
        ({"ve": 18.0, "vn": 24.0}, False, 900.0, 39.0),
        ({"ve": 18.0, "vn": 24.0}, True, 59.0, 3.0),
        ({"ve": 30.0, "vn": 40.0}, True, 60.0, 40.0),
        ({"ve": 3.0, "vn": 4.0}, False, 0.0, 16.0),
        ({"ve": 6.0, "vn": 8.0}, False, 180.0, 13.0),
    ],
)
def test_the_speed_that_a_silent_device_is_allowed(fields: dict[str, float], protected: bool, age_s: float, mps: float) -> None:
    assert reach_mps(device(**fields), protected, age_s, 60.0) == pytest.approx(mps)


@pytest.mark.parametrize(
    ("protected", "age_s", "walks_s", "metres"),
    [(True, 50.0, 60.0, 150.0), (True, 70.0, 60.0, 300.0), (True, 70.0, 0.0, 840.0), (False, 100.0, 60.0, 1_600.0), (False, 200.0, 0.0, 3_120.0)],
)
def test_how_far_a_silent_device_may_have_come(protected: bool, age_s: float, walks_s: float, metres: float) -> None:
    assert reach_m(device(), protected, age_s, walks_s) == pytest.approx(metres)


@pytest.mark.parametrize(
    ("i", "j", "margin_m", "age_s", "lost_s"),
    [
        (-1, 1, 1_600.0, 0, 100.0),
        (-1, 1, 6_720.0, 0, 500.0),
        (-1, 1, 6_720.0, 200, 500.0),
        (0, -1, 450.0, 0, 150.0),
        (0, -1, 540.0, 0, 180.0),
        (0, -1, 3_000.0, 0, 385.0),
        (0, -1, 3_000.0, 300, 385.0),
        (0, 1, 1_900.0, 0, 100.0),
        (0, 1, 3_900.0, 0, 200.0),
        (0, 1, 3_900.0, 190, 200.0),
        (0, 1, -50.0, 100, 100.0),
        (-1, 1, 1e9, 0, 1_800.0),
        (-1, 1, 1e12, 40, 1_800.0),
        (-1, -1, 500.0, 40, 1_840.0),
    ],
)
def test_when_a_silent_pair_is_lost(i: int, j: int, margin_m: float, age_s: int, lost_s: float) -> None:
    """She at rest may do 3 m/s for three minutes, then 12; he 16 m/s for three minutes, then 12."""
    devices = np.array([device(rest=2), device()], DEVICE)
    assert lost_at_ms(SimpleNamespace(device=devices), i, j, margin_m, T0 + age_s * S, 180.0 if i >= 0 else 0.0) == T0 + lost_s * S


@pytest.mark.parametrize(("walk_s", "fix_ago_s"), [(100, 0), (300, 0), (300, 60), (100, 90), (900, 300)])
def test_his_speed_and_hers_change_each_at_its_own_time(walk_s: int, fix_ago_s: int) -> None:
    """3,000 m: she walks and is driven from `walk_s` after her fix, of `fix_ago_s` ago; he drives 16 m/s and from 180 s on 12."""
    devices = np.array([device(rest=2, fix_ms=T0 - fix_ago_s * S), device(rest=2)], DEVICE)
    found = lost_at_ms(SimpleNamespace(device=devices), 0, 1, 3_000.0, T0, float(walk_s))
    walked = lambda t: 3.0 * min(t, walk_s) + 12.0 * max(t - walk_s, 0.0)  # noqa: E731
    closes = next(t for t in range(1, 1_000) if walked(t + fix_ago_s) + 16.0 * min(t, 180) + 12.0 * max(t - 180, 0) >= 3_000.0)
    assert math.ceil((found - T0) / S) == closes


@pytest.mark.parametrize(("hers", "his", "seconds"), [(2, 2, 480.0), (2, 1, 0.0), (1, 2, 0.0)])
def test_only_while_both_were_at_rest_is_she_on_foot(hers: int, his: int, seconds: float) -> None:
    """For the longest usual outage while he is seen to stay where he is, for three minutes once his report is overdue or he was never seen."""
    T = SimpleNamespace(device=np.array([device(rest=hers), device(rest=his, gap_s=60.0)], DEVICE))
    assert walks_s(T, 0, 1, T0 + 80 * S) == seconds
    assert walks_s(T, 0, 1, T0 + 80 * S + 1) == min(seconds, 180.0)
    assert walks_s(T, -1, 1, T0) == 0.0
    assert walks_s(T, 0, -1, T0) == (180.0 if hers == 2 else 0.0)


def test_the_older_of_two_silent_parties_counts_for_too_long() -> None:
    for ages in ((0, 300), (300, 0)):
        devices = np.array([device(fix_ms=T0 - age * S) for age in ages], DEVICE)
        assert lost_at_ms(SimpleNamespace(device=devices), 0, 1, 1e9, T0, 0.0) == T0 + 1_500 * S


@pytest.mark.parametrize(("her_margin_m", "his_margin_m"), [(450.0, 1_600.0), (3_000.0, 6_720.0), (1e9, 1e9)])
def test_it_is_the_same_whoever_comes_first_in_the_arrays(her_margin_m: float, his_margin_m: float) -> None:
    hers, his = device(rest=2), device(rest=2, fix_ms=T0 - 20 * S)
    first, second = (SimpleNamespace(device=np.array(rows, DEVICE)) for rows in ([hers, his], [his, hers]))
    assert lost_at_ms(first, 0, -1, her_margin_m, T0, 180.0) == lost_at_ms(second, 1, -1, her_margin_m, T0, 180.0)
    assert lost_at_ms(first, -1, 1, his_margin_m, T0, 0.0) == lost_at_ms(second, -1, 0, his_margin_m, T0, 0.0)
    assert lost_at_ms(first, 0, 1, his_margin_m, T0, 180.0) == lost_at_ms(second, 1, 0, his_margin_m, T0, 180.0)
    for at_s in (0, 100):
        assert walks_s(first, 0, 1, T0 + at_s * S) == walks_s(second, 1, 0, T0 + at_s * S)
