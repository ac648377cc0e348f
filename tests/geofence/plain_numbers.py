"""The numbers that decide, one function at a time, against formulas written down a second time and tables worked by hand.

They run as plain Python, in a process of their own (test_numbers.py): compiling each function for itself would take minutes, and that
the compiled kernel says the same is promised elsewhere (test_core_properties.py).
"""

from __future__ import annotations

import math
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from geofence import clock, policy
from geofence import proximity as near
from geofence import track as tr
from geofence.core import Core
from geofence.geodesy import moved, offset_m
from geofence.health import held_until_ms, hours_left, note_battery, note_late_sos
from geofence.kernel import note_apart
from geofence.order import contact_deadline_ms, note_breach_times, on_the_beat, soon, urgency
from geofence.past import was_known
from geofence.reach import lost_at_ms, reach_m, reach_mps
from geofence.state import DEVICE, HISTORY_SHAPE, PERSON, PING, TARGET
from geofence.target import (
    FRESH,
    LOST,
    OVERDUE,
    contact_of,
    interval_for,
    is_near,
    is_open,
    is_out_of_path,
    is_silent,
    is_sure_way,
    step_approach,
    step_breach,
    walks_s,
    witness,
)
from geofence.terms import Polygons, Position, Reason, Zone, ZoneId, ZoneKind
from geofence.watch import bit, party_of
from tests.pings import HOME, NAN, T0, at, circle, pair, ping

S = 1_000  # ms
EXCLUSION, INCLUSION, PERIMETER = int(ZoneKind.EXCLUSION), int(ZoneKind.INCLUSION), int(ZoneKind.PERIMETER)


def device(east_m: float = 0.0, north_m: float = 0.0, **fields: Any) -> Any:
    """A device seen at T0 at a place, its track known to ten metres."""
    d = np.zeros(1, DEVICE)[0]
    d["lat"], d["lon"] = at(east_m, north_m)
    known = {"seen": 1, "pinged": 1, "fix_ms": T0, "p11": 100.0, "p22": 0.25, "gap_s": 60.0, "spread": 0.8, "next_device": -1, **fields}
    for name, value in known.items():
        d[name] = value
    return d


def target(kind: int = PERIMETER, **fields: Any) -> Any:
    t = np.zeros(1, TARGET)[0]
    for name, value in {"kind": kind, "radius_m": 500.0, "size_m": 500.0, "ring_m": 1700.0, "open_until_ms": policy.NEVER_MS, **fields}.items():
        t[name] = value
    return t


def p(**fields: Any) -> Any:
    row = np.array([ping(0, T0, 1, 0, 0)], PING)[0]
    for name, value in fields.items():
        row[name] = value
    return row


# --- Probabilities ------------------------------------------------------------------------------------------------------


def exact_p_within(distance: float, sigma: float, radius: float) -> float:
    """P(distance < radius) by summing the Rice distribution."""
    r = np.linspace(0.0, radius, 20_001)[1:] - radius / 40_000
    z = r * distance / sigma**2
    small = np.minimum(z, 40.0)
    i0e = np.where(z < 40.0, np.i0(small) * np.exp(-small), (1 + 1 / (8 * np.maximum(z, 1)) + 9 / (128 * np.maximum(z, 1) ** 2)) / np.sqrt(2 * np.pi * np.maximum(z, 1e-9)))
    return float(np.sum(r / sigma**2 * np.exp(-((r - distance) ** 2) / (2 * sigma**2)) * i0e) * radius / 20_000)


@pytest.mark.parametrize("sigma", [5.0, 20.0, 100.0, 250.0, 400.0])
@pytest.mark.parametrize("distance", [0.0, 30.0, 250.0, 380.0, 460.0, 500.0, 540.0, 620.0, 700.0, 900.0])
def test_p_within_is_the_rice_distribution(distance: float, sigma: float) -> None:
    assert near.p_within(distance, sigma, 500.0) == pytest.approx(exact_p_within(distance, sigma, 500.0), abs=0.0115)


def test_p_within_where_nothing_is_to_be_weighed() -> None:
    table = {(100.0, 10.0, 0.0): 0.0, (0.0, 10.0, -5.0): 0.0, (499.9, 0.0, 500.0): 1.0, (500.0, 0.0, 500.0): 0.0, (440.0, 9.9, 500.0): 1.0}
    table |= {(560.0, 9.9, 500.0): 0.0, (100.0, -1.0, 500.0): 1.0, (0.0, 500.0, 500.0): 0.39, (0.5, 0.4, 1.0): near.p_within(0.5, 0.4, 1.0)}
    assert {key: near.p_within(*key) for key in table} == table
    assert near.p_within(0.01, 1.0, 1.0) == pytest.approx(0.39, abs=0.02), "close to the middle the formula meets the exact one"


def test_p_beyond_a_straight_edge_is_the_normal_distribution() -> None:
    assert [near.p_beyond_edge(m, 10.0) for m in (-20.0, -10.0, 0.0, 5.0, 20.0)] == [0.98, 0.84, 0.5, 0.31, 0.02]
    assert [near.p_beyond_edge(m, s) for m, s in ((-0.1, 0.0), (0.0, 0.0), (0.1, 0.0), (-3.0, 1.0), (-0.4, 0.5))] == [1.0, 0.0, 0.0, 1.0, 0.79]
    assert [near.rounded(x, 10.0) for x in (1.24, 1.25, -1.25, -1.26)] == [1.2, 1.3, -1.2, -1.3]


# --- Time to contact -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("e", "n", "we", "wn", "radius", "seconds"),
    [
        (0.0, 1_000.0, 0.0, -10.0, 500.0, 50.0),
        (1_000.0, 0.0, -10.0, 0.0, 500.0, 50.0),
        (0.0, 499.0, 0.0, 10.0, 500.0, 0.0),
        (0.0, 500.0, 0.0, 10.0, 500.0, 0.0),
        (0.0, 1_000.0, 0.0, 10.0, 500.0, near.FAR_S),
        (300.0, 1_000.0, 0.0, -10.0, 500.0, 60.0),
        (499.0, 1_000.0, 0.0, -10.0, 500.0, 96.8),
        (501.0, 1_000.0, 0.0, -10.0, 500.0, near.FAR_S),
        (0.0, 1_000.0, 0.0, -0.5, 500.0, near.FAR_S),
        (0.0, 1_000.0, 0.0, -0.51, 500.0, 980.4),
        (600.0, 800.0, -6.0, -8.0, 500.0, 50.0),
        (-600.0, 800.0, 6.0, -8.0, 100.0, 90.0),
    ],
)
def test_seconds_to_a_circle(e: float, n: float, we: float, wn: float, radius: float, seconds: float) -> None:
    assert near.seconds_to_circle(e, n, we, wn, radius) == seconds


# --- The filter, written a second time as matrices -----------------------------------------------------------------------


def ou(dt: float, spread: float, tau: float = policy.VELOCITY_TAU_S) -> tuple[Any, Any]:
    """Transition and noise of a damped velocity (integrated Ornstein-Uhlenbeck process)."""
    a = math.exp(-dt / tau)
    noise = spread**2 * np.array([[tau**2 * (2 * dt / tau - 3 + 4 * a - a * a), tau * (1 - a) ** 2], [tau * (1 - a) ** 2, 1 - a * a]])
    return np.array([[1.0, tau * (1 - a)], [0.0, a]]), noise


