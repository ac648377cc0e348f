"""How long the event loop of a running service is held up while something big happens beside it.

`python -m benchmarks.lag [--pairs 10000]`. The real service in this process on a real broker, and a probe on its loop that wakes each
millisecond: what a wake-up comes late is what an alert would have waited. With nothing going on the probe gives the machine's own share.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.core import registry_of
from benchmarks.parties import config_of, mosquitto
from benchmarks.rows import Row, quantile, say
from config.load import load_settings
from config.orders import load_registry
from geofence.terms import OrderId, PersonId, Registry
from monitor.broker import free_port
from monitor.loop import loop_factory
from monitor.service import Service
from simulator.load import LoadPlan
from simulator.orders_file import write_orders

PAIRS_MAX = 10_000  # a registry is read again for every change of the file: 50,000 orders would take the whole time
PROBE_S = 0.001
IDLE_S = 3.0
IMPORTED = 1_000
VERTICES = 10_000
GOAL_MS = 50.0
WORK_S_MAX = 60.0  # for a change to be taken over
ZONE = """
  [[order.zone]]
  id = "big"
  kind = "exclusion"
  geojson = "big.geojson"
"""


class Probe:
    """Wakes each millisecond and notes by how much it was late."""

    def __init__(self) -> None:
        self.late_ms: list[float] = []

    async def run(self) -> None:
        while True:
            due = time.monotonic() + PROBE_S
            await asyncio.sleep(PROBE_S)
            self.late_ms.append((time.monotonic() - due) * 1000)

    async def during(self, work: Callable[[], Awaitable[None]]) -> list[float]:
        """The latenesses while something is done, and a moment after."""
        self.late_ms = []
        await work()
        await asyncio.sleep(0.2)
        return self.late_ms


def big_zone(path: Path) -> None:
    """A coast of 10,000 vertices far from everybody."""
    ring = []
    for k in range(VERTICES - 1):  # the first is written again at the end
        angle, radius = k / VERTICES * math.tau, 0.02 + 0.002 * math.sin(k / VERTICES * math.tau * 200)
        ring.append([round(10.0 + radius * math.cos(angle), 7), round(45.0 + radius * math.sin(angle), 7)])
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [[*ring, ring[0]]]}))


def grown(registry: Registry, by: int) -> Registry:
    """As many more orders between the same persons, the other way round."""
    more = [replace(o, id=OrderId(f"NEW-{i}"), protected=PersonId(o.respondent), respondent=PersonId(o.protected)) for i, o in enumerate(registry.orders[:by])]
    return replace(registry, orders=(*registry.orders, *more))


async def taken_over(service: Service) -> None:
    """Have the changed orders file taken over, and wait until the snapshot after it is there."""
    before = written_ns(service)
    service.reload_soon()
    async with asyncio.timeout(WORK_S_MAX):
        while written_ns(service) in (0, before):  # noqa: ASYNC110 - a file that another process writes
            await asyncio.sleep(0.05)


def written_ns(service: Service) -> int:
    """When the last snapshot was written; 0 if there is none, as for a moment while one takes the other's place."""
    try:
        return service._snapshot_path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


async def measure(directory: Path, registry: Registry) -> None:
    orders = directory / "orders.toml"
    service = Service(load_settings(directory / "config.toml", {}), load_registry(orders), {})
    stop, probe = asyncio.Event(), Probe()
    running = asyncio.create_task(service.run(stop))
    while not (service._sessions.began and service._snapshot_path.exists()):  # noqa: ASYNC110 - it has no such event
        await asyncio.sleep(0.1)
    probing = asyncio.create_task(probe.run())
    big_zone(directory / "big.geojson")
    plenty = min(IMPORTED, len(registry.orders))
    import_, zone = f"{plenty:,} orders are imported", f"a zone with {VERTICES:,} vertices is loaded"
    written: dict[str, Callable[[], object]] = {  # before the probe looks: it is not the service that writes the file
        import_: lambda: write_orders(orders, grown(registry, plenty)),
        zone: lambda: orders.write_text(orders.read_text() + ZONE),
    }
    works: dict[str, Callable[[], Awaitable[None]]] = {
        "nothing goes on": lambda: asyncio.sleep(IDLE_S),
        f"a snapshot of {len(registry.orders):,} orders is written": service._save,
        import_: lambda: taken_over(service),
        zone: lambda: taken_over(service),
    }
    floor = 0.0
    for name, work in works.items():
        written.get(name, lambda: None)()
        await asyncio.sleep(2 * PROBE_S)  # the probe has overslept the writing
        late = await probe.during(work)
        worst = max(late)
        floor = floor or worst
        sample = f"the worst of {len(late):,}; p99 {quantile(late, 0.99):.1f} ms"
        say(Row(f"the loop held up while {name}", worst, "ms", f"≤ {GOAL_MS:g}", floor, sample, worst <= GOAL_MS))
    probing.cancel()
    stop.set()
    await running


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=PAIRS_MAX)
    args = parser.parse_args()
    plan = LoadPlan(min(args.pairs, PAIRS_MAX))
    registry = registry_of(plan, int(time.time() * 1000), square_too=False)
    with tempfile.TemporaryDirectory() as name, mosquitto(Path(name), tcp=False) as where:
        directory = Path(name)
        write_orders(directory / "orders.toml", registry)
        (directory / "config.toml").write_text(config_of(where, free_port()))
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(measure(directory, registry))


if __name__ == "__main__":
    main()
