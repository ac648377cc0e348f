"""What breaks around the service while it works: a frozen broker, Redis, the disk. Each fault is shown to be there."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service_world import World, devices, free_port, needs_mosquitto, needs_redis, until, world_in

pytestmark = [
    pytest.mark.faults,
    needs_mosquitto,
]
DISK = "2m"  # the journal's reserve takes half of it


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_in(tmp_path) as made:
        yield made


async def test_a_frozen_broker_is_told_to_dispatch_and_work_goes_on_when_it_thaws(world: World) -> None:
    world.broker.process.send_signal(signal.SIGSTOP)
    await until(lambda: world.room.of(reason="no_link", kind="raise"), 15, "the notice")
    assert not any(world.monitor.health()[1]["parts"]["broker"].values())
    status = Path(f"/proc/{world.broker.process.pid}/stat")
    assert not status.exists() or " T " in status.read_text(), "the broker was not frozen"
    world.broker.process.send_signal(signal.SIGCONT)
    await until(lambda: world.room.of(reason="no_link", kind="clear"), 20, "the end of the notice")
    async with devices(world.broker.port) as people:
        await people.meet(0)
        await until(lambda: people.breaches(0), what="alert after the freeze")


@needs_redis
async def test_redis_frozen_and_killed_delays_no_alert(tmp_path: Path) -> None:
    port = free_port()
    redis = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)], stdout=subprocess.DEVNULL
    )
    try:
        with world_in(tmp_path, more=f'[redis]\nhost = "127.0.0.1"\nport = {port}\n') as world:
            async with devices(world.broker.port) as people:
                await people.meet(0)
                await until(lambda: _level(port, "O-0") == "emergency", what="live state for readers")
                redis.send_signal(signal.SIGSTOP)
                await people.meet(1)
                await until(lambda: people.breaches(1), 5, "alert while Redis is frozen")
                assert _level(port, "O-1") == "", "Redis was not frozen"
                redis.kill()
                redis.wait()
                await people.meet(2)
                await until(lambda: people.breaches(2), 5, "alert while Redis is dead")
                assert world.monitor.health()[0] == 200
    finally:
        redis.kill()
        redis.wait()


def _level(port: int, order: str) -> str:
    """What a reader sees, or nothing."""
    try:
        asked = subprocess.run(
            ["redis-cli", "-p", str(port), "hget", f"resguardo:order:{order}", "level"],
            capture_output=True,
            text=True,
            timeout=0.5,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return ""
    return asked.stdout.strip()


@pytest.fixture
def disk_size() -> str:
    return DISK


class Filler:
    """Takes every byte of a disk, also those that become free, until it lets go."""

    def __init__(self, path: Path) -> None:
        self.refused = 0
        self._path = path
        self._letting_go = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with self._path.open("wb", buffering=0) as file:
            while not self._letting_go.is_set():
                try:
                    file.write(b"x" * 512)
                except OSError:
                    self.refused += 1
                    self._letting_go.wait(0.001)

    def let_go(self) -> None:
        self._letting_go.set()
        self._thread.join()
        self._path.unlink()


async def test_a_full_disk_mutes_no_alert_withholds_receipts_and_is_told_to_dispatch(small_disk: Path) -> None:
    with world_in(small_disk.parent) as world:
        async with devices(world.broker.port) as people:
            filler = Filler(small_disk / "filler")
            await until(lambda: filler.refused, 10, "a full disk")
            for _ in range(500):
                sent = await people.ping("brc-30", (20.0, -100.0))
                try:
                    await until(lambda sent=sent: {"v": 1, "boot": 1, "seq": sent} in people.heard("brc-30", "receipt"), 1.0)
                except AssertionError:
                    break
            else:
                raise AssertionError("the journal never stopped")
            await until(lambda: world.room.of(kind="raise", level="caution", order=""), 20, "the notice")
            assert world.monitor.health()[1]["parts"]["journal"] == "degraded"
            await people.meet(1)
            await until(lambda: people.breaches(1), 5, "alert on a full disk")
            assert people.heard("brc-1", "receipt") == [], "a device was told to forget what is not on disk"
            filler.let_go()
            await until(lambda: people.heard("brc-1", "receipt"), 20, "receipt once there is room")
            await until(lambda: world.room.of(kind="clear", level="calm", order=""), 20, "the end of the notice")