def covariance(d: Any) -> Any:
    return np.array([[d["p11"], d["p12"]], [d["p12"], d["p22"]]])


@pytest.mark.parametrize("dt", [0.0, 0.5, 5.0, 19.9, 60.0, 300.0])
def test_a_prediction_is_that_of_the_matrices(dt: float) -> None:
    d = device(ve=3.0, vn=-4.0, p12=7.0, p22=2.0, spread=1.5)
    f, q = ou(dt, 1.5)
    expected = f @ covariance(d) @ f.T + q
    glide = 60.0 * (1.0 - math.exp(-min(dt, 20.0) / 60.0))
    assert tr.variance_after(d, dt) == pytest.approx(expected[0, 0])
    assert tr.reckon(d, dt) == pytest.approx((glide, math.exp(-min(dt, 20.0) / 60.0), expected[0, 0]))
    assert tr.glide_s(dt) == pytest.approx(glide)
    assert tr.predict(d, dt) == pytest.approx((3.0 * glide, -4.0 * glide))
    assert covariance(d) == pytest.approx(expected)
    assert (d["ve"], d["vn"]) == pytest.approx((3.0 * math.exp(-dt / 60.0), -4.0 * math.exp(-dt / 60.0)))


def test_time_never_runs_backwards_in_a_prediction_and_its_error_stops_growing() -> None:
    d = device(ve=3.0, p12=7.0, p22=2.0, spread=1.5)
    assert tr.reckon(d, -5.0) == pytest.approx((0.0, 1.0, 100.0))
    assert tr.variance_after(d, 5_000.0) == tr.variance_after(d, 600.0) > tr.variance_after(d, 599.0)


def test_corrections_are_those_of_the_matrices() -> None:
    d = device(ve=3.0, vn=-4.0, p12=7.0, p22=2.0, sigma=30.0)
    before, h = covariance(d), np.array([1.0, 0.0])
    gain = before @ h / (h @ before @ h + 30.0**2)
    assert tr.correct_position(d, 10.0, -20.0) == pytest.approx((10.0 * gain[0], -20.0 * gain[0]))
    assert (d["ve"], d["vn"]) == pytest.approx((3.0 + 10.0 * gain[1], -4.0 - 20.0 * gain[1]))
    after = before - np.outer(gain, h @ before)
    after[0, 0] = max(after[0, 0], 0.3 * 30.0**2)
    assert covariance(d) == pytest.approx(after)

    d = device(ve=3.0, vn=-4.0, p12=7.0, p22=2.0, sigma=8.0)
    h = np.array([0.0, 1.0])
    gain = before @ h / (h @ before @ h + 1.5**2)
    assert tr.correct_velocity(d, 5.0, 0.0, 1.5) == pytest.approx((2.0 * gain[0], 4.0 * gain[0]))
    assert (d["ve"], d["vn"]) == pytest.approx((3.0 + 2.0 * gain[1], -4.0 + 4.0 * gain[1]))
    assert covariance(d) == pytest.approx(before - np.outer(gain, h @ before))


def test_a_filter_never_becomes_surer_than_its_floors() -> None:
    d = device(p11=1.0, p12=0.0, p22=0.001, sigma=40.0)
    tr.correct_position(d, 0.0, 0.0)
    assert (d["p11"], d["p22"]) == (0.3 * 1600.0, 0.01)
    d["p11"] = 1.0
    tr.correct_velocity(d, 0.0, 0.0, 0.5)
    assert d["p11"] == 0.3 * 1600.0
    assert d["p22"] == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("source", "accuracy_m", "sigma_m"),
    [
        (0, 2.0, 5.0),
        (0, 30.3, 32.0),
        (3, 30.3, 32.0),
        (0, NAN, 30.0 / 1.515 * 1.6),
        (1, 3.0, 15.0),
        (1, 30.3, 30.0),
        (2, 30.0, 200.0),
        (2, 606.0, 480.0),
    ],
)
def test_what_a_fix_is_worth(source: int, accuracy_m: float, sigma_m: float) -> None:
    assert tr.measured_sigma_m(source, accuracy_m) == pytest.approx(sigma_m)


# --- Silence and reach ---------------------------------------------------------------------------------------------------


def test_silence_is_two_and_a_half_gaps_and_a_bit() -> None:
    assert [tr.silence_ms(device(gap_s=g)) for g in (5.0, 60.0)] == [57_500, 195_000]
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


# --- Order and clocks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("boot", "seq", "sent", "stale"),
    [(3, 8, 1, False), (3, 7, 0, True), (3, 6, -1, True), (4, 1, -1, False), (2, 99, 0, True), (2, 99, 1, False), (3, 6, 1, False), (3, 8, -1, False)],
)
def test_what_is_older_than_what_we_have(boot: int, seq: int, sent: int, stale: bool) -> None:
    assert bool(clock.is_stale(device(boot=3, seq=7, sent_ms=T0), p(boot=boot, seq=seq, sent_ms=T0 + sent))) is stale


HOUR = 3_600 * S


@pytest.mark.parametrize(
    ("before", "skew_ms", "offset_ms", "wrong"),
    [
        ({}, 0, 0, False),
        ({}, 60_000, 0, False),
        ({}, -60_000, 0, False),
        ({"offset_ms": 5 * HOUR}, 60_000, 0, False),
        ({}, -60_001, -60_001, True),
        ({}, HOUR, 0, False),  # behind: a backlog, until it is seen to be steady
        ({"sent_ms": T0 - 60 * S - HOUR, "skew_ms": HOUR}, HOUR, HOUR, True),
        ({"sent_ms": T0 - 60 * S - HOUR, "skew_ms": HOUR - 20 * S}, HOUR, HOUR, True),
        ({"sent_ms": T0 - 60 * S - HOUR, "skew_ms": HOUR - 20 * S - 1}, HOUR, 0, False),
        ({"sent_ms": T0 - 10 * S - HOUR, "skew_ms": HOUR - 5 * S}, HOUR, HOUR, True),
        ({"sent_ms": T0 - 10 * S - HOUR, "skew_ms": HOUR - 5 * S - 1}, HOUR, 0, False),
        ({"sent_ms": T0 - 60 * S - HOUR, "skew_ms": HOUR, "pinged": 0}, HOUR, 0, False),
        ({"sent_ms": T0 - HOUR, "skew_ms": HOUR}, HOUR, 0, False),
        ({"sent_ms": T0 - 60 * S - HOUR, "skew_ms": 60 * S}, 61 * S, 0, False),
        ({"offset_ms": HOUR, "sent_ms": T0 - 60 * S - HOUR, "skew_ms": HOUR}, HOUR + 30 * S, HOUR, True),
        ({"offset_ms": HOUR}, HOUR - 60 * S, HOUR, True),
        ({"offset_ms": HOUR}, HOUR - 60 * S - 1, HOUR - 60 * S - 1, True),
    ],
)
def test_the_offset_of_a_clock(before: dict[str, int], skew_ms: int, offset_ms: int, wrong: bool) -> None:
    d = device(**{"sent_ms": T0 - 60 * S, **before})
    clock.set_clock(d, p(sent_ms=T0 - skew_ms))
    assert (d["offset_ms"], d["skew_ms"], d["clock_until_ms"]) == (offset_ms, skew_ms, T0 + 60 * S if wrong else 0)


