"""The whole world in virtual time: scenario → arrivals → the monitor's engine, with its commands and receipts going back to the devices.

No clock and no socket: hours pass in seconds, and one seed gives one run, byte for byte.
"""

from __future__ import annotations

import heapq
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from alerts.terms import Audience, Channel, Kind, Notification
from geofence.terms import Command, DeviceId, Transition
from simulator.network import Network
from simulator.scenario import Party, Scenario
from simulator.tracker import Report, Tracker, Wire

FLUSH_STEP_MS = 40  # spacing of kept pings after an outage: 25 a second
RECONNECT_MS = (200, 5_000)  # from the end of a coverage hole to the first message
PERSON_ANSWERS_S = (5.0, 90.0)  # looks at the bracelet, presses the button
PERSON_ANSWER_CHANCE = 0.8
DISPATCHER_ANSWERS_S = (20.0, 120.0)
FOREVER_MS = 1 << 62


class Arrival(NamedTuple):
    """One message as the monitor gets it."""

    at_ms: int
    topic: str
    payload: bytes


@dataclass(slots=True)
class Answer:
    """What the monitor does about a message or the passing of time."""

    transitions: list[Transition] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    receipts: dict[DeviceId, tuple[int, int]] = field(default_factory=dict)
    rejected: int = 0


class Judge(Protocol):
    """The part of the monitor's engine that a world needs."""

    def receive(self, batch: list[Arrival]) -> Answer:
        """Messages arrived."""

    def advance(self, now_ms: int) -> Answer:
        """Time alone passed."""

    def next_deadline_ms(self) -> int | None:
        """When time alone matters next."""


class Sighting(NamedTuple):
    """A ping with a position that reached the monitor: for the auditor."""

    arrived_ms: int
    device: DeviceId
    fix_ms: int  # true time
    error_m: float
    source: str


@dataclass(slots=True)
class Story:
    """All that was said in a run, in order."""

    arrivals: list[Arrival] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    signals: list[tuple[int, DeviceId, str]] = field(default_factory=list)  # first arrival of an SOS or a cut strap
    rejected: int = 0


class VirtualWorld:
    """Runs one scenario against one judge."""

    def __init__(self, scenario: Scenario, judge: Judge) -> None:
        self._scenario = scenario
        self._judge = judge
        self._queue: list[tuple[int, int, Callable[[int], None]]] = []
        self._count = 0
        self._rng = random.Random(f"people/{scenario.seed}")
        self._wearers: dict[DeviceId, _Wearer] = {}
        self.story = Story()
        for party in scenario.parties():
            wearer = _Wearer(self, party, random.Random(f"{scenario.seed}/{party.device}"), scenario.start_ms)
            self._wearers[party.device] = wearer

    def run(self) -> Story:
        """Play the scenario to its end."""
        self.deliver(self._scenario.start_ms, "monitor/link", {"up": True})
        for start_ms, until_ms in self._scenario.link_outages:
            self.at(start_ms, lambda now_ms: self.deliver(now_ms, "monitor/link", {"up": False}))
            self.at(until_ms, lambda now_ms: self.deliver(now_ms, "monitor/link", {"up": True}))
        while (at_ms := self._pass_time()) <= self._scenario.end_ms:
            heapq.heappop(self._queue)[2](at_ms)
        self._hear(self._judge.advance(self._scenario.end_ms))
        return self.story

    def at(self, at_ms: int, action: Callable[[int], None]) -> None:
        """Do something at that moment; actions of one moment keep their order."""
        self._count += 1
        heapq.heappush(self._queue, (at_ms, self._count, action))

    def send(self, at_ms: int, topic: str, payload: Wire, report: Report | None = None) -> None:
        """A device's message reaches the broker; the monitor gets it once its session is up."""
        for start_ms, until_ms in self._scenario.link_outages:
            if start_ms <= at_ms < until_ms:
                at_ms = until_ms
        self.at(at_ms, lambda now_ms: self.deliver(now_ms, topic, payload, report))

    def deliver(self, now_ms: int, topic: str, payload: Wire, report: Report | None = None) -> None:
        """The monitor receives a message now."""
        arrival = Arrival(now_ms, topic, json.dumps(payload, separators=(",", ":")).encode())
        self.story.arrivals.append(arrival)
        if report is not None:
            self._note(now_ms, DeviceId(topic.split("/")[1]), report)
        self._hear(self._judge.receive([arrival]))

    def _pass_time(self) -> int:
        """Let every deadline before the next event fire at its own time, which may bring new events; gives that event's time."""
        while True:
            event_ms = self._queue[0][0] if self._queue else FOREVER_MS
            deadline_ms = self._judge.next_deadline_ms()
            if deadline_ms is None or deadline_ms >= min(event_ms, self._scenario.end_ms):
                return event_ms
            self._hear(self._judge.advance(deadline_ms))
            following_ms = self._judge.next_deadline_ms()
            if following_ms is not None and following_ms <= deadline_ms:
                raise AssertionError(f"the engine's deadline {following_ms} does not move")

    def _note(self, now_ms: int, device: DeviceId, report: Report) -> None:
        if report.fix_ms is not None:
            self.story.sightings.append(Sighting(now_ms, device, report.fix_ms, report.error_m or 0.0, report.source or ""))
        for name, shown in (("sos", report.payload["sos"] is True), ("strap", report.payload["strap"] == "cut")):
            if shown and not any(device == known and name == said for _, known, said in self.story.signals):
                self.story.signals.append((now_ms, device, name))

    def _hear(self, answer: Answer) -> None:
        story = self.story
        story.transitions += answer.transitions
        story.notifications += answer.notifications
        story.rejected += answer.rejected
        for command in answer.commands:
            payload: Wire = {"v": 1}
            if command.interval_s is not None:
                payload["interval_s"] = command.interval_s
            if command.report_now:
                payload["report"] = "now"
            self._wearers[command.device].downlink(command.at_ms, payload)
        for device, (boot, seq) in answer.receipts.items():
            self._wearers[device].receipt(boot, seq)
        for notification in answer.notifications:
            self._answer(notification)

    def _answer(self, notification: Notification) -> None:
        if notification.refreshes is not None:
            return  # new numbers of what it shows already: nobody is woken, nobody answers
        if notification.channel is Channel.BRACELET:
            for device in notification.devices:
                self._wearers[device].alerted(notification)
        elif notification.audience is Audience.DISPATCH and notification.kind is Kind.RAISE:
            at_ms = notification.issued_ms + round(self._rng.uniform(*DISPATCHER_ANSWERS_S) * 1000.0)
            payload: Wire = {"alert": notification.id, "by": "dispatcher", "who": "desk"}
            self.at(at_ms, lambda now_ms: self.deliver(now_ms, "monitor/ack", payload))


