"""Cost of the core without broker and disk: microseconds a ping by batch size, beside its floors, and memory.

`python -m benchmarks.core [--pairs 50000]`. Times on this kind of machine are orders of magnitude; the ratios within one run count.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from geofence import state
from geofence.kernel import judge_orders
from geofence.terms import Circle, Polygons, Position, Registry, Zone, ZoneId, ZoneKind
from monitor.engine import Engine
from monitor.terms import Envelope
from monitor.wire import Directory, decode
from simulator.load import LoadPlan

START_MS = 1_767_600_000_000
ROUNDS = 5  # the median of five: this machine is shared


def zones_near(lat: float, lon: float, *, square_too: bool) -> tuple[Zone, ...]:
    """A round zone and a square one (or a second round one) a few kilometres away: what an order usually bars."""
    square = tuple(Position(lat + y, lon + x) for x, y in ((0.02, 0.02), (0.024, 0.02), (0.024, 0.024), (0.02, 0.024), (0.02, 0.02)))
    work = Polygons(((square,),)) if square_too else Circle(Position(lat + 0.022, lon + 0.022), 250.0)
    home = Circle(Position(lat + 0.03, lon), 300.0)
    return (Zone(ZoneId("home"), ZoneKind.EXCLUSION, home, 200.0), Zone(ZoneId("work"), ZoneKind.EXCLUSION, work, 200.0))


def registry_of(plan: LoadPlan, now_ms: int, *, square_too: bool = True) -> Registry:
    """The plan's registry with two zones an order."""
    registry = plan.registry(now_ms=now_ms)
    lat, lon, _ = plan.positions(slice(0, len(registry.devices)), now_ms)
    rows = {device.person: row for row, device in enumerate(registry.devices)}
    orders = []
    for order in registry.orders:
        her = rows[order.protected]
        orders.append(replace(order, zones=zones_near(float(lat[her]), float(lon[her]), square_too=square_too)))
    return replace(registry, orders=tuple(orders))


def payloads(plan: LoadPlan, devices: int, at_ms: int, seq: int) -> list[bytes]:
    lat, lon, _ = plan.positions(slice(0, devices), at_ms)
    base = {"v": 1, "boot": 1, "seq": seq, "at": at_ms - 500, "battery": 80, "strap": "closed", "moving": True}
    return [
        json.dumps(base | {"fix": {"at": at_ms - 800, "lat": round(a, 6), "lon": round(b, 6), "accuracy": 8.0, "speed": 1.4, "course": 90.0}}).encode()
        for a, b in zip(lat.tolist(), lon.tolist(), strict=True)
    ]


def median_us(work: Callable[[], int]) -> float:
    """Microseconds an item of `work`, which returns how many it did."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        items = work()
        times.append((time.perf_counter() - started) / items * 1e6)
    return sorted(times)[ROUNDS // 2]


def rss_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Stream:
    """Envelopes of all devices, round after round, with time running on."""

    def __init__(self, plan: LoadPlan, registry: Registry) -> None:
        self.plan, self.registry, self.round = plan, registry, 0
        self.left: list[Envelope] = []

    def next(self) -> list[Envelope]:
        self.round += 1
        at_ms = START_MS + self.round * 15_000
        texts = payloads(self.plan, len(self.registry.devices), at_ms, self.round)
        return [Envelope(at_ms, f"v1/{d.id}/ping", text, False, 0) for d, text in zip(self.registry.devices, texts, strict=True)]

    def take(self, count: int) -> list[Envelope]:
        """The next `count`; every device reports once before any reports again, so that nobody falls silent."""
        if len(self.left) < count:
            self.left += self.next()
        taken, self.left = self.left[:count], self.left[count:]
        return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=50_000)
    args = parser.parse_args()
    empty = rss_mb()
    started = time.perf_counter()
    Engine(LoadPlan(1).registry(now_ms=START_MS)).warm_up()
    warm_s = time.perf_counter() - started
    plan = LoadPlan(args.pairs)
    registry = registry_of(plan, START_MS)
    gc.collect()
    before = rss_mb()
    engine = Engine(registry)
    loaded = rss_mb()
    gc.freeze()  # as the service does once it is ready
    stream = Stream(plan, registry)
    engine.receive(stream.next())
    engine.receive(stream.next())
    directory = Directory(registry)
    rows = []

    def measure(name: str, work: Callable[[], int]) -> None:
        rows.append((name, median_us(work)))

    batch = stream.next()
    measure("decode alone (bytes to Ping)", lambda: len([decode(e, directory) for e in batch]))
    pings = [decode(e, directory) for e in batch]
    measure("rows alone (Ping to array)", lambda: len(np.array(pings, state.PING)))

    def engine_at(size: int) -> Callable[[], int]:
        def work() -> int:
            envelopes = stream.take(20_000)
            started = time.perf_counter()
            for first in range(0, len(envelopes), size):
                engine.receive(envelopes[first : first + size])
            work.spent = time.perf_counter() - started  # type: ignore[attr-defined]
            return len(envelopes)

        return work

    for size in (1, 16, 256, 4_096):
        work = engine_at(size)
        times = []
        for _ in range(ROUNDS):
            items = work()
            times.append(work.spent / items * 1e6)  # type: ignore[attr-defined]
        rows.append((f"engine, batches of {size}: bytes to transitions", sorted(times)[ROUNDS // 2]))
    tables = engine._core.tables()
    count = len(engine._core.orders)

    def tick() -> int:
        judge_orders(tables, engine.now_ms, 0, count)
        tables.world[0]["out_count"] = 0
        return count

    tick_us = median_us(tick)
    print(f"\n### The core: {2 * args.pairs:,} devices, {args.pairs:,} orders with a perimeter and two zones each\n")
    print("| step | µs a ping |\n|---|---|")
    for name, us in rows:
        print(f"| {name} | {us:.2f} |")
    print(f"| every order judged once, no ping (tick) | {tick_us:.2f} an order, {tick_us * count / 1000:.0f} ms in all |")
    print(f"\nKernel warm after {warm_s:.1f} s. Memory: {empty:.0f} MB empty with the kernel's libraries; registry, zones and arrays ")
    print(f"{(loaded - before) * 1024 / (2 * args.pairs):.2f} kB a device ({(loaded - before) * 1024 / args.pairs:.2f} kB a pair with its order).")


if __name__ == "__main__":
    main()
