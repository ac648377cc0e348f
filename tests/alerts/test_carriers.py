"""The ways out against real sockets: a broken server, a busy one, a silent one, and what each means."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from aiohttp import web

from alerts.channels import Answer, Verdict
from alerts.channels import console as console_module
from alerts.channels.bracelet import Bracelet
from alerts.channels.console import Console
from alerts.channels.dispatch import Webhook
from alerts.channels.spoken import KEYS, Key, Line, thanks, twiml_of
from alerts.channels.telephone import PERMANENT, Call, Telephone, Text, Way, answer_of, word_for
from alerts.contacts import Contact
from alerts.terms import Audience, Channel, Notification
from geofence.terms import DeviceId, PersonId
from monitor.carriers import prepare
from simulator.fake_twilio import FakeTwilio, Fault
from tests.alerts.conftest import account_of
from tests.messages import notification

NOW_MS = 1_764_000_000_000
PHONE = "+525500000001"
CONTACTS = {PersonId("P-1"): Contact(phone=PHONE, name="Nadie")}
PUBLIC = "https://monitor.example.org/twilio"
SECRET = "a-secret-of-the-control-room"


# --- bracelet -----------------------------------------------------------------------------------------------------------


class Broker:
    """Takes what is published, unless the topic is in `deaf`."""

    def __init__(self, *deaf: str) -> None:
        self.published: list[tuple[str, dict[str, Any], int]] = []
        self.deaf = deaf

    async def publish(self, topic: str, payload: bytes, qos: int) -> None:
        if topic in self.deaf:
            raise ConnectionError
        self.published.append((topic, json.loads(payload), qos))


async def test_a_bracelet_gets_the_alert_of_the_contract_with_absent_keys_absent() -> None:
    broker = Broker()
    one = notification(issued_ms=NOW_MS, distance_m=640.0, uncertainty_m=25.0, bearing="NE")
    answer = await Bracelet(broker.publish).send(one)
    assert answer.verdict is Verdict.TAKEN
    alert = {
        "v": 1,
        "id": one.id,
        "code": "K7Q2",
        "level": "emergency",
        "reason": "breach",
        "issued": NOW_MS,
        "language": "es",
        "text": one.text,
    }
    assert broker.published == [("v1/brc-1/alert", {**alert, "distance": 640.0, "uncertainty": 25.0, "bearing": "NE"}, 1)]


async def test_each_of_her_bracelets_is_told_and_one_that_has_it_is_enough() -> None:
    two = notification(issued_ms=NOW_MS, devices=(DeviceId("a"), DeviceId("b")))
    assert (await Bracelet(Broker("v1/a/alert").publish).send(two)).verdict is Verdict.TAKEN
    assert (await Bracelet(Broker("v1/a/alert", "v1/b/alert").publish).send(two)).verdict is Verdict.LATER
    broker = Broker()
    await Bracelet(broker.publish).send(two)
    assert [topic for topic, _, _ in broker.published] == ["v1/a/alert", "v1/b/alert"]


async def test_nobody_waits_for_a_bracelet_that_does_not_exist() -> None:
    assert (await Bracelet(Broker().publish).send(notification(issued_ms=NOW_MS, devices=()))).verdict is Verdict.NEVER


# --- console ------------------------------------------------------------------------------------------------------------


async def test_the_console_shows_the_same_words_once() -> None:
    shown: list[Notification] = []
    console = Console(shown.append)
    one = notification(Channel.CONSOLE, issued_ms=NOW_MS)
    twin = notification(Channel.WEBHOOK, issued_ms=NOW_MS, incident=one.incident)
    for each in (one, twin, one):
        assert (await console.send(each)).verdict is Verdict.TAKEN
    assert shown == [one]


async def test_the_console_forgets_what_it_no_longer_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console_module, "KEPT", 2)
    shown: list[Notification] = []
    console = Console(shown.append)
    first, *more = (notification(Channel.CONSOLE, issued_ms=NOW_MS + k) for k in range(3))
    for each in (first, *more, more[0], first):
        await console.send(each)
    assert shown == [first, *more, first]
    assert list(console.messages) == [more[1], first]


# --- dispatch -----------------------------------------------------------------------------------------------------------

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Room:
    """The control room's server: answers with what the script says."""

    def __init__(self) -> None:
        self.script: list[tuple[int, dict[str, str]]] = []
        self.calls: list[tuple[bytes, dict[str, str]]] = []
        self.silent = False
        self.url = ""

    async def on_call(self, request: web.Request) -> web.StreamResponse:
        self.calls.append((await request.read(), dict(request.headers)))
        if self.silent:
            await asyncio.sleep(30)
        status, headers = self.script.pop(0) if self.script else (200, {})
        return web.Response(status=status, headers=headers)


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    room = Room()
    app = web.Application()
    app.router.add_post("/alerts", room.on_call)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    room.url = f"http://127.0.0.1:{runner.addresses[0][1]}/alerts"
    yield room
    await runner.cleanup()