def test_a_clock_of_before_2020_has_been_reset_and_a_right_one_is_forgiven_after_a_minute() -> None:
    d = device()
    clock.set_clock(d, p(sent_ms=policy.CLOCK_SANE_FROM_MS - 1))
    assert d["offset_ms"] == T0 - policy.CLOCK_SANE_FROM_MS + 1
    fresh = device()
    clock.set_clock(fresh, p(sent_ms=policy.CLOCK_SANE_FROM_MS))
    assert fresh["offset_ms"] == 0
    for at_ms, until in ((T0 + 59_999, T0 + 60_000), (T0 + 60_000, 0)):
        clock.set_clock(d, p(at_ms=at_ms, sent_ms=at_ms))
        assert d["clock_until_ms"] == until


@pytest.mark.parametrize(
    ("offset", "sent", "fix", "time", "wrong"),
    [
        (0, 0, -300, -300, False),
        (0, -500, -800, -800, False),
        (0, 700, 400, -300, False),
        (HOUR, -HOUR - 500, -HOUR - 800, -800, False),
        (-HOUR, HOUR, -20, -20 - HOUR, False),
        (0, -HOUR, -20, -20, False),
        (0, -HOUR, 20, 0, False),
        (0, -HOUR, -60_000, -60_000, False),
        (0, -HOUR, -60_001, -HOUR, True),
        (0, -HOUR, 60_001, -HOUR, True),
        (0, 0, 60_001, 0, True),
        (0, 0, -30 * 24 * HOUR, -30 * 24 * HOUR, False),
        (0, 0, -30 * 24 * HOUR - 1, 0, True),
        (0, -200_000, -140_000, -200_000, False),
    ],
)
def test_when_a_position_was_solved(offset: int, sent: int, fix: int, time: int, wrong: bool) -> None:
    d = device(offset_ms=offset)
    assert clock.fix_time_ms(d, p(sent_ms=T0 + sent, fix_ms=T0 + fix)) == T0 + time
    assert d["clock_until_ms"] == (T0 + 60 * S if wrong else 0)


def test_a_fix_from_another_age_is_dated_by_its_ping() -> None:
    d = device()
    assert clock.fix_time_ms(d, p(sent_ms=T0 - 100, fix_ms=5_000)) == T0 - 100
    assert d["clock_until_ms"] == T0 + 60 * S
    early = policy.CLOCK_SANE_FROM_MS - 50_000
    d = device(offset_ms=T0 - early)
    assert clock.fix_time_ms(d, p(sent_ms=early, fix_ms=early - 300)) == T0 - 300, "both of a reset clock"
    assert d["clock_until_ms"] == 0


# --- Motion, jumps, history ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "rest", "spread"),
    [
        ({"speed_mps": 0.3}, 1, 0.95),
        ({"speed_mps": 0.31}, 0, 0.8 + 0.155),
        ({"speed_mps": NAN, "moving": 0}, 1, 0.8),
        ({"speed_mps": 30.0}, 0, 10.0),
        ({"speed_mps": 6.0, "course_deg": 90.0}, 0, 3.8),
    ],
)
def test_motion_sets_the_spread(fields: dict[str, float], rest: int, spread: float) -> None:
    d = device(rest=0, sigma=8.0)
    tr.hear_motion(d, p(**fields), 0.0)
    assert (d["rest"], d["spread"]) == (rest, pytest.approx(spread))


def test_two_fixes_at_rest_are_rest_and_a_course_is_heard() -> None:
    d = device(rest=1, sigma=8.0)
    tr.hear_motion(d, p(speed_mps=0.0), 0.0)
    assert (d["rest"], d["spread"]) == (2, 0.35)
    d = device(sigma=8.0, p12=3.0, p22=25.0)
    sigma = 1.5 + 0.15 * 10.0
    gain, gain_x = 25.0 / (25.0 + sigma**2), 3.0 / (25.0 + sigma**2)
    assert tr.hear_motion(d, p(speed_mps=10.0, course_deg=30.0), 0.0) == pytest.approx((5.0 * gain_x, 10.0 * math.cos(math.pi / 6) * gain_x))
    assert (d["ve"], d["vn"]) == pytest.approx((5.0 * gain, 10.0 * math.cos(math.pi / 6) * gain))


@pytest.mark.parametrize(("moved_m", "dt_ms", "mps"), [(24.0, 10_000, 0.0), (24.1, 10_000, 2.41), (100.0, 0, 0.0), (100.0, -5_000, 0.0), (100.0, 500, 200.0)])
def test_the_speed_that_two_positions_show(moved_m: float, dt_ms: int, mps: float) -> None:
    assert tr.shown_speed_mps(device(prev_ms=T0 - dt_ms, sigma=8.0), moved_m) == pytest.approx(mps)
    d = device(prev_ms=T0 - dt_ms, sigma=8.0)
    tr.hear_motion(d, p(speed_mps=NAN), moved_m)
    assert d["rest"] == (1 if mps <= 0.3 else 0)


@pytest.mark.parametrize(("away_m", "dt_s", "impossible"), [(729.0, 10.0, False), (731.0, 10.0, True), (99.0, 0.0, False), (101.0, 0.0, True), (101.0, 0.5, True)])
def test_what_nothing_on_a_road_could_have_done(away_m: float, dt_s: float, impossible: bool) -> None:
    """Ten metres of error in all: three of them, 30 m, are allowed for, and at least a second."""
    assert tr.is_impossible(device(p11=36.0), dt_s, away_m, 8.0) is impossible


@pytest.mark.parametrize(("away_m", "p11", "departs"), [(150.0, 0.0, False), (150.1, 0.0, True), (299.0, 9_936.0, False), (301.0, 9_936.0, True)])
def test_a_departure_widens_the_prediction(away_m: float, p11: float, departs: bool) -> None:
    d = device(p11=p11, p22=0.1, rest=5)
    tr.allow_departure(d, away_m, 8.0)
    assert (d["p11"], d["p22"], d["rest"]) == ((pytest.approx((away_m / 3.0) ** 2), 25.0, 0) if departs else (p11, 0.1, 5))


def test_the_rhythm_of_a_device_is_learned_within_its_bounds() -> None:
    for dt_s, before, after in ((10, 60.0, 40.0), (300, 60.0, 120.0), (301, 60.0, 60.0), (1, 5.0, 5.0), (60, 10.0, 30.0)):
        d = device(gap_s=before)
        tr.believe(d, np.zeros(HISTORY_SHAPE), p(), T0 + dt_s * S, 8.0)
        assert d["gap_s"] == pytest.approx(after)


