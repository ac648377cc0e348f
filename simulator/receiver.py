"""How wrong a position is: the error of satellite, Wi-Fi and cell fixes over time.

The satellite part is fitted to phones with a surveyed reference (docs/detection.md); the indoor, Wi-Fi and cell parts come from
the literature and judgement. Errors are correlated over minutes, so that waiting for a second fix buys little.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from simulator.people import Whereabouts
from simulator.world import Point, Sky, to_degrees

# Mixture of Gauss-Markov terms: correlation time in seconds and share of the variance; the last term is white.
TERMS = ((1800.0, 0.42), (60.0, 0.33), (10.0, 0.22), (0.0, 0.03))
SIGMA_M = {Sky.OPEN: 2.4, Sky.URBAN: 7.0, Sky.CANYON: 18.0, Sky.INDOOR: 20.0}  # per axis
MULTIPATH_PER_H = {Sky.OPEN: 0.0, Sky.URBAN: 0.4, Sky.CANYON: 2.0, Sky.INDOOR: 0.3}  # a front in the line of sight
MULTIPATH_S = (15.0, 60.0)
MULTIPATH_MEDIAN_M = 70.0
WIFI_BIAS_MEDIAN_M = 28.0  # every building has its own
WIFI_NOISE_M = 8.0
CELL_SCALE_M = 520.0  # Rayleigh, and it stays while the device stays on that cell
CELL_NOISE_M = 60.0
INDOOR_SOURCES = {"gps": 0.35, "wifi": 0.58, "lbs": 0.07}  # what a body-worn device falls back to
SOURCE_HOLD_S = 600.0  # a device stays on one source for about ten minutes
OPTIMISM = 0.85  # receivers claim less error than they have
ACCURACY_LOG_SD = 0.35
TIME_SLIP_CHANCE = 0.015  # a fix that carries the neighbouring second's time
RADIUS_68_PER_SIGMA = 1.515


@dataclass(frozen=True, slots=True)
class Fix:
    """What the receiver says, and (for the auditor alone) how wrong that is."""

    lat_deg: float
    lon_deg: float
    accuracy_m: float
    speed_mps: float | None
    course_deg: float | None
    source: str
    satellites: int | None
    slip_ms: int
    error_m: float


class Receiver:
    """One receiver: its error wanders as time passes."""

    def __init__(self, rng: random.Random, *, noise_ratio: float = 1.0) -> None:
        self._rng = rng
        self._noise_ratio = noise_ratio
        self._at_ms: int | None = None
        self._terms = [(rng.gauss(0.0, 1.0), rng.gauss(0.0, 1.0)) for _ in TERMS]  # unit variance
        self._multipath_until_ms = 0
        self._multipath: Point = (0.0, 0.0)
        self._source = "gps"
        self._source_until_ms = 0
        self._cell_bias: Point = (0.0, 0.0)
        self._wifi_bias: dict[Point, Point] = {}

    def solve(self, where: Whereabouts, at_ms: int) -> Fix:
        """A fix of that true place at that moment; moments must not go back."""
        elapsed_s = 0.0 if self._at_ms is None else (at_ms - self._at_ms) / 1000.0
        self._at_ms = at_ms
        self._wander(elapsed_s)
        self._excursion(where.sky, at_ms, elapsed_s)
        source = self._choose_source(where.sky, at_ms)
        if source == "wifi":
            return self._finish(where, source, self._wifi_error(where.point), WIFI_BIAS_MEDIAN_M)
        if source == "lbs":
            return self._finish(where, source, self._noisy(self._cell_bias, CELL_NOISE_M), CELL_SCALE_M)
        sigma_m = SIGMA_M[where.sky] * self._noise_ratio
        error = self._satellite_error(sigma_m)
        if at_ms < self._multipath_until_ms:
            error = (error[0] + self._multipath[0], error[1] + self._multipath[1])
        return self._finish(where, source, error, sigma_m)

    def _wander(self, elapsed_s: float) -> None:
        rng = self._rng
        for i, (tau_s, _share) in enumerate(TERMS):
            keep = math.exp(-elapsed_s / tau_s) if tau_s else 0.0
            fresh = math.sqrt(1.0 - keep * keep)
            x, y = self._terms[i]
            self._terms[i] = (keep * x + fresh * rng.gauss(0.0, 1.0), keep * y + fresh * rng.gauss(0.0, 1.0))

    def _satellite_error(self, sigma_m: float) -> Point:
        x = sum(math.sqrt(share) * term[0] for (_tau, share), term in zip(TERMS, self._terms, strict=True))
        y = sum(math.sqrt(share) * term[1] for (_tau, share), term in zip(TERMS, self._terms, strict=True))
        return sigma_m * x, sigma_m * y

    def _excursion(self, sky: Sky, at_ms: int, elapsed_s: float) -> None:
        chance = 1.0 - math.exp(-MULTIPATH_PER_H[sky] * self._noise_ratio * elapsed_s / 3600.0)
        if at_ms >= self._multipath_until_ms and self._rng.random() < chance:
            self._multipath_until_ms = at_ms + round(self._rng.uniform(*MULTIPATH_S) * 1000.0)
            size_m = MULTIPATH_MEDIAN_M * math.exp(self._rng.gauss(0.0, 0.5))
            angle = self._rng.uniform(0.0, math.tau)
            self._multipath = (size_m * math.cos(angle), size_m * math.sin(angle))

    def _choose_source(self, sky: Sky, at_ms: int) -> str:
        if sky is not Sky.INDOOR:
            self._source_until_ms = at_ms
            return "gps"
        if at_ms >= self._source_until_ms:
            self._source = self._rng.choices(list(INDOOR_SOURCES), list(INDOOR_SOURCES.values()))[0]
            self._cell_bias = self._round_error(CELL_SCALE_M)
            self._source_until_ms = at_ms + round(self._rng.expovariate(1.0 / SOURCE_HOLD_S) * 1000.0)
        return self._source

    def _wifi_error(self, point: Point) -> Point:
        bias = self._wifi_bias.get(point)
        if bias is None:
            bias = self._wifi_bias[point] = self._round_error(WIFI_BIAS_MEDIAN_M / math.sqrt(2 * math.log(2)))
        return self._noisy(bias, WIFI_NOISE_M)

    def _noisy(self, bias: Point, noise_m: float) -> Point:
        return bias[0] + self._rng.gauss(0.0, noise_m), bias[1] + self._rng.gauss(0.0, noise_m)

    def _round_error(self, scale_m: float) -> Point:
        return self._rng.gauss(0.0, scale_m * self._noise_ratio), self._rng.gauss(0.0, scale_m * self._noise_ratio)

    def _finish(self, where: Whereabouts, source: str, error: Point, sigma_m: float) -> Fix:
        rng = self._rng
        satellite = source == "gps"
        lat_deg, lon_deg = to_degrees((where.point[0] + error[0], where.point[1] + error[1]))
        accuracy_m = max(2.0, sigma_m * RADIUS_68_PER_SIGMA * OPTIMISM * math.exp(rng.gauss(0.0, ACCURACY_LOG_SD)))
        slips = satellite and rng.random() < TIME_SLIP_CHANCE
        return Fix(
            lat_deg=round(lat_deg, 7),
            lon_deg=round(lon_deg, 7),
            accuracy_m=round(accuracy_m, 1),
            speed_mps=round(max(0.0, where.speed_mps + rng.gauss(0.0, 0.4)), 1) if satellite else None,
            course_deg=round((where.course_deg + rng.gauss(0.0, 6.0)) % 360.0, 1) % 360.0 if satellite and where.speed_mps > 1.0 else None,
            source=source,
            satellites=rng.randint(5, 12) if satellite else None,
            slip_ms=rng.choice((-1000, 1000)) if slips else 0,
            error_m=math.hypot(*error),
        )
