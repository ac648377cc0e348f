"""How people move: stays and journeys along the streets, written down as one exact path over time."""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from simulator.world import BLOCK_M, Point, Sky, route, sky_at

Floats = npt.NDArray[np.float64]


class Mode(Enum):
    """How one moves: usual speed, and how often a junction makes one stop."""

    STAY = "stay"
    WALK = "walk"
    BIKE = "bike"
    CAR = "car"


SPEED_MPS = {Mode.WALK: 1.4, Mode.BIKE: 4.5, Mode.CAR: 11.0}  # a brisk walk, a city bicycle, 40 km/h between lights
SPEED_SPREAD = {Mode.WALK: 0.15, Mode.BIKE: 0.2, Mode.CAR: 0.25}  # share of the speed that differs between people
STOP_CHANCE = {Mode.WALK: 0.05, Mode.BIKE: 0.08, Mode.CAR: 0.15}  # at each corner
STOP_S = (4.0, 30.0)  # a red light


@dataclass(frozen=True, slots=True)
class Leg:
    """A straight piece of a path, at one speed."""

    start_ms: int
    end_ms: int
    start: Point
    end: Point
    mode: Mode


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where somebody truly is at one moment."""

    point: Point
    speed_mps: float
    course_deg: float
    sky: Sky


class Itinerary:
    """The whole path of one person: where they truly are at any moment."""

    def __init__(self, legs: tuple[Leg, ...]) -> None:
        if not legs:
            raise ValueError("an itinerary needs at least one leg")
        self.legs = legs
        self._starts = [leg.start_ms for leg in legs]

    def at(self, at_ms: int) -> Whereabouts:
        """Before the first leg and after the last one the person stands still."""
        leg = self.legs[max(0, bisect_right(self._starts, at_ms) - 1)]
        duration_ms = leg.end_ms - leg.start_ms
        share = min(1.0, max(0.0, (at_ms - leg.start_ms) / duration_ms)) if duration_ms else 1.0
        dx, dy = leg.end[0] - leg.start[0], leg.end[1] - leg.start[1]
        point = (leg.start[0] + share * dx, leg.start[1] + share * dy)
        if leg.mode is Mode.STAY:
            return Whereabouts(point, 0.0, 0.0, Sky.INDOOR)
        moving = leg.start_ms <= at_ms < leg.end_ms and (dx or dy)
        speed_mps = math.hypot(dx, dy) * 1000.0 / duration_ms if moving and duration_ms else 0.0
        return Whereabouts(point, speed_mps, math.degrees(math.atan2(dx, dy)) % 360.0, sky_at(point))

    def points(self, at_ms: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
        """`at(...).point` of many moments at once, to the last bit: the truth of every second costs a fifth of a world otherwise."""
        times = np.array([(leg.start_ms, leg.end_ms) for leg in self.legs], dtype=np.int64)
        ends = np.array([(*leg.start, *leg.end) for leg in self.legs], dtype=np.float64)
        i = np.maximum(np.searchsorted(times[:, 0], at_ms, side="right") - 1, 0)
        start_ms, duration_ms = times[i, 0], times[i, 1] - times[i, 0]
        share = np.where(duration_ms > 0, np.clip((at_ms - start_ms) / np.maximum(duration_ms, 1), 0.0, 1.0), 1.0)
        x_m, y_m, to_x_m, to_y_m = ends[i].T
        return x_m + share * (to_x_m - x_m), y_m + share * (to_y_m - y_m)

    def accelerated(self, *, anchor_ms: int, speed: float) -> Itinerary:
        """The same path, passed `speed` times as fast from the anchor on."""

        def warp(at_ms: int) -> int:
            return anchor_ms + round((at_ms - anchor_ms) / speed)

        return Itinerary(tuple(Leg(warp(leg.start_ms), warp(leg.end_ms), leg.start, leg.end, leg.mode) for leg in self.legs))


class Path:
    """Builds an itinerary step by step; knows where the person is and what time it is."""

    def __init__(self, start_ms: int, point: Point, rng: random.Random) -> None:
        self.now_ms = start_ms
        self.point = point
        self._rng = rng
        self._legs: list[Leg] = []

    def stay(self, duration_ms: int) -> Path:
        """Remain indoors where one is."""
        return self._add(self.point, duration_ms, Mode.STAY)

    def wait(self, duration_ms: int) -> Path:
        """Stand in the street where one is."""
        return self._add(self.point, duration_ms, Mode.WALK)

    def stay_until(self, until_ms: int) -> Path:
        """Remain indoors until that moment, if it is still to come."""
        return self.stay(until_ms - self.now_ms) if until_ms > self.now_ms else self

    def straight(self, end: Point, speed_mps: float, mode: Mode = Mode.CAR) -> Path:
        """Go there in a straight line without a stop."""
        distance_m = math.hypot(end[0] - self.point[0], end[1] - self.point[1])
        return self._add(end, round(distance_m / speed_mps * 1000.0), mode)

    def go(self, end: Point, mode: Mode) -> Path:
        """Follow the streets there, block by block, stopping at some corners."""
        usual_mps = SPEED_MPS[mode] * self._rng.uniform(1 - SPEED_SPREAD[mode], 1 + SPEED_SPREAD[mode])
        for way_point in route(self.point, end, self._rng)[1:]:
            self._along_street(way_point, usual_mps, mode)
        return self

    def finish(self, until_ms: int) -> Itinerary:
        """Remain until the end of the story."""
        self.stay_until(until_ms)
        if not self._legs:
            self.stay(1)
        return Itinerary(tuple(self._legs))

    def _along_street(self, end: Point, usual_mps: float, mode: Mode) -> None:
        distance_m = math.hypot(end[0] - self.point[0], end[1] - self.point[1])
        blocks = max(1, math.ceil(distance_m / BLOCK_M))
        start = self.point
        for i in range(1, blocks + 1):
            share = i / blocks
            corner = (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))
            self.straight(corner, usual_mps * self._rng.uniform(0.85, 1.15), mode)
            if self._rng.random() < STOP_CHANCE[mode]:
                self._add(self.point, round(self._rng.uniform(*STOP_S) * 1000.0), mode)

    def _add(self, end: Point, duration_ms: int, mode: Mode) -> Path:
        if duration_ms > 0:
            self._legs.append(Leg(self.now_ms, self.now_ms + duration_ms, self.point, end, mode))
            self.now_ms += duration_ms
        self.point = end
        return self