def test_remembered_places_lie_between_and_after_the_fixes() -> None:
    history = np.zeros(HISTORY_SHAPE)
    d = device(0, 900, history_count=3, spread=2.0, p11=102.0, ve=1.0, vn=3.0, fix_ms=T0 + 120 * S)
    for k, north in enumerate((0.0, 300.0, 900.0)):
        history[k] = (T0 + 60 * S * k, *at(0, north), 100.0 + k)

    def place(at_s: float) -> tuple[float, float, float]:
        lat, lon, variance = tr.place_at(d, history, T0 + round(at_s * S))
        east, north = offset_m(HOME.lat_deg, HOME.lon_deg, lat, lon)
        return round(east, 3), round(north, 3), variance

    assert place(0) == (0.0, 0.0, pytest.approx(101.0 + 30.0**2))
    assert place(30) == (0.0, 150.0, pytest.approx(101.0 + 30.0**2))
    assert place(75) == (0.0, 450.0, pytest.approx(102.0 + 60.0**2))
    assert place(120) == (0.0, 900.0, 102.0)
    for age_s in (10.0, 600.0):
        glide = 60.0 * (1.0 - math.exp(-min(age_s, 20.0) / 60.0))
        reckoned = (glide, 900.0 + 3.0 * glide, tr.variance_after(d, age_s))
        assert place(120 + age_s) == pytest.approx(reckoned, abs=2e-3), "as it is for every other question"
    assert tr.place_at(d, history, T0 + 721 * S) == (0.0, 0.0, -1.0)
    assert tr.place_at(d, history, T0 - 1) == (0.0, 0.0, -1.0)
    assert tr.place_at(device(), history, T0) == (0.0, 0.0, -1.0)
    d["fix_ms"] = T0 + 140 * S  # it has said since that it lies still
    assert place(130)[:2] == (0.0, 900.0)


def test_the_ring_of_history_keeps_the_newest_and_steps_between() -> None:
    history, d = np.zeros(HISTORY_SHAPE), device()
    for k in range(81):
        d["fix_ms"] = T0 + 5 * S * k
        tr.note_history(d, history)
        assert history[:, 0].max() == d["fix_ms"], "the newest is always there"
    times = sorted((history[:, 0] - T0) / S)
    assert min(b - a for a, b in pairwise(times[:-1])) >= 25.0
    assert times[-1] - times[0] >= 350.0
    assert tr.place_at(d, history, T0 + 200 * S)[2] >= 0.0


