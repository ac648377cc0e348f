"""The local plane agrees with the geodesic of pyproj.Geod, and never breaks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from geofence.geodesy import bearing_deg, distance_m, metres_per_degree, moved, offset_m, wrapped_deg

WGS84 = Geod(ellps="WGS84")
LATITUDES = [-85.0, -60.0, -40.0, -20.0, 0.0, 20.5888, 32.5, 45.0, 60.0, 70.0]
latitudes = st.floats(-85.0, 85.0)
longitudes = st.floats(-180.0, 179.999)
RANDOM_PAIRS = 50_000
offsets = st.floats(-20_000.0, 20_000.0)


def worst_error_m(lat_deg: float, lon_deg: float, length_m: float) -> float:
    worst = 0.0
    for azimuth in range(0, 360, 5):
        lon, lat, _ = WGS84.fwd(lon_deg, lat_deg, azimuth, length_m)
        worst = max(worst, abs(distance_m(lat_deg, lon_deg, lat, lon) - length_m))
    return worst


@pytest.mark.parametrize("lat_deg", LATITUDES)
@pytest.mark.parametrize(("length_m", "error_m_max"), [(50.0, 1e-8), (1_000.0, 1e-6), (5_000.0, 1e-5), (20_000.0, 5e-4)])
def test_a_distance_is_that_of_the_geodesic(lat_deg: float, length_m: float, error_m_max: float) -> None:
    assert worst_error_m(lat_deg, -100.3899, length_m) <= error_m_max


@pytest.mark.parametrize(("length_m_max", "error_m_max"), [(5_000.0, 1e-5), (20_000.0, 5e-4)])
def test_between_any_two_places(length_m_max: float, error_m_max: float) -> None:
    """Places, directions and lengths at random, from pole to pole but for the last 500 km: a hundredth of a millimetre over 5 km."""
    rng = np.random.default_rng(1)
    lat, lon = rng.uniform(-85.0, 85.0, RANDOM_PAIRS), rng.uniform(-180.0, 180.0, RANDOM_PAIRS)
    length_m = rng.uniform(0.0, length_m_max, RANDOM_PAIRS)
    there = WGS84.fwd(lon, lat, rng.uniform(0.0, 360.0, RANDOM_PAIRS), length_m)
    ends = zip(lat.tolist(), lon.tolist(), there[1].tolist(), there[0].tolist(), strict=True)
    assert np.abs(np.array([distance_m(*pair) for pair in ends]) - length_m).max() <= error_m_max


@pytest.mark.parametrize("lat_deg", LATITUDES)
def test_the_antimeridian_is_no_border(lat_deg: float) -> None:
    assert worst_error_m(lat_deg, 179.9999, 5_000.0) <= 1e-5
    assert worst_error_m(lat_deg, -179.9999, 5_000.0) <= 1e-5


@given(latitudes, longitudes, offsets, offsets)
def test_moved_is_the_inverse_of_offset(lat_deg: float, lon_deg: float, east_m: float, north_m: float) -> None:
    lat, lon = moved(lat_deg, lon_deg, east_m, north_m)
    assert -180.0 <= lon < 180.0
    assert offset_m(lat_deg, lon_deg, lat, lon) == pytest.approx((east_m, north_m), abs=1e-6)


@given(st.floats(-90.0, 90.0), st.floats(-180.0, 180.0), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_no_place_on_earth_breaks_it(lat_deg: float, lon_deg: float, east_m: float, north_m: float) -> None:
    lat, lon = moved(lat_deg, lon_deg, east_m, north_m)
    assert -90.0 <= lat <= 90.0
    assert -180.0 <= lon < 180.0
    assert math.isfinite(distance_m(lat_deg, lon_deg, lat, lon))
    assert min(metres_per_degree(lat_deg)) > 0.0


def test_at_a_pole_distances_along_a_meridian_still_hold() -> None:
    assert distance_m(90.0, 0.0, 89.99, 0.0) == pytest.approx(WGS84.inv(0.0, 90.0, 0.0, 89.99)[2], abs=1e-3)


@pytest.mark.parametrize(
    ("east_m", "north_m", "bearing"),
    [(0.0, 1.0, 0.0), (1.0, 0.0, 90.0), (0.0, -1.0, 180.0), (-1.0, 0.0, 270.0), (-1.0, 1.0, 315.0), (0.0, 0.0, 0.0), (-1e-30, 1.0, 0.0)],
)
def test_bearings_run_clockwise_from_north(east_m: float, north_m: float, bearing: float) -> None:
    assert bearing_deg(east_m, north_m) == pytest.approx(bearing)
    assert 0.0 <= bearing_deg(east_m, north_m) < 360.0


@pytest.mark.parametrize(("lon_deg", "wrapped"), [(0.0, 0.0), (180.0, -180.0), (190.0, -170.0), (-190.0, 170.0), (539.0, 179.0), (-180.0, -180.0)])
def test_longitudes_wrap(lon_deg: float, wrapped: float) -> None:
    assert wrapped_deg(lon_deg) == wrapped
