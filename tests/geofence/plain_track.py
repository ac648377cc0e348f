"""One device: the filter against matrices written down a second time, motion, jumps, remembered places."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from geofence import doubt, policy, rest, rhythm
from geofence import filter as fl
from geofence import track as tr
from geofence.geodesy import offset_m
from geofence.state import HISTORY_SHAPE
from tests.pings import HOME, NAN, T0, at
from tests.rows import S, device, p


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
    assert fl.variance_after(d, dt) == pytest.approx(expected[0, 0])
    assert fl.reckon(d, dt) == pytest.approx((glide, math.exp(-min(dt, 20.0) / 60.0), expected[0, 0]))
    assert fl.predict(d, dt) == pytest.approx((3.0 * glide, -4.0 * glide))
    assert covariance(d) == pytest.approx(expected)
    assert (d["ve"], d["vn"]) == pytest.approx((3.0 * math.exp(-dt / 60.0), -4.0 * math.exp(-dt / 60.0)))


def test_time_never_runs_backwards_in_a_prediction_and_its_error_stops_growing() -> None:
    d = device(ve=3.0, p12=7.0, p22=2.0, spread=1.5)
    assert fl.reckon(d, -5.0) == pytest.approx((0.0, 1.0, 100.0))
    assert fl.variance_after(d, 5_000.0) == fl.variance_after(d, 600.0) > fl.variance_after(d, 599.0)


def test_corrections_are_those_of_the_matrices() -> None:
    d = device(ve=3.0, vn=-4.0, p12=7.0, p22=2.0, sigma=30.0)
    before, h = covariance(d), np.array([1.0, 0.0])
    gain = before @ h / (h @ before @ h + 30.0**2)
    assert fl.correct_position(d, 10.0, -20.0) == pytest.approx((10.0 * gain[0], -20.0 * gain[0]))
    assert (d["ve"], d["vn"]) == pytest.approx((3.0 + 10.0 * gain[1], -4.0 - 20.0 * gain[1]))
    after = before - np.outer(gain, h @ before)
    after[0, 0] = max(after[0, 0], 0.3 * 30.0**2)
    assert covariance(d) == pytest.approx(after)

    d = device(ve=3.0, vn=-4.0, p12=7.0, p22=2.0, sigma=8.0)
    h = np.array([0.0, 1.0])
    gain = before @ h / (h @ before @ h + 1.5**2)
    assert fl.correct_velocity(d, 5.0, 0.0, 1.5) == pytest.approx((2.0 * gain[0], 4.0 * gain[0]))
    assert (d["ve"], d["vn"]) == pytest.approx((3.0 + 2.0 * gain[1], -4.0 + 4.0 * gain[1]))
    assert covariance(d) == pytest.approx(before - np.outer(gain, h @ before))


def test_a_filter_never_becomes_surer_than_its_floors() -> None:
    d = device(p11=1.0, p12=0.0, p22=0.001, sigma=40.0)
    fl.correct_position(d, 0.0, 0.0)
    assert (d["p11"], d["p22"]) == (0.3 * 1600.0, 0.01)
    d["p11"] = 1.0
    fl.correct_velocity(d, 0.0, 0.0, 0.5)
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
    assert fl.measured_sigma_m(source, accuracy_m) == pytest.approx(sigma_m)


@pytest.mark.parametrize(("source", "kept"), [(fl.GPS, 27_000.0), (fl.WIFI, 27_000.0), (fl.LBS, 90_000.0)])
def test_fixes_of_one_mast_never_become_surer_by_their_number(source: int, kept: float) -> None:
    d = device(p11=90_000.0, p12=0.0, p22=0.01, sigma=300.0, source=source)
    assert fl.kept_variance(d) == pytest.approx(kept)
    for _ in range(50):
        fl.correct_position(d, 0.0, 0.0)
    assert d["p11"] == pytest.approx(kept)
    d["p11"], d["p12"] = 90_000.0, 900.0
    for _ in range(50):
        fl.correct_velocity(d, 0.0, 0.0, 0.1)
    assert d["p11"] >= kept
    moved = device(seen=1, fix_ms=T0, p11=1e6, p22=25.0, spread=1.5, gap_s=60.0, source=fl.GPS, lat=20.0, lon=-100.0)
    tr.believe(moved, np.zeros(HISTORY_SHAPE), p(source=source, lat_deg=20.0, lon_deg=-100.0), T0 + 60_000, 300.0)
    assert moved["p11"] >= kept * 0.99, "by the source of the new fix, not of the one before"


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
    assert doubt.is_impossible(device(p11=36.0), dt_s, away_m, 8.0) is impossible


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
        reckoned = (glide, 900.0 + 3.0 * glide, fl.variance_after(d, age_s))
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


def test_who_lies_still_becomes_a_little_less_sure_with_each_report_of_it() -> None:
    d = device(rest=5, p11=100.0, spread=policy.REST_SPREAD_MPS, sigma=10.0, sent_ms=T0, ping_ms=T0)
    moved_on = device(rest=5, p11=100.0, spread=policy.REST_SPREAD_MPS, sigma=10.0, sent_ms=T0, ping_ms=T0)
    rest.lie_still(d, p(at_ms=T0 + 60 * S, sent_ms=T0 + 60 * S, moving=0))
    fl.predict(moved_on, 60.0)
    fl.correct_velocity(moved_on, 0.0, 0.0, policy.REST_SPEED_SIGMA_MPS)
    assert d["fix_ms"] == T0 + 60 * S
    assert (d["p11"], d["p22"]) == (moved_on["p11"], moved_on["p22"])
    assert d["p11"] > 100.0


# --- Each of its own ----------------------------------------------------------------------------------------------------


def test_a_motion_that_is_not_said_moves_nothing() -> None:
    for fields in ({"speed_mps": NAN}, {"speed_mps": 3.0}, {"speed_mps": NAN, "moving": 1}):
        assert tr.hear_motion(device(sigma=8.0, p12=3.0), p(**fields), 0.0) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("fields", "own", "rest"),
    [
        ({"speed_mps": NAN, "moving": 0}, 5.0, 6),  # its sensor knows better than the filter
        ({"speed_mps": NAN, "moving": 1}, 5.0, 0),
        ({"speed_mps": NAN, "moving": 1}, 0.0, 6),
        ({"speed_mps": NAN}, 0.3, 6),
        ({"speed_mps": NAN}, 0.31, 0),
        ({"speed_mps": 2.0, "moving": 0}, 0.0, 0),  # and a speed more than that
    ],
)
def test_who_rests_goes_on_resting_until_something_says_otherwise(fields: dict[str, float], own: float, rest: int) -> None:
    d = device(rest=5, sigma=8.0, ve=own)
    tr.hear_motion(d, p(**fields), 0.0)
    assert d["rest"] == rest


def test_a_track_that_begins_anew_remembers_nothing() -> None:
    d = device(0, 0, rest=9, p12=7.0, ve=8.0, vn=9.0, spread=9.0)
    tr.start_track(d, p(speed_mps=NAN), 8.0)
    assert (d["rest"], d["p11"], d["p12"], d["p22"], d["ve"], d["vn"]) == (1, 64.0, 0.0, 25.0, 0.0, 0.0)


@pytest.mark.parametrize(("speed", "gap_s", "since_s", "stray"), [(0.3, 30.0, 0.0, True), (0.31, 30.0, 0.0, False), (0.3, 30.001, 0.0, False)])
def test_a_jump_of_one_who_lies_still_is_a_reflection(speed: float, gap_s: float, since_s: float, stray: bool) -> None:
    d = device(rest=10, p11=64.0)
    far = 3.0 * math.hypot(8.0, 6.0)
    assert doubt.explained_m(d, 6.0) == far
    assert not doubt.is_stray(d, T0 + 1_000, speed, far, 6.0), "so much the errors explain"
    assert doubt.is_stray(d, T0 + round(gap_s * S), speed, far + 0.1, 6.0) is stray
    assert not doubt.is_stray(device(rest=9, p11=64.0), T0 + 1_000, speed, far + 0.1, 6.0)


def test_reflections_last_a_minute_at_most() -> None:
    d = device(rest=10, p11=64.0)
    seen = []
    for k in range(7):
        d["held"] = k
        seen.append(doubt.is_stray(d, T0 + (15 + k * 10) * S + (1 if k == 6 else 0), 0.0, 500.0, 6.0))
    assert seen == [True] * 6 + [False]
    d["held"] = 5
    assert doubt.is_stray(d, T0 + 75 * S, 0.0, 500.0, 6.0), "to the millisecond"


def test_a_departure_begins_beyond_what_the_errors_explain() -> None:
    d = device(p11=57.0**2, p22=0.1, rest=5)
    tr.allow_departure(d, doubt.explained_m(d, 8.0), 8.0)
    assert d["rest"] == 5


def test_who_is_where_he_was_expected_is_not_moved() -> None:
    d = device(0, 0, ve=12.0, vn=-9.0, p12=7.0, p22=2.0)
    before = device(0, 0, ve=12.0, vn=-9.0, p12=7.0, p22=2.0)
    east, north = fl.predict(before, 10.0)
    lat, lon = at(east, north)
    tr.follow(d, p(lat_deg=lat, lon_deg=lon, speed_mps=math.hypot(12.0, 9.0) * math.exp(-10.0 / 60.0), course_deg=math.degrees(math.atan2(12.0, -9.0))), 10.0, 8.0)
    assert offset_m(lat, lon, d["lat"], d["lon"]) == pytest.approx((0.0, 0.0), abs=0.02)
    assert (d["ve"], d["vn"]) == pytest.approx((before["ve"], before["vn"]), abs=0.01)


@pytest.mark.parametrize(("dt_s", "eased_ms", "gap_s"), [(30.0, 1, 60.0), (30.0, 0, 48.0), (30.0, -1, 48.0), (90.0, 1, 72.0)])
def test_a_report_that_was_under_way_as_it_was_eased_says_nothing_of_its_rhythm(dt_s: float, eased_ms: int, gap_s: float) -> None:
    d = device(gap_s=60.0, prev_ms=T0, eased_ms=T0 + eased_ms)
    rhythm.learn_gap(d, dt_s)
    assert d["gap_s"] == pytest.approx(gap_s)


def test_a_mast_knows_more_only_after_minutes_of_silence() -> None:
    for ago_s, verdict in ((10, tr.NO_FIX), (100, tr.NO_FIX), (600, tr.LIVE)):
        d = device(fix_ms=T0 - ago_s * S, spread=1.5)
        assert tr.take_fix(d, np.zeros(HISTORY_SHAPE), p(sent_ms=T0, fix_ms=T0, source=2, accuracy_m=30.0)) == verdict


def lying(moving: int = 0, sent_s: float = 60.0, at_s: float = 60.0, offset_s: float = 0.0, **fields: float) -> Any:
    d = device(**{"rest": 2, "sigma": 10.0, "sent_ms": T0, "ping_ms": T0, "ve": 0.2, "vn": 0.1, "fix_late": 1, "offset_ms": round(offset_s * S), **fields})
    rest.lie_still(d, p(at_ms=T0 + round(at_s * S), sent_ms=T0 + round(sent_s * S), moving=moving))
    return d


@pytest.mark.parametrize(
    ("said", "fix_s"),
    [
        ({}, 60.0),
        ({"sent_s": 55.0}, 55.0),  # when it said so, not when we heard it
        ({"sent_s": 70.0}, 60.0),
        ({"sent_s": -3_545.0, "offset_s": 3_600.0}, 55.0),
        ({"at_s": 70.0, "sent_s": 10.0}, 10.0),
        ({"at_s": 70.0, "sent_s": 9.999}, 0.0),  # more than a minute under way: history
        ({"rest": 1}, 0.0),
        ({"held": 1}, 0.0),
        ({"seen": 0}, 0.0),
        ({"moving": -1}, 0.0),
        ({"moving": 1}, 0.0),
        ({"at_s": 80.0, "sent_s": 80.0}, 80.0),
        ({"at_s": 80.001, "sent_s": 80.001}, 0.0),  # not heard for so long: it may have moved and lain down again
    ],
)
def test_who_says_it_lies_still_is_seen_as_it_says_so(said: dict[str, Any], fix_s: float) -> None:
    d = lying(**said)
    assert d["fix_ms"] == T0 + round(fix_s * S)
    assert d["fix_late"] == (0 if fix_s else 1), "what came as history is said again now"
    unheard = said.get("at_s", 60.0) > 80.0
    assert d["rest"] == (0 if unheard else said.get("rest", 2))
    assert d["stirred"] == (said.get("moving") == 1)
    if fix_s:
        assert abs(d["ve"]) < 0.2
        assert abs(d["vn"]) < 0.1


def test_the_very_ping_again_is_no_news() -> None:
    history, d = np.zeros(HISTORY_SHAPE), device(pinged=0, seen=0)
    first = p(boot=0, seq=0)
    assert tr.take(d, history, first) == tr.LIVE, "the first has been had by nobody"
    assert tr.take(d, history, first) == tr.DUPLICATE
    assert tr.take(d, history, p(boot=0, seq=0, sent_ms=T0 + 5 * S, at_ms=T0 + 5 * S)) == tr.DUPLICATE
    assert tr.take(d, history, p(boot=1, seq=0, sent_ms=T0 + 5 * S, at_ms=T0 + 5 * S, fix_ms=T0 + 5 * S)) == tr.LIVE
    assert tr.take(d, history, p(boot=0, seq=9)) == tr.LATE
    assert (d["boot"], d["seq"], d["ping_ms"], d["sent_ms"]) == (1, 0, T0 + 5 * S, T0 + 5 * S)
