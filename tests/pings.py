"""Pings and orders made by hand, for tests of the core: metres east and north of a square in Querétaro."""

from __future__ import annotations

import math
from typing import Any

from geofence.core import Core
from geofence.geodesy import moved
from geofence.state import TRANSITION
from geofence.terms import (
    Circle,
    Device,
    DeviceId,
    Level,
    Order,
    OrderId,
    PersonId,
    Ping,
    Position,
    Reason,
    Registry,
    Zone,
    ZoneId,
    ZoneKind,
)

T0 = 1_767_600_000_000  # 2026-01-05T08:00:00Z, a Monday
HOME = Position(20.5888, -100.3899)
HER, HIM = 0, 1  # rows of the two devices of `pair`
NAN = math.nan


def at(east_m: float, north_m: float, origin: Position = HOME) -> tuple[float, float]:
    return moved(origin.lat_deg, origin.lon_deg, east_m, north_m)


def ping(device: int, at_ms: int, seq: int, east_m: float, north_m: float, origin: Position = HOME, **more: Any) -> Ping:
    """A good ping, made half a second before it arrives, from a fix 300 ms older."""
    lat, lon = at(east_m, north_m, origin)
    fields: dict[str, Any] = dict(
        device=device, at_ms=at_ms, boot=1, seq=seq, sent_ms=at_ms - 500, has_fix=True, fix_ms=at_ms - 800, lat_deg=lat, lon_deg=lon,
        accuracy_m=8.0, speed_mps=NAN, course_deg=NAN, source=0, satellites=9, hdop=1.0, mock=False, battery_percent=80.0, charging=0,
        strap=1, tether=0, sos=False, moving=-1, signal_dbm=NAN, jamming=False, check=False, ordered=True,
    )  # fmt: skip
    return Ping(**{**fields, **more})


def pair(perimeter_m: float = 500.0, warning_m: float = 2_200.0, zones: tuple[Zone, ...] = (), **order: Any) -> Registry:
    """One protected person with a bracelet (row 0), one respondent with a tag (row 1), one order."""
    devices = (Device(DeviceId("brc"), PersonId("P")), Device(DeviceId("tag"), PersonId("R")))
    known = dict(valid_from_ms=0, valid_until_ms=1 << 60)
    known.update(order)
    return Registry(devices, (Order(OrderId("O1"), PersonId("P"), PersonId("R"), perimeter_m, warning_m, zones=zones, **known),))


def circle(radius_m: float = 300.0, buffer_m: float = 200.0, kind: ZoneKind = ZoneKind.EXCLUSION, origin: Position = HOME, **more: Any) -> Zone:
    return Zone(ZoneId("home"), kind, Circle(origin, radius_m), buffer_m, **more)


def started(registry: Registry, at_ms: int = T0, **options: Any) -> Core:
    core = Core(registry, **options)
    core.start(at_ms)
    return core


def said(rows: list[Any]) -> list[tuple[str, str, str]]:
    """(from, to, reason) of each transition among the rows, commands left out."""
    return [
        (Level(int(r.from_level)).word, Level(int(r.to_level)).word, Reason(int(r.reason)).word) for r in rows if r.kind == TRANSITION
    ]


def changes(rows: list[Any]) -> list[tuple[str, str]]:
    """(to, reason) of each change of level."""
    return [(to, reason) for before, to, reason in said(rows) if before != to]


def plain(rows: list[Any]) -> list[tuple[Any, ...]]:
    """Rows as values that compare, NaN included."""
    return [tuple(None if isinstance(x, float) and math.isnan(x) else x for x in row) for row in rows]