class _Wearer:
    """One device on its person, and its way to the broker."""

    def __init__(self, world: VirtualWorld, party: Party, rng: random.Random, start_ms: int) -> None:
        self._world = world
        self._device = party.device
        self._rng = rng
        self._tracker = Tracker(party.itinerary, party.traits, rng, start_ms=start_ms)
        self._network = Network(rng, party.quality, party.outages)
        self._wake_ms: int | None = None
        self._flush_ms: int | None = None
        self._arm()

    def downlink(self, now_ms: int, payload: Wire) -> None:
        """A command is on its way."""
        self._when_reachable(now_ms, lambda at_ms: self._obey(payload, at_ms))

    def receipt(self, boot: int, seq: int) -> None:
        """A receipt: forgotten at once, for a device repeats what it has not heard about."""
        self._tracker.forget(boot, seq)

    def alerted(self, notification: Notification) -> None:
        """An alert is on its way: the device answers, the person perhaps."""

        def rings(at_ms: int) -> None:
            self._acknowledge(at_ms, notification, "device")
            if notification.kind is Kind.RAISE and self._rng.random() < PERSON_ANSWER_CHANCE:
                answers_ms = at_ms + round(self._rng.uniform(*PERSON_ANSWERS_S) * 1000.0)
                self._world.at(answers_ms, lambda now_ms: self._acknowledge(now_ms, notification, "person"))

        self._when_reachable(notification.issued_ms, rings)

    def _when_reachable(self, now_ms: int, action: Callable[[int], None]) -> None:
        up_ms = self._network.down_until_ms(now_ms) or now_ms
        self._world.at(up_ms + self._network.latency_ms(), action)

    def _acknowledge(self, now_ms: int, notification: Notification, by: str) -> None:
        payload: Wire = {"v": 1, "alert": notification.id, "at": self._tracker.clock_ms(now_ms), "by": by}
        up_ms = self._network.down_until_ms(now_ms) or now_ms
        self._world.send(up_ms + self._network.latency_ms(), f"v1/{self._device}/ack", payload)

    def _obey(self, payload: Wire, now_ms: int) -> None:
        self._tracker.obey(payload, now_ms)
        self._arm()

    def _arm(self) -> None:
        wake_ms = self._tracker.next_report_ms
        if self._wake_ms is None or wake_ms < self._wake_ms:
            self._wake_ms = wake_ms
            self._world.at(wake_ms, self._report)

    def _report(self, now_ms: int) -> None:
        if now_ms != self._wake_ms:
            return  # a command moved the report forward; this wake-up is the old one
        self._wake_ms = None
        report = self._tracker.report(now_ms)
        if report is not None and self._flush_ms is None:  # while it reconnects, `_flush` sends what is kept
            self._send_or_keep(report, now_ms)
        self._arm()

    def _send_or_keep(self, report: Report, now_ms: int) -> None:
        until_ms = self._network.down_until_ms(now_ms)
        if until_ms is None:
            self._send(report, now_ms)
        else:
            self._flush_ms = until_ms + self._rng.randrange(*RECONNECT_MS)
            self._world.at(self._flush_ms, self._flush)

    def _flush(self, now_ms: int) -> None:
        """Coverage is back: everything without a receipt, newest first."""
        self._flush_ms = None
        for i, report in enumerate(self._tracker.kept()):
            self._send(report, now_ms + i * FLUSH_STEP_MS)

    def _send(self, report: Report, now_ms: int) -> None:
        for arrives_ms in self._network.arrivals_ms(now_ms):
            self._world.send(arrives_ms, f"v1/{self._device}/ping", report.payload, report)


def write_pings(path: Path, story: Story) -> int:
    """Write what the monitor received as a file for `resguardo replay`; gives the number of lines."""
    with path.open("w", encoding="utf-8") as file:
        for at_ms, topic, payload in story.arrivals:
            file.write(f'{{"at_ms":{at_ms},"topic":{json.dumps(topic)},"payload":{payload.decode()}}}\n')
    return len(story.arrivals)
