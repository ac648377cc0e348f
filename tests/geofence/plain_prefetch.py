"""What the pings ahead will need is asked for once, row by row, and nothing is changed by it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from geofence import kernel, prefetch
from geofence.core import Core
from geofence.state import DEVICE, ORDER, PATTERN, PERSON, PING, TARGET, Tables
from geofence.terms import Device, DeviceId, Order, OrderId, PersonId, Registry
from tests.pings import T0, circle, pair

Asked = tuple[str, int, int, int]  # array, row, first byte, the one after the last
PLACES_BYTES, FIX_BYTES = 96, 32


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, int, int, int]]:
    """What memory was asked for."""
    seen: list[tuple[Any, int, int, int]] = []
    monkeypatch.setattr(prefetch, "prefetch_bytes", lambda array, *what: seen.append((array, *map(int, what))))
    return seen


def named(tables: Tables, asked: list[tuple[Any, int, int, int]]) -> list[Asked]:
    """The same, with the arrays by their names."""
    names = {id(array): name for name, array in tables._asdict().items()}
    return [(names[id(array)], *what) for array, *what in asked]  # type: ignore[misc]


def pings(*devices: int) -> Any:
    rows = np.zeros(len(devices), PING)
    rows["device"], rows["at_ms"] = devices, T0
    return rows


def whole(name: str, row: int, size: int) -> Asked:
    return (name, row, 0, size)


def test_a_ping_brings_its_device_its_order_and_the_other_party(asked: list[Any]) -> None:
    T = Core(pair(zones=(circle(),))).tables()
    prefetch.prefetch(T, pings(1), 0, 1)
    assert sorted(named(T, asked)) == sorted(
        [
            whole("device", 1, DEVICE.itemsize), whole("places", 1, PLACES_BYTES), whole("history", 1, FIX_BYTES),
            whole("person", 1, PERSON.itemsize), whole("membership", 1, 16), whole("order", 0, ORDER.itemsize),
            whole("pattern", 0, PATTERN.itemsize), whole("next_ms", 0, 8), whole("target", 0, 2 * TARGET.itemsize),
            whole("person", 0, PERSON.itemsize), whole("device", 0, DEVICE.itemsize),
        ]
    )  # fmt: skip


@pytest.mark.parametrize(("count", "first", "end"), [(0, 0, 1), (1, 0, 1), (2, 0, 2), (5, 3, 5), (16, 14, 16), (17, 0, 1), (20, 2, 4)])
def test_of_what_it_remembers_the_newest_place_and_the_one_before(asked: list[Any], count: int, first: int, end: int) -> None:
    T = Core(pair()).tables()
    T.device[0]["history_count"] = count
    prefetch.prefetch_senders(T, pings(0), 0, 1)
    assert [what for what in named(T, asked) if what[0] == "history"] == [("history", 0, FIX_BYTES * first, FIX_BYTES * end)]


def test_who_is_in_no_order_and_whose_other_party_has_no_device_end_there(asked: list[Any]) -> None:
    devices = (Device(DeviceId("a"), PersonId("A")), Device(DeviceId("b"), PersonId("B")))
    T = Core(Registry(devices, (Order(OrderId("O"), PersonId("B"), PersonId("C"), 500.0, 600.0, 0, 1),))).tables()
    prefetch.prefetch(T, pings(0), 0, 1)
    assert {name for name, *_ in named(T, asked)} == {"device", "places", "history", "person"}
    asked.clear()
    prefetch.prefetch(T, pings(1), 0, 1)
    assert [row for name, row, *_ in named(T, asked) if name == "device"] == [1]


def test_only_those_of_the_portion_are_asked_for(asked: list[Any]) -> None:
    T = Core(pair()).tables()
    prefetch.prefetch_senders(T, pings(0, 1, 0), 1, 2)
    assert {row for name, row, *_ in named(T, asked) if name == "device"} == {1}


def test_nothing_is_changed_by_it() -> None:
    T = Core(pair(zones=(circle(),))).tables()
    before = [array.tobytes() for array in T]
    prefetch.prefetch(T, pings(0, 1), 0, 2)
    assert [array.tobytes() for array in T] == before


@pytest.mark.parametrize(
    ("first", "count", "portions"),
    [(0, 1, []), (0, 2, [(0, 2)]), (0, 33, [(0, 16), (16, 32)]), (0, 35, [(0, 16), (16, 32), (32, 35)]), (3, 20, [(3, 19)]), (4, 5, [])],
)
def test_a_batch_is_prefetched_in_portions_and_one_alone_not_at_all(
    monkeypatch: pytest.MonkeyPatch, first: int, count: int, portions: list[tuple[int, int]]
) -> None:
    seen: list[tuple[int, int]] = []
    monkeypatch.setattr(kernel, "prefetch", lambda T, pings, first, last: seen.append((first, last)))
    assert kernel.step(Core(pair()).tables(), pings(*[0] * count), first) == count
    assert seen == portions
