"""Zones as flat arrays of edges in a plane of their own; the one door to shapely.

`compile_zone` runs once, when an order is read: shapely checks the rings, joins overlapping polygons and widens
corridors. The compiled functions run on every ping. A zone's plane has fixed metres per degree at its reference
point, so "inside" is exact for the straight edges of the file, and a distance `s` metres north of the reference
point is off by about `s * tan(lat) / 6.4e6` of itself: 0.03 % at 5 km in Queretaro.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from geofence.geodesy import metres_per_degree, wrapped_deg
from geofence.jit import compiled
from geofence.terms import Circle, Corridor, Polygons, Position, Zone

VERTICES_MAX = 10_000  # a detailed municipal border has 2,000; every ping of its respondent walks all of them
LAT_DEG_MAX = 85.0  # nearer to a pole a zone's plane would mean little; nobody lives there
RADIUS_M_MAX = 50_000.0  # a circle as large as a metropolitan area; larger ones are polygons of a border
EXTENT_M_MAX = 500_000.0  # a large state; beyond it the plane is off by more than 2 % at 30 degrees
AREA_M2_MIN = 1.0  # less is a slip of the pen: no fix could ever be inside
ARC_SEGMENTS = 16  # per quarter circle of a corridor's ends: its edge is at most 0.12 % of the half width inside the true arc
SWEEP_STEP_RATIO = 1.0 / 64.0  # depth along a path is searched to 1/64 of its length: the path's own error is 10 % (policy)
TOUCH_M = 1e-6  # a path nearer to an edge may meet it: far above rounding (1e-9 m at 500 km), far below any margin
SWEEP_STEP_M_MIN = 0.05  # half of the 0.1 m to which margins are rounded


@dataclass(frozen=True, slots=True, eq=False)
class CompiledZone:
    """A zone as the kernel sees it.

    Shape: `edges` is float64 [n, 4], one x0, y0, x1, y1 a row for all rings, metres east and north of the reference
    point; n = 0 for a circle, whose `radius_m` is NaN otherwise. `size_m` is about half the inscribed size.
    """

    lat_deg: float
    lon_deg: float
    east_m_per_deg: float
    north_m_per_deg: float
    radius_m: float
    edges: Any
    size_m: float
    buffer_m: float


def compile_zone(zone: Zone) -> CompiledZone:
    """The arrays of one zone. Raises ValueError with one plain sentence, free of coordinates, for an impossible shape."""
    if not 0.0 <= zone.buffer_m <= RADIUS_M_MAX:
        raise ValueError(f"buffer_m must be between 0 and {RADIUS_M_MAX:.0f}")
    if isinstance(zone.shape, Circle):
        return _compile_circle(zone.shape, zone.buffer_m)
    if isinstance(zone.shape, Corridor):
        return _compile_corridor(zone.shape, zone.buffer_m)
    return _compile_polygons(zone.shape, zone.buffer_m)


def warm_up() -> None:
    """Compile what the first polygon needs, or load it from its cache: a third of a second, otherwise while others wait."""
    corners = (Position(45.0, 10.0), Position(45.0, 10.01), Position(45.01, 10.0), Position(45.0, 10.0))
    _compile_polygons(Polygons(((corners,),)), 0.0)


def _check_position(position: Position) -> None:
    lat, lon = position.lat_deg, position.lon_deg
    if not (math.isfinite(lat) and math.isfinite(lon)):
        raise ValueError("a coordinate is not a finite number")
    if abs(lat) > 90.0:
        hint = "; are latitude and longitude swapped? GeoJSON puts the longitude first" if abs(lon) <= 90.0 else ""
        raise ValueError(f"a latitude is outside -90 to 90{hint}")
    if abs(lon) > 180.0:
        raise ValueError("a longitude is outside -180 to 180; is it in degrees?")
    if abs(lat) > LAT_DEG_MAX:
        raise ValueError(f"a latitude is beyond {LAT_DEG_MAX:.0f}, too near to a pole")
    if lat == 0.0 and lon == 0.0:
        raise ValueError("latitude and longitude are both 0, which means that no place was given")


def _compile_circle(circle: Circle, buffer_m: float) -> CompiledZone:
    _check_position(circle.centre)
    if not 0.0 < circle.radius_m <= RADIUS_M_MAX:
        raise ValueError(f"radius_m must be more than 0 and at most {RADIUS_M_MAX:.0f}")
    lat, lon = circle.centre.lat_deg, circle.centre.lon_deg
    north, east = metres_per_degree(lat)
    return CompiledZone(lat, lon, east, north, circle.radius_m, np.empty((0, 4)), circle.radius_m, buffer_m)


def _compile_corridor(corridor: Corridor, buffer_m: float) -> CompiledZone:
    if not 0.0 < corridor.width_m <= 2.0 * RADIUS_M_MAX:
        raise ValueError(f"width_m must be more than 0 and at most {2 * RADIUS_M_MAX:.0f}")
    reference = _reference([corridor.line])
    if len(dict.fromkeys(corridor.line)) < 2:
        raise ValueError("a line needs at least two different points")
    area = shapely.LineString(_in_plane(corridor.line, reference)).buffer(corridor.width_m / 2.0, quad_segs=ARC_SEGMENTS)
    return _compiled_area(area, reference, buffer_m, size_m_max=corridor.width_m / 2.0)


def _compile_polygons(polygons: Polygons, buffer_m: float) -> CompiledZone:
    if not polygons.rings or not all(polygons.rings):
        raise ValueError("there is no ring")
    reference = _reference([ring for rings in polygons.rings for ring in rings])
    parts = [_polygon(rings, reference) for rings in polygons.rings]
    return _compiled_area(shapely.union_all(parts), reference, buffer_m, size_m_max=math.inf)


def _reference(lines: Sequence[Sequence[Position]]) -> Position:
    """The middle of the bounding box of all points: the origin of the zone's plane."""
    if sum(len(line) for line in lines) > VERTICES_MAX:
        raise ValueError(f"there are more than {VERTICES_MAX} points: simplify the shape")
    points = [position for line in lines for position in line]
    if not points:
        raise ValueError("there is no point")
    for position in points:
        _check_position(position)
    first = points[0].lon_deg
    east = [wrapped_deg(position.lon_deg - first) for position in points]
    lats = [position.lat_deg for position in points]
    lon = wrapped_deg(first + (min(east) + max(east)) / 2.0)
    return Position((min(lats) + max(lats)) / 2.0, lon)


