"""S8. The control room's endpoint is down for 35 seconds as he comes: Tile38 loses the alert without a trace, Traccar with a line in a log.

     0:00  he is inside her perimeter; her bracelet rings at once, the endpoint refuses
     0:17  (in one of the two rows) the process is killed, and starts again
     0:35  the endpoint is back
     0:50  at the latest the control room has it, and once

Two hundred milliseconds here are ten seconds there: the pauses of the outbox are shortened alike.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from alerts import outbox as outbox_module
from alerts.channels import Answer, Verdict
from alerts.terms import Channel, DeliveryState, Notification
from tests.alerts.conftest import Bench, Recorder, fresh, until

SHORTER = 50.0
DOWN_S, KILLED_S = 35.0 / SHORTER, 17.0 / SHORTER
LONGEST_PAUSE_S = outbox_module.BACKOFF_S_MAX / SHORTER


class Endpoint(Recorder):
    """Refuses every connection until a moment."""

    def __init__(self, back_s: float) -> None:
        super().__init__()
        self.back_s = back_s
        self.refused = 0
        self.taken_s: list[float] = []

    async def send(self, one: Notification) -> Answer:
        if time.monotonic() < self.back_s:
            self.refused += 1
            return Answer(Verdict.LATER, "no connection")
        self.taken_s.append(time.monotonic())
        return await super().send(one)


@pytest.mark.parametrize("killed", [False, True])
async def test_s8_an_endpoint_that_is_down_for_35_seconds_has_the_alert_when_it_is_back(tmp_path: Path, killed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "BACKOFF_S", outbox_module.BACKOFF_S / SHORTER)
    monkeypatch.setattr(outbox_module, "BACKOFF_S_MAX", LONGEST_PAUSE_S)
    bench, started_s = Bench(tmp_path), time.monotonic()
    endpoint = Endpoint(started_s + DOWN_S)
    bench.carriers[Channel.WEBHOOK] = endpoint
    bracelet = bench.recorder(Channel.BRACELET)
    outbox = await bench.start()
    outbox.submit([hers := fresh(), theirs := fresh(Channel.WEBHOOK)])
    await until(lambda: hers.id in bench.ends())
    assert (endpoint.taken_s, bracelet.sent) == ([], [hers]), "hers does not wait for theirs"
    if killed:
        await asyncio.sleep(KILLED_S)
        await outbox.stop(0.0)
        outbox = await bench.start()
    await until(lambda: theirs.id in bench.ends())
    await outbox.stop(0.0)
    assert bench.ends() == {hers.id: DeliveryState.ACCEPTED, theirs.id: DeliveryState.ACCEPTED}
    assert (bracelet.sent, endpoint.sent) == ([hers], [theirs])
    assert 5 <= endpoint.refused <= 40, "again and again, but not in a storm"
    assert DOWN_S <= endpoint.taken_s[0] - started_s <= DOWN_S + LONGEST_PAUSE_S + 1.0, "a second for a busy machine"
