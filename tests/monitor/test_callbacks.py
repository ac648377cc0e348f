"""What the telephone company tells us back: only what it has signed, once, and never backwards; a pressed key is an answer."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.channels.telephone import CALL_STATES, TEXT_STATES
from alerts.escalation import Escalation
from alerts.ladder import DEFAULT_LADDER
from alerts.terms import Channel, DeliveryState, Notification, Outcome
from geofence.terms import Level, Reason
from monitor.callbacks import KEY_AGE_MS, STATUS_AGE_MS, Callbacks
from simulator.fake_twilio import call_back, signature
from tests.messages import FACTS, notification, transition

TOKEN = "b" * 32
PUBLIC = "https://monitor.example.org/twilio"
NOW_MS = 1_764_000_000_000
CALL, TEXT = "CA" + "1" * 32, "SM" + "2" * 32


class Desk:
    """The listener, and what it has passed on."""

    def __init__(self, public_url: str = PUBLIC) -> None:
        self.acks: list[dict[str, object]] = []
        self.outcomes: list[Outcome] = []
        self.counts: Counter[str] = Counter()
        self.now_ms = NOW_MS
        self.is_open = True
        self.public_url = public_url
        self.callbacks = Callbacks(
            listen="127.0.0.1:0",
            public_url=public_url,
            auth_token=TOKEN,
            put=lambda topic, payload: self.acks.append({"topic": topic, **json.loads(payload)}),
            heard=lambda outcome, _: self.outcomes.append(outcome),
            follows=lambda _: self.is_open,
            count=lambda result: self.counts.update([result]),
            now_ms=lambda: self.now_ms,
        )

    def tell(self, kind: str, one: Notification, *, token: str = TOKEN, said: str | None = None, **form: str) -> tuple[int, str]:
        path = f"/{kind}/{one.language}/{one.issued_ms}/{one.id}"
        signed = signature(token, self.public_url + path, form) if said is None else said
        reply = self.callbacks.take(path, urlencode(form).encode(), signed)
        return reply.status, reply.body.decode()

    def text(self, one: Notification, status: str, **more: str) -> int:
        return self.tell("text", one, MessageSid=TEXT, MessageStatus=status, **more)[0]

    def key(self, one: Notification, digits: str, **more: str) -> tuple[int, str]:
        return self.tell("key", one, CallSid=CALL, Digits=digits, **more)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def one() -> Notification:
    return notification(Channel.SMS, issued_ms=NOW_MS)


# --- receipts -----------------------------------------------------------------------------------------------------------


def test_a_receipt_says_how_far_a_text_got(desk: Desk, one: Notification) -> None:
    assert [desk.text(one, word) for word in ("queued", "sent", "delivered")] == [204] * 3
    assert desk.outcomes == [Outcome(one.id, DeliveryState.DELIVERED, NOW_MS, "delivered")]
    assert desk.counts == {"taken": 3}


def test_a_text_that_failed_on_its_way_says_why_in_our_words(desk: Desk, one: Notification) -> None:
    desk.text(one, "undelivered", ErrorCode="30003", To="+525500000001")
    assert desk.outcomes == [Outcome(one.id, DeliveryState.FAILED, NOW_MS, "telephone unreachable")]


@pytest.mark.parametrize("code", ["", "x", "٣", "9" * 5_000, "-1", "nan"])
def test_an_error_that_nobody_knows_is_a_failure_all_the_same(desk: Desk, one: Notification, code: str) -> None:
    assert desk.text(one, "failed", ErrorCode=code) == 204
    assert [outcome.state for outcome in desk.outcomes] == [DeliveryState.FAILED]
    assert len(desk.outcomes[0].detail) < 20


def test_a_call_that_a_machine_may_have_answered_has_not_reached_her(desk: Desk, one: Notification) -> None:
    desk.tell("call", one, CallSid=CALL, CallStatus="completed")
    assert desk.outcomes == []
    desk.tell("call", one, CallSid=CALL, CallStatus="no-answer")
    assert [outcome.state for outcome in desk.outcomes] == [DeliveryState.FAILED]


def test_the_same_receipt_twice_is_refused_and_one_for_another_text_is_not(desk: Desk, one: Notification) -> None:
    assert (desk.text(one, "delivered"), desk.text(one, "delivered")) == (204, 403)
    assert desk.tell("text", one, MessageSid="SM" + "3" * 32, MessageStatus="delivered")[0] == 204, "a duplicate of ours, also there"
    assert len(desk.outcomes) == 1


def test_a_receipt_of_long_ago_is_refused(desk: Desk, one: Notification) -> None:
    desk.now_ms = NOW_MS + STATUS_AGE_MS + 1
    assert desk.text(one, "delivered") == 403
    assert (desk.outcomes, desk.counts) == ([], {"late": 1})


WORDS = [("text", word) for word in TEXT_STATES] + [("call", word) for word in CALL_STATES]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=20))
def test_however_receipts_come_no_state_goes_backwards(told: list[tuple[str, str]]) -> None:
    desk, one = Desk(), notification(Channel.SMS, issued_ms=NOW_MS)
    for kind, word in told:
        assert desk.tell(kind, one, MessageSid=TEXT, CallSid=CALL, MessageStatus=word, CallStatus=word)[0] in (204, 403)
    ranks = [outcome.state.rank for outcome in desk.outcomes]
    assert ranks == sorted(set(ranks))
    furthest = max(((TEXT_STATES if kind == "text" else CALL_STATES)[word].rank for kind, word in told), default=0)
    assert max(ranks, default=0) == (furthest if furthest > DeliveryState.ACCEPTED.rank else 0), "in any order the end is the same"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(list(TEXT_STATES)), st.integers(0, 70_000)), max_size=12), st.integers(0, 2**32))
def test_lost_late_or_shuffled_receipts_never_end_the_ladder(told: list[tuple[str, int]], seed: int) -> None:
    """Whatever carriers say of her messages, dispatch is asked on until a person answers."""
    escalation, desk = Escalation(DEFAULT_LADDER), Desk()
    said = escalation.on_transition(transition(NOW_MS, Level.CALM, Level.EMERGENCY, Reason.BREACH), FACTS)
    rng = random.Random(seed)
    for word, after_ms in sorted(told, key=lambda one: one[1]):
        said += escalation.due(NOW_MS + after_ms)
        hers = [one for one in said if one.person is not None]
        desk.tell("text", rng.choice(hers), MessageSid=str(rng.random()), MessageStatus=word)
        while desk.outcomes:
            said += escalation.on_outcome(desk.outcomes.pop())
    before = len(said)
    said += escalation.due(NOW_MS + 200_000)
    assert [one for one in said[before:] if one.channel is Channel.WEBHOOK], "asked in the third minute too"
    assert escalation.next_deadline_ms() is not None
    assert any(one.channel is Channel.VOICE for one in said), "her telephone rang: no receipt is an answer of hers"


# --- keys ---------------------------------------------------------------------------------------------------------------


def test_one_is_her_answer(desk: Desk, one: Notification) -> None:
    status, page = desk.key(one, "1")
    assert desk.acks == [{"topic": "monitor/ack", "alert": one.id, "by": "person"}]
    assert status == 200
    assert [say.text for say in ET.fromstring(page).iter("Say")] == ["Gracias. Ante un peligro, llama al 911."]


def test_nine_asks_for_help(desk: Desk, one: Notification) -> None:
    _, page = desk.key(one, "9")
    assert desk.acks == [{"topic": "monitor/ack", "alert": one.id, "by": "person", "wants_help": True}]
    assert "central" in page


def test_a_key_counts_once_and_is_answered_each_time(desk: Desk, one: Notification) -> None:
    assert desk.key(one, "9") == desk.key(one, "9")
    assert (len(desk.acks), desk.counts) == (1, {"taken": 1, "repeated": 1})
    desk.key(one, "1")
    assert len(desk.acks) == 2, "another key is another word"


def test_a_key_that_means_nothing_is_asked_for_again(desk: Desk, one: Notification) -> None:
    for digits in ("5", "", "11", "#"):
        status, page = desk.key(one, digits)
        gather = ET.fromstring(page).find("Gather")
        assert status == 200
        assert gather is not None
        assert gather.get("action") == f"{PUBLIC}/key/es/{NOW_MS}/{one.id}"
    assert desk.acks == []


def test_help_is_not_promised_where_nobody_is_told(desk: Desk, one: Notification) -> None:
    desk.is_open = False
    assert "llama al 911" in desk.key(one, "9")[1]
    assert "central" not in desk.key(one, "9")[1]


def test_a_key_pressed_long_after_the_call_is_refused(desk: Desk, one: Notification) -> None:
    desk.now_ms = NOW_MS + KEY_AGE_MS + 1
    assert desk.key(one, "1")[0] == 403
    assert desk.acks == []


def test_the_control_room_takes_charge_by_key_and_cannot_ask_itself_for_help(desk: Desk, one: Notification) -> None:
    status, page = desk.tell("duty", one, CallSid=CALL, Digits="9")
    assert (status, desk.acks) == (200, [])
    assert "Oprime 1" in page
    status, page = desk.tell("duty", one, CallSid=CALL, Digits="1")
    assert desk.acks == [{"topic": "monitor/ack", "alert": one.id, "by": "person"}]
    assert "a tu cargo" in page


# --- whoever else calls -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["", "x", "é", "\udcff", "A" * 10_000, None], ids=["empty", "short", "accent", "bytes", "long", "another's"])
def test_what_twilio_has_not_signed_changes_nothing(desk: Desk, one: Notification, said: str | None) -> None:
    status, _ = desk.tell("key", one, token="c" * 32, said=said, CallSid=CALL, Digits="1")
    assert (status, desk.acks, desk.counts) == (403, [], {"forged": 1})


def test_a_signature_is_good_for_its_own_words_and_its_own_place_alone(desk: Desk, one: Notification) -> None:
    other = notification(Channel.SMS, issued_ms=NOW_MS)
    form = {"CallSid": CALL, "Digits": "1"}
    path = f"/key/es/{NOW_MS}/{one.id}"
    good = signature(TOKEN, PUBLIC + path, form)
    http = signature(TOKEN, PUBLIC.replace("https", "http") + path, form)
    for where, said, by in (
        (path, {**form, "Digits": "9"}, good),
        (f"/key/es/{NOW_MS}/{other.id}", form, good),
        (f"/key/es/{NOW_MS + 1}/{one.id}", form, good),
        (f"/text/es/{NOW_MS}/{one.id}", form, good),
        (path, form, http),
    ):
        assert desk.callbacks.take(where, urlencode(said).encode(), by).status == 403
    assert desk.callbacks.take(path, urlencode(form).encode(), None).status == 403
    assert (desk.acks, desk.counts) == ([], {"forged": 6})
    assert desk.callbacks.take(path, urlencode(form).encode(), good).status == 200, "the same, unchanged, is taken"


@pytest.mark.parametrize("body", [b"Digits", b"\xff=1", b"a=%FF", b"Digits=1&Digits=9", b"&".join(b"a%d=1" % n for n in range(200)), b"{}"])
def test_a_form_that_is_none_is_refused(desk: Desk, one: Notification, body: bytes) -> None:
    assert desk.callbacks.take(f"/key/es/{NOW_MS}/{one.id}", body, "x").status == 403
    assert desk.counts == {"malformed": 1}


@given(st.text(max_size=80), st.binary(max_size=200), st.none() | st.text(max_size=40))
def test_nothing_that_is_sent_makes_it_fail(path: str, body: bytes, said: str | None) -> None:
    desk = Desk()
    for where in (path, f"/key/es/{NOW_MS}/{notification(issued_ms=NOW_MS).id}"):
        assert desk.callbacks.take(where, body, said).status == 403
    assert desk.acks == desk.outcomes == []


# --- over the wire ------------------------------------------------------------------------------------------------------


@pytest.fixture
async def served() -> AsyncIterator[Desk]:
    desk = Desk()
    task = asyncio.create_task(desk.callbacks.run())
    async with asyncio.timeout(5):
        while desk.callbacks.server.port == 0:
            await asyncio.sleep(0.005)
    desk.public_url = desk.callbacks._public_url = f"http://127.0.0.1:{desk.callbacks.server.port}"
    yield desk
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_over_the_wire_the_signed_is_taken_and_the_rest_is_refused_without_a_fault_of_ours(served: Desk, one: Notification) -> None:
    url = f"{served.public_url}/key/es/{NOW_MS}/{one.id}"
    form = {"CallSid": CALL, "Digits": "9", "Empty": "", "City": "Querétaro"}
    status, page = await call_back(TOKEN, url, form)
    assert (status, ET.fromstring(page).tag) == (200, "Response")
    assert (await call_back("c" * 32, url, form))[0] == 403
    assert (await call_back(TOKEN, f"{url}?a=1", form))[0] == 403, "not the address that we gave"
    assert (await call_back(TOKEN, url, {"a": "x" * 20_000}))[0] == 413
    async with aiohttp.ClientSession() as session:
        for name, value in (("X-Twilio-Signature", "é"), ("X-Other", "x")):
            async with session.post(url, data=form, headers={name: value}) as answer:
                assert answer.status == 403
        async with session.post(url, data=b"\xff\x00", headers={"Content-Type": "multipart/form-data"}) as answer:
            assert answer.status == 403
        async with session.get(url) as answer:
            assert answer.status == 405
    assert len(served.acks) == 1
