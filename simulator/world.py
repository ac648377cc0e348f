"""A synthetic Querétaro: a street grid on a plane, places on it, and what the sky looks like from each spot.

The plane is tangent at the origin: x metres east, y metres north. Positions leave this module as WGS-84 degrees.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

import numpy as np
import numpy.typing as npt

ORIGIN_LAT_DEG = 20.5888  # Plaza de Armas, Querétaro
ORIGIN_LON_DEG = -100.3899
BLOCK_M = 110.0  # a city block of the historic grid, street to street
CITY_RADIUS_M = 6_000.0  # where people have their homes: an hour on foot from the centre
CANYON_RADIUS_M = 450.0  # the old centre: narrow streets between tall fronts
URBAN_RADIUS_M = 3_000.0  # two-storey town around it

# WGS-84 radii of curvature at the origin: metres per radian along the meridian and along the parallel.
_A_M = 6_378_137.0
_E2 = 6.694379990141e-3
_SIN2 = math.sin(math.radians(ORIGIN_LAT_DEG)) ** 2
_M_PER_LAT_DEG = math.radians(_A_M * (1 - _E2) / (1 - _E2 * _SIN2) ** 1.5)
_M_PER_LON_DEG = math.radians(_A_M / math.sqrt(1 - _E2 * _SIN2) * math.cos(math.radians(ORIGIN_LAT_DEG)))

Point = tuple[float, float]  # x_m, y_m on the plane
Metres = TypeVar("Metres", float, npt.NDArray[np.float64])  # of one point, or of many at once


class Sky(Enum):
    """What a receiver sees above it."""

    OPEN = "open"
    URBAN = "urban"
    CANYON = "canyon"
    INDOOR = "indoor"


class PlaceKind(Enum):
    """What people do there."""

    HOME = "home"
    WORK = "work"
    SCHOOL = "school"
    SHOP = "shop"


@dataclass(frozen=True, slots=True)
class Place:
    """A building people stay in, at a street corner."""

    kind: PlaceKind
    at: Point


def to_degrees(point: tuple[Metres, Metres]) -> tuple[Metres, Metres]:
    """Latitude and longitude of a point of the plane, or of many."""
    x_m, y_m = point
    return ORIGIN_LAT_DEG + y_m / _M_PER_LAT_DEG, ORIGIN_LON_DEG + x_m / _M_PER_LON_DEG


def to_plane(lat_deg: float, lon_deg: float) -> Point:
    """The inverse of `to_degrees`."""
    return (lon_deg - ORIGIN_LON_DEG) * _M_PER_LON_DEG, (lat_deg - ORIGIN_LAT_DEG) * _M_PER_LAT_DEG


def sky_at(point: Point) -> Sky:
    """The sky over a street at that point."""
    from_centre_m = math.hypot(*point)
    if from_centre_m < CANYON_RADIUS_M:
        return Sky.CANYON
    return Sky.URBAN if from_centre_m < URBAN_RADIUS_M else Sky.OPEN


def corner(point: Point) -> Point:
    """The street corner nearest to a point."""
    return round(point[0] / BLOCK_M) * BLOCK_M, round(point[1] / BLOCK_M) * BLOCK_M


def random_place(rng: random.Random, kind: PlaceKind) -> Place:
    """A place somewhere in the city, more likely near the centre for work, school and shops."""
    radius_m = CITY_RADIUS_M * (rng.random() ** (0.5 if kind is PlaceKind.HOME else 0.8))
    return Place(kind, corner(offset((0.0, 0.0), radius_m, rng.uniform(0.0, 360.0))))


def offset(start: Point, distance_m: float, bearing_deg: float) -> Point:
    """The point that far away in that direction, degrees true."""
    angle = math.radians(bearing_deg)
    return start[0] + distance_m * math.sin(angle), start[1] + distance_m * math.cos(angle)


def route(start: Point, end: Point, rng: random.Random) -> list[Point]:
    """Way points along the streets from start to end, both included: one or two turns, never through a block."""
    if rng.random() < 0.5:
        middle = corner(((start[0] + end[0]) / 2, 0.0))[0]
        points = [start, (middle, start[1]), (middle, end[1]), end]
    else:
        middle = corner((0.0, (start[1] + end[1]) / 2))[1]
        points = [start, (start[0], middle), (end[0], middle), end]
    return [p for i, p in enumerate(points) if i == 0 or p != points[i - 1]]


def streets() -> dict[str, object]:
    """The street grid as GeoJSON, for a map without a tile server."""
    reach = int(CITY_RADIUS_M / BLOCK_M)
    lines = []
    for k in range(-reach, reach + 1):
        along, half = k * BLOCK_M, math.sqrt(max(0.0, CITY_RADIUS_M**2 - (k * BLOCK_M) ** 2))
        lines += [((along, -half), (along, half)), ((-half, along), (half, along))]
    drawn = [[[round(lon, 6), round(lat, 6)] for lat, lon in map(to_degrees, line)] for line in lines]
    return {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": {}, "geometry": {"type": "MultiLineString", "coordinates": drawn}}],
    }
