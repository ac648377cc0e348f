"""Promises of the watchdog: healthy means that work gets done, and a loop that stands still is ended."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from monitor.watchdog import Watchdog

ROOT = Path(__file__).parents[2]


def test_healthy_only_within_two_seconds_of_a_full_cycle() -> None:
    now_s = [100.0]
    watchdog = Watchdog(now_s=lambda: now_s[0])
    assert not watchdog.healthy, "nothing has been done yet"
    watchdog.cycle()
    assert watchdog.healthy
    now_s[0] += 2.0
    assert watchdog.healthy
    now_s[0] += 0.1
    assert not watchdog.healthy
    watchdog.cycle()
    assert watchdog.healthy


def run(body: str) -> subprocess.CompletedProcess[str]:
    script = f"""
import asyncio, time
from monitor import watchdog
watchdog.REARM_S = 0.05

async def main():
    task = asyncio.create_task(watchdog.Watchdog(stall_s=0.5).run())
    await asyncio.sleep(0.1)
    secret = "20.588793"
{body}
    print("went on", flush=True)

asyncio.run(main())
"""
    return subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_a_loop_that_stands_still_is_ended_with_its_stack_and_no_values() -> None:
    ended = run("    time.sleep(30)")
    assert ended.returncode == 1
    assert "went on" not in ended.stdout
    assert "in main" in ended.stderr
    assert "20.588793" not in ended.stderr


def test_compiled_code_that_never_lets_go_is_ended_too() -> None:
    """Such a loop holds the interpreter's lock: no thread of Python's could end it."""
    ended = run("    sum(range(10**15))")
    assert ended.returncode == 1
    assert "went on" not in ended.stdout


def test_a_loop_that_turns_is_left_alone_and_so_is_one_after_the_watch() -> None:
    ended = run(
        "    await asyncio.sleep(1.2)\n    task.cancel()\n    await asyncio.gather(task, return_exceptions=True)\n    time.sleep(1.2)"
    )
    assert (ended.returncode, ended.stdout) == (0, "went on\n"), ended.stderr


async def test_cancelling_the_watch_is_not_swallowed() -> None:
    task = asyncio.create_task(Watchdog().run())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
