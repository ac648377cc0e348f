"""The whole world moved and turned: her, him, and every kind of place that is barred to him or to be kept. Nothing changes beyond rounding."""

from __future__ import annotations

import math
import random
from collections import Counter
from typing import Any

import pytest
from pyproj import Geod

from geofence.state import TRANSITION
from geofence.terms import Circle, Corridor, Ping, Polygons, Position, Registry, Shape, Zone, ZoneId, ZoneKind
from tests.geofence.test_core_properties import run, walk
from tests.pings import HER, HIM, HOME, T0, at, pair, ping, said, started

WGS84 = Geod(ellps="WGS84")
SEEDS = range(1, 7)
ROUNDING_M = 3.0  # a zone's plane has fixed metres per degree: 2 m at 2.5 km on the polar circle, 0.4 m in Querétaro (geofence/zone.py)
HOLED = (((-900, -900), (-100, -900), (-100, -100), (-900, -100)), ((-600, -600), (-400, -600), (-400, -400), (-600, -400)))
WAY = ((-2_000.0, -2_400.0), (500.0, -700.0), (-850.0, -500.0), (-450.0, -500.0), (-500.0, 1_700.0), (1_300.0, 500.0), (1_900.0, 900.0), (2_900.0, 1_000.0))
TWO = (((1_200, 200), (1_900, 300), (1_500, 900)),), (((1_400, 500), (2_300, 700), (1_700, 1_300)),)


def moved_there(place: Position, degrees: float, origin: Position) -> Position:
    """The place as far from the origin, in that direction and turned, as it is from HOME: by geodesics, not by our own plane."""
    azimuth, _, away_m = WGS84.inv(HOME.lon_deg, HOME.lat_deg, place.lon_deg, place.lat_deg)
    lon, lat, _ = WGS84.fwd(origin.lon_deg, origin.lat_deg, azimuth + degrees, away_m)
    return Position(lat, lon)


def lived_there(pings: list[Ping], degrees: float, origin: Position) -> list[Ping]:
    """The same life elsewhere."""
    there = [moved_there(Position(one.lat_deg, one.lon_deg), degrees, origin) for one in pings]
    return [
        one._replace(lat_deg=place.lat_deg, lon_deg=place.lon_deg, course_deg=(one.course_deg + degrees) % 360.0)
        for one, place in zip(pings, there, strict=True)
    ]


def places(points: Any, degrees: float, origin: Position) -> tuple[Position, ...]:
    """Points in metres east and north of HOME, moved there."""
    return tuple(moved_there(Position(*at(x, y)), degrees, origin) for x, y in points)


def world(degrees: float = 0.0, origin: Position = HOME) -> Registry:
    """An order with her perimeter, a circle, a polygon with a hole, two that overlap, a way, and a place to be kept."""

    def polygons(*rings: Any) -> Polygons:
        return Polygons(tuple(tuple(places(ring, degrees, origin) for ring in one) for one in rings))

    shapes: list[tuple[str, ZoneKind, Shape]] = [
        ("circle", ZoneKind.EXCLUSION, Circle(places([(600.0, -700.0)], degrees, origin)[0], 250.0)),
        ("holed", ZoneKind.EXCLUSION, polygons(HOLED)),
        ("two", ZoneKind.EXCLUSION, polygons(*TWO)),
        ("way", ZoneKind.EXCLUSION, Corridor(places([(-2_000, 1_500), (-500, 1_100), (900, 1_900)], degrees, origin), 120.0)),
        ("kept", ZoneKind.INCLUSION, Circle(places([(0.0, 0.0)], degrees, origin)[0], 2_600.0)),
    ]
    return pair(zones=tuple(Zone(ZoneId(name), kind, shape, 150.0) for name, kind, shape in shapes))


def tour(seed: int) -> list[Ping]:
    """He drives through all of these places and out of the last, she wanders about; fixes every 15 s, some of them poor."""
    rng, points = random.Random(seed), [*WAY, WAY[-1]]
    pings, her, leg, along_m = [], (0.0, 0.0), 0, 0.0
    for seq in range(1, 10_000):
        at_ms = T0 + 15_000 * seq
        along_m += 15.0 * rng.uniform(5.0, 11.0)
        while leg < len(WAY) - 1 and along_m > math.dist(points[leg], points[leg + 1]):
            along_m -= math.dist(points[leg], points[leg + 1])
            leg += 1
        if leg == len(WAY) - 1:
            return pings
        share = along_m / math.dist(points[leg], points[leg + 1])
        his = tuple(a + share * (b - a) + rng.gauss(0.0, 6.0) for a, b in zip(points[leg], points[leg + 1], strict=True))
        her = (her[0] + rng.gauss(0.0, 15.0), her[1] + rng.gauss(0.0, 15.0))
        pings.append(ping(HER, at_ms, seq, *her, accuracy_m=rng.choice((6.0, 40.0))))
        pings.append(ping(HIM, at_ms + 400, seq, *his, accuracy_m=rng.choice((6.0, 12.0, 60.0)), speed_mps=8.0, course_deg=rng.uniform(0, 360)))
    raise AssertionError("he arrives")


def told(pings: list[Ping], degrees: float, origin: Position) -> Any:
    """Every transition of a life in the world moved to `origin` and turned: (what was said, the zone or -1, how far he was said to be)."""
    rows = run(started(world(degrees, origin)), lived_there(pings, degrees, origin))
    lines = [row for row in rows if row.kind == TRANSITION]
    return said(rows), [row.target for row in lines], [row.distance_m for row in lines]


@pytest.mark.parametrize("life", [walk, tour])
@pytest.mark.parametrize(
    ("degrees", "origin"),
    [
        (37.0, HOME), (90.0, HOME), (180.0, HOME), (301.0, HOME),
        (0.0, Position(0.0, 10.0)), (0.0, Position(-33.9, 151.2)), (0.0, Position(20.6, 179.9999)), (143.0, Position(-17.5, -179.9999)),
        (211.0, Position(67.0, 25.0)),
    ],
)  # fmt: skip
def test_the_same_life_among_the_same_places_is_told_the_same(life: Any, degrees: float, origin: Position) -> None:
    spoke: Counter[int] = Counter()
    for seed in SEEDS:
        here, there = told(life(seed), 0.0, HOME), told(life(seed), degrees, origin)
        assert there[:2] == here[:2]
        assert there[2] == pytest.approx(here[2], abs=ROUNDING_M, nan_ok=True)
        spoke.update(here[1])
    assert life is walk or {0, 1, 2, 3, 4, 5} <= set(spoke), "the perimeter and every zone had something to say"
