"""Bytes to meaning: one envelope becomes a ping, an acknowledgement, a change of orders, or a rejection. PURE.

The one door to msgspec. `decode` never raises: whatever is wrong with a payload is a `Rejection` that names it, so that
the next ping is never stopped. Bounds are physical and wide: they keep nonsense out, they do not judge.
Duplicate keys in a JSON payload are refused for the keys that decide (position, time, order); msgspec itself would
take the last one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, TypeVar, cast

import msgspec
from msgspec import Meta, Raw, Struct

from alerts.terms import Acknowledgement, DeliveryState, NotificationId, Outcome
from config.errors import BadInput
from geofence.terms import Ping, Source, Strap, Tether
from monitor import bounds
from monitor.bounds import NULL_ISLAND_DEG, PAYLOAD_BYTES_MAX
from monitor.directory import Directory
from monitor.terms import Decoded, Envelope, Ignored, Link, OrderChange, Refused, Rejection, RejectReason, Status

__all__ = [
    "Decoded", "Directory", "Envelope", "Ignored", "Link", "OrderChange", "Raw", "Refused", "RejectReason", "Rejection", "Status", "decode",
]  # fmt: skip

T = TypeVar("T")
ORDER_BYTES_MAX = 4_194_304  # an order may carry a zone of 10,000 vertices: about 400 kB of GeoJSON
DETAIL_CHARS_MAX = 160
JSON_BEGINS = (b"{", b" ", b"\n", b"\r", b"\t")  # first bytes of a ping in JSON; any other is MessagePack
WHO_CHARS_MAX = 64  # of a dispatcher's name

# The v1 ping, as the contract writes it.
Ms = Annotated[int, Meta(ge=0, le=bounds.MS_MAX)]
Counter = Annotated[int, Meta(ge=0, le=bounds.COUNTER_MAX)]
Lat = Annotated[float, Meta(ge=-bounds.LAT_DEG_MAX, le=bounds.LAT_DEG_MAX)]
Lon = Annotated[float, Meta(ge=-bounds.LON_DEG_MAX, le=bounds.LON_DEG_MAX)]
Accuracy = Annotated[float, Meta(gt=0.0, le=bounds.ACCURACY_M_MAX)]
Speed = Annotated[float, Meta(ge=0.0, le=bounds.SPEED_MPS_MAX)]
Course = Annotated[float, Meta(ge=0.0, le=bounds.COURSE_DEG_MAX)]
Satellites = Annotated[int, Meta(ge=0, le=bounds.SATELLITES_MAX)]
Hdop = Annotated[float, Meta(ge=0.0, le=bounds.HDOP_MAX)]
Percent = Annotated[float, Meta(ge=0.0, le=100.0)]
Dbm = Annotated[float, Meta(ge=bounds.SIGNAL_DBM_MIN, le=bounds.SIGNAL_DBM_MAX)]


class FixV1(Struct, forbid_unknown_fields=True, gc=False):
    """`fix` of a v1 ping."""

    at: Ms
    lat: Lat
    lon: Lon
    accuracy: Accuracy
    speed: Speed | None = None
    course: Course | None = None
    source: Literal["gps", "wifi", "lbs", "rf"] = "gps"
    satellites: Satellites | None = None
    hdop: Hdop | None = None
    mock: bool = False


class PingV1(Struct, forbid_unknown_fields=True, gc=False):
    """A v1 ping."""

    v: Literal[1]
    boot: Counter
    seq: Counter
    at: Ms
    fix: FixV1 | None = None
    battery: Percent | None = None
    charging: bool | None = None
    strap: Literal["closed", "open", "cut"] | None = None
    tether: Literal["near", "far", "lost"] | None = None
    sos: bool = False
    moving: bool | None = None
    signal: Dbm | None = None
    jamming: bool = False
    check: bool = False


class AckV1(Struct, forbid_unknown_fields=True):
    """`v1/{device}/ack`."""

    v: Literal[1]
    alert: Annotated[str, Meta(min_length=1, max_length=64)]
    at: Ms
    by: Literal["device", "person"]


class StatusV1(Struct, forbid_unknown_fields=True):
    """`v1/{device}/status`."""

    v: Literal[1]
    online: bool
    at: Ms


class LinkBody(Struct, forbid_unknown_fields=True):
    """`monitor/link`."""

    up: bool


class OutcomeBody(Struct, forbid_unknown_fields=True):
    """`monitor/outcome`."""

    notification: str
    state: str
    detail: str = ""


class OperatorAck(Struct, forbid_unknown_fields=True):
    """`monitor/ack`."""

    alert: str
    by: Literal["person", "dispatcher"]
    who: Annotated[str, Meta(max_length=WHO_CHARS_MAX)] | None = None
    wants_help: bool = False


class OrderBody(Struct, forbid_unknown_fields=True):
    """`orders`: monitor/wire_orders.py reads it."""

    order: dict[str, Any] | None = None
    order_revoked: str | None = None
    devices: list[dict[str, Any]] | None = None
    who: str | None = None


_ping_json = msgspec.json.Decoder(PingV1)
_ping_msgpack = msgspec.msgpack.Decoder(PingV1)
_SOURCE = {source.word: int(source) for source in Source}
_STRAP: dict[str | None, int] = {None: int(Strap.UNKNOWN), **{strap.word: int(strap) for strap in Strap}}
_TETHER: dict[str | None, int] = {None: int(Tether.UNKNOWN), **{tether.word: int(tether) for tether in Tether}}
_TRI = {None: -1, False: 0, True: 1}
_NAN = math.nan
_NO_FIX = (False, 0, _NAN, _NAN, _NAN, _NAN, _NAN, 0, -1, _NAN, False)


def _says_twice(count: Callable[[bytes], int]) -> bool:
    """True if a key that decides stands twice; written out, because a loop here costs a tenth of the whole decoding."""
    once = count(b'"lat"') > 1 or count(b'"lon"') > 1 or count(b'"accuracy"') > 1
    return once or count(b'"boot"') > 1 or count(b'"seq"') > 1 or count(b'"fix"') > 1 or count(b'"at"') > 2


def _or_nan(x: float | None) -> float:
    return _NAN if x is None else x


def _finite(*numbers: float | None) -> None:
    """MessagePack can carry NaN, which passes every bound."""
    for number in numbers:
        if number is not None and not math.isfinite(number):
            raise Refused(RejectReason.NOT_FINITE, "a number is not finite")


def _decode_v1(payload: bytes) -> PingV1:
    first = payload[:1]
    if first in JSON_BEGINS:
        ping = _ping_json.decode(payload)
        if _says_twice(payload.count):
            raise Refused(RejectReason.DUPLICATE_KEY, "a key stands twice")
        return ping
    ping = _ping_msgpack.decode(payload)
    _finite(ping.battery, ping.signal)
    if ping.fix is not None:
        fix = ping.fix
        _finite(fix.lat, fix.lon, fix.accuracy, fix.speed, fix.course, fix.hdop)
    return ping


def ping_of_v1(row: int, at_ms: int, payload: bytes) -> Ping:
    """The ping of one v1 payload. Raises msgspec's errors and Refused."""
    m = _decode_v1(payload)
    fix = m.fix
    if fix is None:
        place = _NO_FIX
    else:
        if abs(fix.lat) < NULL_ISLAND_DEG and abs(fix.lon) < NULL_ISLAND_DEG:
            raise Refused(RejectReason.OUT_OF_RANGE, "the position is (0, 0): a receiver without a fix - at `$.fix`")
        satellites = -1 if fix.satellites is None else fix.satellites
        speed, course, hdop = _or_nan(fix.speed), _or_nan(fix.course), _or_nan(fix.hdop)
        place = (True, fix.at, fix.lat, fix.lon, fix.accuracy, speed, course, _SOURCE[fix.source], satellites, hdop, fix.mock)
    tail = (
        _or_nan(m.battery), _TRI[m.charging], _STRAP[m.strap], _TETHER[m.tether], m.sos, _TRI[m.moving], _or_nan(m.signal),
        m.jamming, m.check, True,
    )  # fmt: skip
    return tuple.__new__(Ping, (row, at_ms, m.boot, m.seq, m.at, *place, *tail))


