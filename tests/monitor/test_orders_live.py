"""Orders changed at the console of a whole service: what was answered is there after kill -9, whatever the moment."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from monitor.feed import HOST
from tests.service_world import HERE, NEAR, devices, free_port, needs_mosquitto, until, world_in

TOKEN = "a token of 16 characters or more"
ORDER = {
    "id": "O-9", "protected": "P-9", "respondent": "R-9", "perimeter_m": 500, "warning_m": 2_200, "language": "es",
    "valid_from_ms": 1_767_600_000_000, "valid_until_ms": 4_000_000_000_000, "zones": [],
}  # fmt: skip
DEVICES = [{"id": "brc-9", "person": "P-9", "format": "v1"}, {"id": "tag-9", "person": "R-9", "format": "v1"}]
ZONE = {"id": "home", "kind": "exclusion", "geometry": {"type": "Point", "coordinates": [NEAR[1], NEAR[0]]}, "radius_m": 300, "buffer_m": 100}


class Console:
    """Asks and hears replies."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._ids = itertools.count(1)

    async def ask(self, **request: Any) -> dict[str, Any]:
        number = next(self._ids)
        self.writer.write(json.dumps({**request, "id": number}).encode() + b"\n")
        async with asyncio.timeout(20):
            while True:
                said = json.loads(await self.reader.readline())
                if said["kind"] == "reply" and said["id"] == number:
                    return dict(said)


@asynccontextmanager
async def console(port: int) -> AsyncIterator[Console]:
    reader, writer = await asyncio.open_connection(HOST, port, limit=1 << 24)
    writer.write(json.dumps({"token": TOKEN}).encode() + b"\n")
    try:
        yield Console(reader, writer)
    finally:
        writer.transport.abort()


async def orders(port: int) -> dict[str, dict[str, Any]]:
    """Every order as it is, without how it stands at the moment."""
    async with console(port) as it:
        said = await it.ask(do="orders")
    return {one["id"]: {key: one[key] for key in ORDER} for one in said["orders"]}


@needs_mosquitto
async def test_what_was_answered_is_there_after_a_kill(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "feed").write_text(TOKEN)
    with world_in(tmp_path, pairs=2, more=f'[feed]\nport = {port}\ntoken_file = "feed"\n') as world:
        async with devices(world.broker.port) as people:
            async with console(port) as it:
                made = await it.ask(do="set_order", order=ORDER, devices=DEVICES, who="ana")
                assert (made["ok"], made["level"], made["reason"]) == (True, "caution", "not_seen_yet"), made
                await people.ping("brc-9", HERE)
                await people.ping("tag-9", NEAR)
                await until(lambda: people.heard("brc-9", "alert"), what="the alert of an order made a moment ago")
                changed = await it.ask(do="set_order", order={**ORDER, "perimeter_m": 0, "warning_m": 0, "zones": [ZONE]})
                assert (changed["level"], changed["reason"]) == ("emergency", "breach"), changed
                ended = await it.ask(do="revoke_order", of="O-1")
                assert ended["ok"]
            world.monitor.kill()  # in the very moment of the answer
            before = {"O-0": None, "O-9": {**ORDER, "perimeter_m": 0.0, "warning_m": 0.0}}
            world.monitor.start()
            after = await orders(port)
            assert sorted(after) == sorted(before)
            assert [zone["id"] for zone in after["O-9"]["zones"]] == ["home"]
            assert {key: after["O-9"][key] for key in ORDER if key != "zones"} == {
                key: value for key, value in before["O-9"].items() if key != "zones"  # type: ignore[union-attr]
            }
            async with console(port) as it:
                assert (await it.ask(do="order", of="O-9"))["order"]["level"] == "emergency"
                refused = await it.ask(do="set_order", order={**ORDER, "zones": [{**ZONE, "radius_m": -1}]})
                assert (refused["ok"], refused["faults"][0]["where"]) == (False, "zones[0].geometry"), refused
                closed = await it.ask(do="acknowledge_incident", of=(await it.ask(do="order", of="O-9"))["order"]["incident"], who="ana")
                assert closed["ok"]
