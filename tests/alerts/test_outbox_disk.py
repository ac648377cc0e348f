"""No trouble of the disk stops an alert, and what was missed is caught up; a row that cannot be kept or read stops no other."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts import database as database_module
from alerts import outbox as outbox_module
from alerts.database import Change, Intent
from alerts.terms import Channel, DeliveryState, Kind
from tests.alerts.conftest import ACCEPTED, FAILED, LATER, Bench, fresh, until


def lock(path: Path) -> sqlite3.Connection:
    """Another process that holds the database."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other


# --- the database ---------------------------------------------------------------------------------------------------------

written = st.lists(st.tuples(st.integers(0, 3), st.one_of(st.none(), st.sampled_from(tuple(DeliveryState)))), max_size=25)


@given(written, st.lists(st.integers(0, 25), max_size=3))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_together_stands_as_if_written_one_by_one(
    tmp_path: Path, steps: list[tuple[int, DeliveryState | None]], cuts: list[int]
) -> None:
    """None is the intent; a number is whose."""
    ones = [fresh() for _ in range(4)]
    writes = [
        Intent(ones[who], at_ms) if state is None else Change(ones[who].id, state, at_ms, f"step {at_ms}")
        for at_ms, (who, state) in enumerate(steps, 1)
    ]

    def rows(name: str, groups: list[list[Intent | Change]]) -> list[tuple[object, ...]]:
        path = tmp_path / f"{name}-{uuid4()}.sqlite"
        connection = database_module._open(path)
        for group in groups:
            with connection.begin():
                database_module._write_all(connection, group)
        connection.close()
        with closing(sqlite3.connect(path)) as reader:
            return reader.execute("select * from notification order by id").fetchall()

    places = sorted({0, len(writes), *(min(cut, len(writes)) for cut in cuts)})
    together = [writes[a:b] for a, b in pairwise(places)]
    assert rows("together", together) == rows("alone", [[write] for write in writes])


# --- the disk -----------------------------------------------------------------------------------------------------------


async def test_new_numbers_leave_no_trace_and_are_not_tried_for_long(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are worth nothing once there are newer ones: neither the disk nor the engine hears of them."""
    monkeypatch.setattr(outbox_module, "FLEETING_S", 0.3)
    bracelet = bench.recorder(Channel.BRACELET, *[LATER] * 100)
    outbox = await bench.start()
    ring = fresh()
    numbers = fresh(kind=Kind.UPDATE, refreshes=ring.id)
    outbox.submit([numbers])
    await until(lambda: outbox.unfinished == 0)
    assert bracelet.sent.count(numbers) > 1
    assert bench.row(numbers) is None
    assert bench.outcomes == []
    outbox.submit([ring])
    await until(lambda: bench.row(ring) is not None)


async def test_a_locked_database_stops_no_alert_and_is_caught_up(bench: Bench) -> None:
    bench.recorder(Channel.BRACELET)
    bench.recorder(Channel.SMS, idempotent=False)
    outbox = await bench.start()
    other = lock(bench.path)
    both = [fresh(), fresh(Channel.SMS)]
    outbox.submit(both)
    await until(lambda: len(bench.outcomes) == 2)
    assert bench.row(both[0]) is None, "the database was really locked"
    await until(lambda: bench.degraded == [True])
    with pytest.raises(OSError, match="cannot be written"):
        await outbox.flush()
    other.execute("ROLLBACK")
    await until(lambda: not outbox.degraded)
    await outbox.flush()
    assert [bench.row(one) for one in both] == ["accepted", "accepted"]


async def test_a_database_that_cannot_be_opened_stops_no_alert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "RECOVER_S", 0.1)
    (tmp_path / "file").write_text("not a directory")
    bench = Bench(tmp_path / "file")
    bracelet = bench.recorder(Channel.BRACELET)
    outbox = await bench.start()
    outbox.submit([one := fresh()])
    await until(lambda: bench.outcomes)
    assert bracelet.sent == [one]
    assert outbox.degraded
    await outbox.stop(0.1)


async def test_a_disk_that_is_known_to_be_broken_is_not_waited_for(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    sms = bench.recorder(Channel.SMS, idempotent=False)
    outbox = await bench.start()
    locked = lock(bench.path)
    try:
        outbox.submit([first := fresh(Channel.SMS)])
        await until(lambda: first in sms.sent)
        assert bench.degraded == [True], "the first of them waited, and found out"
        monkeypatch.setattr(outbox_module, "DISK_S", 1_000.0)
        outbox.submit([second := fresh(Channel.SMS)])
        await until(lambda: second in sms.sent)
        assert bench.row(second) is None, "the disk was not broken"
    finally:
        locked.close()


# --- rows that cannot be kept or read -----------------------------------------------------------------------------------


BENT: tuple[dict[str, Any], ...] = ({"text": "\ud800"}, {"code": {"a set"}}, {"distance_m": Decimal(1)})


@pytest.mark.parametrize("bent", BENT, ids=["half a sign", "a set", "a decimal"])
async def test_what_no_disk_can_take_goes_out_and_stops_nothing_else(bench: Bench, bent: dict[str, Any]) -> None:
    bench.recorder(Channel.BRACELET)
    outbox = await bench.start()
    before, odd, after = fresh(), fresh(**bent), fresh()
    outbox.submit([before, odd, after])
    await until(lambda: len(bench.outcomes) == 3)
    await outbox.flush()
    assert bench.ends() == dict.fromkeys((before.id, odd.id, after.id), ACCEPTED)
    assert [bench.row(one) for one in (before, odd, after)] == ["accepted", None, "accepted"]
    assert (bench.bent, outbox.degraded) == (1, False)


async def test_a_row_that_cannot_be_read_has_failed_and_the_others_go_out(bench: Bench) -> None:
    bracelet = bench.recorder(Channel.BRACELET)
    bracelet.gate.clear()
    outbox = await bench.start()
    garbled, strange, good = fresh(), fresh(), fresh()
    outbox.submit([garbled, strange, good])
    await until(lambda: len(bracelet.sent) == 3)
    await outbox.stop(0.0)
    with sqlite3.connect(bench.path) as connection:
        connection.execute("update notification set body = '{' where id = ?", (garbled.id,))
        connection.execute("update notification set body = replace(body, 'breach', 'of another release') where id = ?", (strange.id,))
    again = bench.recorder(Channel.BRACELET)
    outbox = await bench.start()
    await until(lambda: len(bench.outcomes) == 3)
    await outbox.flush()
    assert again.sent == [good]
    assert bench.ends() == {garbled.id: FAILED, strange.id: FAILED, good.id: ACCEPTED}
    assert (bench.row(garbled), bench.bent) == ("failed", 2)


async def test_the_disk_thread_outlives_a_fault_that_nobody_foresaw(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.recorder(Channel.BRACELET)
    outbox = await bench.start()
    real, faults = database_module._open, [ZeroDivisionError(), LookupError()]

    def open_or_fail(path: Path) -> Any:
        if faults:
            raise faults.pop()
        return real(path)

    monkeypatch.setattr(database_module, "_open", open_or_fail)
    outbox._disk._disconnect()
    outbox.submit([one := fresh()])
    await until(lambda: bench.row(one) == "accepted")
    assert faults == [], "it was really tried, and failed"
    await until(lambda: bench.degraded == [True, False])
