"""What the dispatcher's console hears and may ask: a local feed of lines of JSON. If its reader dies, hangs or lies, alerts go on.

A client connects on this machine, says the token and the last event it has, and is told what it missed and then what happens. Nobody
is waited for: each client has a bounded backlog, and one that does not read is dropped; its next greeting says whether something was
lost. Positions are never in the feed: they are asked for one order at a time, so that each look can be put on record (ADR-0029).
"""

from __future__ import annotations

import asyncio
import hmac
import time
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alerts.terms import Audience, Channel, Notification, Outcome
from config.settings import FeedSettings
from monitor.commands import Commands
from monitor.engine import Effects
from monitor.inquiries import Reply
from monitor.log import get_logger
from monitor.registrar import Registrar
from monitor.replay import transition_line
from monitor.views import Views
from monitor.wire import from_json, to_json

HOST = "127.0.0.1"  # never another machine's business: the console runs beside the monitor
EVENTS_MAX = 20_000  # kept for a client that comes back: some hours of a busy night, about 10 MB
BACKLOG_BYTES_MAX = 16_000_000  # one client's: all events at once, and a storm on top
LINE_BYTES_MAX = 1 << 20  # of what a client says: an order with a zone of 10,000 corners is half of it
TURNS_MAX = 200  # named of one queue: whoever looks wants to know who is next, and how many there are
CLIENTS_MAX = 8  # consoles of one control room, and whoever else holds the token
GREET_S_MAX = 2.0  # for the token: a client that says nothing is not one
REQUEST_ID_MAX = 1 << 53  # what every reader of JSON can count to
REST_RATIO = 4.0  # of the time a request took: all clients together have a fifth of the thread that judges, however much they ask
REST_S_MAX = 3.0  # a console that has heard nothing for five seconds takes us for away (dashboard/feed.py)
LAST_WORD_S = 2.0  # for the line that says why it was dropped

_log = get_logger("feed")


@dataclass(eq=False, slots=True)
class _Client:
    """One reader."""

    writer: asyncio.StreamWriter
    dropped: bool = False

    def say(self, line: bytes) -> None:
        """Queue a line, or drop the client if it does not read."""
        if self.dropped or self.writer.is_closing():
            return
        if self.writer.transport.get_write_buffer_size() > BACKLOG_BYTES_MAX:
            self.drop("too slow")
            return
        self.writer.write(line)

    def drop(self, why: str) -> None:
        """Say why, and part."""
        self.dropped = True
        self.writer.write(to_json({"kind": "dropped", "why": why}) + b"\n")
        self.writer.close()
        asyncio.get_running_loop().call_later(LAST_WORD_S, self.writer.transport.abort)


