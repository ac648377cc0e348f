"""The outbox on disk: one row a notification, written by a thread of its own. The door to SQLAlchemy.

Whoever writes gets a future and waits for it or not. A database that is locked, full or broken keeps nobody waiting but
this thread: it tries again with all that has come in meanwhile, and says so. A write that no disk could take, and a row
that nobody can read, are set aside and said: they stop neither the thread nor what stands beside them.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, bindparam, create_engine, delete, event, select, text, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, InterfaceError, ProgrammingError
from sqlalchemy.pool import NullPool

from alerts.body import body_of, from_body
from alerts.terms import DeliveryState, Notification, NotificationId

BUSY_S = 0.2  # for another's lock within one try; then we say that we wait
RETRY_S = 0.2  # between tries: 5 a second cost nothing, and a freed disk is in use again before anyone notices
COMMIT_EVERY_S = 0.01  # commits closer together than this take time from whoever judges; the first of a burst waits for nothing
BACKLOG_MAX = 100_000  # changes kept for a database that is away, about 100 MB; the journal has every notification anyway
KEPT_MS = 7 * 24 * 3600 * 1000  # rows that are finished stay a week: longer than any snapshot or journal tail repeats them

OPEN = (DeliveryState.PENDING, DeliveryState.SENDING)
# Faults of what is written, against those of the disk, which pass: all that are not listed under the second line.
_ROW_FAULTS = (IntegrityError, DataError, InterfaceError, ProgrammingError)
_DISK_FAULTS = (DatabaseError, OSError, MemoryError)

_metadata = MetaData()
_rows = Table(
    "notification",
    _metadata,
    Column("id", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("rank", Integer, nullable=False),  # of the state: it only ever rises
    Column("issued_ms", Integer, nullable=False),
    Column("changed_ms", Integer, nullable=False),
    Column("detail", String, nullable=False),
    Column("body", String, nullable=False),
)
_receipts = Table(
    "receipt",
    _metadata,
    Column("receipt", String, primary_key=True),  # the carrier's name for what it took
    Column("notification", String, nullable=False),
    Column("at_ms", Integer, nullable=False),
)
# Made once: SQLAlchemy spent 0.4 ms on building a statement and its parameters for every single row.
_keep = insert(_rows).on_conflict_do_nothing()
_keep_receipt = insert(_receipts).on_conflict_do_nothing()
_raise = (
    update(_rows)
    .where(_rows.c.id == bindparam("one"), _rows.c.rank < bindparam("new_rank"))
    .values(state=bindparam("new_state"), rank=bindparam("new_rank"), changed_ms=bindparam("at_ms"), detail=bindparam("new_detail"))
)


@dataclass(frozen=True, slots=True)
class Intent:
    """We mean to send this. An id that is known already changes nothing."""

    notification: Notification
    at_ms: int


@dataclass(frozen=True, slots=True)
class Change:
    """This is how far it got. A state that was passed already changes nothing."""

    notification: NotificationId
    state: DeliveryState
    at_ms: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The carrier took it under this name."""

    notification: NotificationId
    receipt: str
    at_ms: int


Write = Intent | Change | Receipt


@dataclass(frozen=True, slots=True)
class Kept:
    """What the disk knows: every id, the notifications that have not reached an end, and those of them that cannot be read."""

    known: tuple[NotificationId, ...]
    unfinished: tuple[Notification, ...]
    unreadable: tuple[NotificationId, ...] = ()
    receipts: Mapping[str, NotificationId] = field(default_factory=dict)  # a carrier's name -> what it took under it


@dataclass(slots=True)
class _Job:
    writes: list[Write]
    future: asyncio.Future[Any]
    reads: bool = False
    is_bent: bool = False  # part of it was set aside


class _Bent(Exception):
    """One write that no disk could take."""

    def __init__(self, job: _Job, write: Write) -> None:
        super().__init__("bent")
        self.job = job
        self.write = write


class _Unwritable(Exception):
    """Something among many cannot be written: one by one it will show which."""


@dataclass(slots=True)
class _Batch:
    jobs: list[_Job] = field(default_factory=list)
    closing: bool = False


