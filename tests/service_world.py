"""The whole service as a process between a real broker, a control room and people who can be told to meet."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from monitor.broker import free_port

# What a monitor that is told what to do says first: her bracelet and the control room at once. Further rungs follow in a test's own.
TOLD_AT_ONCE = """
[[ladder.emergency]]
after_s = 0
audience = "protected"
channel = "bracelet"
unless = "nothing"
[[ladder.emergency]]
after_s = 0
audience = "dispatch"
channel = "webhook"
unless = "nothing"
"""


def needs(server: str) -> pytest.MarkDecorator:
    """Skip where a server is not installed; in CI, which installs them, go on and fail."""
    return pytest.mark.skipif(shutil.which(server) is None and "CI" not in os.environ, reason=f"{server} is not installed")


needs_mosquitto, needs_redis = needs("mosquitto"), needs("redis-server")

ROOT = Path(__file__).parents[1]
SECRET = "0123456789abcdef"
HERE = (20.5888, -100.3899)
NEAR = (20.5898, -100.3899)  # 111 m north: inside the perimeter of 500 m


async def until(true: Callable[[], Any], seconds: float = 20.0, what: str | Callable[[], str] = "") -> None:
    try:
        async with asyncio.timeout(seconds):
            while not true():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}") from None


class Mosquitto:
    """A broker that keeps its sessions over a restart."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        directory.mkdir()
        self.config, self.socket = directory / "mosquitto.conf", directory / "mqtt.sock"
        self.config.write_text(
            f"listener {self.port} 127.0.0.1\nlistener 0 {self.socket}\nallow_anonymous true\nlog_type none\nmax_queued_messages 0\nuser root\n"
            f"persistence true\npersistence_location {directory}/\nautosave_interval 1\n"
        )
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

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        self.process.wait(5)


class ControlRoom:
    """Dispatch's end of the webhook: keeps what is properly signed."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.forged = 0
        room = self

        class Desk(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                room.on_call(self.rfile.read(int(self.headers["Content-Length"])), self.headers["X-Resguardo-Signature"])
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
        self.url = f"http://127.0.0.1:{self.server.server_port}/alerts"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def on_call(self, body: bytes, signature: str) -> None:
        parts = dict(part.split("=", 1) for part in signature.split(","))
        expected = hmac.new(SECRET.encode(), f"{parts['t']}.".encode() + body, hashlib.sha256).hexdigest()
        if parts["v1"] == expected:
            self.calls.append(json.loads(body))
        else:
            self.forged += 1

    def of(self, **wanted: str) -> list[dict[str, Any]]:
        return [call for call in self.calls if wanted.items() <= call.items()]


class Monitor:
    """`resguardo run`."""

    def __init__(self, directory: Path, broker_port: int, webhook_url: str, *, pairs: int, more: str) -> None:
        self.http_port = free_port()
        self.directory = directory
        self.data = directory / "data"
        orders = [f'[[device]]\nid = "{kind}-{i}"\nperson = "{kind}-{i}"\nformat = "v1"\n' for i in range(pairs) for kind in ("brc", "tag")]
        orders += [
            f'[[order]]\nid = "O-{i}"\nprotected = "brc-{i}"\nrespondent = "tag-{i}"\nperimeter_m = 500\nlanguage = "es"\n'
            "valid_from = 2026-01-01T00:00:00Z\nvalid_until = 2090-01-01T00:00:00Z\n"
            for i in range(pairs)
        ]
        (directory / "orders.toml").write_text("\n".join(orders))
        (directory / "secret").write_text(SECRET)
        self.config = directory / "resguardo.toml"
        self.config.write_text(
            f'[service]\norders = "orders.toml"\ndata_dir = "data"\nsnapshot_every_s = 1\n[broker]\nport = {broker_port}\n[http]\nport = {self.http_port}\n'
            f'[dispatch]\nwebhook_url = "{webhook_url}"\nwebhook_secret_file = "secret"\n[log]\nstyle = "json"\n{more}'
        )
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return (self.directory / "monitor.log").read_text()

    def start(self, *, healthy: bool = True) -> None:
        with (self.directory / "monitor.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "monitor", "run", "--config", str(self.config)], cwd=ROOT, stdout=log, stderr=log
            )
        deadline = time.monotonic() + 90
        while healthy and self.health()[0] != 200:
            assert time.monotonic() < deadline, f"not healthy: {self.log[-1500:]}"
            time.sleep(0.05)

    def health(self) -> tuple[int, dict[str, Any]]:
        assert self.process is not None
        assert self.process.poll() is None, f"the monitor has ended: {self.log[-1500:]}"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/healthz", timeout=2) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError:
            return 0, {}

    def metric(self, name: str) -> float:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/metrics", timeout=2) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith(name):
                    return float(line.rsplit(" ", 1)[1])
        return 0.0

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Devices:
    """All bracelets and tags over one connection, and every word they are told."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.client = client
        self.told: list[tuple[str, str, dict[str, Any]]] = []
        self._seq: dict[str, int] = {}

    async def listen(self) -> None:
        async for message in self.client.messages:
            _, device, kind = str(message.topic).split("/")
            self.told.append((device, kind, json.loads(bytes(message.payload))))

    async def ping(self, device: str, place: tuple[float, float], **more: Any) -> int:
        seq = self._seq[device] = self._seq.get(device, 0) + 1
        now = time.time_ns() // 1_000_000
        fix = {"at": now, "lat": place[0], "lon": place[1], "accuracy": 8.0}
        await self.client.publish(f"v1/{device}/ping", json.dumps({"v": 1, "boot": 1, "seq": seq, "at": now, "fix": fix, **more}), qos=1)
        return seq

    async def meet(self, i: int) -> None:
        """He stands beside her."""
        await self.ping(f"brc-{i}", HERE)
        await self.ping(f"tag-{i}", NEAR)

    def heard(self, device: str, kind: str) -> list[dict[str, Any]]:
        return [body for who, what, body in self.told if (who, what) == (device, kind)]

    def breaches(self, i: int) -> list[dict[str, Any]]:
        return [body for body in self.heard(f"brc-{i}", "alert") if (body["level"], body["reason"]) == ("emergency", "breach")]

    def missing(self, pairs: range) -> Callable[[], str]:
        """What was said to those whose breach was not."""
        return lambda: str([(i, self.heard(f"brc-{i}", "alert"), self.heard(f"tag-{i}", "receipt")) for i in pairs if not self.breaches(i)])


@asynccontextmanager
async def devices(port: int) -> AsyncIterator[Devices]:
    async with aiomqtt.Client("127.0.0.1", port, identifier="devices", clean_session=False) as client:
        made = Devices(client)
        for topic in ("v1/+/alert", "v1/+/receipt", "v1/+/command"):
            await client.subscribe(topic, qos=1)
        listening = asyncio.create_task(made.listen())
        try:
            yield made
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


@dataclass
class World:
    """A broker, a control room and a monitor between them."""

    broker: Mosquitto
    room: ControlRoom
    monitor: Monitor


@contextmanager
def world_in(directory: Path, *, pairs: int = 40, more: str = "") -> Iterator[World]:
    broker, room = Mosquitto(directory / "broker"), ControlRoom()
    monitor = Monitor(directory, broker.port, room.url, pairs=pairs, more=more)
    try:
        monitor.start()
        yield World(broker, room, monitor)
    finally:
        monitor.kill()
        room.server.shutdown()
        broker.process.kill()
        broker.process.wait()
