"""Where the effects of a turn go: people first, then devices, then the record and whoever only reads."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping

from alerts.contacts import Contacts, spread
from alerts.outbox import Outbox
from alerts.terms import Channel, DeliveryState, Notification, NotificationId, Outcome
from geofence.terms import DeviceId, Transition
from monitor.canary import without_canary
from monitor.clock import Clock
from monitor.downlink import Downlink
from monitor.engine import Effects, Fault
from monitor.feed import Feed
from monitor.journal import Journal, Record
from monitor.log import get_logger
from monitor.metrics import Metrics
from monitor.notices import NOBODY_ELSE, Technical, Trouble, notices
from monitor.rejection_log import RejectionLog
from monitor.terms import Envelope, is_canary
from monitor.watchdog import Watchdog
from monitor.wire import to_json

ISSUED_MAX = 20_000  # notifications whose delivery time is still awaited; the oldest are then not measured
ARRIVED = (DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.ACKNOWLEDGED)

_log = get_logger("service")

Reader = Callable[[list[Transition]], None]


class Distributor:
    """The sinks of the one loop."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        downlink: Downlink,
        journal: Journal,
        metrics: Metrics,
        watchdog: Watchdog,
        clock: Clock,
        language: str,
        readers: list[Reader],
        contacts: Contacts | None = None,
        technical: Technical = NOBODY_ELSE,
        feed: Feed | None = None,
    ) -> None:
        self.put: Callable[[str, bytes], None] = lambda topic, payload: None  # the loop's, once there is one
        self._outbox = outbox
        self._downlink = downlink
        self._journal = journal
        self._metrics = metrics
        self._watchdog = watchdog
        self._clock = clock
        self._language = language
        self._readers = readers
        self._contacts: Contacts = contacts if contacts is not None else {}
        self._technical = technical
        self._feed = feed
        self._rejections = RejectionLog()
        self._since_ms: dict[Trouble, int] = {}
        self._issued: OrderedDict[NotificationId, tuple[Channel, int]] = OrderedDict()

    # --- what the loop says ---------------------------------------------------------------------------------------

    def judged(self, effects: Effects, inputs: int, seconds: float) -> None:
        """Pass on what a batch has caused. The order of these lines is the order of duties."""
        if effects.notifications:
            self.send(effects.notifications)
        for command in effects.commands:
            self._downlink.command(command)
        if effects.acknowledgements:
            self._outbox.acknowledged([one.notification for one in effects.acknowledgements])
            self._outbox.answered(effects.answers)
        if effects.transitions:
            self._journal.append([Record.of_transition(one) for one in effects.transitions])
        for fault in effects.faults:
            self.fault(fault)
        try:
            self._show(without_canary(effects), inputs, seconds)
        except Exception as error:  # a reader's defect is the reader's: the turn goes on to its acknowledgements
            _log.error("reader_failed", error=type(error).__name__)

    def _show(self, shown: Effects, inputs: int, seconds: float) -> None:
        """Tell whoever only reads."""
        self._metrics.judged(shown, inputs, seconds)
        if shown.rejections:
            self._rejections.note(shown.rejections, self._clock.now_ms())
        if self._feed is not None:
            self._feed.judged(shown)
        if shown.transitions:
            for reader in self._readers:
                reader(shown.transitions)

    def safe(self, receipts: Mapping[DeviceId, tuple[int, int]]) -> None:
        """Let the devices forget what is on our disk."""
        if receipts:
            self._downlink.receipts(receipts)

    def committed(self, seconds: float) -> None:
        """Count a commit as a sign of life; one comes every second at least."""
        self._rejections.look(self._clock.now_ms())
        self._metrics.committed(seconds)
        self._watchdog.cycle()

    def degraded(self, degraded: bool) -> None:
        """Tell dispatch that the record is not being kept, or is again."""
        self.trouble(Trouble.AUDIT, degraded)

    def poisoned(self, envelope: Envelope, error: Exception) -> None:
        """Keep the input that the engine failed on apart, and tell dispatch."""
        _log.error("input_poisoned", error=type(error).__name__, size=len(envelope.payload))
        self._journal.append([Record.of_quarantine(envelope)])
        self._engine_failed()

    def fault(self, fault: Fault) -> None:
        """A decision could not be told: say to dispatch that we failed, with the order in our log."""
        _log.error("decision_untold", order=fault.order, error=fault.error)
        self._engine_failed()

    def _engine_failed(self) -> None:
        self._metrics.poisoned()
        self.trouble(Trouble.ENGINE, True)
        self._since_ms.pop(Trouble.ENGINE, None)  # each one is a trouble of its own

    def bent(self) -> None:
        """A row of the outbox could not be kept or read: set aside, all else goes on, and dispatch hears of it."""
        _log.error("outbox_row_bent")
        self.trouble(Trouble.ENGINE, True)
        self._since_ms.pop(Trouble.ENGINE, None)

    def lagged(self, seconds: float) -> None:
        """Measure how late a deadline was served."""
        self._metrics.lagged(seconds)

    # --- what others say ------------------------------------------------------------------------------------------

    def link(self, up: bool) -> None:
        """Our link with the broker has changed: an input like any other, and a word to dispatch."""
        self.put("monitor/link", to_json({"up": up}))
        self._metrics.broker_connected(up)
        self.trouble(Trouble.LINK, not up)

    def outcome(self, outcome: Outcome) -> None:
        """A notification got somewhere: an input like any other."""
        detail = {"notification": outcome.notification, "state": outcome.state.value, "detail": outcome.detail}
        self.put("monitor/outcome", to_json(detail))
        if self._feed is not None:
            self._feed.outcome(outcome)
        issued = self._issued.get(outcome.notification)
        if issued is not None:
            channel, issued_ms = issued
            self._metrics.delivered(channel.value, outcome.state.value)
            if outcome.state in ARRIVED:
                del self._issued[outcome.notification]
                self._metrics.alerted(channel.value, max(0, outcome.at_ms - issued_ms) / 1000)

    def heard(self, outcome: Outcome, channel: Channel) -> None:
        """A carrier has called back: an input like any other, kept with its notification."""
        self._outbox.heard(outcome)
        self._metrics.delivered(channel.value, outcome.state.value)
        self.put("monitor/outcome", to_json({"notification": outcome.notification, "state": outcome.state.value, "detail": outcome.detail}))
        if self._feed is not None:
            self._feed.outcome(outcome)

    # --- out ------------------------------------------------------------------------------------------------------

    def send(self, notifications: list[Notification]) -> None:
        """Hand notifications to the outbox, those for whom she trusts one to each."""
        notifications = spread(notifications, self._contacts)
        shown = [one for one in notifications if one.refreshes is None and not is_canary(one.order)]
        for one in shown:
            self._issued[one.id] = (one.channel, one.issued_ms)
        while len(self._issued) > ISSUED_MAX:
            self._issued.popitem(last=False)
        self._outbox.submit(notifications)
        notifications = [one for one in notifications if one.refreshes is None]
        self._journal.append([Record.of_notification(one) for one in notifications])
        if self._feed is not None:
            self._feed.sent(shown)

    def trouble(self, trouble: Trouble, begins: bool) -> None:
        """Tell dispatch once that we are in trouble, and once that it is over."""
        now_ms = self._clock.now_ms()
        if begins == (trouble in self._since_ms):
            return
        since_ms = self._since_ms.setdefault(trouble, now_ms) if begins else self._since_ms.pop(trouble)
        (_log.error if begins else _log.info)("trouble", kind=trouble.value, state="begins" if begins else "over")
        self.send(notices(trouble, begins, since_ms=since_ms, at_ms=now_ms, language=self._language, technical=self._technical))

    def troubles(self) -> list[str]:
        """What is wrong with us now."""
        return [trouble.value for trouble in self._since_ms]
