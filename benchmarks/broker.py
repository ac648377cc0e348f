"""The whole service on a real broker, beside what the broker and the same client do alone: throughput and latency.

`python -m benchmarks.broker [--pairs 50000] [--seconds 10]`. Everything shares this machine's cores: broker, load generator,
monitor. What counts is the ratio to the bare subscriber and to the bare two-hop round trip of the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiomqtt

from benchmarks.core import registry_of
from geofence.terms import Device, DeviceId, Order, OrderId, PersonId, Registry
from monitor.broker import free_port
from simulator.load import LoadPlan
from simulator.orders_file import write_orders

ROOT = Path(__file__).parents[1]
PROBES = 200  # pairs that wait for one breach each: the sample of the latency
SETTLE_S = 3.0
CONFIG = """
[service]
orders = "orders.toml"
data_dir = "data"
snapshot_every_s = 3600.0
[broker]
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
async def main(port, topic, echo):
    count = 0
    def take(batch):
        nonlocal count
        count += len(batch.messages)
        batch.acknowledge()
        if echo:
            for message in batch.messages:
                session.publish("bench/back", message.payload, qos=1).add_done_callback(lambda future: future.exception())
    session = Session(f"bare-{topic.replace(chr(47), chr(45)).replace(chr(43), chr(120))}", Broker("127.0.0.1", port), [topic], on_batch=take, on_link=lambda up: None)
    task = asyncio.ensure_future(session.run())
    while True:
        await asyncio.sleep(0.25)
        print(time.monotonic(), count, flush=True)
try:
    import uvloop; uvloop.install()
