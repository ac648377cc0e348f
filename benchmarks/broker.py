"""The whole service on a real broker, beside what the broker and the same client do alone: throughput, latency, a flood, a cold start.

`python -m benchmarks.broker [--pairs 50000] [--seconds 12] [--tcp]`. Everything shares this machine's cores: broker, load generator,
monitor. What counts is the ratio to the bare subscriber and to the bare two-hop round trip of the same run. Monitor, bare client and
load generator reach the broker by its Unix socket (ADR-0053); the probing bracelets by TCP. `--tcp`: throughput again, all by TCP.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiomqtt

from benchmarks.parties import BREATHS_S, FLOOD, PAIRS, PROBES, ROOT, Monitor, Where, bare, fetch, load, mosquitto, probe_ping, process
from benchmarks.rows import Row, cpu_s, quantile, resident_bytes, say

FLOOD_PAIRS, FLOOD_EVERY_S = 10_000, 15  # who reports meanwhile, and how often
SETTLE_S = 3.0
QUIET_RATIO = 0.15  # of a core: then what the last load caused has been done
QUIET_S_MAX = 15.0  # or nearly: after 45 s without load every device would be silent, and every order would say so
LOOK_S, EDGE_S = 0.2, 0.05  # between two looks at /metrics, which cost the monitor some ms each; more often where a rate begins and ends
AWAY_S = 12.0  # longer than DEAF_MS_MAX of monitor/service.py: every order must say that nobody saw it meanwhile
ENOUGH_S = 120.0
AT_ONCE = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]  # or the probing client's small packets wait 40 ms for each other


def judged(http: int) -> float:
    return sum(float(m[1]) for m in re.finditer(r"^resguardo_pings_total\{[^}]*\} (\S+)$", fetch(f"http://127.0.0.1:{http}/metrics"), re.MULTILINE))


def whole_rate(seen: list[tuple[float, ...]]) -> float:
    """All that was sent, by the time from its first sign until the last of it was taken: (monotonic s, count) samples."""
    risen = [k for k in range(1, len(seen)) if seen[k][1] > seen[k - 1][1]]
    if not risen:
        return 0.0
    return (seen[-1][1] - seen[0][1]) / (seen[risen[-1]][0] - seen[risen[0] - 1][0])


def bare_rate(where: Where, args: argparse.Namespace, qos: int) -> tuple[float, float]:
    """(messages a second, µs of CPU a message) of the client alone on this broker under the same load."""
    with process(*bare(where, "v1/+/ping", "count"), stdout=subprocess.PIPE) as subscriber:
        time.sleep(SETTLE_S)
        before_s = cpu_s(subscriber.pid)
        subprocess.run([str(c) for c in load(where, args.pairs, args.seconds, qos, "max")], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        settle(subscriber.pid)
        spent_s = cpu_s(subscriber.pid) - before_s
    assert subscriber.stdout is not None
    seen = [tuple(map(float, line.split())) for line in subscriber.stdout.read().splitlines()]
    return whole_rate(seen), spent_s / max(1.0, seen[-1][1]) * 1e6


def settle(pid: int) -> None:
    """Wait until a process has done what it had to."""
    deadline = time.monotonic() + QUIET_S_MAX
    while time.monotonic() < deadline:
        before_s = cpu_s(pid)
        time.sleep(1.0)
        if cpu_s(pid) - before_s < QUIET_RATIO:
            return


def monitor_rate(pid: int, where: Where, http: int, args: argparse.Namespace, qos: int) -> tuple[float, float]:
    """(pings a second, µs of CPU a ping) of the monitor under as much load as the broker takes."""
    base, before_s = judged(http), cpu_s(pid)
    seen: list[tuple[float, ...]] = [(time.monotonic(), base)]
    with process(*load(where, args.pairs, args.seconds, qos, "max"), stdout=subprocess.DEVNULL) as sender:
        while sender.poll() is None or seen[-1][0] - next(t for t, count in seen if count == seen[-1][1]) < SETTLE_S:
            if count := judged(http):
                seen.append((time.monotonic(), count))
            time.sleep(LOOK_S if sender.poll() is None and seen[-1][1] > base else EDGE_S)
    return whole_rate(seen), (cpu_s(pid) - before_s) / max(1.0, seen[-1][1] - base) * 1e6


@dataclass(slots=True)
class Breaches:
    """Of each breach, in seconds, from publishing his ping ..."""

    took: list[float]  # ... to her bracelet having the alert
    read: list[float]  # ... to the monitor having read it, by its stamp: to the millisecond, cut off, which is half of one too little
    drained_s: float  # ... of the first to the last having it


async def breaches(port: int, pairs: range, *, at_once: bool, breath_s: float = 0.0) -> Breaches:
    """One breach a pair, all at once or each so long after the alert of the last."""
    sent: dict[int, float] = {}
    sent_ms: dict[int, float] = {}
    took: dict[int, float] = {}
    read: list[float] = []
    heard = asyncio.Event()

    async def listen(client: aiomqtt.Client) -> None:
        async for message in client.messages:
            i = int(message.topic.value.split("/")[1].rpartition("-")[2])
            alert = json.loads(message.payload)
            if alert["level"] == "emergency" and i in sent and i not in took:
                took[i] = time.perf_counter() - sent[i]
                read.append((alert["issued"] + 0.5 - sent_ms[i]) / 1000)
                heard.set()

    async with aiomqtt.Client("127.0.0.1", port, identifier="probe", socket_options=AT_ONCE) as client:
        for i in pairs:
            await client.subscribe(f"v1/probe-brc-{i}/alert", qos=1)
            await client.publish(f"v1/probe-brc-{i}/ping", probe_ping(0.0), qos=1)
        await asyncio.sleep(1.0)
        listener = asyncio.create_task(listen(client))
        started = time.perf_counter()
        async with asyncio.timeout(ENOUGH_S):
            for i in pairs:
                sent[i], sent_ms[i] = time.perf_counter(), time.time() * 1000
                await client.publish(f"v1/probe-tag-{i}/ping", probe_ping(0.001), qos=0)
                while not at_once and i not in took:
                    heard.clear()
                    await heard.wait()
                await asyncio.sleep(breath_s)
            while len(took) < len(pairs):
                heard.clear()
                await heard.wait()
        listener.cancel()
    return Breaches(list(took.values()), read, time.perf_counter() - started)


async def echo_latencies(port: int, breath_s: float) -> list[float]:
    latencies = []
    async with aiomqtt.Client("127.0.0.1", port, identifier="probe", socket_options=AT_ONCE) as client:
        await client.subscribe("bench/back", qos=1)
        for i in range(PROBES):
            started = time.perf_counter()
            await client.publish("bench/there", b"%d" % i, qos=1 if i == 0 else 0)  # the first waits for the one that answers
            async with asyncio.timeout(20):
                async for message in client.messages:
                    if message.payload == b"%d" % i:
                        break
            latencies.append(time.perf_counter() - started)
            await asyncio.sleep(breath_s)
    return latencies


def throughput(monitor: Monitor, where: Where, args: argparse.Namespace, floors: dict[int, tuple[float, float]]) -> dict[int, float]:
    rates = {}
    for qos, goal, ratio in ((0, 100_000, 0.5), (1, 60_000, 0.6)):
        rate, us = monitor_rate(monitor.pid, where, monitor.http, args, qos)
        rates[qos] = rate
        sample = f"what a generator sends in {args.seconds:.0f} s, {2 * args.pairs:,} devices, {args.pairs:,} orders"
        way = ", all by TCP" if args.tcp else ""
        wanted = "" if args.tcp else f"≥ {goal:,} and ≥ {ratio} × floor"
        met = None if args.tcp else rate >= goal and rate >= ratio * floors[qos][0]
        say(Row(f"QoS {qos} to judged and on disk{way}", rate, "pings/s", wanted, floors[qos][0], sample, met))
        say(Row(f"QoS {qos}, the monitor's CPU{way}", us, "µs a ping", "", floors[qos][1], sample))
    return rates


def latency(where: Where, args: argparse.Namespace, half: float) -> list[Breaches]:
    """Single alerts at half of the load, for each of BREATHS_S."""
    with process(*load(where, args.pairs, ENOUGH_S, 0, str(int(half))), stdout=subprocess.DEVNULL):
        time.sleep(SETTLE_S)
        return [
            asyncio.run(breaches(where.port, range(k * PROBES, (k + 1) * PROBES), at_once=False, breath_s=breath_s))
            for k, breath_s in enumerate(BREATHS_S.values())
        ]


def echo(where: Where, args: argparse.Namespace, half: float, *, taken: bool) -> list[list[float]]:
    """The bare two hops under the same load; `taken`: the broker passes it on too, to a subscriber that only counts, as it does to the monitor."""
    quiet = {"stdout": subprocess.DEVNULL}
    with ExitStack() as running:
        for topic, what in [("bench/there", "echo"), *([("v1/+/ping", "count")] if taken else [])]:
            running.enter_context(process(*bare(where, topic, what), **quiet))
        running.enter_context(process(*load(where, args.pairs, ENOUGH_S, 0, str(int(half))), **quiet))
        time.sleep(2 * SETTLE_S)
        return [asyncio.run(echo_latencies(where.port, breath_s)) for breath_s in BREATHS_S.values()]


def flood(where: Where, args: argparse.Namespace) -> None:
    pairs = min(FLOOD_PAIRS, args.pairs)
    with process(*load(where, pairs, ENOUGH_S, 1, str(2 * pairs // FLOOD_EVERY_S)), stdout=subprocess.DEVNULL):
        time.sleep(SETTLE_S)
        found = asyncio.run(breaches(where.port, range(PAIRS - FLOOD, PAIRS), at_once=True))
    sample = f"{FLOOD} breaches at once, {pairs:,} pairs reporting every {FLOOD_EVERY_S} s"
    for share, goal in ((0.99, 250.0), (0.999, 1000.0)):
        ms = quantile(found.took, share) * 1000
        say(Row(f"flood: ping to alert at the bracelet, p{share * 100:g}", ms, "ms", f"≤ {goal:g}", None, sample, ms <= goal))
    say(Row("flood: until the last has her alert", found.drained_s, "s", "≤ 2", None, sample, found.drained_s <= 2.0))


def cold_start(monitor: Monitor, where: Where, args: argparse.Namespace) -> None:
    """Killed after a snapshot and some seconds of load: up again from both, at once as by a supervisor; and after an absence."""
    monitor.stop()  # which leaves a snapshot
    monitor.start()
    rate, seconds = 5_000, 5
    with process(*load(where, args.pairs, seconds, 1, str(rate)), stdout=subprocess.DEVNULL) as sender:
        sender.wait()
    time.sleep(SETTLE_S)
    monitor.kill()
    ready_s = monitor.start()
    sample = f"1 start, {2 * args.pairs:,} devices, {args.pairs:,} orders, {rate * seconds:,} pings of tail, orders file unchanged"
    say(Row("cold start after kill -9: snapshot, the journal's tail, healthy", ready_s, "s", "≤ 5", None, sample, ready_s <= 5.0))
    monitor.kill()
    time.sleep(AWAY_S)
    sample = f"1 start, {args.pairs:,} orders that own up, and are seen again"
    say(Row(f"cold start {AWAY_S:.0f} s after kill -9", monitor.start(), "s", "", None, sample))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--tcp", action="store_true", help="throughput only, with all parties on TCP")
    args = parser.parse_args()
    with own_broker(args) as (_, where):
        floors = {qos: bare_rate(where, args, qos) for qos in (0, 1)}
    with own_broker(args) as (directory, where):
        monitor = Monitor(directory, where, args)
        try:
            monitor.start()
            half = throughput(monitor, where, args, floors)[0] / 2
            alerts = None if args.tcp else everything_else(monitor, where, args, half)
        finally:
            monitor.stop()
    if alerts is not None:
        with own_broker(args) as (_, where):
            bare_trips, loaded_trips = (echo(where, args, half, taken=taken) for taken in (False, True))
        for how, found, bare_trip, loaded_trip in zip(BREATHS_S, alerts, bare_trips, loaded_trips, strict=True):
            say_latency(how, found, bare_trip, loaded_trip, half)


@contextmanager
def own_broker(args: argparse.Namespace) -> Iterator[tuple[Path, Where]]:
    """A broker that nobody has left a session with: to one that is away it gives each message of QoS 1 to keep, and looks at it for every other."""
    with tempfile.TemporaryDirectory() as name, mosquitto(Path(name), tcp=args.tcp) as where:
        yield Path(name), where


def everything_else(monitor: Monitor, where: Where, args: argparse.Namespace, half: float) -> list[Breaches]:
    """All but the throughput and the bare round trips; how long single alerts took."""
    say(Row("the orders file, read and checked for the first time", monitor.read_s, "s", "", None, f"{args.pairs:,} orders"))
    alerts = latency(where, args, half)
    settle(monitor.pid)
    flood(where, args)
    whole = resident_bytes(monitor.pid) / 1e6
    say(Row("memory: the whole service after the load", whole, "MB", "", None, f"{2 * args.pairs:,} devices, {args.pairs:,} orders"))
    cold_start(monitor, where, args)
    return alerts


def say_latency(how: str, alerts: Breaches, bare_trip: list[float], loaded_trip: list[float], half: float) -> None:
    """A single alert beside the bare round trips of the same run, at half of the load, and as far apart."""
    sample = f"{PROBES} breaches, {how}, at {half:,.0f} pings/s"
    p50, p99 = (quantile(alerts.took, q) * 1000 for q in (0.5, 0.99))
    floor50, floor99 = (quantile(bare_trip, q) * 1000 for q in (0.5, 0.99))
    say(Row(f"ping published to alert at the bracelet, p50, {how} (floor: bare two hops)", p50, "ms", "≤ 2 × floor", floor50, sample, p50 <= 2 * floor50))
    say(Row("the same, p99", p99, "ms", "≤ 20", floor99, sample, p99 <= 20.0))
    loaded50, read50 = quantile(loaded_trip, 0.5) * 1000, quantile(alerts.read, 0.5) * 1000
    say(Row("its p50 beside the two hops while a bare subscriber takes the load", p50, "ms", "", loaded50, sample))
    say(Row("of that: published to read by the monitor, p50", read50, "ms", "", None, sample))


if __name__ == "__main__":
    main()
