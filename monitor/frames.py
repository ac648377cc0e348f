"""MQTT's packets in a piece of the stream, found by compiled code: where each begins and, for a PUBLISH, where its parts lie. PURE.

One socket read brings hundreds of messages under load. Going over their bytes one by one in Python cost more than everything
that was done with them afterwards; here a read costs three calls, and a message makes no object of Python's, neither one that is
wanted nor one that nobody wants (the protected devices' pings come to two sessions). MQTT 5 §2.1, §3.3; 3.1.1 the same without
properties.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from geofence.jit import compiled
from monitor.topics import NOWHERE, Topics

PUBLISH = 3  # the packet's type, in the upper half of its first byte
RETAIN, QOS_SHIFT, QOS_BITS = 1, 1, 3  # of a PUBLISH's first byte (MQTT 5 §3.3.1)
TAIL_BYTES = 16  # zeros behind the last payload, longer than any word that is compared in one go: reading never runs beyond it
FRAMES = 8_192  # rows a call: the packets of one socket read of 256 kB, unless they are tiny; then it is called again
LENGTH_BYTES_MAX = 4  # of a variable byte integer (MQTT 5 §1.5.5)
TORN = -1  # `split`: this is no MQTT

FRAME = np.dtype(
    [
        ("command", np.uint8),
        ("packet_id", np.uint16),  # 0 at QoS 0
        ("body", np.int64),  # what follows the length
        ("topic", np.int64),
        ("topic_end", np.int64),
        ("payload", np.int64),
        ("end", np.int64),
    ]
)


@compiled
def read_length(data: Any, at: int, last: int) -> tuple[int, int]:
    """(place after, value) of the variable byte integer at `at`; place 0 if it is not all there, TORN if it is none."""
    value = shift = 0
    for k in range(LENGTH_BYTES_MAX):
        if at + k >= last:
            return 0, 0
        value |= (int(data[at + k]) & 0x7F) << shift
        if data[at + k] < 0x80:
            return at + k + 1, value
        shift += 7
    return TORN, 0


@compiled
def part(data: Any, frame: Any, has_properties: bool) -> bool:
    """Find the parts of the PUBLISH that lies in `frame`; False if they run beyond its end."""
    at, end = int(frame["body"]), int(frame["end"])
    if at + 2 > end:
        return False
    frame["topic"] = at + 2
    at = frame["topic_end"] = at + 2 + (int(data[at]) << 8 | int(data[at + 1]))
    if frame["command"] & 0x06:
        if at + 2 > end:
            return False
        frame["packet_id"] = int(data[at]) << 8 | int(data[at + 1])
        at += 2
    if has_properties:
        at, length = read_length(data, at, end)
        if at <= 0:
            return False
        at += length
    frame["payload"] = at
    return bool(at <= end)


@compiled
def split(data: Any, first: int, has_properties: bool, frames: Any) -> tuple[int, int]:
    """(how many whole packets from `first` on, where they end); as many as `frames` has rows. (0, TORN) for what is no MQTT."""
    count, at, last = 0, first, data.shape[0]
    while count < frames.shape[0] and at < last:
        body, length = read_length(data, at + 1, last)
        if body == TORN:
            return 0, int(TORN)
        if body == 0 or body + length > last:
            break
        frame = frames[count]
        frame["command"], frame["packet_id"], frame["body"], frame["end"] = data[at], 0, body, body + length
        frame["topic"] = frame["topic_end"] = frame["payload"] = body  # of what is no PUBLISH: nothing
        if data[at] >> 4 == PUBLISH and not part(data, frame, has_properties):
            return 0, int(TORN)
        count, at = count + 1, body + length
    return count, at


@compiled
def sift(frames: Any, found: Any, ids: Any, others: Any) -> tuple[int, int, int]:
    """(messages, packet ids, others): brings the PUBLISHes whose topics were not found among the unwanted ones to the front of
    `frames`, and writes down the packet ids of all PUBLISHes and the packets of other kinds, all in their order."""
    kept = noted = strange = 0
    for k in range(frames.shape[0]):
        frame = frames[k]
        if frame["command"] >> 4 != PUBLISH:
            others[strange] = frame
            strange += 1
            continue
        if frame["packet_id"]:
            ids[noted] = frame["packet_id"]
            noted += 1
        if found[k] == NOWHERE:
            frames[kept] = frame
            kept += 1
    return kept, noted, strange


@compiled
def gather(data: Any, frames: Any, text: Any, at: int, rows: Any, first: int) -> int:
    """Copy topic and payload of each frame to `text` from `at` on, and into `rows` from `first` on where they are now; where they end."""
    for k in range(frames.shape[0]):
        frame, row = frames[k], rows[first + k]
        row["command"], row["packet_id"], row["body"], row["topic"] = frame["command"], frame["packet_id"], at, at
        for i in range(int(frame["topic"]), int(frame["topic_end"])):
            text[at] = data[i]
            at += 1
        row["topic_end"] = row["payload"] = at
        for i in range(int(frame["payload"]), int(frame["end"])):
            text[at] = data[i]
            at += 1
        row["end"] = at
    return at


class Cut(NamedTuple):
    """What a piece of the stream brought: the messages that are wanted, the packet ids of all, and the packets of other kinds."""

    data: bytes
    messages: Any  # FRAME[n]
    packet_ids: Any  # uint16[n]
    others: list[tuple[int, ...]]  # rows of FRAME


NOBODYS = Topics()  # no topic is unwanted

# One for all: read before it is written again; 350 kB stayed of every connection that failed.
_scratch, _others, _ids = np.zeros(FRAMES, FRAME), np.zeros(FRAMES, FRAME), np.zeros(FRAMES, np.uint16)


class Splitter:
    """Cuts a stream into its packets, whatever pieces it comes in. All of them belong to one thread."""

    def __init__(self, *, has_properties: bool) -> None:
        self._has_properties = has_properties
        self._rest = b""

    def feed(self, data: bytes, unwanted: Topics = NOBODYS) -> Iterator[Cut]:
        """The packets that this piece makes whole, but for messages on unwanted topics. Raises ValueError for what is no MQTT."""
        data = self._rest + data if self._rest else data
        view, at = np.frombuffer(data, np.uint8), 0
        while True:
            count, end = split(view, at, self._has_properties, _scratch)
            if end == TORN:
                raise ValueError("not MQTT")
            if count:
                kept, noted, strange = sift(_scratch[:count], unwanted.find(view, _scratch[:count]), _ids, _others)
                yield Cut(data, _scratch[:kept].copy(), _ids[:noted].copy(), _others[:strange].tolist())
            at = end
            if count < len(_scratch):
                break
        self._rest = data[at:]

    @staticmethod
    def warm_up() -> None:
        """Compile the splitter, or load it from its cache."""
        for _ in Splitter(has_properties=True).feed(b"\xd0\x00"):
            pass
