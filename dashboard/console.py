"""The console itself: what the monitor tells is folded, kept and shown; what operators do is carried out and answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from alerts.ladder import Ladder
from alerts.terms import Audience
from dashboard import database as db
from dashboard.bodies import Item, Link, Unheard
from dashboard.database import Records, Work
from dashboard.feed import Away, FeedClient, Refusal
from dashboard.incidents import LEVELS, Board, Change, Entry, Incident, Notice
from dashboard.stream import Stream
from dashboard.words import line_of
from geofence.terms import Level
from monitor.log import get_logger
from monitor.supervise import Background

KEEP_RETRY_S = 1.0  # between tries of a database that is away; meanwhile everything is shown, and nothing is forgotten
PAGE = 500  # orders asked for at once
UNHEARD_MS = 24 * 3_600_000  # a time of which nothing was heard is shown for a day
UNHEARD_MAX = 5  # of them; older ones are told as one: a monitor that starts again and again must not fill the screen
HEARD_EVERY_S = 60.0  # of a quiet night: then it is written down that we were there
MONITOR = "monitor"  # the source in the table of what was heard

_log = get_logger("console")
_TABLES = {Incident: db.INCIDENTS, Notice: db.NOTICES}


class Risen(Exception):
    """The incident has risen since whoever answers or closes it looked: that is another question."""


class Closed(Exception):
    """Somebody else has closed it meanwhile: the first word on how it was stays."""


@dataclass(slots=True)
class Console:
    """Use from one event loop."""

    records: Records
    feed: FeedClient
    ladder: Ladder
    now_ms: Callable[[], int]
    board: Board = field(default_factory=Board)
    stream: Stream = field(default_factory=Stream)
    up: bool = False  # the link to the monitor
    link_ms: int = 0  # since when
    unheard: list[Unheard] = field(default_factory=list)  # oldest first
    parties: dict[str, tuple[str, str]] = field(default_factory=dict)  # order -> (protected, respondent)
    mutes: set[tuple[str, str]] = field(default_factory=set)  # (incident, operator)
    _asking: Background = field(default_factory=Background)
    _unkept: list[Work] = field(default_factory=list)
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _told: int = 0  # works, since the beginning
    _written: int = 0  # of them, on disk
    _progress: asyncio.Event = field(default_factory=asyncio.Event)

    # --- what the monitor says --------------------------------------------------------------------------------------

    async def load(self) -> None:
        """What we knew before our own restart."""
        waiting, holding, heard, mutes, unheard = await self.records.do(
            db.find(db.INCIDENTS, {"closed_ms": None}), db.find(db.INCIDENTS, {"calm_ms": None}), db.find(db.HEARD, {"source": MONITOR}),
            db.find(db.MUTES), db.find(db.UNHEARD, least={"until_ms": self.now_ms() - UNHEARD_MS}, oldest="until_ms"),
        )  # fmt: skip
        for row in (*waiting, *holding):
            self.board.incidents[row["id"]] = Incident(**{**row, "reasons": tuple(row["reasons"])})
        for incident in self.board.incidents:
            for row in await self.records.one(db.find(db.NOTICES, {"incident": incident})):
                self.board.notices[row["id"]] = Notice(**row)
        self.mutes = {(row["incident"], row["operator"]) for row in mutes}
        if heard:
            self.feed.epoch, self.feed.seq, self.feed.heard_ms = heard[0]["epoch"], heard[0]["seq"], heard[0]["at_ms"]
        self.unheard = _folded([Unheard(**row) for row in unheard])
        self.link_ms = self.now_ms()

    def on_event(self, said: Mapping[str, Any]) -> None:
        """One event of the feed: shown at once, kept as soon as the disk can."""
        changes = self.board.hear(said["kind"], said["at_ms"], said["body"])
        self.tell(changes)
        order = said["body"].get("order")
        if order is not None and order not in self.parties:
            self.parties[order] = ("", "")  # asked for once
            self._asking.begin(self._learn_one(order))

    def on_gap(self) -> None:
        """Events are lost for good: say of what time, on every screen, and keep it together with what is heard next."""
        now, heard = self.now_ms(), self.feed.heard_ms
        one = Unheard(from_ms=None if heard is None else min(heard, now), until_ms=now)
        _log.warning("events_lost")
        self.unheard = _folded([*self.link().unheard, one])
        self.tell([], db.put(db.UNHEARD, {"from_ms": one.from_ms, "until_ms": one.until_ms}))
        self.stream.say("link", self)

    def on_hello(self, hello: Mapping[str, Any]) -> None:
        """The link is back: be right about now, and know who is who."""
        self.tell(self.board.greet(self.now_ms(), hello["standings"]))
        self._wanted.set()  # whom we hear is kept at once: whoever has heard a monitor that says nothing can miss something too
        self._asking.begin(self._learn())

    def on_link(self, up: bool) -> None:
        """The link to the monitor came or went."""
        if up != self.up:
            self.up, self.link_ms = up, self.now_ms()
            self.stream.say("link", self)

    async def _learn(self) -> None:
        """Who is protected from whom, page by page."""
        after: str | None = None
        try:
            while True:
                page = await self.feed.ask(do="orders", after=after, limit=PAGE)
                for one in page["orders"]:
                    self._knows(one)
                after = page.get("next")
                if after is None:
                    return
        except (Away, Refusal) as error:
            _log.info("orders_not_learned", error=type(error).__name__)

    async def _learn_one(self, order: str) -> None:
        try:
            self._knows((await self.feed.ask(do="order", of=order))["order"])
        except (Away, Refusal, KeyError) as error:
            _log.info("order_not_learned", error=type(error).__name__)

    def _knows(self, order: Mapping[str, Any]) -> None:
        parties = (order["protected"], order["respondent"])
        if self.parties.get(order["id"]) != parties:
            self.parties[order["id"]] = parties
            for one in self.board.incidents.values():
                if one.order == order["id"]:
                    self.stream.say("item", one)

    # --- what is kept and shown -------------------------------------------------------------------------------------

    def tell(self, changes: Iterable[Change], *works: Work) -> None:
        """Show what has changed, and have it and `works` kept."""
        before = len(self._unkept)
        for change in changes:
            if isinstance(change, Entry):
                self.stream.say("entry", change)
                self._unkept.append(db.add(db.ENTRIES, asdict(change)))
            else:
                if isinstance(change, Incident):
                    self.stream.say("item", change)
                self._unkept.append(db.put(_TABLES[type(change)], _row(change)))
        self._unkept += works
        self._told += len(self._unkept) - before
        if self._unkept:
            self._wanted.set()

    async def kept(self) -> None:
        """Wait until everything told so far is on disk."""
        told = self._told
        while self._written < told:
            await self._progress.wait()

    async def keep(self) -> None:
        """Write what was told, for ever; what cannot be written is tried again."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(HEARD_EVERY_S):
                    await self._wanted.wait()
            self._wanted.clear()
            works, self._unkept = self._unkept, []
            await self._keep([*works, *self._heard()])
            self._written += len(works)
            self._progress.set()
            self._progress = asyncio.Event()

    def _heard(self) -> list[Work]:
        """How far the feed has been told: kept with what was told, so that a restart goes on from there."""
        if self.feed.epoch is None:
            return []
        return [db.put(db.HEARD, {"source": MONITOR, "epoch": self.feed.epoch, "seq": self.feed.seq, "at_ms": self.feed.heard_ms})]

    async def _keep(self, works: list[Work]) -> None:
        """All of them, or those that can be kept at all: one bent row must not hold up the rest."""
        while True:
            try:
                await self.records.do(*works)
                return
            except ValueError as error:
                if len(works) == 1:
                    _log.error("row_dropped", error=str(error))
                    return
                for work in works:
                    await self._keep([work])
                return
            except OSError as error:
                _log.error("not_kept", error=type(error).__name__, count=len(works))
                await asyncio.sleep(KEEP_RETRY_S)

    # --- what operators do ------------------------------------------------------------------------------------------

    async def act(self, one: Incident, who: str, what: str, data: Mapping[str, Any] | None = None, **values: Any) -> None:
        """Something said or set about an incident; done when it is on disk."""
        self.tell(self.board.act(one, who, self.now_ms(), what, data or {}, **values))
        await self.kept()

    async def acknowledge(self, one: Incident, who: str, seen_ms: int | None = None) -> None:
        """Answer for the control room: its ladder ends. `seen_ms`: the rise that was seen.

        Raises Away, Refusal, Risen or Closed, and then nothing is changed here.
        """
        await self._answer(one, who, seen_ms)
        self.tell(self.board.answered(one, who, self.now_ms()))
        await self.kept()

    async def close(self, one: Incident, who: str, outcome: str, note: str, seen_ms: int | None = None) -> None:
        """Say how it was. The control room's ladder ends; hers goes on. Raises as `acknowledge` does."""
        await self._answer(one, who, seen_ms)
        if one.acknowledged_ms is None or one.acknowledged_ms < one.raised_ms:
            self.tell(self.board.answered(one, who, self.now_ms()))
        now = self.now_ms()
        data = {"outcome": outcome, "text": note}
        self.tell(self.board.act(one, who, now, "close", data, outcome=outcome, closed_by=who, closed_ms=now))
        self.board.forget(one.id)
        await self.kept()

    async def _answer(self, one: Incident, who: str, seen_ms: int | None) -> None:
        """Nothing to stop is no reason to refuse: somebody else, or a bracelet, was quicker. What has risen meanwhile was not looked at."""
        seen_ms = one.raised_ms if seen_ms is None else seen_ms
        if one.raised_ms > seen_ms:
            raise Risen
        if not self.up:
            raise Away
        await self.feed.ask(do="acknowledge_incident", of=one.id, who=who)
        if one.closed_ms is not None:
            raise Closed
        if one.raised_ms > seen_ms:
            raise Risen

    # --- what is shown ----------------------------------------------------------------------------------------------

    def link(self) -> Link:
        """Whether we hear the monitor, and when we did not."""
        since_ms = self.now_ms() - UNHEARD_MS
        return Link(up=self.up, since_ms=self.link_ms, unheard=[one for one in self.unheard if one.until_ms >= since_ms])

    def item(self, one: Incident, language: str, operator: str) -> Item:
        """One incident as an operator reads it."""
        protected, respondent = self.parties.get(one.order, ("", ""))
        same = {f.name: getattr(one, f.name) for f in fields(one) if f.name not in ("peak", "seen_by", "party", "reasons")}
        return Item(
            **same,
            reasons=list(one.reasons),
            protected=protected or None,
            respondent=respondent or None,
            state=one.state,  # type: ignore[arg-type]  # the property gives one of the three
            why=line_of(one, language),
            next_step_ms=next_step_ms(one, self.ladder, self.now_ms()),
            seen=one.seen_by is not None,
            muted=(one.id, operator) in self.mutes,
            rank=one.rank,
        )


