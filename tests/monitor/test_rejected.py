"""Promises of what is said of rejected payloads: whose and why, at once and then once an hour, and nothing of what was in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast
from unittest.mock import Mock

import pytest

from geofence.terms import Device, DeviceId, Format, PersonId, Registry
from monitor import log
from monitor.directory import Directory
from monitor.engine import Effects
from monitor.rejection_log import AGAIN_MS, KINDS_MAX, RejectionLog
from monitor.sinks import Distributor
from monitor.terms import Envelope, Rejection, RejectReason
from monitor.wire import decode

DEVICES = (
    Device(DeviceId("brc-0001"), PersonId("P")),
    Device(DeviceId("phone-7"), PersonId("P"), Format.OWNTRACKS, "ana/phone"),
    Device(DeviceId("car-3"), PersonId("R"), Format.TRACCAR, "860123"),
)
DIRECTORY = Directory(Registry(DEVICES))
T0 = 1_767_600_000_000


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """Reads the lines that have been logged since the last time."""
    log.configure("json", "info")
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    log.configure(level="warning")


def rejected(topic: str, payload: bytes, **more: Any) -> Rejection:
    outcome = decode(Envelope(T0, topic, payload, **more), DIRECTORY)
    assert isinstance(outcome, Rejection)
    return outcome


BAD_TRACCAR = b'{"position":{"fixTime":"2025-11-24T16:00:00Z","latitude":20.588793,"longitude":-200.1},"device":{"uniqueId":"860123"}}'


@pytest.mark.parametrize(("topic", "payload", "device"), [
    ("v1/brc-0001/ping", b'{"v":1,"boot":1,"seq":1,"at":1,"fix":{"at":1,"lat":95.588793,"lon":1,"accuracy":5}}', "brc-0001"),
    ("v1/brc-0001/ack", b"{}", "brc-0001"),
    ("v1/brc-0002/ping", b"{}", "brc-0002"),
    ("owntracks/ana/phone", b'{"_type":"location","lat":95.588793,"lon":1,"tst":5}', "phone-7"),
    ("owntracks/Eva Luna/phone", b"{}", "?/phone"),
    ("positions", BAD_TRACCAR, "car-3"),
    ("positions", b'{"position":{},"device":{"uniqueId":"20.588793"}}', ""),
    ("v1/a\nb\x1b[31m 20.588793,-100.389888/ping", b"{}", "a?b??31m?20?588793?-100?389888"),
    ("v1/" + "x" * 900 + "/ping", b"{}", "x" * 64),
    ("orders", b"{}", ""),
])  # fmt: skip
def test_a_rejection_names_its_device_and_no_alias(topic: str, payload: bytes, device: str) -> None:
    assert rejected(topic, payload).device == device


def one(device: str, reason: RejectReason = RejectReason.OUT_OF_RANGE) -> Rejection:
    return Rejection(T0, "v1/?", reason, "DETAIL-9", device)


def test_the_first_is_said_at_once_and_then_an_hour_is_said_in_one_line(said: Any) -> None:
    rejections = RejectionLog()
    rejections.note([one("a"), one("a"), one("b")], T0)
    rejections.note([one("a", RejectReason.UNKNOWN_KEY)], T0 + 1)
    first = said()
    assert [(line["device"], line["reason"], line["count"]) for line in first] == [("a", "out_of_range", 1), ("b", "out_of_range", 1), ("a", "unknown_key", 1)]
    assert {(line["event"], line["level"]) for line in first} == {("rejected", "warning")}
    assert "DETAIL-9" not in str(first)
    for minute in range(1, 60):
        rejections.note([one("a")], T0 + 60_000 * minute)
        rejections.look(T0 + 60_000 * minute)
    assert said() == []
    rejections.look(T0 + AGAIN_MS)
    assert [(line["device"], line["count"], line["seconds"]) for line in said()] == [("a", 60, 3600)]
    rejections.look(T0 + 2 * AGAIN_MS)
    assert said() == [], "it has been quiet for an hour"
    rejections.note([one("a")], T0 + 2 * AGAIN_MS)
    assert [(line["device"], line["count"]) for line in said()] == [("a", 1)]


def test_made_up_ids_fill_neither_the_memory_nor_the_log_and_hide_no_device_of_ours(said: Any) -> None:
    rejections = RejectionLog()
    rejections.note([one(f"made-up-{k}", RejectReason.UNKNOWN_DEVICE) for k in range(5 * KINDS_MAX)], T0)
    lines = said()
    assert len(lines) == KINDS_MAX + 1
    assert lines[-1]["device"] == "*"
    rejections.note([one("brc-0001")], T0)
    assert [line["device"] for line in said()] == ["brc-0001"]
    rejections.look(T0 + AGAIN_MS)
    assert [(line["device"], line["count"]) for line in said()] == [("*", 4 * KINDS_MAX - 1)]
    rejections.note([one("new", RejectReason.UNKNOWN_DEVICE)], T0 + AGAIN_MS)
    assert [line["device"] for line in said()] == ["new"]


def test_the_service_says_them_and_a_quiet_hour_is_no_reason_not_to(said: Any) -> None:
    parts = {name: Mock() for name in ("outbox", "downlink", "journal", "metrics", "watchdog")}
    clock = Mock(now_ms=Mock(return_value=T0))
    sinks = Distributor(**cast(Any, parts), clock=clock, language="en", readers=[])
    found = rejected("v1/brc-0001/ping", b'{"v":1,"boot":1,"seq":1,"at":1,"fix":{"at":1,"lat":95.588793,"lon":1,"accuracy":5}}')
    sinks.judged(Effects(rejections=[found, found]), 2, 0.001)
    (line,) = said()
    assert (line["event"], line["device"], line["reason"], line.get("dropped")) == ("rejected", "brc-0001", "out_of_range", None)
    assert "588793" not in str(line)
    clock.now_ms.return_value = T0 + AGAIN_MS
    sinks.committed(0.001)
    assert [line["count"] for line in said()] == [1]
