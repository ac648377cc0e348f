"""One device: which of its fixes are to be believed, and how they move its track (`filter.py`).

A row `d` is one element of the `DEVICE` array, `p` one of the `PING` array.
"""

from __future__ import annotations

import math
from typing import Any

from geofence import policy
from geofence.clock import fix_time_ms, is_stale, set_clock
from geofence.doubt import explained_m, hold, is_impossible, must_hold
from geofence.filter import LBS, correct_position, correct_velocity, measured_sigma_m, predict, reckon, speed_mps, variance_after
from geofence.geodesy import distance_m, moved, offset_m
from geofence.jit import compiled
from geofence.rest import lie_down, lie_still
from geofence.rhythm import learn_gap

# What became of a ping (the value of `take`)
DUPLICATE = 0  # had it already: nothing changes
LATE = 1  # older than what we have: history only
NO_FIX = 2  # nothing new about the position
BACKLOG = 3  # moves the track on, but to a moment long past: history, never a present breach
HELD = 4  # an impossible jump, held back
LIVE = 5  # a believed fix of now


@compiled
def shown_speed_mps(d: Any, moved_m: float) -> float:
    """Speed that the last two positions, `moved_m` apart, show beyond their error; 0 where the error explains the difference."""
    dt_s = (d["fix_ms"] - d["prev_ms"]) / 1000.0
    return moved_m / dt_s if dt_s > 0.0 and moved_m > policy.DEPARTURE_SIGMAS * d["sigma"] else 0.0


@compiled
def hear_motion(d: Any, p: Any, moved_m: float) -> tuple[float, float]:
    """Use the reported speed and course, or the `moved_m` since the last fix, and set the velocity spread.

    Returns the correction of the position, (east_m, north_m).
    """
    east, north = 0.0, 0.0
    speed = p["speed_mps"]
    if math.isnan(speed) and p["moving"] == 0:
        speed = 0.0
    if not math.isnan(speed) and speed <= policy.REST_SPEED_MPS_MAX:
        d["rest"] += 1
        east, north = correct_velocity(d, 0.0, 0.0, policy.REST_SPEED_SIGMA_MPS)
    elif not math.isnan(speed):
        if d["rest"] < policy.STRAY_REST_FIXES or speed > policy.TWITCH_MPS_MAX:
            d["rest"] = 0
        if not math.isnan(p["course_deg"]):
            course = math.radians(p["course_deg"])
            sigma = policy.SPEED_SIGMA_MPS + policy.SPEED_SIGMA_RATIO * speed
            east, north = correct_velocity(d, speed * math.sin(course), speed * math.cos(course), sigma)
    else:
        speed = max(speed_mps(d), shown_speed_mps(d, moved_m))
        d["rest"] = d["rest"] + 1 if speed <= policy.REST_SPEED_MPS_MAX else 0
    if d["rest"] >= policy.REST_FIXES:
        d["spread"] = policy.REST_SPREAD_MPS
    else:
        moving = policy.MOVING_SPREAD_MPS_MIN + policy.MOVING_SPREAD_PER_MPS * speed
        d["spread"] = min(policy.MOVING_SPREAD_MPS_MAX, moving)
    return east, north


@compiled
def start_track(d: Any, p: Any, sigma_m: float) -> None:
    """The filter from one fix alone: the first, or the one that ends a hold."""
    d["lat"], d["lon"] = p["lat_deg"], p["lon_deg"]
    d["prev_ms"], d["prev_lat"], d["prev_lon"] = d["fix_ms"], d["lat"], d["lon"]  # no path leads from a lie to the truth
    d["ve"] = d["vn"] = 0.0
    d["p11"] = sigma_m * sigma_m
    d["p12"] = 0.0
    d["p22"] = policy.FIRST_VELOCITY_VAR
    d["sigma"] = sigma_m
    d["rest"] = 0
    hear_motion(d, p, 0.0)


@compiled
def note_history(d: Any, history: Any) -> None:
    """Keep the state just corrected in the ring: the newest place, or a new one once the one before is old enough."""
    count = d["history_count"]
    size = history.shape[0]
    if count < 2 or history[(count - 1) % size, 0] - history[(count - 2) % size, 0] >= policy.HISTORY_STEP_MS:
        count += 1
        d["history_count"] = count
    slot = (count - 1) % size
    history[slot, 0] = float(d["fix_ms"])
    history[slot, 1], history[slot, 2], history[slot, 3] = d["lat"], d["lon"], d["p11"]


@compiled
def allow_departure(d: Any, away_m: float, sigma_m: float) -> None:
    """Let a person who was at rest drive off: a fix far from the prediction widens the prediction until it fits.

    Without it the first fixes of a departure between two reports a minute apart are smoothed away by hundreds of metres.
    """
    if away_m > policy.DEPARTURE_M and away_m > explained_m(d, sigma_m):
        d["p11"] = (away_m / policy.DEPARTURE_SIGMAS) ** 2
        d["p22"] = max(d["p22"], policy.FIRST_VELOCITY_VAR)
        d["rest"] = 0


