"""A task that is to end ends, whatever it does with its cancellation."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

from monitor.supervise import end


async def test_a_task_that_forgets_a_cancellation_is_ended_all_the_same() -> None:
    forgotten = 0

    async def forgetful() -> None:
        nonlocal forgotten
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            forgotten += 1
        await asyncio.sleep(60)

    task = asyncio.create_task(forgetful())
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await end([task])
    assert (forgotten, task.cancelled()) == (1, True)


async def test_a_task_that_fails_as_it_is_cancelled_is_not_complained_of() -> None:
    async def fails() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise OSError("the broker has gone meanwhile")

    stray: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: stray.append(context))
    task = asyncio.create_task(fails())
    await asyncio.sleep(0)
    await end([task])
    assert task.done()
    del task
    gc.collect()
    assert stray == []
