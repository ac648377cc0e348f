"""The record of everything that came in and everything that was decided: append-only, on disk before a device may forget.

`append` never blocks and never raises for the disk's sake. A thread of its own commits all that waits as one block: one
write, one fdatasync. While the disk fails, what waits is kept in memory and tried again in a new segment.
"""

from __future__ import annotations

import asyncio
import errno
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from monitor.arrivals import Arrivals
from monitor.files import put_file
from monitor.journal_reader import JournalReader
from monitor.log import get_logger
from monitor.records import INPUT, Record, RecordKind, decode_body
from monitor.segments import SegmentWriter, Walk, resume
from monitor.signing import Signer
from monitor.wire import to_msgpack

__all__ = ["Journal", "Record", "RecordKind", "block_body", "decode_body"]

COMMIT_EVERY_S = 0.005  # commits closer together than this cost the disk more than they save anyone
BLOCK_RECORDS_MAX = 20_000  # about 6 MB: a backlog must not become one write that takes seconds
WAITING_BYTES_MAX = 256 << 20  # ten minutes of 1,000 pings/s while the disk is away
RECORD_BYTES = 400  # what a waiting record takes in memory besides its payload (measured: 350 to 420)
RETRY_S_MIN, RETRY_S_MAX = 0.05, 1.0  # after a failed write
CHECKPOINT_EVERY_S, CHECKPOINT_BLOCKS = 60.0, 1_000  # what may be rewritten unnoticed is younger than this
CLOSE_S_MAX = 2.0  # for the last commit; the whole shutdown has 5 s

_log = get_logger("journal")


@dataclass(slots=True)
class _Waiting:
    """One append on its way to the disk; `records` is None once they had to be given up."""

    records: Sequence[Record] | Arrivals | None
    count: int
    size: int
    future: asyncio.Future[int]
    since_s: float  # monotonic


