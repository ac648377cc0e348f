"""Promises of the canary: it goes the whole way each round, nobody is told of it, and its absence is told."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest

from alerts.channels import Verdict
from alerts.channels.console import Console
from alerts.ladder import DEFAULT_LADDER
from alerts.terms import Audience, Channel, Notification
from config.errors import BadInput
from config.load import load_settings
from geofence.policy import JUMP_SPEED_MPS_MAX
from geofence.terms import Device, DeviceId, Level, OrderId, PersonId, Registry
from monitor.arrivals import Arrivals, Inbound, Piece
from monitor.canary import (
    HER,
    HIM,
    HURRY_S,
    JOURNAL,
    STAYS,
    STEPS,
    Canary,
    Sink,
    distance_m,
    expected_ways,
    with_canary,
    without_canary,
)
from monitor.carriers import technical_of
from monitor.engine import Effects, Engine
from monitor.mqtt import Batch, LinkLost
from monitor.notices import Trouble, notices
from monitor.supervise import FAILS_MAX, STEADY_S, Restarts
from monitor.terms import CANARY, Envelope, is_canary
from monitor.wire import to_json
from tests.messages import notification
from tests.service_world import needs_mosquitto, until, world_in

START_MS = 1_764_000_000_000
EVERY_S, ABSENT_S = 60.0, 90.0


class Round:
    """A canary, an engine and the way between them, on a clock that is turned by hand."""

    def __init__(self, *, deaf: tuple[str, ...] = ()) -> None:
        self.now_s = 0.0
        self.deaf = deaf  # ways that lead nowhere
        self.ready = True
        self.rounds: list[dict[str, float]] = []
        self.absent: list[bool] = []
        self.effects = Effects()
        self.engine = Engine(with_canary(Registry(), "es"))
        self.canary = Canary(
            every_s=EVERY_S,
            absent_s=ABSENT_S,
            expected=expected_ways(DEFAULT_LADDER),
            is_open=lambda: True,
            now_ms=self.now_ms,
            put=lambda topic, payload: self.take(topic, payload),  # noqa: PLW0108 - a method may be looked up late
            on_round=lambda took_s: self.rounds.append(dict(took_s)),
            on_absent=self.absent.append,
            now_s=lambda: self.now_s,
        )
        self.canary.session = self

    def now_ms(self) -> int:
        return START_MS + round(self.now_s * 1000)

    def publish(self, topic: str, payload: bytes, *, qos: int = 1) -> asyncio.Future[None]:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if "link" in self.deaf:
            done.set_exception(LinkLost("away"))
            return done
        done.set_result(None)
        self.take(topic, payload)
        return done

    def take(self, topic: str, payload: bytes) -> None:
        effects = self.engine.receive([Envelope(self.now_ms(), topic, payload)])
        self._keep(effects)
        for one in effects.notifications:
            self.deliver(one)
        receipt = effects.receipts.get(DeviceId(HIM))
        if receipt is not None and JOURNAL not in self.deaf:
            self.hear(f"v1/{HIM}/receipt", {"v": 1, "boot": receipt[0], "seq": receipt[1]})

    def _keep(self, effects: Effects) -> None:
        self.effects.transitions += effects.transitions
        self.effects.notifications += effects.notifications
        self.effects.rejections += effects.rejections

    def deliver(self, one: Notification) -> None:
        if one.channel.value in self.deaf:
            return
        if one.channel is not Channel.BRACELET:
            self.canary.saw(one)
            return
        alert = {"v": 1, "id": one.id, "level": one.level.word, "reason": one.reason.word, "issued": one.issued_ms}
        self.hear(f"v1/{HER}/alert", alert)

    def hear(self, topic: str, body: dict[str, Any]) -> None:
        self.canary.heard(Batch(cast(Any, None), Piece.of([Inbound(topic, to_json(body), False, 1)]), []))

    def walk(self, rounds: int, *, lost: str = "") -> None:
        """Whole rounds; of the first ping of each, the alert may get lost by one way."""
        for _ in range(rounds):
            for step in range(STEPS):
                if self.canary.hurries and step in STAYS:
                    continue
                before, self.deaf = self.deaf, (*self.deaf, lost) if step == 0 else self.deaf
                self.canary.step(step)
                self.deaf = before
                self.now_s += self.canary.pace_s
                self._keep(self.engine.advance(self.now_ms()))
                self.canary.look()


# --- the walk -----------------------------------------------------------------------------------------------------------


def test_he_comes_and_goes_no_faster_than_a_car() -> None:
    way = [distance_m(step) for step in range(2 * STEPS)]
    assert (min(way), max(way)) == (20.0, 600.0)
    assert max(abs(b - a) for a, b in pairwise(way)) / (EVERY_S / STEPS) < 40.0


async def test_each_round_is_one_emergency_that_goes_round_and_is_over() -> None:
    world = Round()
    world.walk(5)
    emergencies = [t for t in world.effects.transitions if t.to_level is Level.EMERGENCY]
    assert len(world.rounds) == len(emergencies) == 5
    assert set(world.rounds[0]) == {JOURNAL, "bracelet", "webhook", "console"}
    assert world.effects.rejections == []
    assert world.absent == []
    assert len(world.engine._escalation.dump()["cases"]) == 1, "he comes again; every incident before is answered and closed"


async def test_nothing_but_what_is_told_at_once_is_sent() -> None:
    world = Round()
    world.walk(2)
    assert {one.channel for one in world.effects.notifications} == {Channel.BRACELET, Channel.WEBHOOK, Channel.CONSOLE}
    assert all(is_canary(one.order) for one in world.effects.notifications)


@pytest.mark.parametrize("way", [JOURNAL, "bracelet", "webhook", "console"])
async def test_one_way_that_leads_nowhere_makes_it_absent_once(way: str) -> None:
    world = Round(deaf=(way,))
    world.walk(1)
    assert world.absent == [], "90 s have not passed"
    while world.now_s < ABSENT_S + EVERY_S:
        world.walk(1)
    assert (world.rounds, world.absent, world.canary.absent) == ([], [True], True)
    world.deaf = ()
    world.walk(2)
    assert (world.absent, world.canary.absent) == ([True, False], False)


async def test_a_round_that_was_lost_begins_anew_before_anybody_is_called() -> None:
    world = Round()
    world.walk(1)
    world.walk(1, lost="bracelet")
    assert len(world.rounds) == 1, "it really was lost"
    world.walk(1)
    assert len(world.rounds) == 2
    assert world.now_s < 2.5 * EVERY_S
    assert world.absent == []


async def test_pings_that_were_lost_with_the_link_hold_no_receipt_back() -> None:
    world = Round()
    world.walk(1)
    world.deaf = ("link",)
    world.canary.step(1)
    await asyncio.sleep(0)  # the future's callback
    world.deaf = ()
    world.walk(2)
    assert len(world.rounds) == 3


async def test_pings_that_the_journal_gave_up_hold_back_the_receipt_of_one_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its devices send nothing again: it would be absent until the next start."""
    world = Round()
    world.walk(1)

    def give_up(topic: str, payload: bytes) -> None:
        lost = Arrivals.listed([Envelope(world.now_ms(), topic, payload)])
        lost.kept = False
        world.engine.receive(lost)

    with monkeypatch.context() as full:
        full.setattr(world, "take", give_up)
        world.canary.step(1)
    world.walk(3)
    assert len(world.rounds) == 3


