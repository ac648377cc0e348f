"""What has arrived in one turn, as it lies in memory: envelopes for whoever asks for one, columns for compiled code. PURE.

Nearly all that arrives are plain pings, and nobody ever looks at one of them alone: they are read in place (scan.py) and written
to the journal as they are. So a message becomes objects of Python's only where it is not plain (ADR-0047).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, overload

import numpy as np

from geofence.jit import compiled
from monitor.frames import FRAME, PUBLISH, gather
from monitor.terms import Envelope
from monitor.topics import NOWHERE, Topics

TAIL_BYTES = 16  # zeros behind the last payload, longer than any word that is compared in one go: reading never runs beyond it
RETAIN, QOS_SHIFT, QOS_BITS = 1, 1, 3  # of a PUBLISH's first byte (MQTT 5 §3.3.1)
ARRAY_3, ARRAY_4, TRUE, FALSE, UINT_64 = 0x93, 0x94, 0xC3, 0xC2, 0xCF  # MessagePack
FIXSTR, STR_8, STR_16, BIN_8, BIN_16, BIN_32 = 0xA0, 0xD9, 0xDA, 0xC4, 0xC5, 0xC6
RECORD_BYTES_MAX = 1 + 1 + 9 + 1 + 3 + 5 + 1 + 1  # of a record besides its topic and payload, in the order in which they stand
NOT_ASCII = -1  # `pack`: a topic that Python must decode

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
        frames, data = np.zeros(len(messages), FRAME), b""
        for frame, message in zip(frames, messages, strict=True):
            topic = message.topic.encode()
            frame["command"] = PUBLISH << 4 | message.qos << QOS_SHIFT | message.retained
            frame["topic"], frame["topic_end"], frame["payload"] = len(data), len(data) + len(topic), len(data) + len(topic)
            data += topic + message.payload
            frame["end"] = len(data)
        return Piece(data, frames)

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


def _inbound(data: bytes, row: tuple[int, ...]) -> Inbound:
    command, _, _, topic, topic_end, payload, end = row
    text = data[topic:topic_end].decode("utf-8", "replace")
    return _make(Inbound, (text, data[payload:end], bool(command & RETAIN), command >> QOS_SHIFT & QOS_BITS))


@compiled
def put_number(into: Any, at: int, value: int, size: int) -> int:
    """Write a number of so many bytes, the highest first; the place after it."""
    for k in range(size):
        into[at + k] = (value >> 8 * (size - 1 - k)) & 0xFF
    return at + size


@compiled
def put_bytes(into: Any, at: int, text: Any, first: int, end: int) -> int:
    """Copy some bytes; the place after them."""
    for k in range(first, end):
        into[at + k - first] = text[k]
    return at + end - first


@compiled
def put_topic(into: Any, at: int, text: Any, first: int, end: int) -> int:
    """Write a topic as a string; the place after it, or NOT_ASCII."""
    for k in range(first, end):
        if text[k] >= 0x80:
            return NOT_ASCII
    size = end - first
    if size < 32:
        at = put_number(into, at, FIXSTR | size, 1)
    elif size < 1 << 8:
        at = put_number(into, put_number(into, at, STR_8, 1), size, 1)
    else:
        at = put_number(into, put_number(into, at, STR_16, 1), size, 2)
    return put_bytes(into, at, text, first, end)


@compiled
def put_payload(into: Any, at: int, text: Any, first: int, end: int) -> int:
    """Write a payload as bytes; the place after it."""
    size = end - first
    if size < 1 << 8:
        at = put_number(into, put_number(into, at, BIN_8, 1), size, 1)
    elif size < 1 << 16:
        at = put_number(into, put_number(into, at, BIN_16, 1), size, 2)
    else:
        at = put_number(into, put_number(into, at, BIN_32, 1), size, 4)
    return put_bytes(into, at, text, first, end)


@compiled
def pack(text: Any, frames: Any, kind: int, at_ms: int, into: Any) -> int:
    """Write each message as a record of the journal, as MessagePack; where they end, or NOT_ASCII."""
    at = 0
    for k in range(frames.shape[0]):
        frame = frames[k]
        at = put_number(into, at, ARRAY_3, 1)
        at = put_number(into, at, kind, 1)
        at = put_number(into, put_number(into, at, UINT_64, 1), at_ms, 8)
        at = put_number(into, at, ARRAY_4, 1)
        at = put_topic(into, at, text, int(frame["topic"]), int(frame["topic_end"]))
        if at == NOT_ASCII:
            return NOT_ASCII
        at = put_payload(into, at, text, int(frame["payload"]), int(frame["end"]))
        at = put_number(into, at, TRUE if frame["command"] & RETAIN else FALSE, 1)
        at = put_number(into, at, int(frame["command"]) >> QOS_SHIFT & QOS_BITS, 1)
    return at


class Arrivals(Sequence[Envelope]):
    """Messages that were stamped together. Never changed once made."""

    __slots__ = ("at_ms", "frames", "text")

    def __init__(self, at_ms: int, text: Any, frames: Any) -> None:
        self.at_ms = at_ms
        self.text = text  # uint8[n], TAIL_BYTES zeros at its end
        self.frames = frames

    @classmethod
    def of(cls, at_ms: int, pieces: Sequence[Piece]) -> Arrivals:
        """All messages of these pieces, without what else was read with them."""
        text = np.zeros(sum([len(piece.data) for piece in pieces]) + TAIL_BYTES, np.uint8)
        frames, at, count = np.zeros(sum([len(piece.frames) for piece in pieces]), FRAME), 0, 0
        for piece in pieces:
            at = gather(np.frombuffer(piece.data, np.uint8), piece.frames, text, at, frames, count)
            count += len(piece.frames)
        whole, text = text, text[: at + TAIL_BYTES]
        return cls(at_ms, text if 2 * len(text) >= len(whole) else text.copy(), frames)  # what may wait for the disk holds nothing else

    def __len__(self) -> int:
        return len(self.frames)

    @overload
    def __getitem__(self, which: int) -> Envelope: ...

    @overload
    def __getitem__(self, which: slice) -> Arrivals: ...

    def __getitem__(self, which: int | slice) -> Envelope | Arrivals:
        if isinstance(which, slice):
            return Arrivals(self.at_ms, self.text, self.frames[which])
        row = self.frames[which]
        command, packet_id, _, topic, topic_end, payload, end = row.item()
        data = self.text[topic:end].tobytes()
        return Envelope(self.at_ms, *_inbound(data, (command, packet_id, 0, 0, topic_end - topic, payload - topic, end - topic)))

    def __iter__(self) -> Iterator[Envelope]:
        data, at_ms = self.text.tobytes(), self.at_ms
        return (_make(Envelope, (at_ms, *_inbound(data, row))) for row in self.frames.tolist())

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return int(self.text.nbytes + self.frames.nbytes)

    def records(self, kind: int) -> bytes | None:
        """Each as a record of the journal, one behind the other; None where a topic is not plain text."""
        into = np.empty(len(self.text) + RECORD_BYTES_MAX * len(self), np.uint8)
        end = pack(self.text, self.frames, int(kind), self.at_ms, into)  # a word would be compiled for itself, in front of the first ping
        return None if end == NOT_ASCII else into[:end].tobytes()
