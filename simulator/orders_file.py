"""Writes the orders of a simulated world as the file the monitor reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from geofence.terms import Circle, Order, Registry, Zone


def write_orders(path: Path, registry: Registry) -> None:
    """Write `ORDERS.toml`."""
    path.write_text("".join(f"{line}\n" for line in orders_toml(registry)), encoding="utf-8")


def orders_toml(registry: Registry) -> Iterator[str]:
    """The lines of the file."""
    for device in registry.devices:
        yield from ("[[device]]", f'id = "{device.id}"', f'person = "{device.person}"', f'format = "{device.format.word}"', "")
    for order in registry.orders:
        yield from _order_lines(order)


def _order_lines(order: Order) -> Iterable[str]:
    yield "[[order]]"
    yield f'id = "{order.id}"'
    yield f'protected = "{order.protected}"'
    yield f'respondent = "{order.respondent}"'
    yield f"perimeter_m = {order.perimeter_m}"
    yield f"warning_m = {order.warning_m}"
    yield f"valid_from = {_moment(order.valid_from_ms)}"
    yield f"valid_until = {_moment(order.valid_until_ms)}"
    yield f'language = "{order.language}"'
    for zone in order.zones:
        yield from _zone_lines(zone)
    yield ""


def _zone_lines(zone: Zone) -> Iterable[str]:
    if not isinstance(zone.shape, Circle):
        raise TypeError(f"zone {zone.id}: the simulator writes circles only")
    centre = zone.shape.centre
    yield "  [[order.zone]]"
    yield f'  id = "{zone.id}"'
    yield f'  kind = "{zone.kind.word}"'
    yield f"  circle = {{ lat = {centre.lat_deg:.7f}, lon = {centre.lon_deg:.7f}, radius_m = {zone.shape.radius_m} }}"
    yield f"  buffer_m = {zone.buffer_m}"
    yield f'  timezone = "{zone.timezone}"'
    if zone.schedule is not None:
        yield f'  schedule = "{zone.schedule}"'


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000.0, UTC).isoformat(timespec="milliseconds")
