"""Keep a part running: if it fails it is started again, later and later, and everyone is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from monitor.log import get_logger

RESTART_S_MIN, RESTART_S_MAX = 0.1, 10.0  # a hiccup is over at once; a part that cannot work costs one try in 10 s
STEADY_S = 60.0  # a part that ran this long has recovered: its next failure starts from RESTART_S_MIN again

_log = get_logger("supervisor")


async def supervised(name: str, part: Callable[[], Awaitable[None]], on_restart: Callable[[str], None]) -> None:
    """Run `part` for ever. It may fail, it may return; only cancellation ends it."""
    loop = asyncio.get_running_loop()
    delay_s = RESTART_S_MIN
    while True:
        started_s = loop.time()
        error = "returned"
        try:
            await part()
        except Exception as failure:
            error = type(failure).__name__
        if loop.time() - started_s > STEADY_S:
            delay_s = RESTART_S_MIN
        _log.error("part_failed", kind=name, error=error, retry_s=delay_s)
        on_restart(name)
        await asyncio.sleep(delay_s)
        delay_s = min(delay_s * 2, RESTART_S_MAX)
