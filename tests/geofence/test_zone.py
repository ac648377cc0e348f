"""Zones agree with shapely, point by point and path by path; impossible shapes are refused in plain words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import shapely
from pyproj import Geod

from geofence.geodesy import metres_per_degree, moved
from geofence.terms import Circle, Corridor, Polygons, Position, Shape, Zone, ZoneId, ZoneKind
from geofence.zone import (
    VERTICES_MAX,
    CompiledZone,
    circle_signed_distance_m,
    circle_swept_signed_distance_m,
    compile_zone,
    signed_distance_m,
    swept_signed_distance_m,
)

HOME = Position(20.5888, -100.3899)
WGS84 = Geod(ellps="WGS84")
SHAPES = 260
POINTS_PER_SHAPE = 400  # 104,000 points in all
PATHS_PER_SHAPE = 20  # 5,200 paths


def compiled(shape: Shape, buffer_m: float = 0.0) -> CompiledZone:
    return compile_zone(Zone(ZoneId("z"), ZoneKind.EXCLUSION, shape, buffer_m))


def position(east_m: float, north_m: float, origin: Position = HOME) -> Position:
    return Position(*moved(origin.lat_deg, origin.lon_deg, east_m, north_m))


def star(rng: np.random.Generator, x: float, y: float, size_m: float, spikes: int) -> list[tuple[float, float]]:
    """A ring that never crosses itself: one random radius for each of `spikes` rising angles."""
    turns = (np.arange(spikes) + rng.uniform(0.05, 0.95, spikes)) * 2.0 * math.pi / spikes
    radii = size_m * rng.uniform(0.4, 1.0, spikes)
    return [(x + r * math.cos(t), y + r * math.sin(t)) for r, t in zip(radii, turns, strict=True)]


def random_shape(rng: np.random.Generator) -> Shape:
    """A polygon with up to two holes, several polygons that may overlap, or a corridor."""
    kind = rng.integers(3)
    size = 10.0 ** rng.uniform(1.3, 3.7)
    if kind == 2:
        steps = rng.normal(0.0, size / 3.0, (int(rng.integers(2, 12)), 2)).cumsum(axis=0)
        return Corridor(tuple(position(x, y) for x, y in steps), float(rng.uniform(5.0, size)))
    polygons = []
    for _ in range(1 if kind == 0 else int(rng.integers(2, 5))):
        x, y = rng.uniform(-size, size, 2)
        rings = [star(rng, x, y, size, int(rng.integers(3, 40)))]
        shell = shapely.Polygon(rings[0])
        for sign in (-1.0, 1.0):
            hole = star(rng, x + sign * size / 6.0, y, size / 8.0, int(rng.integers(3, 9)))
            if kind == 0 and shell.contains(shapely.Polygon(hole)):
                rings.append(hole)
        polygons.append(tuple(tuple(position(e, n) for e, n in ring) for ring in rings))
    return Polygons(tuple(polygons))


def oracle(shape: Shape, zone: CompiledZone) -> Any:
    """The same area built by shapely in the zone's plane, by another road than compile_zone's."""

    def plane(ring: tuple[Position, ...]) -> list[tuple[float, float]]:
        return [((p.lon_deg - zone.lon_deg) * zone.east_m_per_deg, (p.lat_deg - zone.lat_deg) * zone.north_m_per_deg) for p in ring]

    if isinstance(shape, Corridor):
        return shapely.LineString(plane(shape.line)).buffer(shape.width_m / 2.0, quad_segs=16)
    assert isinstance(shape, Polygons)
    area = shapely.Polygon()
    for shell, *holes in shape.rings:
        area = area.union(shapely.Polygon(plane(shell)).difference(shapely.union_all([shapely.Polygon(plane(h)) for h in holes])))
    return area


def points_about(rng: np.random.Generator, area: Any, count: int) -> Any:
    """Points anywhere, on the boundary, and just inside and outside of it (1 micrometre to 10 m)."""
    west, south, east, north = area.bounds
    margin = 0.3 * max(east - west, north - south)
    anywhere = rng.uniform((west - margin, south - margin), (east + margin, north + margin), (count // 2, 2))
    on = shapely.get_coordinates(shapely.line_interpolate_point(area.boundary, rng.uniform(0, area.boundary.length, count - count // 2)))
    turn = rng.uniform(0, 2 * math.pi, len(on))
    away = np.where(rng.random(len(on)) < 0.1, 0.0, 10.0 ** rng.uniform(-6, 1, len(on)))
    return np.vstack([anywhere, on + (away * np.array([np.cos(turn), np.sin(turn)])).T])


def cases() -> Any:
    rng = np.random.default_rng(20261123)
    for _ in range(SHAPES):
        shape = random_shape(rng)
        zone = compiled(shape)
        yield rng, zone, oracle(shape, zone)


def test_every_point_is_where_shapely_says() -> None:
    judged = 0
    for rng, zone, area in cases():
        points = points_about(rng, area, POINTS_PER_SHAPE)
        mine = np.array([signed_distance_m(zone.edges, 0, len(zone.edges), x, y) for x, y in points])
        edge = shapely.distance(area.boundary, shapely.points(points))
        inside = shapely.contains_xy(area, points)
        assert np.abs(np.abs(mine) - edge).max() < 1e-6
        clear = edge > 1e-7
        assert ((mine < 0.0) == inside)[clear].all()
        judged += len(points)
    assert judged >= 100_000


def test_every_path_is_as_deep_as_shapely_says() -> None:
    through = outside = 0
    for rng, zone, area in cases():
        ends = rng.permutation(points_about(rng, area, 2 * PATHS_PER_SHAPE))
        for x0, y0, x1, y1 in ends.reshape(-1, 4):
            mine = swept_signed_distance_m(zone.edges, 0, len(zone.edges), x0, y0, x1, y1)
            path = shapely.LineString([(x0, y0), (x1, y1)])
            if not path.intersects(area):
                assert mine == pytest.approx(path.distance(area), abs=1e-6)
                outside += 1
                continue
            samples = shapely.line_interpolate_point(path, np.linspace(0.0, 1.0, 301), normalized=True)
            depth = (shapely.distance(area.boundary, samples) * shapely.contains(area, samples)).max()
            if depth > 1e-6:
                assert mine < 0.0
                assert -mine <= depth + path.length / 600.0 + 1e-6
                assert -mine >= depth - max(0.05, path.length / 64.0)
                through += 1
    assert through > 500
    assert outside > 500


def test_a_wall_of_one_centimetre_is_not_stepped_over() -> None:
    wall = np.array([[0, -5e3, 0.01, -5e3], [0.01, -5e3, 0.01, 5e3], [0.01, 5e3, 0, 5e3], [0, 5e3, 0, -5e3]], dtype=np.float64)
    for k in range(200):
        assert swept_signed_distance_m(wall, 0, 4, -3_000.0 - 7.3 * k, 11.0, 5_000.0 + 3.1 * k, -40.0) < 0.0


def test_a_path_that_only_touches_a_corner_is_at_zero() -> None:
    zone = compiled(Polygons(((tuple(position(x, y) for x, y in ((0, 0), (100, 100), (200, 0))),),)))
    x, y = max(zone.edges[:, :2].tolist(), key=lambda point: point[1])
    assert swept_signed_distance_m(zone.edges, 0, 3, x - 500.0, y, x + 500.0, y) == 0.0


def test_a_path_of_no_length_is_its_point() -> None:
    zone = compiled(Polygons((((HOME, position(900, 0), position(0, 900)),),)))
    for x, y in ((-300.0, -300.0), (800.0, 1.0)):
        there = signed_distance_m(zone.edges, 0, 3, x, y)
        assert swept_signed_distance_m(zone.edges, 0, 3, x, y, x, y) == pytest.approx(there, abs=1e-9)


def test_zones_that_share_one_array_do_not_see_each_other() -> None:
    one = compiled(Polygons((((HOME, position(900, 0), position(0, 900)),),)))
    other = compiled(Corridor((HOME, position(5_000, 300)), 80.0))
    both = np.vstack([one.edges, other.edges])
    n, m = len(one.edges), len(other.edges)
    assert signed_distance_m(both, n, m, 33.0, 7.0) == signed_distance_m(other.edges, 0, m, 33.0, 7.0)
    assert signed_distance_m(both, 0, n, 33.0, 7.0) == signed_distance_m(one.edges, 0, n, 33.0, 7.0)
    assert swept_signed_distance_m(both, n, m, -9e3, 7.0, 9e3, 8.0) == swept_signed_distance_m(other.edges, 0, m, -9e3, 7.0, 9e3, 8.0)


def test_a_circle_stays_a_circle() -> None:
    zone = compiled(Circle(HOME, 300.0), buffer_m=200.0)
    assert (zone.lat_deg, zone.lon_deg) == (HOME.lat_deg, HOME.lon_deg)
    assert (zone.radius_m, zone.size_m, zone.buffer_m, len(zone.edges)) == (300.0, 300.0, 200.0, 0)
    assert circle_signed_distance_m(300.0, 300.0, 400.0) == 200.0
    assert circle_swept_signed_distance_m(300.0, -1e4, 100.0, 1e4, 100.0) == -200.0
    assert circle_swept_signed_distance_m(300.0, 400.0, 300.0, 400.0, 300.0) == 200.0
    assert circle_swept_signed_distance_m(300.0, 500.0, 0.0, 900.0, 0.0) == 200.0


@pytest.mark.parametrize(("radius_m", "error_m_max"), [(300.0, 0.01), (2_000.0, 0.1), (5_000.0, 0.5)])
def test_a_circle_on_the_ground_has_its_radius(radius_m: float, error_m_max: float) -> None:
    zone = compiled(Circle(HOME, radius_m))
    for azimuth in range(0, 360, 10):
        lon, lat, _ = WGS84.fwd(HOME.lon_deg, HOME.lat_deg, azimuth, radius_m)
        x, y = (lon - zone.lon_deg) * zone.east_m_per_deg, (lat - zone.lat_deg) * zone.north_m_per_deg
        assert abs(circle_signed_distance_m(radius_m, x, y)) < error_m_max


def test_a_corridor_is_half_its_width_on_each_side() -> None:
    zone = compiled(Corridor((HOME, position(3_000, 0), position(3_000, 3_000)), 200.0))
    at = {
        (e, n): signed_distance_m(
            zone.edges,
            0,
            len(zone.edges),
            (position(e, n).lon_deg - zone.lon_deg) * zone.east_m_per_deg,
            (position(e, n).lat_deg - zone.lat_deg) * zone.north_m_per_deg,
        )
        for e, n in ((1_500, 0), (1_500, 99), (1_500, -101), (2_901, 1_500), (3_101, 1_500), (-99, 0), (-101, 0))
    }
    assert list(at.values()) == pytest.approx([-100, -1, 1, -1, 1, -1, 1], abs=0.2)
    assert zone.size_m == 100.0
    assert math.isnan(zone.radius_m)


def test_a_zone_across_the_antimeridian_is_one_zone() -> None:
    ring = (Position(-17.0, 179.99), Position(-17.0, -179.99), Position(-16.98, -179.99), Position(-16.98, 179.99))
    zone = compiled(Polygons(((ring,),)))
    assert abs(zone.lon_deg) == pytest.approx(180.0)
    assert signed_distance_m(zone.edges, 0, len(zone.edges), 0.0, 0.0) == pytest.approx(-1_060, abs=60)


def test_overlapping_polygons_are_one_area() -> None:
    square = ((0, 0), (100, 0), (100, 100), (0, 100))
    rings = tuple((tuple(position(x + shift, y) for x, y in square),) for shift in (0, 50))
    zone = compiled(Polygons(rings))
    assert signed_distance_m(zone.edges, 0, len(zone.edges), 0.0, 0.0) == pytest.approx(-50.0, abs=0.1)  # the even-odd rule alone would call it outside
    assert zone.size_m == pytest.approx(math.sqrt(15_000 / math.pi), rel=1e-4)


def test_a_closed_ring_and_an_open_one_are_the_same() -> None:
    ring = (HOME, position(900, 0), position(0, 900))
    assert (compiled(Polygons(((ring,),))).edges == compiled(Polygons((((*ring, HOME),),))).edges).all()


TRIANGLE = (HOME, position(900, 0), position(0, 900))
BOW = (HOME, position(900, 900), position(900, 0), position(0, 900))
FAULTS: list[tuple[Shape, str]] = [
    (Circle(HOME, 0.0), "radius_m must be more than 0"),
    (Circle(HOME, math.nan), "radius_m must be"),
    (Circle(HOME, 50_001.0), "at most 50000"),
    (Circle(Position(math.nan, 0.0), 10.0), "not a finite number"),
    (Circle(Position(-100.4, 20.6), 10.0), "swapped"),
    (Circle(Position(20.6, -500.0), 10.0), "longitude is outside"),
    (Circle(Position(89.0, 0.0), 10.0), "near to a pole"),
    (Circle(Position(0.0, 0.0), 10.0), "no place was given"),
    (Polygons(()), "no ring"),
    (Polygons(((),)), "no ring"),
    (Polygons((((),),)), "no point"),
    (Polygons(((TRIANGLE[:2],),)), "three different points"),
    (Polygons((((HOME, HOME, HOME, HOME),),)), "three different points"),
    (Polygons((((HOME, position(100, 0), position(200, 0)),),)), "no area"),
    (Polygons(((BOW,),)), "crosses"),
    (Polygons(((TRIANGLE, (position(2e3, 2e3), position(2100, 2e3), position(2e3, 2100))),)), "hole lies outside"),
    (Polygons(((tuple(position(k, k % 7) for k in range(VERTICES_MAX + 1)),),)), "simplify"),
    (Polygons((((Position(19.0, -100.0), Position(24.0, -100.0), Position(24.0, -94.0)),),)), "wider than 500 km"),
    (Corridor((HOME, HOME), 10.0), "two different points"),
    (Corridor((HOME, position(10, 10)), 0.0), "width_m must be more than 0"),
    (Corridor((HOME, position(10, 10)), math.inf), "width_m must be"),
]


@pytest.mark.parametrize(("shape", "words"), FAULTS, ids=[words for _, words in FAULTS])
def test_an_impossible_shape_is_refused_without_showing_where(shape: Shape, words: str) -> None:
    with pytest.raises(ValueError, match=words) as fault:
        compiled(shape)
    assert "\n" not in str(fault.value)
    assert "100.3" not in str(fault.value)
    assert "20.5" not in str(fault.value)


@pytest.mark.parametrize("buffer_m", [-1.0, math.nan, math.inf, 50_001.0])
def test_an_impossible_buffer_is_refused(buffer_m: float) -> None:
    with pytest.raises(ValueError, match="buffer_m"):
        compiled(Circle(HOME, 10.0), buffer_m)


def test_the_plane_is_that_of_the_middle_of_the_zone() -> None:
    zone = compiled(Polygons(((TRIANGLE,),)))
    assert (zone.north_m_per_deg, zone.east_m_per_deg) == metres_per_degree(zone.lat_deg)