@compiled
def follow(d: Any, p: Any, dt_s: float, sigma_m: float) -> None:
    """Predict, correct with position and motion, and move the position once by the sum."""
    away_east, away_north = offset_m(d["lat"], d["lon"], p["lat_deg"], p["lon_deg"])
    east, north = predict(d, dt_s)
    d["sigma"] = sigma_m
    off_east, off_north = away_east - east, away_north - north
    allow_departure(d, math.hypot(off_east, off_north), sigma_m)
    fix_east, fix_north = correct_position(d, off_east, off_north)
    east, north = east + fix_east, north + fix_north
    way_east, way_north = hear_motion(d, p, math.hypot(east, north))
    d["lat"], d["lon"] = moved(d["lat"], d["lon"], east + way_east, north + way_north)


@compiled
def believe(d: Any, history: Any, p: Any, fix_ms: int, sigma_m: float) -> None:
    """Let a believed fix move the track."""
    dt_s = (fix_ms - d["fix_ms"]) / 1000.0
    d["prev_ms"], d["prev_lat"], d["prev_lon"], d["prev_p11"] = d["fix_ms"], d["lat"], d["lon"], d["p11"]
    d["fix_ms"], d["fix_boot"], d["fix_seq"], d["source"] = fix_ms, p["boot"], p["seq"], p["source"]
    if d["seen"] == 0 or (d["held"] > 0 and is_impossible(d, dt_s, distance_from(d, p), sigma_m)):
        start_track(d, p, sigma_m)
    else:
        learn_gap(d, dt_s)
        follow(d, p, dt_s, sigma_m)
    d["seen"] = 1
    d["held"] = 0
    lie_down(d)
    note_history(d, history)


@compiled
def distance_from(d: Any, p: Any) -> float:
    """Metres from the track's last position to the fix of `p`."""
    return distance_m(d["lat"], d["lon"], p["lat_deg"], p["lon_deg"])


@compiled
def take_fix(d: Any, history: Any, p: Any) -> int:
    """Judge the fix of a ping that is new: what it is worth, and move the track if it is believed."""
    fix_ms = fix_time_ms(d, p)
    if d["seen"] == 1 and fix_ms <= d["fix_ms"]:
        return NO_FIX  # the same old position once more
    sigma_m = measured_sigma_m(p["source"], p["accuracy_m"])
    dt_s = (fix_ms - d["fix_ms"]) / 1000.0
    if d["seen"] == 1 and p["source"] == LBS and variance_after(d, dt_s) < sigma_m * sigma_m:
        return NO_FIX  # the prediction knows more than the cell
    if d["seen"] == 1 and must_hold(d, p, fix_ms, distance_from(d, p), sigma_m):
        hold(d, p, sigma_m)
        return HELD
    believe(d, history, p, fix_ms, sigma_m)
    late = p["at_ms"] - fix_ms > policy.HISTORY_AGE_MS
    d["fix_late"] = 1 if late else 0
    return BACKLOG if late else LIVE


@compiled
def take(d: Any, history: Any, p: Any) -> int:
    """Take one ping of device `d`; returns what became of it (DUPLICATE .. LIVE)."""
    if d["pinged"] == 1 and p["boot"] == d["boot"] and p["seq"] == d["seq"]:
        return DUPLICATE
    if d["pinged"] == 1 and is_stale(d, p):
        return LATE
    set_clock(d, p)
    verdict = take_fix(d, history, p) if p["has_fix"] else NO_FIX
    if verdict == NO_FIX:
        lie_still(d, p)
    d["pinged"] = 1
    d["boot"], d["seq"], d["sent_ms"], d["ping_ms"] = p["boot"], p["seq"], p["sent_ms"], p["at_ms"]
    return verdict


@compiled
def place_at(d: Any, history: Any, at_ms: int) -> tuple[float, float, float]:
    """Where the device was at `at_ms`, between its remembered fixes or reckoned on from the last.

    (lat, lon, variance); variance < 0 = not known.
    """
    count = d["history_count"]
    size = history.shape[0]
    oldest = max(count - size, 0)
    for k in range(count - 1, oldest - 1, -1):
        a = k % size
        if history[a, 0] > at_ms:
            continue
        if k == count - 1:
            age_s = (at_ms - d["fix_ms"]) / 1000.0
            if age_s > policy.SPREAD_AGE_S_MAX:
                return 0.0, 0.0, -1.0
            glide, _, variance = reckon(d, age_s)
            lat, lon = moved(d["lat"], d["lon"], d["ve"] * glide, d["vn"] * glide)
            return lat, lon, variance
        b = (k + 1) % size
        share = (at_ms - history[a, 0]) / max(history[b, 0] - history[a, 0], 1.0)
        east, north = offset_m(history[a, 1], history[a, 2], history[b, 1], history[b, 2])
        lat, lon = moved(history[a, 1], history[a, 2], share * east, share * north)
        return lat, lon, max(history[a, 3], history[b, 3]) + (policy.SWEPT_SPREAD_RATIO * math.hypot(east, north)) ** 2
    return 0.0, 0.0, -1.0
