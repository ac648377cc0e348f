"""Promises of what has arrived: as it lies in memory it is judged and recorded exactly as it would be one by one."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.terms import Device, DeviceId, PersonId, Registry
from monitor import arrivals, recovery, scan
from monitor import topics as topics_module
from monitor.arrivals import Arrivals, Inbound, Piece
from monitor.frames import TAIL_BYTES, Splitter
from monitor.intake import Intake, PingRun
from monitor.journal import Record, RecordKind, block_body, decode_body
from monitor.mqtt_packets import publish
from monitor.terms import Envelope
from monitor.topics import NOWHERE, Topics
from monitor.wire import Directory
from tests.pings import T0

DEVICES = ("brc", "tag", "x" * 64)
DIRECTORY = Directory(Registry(tuple(Device(DeviceId(name), PersonId(name)) for name in DEVICES)))
PING = b'{"v":1,"boot":3,"seq":1287,"at":1764000000123,"fix":{"at":1764000000000,"lat":20.5,"lon":-100.3,"accuracy":8.0}}'
topics = st.sampled_from((*(f"v1/{name}/ping" for name in DEVICES), "v1/brc/ack", "v1/stranger/ping", "positions", "señal", "t" * 300))
payloads = st.one_of(st.sampled_from((PING, PING[:-1], b"", b"{}", b"x" * 5_000)), st.binary(max_size=300))
messages = st.builds(Inbound, topics, payloads, st.booleans(), st.integers(0, 2))


def arrived(*pieces: list[Inbound]) -> tuple[Arrivals, list[Envelope]]:
    """The same as it lies in memory, and one by one."""
    return Arrivals.of(T0, [Piece.of(piece) for piece in pieces]), [Envelope(T0, *message) for piece in pieces for message in piece]


def shown(pieces: Any) -> list[Any]:
    return [(p.rows.tobytes(), p.receipted.tolist()) if isinstance(p, PingRun) else p for p in pieces]


@given(st.lists(st.lists(messages, max_size=6), max_size=4))
@settings(deadline=None)  # the first call compiles
def test_judged_and_recorded_as_one_by_one(pieces: list[list[Inbound]]) -> None:
    arrivals, envelopes = arrived(*pieces)
    assert list(arrivals) == envelopes == [arrivals[k] for k in range(len(arrivals))]
    assert list(arrivals[1:3]) == envelopes[1:3]
    assert list(Arrivals.listed(envelopes)) == envelopes
    assert shown(Intake(DIRECTORY).pieces(arrivals)) == shown(Intake(DIRECTORY).pieces(envelopes))
    records = [Record.of_input(envelope) for envelope in envelopes]
    assert block_body([arrivals]) == block_body([records])
    assert block_body([arrivals[1:3]]) == block_body([records[1:3]])
    assert decode_body(block_body([records, arrivals, [], arrivals])) == [Record(*record) for record in decode_body(block_body([records])) * 3]


decided = st.builds(Record, st.sampled_from([RecordKind.TRANSITION, RecordKind.NOTIFICATION]), st.just(T0), st.binary(max_size=70_000))
times = st.integers(2**32, 2**53)
came_in = st.builds(lambda message, at_ms: Record.of_input(Envelope(at_ms, *message)), messages, times)
failed = st.builds(lambda message, at_ms: Record.of_quarantine(Envelope(at_ms, *message)), messages, times)


@given(st.lists(came_in | decided | failed, max_size=20), st.integers(0, 20))
@settings(deadline=None)
def test_read_where_it_lies_in_the_journal_it_is_what_was_written(records: list[Record], skip: int) -> None:
    """Whatever stands between: what was decided, what failed."""
    expected = [Record(*record).envelope() for record in decode_body(block_body([records]))[skip:] if record.kind is RecordKind.INPUT]
    arrivals = Arrivals.recorded(RecordKind.INPUT, block_body([records]), len(records), skip)
    assert arrivals is not None
    assert list(arrivals) == expected == [arrivals[k] for k in range(len(arrivals))]
    assert shown(Intake(DIRECTORY).pieces(arrivals)) == shown(Intake(DIRECTORY).pieces(expected))
    assert block_body([arrivals]) == block_body([[Record.of_input(envelope) for envelope in expected]])


@given(st.lists(st.lists(came_in, max_size=4), max_size=5))
@settings(deadline=None)
def test_joined_they_are_the_same_one_behind_the_other(blocks: list[list[Record]]) -> None:
    parts = [Arrivals.recorded(RecordKind.INPUT, block_body([block]), len(block), 0) for block in blocks]
    expected = [record.envelope() for block in blocks for record in block]
    joined = Arrivals.joined([part for part in parts if part is not None])
    assert list(joined) == expected
    assert shown(Intake(DIRECTORY).pieces(joined)) == shown(Intake(DIRECTORY).pieces(expected))


@given(st.lists(came_in | decided, min_size=1, max_size=5), st.data())
@settings(deadline=None)
def test_what_was_not_written_so_is_left_to_the_decoder_and_never_read_beyond_its_end(records: list[Record], data: st.DataObject) -> None:
    body = bytearray(block_body([records]))
    for _ in range(data.draw(st.integers(0, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(body[: data.draw(st.integers(0, len(body)))])
    arrivals = Arrivals.recorded(RecordKind.INPUT, cut, len(records), 0)
    if arrivals is not None:
        assert (arrivals.frames["end"] <= len(cut)).all()
        with suppress(ValueError):  # what the decoder refuses as a whole (a topic that is no Unicode) may be read here
            assert list(arrivals) == [r.envelope() for r in decode_body(cut) if r.kind is RecordKind.INPUT]


@pytest.mark.parametrize("body", [b"", b"\x90\x90", b"\xc0", block_body([[Record(RecordKind.LOST, T0, 3)]]), block_body([[Record(RecordKind.TRANSITION, 7, b"")]])])
def test_a_block_that_is_none_or_says_what_was_lost_is_decoded(body: bytes) -> None:
    assert Arrivals.recorded(RecordKind.INPUT, body, 1, 0) is None


@pytest.mark.parametrize("count", [0, 1, 15, 16, 65_535, 65_536])
def test_a_block_of_any_size_is_one_array(count: int) -> None:
    arrivals, envelopes = arrived([Inbound("t", b"", False, 1)])
    many = Arrivals(np.full(count, T0), arrivals.text, np.repeat(arrivals.frames, count))
    assert block_body([many]) == block_body([[Record.of_input(envelopes[0])] * count])
    assert len(decode_body(block_body([many]))) == count


@pytest.mark.parametrize("size", [0, 31, 32, 255, 256, 65_535, 65_536])
def test_topics_and_payloads_of_every_size_are_recorded_alike(size: int) -> None:
    arrivals, envelopes = arrived([Inbound("t" * min(size, 65_535), b"p" * size, True, 0)])
    assert block_body([arrivals]) == block_body([[Record.of_input(one) for one in envelopes]])


def test_a_topic_that_is_no_text_takes_no_other_with_it() -> None:
    piece = Piece.of([Inbound("v1/brc/ping", PING, False, 1), Inbound("v1/b", b"x", False, 1), Inbound("v1/tag/ping", PING, False, 1)])
    arrivals = Arrivals.of(T0, [Piece(piece.data.replace(b"v1/b\x78", b"v1/\xff\x78"), piece.frames)])
    assert [record.envelope().topic for record in decode_body(block_body([arrivals]))] == ["v1/brc/ping", "v1/�", "v1/tag/ping"]
    assert [len(piece.rows) for piece in Intake(DIRECTORY).pieces(arrivals) if isinstance(piece, PingRun)] == [1, 1]


def test_what_was_read_beside_it_is_not_kept_while_it_waits_for_the_disk() -> None:
    piece = Piece.of([Inbound("t", b"x" * 1000, False, 1)] * 10)
    assert Arrivals.of(T0, [Piece(piece.data, piece.frames[:1])]).text.base is None
    assert Arrivals.of(T0, [Piece(piece.data, piece.frames[:1])]).size < 1_200


def test_a_topic_is_known_by_another_name_and_no_other_is() -> None:
    piece = Piece.of([Inbound(topic, topic.encode(), False, 1) for topic in ("fleet/positions", "v1/brc/ping", "fleet/positions", "fleet")])
    renamed = piece.renamed(Topics([b"fleet/positions"]), b"positions")
    assert [(m.topic, m.payload) for m in renamed.messages()] == [
        ("positions", b"fleet/positions"), ("v1/brc/ping", b"v1/brc/ping"), ("positions", b"fleet/positions"), ("fleet", b"fleet"),
    ]  # fmt: skip
    assert piece.messages()[0].topic == "fleet/positions", "the piece itself is as it was"
    assert piece.renamed(Topics([b"other"]), b"positions") is piece


@pytest.mark.parametrize("topic", ["g", "gps", "fleet/positions"])
@pytest.mark.parametrize("version", [5, 311])
def test_a_short_topic_that_goes_by_a_longer_name_has_room_for_it(topic: str, version: int) -> None:
    """Reserved by what was read, 300 messages on `g` ran up to 900 bytes beyond the end: memory of others, or a crash."""
    packet = publish(topic.encode(), PING, 0, has_properties=version == 5)
    (cut,) = Splitter(has_properties=version == 5).feed(packet * 300)
    piece = Piece(cut.data, cut.messages).renamed(Topics([topic.encode()]), b"positions")
    arrivals = Arrivals.of(T0, [piece, Piece.of([Inbound("v1/brc/ping", PING, False, 1)])])
    assert len(arrivals.text) >= int(arrivals.frames["end"].max()) + TAIL_BYTES
    assert [(one.topic, one.payload) for one in arrivals] == [*[("positions", PING)] * 300, ("v1/brc/ping", PING)]


# --- the table ----------------------------------------------------------------------------------------------------


def found(table: Topics, names: list[bytes]) -> list[int]:
    piece = Piece.of([Inbound(name.decode(), b"", False, 0) for name in names])
    return list(table.find(np.frombuffer(piece.data, np.uint8), piece.frames).tolist())


@given(st.lists(st.lists(st.tuples(st.text("ab/", max_size=4), st.integers(0, 9)), max_size=20), max_size=5), st.lists(st.text("ab/", max_size=4)))
@settings(deadline=None)
def test_the_table_knows_what_a_dictionary_would(rounds: list[list[tuple[str, int]]], asked: list[str]) -> None:
    table, known = Topics(), dict[str, int]()
    for some in rounds:
        for name, value in some:
            table.put(name.encode(), value)
            known[name] = value
        names = [*asked, *known]
        assert [table.get(name.encode()) for name in names] == [known.get(name, NOWHERE) for name in names], "entered or not"
        assert found(table, [name.encode() for name in names]) == [known.get(name, NOWHERE) for name in names]


def test_topics_that_share_a_slot_are_told_apart() -> None:
    names = [b"v1/brc-%06d/ping" % k for k in range(5_000)]
    table = Topics(names)
    assert found(table, [*names, b"v1/brc-5000/ping"]) == [*range(5_000), NOWHERE]
    slots = table.table()[0]
    taken = [topics_module.digest(np.frombuffer(name, np.uint8), 0, len(name)) % len(slots) for name in names]
    assert len(set(taken)) < len(names), "some share a slot, or this proves nothing"


def test_a_whole_ping_goes_through_without_an_object_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """What makes it cheap: nobody asks for an envelope of what is plain."""
    monkeypatch.setattr(Arrivals, "__iter__", None)
    monkeypatch.setattr(Arrivals, "__getitem__", None)
    arrivals, _ = arrived([Inbound("v1/brc/ping", PING, False, 1)] * 3)
    (run,) = Intake(DIRECTORY).pieces(arrivals)
    assert isinstance(run, PingRun)
    assert run.rows["seq"].tolist() == [json.loads(PING)["seq"]] * 3
    assert len(block_body([arrivals])) > 3 * len(PING)


@pytest.mark.skipif(not hasattr(arrivals.pack, "signatures"), reason="nothing is compiled here")
def test_the_first_ping_that_is_written_down_waits_for_no_compiler() -> None:
    """The journal names a record's kind by its word; compiled for that word apart, the first commit after an install took seconds."""
    Intake.warm_up()
    warm = len(arrivals.pack.signatures)
    some = Arrivals.of(T0, [Piece.of([Inbound("v1/brc/ping", b"{}", False, 1)])])
    assert block_body([some])
    assert len(arrivals.pack.signatures) == warm


