"""The nouns of the core. One word, one meaning: docs/glossary.md.

Everything here is frozen. Times are integers in milliseconds UTC, positions are WGS-84 degrees, lengths metres.
Levels, reasons and the other words are `IntEnum`s because the compiled kernel (kernel.py) carries them in arrays;
`word` is how they are written on every wire.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple, NewType

DeviceId = NewType("DeviceId", str)
PersonId = NewType("PersonId", str)
OrderId = NewType("OrderId", str)
ZoneId = NewType("ZoneId", str)
IncidentId = NewType("IncidentId", str)

NOBODY = PersonId("")  # who wears the devices that are in no registry any more: their rows stay, and are judged for no order


class Word(IntEnum):
    """An integer in the arrays, a lower-case word on the wire."""

    word: str  # the name as it is written in every file, topic and label

    def __init__(self, _: int) -> None:
        self.word = self.name.lower()


class Role(Word):
    """Which party of an order a person is."""

    PROTECTED = 0
    RESPONDENT = 1


class Level(Word):
    """How loudly to speak about one order."""

    CALM = 0
    CAUTION = 1
    WARNING = 2
    EMERGENCY = 3


class Proximity(Word):
    """Geometry with its error, nothing else. UNKNOWN is never shown as CLEAR."""

    UNKNOWN = 0
    CLEAR = 1
    APPROACH = 2
    BREACH = 3


class Contact(Word):
    """Age of the last believed fix of a pair, the worse of the two parties."""

    FRESH = 0
    OVERDUE = 1  # silent, but by the speed bound he cannot be there yet
    LOST = 2  # silent, and he could be there


class Source(Word):
    """What a fix was made from."""

    GPS = 0
    WIFI = 1
    LBS = 2
    RF = 3


class Strap(Word):
    UNKNOWN = 0
    CLOSED = 1
    OPEN = 2
    CUT = 3


class Tether(Word):
    UNKNOWN = 0
    NEAR = 1
    FAR = 2
    LOST = 3


class ZoneKind(Word):
    EXCLUSION = 0
    INCLUSION = 1
    PERIMETER = 2  # the moving circle around the protected person: never in a file, a target of the kernel


class Format(Word):
    """The wire format a device speaks."""

    V1 = 0
    OWNTRACKS = 1
    TRACCAR = 2


class Reason(Word):
    """Why a transition happened. Which level each one means, and its rank, is the table in watch.py."""

    NONE = 0
    # raised
    SOS = 1
    BREACH = 2
    OUTSIDE_INCLUSION = 3
    APPROACH = 4
    UNVERIFIED = 5
    NO_LINK = 6
    CANNOT_SEE_RESPONDENT = 7
    CANNOT_SEE_PROTECTED = 8
    NOT_SEEN_YET = 9
    STRAP = 10
    JAMMING = 11
    SPOOFING = 12
    CLOCK = 13
    SEPARATION = 14
    BATTERY = 15
    NO_COVERAGE_KNOWN = 16
    # history: a breach found later in buffered fixes
    PAST_BREACH = 20
    # history: pressure that no single approach shows (pattern.py)
    PROBING = 21
    CIRCLING = 22
    FOLLOWING = 23
    # quiet again
    CLEAR = 24
    SEEN = 25
    RESOLVED = 26
    SCHEDULE_CLOSED = 27
    ORDER_ENDED = 28


# Told once, as a line of its own at whatever level holds: they raise nothing and end nothing.
HISTORY = (Reason.PAST_BREACH, Reason.PROBING, Reason.CIRCLING, Reason.FOLLOWING)


class Position(NamedTuple):
    """A place on the ground. Its text form hides the numbers: coordinates never reach a log."""

    lat_deg: float
    lon_deg: float

    def __repr__(self) -> str:
        return "Position(hidden)"

    def __str__(self) -> str:
        return repr(self)


class Ping(NamedTuple):
    """One report of one device, flat: the fields are, in order, one row of the kernel's `PING` array (state.py).

    NaN means "not given" for a float and -1 for an integer, here and in the kernel only: at every border of the
    system a value that is not known is absent.
    """

    device: int  # row of the device in the registry
    at_ms: int  # arrival, our clock: the only time the engine lives by
    boot: int
    seq: int
    sent_ms: int  # the device's own clock when it made the ping (contract: `at`)
    has_fix: bool
    fix_ms: int  # the device's own clock when the position was solved (contract: `fix.at`)
    lat_deg: float
    lon_deg: float
    accuracy_m: float  # radius of 68 % confidence; NaN unknown
    speed_mps: float
    course_deg: float
    source: int  # Source
    satellites: int
    hdop: float
    mock: bool
    battery_percent: float
    charging: int  # 1 yes, 0 no, -1 not given
    strap: int  # Strap
    tether: int  # Tether
    sos: bool
    moving: int  # 1 yes, 0 no, -1 not given
    signal_dbm: float
    jamming: bool
    check: bool
    ordered: bool  # False: the format has no boot/seq (OwnTracks, Traccar); the fix time orders instead

    def __repr__(self) -> str:
        return f"Ping(device_row={self.device}, boot={self.boot}, seq={self.seq})"

    def __str__(self) -> str:
        return repr(self)


@dataclass(frozen=True, slots=True)
class Circle:
    centre: Position
    radius_m: float


@dataclass(frozen=True, slots=True)
class Polygons:
    """One or several polygons with holes: `rings[i][0]` is the shell of polygon i, the rest its holes."""

    rings: tuple[tuple[tuple[Position, ...], ...], ...]


@dataclass(frozen=True, slots=True)
class Corridor:
    """Everything within `width_m / 2` of a line."""

    line: tuple[Position, ...]
    width_m: float


Shape = Circle | Polygons | Corridor


@dataclass(frozen=True, slots=True)
class Zone:
    """A fixed area of one order. `buffer_m` is the outer warning ring."""

    id: ZoneId
    kind: ZoneKind
    shape: Shape
    buffer_m: float
    timezone: str = "UTC"
    schedule: str | None = None  # opening_hours syntax; None = always


@dataclass(frozen=True, slots=True)
class Order:
    """The court's order: who, where, when. In force while valid_from_ms <= t < valid_until_ms."""

    id: OrderId
    protected: PersonId
    respondent: PersonId
    perimeter_m: float  # 0 = no moving perimeter
    warning_m: float  # radius of the outer ring of the perimeter
    valid_from_ms: int
    valid_until_ms: int
    language: str = "es"
    zones: Sequence[Zone] = ()


