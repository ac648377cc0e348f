"""The most urgent goes first, a clear never before its alarm, and what newer words make needless is not sent."""

from __future__ import annotations

import asyncio
import time

from alerts.channels import Answer, Verdict
from alerts.terms import Channel, Kind
from geofence.terms import IncidentId, Level, PersonId, Reason
from tests.alerts.conftest import ACCEPTED, EXPIRED, LATER, Bench, fresh, until


async def test_the_most_urgent_goes_first_then_the_oldest(bench: Bench) -> None:
    bracelet = bench.recorder(Channel.BRACELET, parallel=1)
    bracelet.gate.clear()
    outbox = await bench.start()
    first = fresh(level=Level.CAUTION)
    outbox.submit([first])
    await until(lambda: bracelet.sent)
    queued = [fresh(level=level) for level in (Level.CAUTION, Level.WARNING, Level.EMERGENCY, Level.EMERGENCY)]
    outbox.submit(queued)
    bracelet.gate.set()
    await until(lambda: len(bench.outcomes) == 5)
    assert bracelet.sent == [first, queued[2], queued[3], queued[1], queued[0]]


async def test_a_paced_channel_keeps_its_pace_and_the_most_urgent_goes_first(bench: Bench) -> None:
    calls = bench.recorder(Channel.VOICE, idempotent=False)
    bench.pace_s = {Channel.VOICE: 0.2}
    outbox = await bench.start()
    started_s = time.monotonic()
    first, quiet, loud = (fresh(Channel.VOICE, level=level) for level in (Level.WARNING, Level.WARNING, Level.EMERGENCY))
    outbox.submit([first])
    await until(lambda: calls.sent)
    outbox.submit([quiet, loud])
    await until(lambda: len(bench.outcomes) == 3)
    assert calls.sent == [first, loud, quiet]
    assert time.monotonic() - started_s >= 0.4


async def test_a_clear_never_overtakes_its_alarm(bench: Bench) -> None:
    bracelet = bench.recorder(Channel.BRACELET, LATER, LATER)
    outbox = await bench.start()
    incident = IncidentId("i")
    alarm = fresh(incident=incident)
    clear = fresh(incident=incident, kind=Kind.CLEAR, level=Level.CALM, reason=Reason.CLEAR)
    outbox.submit([alarm, clear])
    await until(lambda: len(bench.outcomes) == 2)
    assert bracelet.sent == [alarm, alarm, alarm, clear]


async def test_a_louder_ring_makes_the_waiting_one_needless(bench: Bench) -> None:
    bracelet = bench.recorder(Channel.BRACELET, Answer(Verdict.LATER, "", 30.0))
    outbox = await bench.start()
    incident = IncidentId("i")
    quiet, loud = fresh(incident=incident, level=Level.WARNING), fresh(incident=incident)
    outbox.submit([quiet])
    await until(lambda: bracelet.sent)
    await asyncio.sleep(0)
    outbox.submit([loud])
    await until(lambda: len(bench.outcomes) == 2)
    assert bench.ends() == {quiet.id: EXPIRED, loud.id: ACCEPTED}


async def test_two_whom_she_trusts_are_told_both(bench: Bench) -> None:
    texts = bench.recorder(Channel.PUSH, parallel=1)
    texts.gate.clear()
    outbox = await bench.start()
    incident = IncidentId("i")
    said = [fresh(Channel.PUSH, incident=incident, person=PersonId(f"T-{n}")) for n in range(3)]
    outbox.submit(said)
    texts.gate.set()
    await until(lambda: len(bench.outcomes) == 3)
    assert list(bench.ends().values()) == [ACCEPTED] * 3


async def test_new_numbers_replace_numbers_that_wait(bench: Bench) -> None:
    webhook = bench.recorder(Channel.WEBHOOK)
    webhook.gate.clear()
    outbox = await bench.start()
    incident = IncidentId("i")
    alarm, old, new = (fresh(Channel.WEBHOOK, incident=incident, kind=kind) for kind in (Kind.RAISE, Kind.UPDATE, Kind.UPDATE))
    outbox.submit([alarm, old, new])
    webhook.gate.set()
    await until(lambda: len(bench.outcomes) == 3)
    assert webhook.sent == [alarm, new]
    assert bench.ends()[old.id] is EXPIRED
