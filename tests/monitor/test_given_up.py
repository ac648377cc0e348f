"""No receipt covers a ping that the journal has given up: its device has it still, and would forget it."""

from __future__ import annotations

import asyncio
import errno
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.terms import DeviceId
from monitor import journal as journal_module
from monitor import receipts as receipts_module
from monitor.arrivals import Arrivals, Inbound, Piece
from monitor.clock import Clock
from monitor.engine import Effects, Engine
from monitor.intake import Intake, PingRun
from monitor.journal import Journal
from monitor.loop import Loop
from monitor.mqtt import Batch
from monitor.receipts import HOLE_MS_MAX, Receipts
from tests.monitor.test_arrivals import DIRECTORY, PING
from tests.monitor.test_loop import FakeConnection, Heard, until
from tests.monitor.test_receipts import pings
from tests.pings import T0, pair

LONG_S = HOLE_MS_MAX // 1000 + 1  # after so long a hole counts as lost by the device itself
RUNS_MAX = 20  # instead of a thousand
BRC = DeviceId("brc")

# --- the count ----------------------------------------------------------------------------------------------------


def hear(receipts: Receipts, *numbers: int, boot: int = 1, at_s: int = 0) -> tuple[int, int] | None:
    return receipts.heard(pings(*((0, boot, seq, at_s) for seq in numbers))).get(0)


def give_up(receipts: Receipts, *numbers: int, boot: int = 1) -> None:
    receipts.give_up(pings(*((0, boot, seq, 0) for seq in numbers)))


def test_a_receipt_stays_before_what_was_given_up_until_it_is_heard_again() -> None:
    receipts = Receipts()
    assert hear(receipts, 1, 2) == (1, 2)
    give_up(receipts, 3, 4, 5)
    assert hear(receipts, 6) == (1, 2)
    receipts = Receipts.load(receipts.dump())
    assert hear(receipts, 7, at_s=100 * LONG_S) == (1, 2), "its device has them: that hole is never open for too long"
    assert hear(receipts, 5, at_s=100 * LONG_S) == (1, 2)
    assert hear(receipts, 4, 3, at_s=100 * LONG_S) == (1, 7)
    assert receipts.dump()["given_up"] == {}
    assert hear(receipts, 9, at_s=101 * LONG_S) == (1, 7)
    assert hear(receipts, 10, at_s=102 * LONG_S) == (1, 10), "a hole of the device's own is told as before"


def test_what_is_heard_again_at_once_and_in_order_is_told_so() -> None:
    receipts = Receipts()
    hear(receipts, 1)
    give_up(receipts, 2, 3)
    assert [hear(receipts, seq) for seq in (2, 3, 4)] == [(1, 2), (1, 3), (1, 4)]


def test_of_a_device_that_is_new_nothing_given_up_is_covered() -> None:
    """Newest first, as after an outage: what it had before is given ten minutes, from when the lost ones are here."""
    receipts = Receipts()
    give_up(receipts, 50, 49, 48)
    assert hear(receipts, 51) is None
    assert hear(receipts, 50, 49, 48, at_s=LONG_S) is None
    assert hear(receipts, 52, at_s=2 * LONG_S + 1) == (1, 52)


def test_a_count_whose_first_number_was_given_up_has_no_receipt_below_zero() -> None:
    receipts = Receipts()
    give_up(receipts, 1, 0)
    assert hear(receipts, 2) is None
    assert hear(receipts, 1) is None
    assert hear(receipts, 0) == (1, 2)


def test_a_new_boot_begins_anew() -> None:
    receipts = Receipts()
    hear(receipts, 1)
    give_up(receipts, 2, 3)
    assert hear(receipts, 1, boot=2) == (2, 1)
    assert hear(receipts, 3, boot=2) == (2, 1)
    assert hear(receipts, 4, boot=2, at_s=LONG_S) == (2, 4), "what was given up of the last boot holds up nothing"
    give_up(receipts, 1, 2, boot=3)
    assert hear(receipts, 3, boot=3) is None


def test_what_came_twice_and_was_kept_once_is_kept() -> None:
    receipts = Receipts()
    hear(receipts, 1, 2, 5)
    give_up(receipts, 2, 5)
    assert hear(receipts, 3, 4) == (1, 5)


def test_more_holes_than_can_be_kept_in_mind_give_up_nothing_that_the_device_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts_module, "RUNS_MAX", RUNS_MAX)
    receipts = Receipts()
    hear(receipts, 1)
    give_up(receipts, *range(3, 6 * RUNS_MAX, 2))
    assert hear(receipts, *range(2, 6 * RUNS_MAX, 4)) == (1, 2)
    assert len(receipts.dump()["beyond"]["0"]) <= RUNS_MAX
    assert len(receipts.dump()["given_up"]["0"]) <= RUNS_MAX
    assert hear(receipts, *range(1, 6 * RUNS_MAX)) == (1, 6 * RUNS_MAX - 1), "all of it again"


