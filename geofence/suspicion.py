"""Is what a device says of its position true? What somebody writes, and what a jammer does, is told by what does not fit together.

Each function looks at one ping and keeps what it needs of the one before; docs/detection.md, section 5.
"""

from __future__ import annotations

import math
from typing import Any

from geofence import policy
from geofence.filter import measured_sigma_m
from geofence.geodesy import distance_m
from geofence.jit import compiled
from geofence.terms import Source

WIFI, LBS = int(Source.WIFI), int(Source.LBS)


@compiled
def is_frozen(d: Any, p: Any) -> bool:
    """True if it says it moves, and its positions say to the last digit that it does not: somebody writes them."""
    if not p["has_fix"] or p["fix_ms"] <= d["raw_ms"]:
        return bool(d["frozen"] >= policy.FROZEN_FIXES)
    same = d["raw_ms"] > 0 and p["lat_deg"] == d["raw_lat"] and p["lon_deg"] == d["raw_lon"]
    if not same:
        d["frozen"] = 0
    elif p["speed_mps"] > policy.FROZEN_MPS_MIN:
        d["frozen"] += 1
    return bool(d["frozen"] >= policy.FROZEN_FIXES)


@compiled
def is_invented(d: Any, p: Any) -> bool:
    """True if its accuracy on the move is drawn by lot between 5 and 7 m, as programs do that write positions.

    A real receiver's accuracy stays the same for a while or leaves that band (docs/detection.md, section 5).
    """
    if p["has_fix"] and p["speed_mps"] > policy.FROZEN_MPS_MIN:
        accuracy = p["accuracy_m"]
        if policy.INVENTED_M_MIN <= accuracy <= policy.INVENTED_M_MAX:
            d["lot_m"] += abs(accuracy - d["lot_last_m"]) if d["lots"] > 0 else 0.0
            d["lots"], d["lot_last_m"] = d["lots"] + 1, accuracy
        else:
            d["lots"], d["lot_m"] = 0, 0.0
    return bool(d["lots"] >= policy.INVENTED_FIXES and d["lot_m"] >= policy.INVENTED_STEP_M * (d["lots"] - 1))


@compiled
def is_by_radio(source: int) -> bool:
    """True if a position was made from the networks around, not from satellites."""
    return bool(source == WIFI or source == LBS)


@compiled
def is_contradicted(d: Any, p: Any) -> bool:
    """True if satellites and the networks around say different places, in turn and again: one of the two is made up.

    One wrong mast or a router that has moved house shows once; three in a row, to and fro, do not agree by any error.
    """
    known = p["has_fix"] and d["raw_ms"] > 0
    if known and 0 < p["fix_ms"] - d["raw_ms"] <= policy.CONTRADICTION_MS_MAX:
        error_m = math.hypot(measured_sigma_m(p["source"], p["accuracy_m"]), d["raw_sigma"])
        went_m = policy.REACH_MPS_MAX * (p["fix_ms"] - d["raw_ms"]) / 1000.0
        away_m = distance_m(d["raw_lat"], d["raw_lon"], p["lat_deg"], p["lon_deg"])
        apart = away_m > policy.CONTRADICTION_M + went_m + policy.CONTRADICTION_SIGMAS * error_m
        in_turn = is_by_radio(p["source"]) != is_by_radio(d["raw_source"])
        d["contradictions"] = d["contradictions"] + 1 if in_turn and apart else 0
    return bool(d["contradictions"] >= policy.CONTRADICTIONS)


@compiled
def note_raw(d: Any, p: Any) -> None:
    """Keep the fix as it was sent, believed or not."""
    if p["has_fix"] and p["fix_ms"] > d["raw_ms"]:
        d["raw_ms"], d["raw_lat"], d["raw_lon"] = p["fix_ms"], p["lat_deg"], p["lon_deg"]
        d["raw_source"], d["raw_sigma"] = p["source"], measured_sigma_m(p["source"], p["accuracy_m"])


@compiled
def is_false(d: Any, p: Any) -> bool:
    """True if the position is somebody's invention: by the device's own word, or because it does not fit."""
    frozen, invented, contradicted = is_frozen(d, p), is_invented(d, p), is_contradicted(d, p)
    note_raw(d, p)
    return bool(p["mock"] == 1 or frozen or invented or contradicted)


@compiled
def sees_the_sky(p: Any) -> bool:
    """True if a satellite fix has so many satellites that the next ones cannot all be gone for want of sky."""
    by_satellites = p["has_fix"] and not is_by_radio(p["source"])
    return bool(by_satellites and p["satellites"] >= policy.SKY_SATELLITES and p["speed_mps"] >= policy.SKY_MPS_MIN)


@compiled
def is_jammed(d: Any, p: Any) -> bool:
    """True if it says so; or on the road, under an open sky, all satellites went at once and stay away.

    Who walks into a building loses them one by one, or stands still; a tunnel is told apart by nothing but its length.
    """
    dark = not p["has_fix"] or is_by_radio(p["source"]) or 0 <= p["satellites"] <= policy.DARK_SATELLITES
    if not dark or p["moving"] == 0:
        d["sky_ms"] = p["at_ms"] if sees_the_sky(p) else 0
        d["dark"] = 0
    elif d["sky_ms"] > 0:
        d["dark"] += 1
        if d["dark"] == 1 and p["at_ms"] - d["sky_ms"] > policy.DARK_FIRST_MS_MAX:
            d["sky_ms"] = 0  # reports so far apart do not show that they went at once
    gone = d["sky_ms"] > 0 and d["dark"] >= policy.DARK_PINGS and p["at_ms"] - d["sky_ms"] >= policy.DARK_MS_MIN
    return bool(p["jamming"] == 1 or gone)
