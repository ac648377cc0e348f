"""Promises of the one consumer: the alert before the disk, acknowledgements after it, one bad input alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from geofence.terms import DeviceId, OrderId, Registry
from monitor import loop as loop_module
from monitor.arrivals import Inbound, Piece
from monitor.clock import Clock
from monitor.engine import Effects, Engine
from monitor.gather import GATHER_S, Gathering
from monitor.journal import Journal, Record
from monitor.loop import Loop
from monitor.mqtt import Batch
from monitor.terms import Envelope, OrderChange
from tests.pings import pair

BRC = DeviceId("brc-1")


class FakeEngine:
    """Receipts every ping, and cannot take `poison`."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.taken: list[bytes] = []
        self.deadline_ms: int | None = None
        self.advanced: list[int] = []

    def receive(self, envelopes: Sequence[Envelope], effects: Effects) -> None:
        for envelope in envelopes:
            if envelope.payload == b"poison":
                raise RuntimeError("planted")
            if envelope.payload not in self.taken:
                self.taken.append(envelope.payload)
                effects.pings += 1
                effects.receipts[BRC] = (1, len(self.taken))

    def adopting(self, registry: Registry) -> Iterator[OrderChange | None]:
        yield from [None, *(OrderChange(0, order=order) for order in registry.orders), None]

    def adopt(self, change: OrderChange | None, effects: Effects) -> None:
        if change is not None and change.order is not None:
            self.taken.append(change.order.id.encode())

    def advance(self, now_ms: int) -> Effects:
        self.advanced.append(now_ms)
        self.deadline_ms = None
        return Effects()

    def next_deadline_ms(self) -> int | None:
        return self.deadline_ms


class FakeJournal:
    """A disk that answers when told."""

    def __init__(self) -> None:
        self.degraded = False
        self.records: list[Sequence[Record]] = []
        self.futures: list[asyncio.Future[int]] = []
        self.since_s: list[float] = []

    @property
    def behind_s(self) -> float:
        waiting = [since_s for since_s, future in zip(self.since_s, self.futures, strict=True) if not future.done()]
        return time.monotonic() - waiting[0] if waiting else 0.0

    def append(self, records: Sequence[Record]) -> asyncio.Future[int]:
        self.records.append(records)
        self.futures.append(asyncio.get_running_loop().create_future())
        self.since_s.append(time.monotonic())
        return self.futures[-1]

    async def commit(self) -> None:
        for future in self.futures:
            if not future.done():
                future.set_result(1)
        await asyncio.sleep(0)


class FakeConnection:
    def __init__(self) -> None:
        self.acknowledged: list[int] = []

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        self.acknowledged += packet_ids


