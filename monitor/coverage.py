"""Who is not seen now, since when and why, the greatest risk first; and whose battery will not last. PURE.

Whole columns at a time: after an outage every order of a state is in it, and the alerts share this thread.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from geofence import policy
from geofence.core import Core
from geofence.terms import Level, Reason, Role, Strap, Tether
from geofence.watch import PARTY_SHIFT

LISTED_MAX = 500  # orders told one by one; the others are counted: nobody reads more, and it takes 10 ms
FOLDED_MIN = 20  # so many orders for the same cause are one event: a broker, a carrier, a district
FOLDED_ORDERS_MAX = LISTED_MAX  # named of a folded cause: whoever is listed for it is among them
M_PER_DEG = 111_200.0  # of a great circle
BATTERY_HOURS = 6.0  # what will be empty before the shift ends

# Why a device does not show where its wearer is, the first that holds.
WHYS = ("server", "no_device", "battery", "no_signal", "no_fix", "strap")
SERVER, NO_DEVICE, BATTERY, NO_SIGNAL, NO_FIX, STRAP = range(len(WHYS))
SEEN = len(WHYS)

_LOST = (Reason.CANNOT_SEE_RESPONDENT, Reason.CANNOT_SEE_PROTECTED, Reason.NOT_SEEN_YET, Reason.NO_LINK, Reason.NO_COVERAGE_KNOWN)
_OFF = (Reason.STRAP, Reason.SEPARATION)  # a device is seen, a person is not
UNSEEN_BITS = sum(1 << int(reason) | 1 << (int(reason) + PARTY_SHIFT) for reason in (*_LOST, *_OFF))


@dataclass(frozen=True, slots=True)
class _Devices:
    """Every device at once. Shapes: why int64[devices], index in WHYS or SEEN; newest int64[persons], -1 for none."""

    why: Any
    newest: Any  # the device with a person's newest believed fix


@dataclass(frozen=True, slots=True)
class _Unseen:
    """Orders that cannot be watched, the greatest risk first. Shapes: rows, distance_m [n]; why [n, 2] by party."""

    rows: Any
    why: Any
    distance_m: Any  # when both were last seen; infinite where that never was


def coverage(core: Core, at_ms: int, *, hidden: Sequence[int] = ()) -> dict[str, Any]:
    """Orders in force that cannot be watched, causes that many share, and batteries near their end."""
    rows = np.setdiff1d(core.live_rows(), np.array(hidden, np.int64))
    orders, devices = core.tables().order[rows], _devices(core, at_ms)
    unseen = _unseen(core, rows[(orders["begun"] == 1) & (orders["reasons"] & UNSEEN_BITS != 0)], devices)
    return {
        "unseen": len(unseen.rows),
        "uncovered": [line for k in range(min(len(unseen.rows), LISTED_MAX)) for line in _lines(core, unseen, k, devices)],
        "folded": list(_folded(core, unseen, devices)),
        "batteries": list(_batteries(core, hidden)),
    }


def _devices(core: Core, at_ms: int) -> _Devices:
    d = core.tables().device
    limit_ms = 1000.0 * (policy.SILENCE_GAPS * d["gap_s"] + policy.SILENCE_SLACK_S)  # as track.silence_ms, for all at once
    off = np.isin(d["strap"], (int(Strap.OPEN), int(Strap.CUT))) | np.isin(d["tether"], (int(Tether.FAR), int(Tether.LOST)))
    silent = (d["pinged"] == 0) | (at_ms - d["ping_ms"] > limit_ms)
    blind = (d["seen"] == 0) | (at_ms - d["fix_ms"] > limit_ms)
    why = np.select([silent & (d["battery_low"] == 1), silent, blind, off], [BATTERY, NO_SIGNAL, NO_FIX, STRAP], SEEN)
    newest = np.full(len(core.tables().person), -1)
    by_time = np.argsort(d["fix_ms"], kind="stable")
    newest[d["person"][by_time]] = by_time
    return _Devices(why, newest)


def _unseen(core: Core, rows: Any, devices: _Devices) -> _Unseen:
    orders = core.tables().order[rows]
    hers, his = devices.newest[orders["protected"]], devices.newest[orders["respondent"]]
    distance_m = _distance_m(core, hers, his)
    by_risk = np.lexsort((rows, distance_m, -orders["level"]))
    why = np.stack([_why(core, orders, role, devices) for role in Role], axis=1)
    return _Unseen(rows[by_risk], why[by_risk], distance_m[by_risk])


def _why(core: Core, orders: Any, role: Role, devices: _Devices) -> Any:
    """The cause on one party's side, for each order."""
    tables = core.tables()
    if tables.world[0]["link_up"] == 0:
        return np.full(len(orders), SERVER if role is Role.RESPONDENT else SEEN)  # once is enough
    person, device = orders[role.word], devices.newest[orders[role.word]]
    why = np.full(len(orders), NO_DEVICE)
    why[device >= 0] = devices.why[device[device >= 0]]
    lost = (why == SEEN) & (orders[f"lost_{role.word}"] == 1)  # overdue already, not yet silent
    why[lost] = np.where(tables.device["ping_ms"][device[lost]] > tables.device["fix_ms"][device[lost]], NO_FIX, NO_SIGNAL)
    why[(why == SEEN) & (tables.person["apart"][person] == 1)] = STRAP
    if role is Role.PROTECTED:
        why[(why == NO_DEVICE) & (orders["perimeter"] == 0)] = SEEN  # a fixed zone needs no device of hers
    return why


