"""Simulated devices on a real broker: they report, keep, obey, acknowledge, and come back."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack

import aiomqtt
import pytest

from simulator.approach import Approach
from simulator.fleet import ExpectedAlert, Fleet, expected_of, system_clock_ms
from simulator.network import PERFECT
from simulator.scenario import PairPlan, Scenario, build
from simulator.truth import truth


class Monitor:
    """Stands in for the monitor: hears everything, says what a test wants said."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client
        self.heard: list[tuple[str, dict]] = []
        self._news = asyncio.Condition()

    async def listen(self) -> None:
        async for message in self._client.messages:
            async with self._news:
                self.heard.append((message.topic.value, json.loads(message.payload)))
                self._news.notify_all()

    async def say(self, topic: str, payload: dict) -> None:
        await self._client.publish(topic, json.dumps(payload), qos=1)

    async def expect(self, wanted: Callable[[str, dict], bool]) -> dict:
        async with asyncio.timeout(20), self._news:
            while True:
                for topic, payload in self.heard:
                    if wanted(topic, payload):
                        return payload
                await self._news.wait()


@pytest.fixture
async def monitor(broker):
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(aiomqtt.Client("127.0.0.1", broker.address.port))
        await client.subscribe("v1/#", qos=1)
        monitor = Monitor(client)
        task = asyncio.create_task(monitor.listen())
        yield monitor
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def scenario(**plan: object) -> Scenario:
    start_ms = system_clock_ms()
    return build([PairPlan(**({"approach": Approach.NONE, "zone": False, "quality": PERFECT} | plan))], seed=1, start_ms=start_ms)


@pytest.fixture
async def fleet(broker):
    fleet = Fleet(scenario(), broker.address)
    task = asyncio.create_task(fleet.run(60))
    yield fleet
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_devices_say_that_they_are_there_and_where(fleet: Fleet, monitor: Monitor) -> None:
    status = await monitor.expect(lambda topic, payload: topic == "v1/tag-0001/status")
    assert status["online"] is True
    ping = await monitor.expect(lambda topic, payload: topic == "v1/brc-0001/ping")
    assert (ping["v"], ping["seq"]) == (1, 1)
    assert abs(ping["at"] - system_clock_ms()) < 60_000


async def test_a_commanded_device_reports_faster(fleet: Fleet, monitor: Monitor) -> None:
    await monitor.expect(lambda topic, payload: topic == "v1/tag-0001/ping")
    await monitor.say("v1/tag-0001/command", {"v": 1, "interval_s": 1})
    await monitor.expect(lambda topic, payload: topic == "v1/tag-0001/ping" and payload["seq"] == 3)


async def test_an_alert_is_acknowledged_by_the_device_and_then_by_the_person(fleet: Fleet, monitor: Monitor) -> None:
    await monitor.expect(lambda topic, payload: topic == "v1/brc-0001/status")
    for number in range(8):  # four people in five answer
        alert = {
            "v": 1,
            "id": f"n-{number}",
            "code": "K7Q2",
            "level": "warning",
            "reason": "approach",
            "issued": system_clock_ms(),
            "text": "!",
        }
        await monitor.say("v1/brc-0001/alert", alert)
    by_device = await monitor.expect(lambda topic, payload: topic == "v1/brc-0001/ack" and payload["alert"] == "n-7")
    assert by_device["by"] == "device"
    by_person = await monitor.expect(lambda topic, payload: topic == "v1/brc-0001/ack" and payload["by"] == "person")
    assert by_person["at"] > by_device["at"]
    assert [alert.id for alert in fleet.received()] == [f"n-{number}" for number in range(8)]


async def test_pings_without_a_receipt_are_sent_again_newest_first(broker, fleet: Fleet) -> None:
    async def hear(until: Callable[[list[dict]], bool], say: tuple[str, dict] | None = None) -> list[dict]:
        pings: list[dict] = []
        watcher = aiomqtt.Client("127.0.0.1", broker.address.port, identifier="watcher", clean_session=False)
        async with asyncio.timeout(20), watcher:
            await watcher.subscribe("v1/tag-0001/ping", qos=1)
            if say is not None:
                await watcher.publish(say[0], json.dumps(say[1]), qos=1, retain=True)
            async for message in watcher.messages:
                pings.append(json.loads(message.payload))
                if until(pings):
                    break
        return pings

    first = await hear(lambda pings: len(pings) == 4, say=("v1/tag-0001/command", {"v": 1, "interval_s": 1}))
    assert [ping["seq"] for ping in first] == [1, 2, 3, 4]
    receipt = {"v": 1, "boot": first[0]["boot"], "seq": 2}
    await hear(lambda pings: pings[-1]["seq"] >= 6, say=("v1/tag-0001/receipt", receipt))
    broker.stop()
    broker.start()
    again = [ping["seq"] for ping in await hear(lambda pings: pings[-1]["seq"] == 3)]
    kept = again[again.index(max(again)) :]
    assert kept == list(range(max(again), 2, -1))
    assert len(kept) >= 4


def test_truth_expects_an_approach_and_a_breach_and_nothing_in_a_hole() -> None:
    world = build([PairPlan(Approach.AVENUE, at_s=10.0, distance_m=800.0, zone=False, quality=PERFECT)], seed=1)
    [pair] = world.pairs
    approach, breach = expected_of(pair, truth(world)[pair.order.id])
    assert (approach.kind, approach.from_ms - world.start_ms) == ("approach", 0)
    assert (breach.kind, breach.from_ms - world.start_ms) == ("breach", pytest.approx(30_000, abs=1_500))
    assert approach.device == breach.device == "brc-0001"


def test_a_near_miss_expects_no_breach() -> None:
    world = build([PairPlan(Approach.NEAR_MISS, at_s=10.0, distance_m=2_500.0, zone=False, quality=PERFECT)], seed=1)
    [pair] = world.pairs
    assert [one.kind for one in expected_of(pair, truth(world)[pair.order.id])] == ["approach"]


async def test_an_alert_that_does_not_come_is_missed(broker) -> None:
    world = build([PairPlan(Approach.NONE, distance_m=300.0, zone=False, quality=PERFECT)], seed=1, start_ms=system_clock_ms() - 60_000)
    fleet = Fleet(world, broker.address)
    summary = await fleet.run(0.5)
    assert [one.kind for one in summary.missed] == ["breach", "approach"]
    assert all(isinstance(one, ExpectedAlert) for one in summary.missed)
    assert "expected alerts 2, raised 0, missed 2" in str(summary)
    assert summary.pings >= 0