def test_a_snapshot_of_before_still_opens() -> None:
    old = Receipts().dump()
    del old["given_up"]
    assert Receipts.load(old).heard(pings((0, 1, 1, 0))) == {0: (1, 1)}


SAID = st.tuples(st.sampled_from((1, 1, 1, 2)), st.integers(0, 15), st.sampled_from((0, 1, LONG_S)), st.booleans(), st.booleans())


@given(st.lists(SAID, max_size=40))
@settings(max_examples=400, deadline=None)
def test_no_receipt_covers_a_number_that_is_nowhere(said: list[tuple[int, int, int, bool, bool]]) -> None:
    """Whatever comes, twice, late or over a restart: but for what an earlier receipt covers already."""
    receipts, told, at_s = Receipts(), (0, 0), 0
    lost, kept = set[tuple[int, int]](), set[tuple[int, int]]()
    for boot, seq, wait_s, is_kept, restarts in said:
        at_s += wait_s
        if is_kept:
            kept.add((boot, seq))
            lost.discard((boot, seq))
            now = hear(receipts, seq, boot=boot, at_s=at_s)
            assert now is None or not [one for one in lost if one[0] == now[0] and one[1] <= now[1]], (now, lost)
            assert now is None or now >= told
            told = now or told
        else:
            give_up(receipts, seq, boot=boot)
            lost |= {(boot, seq)} - kept if (boot, seq) > told else set()
        receipts = Receipts.load(receipts.dump()) if restarts else receipts


# --- the way there ------------------------------------------------------------------------------------------------


def test_what_was_given_up_is_known_as_that_however_it_is_cut() -> None:
    arrivals = Arrivals.of(T0, [Piece.of([Inbound("v1/brc/ping", PING, False, 1)] * 3)])
    lost = arrivals[:]
    lost.kept = False
    for some, kept in ((arrivals, True), (lost, False), (lost[1:], False)):
        assert [run.kept for run in Intake(DIRECTORY).pieces(some) if isinstance(run, PingRun)] == [kept]
    assert list(lost) == list(arrivals)


class Bench:
    """A real engine and a real journal, whose disk fails or not."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.journal, self.heard, self.connection, self.fails = Journal.open(directory), Heard(), FakeConnection(), False
        self.loop = Loop(Engine(pair()), self.journal, Clock(), self.heard)
        write = self.journal._writer.write

        def perhaps(body: bytes, count: int) -> None:
            if self.fails:
                raise OSError(errno.EIO, "planted")  # of a full disk the reserve would be written anew: seconds
            write(body, count)

        monkeypatch.setattr(self.journal._writer, "write", perhaps)

    def ping(self, seq: int) -> None:
        payload = json.dumps({"v": 1, "boot": 1, "seq": seq, "at": Clock().now_ms()}).encode()
        self.loop.take(Batch(cast(Any, self.connection), Piece.of([Inbound("v1/brc/ping", payload, False, 1)]), [seq]))

    async def on_disk(self, seq: int) -> tuple[int, int]:
        """The receipt that follows this ping."""
        self.heard.said.clear()
        self.ping(seq)
        await until(lambda: [one for one in self.heard.all("safe") if one])
        return cast(tuple[int, int], self.heard.all("safe")[-1][BRC])


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(journal_module, "WAITING_BYTES_MAX", 10_000)
    monkeypatch.setattr(journal_module, "RETRY_S_MAX", 0.05)
    made = Bench(tmp_path / "journal", monkeypatch)
    yield made
    made.fails = False
    made.journal.close()


async def test_after_a_disk_that_was_away_no_device_forgets_what_is_not_on_it(bench: Bench) -> None:
    """Pings 1 to 40 waited, the rest was given up, 60 was written: its receipt told the device to forget all."""
    assert await bench.on_disk(1) == (1, 1)
    bench.fails = True
    for seq in range(2, 60):
        bench.ping(seq)
        await asyncio.sleep(0)
    assert bench.loop.engine.core.tables().device[0]["seq"] == 59, "judged, every one"
    bench.fails = False
    await until(lambda: len(bench.connection.acknowledged) == 59)
    upto = bench.heard.all("safe")[-1][BRC][1] if bench.heard.all("safe")[-1] else 0
    kept = {json.loads(one.payload)["seq"] for some in bench.journal.inputs() for one in some}
    lost = sorted({*range(1, 60)} - kept)
    assert len(lost) == bench.journal.lost > 10
    assert await bench.on_disk(60) == (1, lost[0] - 1)
    assert upto < lost[0]
    again = Engine.restore(bench.loop.engine.snapshot())
    later = Arrivals.of(T0, [Piece.of([Inbound("v1/brc/ping", b'{"v":1,"boot":1,"seq":61,"at":1}', False, 1)])])
    assert again.receive(later, Effects()).receipts == {BRC: (1, lost[0] - 1)}, "nor after a restart"
    for seq in lost:
        last = await bench.on_disk(seq)
    assert last == (1, 60)
