"""The nouns of alerting. Pure.

Words are `StrEnum`s: they stand in the keys of most tables here, and an `Enum` asks Python for its hash each time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from geofence.terms import DeviceId, IncidentId, Level, OrderId, PersonId, Reason, ZoneId

NotificationId = NewType("NotificationId", str)


class Audience(StrEnum):
    """Who is told."""

    PROTECTED = "protected"
    DISPATCH = "dispatch"
    TRUSTED = "trusted"  # whom she has named: told to call her, never where anybody is
    TECHNICAL = "technical"  # whoever keeps the service running: troubles of ours only, never a person's


class Channel(StrEnum):
    """By which way. `CONSOLE` is the channel that ships: it stands in for a telephone that is not configured."""

    BRACELET = "bracelet"
    SMS = "sms"
    VOICE = "voice"
    WEBHOOK = "webhook"
    CAP = "cap"  # the Common Alerting Protocol, for control rooms that read it
    PUSH = "push"  # an app on a telephone, by an ntfy server
    ALERTMANAGER = "alertmanager"  # technical troubles only
    CONSOLE = "console"


TOO_OLD = "too old"  # the detail of what has failed because it came too late for a telephone
TELEPHONES = (Channel.SMS, Channel.VOICE, Channel.PUSH)  # ways to a telephone that a person carries: it rings, and shows no history


class Kind(StrEnum):
    """What a notification does to the conversation that one incident is."""

    RAISE = "raise"  # rings
    UPDATE = "update"  # silent: new numbers for something already said
    CLEAR = "clear"  # the level came down; says why


class DeliveryState(StrEnum):
    """How far one notification got. The states only ever move down this list, in whatever order we hear of them."""

    PENDING = "pending"  # on our disk, not on the wire
    SENDING = "sending"  # may be on the wire: look up before sending again
    ACCEPTED = "accepted"  # the carrier took it: not yet delivered
    EXPIRED = "expired"  # overtaken before it went out
    FAILED = "failed"  # for good: another rung must be climbed
    DELIVERED = "delivered"  # the carrier says it arrived: not yet read
    ACKNOWLEDGED = "acknowledged"  # a device or a person answered

    @property
    def rank(self) -> int:
        """Its place in the list."""
        return _RANKS[self]


_RANKS = {state: rank for rank, state in enumerate(DeliveryState)}


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to one audience by one channel. Contact data is not in it: the channel looks it up by person."""

    id: NotificationId
    incident: IncidentId
    order: OrderId
    code: str  # the short code every copy of the same alert carries
    audience: Audience
    channel: Channel
    kind: Kind
    step: int  # rung of the ladder
    level: Level
    reason: Reason
    issued_ms: int
    language: str
    text: str
    person: PersonId | None = None  # who is told, where it is a person
    devices: tuple[DeviceId, ...] = ()  # her bracelets, for Channel.BRACELET
    distance_m: float | None = None
    uncertainty_m: float | None = None
    bearing: str | None = None  # one of the eight winds
    seconds_to_perimeter: float | None = None
    zone: ZoneId | None = None
    trouble: str | None = None  # which trouble of ours, where it is about us (monitor/notices.py)
    orders: tuple[OrderId, ...] = ()  # of many orders at once (alerts/folding.py), the likeliest to be near first ...
    orders_total: int | None = None  # ... which may be more than are named
    neutral: bool = False  # others may read or hear it: its words say nothing to whoever was not told what they mean
    refreshes: NotificationId | None = None  # the ring whose numbers this renews, silently: worth nothing once there are newer ones
    earlier: tuple[tuple[NotificationId, int], ...] = ()  # (id, issued_ms) of what it replaces, for CAP, which names them


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a channel (or its carrier's callback) says became of a notification: a receipt. Input to the engine."""

    notification: NotificationId
    state: DeliveryState
    at_ms: int
    detail: str = ""  # the carrier's word for it; never a number, name or coordinate


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What a device or a person answers. Only `person` ends the ladder of its audience; `device` proves delivery."""

    notification: NotificationId
    by: str  # device | person | dispatcher
    at_ms: int
    device: DeviceId | None = None  # whose topic it came by: only a device that was told may answer
    who: str | None = None  # the dispatcher, as the console calls him
    wants_help: bool = False  # she asks to be called, or for somebody to come
