"""Our end of the monitor's feed (ADR-0029): what happens, and what we ask. It comes back by itself, and says while it is away."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from monitor.log import get_logger
from monitor.wire import from_json, to_json

LINE_BYTES_MAX = 16_000_000  # of what the monitor says: a page of orders with their zones
ANSWER_S_MAX = 5.0  # for a request: a turn takes milliseconds, a snapshot of a big county a second
RETRY_S = 0.5  # between tries: the page says within 2 s that the link is gone, and it shall be back as soon
SILENT_S_MAX = 10.0  # for the greeting
BEAT_S = 1.0  # of silence: then we ask for a sign of life
HUNG_S = 5.0  # without a word: a monitor that is stopped keeps its connections open, and is away all the same

Greeting = dict[str, Any]
_BEAT = to_json({"do": "beat", "id": 0}) + b"\n"  # requests count from 1
_log = get_logger("console")


class Away(Exception):
    """The monitor does not answer."""


class Refusal(Exception):
    """The monitor has said no, and why."""


@dataclass(slots=True)
class FeedClient:
    """One connection at a time. `on_hello` is called when everything that was missed has been told; `on_gap` before, if not all can be."""

    host: str
    port: int
    token: str
    on_gap: Callable[[], None] = lambda: None
    on_hello: Callable[[Greeting], None] = lambda hello: None
    on_event: Callable[[dict[str, Any]], None] = lambda said: None
    on_link: Callable[[bool], None] = lambda up: None
    epoch: str | None = None  # of what we have heard last
    seq: int = 0
    heard_ms: int | None = None  # of the monitor's last word, by its own clock
    _writer: asyncio.StreamWriter | None = None
    _asked: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def run(self) -> None:
        """Listen for ever."""
        while True:
            try:
                await self._listen()
            except (OSError, ValueError, TimeoutError) as error:
                _log.info("feed_away", error=type(error).__name__)
            finally:
                self._part()
            await asyncio.sleep(RETRY_S)

    async def ask(self, **request: Any) -> dict[str, Any]:
        """What the monitor answers. Raises Away if it does not, Refusal if it says no."""
        if self._writer is None:
            raise Away
        number = next(self._ids)
        self._asked[number] = asyncio.get_running_loop().create_future()
        self._writer.write(to_json({**request, "id": number}) + b"\n")
        try:
            async with asyncio.timeout(ANSWER_S_MAX):
                reply = await self._asked[number]
        except TimeoutError:
            raise Away from None
        finally:
            self._asked.pop(number, None)
        if not reply.get("ok"):
            raise Refusal(str(reply.get("why", "no reason given")))
        return reply

    async def _listen(self) -> None:
        async with asyncio.timeout(SILENT_S_MAX):
            reader, writer = await asyncio.open_connection(self.host, self.port, limit=LINE_BYTES_MAX)
        try:
            writer.write(to_json({"token": str(self.token), "epoch": self.epoch, "after": self.seq}) + b"\n")
            async with asyncio.timeout(SILENT_S_MAX):
                hello = from_json(await reader.readline(), dict[str, Any])
            if hello.get("kind") != "hello":
                raise ValueError(hello.get("why"))
            self._writer = writer
            await self._hear_out(hello, reader)
        finally:
            writer.transport.abort()

    async def _hear_out(self, hello: Greeting, reader: asyncio.StreamReader) -> None:
        """What we have missed first, then how everything stands, then what happens."""
        if hello["gap"] and self.epoch is not None:  # who has never heard anything has lost nothing
            self.on_gap()
        if hello["epoch"] != self.epoch:
            self.epoch, self.seq = hello["epoch"], 0
        greeted = False
        while True:
            if not greeted and self.seq >= hello["seq"]:
                greeted = True
                self.on_link(True)
                self.on_hello(hello)
            line = await self._next(reader)
            if not line:
                return
            self._hear(from_json(line, dict[str, Any]))

    async def _next(self, reader: asyncio.StreamReader) -> bytes:
        """The next line, asked for where none comes by itself. Raises TimeoutError if the monitor says nothing more."""
        silent_s = 0.0
        while True:
            try:
                async with asyncio.timeout(BEAT_S):
                    return await reader.readline()
            except TimeoutError:
                silent_s += BEAT_S
                if silent_s >= HUNG_S or self._writer is None:
                    raise
                self._writer.write(_BEAT)

    def _hear(self, said: dict[str, Any]) -> None:
        if "at_ms" in said:
            self.heard_ms = max(self.heard_ms or 0, said["at_ms"])
        if said["kind"] == "reply":
            waiting = self._asked.get(said["id"])  # none waits for a beat
            if waiting is not None and not waiting.done():
                waiting.set_result(said)
        elif said["kind"] == "dropped":
            raise ConnectionError(said["why"])
        elif said["seq"] > self.seq:
            self.seq = said["seq"]
            self.on_event(said)

    def _part(self) -> None:
        self._writer = None
        for waiting in self._asked.values():
            if not waiting.done():
                waiting.set_exception(Away())
                waiting.exception()
        self._asked.clear()
        self.on_link(False)
