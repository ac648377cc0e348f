"""A snapshot without a pause: a child process, made by fork, has the engine's memory as it was and all the time to write it.

Describing 50,000 orders takes seconds of Python, and an alert must not wait for them. The child does nothing else: it lets
go of every file and socket it has inherited (so that a monitor killed meanwhile is not kept alive by it), describes, waits to
be told the journal's place, writes, ends. If the parent dies first, the child hears the pipe close and leaves no trace.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NoReturn

from monitor.snapshot import Snapshot, write_snapshot

NICENESS = 10  # judging goes first
STDERR = 2
OPEN_MAX = 65_536  # descriptors looked for when closing what was inherited
PLACE_BYTES_MAX = 32  # a number in decimal


async def save(path: Path, describe: Callable[[], bytes], place: Awaitable[int], timeout_s: float) -> None:
    """Write a snapshot of what `describe` sees now, standing at `place` of the journal. Raises OSError, TimeoutError."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        _child(path, describe, reading)
    os.close(reading)
    ended = asyncio.ensure_future(asyncio.to_thread(os.waitpid, pid, 0))
    try:
        async with asyncio.timeout(timeout_s):
            offset = await place
            os.write(writing, b"%d\n" % offset)
            _, status = await asyncio.shield(ended)
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        raise
    finally:
        os.close(writing)
    if status != 0:
        raise OSError("the snapshot could not be written")


def _child(path: Path, describe: Callable[[], bytes], reading: int) -> NoReturn:
    """What the child does; it never returns into the parent's program."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        os.closerange(STDERR + 1, reading)
        os.closerange(reading + 1, OPEN_MAX)
        os.nice(NICENESS)
        blob = describe()
        told = os.read(reading, PLACE_BYTES_MAX)
        if told.endswith(b"\n"):
            write_snapshot(path, Snapshot(int(told), blob))
            status = 0
    finally:
        os._exit(status)
