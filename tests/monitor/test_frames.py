"""Promises of the splitter: whatever pieces a stream comes in, its packets are those that were written, and nothing else."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import frames as module
from monitor import mqtt_packets as packets
from monitor.frames import NOBODYS, PUBLISH, Splitter
from monitor.topics import Topics

PINGRESP = b"\xd0\x00"


def length_of(size: int) -> bytes:
    digits = b""
    while size >= 128:
        digits, size = digits + bytes([size % 128 | 0x80]), size // 128
    return digits + bytes([size])


def publish(topic: bytes, payload: bytes, *, qos: int, packet_id: int, properties: bytes | None) -> bytes:
    """A PUBLISH as the standard has it (MQTT 5 §3.3)."""
    body = struct.pack("!H", len(topic)) + topic + (struct.pack("!H", packet_id) if qos else b"")
    body += (b"" if properties is None else length_of(len(properties)) + properties) + payload
    return bytes([PUBLISH << 4 | qos << 1]) + length_of(len(body)) + body


messages = st.tuples(st.binary(min_size=1, max_size=30), st.binary(max_size=300), st.sampled_from((0, 1)), st.integers(1, 0xFFFF))


def heard(splitter: Splitter, pieces: list[bytes], unwanted: Topics = NOBODYS) -> tuple[list[tuple[bytes, bytes, int]], list[int], list[bytes]]:
    """(messages, packet ids, bodies of other packets)."""
    messages: list[tuple[bytes, bytes, int]] = []
    ids: list[int] = []
    others: list[bytes] = []
    for piece in pieces:
        for cut in splitter.feed(piece, unwanted):
            for command, packet_id, _, topic, topic_end, payload, end in cut.messages.tolist():
                assert command >> 4 == PUBLISH
                messages.append((cut.data[topic:topic_end], cut.data[payload:end], packet_id))
            ids += cut.packet_ids.tolist()
            others += [cut.data[body:end] for _, _, body, _, _, _, end in cut.others]
    return messages, ids, others


@settings(deadline=None)  # the first call compiles
@given(st.lists(messages, max_size=12), st.lists(st.integers(0, 4_000), max_size=8), st.one_of(st.none(), st.binary(max_size=200)), st.integers(0, 3))
def test_what_was_written_is_read_whatever_pieces_it_comes_in(
    written: list[tuple[bytes, bytes, int, int]], cuts: list[int], properties: bytes | None, skipped: int
) -> None:
    stream = b"".join(publish(t, p, qos=q, packet_id=i, properties=properties) + PINGRESP for t, p, q, i in written)
    places = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
    pieces = [stream[a:b] for a, b in pairwise(places)]
    unwanted = [t for t, _, _, _ in written[:skipped]]
    expected = [(t, p, i if q else 0) for t, p, q, i in written if t not in unwanted]
    ids = [i for _, _, q, i in written if q]
    splitter = Splitter(has_properties=properties is not None)
    assert heard(splitter, pieces, Topics(unwanted)) == (expected, ids, [b""] * len(written))


def test_more_packets_than_there_are_rows_are_read_in_several_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_others", module._others[:3])
    assert heard(Splitter(has_properties=True), [PINGRESP * 10]) == ([], [], [b""] * 10)
    tiny = publish(b"a", b"b", qos=1, packet_id=7, properties=None)
    assert heard(Splitter(has_properties=False), [tiny * 200 + tiny[:-1], tiny[-1:]]) == ([(b"a", b"b", 7)] * 201, [7] * 201, [])


def test_two_streams_read_in_turn_do_not_mix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_others", module._others[:3])
    feeds = [Splitter(has_properties=False).feed(publish(topic, b"", qos=0, packet_id=0, properties=None) * 7) for topic in (b"a", b"bbb")]
    for feed in (feeds[0], feeds[1], feeds[0], feeds[1], feeds[1], feeds[0]):
        cut = next(feed)
        found = {cut.data[topic:end] for _, _, _, topic, end, _, _ in cut.messages.tolist()}
        assert found == ({b"a"} if feed is feeds[0] else {b"bbb"})


@pytest.mark.parametrize(
    "torn",
    [
        pytest.param(b"\x30\xff\xff\xff\xff\x01", id="a length of five bytes"),
        pytest.param(b"\x30\x04\x00\x09ab", id="a topic longer than its packet"),
        pytest.param(b"\x32\x05\x00\x02ab\x01", id="half a packet id"),
        pytest.param(b"\x30\x05\x00\x02ab\x09", id="properties longer than their packet"),
        pytest.param(b"\x30\x01\x00", id="half a topic's length"),
    ],
)
def test_what_is_no_mqtt_is_said_and_never_read_beyond_its_end(torn: bytes) -> None:
    with pytest.raises(ValueError, match="not MQTT"):
        heard(Splitter(has_properties=True), [torn])


@given(messages, st.booleans())
def test_what_we_publish_is_a_packet_of_the_standard(message: tuple[bytes, bytes, int, int], has_properties: bool) -> None:
    topic, payload, qos, packet_id = message
    wanted = publish(topic, payload, qos=qos, packet_id=packet_id, properties=b"" if has_properties else None)
    assert packets.publish(topic, payload, packet_id if qos else 0, has_properties=has_properties) == wanted


def test_a_payload_of_any_size_has_its_length() -> None:
    for size in (0, 1, 120, 121, 122, 127, 128, 16_374, 16_375, 16_376, 16_384):
        assert packets.publish(b"t", bytes(size), 7, has_properties=True) == publish(b"t", bytes(size), qos=1, packet_id=7, properties=b"")
