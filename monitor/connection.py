"""One connection with the MQTT broker: what arrives is handed over in batches and acknowledged only when we say so.

The one door to gmqtt. Three things it does not do for us are done here:

- *Read in bulk.* What one socket read brought is cut into packets by compiled code (frames.py); gmqtt goes over its bytes
  one by one and hands them through four calls a packet (ADR-0036).
- *Acknowledge late.* gmqtt acknowledges before the application has the message (always in 3.1.1) or by a task per
  message (in 5). We take PUBLISH packets at the door, keep their ids, and send all PUBACKs of a batch in one write
  after the journal's commit. The acknowledgement of an older connection is dropped: its ids mean nothing on a new one.
- *Notice a frozen broker.* A PINGREQ goes out each second; two silent seconds in a row mean the link is lost. Any packet
  counts as a sign of life, so a flood never looks like a freeze. (A canary PUBLISH would test no more of a frozen
  process, and would need a topic and a right in the broker's list of permissions.)
"""

# ruff: noqa: SLF001 - gmqtt has no public place for these three; this file alone reaches into it, and its version is pinned

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import gmqtt
from gmqtt.mqtt.connection import MQTTConnection
from gmqtt.mqtt.constants import MQTTCommands, MQTTv50, MQTTv311
from gmqtt.mqtt.handler import MQTTError
from gmqtt.mqtt.package import Package
from gmqtt.mqtt.protocol import BaseMQTTProtocol, MQTTProtocol

from monitor.arrivals import NOTHING, Inbound, Piece
from monitor.frames import Splitter
from monitor.log import get_logger
from monitor.mqtt_packets import after_properties, pubacks, publish
from monitor.topics import Topics

_log = get_logger("mqtt")
logging.getLogger("gmqtt").setLevel(logging.CRITICAL)  # its lines carry topics, which name devices; ours do not

KEEPALIVE_S = 5  # tells the broker to drop us after 7.5 s of silence; our own check below is quicker
CONNECT_S_MAX = 5.0  # from SYN to CONNACK: a healthy broker takes milliseconds, a frozen one for ever
SUBSCRIBE_S_MAX = 10.0  # for one SUBACK of a full chunk; mosquitto takes about 2 ms
PROBE_EVERY_S = 1.0  # fault F3 asks for 2-3 s to notice a frozen broker
SILENT_PROBES_MAX = 2  # two in a row, so that one stall of our own loop is not taken for the broker's
SUBSCRIBE_CHUNK = 500  # topics of one SUBSCRIBE: about 12 kB, far below any broker's packet limit
BATCH_MAX = 1_000  # messages read before they are handed over: about 10 ms of a turn, so that a flood leaves room for everything else
RECEIVE_MAX = 20_000  # unacknowledged messages in flight to us: two group commits at 1,000,000 messages/s
SESSION_EXPIRY_S = 24 * 3600  # how long the broker keeps our queue while we are away
WINDOW_MAX = 1_000  # our own publishes in flight, where the broker does not ask for fewer
OUTBOX_MAX = 50_000  # publishes waiting for the window; beyond it `publish` refuses and its caller retries
SILENT_REFUSAL = 0x80  # reason codes from here on are refusals (MQTT 5 §2.4)
NO_LISTENER = 0x10  # PUBACK: taken, but nobody is subscribed


class LinkLost(ConnectionError):
    """The message may or may not have reached the broker: whoever needs it there sends it again."""


class NoListener(ConnectionError):
    """The broker took the message but nobody is subscribed to its topic."""


class Refused(ConnectionError):
    """The broker said no; the reason code is the MQTT 5 one."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is and who we are to it."""

    host: str  # or the path of a Unix socket, which begins with a slash
    port: int
    version: int = 5  # 5, or 311 for brokers that speak nothing newer
    username: str | None = None
    password: str | None = None
    tls: ssl.SSLContext | None = None

    def __repr__(self) -> str:
        return f"Broker({self.host}:{self.port})"


