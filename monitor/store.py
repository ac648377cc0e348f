"""Live state for readers in Redis: the level of each order, and the stream of transitions. The door to redis.

`resguardo:order:<id>`    hash: level, reason, incident and at_ms of the last transition
`resguardo:transitions`   stream, and channel of the same name; a line may come twice, after a call that timed out and was served
`resguardo:alive`         gone 5 s after our last word: a reader that does not find it knows nothing, least of all calm

Only a convenience: the service decides nothing by it and waits for it never. `put` keeps the newest state of each order in
memory; a task of its own writes it out. After an outage everything known is written again. No place and no distance is in it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from config.settings import RedisSettings
from geofence.terms import IncidentId, OrderId, Transition
from monitor.engine import Standing
from monitor.log import get_logger
from monitor.wire import to_json

TIMEOUT_S = 0.1  # a healthy server on the same network answers in 1 ms; the library's own retries would stall for a minute
WRITE_S_MAX = 1.0  # for one batch with all its round trips
BATCH = 50  # orders or transitions in one pipeline: 3 ms of the event loop's time, which alerts share
STREAM_MAX = 10_000  # transitions kept for readers, here and there: two hours of a bad day; the journal has them all
FAILURES_MAX = 3  # in a row: then the server is left in peace
BEAT_S = 1.0  # between two signs of life; a server that lost everything is filled again as soon
ALIVE_MS = 5_000  # four signs of life may be late
PAUSE_S, PROBE_S = 0.1, 2.0  # between tries before, and after that

_log = get_logger("store")


@dataclass(slots=True)
class _State:
    """What readers may know of one order."""

    level: str
    reason: str
    incident: str
    at_ms: int

    def fields(self) -> dict[Any, Any]:
        return {"level": self.level, "reason": self.reason, "incident": self.incident, "at_ms": self.at_ms}


class _Line(NamedTuple):
    """One of the stream; a third of what a dictionary takes, and a lost link makes ten thousand."""

    order: OrderId
    incident: IncidentId
    from_level: str
    to_level: str
    reason: str
    at_ms: int

    def fields(self) -> dict[Any, Any]:
        return dict(zip(_LINE_KEYS, self, strict=True))


_LINE_KEYS = ("order", "incident", "from", "to", "reason", "at_ms")


@dataclass(slots=True)
class _Backlog:
    """What Redis has yet to hear."""

    states: dict[OrderId, _State] = field(default_factory=dict)
    stream: deque[_Line] = field(default_factory=lambda: deque(maxlen=STREAM_MAX))


class Store:
    """Writes to one server."""

    def __init__(self, settings: RedisSettings, *, prefix: str = "resguardo") -> None:
        self._settings = settings
        self._prefix = prefix
        self._known: dict[OrderId, _State] = {}
        self._backlog = _Backlog()
        self._failures = 0
        self._wake = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether the last write reached the server."""
        return self._failures == 0

    def put(self, transitions: Sequence[Transition]) -> None:
        """Note transitions for readers; never waits. While the server is away the oldest fall out of the stream."""
        for t in transitions:
            state = _State(t.to_level.word, t.reason.word, t.incident, t.at_ms)
            self._known[t.order] = self._backlog.states[t.order] = state
            self._backlog.stream.append(_Line(t.order, t.incident, t.from_level.word, state.level, state.reason, t.at_ms))
        self._wake.set()

    def know(self, standings: Sequence[Standing], at_ms: int) -> None:
        """Note how the orders stand that were not calm when we started: their transitions were told by an earlier process."""
        for s in standings:
            state = _State(s.level.word, s.reason.word, s.incident or "", at_ms)
            self._known[s.order] = self._backlog.states[s.order] = state
        self._wake.set()

    async def run(self) -> None:
        """Write what is noted, until cancelled."""
        client = self._client()
        task = asyncio.current_task()
        assert task is not None
        try:
            while not task.cancelling():  # redis-py can turn a cancellation into a time-out of its own: it still counts
                with suppress(TimeoutError):  # `wait_for` of Python 3.11 can swallow a cancellation
                    async with asyncio.timeout(BEAT_S):
                        await self._wake.wait()
                try:
                    async with asyncio.timeout(WRITE_S_MAX):
                        remembered = await self._write(client)
                except (RedisError, OSError) as error:  # TimeoutError is an OSError
                    await self._failed(client, error)
                else:
                    self._succeeded(remembered)
        finally:
            await client.aclose()

    def _client(self) -> Redis:
        settings = self._settings
        return Redis(
            host=settings.host or "",
            port=settings.port,
            db=settings.database,
            username=settings.username,
            password=settings.password,
            ssl=settings.tls,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
            single_connection_client=True,
            protocol=2,
        )

    async def _write(self, client: Redis) -> bool:
        """Write one batch; what it held is forgotten only once the server has it. Whether the server remembered us."""
        states = dict(islice(self._backlog.states.items(), BATCH))
        lines = [self._backlog.stream[index] for index in range(min(BATCH, len(self._backlog.stream)))]
        pipe = client.pipeline(transaction=False)
        pipe.set(f"{self._prefix}:alive", 1, px=ALIVE_MS, get=True)
        for order, state in states.items():
            pipe.hset(f"{self._prefix}:order:{order}", mapping=state.fields())
        for line in lines:
            fields = line.fields()
            pipe.xadd(f"{self._prefix}:transitions", fields, maxlen=STREAM_MAX, approximate=True)
            pipe.publish(f"{self._prefix}:transitions", to_json(fields))
        alive, *_ = await pipe.execute()
        for order, state in states.items():
            if self._backlog.states.get(order) is state:
                del self._backlog.states[order]
        for line in lines:
            if self._backlog.stream[0] is line:  # else it has fallen out meanwhile
                self._backlog.stream.popleft()
        return alive is not None

    def _succeeded(self, remembered: bool) -> None:
        if self._failures:
            _log.info("store_recovered", count=len(self._known))
        if self._failures or not remembered:  # it may be back empty; the library reconnects without a word
            self._backlog.states.update(self._known)
        self._failures = 0
        if not self._backlog.states and not self._backlog.stream:
            self._wake.clear()

    async def _failed(self, client: Redis, error: Exception) -> None:
        self._failures += 1
        if self._failures == FAILURES_MAX:
            _log.warning("store_away", error=type(error).__name__)
        await client.connection_pool.disconnect()
        await asyncio.sleep(PROBE_S if self._failures >= FAILURES_MAX else PAUSE_S)
