"""What a worn receiver makes of the truth, second by second: correlated errors, roofs, multipath, cells, dead networks.

The mixture is fitted to surveyed phones; roofs, Wi-Fi, cells and outages come from literature (docs/detection.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.detection.day import DAY_S, Track
from geofence.jit import compiled

TERMS = ((1_800.0, 0.42), (60.0, 0.33), (10.0, 0.22), (0.0, 0.03))  # correlation time s, share of the variance
SIGMA_M = {"open": 2.4, "urban": 7.0, "canyon": 18.0, "indoors": 20.0}  # per axis
BLOCK_S = 300  # the surroundings change every five minutes
MULTIPATH_A_DAY, MULTIPATH_M = 6, 70.0
WIFI_SHARE, CELL_SHARE = 0.6, 0.02  # of the time under a roof
WIFI_BIAS_M, CELL_M = 28.0, 520.0
SLIPS = 0.015  # fixes that carry the place of a second ago
OUTAGES_PER_H, OUTAGE_S = 0.35, (60.0, 480.0)
SENSOR_S, SHAKES = 30, 1e-3
GPS, WIFI, CELL = 0, 1, 2


@dataclass
class Receiver:
    """One device's day. Shapes: xy float[86400, 2] as measured; the rest [86400]."""

    xy: Any
    accuracy_m: Any
    source: Any
    speed_mps: Any
    course_deg: Any
    moving: Any  # the motion sensor, over the last half minute
    outages: list[tuple[float, float]]


@compiled
def remember(white: Any, a: float) -> None:
    """Turn white noise into a process that keeps the share `a` of itself each second; in place."""
    for t in range(1, white.shape[0]):
        for axis in range(2):
            white[t, axis] = a * white[t - 1, axis] + math.sqrt(1.0 - a * a) * white[t, axis]


def _markov(rng: Any, tau_s: float) -> Any:
    """A Gauss-Markov process of unit variance, both axes: float[86400, 2]."""
    white = rng.standard_normal((DAY_S, 2))
    if tau_s <= 0:
        return white
    remember(white, math.exp(-1.0 / tau_s))
    return white


def _sigma(rng: Any, track: Track) -> Any:
    """Standard error per axis, by surroundings."""
    kinds = rng.choice(("open", "urban", "canyon"), DAY_S // BLOCK_S, p=(0.35, 0.5, 0.15))
    sigma = np.repeat([SIGMA_M[k] for k in kinds], BLOCK_S)
    return np.where(track.indoors, SIGMA_M["indoors"], sigma)


def _multipath(rng: Any) -> Any:
    away = np.zeros((DAY_S, 2))
    for start in rng.integers(0, DAY_S - 100, rng.poisson(MULTIPATH_A_DAY)):
        angle, size = rng.uniform(0, 2 * np.pi), MULTIPATH_M * rng.lognormal(0, 0.5)
        away[start : start + rng.integers(15, 60)] = size * np.array([np.cos(angle), np.sin(angle)])
    return away


def _wifi(rng: Any, track: Track, measured: Any, sigma: Any, source: Any) -> None:
    """Under a roof a block of time is on Wi-Fi (a bias that belongs to the place), sometimes on the cell."""
    place = np.round(track.xy / 50.0)
    names, index = np.unique(place, axis=0, return_inverse=True)
    bias = rng.standard_normal((len(names), 2)) * WIFI_BIAS_M / 1.18
    for first in range(0, DAY_S, BLOCK_S):
        piece = slice(first, first + BLOCK_S)
        roof = track.indoors[piece]
        chance = rng.random()
        if chance < CELL_SHARE:
            measured[piece][roof] = (track.xy[piece] + rng.standard_normal((1, 2)) * CELL_M / 1.25)[roof]
            sigma[piece][roof], source[piece][roof] = CELL_M / 1.25, CELL
        elif chance < CELL_SHARE + WIFI_SHARE:
            measured[piece][roof] = (track.xy[piece] + bias[index.reshape(-1)[piece]] + rng.standard_normal((BLOCK_S, 2)) * 4.0)[roof]
            sigma[piece][roof], source[piece][roof] = WIFI_BIAS_M, WIFI


def _shaken(rng: Any, speed_mps: Any) -> Any:
    """The motion sensor: true while, and half a minute after, the body moves; a body at rest shakes it now and then."""
    moved = (speed_mps > 0.2) | (rng.random(DAY_S) < SHAKES)
    counted = np.cumsum(moved)
    return counted - np.concatenate((np.zeros(SENSOR_S), counted[:-SENSOR_S])) > 0


def doppler(rng: Any, xy: Any) -> tuple[Any, Any, Any]:
    """True speed, and speed and course as a receiver reports them, of places one second apart; no course at rest."""
    step = np.gradient(xy, axis=0)
    speed, size = np.hypot(step[:, 0], step[:, 1]), len(xy)
    said = np.where(speed < 0.05, np.abs(rng.normal(0, 0.1, size)), np.maximum(0.0, speed + rng.normal(0, 0.4, size)))
    course = (np.degrees(np.arctan2(step[:, 0], step[:, 1])) + rng.normal(0, 6, size)) % 360
    return speed, said, np.where(speed > 0.3, course, np.nan)


def receive(rng: Any, track: Track, noise: float = 1.0) -> Receiver:
    """The day of one person as her or his device measures it; `noise` scales every error."""
    sigma = _sigma(rng, track)
    error = sum(np.sqrt(share) * _markov(rng, tau) for tau, share in TERMS) * sigma[:, None]
    error += _multipath(rng)
    measured, source = track.xy + error, np.full(DAY_S, GPS)
    _wifi(rng, track, measured, sigma, source)
    measured = track.xy + (measured - track.xy) * noise
    slipped = np.flatnonzero(rng.random(DAY_S - 1) < SLIPS) + 1
    measured[slipped] = measured[slipped - 1]
    claimed = np.maximum(3.0, sigma * noise * 1.515 * 0.85 * rng.lognormal(0, 0.35, DAY_S))
    speed, said, course = doppler(rng, track.xy)
    said, course = np.where(source == GPS, said, np.nan), np.where(source == GPS, course, np.nan)
    outages = [(t, t + rng.uniform(*OUTAGE_S)) for t in rng.uniform(0, DAY_S, rng.poisson(OUTAGES_PER_H * 24))]
    return Receiver(measured, claimed, source, said, course, _shaken(rng, speed), sorted(outages))
