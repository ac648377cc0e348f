"""What readers may see of the engine, as plain data: orders and how they stand. PURE.

Whoever looks at the engine from outside looks through here, so that what is nobody's business (the canary's pair) is left out
once and for all. Positions are in `monitor/whereabouts.py`, what is not seen in `monitor/coverage.py`.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from config.order_data import device_as_data, order_as_data
from geofence.terms import Circle, Corridor, Device, DeviceId, Level, Order, OrderId, PersonId, Reason, Shape
from geofence.watch import lead_of
from monitor.coverage import coverage
from monitor.engine import Engine, Standing
from monitor.terms import Reach
from monitor.whereabouts import device_states, whereabouts

PAGE = 500  # orders of one page unless asked otherwise: 4 ms to put together
PAGE_MAX = 1_000  # and at most
PAGE_POINTS_MAX = 20_000  # corners of zones in a page: 0.5 MB, 10 ms; whatever has more comes alone


@dataclass(frozen=True, slots=True)
class Views:
    """Reads one engine; `hidden` names the orders that are not shown."""

    engine: Callable[[], Engine]
    hidden: tuple[OrderId, ...] = ()

    @property
    def now_ms(self) -> int:
        """The engine's time."""
        return self.engine().now_ms

    def has(self, order: str) -> bool:
        """Whether there is such an order to be seen."""
        return OrderId(order) not in self.hidden and self.engine().level_of(OrderId(order)) is not None

    def orders(self) -> list[OrderId]:
        """Every order in the registry."""
        return [one for one in self.engine().orders() if one not in self.hidden]

    def reach_of(self, order: OrderId) -> Reach | None:
        """How the protected person of an order in force can be reached."""
        return self.engine().reach_of(order)

    def levels(self) -> dict[Level, int]:
        """How many orders stand at each level."""
        engine = self.engine()
        count = engine.orders_by_level()
        for one in self.hidden:
            level = engine.level_of(one)
            if level is not None:
                count[level] -= 1
        return count

    def standings(self) -> list[Standing]:
        """Every order that is not calm."""
        return [standing for standing in self.engine().standings() if standing.order not in self.hidden]

    # --- orders -----------------------------------------------------------------------------------------------------

    def page(self, after: str = "", limit: int = PAGE) -> dict[str, Any]:
        """Orders in order of their ids, from the one behind `after` on; `next` is what to ask with for more, or null."""
        found, points, more = list[OrderId](), 0, False
        for one in heapq.nsmallest(limit + 1, (one for one in self.orders() if one > after)):
            points += _points(self._order(one))
            if len(found) == limit or (found and points > PAGE_POINTS_MAX):
                more = True
                break
            found.append(one)
        return {"orders": [self.order(one) for one in found], "devices": self._devices(found), "next": found[-1] if more else None}

    def order(self, order: OrderId) -> dict[str, Any]:
        """One order, and how it stands. Raises KeyError for one that is not there."""
        return {**order_as_data(self._order(order)), **self.stands(order)}

    def stands(self, order: OrderId) -> dict[str, Any]:
        """How one order stands; one that is not there stands nowhere."""
        engine = self.engine()
        o = engine.core.order_rows.get(order)
        if o is None:
            return {"begun": False, "level": None, "reason": None, "incident": None}
        row = engine.core.tables().order[o]
        reason = lead_of(int(row["reasons"]))
        return {
            "begun": bool(row["begun"]),
            "level": Level(int(row["level"])).word,
            "reason": Reason(reason).word if reason else None,
            "incident": engine.incident_of(order),
        }

    def devices(self) -> dict[DeviceId, Device]:
        """Every device that was ever registered."""
        return {device.id: device for device in self.engine().core.devices}

    def wearer_of(self, device: DeviceId) -> PersonId | None:
        """Who wears a device; None for one that was never registered."""
        core = self.engine().core
        row = core.device_rows.get(device)
        return None if row is None else core.devices[row].person

    def unexpired(self, orders: Iterable[OrderId]) -> Iterator[OrderId]:
        """Those of these orders that are in the registry and not over."""
        engine = self.engine()
        return (one for one in orders if (order := engine.core.order(one)) is not None and order.valid_until_ms > engine.now_ms)

    def devices_of(self, order: OrderId) -> list[dict[str, Any]]:
        """The devices of both parties of an order."""
        return self._devices([order])

    def _order(self, order: OrderId) -> Order:
        core = self.engine().core
        return core.orders[core.order_rows[order]]

    def _devices(self, orders: list[OrderId]) -> list[dict[str, Any]]:
        """The devices of both parties of each, each once."""
        core = self.engine().core
        persons = dict.fromkeys(person for one in orders for person in (self._order(one).protected, self._order(one).respondent))
        return [device_as_data(device) for person in persons for device in core.devices_of(person)]

    # --- where and whether they are seen ------------------------------------------------------------------------------

    def positions(self, order: OrderId) -> dict[str, Any]:
        """Both parties now (monitor/whereabouts.py)."""
        engine = self.engine()
        return whereabouts(engine.core, order, engine.now_ms)

    def states(self, order: OrderId) -> list[dict[str, Any]]:
        """Every device of both parties."""
        engine = self.engine()
        return device_states(engine.core, order, engine.now_ms)

    def coverage(self) -> dict[str, Any]:
        """Who is not seen now (monitor/coverage.py)."""
        engine = self.engine()
        return coverage(
            engine.core, engine.now_ms, hidden=[engine.core.order_rows[one] for one in self.hidden if one in engine.core.order_rows]
        )


def _points(order: Order) -> int:
    return sum(1 for zone in order.zones for _ in _corners(zone.shape))


def _corners(shape: Shape) -> Iterator[object]:
    if isinstance(shape, Circle):
        return iter((shape.centre,))
    if isinstance(shape, Corridor):
        return iter(shape.line)
    return (corner for polygon in shape.rings for ring in polygon for corner in ring)
