"""How long an alert takes from its transition to whoever carries it further, while all is well and while a part of the world hangs.

`python -m benchmarks.delivery [--breaches 150]`: a real service on a real broker and a real Redis; bracelets, a control room and a carrier
that note when they were handed an alert. Each breach is another pair, one after the other. The faults in turn: texts that are never
answered, Redis frozen, the disk full (needs the right to mount a small one). Floors of the same run: a bare hop by MQTT, a bare POST.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import aiomqtt

from benchmarks.broker import AT_ONCE
from benchmarks.parties import config_of, fetch, mosquitto, process
from benchmarks.rows import HEADING, Row, machine, median, quantile
from geofence.terms import Device, DeviceId, Order, OrderId, PersonId, Registry
from monitor.broker import free_port
from simulator.fake_twilio import FakeTwilio, Fault
from simulator.orders_file import write_orders

GOALS_MS = {"bracelet": 50.0, "webhook": 50.0, "sms": 250.0, "voice": 250.0}
EVERY_S = 0.1  # between two breaches
END_S = 20.0  # for the last of them to be handed over
DISK = "24m"  # room for a start; then it is filled
SECRET = "0123456789abcdef"
RUNG = '[[ladder.emergency]]\nafter_s = 0\naudience = "{0}"\nchannel = "{1}"\nunless = "nothing"\n'
WAYS = (("protected", "bracelet"), ("dispatch", "webhook"), ("protected", "sms"), ("protected", "voice"))
SETTINGS = """
[redis]
host = "127.0.0.1"
port = {redis}
[dispatch]
webhook_url = "http://127.0.0.1:{room}/alerts"
webhook_secret_file = "secret"
[telephone]
account_sid = "{account}"
auth_token_file = "token"
from_number = "+525500000009"
base_url = "{twilio}"
calls_per_s = 100.0
"""


class Room:
    """The control room: notes when each order's breach came in."""

    def __init__(self) -> None:
        self.at_s: dict[str, float] = {}
        self.issued_s: dict[str, float] = {}
        room = self

        class Desk(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                now_s = time.time()
                said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if said.get("reason", "floor") in ("breach", "floor"):
                    room.at_s.setdefault(said["order"], now_s)
                    room.issued_s.setdefault(said["order"], said["issued"] / 1000)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@dataclass(slots=True)
class World:
    """The parts of one run."""

    directory: Path
    broker: int
    http: int
    redis: subprocess.Popen[str]
    room: Room
    twilio: FakeTwilio
    bracelets_s: dict[str, float] = field(default_factory=dict)


def registry_of(pairs: int) -> Registry:
    devices, orders = [], []
    for i in range(pairs):
        devices += [Device(DeviceId(f"brc-{i}"), PersonId(f"P-{i}")), Device(DeviceId(f"tag-{i}"), PersonId(f"R-{i}"))]
        orders.append(Order(OrderId(f"O-{i}"), PersonId(f"P-{i}"), PersonId(f"R-{i}"), 500.0, 2200.0, 0, 1 << 42))
    return Registry(tuple(devices), tuple(orders))


def ping(east_deg: float) -> bytes:
    now_ms = int(time.time() * 1000)
    fix = {"at": now_ms, "lat": 21.5, "lon": -101.5 + east_deg, "accuracy": 8.0}
    return json.dumps({"v": 1, "boot": 1, "seq": 1, "at": now_ms, "fix": fix}).encode()


@asynccontextmanager
async def world(pairs: int) -> AsyncIterator[World]:
    """Everything started, the service healthy, nobody seen yet."""
    with tempfile.TemporaryDirectory() as name:
        directory, room, twilio, redis, web = Path(name), Room(), FakeTwilio(), free_port(), free_port()
        await twilio.start()
        with small_disk(directory / "data"), mosquitto(directory, tcp=True) as broker, process(
            "redis-server", "--port", redis, "--save", "", "--dir", directory, stdout=subprocess.DEVNULL
        ) as store:
            write_orders(directory / "orders.toml", registry_of(pairs))
            (directory / "contacts.toml").write_text("".join(f'[P-{i}]\nphone = "+52550{i:07}"\n' for i in range(pairs)))
            (directory / "secret").write_text(SECRET)
            (directory / "token").write_text("b" * 32)
            more = SETTINGS.format(redis=redis, room=room.port, twilio=twilio.url, account="AC" + "a" * 32)
            config = config_of(broker, web).replace("[broker]", 'contacts = "contacts.toml"\n[broker]', 1)
            (directory / "config.toml").write_text(config + more + "".join(RUNG.format(*way) for way in WAYS))
            command = (sys.executable, "-m", "monitor", "run", "--config", directory / "config.toml")
            with process(*command, stdout=subprocess.DEVNULL):
                async with asyncio.timeout(60):
                    while '"healthy":true' not in (await asyncio.to_thread(fetch, f"http://127.0.0.1:{web}/healthz")).replace(" ", ""):  # noqa: ASYNC110 - another process
                        await asyncio.sleep(0.1)
                yield World(directory, broker.port, web, store, room, twilio)
        room.server.shutdown()
        await twilio.stop()


@contextmanager
def small_disk(path: Path) -> Iterator[bool]:
    """A directory on a disk of its own, where that is allowed; an ordinary one otherwise."""
    path.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(path)], capture_output=True, check=False)
    try:
        yield mounted.returncode == 0
    finally:
        subprocess.run(["umount", "-l", str(path)], capture_output=True, check=False)


