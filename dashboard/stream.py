"""Live updates to browsers as server-sent events, resumed without loss by `Last-Event-ID`. Nobody is waited for."""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from monitor.wire import to_json

KEPT = 10_000  # events a page may have missed: an hour of a bad night; beyond it starts anew, which costs one request
BEAT_S = 1.0  # a page that hears nothing for 2 s says so to its dispatcher
BURST = 500  # events written at once: the rest waits for the reader

Render = Callable[[str, object], object | None]  # (kind, subject) -> what this viewer may read of it; None = nothing


@dataclass(slots=True)
class Stream:
    """What has changed, by number. What a viewer reads is rendered when it is sent: always the newest, in her language."""

    epoch: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    number: int = 0
    _events: deque[tuple[int, str, object]] = field(default_factory=lambda: deque(maxlen=KEPT))
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, kind: str, subject: object) -> None:
        """Tell everybody who listens."""
        self.number += 1
        self._events.append((self.number, kind, subject))
        self._news.set()
        self._news = asyncio.Event()

    @property
    def last_id(self) -> str:
        """Where a page that has just loaded everything goes on from."""
        return f"{self.epoch}-{self.number}"

    async def follow(self, last_id: str | None, render: Render, now_ms: Callable[[], int]) -> AsyncIterator[bytes]:
        """What is said after `last_id`, for ever; a beat each second. `reset` where something is lost for good."""
        at, lost = self._place(last_id)
        if lost:
            yield _event(self.last_id, "reset", {})
        while True:
            news = self._news  # taken before we look: what is said meanwhile wakes us
            block, at, fell_behind = self._after(at, render)
            if fell_behind:
                yield _event(self.last_id, "reset", {})
            if block:
                yield block
            if at < self.number:
                continue
            try:
                async with asyncio.timeout(BEAT_S):
                    await news.wait()
            except TimeoutError:
                yield _event(None, "beat", {"at_ms": now_ms()})

    def _place(self, last_id: str | None) -> tuple[int, bool]:
        """(number to go on from, True if events between are lost)."""
        if last_id is None:
            return self.number, False
        epoch, _, number = last_id.rpartition("-")
        if epoch != self.epoch or not number.isascii() or not number.isdigit() or len(number) > 15:
            return self.number, True
        first = self._events[0][0] if self._events else self.number + 1
        at = int(number)
        return (at, False) if first - 1 <= at <= self.number else (self.number, True)

    def _after(self, at: int, render: Render) -> tuple[bytes, int, bool]:
        """(events after `at`, the number of the last, True if the reader fell behind). One object is said once a block."""
        if self._events and at < self._events[0][0] - 1:
            return b"", self.number, True
        found = self._tail(at)[:BURST]
        newest = {(kind, id(subject)): number for number, kind, subject in found}
        lines = []
        for number, kind, subject in found:
            if newest[kind, id(subject)] == number:
                body = render(kind, subject)
                if body is not None:
                    lines.append(_event(f"{self.epoch}-{number}", kind, body))
        return b"".join(lines), found[-1][0] if found else at, False

    def _tail(self, at: int) -> list[tuple[int, str, object]]:
        missing = self.number - at
        return [self._events[k] for k in range(len(self._events) - missing, len(self._events))] if missing > 0 else []


def _event(event_id: str | None, kind: str, body: object) -> bytes:
    head = f"id: {event_id}\n" if event_id is not None else ""
    return f"{head}event: {kind}\ndata: ".encode() + to_json(body) + b"\n\n"
