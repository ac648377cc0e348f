"""The faults of the long run really happen, or it would say "0 lost" of a quiet half hour."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from benchmarks import soak
from benchmarks.soak import Servers
from tests.service_world import needs

pytestmark = [needs("mosquitto"), needs("redis-server")]


@pytest.fixture
def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    monkeypatch.setattr(soak, "FAULT_S", 0.4)
    running = Servers(tmp_path)
    yield running
    running.stop()


def test_the_broker_is_another_process_afterwards(servers: Servers) -> None:
    before = servers.broker
    asyncio.run(servers.kill_broker())
    assert before.poll() is not None
    with socket.create_connection(("127.0.0.1", servers.mqtt.port), timeout=2):
        assert servers.broker.poll() is None


def test_redis_is_frozen_and_goes_on(servers: Servers) -> None:
    async def look() -> str:
        freezing = asyncio.ensure_future(servers.freeze_redis())
        await asyncio.sleep(0.2)
        state = psutil.Process(servers.redis.pid).status()
        await freezing
        return state

    assert asyncio.run(look()) == psutil.STATUS_STOPPED
    assert psutil.Process(servers.redis.pid).status() != psutil.STATUS_STOPPED
