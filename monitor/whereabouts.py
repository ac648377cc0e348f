"""Where both parties of one order are, how sure that is, and how their devices do: for a dispatcher who may look. PURE.

The numbers are the kernel's own (`look`): what is shown is what was judged.
"""

from __future__ import annotations

import math
from typing import Any

from alerts.wording import wind_of
from config.order_data import zone_as_feature
from geofence import policy
from geofence.core import Core
from geofence.filter import reckon, variance_after
from geofence.geodesy import moved, offset_m
from geofence.health import hours_left
from geofence.proximity import FAR_S, PERIMETER
from geofence.rhythm import silence_ms
from geofence.target import is_open, look
from geofence.terms import Device, DeviceId, Order, OrderId, PersonId, Reason, Registry, Role, Source, Strap, Tether

NOBODY = -1  # no fix is the occasion: somebody looks
DEGREES = 6  # decimals of a position: 0.1 m
STILL_MPS = policy.REST_SPEED_MPS_MAX  # below it a course means nothing


def whereabouts(core: Core, order_id: OrderId, at_ms: int) -> dict[str, Any]:
    """Both parties with their trails, what is barred, and what the pair looks like now. Raises KeyError for no such order."""
    row = core.order_rows[order_id]
    order = core.orders[row]
    sight = _sight(core, row, at_ms)
    return {
        "protected": _party(core, order.protected, at_ms),
        "respondent": _party(core, order.respondent, at_ms),
        "perimeter_m": order.perimeter_m,
        "warning_m": order.warning_m,
        "zones": [zone_as_feature(zone) for zone in order.zones],
        "numbers": None if sight is None else _numbers(core, sight),
        "closest": None if sight is None else _closest(core, sight, at_ms),
    }


def both(core: Core, order_id: OrderId, at_ms: int) -> dict[str, Any]:
    """Both parties without their trails, and the pair's numbers: a frame of a playback."""
    row = core.order_rows[order_id]
    order, sight = core.orders[row], _sight(core, row, at_ms)
    return {
        "protected": _party(core, order.protected, at_ms, trail=False),
        "respondent": _party(core, order.respondent, at_ms, trail=False),
        "numbers": None if sight is None else _numbers(core, sight),
    }


def perimeter_of(core: Core, order_id: OrderId) -> tuple[float, float, float] | None:
    """Where her perimeter is now: (latitude, longitude, radius in metres), after the newest believed fix of her devices."""
    row = core.order_rows.get(order_id)
    if row is None or core.orders[row].perimeter_m <= 0:
        return None
    fixes = (d for _, d in core.rows_of(core.orders[row].protected))
    newest = max((fix for fix in fixes if fix["fix_ms"] > 0), key=lambda fix: int(fix["fix_ms"]), default=None)
    return None if newest is None else (float(newest["lat"]), float(newest["lon"]), float(core.orders[row].perimeter_m))


def device_states(core: Core, order_id: OrderId, at_ms: int) -> list[dict[str, Any]]:
    """Every device of both parties. Raises KeyError for no such order."""
    order = core.orders[core.order_rows[order_id]]
    parties = ((Role.PROTECTED, order.protected), (Role.RESPONDENT, order.respondent))
    return [_state(role, device, d, at_ms) for role, person in parties for device, d in core.rows_of(person)]


def warm_up() -> None:
    """Compile what of the kernel is asked from here (or load it from its cache)."""
    her, him = PersonId("her"), PersonId("him")
    devices = tuple(Device(DeviceId(one), one) for one in (her, him))
    core = Core(Registry(devices, (Order(OrderId("o"), her, him, 1.0, 2.0, 0, 1),)))
    core.tables().device["seen"] = 1
    core.tables().device["battery_ms"] = core.tables().device["pinged"] = 1
    whereabouts(core, OrderId("o"), 0)
    device_states(core, OrderId("o"), 0)


# --- one party --------------------------------------------------------------------------------------------------------


