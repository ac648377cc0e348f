"""A batch of envelopes as pieces, in their order: runs of pings as rows of the kernel, and everything else one by one. PURE."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np

from geofence.terms import Ping
from monitor.arrivals import Arrivals, Inbound, Piece
from monitor.bounds import PAYLOAD_BYTES_MAX
from monitor.frames import QOS_BITS, QOS_SHIFT, Splitter
from monitor.scan import Scanner
from monitor.terms import Decoded, Envelope
from monitor.topics import NOWHERE, Topics
from monitor.wire import Directory, decode

NO_ROW = NOWHERE  # the topic is not that of a registered device's v1 pings
OWN = "monitor/"  # begins the topics of what we tell ourselves: never a ping
QOS_MASK = QOS_BITS << QOS_SHIFT


@dataclass(frozen=True, slots=True)
class PingRun:
    """Pings that came one behind the other. Shapes: rows PING[n]; receipted bool[n], those whose device waits for a receipt."""

    rows: Any
    receipted: Any


@dataclass(frozen=True, slots=True)
class Other:
    """What is not a ping, with its arrival."""

    at_ms: int
    decoded: Decoded


class Intake:
    """Reads batches for one directory of devices."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._scanner = Scanner()

    def pieces(self, batch: Sequence[Envelope]) -> Iterator[PingRun | Other]:
        """The pieces of a batch; what is not plain is decoded when its turn comes."""
        if isinstance(batch, Arrivals):
            yield from self._cut(batch, *self._arrived(batch))
        elif all(envelope.topic.startswith(OWN) for envelope in batch):  # the outcomes of deliveries come in turns of their own
            yield from (Other(envelope.at_ms, decode(envelope, self._directory)) for envelope in batch)
        else:
            yield from self._cut(batch, *self._listed(batch))

    def _arrived(self, batch: Arrivals) -> tuple[Any, Any, list[int]]:
        """(rows, receipted, others) of what has arrived by MQTT: read where it lies."""
        found = self._directory.topics.find(batch.text, batch.frames)
        rows, others = self._scanner.read_in_place(batch, found)
        rows["device"] = found
        rows["at_ms"] = batch.at_ms
        return rows, (batch.frames["command"] & QOS_MASK) > 0, others

    def _listed(self, batch: Sequence[Envelope]) -> tuple[Any, Any, list[int]]:
        """The same of envelopes, as a record of them has them."""
        row_of = self._directory.ping_rows.get
        times, topics, payloads, retained, qos = zip(*batch, strict=True)  # columns: a batch costs what its messages do, not five times
        found = list(map(row_of, topics, repeat(NO_ROW)))
        if any(retained) or min(found) == NO_ROW or max(map(len, payloads)) > PAYLOAD_BYTES_MAX:
            payloads = tuple([self._scannable(e, row) for e, row in zip(batch, found, strict=True)])
        rows, others = self._scanner.read(payloads)
        rows["device"] = found
        rows["at_ms"] = times
        return rows, np.array(qos, np.int64) > 0, others

    def _cut(self, batch: Sequence[Envelope], rows: Any, receipted: Any, others: list[int]) -> Iterator[PingRun | Other]:
        row_of = self._directory.ping_rows.get
        if others:
            receipted &= rows["device"] != NO_ROW
        first = 0
        for k in others:
            envelope = batch[k]
            decoded = decode(envelope, self._directory)
            if type(decoded) is Ping:
                rows[k] = decoded
                receipted[k] = envelope.qos > 0 and row_of(envelope.topic) is not None  # registered by the line before it, perhaps
                continue
            if k > first:
                yield PingRun(rows[first:k], receipted[first:k])
            yield Other(envelope.at_ms, decoded)
            first = k + 1
        if first < len(batch):
            yield PingRun(rows[first:], receipted[first:])

    @staticmethod
    def warm_up() -> None:
        """Compile what reads packets and pings, or load it from its cache."""
        Splitter.warm_up()
        Scanner().read([b"{}"])
        arrivals = Arrivals.of(0, [Piece.of([Inbound("v1/a/ping", b"{}", False, 1)])])
        Scanner().read_in_place(arrivals, Topics([b"v1/a/ping"]).find(arrivals.text, arrivals.frames))
        arrivals.records(1)
        Arrivals.recorded(1, b"\x90", 0, 0)

    @staticmethod
    def _scannable(envelope: Envelope, row: int) -> bytes:
        """The payload of what may be a plain ping, or nothing."""
        plain = row != NO_ROW and not envelope.retained and len(envelope.payload) <= PAYLOAD_BYTES_MAX
        return envelope.payload if plain else b""
