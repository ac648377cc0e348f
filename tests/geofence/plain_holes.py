"""A known hole of the network: of whom it is told, and until when."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from geofence import hole, measure
from geofence.core import Core
from geofence.terms import Device, DeviceId, PersonId, Registry
from tests.pings import HOME, T0, pair
from tests.rows import S, device

HERS, HIS, BOTH = 0, 1, -1
HER_PHONE, HER_WATCH, HIS_TAG, HIS_PHONE = 0, 1, 2, 3
LONGEST_S = 400


def tables(*rows: int) -> Any:
    """Both have two devices; those of these rows were seen last, a minute ago, in a hole known for 3 + row days."""
    devices = tuple(Device(DeviceId(f"d{n}"), PersonId("P" if n < 2 else "R")) for n in range(4))
    T = Core(Registry(devices, pair().orders)).tables()
    for row in range(4):
        keep = {name: T.device[row][name] for name in ("person", "next_device")}
        T.device[row] = device(fix_ms=T0 - 60 * S, **keep)
    for row in rows:
        T.holes[row, 1] = (HOME.lat_deg, HOME.lon_deg, 3.0 + row, 1_000.0 + row, T0 - 3_600.0 * S, LONGEST_S * S)
    return T


@pytest.mark.parametrize(
    ("rows", "party", "told"),
    [
        ((), BOTH, (0, 0)),
        ((HER_PHONE,), HERS, (3, 1_000)),
        ((HER_WATCH,), HERS, (4, 1_001)),
        ((HER_PHONE,), HIS, (0, 0)),
        ((HER_WATCH,), HIS, (0, 0)),
        ((HIS_TAG,), HIS, (5, 1_002)),
        ((HIS_PHONE,), HIS, (6, 1_003)),
        ((HIS_TAG,), HERS, (0, 0)),
        ((HIS_PHONE,), BOTH, (6, 1_003)),
        ((HER_WATCH, HIS_TAG), BOTH, (4, 1_001)),
        ((HER_WATCH, HIS_TAG), HIS, (5, 1_002)),
    ],
)
def test_the_hole_is_that_of_whoever_the_line_is_about(rows: tuple[int, ...], party: int, told: tuple[int, int]) -> None:
    assert measure.known_days(tables(*rows), 0, party, T0) == told
    assert measure.known_days(tables(*rows), 0, party, T0 + 3_600 * S) == (0, 0), "never so long"


@pytest.mark.parametrize("slot", range(2))
def test_who_is_lost_in_a_known_hole_is_told_so_until_he_should_be_heard_again(slot: int) -> None:
    for row in range(4):
        T = tables(row)
        if slot == 0:
            T.holes[row, 0], T.holes[row, 1] = T.holes[row, 1].copy(), np.zeros(6)
        until_ms = T0 - 60 * S + LONGEST_S * S * 5 // 4
        assert hole.known_until_ms(T, row, True, T0) == until_ms
        assert hole.known_until_ms(T, row, True, until_ms - 1) == until_ms
        assert hole.known_until_ms(T, row, True, until_ms) == 0
        assert hole.known_until_ms(T, row, False, T0) == 0, "who is seen is in no hole"
        assert hole.known_until_ms(T, -1, True, T0) == 0
        assert hole.known_until_ms(T, (row + 1) % 4, True, T0) == 0, "another device"
