"""One device's own troubles: strap, button, battery, jamming, false positions. Each is raised by a ping that says so, at once,
and ended only by a later ping that does not: silence ends nothing, and what comes and goes is one trouble."""

from __future__ import annotations

import math
from typing import Any

from geofence import policy
from geofence.jit import compiled
from geofence.suspicion import is_false, is_jammed
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
def note_drain(d: Any, percent: float, at_ms: int) -> None:
    """Learn percent an hour: over a time long enough that a jump of the gauge is not a forecast."""
    if d["base_ms"] == 0 or percent > d["base"]:
        d["base"], d["base_ms"] = percent, at_ms
    elif percent < d["base"] and at_ms - d["base_ms"] >= policy.BATTERY_BASE_MS:
        drain = (d["base"] - percent) * 3_600_000.0 / (at_ms - d["base_ms"])
        new = (1.0 - policy.BATTERY_MEMORY_RATIO) * min(drain, policy.BATTERY_DRAIN_PER_H_MAX)
        d["drain_per_h"] = policy.BATTERY_MEMORY_RATIO * d["drain_per_h"] + new
        d["base"], d["base_ms"] = percent, at_ms


@compiled
def note_battery(d: Any, p: Any) -> None:
    """Keep the charge, its running drain in percent an hour, and whether it is low (by hours left, not by percent)."""
    percent, at_ms = p["battery_percent"], p["at_ms"]
    if p["charging"] >= 0:
        d["charging"] = p["charging"]
    if not math.isnan(percent):
        note_drain(d, percent, at_ms)
        d["battery"], d["battery_ms"] = percent, at_ms
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
def strap_is_off(d: Any) -> bool:
    return bool(d["strap"] == STRAP_OPEN or d["strap"] == STRAP_CUT)


@compiled
def tether_is_off(d: Any) -> bool:
    return bool(d["tether"] == TETHER_FAR or d["tether"] == TETHER_LOST)


@compiled
def note_flap(d: Any, at_ms: int) -> None:
    """One more trouble has begun."""
    d["flaps"] = d["flaps"] + 1 if at_ms - d["flap_ms"] <= policy.FLAP_HOLD_MS_MAX else 1
    d["flap_ms"] = at_ms


@compiled
def flap_hold_ms(d: Any) -> int:
    """How long a trouble lasts beyond the last ping that says it: the first ends at once, each further one later."""
    return int(min(policy.FLAP_HOLD_MS * max(d["flaps"] - 1, 0), policy.FLAP_HOLD_MS_MAX))


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
    false = is_false(d, p)
    note_battery(d, p)
    strap, tether, jamming, low = strap_is_off(d), tether_is_off(d), is_jammed(d, p), d["battery_low"] == 1
    device = (strap and d["strap_until_ms"] == 0) or (tether and d["tether_until_ms"] == 0) or (low and d["battery_until_ms"] == 0)
    if device or (jamming and d["jamming_until_ms"] == 0) or (false and d["mock_until_ms"] == 0):
        note_flap(d, at_ms)
    hold_ms = flap_hold_ms(d)
    d["sos_until_ms"] = held_until_ms(d["sos_until_ms"], p["sos"] == 1, at_ms, policy.SOS_HOLD_MS)
    d["strap_until_ms"] = held_until_ms(d["strap_until_ms"], strap, at_ms, hold_ms)
    d["tether_until_ms"] = held_until_ms(d["tether_until_ms"], tether, at_ms, hold_ms)
    d["jamming_until_ms"] = held_until_ms(d["jamming_until_ms"], jamming, at_ms, max(hold_ms, policy.JAMMING_HOLD_MS))
    d["mock_until_ms"] = held_until_ms(d["mock_until_ms"], false, at_ms, max(hold_ms, policy.MOCK_HOLD_MS))
    d["battery_until_ms"] = held_until_ms(d["battery_until_ms"], low, at_ms, hold_ms)


@compiled
def note_late_sos(d: Any, p: Any) -> bool:
    """A button pressed in a coverage hole reaches us behind newer pings: it counts from its arrival, once. True if it does."""
    if p["sos"] == 0 or p["sent_ms"] <= d["sos_sent_ms"] or d["sent_ms"] - p["sent_ms"] > policy.SOS_LATE_MS_MAX:
        return False
    d["sos_sent_ms"] = p["sent_ms"]
    d["sos_until_ms"] = p["at_ms"] + policy.SOS_HOLD_MS
    return True
