"""Live state for readers, in Redis: a copy that can be lost at any time. The door to redis.

`resguardo:order:<id>`     hash: level, reason, incident, at_ms of the last transition
`resguardo:transitions`    stream and channel of the same name: one line of TRANSITIONS.jsonl (contract section 3) each
`resguardo:alive`          expires 5 s after our last word: a reader that does not find it knows nothing, least of all calm

No place is ever written here. `put` only remembers; everything that can block or fail is in `run`, which has its own task.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from config.settings import RedisSettings
from geofence.terms import OrderId, Transition
from monitor.log import get_logger
from monitor.replay import transition_line
from monitor.wire import to_json

CALL_S_MAX = 0.1  # redis-py's own defaults stall a call for 58 s behind a dead host
FAILURES_MAX = 3  # then the breaker opens: one try every PROBE_S
RETRY_S, PROBE_S = 0.1, 2.0
BEAT_S = 1.0  # between two signs of life
ALIVE_MS = 5_000  # four signs of life may be late
STREAM_MAX = 10_000  # a day of a busy court; the journal has them all
WAITING_MAX = 10_000  # transitions kept for a Redis that is away: the newest are worth most
CHUNK = 100  # commands in one round trip: 2 ms of our loop's time

_log = get_logger("store")


class Store:
    """Keeps Redis up to date with what was put, as far as Redis lets it."""

    def __init__(self, settings: RedisSettings) -> None:
        self._settings = settings
        self._orders: dict[OrderId, dict[str, Any]] = {}
        self._stale: dict[OrderId, None] = {}  # not in Redis yet, oldest first
        self._events: deque[bytes] = deque(maxlen=WAITING_MAX)
        self._wake = asyncio.Event()
        self._failures = 0
        self.dropped = 0
        self.connected = False

    def put(self, transitions: Sequence[Transition]) -> None:
        """Remember what has changed. Never blocks, never fails."""
        for one in transitions:
            self._orders[one.order] = {
                "level": one.to_level.word,
                "reason": one.reason.word,
                "incident": one.incident,
                "at_ms": one.at_ms,
            }
            self._stale[one.order] = None
            self.dropped += len(self._events) == WAITING_MAX
            self._events.append(to_json(transition_line(one)))
        self._wake.set()

    async def run(self) -> None:
        """Serve one connection after another, until cancelled."""
        while True:
            client = self._client()
            try:
                await self._serve(client)
            except (RedisError, OSError, TimeoutError) as error:
                self._failed(error)
            finally:
                with suppress(RedisError, OSError, TimeoutError):
                    async with asyncio.timeout(CALL_S_MAX):
                        await client.aclose()
            await asyncio.sleep(RETRY_S if self._failures < FAILURES_MAX else PROBE_S)

    def _client(self) -> Redis:
        s = self._settings
        return Redis(
            host=s.host or "",
            port=s.port,
            db=s.database,
            username=s.username,
            password=s.password,
            ssl=s.tls,
            socket_timeout=CALL_S_MAX,
            socket_connect_timeout=CALL_S_MAX,
            retry=Retry(NoBackoff(), 0),
            retry_on_error=[],
            health_check_interval=0,
            protocol=2,  # 3 brings a handshake of its own
            max_connections=1,
        )

    def _failed(self, error: Exception) -> None:
        self._failures += 1
        if self.connected or self._failures == FAILURES_MAX:
            _log.warning("redis_away", error=type(error).__name__)
        self.connected = False

    async def _serve(self, client: Redis) -> None:
        """Write all that is known, then what changes. The first sign of life is the probe. Raises RedisError, OSError, TimeoutError."""
        await self._beat(client)
        if not self.connected:
            _log.info("redis_connected")
        self.connected = True
        self._stale = dict.fromkeys(self._orders)  # it may be another Redis, or an empty one
        while True:
            while self._stale or self._events:
                await self._write(client)
            self._failures = 0
            self._wake.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), BEAT_S)
            await self._beat(client)

    async def _beat(self, client: Redis) -> None:
        async with asyncio.timeout(CALL_S_MAX):
            await client.set("resguardo:alive", "1", px=ALIVE_MS)

    async def _write(self, client: Redis) -> None:
        """One round trip. What it carried is forgotten only when Redis has it."""
        orders = [order for order, _ in zip(self._stale, range(CHUNK), strict=False)]
        states = {order: self._orders[order] for order in orders}
        events = [event for event, _ in zip(self._events, range(CHUNK), strict=False)]
        dropped = self.dropped
        pipeline = client.pipeline(transaction=False)
        for order, state in states.items():
            pipeline.hset(f"resguardo:order:{order}", mapping=state)
        for event in events:
            pipeline.xadd("resguardo:transitions", {"line": event}, maxlen=STREAM_MAX, approximate=True)
            pipeline.publish("resguardo:transitions", event)
        async with asyncio.timeout(CALL_S_MAX):
            await pipeline.execute()
        for order, state in states.items():
            if self._orders[order] is state:
                del self._stale[order]
        for _ in range(len(events) - (self.dropped - dropped)):
            self._events.popleft()
