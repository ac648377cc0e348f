"""Promises of the record: what was acknowledged is on disk, and a failing disk stops no one."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from monitor import journal as module
from monitor.blocks import BLOCK, OVERHEAD, Damage, block_at, encode_block, scan
from monitor.journal import Journal, Record, RecordKind, decode_body
from monitor.merkle import Frontier, leaf_hash
from monitor.segments import Walk, segments_of
from monitor.terms import Envelope

ROOT = Path(__file__).parents[2]
ENVELOPES = [Envelope(1_000 + i, f"v1/brc-{i}/ping", b"\x00\xff" * i, retained=i % 2 == 0, qos=i % 3) for i in range(10)]
INPUTS = [Record.of_input(envelope) for envelope in ENVELOPES]
REAL_SYNC = os.fdatasync


async def until(true: Callable[[], Any], what: str) -> None:
    try:
        async with asyncio.timeout(10):
            while not true():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"not within 10 s: {what}") from None


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    made = Journal.open(tmp_path / "journal")
    yield made
    made.close()


def inputs(journal: Journal, start: int = 0) -> list[Envelope]:
    return [record.envelope() for record in journal.read(start) if record.kind is RecordKind.INPUT]


def written(directory: Path, batches: int = 4) -> Path:
    """A journal of some blocks of three records each, closed cleanly."""

    async def write() -> None:
        journal = Journal.open(directory)
        for i in range(batches):
            await journal.append([record._replace(at_ms=i * 10) for record in INPUTS[:3]])
        journal.close()

    asyncio.run(write())
    return directory


async def test_every_envelope_comes_back_as_it_came(journal: Journal) -> None:
    assert await journal.append(INPUTS) == 10
    assert inputs(journal) == ENVELOPES
    assert inputs(journal, 7) == ENVELOPES[7:]


async def test_a_topic_that_is_no_unicode_harms_no_other(journal: Journal) -> None:
    await journal.append([INPUTS[0], Record.of_input(Envelope(1, "v1/\ud800/ping", b"x")), INPUTS[1]])
    assert [e.at_ms for e in inputs(journal)] == [ENVELOPES[0].at_ms, 1, ENVELOPES[1].at_ms]
    assert inputs(journal)[1].payload == b"x"


async def test_each_append_learns_where_its_own_records_end(journal: Journal) -> None:
    futures = [journal.append(INPUTS[:n]) for n in (5, 0, 3)]
    assert [await future for future in futures] == [5, 5, 8]


async def test_what_waits_together_is_committed_together(journal: Journal) -> None:
    await asyncio.gather(*(journal.append(INPUTS[:1]) for _ in range(500)))
    blocks = sum(1 for path in segments_of(journal._directory) for item in scan(path.read_bytes()) if item.magic == BLOCK)  # type: ignore[union-attr]
    assert 1 <= blocks <= 50, "one fdatasync an append would be 500"


async def test_the_next_start_goes_on_where_the_last_one_ended(tmp_path: Path) -> None:
    for run in range(3):
        journal = Journal.open(tmp_path / "journal")
        assert journal.faults == ()
        assert await journal.append(INPUTS) == 10 * (run + 1)
        journal.close()
    journal = Journal.open(tmp_path / "journal")
    assert inputs(journal) == ENVELOPES * 3
    assert inputs(journal, 25) == ENVELOPES[5:]
    journal.close()


async def test_close_writes_what_still_waits(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal")
    journal.append(INPUTS)
    journal.close()
    assert inputs(journal) == ENVELOPES


def test_the_signing_key_is_for_its_owner_only_and_outside_the_journal(tmp_path: Path) -> None:
    written(tmp_path / "journal")
    key = tmp_path / "journal.key"
    assert key.stat().st_mode & 0o777 == 0o600
    secret = key.read_bytes()
    assert not [p for p in (tmp_path / "journal").iterdir() if secret in p.read_bytes()]


def test_an_unusable_key_stops_nothing(tmp_path: Path) -> None:
    written(tmp_path / "journal")
    (tmp_path / "journal.key").write_bytes(b"not a key")
    written(tmp_path / "journal")
    assert (tmp_path / "journal.unusable").read_bytes() == b"not a key"
    assert len((tmp_path / "journal" / "checkpoints.pub").read_text().splitlines()) == 2


# --- after a crash ---------------------------------------------------------------------------------------------------

WRITER = """
import asyncio, sys
from pathlib import Path
from monitor.journal import Journal, Record
from monitor.terms import Envelope

async def main():
    journal = Journal.open(Path(sys.argv[1]))
    at_ms = sum(1 for _ in journal.read())
    while True:
        place = await journal.append([Record.of_input(Envelope(at_ms + i, "t", b"x" * 50)) for i in range(20)])
        at_ms += 20
        print(place, flush=True)

