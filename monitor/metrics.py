"""What Prometheus may know (contract section 5): counts, times and levels, never a device, a person or an order.

The door to prometheus_client. It only listens; every series that can be named beforehand exists from the start as 0, so
that the first event is seen as a rise.
"""

from __future__ import annotations

import platform
from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

import geofence
from alerts.terms import Channel, DeliveryState, Notification
from geofence.terms import Level
from monitor.engine import Effects
from monitor.terms import RejectReason

# 1 ms to 60 s (contract section 5): from one turn of the loop to the longest a goal of ours allows.
BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0)
RESULTS = ("judged", "rejected", "failed")
CALLBACKS = ("taken", "repeated", "late", "forged", "malformed")  # of a carrier, by what became of them

disable_created_metrics()  # type: ignore[no-untyped-call]  # a time of birth for each of some 100 series: nobody asks


class _Times:
    """Counts by bucket. prometheus_client's own would be asked once a ping; this one takes a whole batch at once."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BUCKETS_S) + 1)
        self._sum_s = 0.0

    def add(self, seconds: float, weight: int = 1) -> None:
        self._counts[bisect_left(BUCKETS_S, seconds)] += weight
        self._sum_s += seconds * weight

    def sample(self) -> tuple[list[tuple[str, float]], float]:
        bounds = [*map(str, BUCKETS_S), "+Inf"]
        return [(bound, float(count)) for bound, count in zip(bounds, accumulate(self._counts), strict=True)], self._sum_s


class _Histograms(Collector):
    """All our histograms, as prometheus_client collects them."""

    def __init__(self) -> None:
        self.decision = _Times()
        self.commit = _Times()
        self.lag = _Times()
        self.alert = {channel.value: _Times() for channel in Channel}

    def collect(self) -> Iterator[HistogramMetricFamily]:
        yield self._family("ping_to_decision_seconds", "From a ping's arrival to its judgement.", self.decision)
        yield self._family("journal_commit_seconds", "From handing records to the journal to their being on disk.", self.commit)
        yield self._family("deadline_lag_seconds", "How late a deadline was served.", self.lag)
        family = HistogramMetricFamily(
            "resguardo_ping_to_alert_seconds", "From a ping's arrival to the carrier's word that it has the alert.", labels=["channel"]
        )
        for channel, times in self.alert.items():
            family.add_metric([channel], *times.sample())
        yield family

    @staticmethod
    def _family(name: str, text: str, times: _Times) -> HistogramMetricFamily:
        buckets, sum_s = times.sample()
        return HistogramMetricFamily(f"resguardo_{name}", text, buckets=buckets, sum_value=sum_s)


class Metrics:
    """Counts for one service."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._times = _Histograms()
        registry.register(self._times)
        ProcessCollector(registry=registry)
        self._inputs = Counter("resguardo_inputs", "Messages taken in, of any kind.", registry=registry)
        self._pings = Counter("resguardo_pings", "Pings by what became of them.", ["result"], registry=registry)
        self._rejected = Counter("resguardo_pings_rejected", "Payloads recorded and not evaluated.", ["reason"], registry=registry)
        self._transitions = Counter("resguardo_transitions", "Transitions of orders.", ["to", "reason"], registry=registry)
        self._orders = Gauge("resguardo_orders", "Orders by their level now.", ["level"], registry=registry)
        self._notifications = Counter("resguardo_notifications", "Notifications by state.", ["channel", "state"], registry=registry)
        self._waiting = Gauge("resguardo_notifications_waiting", "Notifications that wait for their turn.", ["channel"], registry=registry)
        self._waited = Gauge(
            "resguardo_notifications_waiting_seconds", "How long the one that waits longest has waited.", ["channel"], registry=registry
        )
        self._connected = Gauge("resguardo_broker_connected", "1 while all sessions with the broker stand.", registry=registry)
        self._canary = Gauge("resguardo_canary_seconds", "How long the canary's last round took, by way.", ["way"], registry=registry)
        self._canary_at = Gauge(
            "resguardo_canary_last_success_timestamp", "When the canary's last round was whole, seconds since 1970.", registry=registry
        )
        self._selftest = Gauge("resguardo_selftest_failures", "What the last nightly self-test found amiss.", ["what"], registry=registry)
        self._callbacks = Counter("resguardo_callbacks", "Calls back of a carrier by what became of them.", ["result"], registry=registry)
        build = Gauge("resguardo_build_info", "Which release this is.", ["version", "python"], registry=registry)
        build.labels(geofence.__version__, platform.python_version()).set(1)
        self._judged = self._pings.labels("judged")  # looked up once, not once a turn
        self._begin()

    def _begin(self) -> None:
        for result in RESULTS:
            self._pings.labels(result)
        for result in CALLBACKS:
            self._callbacks.labels(result)
        for reason in RejectReason:
            self._rejected.labels(reason.value)
        for channel in Channel:
            for state in DeliveryState:
                self._notifications.labels(channel.value, state.value)
        self.levels({})

    def judged(self, effects: Effects, inputs: int, seconds: float) -> None:
        """A batch of `inputs` was judged, `seconds` after it had arrived."""
        if inputs:
            self._inputs.inc(inputs)
        if effects.pings:
            self._judged.inc(effects.pings)
            self._times.decision.add(seconds, effects.pings)
        for rejection in effects.rejections:
            self._pings.labels("rejected").inc()
            self._rejected.labels(rejection.reason.value).inc()
        if effects.transitions:
            for (level, reason), count in Tally([(one.to_level, one.reason) for one in effects.transitions]).items():
                self._transitions.labels(level.word, reason.word).inc(count)
        if effects.notifications:
            for channel, count in Tally([one.channel for one in effects.notifications if one.refreshes is None]).items():
                self.delivered(channel.value, DeliveryState.PENDING.value, count)

    def poisoned(self) -> None:
        """The engine failed on an input."""
        self._pings.labels("failed").inc()

    def committed(self, seconds: float) -> None:
        """A commit took this long."""
        self._times.commit.add(seconds)

    def lagged(self, seconds: float) -> None:
        """A deadline was served this late."""
        self._times.lag.add(seconds)

    def broker_connected(self, up: bool) -> None:
        """The sessions with the broker stand, or not all of them."""
        self._connected.set(up)

    def delivered(self, channel: str, state: str, count: int = 1) -> None:
        """A notification got so far, or several."""
        self._notifications.labels(channel, state).inc(count)

    def called_back(self, result: str) -> None:
        """A carrier, or somebody in its name, has called back."""
        self._callbacks.labels(result).inc()

    def alerted(self, channel: str, seconds: float) -> None:
        """A carrier took an alert this long after the ping."""
        self._times.alert[channel].add(seconds)

    def levels(self, orders: Mapping[Level, int]) -> None:
        """How many orders are at each level now."""
        for level in Level:
            self._orders.labels(level.word).set(orders.get(level, 0))

    def waiting(self, queues: Mapping[Channel, Sequence[Notification]], now_ms: int) -> None:
        """What waits for its turn now."""
        for channel, queue in queues.items():
            self._waiting.labels(channel.value).set(len(queue))
            self._waited.labels(channel.value).set(max(((now_ms - one.issued_ms) / 1000 for one in queue), default=0.0))

    def canary(self, took_s: Mapping[str, float], at_s: float) -> None:
        """The canary has gone round."""
        for way, seconds in took_s.items():
            self._canary.labels(way).set(seconds)
        self._canary_at.set(at_s)

    def selftest(self, silent: int, failed_ways: int) -> None:
        """The nightly self-test has ended."""
        self._selftest.labels("bracelet").set(silent)
        self._selftest.labels("way").set(failed_ways)

    def render(self) -> tuple[bytes, str]:
        """The page, and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST
