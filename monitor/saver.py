"""A snapshot without a pause: a child process, made by fork, has the engine's memory as it was and all the time to write it.

Describing 50,000 orders takes seconds of Python, and an alert must not wait for them. The child does nothing else: it lets
go of every file and socket it has inherited (so that a monitor killed meanwhile is not kept alive by it), describes, waits to
be told the journal's place, writes, ends. If the parent dies first, the child hears the pipe close and leaves no trace.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NoReturn

from monitor.memory import give_back
from monitor.snapshot import Snapshot, write_snapshot

NICENESS = 10  # judging goes first
STDERR = 2
OPEN_MAX = 65_536  # descriptors looked for when closing what was inherited
PLACE_BYTES_MAX = 32  # a number in decimal
REASON_BYTES_MAX = 64  # the kind of an error: never its text, which may hold what the snapshot holds


class SnapshotFailed(OSError):
    """The child could not write; it says by which kind of error, or which signal ended it."""


async def save(path: Path, describe: Callable[[], bytes], place: Awaitable[int], timeout_s: float) -> None:
    """Write a snapshot of what `describe` sees now, standing at `place` of the journal. Raises OSError, TimeoutError."""
    ours, theirs = socket.socketpair()
    with ours:
        pid = os.fork()
        if pid == 0:
            _child(path, describe, theirs.fileno())
        theirs.close()
        ended = asyncio.ensure_future(asyncio.to_thread(_outlive, pid))
        try:
            async with asyncio.timeout(timeout_s):
                offset = await place
                with contextlib.suppress(BrokenPipeError):  # it has failed already: its status says so
                    ours.sendall(b"%d\n" % offset)
                status = await asyncio.shield(ended)
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            raise
        if status != 0:
            raise SnapshotFailed(_why(os.waitstatus_to_exitcode(status), ours))


def _outlive(pid: int) -> int:
    """The status with which the child has ended. This thread has the time to give back what a busy disk, say, had piled up."""
    _, status = os.waitpid(pid, 0)
    give_back()
    return status


def _why(code: int, ours: socket.socket) -> str:
    """What ended a child that failed; it has ended, so nothing is waited for."""
    if code < 0:
        return signal.Signals(-code).name
    with contextlib.suppress(OSError):
        return ours.recv(REASON_BYTES_MAX).decode("ascii", "replace")
    return "unknown"


def _child(path: Path, describe: Callable[[], bytes], pipe: int) -> NoReturn:
    """What the child does; it never returns into the parent's program."""
    status = 1
    try:
        gc.disable()  # it ends before there is much garbage, and looking for it copies the parent's pages
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        os.closerange(STDERR + 1, pipe)
        os.closerange(pipe + 1, OPEN_MAX)
        os.nice(NICENESS)
        blob = describe()
        told = os.read(pipe, PLACE_BYTES_MAX)
        if told.endswith(b"\n"):
            write_snapshot(path, Snapshot(int(told), blob))
            status = 0
    except Exception as error:
        os.write(pipe, type(error).__name__.encode("ascii", "replace")[:REASON_BYTES_MAX])
    finally:
        os._exit(status)
