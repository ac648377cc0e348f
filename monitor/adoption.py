"""From the orders that are watched to those a file names now, change by change. PURE."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from geofence.core import Core
from geofence.terms import NOBODY, Device, OrderId, Registry
from monitor.engine_state import Member
from monitor.terms import OrderChange


def changes_to(core: Core, registry: Registry, gone: Iterable[OrderId]) -> Iterator[OrderChange | None]:
    """New devices, then orders that are gone, then devices that change hands, then orders that are new or changed; None: as it should be.

    Each is looked at when it is asked for, so that whoever takes them over may pause between any two: looking at 50,000 orders
    and putting a thousand in force takes its time. An order is of the file before or of the file after, never half of each.
    Devices that are in the file no more are nobody's. Orders of whoever has lost a device are judged anew.
    """
    moved: list[Device] = []
    for device in registry.devices:
        row = core.device_rows.get(device.id)
        if row is not None and core.devices[row].person != device.person:
            moved.append(device)
            yield None
        else:
            yield None if stands(core.devices, row, device) else OrderChange(0, devices=(device,))
    for order_id in gone:
        yield OrderChange(0, revoked=order_id)
    moved += unworn(core, registry)
    losers = {core.devices[core.device_rows[device.id]].person for device in moved}
    for device in moved:
        yield OrderChange(0, devices=(device,))
    for order in registry.orders:
        lost = order.protected in losers or order.respondent in losers
        yield None if stands(core.orders, core.order_rows.get(order.id), order) and not lost else OrderChange(0, order=order)


def unworn(core: Core, registry: Registry) -> list[Device]:
    """The devices that a registry has no more, as nobody's; all that it has are known."""
    if len(registry.devices) == len(core.devices):
        return []
    named = {device.id for device in registry.devices}
    return [replace(device, person=NOBODY) for device in core.devices if device.id not in named and device.person != NOBODY]


def stands(members: list[Member], row: int | None, wanted: Member) -> bool:
    """Whether a member of the registry is as it should be; from then on it is this very object: a file read anew is not kept twice."""
    if row is None or (members[row] is not wanted and members[row] != wanted):
        return False
    members[row] = wanted
    return True
