"""The record while somebody takes its files away: what nobody could ever read again is not taken for kept."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

from monitor import journal as module
from monitor.journal import Journal
from monitor.segments import SegmentWriter, Walk, segments_of
from monitor.signing import Signer
from tests.monitor.test_journal import ENVELOPES, INPUTS, inputs, journal, until

__all__ = ["journal"]  # the fixture


async def test_a_removed_segment_is_followed_by_a_new_one(journal: Journal) -> None:
    await journal.append(INPUTS)
    (old,) = segments_of(journal._directory)
    old.unlink()
    assert await asyncio.wait_for(journal.append(INPUTS), 10) == 20
    (new,) = segments_of(journal._directory)
    assert new != old
    assert inputs(journal, 10) == ENVELOPES, "what was kept after the loss can be read"


async def test_a_segment_replaced_by_another_file_is_not_written_to(journal: Journal) -> None:
    await journal.append(INPUTS)
    (old,) = segments_of(journal._directory)
    shutil.copy(old, old.with_suffix(".copy"))
    old.with_suffix(".copy").replace(old)
    assert await asyncio.wait_for(journal.append(INPUTS), 10) == 20
    assert inputs(journal) == ENVELOPES * 2


def test_the_file_that_has_taken_the_place_of_an_empty_segment_is_left_alone(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, Walk(), Signer.open(tmp_path / "key"))
    writer._begin()
    (place,) = segments_of(tmp_path)
    (tmp_path / "other").write_bytes(b"somebody's")
    (tmp_path / "other").replace(place)
    with pytest.raises(OSError, match="another file"):
        writer.write(b"\x90", 0)
    assert place.read_bytes() == b"somebody's"


async def test_a_removed_directory_degrades_and_all_that_waited_is_written_once_it_is_back(journal: Journal) -> None:
    await journal.append(INPUTS)
    shutil.rmtree(journal._directory)
    waits = journal.append(INPUTS)
    await until(lambda: journal.degraded, "the directory is gone")
    assert not waits.done(), "nobody is told that it is on disk"
    journal._directory.mkdir()
    assert await asyncio.wait_for(waits, 10) == 20
    assert inputs(journal, 10) == ENVELOPES


async def test_a_checkpoint_that_fails_degrades_and_is_not_tried_with_each_commit(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def failing() -> NoReturn:
        tried.append(1)
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(module, "CHECKPOINT_BLOCKS", 1)
    monkeypatch.setattr(journal._writer, "checkpoint", failing)
    for _ in range(5):
        await journal.append(INPUTS)
    assert (len(tried), journal.degraded) == (1, True)
    monkeypatch.undo()
    monkeypatch.setattr(module, "CHECKPOINT_EVERY_S", 0.0)
    await journal.append(INPUTS)
    await journal.append(INPUTS)
    assert not journal.degraded, "back to normal with the next one that is written"
