"""Promises of the live state: readers see it within a moment, and nothing that happens to Redis is felt by the service."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from config.settings import RedisSettings, Secret
from geofence.terms import FixRef, IncidentId, Level, OrderId, Reason, Role, Transition
from monitor import store as module
from monitor.engine import Standing
from monitor.store import Store
from tests.service_world import needs_redis

pytestmark = [pytest.mark.faults, needs_redis]


def transition(order: int, level: Level = Level.EMERGENCY, at_ms: int = 5) -> Transition:
    return Transition(
        at_ms, OrderId(f"O-{order}"), IncidentId(f"I-{order}"), Level.CALM, level, Reason.BREACH, Role.RESPONDENT,
        distance_m=123.4, bearing_deg=45.6, fixes=(FixRef("tag", 1, 2),),  # type: ignore[arg-type]
    )  # fmt: skip


async def until(true: Callable[[], Any], what: str) -> None:
    try:
        async with asyncio.timeout(10):
            while not true():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"not within 10 s: {what}") from None


class Server:
    """A real Redis, to be broken."""

    def __init__(self, directory: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.directory = directory
        self.reader = redis.Redis(port=self.port, decode_responses=True, socket_timeout=5)
        self.settings = RedisSettings(host="127.0.0.1", port=self.port)
        self.start()

    def start(self, *options: str) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.directory), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                self.reader.ping()
            except redis.AuthenticationError:
                return
            except redis.ConnectionError:
                time.sleep(0.02)
            else:
                return
        raise AssertionError("redis-server did not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def level(self, order: int) -> str | None:
        return self.reader.hget(f"resguardo:order:O-{order}", "level")  # type: ignore[return-value]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    yield made
    made.process.send_signal(signal.SIGCONT)
    made.kill()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same pauses, shorter."""
    monkeypatch.setattr(module, "PROBE_S", 0.2)
    monkeypatch.setattr(module, "PAUSE_S", 0.02)
    monkeypatch.setattr(module, "BEAT_S", 0.1)


@pytest.fixture
async def store(server: Server) -> AsyncIterator[Store]:
    made = Store(server.settings)
    task = asyncio.create_task(made.run())
    yield made
    assert not task.done(), "the store's task must outlive whatever happens to Redis"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_readers_find_the_level_the_stream_and_the_channel(store: Store, server: Server) -> None:
    channel = server.reader.pubsub(ignore_subscribe_messages=True)
    channel.subscribe("resguardo:transitions")
    channel.get_message(timeout=5)
    store.put([transition(1, Level.WARNING, 4), transition(1, Level.EMERGENCY, 5), transition(2)])
    await until(lambda: server.reader.xlen("resguardo:transitions") == 3, "the stream")
    assert server.reader.hgetall("resguardo:order:O-1") == {"level": "emergency", "reason": "breach", "incident": "I-1", "at_ms": "5"}
    assert [entry["to"] for _, entry in server.reader.xrange("resguardo:transitions")] == ["warning", "emergency", "emergency"]
    message = channel.get_message(timeout=5)
    assert json.loads(message["data"])["order"] == "O-1"


async def test_no_distance_bearing_or_device_is_told_to_readers(store: Store, server: Server) -> None:
    store.put([transition(1)])
    await until(lambda: server.level(1), "the level")
    entries = [fields for _, fields in server.reader.xrange("resguardo:transitions")]  # an entry's id is the time by Redis, in which 123 occurs
    everything = str(server.reader.hgetall("resguardo:order:O-1")) + str(entries)
    for word in ("123", "45.6", "tag", "bearing", "distance"):
        assert word not in everything


async def test_readers_can_tell_that_the_service_is_gone(server: Server) -> None:
    task = asyncio.create_task(Store(server.settings).run())
    await until(lambda: server.reader.exists("resguardo:alive"), "a sign of life, without any transition")
    assert 0 < server.reader.pttl("resguardo:alive") <= module.ALIVE_MS
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    server.reader.pexpire("resguardo:alive", 1)  # five seconds later
    await until(lambda: not server.reader.exists("resguardo:alive"), "nobody renews it")


