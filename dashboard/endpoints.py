"""One place of the web API: its method, path, right, and what goes in and out. The table of all of them is in `api.py`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from config.settings import DashboardSettings, ServiceSettings
from dashboard.accounts import Accounts, Session
from dashboard.console import Console
from dashboard.database import Records
from dashboard.looks import Looks
from dashboard.rights import Right


class Denied(Exception):
    """An answer that is no success: HTTP status, word, message, place."""

    def __init__(self, status: int, code: str, message: str = "", where: str = "", *, wait_s: int = 0) -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.where, self.wait_s = status, code, message or code, where, wait_s


def not_found(what: str) -> Denied:
    """There is no such thing, or not for you: the two look alike."""
    return Denied(404, "not_found", f"there is no such {what}")


@dataclass(slots=True)
class Call:
    """One request, checked: who asks, for what."""

    session: Session
    body: Any
    path: Mapping[str, str]
    query: Mapping[str, Any]
    peer: str
    desk: Desk
    cookie: str | None = None  # to set: "" ends it

    @property
    def console(self) -> Console:
        """The console."""
        return self.desk.console

    @property
    def records(self) -> Records:
        """Its database."""
        return self.desk.records

    def need_confirmed(self) -> None:
        """Password and second factor again, if they were not said lately."""
        if not self.session.is_confirmed(self.desk.now_ms()):
            raise Denied(403, "confirm", "say your password again")


@dataclass(slots=True)
class Desk:
    """What handlers work with."""

    console: Console
    accounts: Accounts
    records: Records
    now_ms: Callable[[], int]
    looks: Looks
    settings: DashboardSettings
    service: ServiceSettings  # where the monitor's journal, orders and contacts are


Handler = Callable[[Call], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Query:
    """One key of the query string."""

    kind: type[int] | type[str]
    least: int | None = None
    most: int | None = None
    words: tuple[str, ...] = ()
    default: int | str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One row of the API."""

    method: str
    path: str  # under /api/v1, with {names}
    summary: str
    handler: Handler
    right: Right | None = None  # None: anybody who is logged in
    open: bool = False  # nobody need be logged in
    persons: bool = False  # no token may: it is about a session
    body: Any = None
    answer: Any = None  # None: 204
    query: Mapping[str, Query] = field(default_factory=dict)
    confirmed: bool = False
