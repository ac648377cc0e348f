"""The filter of one device: where is it now, and how sure are we?

A damped-velocity (integrated Ornstein-Uhlenbeck) Kalman filter, the same on both axes of the local plane: docs/detection.md
section 1. A row `d` is one element of the `DEVICE` array. Everything here is compiled; it also runs as plain Python (NUMBA_DISABLE_JIT=1).
"""

from __future__ import annotations

import math
from typing import Any

from geofence import policy
from geofence.jit import compiled
from geofence.terms import Source

GPS, WIFI, LBS = int(Source.GPS), int(Source.WIFI), int(Source.LBS)

FADE_MAX = math.exp(-policy.DEAD_RECKONING_S_MAX / policy.VELOCITY_TAU_S)  # what is left of a velocity when dead reckoning ends ...
GLIDE_S_MAX = policy.VELOCITY_TAU_S * (1.0 - FADE_MAX)  # ... and how far it has carried, in seconds of it


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
def speed_mps(d: Any) -> float:
    """The speed that the filter believes in."""
    return math.hypot(d["ve"], d["vn"])


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