@pytest.mark.parametrize("gap_s", [5, 15, 30])
def test_the_ring_of_history_is_as_long_whatever_the_rhythm(gap_s: int) -> None:
    history, d = np.zeros(HISTORY_SHAPE), device()
    for k in range(900 // gap_s):
        d["fix_ms"] = T0 + gap_s * S * k
        tr.note_history(d, history)
    times = sorted((history[:, 0] - T0) / S)
    assert min(b - a for a, b in pairwise(times[:-1])) == 30.0
    assert times[-1] - times[0] >= 420.0


# --- A pair and a zone ---------------------------------------------------------------------------------------------------


def test_a_pair_is_seen_where_both_will_be() -> None:
    hers, his = device(0, 0, vn=2.0, fix_ms=T0 - 4 * S), device(0, 1_000, vn=-10.0, ve=1.0, fix_ms=T0 - 10 * S)
    g4, g10 = (60.0 * (1 - math.exp(-t / 60.0)) for t in (4.0, 10.0))
    f4, f10 = (math.exp(-t / 60.0) for t in (4.0, 10.0))
    e, n = g10 * 1.0, 1_000.0 - 10.0 * g10 - 2.0 * g4
    margin, sigma, p_inside, p_ring, seconds, bearing, last = near.see_perimeter(hers, his, 500.0, 100.0, T0)
    assert margin == pytest.approx(math.hypot(e, n) - 500.0, abs=0.06)
    assert sigma == pytest.approx(math.sqrt(tr.variance_after(hers, 4.0) + tr.variance_after(his, 10.0)), abs=0.06)
    assert seconds == near.seconds_to_circle(e, n, f10 * 1.0, -10.0 * f10 - 2.0 * f4, 500.0)
    assert bearing == pytest.approx(math.degrees(math.atan2(e, n)), abs=1.0)
    assert last == pytest.approx(500.0, abs=0.06)
    assert (p_inside, p_ring) == (near.p_within(round(math.hypot(e, n), 1), sigma, 500.0), near.p_within(round(math.hypot(e, n), 1), sigma, 600.0))


def test_the_decision_looks_three_seconds_ahead() -> None:
    his = device(0, 540, vn=-12.0, p11=1.0, p22=0.01, spread=0.1)
    ahead = 60.0 * (1 - math.exp(-3.0 / 60.0)) * 12.0
    sight = near.see_perimeter(device(p11=1.0, p22=0.01, spread=0.1), his, 500.0, 0.0, T0)
    assert sight[0] == pytest.approx(40.0, abs=0.06)
    assert sight[2] == near.p_within(round(540.0 - ahead, 1), sight[1], 500.0)
    assert [near.see_perimeter(device(), device(0, 3_000, vn=-12.0), 500.0, 0.0, T0 + s)[4] < near.FAR_S for s in (60_000, 60_001)] == [True, False]


def zone_tables(kind: ZoneKind, radius_m: float = 300.0, buffer_m: float = 200.0, origin: Position = HOME) -> Any:
    return Core(pair(perimeter_m=0.0, zones=(circle(radius_m, buffer_m, kind, origin),))).tables()


@pytest.mark.parametrize(
    ("kind", "north", "vn", "margin", "seconds"),
    [
        (ZoneKind.EXCLUSION, 500.0, 0.0, 200.0, near.FAR_S),
        (ZoneKind.EXCLUSION, 500.0, -10.0, 200.0, 20.0),
        (ZoneKind.EXCLUSION, 500.0, 10.0, 200.0, near.FAR_S),
        (ZoneKind.EXCLUSION, 200.0, 0.0, -100.0, 0.0),
        (ZoneKind.INCLUSION, 100.0, 10.0, 200.0, 20.0),
        (ZoneKind.INCLUSION, 100.0, -0.4, 200.0, near.FAR_S),
        (ZoneKind.INCLUSION, 350.0, 0.0, -50.0, 0.0),
    ],
)
def test_a_zone_is_seen(kind: ZoneKind, north: float, vn: float, margin: float, seconds: float) -> None:
    tables = zone_tables(kind)
    his = device(0, north, vn=vn)
    seen = near.see_zone(tables.target[0], tables.edges, his, T0)
    assert seen[0] == pytest.approx(margin, abs=0.06)
    assert seen[4] == pytest.approx(seconds, abs=0.15)
    assert math.isnan(seen[5])
    assert seen[6] == seen[0]
    sigma = seen[1]
    radius = 300.0
    inside, ring = near.p_within(north, sigma, radius), near.p_within(north, sigma, radius + 200.0)
    if kind is ZoneKind.INCLUSION:
        inside, ring = near.p_beyond_edge(radius - north, sigma), near.p_beyond_edge(radius - 200.0 - north, sigma)
    assert seen[3] == pytest.approx(ring, abs=0.011)
    assert seen[2] >= inside - 0.011
    if vn == 0.0:
        assert seen[2] == pytest.approx(inside, abs=0.011)


def test_a_course_past_a_zone_is_not_a_contact() -> None:
    tables = zone_tables(ZoneKind.EXCLUSION)
    for east, seconds in ((310.0, near.FAR_S), (290.0, 77.3)):
        seen = near.see_zone(tables.target[0], tables.edges, device(east, 1_000, vn=-10.0, p11=25.0), T0)
        assert seen[4] == (near.FAR_S if seconds == near.FAR_S else pytest.approx(77.3, abs=0.2))
    assert near.see_zone(tables.target[0], tables.edges, device(0, 2_600, vn=-9.0), T0)[4] == near.FAR_S, "more than four minutes away"


@pytest.mark.parametrize("lon", [-180.0, 179.9])
def test_a_zone_at_the_antimeridian_has_two_sides(lon: float) -> None:
    origin = Position(-17.0, lon)
    tables = zone_tables(ZoneKind.EXCLUSION, origin=origin)
    for east in (-20_000.0, 20_000.0, 40.0):
        x, y = near.place_in_zone(tables.target[0], *moved(-17.0, lon, east, 30.0))
        assert (x, y) == pytest.approx((east, 30.0), abs=1.5)


def test_a_path_between_two_fixes() -> None:
    history = np.zeros(HISTORY_SHAPE)
    hers = device(0, 0, history_count=1, spread=0.0)
    history[0] = (T0 - 900 * S, *at(0, 0), 100.0)
    history[0, 0] = T0 - 500 * S

    def swept(step_s: float, side_m: float = 200.0, length_m: float = 3_000.0) -> float:
        his = device(side_m, -length_m / 2)
        his["prev_ms"] = T0 - round(step_s * S)
        his["prev_lat"], his["prev_lon"] = at(side_m, length_m / 2)
        return near.p_swept_perimeter(his, hers, history, 500.0, 0)

    sigma = near.rounded(math.hypot(math.sqrt(200.0), 250.0), 10.0)
    assert swept(120) == near.p_within(200.0, sigma, 500.0)
    assert swept(0) == 0.0
    assert swept(-5) == 0.0
    assert swept(501) == 0.0, "where she was then is not known"
    assert swept(120, length_m=400.0) == near.p_within(200.0, near.rounded(math.hypot(math.sqrt(200.0), 40.0), 10.0), 500.0)
    history[0, 0] = T0 - 600 * S
    hers["spread"] = 0.01
    assert swept(600) > 0.0
    assert swept(600.001) == 0.0
    zone = zone_tables(ZoneKind.EXCLUSION)
    for kind, step, there in ((EXCLUSION, 60, True), (EXCLUSION, 600, True), (EXCLUSION, 601, False), (EXCLUSION, 0, False), (INCLUSION, 60, False)):
        his = device(0, -1_500, prev_ms=T0 - step * S)
        his["prev_lat"], his["prev_lon"] = at(0, 1_500)
        zone.target[0]["kind"] = kind
        assert (near.p_swept_zone(zone.target[0], zone.edges, his, 0) > 0.5) is there


def test_least_distance_and_the_error_of_a_path() -> None:
    assert near.least_distance_m(-300.0, 40.0, 500.0, 40.0) == pytest.approx(40.0)
    assert near.least_distance_m(30.0, 40.0, 60.0, 80.0) == pytest.approx(50.0)
    assert near.least_distance_m(60.0, 80.0, 30.0, 40.0) == pytest.approx(50.0)
    assert near.least_distance_m(30.0, 40.0, 30.0, 40.0) == pytest.approx(50.0)
    assert near.least_distance_m(-100.0, -100.0, 300.0, 100.0) == pytest.approx(100.0 * 200.0 / math.hypot(400.0, 200.0), abs=1e-9)
    assert near.path_sigma_m(30.0, 400.0, 500.0) == 50.0
    assert near.path_sigma_m(30.0, 400_000.0, 80.0) == 50.0


def test_a_position_held_back_counts_by_itself_and_by_the_way_to_it() -> None:
    t = target(ring_m=300.0)
    hers, his = device(0, 0), device(0, 5_000, held=1, held_sigma=8.0)
    table = {(0, 200): 1.0, (0, 780): 0.89, (0, 5_100): 0.0, (0, -5_000): 0.86}
    for (east, north), least in table.items():
        his["held_lat"], his["held_lon"] = at(east, north)
        odds = near.p_held(t, np.zeros((0, 4)), hers, his, True)
        assert odds >= least
        assert odds <= (1.0 if least else 0.0)
    assert near.p_held(t, np.zeros((0, 4)), hers, device(0, 200), True) == 0.0, "nothing is held"
    hers["held"], hers["held_sigma"] = 1, 8.0
    hers["held_lat"], hers["held_lon"] = at(0, 4_900)
    assert near.p_held(t, np.zeros((0, 4)), hers, device(0, 5_000), True) == 1.0, "hers counts as well"
    assert near.p_held(t, np.zeros((0, 4)), hers, device(0, 5_000), False) == 0.0, "but not for a zone"


def test_a_held_position_and_zones() -> None:
    for kind, north, least in ((ZoneKind.EXCLUSION, 100, 1.0), (ZoneKind.EXCLUSION, -3_000, 0.85), (ZoneKind.INCLUSION, 3_000, 1.0), (ZoneKind.INCLUSION, 30, 0.0)):
        tables = zone_tables(kind, buffer_m=50.0)
        his = device(0, 3_000 if kind is ZoneKind.EXCLUSION else 0, held=1, held_sigma=8.0)
        his["held_lat"], his["held_lon"] = at(0, north)
        odds = near.p_held(tables.target[0], tables.edges, device(), his, False)
        assert odds >= least
        assert odds <= (1.0 if least else 0.0)


def test_now_and_the_look_ahead_are_both_asked() -> None:
    """Who is inside now and drives out is in breach, and so is who will be inside when the alert arrives."""
    sure = {"p11": 1.0, "p22": 0.01, "spread": 0.1}
    leaving, coming = device(0, 490, vn=30.0, **sure), device(0, 510, vn=-30.0, **sure)
    assert [near.see_perimeter(device(**sure), him, 500.0, 0.0, T0)[2] for him in (leaving, coming)] == [1.0, 1.0]
    tables = zone_tables(ZoneKind.EXCLUSION)
    for north, vn in ((290, 30.0), (310, -30.0)):
        assert near.see_zone(tables.target[0], tables.edges, device(0, north, vn=vn, **sure), T0)[2] == 1.0


def test_an_early_answer_about_a_far_zone_is_the_long_one() -> None:
    """Beyond the ring, six sigma and four minutes of travel nothing is asked any more: the border of that is no border of the answer."""
    tables = zone_tables(ZoneKind.EXCLUSION)
    for vn in (0.0, -10.0):
        his = device(0, 0, vn=vn)
        sigma = near.see_zone(tables.target[0], tables.edges, his, T0)[1]
        border = 300.0 + 200.0 + 6.0 * sigma + abs(vn) * 240.0
        for north in (border - 2.0, border + 2.0):
            seen = near.see_zone(tables.target[0], tables.edges, device(0, north, vn=vn), T0)
            assert seen[2:5] == (0.0, 0.0, near.FAR_S)
        close = near.see_zone(tables.target[0], tables.edges, device(0, 300.0 + 238.0 * 10.0, vn=-10.0), T0)
    assert close[4] == pytest.approx(238.0, abs=3.0)


def test_a_place_not_known_is_nowhere() -> None:
    t, edges = target(), np.zeros((0, 4))
    here, there = (*at(0, 0), 100.0), (*at(0, 400), 100.0)
    assert near.p_place_barred(t, edges, there, here, 0.0) == near.p_within(400.0, 14.1, 500.0)
    assert near.p_place_barred(t, edges, (*there[:2], -1.0), here, 0.0) == 0.0
    assert near.p_place_barred(t, edges, there, (*here[:2], -1.0), 0.0) == 0.0
    assert near.p_place_barred(t, edges, (*at(0, 700), 100.0), here, 300.0) == near.p_within(700.0, 14.1, 800.0)
    assert near.p_place_barred(t, edges, (*there[:2], 0.0), (*here[:2], 0.0), 0.0) == 1.0


# --- The machines of one target -----------------------------------------------------------------------------------------


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
    edge = 2.0 * 70.0 * 10.0 + 6.0 * (10.0 + 150.0 + 250.0)
    assert [is_out_of_path(device(prev_ms=T0 - 10 * S), target(), m) for m in (edge, edge + 0.1)] == [False, True]


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


# --- Who speaks for a person, and when silence is looked at again -------------------------------------------------------


def people(*devices: Any) -> Any:
    """The tables of one person with these devices, in a chain."""
    rows = np.array(list(devices), DEVICE)
    for k in range(len(rows)):
        rows[k]["next_device"] = k + 1 if k + 1 < len(rows) else -1
    return SimpleNamespace(device=rows, person=[{"first_device": 0 if len(rows) else -1}])


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
    deadline = contact_deadline_ms(T, 0, 0, 1, reach_m, T0, False)
    assert deadline == (policy.NEVER_MS if deadline_s == float("inf") else T0 + round(deadline_s * S))


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
        ({}, {"source": tr.LBS}, {}, 9_000.0, LOST, (0, 1)),  # a mast heard him: he may be anywhere around it
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
    assert contact_of(T, 0, 0, 1, reach_m, T0, False) == contact
    assert (order["lost_protected"], order["lost_respondent"]) == lost
    assert contact_of(T, 0, -1, -1, reach_m, T0, False) == FRESH


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
    assert contact_of(T, 0, 0, 1, reach_m, T0, calm) == contact
    assert (order["lost_protected"], order["lost_respondent"]) == lost
    if contact == LOST:
        assert contact_of(T, 0, 0, 1, 9e9, T0, False) == LOST, "until it reports again"
    elif calm:
        deadline = contact_deadline_ms(T, 0, 0, 1, reach_m, T0, True)
        assert contact_of(T, 0, 0, 1, reach_m, deadline, True) != FRESH


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


def test_batteries_last_by_their_own_drain() -> None:
    d = device(drain_per_h=4.0)

    def hear(percent: float, after_h: float, charging: int = 0) -> tuple[float, int]:
        note_battery(d, p(battery_percent=percent, at_ms=T0 + round(after_h * 3_600 * S), charging=charging))
        return round(float(d["drain_per_h"]), 3), int(d["battery_low"])

    assert hear(22.0, 0.0) == (4.0, 0)
    assert hear(20.0, 0.25) == (round(0.7 * 4 + 0.3 * 8, 3), 0), "3.8 hours left"
    assert hear(20.0, 0.50) == (5.2, 0), "nothing fell"
    assert hear(19.0, 0.50) == (round(0.7 * 5.2 + 0.3 * 4, 3), 0)
    assert hear(15.0, 0.75) == (round(0.7 * 4.84 + 0.3 * 16, 3), 1), "1.8 hours left"
    assert hear(24.9, 0.80)[1] == 1
    assert hear(25.0, 0.90)[1] == 0
    assert hear(10.0, 0.90, charging=1)[1] == 0
    assert hear(10.1, 30.0)[1] == 1
    assert hear(NAN, 31.0)[1] == 1
    assert hours_left(device(battery=50.0, drain_per_h=0.0)) == 500.0
    fresh = device(drain_per_h=4.0)
    note_battery(fresh, p(battery_percent=NAN))
    assert fresh["battery_low"] == 0, "nobody said anything"
    full = device(drain_per_h=4.0)
    for percent, low in ((10.0, 1), (10.5, 1)):
        note_battery(full, p(battery_percent=percent))
        assert full["battery_low"] == low
    slow = device(drain_per_h=1.0)
    note_battery(slow, p(battery_percent=10.1))
    assert slow["battery_low"] == 0, "ten hours"


@pytest.mark.parametrize(("source", "kept"), [(tr.GPS, 27_000.0), (tr.WIFI, 27_000.0), (tr.LBS, 90_000.0)])
def test_fixes_of_one_mast_never_become_surer_by_their_number(source: int, kept: float) -> None:
    d = device(p11=90_000.0, p12=0.0, p22=0.01, sigma=300.0, source=source)
    assert tr.kept_variance(d) == pytest.approx(kept)
    for _ in range(50):
        tr.correct_position(d, 0.0, 0.0)
    assert d["p11"] == pytest.approx(kept)
    d["p11"], d["p12"] = 90_000.0, 900.0
    for _ in range(50):
        tr.correct_velocity(d, 0.0, 0.0, 0.1)
    assert d["p11"] >= kept
    moved = device(seen=1, fix_ms=T0, p11=1e6, p22=25.0, spread=1.5, gap_s=60.0, source=tr.GPS, lat=20.0, lon=-100.0)
    tr.believe(moved, np.zeros(HISTORY_SHAPE), p(source=source, lat_deg=20.0, lon_deg=-100.0), T0 + 60_000, 300.0)
    assert moved["p11"] >= kept * 0.99, "by the source of the new fix, not of the one before"


def test_a_late_button_counts_once_and_not_for_ever() -> None:
    d = device(sent_ms=T0)
    day = 86_400 * S
    assert [note_late_sos(d, p(sos=1, sent_ms=T0 - s)) for s in (day + 1, day)] == [False, True]
    assert (d["sos_sent_ms"], d["sos_until_ms"]) == (T0 - day, T0 + 300 * S)
    assert [note_late_sos(d, p(sos=s, sent_ms=T0 - ago)) for s, ago in ((1, day), (0, 5), (1, 5), (1, 6))] == [False, False, True, False]
    assert [held_until_ms(T0, said, T0 + s, 10) - T0 for said, s in ((True, 5), (False, -1), (False, 0))] == [15, 0, -T0]


def test_east_is_seen_like_north() -> None:
    tables = zone_tables(ZoneKind.EXCLUSION)
    north, east = device(0, 500, vn=-10.0, fix_ms=T0 - 5 * S), device(500, 0, ve=-10.0, fix_ms=T0 - 5 * S)
    assert near.see_zone(tables.target[0], tables.edges, east, T0)[:5] == near.see_zone(tables.target[0], tables.edges, north, T0)[:5]
    fade, glide = math.exp(-5.0 / 60.0), 60.0 * (1 - math.exp(-5.0 / 60.0))
    seen = near.see_zone(tables.target[0], tables.edges, east, T0)
    assert seen[0] == pytest.approx(200.0 - 10.0 * glide, abs=0.06)
    assert seen[4] == pytest.approx((200.0 - 10.0 * glide) / (10.0 * fade), abs=0.3)
    assert seen[6] == pytest.approx(200.0, abs=0.06)


def test_the_edge_of_a_polygon_is_judged_as_straight() -> None:
    corners = [Position(*at(e, n)) for e, n in ((-2_000, -2_000), (2_000, -2_000), (2_000, 0), (-2_000, 0))]
    for kind, sign in ((ZoneKind.EXCLUSION, 1.0), (ZoneKind.INCLUSION, -1.0)):
        zone = Zone(ZoneId("z"), kind, Polygons(((tuple(corners),),)), 30.0)
        tables = Core(pair(perimeter_m=0.0, zones=(zone,))).tables()
        for north in (-40.0, -10.0, 0.0, 15.0, 60.0):
            seen = near.see_zone(tables.target[0], tables.edges, device(0, north), T0)
            assert seen[0] == pytest.approx(sign * north, abs=0.11)
            assert seen[2] == pytest.approx(0.5 * math.erfc(seen[0] / 10.0 / math.sqrt(2.0)), abs=0.0051)
            assert seen[3] == pytest.approx(0.5 * math.erfc((seen[0] - 30.0) / 10.0 / math.sqrt(2.0)), abs=0.0051)


# --- What a mutant once survived ------------------------------------------------------------------------------------------


def test_the_same_position_once_more_is_no_new_fix() -> None:
    history, d = np.zeros(HISTORY_SHAPE), device(fix_ms=T0 - 300)
    for later_ms, verdict in ((0, tr.NO_FIX), (-1, tr.NO_FIX), (1, tr.LIVE)):
        assert tr.take_fix(d, history, p(sent_ms=T0, fix_ms=T0 - 300 + later_ms)) == verdict


@pytest.mark.parametrize(("age_ms", "verdict", "late"), [(60_000, tr.LIVE, 0), (60_001, tr.BACKLOG, 1)])
def test_a_fix_is_history_after_a_minute(age_ms: int, verdict: int, late: int) -> None:
    d = device(fix_ms=T0 - 120 * S)
    assert tr.take_fix(d, np.zeros(HISTORY_SHAPE), p(sent_ms=T0, fix_ms=T0 - age_ms)) == verdict
    assert d["fix_late"] == late


def test_a_cell_fix_is_taken_only_where_it_knows_more() -> None:
    for known_m, verdict in ((400.0, tr.NO_FIX), (500.0, tr.LIVE)):
        d = device(fix_ms=T0 - 10 * S, p11=known_m**2, spread=0.0, p22=0.0)
        assert tr.take_fix(d, np.zeros(HISTORY_SHAPE), p(sent_ms=T0, fix_ms=T0, source=2, accuracy_m=606.0)) == verdict


def test_a_jump_is_held_twice_and_then_believed_from_where_it_is() -> None:
    history, d = np.zeros(HISTORY_SHAPE), device(fix_ms=T0 - 60 * S)
    lat, lon = at(0, 90_000)
    for k, verdict in enumerate((tr.HELD, tr.HELD, tr.LIVE)):
        jump = p(at_ms=T0 + k * S, sent_ms=T0 + k * S, fix_ms=T0 + k * S, lat_deg=lat, lon_deg=lon, accuracy_m=16.0)
        assert tr.take_fix(d, history, jump) == verdict
        assert d["held"] == (k + 1) % 3
        if verdict == tr.HELD:
            assert (d["held_lat"], d["held_lon"], d["held_sigma"]) == (lat, lon, pytest.approx(16.0 / 1.515 * 1.6))
    assert (d["lat"], d["lon"], d["prev_lat"], d["prev_ms"], d["p22"]) == (lat, lon, lat, d["fix_ms"], 25.0)
    assert d["sigma"] == pytest.approx(16.0 / 1.515 * 1.6)


def test_bearings_run_from_her_to_him() -> None:
    for east, north, bearing in ((800.0, 0.0, 90.0), (0.0, -800.0, 180.0), (-800.0, 800.0, 315.0), (-1.0, 800.0, 0.0)):
        assert near.see_perimeter(device(), device(east, north), 500.0, 0.0, T0)[5] == bearing


def test_a_metre_from_the_edge_is_still_outside() -> None:
    tables = zone_tables(ZoneKind.EXCLUSION)
    assert near.see_zone(tables.target[0], tables.edges, device(0, 300.6, vn=-10.0), T0)[4] == pytest.approx(0.06, abs=0.05)
    assert near.see_zone(tables.target[0], tables.edges, device(0, 300.6, vn=1.0), T0)[4] == near.FAR_S


def test_the_odds_of_a_held_position_are_those_of_its_way() -> None:
    """From 800 m north-east of her to 900 m further east: the way passes at 800 m, its error is a tenth of its length."""
    t = target(ring_m=0.0, radius_m=850.0)
    his = device(300, 800, held=1, held_sigma=8.0)
    his["held_lat"], his["held_lon"] = at(1_200, 800)
    sigma = near.rounded(math.hypot(math.sqrt(64.0 + 100.0), 90.0), 10.0)
    nearest = near.rounded(math.hypot(300.0, 800.0), 10.0)
    assert near.p_held(t, np.zeros((0, 4)), device(), his, True) == near.p_within(nearest, sigma, 850.0)
    tables = zone_tables(ZoneKind.EXCLUSION, radius_m=850.0, buffer_m=0.0)
    sigma = near.rounded(math.hypot(8.0, 90.0), 10.0)
    assert near.p_held(tables.target[0], tables.edges, device(), his, False) == near.p_within(nearest, sigma, 850.0)
    his["lat"], his["lon"] = at(800, 300)
    his["held_lat"], his["held_lon"] = at(800, 1_200)
    assert near.p_held(tables.target[0], tables.edges, device(), his, False) == near.p_within(nearest, sigma, 850.0)
    assert near.p_held(t, np.zeros((0, 4)), device(), his, True) == near.p_within(nearest, near.rounded(math.hypot(math.sqrt(164.0), 90.0), 10.0), 850.0)


def test_a_fix_of_fifty_metres_is_fit() -> None:
    """150 m is the limit, not 300 square metres."""
    assert witness(people(device(p11=2_500.0, fix_ms=T0), device(fix_ms=T0 - 60 * S)), 0, True, T0) == 0

def test_of_a_path_only_what_was_walked_since_counts() -> None:
    his = device(0, 0, prev_ms=T0 - 100_000)
    assert near.share_before(his, 0) == 0.0
    assert near.share_before(his, T0 - 75_000) == pytest.approx(0.25)
    assert near.share_before(his, T0 + 9_000_000) == 1.0


@pytest.mark.parametrize(("since_s", "nearest_m"), [(100, 0.0), (60, 0.0), (50, 0.0), (25, 600.0), (0, 1_200.0)])
def test_of_a_path_through_the_middle_only_what_came_after_counts(since_s: int, nearest_m: float) -> None:
    """1,700 m to the south-west of her to 1,700 m to the north-east in 100 s: half-way he stands beside her."""
    history = np.zeros(HISTORY_SHAPE)
    hers = device(0, 0, history_count=1, spread=0.0)
    history[0] = (T0 - 200 * S, *at(0, 0), 100.0)
    his = device(720, 960, prev_ms=T0 - 100 * S)
    his["prev_lat"], his["prev_lon"] = at(-720, -960)
    from_ms = T0 - since_s * S
    sigma = near.path_sigma_m(math.sqrt(200.0), 2_400.0, 500.0)
    assert near.p_swept_perimeter(his, hers, history, 500.0, from_ms) == pytest.approx(near.p_within(nearest_m, sigma, 500.0), abs=0.011)
    zone = zone_tables(ZoneKind.EXCLUSION)
    row = zone.target[0]
    expected = near.p_barred(row, nearest_m - row["radius_m"], near.path_sigma_m(10.0, 2_400.0, row["size_m"]), 0.0)
    assert near.p_swept_zone(row, zone.edges, his, from_ms) == pytest.approx(expected, abs=0.011)


def test_who_lies_still_becomes_a_little_less_sure_with_each_report_of_it() -> None:
    d = device(rest=5, p11=100.0, spread=policy.REST_SPREAD_MPS, sigma=10.0, sent_ms=T0, ping_ms=T0)
    moved_on = device(rest=5, p11=100.0, spread=policy.REST_SPREAD_MPS, sigma=10.0, sent_ms=T0, ping_ms=T0)
    tr.lie_still(d, p(at_ms=T0 + 60 * S, sent_ms=T0 + 60 * S, moving=0))
    tr.predict(moved_on, 60.0)
    tr.correct_velocity(moved_on, 0.0, 0.0, policy.REST_SPEED_SIGMA_MPS)
    assert d["fix_ms"] == T0 + 60 * S
    assert (d["p11"], d["p22"]) == (moved_on["p11"], moved_on["p22"])
    assert d["p11"] > 100.0


@pytest.mark.parametrize(("since_s", "rests"), [(60, True), (119, True), (121, False)])
def test_who_stirs_for_a_moment_rests_within_a_walk_of_where_he_lay(since_s: int, rests: bool) -> None:
    """Last known to lie still a while ago; then the sensor was shaken, and is quiet again."""
    d = device(rest=12, p11=100.0, spread=policy.REST_SPREAD_MPS, sigma=10.0, sent_ms=T0, ping_ms=T0)
    half_ms = T0 + since_s * S // 2
    tr.lie_still(d, p(at_ms=half_ms, sent_ms=half_ms, moving=1))
    assert (d["fix_ms"], d["stirred"]) == (T0, 1), "on the move: his fix grows old"
    assert not tr.rests(d)
    d["ping_ms"] = half_ms
    tr.lie_still(d, p(at_ms=T0 + since_s * S, sent_ms=T0 + since_s * S, moving=0))
    assert tr.rests(d) == rests
    assert d["fix_ms"] == (T0 + since_s * S if rests else T0)
    if rests:
        assert d["p11"] > 100.0 + (policy.STIR_MPS * since_s) ** 2


def test_who_stays_on_his_feet_is_under_way() -> None:
    d = device(rest=12, p11=100.0, sigma=10.0, sent_ms=T0, ping_ms=T0)
    for since_s, rest in ((60, 12), (120, 12), (121, 0)):
        tr.lie_still(d, p(at_ms=T0 + since_s * S, sent_ms=T0 + since_s * S, moving=1))
        d["ping_ms"] = T0 + since_s * S
        assert d["rest"] == rest


def test_a_twitch_of_the_speed_is_no_step_of_one_who_has_lain_for_long() -> None:
    for rest, speed, then in ((10, 0.4, 10), (9, 0.4, 0), (10, 0.6, 0)):
        d = device(rest=rest, spread=policy.REST_SPREAD_MPS, sigma=10.0)
        tr.hear_motion(d, p(speed_mps=speed), 0.0)
        assert d["rest"] == then


# --- One person, several devices; whose trouble it is ---------------------------------------------------------------------


def is_apart(*devices: Any, apart: int = 0) -> bool:
    """What is kept of a person with these devices, of whom `apart` was kept before."""
    chain = np.zeros(len(devices), DEVICE)
    for row, one in enumerate(devices):
        chain[row] = one
    chain["next_device"] = [*range(1, len(devices)), -1]
    person = np.zeros(1, PERSON)
    person["apart"] = apart
    note_apart(SimpleNamespace(device=chain, person=person), 0, T0)
    return bool(person[0]["apart"])


@pytest.mark.parametrize(
    ("variances", "slack_m"),
    [((0.0, 0.0), 0.0), ((1_600.0, 0.0), 120.0), ((0.0, 1_600.0), 120.0), ((900.0, 1_600.0), 150.0), ((1_600.0, 900.0), 150.0)],
)
def test_two_devices_are_apart_beyond_a_house_and_three_errors_of_both(variances: tuple[float, float], slack_m: float) -> None:
    for away_m, apart in ((299.0 + slack_m, False), (301.0 + slack_m, True)):
        for place in ((away_m, 0.0), (0.0, -away_m), (0.6 * away_m, 0.8 * away_m)):
            pair_of = device(p11=variances[0]), device(*place, p11=variances[1])
            assert is_apart(*pair_of) is apart, (away_m, place)
            assert is_apart(*reversed(pair_of)) is apart, "whichever is listed first"


def test_between_apart_and_together_what_was_known_stays() -> None:
    for away_m, before, after in ((151.0, 0, False), (151.0, 1, True), (149.0, 1, False), (299.0, 1, True), (299.0, 0, False)):
        assert is_apart(device(p11=0.0), device(away_m, p11=0.0), apart=before) is after, (away_m, before)


def test_a_device_not_seen_lately_or_too_vague_is_nowhere() -> None:
    silent, unseen, vague = {"fix_ms": T0 - 3_600 * S}, {"seen": 0}, {"p11": policy.UNFIT_SIGMA_M**2 * 1.1}
    for fields in (silent, unseen, vague):
        assert not is_apart(device(), device(5_000.0, **fields))
        assert not is_apart(device(5_000.0, **fields), device())
        assert is_apart(device(), device(0.0, **fields), apart=1), "nor does it bring two together"
        assert is_apart(device(0.0, **fields), device(), apart=1)
    assert is_apart(device(), device(5_000.0))


def test_every_two_of_three_devices_are_compared() -> None:
    for k in range(3):
        assert is_apart(*(device(5_000.0 if i == k else 0.0) for i in range(3)))
    assert is_apart(device(), device(5_000.0, seen=0), device(5_000.0)), "the first and the last, where the one between is unknown"
    assert not is_apart(device(), device(10.0), device(20.0), apart=1)


DEVICE_TROUBLES = (Reason.STRAP, Reason.JAMMING, Reason.SPOOFING, Reason.CLOCK, Reason.SEPARATION, Reason.BATTERY)


@pytest.mark.parametrize("reason", DEVICE_TROUBLES)
def test_a_trouble_is_of_the_party_whose_device_has_it(reason: Reason) -> None:
    hers, his = bit(reason, True), bit(reason, False)
    assert party_of(hers, reason) == 0
    assert party_of(his, reason) == 1
    assert party_of(hers | his, reason) == -1, "both"
    assert party_of(0, reason) == -1, "neither"
    others = sum(bit(other, who) for other in DEVICE_TROUBLES if other is not reason for who in (True, False))
    assert party_of(hers | others, reason) == 0, "another trouble changes nothing"
    assert party_of(his | others, reason) == 1


def test_who_cannot_be_seen_is_in_the_word_itself() -> None:
    both = bit(Reason.CANNOT_SEE_PROTECTED, False) | bit(Reason.CANNOT_SEE_RESPONDENT, False)
    assert party_of(both, Reason.CANNOT_SEE_PROTECTED) == 0
    assert party_of(both, Reason.CANNOT_SEE_RESPONDENT) == 1
    assert party_of(bit(Reason.SOS, True), Reason.SOS) == 0


@pytest.mark.parametrize(
    "reason", [Reason.BREACH, Reason.OUTSIDE_INCLUSION, Reason.APPROACH, Reason.UNVERIFIED, Reason.NO_LINK, Reason.NOT_SEEN_YET]
)
def test_what_lies_between_both_is_nobodys_device(reason: Reason) -> None:
    assert party_of(bit(reason, False), reason) == -1
