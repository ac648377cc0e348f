"""Cost of the core without broker and disk: microseconds a ping by batch size, beside its floors; memory; deadlines; growth; replay.

`python -m benchmarks.core [batches|memory|growth|deadlines|replay ...] [--pairs 50000]`. Times on this kind of machine are orders of
magnitude; the ratios within one run count. Each part wants a process of its own (`benchmarks.run` sees to it).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec

from benchmarks.rows import DISK_ROW, Row, median, resident_bytes, say
from geofence.kernel import judge_orders, step
from geofence.terms import Circle, Polygons, Position, Registry, Zone, ZoneId, ZoneKind
from monitor.arrivals import Arrivals, Inbound, Piece
from monitor.engine import Engine
from monitor.engine_state import registry_as_data, registry_from_data
from monitor.journal import Journal, Record
from monitor.memory import give_back, settle_memory
from monitor.recovery import recover
from monitor.terms import Envelope
from simulator.load import LoadPlan

START_MS = 1_767_600_000_000
ROUNDS = 5  # the median of five: this machine is shared
PINGS = 20_000  # a round: less than every device once, so that nobody reports twice
ROUND_MS = 60_000  # every device reports once in this time, as one far from everybody does
GROWTH_PAIRS = (500, 500_000)  # 1,000 and 1,000,000 devices
GROWTH_BATCH = 1_000
REPLAYED = 1_000_000  # ten rounds: in the first two each order leaves "not seen yet", which a journal of days does not


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


class Stream:
    """Envelopes of all devices in turn, with time running on: one round in ROUND_MS."""

    def __init__(self, plan: LoadPlan, start_ms: int = START_MS) -> None:
        self.plan, self.devices, self.row, self.round = plan, plan.devices, 0, 0
        self.lost = 0  # of each device's pings
        self.start_ms = start_ms

    def take(self, count: int) -> list[Envelope]:
        """The next `count`; every device reports once before any reports again, so that nobody falls silent."""
        taken: list[Envelope] = []
        while len(taken) < count:
            rows = slice(self.row, min(self.row + count - len(taken), len(self.devices)))
            taken += self._some(rows)
            self.row = rows.stop
            if self.row == len(self.devices):
                self.row, self.round = 0, self.round + 1
        return taken

    def _some(self, rows: slice) -> list[Envelope]:
        base_ms = self.start_ms + self.round * ROUND_MS
        lat, lon, _ = self.plan.positions(rows, base_ms + rows.start * ROUND_MS // len(self.devices))
        taken = []
        for k, a, b in zip(range(rows.start, rows.stop), lat.tolist(), lon.tolist(), strict=True):
            at_ms = base_ms + k * ROUND_MS // len(self.devices)
            fix = {"at": at_ms - 800, "lat": round(a, 6), "lon": round(b, 6), "accuracy": 8.0, "speed": 1.4, "course": 90.0}
            ping = {"v": 1, "boot": 1, "seq": self.round + 1 + self.lost, "at": at_ms - 500, "fix": fix, "battery": 80, "strap": "closed", "moving": True}
            taken.append(Envelope(at_ms, f"v1/{self.devices[k]}/ping", json.dumps(ping).encode(), False, 0))
        return taken


def settled(pairs: int, *, zones: bool = True, mixed: bool = False) -> tuple[Engine, Stream]:
    """An engine that has heard everybody twice, on a heap that the garbage collector leaves alone, as the service's.

    The devices report one after the other as the registry has them; `mixed`: in no order, as they do in life.
    """
    gc.disable()  # as the service's start does: with a million devices looking for garbage took longer than all else
    plan = LoadPlan(pairs)
    registry = registry_of(plan, START_MS) if zones else plan.registry(now_ms=START_MS)
    engine, stream = Engine(registry), Stream(plan.mixed() if mixed else plan)
    engine.warm_up()
    for _ in range(2 * len(registry.devices) // PINGS + 1):
        engine.receive(stream.take(PINGS))
    gc.collect()
    gc.freeze()
    gc.enable()
    return engine, stream


def us_a_ping(engine: Engine, stream: Stream, size: int) -> float:
    """Microseconds from payload bytes to transitions, `size` of them a read, as the service takes them: the median of the rounds."""
    times = []
    for _ in range(ROUNDS):
        reads = list(reads_of(stream.take(PINGS), size))
        started = time.perf_counter()
        for at_ms, piece in reads:
            engine.receive(Arrivals.of(at_ms, [piece]))
        times.append((time.perf_counter() - started) / PINGS * 1e6)
    return median(times)


def reads_of(envelopes: list[Envelope], size: int) -> Iterator[tuple[int, Piece]]:
    """The envelopes as so many reads of a socket would have brought them, each with the time of its last."""
    for first in range(0, len(envelopes), size):
        some = envelopes[first : first + size]
        yield some[-1].at_ms, Piece.of([Inbound(*envelope[1:]) for envelope in some])


class _Fix(msgspec.Struct):
    at: int
    lat: float
    lon: float
    accuracy: float


class _Ping(msgspec.Struct):
    v: int
    boot: int
    seq: int
    at: int
    fix: _Fix


def decode_floor_us(stream: Stream) -> float:
    """Microseconds of what nobody can leave out in Python: JSON into a struct, and the device's row from a dictionary."""
    envelopes = stream.take(PINGS)
    rows = {f"v1/{device}/ping": row for row, device in enumerate(stream.devices)}
    decode = msgspec.json.Decoder(_Ping).decode
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for envelope in envelopes:
            decode(envelope.payload)
            rows.get(envelope.topic)
        times.append((time.perf_counter() - started) / len(envelopes) * 1e6)
    return median(times)


