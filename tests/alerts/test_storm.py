"""A thousand emergencies at once and a carrier that takes one call at a time: the most urgent first, nobody dropped, every turn visible."""

from __future__ import annotations

import random
import time
from pathlib import Path

from alerts.channels.console import Console
from alerts.channels.telephone import Account, Call, Telephone
from alerts.contacts import Contact
from alerts.lane import urgency
from alerts.outbox import Outbox
from alerts.terms import Channel, DeliveryState, Notification, Outcome
from geofence.terms import Level, PersonId, Reason
from simulator.fake_twilio import FakeTwilio
from tests.messages import notification
from tests.service_world import until

MANY = 1_000
CALLS_PER_S = 250.0  # a thousand seconds would be too long for a test: what is held is the order and the pace
HERS = [PersonId(f"P-{n}") for n in range(MANY)]
CONTACTS = {person: Contact(phone=f"+52550{n:07}") for n, person in enumerate(HERS)}


def storm(rng: random.Random) -> list[Notification]:
    """Each about another person, in no order."""
    now_ms = time.time_ns() // 1_000_000
    kinds = [(Level.EMERGENCY, Reason.SOS), (Level.EMERGENCY, Reason.BREACH), (Level.WARNING, Reason.APPROACH)]
    said = []
    for person in HERS:
        level, reason = rng.choice(kinds)
        seconds = rng.uniform(5.0, 600.0) if reason is Reason.APPROACH else None
        more = {"distance_m": rng.uniform(5.0, 2_000.0), "seconds_to_perimeter": seconds}
        said.append(notification(Channel.VOICE, issued_ms=now_ms, person=person, level=level, reason=reason, **more))
    return said


def test_loud_goes_before_quiet_sos_before_breach_soon_before_late_and_near_before_far() -> None:
    def one(level: Level, reason: Reason, seconds: float | None, metres: float | None, issued_ms: int = 0) -> Notification:
        return notification(issued_ms=issued_ms, level=level, reason=reason, seconds_to_perimeter=seconds, distance_m=metres)

    in_order = [
        one(Level.EMERGENCY, Reason.SOS, None, None),
        one(Level.EMERGENCY, Reason.BREACH, None, 20.0),
        one(Level.EMERGENCY, Reason.BREACH, None, 400.0),
        one(Level.EMERGENCY, Reason.BREACH, None, 400.0, issued_ms=5),
        one(Level.WARNING, Reason.APPROACH, 30.0, 900.0),
        one(Level.WARNING, Reason.APPROACH, 300.0, 600.0),
        one(Level.WARNING, Reason.APPROACH, None, 600.0),
        one(Level.CAUTION, Reason.CANNOT_SEE_RESPONDENT, None, 10.0),
    ]
    for seed in range(20):
        assert sorted(random.Random(seed).sample(in_order, len(in_order)), key=urgency) == in_order


async def test_a_thousand_calls_go_out_one_by_one_the_most_urgent_first_and_every_turn_can_be_seen(tmp_path: Path) -> None:
    twilio, outcomes = FakeTwilio(), list[Outcome]()
    await twilio.start()
    account = Account(account_sid="AC" + "a" * 32, auth_token="b" * 32, from_number="+525500000009", base_url=twilio.url)
    carriers = {Channel.CONSOLE: Console(), Channel.VOICE: Telephone(account, CONTACTS, Call())}
    outbox = Outbox(tmp_path / "o.sqlite", carriers, on_outcome=outcomes.append, pace_s={Channel.VOICE: 1 / CALLS_PER_S})
    await outbox.start()
    try:
        said = storm(random.Random(11))
        outbox.submit(said)
        await until(lambda: len(twilio.made) > MANY // 4, 60)
        turns = outbox.waiting()[Channel.VOICE]
        assert len(turns) > MANY // 4, "most of them wait, and each can be seen"
        assert turns == sorted(turns, key=urgency)
        await until(lambda: len(outcomes) == MANY, 120, lambda: f"{len(outcomes)} of {MANY}")
        assert {one.state for one in outcomes} == {DeliveryState.ACCEPTED}
        rung = [made.form["To"] for made in twilio.made]
        assert len(rung) == len(set(rung)) == MANY, "nobody dropped, nobody twice"
        wanted = [CONTACTS[one.person].phone for one in sorted(said, key=urgency) if one.person is not None]
        moved = max(abs(wanted.index(number) - place) for place, number in enumerate(rung))
        assert moved <= 2 * carriers[Channel.VOICE].parallel, "as many as are under way at once may pass each other"
        assert outbox.waiting()[Channel.VOICE] == []
    finally:
        await outbox.stop(0.0)
        await twilio.stop()


async def test_an_emergency_in_the_middle_of_a_flood_of_lesser_ones_is_next(tmp_path: Path) -> None:
    twilio = FakeTwilio()
    await twilio.start()
    account = Account(account_sid="AC" + "a" * 32, auth_token="b" * 32, from_number="+525500000009", base_url=twilio.url)
    carriers = {Channel.CONSOLE: Console(), Channel.VOICE: Telephone(account, CONTACTS, Call())}
    outbox = Outbox(tmp_path / "o.sqlite", carriers, on_outcome=lambda _: None, pace_s={Channel.VOICE: 0.02})
    await outbox.start()
    try:
        now_ms = time.time_ns() // 1_000_000
        flood = [notification(Channel.VOICE, issued_ms=now_ms, person=one, level=Level.WARNING, reason=Reason.APPROACH) for one in HERS[1:]]
        outbox.submit(flood)
        await until(lambda: len(twilio.made) >= 10)
        outbox.submit([notification(Channel.VOICE, issued_ms=now_ms, person=HERS[0])])
        assert outbox.waiting()[Channel.VOICE][0].person == HERS[0]
        before = len(twilio.made)
        await until(lambda: any(made.form["To"] == CONTACTS[HERS[0]].phone for made in twilio.made))
        place = [made.form["To"] for made in twilio.made].index(CONTACTS[HERS[0]].phone)
        assert place <= before + carriers[Channel.VOICE].parallel
    finally:
        await outbox.stop(0.0)
        await twilio.stop()
