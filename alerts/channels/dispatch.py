"""The control room's webhook: JSON, signed with HMAC-SHA256 over `{t}.{body}`, the notification's id as its idempotency key."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping

from alerts.channels import Answer, Verdict
from alerts.channels.http import HttpClient, Meaning, post
from alerts.terms import Notification

# What an HTTP status means for us; whole classes by their hundred.
STATUS: Meaning = {
    2: Verdict.TAKEN,
    3: Verdict.NEVER,  # we follow nobody: the body would go where the operator has not said
    4: Verdict.NEVER,
    5: Verdict.UNSURE,
    408: Verdict.LATER,
    409: Verdict.TAKEN,  # it has this idempotency key already
    425: Verdict.LATER,
    429: Verdict.LATER,
}
SIGNATURE_AGE_S_MAX = 300  # clocks of two well-kept servers agree within seconds; an older signature may have been overheard
STAMP_DIGITS_MAX = 12  # seconds until the year 33658


def message_of(notification: Notification) -> dict[str, object]:
    """The notification as dispatch reads it; what is not known is absent."""
    message: dict[str, object] = {
        "v": 1,
        "id": notification.id,
        "code": notification.code,
        "incident": notification.incident,
        "order": notification.order,
        "audience": notification.audience.value,
        "kind": notification.kind.value,
        "step": notification.step,
        "level": notification.level.word,
        "reason": notification.reason.word,
        "issued": notification.issued_ms,
        "distance": notification.distance_m,
        "uncertainty": notification.uncertainty_m,
        "bearing": notification.bearing,
        "seconds_to_perimeter": notification.seconds_to_perimeter,
        "zone": notification.zone,
        "language": notification.language,
        "text": notification.text,
    }
    return {key: value for key, value in message.items() if value is not None}


def signature(secret: str, at_s: int, body: bytes) -> str:
    """The value of X-Resguardo-Signature."""
    digest = hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at_s},v1={digest}"


def is_signed(secret: str, header: str | None, body: bytes, now_s: int) -> bool:
    """True if `header` is our signature of `body`, made less than SIGNATURE_AGE_S_MAX from now. Never raises."""
    fields = dict(part.split("=", 1) for part in (header or "").split(",") if "=" in part)
    stamp = fields.get("t", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= STAMP_DIGITS_MAX):
        return False
    fresh = abs(now_s - int(stamp)) <= SIGNATURE_AGE_S_MAX
    return fresh and hmac.compare_digest(signature(secret, int(stamp), body).encode(), (header or "").encode())


class Webhook:
    """Posts to one address."""

    timeout_s = 2.0
    parallel = 16  # a slow control room still gets 16 alerts at a time, most urgent first
    idempotent = True

    def __init__(self, url: str, secret: str, now_s: Callable[[], float] = time.time) -> None:
        self._url = url
        self._secret = secret
        self._now_s = now_s
        self._http = HttpClient()

    def reaches(self, notification: Notification) -> bool:
        """Always."""
        return True

    async def send(self, notification: Notification) -> Answer:
        """Post once."""
        return await self._post(notification.id, message_of(notification))

    async def probe(self) -> Answer:
        """Ask whether the way is there: a message of the kind "test", which a control room shows to nobody."""
        at_ms = int(self._now_s() * 1000)
        return await self._post(f"test-{at_ms}", {"v": 1, "id": f"test-{at_ms}", "kind": "test", "issued": at_ms})

    async def _post(self, key: str, message: Mapping[str, object]) -> Answer:
        body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            "X-Resguardo-Signature": signature(self._secret, int(self._now_s()), body),
        }
        return await post(self._http, self._url, body, headers, timeout_s=self.timeout_s, meaning=STATUS)

    async def was_taken(self, notification: Notification) -> bool:
        """Never asked: the same key twice is one alert."""
        return False

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()
