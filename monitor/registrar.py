"""Who keeps the orders: what the orders file says, what was changed at the console, and the engine that judges by both.

One change at a time, each validated beside the event loop, judged at once, put on disk, and only then answered: with what really
happened. A change that was answered is there after a kill (ADR-0030).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from alerts.contacts import Contacts
from config.contacts import check_trusted
from config.errors import BadInput
from config.order_data import devices_from_data, order_from_data, orders_input
from geofence.terms import NOBODY, Device, DeviceId, Order, OrderId, Registry
from monitor.adoption import unworn
from monitor.amendments import Amendment, Amendments, clashes, digest_of
from monitor.canary import HER, HIM
from monitor.inquiries import Reply, Unfit, subject_of, who_of
from monitor.known_orders import read_orders
from monitor.log import get_logger
from monitor.loop import Loop
from monitor.memory import building_what_stays
from monitor.terms import CANARY
from monitor.views import Views
from monitor.wire import to_json

WAITING_MAX = 16  # changes that wait for their turn, each up to a megabyte: a control room makes a few in an hour
LISTEN_S_MAX = 1.0  # for the broker to confirm a new device's topic: until then its pings come by the other session
COMMIT_S_MAX = 2.0  # for the record of a change; a disk that takes longer is told as a trouble of its own

_log = get_logger("registry")


class Registrar:
    """The orders of one monitor. Use from the event loop."""

    def __init__(
        self,
        path: Path | None,
        amended: Path,
        registry: Registry,
        contacts: Contacts,
        *,
        complete: Callable[[Registry], Registry],
        loop: Callable[[], Loop],
        views: Views,
        listen: Callable[[Registry], Awaitable[None]],
        save: Callable[[], Awaitable[None]],
    ) -> None:
        self._path = path
        self._data_dir = amended.parent
        self._file = registry
        self._contacts = contacts
        self._complete = complete
        self._loop = loop
        self._views = views
        self._listen = listen
        self._save = save
        self.amendments = Amendments.open(amended)
        self._reload = asyncio.Event()
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._is_refused = False  # the file of the start: what it said before is in force
        check_trusted(contacts, self.registry)

    @property
    def registry(self) -> Registry:
        """The file's orders as changed at the console."""
        return self.amendments.over(self._file)

    @property
    def watched(self) -> Registry:
        """The registry and whatever else is watched: the canary's pair."""
        return self._complete(self.registry)

    # --- the file ---------------------------------------------------------------------------------------------------

    def reload_soon(self) -> None:
        """Take over the orders file as soon as there is time (SIGHUP)."""
        self._reload.set()

    async def keep(self) -> None:
        """Take over the orders file whenever that is asked for."""
        while True:
            await self._reload.wait()
            self._reload.clear()
            async with self._turn:
                with building_what_stays():
                    await self._take_over_file()

    async def _take_over_file(self) -> None:
        """Take over what the orders file says now; a file with faults changes nothing."""
        assert self._path is not None
        try:
            file, registry, watched = await asyncio.to_thread(self._read_file, self._path)
        except BadInput as error:
            _log.error("orders_refused", faults=len(str(error).splitlines()), reason=str(error))
            return
        if self._ends_all(file):
            return
        self._file, self._is_refused = file, False
        await self._adopt(watched)
        await self._listen(watched)
        with suppress(OSError):  # the next snapshot will have it
            await self._save()
        _log.info("orders_taken_over", orders=len(registry.orders), devices=len(registry.devices))

    async def adopt_first(self) -> None:
        """Take over at the start what the file says, beside what is known from before."""
        self._is_refused = self._ends_all(self._file)
        if not self._is_refused:
            await self._adopt(self.watched)

    async def _adopt(self, watched: Registry) -> None:
        """Have it judged; devices that change hands are named."""
        moved, gone = await asyncio.to_thread(self._changing_hands, watched)
        for event, devices in (("devices_handed_over", moved), ("devices_gone", gone)):
            if devices:
                _log.warning(event, count=len(devices), reason=" ".join(devices))
        await self._loop().adopt(watched)

    def _changing_hands(self, watched: Registry) -> tuple[list[DeviceId], list[DeviceId]]:
        """(devices that another person wears now, devices that nobody does)."""
        core = self._views.engine().core
        moved = [one.id for one in watched.devices if self._views.wearer_of(one.id) not in (None, NOBODY, one.person)]
        return moved, [device.id for device in unworn(core, watched)]

    def _ends_all(self, file: Registry) -> bool:
        """Whether a file without a single order would end orders that are not over, which is said: it is a mistake, or cut short."""
        if file.orders:
            return False
        issued = {one.id for one in self.amendments.over(Registry()).orders}
        left = sum(one not in issued for one in self._views.unexpired(self._views.orders()))
        if left:
            _log.error("orders_refused", faults=1, orders=left, reason=f"{self._path}: has no orders: all that are in force would end")
        return left > 0

    def _read_file(self, path: Path) -> tuple[Registry, Registry, Registry]:
        """(what the file says, with the console's changes, with all else that is watched); runs beside the event loop. Raises BadInput."""
        file = read_orders(path, self._data_dir)
        registry = self.amendments.over(file)
        check_trusted(self._contacts, registry)
        return file, registry, self._complete(registry)

    # --- the console --------------------------------------------------------------------------------------------------

    async def set_order(self, request: Mapping[str, Any]) -> Reply:
        """Issue or change an order. Raises Unfit."""
        who = who_of(request)
        async with self._my_turn():
            order, devices = await asyncio.to_thread(self._read, request)
            self._check(order, devices)
            return await self._change(order.id, order, devices, who)

    async def revoke_order(self, request: Mapping[str, Any]) -> Reply:
        """End an order. Raises Unfit."""
        who, order = who_of(request), OrderId(subject_of(request))
        async with self._my_turn():
            if not self._views.has(order):
                raise Unfit("no such order is in force")
            return await self._change(order, None, (), who)

    @asynccontextmanager
    async def _my_turn(self) -> AsyncIterator[None]:
        """One change at a time, and not too many that wait."""
        if self._waiting >= WAITING_MAX:
            raise Unfit("too many changes wait")
        self._waiting += 1
        try:
            async with self._turn:
                yield
        finally:
            self._waiting -= 1

    def _read(self, request: Mapping[str, Any]) -> tuple[Order, tuple[Device, ...]]:
        said = request.get("order")
        if not isinstance(said, Mapping):
            raise Unfit("order: must be a table with the keys of an order")
        order, faults = order_from_data(said)
        devices, wrong = devices_from_data(request.get("devices") or [])
        if order is None or wrong:
            raise Unfit("", [*faults, *wrong])
        return order, devices

    def _check(self, order: Order, devices: tuple[Device, ...]) -> None:
        """What an order by itself does not show. Raises Unfit."""
        ids = [order.id, order.protected, order.respondent, *(name for one in devices for name in (one.id, one.person))]
        taken = [name for name in ids if name in (CANARY, HER, HIM)]
        if taken:
            raise Unfit(f"{taken[0]} is reserved for the canary")
        if devices and (faults := clashes(devices, self._views.devices())):
            raise Unfit("", faults)
        try:
            check_trusted(self._contacts, Registry(orders=(order,)))
        except BadInput as fault:
            raise Unfit("", [BadInput("respondent", fault.message)]) from None

    async def _change(self, of: OrderId, order: Order | None, devices: tuple[Device, ...], who: str | None) -> Reply:
        """Have it judged, then kept, then say how the order stands. Raises Unfit."""
        before = self._views.engine().core.order(of)
        is_heard = not devices and (order is None or (before is not None and before.protected == order.protected))
        committed = self._loop().receive_own("orders", to_json(orders_input(of, order, devices, who)))
        if self._views.engine().core.order(of) != order:
            raise Unfit("the monitor could not judge it: nothing has changed")
        at_ms = self._views.now_ms
        base = digest_of(before if self._is_refused else next((one for one in self._file.orders if one.id == of), None))
        try:
            await asyncio.to_thread(self.amendments.add, Amendment(at_ms, of, order, base, devices, who))
        except OSError:
            raise Unfit("it is in force, but could not be kept: the disk fails, and a restart would forget it") from None
        finally:
            if not is_heard:
                await self._tell_sessions()
        with suppress(TimeoutError, asyncio.CancelledError):
            async with asyncio.timeout(COMMIT_S_MAX):
                await asyncio.shield(committed)
        _log.info("order_changed", order=of, state="revoked" if order is None else "set")
        return {"ok": True, "at_ms": at_ms, **self._views.stands(of)}

    async def _tell_sessions(self) -> None:
        """Her devices have a session of their own with the broker."""
        try:
            async with asyncio.timeout(LISTEN_S_MAX):
                await self._listen(self.watched)
        except Exception as error:  # a broker that is away is told all of it when it is back
            _log.warning("sessions_not_told", error=type(error).__name__)