class Heard:
    """Everything that the loop says, in order."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Any]] = []

    def judged(self, effects: Effects, inputs: int, seconds: float) -> None:
        self.said.append(("judged", inputs))

    def safe(self, receipts: Mapping[DeviceId, tuple[int, int]]) -> None:
        self.said.append(("safe", dict(receipts)))

    def committed(self, seconds: float) -> None:
        self.said.append(("committed", None))

    def degraded(self, degraded: bool) -> None:
        self.said.append(("degraded", degraded))

    def poisoned(self, envelope: Envelope, error: Exception) -> None:
        self.said.append(("poisoned", envelope.payload))

    def lagged(self, seconds: float) -> None:
        self.said.append(("lagged", None))

    def all(self, word: str) -> list[Any]:
        return [value for said, value in self.said if said == word]


class Bench:
    """A loop with everything around it in our hands."""

    def __init__(self) -> None:
        self.engine, self.journal, self.heard, self.connection = FakeEngine(), FakeJournal(), Heard(), FakeConnection()
        self.loop = Loop(cast(Engine, self.engine), cast(Journal, self.journal), Clock(), self.heard)

    def arrive(self, *payloads: bytes, first_id: int = 1) -> None:
        messages = [Inbound("v1/brc-1/ping", payload, False, 1) for payload in payloads]
        ids = list(range(first_id, first_id + len(payloads)))
        self.loop.take(Batch(cast(Any, self.connection), Piece.of(messages), ids))


@pytest.fixture
async def bench() -> Bench:
    return Bench()


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.005)


async def test_judged_at_once_and_acknowledged_only_after_the_commit(bench: Bench) -> None:
    bench.arrive(b"a", b"b")
    bench.arrive(b"c", first_id=3)
    await asyncio.sleep(0)
    assert bench.heard.said == [("judged", 3)]
    assert [record.at_ms for record in bench.journal.records[0]] == [bench.journal.records[0][0].at_ms] * 3, "stamped once"
    assert bench.connection.acknowledged == []
    await bench.journal.commit()
    assert bench.connection.acknowledged == [1, 2, 3]
    assert bench.heard.all("safe") == [{BRC: (1, 3)}]


async def test_what_waits_for_the_disk_holds_its_messages_once(bench: Bench) -> None:
    batch = Batch(cast(Any, bench.connection), Piece.of([Inbound("v1/brc-1/ping", b"a", False, 1)]), [1])
    bench.loop.take(batch)
    await asyncio.sleep(0)
    assert bench.heard.said == [("judged", 1)]
    assert batch.messages == []
    await bench.journal.commit()
    assert bench.connection.acknowledged == [1]


async def test_a_ping_waits_for_one_portion_of_an_import_and_not_for_all_of_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_module, "PORTION_S", 0.0)
    orders = tuple(replace(pair().orders[0], id=OrderId(f"O{i}")) for i in range(20))
    importing = asyncio.create_task(bench.loop.adopt(Registry((), orders)))
    await asyncio.sleep(0)
    bench.arrive(b"ping")
    await importing
    assert [one for one in bench.engine.taken if one != b"ping"] == [order.id.encode() for order in orders], "all of it, in its order"
    assert bench.engine.taken.index(b"ping") <= 2, "the portion under way, and one begun in the same round"


async def test_one_input_that_the_engine_cannot_take_costs_no_other(bench: Bench) -> None:
    bench.arrive(b"a", b"b", b"poison", b"c", b"d")
    await asyncio.sleep(0)
    assert bench.engine.taken == [b"a", b"b", b"c", b"d"]
    assert bench.heard.all("poisoned") == [b"poison"]
    await bench.journal.commit()
    assert bench.connection.acknowledged == [1, 2, 3, 4, 5], "the poison must not come again"


async def test_a_commit_that_failed_stops_neither_the_feed_nor_lets_a_device_forget(bench: Bench) -> None:
    for number, fail in enumerate((lambda f: f.cancel(), lambda f: f.set_exception(OSError("planted"))), 1):
        bench.arrive(b"%d" % number, first_id=number)
        await asyncio.sleep(0)
        fail(bench.journal.futures[-1])
        await asyncio.sleep(0)
    assert bench.connection.acknowledged == [1, 2]
    assert bench.heard.all("safe") == []


async def test_when_the_disk_hangs_the_broker_is_acknowledged_but_no_device_may_forget(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in (("DEGRADED_S", 0.02), ("ACKNOWLEDGE_ANYWAY_S", 0.06), ("PATROL_S", 0.005), ("WELL_S", 0.02)):
        monkeypatch.setattr(loop_module, name, seconds)
    patrol = asyncio.create_task(bench.loop.patrol())
    bench.arrive(b"a")
    await until(lambda: bench.heard.all("degraded") == [True])
    await until(lambda: bench.connection.acknowledged == [1])
    assert bench.heard.all("safe") == []
    bench.arrive(b"b", first_id=2)
    await until(lambda: bench.engine.taken == [b"a", b"b"])
    await bench.journal.commit()
    await until(lambda: {BRC: (1, 2)} in bench.heard.all("safe"))
    assert bench.connection.acknowledged == [1, 2], "each once"
    await until(lambda: bench.heard.all("degraded") == [True, False])
    patrol.cancel()


async def test_a_loop_that_was_held_up_says_nothing_about_the_disk(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """50,000 orders lose their link at a start: that turn takes seconds, the commit beside it does not."""
    monkeypatch.setattr(loop_module, "DEGRADED_S", 0.02)
    monkeypatch.setattr(loop_module, "PATROL_S", 0.001)
    patrol = asyncio.create_task(bench.loop.patrol())
    bench.arrive(b"a")
    await until(lambda: bench.engine.taken == [b"a"])
    monkeypatch.setattr(FakeJournal, "behind_s", 0.0)  # it is on disk, by the writer's own account
    time.sleep(0.05)
    await asyncio.sleep(0.05)
    assert not bench.journal.futures[0].done(), "the loop has not heard of it yet"
    assert bench.heard.all("degraded") == []
    patrol.cancel()


async def test_a_journal_that_lives_on_its_reserve_is_told_before_it_stops(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_module, "PATROL_S", 0.005)
    monkeypatch.setattr(loop_module, "WELL_S", 0.1)
    patrol = asyncio.create_task(bench.loop.patrol())
    for _ in range(3):  # in and out of trouble is one trouble
        bench.journal.degraded = True
        await until(lambda: bench.heard.all("degraded") == [True])
        bench.journal.degraded = False
        await asyncio.sleep(0.01)
    await until(lambda: bench.heard.all("degraded") == [True, False])
    patrol.cancel()


async def test_an_idle_service_goes_on_committing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_module, "HEARTBEAT_S", 0.01)
    monkeypatch.setattr(loop_module, "PATROL_S", 0.005)
    patrol = asyncio.create_task(bench.loop.patrol())
    for beats in range(1, 4):
        await until(lambda beats=beats: len(bench.journal.records) >= beats)
        await bench.journal.commit()
    patrol.cancel()
    assert len(bench.heard.all("committed")) >= 3
    assert bench.heard.all("judged") == []


async def test_near_the_end_of_its_core_the_loop_waits_for_more_after_a_turn_and_otherwise_never(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent_s = iter(range(1_000_000))  # a second of processor time at each look: busy throughout
    monkeypatch.setattr(loop_module.time, "thread_time", lambda: next(spent_s))
    monkeypatch.setattr(loop_module.time, "sleep", lambda seconds: bench.heard.said.append(("waited", seconds)))
    monkeypatch.setattr(loop_module, "PATROL_S", 0.01)
    bench.arrive(b"a")
    await asyncio.sleep(0)
    assert bench.heard.said == [("judged", 1)]
    patrol = asyncio.create_task(bench.loop.patrol())
    await until(lambda: bench.loop._gathering.on)
    patrol.cancel()
    bench.arrive(b"b")
    bench.loop.put("monitor/link", b"{}")
    await asyncio.sleep(0)
    assert bench.heard.said[-3:] == [("judged", 1), ("judged", 1), ("waited", GATHER_S)], "what was decided is out before it waits"
    bench.loop.put("monitor/link", b"{}")
    await asyncio.sleep(0)
    assert bench.heard.all("waited") == [GATHER_S], "no ping, no wait"


def test_gathering_begins_late_and_ends_later() -> None:
    gathering, now_s, spent_s, seen = Gathering(), 100.0, 50.0, []
    gathering.look(now_s, spent_s)
    for share in (0.7, 0.75, 0.7, 0.55, 0.5, 0.7):
        now_s, spent_s = now_s + 0.1, spent_s + 0.1 * share
        gathering.look(now_s, spent_s)
        seen.append(gathering.on)
    assert seen == [False, True, True, True, False, False]
    gathering.look(now_s, spent_s)
    assert not gathering.on, "looked at twice in one moment"


async def test_one_timer_serves_the_engines_deadline(bench: Bench) -> None:
    deadline_ms = bench.engine.deadline_ms = Clock().now_ms() + 30
    bench.arrive(b"a")
    await until(lambda: bench.engine.advanced)
    assert bench.engine.advanced[0] >= deadline_ms
    await asyncio.sleep(0.02)
    assert len(bench.engine.advanced) == 1


async def test_our_own_words_are_inputs_like_any_other(bench: Bench) -> None:
    bench.loop.put("monitor/link", b'{"up":true}')
    await asyncio.sleep(0)
    assert bench.engine.taken == [b'{"up":true}']
    assert bench.journal.records[0][0].envelope().topic == "monitor/link"


async def test_outcomes_wait_for_the_pings_beside_them_and_come_in_portions(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a flood thousands come at once: the ping of the next breach must not wait for them."""
    monkeypatch.setattr(loop_module, "OUTCOMES_MAX", 2)
    for number in range(5):
        bench.loop.put("monitor/outcome", b"%d" % number)
    bench.loop.put("monitor/link", b"up")
    bench.arrive(b"first")
    await asyncio.sleep(0)
    assert bench.engine.taken == [b"up", b"first", b"0", b"1"]
    bench.arrive(b"next")
    await asyncio.sleep(0)
    assert bench.engine.taken[4:] == [b"next", b"2", b"3"]
    await asyncio.sleep(0)
    assert bench.engine.taken[7:] == [b"4"]
    assert len(bench.heard.all("judged")) == 6, "and no turn for nothing"


async def test_what_waits_at_the_end_is_taken_whole(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_module, "OUTCOMES_MAX", 2)
    monkeypatch.setattr(loop_module, "STOP_S_MAX", 0.0)
    for number in range(50):
        bench.loop.put("monitor/outcome", b"%d" % number)
    await bench.loop.stop()
    assert len(bench.engine.taken) == 50, "all of it before the last commit is waited for"
