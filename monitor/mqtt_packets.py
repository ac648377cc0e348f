"""The few MQTT packets that we read and write ourselves (MQTT 5 §3, 3.1.1 §3). Bytes in, values out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

PUBACK_COMMAND = 0x40
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


def pubacks(packet_ids: Sequence[Sequence[int]]) -> bytes:
    """A PUBACK for each of these ids, in one piece."""
    ids = packet_ids[0] if len(packet_ids) == 1 else np.concatenate(packet_ids)
    packets = np.empty(len(ids), _PUBACK)
    packets["command"], packets["length"], packets["packet_id"] = PUBACK_COMMAND, 2, ids
    return packets.tobytes()
