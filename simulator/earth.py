"""The simulator's own geometry, so that an error in the monitor's cannot hide: straight lines through the WGS-84 ellipsoid."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_A_M = 6_378_137.0
_E2 = 6.694379990141e-3

Floats = npt.NDArray[np.float64]


def distance_m(lat1_deg: npt.ArrayLike, lon1_deg: npt.ArrayLike, lat2_deg: npt.ArrayLike, lon2_deg: npt.ArrayLike) -> Floats:
    """Chord between points on the ellipsoid. Error: below 1 mm at 5 km, 1 cm at 20 km, against the geodesic."""
    return np.asarray(np.linalg.norm(_ecef_m(lat1_deg, lon1_deg) - _ecef_m(lat2_deg, lon2_deg), axis=0), dtype=np.float64)


def _ecef_m(lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike) -> Floats:
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    normal_m = _A_M / np.sqrt(1.0 - _E2 * np.sin(lat) ** 2)
    return np.array([normal_m * np.cos(lat) * np.cos(lon), normal_m * np.cos(lat) * np.sin(lon), normal_m * (1.0 - _E2) * np.sin(lat)])
