"""Order and time of what a device sends: is this newer, is its clock right, when was the fix solved on our clock? PURE."""

from __future__ import annotations

from typing import Any

from geofence import policy
from geofence.jit import compiled


@compiled
def is_stale(d: Any, p: Any) -> bool:
    """True if `p` is not newer than what we have: by (boot, seq), unless its own clock shows a counter that was reset."""
    newer = p["boot"] > d["boot"] or (p["boot"] == d["boot"] and p["seq"] > d["seq"])
    return not newer and p["sent_ms"] <= d["sent_ms"]


@compiled
def set_clock(d: Any, p: Any) -> None:
    """Keep the offset of the device's clock: 0 while it is right, else what to add to it (F18, S10)."""
    skew = p["at_ms"] - p["sent_ms"]
    ran = p["sent_ms"] - d["sent_ms"]
    drift = min(policy.CLOCK_STEADY_RATIO * ran, policy.CLOCK_STEADY_MS_MAX)
    steady = d["pinged"] == 1 and ran > 0 and abs(skew - d["skew_ms"]) <= drift
    steadily_behind = steady and d["skew_ms"] > policy.CLOCK_SKEW_MS_MAX and d["offset_ms"] == 0
    ahead_of_offset = skew - d["offset_ms"] < -policy.CLOCK_SKEW_MS_MAX
    if abs(skew) <= policy.CLOCK_SKEW_MS_MAX:
        d["offset_ms"] = 0
    elif p["sent_ms"] < policy.CLOCK_SANE_FROM_MS or ahead_of_offset or steadily_behind:
        d["offset_ms"] = skew
    if d["offset_ms"] != 0:
        d["clock_until_ms"] = p["at_ms"] + policy.CLOCK_HOLD_MS
    elif p["at_ms"] >= d["clock_until_ms"]:
        d["clock_until_ms"] = 0
    d["skew_ms"] = skew


@compiled
def fix_time_ms(d: Any, p: Any) -> int:
    """When the position was solved, on our clock, never after its arrival."""
    sent: int = min(p["at_ms"], p["sent_ms"] + d["offset_ms"])
    age = p["sent_ms"] - p["fix_ms"]
    sane = p["fix_ms"] >= policy.CLOCK_SANE_FROM_MS and age <= policy.FIX_AGE_SANE_MS_MAX
    if age < 0 and abs(p["at_ms"] - p["fix_ms"]) <= policy.CLOCK_SKEW_MS_MAX:
        return int(min(p["at_ms"], p["fix_ms"]))  # the receiver knows the time, the device's own clock does not
    if age < -policy.CLOCK_SKEW_MS_MAX or (not sane and p["sent_ms"] >= policy.CLOCK_SANE_FROM_MS):
        d["clock_until_ms"] = p["at_ms"] + policy.CLOCK_HOLD_MS  # a fix from the future or from another age
        return sent
    return int(sent - max(age, 0))
