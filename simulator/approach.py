"""The ways he comes near her: each kind writes both parties' paths around one moment."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from simulator.people import Mode, Path
from simulator.world import Point, corner, offset


class Approach(Enum):
    """What is scripted to happen."""

    NONE = "none"
    PARK_AND_WALK = "park_and_walk"
    DRIVE_TO_CONTACT = "drive_to_contact"
    AVENUE = "avenue"
    DRIVE_BY = "drive_by"
    DWELL_INSIDE = "dwell_inside"
    NEAR_MISS = "near_miss"
    SILENCED = "silenced"
    SHE_WALKS_TO_HIM = "she_walks_to_him"
    BOTH_MOVE = "both_move"


CONTACT_STAY_MS = 240_000  # how long he stays at her door
AVENUE_MPS = 15.0  # 54 km/h, green lights all the way
CLEARANCE_M = 15.0  # people who meet do not stand on one point


@dataclass(frozen=True, slots=True)
class Meeting:
    """One scripted event: when it starts, how large the perimeter is, and the two paths so far."""

    at_ms: int
    perimeter_m: float
    she: Path
    he: Path
    rng: random.Random

    def both_wait(self) -> None:
        """Bring both to the moment the script starts."""
        self.she.stay_until(self.at_ms)
        self.he.stay_until(self.at_ms)

    def beside_her(self) -> Point:
        """Her door."""
        return self.she.point[0] + CLEARANCE_M, self.she.point[1]

    def away(self, distance_m: float) -> Point:
        """A point at that distance from her, in the direction he comes from."""
        bearing_deg = math.degrees(math.atan2(self.he.point[0] - self.she.point[0], self.he.point[1] - self.she.point[1]))
        return offset(self.she.point, distance_m, bearing_deg)


def perform(kind: Approach, meeting: Meeting) -> None:
    """Write the event into both paths; afterwards he goes home again."""
    if kind is Approach.NONE:
        return
    meeting.both_wait()
    home = meeting.he.point
    _SCRIPTS[kind](meeting)
    meeting.he.go(home, Mode.CAR)


def _park_and_walk(m: Meeting) -> None:
    m.he.go(m.away(m.perimeter_m + m.rng.uniform(100.0, 400.0)), Mode.CAR).wait(60_000)
    m.he.go(m.beside_her(), Mode.WALK).wait(CONTACT_STAY_MS)


def _drive_to_contact(m: Meeting) -> None:
    m.he.go(m.beside_her(), Mode.CAR).wait(CONTACT_STAY_MS)


def _avenue(m: Meeting) -> None:
    m.he.straight(m.beside_her(), AVENUE_MPS).wait(CONTACT_STAY_MS)


def _drive_by(m: Meeting) -> None:
    near = m.away(m.rng.uniform(0.2, 0.5) * m.perimeter_m)
    past = (2 * m.she.point[0] - m.he.point[0], 2 * m.she.point[1] - m.he.point[1])
    m.he.go(near, Mode.CAR).go(past, Mode.CAR)


def _dwell_inside(m: Meeting) -> None:
    m.he.go(m.away(m.rng.uniform(0.3, 0.7) * m.perimeter_m), Mode.CAR).stay(m.rng.randrange(600_000, 1_800_000))


def _near_miss(m: Meeting) -> None:
    m.he.straight(m.away(m.perimeter_m + m.rng.uniform(70.0, 260.0)), 9.0).wait(m.rng.randrange(120_000, 600_000))


def _she_walks_to_him(m: Meeting) -> None:
    home = m.she.point
    m.she.go((m.he.point[0] + CLEARANCE_M, m.he.point[1]), Mode.WALK).wait(CONTACT_STAY_MS).go(home, Mode.WALK)
    m.he.stay_until(m.she.now_ms)


def _both_move(m: Meeting) -> None:
    home = m.she.point
    middle = corner(((m.she.point[0] + m.he.point[0]) / 2, (m.she.point[1] + m.he.point[1]) / 2))
    m.she.go(middle, m.rng.choice((Mode.WALK, Mode.BIKE, Mode.CAR)))
    m.he.go((middle[0] + CLEARANCE_M, middle[1]), Mode.CAR)
    until_ms = max(m.she.now_ms, m.he.now_ms) + CONTACT_STAY_MS
    m.she.stay_until(until_ms).go(home, Mode.WALK)
    m.he.stay_until(until_ms)


_SCRIPTS: dict[Approach, Callable[[Meeting], None]] = {
    Approach.PARK_AND_WALK: _park_and_walk,
    Approach.DRIVE_TO_CONTACT: _drive_to_contact,
    Approach.AVENUE: _avenue,
    Approach.DRIVE_BY: _drive_by,
    Approach.DWELL_INSIDE: _dwell_inside,
    Approach.NEAR_MISS: _near_miss,
    Approach.SILENCED: _drive_to_contact,  # the same drive; scenario.py kills his tracker on the way
    Approach.SHE_WALKS_TO_HIM: _she_walks_to_him,
    Approach.BOTH_MOVE: _both_move,
}
