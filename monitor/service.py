"""The composition root: every part is made here, started in order, watched, and stopped in order.

Start: journal, engine from snapshot and tail, kernel warm, outbox, then the broker; so the first ping meets a service that
knows what it knew. Stop (at most 5 s): no more input, the last commit, the last deliveries, a snapshot, the journal.
A part that fails is started again and counted; only the journal's absence at the start and a broken engine end the service.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from alerts.channels.cap import Circle
from alerts.contacts import Contact
from alerts.outbox import Outbox
from alerts.terms import Notification
from config.errors import BadInput
from config.settings import Settings
from geofence.terms import PersonId, Registry
from monitor import log
from monitor.amendments import AMENDED
from monitor.callbacks import Callbacks, callbacks_of
from monitor.canary import canary_of
from monitor.carriers import carriers, ladder_of, pace_s_of, prepare, technical_of
from monitor.clock import Clock
from monitor.desk import Desk
from monitor.downlink import Downlink
from monitor.feed import feed_of
from monitor.groundwork import Groundwork, journal_of, rebuilt, snapshot_of, watched_of
from monitor.hangups import note_hangups
from monitor.http import Health, HttpServer
from monitor.journal import Journal
from monitor.loop import Loop, loop_factory
from monitor.memory import map_what_is_large, settle_memory
from monitor.metrics import Metrics
from monitor.notices import Trouble
from monitor.output import Unhurried
from monitor.recovery import Recovered
from monitor.registrar import Registrar
from monitor.saver import save
from monitor.selftest import OK, Report, SelfTest
from monitor.sessions import Sessions, broker_of
from monitor.sinks import Distributor
from monitor.snapshot import drop_next
from monitor.store import Store
from monitor.supervise import Restarts, end, supervised
from monitor.terms import CANARY, Envelope
from monitor.views import Views
from monitor.watchdog import Watchdog
from monitor.whereabouts import perimeter_of
from monitor.wire import to_json

DEAF_MS_MAX = 10_000  # away for longer than this, we say that we could not see; devices report every 60 s at most
SAVE_S_MAX = 60.0  # for a snapshot: 50,000 orders take 8 s; longer means that the disk fails
SAVE_AGAIN_S = 5.0  # after one that failed: a start with much to send gives the outbox no second to spare
STOP_SAVE_S_MAX = 1.0  # for the last one: shutdown as a whole has 5 s
LEVELS_EVERY_S = 5.0  # the gauge of orders by level: it looks at every order
OUTBOX_STOP_S = 2.0  # for deliveries under way at shutdown; what remains is on disk and goes out at the next start

Part = Callable[[], Awaitable[None]]

_log = log.get_logger("service")


@contextmanager
def sole_owner(data_dir: Path) -> Iterator[None]:
    """Keep a second monitor out of the same directory: two writers would spoil the record."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(data_dir / "lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BadInput("service.data_dir", f"{data_dir} is in use by another monitor") from None
        yield


