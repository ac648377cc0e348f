"""Promises of the wire: what is good is read alike in every format, what is bad is named and stops nothing."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.terms import Acknowledgement
from geofence.terms import Device, DeviceId, Format, PersonId, Ping, Registry, Source, Strap
from monitor.terms import Envelope, Ignored, OrderChange, Rejection, Status
from monitor.wire import Directory, decode, envelope_from_line, envelope_to_line

SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "peers" / "owntracks" / "test"
DEVICES = (
    Device(DeviceId("brc-0001"), PersonId("P")),
    Device(DeviceId("phone"), PersonId("P"), Format.OWNTRACKS, "ana/phone"),
    Device(DeviceId("gw"), PersonId("R"), Format.TRACCAR, "860123"),
)
DIRECTORY = Directory(Registry(DEVICES))
GOOD: dict[str, Any] = {
    "v": 1, "boot": 3, "seq": 1287, "at": 1764000000123,
    "fix": {"at": 1764000000000, "lat": 20.588793, "lon": -100.389888, "accuracy": 8.0, "speed": 1.4, "course": 120.0,
            "source": "wifi", "satellites": 9, "hdop": 0.9, "mock": True},
    "battery": 88, "charging": False, "strap": "open", "tether": "near", "sos": True, "moving": True, "signal": -71, "jamming": True, "check": True,
}  # fmt: skip


def read(payload: bytes, topic: str = "v1/brc-0001/ping", **more: Any) -> Any:
    return decode(Envelope(1764000000456, topic, payload, **more), DIRECTORY)


def changed(**changes: Any) -> dict[str, Any]:
    """The good ping with `fix__lat=95` and the like; `...` removes a key."""
    body = json.loads(json.dumps(GOOD))
    for key, value in changes.items():
        *path, last = key.split("__")
        place = body
        for step in path:
            place = place[step]
        if value is ...:
            del place[last]
        else:
            place[last] = value
    return body  # type: ignore[no-any-return]


def test_a_full_ping_is_read_alike_from_json_and_messagepack() -> None:
    from_json, from_msgpack = read(json.dumps(GOOD).encode()), read(msgpack.packb(GOOD))
    assert isinstance(from_json, Ping)
    assert from_json == from_msgpack
    assert (from_json.device, from_json.at_ms, from_json.boot, from_json.seq, from_json.sent_ms) == (0, 1764000000456, 3, 1287, 1764000000123)
    assert (from_json.lat_deg, from_json.lon_deg, from_json.accuracy_m, from_json.source) == (20.588793, -100.389888, 8.0, Source.WIFI)
    assert (from_json.strap, from_json.sos, from_json.mock, from_json.check, from_json.moving, from_json.charging) == (Strap.OPEN, True, True, True, 1, 0)


def test_the_least_ping_leaves_the_rest_unknown() -> None:
    ping = read(b'{"v":1,"boot":0,"seq":0,"at":0}')
    assert isinstance(ping, Ping)
    assert not ping.has_fix
    assert math.isnan(ping.battery_percent)
    assert ping.charging == ping.moving == -1
    assert read(b'{"v":1,"boot":0,"seq":0,"at":0,"fix":null}').has_fix is False


BAD = [
    ("a version to come", changed(v=2), "out_of_range"),
    ("an unknown key", changed(speed=3), "unknown_key"),
    ("an unknown key in the fix", changed(fix__alt=3), "unknown_key"),
    ("no sequence number", changed(seq=...), "missing_key"),
    ("no accuracy", changed(fix__accuracy=...), "missing_key"),
    ("accuracy zero", changed(fix__accuracy=0), "out_of_range"),
    ("latitude 95", changed(fix__lat=95), "out_of_range"),
    ("longitude 181", changed(fix__lon=181), "out_of_range"),
    ("no fix, written as (0, 0)", changed(fix__lat=0.0, fix__lon=0), "out_of_range"),
    ("battery 101", changed(battery=101), "out_of_range"),
    ("a text for a number", changed(fix__lat="20.5"), "wrong_type"),
    ("a number for a flag", changed(sos=1), "wrong_type"),
    ("a strap of a new kind", changed(strap="loose"), "out_of_range"),
    ("a negative counter", changed(seq=-1), "out_of_range"),
    ("a huge integer", changed(seq=10**30), "out_of_range"),
    ("a list", [GOOD], "wrong_type"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "body", "reason"), BAD, ids=[what for what, _, _ in BAD])
def test_bad_pings_are_named_in_both_encodings(what: str, body: Any, reason: str) -> None:
    outcomes = [read(json.dumps(body).encode())]
    if what != "a huge integer":  # MessagePack cannot carry it
        outcomes.append(read(msgpack.packb(body)))
    for outcome in outcomes:
        assert isinstance(outcome, Rejection), what
        assert outcome.reason.value == reason
        assert "20.58" not in outcome.detail
        assert "100.38" not in outcome.detail
        assert "loose" not in outcome.detail


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "bad_encoding"),
        (b"{", "bad_encoding"),
        (b"\xff\xfe\x00", "wrong_type"),
        (b'{"v":1,"boot":1,"seq":1,"at":1,"fix":' + b"[" * 2000, "wrong_type"),
        (b'{"v":' + b'{"v":' * 700, "out_of_range"),
        (json.dumps(GOOD).replace("8.0", "NaN").encode(), "bad_encoding"),
        (json.dumps(GOOD).replace("8.0", "Infinity").encode(), "bad_encoding"),
        (json.dumps(GOOD).replace("8.0", "1e999").encode(), "out_of_range"),
        (json.dumps(GOOD).replace('"strap": "open"', '"strap": "\xe9"').encode("latin-1"), "bad_encoding"),
        (json.dumps(GOOD).replace('"lat"', '"lat": 1.0, "lat"').encode(), "duplicate_key"),
        (b" " * 4097, "too_large"),
    ],
)
def test_hostile_bytes_are_refused(payload: bytes, reason: str) -> None:
    outcome = read(payload)
    assert isinstance(outcome, Rejection)
    assert outcome.reason.value in (reason, "bad_encoding", "wrong_type")


@pytest.mark.parametrize("key", ["lat", "lon", "accuracy", "speed", "course", "hdop"])
def test_messagepack_can_carry_nan_and_is_refused(key: str) -> None:
    for value in (math.nan, math.inf, -math.inf):
        outcome = read(msgpack.packb(changed(**{f"fix__{key}": value})))
        assert isinstance(outcome, Rejection)
        assert outcome.reason.value in ("not_finite", "out_of_range")


def test_exactly_4096_bytes_are_read() -> None:
    body = json.dumps(GOOD).encode()
    assert isinstance(read(body + b" " * (4096 - len(body))), Ping)


@pytest.mark.parametrize(("topic", "reason"), [
    ("v1/brc-0002/ping", "unknown_device"), ("v1/brc-0001/pong", "bad_topic"), ("v2/brc-0001/ping", "bad_topic"), ("", "bad_topic"),
    ("owntracks/eva/phone", "unknown_device"), ("owntracks/ana", "bad_topic"),
])  # fmt: skip
def test_topics_nobody_registered_are_refused_without_repeating_them(topic: str, reason: str) -> None:
    outcome = read(json.dumps(GOOD).encode(), topic)
    assert outcome.reason.value == reason
    assert "brc-0002" not in outcome.topic
    assert "eva" not in outcome.topic


def test_a_retained_ping_is_an_old_one() -> None:
    assert read(json.dumps(GOOD).encode(), retained=True).reason.value == "retained"


@given(st.binary(max_size=300), st.sampled_from(["v1/brc-0001/ping", "v1/brc-0001/ack", "owntracks/ana/phone", "positions", "orders", "monitor/link"]))
@settings(max_examples=600, deadline=None)
def test_random_bytes_never_raise(payload: bytes, topic: str) -> None:
    read(payload, topic)


@given(st.data())
@settings(max_examples=600, deadline=None)
def test_a_good_payload_with_a_few_bytes_changed_never_raises(data: Any) -> None:
    payload = bytearray(data.draw(st.sampled_from([json.dumps(GOOD).encode(), msgpack.packb(GOOD)])))
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    outcome = read(bytes(payload))
    assert isinstance(outcome, (Ping, Rejection))
    if isinstance(outcome, Ping) and outcome.has_fix:
        assert all(math.isfinite(x) for x in (outcome.lat_deg, outcome.lon_deg, outcome.accuracy_m))


def test_acknowledgements_and_status() -> None:
    ack = read(b'{"v":1,"alert":"n-1","at":5,"by":"person"}', "v1/brc-0001/ack")
    assert ack == Acknowledgement("n-1", "person", 1764000000456, DeviceId("brc-0001"))
    assert read(b'{"v":1,"alert":"n-1","at":5,"by":"dispatcher"}', "v1/brc-0001/ack").reason.value == "out_of_range"
    assert read(b'{"v":1,"online":false,"at":5}', "v1/brc-0001/status", retained=True) == Status(0, False, 1764000000456)


def test_orders_come_as_in_the_file() -> None:
    order = {"id": "O9", "protected": "P", "respondent": "R", "perimeter_m": 500, "valid_from": "2026-01-01T00:00:00-06:00",
             "valid_until": "2027-01-01T00:00:00-06:00"}  # fmt: skip
    change = read(json.dumps({"order": order}).encode(), "orders")
    assert isinstance(change, OrderChange)
    assert change.order is not None
    assert change.order.warning_m == 2200
    assert read(b'{"order_revoked":"O9"}', "orders").revoked == "O9"
    refused = read(json.dumps({"order": order | {"perimeter_m": -1}}).encode(), "orders")
    assert refused.reason.value == "bad_order"
    assert "perimeter_m" in refused.detail


def test_owntracks_units_and_traps() -> None:
    body = {"_type": "location", "lat": 20.5, "lon": -100.0, "tst": 1764000000, "vel": 36, "acc": 0, "batt": 55, "bs": 2, "cog": 90, "new_key": [1]}
    ping = read(json.dumps(body).encode(), "owntracks/ana/phone")
    assert (ping.device, ping.speed_mps, ping.fix_ms, ping.battery_percent, ping.charging) == (1, 10.0, 1764000000000, 55.0, 1)
    assert math.isnan(ping.accuracy_m), "no accuracy is not a perfect one"
    stale = read(json.dumps(body | {"t": "p"}).encode(), "owntracks/ana/phone")
    assert not stale.has_fix, "a ping of the app carries the time of now with an old place"
    assert math.isnan(read(json.dumps(body | {"vel": -1}).encode(), "owntracks/ana/phone").speed_mps)
    assert read(b'{"_type":"lwt","tst":1}', "owntracks/ana/phone") == Status(1, False, 1764000000456)
    assert isinstance(read(b'{"_type":"card"}', "owntracks/ana/phone"), Ignored)


def test_traccar_units_and_traps() -> None:
    position = {"latitude": 20.5, "longitude": -100.0, "speed": 10, "course": 0, "accuracy": 0.0, "valid": True, "fixTime": "2025-11-24T16:00:00.000+00:00",
                "deviceTime": "2025-11-24T10:00:05.500-06:00", "attributes": {"batteryLevel": 40, "sat": 7, "alarm": "sos,tampering", "approximate": True}}  # fmt: skip

    def forwarded(**more: Any) -> Any:
        return read(json.dumps({"position": position | more, "device": {"uniqueId": "860123"}}).encode(), "positions")

    ping = forwarded()
    assert ping.speed_mps == pytest.approx(5.1444, abs=1e-3), "knots"
    assert ping.sent_ms - ping.fix_ms == 5500
    assert (ping.source, ping.strap, ping.sos, ping.satellites) == (Source.LBS, Strap.OPEN, True, 7)
    assert math.isnan(ping.accuracy_m)
    assert not forwarded(valid=False).has_fix
    assert forwarded(fixTime="yesterday").reason.value == "wrong_type"
    assert forwarded(fixTime="2025-11-24T16:00:00").reason.value == "wrong_type", "a time without an offset is nobody's"


@pytest.mark.parametrize(("key", "field"), [("vel", "speed_mps"), ("cog", "course_deg"), ("acc", "accuracy_m"), ("batt", "battery_percent")])
@pytest.mark.parametrize("unknown", [-1, -3, -3.6, None])
def test_what_owntracks_does_not_know_costs_no_position(key: str, field: str, unknown: float | None) -> None:
    """-1 of iOS; -3 and -3.6 are its -1 m/s in km/h (owntracks/ios issue 347)."""
    body = {"_type": "location", "lat": 20.5, "lon": -100.0, "tst": 1764000000, "acc": 9, "created_at": None, "bs": -1, key: unknown}
    ping = read(json.dumps(body).encode(), "owntracks/ana/phone")
    assert isinstance(ping, Ping), ping
    assert (ping.has_fix, ping.lat_deg, ping.charging) == (True, 20.5, -1)
    assert math.isnan(getattr(ping, field))


@pytest.mark.parametrize(("where", "key", "field"), [
    ("position", "speed", "speed_mps"), ("position", "course", "course_deg"), ("position", "accuracy", "accuracy_m"),
    ("attributes", "hdop", "hdop"), ("attributes", "batteryLevel", "battery_percent"), ("attributes", "sat", "satellites"),
])  # fmt: skip
@pytest.mark.parametrize("unknown", [-1, -1.94384, -100, None])
def test_what_traccar_does_not_know_costs_no_position(where: str, key: str, field: str, unknown: float | None) -> None:
    """-1 of a device as it came; -1.94 is -1 m/s in knots, -100 a battery's -1 in percent."""
    attributes: dict[str, Any] = {"sat": 7}
    position = {"latitude": 20.5, "longitude": -100.0, "fixTime": "2025-11-24T16:00:00Z", "attributes": attributes}
    (position if where == "position" else attributes)[key] = unknown
    ping = read(json.dumps({"position": position, "device": {"uniqueId": "860123"}}).encode(), "positions")
    assert isinstance(ping, Ping), ping
    assert (ping.has_fix, ping.lat_deg) == (True, 20.5)
    assert getattr(ping, field) == -1 if key == "sat" else math.isnan(getattr(ping, field))


