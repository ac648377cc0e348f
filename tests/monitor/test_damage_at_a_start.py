"""A start that finds damage, or no room, starts all the same: nobody is protected by a service that gives up."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

import pytest

from monitor.journal import Journal
from monitor.segments import segments_of
from monitor.snapshot import Snapshot, read_snapshots, write_snapshot
from tests.monitor.test_journal import ENVELOPES, INPUTS, fill, inputs, written


def opened(directory: Path) -> Journal:
    async def go_on() -> Journal:
        journal = Journal.open(directory)
        await journal.append(INPUTS)
        journal.close()
        return journal

    return asyncio.run(go_on())


@pytest.mark.parametrize("owed", [b"", b"somebody is owed this"])
def test_a_snapshot_with_another_place_in_the_journal_is_none(tmp_path: Path, owed: bytes) -> None:
    """A flipped bit of the place would skip the tail: an emergency would be a caution again, without a word."""
    path = tmp_path / "snapshot"
    write_snapshot(path, Snapshot(3, b"state", owed))
    whole = path.read_bytes()
    end = whole.index(b"\n")
    for at in range(end):
        for bit in range(8):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
            assert list(read_snapshots(path)) in ([], [Snapshot(3, b"state", owed)])
    path.write_bytes(whole)
    assert list(read_snapshots(path)) == [Snapshot(3, b"state", owed)]


def test_a_torn_tail_on_a_full_disk_stays_where_it_is_and_the_journal_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / "journal"
    written(directory)
    segment = segments_of(directory)[-1]
    segment.write_bytes(segment.read_bytes()[:-3])
    torn = segment.read_bytes()
    write = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if path.suffix == ".torn":
            write(path, data[:1])
            raise OSError(errno.ENOSPC, "planted")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    found = inputs(opened(directory))
    assert found[-len(INPUTS) :] == ENVELOPES
    assert segment.read_bytes() == torn
    assert not segment.with_suffix(".torn").exists(), "a part of it would be no evidence"


def test_a_damaged_list_of_keys_and_a_file_that_is_no_segment_stop_no_start(tmp_path: Path) -> None:
    directory = tmp_path / "journal"
    written(directory)
    keys = directory / "checkpoints.pub"
    keys.write_bytes(b"\xff\xfe" + keys.read_bytes())
    (directory / "abcdefgh.segment").write_bytes(b"what is this?")
    assert inputs(opened(directory))[-len(INPUTS) :] == ENVELOPES
    assert b"abcdefgh" not in b"".join(str(path).encode() for path in segments_of(directory))


def test_a_torn_tail_on_a_disk_that_is_really_full(small_disk: Path) -> None:
    directory = small_disk / "journal"
    written(directory)
    segment = segments_of(directory)[-1]
    segment.write_bytes(segment.read_bytes()[:-3])
    with pytest.raises(OSError, match="No space left"):
        fill(small_disk / "filler")
    assert inputs(opened(directory))[-len(INPUTS) :] == ENVELOPES, "the reserve is for this"
