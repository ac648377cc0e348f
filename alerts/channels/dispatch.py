"""The control room's webhook: JSON, signed with HMAC-SHA256 over `{t}.{body}`, the notification's id as its idempotency key."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping

from alerts.channels import Answer, Verdict
from alerts.channels.http import USUAL, Meaning, Poster, json_bytes
from alerts.terms import Notification

STATUS: Meaning = {**USUAL, 409: Verdict.TAKEN}  # it has this idempotency key already
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
        "refreshes": notification.refreshes,
        "step": notification.step,
        "level": notification.level.word,
        "reason": notification.reason.word,
        "issued": notification.issued_ms,
        "distance": notification.distance_m,
        "uncertainty": notification.uncertainty_m,
        "bearing": notification.bearing,
        "seconds_to_perimeter": notification.seconds_to_perimeter,
        "zone": notification.zone,
        "orders": list(notification.orders) or None,
        "orders_total": notification.orders_total,
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


class SignedPoster(Poster):
    """A way to a control room: every message has its key and our signature."""

    status = STATUS

    def __init__(self, url: str, secret: str, now_s: Callable[[], float]) -> None:
        super().__init__(url)
        self._secret = secret
        self._now_s = now_s

    async def _post_signed(self, key: str, body: bytes, content_type: str) -> Answer:
        headers = {
            "Content-Type": content_type,
            "Idempotency-Key": key,
            "X-Resguardo-Signature": signature(self._secret, int(self._now_s()), body),
        }
        return await self._post(body, headers)


class Webhook(SignedPoster):
    """Posts to one address."""

    def __init__(self, url: str, secret: str, now_s: Callable[[], float] = time.time) -> None:
        super().__init__(url, secret, now_s)

    async def send(self, notification: Notification) -> Answer:
        """Post once."""
        return await self._say(notification.id, message_of(notification))

    async def probe(self) -> Answer:
        """Ask whether the way is there: a message of the kind "test", which a control room shows to nobody."""
        at_ms = int(self._now_s() * 1000)
        return await self._say(f"test-{at_ms}", {"v": 1, "id": f"test-{at_ms}", "kind": "test", "issued": at_ms})

    async def _say(self, key: str, message: Mapping[str, object]) -> Answer:
        return await self._post_signed(key, json_bytes(message), "application/json")
