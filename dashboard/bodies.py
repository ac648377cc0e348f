"""What goes in and out of the web API, as types: they check requests and they are the OpenAPI document. A door to msgspec."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from dashboard.rights import Right, Role
from dashboard.words import OUTCOMES
from monitor.wire import from_json

MISSING = UNSET  # a key that was not said, where null would mean something else

Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._@ -]+$")]
PLAIN = r"^[^\x00]*$"  # PostgreSQL takes no zero sign in a text
Word = Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]
Text = Annotated[str, Meta(min_length=1, max_length=2_000, pattern=PLAIN)]
Language = Literal["es", "en"]
Party = dict[str, Any] | None


class _Said(Struct, forbid_unknown_fields=True, kw_only=True):
    """A request: a key that we do not know is a mistake, never ignored."""


class Login(_Said):
    name: Word
    password: Word
    totp: Word | None = None


class Confirmation(_Said):
    password: Word
    totp: Word | None = None


class Speech(_Said):
    language: Language


class Answering(_Said):
    raised_ms: int | None = None  # of the incident as whoever answers has seen it; absent = as it is now


class Assignment(_Said):
    to: Name | None = None  # absent = me


class Note(_Said):
    text: Text


class Mute(_Said):
    muted: bool


class StepDone(_Said):
    step: Word
    done: bool


class Closing(_Said):
    outcome: Annotated[str, Meta(pattern=f"^({'|'.join(OUTCOMES)})$")]
    note: Annotated[str, Meta(max_length=2_000, pattern=PLAIN)] = ""
    raised_ms: int | None = None  # as of an answer


class Why(_Said):
    reason: Annotated[str, Meta(min_length=5, max_length=500, pattern=PLAIN)]


class OrderChange(_Said):
    order: dict[str, Any]
    devices: Annotated[list[dict[str, Any]], Meta(max_length=20)] = []  # new ones, of the order's parties


class NewOperator(_Said):
    name: Name
    role: Role
    password: Word
    language: Language = "es"


class OperatorChange(_Said):
    role: Role | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    password: Word | UnsetType = UNSET
    totp: bool | UnsetType = UNSET


class NewToken(_Said):
    name: Name
    scopes: Annotated[list[Right], Meta(min_length=1, max_length=20)]
    days: Annotated[int, Meta(ge=1, le=366)] = 90


class Operator(Struct, kw_only=True):
    id: str
    name: str
    role: str | None
    language: str


class OperatorRow(Operator, kw_only=True):
    active: bool
    totp: bool


class SessionAnswer(Struct, kw_only=True):
    operator: Operator
    permissions: list[str]
    csrf: str | None
    expires_ms: int
    confirmed_until_ms: int


class Confirmed(Struct, kw_only=True):
    confirmed_until_ms: int


class Item(Struct, kw_only=True):
    """One incident as the list shows it."""

    id: str
    order: str
    protected: str | None
    respondent: str | None
    level: str
    reason: str
    reasons: list[str]
    zone: str | None
    started_ms: int
    changed_ms: int
    raised_ms: int
    calm_ms: int | None
    state: Literal["open", "calm", "closed"]
    distance_m: float | None
    uncertainty_m: float | None
    seconds_to_perimeter: float | None
    code: str | None
    why: str
    acknowledged_by: str | None
    acknowledged_ms: int | None
    assigned_to: str | None
    next_step_ms: int | None
    seen: bool
    muted: bool
    outcome: str | None
    closed_ms: int | None
    closed_by: str | None
    rank: int
    version: int


class Unheard(Struct, kw_only=True):
    from_ms: int | None  # null = not known
    until_ms: int


class Link(Struct, kw_only=True):
    up: bool
    since_ms: int
    unheard: list[Unheard]  # of the last day, oldest first: incidents of these times may be missing here


class Queue(Struct, kw_only=True):
    at_ms: int
    link: Link
    last_id: str  # for the stream: go on from here
    incidents: list[Item]


class Items(Struct, kw_only=True):
    incidents: list[Item]


class EntryShown(Struct, kw_only=True):
    at_ms: int
    kind: str
    who: str
    text: str
    data: dict[str, Any]


class NoticeShown(Struct, kw_only=True):
    id: str
    audience: str
    channel: str
    kind: str
    step: int
    level: str
    reason: str
    text: str | None
    state: str
    detail: str
    issued_ms: int
    changed_ms: int
    acknowledged_by: str | None


class StepShown(Struct, kw_only=True):
    id: str
    text: str
    say: str
    done_by: str | None
    done_ms: int | None


class IncidentShown(Struct, kw_only=True):
    item: Item
    entries: list[EntryShown]
    notifications: list[NoticeShown]
    steps: list[StepShown]


class Acted(Struct, kw_only=True):
    item: Item


class Person(Struct, kw_only=True):
    id: str
    name: str
    numbers: list[str]


class Open(Struct, kw_only=True):
    """Whatever the monitor says: keys as in docs/console-api.md."""


class Operators(Struct, kw_only=True):
    operators: list[OperatorRow]


class OperatorMade(Struct, kw_only=True):
    operator: OperatorRow
    totp_uri: str | None = None


class TokenMade(Struct, kw_only=True):
    id: str
    token: str


class TokenRow(Struct, kw_only=True):
    id: str
    name: str
    scopes: list[str]
    made_by: str
    expires_ms: int


class Tokens(Struct, kw_only=True):
    tokens: list[TokenRow]


class SessionRow(Struct, kw_only=True):
    id: str
    operator: str
    begun_ms: int
    used_ms: int


class Sessions(Struct, kw_only=True):
    sessions: list[SessionRow]


class AuditRow(Struct, kw_only=True):
    number: int
    at_ms: int
    until_ms: int
    times: int
    operator: str
    act: str
    subject: str
    reason: str


class Audit(Struct, kw_only=True):
    rows: list[AuditRow]


class Choices(Struct, kw_only=True):
    tile_url: str | None
    tile_attribution: str | None
    base_layer_url: str | None
    languages: list[str]
    outcomes: list[str]
    roles: list[str]
    rights: list[str]
    version: str


class Fault(Struct, kw_only=True):
    code: str
    message: str
    where: str = ""


class FaultAnswer(Struct, kw_only=True):
    error: Fault


class BadBody(Exception):
    """A request's body that is not what it must be: (message, where)."""

    def __init__(self, message: str, where: str = "") -> None:
        super().__init__(message)
        self.message, self.where = message, where


def read(payload: bytes, kind: type[_Said]) -> Any:
    """A request of a kind. Raises BadBody that names the key."""
    try:
        return from_json(payload or b"{}", kind)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at ")
        raise BadBody(message, where.strip("`")) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise BadBody("the body is not JSON") from None


def schemas(kinds: list[Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """(a schema for each kind, the components they refer to)."""
    found, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    return list(found), components