@pytest.fixture
async def webhook(room: Room) -> AsyncIterator[Webhook]:
    webhook = Webhook(room.url, SECRET, now_s=lambda: NOW_MS / 1000)
    yield webhook
    await webhook.close()


async def test_dispatch_can_check_who_called(room: Room, webhook: Webhook) -> None:
    one = notification(Channel.WEBHOOK, issued_ms=NOW_MS, distance_m=640.0)
    assert (await webhook.send(one)).verdict is Verdict.TAKEN
    body, headers = room.calls[0]
    parts = dict(part.split("=") for part in headers["X-Resguardo-Signature"].split(","))
    assert hmac.new(SECRET.encode(), f"{parts['t']}.".encode() + body, hashlib.sha256).hexdigest() == parts["v1"]
    assert headers["Idempotency-Key"] == one.id
    message = json.loads(body)
    assert (message["code"], message["level"], message["distance"]) == ("K7Q2", "emergency", 640.0)
    assert "zone" not in message
    assert "person" not in message


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (204, Verdict.TAKEN),
        (409, Verdict.TAKEN),
        (302, Verdict.NEVER),
        (401, Verdict.NEVER),
        (404, Verdict.NEVER),
        (408, Verdict.LATER),
        (500, Verdict.UNSURE),
        (503, Verdict.UNSURE),
    ],
)
async def test_what_a_webhooks_answer_means(room: Room, webhook: Webhook, status: int, verdict: Verdict) -> None:
    room.script = [(status, {})]
    assert (await webhook.send(notification(Channel.WEBHOOK, issued_ms=NOW_MS))).verdict is verdict