def _party(core: Core, person: PersonId, at_ms: int, *, trail: bool = True) -> dict[str, Any] | None:
    """The newest believed place of a person; None for one who was never seen."""
    seen = [(device, d) for device, d in core.rows_of(person) if d["seen"]]
    if not seen:
        return None
    device, d = max(seen, key=lambda one: int(one[1]["fix_ms"]))
    speed_mps = math.hypot(float(d["ve"]), float(d["vn"]))
    age_s = max(at_ms - int(d["fix_ms"]), 0) / 1000.0
    return {
        "lat": round(float(d["lat"]), DEGREES),
        "lon": round(float(d["lon"]), DEGREES),
        "radius_m": round(policy.ACCURACY_RADIUS_PER_SIGMA * math.sqrt(variance_after(d, age_s)), 1),
        "age_s": round(age_s, 1),
        "speed_mps": round(speed_mps, 1),
        "course_deg": None if speed_mps < STILL_MPS else round(math.degrees(math.atan2(float(d["ve"]), float(d["vn"]))) % 360.0) % 360,
        "source": Source(int(d["source"])).word,
        "device": device.id,
        **({"trail": _trail(core, core.device_rows[device.id], d)} if trail else {}),
    }


def _trail(core: Core, row: int, d: Any) -> list[tuple[int, float, float]]:
    """(time, lat, lon) of the fixes that are remembered, oldest first, the newest one last."""
    ring, count = core.tables().history[row], int(d["history_count"])
    places = [ring[k % len(ring)] for k in range(max(count - len(ring), 0), count)]
    trail = [(int(place[0]), round(float(place[1]), DEGREES), round(float(place[2]), DEGREES)) for place in places]
    newest = (int(d["fix_ms"]), round(float(d["lat"]), DEGREES), round(float(d["lon"]), DEGREES))
    return trail if trail and trail[-1][0] >= newest[0] else [*trail, newest]


# --- the pair ---------------------------------------------------------------------------------------------------------


def _sight(core: Core, row: int, at_ms: int) -> tuple[Any, tuple[float, ...]] | None:
    """The target that speaks for the order now, and what it looks like; None if none can be looked at."""
    tables, best = core.tables(), None
    first = int(tables.order[row]["target_first"])
    for k in range(first, first + int(tables.order[row]["target_count"])):
        target = tables.target[k]
        if not is_open(target, at_ms):
            continue
        sight = look(tables, row, k, at_ms, NOBODY)
        rank = (int(target["breach"]), int(target["approach"]), sight[3], -sight[1])
        if sight[0] > 0.0 and (best is None or rank > best[0]):
            best = rank, target, sight
    return None if best is None else best[1:]


def _numbers(core: Core, found: tuple[Any, tuple[float, ...]]) -> dict[str, Any]:
    target, (_, margin_m, sigma_m, p_inside, _, seconds, bearing, _, j, *_) = found
    is_pair = int(target["kind"]) == PERIMETER
    his = core.tables().device[int(j)]
    return {
        "distance_m": round(margin_m + float(target["radius_m"]) if is_pair else abs(margin_m), 1),
        "uncertainty_m": round(policy.ACCURACY_RADIUS_PER_SIGMA * sigma_m, 1),
        "inside_ratio": p_inside,
        "bearing": None if math.isnan(bearing) else wind_of(bearing, "en"),
        "bearing_deg": None if math.isnan(bearing) else bearing,
        "speed_mps": round(math.hypot(float(his["ve"]), float(his["vn"])), 1),
        "seconds_to_perimeter": None if seconds >= FAR_S else seconds,
    }