def next_step_ms(one: Incident, ladder: Ladder, now_ms: int) -> int | None:
    """When the control room is asked again if nobody answers; None when somebody has, or nothing more is due."""
    if one.acknowledged_ms is not None and one.acknowledged_ms >= one.raised_ms:
        return None
    due = []
    for rung in ladder[Level(LEVELS.index(one.peak))]:
        at_ms = one.raised_ms + rung.after_s * 1000
        if at_ms <= now_ms and rung.repeat_s is not None:
            every_ms = rung.repeat_s * 1000
            at_ms += ((now_ms - at_ms) // every_ms + 1) * every_ms
        if rung.audience is Audience.DISPATCH and at_ms > now_ms:
            due.append(at_ms)
    return min(due, default=None)


def _folded(times: Sequence[Unheard]) -> list[Unheard]:
    """The newest few; what is older as one."""
    older, newest = times[: -UNHEARD_MAX + 1], times[-UNHEARD_MAX + 1 :]
    return [*([Unheard(from_ms=older[0].from_ms, until_ms=older[-1].until_ms)] if older else []), *newest]


def _row(change: Incident | Notice) -> dict[str, Any]:
    """As the database keeps it: of this moment."""
    row = asdict(change)
    if isinstance(change, Incident):
        row["reasons"] = list(change.reasons)
    return row