def _distance_m(core: Core, hers: Any, his: Any) -> Any:
    """How far apart two devices were last seen, for each pair; good to a percent, which is enough to put them in order."""
    d = core.tables().device
    found = np.full(len(hers), np.inf)
    known = np.flatnonzero((hers >= 0) & (his >= 0))
    a, b = d[hers[known]], d[his[known]]
    both = (a["seen"] == 1) & (b["seen"] == 1)
    east_deg = (b["lon"] - a["lon"] + 180.0) % 360.0 - 180.0
    away_m = np.hypot(b["lat"] - a["lat"], east_deg * np.cos(np.radians(a["lat"]))) * M_PER_DEG
    found[known[both]] = away_m[both]
    return found


def _lines(core: Core, unseen: _Unseen, k: int, devices: _Devices) -> Iterator[dict[str, Any]]:
    """One line for each party that is the trouble."""
    o, away_m = int(unseen.rows[k]), float(unseen.distance_m[k])
    order, row = core.orders[o], core.tables().order[int(unseen.rows[k])]
    for role in Role:
        why = int(unseen.why[k, role])
        if why == SEEN:
            continue
        device = -1 if why == SERVER else int(devices.newest[row[role.word]])
        yield {
            "order": order.id,
            "party": None if why == SERVER else role.word,
            "device": core.devices[device].id if device >= 0 else None,
            "since_ms": _since_ms(core, device, why),
            "why": WHYS[why],
            "level": Level(int(row["level"])).word,
            "distance_m": None if math.isinf(away_m) else round(away_m),
            "risk": k,
        }


def _since_ms(core: Core, device: int, why: int) -> int | None:
    """When the device was last heard, or last seen; None for never."""
    d = core.tables().device[device]
    return int(d["ping_ms" if why in (NO_SIGNAL, BATTERY) else "fix_ms"]) or None if device >= 0 else None


def _folded(core: Core, unseen: _Unseen, devices: _Devices) -> Iterator[dict[str, Any]]:
    """The causes that many orders share."""
    for why, word in enumerate(WHYS):
        shared = np.flatnonzero((unseen.why == why).any(axis=1))
        if len(shared) >= FOLDED_MIN:
            first = unseen.rows[shared]
            orders = core.tables().order[first]
            side = np.where(unseen.why[shared, Role.RESPONDENT] == why, orders["respondent"], orders["protected"])
            heard = core.tables().device["ping_ms" if why in (NO_SIGNAL, BATTERY) else "fix_ms"][devices.newest[side]]
            since = heard[(heard > 0) & (devices.newest[side] >= 0)] if why != SERVER else heard[:0]
            yield {
                "why": word,
                "count": len(shared),
                "since_ms": int(np.median(since)) if len(since) else None,
                "orders": [core.orders[int(o)].id for o in first[:FOLDED_ORDERS_MAX]],
            }


def _batteries(core: Core, hidden: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Devices of orders in force that will be empty soon, the soonest first."""
    d = core.tables().device
    hours = np.floor(d["battery"] / np.maximum(d["drain_per_h"], 0.1) * 10.0 + 0.5) / 10.0  # as health.hours_left, for all at once
    low = np.flatnonzero((d["battery_ms"] > 0) & (d["charging"] != 1) & (hours < BATTERY_HOURS))
    for i in low[np.lexsort((low, hours[low]))][:LISTED_MAX]:
        for o, role in _orders_of(core, int(d[i]["person"])):
            if o not in hidden:
                yield {"device": core.devices[i].id, "order": core.orders[o].id, "party": role.word, "hours_left": float(hours[i])}


def _orders_of(core: Core, person: int) -> Iterator[tuple[int, Role]]:
    """(row, part) of each order in force that a person is in."""
    tables = core.tables()
    m = int(tables.person[person]["first_membership"])
    while m >= 0:
        o = int(tables.membership[m]["order"])
        if tables.order[o]["begun"] == 1:
            yield o, Role.PROTECTED if tables.order[o]["protected"] == person else Role.RESPONDENT
        m = int(tables.membership[m]["next"])
