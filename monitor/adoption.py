"""From the orders that are watched to those a file names now, change by change. PURE."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from geofence.core import Core
from geofence.terms import OrderId, Registry
from monitor.engine_state import Member
from monitor.terms import OrderChange


def changes_to(core: Core, registry: Registry, gone: Iterable[OrderId]) -> Iterator[OrderChange | None]:
    """New devices, then the orders that are gone, then those new or changed; None for each that stands as it should.

    Each is looked at when it is asked for, so that whoever takes them over may pause between any two: looking at 50,000 orders
    and putting a thousand in force takes its time. An order is of the file before or of the file after, never half of each.
    """
    for device in registry.devices:
        yield None if stands(core.devices, core.device_rows.get(device.id), device) else OrderChange(0, devices=(device,))
    for order_id in gone:
        yield OrderChange(0, revoked=order_id)
    for order in registry.orders:
        yield None if stands(core.orders, core.order_rows.get(order.id), order) else OrderChange(0, order=order)


def stands(members: list[Member], row: int | None, wanted: Member) -> bool:
    """Whether a member of the registry is as it should be; from then on it is this very object: a file read anew is not kept twice."""
    if row is None or (members[row] is not wanted and members[row] != wanted):
        return False
    members[row] = wanted
    return True
