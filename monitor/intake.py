"""A batch of envelopes as pieces, in their order: runs of pings as rows of the kernel, and everything else one by one. PURE."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from geofence.terms import Ping
from monitor.arrivals import Arrivals, Inbound, Piece
from monitor.frames import Splitter
from monitor.scan import Scanner
from monitor.terms import Decoded, Envelope, Rejection
from monitor.topics import Topics
from monitor.wire import Directory, decode

OWN = "monitor/"  # begins the topics of what we tell ourselves: never a ping


@dataclass(frozen=True, slots=True)
class PingRun:
    """Pings that came one behind the other. Shapes: rows PING[n]; receipted bool[n], those whose device waits for a receipt."""

    rows: Any
    receipted: Any
    kept: bool = True  # False: they will not be on disk


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
            yield from self._cut(batch, batch)
        elif all(envelope.topic.startswith(OWN) for envelope in batch):  # the outcomes of deliveries come in turns of their own
            yield from (Other(envelope.at_ms, decode(envelope, self._directory)) for envelope in batch)
        else:
            yield from self._cut(batch, Arrivals.listed(batch))

    def _cut(self, batch: Sequence[Envelope], arrivals: Arrivals) -> Iterator[PingRun | Other]:
        """The pieces of a batch that lies in memory as `arrivals`."""
        rows, receipted, others = self._scanner.read(arrivals, self._directory.topics)
        first = 0
        for k in others:
            envelope = batch[k]
            decoded = decode(envelope, self._directory)
            if isinstance(decoded, Rejection) and not arrivals.kept:
                decoded = replace(decoded, counted=None)
            if type(decoded) is Ping:
                rows[k] = decoded
                receipted[k] = envelope.qos > 0 and decoded.ordered  # who has no numbers waits for no receipt
                continue
            if k > first:
                yield PingRun(rows[first:k], receipted[first:k], arrivals.kept)
            yield Other(envelope.at_ms, decoded)
            first = k + 1
        if first < len(batch):
            yield PingRun(rows[first:], receipted[first:], arrivals.kept)

    @staticmethod
    def warm_up() -> None:
        """Compile what reads packets and pings, or load it from its cache."""
        Splitter.warm_up()
        piece, topics = Piece.of([Inbound("v1/a/ping", b"{}", False, 1)]), Topics([b"v1/a/ping"])
        arrivals = Arrivals.of(0, [piece.renamed(topics, b"v1/b/ping")])
        Scanner().read(arrivals, topics)
        topics.get(b"")
        arrivals.records(1)
        Arrivals.recorded(1, b"\x90", 0, 0)
