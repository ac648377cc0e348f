"""What has arrived in one turn, as it lies in memory: envelopes for whoever asks for one, columns for compiled code. PURE.

Nearly all that arrives are plain pings, and nobody ever looks at one of them alone: they are read in place (scan.py) and written
to the journal as they are. So a message becomes objects of Python's only where it is not plain (ADR-0047).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, NamedTuple, overload

import numpy as np

from geofence.jit import compiled
from monitor.frames import FRAME, PUBLISH, QOS_BITS, QOS_SHIFT, RETAIN, TAIL_BYTES, gather
from monitor.packing import NOT_ASCII, RECORD_BYTES_MAX, UNREADABLE, pack, unpack
from monitor.terms import Envelope
from monitor.topics import NOWHERE, Topics

_make = tuple.__new__  # half the cost of the named tuple's own, once a message


class Inbound(NamedTuple):
    """One message as it came: not decoded, not stamped."""

    topic: str
    payload: bytes
    retained: bool
    qos: int


class Piece(NamedTuple):
    """Messages of one read: where they lie in its bytes."""

    data: bytes
    frames: Any  # FRAME[n]

    @staticmethod
    def of(messages: Sequence[Inbound]) -> Piece:
        """Messages that came another way than from a broker."""
        return Piece(*_laid_out(messages))

    def messages(self) -> list[Inbound]:
        """Each as an object."""
        rows, data = self.frames.tolist(), self.data
        return [_inbound(data, row) for row in rows]

    def renamed(self, topics: Topics, name: bytes) -> Piece:
        """The same, with another name for these topics."""
        hits = topics.find(np.frombuffer(self.data, np.uint8), self.frames) != NOWHERE
        if not hits.any():
            return self
        frames = self.frames.copy()
        frames["topic"][hits], frames["topic_end"][hits] = len(self.data), len(self.data) + len(name)
        return Piece(self.data + name, frames)


NOTHING = Piece(b"", np.zeros(0, FRAME))


@compiled
def bytes_of(frames: Any) -> int:
    """How many bytes topics and payloads take together; more than there were, where a topic goes by a longer name."""
    total = 0
    for k in range(frames.shape[0]):
        frame = frames[k]
        total += max(0, int(frame["topic_end"]) - int(frame["topic"])) + max(0, int(frame["end"]) - int(frame["payload"]))
    return total


def _laid_out(messages: Sequence[tuple[str, bytes, bool, int]]) -> tuple[bytes, Any]:
    """Topics and payloads one behind the other, and where they lie: FRAME[n]."""
    parts = [part for topic, payload, _, _ in messages for part in (topic.encode(), payload)]
    ends = np.fromiter(accumulate(map(len, parts)), np.int64, len(parts)).reshape(-1, 2)
    frames = np.zeros(len(messages), FRAME)
    frames["command"] = [PUBLISH << 4 | qos << QOS_SHIFT | retained for _, _, retained, qos in messages]
    frames["topic"][1:], frames["topic_end"], frames["payload"], frames["end"] = ends[:-1, 1], ends[:, 0], ends[:, 0], ends[:, 1]
    return b"".join(parts), frames


def _padded(data: bytes) -> Any:
    """As uint8 with TAIL_BYTES zeros at its end; not `bytes` themselves, or what reads them is compiled once more."""
    text = np.zeros(len(data) + TAIL_BYTES, np.uint8)
    text[: len(data)] = np.frombuffer(data, np.uint8)
    return text


def _inbound(data: bytes, row: tuple[int, ...]) -> Inbound:
    command, _, _, topic, topic_end, payload, end = row
    text = data[topic:topic_end].decode("utf-8", "replace")
    return _make(Inbound, (text, data[payload:end], bool(command & RETAIN), command >> QOS_SHIFT & QOS_BITS))


class Arrivals(Sequence[Envelope]):
    """Messages in the order in which they arrived. Never changed once made, but that the journal may give them up."""

    __slots__ = ("at_ms", "frames", "kept", "text")

    def __init__(self, at_ms: Any, text: Any, frames: Any, *, kept: bool = True) -> None:
        self.at_ms = at_ms  # int64[n]
        self.text = text  # uint8[n], TAIL_BYTES zeros at its end
        self.frames = frames
        self.kept = kept  # False: the journal has given them up

    @classmethod
    def of(cls, at_ms: int, pieces: Sequence[Piece]) -> Arrivals:
        """All messages of these pieces, stamped together, without what else was read with them."""
        text = np.zeros(sum([bytes_of(piece.frames) for piece in pieces]) + TAIL_BYTES, np.uint8)  # exactly: `gather` looks at no end
        frames, at, count = np.zeros(sum([len(piece.frames) for piece in pieces]), FRAME), 0, 0
        for piece in pieces:
            at = gather(np.frombuffer(piece.data, np.uint8), piece.frames, text, at, frames, count)
            count += len(piece.frames)
        times = np.empty(count, np.int64)
        times.fill(at_ms)  # a third of `np.full`
        return cls(times, text, frames)

    @classmethod
    def listed(cls, envelopes: Sequence[Envelope]) -> Arrivals:
        """Envelopes that are objects already."""
        data, frames = _laid_out([envelope[1:] for envelope in envelopes])
        return cls(np.array([envelope.at_ms for envelope in envelopes], np.int64), _padded(data), frames)

    @classmethod
    def recorded(cls, kind: int, body: bytes, count: int, skip: int) -> Arrivals | None:
        """Those of one kind among the `count` records of a block of the journal, from number `skip` on; None if it must be decoded."""
        text = _padded(body)
        frames, at_ms = np.zeros(count, FRAME), np.zeros(count, np.int64)
        found = unpack(text, int(kind), skip, frames, at_ms)
        return None if found == UNREADABLE else cls(at_ms[:found], text, frames[:found])

    @classmethod
    def joined(cls, parts: Sequence[Arrivals]) -> Arrivals:
        """Some of them, one behind the other."""
        if len(parts) < 2:
            return parts[0] if parts else cls.of(0, ())
        text, frames = np.concatenate([part.text for part in parts]), np.concatenate([part.frames for part in parts])
        lengths = np.array([len(part.text) for part in parts])
        moved = np.repeat(np.cumsum(lengths) - lengths, [len(part) for part in parts])
        for place in ("topic", "topic_end", "payload", "end"):
            frames[place] += moved
        return cls(np.concatenate([part.at_ms for part in parts]), text, frames)

    def __len__(self) -> int:
        return len(self.frames)

    @overload
    def __getitem__(self, which: int) -> Envelope: ...

    @overload
    def __getitem__(self, which: slice) -> Arrivals: ...

    def __getitem__(self, which: int | slice) -> Envelope | Arrivals:
        if isinstance(which, slice):
            return Arrivals(self.at_ms[which], self.text, self.frames[which], kept=self.kept)
        command, packet_id, _, topic, topic_end, payload, end = self.frames[which].item()
        data = self.text[topic:end].tobytes()
        row = (command, packet_id, 0, 0, topic_end - topic, payload - topic, end - topic)
        return Envelope(int(self.at_ms[which]), *_inbound(data, row))

    def __iter__(self) -> Iterator[Envelope]:
        data, rows = self.text.tobytes(), zip(self.at_ms.tolist(), self.frames.tolist(), strict=True)
        return (_make(Envelope, (at_ms, *_inbound(data, row))) for at_ms, row in rows)

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return int(self.text.nbytes + self.frames.nbytes)

    def records(self, kind: int) -> bytes | None:
        """Each as a record of the journal, one behind the other; None where a topic is not plain text."""
        into = np.empty(len(self.text) + RECORD_BYTES_MAX * len(self), np.uint8)
        end = pack(self.text, self.frames, int(kind), self.at_ms, into)  # a word would be compiled for itself, in front of the first ping
        return None if end == NOT_ASCII else into[:end].tobytes()
