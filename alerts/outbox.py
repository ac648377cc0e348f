"""Everything that must reach someone, until it has: at least once, each to an end that is known, also after kill -9.

What may be sent twice without harm (bracelet, webhook, console: they know ids) goes out beside its own commit. What rings
a telephone waits for the commit, but a broken disk delays the first of them by 150 ms. Every end is reported by `on_outcome`.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

from alerts.channels import Answer, Carrier, Verdict, begin_of, receipts_of
from alerts.database import Change, Database, Intent, Kept, Receipt
from alerts.lane import Delivery, Lane
from alerts.overtaken import makes_needless
from alerts.ringing import Ringing
from alerts.terms import TELEPHONES, TOO_OLD, Acknowledgement, Audience, Channel, DeliveryState, Kind, Notification, NotificationId, Outcome
from geofence.terms import IncidentId, PersonId

DISK_S = 0.15  # a telephone waits this long for our disk: a commit takes 4 ms, so longer means that it is broken, or worse than that
RECOVER_S = 2.0  # a start waits this long to learn what was left; the rest of it follows when the disk answers
FLUSH_S = 1.0  # for `flush`
FLEETING_S = 15.0  # new numbers are worth nothing when the next ones are due (geofence/policy.py, NUMBERS_MS_MIN)
EXPIRY_S = 300.0  # then it has failed: on foot or by car, five minutes later it is another situation; a telephone's count from its time
BACKOFF_S, BACKOFF_S_MAX = 0.25, 15.0  # first and longest pause; doubling, so that 300 s hold about 25 attempts
LOOK_UP_S = 1.0  # a carrier's own list may lag: rather a duplicate than a wait
LOOK_UPS_FAILED_MAX = 2  # then it is sent without having been looked up
REPEATED_MS = 2_000  # issued longer ago than this, it comes from a journal read again: it may have gone out already
KNOWN_MAX = 500_000  # ids remembered; a week of a busy county

Conversation = tuple[IncidentId, Audience, Channel, PersonId | None]  # two whom she trusts are two conversations


def _clock_ms() -> int:
    return time.time_ns() // 1_000_000


class Outbox:
    """Make it, `start` it, `submit` to it; all on one event loop."""

    def __init__(
        self,
        path: Path,
        carriers: Mapping[Channel, Carrier],
        *,
        on_outcome: Callable[[Outcome], None],
        on_degraded: Callable[[bool], None] = lambda _: None,
        on_bent: Callable[[], None] = lambda: None,
        now_ms: Callable[[], int] = _clock_ms,
        rng: random.Random | None = None,
        pace_s: Mapping[Channel, float] = MappingProxyType({}),
    ) -> None:
        assert Channel.CONSOLE in carriers, "the console stands in for every other channel"
        self.degraded = False  # alerts go out, but what becomes of them is not kept
        self._path = path
        self._carriers = carriers
        self._on_outcome = on_outcome
        self._on_degraded = on_degraded
        self._on_bent = on_bent  # something could not be kept or read, and never will
        self._now_ms = now_ms
        self._rng = rng if rng is not None else random.Random()
        self._lanes = {channel: Lane(one.parallel, self._attempt, pace_s.get(channel, 0.0)) for channel, one in carriers.items()}
        self._known: dict[NotificationId, None] = {}
        self._said: dict[Conversation, list[Delivery]] = {}  # what is not finished, in the order in which it was said
        self._ringing = Ringing()
        self._database: Database | None = None
        self._is_safe = False  # stopped, with everything on disk

    # --- life -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the database and take up what was left unfinished."""
        self._database = Database(self._path, self._set_degraded, self._on_bent)
        kept = self._database.read()
        kept.add_done_callback(self._recover)
        await asyncio.wait([kept], timeout=RECOVER_S)
        if not kept.done():
            self._set_degraded(True)

    async def flush(self) -> None:
        """Wait until all that was submitted is on disk. Raises OSError if it is not within a moment."""
        if self._is_safe:
            return
        try:
            async with asyncio.timeout(FLUSH_S):
                await asyncio.shield(self._disk.write())
        except TimeoutError:
            raise OSError("the outbox cannot be written") from None

    async def stop(self, timeout_s: float) -> None:
        """Let what is under way end within `timeout_s`; what remains is on disk for the next start."""
        deadline_s = self._loop_s() + timeout_s
        await asyncio.sleep(0)  # the lanes start what was submitted last
        while (tasks := self._tasks()) and (rest_s := deadline_s - self._loop_s()) > 0:
            await asyncio.wait(tasks, timeout=rest_s, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0)  # the lanes start the next ones
        for deliveries in self._said.values():
            for delivery in deliveries:
                if delivery.timer is not None:
                    delivery.timer.cancel()
        tasks = self._tasks()
        for lane in self._lanes.values():
            lane.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(OSError):
            await self.flush()
            self._is_safe = True
        await self._disk.close()
        await asyncio.gather(*(carrier.close() for carrier in self._carriers.values()), return_exceptions=True)

    # --- in -------------------------------------------------------------------------------------------------------

    def submit(self, notifications: Iterable[Notification]) -> None:
        """Send these; an id that was submitted before, in this life or an earlier one, is not sent again. Never blocks."""
        now_ms = self._now_ms()
        new = {one.id: one for one in notifications if one.id not in self._known}
        if not new:
            return
        kept = [one for one in new.values() if not _is_fleeting(one)]
        on_disk = self._disk.write(*(Intent(one, now_ms) for one in kept)) if kept else _done()
        for one in new.values():
            self._accept(one, on_disk, look_up=now_ms - one.issued_ms > REPEATED_MS)
        for lane in self._lanes.values():
            lane.start()

    def acknowledged(self, notifications: Iterable[NotificationId]) -> None:
        """Somebody has answered these, as the engine found."""
        now_ms = self._now_ms()
        self._disk.write(*(Change(one, DeliveryState.ACKNOWLEDGED, now_ms) for one in notifications))

    def answered(self, answers: Iterable[Acknowledgement]) -> None:
        """Of what these people have answered no telephone need ring any more, unless it has rung already."""
        for answer in answers:
            for delivery in self._ringing.answered(answer):
                self._spare(delivery, "answered")

    def heard(self, outcome: Outcome) -> None:
        """Its carrier has told what became of one that it took."""
        self._disk.write(Change(outcome.notification, outcome.state, outcome.at_ms, outcome.detail))

    def waiting(self) -> dict[Channel, list[Notification]]:
        """What waits for its turn in each channel, in the order of the turns; new numbers are not counted."""
        return {channel: [one for one in lane.waiting() if not _is_fleeting(one)] for channel, lane in self._lanes.items()}

    @property
    def unfinished(self) -> int:
        """How many have not reached an end."""
        return sum(map(len, self._said.values()))

    def _recover(self, reading: asyncio.Future[Kept]) -> None:
        if reading.cancelled() or reading.exception() is not None:
            return
        self._set_degraded(False)
        kept = reading.result()
        unfinished = [one for one in kept.unfinished if one.id not in self._known]
        self._known = dict.fromkeys((*kept.known, *self._known))
        for carrier in self._carriers.values():
            if (receipts := receipts_of(carrier)) is not None:
                receipts.know(kept.receipts)
        for one in unfinished:
            self._accept(one, _done(), look_up=True)
        for identity in kept.unreadable:  # nobody knows what it said
            self._on_bent()
            self._report(identity, DeliveryState.FAILED, "unreadable")

    def _report(self, identity: NotificationId, state: DeliveryState, detail: str) -> None:
        """It has reached an end: keep it and say it; where it has failed, another rung is climbed."""
        now_ms = self._now_ms()
        self._disk.write(Change(identity, state, now_ms, detail))
        self._on_outcome(Outcome(identity, state, now_ms, detail))

    def _accept(self, one: Notification, on_disk: asyncio.Future[None], *, look_up: bool) -> None:
        """Queue it in its conversation, where it takes the place of what it says again: a ring goes first, all else waits its turn."""
        self._remember(one.id)
        self._ringing.note(one)
        for delivery in self._ringing.over(one):
            self._spare(delivery, "over")
        channel, carrier = self._way(one)
        for_s = FLEETING_S if _is_fleeting(one) else EXPIRY_S
        if channel in TELEPHONES:
            for_s -= (self._now_ms() - one.issued_ms) / 1000
            if for_s < 0:  # heard in a moment: whoever submits this must not hear of its end before it returns
                asyncio.get_running_loop().call_soon(self._report, one.id, DeliveryState.FAILED, TOO_OLD)
                return
        delivery = Delivery(one, carrier, on_disk, self._loop_s() + for_s, look_up=look_up)
        if look_up and (receipts := receipts_of(carrier)) is not None:
            receipts.suspect(one)
        conversation = _conversation(one)
        for earlier in list(self._said.get(conversation, ())):
            if not earlier.running and makes_needless(one, earlier.notification):
                self._finish(earlier, DeliveryState.EXPIRED, "overtaken")
        before = self._said.setdefault(conversation, [])
        delivery.held = bool(before) and one.kind is not Kind.RAISE
        before.append(delivery)
        if channel in TELEPHONES:
            self._ringing.wait(delivery)
        if not delivery.held:
            self._lanes[channel].push(delivery)

    def _way(self, one: Notification) -> tuple[Channel, Carrier]:
        """The channel itself where it is configured and knows an address, the console otherwise."""
        carrier = self._carriers.get(one.channel)
        if carrier is None or not carrier.reaches(one):
            return Channel.CONSOLE, self._carriers[Channel.CONSOLE]
        return one.channel, carrier

    def _remember(self, one: NotificationId) -> None:
        self._known[one] = None
        if len(self._known) > KNOWN_MAX:
            del self._known[next(iter(self._known))]

    # --- out ------------------------------------------------------------------------------------------------------

    def _attempt(self, delivery: Delivery) -> Coroutine[Any, Any, None] | None:
        """Begin an attempt, and be on the wire when this returns where the carrier can; what remains of it, if anything."""
        begin = begin_of(delivery.carrier)
        if begin is None:
            return self._attempt_in_turn(delivery)
        self._count(delivery)
        try:
            begun = begin(delivery.notification)
        except Exception as error:  # a carrier's fault must not cost the alert
            begun = Answer(Verdict.UNSURE, type(error).__name__)
        if isinstance(begun, Answer):  # heard in a moment: whoever submits this must not hear of its end before it returns
            asyncio.get_running_loop().call_soon(self._conclude, delivery, begun)
            return None
        return self._confirm(delivery, begun)

    async def _attempt_in_turn(self, delivery: Delivery) -> None:
        if not delivery.carrier.idempotent and not delivery.on_disk.done():
            _, late = await asyncio.wait([delivery.on_disk], timeout=0 if self.degraded else DISK_S)
            if late:
                self._set_degraded(True)
                delivery.on_disk.add_done_callback(lambda _: self._set_degraded(False))
        self._count(delivery)
        self._conclude(delivery, await self._ask(delivery))

    async def _confirm(self, delivery: Delivery, begun: Awaitable[Answer]) -> None:
        self._conclude(delivery, await self._within(delivery.carrier, begun))

    def _count(self, delivery: Delivery) -> None:
        """Another attempt begins; the first is kept."""
        if delivery.attempts == 0 and not _is_fleeting(delivery.notification):
            self._disk.write(Change(delivery.notification.id, DeliveryState.SENDING, self._now_ms()))
        delivery.attempts += 1

    def _conclude(self, delivery: Delivery, answer: Answer) -> None:
        delivery.running = False
        self._follow(delivery, answer)

    async def _ask(self, delivery: Delivery) -> Answer:
        """One attempt, however the carrier behaves."""
        one, carrier = delivery.notification, delivery.carrier
        if delivery.look_up and not carrier.idempotent:
            try:
                async with asyncio.timeout(LOOK_UP_S):
                    if await carrier.was_taken(one):
                        return Answer(Verdict.TAKEN, "found")
            except Exception as error:
                delivery.look_ups_failed += 1
                if delivery.look_ups_failed < LOOK_UPS_FAILED_MAX:
                    return Answer(Verdict.UNSURE, f"look-up: {type(error).__name__}")
            delivery.look_up = False
        if delivery.needless:
            return Answer(Verdict.LATER)
        return await self._within(carrier, carrier.send(one))

    @staticmethod
    async def _within(carrier: Carrier, sending: Awaitable[Answer]) -> Answer:
        """What comes of it in the time that the carrier is given."""
        try:
            async with asyncio.timeout(carrier.timeout_s):
                return await sending
        except TimeoutError:
            return Answer(Verdict.UNSURE, "time-out")
        except Exception as error:  # a carrier's fault must not cost the alert
            return Answer(Verdict.UNSURE, type(error).__name__)

    def _follow(self, delivery: Delivery, answer: Answer) -> None:
        """Draw the consequence of an attempt."""
        if answer.verdict is Verdict.TAKEN:
            self._keep_receipts(delivery)
            self._finish(delivery, DeliveryState.ACCEPTED, answer.detail)
        elif answer.verdict is Verdict.NEVER:
            self._finish(delivery, DeliveryState.FAILED, answer.detail)
        elif delivery.needless:
            self._finish(delivery, DeliveryState.EXPIRED, delivery.needless)
        elif self._loop_s() >= delivery.expires_s:
            self._finish(delivery, DeliveryState.FAILED, f"gave up: {answer.detail}")
        elif self._is_overtaken(delivery):
            self._finish(delivery, DeliveryState.EXPIRED, "overtaken")
        else:
            delivery.look_up = delivery.look_up or answer.verdict is Verdict.UNSURE
            pause_s = self._pause_s(delivery.attempts, answer.retry_after_s)
            channel, _ = self._way(delivery.notification)
            delivery.timer = asyncio.get_running_loop().call_later(pause_s, self._lanes[channel].push, delivery)

    def _keep_receipts(self, delivery: Delivery) -> None:
        """In the transaction of its end, or before it: what is not known to have been taken is looked up again."""
        one, receipts, now_ms = delivery.notification.id, receipts_of(delivery.carrier), self._now_ms()
        names = () if receipts is None else receipts.receipts_of(one)
        if names:
            self._disk.write(*(Receipt(one, name, now_ms) for name in names))

    def _is_overtaken(self, delivery: Delivery) -> bool:
        """Whether something said while this was on the wire makes another attempt needless."""
        one = delivery.notification
        said = self._said.get(_conversation(one), [delivery])
        return any(makes_needless(later.notification, one) for later in said[said.index(delivery) + 1 :])

    def _pause_s(self, attempts: int, asked_s: float | None) -> float:
        """Doubling, half of it by chance so that a thousand do not return together; never sooner than the carrier asks."""
        longest_s = min(BACKOFF_S_MAX, BACKOFF_S * 2.0 ** min(attempts - 1, 10))
        return max(longest_s * self._rng.uniform(0.5, 1.0), asked_s or 0.0)

    def _spare(self, delivery: Delivery, why: str) -> None:
        """It need not go out any more; if it is on the wire, it is not tried again."""
        delivery.needless = why
        if not delivery.running:
            self._finish(delivery, DeliveryState.EXPIRED, why)

    def _finish(self, delivery: Delivery, state: DeliveryState, detail: str) -> None:
        """It has reached an end: keep it, let go what waited for it, report it."""
        delivery.done = True
        self._ringing.end(delivery)
        if delivery.timer is not None:
            delivery.timer.cancel()
        one = delivery.notification
        conversation = _conversation(one)
        rest = self._said[conversation]
        rest.remove(delivery)
        if not rest:
            del self._said[conversation]
        elif rest[0].held:
            rest[0].held = False
            self._lanes[self._way(rest[0].notification)[0]].push(rest[0])
        if not _is_fleeting(one):
            self._report(one.id, state, detail)

    # --- small ----------------------------------------------------------------------------------------------------

    @property
    def _disk(self) -> Database:
        assert self._database is not None, "start() comes first"
        return self._database

    def _set_degraded(self, degraded: bool) -> None:
        if degraded != self.degraded:
            self.degraded = degraded
            self._on_degraded(degraded)

    def _tasks(self) -> list[asyncio.Task[None]]:
        return [task for lane in self._lanes.values() for task in lane.tasks]

    @staticmethod
    def _loop_s() -> float:
        return float(asyncio.get_running_loop().time())


def _is_fleeting(one: Notification) -> bool:
    """Whether it only renews numbers: not kept on disk and not reported, since the next ones, or the ladder, say more."""
    return one.refreshes is not None


def _done() -> asyncio.Future[None]:
    """There is nothing to wait for."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    done.set_result(None)
    return done


def _conversation(one: Notification) -> Conversation:
    return one.incident, one.audience, one.channel, one.person