class Batch:
    """What one read brought, and the means to say that it is safe now."""

    __slots__ = ("_connection", "_packet_ids", "piece")

    def __init__(self, connection: Connection, piece: Piece, packet_ids: Sequence[int]) -> None:
        self.piece = piece
        self._connection = connection
        self._packet_ids = packet_ids

    def take(self) -> Piece:
        """The messages, once: a batch that waits for the disk does not hold them a second time."""
        piece, self.piece = self.piece, NOTHING
        return piece

    @property
    def messages(self) -> list[Inbound]:
        """Each as an object, for whoever hears few."""
        return self.piece.messages()

    def acknowledge(self) -> None:
        """Tell the broker to forget these messages; nothing happens if their connection is gone (they come again)."""
        if len(self._packet_ids):
            self._connection.acknowledge(self._packet_ids)
            self._packet_ids = ()


class _Protocol(MQTTProtocol):  # type: ignore[misc]
    """gmqtt's protocol for what goes out; what comes in goes to `take` as it comes."""

    def __init__(self, take: Callable[[bytes], None], **options: Any) -> None:
        super().__init__(**options)
        self._take = take

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin without gmqtt's own reading."""
        BaseMQTTProtocol.connection_made(self, transport)

    def data_received(self, data: bytes) -> None:
        """What one read of the socket brought."""
        self._take(data)

    def eof_received(self) -> bool:
        """Nothing follows: let the transport close."""
        return False


class _Client(gmqtt.Client):  # type: ignore[misc]
    """gmqtt's client with a reader of ours, and without its own idea of coming back."""

    def __init__(self, client_id: str, take: Callable[[bytes], None], **options: Any) -> None:
        super().__init__(client_id, **options)
        self._take = take

    async def _create_connection(self, host: str, port: int, ssl: Any, clean_session: bool, keepalive: int) -> MQTTConnection:
        state, ids = self._connection_state, self._package_handler.id_generator
        protocol = partial(_Protocol, self._take, connection_state=state, id_generator=ids)
        loop = asyncio.get_running_loop()
        if host.startswith("/"):
            transport, made = await loop.create_unix_connection(protocol, host)
        else:
            transport, made = await loop.create_connection(protocol, host, port, ssl=ssl)
        return MQTTConnection(transport, made, clean_session, keepalive, package_handler=self._package_handler)

    async def reconnect(self, delay: bool = False) -> None:
        """Stay gone: the session makes a new connection."""