@dataclass(slots=True)
class Feed:
    """The monitor's side. Use from one event loop; nothing here waits for a client."""

    port: int  # 0 = any; the real one while it runs
    token: str
    commands: Commands
    epoch: str = field(default_factory=lambda: uuid.uuid4().hex)  # names this life of the monitor: events count from 1 in each
    seq: int = 0
    _events: deque[tuple[int, bytes]] = field(default_factory=lambda: deque(maxlen=EVENTS_MAX))
    _clients: list[_Client] = field(default_factory=list)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _known: OrderedDict[str, None] = field(default_factory=OrderedDict)  # notifications that were told, whose outcomes are told too

    # --- what the service says --------------------------------------------------------------------------------------

    def judged(self, effects: Effects) -> None:
        """Tell what a turn has caused, and answer those who wait for it."""
        for transition in effects.transitions:
            self._tell("transition", transition.at_ms, transition_line(transition))
        for one in effects.acknowledgements:
            if one.notification in self._known:
                self._tell("acknowledgement", one.at_ms, one)
        self.commands.judged(effects)

    def sent(self, notifications: list[Notification]) -> None:
        """Tell who is told; what a trusted person reads is hers."""
        for one in notifications:
            self._known[one.id] = None
            self._tell("notification", one.issued_ms, _shown(one))
        while len(self._known) > EVENTS_MAX:
            self._known.popitem(last=False)

    def outcome(self, outcome: Outcome) -> None:
        """Tell how far a notification got."""
        if outcome.notification in self._known:
            self._tell("outcome", outcome.at_ms, outcome)

    def _tell(self, kind: str, at_ms: int, body: object) -> None:
        self.seq += 1
        line = to_json({"kind": kind, "seq": self.seq, "at_ms": at_ms, "body": body}) + b"\n"
        self._events.append((self.seq, line))
        for client in self._clients:
            client.say(line)

    # --- clients ----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Serve clients until cancelled. Raises OSError if the port is taken."""
        try:
            server = await asyncio.start_server(self._on_client, HOST, self.port, limit=LINE_BYTES_MAX)
        except OSError as error:
            error.filename = f"{HOST}:{self.port}"  # as in monitor/http.py
            raise
        self.port = server.sockets[0].getsockname()[1]
        _log.info("feed_listening", port=self.port)
        try:
            await asyncio.Event().wait()
        finally:
            server.close()
            for client in self._clients:
                client.writer.transport.abort()

    async def _on_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = _Client(writer)
        try:
            async with asyncio.timeout(GREET_S_MAX):
                hello = _said(await reader.readline())
            if not hmac.compare_digest(str(hello.get("token")).encode(), self.token.encode()):
                client.drop("wrong token")
            elif len(self._clients) >= CLIENTS_MAX:
                client.drop("too many clients")
            else:
                await self._serve(client, reader, hello)
        except (TimeoutError, OSError, ValueError):
            writer.transport.abort()

    async def _serve(self, client: _Client, reader: asyncio.StreamReader, hello: dict[str, Any]) -> None:
        _log.info("feed_client", clients=len(self._clients) + 1)
        self._greet(client, hello)
        self._clients.append(client)
        try:
            while line := await reader.readline():
                await self._hear(client, line)
        finally:
            self._clients.remove(client)
            client.writer.close()

    async def _hear(self, client: _Client, line: bytes) -> None:
        """Take one request, and let the pings have four times as long as it took; one client at a time. Raises ValueError."""
        async with self._turn:
            began_s = time.perf_counter()
            said = _said(line)
            answer = _answer_to(client, said.get("id"))
            try:
                self.commands.take(said, answer)
            except Exception as error:  # a defect of ours, or a request nobody thought of: neither ends the feed
                _log.error("request_failed", kind=type(error).__name__)
                answer({"ok": False, "why": "the monitor failed on this request"})
            await asyncio.sleep(min(REST_S_MAX, REST_RATIO * (time.perf_counter() - began_s)))

    def _greet(self, client: _Client, hello: dict[str, Any]) -> None:
        """How everything stands, then what the client has missed; `gap` where something is lost for good."""
        same, after = hello.get("epoch") == self.epoch, hello.get("after")
        after = after if same and isinstance(after, int) else 0
        first = self._events[0][0] if self._events else self.seq + 1
        gap = (hello.get("epoch") is not None and not same) or after + 1 < first
        standings = [
            {"order": s.order, "level": s.level.word, "reason": s.reason.word, "incident": s.incident}
            for s in self.commands.views.standings()
        ]
        client.say(to_json({"kind": "hello", "epoch": self.epoch, "seq": self.seq, "gap": gap, "standings": standings}) + b"\n")
        for seq, line in self._events:
            if seq > after:
                client.say(line)


def feed_of(
    settings: FeedSettings,
    views: Views,
    put: Callable[[str, bytes], None],
    registrar: Registrar,
    queues: Callable[[], Mapping[Channel, Sequence[Notification]]],
) -> Feed | None:
    """The console's feed, where it has a port."""
    if settings.port is None or settings.token is None:
        return None
    changes = {"set_order": registrar.set_order, "revoke_order": registrar.revoke_order}
    return Feed(settings.port, settings.token, Commands(views, put, changes, {"waiting": lambda: _turns(queues(), views.now_ms)}))


def _turns(queues: Mapping[Channel, Sequence[Notification]], now_ms: int) -> Reply:
    """What waits for its turn by each way, in the order of the turns."""
    return {
        "queues": [
            {
                "channel": channel,
                "count": len(queue),
                "first": [
                    {"place": place, "id": one.id, "incident": one.incident, "order": one.order, "audience": one.audience,
                     "level": one.level.word, "reason": one.reason.word, "waited_s": round((now_ms - one.issued_ms) / 1000, 1)}
                    for place, one in enumerate(queue[:TURNS_MAX], start=1)
                ],
            }
            for channel, queue in queues.items()
            if queue
        ]
    }  # fmt: skip


def _answer_to(client: _Client, request: object) -> Callable[[Reply], None]:
    """Where the reply to one request goes. It may be written in a turn of the monitor: only an id that surely can be is repeated."""
    request = request if isinstance(request, int) and 0 <= request <= REQUEST_ID_MAX else None
    return lambda reply: client.say(to_json({"kind": "reply", "id": request, **reply}) + b"\n")


def _shown(one: Notification) -> dict[str, object]:
    """What of a notification a dispatcher needs."""
    return {
        "id": one.id, "incident": one.incident, "order": one.order, "code": one.code, "audience": one.audience, "channel": one.channel,
        "kind": one.kind, "step": one.step, "level": one.level.word, "reason": one.reason.word, "trouble": one.trouble,
        "text": one.text if one.audience is Audience.DISPATCH else None,
    }  # fmt: skip


def _said(line: bytes) -> dict[str, Any]:
    """A line of a client. Raises ValueError for one that is not an object."""
    try:
        return from_json(line, dict[str, Any])
    except RecursionError:
        raise ValueError("nested too deeply") from None
