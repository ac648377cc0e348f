"""The web API: the queue, an incident, and what an operator does about it."""

from __future__ import annotations

from typing import Any

from dashboard import database as db
from dashboard.bodies import Acted, EntryShown, IncidentShown, Item, Items, NoticeShown, Queue, StepShown
from dashboard.console import Closed, Risen
from dashboard.endpoints import Call, Denied, not_found
from dashboard.feed import Away, Refusal
from dashboard.incidents import Entry, Incident
from dashboard.rights import Right
from dashboard.words import steps_of, text

RECENT_MS = 24 * 3_600_000  # how long after its close a dispatcher may still look at where it was


def item(call: Call, one: Incident) -> Item:
    """An incident as whoever asks reads it."""
    return call.console.item(one, call.session.language, call.session.operator)


async def queue(call: Call) -> Queue:
    """Everything that waits for eyes, most urgent first."""
    console = call.console
    shown = [item(call, one) for one in console.board.queue()]
    return Queue(at_ms=call.desk.now_ms(), link=console.link(), last_id=console.stream.last_id, incidents=shown)


async def incidents(call: Call) -> Items:
    """Incidents of the record, newest first."""
    where: dict[str, Any] = {"order": call.query["order"]} if call.query["order"] is not None else {}
    if call.query["state"] is not None:
        where["closed_ms"] = ... if call.query["state"] == "closed" else None
    below = {"started_ms": call.query["before_ms"]} if call.query["before_ms"] is not None else {}
    rows = await call.records.one(db.find(db.INCIDENTS, where, below=below, newest="started_ms", limit=call.query["limit"]))
    return Items(incidents=[item(call, _of_row(call, row)) for row in rows])


async def incident(call: Call) -> IncidentShown:
    """One incident with its whole story."""
    one = await the(call)
    if one.seen_by is None and one.closed_ms is None and call.session.csrf is not None:
        await call.console.act(one, call.session.name, "open", seen_by=call.session.name)
    await call.console.kept()
    entries, notices, done = await call.records.do(
        db.find(db.ENTRIES, {"incident": one.id}, oldest="number"), db.find(db.NOTICES, {"incident": one.id}, oldest="issued_ms"),
        db.find(db.STEPS, {"incident": one.id}),
    )  # fmt: skip
    by_step = {row["step"]: row for row in done}
    return IncidentShown(
        item=item(call, one),
        entries=[entry_shown(Entry(**{key: row[key] for key in _ENTRY})) for row in entries],
        notifications=[NoticeShown(**{key: value for key, value in row.items() if key in _NOTICE}) for row in notices],
        steps=[
            StepShown(
                id=step.id,
                text=text(step.do, call.session.language),
                say=text(step.say, call.session.language),
                done_by=by_step[step.id]["done_by"] if step.id in by_step else None,
                done_ms=by_step[step.id]["done_ms"] if step.id in by_step else None,
            )
            for step in steps_of(one)
        ],
    )


async def acknowledge(call: Call) -> Acted:
    """Say that a person has seen it."""
    one = await the(call, live=True)
    await _with_monitor(call.console.acknowledge(one, call.session.name, call.body.raised_ms))
    return Acted(item=item(call, one))


async def assign(call: Call) -> Acted:
    """Give it to somebody, or take it."""
    one = await the(call, live=True)
    to = call.body.to or call.session.name
    if not await call.records.one(db.find(db.OPERATORS, {"name": to, "active": True})):
        raise Denied(400, "bad", "there is no such operator", "to")
    await call.console.act(one, call.session.name, "assign", {"to": to}, assigned_to=to)
    return Acted(item=item(call, one))


async def note(call: Call) -> Acted:
    """Write something down; after the close too."""
    one = await the(call)
    await call.console.act(one, call.session.name, "note", {"text": call.body.text})
    return Acted(item=item(call, one))


