"""The engine's registry as plain data and back: for snapshots. PURE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from geofence.terms import Circle, Corridor, Device, Order, Polygons, Shape, Zone, ZoneId, ZoneKind
from monitor.wire import from_builtins, to_builtins

# A shape is known by the key that only it has.
_SHAPES: Mapping[str, type[Shape]] = {"radius_m": Circle, "rings": Polygons, "width_m": Corridor}


@dataclass(frozen=True, slots=True)
class _ZoneWithoutShape:
    """Everything of a zone but its shape, which is one of several types."""

    id: ZoneId
    kind: ZoneKind
    buffer_m: float
    timezone: str
    schedule: str | None


def devices_as_data(devices: Sequence[Device]) -> list[dict[str, Any]]:
    """Devices as plain data."""
    return [to_builtins(device) for device in devices]


def devices_from_data(data: Sequence[Mapping[str, Any]]) -> list[Device]:
    """What `devices_as_data` gave."""
    return [from_builtins(device, Device) for device in data]


def orders_as_data(orders: Sequence[Order]) -> list[dict[str, Any]]:
    """Orders as plain data, zones included."""
    return [to_builtins(order) for order in orders]


def orders_from_data(data: Sequence[Mapping[str, Any]]) -> list[Order]:
    """What `orders_as_data` gave."""
    return [_order(order) for order in data]


def _order(data: Mapping[str, Any]) -> Order:
    zones = tuple(_zone(zone) for zone in data["zones"])
    return Order(**{**data, "zones": zones})


def _zone(data: Mapping[str, Any]) -> Zone:
    shape = data["shape"]
    kind = next(_SHAPES[key] for key in _SHAPES if key in shape)
    rest = from_builtins({key: value for key, value in data.items() if key != "shape"}, _ZoneWithoutShape)
    return Zone(rest.id, rest.kind, from_builtins(shape, kind), rest.buffer_m, rest.timezone, rest.schedule)
