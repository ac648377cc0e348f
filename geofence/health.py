"""One device's own troubles: strap, button, battery, jamming, mock positions. Each is raised by a ping that says so
and cleared only by a later ping that does not: silence never clears anything."""

from __future__ import annotations

import math
from typing import Any

from geofence import policy
from geofence.jit import compiled
from geofence.terms import Strap, Tether

UNKNOWN, STRAP_OPEN, STRAP_CUT = int(Strap.UNKNOWN), int(Strap.OPEN), int(Strap.CUT)
TETHER_FAR, TETHER_LOST = int(Tether.FAR), int(Tether.LOST)


@compiled
def held_until_ms(until_ms: int, said: bool, at_ms: int, hold_ms: int) -> int:
    """The new end of a condition: a ping that says it extends it, one that does not ends it once the hold is over."""
    if said:
        return at_ms + hold_ms
    return until_ms if at_ms < until_ms else 0


@compiled
def note_battery(d: Any, p: Any) -> None:
    """Keep the charge, its running drain in percent an hour, and whether it is trouble (hours left, not percent)."""
    percent = p["battery_percent"]
    if p["charging"] >= 0:
        d["charging"] = p["charging"]
    if not math.isnan(percent):
        hours = (p["at_ms"] - d["battery_ms"]) / 3_600_000.0
        fell = d["battery"] - percent
        if d["battery_ms"] > 0 and hours > 0.0 and fell > 0.0:
            drain = policy.BATTERY_MEMORY_RATIO * d["drain_per_h"] + (1.0 - policy.BATTERY_MEMORY_RATIO) * fell / hours
            d["drain_per_h"] = min(drain, 100.0)
        if d["battery_ms"] == 0 or fell != 0.0:
            d["battery"], d["battery_ms"] = percent, p["at_ms"]
    if d["battery_ms"] == 0:
        return
    low = d["battery"] <= policy.BATTERY_LOW_PERCENT and hours_left(d) < policy.BATTERY_HOURS_MIN
    if d["charging"] == 1 or d["battery"] >= policy.BATTERY_OK_PERCENT:
        d["battery_low"] = 0
    elif low or d["battery"] <= policy.BATTERY_EMPTY_PERCENT:
        d["battery_low"] = 1


@compiled
def hours_left(d: Any) -> float:
    """Forecast of the battery, in hours at its own running drain, rounded to 0.1."""
    hours: float = d["battery"] / max(d["drain_per_h"], 0.1)
    return math.floor(hours * 10.0 + 0.5) / 10.0


@compiled
def note_health(d: Any, p: Any) -> None:
    """Take everything a new ping says about the device itself."""
    at_ms = p["at_ms"]
    d["signal_dbm"], d["satellites"] = p["signal_dbm"], p["satellites"]
    if p["strap"] != UNKNOWN:
        d["strap"] = p["strap"]
    if p["tether"] != UNKNOWN:
        d["tether"] = p["tether"]
    if p["sos"] == 1:
        d["sos_sent_ms"] = max(d["sos_sent_ms"], p["sent_ms"])
    d["sos_until_ms"] = held_until_ms(d["sos_until_ms"], p["sos"] == 1, at_ms, policy.SOS_HOLD_MS)
    d["jamming_until_ms"] = held_until_ms(d["jamming_until_ms"], p["jamming"] == 1, at_ms, policy.JAMMING_HOLD_MS)
    d["mock_until_ms"] = held_until_ms(d["mock_until_ms"], p["mock"] == 1, at_ms, policy.MOCK_HOLD_MS)
    note_battery(d, p)


@compiled
def note_late_sos(d: Any, p: Any) -> bool:
    """A button pressed in a coverage hole reaches us behind newer pings: it counts from its arrival, once. True if it does."""
    if p["sos"] == 0 or p["sent_ms"] <= d["sos_sent_ms"] or d["sent_ms"] - p["sent_ms"] > policy.SOS_LATE_MS_MAX:
        return False
    d["sos_sent_ms"] = p["sent_ms"]
    d["sos_until_ms"] = p["at_ms"] + policy.SOS_HOLD_MS
    return True


@compiled
def strap_is_off(d: Any) -> bool:
    return bool(d["strap"] == STRAP_OPEN or d["strap"] == STRAP_CUT)


@compiled
def tether_is_off(d: Any) -> bool:
    return bool(d["tether"] == TETHER_FAR or d["tether"] == TETHER_LOST)
