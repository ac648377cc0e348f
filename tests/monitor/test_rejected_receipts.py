"""A ping that can never be accepted is receipted all the same: it is in the journal, and its device must not send it again for ever."""

from __future__ import annotations

import json
import math
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.engine import Engine
from monitor.receipts import HOLE_MS_MAX
from monitor.terms import Counted, Envelope, Rejection
from monitor.wire import Directory, decode
from tests.pings import T0, at, pair

REGISTRY = pair()
DEVICE = REGISTRY.devices[0].id
TOPIC = f"v1/{DEVICE}/ping"
LAT, LON = at(0.0, 0.0)


def body(seq: int, **changes: Any) -> dict[str, Any]:
    """A good ping, but for `fix__accuracy=0` and the like; `...` removes a key."""
    said: dict[str, Any] = {"v": 1, "boot": 3, "seq": seq, "at": T0, "fix": {"at": T0, "lat": LAT, "lon": LON, "accuracy": 8.0}}
    for key, value in changes.items():
        *path, last = key.split("__")
        place = said[path[0]] if path else said
        place.pop(last) if value is ... else place.update({last: value})
    return said


def ping(seq: int, after_ms: int = 0, qos: int = 1, **changes: Any) -> Envelope:
    return Envelope(T0 + after_ms, TOPIC, json.dumps(body(seq, **changes)).encode(), False, qos)


def rejection(payload: bytes, topic: str = TOPIC, **more: Any) -> Rejection:
    outcome = decode(Envelope(T0, topic, payload, **more), Directory(REGISTRY))
    assert isinstance(outcome, Rejection), payload
    return outcome


WRONG = [
    {"fix__accuracy": 0}, {"fix__lat": 95}, {"fix__lat": 0, "fix__lon": 0}, {"fix__accuracy": math.nan}, {"fix__course": math.inf},
    {"battery": 101}, {"strap": "loose"}, {"sos": 1}, {"speed": 3}, {"fix__alt": 3}, {"fix__accuracy": ...}, {"at": ...}, {"at": -5},
    {"cells": [1, "a", None]}, {"fix": [1, 2]}, {"text": "x" * 4200},
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=[str(wrong)[:40] for wrong in WRONG])
def test_the_receipt_goes_on_over_a_ping_that_was_refused_for_a_value(wrong: dict[str, Any]) -> None:
    for write in (lambda b: json.dumps(b).encode(), msgpack.packb):
        engine = Engine(REGISTRY)
        assert engine.receive([ping(1)]).receipts == {DEVICE: (3, 1)}
        effects = engine.receive([Envelope(T0 + 1, TOPIC, write(body(2, **wrong)))])
        assert (len(effects.rejections), effects.pings, effects.receipts) == (1, 0, {DEVICE: (3, 2)})
        assert engine.receive([ping(3, 2)]).receipts == {DEVICE: (3, 3)}


def test_a_printed_nan_is_counted_too() -> None:
    for word in ("nan", "-nan", "inf", "Infinity", " NaN"):
        payload = json.dumps(body(7)).replace("8.0", word).encode()
        assert rejection(payload).counted == Counted(0, 3, 7), word


UNREADABLE = [
    b"", b"{", b"\xff\xfe", b'{"v":1,"boot":3}', b'{"v":1,"boot":3,"seq":-1}', b'{"v":1,"boot":3,"seq":"2"}', b'{"v":1,"boot":true,"seq":2}',
    b'{"v":2,"boot":3,"seq":2,"at":1}', b'{"v":1,"boot":3,"seq":2,"seq":9,"at":-1}', b'{"v":1,"boot":3,"seq":2,"s\\u0065q":9,"at":-1}',
    b'{"v":1,"boot":3,"seq":9007199254740993,"at":1}', b'{"v":1,"boot":3,"seq":2.5,"at":1}', b'{"v":1,"boot":3,"seq":2,"at":',
    b'{"v":1,"boot":3,"seq":2,"fix":' + b"[" * 900 + b"]" * 900 + b"}", json.dumps(body(2, text="x" * 20_000)).encode(),
]  # fmt: skip


@pytest.mark.parametrize("payload", UNREADABLE, ids=[str(payload[:50]) for payload in UNREADABLE])
def test_what_does_not_say_beyond_doubt_which_ping_it_was_is_not_counted(payload: bytes) -> None:
    assert rejection(payload).counted is None


def test_only_a_device_that_waits_for_receipts_on_its_own_topic_is_counted() -> None:
    wrong = json.dumps(body(2, battery=101)).encode()
    assert rejection(wrong).counted == Counted(0, 3, 2)
    assert rejection(wrong, qos=0).counted is None
    assert rejection(wrong, retained=True).counted is None
    assert rejection(wrong, f"v1/{DEVICE}/ack").counted is None
    assert rejection(wrong, f"v1/{DEVICE}/status").counted is None
    assert rejection(wrong, "v1/nobody/ping").counted is None


def test_a_hole_before_a_refused_ping_stays_a_hole() -> None:
    engine = Engine(REGISTRY)
    engine.receive([ping(1)])
    assert engine.receive([ping(3, 1, battery=101)]).receipts == {DEVICE: (3, 1)}
    assert engine.receive([ping(2, 2)]).receipts == {DEVICE: (3, 3)}
    assert engine.receive([ping(5, 3, battery=101)]).receipts == {DEVICE: (3, 3)}
    assert engine.receive([ping(6, 4 + HOLE_MS_MAX, battery=101)]).receipts == {DEVICE: (3, 6)}


SAID = st.lists(st.tuples(st.integers(1, 12), st.booleans(), st.sampled_from((1, 1, 0))), min_size=1, max_size=20)


@given(said=SAID, cut=st.integers(0, 20))
@settings(max_examples=60, deadline=None)
def test_the_same_bytes_in_any_batches_leave_the_same_engine(said: list[tuple[int, bool, int]], cut: int) -> None:
    envelopes = [ping(seq, 1_000 * k, qos, **({} if good else {"battery": 101})) for k, (seq, good, qos) in enumerate(said)]
    whole, parted = Engine(REGISTRY), Engine(REGISTRY)
    receipts = whole.receive(envelopes).receipts
    told = {**parted.receive(envelopes[:cut]).receipts}
    parted = Engine.restore(parted.snapshot(), known=REGISTRY)
    told.update(parted.receive(envelopes[cut:]).receipts)
    assert told == receipts
    assert whole.snapshot() == parted.snapshot()


@pytest.mark.parametrize("key", ["lat", "lon", "accuracy", "speed", "course", "hdop"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_messagepack_writes_for_no_number_is_called_that(key: str, value: float) -> None:
    assert rejection(msgpack.packb(body(2, **{f"fix__{key}": value}))).reason.value == "not_finite"
    assert rejection(msgpack.packb(body(2, **{f"fix__{key}": -1e9}))).reason.value == "out_of_range"


def test_no_number_at_the_top_is_called_that_and_hides_no_other_fault() -> None:
    assert rejection(msgpack.packb(body(2, battery=math.nan))).reason.value == "not_finite"
    assert rejection(msgpack.packb(body(2, signal=-math.inf))).reason.value == "not_finite"
    assert rejection(msgpack.packb(body(2, battery=101, fix__speed=math.nan))).reason.value in ("not_finite", "out_of_range")
    assert rejection(msgpack.packb(body(2, alt=math.nan))).reason.value == "unknown_key"
