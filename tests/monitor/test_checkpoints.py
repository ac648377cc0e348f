"""Promises of the checkpoints: what a full disk or a crash leaves of one harms neither those before it nor those after it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from monitor.journal import Journal, Record
from monitor.segments import SegmentWriter, Walk
from monitor.signing import Signer
from monitor.terms import Envelope
from monitor.verify import verify
from tests.monitor.test_journal import fill

DASH = "—".encode()  # the one letter of a note that takes more than a byte


async def commit(directory: Path) -> None:
    """One more segment with one block, and its checkpoint."""
    journal = Journal.open(directory)
    await journal.append([Record.of_input(Envelope(1_764_000_000_000, "v1/brc-1/ping", b"{}", qos=1))])
    journal.close()


def test_a_checkpoint_that_a_full_disk_cuts_short_is_said_and_harms_no_later_one(small_disk: Path) -> None:
    (small_disk / "journal").mkdir()
    writer = SegmentWriter(small_disk / "journal", Walk(), Signer.open(small_disk / "journal.key"))
    writer.checkpoint()
    with pytest.raises(OSError, match="No space left"):
        fill(small_disk / "filler")
    before, failed = 1, 0
    for _ in range(40):  # the page of the first one is full then
        try:
            writer.checkpoint()
            before += 1
        except OSError:
            failed += 1
    assert failed, "the page was full"
    (small_disk / "filler").unlink()
    writer.checkpoint()
    text = (small_disk / "journal" / "checkpoints").read_text()
    assert len(text.splitlines()) == 5 * (before + 1)
    assert "\0" not in text


def test_a_crash_in_the_middle_of_a_checkpoint_harms_no_other(tmp_path: Path) -> None:
    directory = tmp_path / "journal"
    notes = directory / "checkpoints"
    for _ in range(2):
        asyncio.run(commit(directory))
    whole = notes.read_bytes()
    last = whole.rfind(b"resguardo/journal\n")
    for cut in {whole.rfind(DASH) + byte for byte in range(len(DASH) + 1)} | {last + 1, last + 40, len(whole) - 1}:
        notes.write_bytes(whole[:cut])
        asyncio.run(commit(directory))
        verdict = verify(directory)
        assert verdict.ok, f"cut at byte {cut}: {verdict}"
        assert verdict.signed == verdict.blocks


@pytest.mark.parametrize("left", ["", "resguardo/jour", "resguardo/journal+00000000+AQ"])
def test_a_crash_while_the_public_key_is_published_loses_no_key(tmp_path: Path, left: str) -> None:
    directory = tmp_path / "journal"
    asyncio.run(commit(directory))
    key = (directory / "checkpoints.pub").read_text()
    (directory / "checkpoints.pub").write_text(left)
    asyncio.run(commit(directory))
    assert key.strip() in (directory / "checkpoints.pub").read_text().splitlines()
    assert os.listdir(directory).count("checkpoints.pub") == 1
