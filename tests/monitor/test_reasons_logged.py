"""Promises of the log about what does not go: which host and port, and why in words; no key of ours is dropped, no secret is said."""

from __future__ import annotations

import ast
import asyncio
import json
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from monitor import log, mqtt
from monitor.broker import free_port
from monitor.feed import HOST
from monitor.http import Health, HttpServer
from monitor.mqtt import Broker, Session
from monitor.reasons import reason_of, why_disconnected
from monitor.supervise import supervised
from tests.service_world import needs_mosquitto

ROOT = Path(__file__).parents[2]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """Reads the lines that have been logged since the last time."""
    log.configure("json", "info")
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    log.configure(level="warning")


async def first_word_of(session: Session, said: Any) -> dict[str, Any]:
    """What a session says of its first failure."""
    task, lines = asyncio.create_task(session.run()), []
    try:
        async with asyncio.timeout(10):
            while not lines:
                await asyncio.sleep(0.05)
                lines = said()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    found: dict[str, Any] = lines[0]
    return found


def session(broker: Broker) -> Session:
    return Session("m-others", broker, ("v1/+/ping",), on_batch=lambda batch: None, on_link=lambda up: None)


async def started(directory: Path, *config: str) -> asyncio.subprocess.Process:
    """A mosquitto with these lines of configuration, listening; the first names its port."""
    (directory / "m.conf").write_text("\n".join([*config, "log_type none", ""]))
    process = await asyncio.create_subprocess_exec("mosquitto", "-c", str(directory / "m.conf"), stderr=asyncio.subprocess.DEVNULL)
    port = int(config[0].split()[1])
    async with asyncio.timeout(5):
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection(HOST, port)
                writer.close()
                return process
            await asyncio.sleep(0.02)


@needs_mosquitto
@pytest.mark.parametrize("version", [5, 311])
async def test_a_wrong_password_is_called_that_with_host_and_port_and_not_repeated(tmp_path: Path, said: Any, version: int) -> None:
    port = free_port()
    subprocess.run(["mosquitto_passwd", "-c", "-b", str(tmp_path / "passwords"), "monitor", "the-right-one"], check=True, capture_output=True)
    (tmp_path / "passwords").chmod(0o644)
    tmp_path.chmod(0o755)
    process = await started(tmp_path, f"listener {port} {HOST}", "allow_anonymous false", f"password_file {tmp_path}/passwords", "user root")
    try:
        line = await first_word_of(session(Broker(HOST, port, version, "monitor", "WRONG-SECRET")), said)
    finally:
        process.kill()
        await process.wait()
    assert (line["event"], line["session"], line["host"], line["port"], line["error"]) == ("broker_unreachable", "m-others", HOST, port, "Refused")
    assert "authori" in line["reason"].lower()
    assert "code " in line["reason"]
    assert "SECRET" not in str(line)


@needs_mosquitto
@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate with")
async def test_a_certificate_that_is_not_trusted_says_what_is_wrong_with_it(tmp_path: Path, said: Any) -> None:
    port, key, cert = free_port(), tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2", "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    tmp_path.chmod(0o755)
    process = await started(tmp_path, f"listener {port} {HOST}", "allow_anonymous true", f"certfile {cert}", f"keyfile {key}", "user root")
    try:
        line = await first_word_of(session(Broker(HOST, port, tls=ssl.create_default_context())), said)
    finally:
        process.kill()
        await process.wait()
    assert (line["host"], line["port"], line["error"]) == (HOST, port, "SSLCertVerificationError")
    assert line["reason"] == "certificate: self-signed certificate"


async def test_nobody_there_is_told_with_the_systems_word(said: Any) -> None:
    port = free_port()
    line = await first_word_of(session(Broker(HOST, port)), said)
    assert (line["host"], line["port"], line["reason"]) == (HOST, port, "ECONNREFUSED")
    line = await first_word_of(session(Broker("/tmp/nobody-listens-here", 1883)), said)
    assert (line["host"], line.get("port"), line["reason"].split()[0]) == ("/tmp/nobody-listens-here", None, "ENOENT")


@pytest.mark.parametrize(("every_s", "lines"), [(60.0, range(1, 2)), (0.0, range(10, 1000))])
async def test_a_broker_that_stays_away_is_sought_often_and_logged_seldom(
    said: Any, monkeypatch: pytest.MonkeyPatch, every_s: float, lines: range
) -> None:
    for name, value in (("BACKOFF_S_MIN", 0.01), ("BACKOFF_S_MAX", 0.02), ("LOG_EVERY_S", every_s)):
        monkeypatch.setattr(mqtt, name, value)
    tries = mock.Mock(wraps=mqtt.Connection)
    monkeypatch.setattr(mqtt, "Connection", tries)
    seeking = asyncio.create_task(session(Broker(HOST, free_port())).run())
    async with asyncio.timeout(20):
        while tries.call_count < 12:
            await asyncio.sleep(0.01)
    seeking.cancel()
    assert len([line for line in said() if line["event"] == "broker_unreachable"]) in lines


async def test_a_port_in_use_is_named_with_its_reason(said: Any) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = HttpServer(HOST, port, metrics=lambda: (b"", ""), health=lambda: Health(True))
        restarted = asyncio.Event()
        task = asyncio.create_task(supervised("http", server.start, lambda name: restarted.set()))
        async with asyncio.timeout(10):
            await restarted.wait()
        task.cancel()
    (line,) = said()
    assert (line["event"], line["kind"], line["error"], line["reason"]) == ("part_failed", "http", "OSError", f"EADDRINUSE {HOST}:{port}")


async def test_what_is_no_error_of_the_system_keeps_its_words_to_itself(said: Any) -> None:
    async def part() -> None:
        raise ValueError("SECRET")

    restarted = asyncio.Event()
    task = asyncio.create_task(supervised("feed", part, lambda name: restarted.set()))
    async with asyncio.timeout(10):
        await restarted.wait()
    task.cancel()
    (line,) = said()
    assert (line["error"], line.get("reason")) == ("ValueError", None)
    assert "SECRET" not in str(line)
    assert reason_of(OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 1), [Errno 111] …")) == "ECONNREFUSED"
    assert reason_of(socket.gaierror(-2, "Name or service not known")) == "Name or service not known"


def test_why_a_connection_ended() -> None:
    assert why_disconnected(142, closed=True).startswith("session taken over")
    assert (why_disconnected(0, closed=True), why_disconnected(0, closed=False)) == ("closed", "no answer to our pings")


def keys_of_log_calls(source: str) -> set[str]:
    """The keyword of every call of a logger."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute))
    ours = (c for c in calls if isinstance(c.func, ast.Attribute) and isinstance(c.func.value, ast.Name) and c.func.value.id == "_log")
    return {word.arg for call in ours for word in call.keywords if word.arg is not None}


def test_no_key_of_ours_is_dropped() -> None:
    assert keys_of_log_calls("_log.info('x', planted=1)") - log.KEYS == {"planted"}
    files = [path for room in ("monitor", "dashboard", "alerts") for path in (ROOT / room).rglob("*.py")]
    dropped = {path.name: unknown for path in files if (unknown := keys_of_log_calls(path.read_text(encoding="utf-8")) - log.KEYS)}
    assert dropped == {}