class Service:
    """One monitor."""

    def __init__(self, settings: Settings, registry: Registry, contacts: dict[PersonId, Contact]) -> None:
        self._settings = settings
        self._clock = Clock()
        self._restarts = Restarts(lambda failing: self._sinks.trouble(Trouble.PART, failing))
        self._saving = asyncio.Lock()
        data = settings.service.data_dir
        self._snapshot_path, self._has_saved = snapshot_of(settings), False
        self._journal = Journal.open(journal_of(settings))
        self._metrics = Metrics()
        self._watchdog = Watchdog()
        self._store = Store(settings.redis) if settings.redis.host else None
        self._views = Views(lambda: self._loop.engine, hidden=(CANARY,))
        self._ladder = ladder_of(settings, contacts)
        self._canary = canary_of(
            settings.canary,
            self._ladder,
            is_open=lambda: self._sessions.watch.up,
            now_ms=self._clock.now_ms,
            put=self._put,
            on_round=lambda took_s: self._metrics.canary(took_s, self._clock.now_ms() / 1000),
            on_absent=lambda absent: self._sinks.trouble(Trouble.CANARY, absent),
        )
        self._ways_out = ways_out = carriers(settings, contacts, self._publish, self._area_of, self._views.wearer_of)
        self._outbox = Outbox(
            data / "outbox.sqlite",
            ways_out if self._canary is None else self._canary.wrap(ways_out),
            on_outcome=lambda outcome: self._sinks.outcome(outcome),  # noqa: PLW0108 - the sinks come after the outbox they speak to
            on_degraded=lambda degraded: self._sinks.trouble(Trouble.OUTBOX, degraded),
            on_bent=lambda: self._sinks.bent(),  # noqa: PLW0108 - as above
            now_ms=self._clock.now_ms,
            pace_s=pace_s_of(settings),
        )
        self._downlink = Downlink(self._publish_soon, lambda: self._sessions.answers.ready)
        self._registrar = self._registrar_of(registry, contacts)
        put = lambda topic, payload: self._loop.put(topic, payload)  # noqa: E731, PLW0108 - the loop comes after the parts that speak to it
        self._feed = feed_of(settings.feed, self._views, put, self._registrar, self._outbox.waiting)
        self._sinks = Distributor(
            outbox=self._outbox,
            downlink=self._downlink,
            journal=self._journal,
            metrics=self._metrics,
            watchdog=self._watchdog,
            clock=self._clock,
            language=settings.service.language,
            readers=[self._store.put] if self._store is not None else [],
            contacts=contacts,
            technical=technical_of(settings),
            feed=self._feed,
        )
        self._desk = Desk(settings, self._put, self._clock.now_ms)
        self._sessions = Sessions(
            settings.service.name,
            broker_of(settings.broker),
            self._registrar.watched,
            traccar_topic=settings.broker.traccar_topic,
            grace_s=settings.service.link_grace_s,
            on_batch=lambda batch: self._loop.take(batch),  # noqa: PLW0108 - nor is there a loop yet
            on_link=self._on_link,
        )
        self._loop: Loop

    def _selftest(self, clock: str) -> SelfTest:
        return SelfTest(
            self._settings.service.data_dir / "selftest",
            clock,
            self._ways_out,
            ask=self._views,
            command=self._downlink.command,
            now_ms=self._clock.now_ms,
            on_report=self._on_report,
        )

    def _callbacks(self) -> Callbacks | None:
        follows, count = self._loop.engine.awaits_answer, self._metrics.called_back
        return callbacks_of(self._settings, self._put, self._sinks.heard, follows=follows, count=count, now_ms=self._clock.now_ms)

    def _on_report(self, report: Report) -> None:
        self._metrics.selftest(len(report.failures), sum(said != OK for said in report.ways.values()))
        self._sinks.trouble(Trouble.SELFTEST, not report.is_clean)

    def _registrar_of(self, registry: Registry, contacts: dict[PersonId, Contact]) -> Registrar:
        settings = self._settings.service
        return Registrar(
            settings.orders,
            settings.data_dir / AMENDED,
            registry,
            contacts,
            complete=lambda registry: watched_of(self._settings, registry),
            loop=lambda: self._loop,
            views=self._views,
            listen=lambda watched: self._sessions.set_registry(watched),  # noqa: PLW0108 - the sessions come later: they listen to what it watches
            save=self._save,
        )

    def _put(self, topic: str, payload: bytes) -> None:
        self._loop.put(topic, payload)  # looked up when something comes: at first there is no loop

    def _publish(self, topic: str, payload: bytes, qos: int = 1) -> asyncio.Future[None]:
        return self._sessions.answers.publish(topic, payload, qos=qos)

    def _publish_soon(self, topic: str, payload: bytes) -> asyncio.Future[None]:
        return self._sessions.answers.publish(topic, payload, hurry=False)

    def _area_of(self, notification: Notification) -> Circle | None:
        """Her perimeter where she is now, for a control room that may know it."""
        place = perimeter_of(self._loop.engine.core, notification.order)
        return None if place is None else Circle(lat_deg=place[0], lon_deg=place[1], radius_m=place[2])

    def _on_link(self, up: bool) -> None:
        self._sinks.link(up)
        if up:
            self._downlink.pump()

    # --- life ---------------------------------------------------------------------------------------------------

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set."""
        pages = asyncio.create_task(supervised("http", self._serve_pages, self._on_restart))
        recovered = await asyncio.to_thread(self._recover)
        set_back = self._clock.go_on_from(recovered.engine.now_ms)
        self._loop = Loop(recovered.engine, self._journal, self._clock, self._sinks)
        self._sinks.put = self._loop.put
        prepare(self._ways_out)
        await self._outbox.start()
        await self._catch_up(recovered, set_back)
        try:
            async with asyncio.TaskGroup() as group:
                background = [self._spawn(group, *part) for part in self._background()]
                pings = [self._spawn(group, s.client_id, s.run) for s in (self._sessions.protected, self._sessions.others)]
                answers = self._spawn(group, self._sessions.answers.client_id, self._sessions.answers.run)
                self._sessions.watch.start()
                _log.info("ready", orders=len(self._views.orders()), amended=len(self._registrar.amendments))
                await stop.wait()
                await self._stop(pings, background, answers)
        finally:
            await end([pages])
            self._journal.close()
            _log.info("stopped")

    def _background(self) -> Iterator[tuple[str, Part]]:
        yield "watchdog", self._watchdog.run
        yield "patrol", self._loop.patrol
        yield "snapshots", self._keep_snapshots
        yield "registry", self._registrar.keep
        yield "levels", self._keep_levels
        if self._store is not None:
            yield "store", self._store.run
        if self._feed is not None:
            yield "feed", self._feed.run
        if (callbacks := self._callbacks()) is not None:
            yield "callbacks", callbacks.run
        if self._canary is not None:
            session = self._canary.listen(self._settings.service.name, broker_of(self._settings.broker), self._settings.canary)
            yield session.client_id, session.run
            yield "canary", self._canary.run
        if (nightly := self._settings.canary.selftest_at) is not None:
            yield "selftest", self._selftest(nightly).run

    def _spawn(self, group: asyncio.TaskGroup, name: str, part: Part) -> asyncio.Task[None]:
        return group.create_task(supervised(name, part, self._on_restart), name=name)

    def _on_restart(self, name: str) -> None:
        self._restarts.note(name)

    async def _stop(self, pings: list[asyncio.Task[None]], background: list[asyncio.Task[None]], answers: asyncio.Task[None]) -> None:
        """Stop in the order in which nothing is lost: input, commit, deliveries, memory."""
        _log.info("stopping")
        self._sessions.watch.stop()
        await end(pings)
        await end(background)
        await self._loop.stop()
        await self._outbox.stop(OUTBOX_STOP_S)
        await end([answers])
        with suppress(OSError):  # without it the next start replays a little more
            await self._save(STOP_SAVE_S_MAX)

    # --- start --------------------------------------------------------------------------------------------------

    async def _serve_pages(self) -> None:
        """Answer on /metrics and /healthz, from before the first recovery to the very end."""
        settings = self._settings.http
        if settings.port >= 0:
            server = HttpServer(
                settings.host,
                settings.port,
                metrics=self._metrics.render,
                health=self._health,
                acknowledge=self._desk.on_dispatch,
                answer=self._desk.on_push,
            )
            await server.start()
            try:
                await asyncio.Event().wait()
            finally:
                await server.stop()
        await asyncio.Event().wait()

    def _recover(self) -> Recovered:
        """Rebuild the engine and have the kernel compiled; runs beside the event loop, before anything else does."""
        recovered = rebuilt(self._settings, self._ladder, self._registrar.watched, self._journal)
        recovered.engine.warm_up()
        settle_memory()
        return recovered

    async def _catch_up(self, recovered: Recovered, set_back: bool) -> None:
        """Send what the tail says, and own up to the time for which we saw nothing; with a clock `set_back` nobody knows how long."""
        self._sinks.send(recovered.notifications)
        for command in recovered.commands:
            self._downlink.command(command)
        self._downlink.receipts(recovered.receipts)
        last_ms, now_ms = recovered.engine.now_ms, self._clock.now_ms()
        if last_ms == 0:  # the very first start: named in the journal, since incidents are named after its time
            self._loop.receive([Envelope(now_ms, "monitor/link", to_json({"up": True}))])
        elif set_back or last_ms < now_ms - DEAF_MS_MAX:
            self._loop.receive([Envelope(last_ms, "monitor/link", to_json({"up": False}))])
        await self._registrar.adopt_first()
        if self._store is not None:
            self._store.know(self._views.standings(), self._clock.now_ms())

    # --- upkeep -------------------------------------------------------------------------------------------------

    async def _keep_snapshots(self) -> None:
        while True:  # the first at once: what was taken over from the orders file is in no journal
            wait_s = self._settings.service.snapshot_every_s
            try:
                await self._save()
            except OSError as error:  # TimeoutError is one: a disk in trouble; the journal says so, and has everything
                _log.warning("snapshot_failed", error=type(error).__name__, reason=str(error))
                wait_s = min(wait_s, SAVE_AGAIN_S)
            await asyncio.sleep(wait_s)

    async def _save(self, timeout_s: float = SAVE_S_MAX) -> None:
        """Put the engine's memory on disk, at a known place of the journal, once the outbox has on disk what was to be sent till then."""
        async with self._saving:
            place = self._journal.append([])  # in the same turn as the fork inside `save`: nothing comes between
            await save(self._snapshot_path, self._loop.engine.snapshot, self._when_safe(place), timeout_s)
            if not self._has_saved:  # what was prepared for our start has served; a later one is for the next release's
                self._has_saved = True
                drop_next(self._snapshot_path)

    async def _when_safe(self, place: asyncio.Future[int]) -> int:
        await self._outbox.flush()
        return await place

    def reload_soon(self) -> None:
        """Take over the orders file as soon as there is time (SIGHUP)."""
        self._registrar.reload_soon()

    async def _keep_levels(self) -> None:
        while True:
            self._metrics.levels(self._views.levels())
            self._metrics.waiting(self._outbox.waiting(), self._clock.now_ms())
            self._restarts.look()
            await asyncio.sleep(LEVELS_EVERY_S)

    def _health(self) -> Health:
        return Health(
            healthy=self._watchdog.healthy and self._sessions.began,
            parts={
                "broker": self._sessions.states(),
                "journal": "degraded" if self._journal.degraded else "ok",
                "outbox": "degraded" if self._outbox.degraded else "ok",
                "redis": "off" if self._store is None else "ok" if self._store.connected else "away",
                "canary": "off" if self._canary is None else "absent" if self._canary.absent else "ok",
                "troubles": self._sinks.troubles(),
                "restarts": dict(self._restarts.counts),
            },
        )


async def _serve(settings: Settings, registry: Registry, contacts: dict[PersonId, Contact], hangups: list[int]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.set_exception_handler(_on_stray_exception)
    service = Service(settings, registry, contacts)
    loop.add_signal_handler(signal.SIGHUP, service.reload_soon)
    if hangups:
        service.reload_soon()
    await service.run(stop)


def _on_stray_exception(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """An exception that no one awaited: named, never printed with its values."""
    _log.error("stray_exception", error=type(context.get("exception")).__name__)


def run_service(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; the exit status. Raises BadInput for faults in the files that the settings name."""
    hangups = note_hangups()
    map_what_is_large()
    log.configure(settings.log.style, settings.log.level, Unhurried(sys.stderr))
    ground = Groundwork.read(settings)
    registry, contacts = ground.registry, ground.contacts
    _log.info("starting", pid=os.getpid(), orders=len(registry.orders), devices=len(registry.devices), persons=len(contacts))
    with sole_owner(settings.service.data_dir), asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(settings, registry, contacts, hangups))
    return 0