@pytest.mark.parametrize(
    ("asked", "wait_s"), [("7", 7.0), ("99999", 60.0), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-3", None), ("nan", None)]
)
async def test_a_busy_webhook_says_how_long(room: Room, webhook: Webhook, asked: str, wait_s: float | None) -> None:
    room.script = [(429, {"Retry-After": asked})]
    answer = await webhook.send(notification(Channel.WEBHOOK, issued_ms=NOW_MS))
    assert (answer.verdict, answer.retry_after_s) == (Verdict.LATER, wait_s)


async def test_a_webhook_that_keeps_silent_is_unsure_and_one_that_is_not_there_is_later(room: Room, webhook: Webhook) -> None:
    room.silent, webhook.timeout_s = True, 0.1
    assert (await webhook.send(notification(Channel.WEBHOOK, issued_ms=NOW_MS))).verdict is Verdict.UNSURE
    assert len(room.calls) == 1, "the server was really reached"
    absent = Webhook("http://127.0.0.1:9/alerts", SECRET)
    assert (await absent.send(notification(Channel.WEBHOOK, issued_ms=NOW_MS))).verdict is Verdict.LATER
    await absent.close()


# --- telephone ----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def texts(twilio: FakeTwilio) -> AsyncIterator[Telephone]:
    carrier = Telephone(account_of(twilio), CONTACTS, Text())
    yield carrier
    await carrier.close()


@pytest.fixture
async def calls(twilio: FakeTwilio) -> AsyncIterator[Telephone]:
    carrier = Telephone(account_of(twilio), CONTACTS, Call())
    yield carrier
    await carrier.close()


def now_text(**more: Any) -> Notification:
    return notification(Channel.SMS, issued_ms=time.time_ns() // 1_000_000, **more)


async def test_what_takes_long_the_first_time_is_done_before_the_first_alert(texts: Telephone) -> None:
    """To load Twilio's package and make its client takes half a second, in which nothing else of the service would move."""
    assert texts._client is None
    prepare({Channel.SMS: texts, Channel.CONSOLE: Console()})
    client = texts._client
    assert client is not None
    await texts.send(now_text())
    assert texts._client is client


async def test_a_text_goes_to_her_number(twilio: FakeTwilio, texts: Telephone) -> None:
    one = now_text()
    assert texts.reaches(one)
    assert (await texts.send(one)).verdict is Verdict.TAKEN
    assert [(made.kind, made.to, made.body) for made in twilio.made] == [("Messages", PHONE, one.text)]
    assert not texts.reaches(now_text(person=PersonId("P-2")))


async def test_a_call_says_the_alert_twice(twilio: FakeTwilio, calls: Telephone) -> None:
    one = now_text(text="A & B < C")
    assert (await calls.send(one)).verdict is Verdict.TAKEN
    assert twilio.made[0].kind == "Calls"
    spoken = ET.fromstring(twilio.made[0].body)
    assert [part.text for part in spoken.iter("Say")] == ["A & B < C"] * 2
    assert 'language="es-MX"' in twiml_of(one)


async def test_a_text_that_comes_too_late_is_not_wanted(twilio: FakeTwilio, texts: Telephone) -> None:
    await texts.send(now_text())
    assert twilio.made[0].form["ValidityPeriod"] == "300"
    assert "StatusCallback" not in twilio.made[0].form, "nobody listens"


@pytest.mark.parametrize(("way", "what"), [(Text(), "text"), (Call(), "call")], ids=["text", "call"])
async def test_twilio_is_told_where_to_tell_us(twilio: FakeTwilio, way: Way, what: str) -> None:
    carrier = Telephone(replace(account_of(twilio), public_url=PUBLIC), CONTACTS, way)
    one = now_text()
    assert (await carrier.send(one)).verdict is Verdict.TAKEN
    assert twilio.made[0].form["StatusCallback"] == f"{PUBLIC}/{what}/es/{one.issued_ms}/{one.id}"
    assert PHONE not in twilio.made[0].form["StatusCallback"]
    await carrier.close()


async def test_her_call_waits_for_a_key_and_a_technicians_does_not(twilio: FakeTwilio) -> None:
    carrier = Telephone(replace(account_of(twilio), public_url=PUBLIC), CONTACTS, Call())
    hers = notification(Channel.VOICE, issued_ms=NOW_MS, text="PELIGRO. Clave K, 7, Q, 2.")
    for audience in (Audience.PROTECTED, Audience.TECHNICAL):
        await carrier.send(replace(hers, audience=audience))
    asked, plain = (ET.fromstring(made.body) for made in twilio.made)
    gather = asked.find("Gather")
    assert gather is not None
    assert (gather.get("numDigits"), gather.get("action")) == ("1", f"{PUBLIC}/key/es/{NOW_MS}/{hers.id}")
    spoken = [say.text or "" for say in gather.iter("Say")]
    assert len(spoken) == 2
    assert all(text.startswith(hers.text) and "Oprime 1" in text and "Oprime 9" in text for text in spoken)
    assert plain.find("Gather") is None
    await carrier.close()


async def test_the_control_rooms_call_asks_who_takes_charge_and_tells_its_key_elsewhere(twilio: FakeTwilio) -> None:
    carrier = Telephone(replace(account_of(twilio), public_url=PUBLIC), CONTACTS, Call())
    theirs = notification(Channel.VOICE, issued_ms=NOW_MS, audience=Audience.DISPATCH, text="PELIGRO. Clave K, 7, Q, 2.")
    await carrier.send(theirs)
    gather = ET.fromstring(twilio.made[0].body).find("Gather")
    assert gather is not None
    assert gather.get("action") == f"{PUBLIC}/duty/es/{NOW_MS}/{theirs.id}"
    spoken = [say.text or "" for say in gather.iter("Say")]
    assert all("te haces cargo" in text and "Oprime 9" not in text for text in spoken)
    await carrier.close()


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize(("line", "key"), [(line, key) for line, keys in KEYS.items() for key in (*keys, None)])
def test_every_key_is_answered_in_her_language(language: str, line: Line, key: Key | None) -> None:
    spoken = list(ET.fromstring(thanks(key, line, language, "https://x/a?b=1&c=2")).iter("Say"))
    assert len(spoken) == 1
    assert spoken[0].get("language") == {"es": "es-MX", "en": "en-US"}[language]


def test_every_error_that_we_know_is_a_word_of_ours_without_a_number_of_hers() -> None:
    for code, word in PERMANENT.items():
        assert word_for(str(code)) == word
        assert answer_of(400, code) == Answer(Verdict.NEVER, word)
    assert word_for("39999") == "twilio 39999"


async def test_a_busy_twilio_keeps_its_retry_after(twilio: FakeTwilio, texts: Telephone) -> None:
    twilio.faults.append(Fault.BUSY)
    answer = await texts.send(now_text())
    assert (answer.verdict, answer.retry_after_s) == (Verdict.LATER, 1.0)
    assert twilio.hit[Fault.BUSY] == 1


async def test_an_error_of_the_server_leaves_it_open(twilio: FakeTwilio, texts: Telephone) -> None:
    twilio.faults.append(Fault.ERROR)
    assert (await texts.send(now_text())).verdict is Verdict.UNSURE
    assert twilio.hit[Fault.ERROR] == 1


@pytest.mark.parametrize("code", [21211, 21610, 21614, 21408, 29999])
async def test_a_number_that_cannot_be_reached_is_never(twilio: FakeTwilio, texts: Telephone, code: int) -> None:
    twilio.refused[PHONE] = code
    answer = await texts.send(now_text())
    assert answer.verdict is Verdict.NEVER
    assert PHONE not in answer.detail


@pytest.mark.parametrize("way", [Text(), Call()], ids=["text", "call"])
async def test_what_was_done_without_an_answer_is_found_again(twilio: FakeTwilio, way: Way) -> None:
    carrier = Telephone(account_of(twilio), CONTACTS, way)
    one = now_text()
    assert not await carrier.was_taken(one)
    twilio.faults.append(Fault.LATE_ERROR)
    assert (await carrier.send(one)).verdict is Verdict.UNSURE
    assert twilio.hit[Fault.LATE_ERROR] == 1
    assert await carrier.was_taken(one)
    await carrier.close()


async def test_an_earlier_text_with_the_same_words_is_another_one(twilio: FakeTwilio, texts: Telephone) -> None:
    one = now_text()
    await texts.send(one)
    later = notification(Channel.SMS, issued_ms=one.issued_ms + 60_000)
    assert await texts.was_taken(one)
    assert not await texts.was_taken(later)


async def test_no_number_and_no_secret_in_any_log_or_repr(twilio: FakeTwilio, texts: Telephone, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await texts.send(now_text())
    assert await texts.was_taken(now_text()) in (True, False)
    shown = caplog.text + repr(account_of(twilio)) + repr(CONTACTS)
    for hidden in (PHONE, PHONE.replace("+", "%2B"), "b" * 32, "a" * 32, "Nadie"):
        assert hidden not in shown