@dataclass(frozen=True, slots=True)
class Device:
    """One registered device. `alias` is its name in the wire format, where that differs from `id`."""

    id: DeviceId
    person: PersonId
    format: Format = Format.V1
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Registry:
    """All the engine knows about the world before the first ping."""

    devices: tuple[Device, ...] = ()
    orders: tuple[Order, ...] = ()


class FixRef(NamedTuple):
    """Names one fix of one device: the evidence of a transition."""

    device: DeviceId
    boot: int
    seq: int


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of one order's level, or a new reason at the same level, with its numbers (rounded before they decided).

    `from_level == to_level` when a further reason arises without changing the level, and for history (`HISTORY`).
    """

    at_ms: int
    order: OrderId
    incident: IncidentId
    from_level: Level
    to_level: Level
    reason: Reason
    party: Role | None  # whose device or silence it is about; None where both
    distance_m: float | None = None
    uncertainty_m: float | None = None
    seconds_to_perimeter: float | None = None
    bearing_deg: float | None = None  # from the protected person to the respondent; never told to him
    zone: ZoneId | None = None
    fixes: tuple[FixRef, ...] = ()
    breached_at_ms: int | None = None
    hours_left: float | None = None  # of the battery it is about
    apart_m: float | None = None  # a person's devices; None where it is a strap that lost its tracker
    clock_s: float | None = None  # how far the device's clock is ahead, negative: behind; None where only a fix bore a wrong date
    count: int | None = None  # of a pattern: how often, ...
    since_ms: int | None = None  # ... since when, ...
    closest_m: float | None = None  # ... and how near he came, as `distance_m`


@dataclass(frozen=True, slots=True)
class Command:
    """What a device is asked for: how often to report, and whether to report at once."""

    device: DeviceId
    at_ms: int
    interval_s: int | None = None
    report_now: bool = False