def batches(pairs: int) -> None:
    """As the registry has the devices, and in no order."""
    for how, mixed in (("", False), (", in no order", True)):
        engine, stream = settled(pairs, mixed=mixed)
        floor, sample = decode_floor_us(stream), f"{ROUNDS} × {PINGS:,} pings, median"
        for size, goal in ((1, 20.0), (16, 5.0), (256, 2.5), (4_096, 2.0)):
            us = us_a_ping(engine, stream, size)
            name = f"payload bytes to transitions, batches of {size:,}{how}"
            say(Row(name, us, "µs a ping", f"≤ {goal:g}", floor, sample, us <= goal))
        stream.lost = 1
        us = us_a_ping(engine, stream, 256)
        say(Row(f"batches of 256 after a failure of the broker: a ping of each device is lost{how}", us, "µs a ping", "", floor, sample))
        del engine, stream
        gc.unfreeze()


def kernel(pairs: int) -> None:
    """The compiled core alone, an order being a perimeter: pings that are rows already, and every order judged at one moment."""
    engine, stream = settled(pairs, zones=False)
    ns, ms = ns_a_row(engine, stream), tick_ms(engine)
    sample = f"{ROUNDS} × {PINGS:,} pings in batches of {GROWTH_BATCH:,}, {pairs:,} pairs"
    say(Row("kernel, an order is a perimeter", ns, "ns a ping", "≤ 1,000", None, sample, ns <= 1_000))
    say(Row(f"kernel, all {pairs:,} orders at once, a perimeter", ms, "ms", "≤ 15", None, f"{ROUNDS}, median", ms <= 15))


def ns_a_row(engine: Engine, stream: Stream) -> float:
    """Nanoseconds the compiled core takes for a ping: the median of the rounds."""
    tables, times = engine.core.tables(), []
    for _ in range(ROUNDS):
        pieces = list(engine._intake.pieces(stream.take(PINGS)))
        assert len(pieces) == 1
        rows = pieces[0].rows  # type: ignore[union-attr]
        spent = 0.0
        for first in range(0, len(rows), GROWTH_BATCH):
            started = time.perf_counter()
            step(tables, rows[first : first + GROWTH_BATCH], 0)
            spent += time.perf_counter() - started
            tables.world[0]["out_count"] = 0
        engine.now_ms = int(rows["at_ms"][-1])
        times.append(spent / len(rows) * 1e9)
    return median(times)


def tick_ms(engine: Engine) -> float:
    """Milliseconds for one look at every order: the median of the rounds."""
    tables, count, times = engine.core.tables(), len(engine.core.orders), []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        judge_orders(tables, engine.now_ms, 0, count)
        tables.world[0]["out_count"] = 0
        times.append((time.perf_counter() - started) * 1000)
    return median(times)


def settled_bytes() -> int:
    """Resident memory without what is free already and would be used again: or what comes first would look as if it took less."""
    gc.collect()
    give_back()
    return resident_bytes()


def engine_of(data: bytes) -> Engine:
    """An engine of a registry that lies in a file, ready for its first ping."""
    engine = Engine(registry_from_data(data))
    engine.warm_up()
    return engine


