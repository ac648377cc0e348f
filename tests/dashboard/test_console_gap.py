"""Promises of the console about what it could not hear: it is said, of what time, after its own restart too, and never without a loss."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from config.settings import FeedSettings, Secret, Settings
from dashboard import database as db
from dashboard.command import desk_of
from dashboard.console import UNHEARD_MAX, UNHEARD_MS, Console
from dashboard.database import Records
from monitor.feed import HOST
from monitor.wire import from_json, to_json
from tests.dashboard.conftest import T0, Clock, Scene, fresh, scene_of
from tests.service_world import until

HOUR_MS = 3_600_000
BEGINS: dict[str, Any] = {
    "incident": "i-1", "order": "O-1", "from": "calm", "to": "emergency", "reason": "breach", "audience": ["protected", "dispatch"],
}  # fmt: skip


class Lives:
    """A monitor whose feed begins anew in each life, as monitor/feed.py greets."""

    def __init__(self, epoch: str, *events: dict[str, Any]) -> None:
        self.epoch, self.events = epoch, events
        self.heard: list[dict[str, Any]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = from_json(await reader.readline(), dict[str, Any])
        self.heard.append(said)
        gap = said["epoch"] is not None and said["epoch"] != self.epoch
        writer.write(to_json({"kind": "hello", "epoch": self.epoch, "seq": len(self.events), "gap": gap, "standings": []}) + b"\n")
        for seq, event in enumerate(self.events, start=1):
            writer.write(to_json({"seq": seq, **event}) + b"\n")
        while await reader.readline():
            pass
        writer.close()


@asynccontextmanager
async def hearing(records: Records, clock: Clock, monitor: Lives) -> AsyncIterator[Console]:
    """The console as it is put together, until it is stopped."""
    server = await asyncio.start_server(monitor.serve, HOST, 0)
    settings = Settings(feed=FeedSettings(port=server.sockets[0].getsockname()[1], token=Secret("a feed token of enough signs")))
    console = desk_of(settings, records).console
    console.now_ms = clock
    await console.load()
    tasks = [asyncio.create_task(part()) for part in (console.keep, console.feed.run)]
    try:
        await until(lambda: console.up, what="the greeting")
        await until(lambda: heard(records) == [(monitor.epoch, len(monitor.events))], what="the record of whom we hear")
        yield console
    finally:
        await console.kept()
        for task in tasks:
            task.cancel()
        server.close()


def heard(records: Records) -> list[tuple[str, int]]:
    return [(row["epoch"], row["seq"]) for row in records.now([db.find(db.HEARD)])[0]]


def times(console: Console) -> list[tuple[int | None, int]]:
    return [(one.from_ms, one.until_ms) for one in console.link().unheard]


async def test_a_monitor_that_began_anew_while_the_console_was_stopped_is_a_time_of_which_nothing_was_heard(database_url: str) -> None:
    records, clock = fresh(database_url), Clock()
    async with hearing(records, clock, Lives("a", {"kind": "transition", "at_ms": T0 - 5_000, "body": BEGINS})) as console:
        assert times(console) == [], "its first connection: nothing can be missing"
    clock.ms += 3 * HOUR_MS
    newer = {"kind": "transition", "at_ms": clock.ms - 1_000, "body": {**BEGINS, "incident": "i-9"}}
    expected = [(T0 - 5_000, clock.ms)]
    async with hearing(records, clock, Lives("b", newer)) as console:
        assert times(console) == expected
        assert "i-9" in console.board.incidents
    async with hearing(records, clock, Lives("b", newer)) as console:
        assert times(console) == expected, "after one more restart of its own"
        clock.ms += UNHEARD_MS + 1
        assert times(console) == [], "a day later"
    records.close()


async def test_a_monitor_that_had_said_nothing_yet_can_be_missed_too(database_url: str) -> None:
    records, clock = fresh(database_url), Clock()
    async with hearing(records, clock, Lives("a")) as console:
        assert times(console) == []
    clock.ms += HOUR_MS
    async with hearing(records, clock, Lives("b")) as console:
        assert times(console) == [(None, clock.ms)], "no event and no sign of life: from when is not known"
    records.close()


async def test_a_quiet_night_moves_on_the_time_that_was_heard(database_url: str) -> None:
    records, clock = fresh(database_url), Clock()
    async with hearing(records, clock, Lives("a", {"kind": "transition", "at_ms": T0 - HOUR_MS, "body": BEGINS})) as console:
        console.feed._hear({"kind": "reply", "id": 0, "ok": True, "at_ms": T0 - 1_000})
        console.on_hello({"standings": []})
        await until(lambda: records.now([db.find(db.HEARD, {"at_ms": T0 - 1_000})])[0], what="its record")
    async with hearing(records, clock, Lives("b")) as console:
        assert times(console) == [(T0 - 1_000, T0)]
    records.close()


async def test_every_page_is_told_at_once_and_a_monitor_that_falls_again_and_again_does_not_fill_the_screen(scene: Scene) -> None:
    async with scene.browser("ana") as ana:
        for n in range(UNHEARD_MAX + 3):
            scene.monitor.heard_ms, scene.clock.ms = scene.clock.ms + 1_000, scene.clock.ms + 5_000
            number = scene.console.stream.number
            scene.console.on_gap()
            assert scene.console.stream.number == number + 1, n
        said = (await ana("GET", "/queue"))[1]["link"]["unheard"]
    assert len(said) == UNHEARD_MAX
    assert (said[0]["from_ms"], said[-1]["until_ms"]) == (T0 + 1_000, scene.clock.ms), "what is older is told as one"


async def test_what_no_page_was_open_for_is_on_the_page_after_a_restart(database_url: str) -> None:
    records = fresh(database_url)
    async with scene_of(records) as before:
        before.console.on_gap()
    async with scene_of(records) as after, after.browser("bea") as bea:
        assert (await bea("GET", "/queue"))[1]["link"]["unheard"] == [{"from_ms": None, "until_ms": T0}]
    records.close()
