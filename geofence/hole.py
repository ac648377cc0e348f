"""Holes in the network that are known: where a device falls silent again and again, and comes back where it went (ADR-0046).

The cellar, the bedroom behind the stone wall: silent there on three days, heard again within 300 m each time. Whoever is out of
sight there is said so in another word, `no_coverage_known`, with how often and since when, for as long as that hole ever lasted and
a quarter more. It is "cannot see" all the same: the level is CAUTION, and after that time the plain words are said. A hole that
somebody knows is a door, so nothing else follows from it: his is told to her as ever; hers is told to dispatch alone, since her
bracelet hears nothing there.

The rows in which holes are remembered, and how days are counted, serve ghosts as well (ghost.py).
"""

from __future__ import annotations

from typing import Any

from geofence import policy
from geofence.geodesy import distance_m
from geofence.jit import compiled
from geofence.rhythm import overdue_ms

LAT, LON, DAYS, FIRST_MS, LAST_MS, LONGEST_MS = 0, 1, 2, 3, 4, 5  # of one hole; DAYS 0: none


@compiled
def hole_at(holes: Any, lat_deg: float, lon_deg: float) -> int:
    """The hole that a place belongs to; -1 for none."""
    for k in range(holes.shape[0]):
        if holes[k, DAYS] > 0.0 and distance_m(lat_deg, lon_deg, holes[k, LAT], holes[k, LON]) <= policy.HOLE_M:
            return k
    return -1


@compiled
def oldest(holes: Any) -> int:
    """The hole that was met least lately: room for a new one."""
    k = 0
    for other in range(holes.shape[0]):
        if holes[other, LAST_MS] < holes[k, LAST_MS]:
            k = other
    return k


@compiled
def is_forgotten(holes: Any, k: int, at_ms: int) -> bool:
    """True if a hole was last met more than a fortnight ago."""
    return bool(at_ms - holes[k, LAST_MS] > policy.HOLE_FORGOTTEN_MS)


@compiled
def row_for(holes: Any, lat_deg: float, lon_deg: float, since_ms: int, at_ms: int) -> int:
    """The row of what is known of a place; begun anew, `since_ms`, where nothing is, or nothing of this fortnight."""
    k = hole_at(holes, lat_deg, lon_deg)
    if k < 0 or is_forgotten(holes, k, at_ms):
        k = oldest(holes) if k < 0 else k
        holes[k, LAT], holes[k, LON] = lat_deg, lon_deg
        holes[k, DAYS], holes[k, FIRST_MS], holes[k, LAST_MS], holes[k, LONGEST_MS] = 0.0, since_ms, 0.0, 0.0
    return k


@compiled
def note_day(holes: Any, k: int, at_ms: int) -> None:
    """It has happened there once more: another day, if it was not met for so long."""
    if at_ms - holes[k, LAST_MS] >= policy.HOLE_DAY_MS:
        holes[k, DAYS], holes[k, LAST_MS] = holes[k, DAYS] + 1.0, at_ms


@compiled
def note_hole(d: Any, holes: Any, unheard_ms: int) -> None:
    """A believed fix, of a device that was not heard for `unheard_ms` before it: was there a hole, and which?

    What lasted longer than a quarter of an hour, or ended elsewhere, is no habit of a place.
    """
    silent_ms = max(unheard_ms, d["fix_ms"] - d["prev_ms"])  # it may have been heard all the while, without a position
    if not max(overdue_ms(d), policy.HOLE_MS_MIN) < silent_ms <= policy.HOLE_MS_MAX:
        return
    if distance_m(d["lat"], d["lon"], d["prev_lat"], d["prev_lon"]) > policy.HOLE_M:
        return
    k = row_for(holes, d["prev_lat"], d["prev_lon"], d["prev_ms"], d["fix_ms"])
    note_day(holes, k, d["fix_ms"])
    holes[k, LONGEST_MS] = max(holes[k, LONGEST_MS], float(silent_ms))


@compiled
def known_hole(d: Any, holes: Any, at_ms: int) -> int:
    """The known hole that the device was last seen in; -1 if it is in none, the hole was never so long, or not met for a fortnight."""
    k = hole_at(holes, d["lat"], d["lon"])
    if k < 0 or holes[k, DAYS] < policy.HOLE_DAYS or is_forgotten(holes, k, d["fix_ms"]) or at_ms >= hole_ends_ms(d, holes, k):
        return -1
    return k


@compiled
def hole_ends_ms(d: Any, holes: Any, k: int) -> int:
    """When the device should be heard again, had it gone into this hole after its last fix."""
    return int(d["fix_ms"] + policy.HOLE_SLACK_RATIO * holes[k, LONGEST_MS])


@compiled
def known_until_ms(T: Any, i: int, lost: bool, at_ms: int) -> int:
    """Until when a lost device (-1 none) is told as one that is in a hole which is known; 0 if it is not, or no longer."""
    if i < 0 or not lost:
        return 0
    k = known_hole(T.device[i], T.holes[i], at_ms)
    return hole_ends_ms(T.device[i], T.holes[i], k) if k >= 0 else 0
