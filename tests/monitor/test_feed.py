"""Promises of the console's feed: nothing is lost on the way back, nobody is waited for, and no position is in it unasked."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.terms import Channel, DeliveryState, Kind, Outcome
from dashboard.feed import BEAT_S, HUNG_S
from geofence.terms import Level, Reason
from monitor import feed as module
from monitor.canary import with_canary
from monitor.commands import Commands
from monitor.engine import Effects, Engine
from monitor.feed import HOST, Feed
from monitor.terms import CANARY, Envelope
from monitor.views import Views
from tests.messages import notification, transition
from tests.monitor.test_registrar import Desk
from tests.pings import HOME, T0, at, pair
from tests.service_world import until

TOKEN = "a token of 16 characters or more"


class Service:
    """An engine with its feed, and turns that come when told."""

    def __init__(self) -> None:
        self.engine = Engine(with_canary(pair(), "es"))
        self.own: list[tuple[str, bytes]] = []
        self.feed = Feed(0, TOKEN, Commands(Views(lambda: self.engine, hidden=(CANARY,)), lambda *one: self.own.append(one)))
        self.now_ms = T0

    def receive(self, topic: str, payload: bytes) -> None:
        self.now_ms += 1_000
        effects = self.engine.receive([Envelope(self.now_ms, topic, payload)])
        self.feed.sent(effects.notifications)
        self.feed.judged(effects)

    def meet(self) -> None:
        for device, east_m in (("brc", 0.0), ("tag", 100.0)):
            lat, lon = at(east_m, 0.0)
            fix = {"at": self.now_ms, "lat": lat, "lon": lon, "accuracy": 8.0}
            self.receive(f"v1/{device}/ping", json.dumps({"v": 1, "boot": 1, "seq": 1, "at": self.now_ms, "fix": fix}).encode())

    def turn(self) -> None:
        own, self.own = self.own, []
        for topic, payload in own:
            self.receive(topic, payload)


class Client:
    """A console's end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def say(self, **words: Any) -> None:
        self.writer.write(json.dumps(words).encode() + b"\n")

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(5):
            return dict(json.loads(await self.reader.readline()))

    async def hear_to(self, seq: int) -> list[dict[str, Any]]:
        heard = [await self.hear()]
        while heard[-1].get("seq") != seq or heard[-1]["kind"] == "hello":
            heard.append(await self.hear())
        return heard

    async def is_cut(self) -> bool:
        async with asyncio.timeout(5):
            try:
                while await self.reader.read(1 << 16):
                    pass
            except OSError:
                pass
            return True


@asynccontextmanager
async def serving(service: Service) -> AsyncIterator[None]:
    task = asyncio.create_task(service.feed.run())
    await until(lambda: service.feed.port, what="the feed's port")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def client(service: Service, **hello: Any) -> AsyncIterator[Client]:
    made = Client(*await asyncio.open_connection(HOST, service.feed.port, limit=1 << 24))
    made.say(**{"token": TOKEN, **hello})
    try:
        yield made
    finally:
        made.writer.close()


@pytest.mark.parametrize("token", ["", "another token of 16 characters", 7, None, {"a": 1}])
async def test_without_the_token_nothing_is_said(token: Any) -> None:
    service = Service()
    service.meet()
    async with serving(service), client(service, token=token) as stranger:
        assert await stranger.hear() == {"kind": "dropped", "why": "wrong token"}
        assert await stranger.is_cut()


@pytest.mark.parametrize("line", [b"[" * 50_000 + b"\n", b"\xff\xfe\n", b"[]\n", b"x" * (module.LINE_BYTES_MAX + 10) + b"\n"])
async def test_nonsense_ends_that_client_and_no_other(line: bytes) -> None:
    service = Service()
    async with serving(service), client(service) as good, client(service) as bad:
        assert (await good.hear())["kind"] == (await bad.hear())["kind"] == "hello"
        bad.writer.write(line)
        assert await bad.is_cut()
        service.meet()
        assert await good.hear_to(service.feed.seq)


async def test_who_comes_late_hears_how_everything_stands_and_all_that_was() -> None:
    service = Service()
    service.meet()
    async with serving(service), client(service) as late:
        hello = await late.hear()
        assert not hello["gap"]
        assert [(s["order"], s["level"], s["reason"]) for s in hello["standings"]] == [("O1", "emergency", "breach")]
        heard = await late.hear_to(hello["seq"])
        assert [one["seq"] for one in heard] == list(range(1, hello["seq"] + 1))
        assert {("transition", "breach"), ("notification", "breach")} <= {(one["kind"], one["body"]["reason"]) for one in heard}


async def test_who_comes_back_hears_exactly_what_was_missed() -> None:
    service = Service()
    service.meet()
    seen = service.feed.seq - 2
    async with serving(service), client(service, epoch=service.feed.epoch, after=seen) as back:
        assert not (await back.hear())["gap"]
        assert [one["seq"] for one in await back.hear_to(service.feed.seq)] == [seen + 1, seen + 2]


