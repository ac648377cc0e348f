"""Everything reaches its end: once, with what carriers tell later, and through restarts; what cannot be sent is shown."""

from __future__ import annotations

import random

from alerts.channels import Answer, Verdict
from alerts.channels.console import Console
from alerts.database import body_of, from_body
from alerts.terms import Channel, DeliveryState, Outcome
from geofence.terms import Level, PersonId
from tests.alerts.conftest import ACCEPTED, FAILED, LATER, TAKEN, Bench, fresh, until

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
