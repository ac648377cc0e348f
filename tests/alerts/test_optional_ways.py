"""CAP, push and Alertmanager against real servers: what each says, to whom, and what every kind of failure comes to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from aiohttp import web
from lxml import etree

from alerts.channels import Carrier, Verdict
from alerts.channels.alertmanager import Alertmanager
from alerts.channels.cap import NAMESPACE, WORDS, Cap, Circle, Sender, circle_text, document
from alerts.channels.dispatch import Webhook, is_signed
from alerts.channels.push import ANSWER_MS_MAX, Answers, App, Push, token_of
from alerts.contacts import Contact
from alerts.terms import Audience, Channel, Kind, Notification, NotificationId
from geofence.terms import Level, PersonId
from monitor.notices import Technical, Trouble, notices
from tests.messages import notification
from tests.service_world import free_port

NOW_MS = 1_764_000_000_123
SECRET = "a-secret-of-the-control-room"
CONTACTS = {PersonId("P-1"): Contact(phone="+525500000001", push_topic="topic-of-hers")}
SENDER = Sender(name="resguardo@example.org", addresses="dispatch-centro dispatch-norte", area="Querétaro")
SCHEMA = Path(__file__).parents[3] / "shared" / "data" / "peers" / "CAP-v1.2.xsd"  # the OASIS schema, kept beside the project
CAP = f"{{{NAMESPACE}}}"


class Server:
    """Answers with what it is told to, slowly if it is told to, and keeps what came."""

    def __init__(self) -> None:
        self.status, self.headers, self.silent = 200, dict[str, str](), False
        self.calls: list[tuple[str, bytes, dict[str, str]]] = []
        self.url = ""

    async def on_call(self, request: web.Request) -> web.StreamResponse:
        self.calls.append((request.path_qs, await request.read(), dict(request.headers)))
        if self.silent:
            await asyncio.sleep(30)
        return web.Response(status=self.status, headers=self.headers)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.on_call)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


MAKE: dict[Channel, Callable[[str], Carrier]] = {
    Channel.WEBHOOK: lambda url: Webhook(f"{url}/alerts", SECRET),
    Channel.CAP: lambda url: Cap(f"{url}/cap", SECRET, SENDER, now_s=lambda: NOW_MS / 1000),
    Channel.PUSH: lambda url: Push(App(url=url), CONTACTS),
    Channel.ALERTMANAGER: lambda url: Alertmanager(url, "resguardo"),
}


def one_for(channel: Channel, **more: Any) -> Notification:
    audience = {Channel.PUSH: Audience.PROTECTED, Channel.ALERTMANAGER: Audience.TECHNICAL}.get(channel, Audience.DISPATCH)
    return notification(channel, issued_ms=NOW_MS, **{"audience": audience, **more})


@pytest.fixture(params=MAKE, ids=lambda channel: channel.value)
async def way(request: pytest.FixtureRequest, server: Server) -> AsyncIterator[tuple[Channel, Carrier]]:
    carrier = MAKE[request.param](server.url)
    carrier.timeout_s = 0.3  # the promise is that there is one; the tests need not wait for the real one
    yield request.param, carrier
    await carrier.close()


# --- every failure, on every way ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.TAKEN),
        (204, Verdict.TAKEN),
        (302, Verdict.NEVER),
        (307, Verdict.NEVER),
        (400, Verdict.NEVER),
        (401, Verdict.NEVER),
        (404, Verdict.NEVER),
        (408, Verdict.LATER),
        (425, Verdict.LATER),
        (429, Verdict.LATER),
        (500, Verdict.UNSURE),
        (503, Verdict.UNSURE),
        (600, Verdict.UNSURE),
    ],
)
async def test_a_status_means_what_the_table_says(way: tuple[Channel, Carrier], server: Server, status: int, verdict: Verdict) -> None:
    channel, carrier = way
    server.status, server.headers = status, {"Location": f"{server.url}/elsewhere", "Retry-After": "7"}
    answer = await carrier.send(one_for(channel))
    assert (answer.verdict, answer.detail, answer.retry_after_s) == (verdict, f"http {status}", 7.0)
    assert len(server.calls) == 1, "a redirection is never followed"


async def test_a_server_that_does_not_answer_leaves_it_open(way: tuple[Channel, Carrier], server: Server) -> None:
    channel, carrier = way
    server.silent = True
    assert (await carrier.send(one_for(channel))).verdict is Verdict.UNSURE
    assert len(server.calls) == 1, "the server was really reached"


@pytest.mark.parametrize("channel", MAKE, ids=lambda channel: channel.value)
async def test_where_nobody_listens_it_was_surely_not_taken(channel: Channel) -> None:
    carrier = MAKE[channel](f"http://127.0.0.1:{free_port()}")
    assert (await carrier.send(one_for(channel))).verdict is Verdict.LATER
    await carrier.close()


@pytest.mark.parametrize("channel", MAKE, ids=lambda channel: channel.value)
async def test_an_answer_that_comes_drop_by_drop_is_not_waited_for(channel: Channel) -> None:
    drops = 0

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal drops
        await reader.read(1)
        try:
            for sign in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000:
                writer.write(bytes([sign]))
                await writer.drain()
                drops += 1
                await asyncio.sleep(0.05)
        except OSError:
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(drip, "127.0.0.1", 0)
    carrier = MAKE[channel](f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}")
    carrier.timeout_s = 0.3
    assert (await carrier.send(one_for(channel))).verdict is Verdict.UNSURE
    assert drops >= 2, "the answer had begun"
    await carrier.close()
    listener.close()


# --- CAP ------------------------------------------------------------------------------------------------------------------


def cap_of(body: bytes) -> ET.Element:
    if SCHEMA.exists():
        etree.XMLSchema(etree.parse(SCHEMA)).assertValid(etree.fromstring(body))
    return ET.fromstring(body)


@pytest.mark.skipif(not SCHEMA.exists(), reason="the OASIS schema is not beside the project")
def test_the_official_schema_is_asked_and_can_refuse() -> None:
    body = document(one_for(Channel.CAP), SENDER, None)
    cap_of(body)
    with pytest.raises(etree.DocumentInvalid):
        cap_of(body.replace(b"<status>", b"<state>").replace(b"</status>", b"</state>"))


def word(root: ET.Element, path: str) -> str | None:
    return root.findtext("/".join(CAP + part for part in path.split("/")))


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("earlier", [(), ((NotificationId("one"), NOW_MS - 5_000), (NotificationId("two"), NOW_MS - 1_000))])
def test_every_document_says_its_level_in_the_words_of_cap(level: Level, kind: Kind, language: str, earlier: Any) -> None:
    one = one_for(Channel.CAP, level=level, kind=kind, language=language, earlier=earlier, text="<&> ñ \x00\ud800 " + "x" * 400)
    root = cap_of(document(one, SENDER, Circle(lat_deg=20.588793, lon_deg=-100.389888, radius_m=500.0)))
    assert [word(root, f"info/{name}") for name in ("urgency", "severity", "certainty", "responseType")] == list(WORDS[level])
    assert len(word(root, "info/headline") or "") <= 160


async def test_a_document_is_signed_private_and_says_no_coordinate(server: Server) -> None:
    carrier = MAKE[Channel.CAP](server.url)
    one = one_for(Channel.CAP, distance_m=640.04, uncertainty_m=float("nan"))
    assert (await carrier.send(one)).verdict is Verdict.TAKEN
    (_, body, headers), root = server.calls[0], cap_of(server.calls[0][1])
    assert headers["Content-Type"] == "application/cap+xml"
    assert is_signed(SECRET, headers["X-Resguardo-Signature"], body, NOW_MS // 1000)
    assert word(root, "sent") == "2025-11-24T16:00:00-00:00"
    assert (word(root, "scope"), word(root, "addresses")) == ("Private", SENDER.addresses)
    assert (word(root, "identifier"), word(root, "incidents")) == (one.id, one.incident)
    assert word(root, "info/area/areaDesc") == "Querétaro"
    assert root.find(f".//{CAP}circle") is None
    parameters = {p.findtext(f"{CAP}valueName"): p.findtext(f"{CAP}value") for p in root.iter(f"{CAP}parameter")}
    assert parameters == {"code": "K7Q2", "order": "O-1", "level": "emergency", "reason": "breach", "distance_m": "640.0"}
    await carrier.close()


EARLIER = ((NotificationId("one"), NOW_MS - 61_000), (NotificationId("two"), NOW_MS - 1_000))


@pytest.mark.parametrize(
    ("kind", "level", "earlier", "kind_of_message"),
    [
        (Kind.RAISE, Level.EMERGENCY, (), "Alert"),
        (Kind.RAISE, Level.EMERGENCY, EARLIER, "Update"),
        (Kind.CLEAR, Level.WARNING, EARLIER, "Update"),
        (Kind.UPDATE, Level.CALM, EARLIER, "Update"),
        (Kind.CLEAR, Level.CALM, EARLIER, "Cancel"),
        (Kind.CLEAR, Level.CALM, (), "Alert"),
    ],
)
def test_an_update_and_a_cancellation_name_what_they_replace(kind: Kind, level: Level, earlier: Any, kind_of_message: str) -> None:
    root = cap_of(document(one_for(Channel.CAP, kind=kind, level=level, earlier=earlier), SENDER))
    assert word(root, "msgType") == kind_of_message
    named = "resguardo@example.org,one,2025-11-24T15:58:59-00:00 resguardo@example.org,two,2025-11-24T15:59:59-00:00"
    assert word(root, "references") == (named if earlier else None)


@pytest.mark.parametrize(
    ("lat_deg", "lon_deg", "radius_m", "text"),
    [
        (20.588793, -100.389888, 500.0, "20.58879,-100.38989 0.500"),
        (float("nan"), 0.0, 500.0, None),
        (95.0, 0.0, 500.0, None),
        (0.0, 181.0, 500.0, None),
        (0.0, 0.0, float("inf"), None),
        (0.0, 0.0, -1.0, None),
    ],
)
def test_a_circle_is_in_kilometres_or_is_not_there(lat_deg: float, lon_deg: float, radius_m: float, text: str | None) -> None:
    circle = Circle(lat_deg=lat_deg, lon_deg=lon_deg, radius_m=radius_m)
    assert circle_text(circle) == text
    assert word(cap_of(document(one_for(Channel.CAP), SENDER, circle)), "info/area/circle") == text
    assert repr(circle) == "Circle(hidden)"


# --- push -----------------------------------------------------------------------------------------------------------------


async def pushed(server: Server, one: Notification, **more: Any) -> dict[str, Any]:
    carrier = Push(App(**{"url": server.url, "token": "tk-secret", "technical_topic": "ops", **more}), CONTACTS)
    assert carrier.reaches(one)
    assert (await carrier.send(one)).verdict is Verdict.TAKEN
    await carrier.close()
    path, body, headers = server.calls[-1]
    assert path == "/", "a topic is a password: it stays out of the address"
    assert headers["Authorization"] == "Bearer tk-secret"
    return dict(json.loads(body))


async def test_her_app_rings_through_silence_and_has_a_button_that_answers(server: Server) -> None:
    one = one_for(Channel.PUSH)
    message = await pushed(server, one, answer_url="https://monitor.example.org/answers", answer_secret=SECRET)
    assert (message["topic"], message["priority"], message["message"]) == ("topic-of-hers", 5, one.text)
    (button,) = message["actions"]
    assert (button["action"], button["method"], button["url"]) == ("http", "POST", "https://monitor.example.org/answers")
    said = json.loads(button["body"])
    assert said["alert"] == one.id
    assert Answers(SECRET).take(one.id, said["token"], NOW_MS)


@pytest.mark.parametrize(("level", "priority"), [(Level.EMERGENCY, 5), (Level.WARNING, 4), (Level.CAUTION, 3), (Level.CALM, 2)])
async def test_the_priority_follows_the_level_and_what_does_not_ring_is_quiet(server: Server, level: Level, priority: int) -> None:
    assert (await pushed(server, one_for(Channel.PUSH, level=level)))["priority"] == priority
    quiet = await pushed(server, one_for(Channel.PUSH, level=level, kind=Kind.CLEAR), answer_url="https://x/answers", answer_secret=SECRET)
    assert quiet["priority"] <= 3
    assert "actions" not in quiet


async def test_a_neutral_push_tells_a_stranger_nothing(server: Server) -> None:
    message = await pushed(server, one_for(Channel.PUSH, text="PELIGRO: está dentro de tu perímetro."), neutral=True)
    assert not any(said in json.dumps(message, ensure_ascii=False) for said in ("PELIGRO", "perímetro"))
    assert "K7Q2" in message["message"]
    trouble = await pushed(server, one_for(Channel.PUSH, audience=Audience.TECHNICAL, person=None, text="No broker."), neutral=True)
    assert (trouble["topic"], trouble["message"]) == ("ops", "No broker.")


def test_without_a_topic_a_push_reaches_nobody() -> None:
    carrier = Push(App(url="http://127.0.0.1:9"), CONTACTS)
    assert not carrier.reaches(one_for(Channel.PUSH, person=PersonId("P-2")))
    assert not carrier.reaches(one_for(Channel.PUSH, audience=Audience.TECHNICAL, person=None))


def test_a_token_answers_its_own_notification_once_and_for_a_day() -> None:
    token = token_of(SECRET, "n-1", NOW_MS)
    answers = Answers(SECRET)
    assert not answers.take("n-2", token, NOW_MS), "another notification"
    assert not Answers("another secret of ours").take("n-1", token, NOW_MS)
    assert not answers.take("n-1", token, NOW_MS + ANSWER_MS_MAX + 1)
    assert not answers.take("n-1", token.replace(str(NOW_MS), str(NOW_MS + 1)), NOW_MS)
    assert answers.take("n-1", token, NOW_MS + ANSWER_MS_MAX)
    assert not answers.take("n-1", token, NOW_MS), "used"


@pytest.mark.parametrize("token", ["", ".", "x.y", "1" * 400 + ".a", "²." + "a" * 64, "1764000000123", "-1.a"])
def test_what_is_no_token_is_refused_and_raises_nothing(token: str) -> None:
    assert not Answers(SECRET).take("n-1", token, NOW_MS)


# --- Alertmanager -----------------------------------------------------------------------------------------------------


def alarm_for(trouble: Trouble, begins: bool, at_ms: int) -> Notification:
    said = notices(trouble, begins, since_ms=NOW_MS, at_ms=at_ms, language="en", technical=Technical(ways=(Channel.ALERTMANAGER, Channel.PUSH)))
    assert [one.audience for one in said if one.channel is Channel.PUSH] == [Audience.TECHNICAL]
    return next(one for one in said if one.channel is Channel.ALERTMANAGER)


async def test_an_alarm_begins_and_ends_under_the_same_labels(server: Server) -> None:
    carrier = Alertmanager(f"{server.url}/", "resguardo-1", "tk-secret")
    for begins, at_ms in ((True, NOW_MS), (False, NOW_MS + 60_000)):
        assert (await carrier.send(alarm_for(Trouble.LINK, begins, at_ms))).verdict is Verdict.TAKEN
    await carrier.close()
    assert [path for path, _, _ in server.calls] == ["/api/v2/alerts"] * 2
    assert server.calls[0][2]["Authorization"] == "Bearer tk-secret"
    (begun,), (ended,) = (json.loads(body) for _, body, _ in server.calls)
    assert begun["labels"] == ended["labels"] == {"alertname": "ResguardoLink", "service": "resguardo-1", "severity": "critical"}
    assert begun["startsAt"] == ended["startsAt"]
    ends = [datetime.fromisoformat(alarm["endsAt"]).timestamp() * 1000 for alarm in (begun, ended)]
    assert ends[0] > NOW_MS + 24 * 3600 * 1000, "an alarm does not end by itself"
    assert round(ends[1]) == NOW_MS + 60_000


def test_alertmanager_never_hears_of_a_person() -> None:
    carrier = Alertmanager("http://127.0.0.1:9", "resguardo")
    assert carrier.reaches(alarm_for(Trouble.AUDIT, True, NOW_MS))
    for audience in (Audience.PROTECTED, Audience.DISPATCH, Audience.TRUSTED):
        assert not carrier.reaches(replace(one_for(Channel.ALERTMANAGER), audience=audience))
