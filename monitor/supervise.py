"""Keep a part running: if it fails it is started again, later and later, and everyone is told; one that fails on and on is a trouble.

And end it, when it is time.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

from monitor.log import get_logger
from monitor.reasons import reason_of

RESTART_S_MIN, RESTART_S_MAX = 0.1, 10.0  # a hiccup is over at once; a part that cannot work costs one try in 10 s
STEADY_S = 60.0  # a part that ran this long has recovered: its next failure starts from RESTART_S_MIN again

FAILS_MAX = 3  # so many failures within STEADY_S are no hiccup: somebody must look

CANCEL_AGAIN_S = 1.0  # longer than any part takes to end once it is cancelled: what is being answered by HTTP has half a second

_log = get_logger("supervisor")


class Background(set[asyncio.Task[None]]):
    """Work that nobody waits for, held until it has ended: the event loop alone would forget it."""

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Have it done."""
        task = asyncio.ensure_future(work)
        self.add(task)
        task.add_done_callback(self.discard)


class Restarts:
    """How often each part was started again, and whether that is a trouble."""

    def __init__(self, say: Callable[[bool], None], now_s: Callable[[], float] = time.monotonic) -> None:
        self.counts: Counter[str] = Counter()
        self._say = say
        self._now_s = now_s
        self._last_s: deque[float] = deque(maxlen=FAILS_MAX)

    def note(self, part: str) -> None:
        """A part has failed."""
        self.counts[part] += 1
        self._last_s.append(self._now_s())
        if len(self._last_s) == FAILS_MAX and self._last_s[-1] - self._last_s[0] <= STEADY_S:
            self._say(True)

    def look(self) -> None:
        """Say that it is over, if nothing has failed for a while."""
        if self._last_s and self._now_s() - self._last_s[-1] > STEADY_S:
            self._last_s.clear()
            self._say(False)


async def supervised(name: str, part: Callable[[], Awaitable[None]], on_restart: Callable[[str], None]) -> None:
    """Run `part` for ever. It may fail, it may return; only cancellation ends it."""
    loop = asyncio.get_running_loop()
    delay_s = RESTART_S_MIN
    while True:
        started_s = loop.time()
        error, why = "returned", None
        try:
            await part()
        except Exception as failure:
            error, why = type(failure).__name__, reason_of(failure)
        if loop.time() - started_s > STEADY_S:
            delay_s = RESTART_S_MIN
        _log.error("part_failed", kind=name, error=error, retry_s=delay_s, **({"reason": why} if why else {}))
        on_restart(name)
        await asyncio.sleep(delay_s)
        delay_s = min(delay_s * 2, RESTART_S_MAX)


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks until each of them has ended.

    Once is not enough: `asyncio.wait_for` of Python 3.11, in which libraries wait for answers, forgets a
    cancellation that arrives together with the answer (https://github.com/python/cpython/issues/86296).
    """
    tasks = list(tasks)
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)  # they have ended; what they raised is looked at, or asyncio complains of it
