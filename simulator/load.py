"""Load that can saturate a monitor: many devices over few connections, as fast as the broker takes it.

A load generator must cost less than what it measures, so PUBLISH packets of MQTT 3.1.1 are framed by hand: one row of bytes a
device, in which only the digits that change are rewritten. It needs a broker without per-device permissions.
"""

from __future__ import annotations

import asyncio
import math
import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geofence.terms import Device, DeviceId, Order, OrderId, PersonId, Registry
from simulator.device import Broker, Clock
from simulator.world import ORIGIN_LAT_DEG, ORIGIN_LON_DEG, to_degrees

PERIMETER_M = 500.0
WARNING_M = 2_200.0
NEAR_RATIO = 0.01  # of the pairs, near a boundary: the share that makes the monitor speak
CIRCLE_M = (80.0, 200.0)  # radius of the round everybody walks or drives for ever
NEAR_APART_M, FAR_APART_M = PERIMETER_M + 120.0, 9_000.0
SPEEDS_MPS = (1.4, 4.5, 11.0)  # walk, bicycle, car
LIFE_MS = 30 * 86_400_000
CHUNK_ROWS = 500  # one write: about 130 kB, 2 ms of work
WINDOW_MAX = 4_000  # QoS 1 messages without their PUBACK, a connection
ACKS_EVERY_S = 0.005  # how often PUBACKs are read: four bytes each, one by one they would cost more than all that is sent
ACKS_WAIT_S = 5.0  # at the end, for what is still on its way
DRAIN_STEP_S = 0.01
CONNECT_S = 10.0
SEQ_FIRST = 1  # a boot counts from there: any other beginning is a hole, behind which each ping would be noted one by one
MICRO = 1_000_000

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]


class LoadError(ConnectionError):
    """The broker refused or dropped a connection of the load generator."""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What was sent, and how fast."""

    sent: int
    acknowledged: int
    seconds: float

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.sent / self.seconds if self.seconds else 0.0


class LoadPlan:
    """Who moves where: everybody goes round a circle of their own, one pair in a hundred across its boundary."""

    def __init__(self, pairs: int, *, seed: int = 0, mixed: bool = False) -> None:
        rng = np.random.default_rng(seed)
        self.pairs, self._seed = pairs, seed
        devices = [DeviceId(f"{name}-{i:06d}") for i in range(1, pairs + 1) for name in ("brc", "tag")]
        side = math.ceil(math.sqrt(pairs))
        index = np.arange(pairs)
        hers = np.stack([(index % side - side / 2) * 300.0, (index // side - side / 2) * 300.0], axis=1)
        near = rng.random(pairs) < NEAR_RATIO
        angle = rng.uniform(0.0, math.tau, pairs)
        apart_m = np.where(near, NEAR_APART_M, FAR_APART_M)
        his = hers + np.stack([np.sin(angle), np.cos(angle)], axis=1) * apart_m[:, None]
        circle_m, speed_mps = rng.uniform(*CIRCLE_M, 2 * pairs), rng.choice(SPEEDS_MPS, 2 * pairs)
        phase = rng.uniform(0.0, math.tau, 2 * pairs)
        order = rng.permutation(2 * pairs) if mixed else np.arange(2 * pairs)
        self.devices = tuple(devices[k] for k in order)
        self._home = np.stack([hers, his], axis=1).reshape(-1, 2)[order]
        self._circle_m, self._speed_mps, self._phase = circle_m[order], speed_mps[order], phase[order]

    def mixed(self) -> LoadPlan:
        """The same devices on the same ways, in no order: so they report in life, and so what is known of each lies far from the last."""
        return LoadPlan(self.pairs, seed=self._seed, mixed=True)

    def registry(self, *, now_ms: int) -> Registry:
        """The orders and devices the monitor must know."""
        devices = tuple(Device(device, _wearer(device)) for device in self.devices)
        orders = tuple(_order(i, now_ms) for i in range(1, self.pairs + 1))
        return Registry(devices, orders)

    def speeds_mps(self) -> Floats:
        """Everybody's speed, constant."""
        return self._speed_mps

    def positions(self, rows: slice, at_ms: int) -> tuple[Floats, Floats, Floats]:
        """Latitude, longitude and course in degrees of some devices at a moment."""
        angle = self._phase[rows] + self._speed_mps[rows] / self._circle_m[rows] * ((at_ms % LIFE_MS) / 1000.0)
        x_m = self._home[rows, 0] + self._circle_m[rows] * np.sin(angle)
        y_m = self._home[rows, 1] + self._circle_m[rows] * np.cos(angle)
        lat1_deg, lon1_deg = to_degrees((1.0, 1.0))  # the plane is linear: degrees a metre, once
        lat_deg = ORIGIN_LAT_DEG + y_m * (lat1_deg - ORIGIN_LAT_DEG)
        lon_deg = ORIGIN_LON_DEG + x_m * (lon1_deg - ORIGIN_LON_DEG)
        return lat_deg, lon_deg, np.degrees(angle + math.pi / 2) % 360.0


