"""Promises of `resguardo verify`: whatever is done to a journal is found; and its inputs can be taken out again."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from config.errors import BadInput
from monitor.__main__ import main
from monitor.blocks import BLOCK, OVERHEAD, Block, encode_block, scan
from monitor.journal import Journal, Record
from monitor.segments import segments_of
from monitor.signing import Checkpoint, Signer
from monitor.terms import Envelope
from monitor.verify import export, verify
from monitor.wire import envelope_from_line

COMMITS = 6
SEGMENTS = 2


def envelope(i: int) -> Envelope:
    return Envelope(1_764_000_000_000 + i, f"v1/brc-{i}/ping", b'{"v":1,"seq":%d}' % i, qos=1)


async def _write(directory: Path) -> None:
    for segment in range(SEGMENTS):
        journal = Journal.open(directory)
        for commit in range(COMMITS):
            start = 2 * (segment * COMMITS + commit)
            await journal.append([Record.of_input(envelope(i)) for i in (start, start + 1)])
        journal.close()


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("verify") / "journal"
    asyncio.run(_write(directory))
    return directory


@pytest.fixture
def journal(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "copy" / "journal"))


def blocks_of(segment: Path) -> list[Block]:
    return [item for item in scan(segment.read_bytes()) if isinstance(item, Block)]


def rewrite(segment: Path, blocks: list[Block]) -> None:
    segment.write_bytes(b"".join(block.raw for block in blocks))


def test_an_untouched_journal_is_whole(journal: Path) -> None:
    verdict = verify(journal)
    assert verdict.ok, str(verdict)
    assert (verdict.segments, verdict.blocks, verdict.signed) == (SEGMENTS, 12, 12)
    assert verdict.records == {"input": 24}
    assert "the journal is whole" in str(verdict)


def test_its_root_is_the_one_an_independent_tree_gives(journal: Path) -> None:
    tree = InmemoryTree(algorithm="sha256")
    for segment in segments_of(journal):
        for block in blocks_of(segment):
            if block.magic == BLOCK:
                tree.append_entry(block.raw)
    assert verify(journal).root == tree.get_root()


@given(segment=st.integers(0, SEGMENTS - 1), place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_flipped_bit_is_found(journal: Path, segment: int, place: float, bit: int) -> None:
    path = segments_of(journal)[segment]
    whole = path.read_bytes()
    data = bytearray(whole)
    data[int(place * len(data))] ^= 1 << bit
    path.write_bytes(data)
    assert not verify(journal).ok
    path.write_bytes(whole)


@given(segment=st.integers(0, SEGMENTS - 1), keep=st.floats(0, 1, exclude_max=True))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_truncation_is_found(journal: Path, segment: int, keep: float) -> None:
    path = segments_of(journal)[segment]
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole))])
    assert not verify(journal).ok
    path.write_bytes(whole)


@pytest.mark.parametrize("segment", range(SEGMENTS))
@pytest.mark.parametrize("index", range(1, COMMITS + 1))
def test_a_dropped_block_is_found(journal: Path, segment: int, index: int) -> None:
    path = segments_of(journal)[segment]
    blocks = blocks_of(path)
    del blocks[index]
    rewrite(path, blocks)
    assert not verify(journal).ok


@pytest.mark.parametrize("index", range(1, COMMITS))
def test_swapped_and_repeated_blocks_are_found(journal: Path, index: int) -> None:
    path = segments_of(journal)[0]
    blocks = blocks_of(path)
    rewrite(path, [*blocks[:index], blocks[index + 1], blocks[index], *blocks[index + 2 :]])
    assert not verify(journal).ok
    rewrite(path, [*blocks[: index + 1], blocks[index], *blocks[index + 1 :]])
    assert not verify(journal).ok


def forge(block: Block, number: int, first: int, body: bytes | None = None) -> Block:
    """A block that is whole in itself: whoever can write the disk can also reckon a CRC."""
    raw = encode_block(block.magic, block.body if body is None else body, count=block.count, first=first, number=number)
    return Block(block.magic, 0, number, first, block.count, raw)


def test_a_skilled_forgery_is_found_by_the_signatures(journal: Path) -> None:
    path = segments_of(journal)[0]
    blocks = blocks_of(path)
    changed = forge(blocks[3], blocks[3].number, blocks[3].first, blocks[3].body.replace(b"brc-4", b"brc-9"))
    assert changed.raw != blocks[3].raw
    rewrite(path, [*blocks[:3], changed, *blocks[4:]])
    verdict = verify(journal)
    assert any("not those that were signed for" in str(fault) for fault in verdict.faults)


def test_a_removed_record_renumbered_to_the_end_is_found(journal: Path) -> None:
    path = segments_of(journal)[-1]
    opening, *blocks = blocks_of(path)
    rest = [forge(block, block.number - 1, block.first - 2) for block in blocks[3:]]
    rewrite(path, [opening, *blocks[:2], *rest])
    verdict = verify(journal)
    assert any("12 blocks were signed" in str(fault) for fault in verdict.faults)


def test_a_missing_segment_is_found(journal: Path) -> None:
    for index in range(SEGMENTS):
        path = segments_of(journal)[index]
        whole = path.read_bytes()
        path.unlink()
        assert not verify(journal).ok
        path.write_bytes(whole)


async def test_a_segment_that_was_moved_away_is_missed_by_verify_alone(journal: Path, tmp_path: Path) -> None:
    first = segments_of(journal)[0]
    away = first.rename(tmp_path / first.name)
    going_on = Journal.open(journal)
    inputs = 2 * COMMITS * SEGMENTS
    assert await going_on.append([Record.of_input(envelope(inputs))]) == inputs + 1, "its place is counted from the very first"
    assert [record.envelope() for record in going_on.read(inputs - 1)] == [envelope(inputs - 1), envelope(inputs)]
    going_on.close()
    assert going_on.faults == ()
    assert not verify(journal).ok
    away.rename(first)
    assert verify(journal).ok


def test_checkpoints_of_another_key_or_none_at_all_are_no_proof(journal: Path, tmp_path: Path) -> None:
    notes = journal / "checkpoints"
    original = notes.read_text()
    root = verify(journal).root
    stranger = Signer.open(tmp_path / "stranger.key")
    bent = original[:-20] + ("A" if original[-20] != "A" else "B") + original[-19:]  # within the last signature; size and root stay true
    for text in ("", bent, stranger.sign(Checkpoint(12, root)), original.replace("\n12\n", "\n11\n"), original[:-3]):
        assert text != original
        notes.write_text(text)
        assert not verify(journal).ok, text


def test_blocks_younger_than_the_last_checkpoint_are_counted_as_unsigned(journal: Path) -> None:
    path = segments_of(journal)[-1]
    last = blocks_of(path)[-1]
    path.write_bytes(path.read_bytes() + forge(last, last.number + 1, last.first + last.count).raw)
    verdict = verify(journal)
    assert verdict.ok
    assert (verdict.blocks, verdict.signed) == (13, 12)


def test_records_that_cannot_be_read_are_found_and_named(journal: Path) -> None:
    path = segments_of(journal)[-1]
    last = blocks_of(path)[-1]
    path.write_bytes(path.read_bytes() + forge(last, last.number + 1, last.first + last.count, b"\xc1").raw)
    assert [fault.file for fault in verify(journal).faults] == ["block 12"]


def test_export_gives_back_every_input_in_order(journal: Path) -> None:
    lines = list(export(journal))
    assert [envelope_from_line(line.encode(), "here") for line in lines] == [envelope(i) for i in range(24)]


def test_export_of_a_damaged_journal_says_that_it_is_not_everything(journal: Path) -> None:
    path = segments_of(journal)[0]
    data = bytearray(path.read_bytes())
    data[blocks_of(path)[2].offset + OVERHEAD] ^= 0xFF
    path.write_bytes(data)
    lines: list[str] = []
    with pytest.raises(BadInput, match="not everything"):
        lines.extend(export(journal))
    assert main(["export", str(journal)]) == 2


def test_the_command_line_tells_whole_damaged_and_wrong_apart(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(journal)]) == 0
    segment = segments_of(journal)[0]
    offset = blocks_of(segment)[2].offset
    data = bytearray(segment.read_bytes())
    data[offset + OVERHEAD] ^= 1
    segment.write_bytes(data)
    assert main(["verify", str(journal)]) == 1
    assert re.search(rf"{segment.name} at byte {offset}: \d+ bytes are damaged", capsys.readouterr().out)
    assert main(["verify", str(journal.parent)]) == 2
    assert "not the directory of a journal" in capsys.readouterr().err
