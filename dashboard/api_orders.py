"""The web API: protection orders, with zones as GeoJSON, and whether everyone can be seen."""

from __future__ import annotations

import math
from typing import Any

from config.order_data import devices_from_data, order_from_data
from config.orders import warnings
from dashboard.api_incidents import monitor_says
from dashboard.endpoints import Call, Denied
from geofence.terms import Circle, Order, Position, Registry, ZoneKind
from geofence.zone import compile_zone
from monitor.feasibility import outside_m

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
    made, _ = order_from_data(said["order"])
    hints = [] if made is None else _hints(made, call.session.language)
    return {"order": said["order"], "devices": said.get("devices", []), "hints": hints}


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
    made, faults = order_from_data(call.body.order)
    faults += devices_from_data(call.body.devices)[1]
    hints = [] if made is None else _hints(made, call.session.language)
    return {"ok": not faults, "faults": [{"where": fault.where, "message": fault.message} for fault in faults], "hints": hints}


async def put(call: Call) -> Any:
    """Issue or change an order; answered when it has been judged."""
    if call.body.order.get("id") != call.path["id"]:
        raise Denied(400, "bad", "the path names another order", "id")
    faults = [*order_from_data(call.body.order)[1], *devices_from_data(call.body.devices)[1]]
    if faults:
        raise Denied(400, "bad", faults[0].message, faults[0].where)
    said = await monitor_says(call, do="set_order", order=call.body.order, devices=call.body.devices, who=call.session.name)
    await call.desk.looks.note(call.session, "set_order", call.path["id"])
    now = await monitor_says(call, do="order", of=call.path["id"])
    return {"order": now["order"], "devices": now.get("devices", []), "level": said["level"], "reason": said["reason"]}


async def revoke(call: Call) -> None:
    """End an order; answered when that has been judged."""
    await monitor_says(call, do="revoke_order", of=call.path["id"], who=call.session.name)
    await call.desk.looks.note(call.session, "revoke_order", call.path["id"])


async def coverage(call: Call) -> Any:
    """Who is not seen right now, since when and why, by risk."""
    said = await monitor_says(call, do="coverage")
    shared = {(outage["why"], order) for outage in said["folded"] for order in outage["orders"]}  # these are read there
    return {**said, "uncovered": [one for one in said["uncovered"] if (one["why"], one["order"]) not in shared]}


# --- helpers ----------------------------------------------------------------------------------------------------------


def _hints(order: Order, language: str) -> list[str]:
    """What is allowed but probably not meant."""
    spanish = language == "es"
    found = []
    if 0.0 < order.perimeter_m < PERIMETER_M_FINE:
        found.append(
            f"Un perímetro de {order.perimeter_m:g} m es del tamaño del error de dos teléfonos en la ciudad: habrá más avisos en falso."
            if spanish
            else f"A perimeter of {order.perimeter_m:g} m is the size of two phones' errors in a city: expect more false alerts."
        )
    ring_m = order.warning_m - order.perimeter_m
    if order.perimeter_m > 0.0 and ring_m < RING_M_FINE:
        found.append(
            f"El anillo exterior deja menos de 60 s a un coche: {ring_m:g} m."
            if spanish
            else f"The warning ring gives less than 60 s against a car: {ring_m:g} m."
        )
    for his, hers, apart_m in _too_near(order):
        found.append(
            f"La zona {his}, en que él debe estar, queda a {apart_m:.0f} m de {hers}: menos que el perímetro. Habrá avisos a diario."
            if spanish
            else f"Zone {his}, where he must stay, is {apart_m:.0f} m from zone {hers}: nearer than the perimeter. Expect alerts every day."
        )
    return found + [one for one in warnings(Registry((), (order,))) if "no device" not in one]


def _too_near(order: Order) -> list[tuple[str, str, float]]:
    """(zone he must stay in, zone barred to him, metres between) where that is less than the perimeter; 0: they overlap."""
    found = []
    inclusions = [zone for zone in order.zones if zone.kind is ZoneKind.INCLUSION]
    exclusions = [zone for zone in order.zones if zone.kind is ZoneKind.EXCLUSION]
    for his in inclusions:
        shape = compile_zone(his)
        reach_m = his.shape.radius_m if isinstance(his.shape, Circle) else max(math.hypot(x, y) for x, y, *_ in shape.edges)
        for hers in exclusions:
            apart_m = outside_m(hers, Position(shape.lat_deg, shape.lon_deg)) - reach_m
            if apart_m < order.perimeter_m:
                found.append((str(his.id), str(hers.id), max(apart_m, 0.0)))
    return found