async def mute(call: Call) -> Acted:
    """No sound for me; nobody else notices."""
    one = await the(call, live=True)
    key = {"incident": one.id, "operator": call.session.operator}
    if call.body.muted:
        call.console.mutes.add((one.id, call.session.operator))
        await call.records.do(db.put(db.MUTES, key))
    else:
        call.console.mutes.discard((one.id, call.session.operator))
        await call.records.do(db.remove(db.MUTES, **key))
    return Acted(item=item(call, one))


async def step(call: Call) -> Acted:
    """Tick a step of the response, or untick it."""
    one = await the(call, live=True)
    if call.body.step not in {known.id for known in steps_of(one)}:
        raise Denied(400, "bad", "there is no such step here", "step")
    if call.body.done:
        row = {"incident": one.id, "step": call.body.step, "done_by": call.session.name, "done_ms": call.desk.now_ms()}
        await call.records.do(db.put(db.STEPS, row))
    else:
        await call.records.do(db.remove(db.STEPS, incident=one.id, step=call.body.step))
    await call.console.act(one, call.session.name, "step" if call.body.done else "unstep", {"step": call.body.step})
    return Acted(item=item(call, one))


async def close(call: Call) -> Acted:
    """Say how it was, and take it off the list."""
    one = await the(call, live=True)
    if one.peak == "emergency":
        call.need_confirmed()
    await _with_monitor(call.console.close(one, call.session.name, call.body.outcome, call.body.note, call.body.raised_ms))
    return Acted(item=item(call, one))


async def positions(call: Call) -> Any:
    """Where both are now. Each look is on record before it is answered."""
    one = await the(call)
    await may_look(call, one)
    return await monitor_says(call, do="positions", of=one.order)


async def devices(call: Call) -> Any:
    """How the devices of both are."""
    one = await the(call)
    return await monitor_says(call, do="devices", of=one.order)


# --- helpers ----------------------------------------------------------------------------------------------------------


async def the(call: Call, *, live: bool = False) -> Incident:
    """The incident a path names. Raises Denied; `live`: one that is closed cannot be changed."""
    one = call.console.board.incidents.get(call.path["id"])
    if one is None:
        rows = await call.records.one(db.find(db.INCIDENTS, {"id": call.path["id"]}))
        if not rows:
            raise not_found("incident")
        one = _of_row(call, rows[0])
    if live and one.closed_ms is not None:
        raise _closed()
    return one


async def may_look(call: Call, one: Incident) -> None:
    """Whoever may see where people were; and it is written down first. Raises Denied."""
    old = one.closed_ms is not None and call.desk.now_ms() - one.closed_ms > RECENT_MS
    if old and Right.POSITION_HISTORY not in call.session.rights:
        raise Denied(403, "right", "this incident is closed: ask a supervisor")
    await call.desk.looks.look(call.session, "position", one.order)


async def monitor_says(call: Call, **request: Any) -> dict[str, Any]:
    """What the monitor answers, without the envelope. Raises Denied."""
    reply = await _with_monitor(call.console.feed.ask(**request))
    return {key: value for key, value in reply.items() if key not in ("kind", "id", "ok")}


async def _with_monitor(asking: Any) -> Any:
    try:
        return await asking
    except Away:
        raise Denied(503, "away", "the monitor does not answer: nothing was changed") from None
    except Refusal as refusal:
        raise Denied(409, "refused", str(refusal)) from None
    except Risen:
        raise Denied(409, "risen", "it has risen meanwhile: look at it again") from None
    except Closed:
        raise _closed() from None


def _closed() -> Denied:
    return Denied(409, "closed", "this incident is closed")


_ENTRY = ("incident", "at_ms", "kind", "who", "what", "data")
_NOTICE = frozenset(NoticeShown.__struct_fields__)


def entry_shown(entry: Entry) -> EntryShown:
    """One line of the story; `text` is a word that the page knows, or what somebody wrote."""
    return EntryShown(at_ms=entry.at_ms, kind=entry.kind, who=entry.who, text=entry.what, data=dict(entry.data))


def _of_row(call: Call, row: dict[str, Any]) -> Incident:
    """The live one where there is one: the record may be a moment behind."""
    return call.console.board.incidents.get(row["id"]) or Incident(**{**row, "reasons": tuple(row["reasons"])})
