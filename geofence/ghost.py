"""Places to which fixes jump again and again though the device is elsewhere: an access point that moved house (ADR-0050).

A fix that was held back, and that the next believed one did not bear out, was false. Where that happened within 300 m on three days, it
is a ghost: held back there once more, a position is no ground for `unverified`. Nothing else follows. It is held back as briefly as
any other, and who is believed to be there (the third fix in a row, or what goes on for a minute) is judged as everybody is.
"""

from __future__ import annotations

from typing import Any

from geofence import policy
from geofence.geodesy import distance_m
from geofence.hole import DAYS, hole_at, is_forgotten, note_day, row_for
from geofence.jit import compiled


@compiled
def note_ghost(d: Any, ghosts: Any) -> None:
    """A fix was believed after others were held back: were they false?"""
    if distance_m(d["lat"], d["lon"], d["held_lat"], d["held_lon"]) > policy.HOLE_M:
        note_day(ghosts, row_for(ghosts, d["held_lat"], d["held_lon"], d["fix_ms"], d["fix_ms"]), d["fix_ms"])


@compiled
def is_ghost(d: Any, ghosts: Any) -> bool:
    """True if the position held back lies where this device has jumped to on three days of a fortnight."""
    k = hole_at(ghosts, d["held_lat"], d["held_lon"])
    return bool(k >= 0 and ghosts[k, DAYS] >= policy.HOLE_DAYS and not is_forgotten(ghosts, k, d["fix_ms"]))