@pytest.mark.skipif(not hasattr(arrivals.pack, "signatures"), reason="nothing is compiled here")
def test_a_start_waits_for_no_compiler_as_it_reads_the_journal() -> None:
    """What is read from a file is of another type than what came over the network, unless it is copied: seconds of compiling at a start."""
    Intake.warm_up()
    warm = [len(f.signatures) for f in (arrivals.unpack, scan.scan)]
    assert list(Intake(DIRECTORY).pieces(recorded(3, T0)))
    assert [len(f.signatures) for f in (arrivals.unpack, scan.scan)] == warm


def recorded(count: int, at_ms: int) -> Arrivals:
    block = [Record.of_input(Envelope(at_ms + k, "v1/brc/ping", PING)) for k in range(count)]
    arrivals = Arrivals.recorded(RecordKind.INPUT, block_body([block]), count, 0)
    assert arrivals is not None
    return arrivals


def test_a_start_judges_small_blocks_together_and_large_ones_in_pieces() -> None:
    decoded = [Envelope(T0 + 9_000, "señal", b"{}")]
    blocks: list[Any] = [*(recorded(1, T0 + k) for k in range(1_200)), recorded(2_500, T0 + 2_000), recorded(0, 0), decoded, recorded(3, T0 + 9_001)]
    chunks = list(recovery._chunks(blocks))
    assert [envelope for chunk in chunks for envelope in chunk] == [envelope for block in blocks for envelope in block]
    assert max(map(len, chunks)) <= recovery.CHUNK
    assert len(chunks) <= 9, "not one for each of the 1,200"
