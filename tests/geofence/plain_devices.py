"""The numbers a trouble is told with, and the interval one device gets: exactly, from arrays made by hand."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from geofence import ask, measure
from geofence.state import COMMAND, DEVICE, MEMBERSHIP, ORDER, OUT, PERSON, WORLD

HERS, HIS, BOTH = 0, 1, -1
AT_MS = 1_700_000_000_000


def order_of(hers: list[dict[str, float]], his: list[dict[str, float]]) -> Any:
    """One order; each dict is a device of hers or his."""
    devices = np.zeros(len(hers) + len(his), DEVICE)
    for row, fields in enumerate([*hers, *his]):
        devices[row]["next_device"] = -1 if row + 1 in (len(hers), len(devices)) else row + 1
        for name, value in fields.items():
            devices[row][name] = value
    people, orders = np.zeros(2, PERSON), np.zeros(1, ORDER)
    people["first_device"] = [0 if hers else -1, len(hers) if his else -1]
    orders["protected"], orders["respondent"] = 0, 1
    memberships = np.zeros(2, MEMBERSHIP)
    memberships["next"] = -1
    people["first_membership"] = [0, 1]
    return SimpleNamespace(device=devices, person=people, order=orders, membership=memberships, out=np.zeros(4, OUT), world=np.zeros(1, WORLD))


@pytest.mark.parametrize(("party", "hours"), [(HERS, 2.0), (HIS, 0.5), (BOTH, 0.5)])
def test_the_emptiest_battery_that_is_trouble_speaks(party: int, hours: float) -> None:
    hers = [{"battery": 8.0, "drain_per_h": 4.0, "battery_until_ms": 1}, {"battery": 1.0, "drain_per_h": 4.0}]
    his = [{"battery": 9.0, "drain_per_h": 4.0, "battery_until_ms": 1}, {"battery": 2.0, "drain_per_h": 4.0, "battery_until_ms": 1}]
    assert measure.least_hours(order_of(hers, his), 0, party) == hours
    assert math.isinf(measure.least_hours(order_of([{}], [{}]), 0, party))


@pytest.mark.parametrize(("party", "metres"), [(HERS, 400.1), (HIS, 900.0), (BOTH, 900.0)])
def test_the_devices_furthest_apart_speak_if_they_are_apart(party: int, metres: float) -> None:
    tables = order_of([{}], [{}])
    tables.person["apart"], tables.person["apart_m"] = 1, [400.06, 900.0]
    assert measure.furthest_apart_m(tables, 0, party) == metres
    tables.person["apart_m"] = [400.06, 300.0]
    assert measure.furthest_apart_m(tables, 0, BOTH) == 400.1
    tables.person["apart_m"] = 0.0
    assert measure.furthest_apart_m(tables, 0, party) == 0.0
    tables.person["apart"], tables.person["apart_m"] = 0, 500.0
    assert math.isnan(measure.furthest_apart_m(tables, 0, party))


@pytest.mark.parametrize(("party", "seconds"), [(HERS, -90.5), (HIS, 3_600.0), (BOTH, 3_600.0)])
def test_the_clock_furthest_off_speaks_ahead_or_behind(party: int, seconds: float) -> None:
    hers = [{"offset_ms": 60_000, "clock_until_ms": 1}, {"offset_ms": 90_500, "clock_until_ms": 1}, {"offset_ms": -86_400_000}]
    his = [{"offset_ms": -3_600_000, "clock_until_ms": 1}, {"offset_ms": 3_600_000, "clock_until_ms": 1}]
    assert measure.worst_clock_s(order_of(hers, his), 0, party) == seconds
    assert math.isnan(measure.worst_clock_s(order_of([{"clock_until_ms": 1}], [{"clock_until_ms": 1}]), 0, party))


@pytest.mark.parametrize(("wanted", "full", "low"), [(5, 5, 5), (60, 60, 60), (120, 60, 120)])
def test_only_a_battery_that_is_trouble_is_asked_less_than_usual(wanted: int, full: int, low: int) -> None:
    devices = np.zeros(2, DEVICE)
    devices["battery_low"] = [0, 1]
    assert [ask.due_s(device, wanted) for device in devices] == [full, low]


@pytest.mark.parametrize(
    ("interval", "age_s", "gap_s", "eased"),
    [(60, 35.0, 60.0, True), (60, 35.001, 15.0, False), (10, 35.0, 15.0, False), (20, 0.0, 20.0, True), (5, 0.0, 15.0, False), (15, 0.0, 15.0, False)],
)
def test_a_longer_interval_is_its_rhythm_from_now_on_unless_it_is_overdue(interval: int, age_s: float, gap_s: float, eased: bool) -> None:
    tables = order_of([], [{"wanted_s": 15, "gap_s": 15.0, "fix_ms": AT_MS - round(1_000 * age_s)}])
    ask.command_interval(tables, 0, interval, AT_MS)
    device, row = tables.device[0], tables.out[0]
    assert (device["gap_s"], device["eased_ms"]) == (gap_s, AT_MS if eased else 0)
    assert (device["wanted_s"], device["commanded_ms"]) == (interval, AT_MS)
    assert (row["kind"], row["at_ms"], row["device_protected"], row["interval_s"], row["report_now"]) == (COMMAND, AT_MS, 0, interval, 0)
    assert tables.world[0]["out_count"] == 1


@pytest.mark.parametrize(
    ("wants_s", "device", "gap_s", "asked"),
    [
        (120, {"battery_low": 1, "wanted_s": 60}, 60, 120),  # it has become trouble
        (120, {"battery_low": 0, "wanted_s": 120}, 60, 60),  # it is none any more
        (120, {"battery_low": 1, "wanted_s": 120}, 120, None),  # obeyed
        (120, {"battery_low": 1, "wanted_s": 120}, 193, 120),  # not obeyed
        (120, {"battery_low": 0, "wanted_s": 60}, 97, 60),
        (120, {"battery_low": 0, "wanted_s": 60}, 96, None),
        (15, {"battery_low": 1, "wanted_s": 15}, 15, None),
    ],
)
def test_a_device_is_told_anew_when_its_battery_changes_or_when_it_does_not_obey(
    wants_s: int, device: dict[str, float], gap_s: int, asked: int | None
) -> None:
    tables = order_of([], [{"person": 1, "fix_ms": AT_MS, "gap_s": 60.0, **device}])
    tables.order["begun"], tables.order["interval_respondent_s"], tables.order["interval_protected_s"] = 1, wants_s, 5
    ask.insist(tables, 0, 1_000 * gap_s, AT_MS)
    said = [int(row["interval_s"]) for row in tables.out[: tables.world[0]["out_count"]]]
    assert said == ([] if asked is None else [asked])
    assert tables.device[0]["wanted_s"] == (device["wanted_s"] if asked is None else asked)


def test_the_trouble_of_one_party_is_not_told_with_the_others_number() -> None:
    """Whichever place her devices and his have in the arrays."""
    low = {"battery": 1.0, "drain_per_h": 4.0, "battery_until_ms": 1, "offset_ms": 900_000, "clock_until_ms": 1}
    half = {"battery": 9.0, "drain_per_h": 4.0, "battery_until_ms": 1, "offset_ms": 90_000, "clock_until_ms": 1}
    for others in (1, 2, 3):
        tables = order_of([low] * others, [half])
        assert measure.least_hours(tables, 0, HIS) == 2.3
        assert measure.worst_clock_s(tables, 0, HIS) == -90.0
        tables = order_of([half], [low] * others)
        assert measure.least_hours(tables, 0, HERS) == 2.3
        assert measure.worst_clock_s(tables, 0, HERS) == -90.0
