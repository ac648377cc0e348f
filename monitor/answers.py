"""The answer to a bracelet that asks "am I protected now?" (`"check": true`), through the very path an alert takes. PURE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid5

import numpy as np

from alerts.message import NAMESPACE, code_of
from alerts.terms import Audience, Channel, Kind, Notification, NotificationId
from alerts.wording import text_of
from geofence import policy
from geofence.core import Core
from geofence.terms import Device, Format, IncidentId, Level, Order, OrderId, Reason, Transition
from geofence.watch import lead_of

# What she reads when nothing is wrong: (Spanish, English).
ALL_WELL = ("Todo en orden: la vemos a usted y vemos el otro dispositivo.", "All is well: we see you, and we see the other device.")
NO_ORDER = ("No hay ninguna orden en vigor para usted. Ante un peligro: 911.", "No order is in force for you. In danger call 911.")
WORD = ("Código", "Code")

Standing = tuple[Level, Reason, Order]  # how one of her orders stands


def asked_apart(pings: Any) -> Iterator[Any]:
    """PING rows in parts, of which only the last row may be a question: the answer knows nothing of what comes later."""
    first = 0
    if np.count_nonzero(pings["check"]):
        for end in (pings["check"].nonzero()[0] + 1).tolist():
            yield pings[first:end]
            first = end
    if first < len(pings):
        yield pings[first:]


def answers(core: Core, pings: Any, incident_of: Mapping[OrderId, IncidentId]) -> list[Notification]:
    """One answer for each question of now among `pings` (PING rows already judged); buffered questions get none."""
    found = []
    for k in pings["check"].nonzero()[0]:
        ping = pings[k]
        device = core.devices[int(ping["device"])]
        if device.format is Format.V1 and is_of_now(core, ping):
            standing = worst(core, device)
            if standing is not None:
                found.append(_answer(device, ping, standing, incident_of))
    return found


def is_of_now(core: Core, ping: Any) -> bool:
    """True if this is the newest ping of its device, just made."""
    d = core.tables().device[int(ping["device"])]
    newest = d["boot"] == ping["boot"] and d["seq"] == ping["seq"]
    return bool(newest and ping["at_ms"] - ping["sent_ms"] - d["offset_ms"] <= policy.HISTORY_AGE_MS)


def worst(core: Core, device: Device) -> Standing | None:
    """The order that stands worst of those that protect the wearer; None for one whom no order protects."""
    rows = list(_protecting(core, device))
    if not rows:
        return None
    begun = [(row, core.orders[o]) for o, row in rows if row["begun"] == 1]
    if not begun:
        return Level.CALM, Reason.ORDER_ENDED, core.orders[rows[-1][0]]
    row, order = max(begun, key=lambda one: (int(one[0]["level"]), -lead_of(int(one[0]["reasons"]))))
    return Level(int(row["level"])), Reason(lead_of(int(row["reasons"])) or Reason.CLEAR), order


def _protecting(core: Core, device: Device) -> Iterator[tuple[int, Any]]:
    """(row number, row) of each order in the registry that protects the wearer."""
    tables, person = core.tables(), core.person_rows[device.person]
    m = int(tables.person[person]["first_membership"])
    while m >= 0:
        o = int(tables.membership[m]["order"])
        if tables.order[o]["protected"] == person and core.order_rows.get(core.orders[o].id) == o:
            yield o, tables.order[o]
        m = int(tables.membership[m]["next"])


def _answer(device: Device, ping: Any, standing: Standing, incident_of: Mapping[OrderId, IncidentId]) -> Notification:
    level, reason, order = standing
    at_ms, question = int(ping["at_ms"]), f"check|{device.id}|{int(ping['boot'])}|{int(ping['seq'])}"
    incident = incident_of.get(order.id) or IncidentId(str(uuid5(NAMESPACE, question)))
    code = code_of(incident)
    return Notification(
        id=NotificationId(str(uuid5(NAMESPACE, f"{question}|answer"))),
        incident=incident,
        order=order.id,
        code=code,
        audience=Audience.PROTECTED,
        channel=Channel.BRACELET,
        kind=Kind.UPDATE,
        step=0,
        level=level,
        reason=reason,
        issued_ms=at_ms,
        language=order.language,
        text=_text(level, reason, order, incident, at_ms, code),
        person=device.person,
        devices=(device.id,),
    )


def _text(level: Level, reason: Reason, order: Order, incident: IncidentId, at_ms: int, code: str) -> str:
    language = 0 if order.language == "es" else 1
    if level is Level.CALM:
        return f"{(NO_ORDER if reason is Reason.ORDER_ENDED else ALL_WELL)[language]} {WORD[language]} {code}."
    t = Transition(at_ms, order.id, incident, level, level, reason, None)
    return text_of(t, audience=Audience.PROTECTED, channel=Channel.BRACELET, kind=Kind.UPDATE, language=order.language, code=code)
