"""Sessions with the MQTT broker: a lasting conversation under one client id, over as many connections as it takes.

Each attempt is a new connection (connection.py) with the same client id; the memory of a session is the broker's. gmqtt's own
reconnection waits a fixed time, gives up for ever on some refusals, and replays what we would rather decide about.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence

from monitor.arrivals import Inbound
from monitor.connection import Batch, Broker, Connection, LinkLost, NoListener, Refused
from monitor.frames import NOBODYS
from monitor.log import get_logger
from monitor.reasons import reason_of, why_disconnected
from monitor.topics import Topics

__all__ = ["Batch", "Broker", "Inbound", "LinkLost", "NoListener", "Refused", "Session"]

_log = get_logger("mqtt")

BACKOFF_S_MIN, BACKOFF_S_MAX = 0.2, 2.0  # a restarted broker is found again within 2 s; a dead one is not hammered
LOG_EVERY_S = 60.0  # of a broker that stays away for the same reason
NEVER = "", 0.0


class Session:
    """A lasting conversation with the broker under one client id, over as many connections as it takes."""

    def __init__(
        self,
        client_id: str,
        broker: Broker,
        topics: Sequence[str],
        *,
        on_batch: Callable[[Batch], None],
        on_link: Callable[[bool], None],
        unwanted: Callable[[], Topics] = lambda: NOBODYS,
        rng: random.Random | None = None,
    ) -> None:
        self.client_id = client_id
        self.connections = 0
        self._broker = broker
        self._topics = tuple(topics)
        self._on_batch = on_batch
        self._on_link = on_link
        self._unwanted = unwanted
        self._rng = rng or random.Random()  # jitter
        self._connection: Connection | None = None
        self._told = NEVER  # why it could not be reached, and when that was logged
        self._named = {"session": client_id, "host": broker.host, **({} if broker.host.startswith("/") else {"port": broker.port})}

    @property
    def ready(self) -> bool:
        """Connected and subscribed to everything."""
        return self._connection is not None and not self._connection.lost.is_set()

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, hurry: bool = True) -> asyncio.Future[None]:
        """Publish, now or with all else of this round; the future ends with the PUBACK or with LinkLost, NoListener or Refused."""
        if self._connection is None:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            future.set_exception(LinkLost("not connected"))
            return future
        return self._connection.publish(topic, payload, qos=qos, hurry=hurry)

    async def set_topics(self, topics: Sequence[str]) -> None:
        """Listen to these topics from now on; the new ones at once, those left out from the next connection's end.

        A topic that is no longer wanted may go on arriving for a while: whoever decodes it knows it no more.
        """
        if self._connection is not None:
            self._topics = tuple(dict.fromkeys((*self._topics, *topics)))  # should it fail, whoever counts on the old ones still may
            await self._connection.subscribe(self._connection.missing(topics))
        self._topics = tuple(topics)

    async def run(self) -> None:
        """Keep the conversation up until cancelled. Never raises anything else."""
        delay_s = BACKOFF_S_MIN
        while True:
            connection = Connection(self.client_id, self._broker, self._on_batch, self._unwanted)
            try:
                await connection.open()
                while missing := connection.missing(self._topics):  # they may change while it subscribes
                    await connection.subscribe(missing)
                delay_s = BACKOFF_S_MIN
                self._rise(connection)
                await connection.watch()
                why = why_disconnected(connection.reason_code, closed=connection.lost.is_set())
                _log.warning("broker_link_lost", **self._named, code=connection.reason_code, reason=why)
            except (OSError, TimeoutError) as error:
                self._tell_unreachable(error, delay_s)
            except Exception as error:
                _log.error("broker_session_failed", **self._named, error=type(error).__name__)
            finally:
                connection.close()
                self._fall(connection)
            await asyncio.sleep(delay_s * self._rng.uniform(0.5, 1.0))
            delay_s = min(delay_s * 2, BACKOFF_S_MAX)

    def _tell_unreachable(self, error: Exception, retry_s: float) -> None:
        """Log why, when that is new, and once a minute."""
        why = str(error) if isinstance(error, LinkLost | Refused) else reason_of(error) or "no answer"
        if why != self._told[0] or time.monotonic() - self._told[1] >= LOG_EVERY_S:
            self._told = why, time.monotonic()
            _log.warning("broker_unreachable", **self._named, error=type(error).__name__, reason=why, retry_s=round(retry_s, 1))

    def _rise(self, connection: Connection) -> None:
        self._connection = connection
        self._told = NEVER
        self.connections += 1
        _log.info("broker_link_up", **self._named, topics=len(self._topics))
        self._on_link(True)

    def _fall(self, connection: Connection) -> None:
        if self._connection is connection:
            self._connection = None
            self._on_link(False)