asyncio.run(main())
"""


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    acknowledged = 0
    for kill_after in (1, 7, 20):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path / "journal")], stdout=subprocess.PIPE, cwd=ROOT)
        assert process.stdout is not None
        for _ in range(kill_after):
            acknowledged = int(process.stdout.readline())
        process.kill()
        acknowledged = max([acknowledged, *(int(line) for line in process.stdout.read().split())])
        process.wait()
        found = [record.at_ms for record in Journal.read(_reader(tmp_path / "journal"))]
        assert found == list(range(len(found)))
        assert len(found) >= acknowledged > 0


def _reader(directory: Path) -> Journal:
    """The reading half of a journal, without a thread."""
    reader = object.__new__(Journal)
    reader._directory = directory
    return reader


@given(cut=st.integers(1, 400))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_tail_cut_short_is_set_aside_and_the_rest_goes_on(tmp_path: Path, cut: int) -> None:
    directory = tmp_path / "journal"
    shutil.rmtree(directory, ignore_errors=True)
    written(directory)
    segment = segments_of(directory)[-1]
    whole = segment.read_bytes()
    cut = min(cut, len(whole) - 1)
    segment.write_bytes(whole[:-cut])

    async def go_on() -> tuple[int, list[Envelope]]:
        journal = Journal.open(directory)
        place = await journal.append(INPUTS)
        journal.close()
        return place, inputs(journal)

    place, found = asyncio.run(go_on())
    kept = len(found) - len(INPUTS)
    assert kept in (0, 3, 6, 9)
    assert place == len(found)
    assert found[kept:] == ENVELOPES
    assert not [item for item in scan(segment.read_bytes()) if isinstance(item, Damage)]
    torn = segment.with_suffix(".torn")
    assert segment.read_bytes() + (torn.read_bytes() if torn.exists() else b"") == whole[:-cut]


@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_flipped_bit_is_reported_with_its_place_and_costs_at_most_its_block(tmp_path: Path, place: float, bit: int) -> None:
    directory = tmp_path / "journal"
    shutil.rmtree(directory, ignore_errors=True)
    segment = segments_of(written(directory))[0]
    data = bytearray(segment.read_bytes())
    at = int(place * len(data))
    data[at] ^= 1 << bit
    segment.write_bytes(data)
    damage = [item for item in scan(bytes(data)) if isinstance(item, Damage)]
    assert len(damage) == 1
    assert damage[0].offset <= at < damage[0].end
    found = [record.at_ms for record in _reader(directory).read()]
    assert len(found) >= 9
    assert set(found) <= {0, 10, 20, 30}


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_scanned_to_their_end(data: bytes) -> None:
    ends = [item.end for item in scan(data)]
    assert (ends or [0])[-1] == len(data)


def test_a_payload_that_imitates_a_block_is_not_taken_for_one() -> None:
    forged = encode_block(BLOCK, b"\x90", count=0, first=0, number=77)
    blocks = [encode_block(BLOCK, body, count=1, first=i, number=i) for i, body in enumerate((b"\x01", forged, b"\x02"))]
    data = bytearray(b"".join(blocks))
    data[len(blocks[0]) + 5] ^= 1  # the header of the block that holds the forged one
    found = [item.number for item in scan(bytes(data)) if not isinstance(item, Damage)]
    assert found == [0, 2]
    assert block_at(bytes(data), len(blocks[0]) + OVERHEAD) is not None, "the forgery is a whole block by itself"


# --- a failing disk --------------------------------------------------------------------------------------------------


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


async def test_a_full_disk_degrades_and_once_there_is_room_all_that_waited_is_written(small_disk: Path) -> None:
    journal = Journal.open(small_disk / "journal")
    await journal.append(INPUTS)
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="No space left"):
        fill(filler)
    big = [Record.of_input(Envelope(5, "t", bytes(100_000)))] * 15
    futures = [journal.append(big), journal.append(INPUTS)]
    await until(lambda: journal._failing, "the disk is full")
    assert journal.degraded
    assert not (small_disk / "journal" / "reserve").exists(), "the reserve was given back"
    assert not futures[0].done(), "nobody is told that it is on disk"
    filler.unlink()
    assert [await asyncio.wait_for(future, 10) for future in futures] == [25, 35]
    await journal.append([])
    assert not journal.degraded, "back to normal, with a reserve"
    journal.close()
    assert inputs(journal) == [*ENVELOPES, *[record.envelope() for record in big], *ENVELOPES]
    again = Journal.open(small_disk / "journal")
    assert again.faults == ()
    again.close()


async def test_a_failed_sync_is_never_taken_for_done(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    await journal.append(INPUTS)
    real, failures = os.fdatasync, []

    def failing(file: int) -> None:
        if len(failures) < 3:
            failures.append(file)
            raise OSError(5, "Input/output error")
        real(file)

    before = len(segments_of(journal._directory))
    monkeypatch.setattr(os, "fdatasync", failing)
    assert await asyncio.wait_for(journal.append(INPUTS), 10) == 20
    assert len(failures) == 3, "the fault really happened"
    assert len(segments_of(journal._directory)) > before, "written again in a new segment"
    on_disk = b"".join(path.read_bytes() for path in segments_of(journal._directory))
    assert on_disk.count(ENVELOPES[3].topic.encode()) == 2, "what failed was cut off"
    assert inputs(journal) == ENVELOPES * 2


async def test_bytes_of_doubtful_fate_are_written_again_and_read_once(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The write arrived, the sync failed, and not even cutting it off works."""
    await journal.append(INPUTS)

    def failing_once(_file: int) -> None:
        monkeypatch.setattr(os, "fdatasync", REAL_SYNC)
        raise OSError(5, "Input/output error")

    def refusing(_file: int, _size: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "ftruncate", refusing)
    monkeypatch.setattr(os, "fdatasync", failing_once)
    assert await asyncio.wait_for(journal.append(INPUTS), 10) == 20
    on_disk = b"".join(path.read_bytes() for path in segments_of(journal._directory))
    assert on_disk.count(ENVELOPES[3].topic.encode()) == 3, "twice by the failed commit, once by the first"
    assert inputs(journal) == ENVELOPES * 2


