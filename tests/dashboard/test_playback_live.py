"""A case is played back from the journal of a real monitor, by the engine that judged it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dashboard.test_console_live import console_in, emergencies, queued
from tests.service_world import devices

pytestmark = pytest.mark.faults


async def test_the_playback_of_an_incident_is_what_was_decided(tmp_path: Path) -> None:
    with console_in(tmp_path, pairs=2) as (world, console):
        async with devices(world.broker.port) as people, console.browser() as ana:
            await people.meet(0)
            (row,) = [one for one in await queued(ana, lambda a: emergencies(a) == {"O-0"}) if one["order"] == "O-0"]
            status, played = await ana("GET", f"/incidents/{row['id']}/playback?step_s=1")
            assert status == 200, played
            told = [one for one in (await ana("GET", f"/incidents/{row['id']}"))[1]["entries"] if one["kind"] == "transition"]
            assert [one["reason"] for one in played["transitions"]] == [one["text"] for one in told]
            assert played["exact"] is True
            last = played["frames"][-1]
            assert (last["level"], last["distance_m"]) == ("emergency", pytest.approx(110.7, abs=5))
            assert played["perimeter_m"] == 500
