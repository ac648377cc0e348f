"""One simulated bracelet or tag on a real broker. The one door to aiomqtt; the real clock comes in as an argument."""

from __future__ import annotations

import asyncio
import json
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import aiomqtt

from geofence.terms import DeviceId
from monitor.supervise import end
from simulator.network import Network
from simulator.scenario import Party
from simulator.tracker import Report, Tracker, Wire

BACKOFF_S = (0.2, 10.0)  # first and longest wait before connecting again
KEEPALIVE_S = 30
TIMEOUT_S = 10.0  # longer than any broker takes; then the connection is given up
ANSWER_S = (4.0, 12.0)  # a person looks at a ringing bracelet and presses the button
ANSWER_CHANCE = 0.8
SENT_KEPT = 64  # moments of the last pings: enough to match an alert to the ping that caused it

Clock = Callable[[], int]  # ms UTC


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is. The device's id is its user name and client id."""

    host: str  # or the path of a Unix socket, which begins with a slash
    port: int = 1883  # of no account with a Unix socket
    password: str | None = None

    @property
    def is_path(self) -> bool:
        """True for a Unix socket."""
        return self.host.startswith("/")

    def __str__(self) -> str:
        return self.host if self.is_path else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ReceivedAlert:
    """An alert as it came out of the bracelet."""

    device: DeviceId
    id: str
    level: str
    reason: str
    issued_ms: int
    received_ms: int
    text: str


class SimulatedDevice:
    """Connects, reports, obeys, acknowledges; for ever, whatever the broker does."""

    def __init__(
        self, party: Party, broker: Broker, *, rng: random.Random, clock: Clock, on_alert: Callable[[ReceivedAlert], None]
    ) -> None:
        self.device = party.device
        self.role = party.role
        self.connected = False
        self.sessions = 0
        self.sent_ms: deque[int] = deque(maxlen=SENT_KEPT)
        self.sent = 0
        self._broker = broker
        self._rng = rng
        self._clock = clock
        self._on_alert = on_alert
        self._network = Network(rng, party.quality, party.outages)
        self._tracker = Tracker(party.itinerary, party.traits, rng, start_ms=clock(), boot=clock() // 1000)  # restarts never repeat a boot
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Stay on line until cancelled."""
        wait_s = BACKOFF_S[0]
        while True:
            started_ms = self._clock()
            try:
                await self._session()
            except aiomqtt.MqttError:
                wait_s = BACKOFF_S[0] if self._clock() - started_ms > 5_000 else min(BACKOFF_S[1], wait_s * 2)
                await asyncio.sleep(wait_s * self._rng.uniform(0.5, 1.5))
            finally:
                self.connected = False
            await self._await_coverage()

    async def _session(self) -> None:
        """One connection, from CONNECT until it breaks or the coverage ends."""
        will = aiomqtt.Will(self._topic("status"), _encode({"v": 1, "online": False, "at": self._clock()}), qos=1, retain=True)
        client = aiomqtt.Client(
            self._broker.host, self._broker.port, identifier=self.device, username=self.device, password=self._broker.password,
            will=will, clean_session=False, keepalive=KEEPALIVE_S, timeout=TIMEOUT_S, transport="unix" if self._broker.is_path else "tcp",
        )  # fmt: skip
        async with client:
            self.connected = True
            self.sessions += 1
            topics = [(self._topic(kind), 1) for kind in ("alert", "receipt", "command")]
            await client.subscribe(topics)
            await client.publish(self._topic("status"), _encode({"v": 1, "online": True, "at": self._clock()}), qos=1, retain=True)
            for report in self._tracker.kept():
                await self._publish_ping(client, report)
            await self._talk(client)

    async def _talk(self, client: aiomqtt.Client) -> None:
        """Listen and report side by side until the first of the two ends."""
        answers: set[asyncio.Task[None]] = set()
        halves = [asyncio.create_task(self._listen(client, answers)), asyncio.create_task(self._report(client))]
        try:
            done, _ = await asyncio.wait(halves, return_when=asyncio.FIRST_COMPLETED)
            for half in done:
                half.result()
        finally:
            await end((*halves, *answers))

    async def _report(self, client: aiomqtt.Client) -> None:
        """Make and send pings when they are due; returns when the coverage ends."""
        while self._network.down_until_ms(self._clock()) is None:
            wait_ms = self._tracker.next_report_ms - self._clock()
            if wait_ms > 0:
                self._wake.clear()
                await _wait(self._wake, min(wait_ms, 1_000) / 1000.0)
            elif (report := self._tracker.report(self._clock())) is not None:
                await self._publish_ping(client, report)

    async def _listen(self, client: aiomqtt.Client, answers: set[asyncio.Task[None]]) -> None:
        async for message in client.messages:
            received_ms = self._clock()
            kind = message.topic.value.rsplit("/", 1)[1]
            payload = json.loads(bytes(message.payload)) if isinstance(message.payload, bytes | bytearray) else {}
            if kind == "command":
                self._tracker.obey(payload, received_ms)
                self._wake.set()
            elif kind == "receipt":
                self._tracker.forget(payload["boot"], payload["seq"])
            elif payload.get("kind") != "update":  # new numbers of an alert that it shows already: nothing rings, nobody answers
                answer = asyncio.create_task(self._answer(client, self._note(payload, received_ms)))
                answers.add(answer)
                answer.add_done_callback(answers.discard)

    def _note(self, payload: dict[str, object], received_ms: int) -> str:
        issued_ms = payload.get("issued")
        alert = ReceivedAlert(
            self.device, str(payload["id"]), str(payload.get("level")), str(payload.get("reason")),
            issued_ms if isinstance(issued_ms, int) else received_ms, received_ms, str(payload.get("text", "")),
        )  # fmt: skip
        self._on_alert(alert)
        return alert.id

    async def _answer(self, client: aiomqtt.Client, alert: str) -> None:
        """The device answers at once, the person after a look."""
        try:
            await self._acknowledge(client, alert, "device")
            if self._rng.random() < ANSWER_CHANCE:
                await asyncio.sleep(self._rng.uniform(*ANSWER_S))
                await self._acknowledge(client, alert, "person")
        except aiomqtt.MqttError:
            return  # the session ends with the same error; the monitor repeats what is not acknowledged

    async def _acknowledge(self, client: aiomqtt.Client, alert: str, by: str) -> None:
        await client.publish(self._topic("ack"), _encode({"v": 1, "alert": alert, "at": self._clock(), "by": by}), qos=1)

    async def _publish_ping(self, client: aiomqtt.Client, report: Report) -> None:
        self.sent_ms.append(self._clock())
        await client.publish(self._topic("ping"), _encode(report.payload), qos=1)
        self.sent += 1

    async def _await_coverage(self) -> None:
        """Sit out a hole in the coverage; the device goes on making pings and keeps them."""
        while (until_ms := self._network.down_until_ms(self._clock())) is not None:
            if self._tracker.next_report_ms <= self._clock():
                self._tracker.report(self._clock())
            wake_ms = min(until_ms, self._tracker.next_report_ms)
            await asyncio.sleep(max(0, wake_ms - self._clock()) / 1000.0)

    def _topic(self, kind: str) -> str:
        return f"v1/{self.device}/{kind}"


def _encode(payload: Wire) -> bytes:
    return json.dumps(payload, separators=(",", ":"), allow_nan=False).encode()


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return
