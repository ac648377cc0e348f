"""The whole service with CAP, push and Alertmanager: one breach, one button, one broker that dies."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from alerts.channels.cap import NAMESPACE
from monitor.verify import export
from tests.service_world import HERE, SECRET, devices, needs_mosquitto, until, world_in

pytestmark = needs_mosquitto


class Receivers:
    """A control room that reads CAP, a push server and an Alertmanager, by path."""

    def __init__(self) -> None:
        self.got: dict[str, list[bytes]] = {"/cap": [], "/": [], "/api/v2/alerts": []}
        receivers = self

        class Desk(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receivers.got[self.path].append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def cap(self) -> list[ET.Element]:
        return [ET.fromstring(body) for body in self.got["/cap"]]

    def pushes(self, topic: str) -> list[dict[str, Any]]:
        return [said for said in map(json.loads, self.got["/"]) if said["topic"] == topic]

    def alarms(self) -> list[dict[str, Any]]:
        return [alarm for body in self.got["/api/v2/alerts"] for alarm in json.loads(body)]


CONTACTS = """
[brc-0]
phone = "+525500000001"
push_topic = "of-hers"
trusted = ["T-1"]
[T-1]
phone = "+525500000002"
push_topic = "of-a-friend"
"""


def press(url: str, body: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body.encode(), method="POST"), timeout=5) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.fixture
def receivers() -> Any:
    receivers = Receivers()
    yield receivers
    receivers.server.shutdown()


async def test_a_breach_goes_out_by_every_way_and_a_button_answers_it(
    tmp_path: Path, receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "contacts.toml").write_text(CONTACTS)
    monkeypatch.setenv("RESGUARDO_SERVICE__CONTACTS", str(tmp_path / "contacts.toml"))
    more = (
        f'[cap]\nurl = "{receivers.url}/cap"\nsecret_file = "secret"\narea = true\narea_name = "Centro"\n'
        f'[push]\nurl = "{receivers.url}"\nanswer_url = "http://127.0.0.1/answers"\nanswer_secret_file = "secret"\n'
        f'[alertmanager]\nurl = "{receivers.url}"\n'
        + "".join(
            f'[[ladder.emergency]]\nafter_s = {after_s}\naudience = "{audience}"\nchannel = "{channel}"\nunless = "nothing"\n'
            for after_s, audience, channel in ((0, "protected", "push"), (0, "dispatch", "cap"), (1, "trusted", "push"))
        )
    )
    with world_in(tmp_path, pairs=1, more=more) as world:
        async with devices(world.broker.port) as people:
            await people.meet(0)
            await until(lambda: receivers.pushes("of-hers") and receivers.cap(), 15, "CAP and push")
            place = receivers.cap()[-1].findtext(f".//{{{NAMESPACE}}}circle") or ""
            where, radius_km = place.split(" ")
            lat, lon = map(float, where.split(","))
            assert (abs(lat - HERE[0]) < 0.001, abs(lon - HERE[1]) < 0.001, radius_km) == (True, True, "0.500")
            (button,) = receivers.pushes("of-hers")[-1]["actions"]
            answers = f"http://127.0.0.1:{world.monitor.http_port}/answers"
            forged = json.dumps({**json.loads(button["body"]), "token": "1.a"})
            said = [await asyncio.to_thread(press, answers, body) for body in (forged, "[", button["body"], button["body"])]
            assert said == [403, 403, 202, 403]
            await until(lambda: receivers.pushes("of-a-friend"), 25, "whom she trusts")
            assert str(HERE[0])[:5] not in json.dumps(receivers.pushes("of-a-friend"))
        world.broker.stop()
        await until(receivers.alarms, 20, "the alarm")
        world.broker.start()
        await until(lambda: len(receivers.alarms()) > 1, 20, "its end")
        assert {alarm["labels"]["alertname"] for alarm in receivers.alarms()} == {"ResguardoLink"}
        assert SECRET not in world.monitor.log
        assert "of-hers" not in world.monitor.log
        world.monitor.kill()
        acks = [line for line in export(tmp_path / "data" / "journal") if '"monitor/ack"' in line]
        assert [json.loads(line)["payload"]["by"] for line in acks] == ["person"]