class Connection:
    """One connection from CONNECT to its loss."""

    def __init__(self, client_id: str, broker: Broker, on_batch: Callable[[Batch], None], unwanted: Callable[[], Topics]) -> None:
        self.lost = asyncio.Event()
        self.reason_code = 0
        self._broker = broker
        self._on_batch = on_batch
        self._unwanted = unwanted
        self._five = broker.version == 5
        self._count = 0  # of messages handed over since reading last rested
        self._paused = False
        self._heard = True
        self._in_flight: dict[int, asyncio.Future[None]] = {}
        self._waiting: deque[tuple[bytes, bytes, bool, asyncio.Future[None]]] = deque()  # topic, payload, whether at QoS 1
        self._unsent: list[bytes] = []  # packets for which nobody hurries
        self._subacks: dict[int, asyncio.Future[tuple[int, ...]]] = {}
        self._held: list[str] = []  # what the broker has confirmed here; looked up when something changes, so no set: 2 MB for 50,000
        self._window = WINDOW_MAX
        self._loop = asyncio.get_running_loop()
        properties = {"session_expiry_interval": SESSION_EXPIRY_S, "receive_maximum": RECEIVE_MAX} if self._five else {}
        self._splitter = Splitter(has_properties=self._five)
        self._client = _Client(client_id, self._read, clean_session=False, **properties)
        if broker.username is not None:
            self._client.set_auth_credentials(broker.username, broker.password)
        # The table of packet handlers is gmqtt's private cache: filling it beforehand is how ours come first.
        self._client._package_handler._handler_cache.update(
            {
                MQTTCommands.PUBACK.value: self._on_puback,
                MQTTCommands.SUBACK.value: self._on_suback,
                MQTTCommands.PINGRESP.value: self._on_pingresp,
                MQTTCommands.DISCONNECT.value: self._on_disconnect,  # also made up by gmqtt when the socket closes
            }
        )

    # --- life ---------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Connect and wait for a good CONNACK. Raises OSError (LinkLost and Refused are two) or TimeoutError."""
        version = MQTTv50 if self._five else MQTTv311
        broker = self._broker
        connecting = asyncio.ensure_future(
            self._client.connect(broker.host, broker.port, ssl=broker.tls or False, keepalive=KEEPALIVE_S, version=version)
        )
        losing = asyncio.ensure_future(self.lost.wait())
        try:
            async with asyncio.timeout(CONNECT_S_MAX):
                await asyncio.wait({connecting, losing}, return_when=asyncio.FIRST_COMPLETED)
            if not connecting.done():
                raise LinkLost("closed before CONNACK")
            connecting.result()
        except MQTTError as error:
            raise Refused(f"CONNACK {error}") from error
        finally:
            connecting.cancel()
            losing.cancel()
            await asyncio.gather(connecting, losing, return_exceptions=True)
        # gmqtt has put the broker's Receive Maximum here; one id less keeps its allocator from failing, one is SUBSCRIBE's
        self._window = min(WINDOW_MAX, self._client._package_handler.id_generator._max - 2)

    async def watch(self) -> None:
        """Return when the connection is lost: closed, or silent for two probes in a row."""
        silent = 0
        while not self.lost.is_set():
            silent = 0 if self._heard else silent + 1
            if silent > SILENT_PROBES_MAX - 1:
                return
            self._heard = False
            self._client._connection._send_ping_request()
            try:
                async with asyncio.timeout(PROBE_EVERY_S):
                    await self.lost.wait()
            except TimeoutError:
                continue

    def close(self) -> None:
        """Let go at once, whatever the other side does: polite if it still reads, an abort if it does not."""
        self._send()
        self.lost.set()
        connection = self._client._connection
        if connection is not None and not connection.is_closing():
            connection.send_disconnect()
            connection._transport.abort() if connection._transport.get_write_buffer_size() else connection._transport.close()
        self._fail_everything()

    def _fail_everything(self) -> None:
        unanswered: list[asyncio.Future[Any]] = [*self._in_flight.values(), *(f for _, _, _, f in self._waiting), *self._subacks.values()]
        self._in_flight, self._subacks, self._held = {}, {}, []  # as garbage in circles it waits long to be looked through
        self._waiting.clear()
        for future in unanswered:
            if not future.done():
                future.set_exception(LinkLost("the connection was lost"))

    def _on_disconnect(self, _command: int, data: bytes) -> None:
        if data:
            self.reason_code = data[0]
        self.lost.set()

    # --- in -----------------------------------------------------------------------------------------------------

    def _read(self, data: bytes) -> None:
        """Take what one socket read brought: keep the messages for the batch, and give the other packets to their handlers."""
        self._heard = True
        try:
            for cut in self._splitter.feed(data, self._unwanted()):
                for command, _, body, _, _, _, end in cut.others:
                    self._client._connection.put_package(Package(command, cut.data[body:end]))
                if len(cut.packet_ids) or len(cut.messages):
                    self._hand_over(Batch(self, Piece(cut.data, cut.messages), cut.packet_ids))
        except ValueError:  # what follows cannot be read either
            self._transport().abort()

    def _transport(self) -> asyncio.Transport:
        transport: asyncio.Transport = self._client._connection._transport
        return transport

    def _hand_over(self, batch: Batch) -> None:
        count = len(batch.piece.frames)
        if not count:
            batch.acknowledge()
            return
        try:
            self._on_batch(batch)
        except Exception as error:  # not acknowledged: the broker keeps them for the next connection
            _log.error("batch_failed", error=type(error).__name__, count=count)
        self._count += count
        if self._count >= BATCH_MAX and not self._paused:
            self._paused = True
            self._transport().pause_reading()  # libuv would read 2 MB of a flood in one go
            self._loop.call_soon(self._resume)

    def _resume(self) -> None:
        """Read on, after whoever had the batches has had a turn."""
        self._paused, self._count = False, 0
        if not self.lost.is_set():
            self._transport().resume_reading()

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        """Send the PUBACKs of these ids, in the order in which they came, in one write."""
        if not self.lost.is_set():
            self._client._connection.send_package(pubacks(packet_ids))

    # --- out ----------------------------------------------------------------------------------------------------

    def publish(self, topic: str, payload: bytes, *, qos: int, hurry: bool = True) -> asyncio.Future[None]:
        """Send now if the broker's window allows, else in turn; the future ends with the PUBACK.

        What does not hurry goes out with all else of this round of the event loop, in one write: a hundred receipts are one system call.
        """
        future: asyncio.Future[None] = self._loop.create_future()
        if self.lost.is_set() or len(self._waiting) >= OUTBOX_MAX:
            future.set_exception(LinkLost("not connected" if self.lost.is_set() else "too many messages are waiting"))
        else:
            self._waiting.append((topic.encode(), payload, qos > 0, future))
            self._pump()
            if hurry:
                self._send()
        return future

    def _pump(self) -> None:
        """Make packets of what may be sent; they go out now, or with the others at the end of this round."""
        while self._waiting and len(self._in_flight) < self._window:
            topic, payload, confirmed, future = self._waiting.popleft()
            if future.cancelled():
                continue
            packet_id = self._client._package_handler.id_generator.next_id() if confirmed else 0
            if not self._unsent:
                self._loop.call_soon(self._send)
            self._unsent.append(publish(topic, payload, packet_id, has_properties=self._five))
            if confirmed:
                self._in_flight[packet_id] = future
            else:
                future.set_result(None)

    def _send(self) -> None:
        unsent, self._unsent = self._unsent, []
        if unsent and not self.lost.is_set():
            self._client._connection.send_package(b"".join(unsent))

    def _on_puback(self, _command: int, data: bytes) -> None:
        self._heard = True
        packet_id = data[0] << 8 | data[1]
        code = data[2] if len(data) > 2 else 0
        self._client._package_handler.id_generator.free_id(packet_id)
        future = self._in_flight.pop(packet_id, None)
        if future is not None and not future.done():
            if code >= SILENT_REFUSAL:
                future.set_exception(Refused(f"PUBACK {code:#04x}"))
            elif code == NO_LISTENER:
                future.set_exception(NoListener("nobody is subscribed"))
            else:
                future.set_result(None)
        self._pump()

    def _on_pingresp(self, _command: int, _data: bytes) -> None:
        self._heard = True

    # --- subscriptions ------------------------------------------------------------------------------------------

    def missing(self, topics: Iterable[str]) -> list[str]:
        """Those that the broker has not confirmed on this connection."""
        held = frozenset(self._held)
        return [topic for topic in topics if topic not in held]

    async def subscribe(self, topics: Sequence[str]) -> None:
        """Subscribe in chunks, each confirmed before the next. Raises Refused if the broker refuses one topic."""
        rest = iter(topics)
        while chunk := list(islice(rest, SUBSCRIBE_CHUNK)):
            future: asyncio.Future[tuple[int, ...]] = self._loop.create_future()
            packet_id = self._client._connection.subscribe([gmqtt.Subscription(topic, qos=1) for topic in chunk])
            self._subacks[packet_id] = future
            async with asyncio.timeout(SUBSCRIBE_S_MAX):
                codes = await future
            refused = sum(code >= SILENT_REFUSAL for code in codes)
            if refused:
                raise Refused(f"{refused} of {len(chunk)} subscriptions")
            self._held += chunk

    def _on_suback(self, _command: int, data: bytes) -> None:
        self._heard = True
        packet_id = data[0] << 8 | data[1]
        at = after_properties(data, 2) if self._five else 2
        self._client._package_handler.id_generator.free_id(packet_id)
        future = self._subacks.pop(packet_id, None)
        if future is not None and not future.done():
            future.set_result(tuple(data[at:]))
