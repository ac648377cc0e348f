"""Promises of the embedded broker: it serves MQTT, it ends with its context, and it says why it cannot start."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiomqtt
import pytest

from monitor import broker
from monitor.broker import EmbeddedBroker, NoBroker


async def test_it_carries_a_message_and_ends_with_its_context(tmp_path: Path) -> None:
    async with EmbeddedBroker.start(tmp_path) as (host, port):
        async with aiomqtt.Client(host, port, identifier="ear") as ear, aiomqtt.Client(host, port, identifier="mouth") as mouth:
            await ear.subscribe("v1/+/ping", qos=1)
            await mouth.publish("v1/a/ping", b"hello", qos=1)
            message = await asyncio.wait_for(anext(aiter(ear.messages)), 5)
            assert message.payload == b"hello"
    with pytest.raises(OSError, match="onnect"):
        await asyncio.open_connection(host, port)


async def test_without_any_broker_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker.shutil, "which", lambda *_, **__: None)
    with pytest.raises(NoBroker, match="install mosquitto"):
        async with EmbeddedBroker.start(tmp_path):
            pass


async def test_a_broker_that_dies_at_once_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "_command", lambda *_: ["false"])
    with pytest.raises(NoBroker, match="status 1"):
        async with EmbeddedBroker.start(tmp_path):
            pass
