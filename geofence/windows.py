"""The windows of scheduled targets: in which one each is, and when the next of them ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from geofence import policy
from geofence.schedule import Schedule


class Windows:
    """The schedules of some target rows. The soonest end is remembered: it is asked for at every batch, and 50,000 schedules took 10 ms."""

    def __init__(self) -> None:
        self._schedules: dict[int, Schedule] = {}
        self._soonest_ms: int | None = None  # None: to be looked for

    def __iter__(self) -> Iterator[int]:
        """The scheduled rows, in the order in which they came."""
        return iter(list(self._schedules))

    def put(self, row: int, schedule: Schedule) -> None:
        """Follow a target row."""
        self._schedules[row], self._soonest_ms = schedule, None

    def drop(self, row: int) -> None:
        """Follow it no longer; one that is not followed is nothing to drop."""
        self._schedules.pop(row, None)
        self._soonest_ms = None

    def move(self, target: Any, row: int, at_ms: int) -> None:
        """Give a scheduled target (TARGET rows) the window it is in at `at_ms`, or else the next one."""
        self._soonest_ms = None
        schedule = self._schedules[row]
        is_open, until_ms = schedule.window(at_ms)
        if is_open:
            target[row]["open_from_ms"], target[row]["open_until_ms"] = at_ms, min(until_ms, policy.NEVER_MS)
            return
        ends_ms = schedule.window(until_ms)[1] if until_ms < policy.NEVER_MS else policy.NEVER_MS
        target[row]["open_from_ms"], target[row]["open_until_ms"] = min(until_ms, policy.NEVER_MS), min(ends_ms, policy.NEVER_MS)

    def soonest_ms(self, target: Any) -> int:
        """When the first window ends."""
        if self._soonest_ms is None:
            ends = target["open_until_ms"]
            self._soonest_ms = min((int(ends[row]) for row in self._schedules), default=policy.NEVER_MS)
        return self._soonest_ms
