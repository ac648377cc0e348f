"""One channel's queue: most urgent first, a bounded number under way, nobody waiting for another channel."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

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
    timer: asyncio.TimerHandle | None = None


class Lane:
    """Runs `attempt` for what is pushed."""

    def __init__(self, parallel: int, attempt: Callable[[Delivery], Awaitable[None]]) -> None:
        self.tasks: set[asyncio.Task[None]] = set()
        self._parallel = parallel
        self._attempt = attempt
        self._heap: list[tuple[int, int, int, Delivery]] = []
        self._pushed = 0

    def push(self, delivery: Delivery) -> None:
        """Have it tried as soon as its turn comes."""
        self._pushed += 1
        one = delivery.notification
        heapq.heappush(self._heap, (-one.level, one.issued_ms, self._pushed, delivery))
        self._pump()

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._heap)

    def _pump(self) -> None:
        while self._heap and len(self.tasks) < self._parallel:
            delivery = heapq.heappop(self._heap)[-1]
            if not delivery.done:
                delivery.running = True
                task = asyncio.get_running_loop().create_task(self._run(delivery))
                self.tasks.add(task)
                task.add_done_callback(self._ended)

    async def _run(self, delivery: Delivery) -> None:
        await self._attempt(delivery)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled():
            self._pump()

    def cancel(self) -> None:
        """Try nothing more."""
        self._heap.clear()
        for task in self.tasks:
            task.cancel()
