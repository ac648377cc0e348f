"""WGS-84 degrees to metres and back, in a plane laid at the mid-latitude of two points.

The plane is Gauss's mid-latitude one with the sphere's terms of third order (Delambre's equations, expanded). Error of `distance_m`
against the geodesic (pyproj.Geod, latitudes up to 85 degrees): 0.003 mm at 5 km, 0.2 mm at 20 km. Within a few kilometres of a pole
the plane means little; the functions stay finite there. Longitudes are wrapped at the antimeridian. Scalar maths only: numba compiles it.
"""

from __future__ import annotations

import math

from geofence.jit import compiled

SEMI_MAJOR_M = 6_378_137.0  # WGS-84 a
FLATTENING = 1.0 / 298.257223563  # WGS-84 f
ECCENTRICITY2 = FLATTENING * (2.0 - FLATTENING)
RAD_PER_DEG = math.pi / 180.0
COS_LAT_MIN = 1e-6  # within 6 m of a pole a degree of longitude is held at 0.11 m, so that nothing divides by zero
TURN2_MAX = 0.1  # (18 degrees of longitude)^2, for a plane that is to stay one: 5 km are that much within 16 km of a pole [G]
STRAIGHT_M = 200.0  # over this the terms of third order make less than 0.5 micrometres up to 85 degrees [G]
MOVE_STEPS = 5  # fixed-point steps of `moved` beyond it; each shrinks the error by 1e-3 at 20 km and 60 degrees, 1e-2 at 85
BESIDE_RAD_MAX = 0.002  # a sine this far from a known one (25 km, half of that) is right to 1e-12 by three terms [G]


@compiled
def sine_cosine(lat_deg: float) -> tuple[float, float]:
    """Of a latitude. A root costs a third of a second call of the mathematical library."""
    sine = math.sin(lat_deg * RAD_PER_DEG)
    return sine, math.sqrt(max(1.0 - sine * sine, 0.0))


@compiled
def radii_m(sine: float, cosine: float) -> tuple[float, float]:
    """(north_m, east_m): metres in a radian of latitude and of longitude, from the radii of curvature M and N."""
    w = 1.0 / math.sqrt(1.0 - ECCENTRICITY2 * sine * sine)
    normal = SEMI_MAJOR_M * w
    return normal * (1.0 - ECCENTRICITY2) * w * w, normal * max(cosine, COS_LAT_MIN)


@compiled
def metres_per_degree(lat_deg: float) -> tuple[float, float]:
    """(north_m, east_m): metres in one degree of latitude and of longitude."""
    sine, cosine = sine_cosine(lat_deg)
    north_m, east_m = radii_m(sine, cosine)
    return north_m * RAD_PER_DEG, east_m * RAD_PER_DEG


@compiled
def wrapped_deg(lon_deg: float) -> float:
    """The same longitude (or difference of longitudes) in [-180, 180)."""
    if -180.0 <= lon_deg < 180.0:
        return lon_deg
    return lon_deg - 360.0 * math.floor((lon_deg + 180.0) / 360.0)


@compiled
def third_order(sine: float, climb: float, turn: float) -> tuple[float, float]:
    """(north, east): by what factors the sphere lengthens the sides of a plane at its middle; both differences in radians."""
    sine2, climb2, turn2 = sine * sine, climb * climb, min(turn * turn, TURN2_MAX)
    return 1.0 - turn2 * (2.0 + sine2) / 24.0, 1.0 + (climb2 - turn2 * sine2) / 24.0


@compiled
def offset_m(lat_a_deg: float, lon_a_deg: float, lat_b_deg: float, lon_b_deg: float) -> tuple[float, float]:
    """(east_m, north_m) from a to b."""
    sine, cosine = sine_cosine(0.5 * (lat_a_deg + lat_b_deg))
    north_m, east_m = radii_m(sine, cosine)
    climb, turn = (lat_b_deg - lat_a_deg) * RAD_PER_DEG, wrapped_deg(lon_b_deg - lon_a_deg) * RAD_PER_DEG
    longer_north, longer_east = third_order(sine, climb, turn)
    return turn * east_m * longer_east, climb * north_m * longer_north


@compiled
def distance_m(lat_a_deg: float, lon_a_deg: float, lat_b_deg: float, lon_b_deg: float) -> float:
    """Metres between a and b."""
    east_m, north_m = offset_m(lat_a_deg, lon_a_deg, lat_b_deg, lon_b_deg)
    return math.hypot(east_m, north_m)


@compiled
def sine_cosine_beside(lat_deg: float, sine: float, cosine: float, by: float) -> tuple[float, float]:
    """`sine_cosine`, `by` radians north of a latitude of which they are known."""
    if abs(by) > BESIDE_RAD_MAX:
        return sine_cosine(lat_deg + by / RAD_PER_DEG)
    even, odd = 1.0 - 0.5 * by * by, by * (1.0 - by * by / 6.0)
    return sine * even + cosine * odd, cosine * even - sine * odd


@compiled
def moved(lat_deg: float, lon_deg: float, east_m: float, north_m: float) -> tuple[float, float]:
    """(lat_deg, lon_deg) of the point that `offset_m` sees at (east_m, north_m); within 1 micrometre up to 20 km."""
    sine, cosine = sine_cosine(lat_deg)
    north_per_rad, east_per_rad = radii_m(sine, cosine)
    climb, turn = north_m / north_per_rad, 0.0
    for _ in range(1 if abs(east_m) + abs(north_m) <= STRAIGHT_M else MOVE_STEPS):
        sine_there, cosine_there = sine_cosine_beside(lat_deg, sine, cosine, 0.5 * climb)
        north_per_rad, east_per_rad = radii_m(sine_there, cosine_there)
        longer_north, longer_east = third_order(sine_there, climb, turn)
        climb, turn = north_m / (north_per_rad * longer_north), east_m / (east_per_rad * longer_east)
        climb = min(max(climb, (-90.0 - lat_deg) * RAD_PER_DEG), (90.0 - lat_deg) * RAD_PER_DEG)
    return min(max(lat_deg + climb / RAD_PER_DEG, -90.0), 90.0), wrapped_deg(lon_deg + turn / RAD_PER_DEG)


@compiled
def bearing_deg(east_m: float, north_m: float) -> float:
    """Degrees true in [0, 360) of the direction (east, north); 0 for no direction at all."""
    bearing = math.atan2(east_m, north_m) / RAD_PER_DEG
    if bearing < 0.0:
        bearing += 360.0
    return bearing if bearing < 360.0 else 0.0
