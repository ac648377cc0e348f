"""The whole service for a while at half load, with a fault each minute: is any alert lost, does memory grow?

`python -m benchmarks.soak --minutes 30 [--pairs 2000] [--rate 5000]`. Each minute, in turn: the broker is killed and started again, Redis is
frozen, the disk is kept busy. A second into each fault ten respondents enter ten perimeters; their devices send until they are heard, as
real ones do, and the bracelets of ten protected persons wait.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

import aiomqtt

from benchmarks.parties import ROOT, Monitor, Where, load, probe_ping
from benchmarks.rows import HEADING, Row, machine, quantile, resident_bytes
from config.settings import ServiceSettings
from monitor.broker import free_port, mosquitto_program

ALERTS = 10  # a minute
MINUTE_S, FAULT_S = 60.0, 10.0
RESEND_S = 2.0  # a device that has no receipt sends again
LOST_S = 60.0  # an alert later than this is lost
WARM_S = 240.0  # before memory is looked at: a minute, and each fault once, since what a fault piles up needs room that stays
GROWTH_MAX = 1.02
BLOCK_BYTES = 16 << 20  # written and forced to disk, again and again, by the disk's other user
MOSQUITTO = "listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nlog_type none\nmax_queued_messages 0\n"


class Servers:
    """The broker and Redis, and what may happen to them."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.mqtt, self.redis_port = directory, Where(free_port(), "127.0.0.1"), free_port()
        (directory / "mosquitto.conf").write_text(MOSQUITTO.format(port=self.mqtt.port))
        self.broker = self._start_broker()
        command = ["redis-server", "--port", str(self.redis_port), "--save", "", "--bind", "127.0.0.1"]
        self.redis = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _start_broker(self) -> subprocess.Popen[bytes]:
        command = [mosquitto_program(), "-c", str(self.directory / "mosquitto.conf")]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        while socket.socket().connect_ex(("127.0.0.1", self.mqtt.port)):
            time.sleep(0.02)
        return process

    async def kill_broker(self) -> None:
        self.broker.kill()
        self.broker.wait()
        await asyncio.sleep(FAULT_S / 2)
        self.broker = self._start_broker()

    async def freeze_redis(self) -> None:
        self.redis.send_signal(signal.SIGSTOP)
        await asyncio.sleep(FAULT_S)
        self.redis.send_signal(signal.SIGCONT)

    async def busy_disk(self) -> None:
        deadline = time.monotonic() + FAULT_S
        while time.monotonic() < deadline:
            await asyncio.to_thread(self._write_block)

    def _write_block(self) -> None:
        with (self.directory / "busy").open("wb") as file:
            file.write(os.urandom(BLOCK_BYTES))
            os.fsync(file.fileno())

    def stop(self) -> None:
        for process in (self.broker, self.redis):
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()