class Journal(JournalReader):
    """The front of the journal, for the event loop; the writer thread behind it."""

    def __init__(self, directory: Path, writer: SegmentWriter, walk: Walk) -> None:
        super().__init__(directory)
        self._writer = writer
        self.faults = tuple(walk.faults)  # found in what the start had to read
        self._waiting: deque[_Waiting] = deque()
        self._bytes = 0
        self._lost = 0
        self._writing_s: float | None = None  # since when the oldest record that is being written has waited
        self._wake = threading.Condition()
        self._closing = False
        self._failing = False
        self._reserved = writer.keep_reserve()
        self._noted_s, self._noted_blocks = time.monotonic(), writer.blocks
        self._note_failed = False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    @classmethod
    def open(cls, directory: Path) -> Journal:
        """Open or begin a journal. Raises OSError where the disk refuses, ValueError for a key that is none."""
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        signer = Signer.open(directory.parent / f"{directory.name}.key")
        _publish_key(directory / "checkpoints.pub", str(signer.verifier))
        walk = resume(directory)
        for fault in walk.faults:
            _log.error("journal_damaged", path=fault.file, offset=fault.offset)
        writer = SegmentWriter(directory, walk, signer)
        with suppress(OSError):  # the first commits will say it
            writer.checkpoint()
        journal = cls(directory, writer, walk)
        journal._thread.start()
        return journal

    # --- for the event loop -------------------------------------------------------------------------------------

    def append(self, records: Sequence[Record] | Arrivals) -> asyncio.Future[int]:
        """Queue records, or what has arrived as it is; the future resolves with the number of records on disk up to and including these.

        An empty sequence is committed too, as a sign of life. While the disk fails the future waits; it is cancelled
        if its records had to be given up for want of memory.
        """
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(records, len(records), 0, future, time.monotonic())
        if isinstance(records, Arrivals):
            waiting.size = RECORD_BYTES + records.size
        elif records:
            payloads = sum([len(record[2][1]) for record in records if record[0] is INPUT])
            waiting.size = RECORD_BYTES * len(records) + payloads
        with self._wake:
            if self._bytes + waiting.size > WAITING_BYTES_MAX and records:
                waiting.records, waiting.size = None, 0
                self._lost += len(records)
                if isinstance(records, Arrivals):
                    records.kept = False  # they are judged all the same, but no later receipt must cover them
            self._bytes += waiting.size
            self._waiting.append(waiting)
            self._wake.notify()
        return future

    @property
    def degraded(self) -> bool:
        """Whether records wait because the disk fails, the last checkpoint failed, or the reserve for a full disk is spent."""
        return self._failing or self._note_failed or not self._reserved

    @property
    def behind_s(self) -> float:
        """For how long the oldest record has waited for the disk; by the writer's thread, however busy the event loop is."""
        with self._wake:
            waiting_s = self._waiting[0].since_s if self._waiting else None
            since_s = waiting_s if self._writing_s is None else self._writing_s
        return 0.0 if since_s is None else time.monotonic() - since_s

    @property
    def lost(self) -> int:
        """Records given up since the start."""
        return self._lost

    def close(self) -> None:
        """Commit what waits, sign the end, stop. Blocks for at most CLOSE_S_MAX."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(CLOSE_S_MAX)

    # --- the writer's thread ------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            batch = self._take()
            if batch:
                began_s, place = time.monotonic(), self._writer.records
                if not self._commit(batch):
                    break
                self._writing_s = None
                self._resolve(batch, place)
                self._pause(COMMIT_EVERY_S - (time.monotonic() - began_s))
            self._note(due=not batch)
            if not batch:
                break
        self._writer.close()

    def _take(self) -> list[_Waiting]:
        """All that waits, as far as it fits a block; nothing once the journal is closing and all is written."""
        batch: list[_Waiting] = []
        count = 0
        with self._wake:
            while not self._waiting and not self._closing:
                self._wake.wait()
            while self._waiting and count < BLOCK_RECORDS_MAX:
                batch.append(self._waiting.popleft())
                count += batch[-1].count
            self._bytes -= sum(waiting.size for waiting in batch)
            self._writing_s = batch[0].since_s if batch else None
        return batch

    def _pause(self, seconds: float) -> None:
        if seconds > 0 and not self._closing:
            time.sleep(seconds)

    def _commit(self, batch: list[_Waiting]) -> bool:
        """Write a block, again and again while the disk fails; False if the journal is closed meanwhile."""
        parts = [waiting.records for waiting in batch if waiting.records]
        count = sum(map(len, parts))
        given_up = sum(waiting.count for waiting in batch if waiting.records is None)
        if given_up:
            parts.append([Record(RecordKind.LOST, _last_ms(parts), given_up)])
            count += 1
        body = block_body(parts)
        retry_s = RETRY_S_MIN
        while True:
            try:
                self._writer.write(body, count)
            except OSError as error:
                if not self._failing:
                    _log.error("journal_failing", error=errno.errorcode.get(error.errno or 0, "OSError"))
                self._failing = True
                if error.errno == errno.ENOSPC:
                    self._writer.release_reserve()
                    self._reserved = False
            else:
                break
            if self._closing:
                return False
            time.sleep(retry_s)
            retry_s = min(2 * retry_s, RETRY_S_MAX)
        if self._failing:
            self._failing = False
            _log.warning("journal_recovered", offset=self._writer.records)
        if not self._reserved:
            self._reserved = self._writer.keep_reserve()
        return True

    def _resolve(self, batch: list[_Waiting], place: int) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody waits any more
            batch[0].future.get_loop().call_soon_threadsafe(_settle, batch, place)

    def _note(self, *, due: bool) -> None:
        """Sign a checkpoint when it is time, or when it is `due` anyway."""
        new, now_s = self._writer.blocks - self._noted_blocks, time.monotonic()
        enough = new >= CHECKPOINT_BLOCKS and not self._note_failed  # one that failed is not tried again with each commit
        if new and (due or enough or now_s - self._noted_s >= CHECKPOINT_EVERY_S):
            try:
                self._writer.checkpoint()
            except OSError as error:
                self._note_failed = True
                _log.error("checkpoint_failed", error=errno.errorcode.get(error.errno or 0, "OSError"))
            else:
                self._note_failed = False
                self._noted_blocks = self._writer.blocks
            self._noted_s = now_s


def _settle(batch: list[_Waiting], place: int) -> None:
    """Tell each append where its own records end: what was queued after it is not part of its place."""
    for waiting in batch:
        if waiting.records is None:
            waiting.future.cancel()
            continue
        place += waiting.count
        if not waiting.future.done():
            waiting.future.set_result(place)


def _publish_key(path: Path, line: str) -> None:
    """Keep every key that ever signed, one a line."""
    known = path.read_text(errors="replace").splitlines() if path.exists() else []  # damaged or not, it only has to hold ours
    if line in known:
        return
    if known and line.startswith(known[-1]):  # cut short when it was written before
        known.pop()
    put_file(path, "".join(f"{one}\n" for one in (*known, line)).encode(), mode=0o666)


def _last_ms(parts: Sequence[Sequence[Record] | Arrivals]) -> int:
    """When the last of these came, or 0."""
    last = parts[-1] if parts else ()
    return 0 if not len(last) else int(last.at_ms[-1]) if isinstance(last, Arrivals) else last[-1].at_ms


def block_body(parts: Sequence[Sequence[Record] | Arrivals]) -> bytes:
    """The records of a block as one MessagePack array."""
    packed = [_packed(part) for part in parts]
    return b"".join((_array_head(sum(map(len, parts))), *packed))


def _packed(part: Sequence[Record] | Arrivals) -> bytes:
    """Records one behind the other."""
    if not isinstance(part, Arrivals):
        return _encode(part)
    packed = part.records(INPUT)
    return packed if packed is not None else _encode([Record.of_input(one) for one in part])


def _array_head(count: int) -> bytes:
    """What stands before an array of so many (the MessagePack specification, "array format family")."""
    if count < 1 << 4:
        return bytes([0x90 | count])
    return b"\xdc" + count.to_bytes(2, "big") if count < 1 << 16 else b"\xdd" + count.to_bytes(4, "big")


def _encode(records: Sequence[Record]) -> bytes:
    head = len(_array_head(len(records)))
    try:
        return to_msgpack(records)[head:]
    except (UnicodeError, TypeError, ValueError):  # a topic that is not Unicode: it must not take the others with it
        return to_msgpack([_plain(record) for record in records])[head:]


def _plain(record: Record) -> Record:
    if not isinstance(record.body, tuple):
        return record
    topic, *rest = record.body
    return record._replace(body=(topic.encode("utf-8", "backslashreplace").decode(), *rest))
