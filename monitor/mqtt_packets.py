"""The few MQTT packets that we read and write ourselves (MQTT 5 §3, 3.1.1 §3). Bytes in, values out."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

PUBACK_COMMAND = 0x40
_PUBACK = struct.Struct("!BBH")  # the short form, which means success in both versions (MQTT 5 §3.4.2.1)


class Publish(NamedTuple):
    """One PUBLISH; `packet_id` is 0 at QoS 0."""

    topic: bytes
    payload: bytes
    retained: bool
    qos: int
    packet_id: int


def after_properties(data: bytes, at: int) -> int:
    """Where the property block that starts at `at` ends: a variable byte integer gives its length (MQTT 5 §1.5.5)."""
    length = shift = 0
    while True:
        byte = data[at]
        at += 1
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            return at + length
        shift += 7


def read_publish(command: int, data: bytes, *, has_properties: bool) -> Publish:
    """Take a PUBLISH apart: `command` is its first byte, `data` what follows its length. Raises IndexError if it is cut short."""
    at = 2 + (data[0] << 8 | data[1])
    topic = data[2:at]
    qos = command >> 1 & 3
    packet_id = 0
    if qos:
        packet_id = data[at] << 8 | data[at + 1]
        at += 2
    if has_properties:
        at = after_properties(data, at)
    return Publish(topic, data[at:], bool(command & 1), qos, packet_id)


def pubacks(packet_ids: Sequence[int]) -> bytes:
    """A PUBACK for each of these ids, in one piece."""
    return b"".join([_PUBACK.pack(PUBACK_COMMAND, 2, packet_id) for packet_id in packet_ids])
