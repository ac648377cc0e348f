"""Promises about what `verify` says: an honest crash is no forgery, and what is not known is said."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from monitor.__main__ import main
from monitor.blocks import BLOCK, OPENING, OVERHEAD, encode_block
from monitor.journal import block_body
from monitor.records import Record, RecordKind
from monitor.segments import segments_of
from monitor.verify import export, verify
from monitor.wire import to_msgpack
from tests.monitor.test_verify import _write, envelope, journal, original

__all__ = ["journal", "original"]  # the fixtures


def put(directory: Path, body: bytes, cut: int | None = None) -> None:
    """One more block at the end, whole by itself, or as much of it as a crash leaves."""
    path = segments_of(directory)[-1]
    path.write_bytes(path.read_bytes() + encode_block(BLOCK, body, count=1, first=24, number=12)[:cut])


@pytest.mark.parametrize("cut", [1, OVERHEAD - 1, OVERHEAD, OVERHEAD + 10, -1])
def test_what_a_crash_leaves_of_a_write_is_told_and_is_no_forgery(journal: Path, cut: int) -> None:
    size = segments_of(journal)[-1].stat().st_size
    put(journal, block_body([[Record.of_input(envelope(24))]]), cut)
    verdict = verify(journal)
    assert verdict.ok, str(verdict)
    assert f"unfinished   00000002.segment at byte {size}: " in str(verdict)
    assert len(list(export(journal))) == 24


def test_a_crash_at_the_birth_of_a_segment_is_no_forgery(journal: Path) -> None:
    (journal / "00000003.segment").write_bytes(encode_block(OPENING, bytes(64), count=0, first=24, number=12)[:-20])
    assert verify(journal).ok


def test_what_is_cut_short_before_the_end_or_was_signed_for_is_a_fault(journal: Path) -> None:
    first, second = segments_of(journal)
    for path in (first, second):
        whole = path.read_bytes()
        path.write_bytes(whole[:-5])
        assert not verify(journal).ok
        path.write_bytes(whole)
    put(journal, block_body([[Record.of_input(envelope(24))]]))
    data = bytearray(second.read_bytes())
    data[-3] ^= 1
    second.write_bytes(data)
    assert not verify(journal).ok, "all of it is there, and it is not what was written"


async def test_each_key_is_named_with_what_it_signed(journal: Path) -> None:
    """Whoever writes a journal anew with a key of his own may leave the published one in the list."""
    published = (journal / "checkpoints.pub").read_text()
    shutil.rmtree(journal)
    await _write(journal)
    keys = journal / "checkpoints.pub"
    own = keys.read_text().strip()
    keys.write_text(published + keys.read_text())
    verdict = str(verify(journal))
    assert f"key          {published.strip()} (it signed 0 checkpoints)" in verdict
    assert f"key          {own} (it signed 4 checkpoints)" in verdict


def test_how_many_records_were_given_up_is_said(journal: Path) -> None:
    assert "lost" not in str(verify(journal))
    put(journal, block_body([[Record(RecordKind.LOST, 1, 5_000)]]))
    assert "lost         5000 records, which the monitor could not keep" in str(verify(journal))


@pytest.mark.parametrize("body", [[1, 1, 5], [1, 1, "abcd"], [1, 1, ["t", b"x"]], [1, 1, [1, "x", 0, 0]], [2, 1, None], [5, 1, -1], [9, 1, b""]])
def test_a_record_of_another_form_is_named_and_stops_no_export(journal: Path, body: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    put(journal, to_msgpack([body]))
    assert [str(fault) for fault in verify(journal).faults] == ["block 12 at byte 0: 1 records are announced, 0 can be read"]
    assert main(["export", str(journal)]) == 2
    said = capsys.readouterr()
    assert said.out.count("\n") == 24
    assert said.err.count("\n") == 1
    assert "what stands there is not everything: block 12" in said.err


def test_export_misses_a_newest_segment_that_was_taken_away(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    segments_of(journal)[-1].unlink()
    assert main(["export", str(journal)]) == 2
    assert "12 blocks were signed for, 6 are there" in capsys.readouterr().err


def test_a_checkpoint_kept_elsewhere_shows_what_was_taken_away_with_its_checkpoints(journal: Path) -> None:
    notes = journal / "checkpoints"
    lines = notes.read_text().splitlines(keepends=True)
    kept = "".join(lines[-5:])
    segments_of(journal)[-1].unlink()
    notes.write_text("".join(lines[:-5]))
    assert verify(journal).ok, "nothing in it tells"
    notes.write_text(notes.read_text() + kept)
    assert [str(fault) for fault in verify(journal).faults] == ["checkpoints at byte 0: 12 blocks were signed for, 6 are there"]
