"""Whether a place is barred, and by how much: against shapely, in planes that pyproj projects and not in our own.

From degrees to the margin that decides: every kind of zone, as exclusion and as inclusion zone, with its buffer, on both
hemispheres and across the antimeridian; places at, just inside and just outside every boundary.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import shapely
from pyproj import Proj

from geofence.core import Core
from geofence.geodesy import wrapped_deg
from geofence.proximity import p_barred, place_in_zone, zone_margin_m
from geofence.terms import Circle, Corridor, Polygons, Position, Shape, Zone, ZoneId, ZoneKind
from tests.geofence.test_zone import star
from tests.pings import pair

PLACES = [(20.5888, -100.3899), (-33.45, -70.66), (0.01, 32.5), (-17.5, 179.9995), (59.9, 10.7)]
ZONES_EACH = 40
POINTS_EACH = 520  # x 5 places x 40 zones = 104,000 points, each judged as exclusion zone, as inclusion zone and by its buffer
SIZE_M_MAX = 2_000.0
BUFFER_M = 150.0


def plane_of(lat_deg: float, lon_deg: float) -> Proj:
    """An azimuthal equidistant plane about a place: true distances from its middle, 1e-7 of themselves wrong between two others."""
    return Proj(proj="aeqd", lat_0=lat_deg, lon_0=lon_deg, ellps="WGS84")


def positions(plane: Proj, ring: Any) -> tuple[Position, ...]:
    points = np.asarray(ring)
    lon, lat = plane(points[:, 0], points[:, 1], inverse=True)
    return tuple(Position(float(a), wrapped_deg(float(b))) for a, b in zip(lat, lon, strict=True))


def random_zone(rng: np.random.Generator, plane: Proj, kind: int) -> tuple[Shape, Any]:
    """A shape in degrees, and the same by shapely in the projected plane."""
    size = float(10.0 ** rng.uniform(1.7, math.log10(SIZE_M_MAX)))
    if kind == 0:
        return Circle(positions(plane, [(0.0, 0.0)])[0], size), shapely.Point(0.0, 0.0).buffer(size, quad_segs=720)
    if kind == 1:
        line = np.clip(rng.normal(0.0, size / 3.0, (int(rng.integers(2, 9)), 2)).cumsum(axis=0), -SIZE_M_MAX, SIZE_M_MAX)
        width = float(rng.uniform(10.0, size / 2))
        return Corridor(positions(plane, line), width), shapely.LineString(line).buffer(width / 2, quad_segs=16)
    shells = [star(rng, *rng.uniform(-size / 2, size / 2, 2), size, int(rng.integers(3, 30))) for _ in range(1 if kind == 2 else int(rng.integers(2, 4)))]
    holes = []
    hole = star(rng, *np.mean(shells[0], axis=0), size / 9, 7)
    if kind == 2 and shapely.Polygon(shells[0]).contains(shapely.Polygon(hole)):
        holes = [hole]
    area = shapely.union_all([shapely.Polygon(shell) for shell in shells]).difference(shapely.union_all([shapely.Polygon(h) for h in holes]))
    rings = tuple(tuple(positions(plane, ring) for ring in (shell, *(holes if n == 0 else ()))) for n, shell in enumerate(shells))
    return Polygons(rings), area


def points_about(rng: np.random.Generator, area: Any, offsets_m: tuple[float, ...]) -> Any:
    """Places anywhere, and the given distances inside and outside of boundary points, along random directions."""
    anywhere = rng.uniform(-1.6 * SIZE_M_MAX, 1.6 * SIZE_M_MAX, (POINTS_EACH // 4, 2))
    count = POINTS_EACH - len(anywhere)
    on = shapely.get_coordinates(shapely.line_interpolate_point(area.boundary, rng.uniform(0.0, area.boundary.length, count)))
    turn, away = rng.uniform(0.0, 2 * math.pi, count), rng.choice(offsets_m, count)
    return np.vstack([anywhere, on + (away * np.array([np.cos(turn), np.sin(turn)])).T])


def targets_of(shape: Shape) -> Any:
    """The kernel's rows of the shape as exclusion and as inclusion zone, and its edges."""
    zones = tuple(Zone(ZoneId(kind.word), kind, shape, BUFFER_M) for kind in (ZoneKind.EXCLUSION, ZoneKind.INCLUSION))
    return Core(pair(perimeter_m=0.0, zones=zones)).tables()


@pytest.mark.parametrize(("lat_deg", "lon_deg"), PLACES)
def test_every_zone_bars_what_shapely_says_in_a_projected_plane(lat_deg: float, lon_deg: float) -> None:
    rng = np.random.default_rng(round(1e4 * (lat_deg + 90)))
    plane = plane_of(lat_deg, lon_deg)
    judged = 0
    for n in range(ZONES_EACH):
        shape, area = random_zone(rng, plane, n % 4)
        tables = targets_of(shape)
        points = points_about(rng, area, (0.0, 0.2, 0.5, 2.0, 20.0, BUFFER_M - 2.0, BUFFER_M + 2.0))
        distance = shapely.distance(area.boundary, shapely.points(points)) * np.where(shapely.contains_xy(area, points), -1.0, 1.0)
        exclusion, inclusion = tables.target[0], tables.target[1]
        reach = np.hypot(points[:, 0], points[:, 1]) + np.abs(distance) + np.abs(area.bounds).max() / 2
        for (lat, lon), true, away in zip(positions(plane, points), distance, reach, strict=True):
            margin = zone_margin_m(exclusion, tables.edges, *place_in_zone(exclusion, lat, lon))
            # 0.05 m is the rounding; a plane of fixed metres per degree is off by s * tan(lat) / 6.4e6 of itself: 2 cm at 500 m in Querétaro
            allowed = 0.06 + away * away * abs(math.tan(math.radians(lat))) / 6.37e6 + 1e-7 * away
            assert margin == pytest.approx(true, abs=allowed)
            kept = zone_margin_m(inclusion, tables.edges, *place_in_zone(inclusion, lat, lon))
            assert kept == pytest.approx(-margin, abs=0.1001)
            if abs(true - BUFFER_M) > allowed:
                assert p_barred(exclusion, margin, 0.0, BUFFER_M) == float(true < BUFFER_M)
            if abs(true + BUFFER_M) > allowed:
                assert p_barred(inclusion, kept, 0.0, BUFFER_M) == float(true > -BUFFER_M)
            judged += 1
    assert judged == ZONES_EACH * POINTS_EACH
