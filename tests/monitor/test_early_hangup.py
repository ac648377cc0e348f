"""A hangup while the service starts does not end it, and what the file says by then is taken over."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service_world import ROOT, needs_mosquitto, until, world_in

ORDER = '[[order]]\nid = "O-late"\nprotected = "brc-0"\nrespondent = "tag-0"\nperimeter_m = 300\nlanguage = "es"\n'
ORDER += "valid_from = 2026-01-01T00:00:00Z\nvalid_until = 2090-01-01T00:00:00Z\n"
# The service as `resguardo run` makes it, held up at a place of its start until a line comes in.
HELD_UP = """
import sys
from pathlib import Path
from config.load import load_settings
from monitor import groundwork, service
real = {place}
def held_up(*args, **more):
    found = real(*args, **more)
    print("here", flush=True)
    sys.stdin.readline()
    return found
{place} = held_up
sys.exit(service.run_service(load_settings(Path(sys.argv[1]), {{}})))
"""


@needs_mosquitto
@pytest.mark.faults
@pytest.mark.parametrize("place", ["groundwork.read_orders", "service.loop_factory"])
async def test_a_hangup_before_it_serves_is_done_as_soon_as_it_does(tmp_path: Path, place: str) -> None:
    with world_in(tmp_path, pairs=1) as world:
        monitor = world.monitor
        monitor.kill()
        log = (tmp_path / "monitor.log").open("ab")
        command = [sys.executable, "-c", HELD_UP.format(place=place), str(monitor.config)]
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        monitor.process = process
        assert process.stdin is not None
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == b"here\n"
        orders = tmp_path / "orders.toml"
        orders.write_text(orders.read_text() + ORDER)
        process.send_signal(signal.SIGHUP)
        process.stdin.write(b"go on\n")
        process.stdin.flush()
        await until(lambda: "orders_taken_over" in monitor.log or process.poll() is not None, what=lambda: monitor.log[-500:])
        assert process.poll() is None
        taken = next(line for line in monitor.log.splitlines() if "orders_taken_over" in line)
        assert '"orders": 2' in taken
        log.close()