def test_he_stays_where_the_list_says_and_hurries_no_faster_than_the_track_believes() -> None:
    assert [step for step in range(STEPS) if step and distance_m(step) == distance_m(step - 1)] == list(STAYS)
    moving = [distance_m(step) for step in range(2 * STEPS) if step % STEPS not in STAYS]
    assert max(abs(b - a) for a, b in pairwise(moving)) / HURRY_S < JUMP_SPEED_MPS_MAX


async def test_what_was_sent_to_an_earlier_round_proves_nothing() -> None:
    world = Round(deaf=("bracelet",))
    world.walk(1)
    old = {"v": 1, "id": "old", "level": "emergency", "reason": "breach", "issued": START_MS}
    world.now_s += 30.0
    world.canary.step(0)
    world.hear(f"v1/{HER}/alert", old)
    assert world.rounds == []


# --- nobody hears of it -------------------------------------------------------------------------------------------------


async def test_the_sink_keeps_the_canary_in_and_lets_everybody_else_out() -> None:
    saw: list[Notification] = []
    shown: list[Notification] = []
    sink = Sink(Console(shown.append), Channel.CONSOLE, saw.append)
    ours = notification(Channel.CONSOLE, issued_ms=START_MS, order=CANARY)
    theirs = notification(Channel.CONSOLE, issued_ms=START_MS, order=OrderId("canary-islands"))
    for one in (ours, theirs):
        assert sink.reaches(one)
        assert (await sink.send(one)).verdict is Verdict.TAKEN
    assert (saw, shown) == ([ours], [theirs])


