"""The one place that reads the machine's clocks."""

from __future__ import annotations

import time
from collections.abc import Callable

from geofence.policy import CLOCK_SKEW_MS_MAX
from monitor.log import get_logger

STEP_MS = 1_000  # NTP slews what is smaller; a larger step is a person, a virtual machine or a broken server, and is said aloud
NEAR_NS = CLOCK_SKEW_MS_MAX * 1_000_000  # ahead by no more than what passes for a right clock of a device: the sooner over the better
SLOWER_NEAR, SLOWER_FAR = 2, 8  # the part of its speed that it loses: far ahead at half speed, no clock of a device looks steady

_log = get_logger("clock")


def _say(step_ms: int) -> None:
    _log.warning("clock_step", step_ms=step_ms)


class Clock:
    """Wall time in ms UTC that never runs backwards and never stands still.

    It follows the machine's clock forwards at once. After a step backwards it runs more slowly until the machine's
    clock has caught up: if it stood still, the deadlines that find a silent device would not come. By an eighth only while
    it is more than a minute ahead: all devices then seem to have a wrong clock, which is corrected as long as it runs steadily.
    """

    def __init__(
        self,
        on_step: Callable[[int], None] = _say,
        wall_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._on_step = on_step
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns
        self._last_wall = self._now = wall_ns()
        self._last_monotonic = monotonic_ns()

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        wall, monotonic = self._wall_ns(), self._monotonic_ns()
        elapsed = monotonic - self._last_monotonic
        step_ms = (wall - self._last_wall - elapsed) // 1_000_000
        slower = SLOWER_FAR if self._now - wall > NEAR_NS else SLOWER_NEAR
        self._now = max(wall, self._now + elapsed - elapsed // slower)
        self._last_wall, self._last_monotonic = wall, monotonic
        if abs(step_ms) > STEP_MS:
            self._on_step(step_ms)
        return self._now // 1_000_000

    def go_on_from(self, now_ms: int) -> bool:
        """Never be before a time that the record has already; whether the machine's clock is, which is said."""
        step_ms = self.now_ms() - now_ms
        if step_ms >= -STEP_MS:
            self._now = max(self._now, now_ms * 1_000_000)
            return False
        self._now = now_ms * 1_000_000
        _log.error("clock_behind_record", step_ms=step_ms)
        return True
