"""What is answered or over rings no telephone that has not rung; a newer or a louder ring, and a cry for help, always does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from alerts.channels import Answer, Verdict
from alerts.escalation import Escalation
from alerts.ladder import DEFAULT_LADDER, with_ways
from alerts.terms import Acknowledgement, Audience, Channel, Kind, Notification
from geofence.terms import DeviceId, IncidentId, Level, PersonId, Reason
from tests.alerts.conftest import ACCEPTED, EXPIRED, Bench, Recorder, fresh, until
from tests.messages import FACTS, transition

CALM, CAUTION, WARNING, EMERGENCY = Level
HER, DISPATCH = Audience.PROTECTED, Audience.DISPATCH
INCIDENT = IncidentId("i")
BUSY = Answer(Verdict.LATER, "twilio busy", 0.3)
LATER_S = 0.6  # when a busy one would long have been tried again

Said = list[Notification]


def one(channel: Channel, **more: Any) -> Notification:
    return fresh(channel, **{"incident": INCIDENT, **more})


def by_dispatch(asked: Notification) -> Acknowledgement:
    return Acknowledgement(asked.id, "dispatcher", asked.issued_ms + 1, who="ana")


def by_her(asked: Notification) -> Acknowledgement:
    return Acknowledgement(asked.id, "person", asked.issued_ms + 1, DeviceId("brc-1"))


async def start(bench: Bench, *busy: Answer) -> Recorder:
    """An outbox whose calls are put off so often."""
    bench.recorder(Channel.WEBHOOK)
    bench.recorder(Channel.BRACELET)
    bench.recorder(Channel.SMS, idempotent=False)
    calls = bench.recorder(Channel.VOICE, *busy, idempotent=False)
    await bench.start()
    return calls


async def placed_after(bench: Bench, calls: Recorder, said: Said, event: Callable[[], None]) -> Said:
    """The calls that are made after something happened while they were put off."""
    assert bench.outbox is not None
    wanted = sum(each.channel is Channel.VOICE for each in said)
    bench.outbox.submit(said)
    await until(lambda: len(calls.sent) == wanted)
    await asyncio.sleep(0.02)
    event()
    await asyncio.sleep(LATER_S)
    return calls.sent[wanted:]


# --- the whole way ----------------------------------------------------------------------------------------------------


def emergency() -> tuple[Escalation, Said, int]:
    """A breach of 15 s ago, of which her telephone and the desk's ring now."""
    now_ms = time.time_ns() // 1_000_000
    escalation = Escalation(with_ways(DEFAULT_LADDER, [], [PersonId("desk")]))
    said = escalation.on_transition(transition(now_ms - 15_000, CALM, EMERGENCY, Reason.BREACH), FACTS)
    return escalation, said + escalation.due(now_ms), now_ms


def asked(said: Said, audience: Audience, channel: Channel) -> Notification:
    return next(each for each in said if (each.audience, each.channel) == (audience, channel))


async def test_calls_that_wait_are_not_placed_once_both_have_answered(bench: Bench) -> None:
    calls = await start(bench, BUSY, BUSY)
    _, said, _ = emergency()
    answers = [by_dispatch(asked(said, DISPATCH, Channel.WEBHOOK)), by_her(asked(said, HER, Channel.BRACELET))]
    assert await placed_after(bench, calls, said, lambda: bench.outbox.answered(answers)) == []  # type: ignore[union-attr]
    assert {bench.ends()[each.id] for each in said if each.channel is Channel.VOICE} == {EXPIRED}


async def test_an_answer_of_dispatch_does_not_spare_her_telephone(bench: Bench) -> None:
    calls = await start(bench, BUSY, BUSY)
    _, said, _ = emergency()
    answer = by_dispatch(asked(said, DISPATCH, Channel.WEBHOOK))
    after = await placed_after(bench, calls, said, lambda: bench.outbox.answered([answer]))  # type: ignore[union-attr]
    assert [each.audience for each in after] == [HER]