class Prober:
    """The respondents who come near, and the bracelets that must ring."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.sent: dict[int, float] = {}
        self.took: dict[int, float] = {}

    async def run(self) -> None:
        """Stay connected as long as there is a broker."""
        while True:
            with contextlib.suppress(aiomqtt.MqttError):
                async with aiomqtt.Client("127.0.0.1", self._port, identifier="probe", clean_session=False) as client:
                    await client.subscribe("v1/+/alert", qos=1)
                    await asyncio.gather(self._listen(client), self._send(client))
            await asyncio.sleep(0.5)

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            name = message.topic.value.split("/")[1]
            if name.startswith("probe-brc-") and json.loads(message.payload)["level"] == "emergency":
                i = int(name.rpartition("-")[2])
                if i in self.sent:
                    self.took.setdefault(i, time.monotonic() - self.sent[i])

    async def _send(self, client: aiomqtt.Client) -> None:
        while True:
            for i in [i for i in self.sent if i not in self.took and time.monotonic() - self.sent[i] < LOST_S]:
                await client.publish(f"v1/probe-brc-{i}/ping", probe_ping(0.0), qos=1)
                await client.publish(f"v1/probe-tag-{i}/ping", probe_ping(0.001), qos=1)
            await asyncio.sleep(RESEND_S)


async def keep_loading(where: Where, args: argparse.Namespace) -> None:
    """Load for as long as it is wanted: the generator gives up when its broker dies."""
    while True:
        command = [str(part) for part in load(where, args.pairs, args.minutes * MINUTE_S, 1, str(args.rate))]
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        await asyncio.sleep(1.0)


async def watch_memory(pid: int, sizes: list[float], minutes: int) -> None:
    await asyncio.sleep(min(WARM_S, minutes * MINUTE_S / 3))
    while True:
        sizes.append(resident_bytes(pid) / 1e6)
        await asyncio.sleep(1.0)


async def soak(servers: Servers, monitor: Monitor, args: argparse.Namespace) -> list[Row]:
    prober, sizes = Prober(servers.mqtt.port), list[float]()
    around = [asyncio.create_task(part) for part in (prober.run(), keep_loading(servers.mqtt, args), watch_memory(monitor.pid, sizes, args.minutes))]
    faults: tuple[tuple[str, Callable[[], Coroutine[None, None, None]]], ...] = (
        ("broker killed", servers.kill_broker), ("Redis frozen", servers.freeze_redis), ("disk busy", servers.busy_disk)
    )  # fmt: skip
    for minute in range(args.minutes):
        began = time.monotonic()
        name, fault = faults[minute % len(faults)]
        breaking = asyncio.ensure_future(fault())
        await asyncio.sleep(1.0)
        prober.sent.update(dict.fromkeys(range(minute * ALERTS, (minute + 1) * ALERTS), time.monotonic()))
        await breaking
        await asyncio.sleep(max(0.0, MINUTE_S - (time.monotonic() - began)))
        arrived = [prober.took[i] for i in range(minute * ALERTS, (minute + 1) * ALERTS) if i in prober.took]
        said = f"{len(arrived)} of {ALERTS} alerts, the last after {max(arrived, default=0):.1f} s; {resident_bytes(monitor.pid) / 1e6:.0f} MB"
        print(f"minute {minute}: {name}: {said}", file=sys.stderr)
    for task in around:
        task.cancel()
    await asyncio.gather(*around, return_exceptions=True)
    return rows_of(prober, sizes, args)


def rows_of(prober: Prober, sizes: list[float], args: argparse.Namespace) -> list[Row]:
    lost = len(prober.sent) - len(prober.took)
    took = list(prober.took.values())
    sample = f"{args.minutes} minutes, {2 * args.pairs:,} devices, {args.rate:,} pings/s at QoS 1, {len(prober.sent)} alerts"
    third = max(1, len(sizes) // 3)
    early, late = sum(sizes[:third]) / third, sum(sizes[-third:]) / third
    return [
        Row("soak: alerts lost", lost, "", "0", None, sample, lost == 0),
        Row("soak: the slowest alert (the broker away for 5 s of it)", quantile(took, 1.0), "s", "", None, sample),
        Row("soak: memory in the last third (floor: the first, after each fault has been once)", late, "MB", "≤ 1.02 ×", early, sample, late <= GROWTH_MAX * early),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--pairs", type=int, default=2_000)
    parser.add_argument("--rate", type=int, default=5_000, help="pings a second: half of what this machine takes")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        servers = Servers(Path(name))
        redis = f'[redis]\nhost = "127.0.0.1"\nport = {servers.redis_port}\n'
        monitor = Monitor(Path(name), servers.mqtt, args, redis, snapshot_every_s=ServiceSettings().snapshot_every_s)  # as often as in life
        try:
            monitor.start()
            rows = asyncio.run(soak(servers, monitor, args))
        finally:
            monitor.stop()
            servers.stop()
    print(f"{machine()}\n\n{HEADING}")
    for row in rows:
        print(row.line())


if __name__ == "__main__":
    main()
