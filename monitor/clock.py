"""The one place that reads the machine's clocks."""

from __future__ import annotations

import time
from collections.abc import Callable

from monitor.log import get_logger

STEP_MS = 1_000  # NTP slews what is smaller; a larger step is a person, a virtual machine or a broken server, and is said aloud

_log = get_logger("clock")


def _say(step_ms: int) -> None:
    _log.warning("clock_step", step_ms=step_ms)


class Clock:
    """Wall time in ms UTC that never runs backwards and never stands still.

    It follows the machine's clock forwards at once. After a step backwards it runs at half speed until the machine's
    clock has caught up: if it stood still, the deadlines that find a silent device would not come.
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
        self._now = max(wall, self._now + elapsed // 2)
        self._last_wall, self._last_monotonic = wall, monotonic
        if abs(step_ms) > STEP_MS:
            self._on_step(step_ms)
        return self._now // 1_000_000
