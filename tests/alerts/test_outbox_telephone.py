"""A text goes out when the disk knows of it, and she gets one: whatever Twilio does, and when its answer died with us."""

from __future__ import annotations

import pytest

from alerts.channels import Answer
from alerts.channels.telephone import Telephone, Text
from alerts.contacts import Contact
from alerts.terms import Channel, Notification
from geofence.terms import PersonId
from simulator.fake_twilio import FakeTwilio, Fault
from tests.alerts.conftest import ACCEPTED, Bench, account_of, fresh, until


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


def texts_by(twilio: FakeTwilio) -> Telephone:
    carrier = Telephone(account_of(twilio), {PersonId("P-1"): Contact(phone="+525500000001")}, Text())
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
