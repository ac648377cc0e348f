"""A change of orders (the `orders` topic, contract section 3), with the devices that came with it. PURE."""

from __future__ import annotations

from config.errors import BadInput
from config.order_data import devices_from_data, order_from_data
from geofence.terms import OrderId
from monitor.terms import Envelope, OrderChange, Refused, RejectReason
from monitor.wire import OrderBody, from_json


def order_change(envelope: Envelope) -> OrderChange:
    """What changes. Raises Refused and BadInput."""
    body = from_json(envelope.payload, OrderBody)
    if (body.order is None) == (body.order_revoked is None):
        raise Refused(RejectReason.BAD_ORDER, "give either order or order_revoked")
    devices, faults = devices_from_data(body.devices or [])
    order, wrong = (None, []) if body.order is None else order_from_data(body.order)
    if faults or wrong:
        raise BadInput.together([BadInput(f"orders {one.where}".strip(), one.message) for one in (*faults, *wrong)])
    revoked = None if body.order_revoked is None else OrderId(body.order_revoked)
    return OrderChange(envelope.at_ms, order, revoked, devices)
