"""The plain v1 ping, read by compiled code straight into the rows of the kernel. PURE.

Nearly every ping is JSON as a device's firmware writes it: known keys once each, plain decimals, no surprises. Those are read
here, a whole batch in one call, without a Python object for any of them. Whatever is not plain in the least (another key or
the same one again, an escape, an exponent, a null, a number out of its bounds or of more than 15 digits) is left to
`wire.decode`, which alone rejects. What is read here is exactly what `wire.decode` reads (tests/monitor/test_scan.py): an
integer of at most 15 digits divided by a power of ten that float64 holds exactly is correctly rounded.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from geofence.jit import compiled
from geofence.state import PING
from geofence.terms import Source, Strap, Tether
from monitor import bounds
from monitor.arrivals import Arrivals
from monitor.frames import QOS_BITS, QOS_SHIFT, RETAIN
from monitor.octets import byte
from monitor.topics import NOWHERE, Topics, look_up

DIGITS_MAX = 15  # 10^15 < 2^53: every such integer is a float64
TEN_TO = np.array([10.0**k for k in range(DIGITS_MAX + 1)])  # exact up to 10^22
QUOTE, COLON, COMMA, OPEN, CLOSE, MINUS, POINT, SPACE, ZERO, NINE = (ord(c) for c in '":,{}-. 09')
NOT_PLAIN = -1  # the place where reading ended: the payload is for `wire.decode`

INTEGER, NUMBER, BOOLEAN, WORD, OBJECT = range(5)
ABOVE_ZERO = float(np.nextafter(0.0, 1.0))


class Key(NamedTuple):
    """A key that a plain ping may have, and what its value must be."""

    name: str
    kind: int
    low: float = 0.0
    high: float = 1.0


# The keys of a ping, then those of its fix, in the order in which firmware usually writes them: the next one is tried first.
PING_KEYS = (
    Key("v", INTEGER, 1, 1),
    Key("boot", INTEGER, 0, bounds.COUNTER_MAX),
    Key("seq", INTEGER, 0, bounds.COUNTER_MAX),
    Key("at", INTEGER, 0, bounds.MS_MAX),
    Key("fix", OBJECT),
    Key("battery", NUMBER, 0, 100),
    Key("charging", BOOLEAN),
    Key("strap", WORD),
    Key("tether", WORD),
    Key("sos", BOOLEAN),
    Key("moving", BOOLEAN),
    Key("signal", NUMBER, bounds.SIGNAL_DBM_MIN, bounds.SIGNAL_DBM_MAX),
    Key("jamming", BOOLEAN),
    Key("check", BOOLEAN),
)
FIX_KEYS = (
    Key("at", INTEGER, 0, bounds.MS_MAX),
    Key("lat", NUMBER, -bounds.LAT_DEG_MAX, bounds.LAT_DEG_MAX),
    Key("lon", NUMBER, -bounds.LON_DEG_MAX, bounds.LON_DEG_MAX),
    Key("accuracy", NUMBER, ABOVE_ZERO, bounds.ACCURACY_M_MAX),
    Key("speed", NUMBER, 0, bounds.SPEED_MPS_MAX),
    Key("course", NUMBER, 0, bounds.COURSE_DEG_MAX),
    Key("source", WORD),
    Key("satellites", INTEGER, 0, bounds.SATELLITES_MAX),
    Key("hdop", NUMBER, 0, bounds.HDOP_MAX),
    Key("mock", BOOLEAN),
)
KEYS = PING_KEYS + FIX_KEYS
V, BOOT, SEQ, AT, FIX, BATTERY, CHARGING, STRAP, TETHER, SOS, MOVING, SIGNAL, JAMMING, CHECK = range(len(PING_KEYS))
FIX_AT, LAT, LON, ACCURACY, SPEED, COURSE, SOURCE, SATELLITES, HDOP, MOCK = range(len(PING_KEYS), len(KEYS))
WORDS = tuple(
    (slot, member.word.encode(), int(member))
    for slot, enum in ((STRAP, Strap), (TETHER, Tether), (SOURCE, Source))
    for member in enum
    if member.word != "unknown"
)


def _texts(words: list[bytes]) -> tuple[Any, Any]:
    """The words as rows of bytes, and their lengths."""
    rows = np.zeros((len(words), max(map(len, words))), np.uint8)
    for row, text in zip(rows, words, strict=True):
        row[: len(text)] = list(text)
    return rows, np.array([len(text) for text in words])


KEY_TEXT, KEY_BYTES = _texts([key.name.encode() for key in KEYS])
WORD_TEXT, WORD_BYTES = _texts([text for _, text, _ in WORDS])
WORD_SLOT = np.array([slot for slot, _, _ in WORDS])
WORD_CODE = np.array([float(code) for _, _, code in WORDS])
KIND = np.array([key.kind for key in KEYS])
LOW, HIGH = np.array([float(key.low) for key in KEYS]), np.array([float(key.high) for key in KEYS])
PING_END, KEYS_END, WORDS_END = len(PING_KEYS), len(KEYS), len(WORDS)


@compiled
def after_space(text: Any, i: int) -> int:
    """The first place from `i` on that is not a blank. The text ends in a byte that is none."""
    while byte(text, i) == SPACE:
        i += 1
    return i


@compiled
def is_text(text: Any, i: int, row: Any, length: int) -> bool:
    """True if `row`'s first `length` bytes and a closing quote stand at `i`."""
    for k in range(length):
        if byte(text, i + k) != row[k]:
            return False
    return bool(byte(text, i + length) == QUOTE)


