"""Promises about blocks that stand twice: what a later segment has again must be the same, and is read once."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor import segments
from monitor.blocks import BLOCK, Block, encode_block, scan
from monitor.journal import block_body
from monitor.playback import Playback
from monitor.records import Record, RecordKind, decode_body
from monitor.segments import segments_of
from monitor.verify import verify
from tests.monitor.test_playback import HOUR_MS, ping, recorded, story
from tests.monitor.test_verify import journal, original
from tests.pings import T0, at

__all__ = ["journal", "original"]  # the fixtures


def blocks_of(path: Path) -> list[Block]:
    return [item for item in scan(path.read_bytes()) if isinstance(item, Block)]


def put_behind(path: Path, block: Block, body: bytes | None = None) -> None:
    body = block.body if body is None else body
    path.write_bytes(path.read_bytes() + encode_block(BLOCK, body, count=block.count, first=block.first, number=block.number))


def test_another_block_in_the_place_of_one_that_was_written_again_is_found(journal: Path) -> None:
    first, second = segments_of(journal)
    again = blocks_of(second)[1]
    whole = first.read_bytes()
    put_behind(first, again)
    assert verify(journal).ok, "a write whose sync has failed, and that could not be cut off"
    first.write_bytes(whole)
    put_behind(first, again, again.body.replace(b"brc-12", b"brc-99"))
    assert [str(fault) for fault in verify(journal).faults] == [f"{first.name} at byte {len(whole)}: block 6 is not as it stands in {second.name}"]


def test_a_block_that_no_later_segment_has_is_found(journal: Path) -> None:
    first, second = segments_of(journal)
    last = blocks_of(second)[-1]
    after = Block(BLOCK, 0, last.number + 1, last.first + last.count, last.count, last.raw)
    put_behind(first, after)
    assert [fault.file for fault in verify(journal).faults] == [first.name]


async def test_playback_shows_what_counts_and_nothing_that_was_put_behind_a_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 100_000)
    recording, _ = await recorded(tmp_path, story(3, 50))
    first, second = segments_of(recording.journal)[:2]
    honest = Playback(recording, "O-0", T0 - 1, T0 + HOUR_MS, 60_000)
    frames = list(honest.frames())
    assert honest.exact
    following, whole = blocks_of(second)[1], first.read_bytes()
    forged = Record.of_input(ping("tag-0", following_ms := decode_body(following.body)[0].at_ms, 9_999, at(10.0, 0.0)))
    told = Record(RecordKind.TRANSITION, following_ms, b'{"order":"O-0"}')
    for body in (following.body, block_body([[forged] * following.count]), block_body([[told] * following.count])):
        first.write_bytes(whole)
        put_behind(first, following, body)
        played = Playback(recording, "O-0", T0 - 1, T0 + HOUR_MS, 60_000)
        assert list(played.frames()) == frames
        assert played.exact