async def test_calls_that_wait_are_not_placed_once_it_is_over(bench: Bench) -> None:
    calls = await start(bench, BUSY, BUSY)
    escalation, said, now_ms = emergency()
    end = escalation.on_transition(transition(now_ms, EMERGENCY, CALM, Reason.CLEAR), FACTS)
    assert await placed_after(bench, calls, said, lambda: bench.outbox.submit(end)) == []  # type: ignore[union-attr]


async def test_coming_down_half_way_ends_no_call(bench: Bench) -> None:
    calls = await start(bench, BUSY, BUSY)
    escalation, said, now_ms = emergency()
    down = escalation.on_transition(transition(now_ms, EMERGENCY, WARNING, Reason.APPROACH), FACTS)
    assert len(await placed_after(bench, calls, said, lambda: bench.outbox.submit(down))) == 2  # type: ignore[union-attr]


async def test_a_call_on_the_wire_when_it_is_answered_is_not_tried_again(bench: Bench) -> None:
    calls = await start(bench, BUSY)
    calls.gate.clear()
    assert bench.outbox is not None
    bench.outbox.submit([ring := one(Channel.BRACELET), call := one(Channel.VOICE)])
    await until(lambda: calls.sent)
    bench.outbox.answered([by_her(ring)])
    calls.gate.set()
    await until(lambda: call.id in bench.ends())
    assert (bench.ends()[call.id], calls.sent) == (EXPIRED, [call])


async def test_a_call_that_is_looked_up_when_it_is_answered_is_not_placed(bench: Bench) -> None:
    calls = await start(bench)
    gate = asyncio.Event()

    async def look(each: Notification) -> bool:
        calls.asked.append(each)
        await gate.wait()
        return False

    calls.was_taken = look  # type: ignore[method-assign]
    assert bench.outbox is not None
    minute_ago_ms = time.time_ns() // 1_000_000 - 60_000  # it comes from the journal, then, and may have been placed
    ring, call = (replace(one(channel), issued_ms=minute_ago_ms) for channel in (Channel.BRACELET, Channel.VOICE))
    bench.outbox.submit([ring, call])
    await until(lambda: calls.asked)
    bench.outbox.answered([by_her(ring)])
    gate.set()
    await until(lambda: call.id in bench.ends())
    assert (bench.ends()[call.id], calls.sent) == (EXPIRED, [])


async def test_what_was_spared_stays_so_after_a_restart(bench: Bench) -> None:
    calls = await start(bench, BUSY)
    ring, call = one(Channel.BRACELET), one(Channel.VOICE)
    await placed_after(bench, calls, [ring, call], lambda: bench.outbox.answered([by_her(ring)]))  # type: ignore[union-attr]
    assert bench.outbox is not None
    await bench.outbox.stop(0.0)
    again = await start(bench)
    bench.outbox.submit([ring, call])
    await asyncio.sleep(0.1)
    assert (again.sent, bench.row(call)) == ([], "expired")


# --- in doubt it rings ------------------------------------------------------------------------------------------------

RING = replace(one(Channel.BRACELET), issued_ms=1_000_000)  # long ago: whoever forgets `now` is found out


def at(ms: int, channel: Channel, **more: Any) -> Notification:
    return replace(one(channel, **more), issued_ms=RING.issued_ms + ms)


def now(said: Said) -> Said:
    """The same, as far from each other, said now: these are made when the tests are collected, and a telephone rings for no old news."""
    later_ms = time.time_ns() // 1_000_000 - RING.issued_ms
    return [replace(each, issued_ms=each.issued_ms + later_ms) for each in said]


CLEAR = at(20, Channel.BRACELET, kind=Kind.CLEAR, level=CALM, reason=Reason.CLEAR)
HALF_CLEAR = at(20, Channel.BRACELET, kind=Kind.CLEAR, level=WARNING, reason=Reason.APPROACH)
QUIET = at(0, Channel.BRACELET, level=WARNING, reason=Reason.APPROACH)
CHECKED = at(5, Channel.BRACELET, kind=Kind.UPDATE)
ASKED = at(0, Channel.WEBHOOK)


