"""Promises of the console beside a real monitor: it hears everything, and if it dies, hangs or is attacked, alerts go on."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import pytest

from monitor.broker import free_port
from tests.dashboard.conftest import PASSWORD, Browser
from tests.service_world import ROOT, World, devices, until, world_in

pytestmark = pytest.mark.faults


class ConsoleProcess:
    """`resguardo dashboard`."""

    def __init__(self, config: Path, port: int) -> None:
        self.config, self.port = config, port
        self.url = f"http://127.0.0.1:{port}"
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *more: str, given: bytes | None = None) -> None:
        subprocess.run(
            [sys.executable, "-m", "monitor", "dashboard", "--config", str(self.config), *more], input=given, cwd=ROOT, check=True
        )

    def start(self) -> None:
        with self.config.with_name("console.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "monitor", "dashboard", "--config", str(self.config)], cwd=ROOT, stdout=log, stderr=log
            )

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    @asynccontextmanager
    async def browser(self, name: str = "ana") -> AsyncIterator[Browser]:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            browser = Browser(session, self.url)
            async with asyncio.timeout(30):
                while True:
                    try:
                        status, answer = await browser("POST", "/session", {"name": name, "password": PASSWORD})
                        break
                    except aiohttp.ClientError:
                        await asyncio.sleep(0.05)
            assert status == 200, answer
            browser.csrf = answer["csrf"]
            yield browser


@contextmanager
def console_in(directory: Path, *, pairs: int = 6) -> Iterator[tuple[World, ConsoleProcess]]:
    feed, port = free_port(), free_port()
    (directory / "feed.secret").write_text("a feed token of enough signs")
    more = f'[feed]\nport = {feed}\ntoken_file = "feed.secret"\n[dashboard]\nport = {port}\n'
    with world_in(directory, pairs=pairs, more=more) as world:
        console = ConsoleProcess(world.monitor.config, port)
        console.command("--add-operator", "ana", "--role", "dispatcher", given=f"{PASSWORD}\n".encode())
        console.start()
        try:
            yield world, console
        finally:
            console.kill()


async def queued(browser: Browser, condition: object, seconds: float = 20.0) -> list[dict[str, object]]:
    """The queue once it is as it must be."""
    deadline = time.monotonic() + seconds
    while True:
        status, answer = await browser("GET", "/queue")
        if status == 200 and condition(answer):  # type: ignore[operator]
            return list(answer["incidents"])
        assert time.monotonic() < deadline, answer
        await asyncio.sleep(0.05)


def emergencies(answer: dict[str, object]) -> set[str]:
    return {one["order"] for one in answer["incidents"] if one["level"] == "emergency"}  # type: ignore[attr-defined]


async def test_alerts_go_on_while_the_console_hangs_and_it_knows_all_of_it_afterwards(tmp_path: Path) -> None:
    with console_in(tmp_path) as (world, console):
        async with devices(world.broker.port) as people, console.browser() as ana:
            await people.meet(0)
            await queued(ana, lambda a: emergencies(a) == {"O-0"})
            assert console.process is not None
            console.process.send_signal(signal.SIGSTOP)
            await people.meet(1)
            await until(lambda: people.breaches(1), what="her alert while the console hangs")
            console.process.send_signal(signal.SIGCONT)
            await queued(ana, lambda a: emergencies(a) == {"O-0", "O-1"})
            console.kill()
            await people.meet(2)
            await until(lambda: people.breaches(2), what="her alert while there is no console")
            console.start()
            async with console.browser() as again:
                rows = await queued(again, lambda a: emergencies(a) == {"O-0", "O-1", "O-2"})
                for row in rows:
                    story = (await again("GET", f"/incidents/{row['id']}"))[1]
                    said = [e["text"] for e in story["entries"] if e["kind"] == "transition"]
                    assert said.count("breach") <= 1, "nothing twice"
                    assert {n["audience"] for n in story["notifications"]} >= (
                        {"protected", "dispatch"} if row["level"] == "emergency" else set()
                    )


async def test_the_monitor_is_killed_and_the_console_says_so_and_is_right_again(tmp_path: Path) -> None:
    with console_in(tmp_path) as (world, console):
        async with devices(world.broker.port) as people, console.browser() as ana:
            await people.meet(0)
            (row,) = [r for r in await queued(ana, lambda a: emergencies(a) == {"O-0"}) if r["order"] == "O-0"]
            world.monitor.kill()
            await queued(ana, lambda a: a["link"]["up"] is False, 2.0)
            assert (await ana("POST", f"/incidents/{row['id']}/acknowledge", {}))[0] == 503
            world.monitor.start()
            await people.meet(1)
            await queued(ana, lambda a: a["link"]["up"] and emergencies(a) == {"O-0", "O-1"})
            await until(lambda: world.room.of(order="O-0"), what="dispatch asked again")
            answer = await ana("POST", f"/incidents/{row['id']}/acknowledge", {})
            assert answer[0] == 200, answer


async def test_an_answer_on_the_screen_ends_the_ladder_of_the_control_room(tmp_path: Path) -> None:
    with console_in(tmp_path) as (world, console):
        async with devices(world.broker.port) as people, console.browser() as ana:
            await people.meet(0)
            (row,) = [r for r in await queued(ana, lambda a: emergencies(a) == {"O-0"}) if r["order"] == "O-0"]
            assert (await ana("POST", f"/incidents/{row['id']}/acknowledge", {}))[0] == 200
            rings = len(world.room.of(order="O-0", kind="raise"))
            await asyncio.sleep(17)  # past the rung at 15 s: the one place where time itself is what is tested
            assert len(world.room.of(order="O-0", kind="raise")) == rings
            assert len(people.breaches(0)) >= 1
