"""One channel's queue: most urgent first, a bounded number under way, nobody waiting for another channel."""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from alerts.channels import Carrier
from alerts.terms import Notification


@dataclass(slots=True, eq=False)
class Delivery:
    """One notification on its way out."""

    notification: Notification
    carrier: Carrier
    on_disk: asyncio.Future[None]
    expires_s: float  # by the loop's clock
    look_up: bool = False  # an earlier attempt may have arrived
    look_ups_failed: int = 0
    attempts: int = 0
    held: bool = False  # waits for what was said before it
    running: bool = False
    done: bool = False
    needless: str = ""  # why it need not go out any more, though it may be on the wire
    timer: asyncio.TimerHandle | None = None


def urgency(one: Notification) -> tuple[float, ...]:
    """Whose turn it is, lowest first: how loud, about what, how soon he is there, how near he is, how long it has waited."""
    soon_s = math.inf if one.seconds_to_perimeter is None else one.seconds_to_perimeter
    near_m = math.inf if one.distance_m is None else one.distance_m
    return -one.level, one.reason, soon_s, near_m, one.issued_ms


Attempt = Callable[[Delivery], Coroutine[Any, Any, None] | None]


class Lane:
    """Runs `attempt` for what is pushed, at least `pace_s` apart: what a carrier would queue, it would queue by age.

    An attempt is begun by the call, and what it returns is what remains of it.
    """

    def __init__(self, parallel: int, attempt: Attempt, pace_s: float = 0.0) -> None:
        self.tasks: set[asyncio.Task[None]] = set()
        self._parallel = parallel
        self._attempt = attempt
        self._pace_s = pace_s
        self._free_s = 0.0  # by the loop's clock: not before
        self._timer: asyncio.TimerHandle | None = None
        self._start: asyncio.Handle | None = None  # a turn may push a thousand: the most urgent of them goes first
        self._heap: list[tuple[tuple[float, ...], int, Delivery]] = []
        self._pushed = 0

    def push(self, delivery: Delivery) -> None:
        """Have it tried as soon as its turn comes."""
        self._pushed += 1
        heapq.heappush(self._heap, (urgency(delivery.notification), self._pushed, delivery))
        if self._start is None:
            self._start = asyncio.get_running_loop().call_soon(self._pump)

    def start(self) -> None:
        """Begin now with what was pushed: nothing more urgent comes with it."""
        if self._start is not None:
            self._start.cancel()
            self._pump()

    def waiting(self) -> list[Notification]:
        """Who waits for a turn, in the order of the turns."""
        return [delivery.notification for _, _, delivery in sorted(self._heap) if not delivery.done]

    def _pump(self) -> None:
        self._start = None
        loop = asyncio.get_running_loop()
        while self._heap and len(self.tasks) < self._parallel:
            if self._heap[0][-1].done:
                heapq.heappop(self._heap)
            elif self._pace_s and loop.time() < self._free_s:
                self._wait(loop)
                return
            else:
                delivery = heapq.heappop(self._heap)[-1]
                delivery.running = True
                self._free_s = loop.time() + self._pace_s
                rest = self._attempt(delivery)
                if rest is not None:
                    task = loop.create_task(rest)
                    self.tasks.add(task)
                    task.add_done_callback(self._ended)

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look again when the pace allows the next."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(self._free_s, self._pump)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled():
            self._pump()

    def cancel(self) -> None:
        """Try nothing more."""
        self._heap.clear()
        if self._start is not None:
            self._start.cancel()
        if self._timer is not None:
            self._timer.cancel()
        for task in self.tasks:
            task.cancel()
