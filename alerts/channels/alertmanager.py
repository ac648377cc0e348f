"""Technical troubles to Prometheus Alertmanager (API v2), for whoever keeps the service running: never a person's alert.

An alarm is known there by its labels, so its beginning and its end carry the same ones: what, and which monitor.
None of them names an order, a device or a person.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alerts.channels import Answer
from alerts.channels.http import Poster, bearer, json_bytes
from alerts.terms import Audience, Kind, Notification

SEVERITY = "critical"  # each of our troubles may cost somebody her protection; the one word for both ends
# An alarm without an end is over there after five minutes: ours is over when we say so, or when a week has shown that we cannot.
HOLDS = timedelta(days=7)
HOLDS_A_MOMENT = timedelta(hours=1)  # what happens at a moment has no end that we could say
MOMENTARY = ("engine",)


def alarm_of(notification: Notification, service: str) -> dict[str, object]:
    """The alarm as Alertmanager takes it; its end is the same alarm with the time at which it ended."""
    issued = datetime.fromtimestamp(notification.issued_ms / 1000, UTC)
    begun = datetime.fromtimestamp(notification.earlier[0][1] / 1000, UTC) if notification.earlier else issued
    over, holds = notification.kind is Kind.CLEAR, HOLDS_A_MOMENT if notification.trouble in MOMENTARY else HOLDS
    return {
        "labels": {
            "alertname": f"Resguardo{(notification.trouble or 'trouble').title().replace('_', '')}",
            "service": service,
            "severity": SEVERITY,
        },
        "annotations": {"summary": notification.text, "code": notification.code},
        "startsAt": begun.isoformat(timespec="milliseconds"),
        "endsAt": (issued if over else issued + holds).isoformat(timespec="milliseconds"),
    }


class Alertmanager(Poster):
    """Posts to one Alertmanager. The same labels are the same alarm."""

    parallel = 2  # troubles of ours are few

    def __init__(self, url: str, service: str, token: str | None = None) -> None:
        super().__init__(f"{url.rstrip('/')}/api/v2/alerts")
        self._service = service
        self._token = token

    def reaches(self, notification: Notification) -> bool:
        """Only what is technical."""
        return notification.audience is Audience.TECHNICAL

    async def send(self, notification: Notification) -> Answer:
        """Post once."""
        return await self._post(json_bytes([alarm_of(notification, self._service)]), bearer(self._token))
