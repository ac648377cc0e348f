"""Promises about an order before it begins and after its end: where its parties are is not shown, and "calm" is not said without saying why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from geofence.terms import OrderId, Registry
from monitor.engine import Engine
from monitor.inquiries import Inquiries, Unfit
from monitor.playback import Playback, Recording
from monitor.views import Views
from tests.monitor.test_playback import HOUR_MS, recorded, registry, story
from tests.pings import T0

MIDDLE_MS = T0 + 15 * 60_000


def limited(begins_ms: int, ends_ms: int) -> Registry:
    return Registry(registry().devices, tuple(replace(one, valid_from_ms=begins_ms, valid_until_ms=ends_ms) for one in registry().orders))


@pytest.mark.parametrize(("begins_ms", "ends_ms"), [(0, MIDDLE_MS), (T0 + HOUR_MS, 1 << 42)], ids=["over", "not yet"])
def test_where_they_are_is_told_while_the_order_is_in_force(begins_ms: int, ends_ms: int) -> None:
    engine = Engine(limited(begins_ms, ends_ms))
    for envelope in story(3, 20):
        engine.receive([envelope])
    with pytest.raises(Unfit, match="not in force"):
        Inquiries(Views(lambda: engine)).answer({"do": "positions", "of": OrderId("O-0")})


async def test_playback_shows_nobody_outside_of_the_time_that_the_order_is_in_force(tmp_path: Path) -> None:
    recording, _ = await recorded(tmp_path, story(3, 20))
    for world, inside in ((limited(0, MIDDLE_MS), lambda at_ms: at_ms < MIDDLE_MS), (limited(MIDDLE_MS, 1 << 42), lambda at_ms: at_ms > MIDDLE_MS)):
        frames = list(Playback(Recording(recording.journal, world), "O-0", T0 + 125_000, T0 + HOUR_MS, 60_000).frames())
        assert {inside(frame.at_ms) for frame in frames} == {True, False}
        for frame in frames:
            if inside(frame.at_ms):
                assert frame.respondent is not None
            else:
                assert (frame.level, frame.reason, frame.protected, frame.respondent) == ("calm", "order_ended", None, None)
