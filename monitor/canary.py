"""The canary: a pair that does not exist walks the whole way each minute, from real pings to the end of every channel.

Nobody can prove by silence that alerts would come. So a synthetic respondent comes to a synthetic protected person, in the
middle of an ocean: pings over the broker, journal, engine, outbox, and back over the broker to her bracelet; every other
channel ends in a sink at its own carrier, so that no control room and no telephone hears of it. If the alert has not gone
round for `absent_s`, that is a trouble of ours, and told as one. The pair is in no metric of orders or notifications.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from alerts.channels import Answer, Carrier, Verdict, begin_of, receipts_of
from alerts.ladder import Ladder
from alerts.terms import Audience, Channel, Kind, Notification
from config.errors import BadInput
from config.settings import CanarySettings
from geofence.terms import Device, DeviceId, Level, Order, PersonId, Reason, Registry
from monitor.engine import Effects
from monitor.log import get_logger
from monitor.mqtt import Batch, Broker, Session
from monitor.terms import CANARY, is_canary
from monitor.wire import from_json, person_answers, to_json

HER, HIM = "canary-her", "canary-him"  # device and person each: reserved, no orders file may use them
RESERVED = (CANARY, HER, HIM)
LAT_DEG, LON_DEG = -40.0, -120.0  # the South Pacific: no land within 1,000 km
M_PER_DEG = 111_042.0  # of latitude, there
PERIMETER_M = 100.0
NEAR_M, FAR_M = 20.0, 600.0  # surely inside, and far enough to be clear again at once
STEPS = 12  # pings of each in one round: three inside, three going, three away, three coming at 39 m/s if a round has 60 s
STAYS = (1, 2, 3, 7, 8, 9)  # steps at which he stays where he was
HURRY_S = 3.0  # from ping to ping of a round that begins anew: 193 m in it are 64 m/s, just under what the track calls impossible
JOURNAL = "journal"  # not a channel, but a way of its own: the receipt says that the ping is on disk
CLOCK_SLACK_MS = 1_000  # stamps of one process, on a clock that may be set between two of them
LOOK_EVERY_S = 1.0  # at the clock that says whether it is absent
WAIT_S = 0.2  # between looks at a link that is not there

_log = get_logger("canary")


def with_canary(registry: Registry, language: str) -> Registry:
    """The registry and the pair. Raises BadInput if a reserved id is used in it."""
    ids = [*(one.id for one in registry.devices), *(one.person for one in registry.devices), *(one.id for one in registry.orders)]
    taken = sorted(str(one) for one in ids if one in RESERVED)
    if taken:
        raise BadInput("orders", f"{taken[0]} is reserved for the canary ([canary] in the settings)")
    order = Order(
        id=CANARY,
        protected=PersonId(HER),
        respondent=PersonId(HIM),
        perimeter_m=PERIMETER_M,
        warning_m=PERIMETER_M,
        valid_from_ms=0,
        valid_until_ms=1 << 52,  # the year 144,000
        language=language,
    )
    devices = tuple(Device(id=DeviceId(one), person=PersonId(one)) for one in (HER, HIM))
    return Registry((*registry.devices, *devices), (*registry.orders, order))


def without_canary(effects: Effects) -> Effects:
    """What readers and metrics may know of a turn."""
    if not (any(is_canary(one.order) for one in effects.transitions) or any(is_canary(one.order) for one in effects.notifications)):
        return effects
    return replace(
        effects,
        transitions=[one for one in effects.transitions if not is_canary(one.order)],
        notifications=[one for one in effects.notifications if not is_canary(one.order)],
    )


def distance_m(step: int) -> float:
    """How far he is from her at a step of the round: near, going, far, coming."""
    quarter, part = divmod(step % STEPS, STEPS // 4)
    way = part / (STEPS // 4)
    share = (0.0, way, 1.0, 1.0 - way)[quarter]
    return NEAR_M + share * (FAR_M - NEAR_M)


def ping_of(boot: int, seq: int, at_ms: int, north_m: float) -> bytes:
    """One ping of either."""
    fix = {"at": at_ms, "lat": LAT_DEG + north_m / M_PER_DEG, "lon": LON_DEG, "accuracy": 5.0, "source": "gps"}
    return to_json({"v": 1, "boot": boot, "seq": seq, "at": at_ms, "fix": fix})


def expected_ways(ladder: Ladder) -> list[str]:
    """What must have happened before a round counts: the journal, and every way that is told of a breach at once."""
    told = [rung for rung in ladder[Level.EMERGENCY] if rung.after_s == 0 and rung.channel is not Channel.PUSH]  # it has no app
    return [JOURNAL, *dict.fromkeys(rung.channel.value for rung in told if rung.audience is not Audience.TRUSTED)]


class Sink:
    """A carrier that keeps the canary's notifications from the world, all but its bracelet's, and passes on everybody else's."""

    def __init__(self, carrier: Carrier, channel: Channel, saw: Callable[[Notification], None]) -> None:
        self.timeout_s, self.parallel, self.idempotent = carrier.timeout_s, carrier.parallel, carrier.idempotent
        self.receipts = receipts_of(carrier)
        self._carrier = carrier
        self._channel = channel
        self._saw = saw

    def reaches(self, notification: Notification) -> bool:
        """Always, for the canary: no console shall show it."""
        return is_canary(notification.order) or self._carrier.reaches(notification)

    async def send(self, notification: Notification) -> Answer:
        """Once."""
        begun = self.begin(notification)
        return begun if isinstance(begun, Answer) else await begun

    def begin(self, notification: Notification) -> Answer | Awaitable[Answer]:
        """At once where the carrier does."""
        if not is_canary(notification.order) or self._channel is Channel.BRACELET:
            return (begin_of(self._carrier) or self._carrier.send)(notification)
        self._saw(notification)
        return Answer(Verdict.TAKEN, "canary")

    async def was_taken(self, notification: Notification) -> bool:
        """As the carrier says; the canary's is not asked for."""
        return is_canary(notification.order) or await self._carrier.was_taken(notification)

    async def close(self) -> None:
        """Close the carrier."""
        await self._carrier.close()


