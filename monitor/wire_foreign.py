"""Formats of others: OwnTracks and Traccar's position forward, as pings. PURE. Traps: docs/adr/0010 and contract section 2.

Neither has a boot or a sequence number: the device's own time orders its pings and names its repeats. Unknown keys
are theirs to add. Numbers they write for "not known" (any below zero, 0.0 as accuracy) become NaN: -1 m/s of a phone comes as
-3 km/h by OwnTracks and as -1.94 knots by Traccar, and an extra that is not known never costs a position.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from geofence.terms import Ping, Source, Strap, Tether
from monitor.bounds import ACCURACY_M_MAX, COURSE_DEG_MAX, MS_MAX, NULL_ISLAND_DEG, SATELLITES_MAX, SPEED_MPS_MAX
from monitor.terms import Decoded, Envelope, Ignored, Refused, RejectReason, Status
from monitor.wire import Directory, from_json

MPS_PER_KMH = 1 / 3.6
MPS_PER_KNOT = 1852 / 3600
UNPLUGGED, CHARGING_STATES = 1, (2, 3)  # OwnTracks bs: 1 unplugged, 2 charging, 3 full; all else is not known
ALARM_STRAP = {"tampering": Strap.OPEN, "removing": Strap.OPEN}  # Traccar alarms about the housing or strap
NAN = math.nan


def _number(body: dict[str, Any], key: str, low: float, high: float) -> float:
    """A finite number within bounds, or NaN if absent. Raises Refused for anything else."""
    value = body.get(key)
    if value is None:
        return NAN
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refused(RejectReason.WRONG_TYPE, f"expected a number - at `$.{key}`")
    if not math.isfinite(value):
        raise Refused(RejectReason.NOT_FINITE, f"a number is not finite - at `$.{key}`")
    if not low <= value <= high:
        raise Refused(RejectReason.OUT_OF_RANGE, f"out of range - at `$.{key}`")
    return float(value)


def _place(body: dict[str, Any], lat: str, lon: str) -> tuple[float, float]:
    """Latitude and longitude, both required. Raises Refused."""
    place = _number(body, lat, -90.0, 90.0), _number(body, lon, -180.0, 180.0)
    for key, value in zip((lat, lon), place, strict=True):
        if math.isnan(value):
            raise Refused(RejectReason.MISSING_KEY, f"missing - at `$.{key}`")
    if abs(place[0]) < NULL_ISLAND_DEG and abs(place[1]) < NULL_ISLAND_DEG:
        raise Refused(RejectReason.OUT_OF_RANGE, "the position is (0, 0): a receiver without a fix")
    return place


def _extra(body: dict[str, Any], key: str, high: float) -> float:
    """A number from 0 to `high` that nobody must know: NaN if it is absent or below zero. Raises Refused for nonsense."""
    value = _number(body, key, -math.inf, high)
    return value if value >= 0.0 else NAN


def _accuracy(body: dict[str, Any], key: str) -> float:
    """A radius in metres, or NaN: 0 stands for "not known" too, and what is wider than any is none."""
    value = _extra(body, key, 1e9)
    return value if 0.0 < value <= ACCURACY_M_MAX else NAN


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refused(RejectReason.WRONG_TYPE, f"expected an object - at `{where}`")
    return value


def _tri(value: Any) -> int:
    return int(value) if isinstance(value, bool) else -1


def _owntracks_charging(state: Any) -> int:
    return 1 if state in CHARGING_STATES else 0 if state == UNPLUGGED else -1


# --- OwnTracks ------------------------------------------------------------------------------------------------------


def owntracks(envelope: Envelope, directory: Directory, parts: Sequence[str]) -> Decoded:
    """A message under `owntracks/{user}/{device}` or `.../event`. Raises Refused."""
    if len(parts) not in (3, 4) or (len(parts) == 4 and parts[3] != "event"):
        raise Refused(RejectReason.BAD_TOPIC, "no such topic")
    row = directory.owntracks_rows.get(f"{parts[1]}/{parts[2]}")
    if row is None:
        raise Refused(RejectReason.UNKNOWN_DEVICE, "the device is not in the registry")
    if not envelope.payload:
        return Ignored(envelope.at_ms, "empty")
    body = _object(from_json(envelope.payload), "$")
    kind = body.get("_type")
    if not isinstance(kind, str):
        raise Refused(RejectReason.MISSING_KEY, "missing - at `$._type`")
    if kind == "lwt":
        return Status(row, False, envelope.at_ms)
    if kind == "encrypted":
        raise Refused(RejectReason.BAD_ENCODING, "the payload is encrypted and no key is configured")
    if kind not in ("location", "transition"):
        return Ignored(envelope.at_ms, "owntracks")
    if envelope.retained:
        raise Refused(RejectReason.RETAINED, "a retained position is an old one")
    return _owntracks_ping(row, envelope.at_ms, body)


def _seconds_ms(body: dict[str, Any], key: str) -> int:
    """Epoch seconds (a number, or a string in old versions) as ms. Raises Refused."""
    value = body.get(key)
    if isinstance(value, str) and value.isdigit() and len(value) < 12:
        value = int(value)
    if value is None:
        raise Refused(RejectReason.MISSING_KEY, f"missing - at `$.{key}`")
    return int(_number({key: value}, key, 0, MS_MAX / 1000) * 1000)


def _owntracks_ping(row: int, at_ms: int, body: dict[str, Any]) -> Ping:
    """`t` = "p" (a ping of the app's own) carries the time of now with an old position: it proves life, not a place."""
    fix_ms = _seconds_ms(body, "tst")
    sent_ms = max(fix_ms, _seconds_ms(body, "created_at")) if body.get("created_at") is not None else fix_ms
    lat, lon = _place(body, "lat", "lon")
    has_fix = body.get("t") != "p"
    speed = _extra(body, "vel", SPEED_MPS_MAX / MPS_PER_KMH) * MPS_PER_KMH
    return Ping(
        device=row, at_ms=at_ms, boot=0, seq=sent_ms, sent_ms=sent_ms, has_fix=has_fix,
        fix_ms=fix_ms if has_fix else 0, lat_deg=lat if has_fix else NAN, lon_deg=lon if has_fix else NAN,
        accuracy_m=_accuracy(body, "acc"), speed_mps=speed, course_deg=_extra(body, "cog", COURSE_DEG_MAX),
        source=int(Source.GPS), satellites=-1, hdop=NAN, mock=False,
        battery_percent=_extra(body, "batt", 100.0), charging=_owntracks_charging(body.get("bs")),
        strap=int(Strap.UNKNOWN), tether=int(Tether.UNKNOWN), sos=False, moving=_tri(body.get("motion")), signal_dbm=NAN,
        jamming=False, check=False, ordered=False,
    )  # fmt: skip


# --- Traccar --------------------------------------------------------------------------------------------------------


def traccar(envelope: Envelope, directory: Directory) -> Decoded:
    """One forwarded position. Raises Refused."""
    body = _object(from_json(envelope.payload), "$")
    if envelope.retained:
        raise Refused(RejectReason.RETAINED, "a retained position is an old one")
    device = _object(body.get("device"), "$.device")
    row = directory.traccar_rows.get(str(device.get("uniqueId")))
    if row is None:
        raise Refused(RejectReason.UNKNOWN_DEVICE, "the device is not in the registry")
    try:
        return _traccar_ping(row, envelope.at_ms, _object(body.get("position"), "$.position"))
    except Refused as refused:
        refused.device = directory.foreign_ids[row]  # one topic for all its devices
        raise


def _iso_ms(body: dict[str, Any], key: str) -> int:
    """ISO 8601 with an offset as ms. Raises Refused."""
    value = body.get(key)
    if not isinstance(value, str):
        raise Refused(RejectReason.MISSING_KEY, f"missing - at `$.position.{key}`")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise Refused(RejectReason.WRONG_TYPE, f"not a time - at `$.position.{key}`") from None
    if moment.tzinfo is None:
        raise Refused(RejectReason.WRONG_TYPE, f"a time without an offset - at `$.position.{key}`")
    return max(0, round(moment.timestamp() * 1000))


def _traccar_strap(alarms: Sequence[str]) -> Strap:
    return next((ALARM_STRAP[alarm] for alarm in alarms if alarm in ALARM_STRAP), Strap.UNKNOWN)


def _traccar_ping(row: int, at_ms: int, position: dict[str, Any]) -> Ping:
    """`valid: false` has no fix; an "outdated" one shows only in its old fixTime, which is kept as it is."""
    attributes = _object(position.get("attributes") or {}, "$.position.attributes")
    sent_ms = _iso_ms(position, "deviceTime") if position.get("deviceTime") else _iso_ms(position, "fixTime")
    has_fix = position.get("valid") is not False
    lat, lon = _place(position, "latitude", "longitude") if has_fix else (NAN, NAN)
    alarms = [alarm.strip() for alarm in str(attributes.get("alarm") or "").split(",")]
    speed = _extra(position, "speed", SPEED_MPS_MAX / MPS_PER_KNOT) * MPS_PER_KNOT
    satellites = _extra(attributes, "sat", SATELLITES_MAX)
    return Ping(
        device=row, at_ms=at_ms, boot=0, seq=sent_ms, sent_ms=sent_ms, has_fix=has_fix,
        fix_ms=_iso_ms(position, "fixTime") if has_fix else 0, lat_deg=lat, lon_deg=lon,
        accuracy_m=_accuracy(position, "accuracy"), speed_mps=speed, course_deg=_extra(position, "course", COURSE_DEG_MAX),
        source=int(Source.LBS if attributes.get("approximate") is True else Source.GPS),
        satellites=-1 if math.isnan(satellites) else int(satellites), hdop=_extra(attributes, "hdop", 1e6),
        mock=attributes.get("mock") is True, battery_percent=_extra(attributes, "batteryLevel", 100.0),
        charging=_tri(attributes.get("charge")), strap=int(_traccar_strap(alarms)), tether=int(Tether.UNKNOWN),
        sos="sos" in alarms, moving=_tri(attributes.get("motion")), signal_dbm=NAN, jamming="jamming" in alarms, check=False,
        ordered=False,
    )  # fmt: skip
