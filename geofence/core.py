"""The core as one object: a registry and pings in, rows of transitions and commands out. Owns the arrays.

Adding a device, a person or an order touches only the new rows: rows are appended and chained, capacity doubles.
A changed order gets a new row that takes over the state of the old one; the old row is left dead (succession.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from geofence import policy, state
from geofence.kernel import judge_orders, step, sweep
from geofence.schedule import Schedule
from geofence.state import LAYOUT, OutRow, Tables, copied, doubled
from geofence.succession import WEARERS, chain, go_on, hand_over, new_device, same_parties, targets_of
from geofence.terms import Device, DeviceId, Order, OrderId, PersonId, Ping, Registry, Zone, ZoneKind
from geofence.windows import Windows
from geofence.zone import compile_zone
from geofence.zone import warm_up as warm_up_zones

OUT_ROWS = 65_536  # 10 MB; a fuller batch is drained in several turns
_plain = tuple.__new__  # a named tuple of a plain one, without its own constructor's count of the fields


class Core:
    """State of the whole decision core. Deterministic: the same calls give the same rows on every machine."""

    def __init__(self, registry: Registry = Registry(), *, adaptive: bool = True) -> None:
        self._arrays = {name: np.zeros((1, *shape), dtype) for name, (dtype, shape) in LAYOUT.items()}
        self._count = dict.fromkeys(LAYOUT, 0)
        self._out = np.zeros(OUT_ROWS, state.OUT)
        self._tables: Tables | None = None
        self._chain_of_devices: tuple[Any, Any]  # the fields that `devices_of` follows, as long as the tables are these
        self.devices: list[Device] = []
        self.device_rows: dict[DeviceId, int] = {}
        self.person_rows: dict[PersonId, int] = {}
        self.orders: list[Order] = []  # by row, dead ones included
        self.order_rows: dict[OrderId, int] = {}  # the live row of each order
        self._windows = Windows()
        self._append("world")
        self._append("draft")
        world = self._arrays["world"][0]
        world["link_up"], world["adaptive"], world["next_min_ms"] = 1, int(adaptive), policy.NEVER_MS
        for device in registry.devices:
            self.put_device(device)
        for order in registry.orders:
            self.put_order(order, at_ms=0)

    # --- rows ---------------------------------------------------------------------------------------------------

    def _append(self, name: str) -> int:
        """A new zero row at the end of one array; returns its index."""
        row = self._count[name]
        array = self._arrays[name]
        if row == len(array):
            self._arrays[name] = doubled(array)
        self._count[name] = row + 1
        self._tables = None
        return row

    def tables(self) -> Tables:
        """The live part of every array, as the kernel takes it."""
        if self._tables is None:
            views = {name: array[: self._count[name]] for name, array in self._arrays.items()}
            self._tables = Tables(out=self._out, **views)
            self._chain_of_devices = views["person"]["first_device"], views["device"]["next_device"]
        return self._tables

    def _person(self, person: PersonId) -> int:
        row = self.person_rows.get(person)
        if row is None:
            row = self.person_rows[person] = self._append("person")
            for field in ("first_device", "last_device", "first_membership", "last_membership"):
                self._arrays["person"][row][field] = -1
        return row

    def put_device(self, device: Device) -> int:
        """Register a device; one that is known keeps its row, and its track as long as the same person wears it."""
        person, row = self._person(device.person), self.device_rows.get(device.id)
        if row is None:
            row = self.device_rows[device.id] = self._append("device")
            for name in WEARERS:
                self._append(name)
            new_device(self._arrays, row, person)
            self.devices.append(device)
        elif self.devices[row].person != device.person:
            hand_over(self._arrays, row, person)
        self.devices[row] = device
        return row

    def put_order(self, order: Order, *, at_ms: int) -> int:
        """Bring an order into the registry, or change it; the caller judges it (`judge`), and hears then of one that has ended by it."""
        known = self.order_rows.get(order.id)
        if known is not None and self.orders[known] == order:
            return known
        if known is not None and not same_parties(self.orders[known], order):
            self._end(known, at_ms)  # nothing that was seen of one person is true of another: the new order comes into force unseen
            known = None
        parties = self._person(order.protected), self._person(order.respondent)
        row = self._append("order")
        self._append("pattern")
        self._append("next_ms")
        self.orders.append(order)
        o = self._arrays["order"][row]
        o["protected"], o["respondent"] = parties
        o["valid_from_ms"], o["valid_until_ms"] = order.valid_from_ms, order.valid_until_ms
        o["interval_protected_s"] = o["interval_respondent_s"] = policy.INTERVAL_FAR_S
        o["target_first"] = self._count["target"]
        if order.perimeter_m > 0:
            o["perimeter"] = 1
            self._put_perimeter(order)
        for index, zone in enumerate(order.zones):
            self._put_zone(index, zone, at_ms)
        o = self._arrays["order"][row]
        o["target_count"] = self._count["target"] - o["target_first"]
        for person in parties:
            membership = self._append("membership")
            self._arrays["membership"][membership]["order"] = row
            self._arrays["membership"][membership]["next"] = -1
            chain(self._arrays, person, "membership", membership, "membership", "next")
        if known is not None:
            self._take_over(known, row)
        self.order_rows[order.id] = row
        self._schedule_row(row, max(at_ms, order.valid_from_ms))
        return row

    def _put_perimeter(self, order: Order) -> None:
        row = self._new_target(-1, ZoneKind.PERIMETER)
        target = self._arrays["target"][row]
        target["radius_m"] = target["size_m"] = order.perimeter_m
        target["ring_m"] = order.warning_m - order.perimeter_m

    def _put_zone(self, index: int, zone: Zone, at_ms: int) -> None:
        shape = compile_zone(zone)
        row = self._new_target(index, zone.kind)
        target = self._arrays["target"][row]
        target["lat"], target["lon"] = shape.lat_deg, shape.lon_deg
        target["east_m_per_deg"], target["north_m_per_deg"] = shape.east_m_per_deg, shape.north_m_per_deg
        target["radius_m"], target["size_m"], target["ring_m"] = shape.radius_m, shape.size_m, zone.buffer_m
        target["edge_first"], target["edge_count"] = self._count["edges"], len(shape.edges)
        self._extend("edges", shape.edges)
        if self._follow_schedule(row, zone):
            self._windows.move(self._arrays["target"], row, at_ms)

    def _follow_schedule(self, row: int, zone: Zone) -> bool:
        """Keep the hours of a target that has any; whether it has."""
        if zone.schedule is None:
            return False
        self._windows.put(row, Schedule(zone.schedule, zone.timezone))
        return True

    def _extend(self, name: str, rows: Any) -> None:
        """Put rows at the end of one array."""
        first = self._count[name]
        last = first + len(rows)
        while last > len(self._arrays[name]):
            self._arrays[name] = doubled(self._arrays[name])
        self._arrays[name][first:last] = rows
        self._count[name] = last
        self._tables = None

    def _new_target(self, index: int, kind: ZoneKind) -> int:
        row = self._append("target")
        target = self._arrays["target"][row]
        target["kind"], target["zone"] = int(kind), index
        target["open_from_ms"], target["open_until_ms"] = 0, policy.NEVER_MS
        return row

    def _take_over(self, old: int, new: int) -> None:
        """The new row of a changed order goes on where the old one was; zones of the same id keep their state."""
        before = {self._target_name(old, k): k for k in targets_of(self._arrays, old)}
        now = {k: before.get(self._target_name(new, k)) for k in targets_of(self._arrays, new)}
        go_on(self._arrays, old, new, {k: source for k, source in now.items() if source is not None})
        for k in targets_of(self._arrays, old):
            self._windows.drop(k)

    def _target_name(self, order_row: int, k: int) -> str:
        zone = int(self._arrays["target"][k]["zone"])
        return "" if zone < 0 else self.orders[order_row].zones[zone].id

    def _schedule_row(self, row: int, next_ms: int) -> None:
        self._arrays["next_ms"][row] = next_ms
        world = self._arrays["world"][0]
        world["next_min_ms"] = min(int(world["next_min_ms"]), next_ms)

    @staticmethod
    def warm_up() -> None:
        """Compile the kernel, or load it from its cache: half a minute to a minute once, a second or two ever after."""
        tables = Core().tables()
        sweep(tables, 0)
        step(tables, np.zeros(0, state.PING), 0)
        judge_orders(tables, 0, 0, 0)
        warm_up_zones()

    def start(self, now_ms: int) -> None:
        """Time begins: orders already in force are judged first at this very moment, not when they were issued."""
        count = self._count["next_ms"]
        np.maximum(self._arrays["next_ms"][:count], now_ms, out=self._arrays["next_ms"][:count])
        self._arrays["world"][0]["next_min_ms"] = now_ms
        for k in self._windows:
            self._windows.move(self._arrays["target"], k, now_ms)

    def devices_of(self, person: PersonId) -> list[Device]:
        """The devices of one person, in order of registration."""
        self.tables()
        first, following = self._chain_of_devices
        rows, device = [], first.item(self.person_rows[person])
        while device >= 0:
            rows.append(self.devices[device])
            device = following.item(device)
        return rows

    def rows_of(self, person: PersonId) -> list[tuple[Device, Any]]:
        """The devices of one person, each with its DEVICE row."""
        rows = self.tables().device
        return [(device, rows[self.device_rows[device.id]]) for device in self.devices_of(person)]

    def live_rows(self) -> Any:
        """Which rows are those of the orders in the registry, in the order of `order_rows`: int64[n]."""
        return np.fromiter(self.order_rows.values(), np.int64, len(self.order_rows))

    def live_orders(self) -> Any:
        """These rows (a copy)."""
        return self.tables().order[self.live_rows()]

    def set_adaptive(self, adaptive: bool) -> None:
        """Whether the respondent's interval may depend on her (ADR-0012)."""
        self._arrays["world"][0]["adaptive"] = int(adaptive)

    def order(self, order: OrderId) -> Order | None:
        """The order as it now stands in the registry."""
        row = self.order_rows.get(order)
        return None if row is None else self.orders[row]

    def zone_of(self, order_row: int, target_row: int) -> Zone | None:
        """The zone a target row stands for; None for the perimeter or no target."""
        index = self.tables().target["zone"].item(target_row) if target_row >= 0 else -1
        return self.orders[order_row].zones[index] if index >= 0 else None

    # --- schedules ----------------------------------------------------------------------------------------------

    def _pass_windows(self, until_ms: int) -> list[Any]:
        """Open and close the scheduled targets whose window ends up to `until_ms`, each at its own time."""
        rows: list[Any] = []
        target = self._arrays["target"]
        while (boundary := self._windows.soonest_ms(target)) <= until_ms:
            rows += self._sweep(boundary - 1)
            for k in self._windows:
                if target[k]["open_until_ms"] <= boundary:
                    self._windows.move(target, k, boundary)
        return rows

    # --- time and pings -------------------------------------------------------------------------------------------

    def _drain(self) -> list[Any]:
        """What the kernel has said, as `OutRow`s: to read a field of an array's row costs ten times as much."""
        world = self._arrays["world"][0]
        if world["out_count"] == 0:
            return []
        filled = self._out[: world["out_count"]]
        rows = [_plain(OutRow, row) for row in filled.tolist()]
        filled[:] = np.zeros(1, state.OUT)  # a row says nothing it was not given
        world["out_count"] = 0
        return rows

    def _sweep(self, now_ms: int) -> list[Any]:
        rows: list[Any] = []
        while not sweep(self.tables(), now_ms):
            rows += self._drain()
        return rows + self._drain()

    def _step(self, pings: Any) -> list[Any]:
        rows: list[Any] = []
        taken = 0
        while taken < len(pings):
            taken = step(self.tables(), pings, taken)
            rows += self._drain()
        return rows

    def take(self, pings: Sequence[Ping]) -> list[Any]:
        """Judge a batch of pings, sorted by arrival; returns the rows it caused (`OutRow`), in order of time."""
        return self.take_rows(np.array(pings, state.PING))

    def take_rows(self, batch: Any) -> list[Any]:
        """As `take`, for pings that are rows of a PING array already."""
        if len(batch) and batch[-1]["at_ms"] < self._windows.soonest_ms(self._arrays["target"]):
            return self._step(batch)
        rows: list[Any] = []
        first = 0
        while first < len(batch):
            boundary = self._windows.soonest_ms(self._arrays["target"])
            last = first + int(np.searchsorted(batch["at_ms"][first:], boundary))
            rows += self._step(batch[first:last])
            first = last
            if first < len(batch):
                rows += self._pass_windows(int(batch[first]["at_ms"]))
        return rows

    def advance(self, now_ms: int) -> list[Any]:
        """Let time pass up to `now_ms`: fire every deadline on the way."""
        return self._pass_windows(now_ms) + self._sweep(now_ms)

    def next_deadline_ms(self) -> int | None:
        """When time alone wants to be heard next, or a little before; None if never."""
        soonest = min(int(self._arrays["world"][0]["next_min_ms"]), self._windows.soonest_ms(self._arrays["target"]))
        return None if soonest >= policy.NEVER_MS else soonest

    def judge(self, row: int, now_ms: int) -> list[Any]:
        """Judge one order now (it was issued or changed)."""
        judge_orders(self.tables(), now_ms, row, row + 1)
        return self._drain()

    def revoke(self, order: OrderId, now_ms: int) -> list[Any]:
        """End an order now; an order that is not known is nothing to end."""
        row = self.order_rows.pop(order, None)
        if row is None:
            return []
        self._end(row, now_ms)
        return self._drain()

    def _end(self, row: int, now_ms: int) -> None:
        """End the order of one row now; what is said of it waits to be drained."""
        o = self._arrays["order"][row]
        o["valid_until_ms"] = min(now_ms, int(o["valid_until_ms"]))
        for k in targets_of(self._arrays, row):
            self._windows.drop(k)
        judge_orders(self.tables(), now_ms, row, row + 1)

    def set_link(self, up: bool, now_ms: int) -> list[Any]:
        """Our own session with the broker came or went: every order is judged anew."""
        self._arrays["world"][0]["link_up"] = int(up)
        rows: list[Any] = []
        done = 0
        while done < len(self.orders):
            done = judge_orders(self.tables(), now_ms, done, len(self.orders))
            rows += self._drain()
        return rows

    # --- snapshot -----------------------------------------------------------------------------------------------

    def dump(self) -> tuple[dict[str, bytes], list[Device], list[Order], dict[OrderId, int], dict[PersonId, int]]:
        """Everything needed to go on elsewhere: the arrays' bytes and who their rows are."""
        tables = self.tables()
        arrays = {name: getattr(tables, name).tobytes() for name in LAYOUT}
        return arrays, self.devices, self.orders, self.order_rows, self.person_rows

    @classmethod
    def load(
        cls,
        arrays: dict[str, bytes],
        devices: Sequence[Device],
        orders: Sequence[Order],
        order_rows: dict[OrderId, int],
        person_rows: dict[PersonId, int],
    ) -> Core:
        """The core that `dump` described."""
        core = cls()
        for name, (dtype, shape) in LAYOUT.items():
            filled = np.frombuffer(arrays[name], dtype).reshape(-1, *shape)
            core._count[name] = len(filled)
            core._arrays[name] = copied(filled, max(1, len(filled)))
        core.devices, core.orders = list(devices), list(orders)
        core.device_rows = {device.id: row for row, device in enumerate(core.devices)}
        persons = {device.person: device.person for device in core.devices}  # each word once, as objects too: 12 MB at 100,000 devices
        core.person_rows = {persons.get(person, person): row for person, row in person_rows.items()}
        core.order_rows = {core.orders[row].id: row for row in order_rows.values()}
        for row in core.order_rows.values():
            zones = tuple(core.orders[row].zones)  # once: they may lie packed
            for k in targets_of(core._arrays, row):
                index = int(core._arrays["target"][k]["zone"])
                if index >= 0:
                    core._follow_schedule(k, zones[index])
        core._tables = None
        return core