class Publisher(Protocol):
    """What the canary needs of its session with the broker."""

    @property
    def ready(self) -> bool:
        """Connected and subscribed."""

    def publish(self, topic: str, payload: bytes, *, qos: int = 1) -> asyncio.Future[None]:
        """Publish; the future ends with the PUBACK."""


class Canary:
    """Walks, listens and keeps the time of the last whole round."""

    TOPICS = (f"v1/{HER}/alert", f"v1/{HIM}/receipt")

    def __init__(
        self,
        *,
        every_s: float,
        absent_s: float,
        expected: Iterable[str],
        is_open: Callable[[], bool],
        now_ms: Callable[[], int],
        put: Callable[[str, bytes], None],
        on_round: Callable[[Mapping[str, float]], None],
        on_absent: Callable[[bool], None],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.session: Publisher | None = None  # see `listen`
        self._step_s = every_s / STEPS
        self._absent_s = absent_s
        self._expected = tuple(expected)
        self._is_open = is_open
        self._now_ms, self._now_s = now_ms, now_s
        self._put = put
        self._on_round, self._on_absent = on_round, on_absent
        self._boot = now_ms() // 1000  # rises from start to start
        self._seq = 0
        self._has_lost = False
        self._since_s = now_s()  # of the last whole round, or of the beginning
        self._sent_s: float | None = None  # when the ping went out that must be answered; None: it was
        self._sent_ms, self._sent_seq = 0, 0
        self._took_s: dict[str, float] = {}
        self.absent = False

    def listen(self, name: str, broker: Broker, settings: CanarySettings) -> Session:
        """Its own conversation with the broker, under its own account where it has one; to be run by the caller."""
        if settings.username is not None:
            broker = replace(broker, username=settings.username, password=settings.password)
        session = Session(f"{name}-canary", broker, self.TOPICS, on_batch=self.heard, on_link=lambda up: None)
        self.session = session
        return session

    def wrap(self, carriers: Mapping[Channel, Carrier]) -> dict[Channel, Carrier]:
        """The carriers, each with its sink."""
        return {channel: Sink(carrier, channel, self.saw) for channel, carrier in carriers.items()}

    # --- the walk -------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Walk until cancelled; a round begins only when the service hears its devices."""
        while True:
            while not self._may_begin():
                self.look()
                await asyncio.sleep(WAIT_S)
            for step in range(STEPS):
                if self.hurries and step in STAYS:
                    continue
                self.step(step)
                until_s = self._now_s() + self.pace_s
                while (rest_s := until_s - self._now_s()) > 0:
                    self.look()
                    await asyncio.sleep(min(rest_s, LOOK_EVERY_S))

    @property
    def hurries(self) -> bool:
        """The alert has not come round within a step: leave and come again, quickly, before anybody is called for nothing."""
        return self._sent_s is not None and self._now_s() - self._sent_s >= self._step_s

    @property
    def pace_s(self) -> float:
        """Until the next ping of each."""
        return min(self._step_s, HURRY_S) if self.hurries else self._step_s

    def _may_begin(self) -> bool:
        return self.session is not None and self.session.ready and self._is_open()

    def step(self, step: int) -> None:
        """Send one ping of each; the first of a round is the one that must be answered.

        Pings that were lost with their connection, or that the journal gave up, are not sent again, as a device would:
        the receipts would wait for them. So both devices then start anew.
        """
        if step == 0 and (self._has_lost or (self._sent_s is not None and JOURNAL not in self._took_s)):
            self._boot, self._seq, self._has_lost = self._boot + 1, 0, False
        self._seq += 1
        at_ms = self._now_ms()
        if step == 0:
            self._sent_s, self._sent_ms, self._sent_seq = self._now_s(), at_ms, self._seq
            self._took_s = {}
        for device, north_m in ((HER, 0.0), (HIM, distance_m(step))):
            self._publish(f"v1/{device}/ping", ping_of(self._boot, self._seq, at_ms, north_m))

    def look(self) -> None:
        """Say once that no round has come to its end for too long."""
        if not self.absent and self._now_s() - self._since_s > self._absent_s:
            self.absent = True
            _log.error("canary_absent", state="not by " + ", ".join(way for way in self._expected if way not in self._took_s))
            self._on_absent(True)

    def _publish(self, topic: str, payload: bytes) -> None:
        if self.session is None:
            return
        self.session.publish(topic, payload).add_done_callback(self._on_published)

    def _on_published(self, future: asyncio.Future[None]) -> None:
        self._has_lost = self._has_lost or future.cancelled() or future.exception() is not None

    # --- what comes back --------------------------------------------------------------------------------------------

    def heard(self, batch: Batch) -> None:
        """Her bracelet shows an alert; his has a receipt."""
        for message in batch.messages:
            body: dict[str, Any] = from_json(message.payload, dict[str, Any])
            if message.topic == self.TOPICS[0]:
                self._on_alert(body)
            elif body["boot"] == self._boot and body["seq"] >= self._sent_seq:
                self._arrived(JOURNAL)
        batch.acknowledge()

    def saw(self, notification: Notification) -> None:
        """A sink has one of ours: a dispatcher answers at once, or he would be asked for ever."""
        if notification.audience is Audience.DISPATCH:
            self._put(*person_answers(notification.id, "dispatcher", CANARY))
        is_ours = notification.issued_ms >= self._sent_ms - CLOCK_SLACK_MS
        if is_ours and notification.kind is Kind.RAISE and notification.reason is Reason.BREACH:
            self._arrived(notification.channel.value)

    def _on_alert(self, alert: Mapping[str, object]) -> None:
        answer = {"v": 1, "alert": alert["id"], "at": self._now_ms(), "by": "person"}
        self._publish(f"v1/{HER}/ack", to_json(answer))
        is_ours = isinstance(alert["issued"], int) and alert["issued"] >= self._sent_ms - CLOCK_SLACK_MS
        if is_ours and alert["level"] == Level.EMERGENCY.word and alert["reason"] == Reason.BREACH.word:
            self._arrived(Channel.BRACELET.value)

    def _arrived(self, way: str) -> None:
        if self._sent_s is None:
            return
        self._took_s.setdefault(way, self._now_s() - self._sent_s)
        if all(way in self._took_s for way in self._expected):
            self._sent_s, self._since_s = None, self._now_s()
            self._on_round(self._took_s)
            if self.absent:
                self.absent = False
                _log.info("canary_back")
                self._on_absent(False)


def canary_of(
    settings: CanarySettings,
    ladder: Ladder,
    *,
    is_open: Callable[[], bool],
    now_ms: Callable[[], int],
    put: Callable[[str, bytes], None],
    on_round: Callable[[Mapping[str, float]], None],
    on_absent: Callable[[bool], None],
) -> Canary | None:
    """The canary that the settings call for."""
    if settings.every_s is None:
        return None
    return Canary(
        every_s=settings.every_s,
        absent_s=settings.absent_s,
        expected=expected_ways(ladder),
        is_open=is_open,
        now_ms=now_ms,
        put=put,
        on_round=on_round,
        on_absent=on_absent,
    )
