"""The web API: protection orders, with zones as GeoJSON, and whether everyone can be seen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from config.errors import BadInput
from config.orders import order_from_mapping, warnings
from dashboard.api_incidents import monitor_says
from dashboard.coverage import folded
from dashboard.endpoints import Call, Denied
from geofence.terms import Registry

PERIMETER_M_FINE = 200.0  # below, two phones' errors in a city (30 to 60 m each) are a good part of the circle
RING_M_FINE = 840.0  # 60 s at 14 m/s: with less, a car is inside before anybody has got up


async def orders(call: Call) -> Any:
    """Orders in force, page by page; `q` looks in the ids."""
    said = await monitor_says(call, do="orders", after=call.query["after"], limit=call.query["limit"])
    sought = (call.query["q"] or "").lower()
    await call.desk.looks.look(call.session, "orders", "list")
    found = [one for one in said["orders"] if sought in f"{one['id']} {one['protected']} {one['respondent']}".lower()]
    return {"orders": found, "next": said.get("next")}


async def order(call: Call) -> Any:
    """One order, with what looks odd about it."""
    said = await monitor_says(call, do="order", of=call.path["id"])
    await call.desk.looks.look(call.session, "order", call.path["id"])
    return {"order": said["order"], "hints": _hints(said["order"], call.session.language)}


async def zones(call: Call) -> Any:
    """Its zones as GeoJSON (RFC 7946)."""
    said = await monitor_says(call, do="order", of=call.path["id"])
    await call.desk.looks.look(call.session, "order", call.path["id"])
    keys = ("id", "kind", "radius_m", "width_m", "buffer_m", "timezone", "schedule")
    features = [
        {"type": "Feature", "geometry": one["geometry"], "properties": {key: one[key] for key in keys if one.get(key) is not None}}
        for one in said["order"]["zones"]
    ]
    return {"type": "FeatureCollection", "features": features}


async def check(call: Call) -> Any:
    """What is wrong with an order, and what looks odd, before it is issued."""
    try:
        order_from_mapping(in_file_form(call.body.order), "", None)
    except BadInput as fault:
        return {"ok": False, "faults": faults_of(fault), "hints": []}
    return {"ok": True, "faults": [], "hints": _hints(call.body.order, call.session.language)}


async def put(call: Call) -> Any:
    """Issue or change an order; answered when it has been judged."""
    if call.body.order.get("id") != call.path["id"]:
        raise Denied(400, "bad", "the path names another order", "id")
    mapping = in_file_form(call.body.order)
    try:
        order_from_mapping(mapping, "", None)
    except BadInput as fault:
        first = faults_of(fault)[0]
        raise Denied(400, "bad", first["message"], first["where"]) from None
    said = await monitor_says(call, do="set_order", order=mapping)
    await call.desk.looks.note(call.session, "set_order", call.path["id"])
    now = await monitor_says(call, do="order", of=call.path["id"])
    return {"order": now["order"], "level": said["level"], "reason": said["reason"]}


async def revoke(call: Call) -> None:
    """End an order; answered when that has been judged."""
    await monitor_says(call, do="revoke_order", of=call.path["id"])
    await call.desk.looks.note(call.session, "revoke_order", call.path["id"])


async def coverage(call: Call) -> Any:
    """Who is not seen right now, since when and why, by risk."""
    said = await monitor_says(call, do="coverage")
    single, outages = folded(said["uncovered"])
    return {"at_ms": said["at_ms"], "uncovered": single, "folded": outages, "batteries": said["batteries"]}


# --- helpers ----------------------------------------------------------------------------------------------------------


def in_file_form(order: Mapping[str, Any]) -> dict[str, Any]:
    """An order as the page has it -> as the orders file has it. What we do not know goes along, to be refused by its name."""
    ours = ("valid_from_ms", "valid_until_ms", "zones", "level", "reason", "incident")
    form = {key: value for key, value in order.items() if key not in ours}
    for key in ("valid_from", "valid_until"):
        if f"{key}_ms" in order:
            form[key] = _instant(order[f"{key}_ms"])
    zones = order.get("zones")
    if zones is not None:
        form["zone"] = [_zone(one) if isinstance(one, Mapping) else one for one in zones] if isinstance(zones, list) else zones
    return form


def _zone(zone: Mapping[str, Any]) -> dict[str, Any]:
    form = {key: value for key, value in zone.items() if key not in ("geometry", "radius_m") and value is not None}
    geometry = zone.get("geometry")
    if isinstance(geometry, Mapping) and geometry.get("type") == "Point":
        place = geometry.get("coordinates")
        lon, lat = place[:2] if isinstance(place, list) and len(place) >= 2 else (None, None)
        form["circle"] = {key: x for key, x in (("lat", lat), ("lon", lon), ("radius_m", zone.get("radius_m"))) if x is not None}
    elif geometry is not None:
        form["geojson"] = geometry
    return form


def _instant(value: object) -> object:
    """A time as the file has it; what is none stays as it is, for the file's own check to refuse."""
    try:
        return datetime.fromtimestamp(value / 1000, UTC).isoformat() if isinstance(value, int) else value
    except (ValueError, OverflowError, OSError):
        return value


def faults_of(fault: BadInput) -> list[dict[str, str]]:
    """Each fault with its place."""
    found = []
    for line in str(fault).splitlines():
        where, _, message = line.partition(": ")
        found.append({"where": where.strip(), "message": message or line})
    return found


def _hints(order: Mapping[str, Any], language: str) -> list[str]:
    """What is allowed but probably not meant."""
    spanish = language == "es"
    found = []
    perimeter = order.get("perimeter_m") or 0.0
    if 0.0 < perimeter < PERIMETER_M_FINE:
        found.append(
            f"Un perímetro de {perimeter:g} m es del tamaño del error de dos teléfonos en la ciudad: habrá más avisos en falso."
            if spanish
            else f"A perimeter of {perimeter:g} m is the size of two phones' errors in a city: expect more false alerts."
        )
    warning = order.get("warning_m")
    if perimeter > 0.0 and warning is not None and warning - perimeter < RING_M_FINE:
        found.append(
            f"El anillo exterior deja menos de 60 s a un coche: {warning - perimeter:g} m."
            if spanish
            else f"The warning ring gives less than 60 s against a car: {warning - perimeter:g} m."
        )
    try:
        made = order_from_mapping(in_file_form(order), "", None)
    except BadInput:
        return found
    return found + [one for one in warnings(Registry((), (made,))) if "no device" not in one]
