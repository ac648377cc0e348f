"""Which telephones still wait to ring, and what makes that needless: an answer to that very ring, or the end of the incident. PURE.

A ring is what an audience is told anew, by several ways and again until somebody answers. An answer to it spares what of
this ring, or of an earlier one that was no louder, has not gone out. In doubt a telephone rings: so it does for a newer
or a louder ring, and for whoever asks for help in an incident that has come down.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TypeVar

from alerts.case import is_of
from alerts.lane import Delivery
from alerts.terms import Acknowledgement, Audience, Kind, Notification, NotificationId
from geofence.terms import DeviceId, IncidentId, Level, Reason
from geofence.watch import LEVELS

TOLD_MAX = 10_000  # notifications to which an answer is understood: a telephone waits five minutes at most, and these take 7 MB
K = TypeVar("K")
V = TypeVar("V")


@dataclass(slots=True)
class Ring:
    """What one audience of one incident is told until it answers."""

    audience: Audience
    about: tuple[object, ...]
    began_ms: int
    over: bool = False  # answered, or come down: what rings next is another one


@dataclass(frozen=True, slots=True)
class _Told:
    """One notification, as far as an answer to it matters."""

    incident: IncidentId
    ring: Ring
    level: Level
    devices: tuple[DeviceId, ...]


@dataclass(slots=True)
class Ringing:
    """Of each incident: the newest ring of each audience, and the telephones that have not rung."""

    _newest: OrderedDict[tuple[IncidentId, Audience], Ring] = field(default_factory=OrderedDict)
    _told: OrderedDict[NotificationId, _Told] = field(default_factory=OrderedDict)
    _waiting: dict[IncidentId, list[tuple[Delivery, Ring]]] = field(default_factory=dict)

    def note(self, one: Notification) -> None:
        """It is being told: an answer to it will be one to its ring. What is silent asks dispatch alone."""
        ring = self._ring_of(one)
        asks = one.kind is Kind.RAISE or one.audience is Audience.DISPATCH
        if asks and ring is not None and one.issued_ms >= ring.began_ms:  # else it is of an earlier ring, read again from the journal
            _keep(self._told, one.id, _Told(one.incident, ring, one.level, one.devices))

    def wait(self, delivery: Delivery) -> None:
        """It goes to a telephone when its turn comes; `note` comes first."""
        one = delivery.notification
        told = self._told.get(one.id)
        if one.kind is Kind.RAISE and told is not None:
            self._waiting.setdefault(one.incident, []).append((delivery, told.ring))

    def end(self, delivery: Delivery) -> None:
        """It waits no longer."""
        incident = delivery.notification.incident
        rest = [pair for pair in self._waiting.get(incident, ()) if pair[0] is not delivery]
        if rest:
            self._waiting[incident] = rest
        else:
            self._waiting.pop(incident, None)

    def over(self, one: Notification) -> list[Delivery]:
        """What has become needless, where `one` says that the incident came down; all the way down it rings nobody any more."""
        if one.kind is not Kind.CLEAR:
            return []
        for audience in Audience:
            ring = self._newest.get((one.incident, audience))
            if ring is not None:
                ring.over = True
        if one.level is not Level.CALM:
            return []
        pairs = self._waiting.get(one.incident, ())
        return [delivery for delivery, _ in pairs if _is_ended(delivery.notification, one)]

    def answered(self, ack: Acknowledgement) -> list[Delivery]:
        """What an answer makes needless; a device that says it shows the alert is not one, nor is another's device."""
        told = self._told.get(ack.notification)
        if told is None or ack.by == "device" or not is_of(told.ring.audience, told.devices, ack):
            return []
        told.ring.over = True
        pairs = [pair for pair in self._waiting.get(told.incident, ()) if pair[1].audience is told.ring.audience]
        return [one for one, ring in pairs if ring.began_ms <= told.ring.began_ms and one.notification.level <= told.level]

    def _ring_of(self, one: Notification) -> Ring | None:
        """The ring that it belongs to, which it may begin."""
        key = one.incident, one.audience
        ring = self._newest.get(key)
        if one.kind is Kind.RAISE and one.issued_ms >= (0 if ring is None else ring.began_ms) and _begins(one, ring):
            ring = Ring(one.audience, _about(one), one.issued_ms)
            _keep(self._newest, key, ring)
        return ring


def _begins(one: Notification, ring: Ring | None) -> bool:
    """Whether it rings anew; a rung that names what has come up meanwhile, and would not ring so loud for that, does not."""
    if ring is None or ring.over:
        return True
    return _about(one) != ring.about and LEVELS.get(one.reason) == one.level


def _about(one: Notification) -> tuple[object, ...]:
    return one.level, one.reason, one.zone, one.trouble


def _is_ended(waiting: Notification, end: Notification) -> bool:
    """Not what is newer than the end; and somebody who asks for help is not helped by his going."""
    return waiting.issued_ms <= end.issued_ms and waiting.reason is not Reason.SOS


def _keep(memory: OrderedDict[K, V], key: K, value: V) -> None:
    """Remember it, and forget the oldest."""
    memory[key] = value
    memory.move_to_end(key)
    while len(memory) > TOLD_MAX:
        memory.popitem(last=False)
