"""Records of what came in, as the journal has them (MessagePack), written and read by compiled code, without an object for any. PURE.

A record is [kind, at_ms, [topic, payload, retained, qos]]. What is read here is what was written here, or by `wire.to_msgpack` of the
same records; whatever looks different in the least is left to the decoder (tests/monitor/test_arrivals.py).
"""

from __future__ import annotations

from typing import Any

from geofence.jit import compiled
from monitor.frames import PUBLISH, QOS_BITS, QOS_SHIFT, RETAIN, TAIL_BYTES
from monitor.octets import byte, copy_bytes

ARRAY_3, ARRAY_4, ARRAY_16, ARRAY_32, TRUE, FALSE, UINT_64 = 0x93, 0x94, 0xDC, 0xDD, 0xC3, 0xC2, 0xCF
FIXARRAY, FIXSTR, STR_8, STR_16, STR_32, BIN_8, BIN_16, BIN_32 = 0x90, 0xA0, 0xD9, 0xDA, 0xDB, 0xC4, 0xC5, 0xC6
HEAD_BYTES = 1 + 1 + 9  # of a record: the array, its kind, its time
RECORD_BYTES_MAX = HEAD_BYTES + 1 + 3 + 5 + 1 + 1  # of a record besides its topic and payload, in the order in which they stand
NOT_ASCII = -1  # `pack`: a topic that Python must decode
UNREADABLE = -1  # `unpack`: something else than what is written here


@compiled
def put_number(into: Any, at: int, value: int, size: int) -> int:
    """Write a number of so many bytes, the highest first; the place after it."""
    for k in range(size):
        into[at + k] = (value >> 8 * (size - 1 - k)) & 0xFF
    return at + size


@compiled
def put_size(into: Any, at: int, size: int, head_8: int, head_16: int, head_32: int) -> int:
    """Write what stands before so many bytes, by how many digits their number needs; the place after it."""
    wide, head = (1, head_8) if size < 1 << 8 else (2, head_16) if size < 1 << 16 else (4, head_32)
    return put_number(into, put_number(into, at, head, 1), size, wide)


@compiled
def put_topic(into: Any, at: int, text: Any, first: int, end: int) -> int:
    """Write a topic as a string; the place after it, or NOT_ASCII."""
    for k in range(first, end):
        if byte(text, k) >= 0x80:
            return NOT_ASCII
    size = end - first
    at = put_number(into, at, FIXSTR | size, 1) if size < 32 else put_size(into, at, size, STR_8, STR_16, STR_32)
    return copy_bytes(text, first, end, into, at)


@compiled
def put_payload(into: Any, at: int, text: Any, first: int, end: int) -> int:
    """Write a payload as bytes; the place after it."""
    return copy_bytes(text, first, end, into, put_size(into, at, end - first, BIN_8, BIN_16, BIN_32))


@compiled
def pack(text: Any, frames: Any, kind: int, at_ms: Any, into: Any) -> int:
    """Write each message as a record; where they end, or NOT_ASCII."""
    at = 0
    for k in range(frames.shape[0]):
        frame = frames[k]
        at = put_number(into, at, ARRAY_3, 1)
        at = put_number(into, at, kind, 1)
        at = put_number(into, put_number(into, at, UINT_64, 1), int(at_ms[k]), 8)
        at = put_number(into, at, ARRAY_4, 1)
        at = put_topic(into, at, text, int(frame["topic"]), int(frame["topic_end"]))
        if at == NOT_ASCII:
            return NOT_ASCII
        at = put_payload(into, at, text, int(frame["payload"]), int(frame["end"]))
        at = put_number(into, at, TRUE if frame["command"] & RETAIN else FALSE, 1)
        at = put_number(into, at, int(frame["command"]) >> QOS_SHIFT & QOS_BITS, 1)
    return at


@compiled
def get_number(data: Any, at: int, size: int) -> int:
    """The number of so many bytes, the highest first."""
    value = 0
    for k in range(size):
        value = value << 8 | byte(data, at + k)
    return value


@compiled
def get_topic(data: Any, at: int) -> tuple[int, int]:
    """(first place, how many) of the bytes of the string that begins at `at`; UNREADABLE if none does."""
    head = byte(data, at)
    if FIXSTR <= head < FIXSTR + 32:
        return at + 1, head - FIXSTR
    wide = 1 if head == STR_8 else 2 if head == STR_16 else 0
    return (at + 1 + wide, get_number(data, at + 1, wide)) if wide else (UNREADABLE, 0)


@compiled
def get_payload(data: Any, at: int) -> tuple[int, int]:
    """The same of bytes."""
    head = byte(data, at)
    wide = 1 if head == BIN_8 else 2 if head == BIN_16 else 4 if head == BIN_32 else 0
    return (at + 1 + wide, get_number(data, at + 1, wide)) if wide else (UNREADABLE, 0)


@compiled
def get_count(data: Any) -> tuple[int, int]:
    """(place after, how many) of the array that the records of a block are; UNREADABLE if it is none."""
    head = int(data[0])
    if FIXARRAY <= head < FIXARRAY + 16:
        return 1, head - FIXARRAY
    wide = 2 if head == ARRAY_16 else 4 if head == ARRAY_32 else 0
    return (1 + wide, get_number(data, 1, wide)) if wide else (UNREADABLE, 0)


@compiled
def get_message(data: Any, at: int, end: int, frame: Any) -> int:
    """Find the parts of a message; the place after it, or UNREADABLE."""
    topic, size = get_topic(data, at)
    if topic == UNREADABLE or topic + size >= end:
        return UNREADABLE
    payload, length = get_payload(data, topic + size)
    last = payload + length
    if payload == UNREADABLE or last + 2 > end:
        return UNREADABLE
    retained, qos = byte(data, last), byte(data, last + 1)
    if qos > QOS_BITS or (retained != TRUE and retained != FALSE):
        return UNREADABLE
    frame["topic"], frame["topic_end"], frame["payload"], frame["end"] = topic, topic + size, payload, last
    frame["command"] = PUBLISH << 4 | qos << QOS_SHIFT | (RETAIN if retained == TRUE else 0)
    return last + 2


@compiled
def unpack(data: Any, kind: int, skip: int, frames: Any, at_ms: Any) -> int:
    """Find the messages of one kind among the records of a block, from number `skip` on; how many, or UNREADABLE.

    `data`: its body and TAIL_BYTES zeros; `frames`, `at_ms`: room for all its records.
    """
    end, found = data.shape[0] - TAIL_BYTES, 0
    at, count = get_count(data)
    if at == UNREADABLE or count > frames.shape[0]:
        return UNREADABLE
    for k in range(count):
        if at + HEAD_BYTES >= end or byte(data, at) != ARRAY_3 or byte(data, at + 2) != UINT_64:
            return UNREADABLE
        this_kind, time_ms, at = byte(data, at + 1), get_number(data, at + 3, 8), at + HEAD_BYTES
        if byte(data, at) == ARRAY_4:
            at = get_message(data, at + 1, end, frames[found])
        else:  # JSON, of what was decided
            first, size = get_payload(data, at)
            at = UNREADABLE if first == UNREADABLE else first + size
        if at == UNREADABLE or at > end or time_ms < 0:
            return UNREADABLE
        if this_kind == kind and k >= skip:
            at_ms[found] = time_ms
            found += 1
    return found if at == end else UNREADABLE
