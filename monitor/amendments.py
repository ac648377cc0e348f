"""What was changed of the orders at the console, on disk before it is confirmed, and laid over the orders file at each start.

One line of JSON a change, as on the `orders` topic, with the digest of what the file said of that order when it was changed. While
the file says the same, the console's last word holds; once the file says something else, the file's does (ADR-0030). Nothing is
thrown away for that: a file put right again finds the console's changes where they were.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.errors import BadInput
from config.order_data import devices_from_data, order_as_mapping, order_from_data, orders_input
from geofence.terms import NOBODY, Device, DeviceId, Order, OrderId, Registry
from monitor.files import put_file, sync_directory, write_all
from monitor.log import get_logger
from monitor.wire import from_json, to_json

AMENDED = "orders.console.jsonl"  # in the data directory
KEPT_BYTES_MAX = 16_000_000  # until then every change is kept, for playback: some years of a case officer's work; then the last of each

_log = get_logger("registry")


@dataclass(frozen=True, slots=True)
class Amendment:
    """One change: an order issued or changed, or one revoked; devices that came with it."""

    at_ms: int
    of: OrderId
    order: Order | None  # None: revoked
    base: str | None  # digest of what the file said then; None: nothing
    devices: tuple[Device, ...] = ()
    who: str | None = None

    def line(self) -> bytes:
        """As it stands on disk."""
        return to_json({"at_ms": self.at_ms, "base": self.base, **orders_input(self.of, self.order, self.devices, self.who)}) + b"\n"


def digest_of(order: Order | None) -> str | None:
    """Names what the file says of an order."""
    return None if order is None else hashlib.sha256(to_json(order_as_mapping(order))).hexdigest()


class Amendments:
    """All changes that count. `add` blocks for the disk: call it from a thread."""

    def __init__(self, path: Path, found: Iterable[Amendment]) -> None:
        self._path = path
        self._last: dict[OrderId, Amendment] = {}
        self._devices: dict[DeviceId, Device] = {}
        for one in found:
            self._take(one)

    @classmethod
    def open(cls, path: Path) -> Amendments:
        """Read what there is; a last line cut short was never confirmed and goes. Raises OSError."""
        amendments = cls(path, read_amendments(path))
        size, whole = _sizes(path)
        if size > KEPT_BYTES_MAX:
            amendments._rewrite()
        elif size > whole:
            os.truncate(path, whole)
        return amendments

    def __len__(self) -> int:
        return len(self._last)

    def over(self, registry: Registry) -> Registry:
        """What the file says, with what was changed at the console."""
        orders, devices = {one.id: one for one in registry.orders}, {one.id: one for one in registry.devices}
        for one in self._last.values():
            if one.base == digest_of(orders.get(one.of)):
                orders.pop(one.of, None) if one.order is None else orders.update({one.of: one.order})
        return Registry(tuple({**self._devices, **devices}.values()), tuple(orders.values()))

    def add(self, amendment: Amendment) -> None:
        """Put one change on disk, then count it. Raises OSError: then it is as if it had not been made."""
        size = self._path.stat().st_size if self._path.exists() else 0
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            write_all(file, amendment.line())
            os.fsync(file)
        except OSError:
            os.ftruncate(file, size)
            raise
        finally:
            os.close(file)
        if size == 0:
            sync_directory(self._path.parent)
        self._take(amendment)

    def _take(self, amendment: Amendment) -> None:
        self._last.pop(amendment.of, None)
        self._last[amendment.of] = amendment
        self._devices.update({device.id: device for device in amendment.devices})

    def _rewrite(self) -> None:
        """The same in as few lines as possible; whoever reads sees the old file or the new one."""
        named = {device.id for one in self._last.values() for device in one.devices}
        last = list(self._last.values())
        if last and (left := tuple(device for device in self._devices.values() if device.id not in named)):
            last[0] = Amendment(last[0].at_ms, last[0].of, last[0].order, last[0].base, (*left, *last[0].devices), last[0].who)
        put_file(self._path, b"".join(one.line() for one in last))


def read_amendments(path: Path) -> list[Amendment]:
    """Every change that is kept, oldest first. Raises OSError."""
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    return [one for number, line in enumerate(lines, start=1) if (one := _read(path, number, line)) is not None]


def _sizes(path: Path) -> tuple[int, int]:
    """(bytes, bytes up to the end of the last whole line)."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return 0, 0
    return len(data), data.rfind(b"\n") + 1


def _read(path: Path, number: int, line: bytes) -> Amendment | None:
    """One line; None for one that is damaged, which is said aloud and takes no other with it."""
    try:
        said = from_json(line, dict[str, Any])
        devices, faults = devices_from_data(said.get("devices", []))
        order, wrong = order_from_data(said["order"]) if "order" in said else (None, [])
        if faults or wrong:
            raise BadInput.together([*faults, *wrong])
        of = order.id if order is not None else OrderId(said["order_revoked"])
        return Amendment(said["at_ms"], of, order, said["base"], devices, said.get("who"))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        _log.error("amendment_damaged", path=path.name, offset=number, error=type(error).__name__)
        return None


def clashes(devices: Sequence[Device], known: Mapping[DeviceId, Device]) -> list[BadInput]:
    """What keeps devices from being registered beside those that are known."""
    known = {device: one for device, one in known.items() if one.person != NOBODY}
    names = {(one.format, one.alias or one.id): one.id for one in known.values()}
    found = []
    for index, device in enumerate(devices):
        if known.get(device.id, device) != device:
            found.append(BadInput(f"devices[{index}].id", f"{device.id} is registered already, for another person or format"))
        elif names.get((device.format, device.alias or device.id), device.id) != device.id:
            found.append(BadInput(f"devices[{index}].alias", "is already used by another device"))
    return found