class Database:
    """Use from one event loop. `on_trouble(True)` when writing fails, `(False)` when it works again; `on_bent` for each set aside."""

    def __init__(self, path: Path, on_trouble: Callable[[bool], None], on_bent: Callable[[], None] = lambda: None) -> None:
        self._path = path
        self._on_trouble = on_trouble
        self._on_bent = on_bent
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._connection: Connection | None = None
        self._in_trouble = False
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self._thread.start()

    # --- the event loop's side ------------------------------------------------------------------------------------

    def write(self, *writes: Write) -> asyncio.Future[None]:
        """Done once all of it is on disk; fails with OSError if the database is closed before, or for what no disk could take."""
        return self._put(_Job(list(writes), self._loop.create_future()))

    def read(self) -> asyncio.Future[Kept]:
        """What the disk knows."""
        return self._put(_Job([], self._loop.create_future(), reads=True))

    async def close(self) -> None:
        """One last try for what has not been written; then every future that still waits fails."""
        self._closing.set()
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join, 2.0)  # longer than one try takes; a hung disk holds only the daemon thread

    def _put(self, job: _Job) -> asyncio.Future[Any]:
        job.future.add_done_callback(lambda future: future.cancelled() or future.exception())  # nobody need wait for it
        if self._closing.is_set():
            job.future.set_exception(OSError("the outbox is closed"))
        else:
            self._queue.put(job)
        return job.future

    # --- the thread's side ----------------------------------------------------------------------------------------

    def _run(self) -> None:
        batch = _Batch()
        while not batch.closing:
            self._fill(batch, wait=True)
            while not self._commit(batch.jobs) and not batch.closing:
                self._say_trouble(True)
                self._closing.wait(RETRY_S)
                self._fill(batch, wait=False)
            if not batch.closing:
                self._say_trouble(False)
                self._closing.wait(COMMIT_EVERY_S)
        for job in batch.jobs:
            self._answer(job, None, OSError("not written"))
        self._disconnect()

    def _fill(self, batch: _Batch, *, wait: bool) -> None:
        """Add all that has come in; beyond the bound the oldest are given up."""
        with suppress(queue.Empty):
            while True:
                job = self._queue.get(block=wait)
                wait = False
                if job is None:
                    batch.closing = True
                else:
                    batch.jobs.append(job)
        for job in batch.jobs[:-BACKLOG_MAX]:
            self._answer(job, None, OSError("given up"))
        del batch.jobs[:-BACKLOG_MAX]

    def _commit(self, jobs: list[_Job]) -> bool:
        """One transaction for all; whether it worked. Empties `jobs` if so."""
        one_by_one = False
        while jobs:
            try:
                answers = self._transact(jobs, one_by_one)
            except _Unwritable:
                one_by_one = True
                continue
            except _Bent as bent:  # the others at once, without it
                bent.job.writes.remove(bent.write)
                bent.job.is_bent = True
                self._call(self._on_bent)
                continue
            except Exception:  # whatever it is, this thread lives and tries again
                self._disconnect()
                return False
            for job, answer in zip(jobs, answers, strict=True):
                self._answer(job, answer, OSError("not to be written") if job.is_bent else None)
            jobs.clear()
        return True

    def _transact(self, jobs: list[_Job], one_by_one: bool) -> list[Kept | None]:
        connection = self._connect()
        with connection.begin():
            if one_by_one:
                for job in jobs:
                    for write in job.writes:
                        _try(connection, job, write)
            else:
                _write_all(connection, [write for job in jobs for write in job.writes])
            return [_read(connection) if job.reads else None for job in jobs]

    def _connect(self) -> Connection:
        if self._connection is None:
            self._connection = _open(self._path)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(Exception):
                self._connection.close()
            self._connection = None

    def _answer(self, job: _Job, result: object, error: Exception | None) -> None:
        def settle() -> None:
            if job.future.done():
                return
            if error is not None:
                job.future.set_exception(error)
            else:
                job.future.set_result(result)

        self._call(settle)

    def _say_trouble(self, in_trouble: bool) -> None:
        if in_trouble != self._in_trouble:
            self._in_trouble = in_trouble
            self._call(self._on_trouble, in_trouble)

    def _call(self, what: Callable[..., None], *values: object) -> None:
        """Have it called on the event loop."""
        with suppress(RuntimeError):  # the loop has ended before us
            self._loop.call_soon_threadsafe(what, *values)


