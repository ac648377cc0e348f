"""The feed of a whole service: a console answers an alert, dies and comes back, and the monitor is killed; the alerts never notice."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from monitor.feed import HOST
from tests.service_world import devices, free_port, needs_mosquitto, until, world_in

TOKEN = "a token of 16 characters or more"


async def console(port: int, epoch: str | None = None, after: int = 0) -> tuple[dict[str, Any], asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(HOST, port, limit=1 << 24)
    writer.write(json.dumps({"token": TOKEN, "epoch": epoch, "after": after}).encode() + b"\n")
    async with asyncio.timeout(10):
        return json.loads(await reader.readline()), reader, writer


async def hear(reader: asyncio.StreamReader, kind: str, **wanted: Any) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            said = json.loads(await reader.readline())
            if said["kind"] == kind and wanted.items() <= said.get("body", said).items():
                return dict(said)


@needs_mosquitto
async def test_a_console_hears_answers_leaves_and_comes_back(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "feed").write_text(TOKEN)
    with world_in(tmp_path, pairs=2, more=f'[feed]\nport = {port}\ntoken_file = "feed"\n') as world:
        async with devices(world.broker.port) as people:
            hello, reader, writer = await console(port)
            await people.meet(0)
            alert = await hear(reader, "notification", reason="breach", channel="webhook")
            await hear(reader, "outcome", notification=alert["body"]["id"])
            writer.write(json.dumps({"do": "acknowledge", "of": alert["body"]["id"], "id": 1}).encode() + b"\n")
            assert (await hear(reader, "reply"))["ok"]
            writer.transport.abort()
            _, _, flooding = await console(port)  # asks and asks, and never reads
            flooding.write(b'{"do":"coverage"}\n[[[[{"do":\n' + b'{"do":"orders"}\n' * 3_000)
            _, _, nagging = await console(port)
            nagging.write(b'{"do":"coverage","id":1}\n{"do":"orders","id":2}\n' * 3_000)
            await people.meet(1)
            await until(lambda: people.breaches(1), what=people.missing(range(1, 2)))
            nagging.transport.abort()
            flooding.transport.abort()
            assert "Traceback" not in world.monitor.log
            again, reader, writer = await console(port, hello["epoch"], alert["seq"])
            assert not again["gap"]
            assert {s["order"] for s in again["standings"] if s["level"] == "emergency"} == {"O-0", "O-1"}
            await hear(reader, "transition", order="O-1", reason="breach")
            writer.close()
            world.monitor.kill()
            world.monitor.start()
            after, _, writer = await console(port, hello["epoch"], again["seq"])
            assert after["gap"], "another life of the monitor: what it said before is not in its feed"
            assert {s["order"] for s in after["standings"] if s["level"] == "emergency"} == {"O-0", "O-1"}
            writer.close()
