"""One device: which of its fixes are to be believed, where is it now, how sure are we?

The filter is a damped-velocity (integrated Ornstein-Uhlenbeck) Kalman filter, the same on both axes of the local
plane: docs/detection.md section 1. A row `d` is one element of the `DEVICE` array, `p` one of the `PING` array.
Everything here is compiled; it also runs as plain Python (NUMBA_DISABLE_JIT=1).
"""

from __future__ import annotations

import math
from typing import Any

from geofence import policy
from geofence.clock import fix_time_ms, is_stale, set_clock
from geofence.doubt import explained_m, hold, is_impossible, must_hold
from geofence.geodesy import distance_m, moved, offset_m
from geofence.jit import compiled
from geofence.terms import Source

GPS, WIFI, LBS = int(Source.GPS), int(Source.WIFI), int(Source.LBS)

FADE_MAX = math.exp(-policy.DEAD_RECKONING_S_MAX / policy.VELOCITY_TAU_S)  # what is left of a velocity when dead reckoning ends ...
GLIDE_S_MAX = policy.VELOCITY_TAU_S * (1.0 - FADE_MAX)  # ... and how far it has carried, in seconds of it

# What became of a ping (the value of `take`)
DUPLICATE = 0  # had it already: nothing changes
LATE = 1  # older than what we have: history only
NO_FIX = 2  # nothing new about the position
BACKLOG = 3  # moves the track on, but to a moment long past: history, never a present breach
HELD = 4  # an impossible jump, held back
LIVE = 5  # a believed fix of now


@compiled
def measured_sigma_m(source: int, accuracy_m: float) -> float:
    """Standard error per axis of a fix, from its source and from what its accuracy field is worth."""
    accuracy = policy.ACCURACY_UNKNOWN_M if math.isnan(accuracy_m) else accuracy_m
    axis = accuracy / policy.ACCURACY_RADIUS_PER_SIGMA
    if source == LBS:
        return max(policy.CELL_SIGMA_M_MIN, policy.CELL_SIGMA_FACTOR * axis)
    if source == WIFI:
        return max(policy.WIFI_SIGMA_M_MIN, policy.WIFI_SIGMA_FACTOR * axis)
    return max(policy.GPS_SIGMA_M_MIN, policy.GPS_SIGMA_FACTOR * axis)


@compiled
def variance_faded(d: Any, dt_s: float, a: float) -> float:
    """Position variance per axis (m^2), `dt_s` after the last believed fix, where exp(-dt_s / tau) is `a`."""
    tau = policy.VELOCITY_TAU_S
    reach = tau * (1.0 - a)
    noise = d["spread"] * d["spread"] * tau * tau * (2.0 * dt_s / tau - 3.0 + 4.0 * a - a * a)
    variance: float = d["p11"] + 2.0 * d["p12"] * reach + d["p22"] * reach * reach + noise
    return variance


@compiled
def variance_after(d: Any, dt_s: float) -> float:
    """Position variance per axis (m^2), `dt_s` after the last believed fix."""
    dt = min(max(dt_s, 0.0), policy.SPREAD_AGE_S_MAX)
    return variance_faded(d, dt, math.exp(-dt / policy.VELOCITY_TAU_S))


@compiled
def reckon(d: Any, dt_s: float) -> tuple[float, float, float]:
    """The device `dt_s` after its last believed fix: (seconds of travel glided, share of the velocity left, variance m^2).

    The travel is bounded, as dead reckoning is; the variance is that of `variance_after`. One exponential: the kernel's dearest part.
    """
    if dt_s > policy.DEAD_RECKONING_S_MAX:
        return GLIDE_S_MAX, FADE_MAX, variance_after(d, dt_s)
    dt = max(dt_s, 0.0)
    fade = math.exp(-dt / policy.VELOCITY_TAU_S)
    return policy.VELOCITY_TAU_S * (1.0 - fade), fade, variance_faded(d, dt, fade)


