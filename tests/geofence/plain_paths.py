"""What happened between two fixes, and on the way to a position that is held back."""

from __future__ import annotations

import math

import numpy as np
import pytest

from geofence import proximity as near
from geofence.geodesy import offset_m
from geofence.state import HISTORY_SHAPE
from geofence.terms import ZoneKind
from tests.pings import T0, at
from tests.rows import EXCLUSION, INCLUSION, S, device, target, zone_tables


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


@pytest.mark.parametrize("variance", [0.0, 0.5])
def test_a_place_known_to_the_metre_is_a_place_that_is_known(variance: float) -> None:
    history = np.zeros(HISTORY_SHAPE)
    hers = device(0, 0, history_count=2, spread=0.0, p11=variance)
    history[0], history[1] = (T0 - 200 * S, *at(0, 0), variance), (T0 - S, *at(0, 0), variance)
    his = device(0, -1_500, prev_ms=T0 - 60 * S)
    his["prev_lat"], his["prev_lon"] = at(0, 1_500)
    assert near.p_swept_perimeter(his, hers, history, 500.0, 0) > 0.8


def test_a_step_of_less_than_a_metre_has_a_nearest_point_too() -> None:
    assert near.least_distance_m(0.8, 0.0, 0.0, 0.0) == 0.0
    assert near.least_distance_m(-0.4, 3.0, 0.4, 3.0) == pytest.approx(3.0)


@pytest.mark.parametrize("way_m", [1_489.03 + 0.1 * k for k in range(20)])
def test_only_whole_decimetres_decide_about_a_path(way_m: float) -> None:
    """Alike on every machine: the least distance and its error are rounded to 0.1 m, then the odds are asked."""
    history = np.zeros(HISTORY_SHAPE)
    hers = device(0, 0, history_count=1, spread=0.0, p11=1.0)
    history[0] = (T0 - 200 * S, *at(0, 0), 1.0)
    his = device(way_m - 1_000.0, 30.0, prev_ms=T0 - 60 * S, p11=1.0)
    his["prev_lat"], his["prev_lon"] = at(way_m - 1_000.0, -30.0)
    nearest = near.rounded(math.hypot(*offset_m(*at(0, 0), *at(way_m - 1_000.0, 0.0))), 10.0)
    sigma = near.rounded(math.hypot(math.sqrt(2.0), 6.0), 10.0)
    assert near.p_swept_perimeter(his, hers, history, 490.0, 0) == near.p_within(nearest, sigma, 490.0)
    zone = zone_tables(ZoneKind.EXCLUSION, radius_m=490.0)
    margin = near.rounded(math.hypot(*near.place_in_zone(zone.target[0], *at(way_m - 1_000.0, 0.0))) - 490.0, 10.0)
    sigma = near.rounded(math.hypot(1.0, 6.0), 10.0)
    assert near.p_swept_zone(zone.target[0], zone.edges, his, 0) == near.p_barred(zone.target[0], margin, sigma, 0.0)
    his["held"], his["held_sigma"] = 1, 1.0
    his["held_lat"], his["held_lon"], his["lat"], his["lon"] = his["lat"], his["lon"], his["prev_lat"], his["prev_lon"]
    alone = target(radius_m=490.0, ring_m=0.0)
    assert near.p_held(alone, zone.edges, device(p11=1.0), his, True) == near.p_within(nearest, near.rounded(math.hypot(math.sqrt(2.0), 6.0), 10.0), 490.0)
    zone.target[0]["ring_m"] = 0.0
    assert near.p_held(zone.target[0], zone.edges, device(), his, False) == near.p_barred(zone.target[0], margin, sigma, 0.0)


@pytest.mark.parametrize("away_m", [485.03 + 0.1 * k for k in range(20)])
def test_only_whole_decimetres_decide_about_a_place(away_m: float) -> None:
    edges, her = np.zeros((0, 4)), (*at(0, 0), 7.3)
    apart = near.rounded(math.hypot(*offset_m(*at(0, 0), *at(away_m, 0))), 10.0)
    assert near.p_place_barred(target(radius_m=490.0), edges, (*at(away_m, 0), 9.1), her, 0.0) == near.p_within(apart, 4.0, 490.0), "the square root of 16.4 is 4.05"


def test_a_path_is_as_unsure_as_the_less_known_end_of_it() -> None:
    history = np.zeros(HISTORY_SHAPE)
    for first, second in ((400.0, 25.0), (25.0, 400.0)):
        hers = device(0, 0, history_count=3, spread=0.0, p11=second, fix_ms=T0)
        for k, (ago_s, variance) in enumerate(((300, first), (60, first), (0, second))):
            history[k] = (T0 - ago_s * S, *at(0, 0), variance)
        his = device(495.0, 100.0, prev_ms=T0 - 60 * S, p11=4.0)
        his["prev_lat"], his["prev_lon"] = at(495.0, -100.0)
        sigma = near.path_sigma_m(math.sqrt(404.0), 200.0, 500.0)
        assert near.p_swept_perimeter(his, hers, history, 500.0, 0) == pytest.approx(near.p_within(495.0, sigma, 500.0), abs=0.0101)
        assert near.p_within(495.0, sigma, 500.0) < near.p_within(495.0, near.path_sigma_m(math.sqrt(29.0), 200.0, 500.0), 500.0) - 0.02


def test_a_position_held_back_is_as_unsure_as_it_was_sent() -> None:
    t = target(ring_m=300.0)
    his = device(0, 5_000, held=1, held_sigma=100.0)
    his["held_lat"], his["held_lon"] = at(0, 850.0)
    assert near.p_held(t, np.zeros((0, 4)), device(), his, True) == near.p_within(850.0, near.rounded(math.sqrt(10_100.0), 10.0), 800.0)


@pytest.mark.parametrize(("sigma_m", "length_m", "error_m"), [(3.0, 40.0, 5.0), (2.33, 0.0, 2.3), (2.37, 0.0, 2.4), (1.0, 10.0, 1.4), (7.77, 3.3, 7.8)])
def test_the_error_of_a_path_is_in_decimetres(sigma_m: float, length_m: float, error_m: float) -> None:
    assert near.path_sigma_m(sigma_m, length_m, 500.0) == error_m


def test_a_place_is_as_unsure_to_the_decimetre() -> None:
    zone = zone_tables(ZoneKind.EXCLUSION)
    for north_m in (295.0, 301.0, 303.0):
        odds = near.p_place_barred(zone.target[0], zone.edges, (*at(0, north_m), 16.4), (0.0, 0.0, -1.0), 0.0)
        assert odds == near.p_within(north_m, 4.0, 300.0), "4.05 m"
