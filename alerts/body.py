"""A notification as the words of one row, and back. PURE."""

from __future__ import annotations

import json
from dataclasses import fields

from alerts.terms import Audience, Channel, Kind, Notification, NotificationId
from geofence.terms import Level, Reason

_FIELDS = tuple(field.name for field in fields(Notification))


def body_of(notification: Notification) -> str:
    """A notification as JSON; words, not numbers, so that another release can read it."""
    data = {name: getattr(notification, name) for name in _FIELDS}
    words = {key: getattr(notification, key).value for key in ("audience", "channel", "kind")}
    levels = {"level": notification.level.word, "reason": notification.reason.word}
    return json.dumps({**data, **words, **levels}, ensure_ascii=False)


def from_body(body: str) -> Notification:
    """What `body_of` gave."""
    data = json.loads(body)
    typed = {
        "audience": Audience(data["audience"]),
        "channel": Channel(data["channel"]),
        "kind": Kind(data["kind"]),
        "level": Level[data["level"].upper()],
        "reason": Reason[data["reason"].upper()],
        "devices": tuple(data["devices"]),
        "orders": tuple(data.get("orders", ())),
        "earlier": tuple((NotificationId(one), int(issued_ms)) for one, issued_ms in data.get("earlier", ())),
    }
    return Notification(**{**data, **typed})
