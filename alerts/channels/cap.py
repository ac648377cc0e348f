"""The Common Alerting Protocol 1.2 (OASIS), for control rooms whose systems read it: one signed XML document a message.

The schema accepts much that means nothing; what is right in meaning is seen to here: a `sent` in whole seconds with its
offset (the schema refuses "Z" and milliseconds, the standard wants -00:00 for UTC), a private scope with its addresses,
an update or a cancellation only with references to what it replaces, and a circle only of finite numbers inside the world.
No coordinate goes out unless the operator has said so: by default the area is a name.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

from alerts.channels import Answer
from alerts.channels.dispatch import SignedPoster
from alerts.terms import Kind, Notification
from geofence.terms import Level

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
HEADLINE_CHARS_MAX = 160  # the standard's advice for a headline
EXPIRES_AFTER = timedelta(hours=1)  # an alarm that nobody has updated for an hour is another situation
UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML 1.0 cannot hold

# Level -> urgency, severity, certainty, what to do: CAP's own words.
WORDS: dict[Level, tuple[str, str, str, str]] = {
    Level.EMERGENCY: ("Immediate", "Extreme", "Observed", "Execute"),
    Level.WARNING: ("Expected", "Severe", "Likely", "Prepare"),
    Level.CAUTION: ("Unknown", "Moderate", "Possible", "Monitor"),
    Level.CALM: ("Past", "Minor", "Observed", "AllClear"),
}
EVENT = {"es": "Protección de víctima", "en": "Victim protection"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """Where it happens: degrees WGS-84, metres. Its text form shows nothing."""

    lat_deg: float
    lon_deg: float
    radius_m: float

    def __repr__(self) -> str:
        return "Circle(hidden)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """How our messages introduce themselves."""

    name: str  # no space, comma, < or &: it is part of every reference
    addresses: str  # whom they are for, separated by spaces: a private message has to say
    area: str  # the name of the area that we watch
    status: str = "Actual"  # Actual | Exercise | Test


AreaOf = Callable[[Notification], Circle | None]


def no_area(_notification: Notification) -> None:
    """The default: coordinates stay here."""


def message_type(notification: Notification) -> str:
    """Alert, Update or Cancel; the latter two only where there is something to refer to."""
    if not notification.earlier:
        return "Alert"
    return "Cancel" if notification.kind is Kind.CLEAR and notification.level is Level.CALM else "Update"


def stamp(at_ms: int) -> str:
    """Whole seconds UTC, as CAP writes them."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S-00:00")


def circle_text(circle: Circle | None) -> str | None:
    """CAP's "lat,lon radius" with the radius in kilometres; None for what is no place on this earth."""
    if circle is None or not all(map(math.isfinite, (circle.lat_deg, circle.lon_deg, circle.radius_m))):
        return None
    if not (abs(circle.lat_deg) <= 90.0 and abs(circle.lon_deg) <= 180.0 and circle.radius_m >= 0.0):
        return None
    return f"{circle.lat_deg:.5f},{circle.lon_deg:.5f} {circle.radius_m / 1000:.3f}"  # 1 m


def document(notification: Notification, sender: Sender, circle: Circle | None = None) -> bytes:
    """The whole message."""
    root = ET.Element("alert", xmlns=NAMESPACE)
    _add(root, "identifier", notification.id)
    _add(root, "sender", sender.name)
    _add(root, "sent", stamp(notification.issued_ms))
    _add(root, "status", sender.status)
    _add(root, "msgType", message_type(notification))
    _add(root, "scope", "Private")
    _add(root, "addresses", sender.addresses)
    if notification.earlier:
        _add(root, "references", " ".join(f"{sender.name},{one},{stamp(issued_ms)}" for one, issued_ms in notification.earlier))
    _add(root, "incidents", notification.incident)
    root.append(_info(notification, sender, circle_text(circle)))
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _info(notification: Notification, sender: Sender, circle: str | None) -> ET.Element:
    urgency, severity, certainty, response = WORDS[notification.level]
    info = ET.Element("info")
    _add(info, "language", notification.language)
    _add(info, "category", "Safety")
    _add(info, "category", "Security")
    _add(info, "event", EVENT[notification.language])
    _add(info, "responseType", response)
    _add(info, "urgency", urgency)
    _add(info, "severity", severity)
    _add(info, "certainty", certainty)
    _add(info, "expires", stamp(notification.issued_ms + EXPIRES_AFTER // timedelta(milliseconds=1)))
    _add(info, "headline", notification.text[:HEADLINE_CHARS_MAX])
    _add(info, "description", notification.text)
    for name, value in _parameters(notification):
        parameter = ET.SubElement(info, "parameter")
        _add(parameter, "valueName", name)
        _add(parameter, "value", value)
    area = ET.SubElement(info, "area")
    _add(area, "areaDesc", sender.area)
    if circle is not None:
        _add(area, "circle", circle)
    return info


def _parameters(notification: Notification) -> list[tuple[str, str]]:
    """What CAP has no word for; what is not known is absent."""
    known = {
        "code": notification.code,
        "order": notification.order or None,
        "level": notification.level.word,
        "reason": notification.reason.word,
        "distance_m": _number(notification.distance_m),
        "uncertainty_m": _number(notification.uncertainty_m),
        "seconds_to_perimeter": _number(notification.seconds_to_perimeter),
    }
    return [(name, value) for name, value in known.items() if value is not None]


def _number(value: float | None) -> str | None:
    return None if value is None or not math.isfinite(value) else f"{value:.1f}"


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = UNFIT.sub("?", text)


class Cap(SignedPoster):
    """Posts to one address. A receiver knows a message by its sender, identifier and time."""

    def __init__(
        self, url: str, secret: str, sender: Sender, *, area_of: AreaOf = no_area, now_s: Callable[[], float] = time.time
    ) -> None:
        super().__init__(url, secret, now_s)
        self._sender = sender
        self._area_of = area_of

    async def send(self, notification: Notification) -> Answer:
        """Post once."""
        body = document(notification, self._sender, self._area_of(notification))
        return await self._post_signed(notification.id, body, "application/cap+xml")
