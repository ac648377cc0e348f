"""MQTT's packets in a piece of the stream, found by compiled code: where each begins and, for a PUBLISH, where its parts lie. PURE.

One socket read brings hundreds of messages under load. Going over their bytes one by one in Python cost more than everything
that was done with them afterwards; here a read costs one call, and a message makes no object of Python's, neither one that is
wanted nor one that nobody wants (the protected devices' pings come to two sessions). MQTT 5 §2.1, §3.3; 3.1.1 the same without
properties.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from geofence.jit import compiled
from monitor.octets import byte, copy_bytes
from monitor.topics import NOWHERE, Topics, value_of

PUBLISH = 3  # the packet's type, in the upper half of its first byte
RETAIN, QOS_SHIFT, QOS_BITS = 1, 1, 3  # of a PUBLISH's first byte (MQTT 5 §3.3.1)
TAIL_BYTES = 16  # zeros behind the last payload, longer than any word that is compared in one go: reading never runs beyond it
PACKETS = 8_192  # a call, at most: those of one socket read of 256 kB, unless they are tiny; then it is called again
MESSAGE_BYTES = 64  # of a message, at least, in reckoning how many a read may bring: a topic alone takes 20; should there be more, likewise
LENGTH_BYTES_MAX = 4  # of a variable byte integer (MQTT 5 §1.5.5)
TORN = -1  # this is no MQTT

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
        value |= (byte(data, at + k) & 0x7F) << shift
        if byte(data, at + k) < 0x80:
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
    at = frame["topic_end"] = at + 2 + (byte(data, at) << 8 | byte(data, at + 1))
    if frame["command"] & 0x06:
        if at + 2 > end:
            return False
        frame["packet_id"] = byte(data, at) << 8 | byte(data, at + 1)
        at += 2
    if has_properties:
        at, length = read_length(data, at, end)
        if at <= 0:
            return False
        at += length
    frame["payload"] = at
    return bool(at <= end)


@compiled
def packet(data: Any, at: int, has_properties: bool, frame: Any) -> int:
    """Describe the packet at `at`; the place after it, 0 if it is not all there, TORN for what is no MQTT."""
    last = data.shape[0]
    body, length = read_length(data, at + 1, last)
    if body <= 0 or body + length > last:
        return min(body, 0)
    frame["command"], frame["packet_id"], frame["body"], frame["end"] = byte(data, at), 0, body, body + length
    frame["topic"] = frame["topic_end"] = frame["payload"] = body  # of what is no PUBLISH: nothing
    if byte(data, at) >> 4 == PUBLISH and not part(data, frame, has_properties):
        return int(TORN)
    return int(body + length)


@compiled
def cut(
    data: Any, first: int, has_properties: bool, slots: Any, keys: Any, ends: Any, values: Any, frames: Any, ids: Any, others: Any
) -> tuple[int, int, int, int]:
    """(messages, packet ids, others, place after them) of the whole packets from `first` on, as far as there are rows; place TORN for
    what is no MQTT.

    `frames` has the PUBLISHes whose topics are not in the table, `ids` the packet ids of all PUBLISHes, `others` the packets of other
    kinds; all in their order.
    """
    kept = noted = strange = taken = 0
    at = first
    while kept < frames.shape[0] and taken < others.shape[0] and at < data.shape[0]:
        frame = frames[kept]
        after = packet(data, at, has_properties, frame)
        if after == TORN:
            return 0, 0, 0, int(TORN)
        if after == 0:
            break
        at, taken = after, taken + 1
        if frame["command"] >> 4 != PUBLISH:
            others[strange] = frame
            strange += 1
            continue
        if frame["packet_id"]:
            ids[noted] = frame["packet_id"]
            noted += 1
        if value_of(data, int(frame["topic"]), int(frame["topic_end"]), slots, keys, ends, values) == NOWHERE:
            kept += 1
    return kept, noted, strange, at


@compiled
def gather(data: Any, frames: Any, text: Any, at: int, rows: Any, first: int) -> int:
    """Copy topic and payload of each frame to `text` from `at` on, and into `rows` from `first` on where they are now; where they end."""
    for k in range(frames.shape[0]):
        frame, row = frames[k], rows[first + k]
        row["command"], row["packet_id"], row["body"], row["topic"] = frame["command"], frame["packet_id"], at, at
        row["topic_end"] = row["payload"] = at = copy_bytes(data, int(frame["topic"]), int(frame["topic_end"]), text, at)
        row["end"] = at = copy_bytes(data, int(frame["payload"]), int(frame["end"]), text, at)
    return at


class Cut(NamedTuple):
    """What a piece of the stream brought: the messages that are wanted, the packet ids of all, and the packets of other kinds."""

    data: bytes
    messages: Any  # FRAME[n]
    packet_ids: Any  # uint16[n]
    others: list[tuple[int, ...]]  # rows of FRAME


NOBODYS = Topics()  # no topic is unwanted

# One for all: read before it is written again; 350 kB stayed of every connection that failed.
_others, _ids = np.zeros(PACKETS, FRAME), np.zeros(PACKETS, np.uint16)


class Splitter:
    """Cuts a stream into its packets, whatever pieces it comes in. All of them belong to one thread."""

    def __init__(self, *, has_properties: bool) -> None:
        self._has_properties = has_properties
        self._rest = b""

    def feed(self, data: bytes, unwanted: Topics = NOBODYS) -> Iterator[Cut]:
        """The packets that this piece makes whole, but for messages on unwanted topics. Raises ValueError for what is no MQTT."""
        data = self._rest + data if self._rest else data
        view, at = np.frombuffer(data, np.uint8), 0
        while at < len(data):
            frames = np.empty((len(data) - at) // MESSAGE_BYTES + 1, FRAME)  # a quarter of the time of copying those that are kept
            kept, noted, strange, end = cut(view, at, self._has_properties, *unwanted.table(), frames, _ids, _others)
            if end == TORN:
                raise ValueError("not MQTT")
            if end == at:
                break
            at = end
            yield Cut(data, frames[:kept], _ids[:noted].copy(), _others[:strange].tolist())
        self._rest = data[at:]

    @staticmethod
    def warm_up() -> None:
        """Compile the splitter, or load it from its cache."""
        for _ in Splitter(has_properties=True).feed(b"\xd0\x00"):
            pass