def test_what_no_receiver_can_mean_is_refused_from_foreign_formats_too() -> None:
    for wrong in ({"cog": 361}, {"vel": 1e9}, {"lat": -91}, {"cog": "N"}, {"tst": -1}):
        body = {"_type": "location", "lat": 20.5, "lon": -100.0, "tst": 1764000000, **wrong}
        assert isinstance(read(json.dumps(body).encode(), "owntracks/ana/phone"), Rejection), wrong


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the OwnTracks samples are not here")
def test_every_owntracks_sample_is_read_ignored_or_refused() -> None:
    outcomes = {path.name: read(path.read_bytes(), "owntracks/ana/phone") for path in sorted(SAMPLES.glob("*.json"))}
    assert len(outcomes) > 30
    assert isinstance(outcomes["l.json"], Ping)
    assert isinstance(outcomes["location-lat-missing.json"], Rejection)
    assert not [name for name, outcome in outcomes.items() if isinstance(outcome, Rejection) and outcome.reason.value == "internal"]


@given(st.binary(max_size=60), st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_line_of_a_file_gives_back_its_envelope(payload: bytes, retained: bool) -> None:
    envelope = Envelope(7, "v1/brc-0001/ping", payload, retained)
    assert envelope_from_line(envelope_to_line(envelope), "here") == envelope


@pytest.mark.parametrize("payload", [
    json.dumps(GOOD).encode(), json.dumps(GOOD, indent=1).encode(), b" " + json.dumps(GOOD).encode(), json.dumps(GOOD).encode() + b" " * 4000, b"{}\r\n",
])  # fmt: skip
def test_an_exported_payload_is_the_same_to_the_byte(payload: bytes) -> None:
    """Else one that was too large live, by its spaces, would be judged in a replay."""
    envelope = Envelope(7, "v1/brc-0001/ping", payload)
    line = envelope_to_line(envelope)
    assert b"\n" not in line
    assert envelope_from_line(line, "here") == envelope