def _open(path: Path) -> Connection:
    """A connection on which a commit means that it is on the platter."""
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": BUSY_S, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.execute(text("BEGIN IMMEDIATE"))  # wait for the lock before work, not in the middle of it

    connection = engine.connect()
    try:
        with connection.begin():
            _metadata.create_all(connection)
            old_ms = time.time_ns() // 1_000_000 - KEPT_MS
            is_old = _rows.c.changed_ms < old_ms
            connection.execute(delete(_receipts).where(_receipts.c.at_ms < old_ms))
            connection.execute(delete(_rows).where(is_old, _rows.c.state.not_in([state.value for state in OPEN])))
    except BaseException:
        connection.close()
        raise
    return connection


def _try(connection: Connection, job: _Job, write: Write) -> None:
    """Apply one write. Raises _Bent if the fault is its own."""
    try:
        _apply(connection, [write])
    except Exception as error:
        if _is_disks(error):
            raise
        raise _Bent(job, write) from None


def _write_all(connection: Connection, writes: Sequence[Write]) -> None:
    """Apply writes in their order. Raises _Unwritable if one of them is at fault."""
    try:
        for run in _runs(writes):
            _apply(connection, run)
    except Exception as error:
        if _is_disks(error):
            raise
        raise _Unwritable from None


def _is_disks(error: Exception) -> bool:
    return isinstance(error, _DISK_FAULTS) and not isinstance(error, _ROW_FAULTS)


def _runs(writes: Sequence[Write]) -> Iterator[list[Write]]:
    """What can be written by one statement. Of several changes of one row in a run, only the furthest is seen afterwards."""
    for kind, run in groupby(writes, type):
        if kind is not Change:
            yield list(run)
            continue
        furthest: dict[NotificationId, Change] = {}
        for change in run:
            assert isinstance(change, Change)
            known = furthest.get(change.notification)
            if known is None or change.state.rank > known.state.rank:
                furthest[change.notification] = change
        yield list(furthest.values())


def _apply(connection: Connection, run: Sequence[Write]) -> None:
    """Write some that are all of one kind."""
    if isinstance(run[0], Intent):
        connection.execute(_keep, [_row(one) for one in run if isinstance(one, Intent)])
    elif isinstance(run[0], Receipt):
        connection.execute(_keep_receipt, [asdict(one) for one in run if isinstance(one, Receipt)])
    else:
        connection.execute(_raise, [_step(one) for one in run if isinstance(one, Change)])


def _row(intent: Intent) -> dict[str, Any]:
    one, state = intent.notification, DeliveryState.PENDING
    row = {"id": one.id, "state": state.value, "rank": state.rank, "issued_ms": one.issued_ms}
    return {**row, "changed_ms": intent.at_ms, "detail": "", "body": body_of(one)}


def _step(change: Change) -> dict[str, Any]:
    state = {"new_state": change.state.value, "new_rank": change.state.rank}
    return {**state, "one": change.notification, "at_ms": change.at_ms, "new_detail": change.detail}


def _read(connection: Connection) -> Kept:
    known = tuple(connection.scalars(select(_rows.c.id).order_by(_rows.c.changed_ms)))
    is_open = _rows.c.state.in_([state.value for state in OPEN])
    kept = connection.execute(select(_rows.c.id, _rows.c.body).where(is_open).order_by(_rows.c.issued_ms, _rows.c.id)).all()
    read = [(identity, _read_body(body)) for identity, body in kept]
    unreadable = tuple(identity for identity, one in read if one is None)
    receipts = {receipt: NotificationId(one) for receipt, one in connection.execute(select(_receipts.c.receipt, _receipts.c.notification))}
    return Kept(known, tuple(one for _, one in read if one is not None), unreadable, receipts)


def _read_body(body: Any) -> Notification | None:
    """What is in a row; None where no release of ours could have written it, or a bit has turned."""
    try:
        return from_body(body)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
