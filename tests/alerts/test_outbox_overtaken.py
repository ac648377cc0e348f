"""A later message takes the place of an earlier one only where it says the same: no fact is lost behind another, numbers do not pile up."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from alerts.channels import Answer, Verdict
from alerts.escalation import Escalation
from alerts.ladder import DEFAULT_LADDER
from alerts.overtaken import makes_needless
from alerts.terms import Channel, Kind, Notification, NotificationId
from geofence.terms import IncidentId, Level, OrderId, Reason, ZoneId
from tests.alerts.conftest import ACCEPTED, EXPIRED, LATER, Bench, fresh, until
from tests.messages import FACTS, transition

CALM, CAUTION, WARNING, EMERGENCY = Level
INCIDENT, RING = IncidentId("i"), NotificationId("ring")


def said(channel: Channel = Channel.WEBHOOK, kind: Kind = Kind.UPDATE, **more: Any) -> Notification:
    return fresh(channel, incident=INCIDENT, kind=kind, **more)


def numbers(metres: float | None = None, **more: Any) -> Notification:
    return said(refreshes=RING, distance_m=metres, text=f"{metres} m", **more)


# --- through the outbox -----------------------------------------------------------------------------------------------


async def test_three_troubles_in_one_ping_are_told_all_three(bench: Bench) -> None:
    webhook = bench.recorder(Channel.WEBHOOK)
    bench.recorder(Channel.BRACELET)
    outbox = await bench.start()
    escalation = Escalation(DEFAULT_LADDER)
    outbox.submit(escalation.on_transition(transition(0, CALM, WARNING, Reason.APPROACH), FACTS))
    await until(lambda: outbox.unfinished == 0)
    troubles = [Reason.STRAP, Reason.JAMMING, Reason.BATTERY]
    outbox.submit([one for reason in troubles for one in escalation.on_transition(transition(10, WARNING, WARNING, reason), FACTS)])
    await until(lambda: outbox.unfinished == 0)
    assert [one.reason for one in webhook.sent] == [Reason.APPROACH, *troubles]


async def test_three_past_breaches_in_one_turn_are_told_all_three(bench: Bench) -> None:
    webhook = bench.recorder(Channel.WEBHOOK)
    outbox = await bench.start()
    past = [said(reason=Reason.PAST_BREACH) for _ in range(3)]
    outbox.submit(past)
    await until(lambda: outbox.unfinished == 0)
    assert webhook.sent == past


async def test_what_waits_to_be_tried_again_is_not_lost_to_new_numbers(bench: Bench) -> None:
    webhook = bench.recorder(Channel.WEBHOOK, Answer(Verdict.UNSURE), Answer(Verdict.UNSURE))
    outbox = await bench.start()
    strap, new = said(reason=Reason.STRAP), numbers(640.0)
    outbox.submit([strap])
    await until(lambda: webhook.sent)
    await asyncio.sleep(0)
    outbox.submit([new])
    await until(lambda: outbox.unfinished == 0)
    assert webhook.sent == [strap, strap, strap, new]
    assert bench.ends() == {strap.id: ACCEPTED}


async def test_what_is_on_the_wire_is_not_lost_to_what_is_said_meanwhile(bench: Bench) -> None:
    webhook = bench.recorder(Channel.WEBHOOK, LATER)
    webhook.gate.clear()
    outbox = await bench.start()
    strap, battery = said(reason=Reason.STRAP), said(reason=Reason.BATTERY)
    outbox.submit([strap])
    await until(lambda: webhook.sent)
    outbox.submit([battery])
    webhook.gate.set()
    await until(lambda: outbox.unfinished == 0)
    assert webhook.sent == [strap, strap, battery]


async def test_of_a_minute_of_numbers_only_the_newest_is_sent(bench: Bench) -> None:
    webhook = bench.recorder(Channel.WEBHOOK)
    webhook.gate.clear()
    outbox = await bench.start()
    outbox.submit([ring := said(kind=Kind.RAISE)])
    await until(lambda: webhook.sent)
    flood = [numbers(640.0 - metres) for metres in range(60)]
    for one in flood:
        outbox.submit([one])
    assert outbox.unfinished == 2
    webhook.gate.set()
    await until(lambda: outbox.unfinished == 0)
    assert webhook.sent == [ring, flood[-1]]


async def test_two_reasons_of_one_level_ring_the_control_room_both(bench: Bench) -> None:
    webhook = bench.recorder(Channel.WEBHOOK, LATER)
    outbox = await bench.start()
    breach, sos = said(kind=Kind.RAISE), said(kind=Kind.RAISE, reason=Reason.SOS)
    outbox.submit([breach])
    await until(lambda: webhook.sent)
    await asyncio.sleep(0)
    outbox.submit([sos])
    await until(lambda: len(bench.outcomes) == 2)
    assert bench.ends() == {breach.id: ACCEPTED, sos.id: ACCEPTED}


async def test_the_same_trouble_said_again_is_sent_once(bench: Bench) -> None:
    webhook = bench.recorder(Channel.WEBHOOK, Answer(Verdict.LATER, "", 30.0))
    outbox = await bench.start()
    old, new = said(reason=Reason.STRAP), said(reason=Reason.STRAP)
    outbox.submit([old])
    await until(lambda: webhook.sent)
    await asyncio.sleep(0)
    outbox.submit([new])
    await until(lambda: len(bench.outcomes) == 2)
    assert bench.ends() == {old.id: EXPIRED, new.id: ACCEPTED}


# --- the rule ---------------------------------------------------------------------------------------------------------

RAISE, UPDATE, CLEAR = Kind
HER = Channel.BRACELET
ONE_LIST, NEXT_LIST = (OrderId("O-1"), OrderId("O-2")), (OrderId("O-2"),)


@pytest.mark.parametrize(
    ("new", "earlier", "needless"),
    [
        (numbers(600.0), numbers(640.0), True),
        (numbers(None), numbers(640.0), True),
        (said(kind=RAISE), numbers(640.0), True),
        (said(kind=CLEAR, level=CALM), numbers(640.0), True),
        (said(reason=Reason.STRAP, distance_m=600.0), numbers(640.0), True),
        (said(reason=Reason.STRAP), numbers(640.0), False),
        (said(reason=Reason.PAST_BREACH, distance_m=20.0), numbers(640.0), False),
        (said(refreshes=RING, orders=NEXT_LIST), said(refreshes=RING, orders=ONE_LIST), True),
        (said(kind=RAISE, orders=NEXT_LIST), said(refreshes=RING, orders=ONE_LIST), True),
        (said(kind=RAISE, orders=NEXT_LIST), said(kind=RAISE, orders=ONE_LIST), True),
        (numbers(600.0), said(reason=Reason.STRAP), False),
        (said(kind=CLEAR, level=CALM), said(reason=Reason.STRAP), False),
        (said(kind=RAISE), said(reason=Reason.STRAP, level=WARNING), False),
        (said(kind=RAISE), said(text="not reached"), False),
        (said(zone=ZoneId("school")), said(zone=ZoneId("home")), False),
        (said(level=WARNING), said(level=EMERGENCY), False),
        (said(reason=Reason.PAST_BREACH), said(reason=Reason.PAST_BREACH), False),
        (said(HER, kind=RAISE), said(HER, level=WARNING), True),
        (said(kind=RAISE), said(kind=RAISE, reason=Reason.APPROACH, level=WARNING), True),
        (said(kind=RAISE), said(kind=RAISE, reason=Reason.STRAP, level=CAUTION), False),
        (said(kind=RAISE, reason=Reason.STRAP, level=CAUTION), said(kind=RAISE), False),
        (said(HER, kind=RAISE), said(HER, kind=RAISE, reason=Reason.STRAP, level=CAUTION), True),
        (said(HER, kind=RAISE), said(HER, kind=RAISE, reason=Reason.SOS), False),
        (said(kind=RAISE), said(kind=CLEAR, level=CALM), True),
        (said(kind=CLEAR, level=CALM), said(kind=RAISE), False),
    ],
)
def test_needless_is_only_what_the_later_says_itself(new: Notification, earlier: Notification, needless: bool) -> None:
    assert makes_needless(new, earlier) is needless
