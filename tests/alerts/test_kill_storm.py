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

from alerts.escalation import code_of
from alerts.terms import Channel, Notification, NotificationId
from geofence.terms import IncidentId, PersonId
from simulator.fake_twilio import FakeTwilio, Fault
from tests.messages import notification
from tests.service_world import ROOT

ALERTS, KILLS = map(int, os.environ.get("RESGUARDO_STORM", "60:5").split(":"))
FAULTY = 0.2  # of all requests
NAMES = UUID("0d3d1a5c-7a52-4a0e-9d67-7a4a4d0a7b11")
WORKER = Path(__file__).with_name("storm_worker.py")
END_S = 100.0 + ALERTS  # for the last life, which nobody kills

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


async def life(directory: Path, url: str, seconds: float | None) -> bool:
    """One process, killed after so long; True if it had finished."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(WORKER), str(directory), url, str(ALERTS), stdout=asyncio.subprocess.PIPE, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            assert await process.stdout.readline() == b"begun\n"
        async with asyncio.timeout(seconds):
            return await process.stdout.readline() == b"finished\n"
    except TimeoutError:
        return False
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
    killed = 0
    try:
        while killed < KILLS:
            assert not await life(tmp_path, twilio.url, rng.uniform(0.005, 0.1)), "over before it was killed often enough"
            killed += 1
        assert await life(tmp_path, twilio.url, END_S)
    finally:
        await twilio.stop()
    copies = Counter(made.to for made in twilio.made)
    said = f"{ALERTS} alerts, {killed} kills, faults {dict(twilio.hit)}, {twilio.lookups} look-ups, most copies {max(copies.values())}"
    print(f"\n{said}")
    assert len(copies) == ALERTS, f"lost: {said}"
    assert max(copies.values()) == 1, f"twice: {said}"
    assert {made.body for made in twilio.made} == {alert(n, 0).text for n in range(ALERTS)}
    assert set(twilio.hit) == set(kinds), "each fault really happened"