class Frames:
    """The PUBLISH packets of a plan, one row of equal length a device."""

    def __init__(self, plan: LoadPlan, *, qos: int, boot: int) -> None:
        self._plan = plan
        self._qos = qos
        packets = [
            _packet(device, speed, qos=qos, boot=boot) for device, speed in zip(plan.devices, plan.speeds_mps().tolist(), strict=True)
        ]
        self._bytes = np.frombuffer(b"".join(packets), dtype=np.uint8).reshape(len(packets), -1).copy()
        sample = packets[0]
        self._seq, self._sent, self._fixed = sample.index(b'"seq":') + 6, sample.index(b'"at":') + 5, sample.index(b'"fix":{"at":') + 12
        self._lat, self._lon, self._course = sample.index(b'"lat":') + 6, sample.index(b'"lon": -') + 8, sample.index(b'"course":') + 9
        self._packet_id = sample.index(b"/ping") + 5  # right after the topic; used with QoS 1 only

    def render(self, rows: slice, *, at_ms: int, seq: int, packet_id: int = 0) -> bytes:
        """The packets of some devices at a moment, ready for the socket."""
        block = self._bytes[rows]
        lat_deg, lon_deg, course_deg = self._plan.positions(rows, at_ms)
        moment = np.frombuffer(b"%013d" % at_ms, dtype=np.uint8)
        block[:, self._sent : self._sent + 13] = moment
        block[:, self._fixed : self._fixed + 13] = moment
        block[:, self._seq : self._seq + 10] = np.frombuffer(b"%10d" % seq, dtype=np.uint8)
        _write_fraction(block, self._lat, np.round(lat_deg * MICRO).astype(np.int64), before=2, after=6)
        _write_fraction(block, self._lon, np.round(-lon_deg * MICRO).astype(np.int64), before=3, after=6)
        _move_sign(block, self._lon)
        _write_fraction(block, self._course, np.minimum(np.round(course_deg * 10.0), 3599).astype(np.int64), before=3, after=1)
        _blank_leading_zeros(block, self._course, before=3)
        if self._qos:
            ids = (packet_id + np.arange(len(block))) % 0xFFFF + 1
            block[:, self._packet_id] = ids >> 8
            block[:, self._packet_id + 1] = ids & 0xFF
        return block.tobytes()