# --- decode -------------------------------------------------------------------------------------------------------


def decode(envelope: Envelope, directory: Directory) -> Decoded:
    """What an envelope says. Never raises: what cannot be read is a Rejection."""
    try:
        row = directory.row_at(envelope.topic)
        if row is not None:
            if len(envelope.payload) > PAYLOAD_BYTES_MAX:
                raise Refused(RejectReason.TOO_LARGE, f"{len(envelope.payload)} bytes")
            if envelope.retained:
                raise Refused(RejectReason.RETAINED, "a retained ping is an old one")
            return ping_of_v1(row, envelope.at_ms, envelope.payload)
        return _decode_other(envelope, directory)
    except Exception as error:  # everything: a payload is hostile until it is read
        return _rejection(envelope, directory, error)


def _rejection(envelope: Envelope, directory: Directory, error: Exception) -> Rejection:
    from monitor.rejected import counted, device_of, is_not_finite

    reason, detail = _classify(error)
    if reason is RejectReason.OUT_OF_RANGE and is_not_finite(envelope.payload, detail):
        reason = RejectReason.NOT_FINITE
    device = getattr(error, "device", "") or device_of(envelope.topic, directory)
    topic, numbers = _safe_topic(envelope.topic, directory), counted(envelope, reason, directory)
    return Rejection(envelope.at_ms, topic, reason, detail[:DETAIL_CHARS_MAX], device, numbers)


