"""Who takes part in a benchmark of the service: broker, load generator, bare client, monitor, each a process of its own."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.core import PINGS, ROUND_MS, Stream, registry_of
from geofence.terms import Device, DeviceId, Order, OrderId, PersonId, Registry
from monitor.broker import free_port, mosquitto_program
from monitor.engine import Engine
from monitor.known_orders import read_orders
from monitor.snapshot import Snapshot, write_snapshot
from simulator.device import Broker
from simulator.load import LoadPlan
from simulator.orders_file import write_orders

ROOT = Path(__file__).parents[1]
PROBES = 200  # pairs that wait for one breach each: a sample of the latency ...
# ... for each of these times between two single alerts, or two bare trips: in life they are rare, and find everybody at something else
BREATHS_S = {"20 ms apart": 0.02, "each right after the last": 0.0}
FLOOD = 700  # pairs whose breaches come all at once
PAIRS = len(BREATHS_S) * PROBES + FLOOD
START_S = 5  # from the snapshot to the first load; in a place of its own it would be "nobody was seen for so long"
SELDOM_S = 3600.0  # between two snapshots: none within a measure of some seconds
_CONFIG = """
[service]
orders = "orders.toml"
data_dir = "data"
snapshot_every_s = {snapshot_every_s}
[broker]
host = "{host}"
port = {mqtt}
[http]
port = {http}
[log]
level = "warning"
"""
# A subscriber that only counts, and one that only answers: the same client as the monitor's, without the monitor.
BARE = """
import asyncio, sys, time
from monitor.mqtt import Broker, Session
async def main(host, port, topic, echo):
    count = 0
    def take(batch):
        nonlocal count
        count += len(batch.piece.frames)
        batch.acknowledge()
        if echo:
            for message in batch.messages:
                session.publish("bench/back", message.payload, qos=1).add_done_callback(lambda future: future.exception())
    session = Session(f"bare-{topic.replace(chr(47), chr(45)).replace(chr(43), chr(120))}", Broker(host, port), [topic], on_batch=take, on_link=lambda up: None)
    task = asyncio.ensure_future(session.run())
    while True:
        await asyncio.sleep(0.02)
        print(time.monotonic(), count, flush=True)
try:
    import uvloop; uvloop.install()
except ImportError: pass
asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4] == "echo"))
"""


@dataclass(frozen=True, slots=True)
class Where:
    """One broker, and how all but the probing bracelets reach it."""

    port: int
    host: str  # or the path of its Unix socket

    @property
    def address(self) -> str:
        """As `simulate --broker` takes it."""
        return str(Broker(self.host, self.port))


def config_of(where: Where, http: int, snapshot_every_s: float = SELDOM_S) -> str:
    """The settings of a service whose files lie beside them."""
    return _CONFIG.format(host=where.host, mqtt=where.port, http=http, snapshot_every_s=snapshot_every_s)


@contextmanager
def process(*command: object, **options: object) -> Iterator[subprocess.Popen[str]]:
    running = subprocess.Popen([str(c) for c in command], cwd=ROOT, text=True, **options)  # type: ignore[call-overload]
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(8)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


@contextmanager
def mosquitto(directory: Path, *, tcp: bool) -> Iterator[Where]:
    where = Where(free_port(), "127.0.0.1" if tcp else str(directory / "mqtt.sock"))
    config = directory / "mosquitto.conf"
    config.write_text(
        f"listener {where.port} 127.0.0.1\nlistener 0 {directory}/mqtt.sock\nuser root\nallow_anonymous true\nset_tcp_nodelay true\n"
        "log_type none\nmax_queued_messages 0\nmax_inflight_messages 0\n"
    )
    with process(mosquitto_program(), "-c", config, stderr=subprocess.DEVNULL):
        time.sleep(0.5)
        yield where


def fetch(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return str(answer.read().decode())
    except (OSError, urllib.error.HTTPError):
        return ""


def load(where: Where, pairs: int, seconds: float, qos: int, rate: str) -> list[object]:
    return [sys.executable, "-m", "monitor", "simulate", "--broker", where.address, "--pairs", pairs, "--load", rate, "--qos", qos,
            "--seconds", seconds]  # fmt: skip


def bare(where: Where, topic: str, what: str) -> list[object]:
    """The bare client, which only counts or only echoes."""
    return [sys.executable, "-c", BARE, where.host, where.port, topic, what]


def probe_registry(now_ms: int) -> Registry:
    devices, orders = [], []
    for i in range(PAIRS):
        devices += [Device(DeviceId(f"probe-brc-{i}"), PersonId(f"PB-{i}")), Device(DeviceId(f"probe-tag-{i}"), PersonId(f"PR-{i}"))]
        orders.append(Order(OrderId(f"PROBE-{i}"), PersonId(f"PB-{i}"), PersonId(f"PR-{i}"), 500.0, 2200.0, now_ms - 10**9, now_ms + 10**9))
    return Registry(tuple(devices), tuple(orders))


def probe_ping(east_deg: float) -> bytes:
    now = int(time.time() * 1000)
    fix = {"at": now, "lat": 21.5, "lon": -101.5 + east_deg, "accuracy": 8.0}
    return json.dumps({"v": 1, "boot": 1, "seq": 1, "at": now, "fix": fix}).encode()


def seen_twice(plan: LoadPlan, registry: Registry) -> bytes:
    """The snapshot of an engine that has just heard everybody: or the first minute would be 50,000 orders leaving "not seen yet"."""
    rounds = 2 * len(registry.devices) // PINGS + 1
    ends_ms = int(time.time() * 1000) + START_S * 1000
    engine = Engine(registry)
    stream = Stream(plan, ends_ms - rounds * PINGS * ROUND_MS // (2 * plan.pairs))
    for _ in range(rounds):
        engine.receive(stream.take(PINGS))
    return engine.snapshot()


class Monitor:
    """The service under test, as a process."""

    def __init__(
        self, directory: Path, where: Where, args: argparse.Namespace, extra: str = "", *, snapshot_every_s: float = SELDOM_S
    ) -> None:
        self.http = free_port()
        self._directory = directory
        now_ms = int(time.time() * 1000)
        crowd = registry_of(LoadPlan(args.pairs), now_ms, square_too=False)
        probes = probe_registry(now_ms)
        write_orders(directory / "orders.toml", Registry(crowd.devices + probes.devices, crowd.orders + probes.orders))
        started = time.monotonic()
        registry = read_orders(directory / "orders.toml", directory / "data")
        self.read_s = time.monotonic() - started
        write_snapshot(directory / "data" / "snapshot", Snapshot(0, seen_twice(LoadPlan(args.pairs), registry)))
        (directory / "config.toml").write_text(config_of(where, self.http, snapshot_every_s) + extra)

    def start(self) -> float:
        """Seconds from the start of the process until it says that it is healthy."""
        started = time.monotonic()
        command = [sys.executable, "-m", "monitor", "run", "--config", str(self._directory / "config.toml")]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        while '"healthy":true' not in fetch(f"http://127.0.0.1:{self.http}/healthz").replace(" ", ""):
            assert self._process.poll() is None, "the monitor ended"
            time.sleep(0.05)
        return time.monotonic() - started

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """Without a word."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """As an operator does."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(60)