@compiled
def slot_at(text: Any, i: int, first: int, last: int, guess: int) -> int:
    """The slot among `first` .. `last - 1` whose key stands at `i`; `guess` is tried first; NOT_PLAIN if none."""
    if guess < last and is_text(text, i, KEY_TEXT[guess], KEY_BYTES[guess]):
        return guess
    for slot in range(first, last):
        if is_text(text, i, KEY_TEXT[slot], KEY_BYTES[slot]):
            return slot
    return NOT_PLAIN


@compiled
def read_key(text: Any, i: int, first: int, last: int, guess: int) -> tuple[int, int]:
    """(place after the colon and blanks, slot) of the key at `i`."""
    if byte(text, i) != QUOTE:
        return NOT_PLAIN, 0
    slot = slot_at(text, i + 1, first, last, guess)
    if slot == NOT_PLAIN:
        return NOT_PLAIN, 0
    i = after_space(text, i + 2 + KEY_BYTES[slot])
    return (after_space(text, i + 1), slot) if byte(text, i) == COLON else (NOT_PLAIN, slot)


@compiled
def read_number(text: Any, i: int, whole: bool) -> tuple[int, float]:
    """(place after, value) of the plain decimal at `i`; `whole`: no fraction."""
    negative = byte(text, i) == MINUS
    if negative:
        i += 1
    first, mantissa, digits, decimals = i, 0, 0, 0
    while ZERO <= byte(text, i) <= NINE and digits <= DIGITS_MAX:
        mantissa = mantissa * 10 + (byte(text, i) - ZERO)
        digits, i = digits + 1, i + 1
    if digits == 0 or (byte(text, first) == ZERO and digits > 1):
        return NOT_PLAIN, 0.0
    if byte(text, i) == POINT and not whole:
        i += 1
        while ZERO <= byte(text, i) <= NINE and digits <= DIGITS_MAX:
            mantissa = mantissa * 10 + (byte(text, i) - ZERO)
            digits, decimals, i = digits + 1, decimals + 1, i + 1
        if decimals == 0:
            return NOT_PLAIN, 0.0
    if digits > DIGITS_MAX or (negative and mantissa == 0):
        return NOT_PLAIN, 0.0
    value = float(mantissa) / TEN_TO[decimals]
    return i, -value if negative else value


@compiled
def read_boolean(text: Any, i: int) -> tuple[int, float]:
    """(place after, 1 or 0) of `true` or `false`."""
    if byte(text, i) == ord("t") and byte(text, i + 1) == ord("r") and byte(text, i + 2) == ord("u") and byte(text, i + 3) == ord("e"):
        return i + 4, 1.0
    no = byte(text, i) == ord("f") and byte(text, i + 1) == ord("a") and byte(text, i + 2) == ord("l") and byte(text, i + 3) == ord("s")
    return (i + 5, 0.0) if no and byte(text, i + 4) == ord("e") else (NOT_PLAIN, 0.0)


@compiled
def read_word(text: Any, i: int, slot: int) -> tuple[int, float]:
    """(place after, code) of one of the words that `slot` may be."""
    if byte(text, i) == QUOTE:
        for k in range(WORDS_END):
            if WORD_SLOT[k] == slot and is_text(text, i + 1, WORD_TEXT[k], WORD_BYTES[k]):
                return i + 2 + WORD_BYTES[k], WORD_CODE[k]
    return NOT_PLAIN, 0.0


@compiled
def read_value(text: Any, i: int, slot: int, values: Any) -> int:
    """Put the value at `i` into its slot, if it is the first and within bounds; the place after it and blanks."""
    kind = KIND[slot]
    value = 0.0
    if kind == INTEGER or kind == NUMBER:
        i, value = read_number(text, i, kind == INTEGER)
        if not LOW[slot] <= value <= HIGH[slot]:
            return NOT_PLAIN
    elif kind == BOOLEAN:
        i, value = read_boolean(text, i)
    else:
        i, value = read_word(text, i, slot)
    if i == NOT_PLAIN or not math.isnan(values[slot]):
        return NOT_PLAIN
    values[slot] = value
    return after_space(text, i)


@compiled
def read_fix(text: Any, i: int, values: Any) -> int:
    """The object of a fix at `i`; the place after it and blanks."""
    if byte(text, i) != OPEN or not math.isnan(values[FIX]):
        return NOT_PLAIN
    values[FIX] = 1.0
    slot = PING_END - 1
    i = after_space(text, i + 1)
    while True:
        i, slot = read_key(text, i, PING_END, KEYS_END, slot + 1)
        if i == NOT_PLAIN:
            return NOT_PLAIN
        i = read_value(text, i, slot, values)
        if i == NOT_PLAIN:
            return NOT_PLAIN
        if byte(text, i) == CLOSE:
            return after_space(text, i + 1)
        if byte(text, i) != COMMA:
            return NOT_PLAIN
        i = after_space(text, i + 1)


