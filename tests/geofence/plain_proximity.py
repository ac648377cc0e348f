"""A pair, or a person and a zone: probabilities, time to contact, what is seen at one moment."""

from __future__ import annotations

import math

import numpy as np
import pytest

from geofence import filter as fl
from geofence import proximity as near
from geofence.core import Core
from geofence.geodesy import moved, offset_m
from geofence.terms import Polygons, Position, Zone, ZoneId, ZoneKind
from tests.pings import T0, at, pair
from tests.rows import S, device, target, zone_tables


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


def test_a_pair_is_seen_where_both_will_be() -> None:
    hers, his = device(0, 0, vn=2.0, fix_ms=T0 - 4 * S), device(0, 1_000, vn=-10.0, ve=1.0, fix_ms=T0 - 10 * S)
    g4, g10 = (60.0 * (1 - math.exp(-t / 60.0)) for t in (4.0, 10.0))
    f4, f10 = (math.exp(-t / 60.0) for t in (4.0, 10.0))
    e, n = g10 * 1.0, 1_000.0 - 10.0 * g10 - 2.0 * g4
    margin, sigma, p_inside, p_ring, seconds, bearing, last = near.see_perimeter(hers, his, 500.0, 100.0, T0)
    assert margin == pytest.approx(math.hypot(e, n) - 500.0, abs=0.06)
    assert sigma == pytest.approx(math.sqrt(fl.variance_after(hers, 4.0) + fl.variance_after(his, 10.0)), abs=0.06)
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


def test_now_and_the_look_ahead_are_both_asked() -> None:
    """Who is inside now and drives out is in breach, and so is who will be inside when the alert arrives."""
    sure = {"p11": 1.0, "p22": 0.01, "spread": 0.1}
    leaving, coming = device(0, 490, vn=30.0, **sure), device(0, 510, vn=-30.0, **sure)
    assert [near.see_perimeter(device(**sure), him, 500.0, 0.0, T0)[2] for him in (leaving, coming)] == [1.0, 1.0]
    tables = zone_tables(ZoneKind.EXCLUSION)
    for north, vn in ((290, 30.0), (310, -30.0)):
        assert near.see_zone(tables.target[0], tables.edges, device(0, north, vn=vn, **sure), T0)[2] == 1.0


def test_a_place_not_known_is_nowhere() -> None:
    t, edges = target(), np.zeros((0, 4))
    here, there = (*at(0, 0), 100.0), (*at(0, 400), 100.0)
    assert near.p_place_barred(t, edges, there, here, 0.0) == near.p_within(400.0, 14.1, 500.0)
    assert near.p_place_barred(t, edges, (*there[:2], -1.0), here, 0.0) == 0.0
    assert near.p_place_barred(t, edges, there, (*here[:2], -1.0), 0.0) == 0.0
    assert near.p_place_barred(t, edges, (*at(0, 700), 100.0), here, 300.0) == near.p_within(700.0, 14.1, 800.0)
    assert near.p_place_barred(t, edges, (*there[:2], 0.0), (*here[:2], 0.0), 0.0) == 1.0


def test_bearings_run_from_her_to_him() -> None:
    for east, north, bearing in ((800.0, 0.0, 90.0), (0.0, -800.0, 180.0), (-800.0, 800.0, 315.0), (-1.0, 800.0, 0.0)):
        assert near.see_perimeter(device(), device(east, north), 500.0, 0.0, T0)[5] == bearing


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


def test_a_metre_from_the_edge_is_still_outside() -> None:
    tables = zone_tables(ZoneKind.EXCLUSION)
    assert near.see_zone(tables.target[0], tables.edges, device(0, 300.6, vn=-10.0), T0)[4] == pytest.approx(0.06, abs=0.05)
    assert near.see_zone(tables.target[0], tables.edges, device(0, 300.6, vn=1.0), T0)[4] == near.FAR_S


def test_a_course_that_only_grazes_the_circle_enters_it() -> None:
    assert near.seconds_to_circle(499.9995, 1_000.0, 0.0, -1.0, 500.0) == pytest.approx(999.3, abs=0.11)


