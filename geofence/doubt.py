"""Fixes that are not to be believed yet: impossible jumps, and jumps of one who lies still by his own word. Each ground is bounded.

A row `d` is one element of the `DEVICE` array, `p` one of the `PING` array.
"""

from __future__ import annotations

import math
from typing import Any

from geofence import policy
from geofence.jit import compiled


@compiled
def explained_m(d: Any, sigma_m: float) -> float:
    """How far from the track the errors alone may put a fix of this standard error."""
    return policy.DEPARTURE_SIGMAS * math.sqrt(d["p11"] + sigma_m * sigma_m)


@compiled
def is_impossible(d: Any, dt_s: float, away_m: float, sigma_m: float) -> bool:
    """True if nothing on a road could have gone from the track to this fix, the errors of both allowed for."""
    slack = policy.JUMP_SLACK_SIGMA * math.sqrt(d["p11"] + sigma_m * sigma_m)
    return away_m - slack > policy.JUMP_SPEED_MPS_MAX * max(dt_s, 1.0)


@compiled
def lies_still(d: Any) -> bool:
    """True if it had lain still for long, by its own word, when it was heard last: ten minutes at the usual interval."""
    return bool(d["rest"] >= policy.STRAY_REST_FIXES and d["stirred"] == 0)


@compiled
def is_stray(d: Any, fix_ms: int, speed_mps: float, away_m: float, sigma_m: float) -> bool:
    """True if a device that lies still by its own word shows a jump: a reflected signal, not travel; for a minute at most."""
    still = lies_still(d) and speed_mps <= policy.REST_SPEED_MPS_MAX
    if not still or away_m <= explained_m(d, sigma_m):
        return False
    if d["held"] == 0:
        d["stray_from_ms"] = fix_ms if fix_ms - d["fix_ms"] <= policy.STRAY_GAP_MS_MAX else 0
    return bool(fix_ms - d["stray_from_ms"] <= policy.STRAY_MS_MAX)


@compiled
def must_hold(d: Any, p: Any, fix_ms: int, away_m: float, sigma_m: float) -> bool:
    """True if a fix is not to be believed yet; each ground for it is bounded, so that no track is ever locked out."""
    if is_stray(d, fix_ms, p["speed_mps"], away_m, sigma_m):
        return True
    return bool(d["held"] < policy.HELD_FIXES_MAX and is_impossible(d, (fix_ms - d["fix_ms"]) / 1000.0, away_m, sigma_m))


@compiled
def hold(d: Any, p: Any, sigma_m: float) -> None:
    d["held"] += 1
    d["held_lat"], d["held_lon"], d["held_sigma"] = p["lat_deg"], p["lon_deg"], sigma_m