async def test_a_killed_server_comes_back_empty_and_is_filled_again(store: Store, server: Server) -> None:
    store.put([transition(i) for i in range(500)])
    await until(lambda: server.level(499), "all levels")
    server.kill()
    with pytest.raises(redis.ConnectionError):
        server.reader.ping()
    store.put([transition(500)])
    await until(lambda: store._failures >= module.FAILURES_MAX, "the breaker opens")
    assert not store.connected
    server.start()
    await until(lambda: server.level(0) and server.level(500), "known levels again, without a new transition")
    assert store.connected


async def test_a_server_restarted_between_two_transitions_is_filled_again(store: Store, server: Server) -> None:
    store.put([transition(1)])
    await until(lambda: server.level(1), "the level")
    server.kill()
    server.start()
    assert server.level(1) is None
    await until(lambda: server.level(1), "the level again")


async def test_a_frozen_server_holds_up_nothing(store: Store, server: Server) -> None:
    store.put([transition(1)])
    await until(lambda: server.level(1), "the level")
    server.process.send_signal(signal.SIGSTOP)
    impatient = redis.Redis(port=server.port, socket_timeout=0.2)
    with pytest.raises(redis.TimeoutError):
        impatient.get("x")
    store.put([transition(2)])
    await until(lambda: store._failures >= module.FAILURES_MAX, "the breaker opens, so every call had its time-out")
    for i in range(20_000):  # in one go: were `put` to wait for the server, the test would not end
        store.put([transition(i % 50, at_ms=i)])
    assert len(store._backlog.stream) == module.STREAM_MAX, "bounded: the oldest fall out"
    server.process.send_signal(signal.SIGCONT)
    await until(lambda: not store._backlog.stream, "the backlog is written")
    assert server.reader.hget("resguardo:order:O-49", "at_ms") == "19999"
    assert server.reader.xlen("resguardo:transitions") < 2 * module.STREAM_MAX


async def test_a_full_server_is_waited_for(store: Store, server: Server) -> None:
    server.reader.config_set("maxmemory-policy", "noeviction")
    server.reader.config_set("maxmemory", "1")
    with pytest.raises(redis.OutOfMemoryError):
        server.reader.set("x", "y")
    store.put([transition(1)])
    await until(lambda: store._failures >= module.FAILURES_MAX, "the breaker opens")
    assert server.level(1) is None
    server.reader.config_set("maxmemory", "0")
    await until(lambda: server.level(1), "the level once there is room")


async def test_the_password_is_given_and_a_wrong_one_ends_nothing(server: Server) -> None:
    server.kill()
    server.start("--requirepass", "right")
    for password, works in (("wrong", False), ("right", True)):
        store = Store(RedisSettings(host="127.0.0.1", port=server.port, password=Secret(password)))
        task = asyncio.create_task(store.run())
        store.put([transition(1)])
        if works:
            reader = redis.Redis(port=server.port, password="right")
            await until(lambda reader=reader: reader.exists("resguardo:order:O-1"), "the level")
        else:
            await until(lambda store=store: store._failures >= module.FAILURES_MAX, "the breaker opens")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_every_call_has_a_time_out_and_the_librarys_retries_are_off(store: Store) -> None:
    client = store._client()
    arguments = client.connection_pool.connection_kwargs
    assert arguments["socket_timeout"] == arguments["socket_connect_timeout"] == 0.1
    assert client.get_retry().get_retries() == 0
    await client.aclose()


async def test_after_a_restart_readers_see_how_the_orders_stand_before_anything_changes(server: Server) -> None:
    store = Store(server.settings)
    task = asyncio.create_task(store.run())
    try:
        store.know([Standing(OrderId("O-7"), Level.WARNING, Reason.APPROACH, IncidentId("I-7"))], 9)
        await until(lambda: server.reader.hgetall("resguardo:order:O-7"), "the standing")
        assert server.reader.hgetall("resguardo:order:O-7") == {"level": "warning", "reason": "approach", "incident": "I-7", "at_ms": "9"}
        assert server.reader.xlen("resguardo:transitions") == 0, "nothing has happened"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
