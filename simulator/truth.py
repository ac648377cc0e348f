"""What really happened: positions every second, and the episodes in which he was where he must not be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from geofence.terms import Circle, OrderId, Position, Zone
from simulator.earth import distance_m
from simulator.people import Itinerary
from simulator.scenario import Pair, Scenario
from simulator.world import to_degrees

STEP_MS = 1_000
MERGE_MS = 60_000  # two visits less than a minute apart are one episode
PERIMETER = "perimeter"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Track:
    """True positions of one person, one row a second."""

    at_ms: npt.NDArray[np.int64]
    lat_deg: Floats
    lon_deg: Floats

    def at(self, moment_ms: int) -> Position:
        """Where the person was at the nearest second."""
        i = int(np.clip(round((moment_ms - int(self.at_ms[0])) / STEP_MS), 0, len(self.at_ms) - 1))
        return Position(float(self.lat_deg[i]), float(self.lon_deg[i]))


@dataclass(frozen=True, slots=True)
class Target:
    """One thing he must stay away from. `inside_m` is how deep he is: negative outside, its depth in metres inside."""

    name: str
    inside_m: Floats


@dataclass(frozen=True, slots=True)
class Episode:
    """One stay inside one target."""

    order: OrderId
    target: str
    from_ms: int
    until_ms: int
    depth_m: float

    @property
    def mandatory(self) -> bool:
        """Deep and long enough that no excuse holds; shallower ones are grey: neither a miss nor a false alarm."""
        return self.depth_m > 50.0 and self.until_ms - self.from_ms >= 20_000


@dataclass(frozen=True, slots=True)
class PairTruth:
    """All that is true of one order."""

    order: OrderId
    protected: Track
    respondent: Track
    distance_m: Floats
    targets: tuple[Target, ...]

    def episodes(self) -> list[Episode]:
        """Every stay inside any target, in order of time."""
        found = [episode for target in self.targets for episode in _stays(self, target)]
        return sorted(found, key=lambda episode: (episode.from_ms, episode.target))

    def nearest_m(self, from_ms: int, until_ms: int) -> float:
        """How near he came to being inside any target between two moments; negative when he was inside."""
        chosen = (self.protected.at_ms >= from_ms) & (self.protected.at_ms <= until_ms)
        return min((-float(target.inside_m[chosen].max()) for target in self.targets if chosen.any()), default=float("inf"))


def truth_of(pair: Pair, *, start_ms: int, end_ms: int) -> PairTruth:
    """Sample one pair's paths every second."""
    hers, his = (_sample(party.itinerary, start_ms, end_ms) for party in pair.parties())
    apart_m = distance_m(hers.lat_deg, hers.lon_deg, his.lat_deg, his.lon_deg)
    targets = [Target(PERIMETER, pair.order.perimeter_m - apart_m)] if pair.order.perimeter_m > 0 else []
    targets += [Target(zone.id, _inside_m(zone, his)) for zone in pair.order.zones]
    return PairTruth(pair.order.id, hers, his, apart_m, tuple(targets))


def truth(scenario: Scenario) -> dict[OrderId, PairTruth]:
    """The truth of every order of a scenario."""
    return {pair.order.id: truth_of(pair, start_ms=scenario.start_ms, end_ms=scenario.end_ms) for pair in scenario.pairs}


def write_truth(path: Path, world: dict[OrderId, PairTruth]) -> int:
    """Write every second of every order as a line of JSON, by order then time; gives the number of lines."""
    lines = 0
    with path.open("w", encoding="utf-8") as file:
        for pair in world.values():
            for row in _rows(pair):
                file.write(json.dumps(row, separators=(",", ":")) + "\n")
                lines += 1
    return lines


def _rows(pair: PairTruth) -> Iterator[dict[str, object]]:
    hers, his = pair.protected, pair.respondent
    for i, at_ms in enumerate(hers.at_ms.tolist()):
        yield {
            "at_ms": at_ms, "order": pair.order, "distance_m": round(float(pair.distance_m[i]), 2),
            "protected": [round(float(hers.lat_deg[i]), 7), round(float(hers.lon_deg[i]), 7)],
            "respondent": [round(float(his.lat_deg[i]), 7), round(float(his.lon_deg[i]), 7)],
            "inside": [target.name for target in pair.targets if target.inside_m[i] > 0.0],
        }  # fmt: skip


def _sample(itinerary: Itinerary, start_ms: int, end_ms: int) -> Track:
    moments = np.arange(start_ms, end_ms + 1, STEP_MS, dtype=np.int64)
    return Track(moments, *to_degrees(itinerary.points(moments)))


def _inside_m(zone: Zone, track: Track) -> Floats:
    if not isinstance(zone.shape, Circle):
        raise TypeError(f"zone {zone.id}: the simulator's truth knows circles only")
    centre = zone.shape.centre
    apart_m = distance_m(
        np.full_like(track.lat_deg, centre.lat_deg), np.full_like(track.lat_deg, centre.lon_deg), track.lat_deg, track.lon_deg
    )
    return np.asarray(zone.shape.radius_m - apart_m, dtype=np.float64)


def _stays(pair: PairTruth, target: Target) -> list[Episode]:
    at_ms, stays = pair.protected.at_ms, list[Episode]()
    for i in np.flatnonzero(target.inside_m > 0.0).tolist():
        now_ms, depth_m = int(at_ms[i]), float(target.inside_m[i])
        if stays and now_ms - stays[-1].until_ms < MERGE_MS:
            last = stays[-1]
            stays[-1] = Episode(pair.order, target.name, last.from_ms, now_ms, max(last.depth_m, depth_m))
        else:
            stays.append(Episode(pair.order, target.name, now_ms, now_ms, depth_m))
    return stays
