"""The nouns of the shell: what comes in, and what it was found to be. PURE."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from alerts.terms import Acknowledgement, Outcome
from geofence.terms import Device, DeviceId, Level, Order, OrderId, PersonId, Ping


class RejectReason(Enum):
    """Why a payload was not evaluated: the label of pings_rejected_total."""

    TOO_LARGE = "too_large"
    BAD_ENCODING = "bad_encoding"
    UNKNOWN_KEY = "unknown_key"
    DUPLICATE_KEY = "duplicate_key"
    MISSING_KEY = "missing_key"
    WRONG_TYPE = "wrong_type"
    NOT_FINITE = "not_finite"
    OUT_OF_RANGE = "out_of_range"
    UNKNOWN_DEVICE = "unknown_device"
    BAD_TOPIC = "bad_topic"
    RETAINED = "retained"
    BAD_ORDER = "bad_order"
    INTERNAL = "internal"


class Envelope(NamedTuple):
    """One inbound message, stamped once on arrival. A tuple, since tens of thousands a second are made."""

    at_ms: int
    topic: str
    payload: bytes
    retained: bool = False
    qos: int = 1


class Counted(NamedTuple):
    """Which ping of which device this was: it came and is in the journal, whatever else it says."""

    device: int
    boot: int
    seq: int


@dataclass(frozen=True, slots=True)
class Rejection:
    """A payload that was recorded and counted, and not evaluated. `detail` carries no value of the payload.

    `device` is the id of a registered device, or what a stranger calls himself, cut and cleaned; empty where nobody is named.
    `counted` is there where a device waits for the receipt of what it would otherwise send again for ever.
    """

    at_ms: int
    topic: str
    reason: RejectReason
    detail: str
    device: str = ""
    counted: Counted | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """A message of a foreign format that is none of our business: a card, a waypoint, a step count."""

    at_ms: int
    kind: str


@dataclass(frozen=True, slots=True)
class Status:
    """A device came or went, as the broker says."""

    device: int
    online: bool
    at_ms: int


@dataclass(frozen=True, slots=True)
class OrderChange:
    """An order was issued or changed, or one was revoked."""

    at_ms: int
    order: Order | None = None
    revoked: OrderId | None = None
    devices: tuple[Device, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """Our own session with the broker came or went."""

    at_ms: int
    up: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """How the protected person of one order can be reached: her bracelets, each with the time of its last ping (0 = none)."""

    order: OrderId
    person: PersonId
    level: Level
    devices: tuple[tuple[DeviceId, int], ...]


CANARY = OrderId("canary")  # the order of a pair that does not exist (monitor/canary.py)


def is_canary(order: str) -> bool:
    """Whether an order is ours and not a court's."""
    return order == CANARY


Decoded = Ping | Acknowledgement | Status | OrderChange | Outcome | Link | Ignored | Rejection


class Refused(Exception):
    """Raised inside this module and its foreign formats; becomes a Rejection."""

    def __init__(self, reason: RejectReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.device = ""  # whose it was, where the topic does not say