def _closest(core: Core, found: tuple[Any, tuple[float, ...]], at_ms: int) -> dict[str, Any] | None:
    """Where and when they come closest if both keep their course; None if they do not come closer, or no course is known."""
    target, sight = found
    if int(target["kind"]) != PERIMETER:
        return None
    hers, his = (core.tables().device[int(one)] for one in (sight[7], sight[8]))
    if at_ms - min(int(hers["fix_ms"]), int(his["fix_ms"])) > policy.COURSE_AGE_MS_MAX:
        return None
    her, she_goes = _now(hers, at_ms)
    him, he_goes = _now(his, at_ms)
    east, north = offset_m(*her, *him)
    ve, vn = he_goes[0] - she_goes[0], he_goes[1] - she_goes[1]
    closing = -(east * ve + north * vn)
    if closing <= policy.CLOSING_MPS_MIN * math.hypot(east, north):
        return None
    after_s = min(closing / (ve * ve + vn * vn), policy.CONTACT_S_OFF)
    return {
        "at_ms": at_ms + round(after_s * 1000.0),
        "distance_m": round(math.hypot(east + ve * after_s, north + vn * after_s), 1),
        "protected": _after(her, she_goes, after_s),
        "respondent": _after(him, he_goes, after_s),
    }


def _now(d: Any, at_ms: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """(place, velocity in m/s east and north) of a device now, as the kernel reckons it on from its last fix."""
    glide_s, left, _ = reckon(d, (at_ms - int(d["fix_ms"])) / 1000.0)
    ve, vn = float(d["ve"]), float(d["vn"])
    return moved(float(d["lat"]), float(d["lon"]), ve * glide_s, vn * glide_s), (ve * left, vn * left)


def _after(place: tuple[float, float], goes: tuple[float, float], after_s: float) -> list[float]:
    return [round(x, DEGREES) for x in moved(*place, goes[0] * after_s, goes[1] * after_s)]


# --- one device -------------------------------------------------------------------------------------------------------


def _state(role: Role, device: Device, d: Any, at_ms: int) -> dict[str, Any]:
    """What a device said of itself, and what is wrong with it."""
    heard = bool(d["pinged"])
    battery = heard and int(d["battery_ms"]) > 0
    strap, tether, signal = Strap(int(d["strap"])), Tether(int(d["tether"])), float(d["signal_dbm"])
    return {
        "id": device.id,
        "party": role.word,
        "ping_age_s": _age_s(int(d["ping_ms"]), at_ms) if heard else None,
        "fix_age_s": _age_s(int(d["fix_ms"]), at_ms) if d["seen"] else None,
        "source": Source(int(d["source"])).word if d["seen"] else None,
        "battery": float(d["battery"]) if battery else None,
        "hours_left": hours_left(d) if battery else None,
        "charging": bool(d["charging"]) if battery else None,
        "strap": None if strap is Strap.UNKNOWN else strap.word,
        "tether": None if tether is Tether.UNKNOWN else tether.word,
        "signal": None if math.isnan(signal) else signal,
        "satellites": int(d["satellites"]) if d["satellites"] >= 0 else None,
        "interval_s": int(d["wanted_s"]),
        "troubles": troubles(d, at_ms),
    }


def _age_s(then_ms: int, at_ms: int) -> float:
    return round(max(at_ms - then_ms, 0) / 1000.0, 1)


def troubles(d: Any, at_ms: int) -> list[str]:
    """What is wrong with a device, in words: the reasons it gives, and why it is not seen."""
    said = {
        Reason.STRAP.word: int(d["strap"]) in (Strap.OPEN, Strap.CUT),
        Reason.SEPARATION.word: int(d["tether"]) in (Tether.FAR, Tether.LOST),
        Reason.JAMMING.word: int(d["jamming_until_ms"]) > at_ms,
        Reason.SPOOFING.word: int(d["mock_until_ms"]) > at_ms,
        Reason.CLOCK.word: int(d["clock_until_ms"]) > 0,
        Reason.BATTERY.word: bool(d["battery_low"]),
        "no_signal": not d["pinged"] or at_ms - int(d["ping_ms"]) > silence_ms(d),
    }
    said["no_fix"] = not said["no_signal"] and at_ms - int(d["fix_ms"]) > silence_ms(d)
    return [word for word, holds in said.items() if holds]
