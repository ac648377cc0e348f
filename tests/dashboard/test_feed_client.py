"""Promises of the console's end of the feed: a monitor that says nothing is away, whatever its connection looks like."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from dashboard import feed as module
from dashboard.feed import FeedClient
from monitor.feed import HOST
from monitor.wire import from_json, to_json
from tests.service_world import until

HELLO = {"kind": "hello", "epoch": "e", "seq": 0, "gap": False, "standings": []}


class Played:
    """The monitor's end of the feed: greets, and then answers or hangs."""

    def __init__(self) -> None:
        self.hangs = False
        self.connections = 0
        self.asked: list[dict[str, Any]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        self.connections += 1
        if not self.hangs:
            writer.write(to_json(HELLO) + b"\n")
        while line := await reader.readline():
            self.asked.append(from_json(line, dict[str, Any]))
            if not self.hangs:
                writer.write(to_json({"kind": "reply", "id": self.asked[-1]["id"], "ok": True}) + b"\n")
        writer.close()


@asynccontextmanager
async def listening(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Played, list[bool]]]:
    monkeypatch.setattr(module, "BEAT_S", 0.05)
    monkeypatch.setattr(module, "HUNG_S", 0.3)
    monkeypatch.setattr(module, "SILENT_S_MAX", 0.3)
    monkeypatch.setattr(module, "RETRY_S", 0.05)
    played, links = Played(), list[bool]()
    server = await asyncio.start_server(played.serve, HOST, 0)
    client = FeedClient(HOST, server.sockets[0].getsockname()[1], "token", on_link=links.append)
    running = asyncio.create_task(client.run())
    try:
        yield played, links
    finally:
        running.cancel()
        server.close()


async def test_a_monitor_that_hangs_with_its_connection_open_is_away_until_it_speaks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening(monkeypatch) as (played, links):
        await until(lambda: links[-1:] == [True], what="the link")
        played.hangs = True
        await until(lambda: links[-1:] == [False], what="the word that it is gone")
        played.hangs = False
        await until(lambda: links[-1:] == [True], what="the link again")


async def test_a_quiet_night_is_no_lost_link(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening(monkeypatch) as (played, links):
        await until(lambda: len(played.asked) > 20, what="signs of life")
        assert links == [True]
        assert played.connections == 1
