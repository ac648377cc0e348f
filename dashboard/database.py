"""The console's record: operators, incidents, acts, who looked. SQLite beside us, or PostgreSQL by URL. The door to SQLAlchemy and Alembic.

All work is done by one thread, in the order in which it was asked for: the event loop never waits for a disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    delete,
    event,
    insert,
    select,
    update,
)  # fmt: skip
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DataError, IntegrityError, ProgrammingError, SQLAlchemyError
from sqlalchemy.types import JSON

from config.errors import BadInput

BUSY_MS = 5_000  # for another process's lock on the SQLite file: only `resguardo dashboard operator` ever holds one
ROWS_MAX = 50_000  # of one question: a year of a busy county's incidents

BENT = (DataError, IntegrityError, ProgrammingError)  # trying again would never help; everything else may pass

metadata = MetaData()
_Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only an INTEGER


def _table(name: str, *columns: Column[Any], **more: Any) -> Table:
    return Table(name, metadata, *columns, **more)


def _text(name: str, **more: Any) -> Column[Any]:
    return Column(name, String(200), **more)


def _ms(name: str, **more: Any) -> Column[Any]:
    return Column(name, BigInteger, **more)


OPERATORS = _table(
    "operator",
    _text("id", primary_key=True),
    _text("name", nullable=False, unique=True),
    _text("role", nullable=False),
    _text("language", nullable=False),
    Column("password", Text, nullable=False),  # argon2id, with its salt and costs
    _text("totp", nullable=True),  # the shared secret of the second factor
    _ms("totp_step", nullable=False, default=0),  # the last step that was used: none counts twice
    Column("active", Boolean, nullable=False),
    Column("failures", Integer, nullable=False, default=0),
    _ms("locked_until_ms", nullable=False, default=0),
)
SESSIONS = _table(
    "session",
    _text("id", primary_key=True),  # SHA-256 of the cookie: who reads this table cannot log in with it
    _text("operator", nullable=False),
    _text("csrf", nullable=False),
    _text("language", nullable=False),
    _ms("begun_ms", nullable=False),
    _ms("used_ms", nullable=False),
    _ms("confirmed_ms", nullable=False),
)
TOKENS = _table(
    "token",
    _text("id", primary_key=True),
    _text("digest", nullable=False, unique=True),
    _text("name", nullable=False),
    Column("scopes", JSON, nullable=False),
    _text("made_by", nullable=False),
    _ms("expires_ms", nullable=False),
)
INCIDENTS = _table(
    "incident",
    _text("id", primary_key=True),
    _text("order", nullable=False, index=True),
    _text("level", nullable=False),
    _text("reason", nullable=False),
    _text("peak", nullable=False),
    Column("reasons", JSON, nullable=False),
    _text("party"),
    _text("zone"),
    _ms("started_ms", nullable=False, index=True),
    _ms("changed_ms", nullable=False),
    _ms("raised_ms", nullable=False),
    _ms("calm_ms"),
    Column("distance_m", Float),
    Column("uncertainty_m", Float),
    Column("seconds_to_perimeter", Float),
    _text("code"),
    _text("acknowledged_by"),
    _ms("acknowledged_ms"),
    _text("assigned_to"),
    _text("seen_by"),
    _text("outcome"),
    _text("closed_by"),
    _ms("closed_ms", index=True),
    Column("version", Integer, nullable=False),
)
ENTRIES = _table(
    "entry",
    Column("number", _Id, primary_key=True, autoincrement=True),
    _text("incident", nullable=False),
    _ms("at_ms", nullable=False),
    _text("kind", nullable=False),
    _text("who", nullable=False),
    _text("what", nullable=False),
    Column("data", JSON, nullable=False),
)
NOTICES = _table(
    "notice",
    _text("id", primary_key=True),
    _text("incident", nullable=False, index=True),
    _text("audience", nullable=False),
    _text("channel", nullable=False),
    _text("kind", nullable=False),
    Column("step", Integer, nullable=False),
    _text("level", nullable=False),
    _text("reason", nullable=False),
    Column("text", Text),
    _ms("issued_ms", nullable=False, index=True),
    _text("state", nullable=False),
    Column("detail", Text, nullable=False),
    _ms("changed_ms", nullable=False),
    _ms("handed_ms"),
    _text("acknowledged_by"),
)
STEPS = _table(
    "step",
    _text("incident", primary_key=True),
    _text("step", primary_key=True),
    _text("done_by", nullable=False),
    _ms("done_ms", nullable=False),
)
MUTES = _table("mute", _text("incident", primary_key=True), _text("operator", primary_key=True))
AUDIT = _table(
    "audit",
    Column("number", _Id, primary_key=True, autoincrement=True),
    _ms("at_ms", nullable=False),
    _ms("until_ms", nullable=False),  # a look that goes on is one line
    Column("times", Integer, nullable=False),
    _text("operator", nullable=False, index=True),
    _text("act", nullable=False),
    _text("subject", nullable=False, index=True),
    Column("reason", Text, nullable=False),
)
HEARD = _table("heard", _text("source", primary_key=True), _text("epoch", nullable=False), _ms("seq", nullable=False), _ms("at_ms"))
UNHEARD = _table("unheard", _ms("until_ms", primary_key=True, autoincrement=False), _ms("from_ms"))  # times whose events are lost for good
Index("entry_story", ENTRIES.c.incident, ENTRIES.c.number)

Row = dict[str, Any]
Work = Callable[[Connection], Any]
T = TypeVar("T")


def put(table: Table, row: Mapping[str, Any]) -> Work:
    """Write a row over the one with the same key, or anew."""
    keys = [column.name for column in table.primary_key]
    values = {name: value for name, value in row.items() if name in table.c}
    rest = {name: value for name, value in values.items() if name not in keys}

    def work(connection: Connection) -> None:
        make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        new = make(table).values(values)
        connection.execute(new.on_conflict_do_update(index_elements=keys, set_=rest) if rest else new.on_conflict_do_nothing())

    return work


def add(table: Table, row: Mapping[str, Any]) -> Work:
    """Write a new row; its number."""
    return lambda connection: (connection.execute(insert(table).values(**row)).inserted_primary_key or (None,))[0]


def change(table: Table, where: Mapping[str, Any], **values: Any) -> Work:
    """Set values in all rows that match; how many."""
    return lambda connection: connection.execute(update(table).where(*_equal(table, where)).values(**values)).rowcount


def remove(table: Table, **where: Any) -> Work:
    """Remove all rows that match; how many."""
    return lambda connection: connection.execute(delete(table).where(*_equal(table, where))).rowcount


def find(
    table: Table,
    where: Mapping[str, Any] | None = None,
    *,
    below: Mapping[str, Any] | None = None,
    least: Mapping[str, Any] | None = None,
    newest: str | None = None,
    oldest: str | None = None,
    limit: int = ROWS_MAX,
) -> Work:
    """The rows that match: equal to, below, at least; None means "is empty", `...` means "is not"; in an order, if one is named."""
    query = select(table).where(*_equal(table, where or {}))
    query = query.where(*(table.c[name] < value for name, value in (below or {}).items()))
    query = query.where(*(table.c[name] >= value for name, value in (least or {}).items()))
    if newest is not None:
        query = query.order_by(table.c[newest].desc())
    if oldest is not None:
        query = query.order_by(table.c[oldest])
    return lambda connection: [dict(row) for row in connection.execute(query.limit(limit)).mappings()]


def _equal(table: Table, where: Mapping[str, Any]) -> Iterable[Any]:
    for name, value in where.items():
        column = table.c[name]
        yield column.is_(None) if value is None else column.is_not(None) if value is ... else column == value


class Records:
    """The database, asked from the event loop."""

    def __init__(self, url: str) -> None:
        """Raises BadInput for an address that is none."""
        try:
            self._url = make_url(url)
            if self._url.get_backend_name() == "postgresql":
                self._url = self._url.set(drivername="postgresql+psycopg")
            self._engine = create_engine(self._url, pool_pre_ping=True)
        except (ArgumentError, ImportError, SQLAlchemyError):
            raise BadInput("dashboard.database_url", "must be sqlite:///FILE or postgresql://USER@HOST/NAME") from None
        if self._url.get_backend_name() == "sqlite":
            event.listen(self._engine, "connect", _settle)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="records")

    def migrate(self) -> None:
        """Bring the tables to this release. Raises BadInput if the database cannot be used."""
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
        try:
            with self._engine.begin() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except SQLAlchemyError as error:
            raise BadInput("dashboard.database_url", f"the database cannot be used ({type(error).__name__})") from None

    async def do(self, *works: Work) -> list[Any]:
        """Do all of it in one transaction; what each gave. Raises OSError if the database fails, ValueError for a row that cannot be."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.now, works)

    async def one(self, work: Work) -> Any:
        """Do one thing; what it gave."""
        return (await self.do(work))[0]

    def now(self, works: Sequence[Work]) -> list[Any]:
        """The same at once, for whoever has no event loop."""
        try:
            with self._engine.begin() as connection:
                return [work(connection) for work in works]
        except BENT as error:
            raise ValueError(f"a row that no database takes: {type(error).__name__}") from error
        except SQLAlchemyError as error:
            raise OSError(f"the console's database: {type(error).__name__}") from error

    def close(self) -> None:
        """Finish what was asked for, and part."""
        self._thread.shutdown()
        self._engine.dispose()


def _settle(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
