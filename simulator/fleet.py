"""Many simulated pairs on a real broker in real time, and what must come of it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from geofence.terms import DeviceId, OrderId
from monitor.supervise import end
from simulator.device import Broker, Clock, ReceivedAlert, SimulatedDevice
from simulator.scenario import Pair, Scenario
from simulator.truth import PERIMETER, PairTruth, truth

BREACH_WITHIN_MS = 25_000  # of the moment he is truly deep inside: two reports of both devices near the edge, and the network
DEEP_M = 50.0  # nearer the edge, an honest error of both fixes excuses silence
APPROACH_WITHIN_MS = 40_000  # of the true entry into the warning ring: the far interval may have just begun
EARLY_MS = 180_000  # an alert this long before the entry is a good warning
RING_MARGIN_M = 100.0  # nearer to the ring's edge than this, either answer is right
RING_STAY_MS = 20_000
CONNECT_STEP_S = 0.005  # 200 connections a second
LEVELS = {"breach": ("emergency",), "approach": ("warning", "emergency")}


@dataclass(frozen=True, slots=True)
class ExpectedAlert:
    """An alert that must reach her bracelet."""

    order: OrderId
    device: DeviceId
    kind: str  # breach | approach
    from_ms: int  # when it became true
    by_ms: int

    def met_by(self, alert: ReceivedAlert) -> bool:
        """Whether that alert is the one, in time."""
        return (
            alert.device == self.device and alert.level in LEVELS[self.kind] and self.from_ms - EARLY_MS <= alert.received_ms <= self.by_ms
        )


@dataclass(frozen=True, slots=True)
class FleetSummary:
    """How a run ended. Latencies in ms, sorted: from the issue of the alert, and from the ping before it."""

    pings: int
    expected: int
    raised: int
    missed: tuple[ExpectedAlert, ...]
    alerts: int
    issue_to_bracelet_ms: tuple[int, ...]
    ping_to_bracelet_ms: tuple[int, ...]

    def __str__(self) -> str:
        verdict = f"expected alerts {self.expected}, raised {self.raised}, missed {len(self.missed)}"
        return f"{self.pings} pings, {self.alerts} alerts at the bracelets; {verdict}"


def system_clock_ms() -> int:
    """The real clock."""
    return time.time_ns() // 1_000_000


class Fleet:
    """Runs the devices of a scenario. The scenario's start is taken to be now: build it with `start_ms=clock()`."""

    def __init__(self, scenario: Scenario, broker: Broker, *, clock: Clock = system_clock_ms,
                 on_alert: Callable[[ReceivedAlert], None] | None = None) -> None:  # fmt: skip
        self.scenario = scenario
        self._broker = broker
        self._clock = clock
        self._listener = on_alert
        self._devices: dict[DeviceId, SimulatedDevice] = {}
        self._partner = {party.device: pair.parties() for pair in scenario.pairs for party in pair.parties()}
        self._received: list[ReceivedAlert] = []
        self._latencies_ms: list[int] = []
        self._ended_ms: int | None = None

    async def run(self, seconds: float | None = None) -> FleetSummary:
        """Drive every device for that long (without it: until the scenario's end), then disconnect them all."""
        ends_ms = self.scenario.end_ms if seconds is None else self._clock() + round(seconds * 1000.0)
        tasks: list[asyncio.Task[None]] = []
        try:
            for party in self.scenario.parties():
                rng = random.Random(f"{self.scenario.seed}/{party.device}")
                device = SimulatedDevice(party, self._broker, rng=rng, clock=self._clock, on_alert=self._on_alert)
                self._devices[party.device] = device
                tasks.append(asyncio.create_task(device.run(), name=f"device {party.device}"))
                await asyncio.sleep(CONNECT_STEP_S)
            await _first_failure(tasks, max(0.0, (ends_ms - self._clock()) / 1000.0))
        finally:
            self._ended_ms = self._clock()
            await end(tasks)
        return self.summary()

    def connected(self) -> int:
        """How many devices have a session now."""
        return sum(device.connected for device in self._devices.values())

    def reached(self) -> int:
        """How many devices have had a session at all."""
        return sum(device.sessions > 0 for device in self._devices.values())

    def expected(self) -> list[ExpectedAlert]:
        """Every alert that must have reached a bracelet by the end of the run (so far: by now), in order of time."""
        ends_ms = self._clock() if self._ended_ms is None else self._ended_ms
        return [one for one in self._all_expected if one.by_ms <= ends_ms]

    def received(self) -> list[ReceivedAlert]:
        """Every alert that came out of a bracelet, in order."""
        return list(self._received)

    def missed(self) -> list[ExpectedAlert]:
        """Expected alerts that did not come, or came late."""
        return [one for one in self.expected() if not any(one.met_by(alert) for alert in self._received)]

    def summary(self) -> FleetSummary:
        """The run in numbers."""
        expected, missed = self.expected(), self.missed()
        issue_ms = sorted(alert.received_ms - alert.issued_ms for alert in self._received)
        pings = sum(device.sent for device in self._devices.values())
        return FleetSummary(
            pings,
            len(expected),
            len(expected) - len(missed),
            tuple(missed),
            len(self._received),
            tuple(issue_ms),
            tuple(sorted(self._latencies_ms)),
        )

    @cached_property
    def _all_expected(self) -> list[ExpectedAlert]:
        world = truth(self.scenario)
        found = [one for pair in self.scenario.pairs for one in expected_of(pair, world[pair.order.id])]
        return sorted(found, key=lambda one: (one.by_ms, one.order))

    def _on_alert(self, alert: ReceivedAlert) -> None:
        self._received.append(alert)
        sent_ms = [ms for party in self._partner[alert.device] for ms in self._devices[party.device].sent_ms if ms <= alert.received_ms]
        if sent_ms and alert.reason in ("breach", "approach"):
            self._latencies_ms.append(alert.received_ms - max(sent_ms))
        if self._listener is not None:
            self._listener(alert)


