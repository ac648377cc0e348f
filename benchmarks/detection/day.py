"""Simulated days of one pair, second by second: routine, neighbours, scripted approaches. A world of its own, in metres.

Nothing here knows the detector. Units: metres on a plane, seconds since midnight.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

DAY_S = 86_400
CITY_M = 8_000.0  # half the side of the square in which people live and work: Querétaro and its suburbs
WALK_MPS, BIKE_MPS, CAR_MPS = 1.4, 4.5, 11.0
NEIGHBOURS = 0.3  # share of respondents who live or work just outside her perimeter
EVENTS_A_DAY = 4
SILENCED_FROM_M = (1_800.0, 3_500.0)
KINDS = ("walk_up", "drive_up", "drive_by", "dwell", "near_miss", "silenced")


@dataclass
class Track:
    """Where one person is: float[86400, 2], and whether at rest under a roof, as bool[86400]."""

    xy: Any
    indoors: Any


@dataclass
class Day:
    """One pair's day."""

    her: Track
    him: Track
    silenced: list[tuple[float, float]] = field(default_factory=list)  # his tracker is dead
    events: list[tuple[str, float]] = field(default_factory=list)


class _Path:
    """Waypoints in time; a leg follows the street grid."""

    def __init__(self, x: float, y: float) -> None:
        self.points = [(0.0, x, y)]
        self.rests: list[tuple[float, float]] = []

    @property
    def t(self) -> float:
        return self.points[-1][0]

    @property
    def place(self) -> tuple[float, float]:
        return self.points[-1][1], self.points[-1][2]

    def rest(self, until_s: float, indoors: bool = False) -> None:
        if until_s > self.t:
            if indoors:
                self.rests.append((self.t, until_s))
            self.points.append((until_s, *self.place))

    def go(self, x: float, y: float, mps: float, rng: Any) -> None:
        """One leg along x, then y (or the reverse); a car stops at some corners."""
        x0, y0 = self.place
        corner = (x, y0) if rng.random() < 0.5 else (x0, y)
        for px, py in (corner, (x, y)):
            way = abs(px - self.place[0]) + abs(py - self.place[1])
            pieces = max(1, int(way // 400)) if mps > BIKE_MPS else 1
            sx, sy = self.place
            for k in range(1, pieces + 1):
                speed = mps * rng.uniform(0.75, 1.2)
                qx, qy = sx + (px - sx) * k / pieces, sy + (py - sy) * k / pieces
                self.points.append((self.t + max(0.1, way / pieces / speed), qx, qy))
                if mps > BIKE_MPS and rng.random() < 0.4:
                    self.rest(self.t + rng.uniform(5, 40))

    def track(self) -> Track:
        t, x, y = np.array([p for p in self.points if p[0] < 2 * DAY_S]).T
        seconds = np.arange(DAY_S)
        indoors = np.zeros(DAY_S, bool)
        for first, last in self.rests:
            indoors[int(first) + 60 : int(min(last, DAY_S))] = True
        return Track(np.stack([np.interp(seconds, t, x), np.interp(seconds, t, y)], axis=1), indoors)


def _mode(rng: Any, way_m: float) -> float:
    return WALK_MPS if way_m < 900 else float(rng.choice((BIKE_MPS, CAR_MPS, CAR_MPS)))


def _travel(path: _Path, place: tuple[float, float], rng: Any) -> None:
    way = abs(place[0] - path.place[0]) + abs(place[1] - path.place[1])
    path.go(*place, _mode(rng, way), rng)


def _near(rng: Any, place: tuple[float, float], low_m: float, high_m: float) -> tuple[float, float]:
    angle, away = rng.uniform(0, 2 * np.pi), rng.uniform(low_m, high_m)
    return place[0] + away * np.cos(angle), place[1] + away * np.sin(angle)


def _routine(rng: Any, home: tuple[float, float], work: tuple[float, float]) -> list[tuple[float, tuple[float, float], bool]]:
    """(from when, where, under a roof) of an ordinary day."""
    shop = _near(rng, home, 200, 1_500)
    lunch = _near(rng, work, 100, 600)
    morning, noon, evening = rng.uniform(6.5, 9.0), rng.uniform(12.3, 13.5), rng.uniform(16.5, 18.5)
    stops = [(morning, work, True), (noon, lunch, True), (noon + 0.75, work, True), (evening, shop, True), (evening + 0.7, home, True)]
    if rng.random() < 0.4:
        stops += [(evening + 2.0, _near(rng, home, 300, 2_500), True), (evening + 3.5, home, True)]
    return [(hour * 3600 + rng.uniform(-300, 300), place, roof) for hour, place, roof in stops]


def _walk_routine(path: _Path, stops: list[tuple[float, tuple[float, float], bool]], until_s: float, rng: Any) -> None:
    """Live on until `until_s`, taking the stops whose time has come."""
    while stops and stops[0][0] < until_s:
        when, place, roof = stops.pop(0)
        path.rest(max(when, path.t), indoors=True)
        _travel(path, place, rng)
        if not roof:
            path.rest(path.t + 60)
    path.rest(until_s, indoors=True)


def her_day(rng: Any, home: tuple[float, float], work: tuple[float, float]) -> Track:
    path = _Path(*home)
    stops = _routine(rng, home, work)
    _walk_routine(path, stops, DAY_S, rng)
    return path.track()


class _Approaches:
    """Turns his day aside for scripted events."""

    def __init__(self, rng: Any, her: Track, radius_m: float) -> None:
        self.rng, self.her, self.radius_m = rng, her, radius_m
        self.day_events: list[tuple[str, float]] = []
        self.silenced: list[tuple[float, float]] = []

    def her_place(self, t: float) -> tuple[float, float]:
        x, y = self.her.xy[int(min(max(t, 0), DAY_S - 1))]
        return float(x), float(y)

    def meet(self, path: _Path, mps: float, offset_m: float, stay_s: float) -> None:
        """Go to her, wherever she is when he arrives, and stay at `offset_m` beside her."""
        for _ in range(3):  # she may walk on meanwhile
            x, y = self.her_place(path.t + self._way_s(path, mps))
            angle = self.rng.uniform(0, 2 * np.pi)
            path.go(x + offset_m * np.cos(angle), y + offset_m * np.sin(angle), mps, self.rng)
            x, y = self.her_place(path.t)
            if np.hypot(path.place[0] - x, path.place[1] - y) < offset_m + 30:
                break
        path.rest(path.t + stay_s)

    def _way_s(self, path: _Path, mps: float) -> float:
        x, y = self.her_place(path.t)
        return (abs(x - path.place[0]) + abs(y - path.place[1])) / mps

    def park(self, path: _Path, away_m: float) -> None:
        x, y = self.her_place(path.t + self._way_s(path, CAR_MPS))
        path.go(*_near(self.rng, (x, y), away_m, away_m * 1.3), CAR_MPS, self.rng)

    def run(self, kind: str, path: _Path) -> None:
        rng, began = self.rng, path.t
        if kind in ("walk_up", "silenced"):
            self.park(path, rng.uniform(450, 800) if kind == "walk_up" else rng.uniform(*SILENCED_FROM_M))
            path.rest(path.t + rng.uniform(60, 300))
            dead_from = path.t
            if kind == "silenced":
                self.park(path, rng.uniform(350, 600))
            self.meet(path, WALK_MPS, 5.0, rng.uniform(60, 300))
            if kind == "silenced":
                self.silenced.append((dead_from, path.t))
        elif kind == "drive_up":
            self.meet(path, CAR_MPS, 5.0, rng.uniform(60, 180))
        elif kind == "drive_by":
            self.meet(path, CAR_MPS, rng.uniform(0, 0.6 * self.radius_m), 0.0)
            path.go(*_near(rng, path.place, 2_000, 3_000), CAR_MPS, rng)
        elif kind == "dwell":
            self.meet(path, CAR_MPS, self.radius_m * rng.uniform(0.3, 0.8), rng.uniform(600, 2_400))
        else:
            self.meet(path, CAR_MPS, self.radius_m + rng.uniform(70, 260), rng.uniform(0, 600))
        self.day_events.append((kind, began))


def simulated_day(seed: int, radius_m: float) -> Day:
    """One pair's day; the same seed gives the same day."""
    rng = np.random.default_rng(seed)

    def corner() -> tuple[float, float]:
        return float(rng.uniform(-CITY_M, CITY_M)), float(rng.uniform(-CITY_M, CITY_M))

    her_home, her_work = corner(), corner()
    his_home, his_work = corner(), corner()
    if rng.random() < NEIGHBOURS:
        beside = _near(rng, her_home if rng.random() < 0.7 else her_work, radius_m + 90, radius_m + 500)
        his_home, his_work = (beside, his_work) if rng.random() < 0.7 else (his_home, beside)
    her = her_day(rng, her_home, her_work)
    events = _Approaches(rng, her, radius_m)
    path, stops = _Path(*his_home), _routine(rng, his_home, his_work)
    starts = np.sort(rng.uniform(8.5, 22.0, EVENTS_A_DAY)) * 3600
    for start in starts:
        if start < path.t:
            continue
        _walk_routine(path, stops, float(start), rng)
        back = path.place
        events.run(str(rng.choice(KINDS)), path)
        if path.t < DAY_S:
            _travel(path, back, rng)
    _walk_routine(path, stops, DAY_S, rng)
    return Day(her, path.track(), events.silenced, events.day_events)
