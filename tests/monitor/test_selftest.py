"""Promises of the nightly self-test: everybody and every way is asked, nobody is disturbed, the worst stands first."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerts.channels import Carrier
from alerts.channels.console import Console
from alerts.channels.dispatch import Webhook
from alerts.channels.telephone import Account, Telephone, Text
from alerts.terms import Channel
from geofence.terms import Command, Device, DeviceId, Format, Level, Order, OrderId, PersonId, Registry
from monitor.canary import with_canary
from monitor.engine import Engine
from monitor.selftest import ANSWER_S, OK, REPORTS_KEPT, Report, SelfTest, Silent, by_risk, keep, next_at_ms
from monitor.terms import CANARY, Envelope
from monitor.views import Views
from monitor.wire import to_json
from simulator.fake_twilio import FakeTwilio
from tests.service_world import SECRET, ControlRoom, free_port

START_MS = 1_764_000_000_000


def order(n: int) -> Order:
    return Order(
        id=OrderId(f"O-{n}"),
        protected=PersonId(f"P-{n}"),
        respondent=PersonId(f"R-{n}"),
        perimeter_m=500.0,
        warning_m=2000.0,
        valid_from_ms=0 if n != 9 else 1 << 50,
        valid_until_ms=1 << 52,
    )


class Night:
    """Orders 0-3 in force and one that is not yet; bracelets that answer unless they are in `deaf`."""

    def __init__(self, directory: Path, *deaf: str, carriers: dict[Channel, Carrier] | None = None) -> None:
        self.now_ms = START_MS
        self.deaf = deaf
        self.commands: list[Command] = []
        self.slept: list[float] = []
        self.reports: list[Report] = []
        devices = [Device(id=DeviceId(f"brc-{n}"), person=PersonId(f"P-{n}")) for n in (0, 1, 2, 9)]
        devices += [Device(id=DeviceId(f"tag-{n}"), person=PersonId(f"R-{n}")) for n in (0, 1, 2, 9)]
        devices.append(Device(id=DeviceId("phone-3"), person=PersonId("P-3"), format=Format.OWNTRACKS, alias="a/b"))
        registry = Registry(tuple(devices), tuple(order(n) for n in (0, 1, 2, 3, 9)))
        self.engine = Engine(with_canary(registry, "es"))
        self.engine.advance(self.now_ms)
        self.directory = directory / "selftest"
        self.test = SelfTest(
            self.directory,
            "09:30",
            carriers or {},
            ask=Views(lambda: self.engine, hidden=(CANARY,)),
            command=self.commands.append,
            now_ms=lambda: self.now_ms,
            on_report=self.reports.append,
            sleep=self.sleep,
        )

    def ping(self, device: str, seq: int, **more: object) -> None:
        body = {"v": 1, "boot": 1, "seq": seq, "at": self.now_ms, **more}
        self.engine.receive([Envelope(self.now_ms, f"v1/{device}/ping", to_json(body))])

    async def sleep(self, seconds: float) -> None:
        """Time passes; who was asked and hears it reports."""
        self.slept.append(seconds)
        self.now_ms += 1_000
        for seq, command in enumerate(self.commands, start=100):
            if command.device not in self.deaf:
                self.ping(command.device, seq)
        self.now_ms += round(seconds * 1000) - 1_000


# --- bracelets ----------------------------------------------------------------------------------------------------------


async def test_every_bracelet_of_a_protected_person_is_asked_to_report_and_nobody_elses(tmp_path: Path) -> None:
    night = Night(tmp_path)
    report = await night.test.examine()
    assert [(one.device, one.report_now, one.interval_s) for one in night.commands] == [(f"brc-{n}", True, None) for n in range(3)]
    assert night.slept == [ANSWER_S]
    assert (report.asked, report.answered) == (3, 3)
    assert [silent.person for silent in report.failures] == ["P-3"], "who has no bracelet cannot be asked"
    assert not report.is_clean


async def test_who_does_not_answer_is_written_down_worst_first(tmp_path: Path) -> None:
    night = Night(tmp_path, "brc-1", "brc-2")
    night.ping("brc-2", 1, sos=True)
    night.now_ms += 600_000
    night.ping("brc-2", 2, sos=True)
    night.now_ms += 120_000
    report = await night.test.examine()
    assert [(one.order, one.device, one.level, one.silent_s) for one in report.failures] == [
        ("O-2", "brc-2", "emergency", 140),
        ("O-1", "brc-1", "caution", None),
        ("O-3", "", "caution", None),
    ]
    assert (report.asked, report.answered) == (3, 1)


def test_the_highest_level_comes_first_then_the_longest_silence() -> None:
    one = Silent(OrderId("O"), PersonId("P"), "d", "", 5)
    failures = [
        (Level.CAUTION, replace(one, silent_s=9)),
        (Level.CAUTION, replace(one, silent_s=None)),
        (Level.WARNING, replace(one, silent_s=1)),
        (Level.WARNING, replace(one, silent_s=2)),
    ]
    assert [silent.silent_s for silent in by_risk(failures)] == [2, 1, None, 9]


async def test_the_report_is_a_file_for_our_eyes_only_and_no_log_line_names_anybody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    night = Night(tmp_path, "brc-1")
    await night.test.examine()
    (path,) = night.directory.iterdir()
    assert path.name == "2025-11-24.json"
    assert path.stat().st_mode & 0o777 == 0o600
    written = json.loads(path.read_text())
    assert (written["asked"], written["answered"], written["clean"]) == (3, 2, False)
    assert {silent["order"] for silent in written["failures"]} == {"O-1", "O-3"}
    assert CANARY not in path.read_text()
    assert "brc-1" not in caplog.text


def test_two_months_of_reports_are_kept(tmp_path: Path) -> None:
    for day in range(REPORTS_KEPT + 5):
        keep(tmp_path / "r", Report(datetime.fromtimestamp(day * 86_400, UTC).isoformat(), 0, 0, {}, ()))
    names = sorted(path.name for path in (tmp_path / "r").iterdir())
    assert (len(names), names[0]) == (REPORTS_KEPT, "1970-01-06.json")


# --- ways ---------------------------------------------------------------------------------------------------------------


async def test_the_webhook_and_twilio_are_asked_and_what_they_say_is_written(tmp_path: Path) -> None:
    room, twilio = ControlRoom(), FakeTwilio()
    await twilio.start()
    account = Account(account_sid="AC" + "a" * 32, auth_token="b" * 32, from_number="+525500000009", base_url=twilio.url)
    carriers: dict[Channel, Carrier] = {
        Channel.WEBHOOK: Webhook(room.url, SECRET),
        Channel.SMS: Telephone(account, {}, Text()),
        Channel.CONSOLE: Console(),
    }
    night = Night(tmp_path, carriers=carriers)
    assert (await night.test.examine()).ways == {"webhook": OK, "sms": OK}
    assert [call["kind"] for call in room.calls] == ["test"]
    assert (room.forged, twilio.made) == (0, []), "signed, and nobody's telephone rang"
    twilio.account_status = "suspended"
    room.server.shutdown()
    room.server.server_close()
    ways = (await night.test.examine()).ways
    assert ways["sms"] == "account suspended"
    assert ways["webhook"] not in (OK, "")
    for carrier in carriers.values():
        await carrier.close()
    await twilio.stop()


async def test_a_way_that_is_gone_is_said_and_costs_the_night_nothing_else(tmp_path: Path) -> None:
    webhook = Webhook(f"http://127.0.0.1:{free_port()}/alerts", SECRET)
    report = await Night(tmp_path, carriers={Channel.WEBHOOK: webhook}).test.examine()
    assert (report.ways["webhook"], report.answered, report.is_clean) == ("ClientConnectorError", 3, False)
    await webhook.close()


# --- when ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "then"),
    [("16:01", "2025-11-24T16:01:00+00:00"), ("16:00", "2025-11-25T16:00:00+00:00"), ("09:30", "2025-11-25T09:30:00+00:00")],
)
def test_it_is_due_at_the_next_such_time(clock: str, then: str) -> None:
    assert next_at_ms(clock, START_MS) == round(datetime.fromisoformat(then).timestamp() * 1000)