def _safe_topic(topic: str, directory: Directory) -> str:
    """The topic, its device part only if it is registered: what a stranger writes there is not for our logs."""
    parts = topic.split("/")
    known = len(parts) == 3 and (directory.row_of(parts[1]) is not None or f"{parts[1]}/{parts[2]}" in directory.owntracks_rows)
    if known or topic in ("orders", directory.traccar_topic) or parts[0] == "monitor":
        return topic
    return f"{parts[0]}/?" if parts[0] in ("v1", "owntracks") else "?"


# How msgspec words its findings, in the order they are tried.
_WORDING: tuple[tuple[str, RejectReason], ...] = (
    ("unknown field", RejectReason.UNKNOWN_KEY),
    ("missing required field", RejectReason.MISSING_KEY),
    ("Invalid enum value", RejectReason.OUT_OF_RANGE),
    (">", RejectReason.OUT_OF_RANGE),
    ("<", RejectReason.OUT_OF_RANGE),
    ("length", RejectReason.OUT_OF_RANGE),
    ("out of range", RejectReason.OUT_OF_RANGE),
    ("Expected", RejectReason.WRONG_TYPE),
)


def _classify(error: Exception) -> tuple[RejectReason, str]:
    """The reason and a text without any value of the payload."""
    text = str(error)
    if isinstance(error, Refused):
        return error.reason, text
    if isinstance(error, BadInput):
        return RejectReason.BAD_ORDER, text
    if isinstance(error, msgspec.ValidationError):
        reason = next((reason for wording, reason in _WORDING if wording in text), RejectReason.WRONG_TYPE)
        return reason, "not one of the values allowed" + text[text.rfind(" - at") :] if "Invalid enum" in text else text
    if isinstance(error, (msgspec.DecodeError, UnicodeError, RecursionError, EOFError)):
        return RejectReason.BAD_ENCODING, "not JSON or MessagePack that can be read"
    return RejectReason.INTERNAL, type(error).__name__


def _decode_other(envelope: Envelope, directory: Directory) -> Decoded:
    topic = envelope.topic
    internal = _INTERNAL.get(topic)
    if len(envelope.payload) > (ORDER_BYTES_MAX if topic == "orders" else 4 * PAYLOAD_BYTES_MAX):
        raise Refused(RejectReason.TOO_LARGE, f"{len(envelope.payload)} bytes")
    if internal is not None:
        return internal(envelope)
    from monitor.wire_foreign import owntracks, traccar
    from monitor.wire_orders import order_change

    if topic == "orders":
        return order_change(envelope)
    if topic == directory.traccar_topic:
        return traccar(envelope, directory)
    parts = topic.split("/")
    if parts[0] == "owntracks":
        return owntracks(envelope, directory, parts)
    if len(parts) != 3 or parts[0] != "v1" or parts[2] not in ("ping", "ack", "status"):
        raise Refused(RejectReason.BAD_TOPIC, "no such topic")
    row = directory.row_of(parts[1])
    if row is None:
        raise Refused(RejectReason.UNKNOWN_DEVICE, "the device is not in the registry")
    if len(envelope.payload) > PAYLOAD_BYTES_MAX:
        raise Refused(RejectReason.TOO_LARGE, f"{len(envelope.payload)} bytes")
    if parts[2] == "status":
        return Status(row, from_json(envelope.payload, StatusV1).online, envelope.at_ms)
    if envelope.retained:
        raise Refused(RejectReason.RETAINED, "a retained acknowledgement is an old one")
    ack = from_json(envelope.payload, AckV1)
    return Acknowledgement(NotificationId(ack.alert), ack.by, envelope.at_ms, cast(Any, parts[1]))


