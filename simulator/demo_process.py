"""The demo's processes: `resguardo …` with the demo's own settings alone, ended whatever it does."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

STOP_S_MAX = 8.0  # the monitor promises 5


async def start(words: Sequence[str], log: Path, *, stdin: int = asyncio.subprocess.DEVNULL) -> asyncio.subprocess.Process:
    """`resguardo` with these words, its output at the end of `log`; settings of whoever shows the demo do not reach it."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RESGUARDO_")}
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "monitor", *words, stdin=stdin, stdout=output, stderr=output, env=environment
        )


async def end(process: asyncio.subprocess.Process) -> None:
    """Ask it to stop, and insist if it does not."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_S_MAX):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