def test_half_a_block_that_a_later_segment_makes_up_for_is_no_fault(tmp_path: Path) -> None:
    directory = written(written(tmp_path / "journal"))
    first, second = segments_of(directory)
    raw = next(item.raw for item in scan(second.read_bytes()) if not isinstance(item, Damage) and item.magic == BLOCK)
    whole = first.read_bytes()
    for half in (raw, raw[:-5]):  # a write whose sync failed, and one that failed itself; neither could be cut off
        first.write_bytes(whole + half)
        walk = Walk()
        assert [block.number for block in walk.blocks([first, second])] == list(range(8))
        assert walk.faults == []


async def test_without_memory_the_count_of_what_was_lost_stands_in_its_place(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITING_BYTES_MAX", 10_000)

    def broken(file: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", broken)
    first = journal.append(INPUTS[:1])
    await until(lambda: journal._failing, "the disk fails")
    kept, lost = journal.append(INPUTS), journal.append([*INPUTS, *INPUTS])
    assert journal.lost == 20
    monkeypatch.setattr(os, "fdatasync", REAL_SYNC)
    assert await asyncio.wait_for(first, 10) == 1
    await asyncio.wait_for(kept, 10)
    await until(lost.done, "the lost append ends")
    assert lost.cancelled(), "its devices keep their pings"
    records = list(journal.read())
    assert [record.body for record in records if record.kind is RecordKind.LOST] == [20]
    assert inputs(journal) == [ENVELOPES[0], *ENVELOPES]


async def test_append_returns_at_once_while_the_disk_hangs(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    hung = asyncio.Event()
    loop, released = asyncio.get_running_loop(), []

    def hanging(file: int) -> None:
        loop.call_soon_threadsafe(hung.set)
        while not released:
            time.sleep(0.005)
        REAL_SYNC(file)

    monkeypatch.setattr(os, "fdatasync", hanging)
    first = journal.append(INPUTS)
    await asyncio.wait_for(hung.wait(), 10)
    later = journal.append(INPUTS)  # were it to wait for the disk, it would wait for ever
    assert not first.done()
    await asyncio.sleep(0.05)
    assert journal.behind_s >= 0.05, "the disk is seen to hang"
    released.append(True)
    assert await asyncio.wait_for(later, 10) == 20
    await until(lambda: journal.behind_s == 0.0, "and to have caught up")


# --- the tree --------------------------------------------------------------------------------------------------------


@given(st.integers(0, 70), st.integers(0, 70))
@settings(max_examples=60, deadline=None)
def test_the_tree_is_that_of_rfc_6962(before: int, after: int) -> None:
    theirs = InmemoryTree(algorithm="sha256")
    ours = Frontier()
    for i in range(before + after):
        if i == before:
            ours = Frontier(ours.size, ours.edge)  # going on from what was kept
        leaf = f"block {i}".encode()
        theirs.append_entry(leaf)
        ours.append(leaf_hash(leaf))
    assert ours.root() == theirs.get_root()
    assert ours.size == before + after


def test_records_of_a_kind_unknown_to_this_release_are_refused() -> None:
    with pytest.raises(ValueError, match="not the records of a journal"):
        decode_body(bytes([0x91, 0x93, 99, 0, 0xC0]))
