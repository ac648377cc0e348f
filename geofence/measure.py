"""The number that a trouble of devices is told with. `party`: the protected person's devices (0), the respondent's (1), both (-1)."""

from __future__ import annotations

import math
from typing import Any

from geofence.health import hours_left
from geofence.hole import DAYS, FIRST_MS, known_hole
from geofence.jit import compiled
from geofence.proximity import rounded

SIDES = 2  # of an order: protected, respondent [G]


@compiled
def person_of(T: Any, o: int, side: int) -> int:
    return int(T.order[o]["protected"] if side == 0 else T.order[o]["respondent"])


@compiled
def least_hours(T: Any, o: int, party: int) -> float:
    """Hours left in the emptiest battery that is trouble."""
    least = math.inf
    for side in range(SIDES):
        i = T.person[person_of(T, o, side)]["first_device"] if party == side or party < 0 else -1
        while i >= 0:
            if T.device[i]["battery_until_ms"] > 0:
                least = min(least, hours_left(T.device[i]))
            i = T.device[i]["next_device"]
    return least


@compiled
def furthest_apart_m(T: Any, o: int, party: int) -> float:
    """Metres, rounded to 0.1, between the two devices of one person that are furthest apart; NaN where a strap has lost its tracker."""
    furthest = -1.0
    for side in range(SIDES):
        person = T.person[person_of(T, o, side)]
        if (party == side or party < 0) and person["apart"] == 1 and person["apart_m"] > furthest:
            furthest = person["apart_m"]
    return rounded(furthest, 10.0) if furthest >= 0.0 else math.nan


@compiled
def worst_clock_s(T: Any, o: int, party: int) -> float:
    """Seconds, to the millisecond, that the clock which is furthest off is ahead (negative: behind); NaN where all of them run right."""
    worst = 0
    for side in range(SIDES):
        i = T.person[person_of(T, o, side)]["first_device"] if party == side or party < 0 else -1
        while i >= 0:
            d = T.device[i]
            if d["clock_until_ms"] > 0 and abs(d["offset_ms"]) > abs(worst):
                worst = d["offset_ms"]
            i = d["next_device"]
    return -worst / 1000.0 if worst != 0 else math.nan


@compiled
def known_days(T: Any, o: int, party: int, at_ms: int) -> tuple[int, int]:
    """(on how many days, since when in ms) a device of theirs was silent in the known hole where it was seen last; zeros where none is."""
    for side in range(SIDES):
        i = T.person[person_of(T, o, side)]["first_device"] if party == side or party < 0 else -1
        while i >= 0:
            k = known_hole(T.device[i], T.holes[i], at_ms)
            if k >= 0:
                return int(T.holes[i, k, DAYS]), int(T.holes[i, k, FIRST_MS])
            i = T.device[i]["next_device"]
    return 0, 0
