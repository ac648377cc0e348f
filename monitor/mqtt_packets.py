"""The few MQTT packets that we read and write ourselves (MQTT 5 §3, 3.1.1 §3). Bytes in, values out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

PUBACK_COMMAND, PUBLISH_COMMAND = 0x40, 0x30
# The short form, which means success in both versions (MQTT 5 §3.4.2.1).
_PUBACK = np.dtype([("command", "u1"), ("length", "u1"), ("packet_id", ">u2")])


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


def pubacks(packet_ids: Sequence[int]) -> bytes:
    """A PUBACK for each of these ids, in one piece."""
    packets = np.empty(len(packet_ids), _PUBACK)
    packets["command"], packets["length"], packets["packet_id"] = PUBACK_COMMAND, 2, packet_ids
    return packets.tobytes()


def publish(topic: bytes, payload: bytes, packet_id: int, *, has_properties: bool) -> bytes:
    """A PUBLISH without properties; at QoS 1 with a packet id, at QoS 0 where that is 0 (MQTT 5 §3.3, 3.1.1 §3.3)."""
    number, properties = packet_id.to_bytes(2, "big") if packet_id else b"", b"\x00" if has_properties else b""
    size = _length(2 + len(topic) + len(number) + len(properties) + len(payload))
    command = bytes([PUBLISH_COMMAND | bool(packet_id) << 1])
    return b"".join((command, size, len(topic).to_bytes(2, "big"), topic, number, properties, payload))


def _length(size: int) -> bytes:
    """A variable byte integer (MQTT 5 §1.5.5)."""
    digits = bytearray()
    while size >= 0x80:
        digits.append(size & 0x7F | 0x80)
        size >>= 7
    digits.append(size)
    return bytes(digits)