@compiled
def silence_ms(d: Any) -> int:
    """How old the last believed fix may grow before the device counts as silent."""
    return int(1000.0 * (policy.SILENCE_GAPS * d["gap_s"] + policy.SILENCE_SLACK_S))


@compiled
def overdue_ms(d: Any) -> int:
    """How old the last believed fix may grow before a report is overdue: its own rhythm, and the network's worst latency."""
    return int(1000.0 * (d["gap_s"] + policy.OVERDUE_SLACK_S))


@compiled
def known_ms(d: Any) -> int:
    """When it was last known to be where its last believed fix says: before it stirred, until it has been quiet for long."""
    return int(d["stir_from_ms"] if d["stir_from_ms"] > 0 else d["fix_ms"])


@compiled
def speed_mps(d: Any) -> float:
    """The speed that the filter believes in."""
    return math.hypot(d["ve"], d["vn"])


# --- The filter ---------------------------------------------------------------------------------------------------


@compiled
def predict(d: Any, dt_s: float) -> tuple[float, float]:
    """Move velocity and errors on by `dt_s` (>= 0); returns how far the position has glided, (east_m, north_m)."""
    tau = policy.VELOCITY_TAU_S
    a = math.exp(-dt_s / tau)
    reach = tau * (1.0 - a)
    glide = reach if dt_s <= policy.DEAD_RECKONING_S_MAX else GLIDE_S_MAX
    east, north = d["ve"] * glide, d["vn"] * glide
    d["ve"] *= a
    d["vn"] *= a
    spread2 = d["spread"] * d["spread"]
    p12, p22 = d["p12"], d["p22"]
    d["p11"] = variance_faded(d, dt_s, a) if dt_s <= policy.SPREAD_AGE_S_MAX else variance_after(d, dt_s)
    d["p12"] = a * (p12 + p22 * reach) + spread2 * tau * (1.0 - a) * (1.0 - a)
    d["p22"] = a * a * p22 + spread2 * (1.0 - a * a)
    return east, north


@compiled
def kept_variance(d: Any) -> float:
    """What stays of the last fix's variance however many of them agree; a thousand fixes of one mast are still that mast."""
    ratio = 1.0 if d["source"] == LBS else policy.MEASUREMENT_KEPT_RATIO
    kept: float = ratio * d["sigma"] * d["sigma"]
    return kept


@compiled
def correct_position(d: Any, east_m: float, north_m: float) -> tuple[float, float]:
    """Kalman update with the last fix, `(east_m, north_m)` from the predicted position; returns the correction of the position."""
    r = d["sigma"] * d["sigma"]
    gain = d["p11"] / (d["p11"] + r)
    gain_v = d["p12"] / (d["p11"] + r)
    d["ve"] += gain_v * east_m
    d["vn"] += gain_v * north_m
    p11, p12 = d["p11"], d["p12"]
    d["p11"] = max((1.0 - gain) * p11, kept_variance(d))
    d["p12"] = (1.0 - gain) * p12
    d["p22"] = max(d["p22"] - gain_v * p12, 0.01)
    return gain * east_m, gain * north_m


