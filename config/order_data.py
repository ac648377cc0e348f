"""An order as the console writes it: the keys of the orders file, with GeoJSON in place and times in milliseconds UTC.

What `order_as_data` gives, `order_from_data` takes; the keys of the file itself are taken as well. There is one set of rules for
what an order may be: that of `config/orders.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from config.errors import BadInput
from config.fields import EPOCH, Faults
from config.geojson import geometry_of
from config.orders import read_device, read_order
from geofence.terms import Circle, Corridor, Device, Order, OrderId, Zone

# How the file calls what the console sends, for the place of a fault.
_CONSOLE_WORDS = (
    (re.compile(r"\bzone\["), "zones["),
    (re.compile(r"\.(geojson|circle)$"), ".geometry"),
    (re.compile(r"\.circle\.(lat|lon)$"), ".geometry"),
    (re.compile(r"\.circle\.radius_m$"), ".radius_m"),
    (re.compile(r"^(valid_from|valid_until)$"), r"\1_ms"),
)


def order_as_data(order: Order) -> dict[str, Any]:
    """An order as plain data, its zones as GeoJSON (lon, lat)."""
    return {
        "id": order.id,
        "protected": order.protected,
        "respondent": order.respondent,
        "perimeter_m": order.perimeter_m,
        "warning_m": order.warning_m,
        "valid_from_ms": order.valid_from_ms,
        "valid_until_ms": order.valid_until_ms,
        "language": order.language,
        "zones": [zone_as_data(zone) for zone in order.zones],
    }


def zone_as_data(zone: Zone) -> dict[str, Any]:
    """A zone as plain data: a circle is a Point with `radius_m`, a corridor a LineString with `width_m`."""
    data: dict[str, Any] = {"id": zone.id, "kind": zone.kind.word, "geometry": geometry_of(zone.shape)}
    if isinstance(zone.shape, Circle):
        data["radius_m"] = zone.shape.radius_m
    if isinstance(zone.shape, Corridor):
        data["width_m"] = zone.shape.width_m
    return {**data, "buffer_m": zone.buffer_m, "timezone": zone.timezone, "schedule": zone.schedule}


def zone_as_feature(zone: Zone) -> dict[str, Any]:
    """A zone as a Feature of GeoJSON, for a map."""
    properties = zone_as_data(zone)
    return {"type": "Feature", "geometry": properties.pop("geometry"), "properties": properties}


def device_as_data(device: Device) -> dict[str, Any]:
    """A device as plain data."""
    return {"id": device.id, "person": device.person, "format": device.format.word, "alias": device.alias}


def order_as_mapping(order: Order) -> dict[str, Any]:
    """An order with the keys of the orders file, as it stands on the `orders` topic: GeoJSON in place, times with their offset."""
    times = {key: (EPOCH + timedelta(milliseconds=ms)).isoformat() for key, ms in _times(order).items()}
    data = {key: value for key, value in order_as_data(order).items() if key != "zones" and not key.endswith("_ms")}
    return {**data, **times, "zone": [_zone_as_mapping(zone) for zone in order.zones]}


def orders_input(of: OrderId, order: Order | None, devices: Sequence[Device] = (), who: str | None = None) -> dict[str, Any]:
    """What is said on the `orders` topic: an order, or that one is revoked (`order` None)."""
    said: dict[str, Any] = {"order_revoked": of} if order is None else {"order": order_as_mapping(order)}
    if devices:
        said["devices"] = [_without_nothing(device_as_data(device)) for device in devices]
    if who is not None:
        said["who"] = who
    return said


def _times(order: Order) -> dict[str, int]:
    return {"valid_from": order.valid_from_ms, "valid_until": order.valid_until_ms}


def _zone_as_mapping(zone: Zone) -> dict[str, Any]:
    data = _without_nothing(zone_as_data(zone))
    geometry = data.pop("geometry")
    if isinstance(zone.shape, Circle):
        lat, lon = zone.shape.centre
        circle = {"lat": lat, "lon": lon, "radius_m": data.pop("radius_m")}
        return {**data, "circle": circle}
    return {**data, "geojson": geometry}


def order_from_data(data: Mapping[str, object]) -> tuple[Order | None, list[BadInput]]:
    """The order, or every fault with its place in `data`."""
    has_own_words = any(key in data for key in ("zones", "valid_from_ms", "valid_until_ms"))
    faults = Faults(_console_place if has_own_words else str)
    order = read_order(_as_in_file(data), faults, None)
    return (None, faults.found) if faults.found else (order, [])


def devices_from_data(data: object) -> tuple[tuple[Device, ...], list[BadInput]]:
    """The devices, or every fault with its place."""
    faults = Faults(str)
    if not isinstance(data, list) or not all(isinstance(one, Mapping) for one in data):
        faults.add("devices", "must be an array of tables")
        return (), faults.found
    read = [read_device(f"devices[{index}]", _without_nothing(one), faults) for index, one in enumerate(data)]
    return tuple(device for device in read if device is not None), faults.found


def _console_place(path: str) -> str:
    for pattern, word in _CONSOLE_WORDS:
        path = pattern.sub(word, path)
    return path


def _without_nothing(data: Mapping[str, object]) -> dict[str, object]:
    """Keys that are null are absent: in TOML there is no null."""
    return {key: value for key, value in data.items() if value is not None}


def _as_in_file(data: Mapping[str, object]) -> dict[str, object]:
    found = _without_nothing(data)
    for key in ("valid_from", "valid_until"):
        stamp = found.get(f"{key}_ms")
        if isinstance(stamp, int) and not isinstance(stamp, bool):
            try:
                found[key] = (EPOCH + timedelta(milliseconds=found.pop(f"{key}_ms"))).isoformat()  # type: ignore[arg-type]
            except OverflowError:
                found[key] = str(stamp)  # refused as the date that it is not
    if isinstance(zones := found.pop("zones", None), list):
        found["zone"] = [_zone_as_in_file(zone) if isinstance(zone, Mapping) else zone for zone in zones]
    elif zones is not None:
        found["zone"] = zones
    return found


def _zone_as_in_file(data: Mapping[str, object]) -> dict[str, object]:
    found = _without_nothing(data)
    geometry = found.pop("geometry", None)
    if isinstance(geometry, Mapping) and geometry.get("type") == "Point":
        place = geometry.get("coordinates")
        lon, lat, *_ = place if isinstance(place, list) and len(place) >= 2 else (None, None)
        found["circle"] = _without_nothing({"lat": lat, "lon": lon, "radius_m": found.pop("radius_m", None)})
    elif geometry is not None:
        found["geojson"] = geometry
    return found
