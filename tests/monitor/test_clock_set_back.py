"""Promises of a life whose machine's clock is behind the record of the life before: time goes on, breaches and silence are told."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path

import pytest

from alerts.channels.dispatch import signature
from config.settings import DispatchSettings, Secret, Settings
from monitor.clock import Clock
from monitor.desk import Desk
from monitor.engine import Effects, Engine
from monitor.terms import Envelope
from monitor.wire import to_json
from tests.pings import T0, at, pair
from tests.service_world import HERE, NEAR, devices, needs_mosquitto, until, world_in

HOUR_S, SECOND_NS = 3_600, 1_000_000_000


class Lives:
    """A machine whose clock is ahead in the first life and right from then on; devices whose clocks are right; one engine."""

    def __init__(self, ahead_s: int) -> None:
        self.true_ns, self.ahead_ns = T0 * 1_000_000, ahead_s * SECOND_NS
        self.engine = Engine(pair())
        self.said: list[tuple[float, str]] = []
        self._seq, self._random = 0, random.Random(1)
        self.begin()

    def begin(self) -> None:
        self.clock = Clock(lambda step: None, lambda: self.true_ns + self.ahead_ns, lambda: self.true_ns)
        self.clock.go_on_from(self.engine.now_ms)
        self.since_ns = self.true_ns
        self.said.clear()
        self.hear(self.engine.advance(self.clock.now_ms()))

    def hear(self, effects: Effects) -> None:
        self.said += [((self.true_ns - self.since_ns) / SECOND_NS, t.reason.word) for t in effects.transitions]

    def wait(self, seconds: int) -> None:
        for _ in range(seconds):
            self.true_ns += SECOND_NS
            self.hear(self.engine.advance(self.clock.now_ms()))

    def ping(self, device: str, north_m: float) -> None:
        self._seq += 1
        sent_ms = self.true_ns // 1_000_000 - self._random.randrange(3_000)  # as late as a network is now and then
        lat, lon = at(0.0, north_m)
        fix = {"at": sent_ms - 500, "lat": lat, "lon": lon, "accuracy": 8.0}
        body = to_json({"v": 1, "boot": 1, "seq": self._seq, "at": sent_ms, "fix": fix})
        self.hear(self.engine.receive([Envelope(self.clock.now_ms(), f"v1/{device}/ping", body)]))

    def minute(self, north_m: float) -> None:
        self.ping("brc", 0.0)
        self.ping("tag", north_m)
        self.wait(60)

    def when(self, *reasons: str) -> float:
        return next((at_s for at_s, reason in self.said if reason in reasons), float("inf"))


@pytest.mark.parametrize("ahead_s", [65, 300, HOUR_S, 6 * HOUR_S, 24 * HOUR_S])
@pytest.mark.parametrize("minutes_before", [0, 5])
def test_a_breach_and_silence_are_told_though_the_record_is_ahead_of_the_clock(ahead_s: int, minutes_before: int) -> None:
    """Whether or not the devices were heard in the life before; a device that is new shows by its second report that its clock is steady."""
    lives = Lives(ahead_s)
    for _ in range(minutes_before):
        lives.minute(1_500.0)
    lives.ahead_ns = 0
    lives.begin()
    for _ in range(4):
        lives.minute(111.0)
    assert lives.when("breach") <= (1 if minutes_before else 62)
    lives.since_ns = lives.true_ns
    lives.said.clear()
    lives.wait(600)
    assert lives.when("cannot_see_respondent", "cannot_see_protected") <= 240


def test_time_goes_on_from_what_the_record_has_and_the_machine_catches_up() -> None:
    now_ns = [1_700_000_000 * SECOND_NS]
    clock = Clock(lambda step: None, lambda: now_ns[0], lambda: now_ns[0])
    first_ms = clock.now_ms()
    assert not clock.go_on_from(first_ms - 5_000)
    assert not clock.go_on_from(first_ms + 500), "a hair: nobody's business, and still not before it"
    assert clock.now_ms() == first_ms + 500
    assert clock.go_on_from(first_ms + 3_600_000)
    assert clock.now_ms() == first_ms + 3_600_000
    now_ns[0] += 80 * SECOND_NS
    assert clock.now_ms() == first_ms + 3_670_000, "an eighth slower"
    last_ms = 0
    for _ in range(9 * 3_600):
        now_ns[0] += SECOND_NS
        assert clock.now_ms() > last_ms
        last_ms = clock.now_ms()
    assert last_ms == now_ns[0] // 1_000_000


def test_what_a_dispatcher_signs_by_the_right_time_is_taken_though_the_record_is_ahead() -> None:
    settings = Settings(dispatch=DispatchSettings(webhook_url="https://x.example", webhook_secret=Secret("s" * 32)))
    put: list[str] = []
    desk = Desk(settings, lambda topic, payload: put.append(topic), lambda: time.time_ns() // 1_000_000 + HOUR_S * 1_000)
    body = b'{"alert":"11111111-2222-5333-8444-555555555555","who":"ana"}'
    assert desk.on_dispatch(signature("s" * 32, int(time.time()), body), body)
    assert not desk.on_dispatch(signature("s" * 32, int(time.time()) - HOUR_S, body), body), "an old one is not"
    assert len(put) == 1


SHIFT = "import os, time\nreal = time.time_ns\ntime.time_ns = lambda: real() + int(os.environ['TEST_AHEAD_S']) * 1_000_000_000\n"


@needs_mosquitto
@pytest.mark.faults
@pytest.mark.parametrize("ahead_s", [HOUR_S, 24 * HOUR_S])
async def test_a_service_that_lived_in_the_future_still_tells_a_breach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead_s: int) -> None:
    (tmp_path / "early").mkdir()
    (tmp_path / "early" / "sitecustomize.py").write_text(SHIFT)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "early"))
    monkeypatch.setenv("TEST_AHEAD_S", str(ahead_s))
    with world_in(tmp_path, pairs=2) as world:
        assert "clock_behind_record" not in world.monitor.log
        world.monitor.kill()
        monkeypatch.setenv("TEST_AHEAD_S", "0")
        await asyncio.to_thread(world.monitor.start)
        assert "clock_behind_record" in world.monitor.log
        async with devices(world.broker.port) as people:
            for _ in range(5):
                await people.ping("brc-0", HERE)
                await people.ping("tag-0", NEAR)
                await asyncio.sleep(1.0)
            await until(lambda: people.breaches(0), what=lambda: str(people.told))
            assert world.room.of(reason="breach", order="O-0")
