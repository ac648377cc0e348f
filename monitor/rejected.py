"""What can still be said of a payload that was refused: whose it was, which of its pings, and whether a number was none. PURE.

Only rejected payloads pay for it. They are read again without a form, but never deeper than a ping is: what Python makes of
deep nesting depends on how deep in its calls it is asked, and a replay must find the same.
"""

from __future__ import annotations

import math
import re
from typing import Any, TypeGuard

from monitor.bounds import COUNTER_MAX, PAYLOAD_BYTES_MAX
from monitor.directory import Directory
from monitor.terms import Counted, Envelope, RejectReason
from monitor.wire import JSON_BEGINS, from_json, from_msgpack

ID_CHARS_MAX = 64  # of a device id (contract section 2)
AGAIN_BYTES_MAX = 4 * PAYLOAD_BYTES_MAX  # what is too large is read for its numbers up to here, as other topics are read at all
UNCOUNTED = (RejectReason.RETAINED, RejectReason.INTERNAL)  # an old one the broker kept; a defect of ours, which the next release may mend
Scalar = bool | int | float | str | None
Flat = dict[str, Scalar | list[Scalar] | dict[str, Scalar | list[Scalar]]]  # a ping's depth, and lists where none belong
_NO_NUMBER = re.compile(rb"(?<=[:,\[])(\s*)[-+]?(?:nan|inf(?:inity)?)\b", re.IGNORECASE)  # as firmware prints what JSON does not have
_STRANGE = re.compile(r"[^A-Za-z0-9_-]")  # what no device id has: a line of the log stays one line, and has no decimal point


def cleaned(text: str) -> str:
    """Text from outside as it may stand in a log: as long as an id at most, and with the letters of one."""
    return _STRANGE.sub("?", text[:ID_CHARS_MAX])


def device_of(topic: str, directory: Directory) -> str:
    """The id of the device that a topic names, registered or not; empty where it names none.

    Of a stranger by OwnTracks only the device: the user before it may be somebody's name.
    """
    parts = topic.split("/")
    if len(parts) < 3 or parts[0] not in ("v1", "owntracks"):
        return ""
    if parts[0] == "v1":
        return cleaned(parts[1])
    row = directory.owntracks_rows.get(f"{parts[1]}/{parts[2]}")
    return f"?/{cleaned(parts[2])}" if row is None else directory.foreign_ids[row]


def counted(envelope: Envelope, reason: RejectReason, directory: Directory) -> Counted | None:
    """Which ping this was, where its device waits for a receipt and its numbers can be read beyond doubt."""
    row = directory.row_at(envelope.topic)
    if row is None or envelope.qos == 0 or reason in UNCOUNTED:
        return None
    payload = envelope.payload
    if len(payload) > AGAIN_BYTES_MAX or payload.count(b"boot") != 1 or payload.count(b"seq") != 1:  # twice: which of them holds?
        return None
    body = _flat(payload)
    boot, seq = body.get("boot"), body.get("seq")
    return Counted(row, boot, seq) if body.get("v") == 1 and _is_counter(boot) and _is_counter(seq) else None


def is_not_finite(payload: bytes, detail: str) -> bool:
    """Whether the value that was found out of range is NaN or an infinity, as only MessagePack can write them."""
    if payload[:1] in JSON_BEGINS:
        return False
    value: Any = _flat(payload)
    for key in detail.rpartition("`$.")[2].rstrip("`").split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return isinstance(value, float) and not math.isfinite(value)


def _is_counter(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= COUNTER_MAX


def _flat(payload: bytes) -> dict[str, Any]:
    """What stands in a payload, if it is not deeper than a ping; else nothing."""
    try:
        if payload[:1] not in JSON_BEGINS:
            return from_msgpack(payload, Flat)
        return {} if b"\\" in payload else from_json(_NO_NUMBER.sub(rb"\1null", payload), Flat)  # an escape may hide a second key
    except Exception:  # msgspec's own, whose name stays behind its door: it cannot be read
        return {}
