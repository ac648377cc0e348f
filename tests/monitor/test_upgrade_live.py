"""An upgrade prepared beside the running service, as the operator does it: nobody waits, and nothing is told anew."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.snapshot import read_snapshots
from tests.service_world import ROOT, Monitor, devices, needs_mosquitto, until, world_in

pytestmark = [pytest.mark.faults, needs_mosquitto]


def warm(monitor: Monitor) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "monitor.warm", "--config", str(monitor.config)], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_the_next_release_goes_on_from_what_was_prepared_and_tells_nothing_anew(tmp_path: Path) -> None:
    with world_in(tmp_path, pairs=3) as world:
        monitor = world.monitor
        snapshot, prepared = monitor.data / "snapshot", monitor.data / "snapshot.next"
        async with devices(world.broker.port) as people:
            await people.meet(0)
            await until(lambda: people.breaches(0), what=people.missing(range(1)))
            assert warm(monitor).startswith("prepared: the next start goes on behind record ")
            before = snapshot.stat().st_mtime_ns
            await until(lambda: snapshot.exists() and snapshot.stat().st_mtime_ns > before, what="the running service's next snapshot")
            assert prepared.exists(), "the running service has cleared away what is not for it"
            await people.meet(1)
            await until(lambda: people.breaches(1), what=people.missing(range(1, 2)))
            monitor.kill()
            for name in ("snapshot", "snapshot.old"):  # the next release cannot use them
                (monitor.data / name).write_bytes(b"of another layout")
            offset = next(iter(read_snapshots(snapshot))).offset
            monitor.start()
            await until(lambda: not prepared.exists(), what="the first snapshot of the new service")
            await people.meet(2)
            await until(lambda: people.breaches(2), what=people.missing(range(2, 3)))
        recovered = [json.loads(line) for line in monitor.log.splitlines() if '"recovered"' in line][-1]
        assert recovered["offset"] == offset > 0
        for order in ("O-0", "O-1", "O-2"):
            assert len({call["incident"] for call in world.room.of(order=order)}) == 1, "told anew under another name"