async def test_a_loss_is_owned_up_to(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service()
    service.feed._events = module.deque(maxlen=2)
    service.meet()
    assert service.feed.seq > 3
    async with serving(service):
        async with client(service, epoch="of an earlier life", after=1) as back:
            assert (await back.hear())["gap"]
        async with client(service, epoch=service.feed.epoch, after=1) as back:
            assert (await back.hear())["gap"]
        async with client(service, epoch=service.feed.epoch, after=service.feed.seq - 3) as back:
            assert (await back.hear())["gap"]
        async with client(service, epoch=service.feed.epoch, after=service.feed.seq - 2) as back:
            assert not (await back.hear())["gap"]


async def test_a_client_that_does_not_read_is_dropped_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BACKLOG_BYTES_MAX", 50_000)
    service = Service()
    async with serving(service), client(service) as slow, client(service) as quick:
        await slow.hear()
        hello = await quick.hear()
        slow.writer.transport.pause_reading()  # type: ignore[attr-defined]
        heard = hello["seq"]
        for _ in range(200):  # rounds of 100 events: far more than any kernel buffers
            service.feed.judged(Effects(transitions=[transition(T0, Level.CALM, Level.EMERGENCY, Reason.BREACH)] * 100))
            heard = (await quick.hear_to(service.feed.seq))[-1]["seq"]
            if any(one.dropped for one in service.feed._clients):
                break
        assert [one.dropped for one in service.feed._clients].count(True) == 1, "the slow one was kept"
        await until(lambda: len(service.feed._clients) == 1, what="the slow one is gone")
        assert heard == service.feed.seq


async def test_no_position_is_in_the_feed_until_it_is_asked_for() -> None:
    service = Service()
    service.meet()
    lat, lon = HOME
    async with serving(service), client(service) as console:
        heard = await console.hear_to(service.feed.seq)
        assert str(lat)[:6] not in json.dumps(heard)
        console.say(do="positions", of="O1", id=1)
        reply = await console.hear()
        assert (reply["kind"], reply["id"], reply["ok"]) == ("reply", 1, True)
        places = reply
        assert (places["protected"]["lat"], places["protected"]["lon"]) == pytest.approx((lat, lon), abs=1e-5)
        assert places["respondent"]["radius_m"] > 5


async def test_an_acknowledgement_is_answered_once_it_was_judged_and_ends_the_ladder() -> None:
    service = Service()
    service.meet()
    async with serving(service), client(service) as console:
        heard = await console.hear_to(service.feed.seq)
        alert = next(one["body"] for one in heard if one["kind"] == "notification" and one["body"]["audience"] == "dispatch")
        assert alert["text"]
        console.say(do="acknowledge", of=alert["id"], who="ana", id=2)
        await until(lambda: service.own, what="the input")
        service.turn()
        said = [await console.hear(), await console.hear()]
        assert [one["kind"] for one in said] == ["acknowledgement", "reply"]
        assert said[1]["ok"]
        later = service.engine.advance(service.now_ms + 600_000)
        ours = [n for n in later.notifications if n.audience.value == "dispatch" and n.reason is Reason.BREACH]
        assert not [n for n in ours if n.kind is Kind.RAISE]
        assert ["Aviso sin entregar" in n.text for n in ours] == [True, True], "that nothing reached her is said all the same"


@pytest.mark.parametrize(
    "request_",
    [{"do": "acknowledge", "of": "no such alert"}, {"do": "positions", "of": "O9"}, {"do": "positions", "of": CANARY}, {"do": "forget", "of": "O1"},
     {"do": "positions", "of": 7}, {"do": "positions", "of": "x" * 65}, {"do": ["positions"], "of": "O1"}, {}],
)  # fmt: skip
async def test_what_cannot_be_done_is_refused_with_a_reason(request_: dict[str, Any]) -> None:
    service = Service()
    async with serving(service), client(service) as console:
        await console.hear()
        console.say(**request_, id=3)
        reply = await console.hear()
        assert (reply["ok"], reply["id"]) == (False, 3)
        assert reply["why"]
        assert service.own == []


async def test_what_became_of_a_notification_is_told_and_her_text_is_not() -> None:
    service = Service()
    hers = notification(issued_ms=T0)
    service.feed.sent([hers])
    service.feed.outcome(Outcome(hers.id, DeliveryState.FAILED, T0, "30003"))
    async with serving(service), client(service) as console:
        told, became = (await console.hear_to(2))[1:]
        assert told["body"]["text"] is None
        assert (became["body"]["notification"], became["body"]["state"]) == (hers.id, "failed")


@pytest.mark.parametrize("raw", ["1" * 400, "[" * 900 + "]" * 900, '"x"', "-1", "1.5"])
async def test_an_id_that_cannot_be_repeated_harms_no_turn(raw: str) -> None:
    service = Service()
    service.meet()
    async with serving(service), client(service) as console:
        heard = await console.hear_to(service.feed.seq)
        alert = next(one["body"]["id"] for one in heard if one["kind"] == "notification")
        console.writer.write(f'{{"do":"acknowledge","of":"{alert}","id":{raw}}}\n'.encode())
        await until(lambda: service.own or service.feed._clients == [], what="the input, or the end of this client")
        service.turn()
        if service.feed._clients:
            said = [await console.hear(), await console.hear()]
            assert (said[1]["ok"], said[1]["id"]) == (True, None)


async def test_a_flood_of_requests_leaves_four_fifths_of_the_time_to_the_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request is made to take 5 ms: between two of them the loop is free for 20 ms, from whichever client they come."""
    service = Service()
    busy_s, began_s = 0.005, asyncio.get_running_loop().time
    taken: list[tuple[float, float]] = []

    def slow(request: dict[str, Any], answer: Any) -> None:
        start_s = began_s()
        while began_s() < start_s + busy_s:
            pass
        taken.append((start_s, began_s()))

    monkeypatch.setattr(type(service.feed.commands), "take", lambda self, request, answer: slow(request, answer))
    async with serving(service), client(service) as one, client(service) as other:
        for _ in range(2_000):
            one.say(do="coverage")
            other.say(do="orders")
        await until(lambda: len(taken) >= 12, what="some of the flood")
        rests = [after[0] - before[1] for before, after in itertools.pairwise(taken)]
        assert min(rests) > 0.9 * module.REST_RATIO * busy_s


async def test_a_request_that_breaks_us_is_answered_and_the_next_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service()
    service.meet()
    monkeypatch.setattr(Views, "coverage", lambda self: 1 / 0)
    async with serving(service), client(service, after=service.feed.seq, epoch=service.feed.epoch) as console:
        await console.hear()
        console.say(do="coverage", id=1)
        console.say(do="order", of="O1", id=2)
        first, second = await console.hear(), await console.hear()
        assert (first["id"], first["ok"], second["id"], second["ok"]) == (1, False, 2, True)
        assert second["order"]["level"] == "emergency"


words = st.sampled_from(["acknowledge", "acknowledge_incident", "orders", "order", "positions", "devices", "coverage", "set_order", "revoke_order", "x"])
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 60), 1 << 60) | st.floats() | st.text(max_size=70) | st.sampled_from(["O1", CANARY]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(["of", "after", "limit", "who", "order", "devices", "id", "do"])


@given(st.lists(st.tuples(words, st.dictionaries(keys, values, max_size=5)), max_size=6))
@settings(max_examples=200, deadline=None)
def test_whatever_a_client_says_is_answered_and_breaks_nothing(tmp_path_factory: pytest.TempPathFactory, said: list[tuple[str, dict[str, Any]]]) -> None:
    async def ask() -> None:
        service = Service()
        service.meet()
        desk = Desk(tmp_path_factory.mktemp("said"))
        desk.engine = service.engine
        registrar = desk.registrar
        commands = replace(service.feed.commands, changes={"set_order": registrar.set_order, "revoke_order": registrar.revoke_order})
        answers: list[dict[str, Any]] = []
        for do, request in said:
            commands.take({"do": do, **request}, answers.append)
        await asyncio.gather(*commands._under_way)
        service.feed.commands = commands
        service.turn()
        assert len(answers) == len(said)
        assert all(one["ok"] or one["why"] for one in answers)
        assert "the monitor failed on this request" not in [one.get("why") for one in answers]

    asyncio.run(ask())


async def test_the_turns_of_a_queue_can_be_seen() -> None:
    service = Service()
    calls = [notification(Channel.VOICE, issued_ms=T0 - 1_000 * n) for n in range(1, 301)]
    service.feed.commands.shows = {"waiting": lambda: module._turns({Channel.VOICE: calls, Channel.SMS: []}, T0)}
    async with serving(service), client(service) as console:
        await console.hear()
        console.say(do="waiting", id=4)
        reply = await console.hear()
        (queue,) = reply["queues"]
        assert (reply["ok"], queue["channel"], queue["count"], len(queue["first"])) == (True, "voice", 300, module.TURNS_MAX)
        assert [(one["place"], one["id"], one["waited_s"]) for one in queue["first"][:2]] == [(1, calls[0].id, 1.0), (2, calls[1].id, 2.0)]
        assert "text" not in queue["first"][0]
        assert "person" not in queue["first"][0]


async def test_whoever_hears_nothing_may_ask_for_a_sign_of_life() -> None:
    service = Service()
    async with serving(service), client(service) as console:
        await console.hear()
        console.say(do="beat", id=0)
        reply = await console.hear()
        assert (reply["kind"], reply["id"], reply["ok"]) == ("reply", 0, True)


async def test_the_rest_after_a_long_request_is_shorter_than_what_a_console_takes_for_our_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert module.REST_S_MAX <= HUNG_S - 2 * BEAT_S
    monkeypatch.setattr(module, "REST_RATIO", 1e9)
    monkeypatch.setattr(module, "REST_S_MAX", 0.01)
    service = Service()
    async with serving(service), client(service) as console:
        await console.hear()
        for number in (1, 2):
            console.say(do="beat", id=number)
            assert (await console.hear())["id"] == number