@pytest.mark.parametrize(
    ("said", "answer", "rings"),
    [
        ([RING, at(9, Channel.VOICE)], by_her(RING), False),
        ([RING, at(9, Channel.SMS)], by_her(RING), False),
        ([RING, at(9, Channel.VOICE, reason=Reason.STRAP)], by_her(RING), False),
        ([at(0, Channel.VOICE), at(9, Channel.BRACELET, text="again")], None, False),
        ([ASKED, at(9, Channel.WEBHOOK, kind=Kind.UPDATE), at(9, Channel.VOICE, audience=DISPATCH)], by_dispatch(ASKED), False),
        ([RING, at(9, Channel.VOICE)], Acknowledgement(RING.id, "device", 1, DeviceId("brc-1")), True),
        ([RING, at(9, Channel.VOICE)], Acknowledgement(RING.id, "person", 1, DeviceId("tag-1")), True),
        ([RING, at(9, Channel.VOICE)], by_dispatch(RING), True),
        ([ASKED, at(9, Channel.VOICE, audience=DISPATCH)], Acknowledgement(ASKED.id, "person", 1, DeviceId("tag-1")), True),
        ([RING, at(9, Channel.VOICE, reason=Reason.SOS)], by_her(RING), True),
        ([QUIET, at(9, Channel.VOICE)], by_her(QUIET), True),
        ([RING, CLEAR, at(30, Channel.VOICE)], by_her(RING), True),
        ([RING, HALF_CLEAR, at(30, Channel.VOICE)], by_her(RING), True),
        ([at(0, Channel.VOICE), HALF_CLEAR, at(30, Channel.BRACELET, level=WARNING, reason=Reason.APPROACH)], None, True),
        ([at(0, Channel.VOICE, reason=Reason.SOS, audience=DISPATCH), CLEAR], None, True),
        ([RING, CHECKED, at(9, Channel.VOICE)], by_her(CHECKED), True),
        ([at(30, Channel.VOICE), CLEAR], None, True),
        ([at(9, Channel.VOICE), CLEAR], None, False),
        ([at(9, Channel.SMS), CLEAR], None, False),
        ([at(9, Channel.VOICE, incident=IncidentId("another")), CLEAR], None, True),
    ],
)
async def test_in_doubt_a_telephone_rings(bench: Bench, said: Said, answer: Acknowledgement | None, rings: bool) -> None:
    """No answer given: the last that was said is answered by her, unless it is an end."""
    await start(bench, BUSY)
    bench.recorder(Channel.SMS, BUSY, idempotent=False)
    assert bench.outbox is not None
    said = now(said)
    for each in said:
        bench.outbox.submit([each])
    await asyncio.sleep(0.05)
    bench.outbox.answered([answer or by_her(said[-1])])
    await until(lambda: bench.outbox is not None and bench.outbox.unfinished == 0)
    (telephone,) = (each for each in said if each.channel in (Channel.VOICE, Channel.SMS))
    assert bench.ends()[telephone.id] is (ACCEPTED if rings else EXPIRED)


async def test_what_rings_after_an_answer_is_another_ring(bench: Bench) -> None:
    """She asks for help in an SOS that dispatch has answered: an answer to the first, told again, spares nothing of the second."""
    calls = await start(bench, BUSY)
    cries = [at(ms, Channel.WEBHOOK, reason=Reason.SOS) for ms in (0, 5)]
    first, second, call = now([*cries, at(9, Channel.VOICE, reason=Reason.SOS, audience=DISPATCH)])
    assert bench.outbox is not None
    bench.outbox.submit([first])
    bench.outbox.answered([by_dispatch(first)])
    bench.outbox.submit([second, call])
    await until(lambda: calls.sent)
    bench.outbox.answered([by_dispatch(first)])
    await until(lambda: call.id in bench.ends())
    assert bench.ends()[call.id] is ACCEPTED