async def test_readers_and_metrics_see_a_turn_without_it() -> None:
    world = Round()
    world.walk(1)
    theirs = notification(issued_ms=START_MS)
    world.effects.notifications.append(theirs)
    shown = without_canary(world.effects)
    assert (shown.transitions, shown.notifications) == ([], [theirs])
    untouched = Effects(notifications=[theirs])
    assert without_canary(untouched) is untouched


@pytest.mark.parametrize("device", [Device(id=DeviceId(HER), person=PersonId("P")), Device(id=DeviceId("b"), person=PersonId(HIM))])
def test_an_orders_file_that_uses_its_names_is_refused(device: Device) -> None:
    with pytest.raises(BadInput, match="is reserved for the canary"):
        with_canary(Registry(devices=(device,)), "es")


# --- its absence is told ------------------------------------------------------------------------------------------------


def test_its_absence_calls_the_technician_as_well_and_no_other_trouble_does() -> None:
    environ = {
        "RESGUARDO_CANARY__EVERY_S": "60",
        "RESGUARDO_CANARY__PAGE": "sms",
        "RESGUARDO_CANARY__TECHNICIAN": "T-1",
        "RESGUARDO_SERVICE__CONTACTS": "contacts.toml",
        "RESGUARDO_TELEPHONE__ACCOUNT_SID": "AC" + "0" * 32,
        "RESGUARDO_TELEPHONE__AUTH_TOKEN": "x",
        "RESGUARDO_TELEPHONE__FROM_NUMBER": "+525500000009",
        "RESGUARDO_ALERTMANAGER__URL": "http://127.0.0.1:9093",
    }
    technical = technical_of(load_settings(None, environ))

    def told(trouble: Trouble) -> list[tuple[Channel, str | None]]:
        said = notices(trouble, True, since_ms=START_MS, at_ms=START_MS, language="es", technical=technical)
        return [(one.channel, one.person) for one in said if one.audience is Audience.TECHNICAL]

    assert told(Trouble.CANARY) == [(Channel.ALERTMANAGER, None), (Channel.SMS, "T-1")]
    assert told(Trouble.LINK) == [(Channel.ALERTMANAGER, None)]


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"EVERY_S": "60", "ABSENT_S": "60"}, "longer than every_s"),
        ({"EVERY_S": "60", "PAGE": "sms"}, "needs"),
        ({"EVERY_S": "5"}, "between 40"),
    ],
)
def test_settings_under_which_it_could_not_work_are_refused(environ: dict[str, str], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        load_settings(None, {f"RESGUARDO_CANARY__{key}": value for key, value in environ.items()})


def test_a_part_that_fails_on_and_on_is_a_trouble_and_a_hiccup_is_none() -> None:
    said: list[bool] = []
    now_s = [0.0]
    restarts = Restarts(said.append, now_s=lambda: now_s[0])
    for _ in range(2 * FAILS_MAX):
        now_s[0] += STEADY_S
        restarts.note("store")
    assert said == []
    restarts.note("store")
    restarts.note("http")
    assert said[-1:] == [True]
    restarts.look()
    assert said[-1:] == [True]
    now_s[0] += STEADY_S + 1
    restarts.look()
    restarts.look()
    assert said[-1:] == [False]
    assert said.count(False) == 1
    assert restarts.counts == {"store": 2 * FAILS_MAX + 1, "http": 1}


@needs_mosquitto
async def test_it_goes_round_a_real_service_and_leaves_no_trace_in_the_room(tmp_path: Path) -> None:
    with world_in(tmp_path, pairs=1, more="[canary]\nevery_s = 60\n") as world:
        await until(lambda: world.monitor.metric("resguardo_canary_last_success_timestamp"), 20, "a round")
        assert 0 < world.monitor.metric('resguardo_canary_seconds{way="bracelet"}') < 20
        assert world.monitor.metric('resguardo_notifications_total{channel="bracelet",state="accepted"}') == 0
        assert world.monitor.metric('resguardo_transitions_total{reason="breach",to="emergency"}') == 0
        assert sum(world.monitor.metric(f'resguardo_orders{{level="{level.word}"}}') for level in Level) == 1
        assert world.monitor.health()[1]["parts"]["canary"] == "ok"
        assert [call for call in world.room.calls if is_canary(call["order"])] == []
        assert CANARY not in "".join(line for line in world.monitor.log.splitlines() if not line.startswith("{"))
        assert json.loads(world.monitor.log.splitlines()[0])["orders"] == 1
