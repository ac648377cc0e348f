"""Promises of the windows: the soonest end is that of all, whatever came, went and moved before."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence import policy
from geofence.schedule import Schedule
from geofence.state import TARGET
from geofence.windows import Windows

HOUR_MS = 3_600_000
SCHEDULES = tuple(Schedule(text, "UTC") for text in ("Mo-Fr 07:00-15:00", "Sa,Su 10:00-12:00", "24/7", "22:00-06:00"))
steps = st.tuples(st.sampled_from(("put", "drop", "move")), st.integers(0, 5), st.integers(0, 24 * 14), st.sampled_from(SCHEDULES))


@settings(deadline=None, max_examples=60)
@given(st.lists(steps, max_size=25))
def test_the_soonest_end_is_never_stale(done: list[tuple[str, int, int, Schedule]]) -> None:
    windows, target = Windows(), np.zeros(6, TARGET)
    for what, row, hour, schedule in done:
        if what == "drop":
            windows.drop(row)
        elif what == "put" or row in list(windows):
            if what == "put":
                windows.put(row, schedule)
            windows.move(target, row, 1_767_600_000_000 + hour * HOUR_MS)
        assert windows.soonest_ms(target) == min((int(target[k]["open_until_ms"]) for k in windows), default=policy.NEVER_MS)


def test_a_window_is_the_one_it_is_in_or_else_the_next() -> None:
    windows, target = Windows(), np.zeros(1, TARGET)
    windows.put(0, SCHEDULES[0])
    monday_ms = 1_767_571_200_000  # 2026-01-05T00:00Z
    windows.move(target, 0, monday_ms)
    assert (int(target[0]["open_from_ms"]), int(target[0]["open_until_ms"])) == (monday_ms + 7 * HOUR_MS, monday_ms + 15 * HOUR_MS)
    windows.move(target, 0, monday_ms + 8 * HOUR_MS)
    assert (int(target[0]["open_from_ms"]), int(target[0]["open_until_ms"])) == (monday_ms + 8 * HOUR_MS, monday_ms + 15 * HOUR_MS)


def test_nothing_scheduled_never_ends() -> None:
    assert Windows().soonest_ms(np.zeros(0, TARGET)) == policy.NEVER_MS
