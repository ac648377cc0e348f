"""Her bracelet, by MQTT: contract §2, `v1/{device}/alert`. The broker's PUBACK is a receipt; the bracelet answers by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from alerts.channels import Answer, Verdict
from alerts.channels.http import json_bytes
from alerts.terms import Notification

Publish = Callable[[str, bytes, int], Awaitable[None]]  # topic, payload, QoS; done at the PUBACK, raises if there was none


def alert_of(notification: Notification) -> dict[str, object]:
    """The alert as a bracelet reads it; what is not known is absent.

    New numbers come under the id of the alert that they renew, and say so: a bracelet that knows of no `kind` takes them for a
    repetition of what it has shown, which it has to expect of QoS 1, and rings for nothing.
    """
    alert: dict[str, object] = {
        "v": 1,
        "id": notification.refreshes or notification.id,
        "kind": notification.kind.value if notification.refreshes else None,
        "code": notification.code,
        "level": notification.level.word,
        "reason": notification.reason.word,
        "issued": notification.issued_ms,
        "distance": notification.distance_m,
        "uncertainty": notification.uncertainty_m,
        "bearing": notification.bearing,
        "seconds_to_perimeter": notification.seconds_to_perimeter,
        "language": notification.language,
        "text": notification.text,
    }
    return {key: value for key, value in alert.items() if value is not None}


class Bracelet:
    """Publishes to each of her bracelets; showing the same id twice is the bracelet's to prevent."""

    timeout_s = 2.0
    parallel = 1_000  # a storm of one per person must not queue behind round trips: as many as the connection has under way
    idempotent = True

    def __init__(self, publish: Publish) -> None:
        self._publish = publish

    def reaches(self, notification: Notification) -> bool:
        """Always: a person without a bracelet must be reached otherwise at once, so `send` says NEVER."""
        return True

    async def send(self, notification: Notification) -> Answer:
        """Publish at QoS 1 and wait for the PUBACKs."""
        begun = self.begin(notification)
        return begun if isinstance(begun, Answer) else await begun

    def begin(self, notification: Notification) -> Answer | Awaitable[Answer]:
        """Publish now: an alert that waited for a task of its own waited for the pings that came meanwhile."""
        if not notification.devices:
            return Answer(Verdict.NEVER, "no bracelet")
        payload = json_bytes(alert_of(notification))
        return self._confirmed([self._publish(f"v1/{device}/alert", payload, 1) for device in notification.devices])

    async def _confirmed(self, published: list[Awaitable[None]]) -> Answer:
        """What the PUBACKs say; one bracelet that has it is enough, the other may lie in a drawer."""
        alone = len(published) == 1  # nearly always: then no task is made around it
        results = [await _error_of(published[0])] if alone else await asyncio.gather(*published, return_exceptions=True)
        errors = [result for result in results if isinstance(result, BaseException)]
        if len(errors) < len(results):
            return Answer(Verdict.TAKEN, "puback")
        return Answer(Verdict.LATER, type(errors[0]).__name__)

    async def was_taken(self, notification: Notification) -> bool:
        """Never asked: sending again does no harm."""
        return False

    async def close(self) -> None:
        """The connection is not ours."""


async def _error_of(published: Awaitable[None]) -> Exception | None:
    """What came instead of the PUBACK."""
    try:
        await published
    except Exception as error:
        return error
    return None