def health(one: World) -> str:
    """What the service says of itself, be it well or not."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{one.http}/healthz", timeout=2) as answer:
            said = answer.read()
    except urllib.error.HTTPError as error:
        said = error.read()
    return str(said.decode()).replace(" ", "")


async def breach(one: World, pairs: int) -> None:
    """Let each pair meet, one after the other, and wait until all that can be handed over has been."""

    async def listen(client: aiomqtt.Client) -> None:
        async for message in client.messages:
            now_s, said = time.time(), json.loads(message.payload)
            if said.get("reason") == "breach":
                one.bracelets_s.setdefault("O-" + message.topic.value.split("/")[1].rpartition("-")[2], now_s)

    async with aiomqtt.Client("127.0.0.1", one.broker, identifier="world", socket_options=AT_ONCE) as client:
        for i in range(pairs):
            await client.subscribe(f"v1/brc-{i}/alert", qos=1)
            await client.publish(f"v1/brc-{i}/ping", ping(0.0), qos=1)
        await asyncio.sleep(1.0)
        listener = asyncio.create_task(listen(client))
        for i in range(pairs):
            await client.publish(f"v1/tag-{i}/ping", ping(0.001), qos=1)
            await asyncio.sleep(EVERY_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(END_S):
                while min(map(len, (one.bracelets_s, one.room.at_s, made(one, "Calls")))) < pairs:  # noqa: ASYNC110 - they come from three sides
                    await asyncio.sleep(0.05)
        listener.cancel()


def made(one: World, kind: str) -> dict[str, float]:
    """When the carrier was handed each order's text or call."""
    return {f"O-{int(each.to[-7:])}": each.made_at.timestamp() for each in reversed(one.twilio.made) if each.kind == kind}


@contextmanager
def fault_in(one: World, name: str) -> Iterator[None]:
    """Let something hang, and say whether it really did."""
    filler, full = one.directory / "data" / "filler", 0
    if name == "texts are never answered":
        one.twilio.hanging = {"Messages"}
    elif name == "Redis is frozen":
        one.redis.send_signal(signal.SIGSTOP)
    elif name == "the disk is full":
        with filler.open("wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                with suppress(OSError):
                    while full < 1 << 26:
                        full += file.write(b"x" * size)
    yield
    happened = {
        "all is well": True,
        "texts are never answered": one.twilio.hit[Fault.SILENT] > 0,
        "Redis is frozen": '"redis":"away"' in health(one),
        "the disk is full": '"outbox":"degraded"' in health(one),
    }
    one.redis.send_signal(signal.SIGCONT)
    if not happened[name]:
        print(f"{name}: that did not happen; this part shows nothing")


async def measure(name: str, pairs: int) -> None:
    async with world(pairs) as one:
        floors = await asyncio.to_thread(bare_posts, one.room), await bare_hops(one.broker)
        with fault_in(one, name):
            await breach(one, pairs)
        handed = {"bracelet": one.bracelets_s, "webhook": one.room.at_s, "sms": made(one, "Messages"), "voice": made(one, "Calls")}
        for way, at_s in handed.items():
            took_ms = [max(0.0, (at_s[order] - issued_s) * 1000) for order, issued_s in one.room.issued_s.items() if order in at_s and order != "floor"]
            if way == "sms" and name == "texts are never answered":
                assert not took_ms, "a text that was answered did not hang"
                continue
            p99, floor = quantile(took_ms, 0.99), floors[way == "bracelet"]
            sample = f"p50 {median(took_ms):.1f} ms, worst {max(took_ms):.1f} ms of {len(took_ms)} of {pairs}"
            goal = GOALS_MS[way]
            print(Row(f"transition → {way}, {name} (p99)", p99, "ms", f"≤ {goal:g}", floor, sample, p99 <= goal and len(took_ms) == pairs).line(), flush=True)


def bare_posts(room: Room) -> float:
    """p99 of one POST to the same server by a client that does nothing else, in ms."""
    took = []
    for _ in range(200):
        started = time.time()
        room.at_s.pop("floor", None)
        connection = http.client.HTTPConnection("127.0.0.1", room.port)
        connection.request("POST", "/alerts", json.dumps({"order": "floor", "issued": 0}))
        connection.getresponse().read()
        connection.close()
        took.append((room.at_s["floor"] - started) * 1000)
    return quantile(took, 0.99)


async def bare_hops(port: int) -> float:
    """p99 of one message through the broker, in ms."""
    took = []
    async with aiomqtt.Client("127.0.0.1", port, identifier="floor", socket_options=AT_ONCE) as client:
        await client.subscribe("floor", qos=1)
        for _ in range(200):
            started = time.perf_counter()
            await client.publish("floor", b"x", qos=0)
            await anext(aiter(client.messages))
            took.append((time.perf_counter() - started) * 1000)
    return quantile(took, 0.99)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--breaches", type=int, default=150, help="pairs that meet in each part")
    args = parser.parse_args()
    print(f"{machine()}\n\n{HEADING}", flush=True)
    for name in ("all is well", "texts are never answered", "Redis is frozen", "the disk is full"):
        asyncio.run(measure(name, args.breaches))


if __name__ == "__main__":
    main()