except ImportError: pass
asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3] == "echo"))
"""


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
def mosquitto(directory: Path) -> Iterator[int]:
    port = free_port()
    config = directory / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nlog_type none\nmax_queued_messages 0\nmax_inflight_messages 0\n")
    path = os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin"
    with process("mosquitto", "-c", config, stderr=subprocess.DEVNULL, env={**os.environ, "PATH": path}):
        time.sleep(0.5)
        yield port


def fetch(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return str(answer.read().decode())
    except (OSError, urllib.error.HTTPError):
        return ""


def judged(http: int) -> float:
    return sum(float(m[1]) for m in re.finditer(r"^resguardo_pings_total\{[^}]*\} (\S+)$", fetch(f"http://127.0.0.1:{http}/metrics"), re.MULTILINE))


def load(port: int, pairs: int, seconds: float, qos: int, rate: str) -> list[object]:
    return [sys.executable, "-m", "monitor", "simulate", "--broker", f"127.0.0.1:{port}", "--pairs", pairs, "--load", rate, "--qos", qos,
            "--seconds", seconds]  # fmt: skip


def bare_rate(port: int, args: argparse.Namespace, qos: int) -> float:
    """Messages a second that the client alone takes from this broker under the same load."""
    with process(sys.executable, "-c", BARE, port, "v1/+/ping", "count", stdout=subprocess.PIPE) as subscriber:
        time.sleep(SETTLE_S)
        subprocess.run([str(c) for c in load(port, args.pairs, args.seconds, qos, "max")], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    assert subscriber.stdout is not None
    seen = [tuple(map(float, line.split())) for line in subscriber.stdout.read().splitlines()]
    return best_rate(seen, args.seconds)


def best_rate(seen: list[tuple[float, ...]], seconds: float) -> float:
    """Rate over the middle of the run: the second after it began to rise, to the end of the load."""
    start = next(i for i, (_, count) in enumerate(seen) if count > 0)
    window = [s for s in seen[start:] if 1.0 <= s[0] - seen[start][0] <= seconds - 0.5]
    return (window[-1][1] - window[0][1]) / (window[-1][0] - window[0][0])


def monitor_rate(port: int, http: int, args: argparse.Namespace, qos: int) -> float:
    seen: list[tuple[float, ...]] = []
    with process(*load(port, args.pairs, args.seconds, qos, "max"), stdout=subprocess.DEVNULL) as sender:
        base = judged(http)
        while sender.poll() is None:
            seen.append((time.monotonic(), judged(http) - base))
            time.sleep(0.25)
    rate = best_rate(seen, args.seconds)
    last = -1.0
    while (now := judged(http)) != last:  # let it finish what the broker still holds
        last = now
        time.sleep(1.0)
    return rate


def probe_registry(now_ms: int) -> Registry:
    devices, orders = [], []
    for i in range(PROBES):
        devices += [Device(DeviceId(f"probe-brc-{i}"), PersonId(f"PB-{i}")), Device(DeviceId(f"probe-tag-{i}"), PersonId(f"PR-{i}"))]
        orders.append(Order(OrderId(f"PROBE-{i}"), PersonId(f"PB-{i}"), PersonId(f"PR-{i}"), 500.0, 2200.0, now_ms - 10**9, now_ms + 10**9))
    return Registry(tuple(devices), tuple(orders))


def probe_ping(east_deg: float) -> bytes:
    now = int(time.time() * 1000)
    fix = {"at": now, "lat": 21.5, "lon": -101.5 + east_deg, "accuracy": 8.0}
    return json.dumps({"v": 1, "boot": 1, "seq": 1, "at": now, "fix": fix}).encode()


async def alert_latencies(port: int) -> list[float]:
    """Seconds from publishing his ping to her bracelet having the alert, one breach a pair."""
    latencies: list[float] = []
    async with aiomqtt.Client("127.0.0.1", port, identifier="probe") as client:
        await client.subscribe("v1/+/alert", qos=1)
        for i in range(PROBES):
            await client.publish(f"v1/probe-brc-{i}/ping", probe_ping(0.0), qos=1)
        await asyncio.sleep(1.0)
        for i in range(PROBES):
            started = time.perf_counter()
            await client.publish(f"v1/probe-tag-{i}/ping", probe_ping(0.001), qos=1)
            async with asyncio.timeout(20):
                async for message in client.messages:
                    body = json.loads(message.payload)
                    if message.topic.value == f"v1/probe-brc-{i}/alert" and body["level"] == "emergency":
                        break
            latencies.append(time.perf_counter() - started)
    return latencies


async def echo_latencies(port: int) -> list[float]:
    latencies = []
    async with aiomqtt.Client("127.0.0.1", port, identifier="probe") as client:
        await client.subscribe("bench/back", qos=1)
        for i in range(PROBES):
            started = time.perf_counter()
            await client.publish("bench/there", b"%d" % i, qos=1)
            async with asyncio.timeout(20):
                async for message in client.messages:
                    if message.payload == b"%d" % i:
                        break
            latencies.append(time.perf_counter() - started)
    return latencies


def quantiles(name: str, seconds: list[float]) -> str:
    ordered = sorted(seconds)
    at = [ordered[min(len(ordered) - 1, int(q * len(ordered)))] * 1000 for q in (0.5, 0.99)]
    return f"| {name} | {at[0]:.1f} | {at[1]:.1f} | {ordered[-1] * 1000:.1f} | {len(ordered)} |"


def rss_mb(pid: int) -> float:
    match = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(match[1]) / 1024 if match else 0.0


def start_monitor(directory: Path, port: int, http: int, args: argparse.Namespace) -> subprocess.Popen[str]:
    now_ms = int(time.time() * 1000)
    crowd = registry_of(LoadPlan(args.pairs), now_ms, square_too=False)
    probes = probe_registry(now_ms)
    write_orders(directory / "orders.toml", Registry(crowd.devices + probes.devices, crowd.orders + probes.orders))
    (directory / "config.toml").write_text(CONFIG.format(mqtt=port, http=http))
    return subprocess.Popen(
        [sys.executable, "-m", "monitor", "run", "--config", str(directory / "config.toml")], cwd=ROOT, text=True, stdout=subprocess.DEVNULL
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, mosquitto(Path(name)) as port:
        directory, http = Path(name), free_port()
        bare = {qos: bare_rate(port, args, qos) for qos in (0, 1)}
        started = time.monotonic()
        monitor = start_monitor(directory, port, http, args)
        try:
            while '"healthy":true' not in fetch(f"http://127.0.0.1:{http}/healthz").replace(" ", ""):
                assert monitor.poll() is None, "the monitor ended"
                time.sleep(0.5)
            ready_s, memory = time.monotonic() - started, rss_mb(monitor.pid)
            ours = {qos: monitor_rate(port, http, args, qos) for qos in (0, 1)}
            half = str(int(ours[0] / 2))
            with process(*load(port, args.pairs, 120, 0, half), stdout=subprocess.DEVNULL):
                time.sleep(SETTLE_S)
                alerts = asyncio.run(alert_latencies(port))
            loaded = rss_mb(monitor.pid)
        finally:
            monitor.terminate()
            monitor.wait(20)
        echo_command = (sys.executable, "-c", BARE, port, "bench/there", "echo")
        with process(*echo_command, stdout=subprocess.DEVNULL), process(*load(port, args.pairs, 120, 0, half), stdout=subprocess.DEVNULL):
            time.sleep(SETTLE_S)
            echo = asyncio.run(echo_latencies(port))
    print(f"\n### On a broker: {2 * args.pairs:,} devices, {args.pairs:,} orders with a perimeter and two round zones, {os.cpu_count()} cores for everything\n")
    print("| pings a second | bare subscriber | monitor (decode, journal, judge) | ratio |\n|---|---|---|---|")
    for qos in (0, 1):
        print(f"| QoS {qos} | {bare[qos]:,.0f} | {ours[qos]:,.0f} | {ours[qos] / bare[qos]:.2f} |")
    print(f"\n| ms, at {int(half):,} pings/s (half of the above) | p50 | p99 | max | n |\n|---|---|---|---|---|")
    print(quantiles("ping published to alert at the bracelet", alerts))
    print(quantiles("bare two-hop round trip", echo))
    print(f"\nReady after {ready_s:.0f} s (orders file read, kernel from its cache); {memory:.0f} MB then, {loaded:.0f} MB after the load.")


if __name__ == "__main__":
    main()