def _in_plane(line: Sequence[Position], reference: Position) -> Any:
    """Points in metres east and north of the reference point. Shape: float64 [n, 2]."""
    north, east = metres_per_degree(reference.lat_deg)
    return np.array(
        [(wrapped_deg(p.lon_deg - reference.lon_deg) * east, (p.lat_deg - reference.lat_deg) * north) for p in line], dtype=np.float64
    )


def _polygon(rings: Sequence[Sequence[Position]], reference: Position) -> BaseGeometry:
    """One valid polygon of the plane: a shell and its holes."""
    if any(len(dict.fromkeys(ring)) < 3 for ring in rings):
        raise ValueError("a ring needs at least three different points")
    planes = [_in_plane(ring, reference) for ring in rings]
    polygon = shapely.Polygon(planes[0], planes[1:])
    if not polygon.is_valid and polygon.convex_hull.area >= AREA_M2_MIN:
        raise ValueError(_plain_fault(explain_validity(polygon)))
    if polygon.area < AREA_M2_MIN:
        raise ValueError("a polygon has no area")
    return polygon


def _plain_fault(explained: str) -> str:
    """shapely's explanation in plain words and without its coordinates."""
    fault = explained.partition("[")[0].strip()
    known = {
        "Self-intersection": "a ring crosses another ring or itself",
        "Ring Self-intersection": "a ring crosses itself",
        "Hole lies outside shell": "a hole lies outside its polygon",
        "Holes are nested": "a hole lies inside another hole",
        "Interior is disconnected": "its holes cut the polygon in pieces",
        "Duplicate Rings": "a ring appears twice",
    }
    return known.get(fault, f"not a valid polygon ({fault.lower()})")


def _compiled_area(area: BaseGeometry, reference: Position, buffer_m: float, *, size_m_max: float) -> CompiledZone:
    west, south, east, north = area.bounds
    if max(east - west, north - south) > EXTENT_M_MAX:
        raise ValueError(f"the shape is wider than {EXTENT_M_MAX / 1000:.0f} km")
    north_per_deg, east_per_deg = metres_per_degree(reference.lat_deg)
    size = min(math.sqrt(area.area / math.pi), size_m_max)
    edges = np.concatenate([_ring_edges(ring) for ring in _rings(area)])
    return CompiledZone(reference.lat_deg, reference.lon_deg, east_per_deg, north_per_deg, math.nan, edges, size, buffer_m)


def _rings(area: BaseGeometry) -> Iterable[BaseGeometry]:
    for polygon in shapely.get_parts(area):
        yield polygon.exterior
        yield from polygon.interiors


def _ring_edges(ring: BaseGeometry) -> Any:
    points = shapely.get_coordinates(ring)
    return np.ascontiguousarray(np.hstack([points[:-1], points[1:]]))


# --- What runs on every ping ------------------------------------------------------------------------------------


@compiled
def point_segment2(x: float, y: float, x0: float, y0: float, x1: float, y1: float) -> float:
    """Square of the distance from a point to a segment, square metres."""
    dx, dy = x1 - x0, y1 - y0
    length2 = dx * dx + dy * dy
    share = 0.0
    if length2 > 0.0:
        share = min(max(((x - x0) * dx + (y - y0) * dy) / length2, 0.0), 1.0)
    ex, ey = x - x0 - share * dx, y - y0 - share * dy
    return ex * ex + ey * ey


