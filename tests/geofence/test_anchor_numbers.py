"""The anchor's arithmetic, function by function."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from geofence import policy
from geofence.anchor import anchored_place, best_place, is_anchored, is_astray, leave_anchor, nobody_moves, p_settled, recall_anchor
from geofence.anchor import learn_anchor as learn_at_places
from geofence.filter import reckon
from geofence.geodesy import moved, offset_m
from geofence.proximity import p_within
from geofence.state import DEVICE, PING, PLACES_SHAPE, TARGET
from geofence.terms import Source, ZoneKind
from tests.pings import HOME, T0


def device(north_m: float = 0.0, **fields: float) -> Any:
    """One that has rested here for long; the anchor is where it is seen."""
    d = np.zeros(1, DEVICE)[0]
    d["lat"], d["lon"] = moved(HOME.lat_deg, HOME.lon_deg, 0.0, north_m)
    d["anchor_lat"], d["anchor_lon"] = d["lat"], d["lon"]
    d["rest"], d["sigma"], d["p11"], d["anchor_sigma"], d["anchor_s"], d["fix_ms"] = 10, 20.0, 100.0, 20.0, 600.0, T0
    for name, value in fields.items():
        d[name] = value
    return d


def fix(north_m: float, source: int = int(Source.GPS)) -> Any:
    p = np.zeros(1, PING)[0]
    p["lat_deg"], p["lon_deg"] = moved(HOME.lat_deg, HOME.lon_deg, 0.0, north_m)
    p["source"] = source
    return p


def learn_anchor(d: Any, p: Any, dt_s: float) -> None:
    """Of one who has no other place."""
    learn_at_places(d, np.zeros(PLACES_SHAPE), p, dt_s)


def anchor_north_m(d: Any) -> float:
    return offset_m(HOME.lat_deg, HOME.lon_deg, d["anchor_lat"], d["anchor_lon"])[1]


@pytest.mark.parametrize(("anchor_s", "dt_s", "north_m", "then_s"), [(540.0, 60.0, 10.0, 600.0), (60.0, 60.0, 50.0, 120.0), (180.0, 900.0, 40.0, 300.0), (21_540.0, 120.0, 0.55, 21_600.0)])
def test_a_fix_counts_by_the_time_it_stands_for(anchor_s: float, dt_s: float, north_m: float, then_s: float) -> None:
    """A hundred metres off, and 10 m surer than usual; two minutes at most, six hours in all."""
    d = device(anchor_s=anchor_s, sigma=10.0)
    learn_anchor(d, fix(100.0), dt_s)
    assert anchor_north_m(d) == pytest.approx(north_m, abs=0.02)
    assert d["anchor_sigma"] == pytest.approx(20.0 - north_m / 10.0, abs=0.01)
    assert d["anchor_s"] == then_s


def test_the_first_fix_at_rest_begins_it_and_neither_a_mast_nor_a_walker_does() -> None:
    for d, p, begun in ((device(anchor_s=0.0), fix(50.0), 61.0), (device(anchor_s=0.0), fix(50.0, int(Source.LBS)), 0.0), (device(anchor_s=0.0, rest=1), fix(50.0), 0.0)):
        learn_anchor(d, p, 60.0)
        assert d["anchor_s"] == begun
        assert anchor_north_m(d) == pytest.approx(50.0 if begun else 0.0, abs=0.01)


@pytest.mark.parametrize(("sigma", "usual", "away_m", "astray"), [(20.0, 20.0, 66.0, False), (20.0, 20.0, 68.0, True), (5.0, 20.0, 66.0, False), (20.0, 5.0, 66.0, False), (5.0, 5.0, 35.0, True)])
def test_astray_is_three_sigma_of_the_track_and_of_the_larger_error(sigma: float, usual: float, away_m: float, astray: bool) -> None:
    d = device(away_m, sigma=sigma, anchor_sigma=usual)
    d["anchor_lat"], d["anchor_lon"] = HOME
    assert is_astray(d) == astray
    assert is_anchored(d) != astray


def test_three_minutes_astray_begin_it_anew_and_coming_back_forgets_them() -> None:
    d = device(500.0)
    d["anchor_lat"], d["anchor_lon"] = HOME
    for after_s, begun_anew in ((0, False), (179, False), (180, True)):
        d["fix_ms"] = T0 + after_s * 1_000
        learn_anchor(d, fix(500.0), 60.0)
        assert (d["anchor_s"] == 1.0) == begun_anew
    assert anchor_north_m(d) == pytest.approx(500.0, abs=0.01)
    assert d["astray_ms"] == 0


def test_one_look_at_its_own_place_forgets_the_minutes_elsewhere() -> None:
    d = device(500.0)
    d["anchor_lat"], d["anchor_lon"] = HOME
    learn_anchor(d, fix(500.0), 60.0)
    assert d["astray_ms"] == T0
    d["lat"], d["lon"] = HOME
    learn_anchor(d, fix(0.0), 60.0)
    assert (d["astray_ms"], d["anchor_s"]) == (0, 660.0)


def test_a_fix_stands_for_a_second_at_least() -> None:
    d = device(anchor_s=600.0)
    learn_anchor(d, fix(0.0), 0.5)
    assert d["anchor_s"] == 601.0


@pytest.mark.parametrize("fields", [{"rest": 9}, {"anchor_s": 599.0}, {"source": int(Source.LBS)}], ids=str)
def test_who_has_not_rested_for_long_is_not_anchored(fields: dict[str, float]) -> None:
    assert is_anchored(device())
    assert not is_anchored(device(**fields))


def test_a_position_held_back_takes_nothing_from_a_place_that_is_known() -> None:
    assert is_anchored(device(held=1))


def test_a_wifi_fix_counts_a_tenth() -> None:
    d = device(anchor_s=594.0)
    learn_anchor(d, fix(100.0, int(Source.WIFI)), 60.0)
    assert d["anchor_s"] == 600.0
    assert anchor_north_m(d) == pytest.approx(1.0, abs=0.02)


def place(north_m: float, seconds: float = 7_200.0, sigma_m: float = 20.0) -> tuple[float, float, float, float]:
    return (*moved(HOME.lat_deg, HOME.lon_deg, 0.0, north_m), sigma_m, seconds)


def test_who_leaves_a_known_place_is_known_there_when_he_rests_again() -> None:
    places = np.zeros(PLACES_SHAPE)
    d = device(anchor_s=7_200.0)
    d["ve"], d["rest"] = 1.4, 0
    learn_at_places(d, places, fix(0.0), 60.0)
    assert d["anchor_s"] == 0.0, "on his way"
    d["ve"], d["rest"] = 0.0, 2
    learn_at_places(d, places, fix(10.0), 60.0)
    assert d["anchor_s"] == 7_200.0
    assert is_anchored(d), "nobody asks for how long at a place that is known"


def test_turning_in_bed_is_not_leaving() -> None:
    d = device(anchor_s=7_200.0, rest=0)
    d["ve"] = 0.9
    learn_anchor(d, fix(0.0), 60.0)
    assert d["anchor_s"] == 7_200.0


def test_the_place_that_is_remembered_is_its_own_and_not_where_the_fix_says() -> None:
    d = device(15.0, anchor_s=60.0)
    recall_anchor(d, np.array([place(9_000.0), place(0.0, 5_400.0, 18.0), place(4.0)]))
    assert (anchor_north_m(d), d["anchor_s"], d["anchor_sigma"]) == (pytest.approx(0.0, abs=0.01), 5_400.0, 18.0), "the first that fits"


def test_a_place_left_for_three_minutes_is_remembered() -> None:
    places = np.zeros(PLACES_SHAPE)
    d = device(500.0, anchor_s=7_200.0)
    d["anchor_lat"], d["anchor_lon"] = HOME
    for after_s in (0, 180):
        d["fix_ms"] = T0 + after_s * 1_000
        learn_at_places(d, places, fix(500.0), 60.0)
    assert 7_200.0 in places[:, 3]


@pytest.mark.parametrize(("away_m", "there"), [(19.0, True), (21.0, False)])
def test_only_within_one_usual_error_of_it(away_m: float, there: bool) -> None:
    d = device(away_m, anchor_s=60.0)
    recall_anchor(d, np.array([place(0.0), place(0.0, 0.0), place(9_000.0)]))
    assert (d["anchor_s"] == 7_200.0) == there


def test_a_short_visit_is_not_remembered_and_a_fourth_place_takes_the_room_of_the_least() -> None:
    places = np.array([place(0.0, 9_000.0), place(2_000.0, 2_000.0), place(4_000.0, 8_000.0)])
    before = places.copy()
    leave_anchor(device(6_000.0, anchor_s=policy.ANCHOR_KNOWN_S - 1.0), places)
    assert (places == before).all()
    leave_anchor(device(6_000.0, anchor_s=policy.ANCHOR_KNOWN_S), places)
    assert list(places[:, 3]) == [9_000.0, policy.ANCHOR_KNOWN_S, 8_000.0]
    leave_anchor(device(3_990.0, anchor_s=8_060.0), places)
    assert list(places[:, 3]) == [9_000.0, policy.ANCHOR_KNOWN_S, 8_060.0], "the same place is kept once"


def test_a_visit_that_is_over_is_kept_where_its_place_is_known_and_of_equals_the_first_makes_room() -> None:
    places = np.array([place(0.0, 9_000.0), place(2_000.0, 2_000.0), place(4_000.0, 2_000.0)])
    d = device(10.0, anchor_s=9_060.0, astray_ms=T0)
    leave_anchor(d, places)
    assert list(places[:, 3]) == [9_060.0, 2_000.0, 2_000.0], "at the first, which is not the least"
    assert (d["anchor_s"], d["astray_ms"]) == (0.0, 0)
    leave_anchor(device(6_000.0, anchor_s=1_900.0), places)
    assert list(places[:, 3]) == [9_060.0, 1_900.0, 2_000.0]
    places = np.array([place(0.0, 2_000.0), place(2_000.0, 2_000.0), place(4_000.0, 2_000.0)])
    leave_anchor(device(6_000.0, anchor_s=1_900.0), places)
    assert list(places[:, 3]) == [1_900.0, 2_000.0, 2_000.0]


def test_a_walk_is_leaving() -> None:
    d = device(anchor_s=7_200.0, rest=0)
    d["ve"] = policy.MOVING_MPS_MIN
    learn_anchor(d, fix(0.0), 60.0)
    assert d["anchor_s"] == 0.0


def test_who_is_on_the_move_is_best_said_to_be_where_he_is_reckoned_to_be() -> None:
    d = device(rest=0, spread=2.0, p22=1.0)
    d["vn"] = 10.0
    glide_s, fade, variance = reckon(d, 10.0)
    lat, lon, said = best_place(d, T0 + 10_000, 3.0)
    assert offset_m(HOME.lat_deg, HOME.lon_deg, lat, lon) == (pytest.approx(0.0, abs=0.001), pytest.approx(10.0 * (glide_s + 3.0 * fade), abs=0.001))
    assert said == variance


def test_for_a_zone_nobody_moves_where_he_rests_for_a_perimeter_where_both_do() -> None:
    T = SimpleNamespace(device=[device(rest=0), device()])
    at_rest = getattr(nobody_moves, "py_func", nobody_moves)
    for kind, rest in ((ZoneKind.EXCLUSION, True), (ZoneKind.PERIMETER, False)):
        assert at_rest(T, {"kind": int(kind)}, 0, 1) == rest
    T.device[0]["rest"] = 10
    assert at_rest(T, {"kind": int(ZoneKind.PERIMETER)}, 0, 1)


def test_both_places_are_known_to_half_of_a_fix() -> None:
    target = np.zeros(1, TARGET)[0]
    target["kind"], target["radius_m"] = int(ZoneKind.PERIMETER), 300.0
    hers, his = device(0.0, anchor_sigma=30.0), device(310.0, anchor_sigma=40.0)
    T = SimpleNamespace(device=[hers, his], edges=np.zeros((0, 4)))
    assert anchored_place(his)[2] == 400.0
    settled = getattr(p_settled, "py_func", p_settled)  # compiled, it takes arrays only
    assert settled(T, target, 0, 1, T0) == p_within(310.0, 25.0, 300.0)
    his["rest"], his["p11"], his["lat"] = 0, 900.0, moved(HOME.lat_deg, HOME.lon_deg, 0.0, 290.0)[0]
    assert settled(T, target, 0, 1, T0) == p_within(290.0, math.hypot(30.0, 15.0), 300.0), "he moves: his own fix, and her known place"
    his["vn"] = -10.0
    assert settled(T, target, 0, 1, T0) == 0.87, "as soon as an alert can arrive"
    hers["rest"] = 0
    assert settled(T, target, 0, 1, T0) == 1.0, "whoever moves is judged as ever"
