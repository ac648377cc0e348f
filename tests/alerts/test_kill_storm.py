"""Killed again and again in the middle of a storm, with a carrier that fails: every alert once, with its own code, and none lost.

`RESGUARDO_STORM=300:25 python -m pytest tests/alerts/test_kill_storm.py -s` is the whole of it (alerts:kills); the suite runs a small one.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path
from uuid import UUID, uuid5

import pytest

from alerts.message import code_of
from alerts.terms import Channel, Notification, NotificationId
from geofence.terms import IncidentId, PersonId
from simulator.fake_twilio import FakeTwilio, Fault
from tests.messages import notification
from tests.service_world import ROOT

ALERTS, KILLS = map(int, os.environ.get("RESGUARDO_STORM", "60:5").split(":"))
FAULTY = 0.2  # of all requests
NAMES = UUID("0d3d1a5c-7a52-4a0e-9d67-7a4a4d0a7b11")
WORKER = Path(__file__).with_name("storm_worker.py")
END_S = 100.0 + ALERTS  # for one life

pytestmark = pytest.mark.faults


def alert(n: int, issued_ms: int) -> Notification:
    """The same alert in every life of the process."""
    incident = IncidentId(str(uuid5(NAMES, f"incident {n}")))
    code = code_of(incident)
    more = {"id": NotificationId(str(uuid5(NAMES, f"alert {n}"))), "incident": incident, "person": PersonId(f"P-{n}")}
    return notification(Channel.SMS, issued_ms=issued_ms, code=code, text=f"PELIGRO: {n}. Clave {code}.", **more)


def issued_ms_of(directory: Path) -> int:
    """When the storm began, the same in every life."""
    return int((directory / "issued").read_text())


async def life(directory: Path, twilio: FakeTwilio, copies: int | None) -> bool:
    """One process, killed once the carrier has so many; True if it had finished."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(WORKER), str(directory), twilio.url, str(ALERTS), stdout=asyncio.subprocess.PIPE, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            assert await process.stdout.readline() == b"begun\n"
        async with asyncio.timeout(END_S):
            while copies is not None and len(twilio.made) < copies:
                await asyncio.sleep(0.001)
            return copies is None and await process.stdout.readline() == b"finished\n"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_every_alert_arrives_once_however_often_we_are_killed(tmp_path: Path) -> None:
    rng = random.Random(7)
    twilio = FakeTwilio()
    kinds = list(Fault)
    twilio.faults.extend(rng.choice(kinds) if rng.random() < FAULTY else None for _ in range(ALERTS * 4))
    (tmp_path / "issued").write_text(str(time.time_ns() // 1_000_000))
    await twilio.start()
    kills = sorted(rng.sample(range(1, ALERTS * 9 // 10), KILLS))  # the last tenth is always left: each life has something to do
    try:
        for copies in kills:
            assert not await life(tmp_path, twilio, copies)
        assert await life(tmp_path, twilio, None)
    finally:
        await twilio.stop()
    copies = Counter(made.to for made in twilio.made)
    said = f"{ALERTS} alerts, {len(kills)} kills, faults {dict(twilio.hit)}, {twilio.lookups} look-ups, most copies {max(copies.values())}"
    print(f"\n{said}")
    assert len(copies) == ALERTS, f"lost: {said}"
    assert max(copies.values()) == 1, f"twice: {said}"
    assert {made.body for made in twilio.made} == {alert(n, 0).text for n in range(ALERTS)}
    assert set(twilio.hit) == set(kinds), "each fault really happened"