def memory(pairs: int) -> None:
    """An engine with what its registry takes, as a start reads that; and what the engine has to write to in the first days."""
    registry = registry_of(LoadPlan(pairs), START_MS)
    alone, whole = (registry_as_data(registry.devices, orders) for orders in ((), registry.orders))
    counts = len(registry.devices), len(registry.orders)
    del registry
    Engine(Registry()).warm_up()  # or what is loaded once would be counted as the orders'
    before = settled_bytes()
    kept = [engine_of(alone)]
    devices = (settled_bytes() - before) / counts[0]
    tables = kept[0].core.tables()
    for array in (tables.history, tables.places, tables.holes, tables.ghosts):
        array[:] = 1.0  # as they are after some days: each page has been written to
    reporting = (settled_bytes() - before) / counts[0]
    before = settled_bytes()
    kept.append(engine_of(whole))
    orders = (settled_bytes() - before - devices * counts[0]) / counts[1]
    sample = f"{counts[0]:,} devices, {counts[1]:,} orders"
    say(Row("memory: the engine's, a device that has not reported yet", devices / 1000, "kB", "", None, sample))
    say(Row("memory: the engine's, a device that has reported for days", reporting / 1000, "kB", "≤ 1", None, sample, reporting <= 1000))
    say(Row("memory: the engine's, an order (a perimeter, two zones)", orders / 1000, "kB", "≤ 2", None, sample, orders <= 2000))


def empty(_: int) -> None:
    import monitor.service  # noqa: F401 - all that a running service has loaded

    Engine(LoadPlan(1).registry(now_ms=START_MS)).warm_up()
    settle_memory()  # as the service's start does
    mb = resident_bytes() / 1e6
    say(Row("memory: empty, everything loaded and warm", mb, "MB", "≤ 250", None, "1 process", mb <= 250))


def growth(pairs: int) -> None:
    """What a ping costs a small and a large county whose devices report in no order."""
    costs = []
    for count in (min(GROWTH_PAIRS[0], pairs), GROWTH_PAIRS[1] if pairs >= 50_000 else 10 * pairs):
        engine, stream = settled(count, mixed=True)
        costs.append(us_a_ping(engine, stream, GROWTH_BATCH))
        del engine, stream
        gc.unfreeze()
    name = f"µs a ping, {2 * count:,} devices (floor: {2 * GROWTH_PAIRS[0]:,} devices)"
    say(Row(name, costs[1], "µs a ping", "≤ 1.5 ×", costs[0], f"{ROUNDS} × {PINGS:,} pings each, in no order", costs[1] <= 1.5 * costs[0]))


def deadlines(pairs: int) -> None:
    """CPU a second for time alone, while everybody reports once a minute."""
    engine, stream = settled(pairs)
    spent, seconds = [], 30
    a_second = 2 * pairs * 1000 // ROUND_MS
    for _ in range(seconds):
        started = time.perf_counter()
        engine.advance((engine.now_ms // 1000 + 1) * 1000)  # deadlines live on whole seconds: this one's, before its pings bring it along
        spent.append((time.perf_counter() - started) * 1000)
        engine.receive(stream.take(a_second))
    ms = sum(spent) / len(spent)
    say(Row("deadlines (silence, staleness) in a usual second", ms, "ms of CPU", "≤ 20", None, f"{seconds} s, mean", ms <= 20))
    say(Row(f"all {pairs:,} orders judged at once (our link came back)", tick_ms(engine), "ms of CPU", "", None, f"{ROUNDS}, median"))


def replay(pairs: int) -> None:
    """Pings a second from the journal on disk through the engine, as a start without a snapshot does."""
    plan = LoadPlan(pairs)
    registry = registry_of(plan, START_MS)
    stream = Stream(plan)
    with tempfile.TemporaryDirectory() as name:
        journal = Journal.open(Path(name) / "journal")
        asyncio.run(_fill(journal, stream))
        kept = sum(path.stat().st_size for path in (Path(name) / "journal").glob("*.segment")) / REPLAYED
        gc.collect()
        gc.disable()  # as the service's start does
        fresh = Engine(registry)
        fresh.warm_up()
        started = time.perf_counter()
        recovered = recover(journal, Path(name) / "none", Engine.restore, lambda: fresh)
        seconds = time.perf_counter() - started
        journal.close()
    assert recovered.inputs == REPLAYED
    say(Row(DISK_ROW, kept, "bytes a ping", "", None, f"{REPLAYED:,} pings"))
    rate = recovered.inputs / seconds
    say(Row("full replay from the journal", rate, "pings/s", "≥ 200,000", None, f"{REPLAYED:,} pings, every order's first level among them", rate >= 200_000))  # fmt: skip


async def _fill(journal: Journal, stream: Stream) -> None:
    for _ in range(REPLAYED // PINGS):
        await journal.append([Record.of_input(envelope) for envelope in stream.take(PINGS)])


PARTS: dict[str, Callable[[int], None]] = {
    part.__name__: part for part in (empty, batches, kernel, memory, growth, deadlines, replay)
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all, one after another")
    parser.add_argument("--pairs", type=int, default=50_000)
    args = parser.parse_args()
    for part in args.parts or PARTS:
        PARTS[part](args.pairs)


if __name__ == "__main__":
    main()
