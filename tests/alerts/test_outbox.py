"""Everything reaches its end: at once, in order of urgency, through broken disks, silent carriers and restarts."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts import database as database_module
from alerts import outbox as outbox_module
from alerts.channels import Answer, Carrier, Verdict
from alerts.channels.console import Console
from alerts.channels.telephone import Account, Telephone, Text
from alerts.contacts import Contact
from alerts.database import Change, Intent, body_of, from_body
from alerts.outbox import Outbox
from alerts.terms import Channel, DeliveryState, Kind, Notification, NotificationId, Outcome
from geofence.terms import IncidentId, Level, PersonId, Reason
from simulator.fake_twilio import FakeTwilio, Fault
from tests.messages import notification

ACCEPTED, FAILED, EXPIRED = DeliveryState.ACCEPTED, DeliveryState.FAILED, DeliveryState.EXPIRED
TAKEN, LATER = Answer(Verdict.TAKEN), Answer(Verdict.LATER)


class Recorder:
    """A carrier that answers by script and keeps what it was given; while `gate` is closed it answers nothing."""

    timeout_s = 2.0

    def __init__(self, *script: Answer, idempotent: bool = True, parallel: int = 4) -> None:
        self.idempotent, self.parallel = idempotent, parallel
        self.script = list(script)
        self.sent: list[Notification] = []
        self.asked: list[Notification] = []
        self.gate = asyncio.Event()
        self.gate.set()

    def reaches(self, one: Notification) -> bool:
        return one.person == "P-1" or one.channel is not Channel.SMS

    async def send(self, one: Notification) -> Answer:
        self.sent.append(one)
        await self.gate.wait()
        return self.script.pop(0) if self.script else TAKEN

    async def was_taken(self, one: Notification) -> bool:
        self.asked.append(one)
        return one in self.sent

    async def close(self) -> None:
        self.gate.set()


class Bench:
    """An outbox, its carriers and what it has reported."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "outbox.sqlite"
        self.carriers: dict[Channel, Carrier] = {Channel.CONSOLE: Console()}
        self.outcomes: list[Outcome] = []
        self.degraded: list[bool] = []
        self.bent = 0
        self.pace_s: dict[Channel, float] = {}
        self.outbox: Outbox | None = None

    def recorder(self, channel: Channel, *script: Answer, **more: Any) -> Recorder:
        recorder = Recorder(*script, **more)
        self.carriers[channel] = recorder
        return recorder

    async def start(self) -> Outbox:
        self.outbox = Outbox(
            self.path,
            self.carriers,
            on_outcome=self.outcomes.append,
            on_degraded=self.degraded.append,
            on_bent=self.note_bent,
            rng=random.Random(1),
            pace_s=self.pace_s,
        )
        await self.outbox.start()
        return self.outbox

    def note_bent(self) -> None:
        self.bent += 1

    def ends(self) -> dict[NotificationId, DeliveryState]:
        return {outcome.notification: outcome.state for outcome in self.outcomes}

    def row(self, one: Notification) -> str | None:
        with sqlite3.connect(self.path) as connection:
            found = connection.execute("select state from notification where id = ?", (one.id,)).fetchone()
        return None if found is None else str(found[0])


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    if bench.outbox is not None:
        await bench.outbox.stop(0.0)


async def until(true: Callable[[], Any], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.005)