def test_the_course_to_a_zone_is_believed_for_a_minute() -> None:
    tables = zone_tables(ZoneKind.EXCLUSION)
    for age_ms, known in ((59_970, True), (60_000, True), (60_001, False)):
        assert (near.see_zone(tables.target[0], tables.edges, device(0, 1_000, vn=-9.0), T0 + age_ms)[4] < near.FAR_S) is known


def test_a_course_that_misses_a_zone_by_half_a_metre_misses_it() -> None:
    tables = zone_tables(ZoneKind.EXCLUSION)
    for x, seconds in ((300.5, near.FAR_S), (299.5, 100.0)):
        assert near.seconds_to_zone(tables.target[0], tables.edges, x, 1_000.0, 0.0, -10.0, 100.0) == seconds
    inside = zone_tables(ZoneKind.INCLUSION)
    for seconds, answer in ((240.0, 240.0), (240.1, near.FAR_S)):
        assert near.seconds_to_zone(inside.target[0], inside.edges, 0.0, 0.0, 0.0, 1.0, seconds) == answer


@pytest.mark.parametrize(("lon", "his"), [(90.0, -90.3), (-90.0, 90.3), (179.9, -179.9), (-179.9, 179.9), (0.0, 179.6)])
def test_nobody_is_further_than_half_the_way_round_the_earth(lon: float, his: float) -> None:
    tables = zone_tables(ZoneKind.EXCLUSION, origin=Position(10.0, lon))
    x, _ = near.place_in_zone(tables.target[0], 10.0, his)
    east = (his - lon + 540.0) % 360.0 - 180.0
    assert x == pytest.approx(east * tables.target[0]["east_m_per_deg"])


@pytest.mark.parametrize("north_m", [470.0 + 3.7 * k for k in range(16)])
def test_both_go_on_as_they_went_and_three_seconds_further(north_m: float) -> None:
    """Written down a second time: where both glide to since their own last fixes, at what is left of their speed, and both once more."""
    hers = device(12.0, -7.0, ve=3.0, vn=-2.0, fix_ms=T0 - 4 * S, p11=9.0, p22=0.1, spread=0.1)
    his = device(-40.0, north_m, ve=-6.0, vn=-4.0, fix_ms=T0 - 10 * S, p11=16.0, p22=0.1, spread=0.1)
    (g4, f4), (g10, f10) = ((60.0 * (1 - math.exp(-t / 60.0)), math.exp(-t / 60.0)) for t in (4.0, 10.0))
    e0, n0 = offset_m(hers["lat"], hers["lon"], his["lat"], his["lon"])
    e, n = e0 - 6.0 * g10 - 3.0 * g4, n0 - 4.0 * g10 + 2.0 * g4
    we, wn = -6.0 * f10 - 3.0 * f4, -4.0 * f10 + 2.0 * f4
    ahead_s = 60.0 * (1 - math.exp(-3.0 / 60.0))
    sigma = near.rounded(math.sqrt(fl.variance_after(hers, 4.0) + fl.variance_after(his, 10.0)), 10.0)
    now, ahead = near.rounded(math.hypot(e, n), 10.0), near.rounded(math.hypot(e + we * ahead_s, n + wn * ahead_s), 10.0)
    odds = max(near.p_within(now, sigma, 500.0), near.p_within(ahead, sigma, 500.0))
    bearing = near.rounded(math.degrees(math.atan2(e, n)) % 360.0, 1.0) % 360.0
    expected = (now - 500.0, sigma, odds, near.p_within(now, sigma, 520.0), near.seconds_to_circle(e, n, we, wn, 500.0), bearing)
    assert near.see_perimeter(hers, his, 500.0, 20.0, T0) == (*expected, near.rounded(math.hypot(e0, n0), 10.0) - 500.0)


def test_odds_are_whole_hundredths() -> None:
    tables = zone_tables(ZoneKind.INCLUSION)
    for margin in range(-25, 26):
        odds = near.p_barred(tables.target[0], float(margin), 10.0, 0.0)
        assert odds == round(near.normal_below(-margin / 10.0), 2)
