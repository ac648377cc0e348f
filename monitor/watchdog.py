"""Whether the service does its job, and the end of one that cannot."""

from __future__ import annotations

import asyncio
import faulthandler
import time
from collections.abc import Callable

CYCLE_S_MAX = 2.0  # the loop commits every 0.5 s when idle; issue 2 promises "a full cycle within 2 s"
STALL_S_MAX = 10.0  # longer than any batch takes (a backlog of 1,000,000 pings: 2 s); half of what SP6 allows for a lost path
REARM_S = 1.0  # well below STALL_S_MAX


class Watchdog:
    """Healthy only while full cycles end: an open port proves nothing."""

    def __init__(self, *, stall_s: float = STALL_S_MAX, now_s: Callable[[], float] = time.monotonic) -> None:
        self._stall_s = stall_s
        self._now_s = now_s
        self._last_cycle_s: float | None = None

    def cycle(self) -> None:
        """Pings were judged, or there were none, and the journal's commit has ended."""
        self._last_cycle_s = self._now_s()

    @property
    def healthy(self) -> bool:
        """Whether a full cycle ended within the last two seconds."""
        return self._last_cycle_s is not None and self._now_s() - self._last_cycle_s <= CYCLE_S_MAX

    async def run(self) -> None:
        """End the process if the event loop stands still, until cancelled; whoever runs us starts it again (exit status 1).

        The C library's thread does it, since a loop in compiled code would hold up any thread of Python's. It prints
        the stacks (functions and lines, no values) to stderr first.
        """
        try:
            while True:
                faulthandler.dump_traceback_later(self._stall_s, exit=True)
                await asyncio.sleep(REARM_S)
        finally:
            faulthandler.cancel_dump_traceback_later()