@compiled
def correct_velocity(d: Any, ve_mps: float, vn_mps: float, sigma_mps: float) -> tuple[float, float]:
    """Kalman update with a velocity; returns the correction of the position, which follows through the correlation."""
    r = sigma_mps * sigma_mps
    gain = d["p22"] / (d["p22"] + r)
    gain_x = d["p12"] / (d["p22"] + r)
    de, dn = ve_mps - d["ve"], vn_mps - d["vn"]
    d["ve"] += gain * de
    d["vn"] += gain * dn
    p12 = d["p12"]
    d["p11"] = max(d["p11"] - gain_x * p12, kept_variance(d))
    d["p12"] = (1.0 - gain) * p12
    d["p22"] = max((1.0 - gain) * d["p22"], 0.01)
    return gain_x * de, gain_x * dn


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
def learn_gap(d: Any, dt_s: float) -> None:
    """Learn the device's rhythm from `dt_s` since the fix before: not from an outage, nor from what was under way as it was eased."""
    under_way = dt_s < d["gap_s"] and d["prev_ms"] < d["eased_ms"]
    if dt_s <= policy.GAP_LEARN_S_MAX and not under_way:
        gap = policy.GAP_MEMORY_RATIO * d["gap_s"] + (1.0 - policy.GAP_MEMORY_RATIO) * dt_s
        d["gap_s"] = min(max(gap, policy.GAP_S_MIN), policy.GAP_S_MAX)


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
def rests(d: Any) -> bool:
    """True if it was at rest when it was heard last."""
    return bool(d["rest"] >= policy.REST_FIXES and d["stirred"] == 0)


@compiled
def lie_down(d: Any) -> None:
    """What has stirred has been quiet for long, or a fix says where it is."""
    d["stirred"] = d["stir_from_ms"] = d["stir_ms"] = d["quiet_from_ms"] = 0


@compiled
def set_out(d: Any) -> None:
    """It is under way, and has been since it was last known to lie still: the red lights since then were no rest."""
    d["rest"] = 0
    d["fix_ms"] = known_ms(d)


@compiled
def stir(d: Any, now_ms: int) -> None:
    """Somebody at rest moves: a turn in bed or the next room, if the sensor is quiet again soon; longer in all, and he is under way."""
    if d["stir_from_ms"] == 0:
        d["stir_from_ms"] = d["fix_ms"]
    d["stirred"] = 1
    if now_ms - d["fix_ms"] + d["stir_ms"] > policy.STIR_MS_MAX:
        set_out(d)


@compiled
def settle_again(d: Any, now_ms: int) -> None:
    """Quiet again: within a walk of where he lay, for as long as nobody knows that he lay still."""
    walked_ms = now_ms - d["fix_ms"]
    d["p11"] += (policy.STIR_MPS * walked_ms / 1000.0) ** 2
    d["stirred"], d["quiet_from_ms"] = 0, now_ms
    d["stir_ms"] = min(walked_ms + d["stir_ms"], policy.STIR_MS_MAX + 1)  # what is more says no more
    if d["stir_ms"] > policy.STIR_MS_MAX:
        set_out(d)


@compiled
def lie_still(d: Any, p: Any) -> None:
    """A device at rest that says it has not moved is where it was: its fix is as good as new, a little less sure.

    Only the ping's own motion sensor says so; a position that is repeated, or a cell that still matches, does not. Who has moved
    unseen for long, or was not heard for so long that he may have, is at rest somewhere else: nothing but a fix says where.
    """
    now_ms = min(p["at_ms"], p["sent_ms"] + d["offset_ms"])
    if p["at_ms"] - d["ping_ms"] > max(overdue_ms(d), policy.UNHEARD_MS_MAX):
        set_out(d)
    if p["moving"] == 1:
        stir(d, now_ms)
    elif p["moving"] == 0 and d["stirred"] == 1:
        settle_again(d, now_ms)
    elif p["moving"] == 0 and d["quiet_from_ms"] > 0 and now_ms - d["quiet_from_ms"] >= policy.QUIET_MS and rests(d):
        lie_down(d)
    at_rest = d["seen"] == 1 and rests(d) and d["held"] == 0
    if at_rest and p["moving"] == 0 and now_ms > d["fix_ms"] and p["at_ms"] - now_ms <= policy.HISTORY_AGE_MS:
        predict(d, (now_ms - d["fix_ms"]) / 1000.0)
        correct_velocity(d, 0.0, 0.0, policy.REST_SPEED_SIGMA_MPS)
        d["fix_ms"], d["fix_late"] = now_ms, 0  # what came as history is said again now


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
