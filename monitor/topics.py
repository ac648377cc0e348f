"""Which of many topics stands in a packet: a table that compiled code looks into, so that a look-up makes no object. PURE.

A turn under load asks for thousands of topics, twice: does another session bring this one, and whose is it? As Python strings
each of them cost a slice, a decoding and a hash before its dictionary was even asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from typing import Any

import numpy as np

from geofence.jit import compiled
from monitor.octets import byte

NOWHERE = -1  # the topic is not in the table
SLOTS_MIN = 16  # a power of two, as every number of slots
ROOM = 2  # slots a topic: at most half are taken, so that a look-up meets one and a half of them on average
OFFSET_BASIS, PRIME, BITS = 2_166_136_261, 16_777_619, 0xFFFFFFFF  # FNV-1a of 32 bits: short, and no product of it leaves int64


@compiled
def digest(text: Any, first: int, end: int) -> int:
    """FNV-1a of the bytes from `first` up to `end`."""
    value = OFFSET_BASIS
    for k in range(first, end):
        value = ((value ^ byte(text, k)) * PRIME) & BITS
    return int(value)


@compiled
def is_key(text: Any, first: int, end: int, key: int, keys: Any, ends: Any) -> bool:
    """Whether this topic is the one of that number."""
    begin = int(ends[key])
    if int(ends[key + 1]) - begin != end - first:
        return False
    for k in range(first, end):  # noqa: SIM110 - compiled
        if byte(text, k) != byte(keys, begin + k - first):
            return False
    return True


@compiled
def slot_of(text: Any, first: int, end: int, slots: Any, keys: Any, ends: Any) -> int:
    """The slot in which this topic stands, or the free one where it would."""
    slot = digest(text, first, end) & (slots.shape[0] - 1)
    while slots[slot] != NOWHERE and not is_key(text, first, end, int(slots[slot]), keys, ends):
        slot = (slot + 1) & (slots.shape[0] - 1)
    return int(slot)


@compiled
def value_of(text: Any, first: int, end: int, slots: Any, keys: Any, ends: Any, values: Any) -> int:
    """What was put under this topic, or NOWHERE."""
    key = int(slots[slot_of(text, first, end, slots, keys, ends)])
    return NOWHERE if key == NOWHERE else int(values[key])


@compiled
def enter(first: int, slots: Any, keys: Any, ends: Any, values: Any) -> None:
    """Put the keys from `first` on into their slots; one that is there already has its value changed."""
    for key in range(first, values.shape[0]):
        slot = slot_of(keys, int(ends[key]), int(ends[key + 1]), slots, keys, ends)
        if slots[slot] == NOWHERE:
            slots[slot] = key
        else:
            values[slots[slot]] = values[key]


@compiled
def look_up(text: Any, frames: Any, slots: Any, keys: Any, ends: Any, values: Any, found: Any) -> None:
    """What stands under the topic of each of these packets.

    In three rounds: each asks memory for what is far apart, and what one topic waits for is waited for together with the others'.
    """
    for k in range(frames.shape[0]):
        found[k] = digest(text, int(frames[k]["topic"]), int(frames[k]["topic_end"])) & (slots.shape[0] - 1)
    for k in range(frames.shape[0]):
        found[k] = slots[found[k]]
    for k in range(frames.shape[0]):
        first, end, key = int(frames[k]["topic"]), int(frames[k]["topic_end"]), int(found[k])
        if key == NOWHERE:
            continue
        if is_key(text, first, end, key, keys, ends):
            found[k] = values[key]
        else:  # another topic has the slot
            found[k] = value_of(text, first, end, slots, keys, ends, values)


class Topics:
    """A number for each of many topics."""

    def __init__(self, topics: Iterable[bytes] = ()) -> None:
        self._slots = np.full(SLOTS_MIN, NOWHERE, np.int32)
        self._keys = np.zeros(0, np.uint8)
        self._ends = np.zeros(1, np.int64)
        self._values = np.zeros(0, np.int32)
        self._new: dict[bytes, int] = {topic: k for k, topic in enumerate(topics)}

    def put(self, topic: bytes, value: int) -> None:
        """Put a number under a topic; it is entered with all others that are new when somebody looks."""
        self._new[topic] = value

    def table(self) -> tuple[Any, Any, Any, Any]:
        """Slots, keys, their ends and values, as the compiled code takes them."""
        if self._new:
            self._enter()
        return self._slots, self._keys, self._ends, self._values

    def find(self, text: Any, frames: Any) -> Any:
        """The number under the topic of each packet, int64[n]; NOWHERE where there is none."""
        found = np.empty(len(frames), np.int64)
        look_up(text, frames, *self.table(), found)
        return found

    def get(self, topic: bytes) -> int:
        """The number under one topic, or NOWHERE. What is new is not entered for it: a thousand orders would be entered one by one."""
        text = np.frombuffer(bytearray(topic), np.uint8)  # of bytes it would be another type, and compiled once more
        return self._new.get(topic, value_of(text, 0, len(text), self._slots, self._keys, self._ends, self._values))

    def _enter(self) -> None:
        new, self._new, first = self._new, {}, len(self._values)
        lengths = accumulate(map(len, new), initial=int(self._ends[-1]))
        self._keys = np.concatenate((self._keys, np.frombuffer(b"".join(new), np.uint8)))
        self._ends = np.concatenate((self._ends[:-1], np.fromiter(lengths, np.int64, len(new) + 1)))
        self._values = np.concatenate((self._values, np.fromiter(new.values(), np.int32, len(new))))
        if ROOM * len(self._values) > len(self._slots):
            self._slots, first = np.full(1 << (ROOM * len(self._values)).bit_length(), NOWHERE, np.int32), 0
        enter(first, self._slots, self._keys, self._ends, self._values)
