"""The journal's files: walk through them in order, find where they end, and write the next block.

Every start, and every failed write, begins a new segment; so nothing is ever written behind bytes of doubtful fate.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from monitor.blocks import BLOCK, OPENING, Block, Damage, block_at, encode_block, is_begun, scan
from monitor.files import sync_directory, write_all
from monitor.merkle import HASH_BYTES, Frontier, leaf_hash
from monitor.signing import Checkpoint, Signer, split_notes

SEGMENT_BYTES = 64 << 20  # read as a whole at a start: 0.2 s
RESERVE_BYTES = 1 << 20  # given back when the disk is full: room for what is in flight, and for saying so
OPENING_BYTES_MAX = 64 + 64 * HASH_BYTES
_LOST = leaf_hash(b"")  # stands for a block that is not there, so that those after it keep their places


def segments_of(directory: Path) -> list[Path]:
    """The segments of a journal, oldest first."""
    return sorted(directory.glob("[0-9]" * 8 + ".segment"))


@dataclass(frozen=True, slots=True)
class Fault:
    """Something is wrong at this byte of this file."""

    file: str
    offset: int
    what: str

    def __str__(self) -> str:
        return f"{self.file} at byte {self.offset}: {self.what}"


@dataclass(slots=True)
class Walk:
    """Goes through segments in order; afterwards it knows what was wrong, and where the journal stands."""

    partial: bool = False  # begun with whatever segment is the first: those before it are not asked for
    until: int | None = None  # with this block a segment begins that comes behind those that are walked through
    number: int = 0  # of the next block
    first: int = 0  # number of its first record
    frontier: Frontier = field(default_factory=Frontier)
    faults: list[Fault] = field(default_factory=list)
    unfinished: Fault | None = None  # a block at the very end whose writing was cut short: nobody was told that it is kept
    again: dict[int, tuple[Path, int, bytes]] = field(default_factory=dict)  # (file, byte, hash) by number: a later segment has it too

    def blocks(self, paths: Sequence[Path]) -> Iterator[Block]:
        """Every whole block that stands where it belongs. Raises OSError."""
        openings = [opening_of(path) for path in paths]
        for index, path in enumerate(paths):
            # What a later segment begins with was written again there: it counts there only.
            until = min((later.number for later in openings[index + 1 :] if later is not None), default=self.until)
            yield from self._segment(path, until, is_last=index == len(paths) - 1)
        if self.until is None:
            for number, (path, offset, _) in self.again.items():
                self._fault(path, offset, f"block {number} belongs to a later segment, and is not there")

    def _segment(self, path: Path, until: int | None, *, is_last: bool) -> Iterator[Block]:
        data = path.read_bytes()
        for item in scan(data):
            if isinstance(item, Damage):
                # Bytes that a later segment makes up for are a write cut short; it begins where the whole blocks end.
                if until is None and is_last and is_begun(data[item.offset :]):
                    self.unfinished = Fault(path.name, item.offset, f"{item.end - item.offset} bytes of a block that was being written")
                elif until is None or self.number < until:
                    self._fault(path, item.offset, f"{item.end - item.offset} bytes are damaged")
            elif item.magic == OPENING:
                self._open(path, item)
            elif until is not None and item.number >= until:
                self._compare(item, self.again.setdefault(item.number, (path, item.offset, leaf_hash(item.raw))), path)
            elif item.number < self.number:
                self._fault(path, item.offset, f"block {item.number} is out of place: expected block {self.number}")
            else:
                self._advance(path, item)
                yield item

    def _open(self, path: Path, opening: Block) -> None:
        if self.partial:
            self.partial = False
            self._adopt(opening)
        elif (opening.number, opening.first, opening.body) != (self.number, self.first, self.frontier.edge):
            self._fault(path, opening.offset, f"begins at block {opening.number}, expected block {self.number} with the same past")
            self._adopt(opening)

    def _adopt(self, opening: Block) -> None:
        self.number, self.first = opening.number, opening.first
        with suppress(ValueError):
            self.frontier = Frontier(opening.number, opening.body)

    def _advance(self, path: Path, block: Block) -> None:
        if (block.number, block.first) != (self.number, self.first):
            self._fault(path, block.offset, f"block {block.number} stands where block {self.number} should be")
            for _ in range(self.number, block.number):
                self.frontier.append(_LOST)
        if (before := self.again.pop(block.number, None)) is not None:
            self._compare(block, before, path)
        self.frontier.append(leaf_hash(block.raw))
        self.number, self.first = block.number + 1, block.first + block.count

    def _compare(self, block: Block, before: tuple[Path, int, bytes], path: Path) -> None:
        if before[2] != leaf_hash(block.raw):
            self._fault(before[0], before[1], f"block {block.number} is not as it stands in {path.name}")

    def _fault(self, path: Path, offset: int, what: str) -> None:
        self.faults.append(Fault(path.name, offset, what))


def opening_of(path: Path) -> Block | None:
    """What a segment begins with; None where that is damaged. Raises OSError."""
    with path.open("rb") as file:
        block = block_at(file.read(OPENING_BYTES_MAX), 0)
    return block if block is not None and block.magic == OPENING else None


def first_segment_for(paths: Sequence[Path], record: int) -> int:
    """Index of the segment in which to begin in order to meet `record`."""
    for index in range(len(paths) - 1, 0, -1):
        opening = opening_of(paths[index])
        if opening is not None and opening.first <= record:
            return index
    return 0


def resume(directory: Path) -> Walk:
    """Where a journal ends. A tail cut short by a crash is set aside in a `.torn` file. Raises OSError."""
    paths = segments_of(directory)
    last = next((index for index in range(len(paths) - 1, 0, -1) if opening_of(paths[index]) is not None), 0)
    for path in paths[last:]:
        _cut_torn_tail(path)
    walk = Walk(partial=True)
    for _ in walk.blocks(paths[last:]):
        pass
    return walk


def _cut_torn_tail(path: Path) -> None:
    data = path.read_bytes()
    tail = next(reversed(list(scan(data))), None)
    if isinstance(tail, Damage) and tail.end == len(data):
        aside = path.with_suffix(".torn")
        try:
            aside.write_bytes(data[tail.offset :])
        except OSError:  # a full disk: it stays where it is, and what comes goes to a new segment anyway
            aside.unlink(missing_ok=True)
            return
        with path.open("r+b") as file:
            file.truncate(tail.offset)
            os.fsync(file.fileno())


class SegmentWriter:
    """Puts blocks and checkpoints on disk. Used by one thread."""

    def __init__(self, directory: Path, walk: Walk, signer: Signer) -> None:
        self._directory = directory
        self._walk = walk
        self._signer = signer
        self._file: int | None = None
        self._path = directory
        self._size = 0
        self._blocks = 0
        paths = segments_of(directory)
        self._segment = int(paths[-1].stem) if paths else 0
        self._reserve = directory / "reserve"
        self._notes = directory / "checkpoints"
        self._notes_bytes = self._whole_notes()

    @property
    def records(self) -> int:
        """Records on disk."""
        return self._walk.first

    @property
    def blocks(self) -> int:
        """Blocks on disk."""
        return self._walk.number

    def write(self, body: bytes, count: int) -> None:
        """Put one block on disk. Raises OSError: then it is as if nothing had been written, and the next try has a new segment."""
        walk = self._walk
        raw = encode_block(BLOCK, body, count=count, first=walk.first, number=walk.number)
        if self._file is None or self._size >= SEGMENT_BYTES:
            self._begin()
        self._put(raw)
        self._blocks += 1
        walk.frontier.append(leaf_hash(raw))
        walk.number, walk.first = walk.number + 1, walk.first + count

    def _begin(self) -> None:
        self.close()
        walk = self._walk
        self._segment += 1
        self._path = self._directory / f"{self._segment:08}.segment"
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._size = self._blocks = 0
        self._put(encode_block(OPENING, walk.frontier.edge, count=0, first=walk.first, number=walk.number))
        sync_directory(self._directory)

    def _put(self, raw: bytes) -> None:
        assert self._file is not None
        try:
            write_all(self._file, raw)
            os.fdatasync(self._file)
            if not self._has_its_name(self._file):  # what was removed under us takes what is written to it for ever, and nobody can read it
                raise OSError(errno.ESTALE, "another file has the segment's name")
        except OSError:
            self._abandon(self._file)
            raise
        self._size += len(raw)

    def _has_its_name(self, file: int) -> bool:
        """Whether the segment is found where it was made. Raises OSError where nothing is."""
        return os.path.samestat(os.fstat(file), os.stat(self._path))

    def _abandon(self, file: int) -> None:
        """Leave a segment whose disk has failed us, without the bytes of doubtful fate where that can be done."""
        with suppress(OSError):
            os.ftruncate(file, self._size)
        with suppress(OSError):
            if not self._blocks and self._has_its_name(file):
                self._path.unlink()
        self.close()

    def close(self) -> None:
        """End the segment."""
        if self._file is not None:
            with suppress(OSError):
                os.close(self._file)
            self._file = None

    # --- the reserve --------------------------------------------------------------------------------------------

    def release_reserve(self) -> None:
        """Give the reserved room to the journal."""
        with suppress(OSError):
            self._reserve.unlink()

    def keep_reserve(self) -> bool:
        """Reserve room for bad times; whether there is any."""
        if self._reserve.exists():
            return True
        fresh = self._reserve.with_suffix(".new")
        try:
            with fresh.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
            os.replace(fresh, self._reserve)
        except OSError:
            with suppress(OSError):
                fresh.unlink()
            return False
        return True

    # --- checkpoints --------------------------------------------------------------------------------------------

    def checkpoint(self) -> None:
        """Sign what is on disk. Raises OSError."""
        frontier = self._walk.frontier
        note = self._signer.sign(Checkpoint(frontier.size, frontier.root())).encode()
        file = os.open(self._notes, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.ftruncate(file, self._notes_bytes)  # what a failed try has left
            os.lseek(file, self._notes_bytes, os.SEEK_SET)
            write_all(file, note)
            os.fdatasync(file)
        finally:
            os.close(file)
        self._notes_bytes += len(note)

    def _whole_notes(self) -> int:
        try:
            text = self._notes.read_bytes()
        except FileNotFoundError:
            return 0
        return len(text) - len(split_notes(text.decode("latin-1"))[1])  # one letter a byte: a cut may go through the middle of a letter
