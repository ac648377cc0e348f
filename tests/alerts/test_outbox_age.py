"""What is old news rings no telephone: after hours away its word is another situation. Screens, which show the time, still get it."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from alerts import outbox as outbox_module
from alerts.channels import Answer, Verdict
from alerts.escalation import Escalation
from alerts.ladder import DEFAULT_LADDER
from alerts.terms import Channel, Notification, Outcome
from geofence.terms import Level, PersonId, Reason
from tests.alerts.conftest import ACCEPTED, FAILED, LATER, Bench, fresh, until
from tests.messages import FACTS, transition

HOUR_MS = 3_600_000
TELEPHONES = (Channel.SMS, Channel.VOICE, Channel.PUSH)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def aged(channel: Channel, age_ms: int, **more: object) -> Notification:
    return replace(fresh(channel, **more), issued_ms=now_ms() - age_ms)


@pytest.mark.parametrize("channel", TELEPHONES)
async def test_a_telephone_is_not_rung_with_news_of_ten_hours_ago(bench: Bench, channel: Channel) -> None:
    telephone = bench.recorder(channel, idempotent=False)
    outbox = await bench.start()
    old, new = aged(channel, 10 * HOUR_MS), fresh(channel)
    outbox.submit([old, new])
    assert bench.outcomes == [], "whoever submits hears of an end only afterwards"
    await until(lambda: len(bench.outcomes) == 2)
    await outbox.flush()
    assert telephone.sent == [new]
    assert bench.ends() == {old.id: FAILED, new.id: ACCEPTED}
    assert [outcome.detail for outcome in bench.outcomes if outcome.notification == old.id] == ["too old"]
    assert (bench.row(old), outbox.unfinished) == ("failed", 0)


@pytest.mark.parametrize("channel", [Channel.BRACELET, Channel.WEBHOOK, Channel.CAP])
async def test_a_screen_shows_it_however_old(bench: Bench, channel: Channel) -> None:
    screen = bench.recorder(channel)
    outbox = await bench.start()
    outbox.submit([old := aged(channel, 10 * HOUR_MS)])
    await until(lambda: bench.outcomes)
    assert screen.sent == [old]


async def test_a_text_to_nobodys_telephone_is_shown_on_the_console_however_old(bench: Bench) -> None:
    bench.recorder(Channel.SMS, idempotent=False)
    outbox = await bench.start()
    outbox.submit([old := aged(Channel.SMS, 10 * HOUR_MS, person=PersonId("P-2"))])
    await until(lambda: bench.ends() == {old.id: ACCEPTED})


@pytest.mark.parametrize(("away_ms", "sent"), [(2_000, True), (4 * 60_000, True), (10 * HOUR_MS, False)])
async def test_a_restart_of_minutes_loses_nothing_one_of_hours_rings_nobody(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, away_ms: int, sent: bool
) -> None:
    """It is put off by a busy carrier, the service ends, and is away."""
    bench.recorder(Channel.SMS, Answer(Verdict.LATER, "", 60.0), idempotent=False)
    outbox = await bench.start()
    outbox.submit([one := fresh(Channel.SMS)])
    await until(lambda: bench.row(one) == "sending")
    await outbox.stop(0.0)
    later_ms = outbox_module._clock_ms() + away_ms
    monkeypatch.setattr(outbox_module.Outbox.__init__, "__kwdefaults__", {**outbox_module.Outbox.__init__.__kwdefaults__, "now_ms": lambda: later_ms})
    again = bench.recorder(Channel.SMS, idempotent=False)
    await bench.start()
    await until(lambda: bench.outcomes)
    assert again.sent == ([one] if sent else [])
    assert bench.ends() == {one.id: ACCEPTED if sent else FAILED}


async def test_a_telephone_is_tried_for_five_minutes_from_the_alert_not_from_the_restart(bench: Bench) -> None:
    telephone = bench.recorder(Channel.SMS, *[LATER] * 100, idempotent=False)
    outbox = await bench.start()
    outbox.submit([one := aged(Channel.SMS, int(outbox_module.EXPIRY_S * 1000) - 500)])
    await until(lambda: bench.outcomes, 5.0)
    assert bench.ends() == {one.id: FAILED}
    assert telephone.sent


async def test_a_text_that_is_too_old_hurries_the_call(bench: Bench) -> None:
    """The ladder goes on with what is new."""
    escalation = Escalation(DEFAULT_LADDER)
    began_ms = now_ms() - 10 * HOUR_MS
    escalation.on_transition(transition(began_ms, Level.CALM, Level.EMERGENCY, Reason.BREACH), FACTS)
    text = next(one for one in escalation.due(began_ms + 5_000) if one.channel is Channel.SMS)
    bench.recorder(Channel.SMS, idempotent=False)
    outbox = await bench.start()
    outbox.submit([replace(text, person=PersonId("P-1"))])
    await until(lambda: bench.outcomes)
    (outcome,) = bench.outcomes
    said = escalation.on_outcome(Outcome(outcome.notification, outcome.state, began_ms + 6_000))
    assert [one.channel for one in said] == [Channel.VOICE]
