"""A call that stands on the carrier's list for one alert is never taken for another's: each is placed, twice rather than not at all."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alerts import database as database_module
from alerts.channels import Verdict
from alerts.channels.claims import Claims
from alerts.channels.telephone import Call, Telephone
from alerts.contacts import Contact
from alerts.terms import Channel, Notification, NotificationId
from geofence.terms import PersonId
from monitor.canary import Sink
from monitor.terms import CANARY
from simulator.fake_twilio import FakeTwilio, Fault
from tests.alerts.conftest import ACCEPTED, Bench, account_of, fresh, until

PHONE = "+525500000001"


def calls_by(twilio: FakeTwilio, timeout_s: float = 2.0) -> Telephone:
    """A carrier of another life each time."""
    carrier = Telephone(account_of(twilio), {PersonId(f"P-{n}"): Contact(phone=PHONE) for n in (1, 2)}, Call())
    carrier.timeout_s = timeout_s
    return carrier


def said_in(twilio: FakeTwilio) -> list[str]:
    return sorted(word for made in twilio.made for word in ("ONE", "TWO") if word in made.body)


ONE, TWO = "ONE. R-1 is inside.", "TWO. R-2 is inside."


async def test_another_alerts_call_to_that_number_is_not_taken_for_this_one(bench: Bench, twilio: FakeTwilio) -> None:
    bench.carriers[Channel.VOICE] = calls_by(twilio)
    twilio.faults.extend([None, Fault.ERROR])
    outbox = await bench.start()
    one, two = fresh(Channel.VOICE, text=ONE), fresh(Channel.VOICE, text=TWO, person=PersonId("P-2"))
    outbox.submit([one])
    await until(lambda: len(bench.outcomes) == 1)
    outbox.submit([two])
    await until(lambda: len(bench.outcomes) == 2)
    assert (twilio.hit[Fault.ERROR], twilio.lookups) == (1, 1)
    assert said_in(twilio) == ["ONE", "TWO"]


async def test_nor_after_a_restart(bench: Bench, twilio: FakeTwilio) -> None:
    bench.carriers[Channel.VOICE] = calls_by(twilio)
    bench.pace_s = {Channel.VOICE: 30.0}
    outbox = await bench.start()
    one, two = fresh(Channel.VOICE, text=ONE), fresh(Channel.VOICE, text=TWO)
    outbox.submit([one, two])
    await until(lambda: len(bench.outcomes) == 1)
    await outbox.stop(0.0)
    bench.carriers[Channel.VOICE] = calls_by(twilio)
    await bench.start()
    await until(lambda: len(bench.outcomes) == 2)
    assert bench.ends() == {one.id: ACCEPTED, two.id: ACCEPTED}
    assert said_in(twilio) == ["ONE", "TWO"]


async def test_a_call_whose_answer_died_with_us_is_found_and_not_repeated(bench: Bench, twilio: FakeTwilio) -> None:
    bench.carriers[Channel.VOICE] = calls_by(twilio)
    twilio.faults.append(Fault.WITHHELD)
    outbox = await bench.start()
    outbox.submit([one := fresh(Channel.VOICE, text=ONE)])
    await until(lambda: twilio.made)
    await outbox.stop(0.0)
    bench.carriers[Channel.VOICE] = calls_by(twilio)
    outbox = await bench.start()
    await until(lambda: bench.outcomes)
    assert [(outcome.notification, outcome.detail) for outcome in bench.outcomes] == [(one.id, "found")]
    await outbox.stop(1.0)
    with sqlite3.connect(bench.path) as connection:
        assert connection.execute("select receipt, notification from receipt").fetchall() == [(twilio.made[0].sid, one.id)]


async def test_where_either_may_have_been_placed_both_are(bench: Bench, twilio: FakeTwilio) -> None:
    """Both were on the wire when we died, one of them became a call."""
    bench.carriers[Channel.VOICE] = calls_by(twilio)
    twilio.faults.extend([Fault.WITHHELD, Fault.SILENT])
    outbox = await bench.start()
    outbox.submit([fresh(Channel.VOICE, text=ONE), fresh(Channel.VOICE, text=TWO)])
    await until(lambda: twilio.hit[Fault.SILENT] == 1)
    await outbox.stop(0.0)
    bench.carriers[Channel.VOICE] = calls_by(twilio)
    await bench.start()
    await until(lambda: len(bench.outcomes) == 2)
    assert set(said_in(twilio)) == {"ONE", "TWO"}
    assert len(twilio.made) == 3


@pytest.mark.parametrize("fault", Fault)
async def test_whatever_twilio_does_her_telephone_rings_once(bench: Bench, twilio: FakeTwilio, fault: Fault) -> None:
    bench.carriers[Channel.VOICE] = calls_by(twilio, timeout_s=0.3)
    twilio.faults.append(fault)
    outbox = await bench.start()
    outbox.submit([fresh(Channel.VOICE, text=ONE)])
    await until(lambda: bench.outcomes)
    assert (twilio.hit[fault], said_in(twilio)) == (1, ["ONE"])


async def test_names_of_calls_are_forgotten_with_the_rows(bench: Bench, twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.carriers[Channel.VOICE] = calls_by(twilio)
    outbox = await bench.start()
    outbox.submit([fresh(Channel.VOICE)])
    await until(lambda: bench.outcomes)
    await outbox.stop(1.0)
    monkeypatch.setattr(database_module, "KEPT_MS", -1_000)
    await (await bench.start()).stop(1.0)
    with sqlite3.connect(bench.path) as connection:
        assert connection.execute("select count(*) from receipt").fetchone() == (0,)


async def test_an_answer_of_500_leaves_it_open_whose_call_stands_there(twilio: FakeTwilio) -> None:
    carrier = calls_by(twilio)
    twilio.faults.extend([Fault.LATE_ERROR, Fault.ERROR])
    one, two = fresh(Channel.VOICE, text=ONE), fresh(Channel.VOICE, text=TWO)
    assert [(await carrier.send(each)).verdict for each in (one, two)] == [Verdict.UNSURE] * 2
    assert said_in(twilio) == ["ONE"]
    assert not await carrier.was_taken(two)
    await carrier.close()


async def test_behind_the_canary_calls_are_known_as_well(bench: Bench, twilio: FakeTwilio) -> None:
    sink = Sink(calls_by(twilio), Channel.VOICE, lambda _: None)
    bench.carriers[Channel.VOICE] = sink
    outbox = await bench.start()
    long_ago = {"issued_ms": fresh().issued_ms - 60_000}  # as read again from the journal: it may have been placed
    outbox.submit([one := fresh(Channel.VOICE), replace(fresh(Channel.VOICE, order=CANARY, person=PersonId("canary-her")), **long_ago)])
    await until(lambda: len(bench.outcomes) == 2)
    await outbox.stop(1.0)
    with sqlite3.connect(bench.path) as connection:
        assert connection.execute("select notification from receipt").fetchall() == [(one.id,)]


# --- the rule ---------------------------------------------------------------------------------------------------------


class Play:
    """Some alerts to one number, a carrier that does what it is told, and lives that end in between."""

    def __init__(self, count: int) -> None:
        self.open = [fresh(Channel.VOICE) for _ in range(count)]
        self.claims = Claims()
        self.kept: dict[str, NotificationId] = {}
        self.unsure: set[NotificationId] = set()
        self.made: dict[str, NotificationId] = {}  # SID -> whose call it really is

    def attempt(self, one: Notification, fate: str) -> None:
        if one.id in self.unsure and self.claims.find(one, PHONE, list(self.made)[::-1], one.issued_ms - 5_000):
            self.end(one)
            return
        self.claims.begin(one, PHONE, one.issued_ms)
        sid = f"CA{len(self.made)}"
        if fate in ("done", "done, no answer"):
            self.made[sid] = one.id
        if fate == "done":
            self.claims.taken(one, sid)
            self.end(one)
        elif fate == "busy":
            self.claims.refused(one)
        else:
            self.unsure.add(one.id)

    def end(self, one: Notification) -> None:
        self.open.remove(one)
        receipts = self.claims.receipts_of(one.id)
        assert receipts
        self.kept |= dict.fromkeys(receipts, one.id)

    def restart(self) -> None:
        self.claims = Claims()
        self.claims.know(self.kept)
        for one in self.open:
            self.claims.suspect(one, PHONE, one.issued_ms)
            self.unsure.add(one.id)


FATES = ("done", "done, no answer", "nothing, no answer", "busy", "restart")


A_MADE, B_NOT = (0, "done, no answer"), (1, "nothing, no answer")


def played(count: int, steps: list[tuple[int, str]]) -> Play:
    """All of it, until each has come to its end."""
    play = Play(count)
    for who, fate in steps:
        if fate == "restart":
            play.restart()
        elif play.open:
            play.attempt(play.open[who % len(play.open)], fate)
    while play.open:
        play.attempt(play.open[0], "done")
    return play


@given(st.integers(1, 4), st.lists(st.tuples(st.integers(0, 3), st.sampled_from(FATES)), max_size=14))
@example(2, [A_MADE, B_NOT, (0, "done"), (0, "restart")])  # the first was made twice, and we forgot that it was in doubt
@example(2, [A_MADE, B_NOT, A_MADE, (0, "done"), (0, "restart")])
@settings(deadline=None, max_examples=500)
def test_every_alert_becomes_a_call_of_its_own(count: int, steps: list[tuple[int, str]]) -> None:
    play = played(count, steps)
    assert len(set(play.made.values())) == count


def test_two_calls_of_two_alerts_are_found_and_not_repeated() -> None:
    assert len(played(2, [A_MADE, (1, "done, no answer")]).made) == 2


def test_what_an_earlier_life_has_surely_not_made_is_in_doubt_no_more() -> None:
    claims, (one, two) = Claims(), (fresh(Channel.VOICE), fresh(Channel.VOICE))
    for each in (one, two):
        claims.suspect(each, PHONE, 10)
        assert not claims.find(each, PHONE, [], 0)
    claims.begin(two, PHONE, 20)
    assert claims.find(two, PHONE, ["CA1"], 0)


def test_what_was_found_is_in_doubt_no_more() -> None:
    claims, (one, two) = Claims(), (fresh(Channel.VOICE), fresh(Channel.VOICE))
    claims.suspect(one, PHONE, 10)
    assert claims.find(one, PHONE, ["CA1"], 0)
    claims.begin(two, PHONE, 20)
    assert claims.find(two, PHONE, ["CA2", "CA1"], 0)


def test_a_call_whose_name_was_kept_is_known_before_its_end_was() -> None:
    claims, (one, two) = Claims(), (fresh(Channel.VOICE), fresh(Channel.VOICE))
    claims.know({"CA1": one.id})
    for each in (one, two):
        claims.suspect(each, PHONE, 10)
    assert claims.find(one, PHONE, ["CA1"], 0)
    assert not claims.find(two, PHONE, ["CA1"], 0)


def test_a_call_that_is_listed_late_is_not_taken_for_anothers() -> None:
    claims, (one, two) = Claims(), (fresh(Channel.VOICE), fresh(Channel.VOICE))
    for each in (one, two):
        claims.begin(each, PHONE, 10)
    assert not claims.find(one, PHONE, [], 0)
    claims.begin(one, PHONE, 20)
    claims.taken(one, "CA2")
    assert not claims.find(two, PHONE, ["CA2", "CA1"], 0)


def test_an_attempt_of_long_ago_or_to_another_number_leaves_no_doubt() -> None:
    claims, (one, two, three) = Claims(), (fresh(Channel.VOICE), fresh(Channel.VOICE), fresh(Channel.VOICE))
    claims.begin(one, PHONE, 10)
    claims.begin(two, "+525500000002", 1_000)
    claims.begin(three, PHONE, 1_000)
    assert claims.find(three, PHONE, ["CA1"], 500)


@given(st.lists(st.sampled_from(FATES), max_size=10))
def test_an_alert_alone_is_called_once_whatever_happens(fates: list[str]) -> None:
    play = Play(1)
    for fate in [*fates, "done"]:
        if fate == "restart":
            play.restart()
        elif play.open:
            play.attempt(play.open[0], fate)
    assert len(play.made) == 1
