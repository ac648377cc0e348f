"""The one consumer: what arrived goes to the journal and to the engine side by side, and out again.

Everything here runs on the event loop's thread, one turn at a time. A turn takes all that has arrived, stamps it once,
hands it to the journal (which writes in its own thread) and to the engine, and passes the effects on at once: an alert
does not wait for the disk. Acknowledgements do: the broker's and the device's follow the commit.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from geofence.terms import DeviceId, Registry
from monitor.arrivals import Arrivals
from monitor.clock import Clock
from monitor.engine import Effects, Engine
from monitor.gather import GATHER_S, Gathering
from monitor.journal import Journal, Record
from monitor.mqtt import Batch
from monitor.recovery import judge
from monitor.terms import Envelope, OrderChange

DEGRADED_S = 0.25  # fault F7: a commit that takes longer is said aloud; the median here is 4 ms
WELL_S = 5.0  # without trouble before it is said to be over: a disk at its limit must not ring the control room each second
ACKNOWLEDGE_ANYWAY_S = 2.0  # then the broker is acknowledged so that the feed goes on; the device keeps its pings
PORTION_S = 0.005  # of judging changed orders at a time: with what they cause passed on, a portion stays below 20 ms
OUTCOMES_MAX = 100  # told in one turn, some 5 ms: after a flood thousands come at once, and the next ping would wait for all of them
PATROL_S = 0.1  # how often the age of the oldest commit is looked at: well below DEGRADED_S
HEARTBEAT_S = 0.5  # an idle service commits nothing at this pace, so that "healthy" means a commit within 2 s
PENDING_MAX = 10_000  # commits waited for when the disk is gone: beyond it the oldest lose their receipts, not their pings
STOP_S_MAX = 2.0  # for the last commit at shutdown, which as a whole has 5 s


OUTCOME = "monitor/outcome"


class Sinks(Protocol):
    """Who hears what a turn has brought."""

    def judged(self, effects: Effects, inputs: int, seconds: float) -> None:
        """Effects of a batch of `inputs`, judged in `seconds`."""

    def safe(self, receipts: Mapping[DeviceId, tuple[int, int]]) -> None:
        """These pings are on disk: their devices may forget them."""

    def committed(self, seconds: float) -> None:
        """One commit has ended well."""

    def degraded(self, degraded: bool) -> None:
        """The journal has stopped, or come back."""

    def poisoned(self, envelope: Envelope, error: Exception) -> None:
        """The engine failed on this input; it is left out."""

    def lagged(self, seconds: float) -> None:
        """A deadline was served this long after its time."""


@dataclass(slots=True)
class _Pending:
    """One commit under way, and what follows it."""

    future: asyncio.Future[int]
    since_s: float
    batches: Sequence[Batch] = ()
    receipts: dict[DeviceId, tuple[int, int]] = field(default_factory=dict)
    acknowledged: bool = False


class Loop:
    """Drives one engine."""

    def __init__(self, engine: Engine, journal: Journal, clock: Clock, sinks: Sinks) -> None:
        self.engine = engine
        self._journal = journal
        self._clock = clock
        self._sinks = sinks
        self._loop = asyncio.get_running_loop()
        self._inbox: list[Batch] = []
        self._own: list[tuple[str, bytes]] = []
        self._outcomes: deque[tuple[str, bytes]] = deque()
        self._turn_planned = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_ms: int | None = None
        self._pending: deque[_Pending] = deque()
        self._degraded = False
        self._well_from_s = 0.0
        self._gathering = Gathering()

    # --- in -----------------------------------------------------------------------------------------------------

    def take(self, batch: Batch) -> None:
        """Queue what a session brought."""
        self._inbox.append(batch)
        self._plan()

    def put(self, topic: str, payload: bytes) -> None:
        """Queue an input of our own making: our link, the outcome of a delivery, a change of orders."""
        (self._outcomes if topic == OUTCOME else self._own).append((topic, payload))
        self._plan()

    def _plan(self) -> None:
        if not self._turn_planned:
            self._turn_planned = True
            self._loop.call_soon(self._turn)

    # --- a turn -------------------------------------------------------------------------------------------------

    def _turn(self) -> None:
        self._turn_planned = False
        batches, self._inbox = self._inbox, []
        own, self._own = self._own, []
        now_ms = self._clock.now_ms()
        if own:
            self.receive([Envelope(now_ms, topic, payload) for topic, payload in own])
        if batches:
            self.receive(Arrivals.of(now_ms, [batch.take() for batch in batches]), batches)
        if self._outcomes:  # after the pings: they change only what is asked later
            some = [self._outcomes.popleft() for _ in range(min(OUTCOMES_MAX, len(self._outcomes)))]
            self.receive([Envelope(now_ms, topic, payload) for topic, payload in some])
        if self._outcomes:
            self._plan()
        if batches and self._gathering.on:
            time.sleep(GATHER_S)

    def receive_own(self, topic: str, payload: bytes) -> asyncio.Future[int]:
        """Take one input of our own in a turn of its own, now; the future ends with its commit."""
        return self.receive([Envelope(self._clock.now_ms(), topic, payload)])

    def receive(self, envelopes: Sequence[Envelope], batches: Sequence[Batch] = ()) -> asyncio.Future[int]:
        """Journal and judge envelopes that are stamped already; acknowledge `batches` once they are on disk, as the future tells."""
        started_s = self._loop.time()
        records = envelopes if isinstance(envelopes, Arrivals) else [Record.of_input(envelope) for envelope in envelopes]
        future = self._journal.append(records)
        effects = judge(self.engine, envelopes, self._sinks.poisoned)
        self._sinks.judged(effects, len(envelopes), self._loop.time() - started_s)
        self._await_commit(_Pending(future, started_s, batches, effects.receipts))
        self._arm()
        return future

    async def adopt(self, registry: Registry) -> None:
        """Let the engine take over a changed registry in portions, with turns between them, and pass on what each causes."""
        changes = self.engine.adopting(registry)
        while self._adopt_some(changes):  # noqa: ASYNC110 - it works, and waits for nothing
            await asyncio.sleep(0)

    def _adopt_some(self, changes: Iterator[OrderChange | None]) -> bool:
        """One portion; False after the last."""
        started_s = self._loop.time()
        effects, more = self.engine.advance(self._clock.now_ms()), False
        for change in changes:
            self.engine.adopt(change, effects)
            if self._loop.time() - started_s >= PORTION_S:
                more = True
                break
        self._sinks.judged(effects, 0, self._loop.time() - started_s)
        self._arm()
        return more

    # --- time ---------------------------------------------------------------------------------------------------

    def advance(self) -> None:
        """Let time alone pass, up to now."""
        now_ms = self._clock.now_ms()
        started_s = self._loop.time()
        if self._timer_ms is not None and now_ms > self._timer_ms:
            self._sinks.lagged((now_ms - self._timer_ms) / 1000)
        self._timer_ms = None
        try:
            self._sinks.judged(self.engine.advance(now_ms), 0, self._loop.time() - started_s)
        except Exception as error:
            self._sinks.poisoned(Envelope(now_ms, "monitor/time", b""), error)
        self._arm()

    def _arm(self) -> None:
        """Set the one timer to the engine's next deadline."""
        deadline_ms = self.engine.next_deadline_ms()
        if deadline_ms == self._timer_ms:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._timer_ms = None, deadline_ms
        if deadline_ms is not None:
            # Never sooner than 1 ms from now: should the engine ask for a time that it has just been given, others still get a turn.
            self._timer = self._loop.call_later(max(0.001, (deadline_ms - self._clock.now_ms()) / 1000), self.advance)

    # --- commits ------------------------------------------------------------------------------------------------

    def _await_commit(self, pending: _Pending) -> None:
        self._pending.append(pending)
        if len(self._pending) > PENDING_MAX:
            self._acknowledge(self._pending.popleft())
        pending.future.add_done_callback(lambda _: self._settle())

    def _settle(self) -> None:
        """Follow up every commit that has ended, in order."""
        while self._pending and self._pending[0].future.done():
            pending = self._pending.popleft()
            self._acknowledge(pending)  # a commit that failed too, or the feed would stop; without a receipt the device keeps its pings
            if pending.future.cancelled() or pending.future.exception() is not None:
                continue
            self._sinks.safe(pending.receipts)
            self._sinks.committed(self._loop.time() - pending.since_s)
        self._tell_degraded()

    @staticmethod
    def _acknowledge(pending: _Pending) -> None:
        if not pending.acknowledged:
            pending.acknowledged = True
            for batch in pending.batches:
                batch.acknowledge()

    def _tell_degraded(self) -> None:
        if self._journal.behind_s > DEGRADED_S or self._journal.degraded:
            self._well_from_s = self._loop.time() + WELL_S
        degraded = self._loop.time() < self._well_from_s
        if degraded != self._degraded:
            self._degraded = degraded
            self._sinks.degraded(degraded)

    async def patrol(self) -> None:
        """Watch the age of commits and how busy we are, and keep the heart beating, until cancelled."""
        beat_s = 0.0
        while True:
            now_s = self._loop.time()
            self._gathering.look(now_s, time.thread_time())
            self._tell_degraded()
            for pending in self._pending:
                if now_s - pending.since_s <= ACKNOWLEDGE_ANYWAY_S:
                    break
                self._acknowledge(pending)
            if now_s - beat_s >= HEARTBEAT_S and not self._pending:
                beat_s = now_s
                self._await_commit(_Pending(self._journal.append([]), now_s))
            await asyncio.sleep(PATROL_S)

    async def stop(self) -> None:
        """Take what has arrived, and wait a moment for its commit."""
        while self._turn_planned:
            self._turn()
        if self._timer is not None:
            self._timer.cancel()
        if self._pending:
            await asyncio.wait([pending.future for pending in self._pending], timeout=STOP_S_MAX)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's event loop where there is one: half the CPU time a message."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