def fresh(channel: Channel = Channel.BRACELET, **more: Any) -> Notification:
    return notification(channel, issued_ms=time.time_ns() // 1_000_000, **more)


def lock(path: Path) -> sqlite3.Connection:
    """Another process that holds the database."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other


# --- the plain case -----------------------------------------------------------------------------------------------------


async def test_a_notification_goes_out_is_reported_and_kept(bench: Bench) -> None:
    bracelet = bench.recorder(Channel.BRACELET)
    outbox = await bench.start()
    one = fresh()
    outbox.submit([one])
    await until(lambda: bench.outcomes)
    await outbox.flush()
    assert bracelet.sent == [one]
    assert bench.ends() == {one.id: ACCEPTED}
    assert bench.row(one) == "accepted"
    outbox.acknowledged([one.id])
    await outbox.flush()
    assert bench.row(one) == "acknowledged"


async def test_what_a_carrier_tells_later_is_kept_and_never_takes_back_an_answer(bench: Bench) -> None:
    bench.recorder(Channel.SMS, idempotent=False)
    outbox = await bench.start()
    outbox.submit([one := fresh(Channel.SMS)])
    await until(lambda: bench.outcomes)
    rows = []
    for state in (FAILED, DeliveryState.DELIVERED, FAILED, DeliveryState.ACKNOWLEDGED, FAILED):
        outbox.heard(Outcome(one.id, state, 5))
        await outbox.flush()
        rows.append(bench.row(one))
    assert rows == ["failed", "delivered", "delivered", "acknowledged", "acknowledged"]


async def test_the_same_id_twice_is_one_alert_also_after_a_restart(bench: Bench) -> None:
    bracelet = bench.recorder(Channel.BRACELET)
    outbox = await bench.start()
    one = fresh()
    outbox.submit([one, one])
    outbox.submit([one])
    await until(lambda: bench.outcomes)
    await outbox.stop(1.0)
    outbox = await bench.start()
    outbox.submit([one])
    await outbox.flush()
    await outbox.stop(1.0)
    assert bracelet.sent == [one]


async def test_a_channel_that_is_not_configured_or_has_no_address_is_shown(bench: Bench) -> None:
    sms = bench.recorder(Channel.SMS, idempotent=False)
    console = bench.carriers[Channel.CONSOLE]
    assert isinstance(console, Console)
    outbox = await bench.start()
    no_telephone, no_webhook = fresh(Channel.SMS, person=PersonId("P-2")), fresh(Channel.WEBHOOK)
    outbox.submit([no_telephone, no_webhook])
    await until(lambda: len(bench.outcomes) == 2)
    assert list(console.messages) == [no_telephone, no_webhook]
    assert sms.sent == []


async def test_a_body_survives_the_disk() -> None:
    one = fresh(distance_m=640.5, bearing="NE", text="está ±25 «ñ»")
    assert from_body(body_of(one)) == one


# --- carriers that fail -------------------------------------------------------------------------------------------------


async def test_later_is_tried_again_never_is_the_end(bench: Bench) -> None:
    bracelet = bench.recorder(Channel.BRACELET, LATER, TAKEN)
    webhook = bench.recorder(Channel.WEBHOOK, Answer(Verdict.NEVER, "http 401"))
    outbox = await bench.start()
    patient, hopeless = fresh(), fresh(Channel.WEBHOOK)
    outbox.submit([patient, hopeless])
    await until(lambda: len(bench.outcomes) == 2)
    assert bench.ends() == {patient.id: ACCEPTED, hopeless.id: FAILED}
    assert (len(bracelet.sent), len(webhook.sent)) == (2, 1)


async def test_a_wait_that_the_carrier_asks_for_is_kept(bench: Bench) -> None:
    bracelet = bench.recorder(Channel.BRACELET, Answer(Verdict.LATER, "", 1.0), TAKEN)
    outbox = await bench.start()
    started_s = time.monotonic()
    outbox.submit([fresh()])
    await until(lambda: bench.outcomes)
    assert time.monotonic() - started_s >= 1.0
    assert len(bracelet.sent) == 2


async def test_what_no_attempt_delivers_fails_in_the_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "EXPIRY_S", 0.5)
    bracelet = bench.recorder(Channel.BRACELET, *[LATER] * 100)
    outbox = await bench.start()
    outbox.submit([one := fresh()])
    await until(lambda: bench.outcomes)
    assert bench.ends() == {one.id: FAILED}
    assert len(bracelet.sent) > 1
    assert outbox.unfinished == 0


async def test_a_carrier_that_hangs_delays_no_other(bench: Bench) -> None:
    sms = bench.recorder(Channel.SMS, idempotent=False)
    sms.gate.clear()
    bench.recorder(Channel.BRACELET)
    outbox = await bench.start()
    outbox.submit([fresh(Channel.SMS), one := fresh()])
    await until(lambda: sms.sent)
    await until(lambda: bench.outcomes)
    assert list(bench.ends()) == [one.id]


async def test_a_carrier_with_a_fault_of_its_own_is_tried_again(bench: Bench) -> None:
    class Faulty(Recorder):
        async def send(self, one: Notification) -> Answer:
            if not self.sent:
                self.sent.append(one)
                raise ZeroDivisionError
            return await super().send(one)

    bench.carriers[Channel.BRACELET] = faulty = Faulty()
    outbox = await bench.start()
    outbox.submit([one := fresh()])
    await until(lambda: bench.outcomes)
    assert (bench.ends(), len(faulty.sent)) == ({one.id: ACCEPTED}, 2)


class Quick(Recorder):
    """On the wire as soon as it is begun."""

    def __init__(self, *script: Answer, faults: int = 0) -> None:
        super().__init__(*script)
        self.faults = faults

    def begin(self, one: Notification) -> Answer | Awaitable[Answer]:
        if self.faults:
            self.faults -= 1
            raise ZeroDivisionError
        self.sent.append(one)
        return self._answer()

    async def _answer(self) -> Answer:
        await self.gate.wait()
        return self.script.pop(0) if self.script else TAKEN


async def test_an_alert_is_on_the_wire_before_the_turn_goes_on_the_most_urgent_first(bench: Bench) -> None:
    bench.carriers[Channel.BRACELET] = quick = Quick()
    outbox = await bench.start()
    low, high = fresh(level=Level.CAUTION), fresh(level=Level.EMERGENCY)
    outbox.submit([low, high])
    assert quick.sent == [high, low]
    assert bench.outcomes == [], "whoever submits hears of an end only afterwards"
    await until(lambda: bench.ends() == {low.id: ACCEPTED, high.id: ACCEPTED})


async def test_what_is_shown_at_once_is_reported_after_it_was_submitted(bench: Bench) -> None:
    outbox = await bench.start()
    outbox.submit([one := fresh(Channel.CONSOLE)])
    assert [shown.id for shown in cast(Console, bench.carriers[Channel.CONSOLE]).messages] == [one.id]
    assert (bench.outcomes, outbox.unfinished) == ([], 1)
    await until(lambda: bench.ends() == {one.id: ACCEPTED})


async def test_a_quick_carrier_with_a_fault_of_its_own_is_tried_again(bench: Bench) -> None:
    bench.carriers[Channel.BRACELET] = quick = Quick(faults=1)
    outbox = await bench.start()
    outbox.submit([one := fresh()])
    await until(lambda: bench.outcomes)
    assert (bench.ends(), quick.sent) == ({one.id: ACCEPTED}, [one])


async def test_a_quick_carrier_that_does_not_answer_is_tried_again_after_its_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "BACKOFF_S", 0.01)
    bench.carriers[Channel.BRACELET] = quick = Quick()
    quick.timeout_s = 0.02
    quick.gate.clear()
    outbox = await bench.start()
    outbox.submit([one := fresh()])
    await until(lambda: len(quick.sent) >= 2)
    quick.gate.set()
    await until(lambda: bench.ends() == {one.id: ACCEPTED})


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


# --- order --------------------------------------------------------------------------------------------------------------


async def test_the_most_urgent_goes_first_then_the_oldest(bench: Bench) -> None:
    bracelet = bench.recorder(Channel.BRACELET, parallel=1)
    bracelet.gate.clear()
    outbox = await bench.start()
    first = fresh(level=Level.CAUTION)
    outbox.submit([first])
    await until(lambda: bracelet.sent)
    queued = [fresh(level=level) for level in (Level.CAUTION, Level.WARNING, Level.EMERGENCY, Level.EMERGENCY)]
    outbox.submit(queued)
    bracelet.gate.set()
    await until(lambda: len(bench.outcomes) == 5)
    assert bracelet.sent == [first, queued[2], queued[3], queued[1], queued[0]]


async def test_a_paced_channel_keeps_its_pace_and_the_most_urgent_goes_first(bench: Bench) -> None:
    calls = bench.recorder(Channel.VOICE, idempotent=False)
    bench.pace_s = {Channel.VOICE: 0.2}
    outbox = await bench.start()
    started_s = time.monotonic()
    first, quiet, loud = (fresh(Channel.VOICE, level=level) for level in (Level.WARNING, Level.WARNING, Level.EMERGENCY))
    outbox.submit([first])
    await until(lambda: calls.sent)
    outbox.submit([quiet, loud])
    await until(lambda: len(bench.outcomes) == 3)
    assert calls.sent == [first, loud, quiet]
    assert time.monotonic() - started_s >= 0.4


async def test_a_clear_never_overtakes_its_alarm(bench: Bench) -> None:
    bracelet = bench.recorder(Channel.BRACELET, LATER, LATER)
    outbox = await bench.start()
    incident = IncidentId("i")
    alarm = fresh(incident=incident)
    clear = fresh(incident=incident, kind=Kind.CLEAR, level=Level.CALM, reason=Reason.CLEAR)
    outbox.submit([alarm, clear])
    await until(lambda: len(bench.outcomes) == 2)
    assert bracelet.sent == [alarm, alarm, alarm, clear]


async def test_a_louder_ring_makes_the_waiting_one_needless(bench: Bench) -> None:
    bracelet = bench.recorder(Channel.BRACELET, Answer(Verdict.LATER, "", 30.0))
    outbox = await bench.start()
    incident = IncidentId("i")
    quiet, loud = fresh(incident=incident, level=Level.WARNING), fresh(incident=incident)
    outbox.submit([quiet])
    await until(lambda: bracelet.sent)
    await asyncio.sleep(0)
    outbox.submit([loud])
    await until(lambda: len(bench.outcomes) == 2)
    assert bench.ends() == {quiet.id: EXPIRED, loud.id: ACCEPTED}


async def test_two_whom_she_trusts_are_told_both(bench: Bench) -> None:
    texts = bench.recorder(Channel.PUSH, parallel=1)
    texts.gate.clear()
    outbox = await bench.start()
    incident = IncidentId("i")
    said = [fresh(Channel.PUSH, incident=incident, person=PersonId(f"T-{n}")) for n in range(3)]
    outbox.submit(said)
    texts.gate.set()
    await until(lambda: len(bench.outcomes) == 3)
    assert list(bench.ends().values()) == [ACCEPTED] * 3


async def test_new_numbers_replace_numbers_that_wait(bench: Bench) -> None:
    webhook = bench.recorder(Channel.WEBHOOK)
    webhook.gate.clear()
    outbox = await bench.start()
    incident = IncidentId("i")
    alarm, old, new = (fresh(Channel.WEBHOOK, incident=incident, kind=kind) for kind in (Kind.RAISE, Kind.UPDATE, Kind.UPDATE))
    outbox.submit([alarm, old, new])
    webhook.gate.set()
    await until(lambda: len(bench.outcomes) == 3)
    assert webhook.sent == [alarm, new]
    assert bench.ends()[old.id] is EXPIRED


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


async def test_a_telephone_waits_for_the_disk(bench: Bench) -> None:
    sms = bench.recorder(Channel.SMS, idempotent=False)
    outbox = await bench.start()
    states: list[str | None] = []
    real = sms.send

    async def send(one: Notification) -> Answer:
        states.append(bench.row(one))
        return await real(one)

    sms.send = send  # type: ignore[method-assign]
    outbox.submit([fresh(Channel.SMS)])
    await until(lambda: bench.outcomes)
    assert states[0] in ("pending", "sending")


# --- restarts -----------------------------------------------------------------------------------------------------------


async def test_what_was_under_way_goes_out_after_a_restart(bench: Bench) -> None:
    bracelet = bench.recorder(Channel.BRACELET)
    bracelet.gate.clear()
    outbox = await bench.start()
    outbox.submit([one := fresh()])
    await until(lambda: bracelet.sent)
    await outbox.stop(0.0)
    assert bench.outcomes == []
    assert bench.row(one) == "sending"
    again = bench.recorder(Channel.BRACELET)
    await bench.start()
    await until(lambda: bench.outcomes)
    assert again.sent == [one]


async def test_after_a_clean_stop_flush_knows_that_all_is_on_disk(bench: Bench) -> None:
    outbox = await bench.start()
    await outbox.stop(1.0)
    await outbox.flush()


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    twilio = FakeTwilio()
    await twilio.start()
    yield twilio
    await twilio.stop()


def texts_by(twilio: FakeTwilio) -> Telephone:
    account = Account(account_sid="AC" + "a" * 32, auth_token="b" * 32, from_number="+525500000009", base_url=twilio.url)
    carrier = Telephone(account, {PersonId("P-1"): Contact(phone="+525500000001")}, Text())
    carrier.timeout_s = 0.3
    return carrier


@pytest.mark.parametrize("fault", Fault)
async def test_whatever_twilio_does_she_gets_one_text(bench: Bench, twilio: FakeTwilio, fault: Fault) -> None:
    bench.carriers[Channel.SMS] = texts_by(twilio)
    twilio.faults.append(fault)
    outbox = await bench.start()
    outbox.submit([one := fresh(Channel.SMS)])
    await until(lambda: bench.outcomes)
    assert twilio.hit[fault] == 1
    assert bench.ends() == {one.id: ACCEPTED}
    assert [made.body for made in twilio.made] == [one.text]


async def test_a_text_whose_answer_died_with_us_is_looked_up_and_not_repeated(bench: Bench, twilio: FakeTwilio) -> None:
    bench.carriers[Channel.SMS] = texts_by(twilio)
    twilio.faults.append(Fault.WITHHELD)
    outbox = await bench.start()
    outbox.submit([one := fresh(Channel.SMS)])
    await until(lambda: twilio.made)
    await outbox.stop(0.0)
    assert bench.outcomes == []
    bench.carriers[Channel.SMS] = texts_by(twilio)
    await bench.start()
    await until(lambda: bench.outcomes)
    assert [(outcome.notification, outcome.detail) for outcome in bench.outcomes] == [(one.id, "found")]
    assert len(twilio.made) == 1


async def test_a_thousand_alerts_all_reach_an_end(bench: Bench) -> None:
    rng = random.Random(7)
    script = [rng.choice([TAKEN, TAKEN, TAKEN, LATER, Answer(Verdict.UNSURE)]) for _ in range(1_000)]
    bracelet = bench.recorder(Channel.BRACELET, *script, parallel=64)
    outbox = await bench.start()
    many = [fresh(level=rng.choice([Level.CAUTION, Level.WARNING, Level.EMERGENCY])) for _ in range(1_000)]
    outbox.submit(many)
    await until(lambda: outbox.unfinished == 0, 30.0)
    assert bench.ends() == {one.id: ACCEPTED for one in many}
    assert len(bracelet.sent) > 1_000, "some were really tried again"


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
