"""A carrier that is busy, silent or faulty is tried again until the end, and delays no other; a quick one has the alert at once."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from typing import cast

import pytest

from alerts import outbox as outbox_module
from alerts.channels import Answer, Verdict
from alerts.channels.console import Console
from alerts.terms import Channel, Notification
from geofence.terms import Level
from tests.alerts.conftest import ACCEPTED, FAILED, LATER, TAKEN, Bench, Recorder, fresh, until


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
