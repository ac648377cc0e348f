"""An outbox between carriers that answer by script: what it sends, what it reports, and what its database holds; and a Twilio of our own."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from alerts.channels import Answer, Carrier, Verdict
from alerts.channels.console import Console
from alerts.channels.telephone import Account
from alerts.outbox import Outbox
from alerts.terms import Channel, DeliveryState, Notification, NotificationId, Outcome
from simulator.fake_twilio import FakeTwilio
from tests.messages import notification

ACCEPTED, FAILED, EXPIRED = DeliveryState.ACCEPTED, DeliveryState.FAILED, DeliveryState.EXPIRED
TAKEN, LATER = Answer(Verdict.TAKEN), Answer(Verdict.LATER)


class Recorder:
    """A carrier that answers by script and keeps what it was given; while `gate` is closed it answers nothing."""

    timeout_s = 2.0

    def __init__(self, *script: Answer, idempotent: bool = True, parallel: int = 4) -> None:
        self.idempotent, self.parallel = idempotent, parallel
        self.script = list(script)
        self.sent: list[Notification] = []
        self.asked: list[Notification] = []
        self.gate = asyncio.Event()
        self.gate.set()

    def reaches(self, one: Notification) -> bool:
        return one.person == "P-1" or one.channel is not Channel.SMS

    async def send(self, one: Notification) -> Answer:
        self.sent.append(one)
        await self.gate.wait()
        return self.script.pop(0) if self.script else TAKEN

    async def was_taken(self, one: Notification) -> bool:
        self.asked.append(one)
        return one in self.sent

    async def close(self) -> None:
        self.gate.set()


class Bench:
    """An outbox, its carriers and what it has reported."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "outbox.sqlite"
        self.carriers: dict[Channel, Carrier] = {Channel.CONSOLE: Console()}
        self.outcomes: list[Outcome] = []
        self.degraded: list[bool] = []
        self.bent = 0
        self.pace_s: dict[Channel, float] = {}
        self.outbox: Outbox | None = None

    def recorder(self, channel: Channel, *script: Answer, **more: Any) -> Recorder:
        recorder = Recorder(*script, **more)
        self.carriers[channel] = recorder
        return recorder

    async def start(self) -> Outbox:
        self.outbox = Outbox(
            self.path,
            self.carriers,
            on_outcome=self.outcomes.append,
            on_degraded=self.degraded.append,
            on_bent=self.note_bent,
            rng=random.Random(1),
            pace_s=self.pace_s,
        )
        await self.outbox.start()
        return self.outbox

    def note_bent(self) -> None:
        self.bent += 1

    def ends(self) -> dict[NotificationId, DeliveryState]:
        return {outcome.notification: outcome.state for outcome in self.outcomes}

    def row(self, one: Notification) -> str | None:
        with sqlite3.connect(self.path) as connection:
            found = connection.execute("select state from notification where id = ?", (one.id,)).fetchone()
        return None if found is None else str(found[0])


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    if bench.outbox is not None:
        await bench.outbox.stop(0.0)


async def until(true: Callable[[], Any], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.005)


def fresh(channel: Channel = Channel.BRACELET, **more: Any) -> Notification:
    return notification(channel, issued_ms=time.time_ns() // 1_000_000, **more)


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    twilio = FakeTwilio()
    await twilio.start()
    yield twilio
    await twilio.stop()


def account_of(twilio: FakeTwilio) -> Account:
    return Account(account_sid="AC" + "a" * 32, auth_token="b" * 32, from_number="+525500000009", base_url=twilio.url)