class _Connection(asyncio.Protocol):
    """One connection: CONNECT, then only PUBLISH out and PUBACK in."""

    def __init__(self, client_id: str) -> None:
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.go = asyncio.Event()
        self.sent = 0
        self._client_id = client_id
        self._received = 0
        self._greeting = b""
        self._writable = True
        self._window = math.inf
        self.transport: asyncio.Transport | None = None

    @property
    def acknowledged(self) -> int:
        """Keep-alive is off, so every packet after the CONNACK is a PUBACK of four bytes."""
        return self._received // 4

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(_connect_packet(self._client_id))

    def data_received(self, data: bytes) -> None:
        if not self.ready.done():
            self._greeting += data
            if len(self._greeting) < 4:
                return
            data, greeting = self._greeting[4:], self._greeting[:4]
            if greeting != b"\x20\x02\x00\x00":
                self.ready.set_exception(LoadError(f"the broker refused the connection, code {greeting[3]}"))
                return
            self.ready.set_result(None)
        self._received += len(data)
        self._update()
        assert self.transport is not None
        self.transport.pause_reading()
        asyncio.get_running_loop().call_later(ACKS_EVERY_S, self.transport.resume_reading)

    def pause_writing(self) -> None:
        self._writable = False
        self._update()

    def resume_writing(self) -> None:
        self._writable = True
        self._update()

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if not self.ready.done():
            self.ready.set_exception(LoadError("the broker closed the connection"))
        self.go.set()

    def write(self, data: bytes, messages: int, *, qos: int) -> None:
        """Send some packets; `go` says when the next may follow."""
        if self.transport is None:
            raise LoadError("the broker closed the connection")
        self._window = WINDOW_MAX if qos else math.inf
        self.sent += messages
        self.transport.write(data)
        self._update()

    def _update(self) -> None:
        if self._writable and self.sent - self.acknowledged < self._window:
            self.go.set()
        else:
            self.go.clear()


