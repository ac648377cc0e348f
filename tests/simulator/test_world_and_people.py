"""Where things are and how people move."""

import itertools
import math
import random

import numpy as np
import pytest
from pyproj import Geod

from simulator.approach import Approach, Meeting, perform
from simulator.earth import distance_m
from simulator.people import SPEED_MPS, Itinerary, Leg, Mode, Path
from simulator.world import BLOCK_M, PlaceKind, Sky, corner, offset, random_place, route, sky_at, to_degrees, to_plane

GEOD = Geod(ellps="WGS84")


@pytest.mark.parametrize("apart_m", [1.0, 300.0, 5_000.0])
@pytest.mark.parametrize("bearing_deg", [0.0, 77.0, 190.0, 315.0])
def test_the_plane_keeps_distances_and_directions(apart_m: float, bearing_deg: float) -> None:
    lat1, lon1 = to_degrees((1_000.0, -2_000.0))
    lat2, lon2 = to_degrees(offset((1_000.0, -2_000.0), apart_m, bearing_deg))
    azimuth, _, geodesic_m = GEOD.inv(lon1, lat1, lon2, lat2)
    assert geodesic_m == pytest.approx(apart_m, rel=1e-3)
    assert math.cos(math.radians(azimuth - bearing_deg)) == pytest.approx(1.0, abs=1e-5)


def test_degrees_and_plane_are_inverse() -> None:
    assert to_plane(*to_degrees((1_234.5, -987.6))) == pytest.approx((1_234.5, -987.6), abs=1e-6)


@pytest.mark.parametrize("apart_m", [0.5, 300.0, 5_000.0])
def test_the_auditors_distance_is_the_geodesic(apart_m: float) -> None:
    lon2, lat2, _ = GEOD.fwd(-100.39, 20.59, 40.0, apart_m)
    assert float(distance_m(20.59, -100.39, lat2, lon2)) == pytest.approx(apart_m, abs=1e-3)


def test_routes_follow_the_streets() -> None:
    rng = random.Random(1)
    for _ in range(50):
        start, end = random_place(rng, PlaceKind.HOME).at, random_place(rng, PlaceKind.WORK).at
        points = route(start, end, rng)
        assert points[0] == start
        assert points[-1] == end
        assert all(a[0] == b[0] or a[1] == b[1] for a, b in itertools.pairwise(points))
        assert all(corner(p) == pytest.approx(p) for p in points)


def test_the_sky_opens_away_from_the_centre() -> None:
    assert [sky_at((x_m, 0.0)) for x_m in (100.0, 1_500.0, 5_000.0)] == [Sky.CANYON, Sky.URBAN, Sky.OPEN]


def test_a_path_has_no_holes_and_no_jumps() -> None:
    rng = random.Random(2)
    itinerary = (
        Path(0, (0.0, 0.0), rng).stay(60_000).go((1_100.0, 550.0), Mode.CAR).wait(30_000).go((0.0, 0.0), Mode.WALK).finish(7_200_000)
    )
    assert all(a.end_ms == b.start_ms and a.end == b.start for a, b in zip(itinerary.legs, itinerary.legs[1:], strict=False))
    steps = [itinerary.at(at_ms).point for at_ms in range(0, 7_200_000, 1_000)]
    fastest_mps = max(math.dist(a, b) for a, b in itertools.pairwise(steps))
    assert 5.0 < fastest_mps < 1.5 * SPEED_MPS[Mode.CAR]


def test_speed_and_course_are_those_of_the_leg() -> None:
    where = Itinerary((Leg(0, 100_000, (0.0, 0.0), (0.0, -1_000.0), Mode.CAR),)).at(50_000)
    assert (where.point, where.speed_mps, where.course_deg) == ((0.0, -500.0), 10.0, 180.0)


def test_people_stand_still_before_and_after_their_story() -> None:
    itinerary = Itinerary((Leg(1_000, 2_000, (0.0, 0.0), (BLOCK_M, 0.0), Mode.WALK),))
    assert (itinerary.at(0).point, itinerary.at(9_000).point, itinerary.at(9_000).speed_mps) == ((0.0, 0.0), (BLOCK_M, 0.0), 0.0)


def test_many_moments_at_once_are_the_same_places_to_the_last_bit() -> None:
    path = Path(1_000, (7.1, -3.3), random.Random(3)).stay(60_000).go((1_100.0, 550.0), Mode.CAR).wait(30_000).go((-220.0, 0.0), Mode.WALK)
    itinerary = path.finish(7_200_000)
    moments = np.arange(-5_000, 7_300_000, 997)
    x_m, y_m = itinerary.points(moments)
    assert list(zip(x_m.tolist(), y_m.tolist(), strict=True)) == [itinerary.at(int(at_ms)).point for at_ms in moments]


def test_people_in_a_hurry_take_the_same_way() -> None:
    itinerary = Itinerary((Leg(1_000, 101_000, (0.0, 0.0), (1_000.0, 0.0), Mode.WALK),))
    fast = itinerary.accelerated(anchor_ms=1_000, speed=4.0)
    assert fast.at(26_000).point == (1_000.0, 0.0)
    assert fast.at(13_500).speed_mps == 40.0


NEAREST_M = {  # how near he comes, at least and at most, with a perimeter of 500 m
    Approach.NONE: (2_900.0, 3_100.0), Approach.PARK_AND_WALK: (0.0, 20.0), Approach.DRIVE_TO_CONTACT: (0.0, 20.0),
    Approach.AVENUE: (0.0, 20.0), Approach.DRIVE_BY: (0.0, 300.0), Approach.DWELL_INSIDE: (0.0, 400.0), Approach.NEAR_MISS: (565.0, 765.0),
    Approach.SILENCED: (0.0, 20.0), Approach.SHE_WALKS_TO_HIM: (0.0, 20.0), Approach.BOTH_MOVE: (0.0, 20.0),
}  # fmt: skip


@pytest.mark.parametrize("kind", list(Approach))
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_approach_does_what_its_name_says(kind: Approach, seed: int) -> None:
    rng = random.Random(seed)
    she, he = Path(0, (0.0, 0.0), rng), Path(0, offset((0.0, 0.0), 3_000.0, rng.uniform(0.0, 360.0)), rng)
    perform(kind, Meeting(600_000, 500.0, she, he, rng))
    hers, his = she.finish(14_400_000), he.finish(14_400_000)
    nearest_m = min(math.dist(hers.at(t).point, his.at(t).point) for t in range(0, 14_400_000, 1_000))
    low_m, high_m = NEAREST_M[kind]
    assert low_m <= nearest_m <= high_m