def expected_of(pair: Pair, truth: PairTruth) -> list[ExpectedAlert]:
    """The first approach and the first breach of one pair that truth demands."""
    device, found = pair.protected.device, []
    ring_ms = _first_stay_ms(truth, pair.order.warning_m - RING_MARGIN_M, RING_STAY_MS)
    if ring_ms is not None and pair.order.perimeter_m > 0:
        found.append(ExpectedAlert(pair.order.id, device, "approach", ring_ms, ring_ms + APPROACH_WITHIN_MS))
    episode = next((one for one in truth.episodes() if one.mandatory and one.target == PERIMETER), None)
    if episode is not None:
        deep_ms = _first_stay_ms(truth, pair.order.perimeter_m - DEEP_M, 0) or episode.from_ms
        found.append(ExpectedAlert(pair.order.id, device, "breach", episode.from_ms, deep_ms + BREACH_WITHIN_MS))
    return [one for one in found if not _in_a_hole(pair, one)]


def _in_a_hole(pair: Pair, one: ExpectedAlert) -> bool:
    """Whether either device had no coverage when it mattered: then nobody can see it in time."""
    holes = [hole for party in pair.parties() for hole in party.outages]
    return any(start_ms < one.by_ms and until_ms > one.from_ms - BREACH_WITHIN_MS for start_ms, until_ms in holes)


def _first_stay_ms(truth: PairTruth, radius_m: float, stay_ms: int) -> int | None:
    """When the two were first nearer than the radius for that long."""
    since_ms: int | None = None
    for at_ms, apart_m in zip(truth.protected.at_ms.tolist(), truth.distance_m.tolist(), strict=True):
        if apart_m >= radius_m:
            since_ms = None
            continue
        since_ms = at_ms if since_ms is None else since_ms
        if at_ms - since_ms >= stay_ms:
            return since_ms
    return None


async def _first_failure(tasks: list[asyncio.Task[None]], timeout_s: float) -> None:
    """Wait that long; a device whose program fails (they never end otherwise) fails the run at once."""
    if not tasks:
        await asyncio.sleep(timeout_s)
        return
    done, _ = await asyncio.wait(tasks, timeout=timeout_s, return_when=asyncio.FIRST_EXCEPTION)
    for task in done:
        task.result()