class LoadGenerator:
    """Drives a plan at a rate, or as fast as the broker reads, its devices in no order."""

    def __init__(
        self, plan: LoadPlan, broker: Broker, *, clock: Clock, connections: int = 4, qos: int = 0, rate: float | None = None
    ) -> None:
        self._broker = broker
        self._clock = clock
        self._qos = qos
        self._rate = rate
        self._devices = len(plan.devices)
        self._count = max(1, min(connections, self._devices))
        self._frames = Frames(plan.mixed(), qos=qos, boot=clock() // 1000)

    async def run(self, seconds: float) -> LoadReport:
        """Send for that long. Raises LoadError."""
        loop = asyncio.get_running_loop()
        connections = [await self._connect(i) for i in range(self._count)]
        started_s = loop.time()
        try:
            await asyncio.gather(*(self._drive(i, connection, started_s + seconds) for i, connection in enumerate(connections)))
            elapsed_s = loop.time() - started_s
            await self._drain(connections)
        finally:
            for connection in connections:
                if connection.transport is not None:
                    connection.transport.write(b"\xe0\x00")
                    connection.transport.close()
        acknowledged = sum(connection.acknowledged for connection in connections)
        return LoadReport(sum(connection.sent for connection in connections), acknowledged, elapsed_s)

    async def _connect(self, index: int) -> _Connection:
        connection = _Connection(f"load-{self._clock()}-{index}")
        loop, broker = asyncio.get_running_loop(), self._broker
        try:
            async with asyncio.timeout(CONNECT_S):
                if broker.is_path:
                    await loop.create_unix_connection(lambda: connection, broker.host)
                else:
                    await loop.create_connection(lambda: connection, broker.host, broker.port)
                await connection.ready
        except (OSError, TimeoutError) as error:
            raise LoadError(f"no connection to {broker}: {error or 'time out'}") from error
        return connection

    async def _drive(self, index: int, connection: _Connection, until_s: float) -> None:
        """Go round and round this connection's share of the devices."""
        loop = asyncio.get_running_loop()
        first, last = index * self._devices // self._count, (index + 1) * self._devices // self._count
        share = None if self._rate is None else self._rate / self._count
        step = CHUNK_ROWS if share is None else max(1, min(CHUNK_ROWS, round(share / 100.0)))  # about 100 writes a second
        started_s, seq, row = loop.time(), SEQ_FIRST, first
        if share is not None:  # in turn: devices have no common beat, and one burst of all would be the generator's own
            started_s += index / self._count * step / share
            await asyncio.sleep(started_s - loop.time())
        while loop.time() < until_s:
            await connection.go.wait()
            rows = slice(row, min(row + step, last))
            data = self._frames.render(rows, at_ms=self._clock(), seq=seq, packet_id=connection.sent)
            connection.write(data, rows.stop - rows.start, qos=self._qos)
            row, seq = (first, seq + 1) if rows.stop == last else (rows.stop, seq)
            ahead_s = 0.0 if share is None else started_s + connection.sent / share - loop.time()
            await asyncio.sleep(max(0.0, min(ahead_s, until_s - loop.time())))

    async def _drain(self, connections: list[_Connection]) -> None:
        """Wait for what is still on its way."""
        for _ in range(round(ACKS_WAIT_S / DRAIN_STEP_S)):
            if not any(self._busy(connection) for connection in connections):
                return
            await asyncio.sleep(DRAIN_STEP_S)

    def _busy(self, connection: _Connection) -> bool:
        transport = connection.transport
        return transport is not None and (
            transport.get_write_buffer_size() > 0 or bool(self._qos and connection.acknowledged < connection.sent)
        )


def _wearer(device: DeviceId) -> PersonId:
    return PersonId(("P-" if device.startswith("brc") else "R-") + device[4:])


def _order(index: int, now_ms: int) -> Order:
    number = f"{index:06d}"
    parties = PersonId(f"P-{number}"), PersonId(f"R-{number}")
    return Order(OrderId(f"LOAD-{number}"), *parties, PERIMETER_M, WARNING_M, now_ms - LIFE_MS, now_ms + LIFE_MS)


def _packet(device: str, speed_mps: float, *, qos: int, boot: int) -> bytes:
    topic = f"v1/{device}/ping".encode()
    payload = (
        f'{{"v":1,"boot":{boot},"seq":{SEQ_FIRST:10d},"at":1000000000000,"fix":{{"at":1000000000000,"lat":00.000000,"lon": -000.000000,'
        f'"accuracy":8.0,"speed":{speed_mps:4.1f},"course":000.0,"source":"gps"}},"battery":88,"strap":"closed","moving":true}}'
    ).encode()
    body = struct.pack("!H", len(topic)) + topic + (b"\x00\x00" if qos else b"") + payload
    return bytes([0x32 if qos else 0x30]) + _length(len(body)) + body


def _connect_packet(client_id: str) -> bytes:
    name = client_id.encode()
    body = b"\x00\x04MQTT\x04\x02\x00\x00" + struct.pack("!H", len(name)) + name  # clean session, no keep-alive
    return b"\x10" + _length(len(body)) + body


def _length(length: int) -> bytes:
    """MQTT's variable-length integer."""
    digits = bytearray()
    while True:
        length, digit = divmod(length, 128)
        digits.append(digit | (0x80 if length else 0))
        if not length:
            return bytes(digits)


def _write_fraction(block: Bytes, column: int, values: npt.NDArray[np.int64], *, before: int, after: int) -> None:
    """Write fixed-point numbers as digits with a point after the first `before` of them."""
    digits = before + after
    for i in range(digits):
        block[:, column + i + (i >= before)] = values // 10 ** (digits - 1 - i) % 10 + ord("0")


def _move_sign(block: Bytes, column: int) -> None:
    """A negative number below a hundred: its sign stands in the place of its leading zero, which JSON has not."""
    short = block[:, column] == ord("0")
    block[:, column - 1] = np.where(short, ord(" "), ord("-"))
    block[short, column] = ord("-")


def _blank_leading_zeros(block: Bytes, column: int, *, before: int) -> None:
    """JSON has no leading zeros, and firmware writes none: blanks instead, up to the last digit before the point."""
    leading = np.ones(len(block), np.bool_)
    for i in range(before - 1):
        leading &= block[:, column + i] == ord("0")
        block[leading, column + i] = ord(" ")
