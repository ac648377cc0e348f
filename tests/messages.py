"""Transitions and notifications for tests, each with what matters to the test and nothing else said."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from alerts.case import OrderFacts
from alerts.terms import Audience, Channel, Kind, Notification, NotificationId
from geofence.terms import DeviceId, IncidentId, Level, OrderId, PersonId, Reason, Transition

FACTS = OrderFacts(PersonId("P-1"), PersonId("R-1"), "es", (DeviceId("brc-1"),))


def transition(at_ms: int, from_level: Level, to_level: Level, reason: Reason, **more: Any) -> Transition:
    """A change of level of the one order."""
    known: dict[str, Any] = {
        "incident": IncidentId("incident-1"),
        "party": None,
        "distance_m": 640.0,
        "uncertainty_m": 25.0,
        "bearing_deg": 40.0,
    }
    return Transition(at_ms=at_ms, order=OrderId("O-1"), from_level=from_level, to_level=to_level, reason=reason, **{**known, **more})


def notification(channel: Channel = Channel.BRACELET, *, issued_ms: int, **more: Any) -> Notification:
    """A message to her, unless said otherwise."""
    values: dict[str, Any] = {
        "id": NotificationId(str(uuid4())),
        "incident": IncidentId(str(uuid4())),
        "order": OrderId("O-1"),
        "code": "K7Q2",
        "audience": Audience.DISPATCH if channel in (Channel.WEBHOOK, Channel.CONSOLE) else Audience.PROTECTED,
        "channel": channel,
        "kind": Kind.RAISE,
        "step": 0,
        "level": Level.EMERGENCY,
        "reason": Reason.BREACH,
        "issued_ms": issued_ms,
        "language": "es",
        "text": "PELIGRO: está dentro de tu perímetro. Clave K7Q2.",
        "person": PersonId("P-1"),
        "devices": (DeviceId("brc-1"),) if channel is Channel.BRACELET else (),
    }
    return Notification(**{**values, **more})
