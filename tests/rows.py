"""Single rows of the core's arrays, made by hand, for tests of one function at a time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from geofence import policy
from geofence.core import Core
from geofence.state import DEVICE, PING, TARGET
from geofence.terms import Position, ZoneKind
from tests.pings import HOME, T0, at, circle, pair, ping

S = 1_000  # ms


EXCLUSION, INCLUSION, PERIMETER = int(ZoneKind.EXCLUSION), int(ZoneKind.INCLUSION), int(ZoneKind.PERIMETER)


def device(east_m: float = 0.0, north_m: float = 0.0, **fields: Any) -> Any:
    """A device seen at T0 at a place, its track known to ten metres."""
    d = np.zeros(1, DEVICE)[0]
    d["lat"], d["lon"] = at(east_m, north_m)
    known = {"seen": 1, "pinged": 1, "fix_ms": T0, "p11": 100.0, "p22": 0.25, "gap_s": 60.0, "spread": 0.8, "next_device": -1, **fields}
    for name, value in known.items():
        d[name] = value
    return d


def target(kind: int = PERIMETER, **fields: Any) -> Any:
    t = np.zeros(1, TARGET)[0]
    for name, value in {"kind": kind, "radius_m": 500.0, "size_m": 500.0, "ring_m": 1700.0, "open_until_ms": policy.NEVER_MS, **fields}.items():
        t[name] = value
    return t


def p(**fields: Any) -> Any:
    row = np.array([ping(0, T0, 1, 0, 0)], PING)[0]
    for name, value in fields.items():
        row[name] = value
    return row


def people(*devices: Any) -> Any:
    """The tables of one person with these devices, in a chain."""
    rows = np.array(list(devices), DEVICE)
    for k in range(len(rows)):
        rows[k]["next_device"] = k + 1 if k + 1 < len(rows) else -1
    return SimpleNamespace(device=rows, person=[{"first_device": 0 if len(rows) else -1}])


def zone_tables(kind: ZoneKind, radius_m: float = 300.0, buffer_m: float = 200.0, origin: Position = HOME) -> Any:
    return Core(pair(perimeter_m=0.0, zones=(circle(radius_m, buffer_m, kind, origin),))).tables()


def sight(i: int = 0, j: int = 1, p_inside: float = 0.9, p_path: float = 0.0, margin_m: float = 100.0, sigma_m: float = 10.0) -> tuple[float, ...]:
    """As `look` returns it."""
    return (1.0, margin_m, sigma_m, p_inside, 0.0, 1e9, 0.0, float(i), float(j), p_path, 0.0, 0.0)
