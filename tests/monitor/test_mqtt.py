"""Promises of a session with a real broker: late acknowledgement, coming back, and noticing that it froze."""

from __future__ import annotations

import asyncio
import random
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from monitor.frames import NOBODYS
from monitor.mqtt import Batch, Broker, LinkLost, NoListener, Session
from monitor.topics import Topics
from tests.service_world import needs_mosquitto

pytestmark = needs_mosquitto


class Mosquitto:
    """A broker of our own on a port of its own."""

    def __init__(self, directory: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.config = directory / "mosquitto.conf"
        self.config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\nlog_type none\nmax_queued_messages 0\n")
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(["mosquitto", "-c", str(self.config)], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("mosquitto did not start")

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path)
    yield broker
    broker.kill()


class Ear:
    """Records what a session says."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.links: list[bool] = []

    @property
    def payloads(self) -> list[bytes]:
        return [message.payload for batch in self.batches for message in batch.messages]


async def until(true: Callable[[], bool], seconds: float = 8.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def session(
    port: int, topics: list[str], *, client_id: str = "monitor", version: int = 5, unwanted: Callable[[], Topics] = lambda: NOBODYS
) -> AsyncIterator[tuple[Session, Ear]]:
    ear = Ear()
    made = Session(
        client_id,
        Broker("127.0.0.1", port, version),
        topics,
        on_batch=ear.batches.append,
        on_link=ear.links.append,
        rng=random.Random(1),
        unwanted=unwanted,
    )
    running = asyncio.create_task(made.run())
    try:
        yield made, ear
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def publish_all(speaker: Session, topic: str, payloads: list[bytes]) -> None:
    await asyncio.gather(*(speaker.publish(topic, payload) for payload in payloads))


NUMBERS = [str(i).encode() for i in range(20)]


@pytest.mark.parametrize("version", [5, 311])
async def test_what_was_not_acknowledged_comes_again_and_what_was_does_not(mosquitto: Mosquitto, version: int) -> None:
    async with session(mosquitto.port, [], client_id="speaker") as (speaker, _):
        await until(lambda: speaker.ready)
        async with session(mosquitto.port, ["v1/+/ping"], version=version) as (listener, ear):
            await until(lambda: listener.ready)
            await publish_all(speaker, "v1/a/ping", NUMBERS[:5])
            await until(lambda: len(ear.payloads) == 5)
            for batch in ear.batches:
                batch.acknowledge()
            ear.batches.clear()
            await publish_all(speaker, "v1/a/ping", NUMBERS[5:])
            await until(lambda: len(ear.payloads) == 15)
        async with session(mosquitto.port, ["v1/+/ping"], version=version) as (_, again):
            await until(lambda: len(again.payloads) == 15)
            assert again.payloads == NUMBERS[5:]


async def test_a_topic_that_is_heard_elsewhere_is_skipped_and_acknowledged(mosquitto: Mosquitto) -> None:
    async with session(mosquitto.port, ["v1/+/ping"], unwanted=lambda: Topics([b"v1/a/ping"])) as (both, ear):
        await until(lambda: both.ready)
        await publish_all(both, "v1/a/ping", NUMBERS[:3])
        await publish_all(both, "v1/b/ping", NUMBERS[3:5])
        await until(lambda: len(ear.payloads) == 2)
    async with session(mosquitto.port, ["v1/+/ping"]) as (_, again):
        await until(lambda: len(again.payloads) == 2)
        assert again.payloads == NUMBERS[3:5]


async def test_a_broker_that_was_killed_is_found_again(mosquitto: Mosquitto) -> None:
    async with session(mosquitto.port, ["v1/+/ping"]) as (both, ear):
        await until(lambda: both.ready)
        mosquitto.kill()
        await until(lambda: ear.links == [True, False])
        mosquitto.start()
        await until(lambda: ear.links == [True, False, True])
        await publish_all(both, "v1/a/ping", NUMBERS[:1])
        await until(lambda: ear.payloads == NUMBERS[:1])


async def test_a_frozen_broker_is_noticed_and_what_is_acknowledged_too_late_comes_again(mosquitto: Mosquitto) -> None:
    async with session(mosquitto.port, ["v1/+/ping"]) as (both, ear):
        await until(lambda: both.ready)
        await publish_all(both, "v1/a/ping", NUMBERS[:2])
        await until(lambda: ear.payloads == NUMBERS[:2])
        before = list(ear.batches)
        mosquitto.send(signal.SIGSTOP)
        waiting = both.publish("v1/b/ping", b"lost")
        await until(lambda: ear.links == [True, False])
        with pytest.raises(LinkLost):
            await waiting
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", mosquitto.port)) == 0, "the fault was not what it should be"
        mosquitto.send(signal.SIGCONT)
        await until(lambda: ear.links == [True, False, True], seconds=12)
        await until(lambda: ear.payloads[2:4] == NUMBERS[:2])
        for batch in before:
            batch.acknowledge()
        await publish_all(both, "v1/c/ping", [b"later"])
    async with session(mosquitto.port, ["v1/+/ping"]) as (_, again):
        await until(lambda: len(again.payloads) >= 3)
        assert again.payloads[:2] == NUMBERS[:2], "an acknowledgement reached the wrong connection"


async def test_a_publish_that_nobody_hears_says_so(mosquitto: Mosquitto) -> None:
    async with session(mosquitto.port, []) as (speaker, _):
        await until(lambda: speaker.ready)
        with pytest.raises(NoListener):
            await speaker.publish("v1/nobody/alert", b"x")


async def test_without_a_connection_publishing_fails_at_once(mosquitto: Mosquitto) -> None:
    mosquitto.kill()
    async with session(mosquitto.port, []) as (speaker, ear):
        with pytest.raises(LinkLost):
            await speaker.publish("v1/a/alert", b"x")
        assert ear.links == []


async def test_many_topics_are_subscribed_in_chunks_and_new_ones_at_once(mosquitto: Mosquitto) -> None:
    topics = [f"v1/brc-{i}/ping" for i in range(1700)]
    async with session(mosquitto.port, topics) as (both, ear):
        await until(lambda: both.ready)
        await both.set_topics([*topics, "v1/late/ping"])
        for topic in (topics[0], topics[-1], "v1/late/ping"):
            await both.publish(topic, topic.encode())
        await until(lambda: len(ear.payloads) == 3)


async def test_more_publishes_than_the_brokers_window_all_arrive_in_order(mosquitto: Mosquitto) -> None:
    async with session(mosquitto.port, ["v1/+/ping"]) as (both, ear):
        await until(lambda: both.ready)
        sent = [str(i).encode() for i in range(3000)]
        await publish_all(both, "v1/a/ping", sent)
        await until(lambda: len(ear.payloads) == len(sent))
        assert ear.payloads == sent


async def test_a_fault_in_the_consumer_does_not_end_the_session(mosquitto: Mosquitto) -> None:
    heard: list[bytes] = []

    def broken_once(batch: Batch) -> None:
        heard.extend(message.payload for message in batch.messages)
        if b"poison" in heard[-1:]:
            raise RuntimeError("planted")

    made = Session("monitor", Broker("127.0.0.1", mosquitto.port), ["v1/+/ping"], on_batch=broken_once, on_link=lambda up: None)
    running = asyncio.create_task(made.run())
    await until(lambda: made.ready)
    for payload in (b"poison", b"good"):
        done: Awaitable[None] = made.publish("v1/a/ping", payload)
        await done
    await until(lambda: heard == [b"poison", b"good"])
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_what_does_not_hurry_goes_out_in_one_write_and_what_hurries_takes_it_along(mosquitto: Mosquitto) -> None:
    async with session(mosquitto.port, ["v1/+/receipt", "v1/+/alert"]) as (both, ear):
        await until(lambda: both.ready)
        assert both._connection is not None
        client, written = both._connection._client._connection, list[bytes]()
        send = client.send_package
        client.send_package = lambda data: (written.append(data), send(data))
        futures = [both.publish("v1/a/receipt", number, hurry=False) for number in NUMBERS[:9]]  # mosquitto takes 20 at a time
        assert written == []
        await asyncio.gather(*futures)
        assert len([data for data in written if data[0] >> 4 == 3]) == 1
        futures = [both.publish("v1/a/receipt", NUMBERS[0], hurry=False), both.publish("v1/a/alert", b"now")]
        assert written[-1].endswith(b"now")
        await asyncio.gather(*futures)
        await until(lambda: len(ear.payloads) == 11)
        assert ear.payloads == [*NUMBERS[:9], NUMBERS[0], b"now"]


async def test_what_waits_when_the_session_ends_is_sent_first(mosquitto: Mosquitto) -> None:
    async with session(mosquitto.port, ["v1/+/receipt"], client_id="ear") as (listener, ear):
        await until(lambda: listener.ready)
        async with session(mosquitto.port, []) as (speaker, _):
            await until(lambda: speaker.ready)
            speaker.publish("v1/a/receipt", b"last", hurry=False).add_done_callback(lambda future: future.exception())
            assert speaker._connection is not None
            speaker._connection.close()
        await until(lambda: ear.payloads == [b"last"])