@compiled
def signed_distance_m(edges: Any, first: int, count: int, x: float, y: float) -> float:
    """Distance from (x, y) to the nearest edge of a zone, negative inside (even-odd over all its rings)."""
    inside = False
    least2 = math.inf
    for i in range(first, first + count):
        x0, y0, x1, y1 = edges[i, 0], edges[i, 1], edges[i, 2], edges[i, 3]
        least2 = min(least2, point_segment2(x, y, x0, y0, x1, y1))
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
            inside = not inside
    distance = math.sqrt(least2)
    return -distance if inside else distance


@compiled
def crossing_share(px: float, py: float, dx: float, dy: float, x0: float, y0: float, x1: float, y1: float) -> float:
    """Share of the path p + share * d at which it meets an edge, -1.0 if it does not (or runs along it)."""
    ex, ey = x1 - x0, y1 - y0
    across = dx * ey - dy * ex
    if across == 0.0:
        return -1.0
    ox, oy = x0 - px, y0 - py
    share = (ox * ey - oy * ex) / across
    along = (ox * dy - oy * dx) / across
    return share if 0.0 <= share <= 1.0 and 0.0 <= along <= 1.0 else -1.0


@compiled
def path_clearance_m(edges: Any, first: int, count: int, x0: float, y0: float, x1: float, y1: float) -> float:
    """Least distance between a path and the edges of a zone; 0 where it meets one."""
    dx, dy = x1 - x0, y1 - y0
    least2 = math.inf
    for i in range(first, first + count):
        ax, ay, bx, by = edges[i, 0], edges[i, 1], edges[i, 2], edges[i, 3]
        if crossing_share(x0, y0, dx, dy, ax, ay, bx, by) >= 0.0:
            return 0.0
        least2 = min(least2, point_segment2(ax, ay, x0, y0, x1, y1))
        least2 = min(least2, point_segment2(x0, y0, ax, ay, bx, by), point_segment2(x1, y1, ax, ay, bx, by))
    return math.sqrt(least2)


@compiled
def deepest_by_steps_m(edges: Any, first: int, count: int, x0: float, y0: float, x1: float, y1: float) -> float:
    """Least signed distance along a path, too large by at most one step.

    A signed distance falls by at most a metre a metre, so from a point at `f` nothing better than `best` can lie
    nearer than `f - best`: the search leaps there plus one step, and its steps are small only where it is deep.
    """
    length = math.hypot(x1 - x0, y1 - y0)
    step = max(SWEEP_STEP_M_MIN, SWEEP_STEP_RATIO * length)
    best = signed_distance_m(edges, first, count, x1, y1)
    s = 0.0
    while s < length:
        here = signed_distance_m(edges, first, count, x0 + (x1 - x0) * s / length, y0 + (y1 - y0) * s / length)
        best = min(best, here)
        s += here - best + step
    return best


@compiled
def deepest_between_crossings_m(edges: Any, first: int, count: int, x0: float, y0: float, x1: float, y1: float) -> float:
    """Least signed distance at the mid-points between consecutive crossings: finds slivers thinner than a step."""
    dx, dy = x1 - x0, y1 - y0
    best = math.inf
    share = 0.0
    while share < 1.0:
        following = 1.0
        for i in range(first, first + count):
            crossing = crossing_share(x0, y0, dx, dy, edges[i, 0], edges[i, 1], edges[i, 2], edges[i, 3])
            if share < crossing < following:
                following = crossing
        middle = 0.5 * (share + following)
        best = min(best, signed_distance_m(edges, first, count, x0 + dx * middle, y0 + dy * middle))
        share = following
    return best


@compiled
def swept_signed_distance_m(edges: Any, first: int, count: int, x0: float, y0: float, x1: float, y1: float) -> float:
    """Least signed distance along the straight path from (x0, y0) to (x1, y1).

    Negative whenever the path passes through the inside. Error: none while it stays outside; inside, at most
    max(0.05 m, 1/64 of the path) too shallow. 0 where it only touches an edge (within 1 micrometre).
    """
    start = signed_distance_m(edges, first, count, x0, y0)
    clearance = path_clearance_m(edges, first, count, x0, y0, x1, y1)
    if start > 0.0 and clearance > TOUCH_M:
        return clearance
    best = deepest_by_steps_m(edges, first, count, x0, y0, x1, y1)
    if best >= 0.0:
        best = min(best, deepest_between_crossings_m(edges, first, count, x0, y0, x1, y1))
    return min(best, 0.0)


@compiled
def circle_signed_distance_m(radius_m: float, x: float, y: float) -> float:
    """Distance from (x, y) to a circle around the origin, negative inside."""
    return math.hypot(x, y) - radius_m


@compiled
def circle_swept_signed_distance_m(radius_m: float, x0: float, y0: float, x1: float, y1: float) -> float:
    """Least signed distance from a circle around the origin along the straight path; exact."""
    return math.sqrt(point_segment2(0.0, 0.0, x0, y0, x1, y1)) - radius_m
