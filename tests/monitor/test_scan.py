"""The compiled reader reads what `wire.decode` reads, to the last bit, and leaves to it whatever it would refuse."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.state import PING
from geofence.terms import Device, DeviceId, Format, PersonId, Ping, Registry
from monitor.arrivals import Arrivals, Inbound, Piece
from monitor.intake import Intake, Other, PingRun
from monitor.scan import Scanner
from monitor.terms import Envelope, Rejection, RejectReason
from monitor.wire import Directory, decode
from tests.pings import T0

DIRECTORY = Directory(Registry((Device(DeviceId("brc"), PersonId("P")),)))
SCANNER = Scanner()
FULL = {
    "v": 1, "boot": 3, "seq": 1287, "at": 1764000000123,
    "fix": {"at": 1764000000000, "lat": 20.588793, "lon": -100.389888, "accuracy": 8.0, "speed": 1.4, "course": 120.0, "source": "gps",
            "satellites": 9, "hdop": 0.9, "mock": False},
    "battery": 88, "charging": False, "strap": "closed", "tether": "near", "sos": False, "moving": True, "signal": -71, "jamming": True,
    "check": True,
}  # fmt: skip


def by_wire(payload: bytes) -> Any:
    return decode(Envelope(T0, "v1/brc/ping", payload), DIRECTORY)


def by_scan(*payloads: bytes) -> list[Any]:
    """The row of each payload, None where the scanner leaves it alone."""
    arrivals = Arrivals.of(T0, [Piece.of([Inbound("v1/brc/ping", payload, False, 1)]) for payload in payloads])
    rows, receipted, others = SCANNER.read(arrivals, DIRECTORY.topics)
    assert receipted.all()
    return [None if k in others else row for k, row in enumerate(rows)]


def same(row: Any, ping: Ping) -> bool:
    return row.tobytes() == np.array([ping], PING)[0].tobytes()


def test_the_contracts_own_ping_is_plain_with_all_its_keys() -> None:
    for text in (json.dumps(FULL), json.dumps(FULL, separators=(",", ":")), json.dumps({k: v for k, v in FULL.items() if k != "fix"})):
        (row,) = by_scan(text.encode())
        assert row is not None
        assert same(row, by_wire(text.encode()))


numbers = st.one_of(
    st.integers(-400, 400), st.decimals(-200, 200, places=6).map(float), st.floats(allow_nan=False), st.sampled_from((0, 0.0, -0.0, 1, 90, 90.0000001))
)
values = st.one_of(st.none(), st.booleans(), numbers, st.integers(0, 1 << 60), st.sampled_from(("gps", "wifi", "closed", "cut", "far", "unknown", "")))
keys = st.sampled_from((*FULL, *FULL["fix"], "extra", "", "la", "latt"))  # type: ignore[misc]


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    """A ping with some keys taken out, changed, added, doubled or put in another order."""
    changed = json.loads(json.dumps(FULL))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.sampled_from((changed, changed.get("fix") if isinstance(changed.get("fix"), dict) else changed)))
        if draw(st.booleans()):
            place.pop(draw(keys), None)
        else:
            place[draw(keys)] = draw(values)
    items = draw(st.permutations(list(changed.items())))
    text = json.dumps(dict(items), separators=draw(st.sampled_from(((",", ":"), (", ", ": "), (" ,  ", " : ")))))
    if draw(st.booleans()):
        text = text.replace('"seq"', '"boot": 3, "seq"' if draw(st.booleans()) else '"seq"', 1)
    return text.encode()


@given(st.lists(payloads(), min_size=1, max_size=5))
@settings(max_examples=400, deadline=None)
def test_what_is_read_here_is_what_the_decoder_reads(batch: list[bytes]) -> None:
    for payload, row in zip(batch, by_scan(*batch), strict=True):
        if row is not None:
            ping = by_wire(payload)
            assert isinstance(ping, Ping), payload
            assert same(row, ping), payload


def test_no_mutation_of_a_ping_makes_it_read_anything_else() -> None:
    """Cut, changed, swapped and joined bytes, in batches, so that a broken payload has neighbours."""
    rng, good, batch = random.Random(20261123), json.dumps(FULL).encode(), []
    for _ in range(30_000):
        text = bytearray(good)
        for _ in range(rng.randrange(1, 4)):
            where = rng.randrange(len(text) or 1)
            act = rng.randrange(4)
            if act == 0 and text:
                text[where] = rng.choice(b'{}[]",:.-+eE0123456789 \\\x00\xfftfn')
            elif act == 1:
                del text[where : where + rng.randrange(1, 30)]
            elif act == 2 and text:
                text[where:where] = text[rng.randrange(len(text)) :][: rng.randrange(1, 30)]
            else:
                text = text[: where + 1]
        batch.append(bytes(text))
    rows = by_scan(*batch)
    read = [k for k, row in enumerate(rows) if row is not None]
    assert len(read) > 200, "enough are still plain, or this proves nothing"
    for k in read:
        ping = by_wire(batch[k])
        assert isinstance(ping, Ping), batch[k]
        assert same(rows[k], ping), batch[k]


@pytest.mark.parametrize(
    "change",
    [
        {"lat": 90.5}, {"lat": "20.5"}, {"accuracy": 0}, {"accuracy": 0.0}, {"lat": 0.0, "lon": 0.0}, {"speed": 401}, {"lat": 1e-20, "lon": 0},
        {"source": "cut"}, {"satellites": 9.5}, {"at": -1}, {"mock": 1}, {"mock": None},
    ],
)  # fmt: skip
def test_what_is_out_of_bounds_or_of_another_kind_is_left_alone(change: dict[str, object]) -> None:
    text = json.dumps(FULL | {"fix": FULL["fix"] | change}).encode()  # type: ignore[operator]
    assert by_scan(text) == [None]


def test_a_batch_comes_in_pieces_in_its_order() -> None:
    plain = json.dumps(FULL).encode()
    odd = json.dumps(FULL | {"battery": None}).encode()  # for the decoder, and a ping all the same
    batch = [
        Envelope(T0, "v1/brc/ping", plain), Envelope(T0 + 1, "v1/brc/ping", odd, qos=0), Envelope(T0 + 2, "v1/brc/ping", b"{"),
        Envelope(T0 + 3, "v1/brc/ping", plain, retained=True), Envelope(T0 + 4, "v1/stranger/ping", plain), Envelope(T0 + 5, "v1/brc/ping", plain),
    ]  # fmt: skip
    pieces = list(Intake(DIRECTORY).pieces(batch))
    assert [piece.decoded.reason for piece in pieces if isinstance(piece, Other) and isinstance(piece.decoded, Rejection)] == [
        RejectReason.BAD_ENCODING, RejectReason.RETAINED, RejectReason.UNKNOWN_DEVICE,
    ]  # fmt: skip
    first, last = (piece for piece in pieces if isinstance(piece, PingRun))
    assert first.rows["at_ms"].tolist() == [T0, T0 + 1]
    assert first.receipted.tolist() == [True, False]
    assert last.rows["at_ms"].tolist() == [T0 + 5]
    assert [type(piece) for piece in pieces] == [PingRun, Other, Other, Other, PingRun]
    assert list(Intake(DIRECTORY).pieces([])) == []


def test_who_has_no_numbers_waits_for_no_receipt() -> None:
    """OwnTracks knows neither boot nor seq: a receipt would say nothing. A v1 ping that only the decoder reads has one like every other."""
    phone = Device(DeviceId("phone"), PersonId("Q"), Format.OWNTRACKS, "ana/phone")
    directory = Directory(Registry((Device(DeviceId("brc"), PersonId("P")), phone)))
    located = json.dumps({"_type": "location", "lat": 20.5, "lon": -100.3, "acc": 10, "tst": T0 // 1000}).encode()
    batch = [Envelope(T0, "owntracks/ana/phone", located), Envelope(T0, "v1/brc/ping", json.dumps(FULL | {"battery": None}).encode())]
    (run,) = Intake(directory).pieces(batch)
    assert isinstance(run, PingRun)
    assert run.receipted.tolist() == [False, True]