@compiled
def read_ping(text: Any, i: int, values: Any) -> int:
    """The object of a ping at `i`; the place after it."""
    if byte(text, i) != OPEN:
        return NOT_PLAIN
    slot = -1
    i = after_space(text, i + 1)
    while True:
        i, slot = read_key(text, i, 0, PING_END, slot + 1)
        if i == NOT_PLAIN:
            return NOT_PLAIN
        i = read_fix(text, i, values) if slot == FIX else read_value(text, i, slot, values)
        if i == NOT_PLAIN:
            return NOT_PLAIN
        if byte(text, i) == CLOSE:
            return i + 1
        if byte(text, i) != COMMA:
            return NOT_PLAIN
        i = after_space(text, i + 1)


@compiled
def is_whole(values: Any) -> bool:
    """True if every key that a ping must have is there, and its position is one."""
    if math.isnan(values[V]) or math.isnan(values[BOOT]) or math.isnan(values[SEQ]) or math.isnan(values[AT]):
        return False
    if math.isnan(values[FIX]):
        return True
    if math.isnan(values[FIX_AT]) or math.isnan(values[LAT]) or math.isnan(values[LON]) or math.isnan(values[ACCURACY]):
        return False
    return bool(abs(values[LAT]) >= bounds.NULL_ISLAND_DEG or abs(values[LON]) >= bounds.NULL_ISLAND_DEG)


@compiled
def given(value: float, absent: int) -> int:
    """The value as an integer, or what stands for a value that is absent."""
    return absent if math.isnan(value) else int(value)


@compiled
def fill(row: Any, values: Any) -> None:
    """Write the values into a row of the kernel's array, as `wire.ping_of_v1` would."""
    row["boot"], row["seq"], row["sent_ms"] = int(values[BOOT]), int(values[SEQ]), int(values[AT])
    row["has_fix"] = given(values[FIX], 0)
    row["fix_ms"] = given(values[FIX_AT], 0)
    row["lat_deg"], row["lon_deg"], row["accuracy_m"] = values[LAT], values[LON], values[ACCURACY]
    row["speed_mps"], row["course_deg"], row["hdop"] = values[SPEED], values[COURSE], values[HDOP]
    row["source"], row["satellites"], row["mock"] = given(values[SOURCE], 0), given(values[SATELLITES], -1), given(values[MOCK], 0)
    row["battery_percent"], row["charging"] = values[BATTERY], given(values[CHARGING], -1)
    row["strap"], row["tether"], row["sos"] = given(values[STRAP], 0), given(values[TETHER], 0), given(values[SOS], 0)
    row["moving"], row["signal_dbm"] = given(values[MOVING], -1), values[SIGNAL]
    row["jamming"], row["check"], row["ordered"] = given(values[JAMMING], 0), given(values[CHECK], 0), 1


@compiled
def scan(
    text: Any, frames: Any, at_ms: Any, slots: Any, keys: Any, ends: Any, devices: Any, found: Any,
    rows: Any, receipted: Any, plain: Any, values: Any,
) -> int:  # fmt: skip
    """Read the payloads of these packets where they lie, but for those of no device and what is retained or too long.

    `found[k]` says whose they are, `plain[k]` which are read, `receipted[k]` whose device waits for a receipt; returns how many are read.
    """
    look_up(text, frames, slots, keys, ends, devices, found)
    read = 0
    for k in range(frames.shape[0]):
        first, end, command = int(frames[k]["payload"]), int(frames[k]["end"]), int(frames[k]["command"])
        rows[k]["device"], rows[k]["at_ms"] = found[k], at_ms[k]
        if found[k] == NOWHERE:
            continue
        receipted[k] = command >> QOS_SHIFT & QOS_BITS > 0
        if command & RETAIN or not 0 < end - first <= bounds.PAYLOAD_BYTES_MAX:
            continue
        values[:] = math.nan
        if read_ping(text, first, values) == end and is_whole(values):
            fill(rows[k], values)
            plain[k] = True
            read += 1
    return read


class Scanner:
    """Owns the scratch memory of `scan`."""

    def __init__(self) -> None:
        self._values = np.zeros(KEYS_END)

    def read(self, arrivals: Arrivals, devices: Topics) -> tuple[Any, Any, list[int]]:
        """(rows, receipted, others): the kernel's row of each that is plain, whose device waits for a receipt, and which are not plain.

        `devices` has the row of the device that speaks by a topic.
        """
        count = len(arrivals)
        found = np.empty(count, np.int64)
        rows, receipted, plain = np.zeros(count, PING), np.zeros(count, np.bool_), np.zeros(count, np.bool_)
        read = scan(arrivals.text, arrivals.frames, arrivals.at_ms, *devices.table(), found, rows, receipted, plain, self._values)
        return rows, receipted, [] if read == count else np.flatnonzero(~plain).tolist()
