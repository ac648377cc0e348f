"""Promises of the three sessions together: whatever *others* skips, *protected* hears, however the orders change under way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from geofence.terms import Device, DeviceId, Order, OrderId, PersonId, Registry
from monitor.connection import Connection
from monitor.mqtt import Batch, Broker
from monitor.sessions import Sessions
from monitor.topics import NOWHERE
from tests.monitor.test_mqtt import Mosquitto, mosquitto, until
from tests.pings import pair
from tests.service_world import needs_mosquitto

__all__ = ["mosquitto"]  # a fixture

pytestmark = needs_mosquitto

HER, NEW = "v1/brc/ping", "v1/new/ping"
BEFORE = replace(pair(), devices=(*pair().devices, Device(DeviceId("new"), PersonId("P2"))))
AFTER = replace(BEFORE, orders=(*BEFORE.orders, Order(OrderId("O2"), PersonId("P2"), PersonId("R"), 500.0, 2_200.0, 0, 1 << 60)))


class Heard:
    """What the sessions brought, acknowledged at once."""

    def __init__(self) -> None:
        self.topics: list[str] = []

    def take(self, batch: Batch) -> None:
        self.topics += [message.topic for message in batch.messages]
        batch.acknowledge()


class Gate:
    """Holds up, or fails, whoever subscribes to a topic."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, topic: str) -> None:
        self.reached, self.open, self.fails = asyncio.Event(), asyncio.Event(), False
        subscribe = Connection.subscribe

        async def held_up(connection: Connection, topics: Any) -> None:
            if topic in topics:
                self.reached.set()
                if self.fails:
                    raise TimeoutError
                await self.open.wait()
            await subscribe(connection, topics)

        monkeypatch.setattr(Connection, "subscribe", held_up)


@asynccontextmanager
async def sessions(port: int, heard: Heard, registry: Registry = BEFORE) -> AsyncIterator[Sessions]:
    made = Sessions(
        "monitor", Broker("127.0.0.1", port), registry, traccar_topic=None, grace_s=1, on_batch=heard.take, on_link=lambda up: None
    )
    tasks = [asyncio.create_task(one.run()) for one in (made.protected, made.others, made.answers)]
    try:
        yield made
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def says(made: Sessions, heard: Heard, topic: str) -> int:
    """How often a ping on this topic is heard: once or, by both sessions, twice; not at all is what must never be."""
    heard.topics.clear()
    await made.answers.publish(topic, b"{}")
    await made.answers.publish("v1/stranger/ping", b"{}")
    await until(lambda: "v1/stranger/ping" in heard.topics)
    await asyncio.sleep(0.1)  # the sessions are apart: this one may be behind
    return heard.topics.count(topic)


def skips(made: Sessions, topic: str) -> bool:
    return made._heard_elsewhere().get(topic.encode()) != NOWHERE


async def test_an_order_issued_while_the_session_subscribes_is_heard(mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    """Her pings were skipped by one session and never asked for by the other, until the next connection."""
    gate, heard = Gate(monkeypatch, HER), Heard()
    async with sessions(mosquitto.port, heard) as made:
        await gate.reached.wait()
        await made.set_registry(AFTER)
        assert not made.protected.ready
        gate.open.set()
        await until(lambda: made.watch.up)
        assert skips(made, NEW)
        assert await says(made, heard, NEW) == 1
        assert await says(made, heard, HER) == 1


async def test_what_could_not_be_subscribed_is_heard_by_the_others_and_asked_for_again(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, heard = Gate(monkeypatch, NEW), Heard()
    gate.fails = True
    async with sessions(mosquitto.port, heard) as made:
        await until(lambda: made.watch.up)
        with pytest.raises(TimeoutError):
            await made.set_registry(AFTER)
        assert not skips(made, NEW)
        assert await says(made, heard, NEW) == 1
        gate.fails = False
        gate.open.set()
        await made.set_registry(AFTER)
        assert skips(made, NEW)
        assert await says(made, heard, NEW) == 1


async def test_a_change_that_failed_leaves_out_nobody_on_the_next_connection(mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other order ends with the same change; what *others* still skips must be heard by *protected* after a broker without a memory."""
    gate, heard = Gate(monkeypatch, NEW), Heard()
    gate.fails = True
    async with sessions(mosquitto.port, heard) as made:
        await until(lambda: made.watch.up)
        with pytest.raises(TimeoutError):
            await made.set_registry(replace(AFTER, orders=AFTER.orders[1:]))
        gate.fails = False
        gate.open.set()
        mosquitto.kill()
        await until(lambda: not made.protected.ready)
        mosquitto.start()
        await until(lambda: all(made.states().values()))
        assert skips(made, HER)
        assert await says(made, heard, HER) == 1
        assert await says(made, heard, NEW) == 2, "by both until the next change"
