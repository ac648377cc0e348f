"""Somebody unseen: how far can he or she have come, and when is it near enough that the order must say so? ADR-0021, ADR-0042.

`i` is the protected person's silent device, `j` the respondent's, -1 = not silent. Distances are straight lines.
"""

from __future__ import annotations

import math
from typing import Any

from geofence import policy
from geofence.filter import speed_mps
from geofence.jit import compiled
from geofence.rest import known_ms

REACH_TURNS = 2  # hers and his [G]
NOWHERE_M = 1e12  # the margin while no two were seen that have one [G]


@compiled
def reach_mps(d: Any, protected: bool, age_s: float, walks_s: float) -> float:
    """Straight-line speed a silent device is allowed, `age_s` after its last fix, when we ask where it could be.

    She may walk for `walks_s` before she has found a car; his first minutes may be an avenue with green lights, then it is a city.
    """
    if protected and age_s < walks_s:
        return policy.REACH_REST_MPS
    avenue = not protected and age_s < policy.REACH_AVENUE_S
    floor = policy.REACH_AVENUE_MPS if avenue else policy.REACH_CITY_MPS
    own = policy.REACH_OWN_SPEED_FACTOR * speed_mps(d)
    return min(max(floor, own), policy.REACH_MPS_MAX)


@compiled
def reach_turn_s(protected: bool, walks_s: float) -> float:
    """How long after a last fix the allowed speed changes."""
    return walks_s if protected else policy.REACH_AVENUE_S


@compiled
def reach_m(d: Any, protected: bool, age_s: float, walks_s: float) -> float:
    """How far a device can have come since its last fix."""
    turn_s = min(age_s, reach_turn_s(protected, walks_s))
    return reach_mps(d, protected, 0.0, walks_s) * turn_s + reach_mps(d, protected, age_s, walks_s) * (age_s - turn_s)


@compiled
def lost_at_ms(T: Any, i: int, j: int, reach_margin_m: float, at_ms: int, her_walk_s: float) -> int:
    """When the silent devices among `i`, `j` (-1 = not silent) could have closed the margin, or were silent for too long."""
    oldest = at_ms
    if i >= 0:
        oldest = min(oldest, known_ms(T.device[i]))
    if j >= 0:
        oldest = min(oldest, known_ms(T.device[j]))
    too_long = oldest + int(policy.SILENCE_S_MAX * 1000.0)
    if (i < 0 and j < 0) or reach_margin_m >= NOWHERE_M:
        return too_long
    from_ms = at_ms
    for _ in range(REACH_TURNS):
        turn_ms = next_turn_ms(T, i, j, from_ms, her_walk_s)
        if closed_m(T, i, j, turn_ms, her_walk_s) >= reach_margin_m:
            break
        from_ms = turn_ms
    return min(too_long, closes_ms(T, i, j, reach_margin_m, from_ms, her_walk_s))


@compiled
def next_turn_ms(T: Any, i: int, j: int, from_ms: int, her_walk_s: float) -> int:
    """When the allowed speed of one of the silent devices changes next; `from_ms` itself if it does no more."""
    soonest = policy.NEVER_MS
    if i >= 0:
        hers_ms = known_ms(T.device[i]) + int(1000.0 * reach_turn_s(True, her_walk_s))
        soonest = hers_ms if hers_ms > from_ms else soonest
    if j >= 0:
        his_ms = known_ms(T.device[j]) + int(1000.0 * reach_turn_s(False, her_walk_s))
        soonest = min(soonest, his_ms) if his_ms > from_ms else soonest
    return int(from_ms if soonest == policy.NEVER_MS else soonest)


@compiled
def closed_m(T: Any, i: int, j: int, at_ms: int, her_walk_s: float) -> float:
    """How much nearer the silent devices can be by a moment than their last fixes were."""
    gone_m = 0.0
    if i >= 0:
        gone_m += reach_m(T.device[i], True, (at_ms - known_ms(T.device[i])) / 1000.0, her_walk_s)
    if j >= 0:
        gone_m += reach_m(T.device[j], False, (at_ms - known_ms(T.device[j])) / 1000.0, 0.0)
    return gone_m


@compiled
def closes_ms(T: Any, i: int, j: int, reach_margin_m: float, from_ms: int, her_walk_s: float) -> int:
    """When the margin is closed, at the speeds allowed from a moment on."""
    speed = 0.0
    if i >= 0:
        speed += reach_mps(T.device[i], True, (from_ms - known_ms(T.device[i])) / 1000.0, her_walk_s)
    if j >= 0:
        speed += reach_mps(T.device[j], False, (from_ms - known_ms(T.device[j])) / 1000.0, 0.0)
    wait_s = (reach_margin_m - closed_m(T, i, j, from_ms, her_walk_s)) / speed
    return int(from_ms + math.ceil(min(max(wait_s, 0.0), 1e9) * 1000.0))
