"""The web API: operators, sessions, tokens, the audit log, names behind pseudonyms, statistics."""

from __future__ import annotations

import asyncio
from typing import Any

from config.contacts import load_contacts
from config.errors import BadInput
from dashboard import database as db
from dashboard.bodies import (
    MISSING,
    Audit,
    AuditRow,
    OperatorMade,
    OperatorRow,
    Operators,
    Person,
    SessionRow,
    Sessions,
    TokenMade,
    TokenRow,
    Tokens,
)  # fmt: skip
from dashboard.database import Row
from dashboard.endpoints import Call, Denied, not_found
from dashboard.passwords import hashed, new_totp, totp_uri, weakness
from dashboard.statistics import DAY_MS, public, statistics
from geofence.terms import PersonId


async def operators(call: Call) -> Operators:
    """All of them."""
    return Operators(operators=[_shown(row) for row in await call.records.one(db.find(db.OPERATORS, oldest="name"))])


async def add_operator(call: Call) -> OperatorMade:
    """A new one."""
    try:
        row = await call.desk.accounts.add(call.body.name, call.body.role, call.body.password, call.body.language)
    except BadInput as fault:
        raise Denied(400, "bad", fault.message, fault.where) from None
    await call.desk.looks.note(call.session, "add_operator", row["name"], call.body.role.value)
    return OperatorMade(operator=_shown(row))


async def change_operator(call: Call) -> OperatorMade:
    """Another role, another password, a second factor, or no access: whoever it is logs in anew."""
    row = await _row(call, db.OPERATORS, "operator")
    if row["id"] == call.session.operator and (call.body.active is False or call.body.role is not MISSING):
        raise Denied(400, "bad", "nobody changes the own role or access: another admin does", "role")
    values: dict[str, Any] = {"role": call.body.role.value} if call.body.role is not MISSING else {}
    if call.body.active is not MISSING:
        values["active"] = call.body.active
    if call.body.password is not MISSING:
        wrong = weakness(call.body.password, row["name"])
        if wrong:
            raise Denied(400, "bad", wrong, "password")
        values |= {"password": await asyncio.to_thread(hashed, call.body.password), "failures": 0, "locked_until_ms": 0}
    if call.body.totp is not MISSING:
        values |= {"totp": new_totp() if call.body.totp else None, "totp_step": 0}
    if values:
        await call.records.do(db.change(db.OPERATORS, {"id": row["id"]}, **values))
        await call.desk.accounts.end_all_of(row["id"])
        await call.desk.looks.note(call.session, "change_operator", row["name"], " ".join(sorted(values)))
    row |= values
    return OperatorMade(operator=_shown(row), totp_uri=totp_uri(values["totp"], row["name"]) if values.get("totp") else None)


async def sessions(call: Call) -> Sessions:
    """Who is logged in."""
    names = {row["id"]: row["name"] for row in await call.records.one(db.find(db.OPERATORS))}
    rows = await call.records.one(db.find(db.SESSIONS, newest="used_ms"))
    shown = [{**{key: row[key] for key in ("id", "begun_ms", "used_ms")}, "operator": names.get(row["operator"], "-")} for row in rows]
    return Sessions(sessions=[SessionRow(**row) for row in shown])


async def end_session(call: Call) -> None:
    """Log somebody out."""
    row = await _row(call, db.SESSIONS, "session")
    await call.desk.accounts.end(row["id"])
    await call.desk.looks.note(call.session, "end_session", row["operator"])


async def tokens(call: Call) -> Tokens:
    """The tokens of machines; never the words themselves."""
    rows = await call.records.one(db.find(db.TOKENS, oldest="name"))
    return Tokens(tokens=[TokenRow(**{key: row[key] for key in TokenRow.__struct_fields__}) for row in rows])


async def add_token(call: Call) -> TokenMade:
    """A new one, for a machine; no scope beyond what whoever gives it may give."""
    token_id, word = await call.desk.accounts.issue(call.body.name, call.body.scopes, call.body.days, call.session.name)
    scopes = " ".join(scope.value for scope in call.body.scopes)
    await call.desk.looks.note(call.session, "add_token", call.body.name, scopes)
    return TokenMade(id=token_id, token=word)


async def remove_token(call: Call) -> None:
    """End one."""
    row = await _row(call, db.TOKENS, "token")
    await call.desk.accounts.end_token(row["id"])
    await call.desk.looks.note(call.session, "remove_token", row["name"])


async def audit(call: Call) -> Audit:
    """Who did and looked at what, newest first."""
    where = {"subject": call.query["of"]} if call.query["of"] is not None else {}
    below = {"number": call.query["before"]} if call.query["before"] is not None else {}
    rows = await call.records.one(db.find(db.AUDIT, where, below=below, newest="number", limit=call.query["limit"]))
    return Audit(rows=[AuditRow(**row) for row in rows])


async def reveal(call: Call) -> Person:
    """Break the glass: the name behind a pseudonym, for a reason."""
    person = call.path["id"]
    await call.desk.looks.note(call.session, "reveal", person, call.body.reason)
    path = call.desk.service.contacts
    contacts = await asyncio.to_thread(load_contacts, path) if path is not None else {}
    contact = contacts.get(PersonId(person))
    if contact is None:
        raise not_found("person with a name")
    return Person(id=person, name=contact.name, numbers=[contact.phone])


async def figures(call: Call) -> Any:
    """How well we do, by day."""
    return statistics(**await _record(call, call.query["days"]))


async def public_figures(call: Call) -> Any:
    """The same for everybody, if it is switched on."""
    if not call.desk.settings.public_statistics:
        raise not_found("page")
    return public(**await _record(call, 91))


# --- helpers ----------------------------------------------------------------------------------------------------------


async def _record(call: Call, days: int) -> dict[str, Any]:
    from_ms = (call.desk.now_ms() // DAY_MS - days + 1) * DAY_MS
    incidents, notices = await call.records.do(
        db.find(db.INCIDENTS, least={"started_ms": from_ms}, newest="started_ms"),
        db.find(db.NOTICES, least={"issued_ms": from_ms}, newest="issued_ms"),
    )
    return {"incidents": incidents, "notices": notices, "orders": len(call.console.parties), "from_ms": from_ms, "days": days}


async def _row(call: Call, table: Any, noun: str) -> Row:
    rows: list[Row] = await call.records.one(db.find(table, {"id": call.path["id"]}))
    if not rows:
        raise not_found(noun)
    return rows[0]


def _shown(row: Row) -> OperatorRow:
    keys = ("id", "name", "role", "language", "active")
    return OperatorRow(**{key: row[key] for key in keys}, totp=row["totp"] is not None)