def _decode_link(envelope: Envelope) -> Link:
    return Link(envelope.at_ms, from_json(envelope.payload, LinkBody).up)


def _decode_outcome(envelope: Envelope) -> Outcome:
    body = from_json(envelope.payload, OutcomeBody)
    return Outcome(NotificationId(body.notification), DeliveryState(body.state), envelope.at_ms, body.detail)


def _decode_operator(envelope: Envelope) -> Acknowledgement:
    body = from_json(envelope.payload, OperatorAck)
    return Acknowledgement(NotificationId(body.alert), body.by, envelope.at_ms, who=body.who, wants_help=body.wants_help)


_INTERNAL: Mapping[str, Callable[[Envelope], Decoded]] = {
    "monitor/link": _decode_link,
    "monitor/outcome": _decode_outcome,
    "monitor/ack": _decode_operator,
}


# --- files --------------------------------------------------------------------------------------------------------


class _Line(Struct, forbid_unknown_fields=True):
    """One line of PINGS.jsonl; `payload_base64` stands for a payload that is not JSON."""

    at_ms: Ms
    topic: str
    payload: msgspec.Raw = msgspec.Raw(b"")
    payload_base64: bytes | None = None
    retained: bool = False


_line_decoder = msgspec.json.Decoder(_Line)


def envelope_from_line(raw: bytes, where: str) -> Envelope:
    """The envelope of one line of PINGS.jsonl. Raises BadInput naming `where`."""
    try:
        line = _line_decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        text = _classify(error)[1] if isinstance(error, msgspec.ValidationError) else f"not a line of JSON: {error}"
        raise BadInput(where, text) from None
    payload = bytes(line.payload) if line.payload_base64 is None else line.payload_base64
    return Envelope(line.at_ms, line.topic, payload, line.retained)


def envelope_to_line(envelope: Envelope) -> bytes:
    """One line of PINGS.jsonl, without its newline; JSON payloads stand as they came, where a line can hold them byte for byte."""
    body: dict[str, Any] = {"at_ms": envelope.at_ms, "topic": envelope.topic, **({"retained": True} if envelope.retained else {})}
    exact = b"\n" not in envelope.payload and envelope.payload.strip() == envelope.payload
    try:
        msgspec.json.decode(envelope.payload if exact else b"")
        body["payload"] = Raw(envelope.payload)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        body["payload_base64"] = envelope.payload
    return msgspec.json.encode(body)


def to_json(value: object) -> bytes:
    """Compact JSON; dataclasses and enums as msgspec writes them."""
    return msgspec.json.encode(value)


def from_json(payload: bytes, kind: type[T] = cast(Any, Any)) -> T:
    """A typed value from JSON. Raises msgspec.DecodeError."""
    return msgspec.json.decode(payload, type=kind)


def person_answers(alert: str, by: Literal["person", "dispatcher"], who: str | None = None) -> tuple[str, bytes]:
    """The input (topic, payload) that says: a person has answered an alert, by another way than a bracelet; `who` where one is named."""
    return "monitor/ack", to_json({"alert": alert, "by": by, **({"who": who} if who is not None else {})})


def to_msgpack(value: object) -> bytes:
    """MessagePack, for snapshots and the journal."""
    return msgspec.msgpack.encode(value)


def from_msgpack(payload: bytes, kind: type[T] = cast(Any, Any)) -> T:
    """A typed value from MessagePack. Raises msgspec.DecodeError."""
    return msgspec.msgpack.decode(payload, type=kind)


def msgpack_reader(kind: type[T]) -> Callable[[bytes | Raw], T]:
    """`from_msgpack` for one type, at half of its cost where many small values are read."""
    return msgspec.msgpack.Decoder(kind).decode


def to_builtins(value: object) -> Any:
    """Dataclasses and enums as plain dicts, lists and numbers."""
    return msgspec.to_builtins(value)


def from_builtins(value: object, kind: type[T]) -> T:
    """A typed value from plain data. Raises msgspec.ValidationError."""
    return msgspec.convert(value, kind)
