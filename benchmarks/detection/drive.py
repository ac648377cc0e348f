"""One pair's day through the core that `resguardo run` uses, device by device as it reports and as it is commanded."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from benchmarks.detection.day import DAY_S
from benchmarks.detection.noise import Receiver
from benchmarks.detection.yardstick import could_be_inside
from geofence.core import Core
from geofence.geodesy import moved
from geofence.state import COMMAND, TRANSITION
from geofence.terms import Device, DeviceId, Level, Order, OrderId, PersonId, Ping, Reason, Registry

START_MS = 1_767_571_200_000  # 2026-01-05T00:00:00Z
ORIGIN = (20.5888, -100.3899)
DOWNLINK_S = 2.0  # a command reaches the device this much later, if it can be reached at all
LATENCY_S, LATENCY_SPREAD, LATENCY_S_MAX = 1.2, 0.6, 20.0
NAN = math.nan
CALM = int(Level.CALM)
WARNED = (Reason.APPROACH, Reason.UNVERIFIED)
LOST = (Reason.CANNOT_SEE_RESPONDENT, Reason.CANNOT_SEE_PROTECTED, Reason.NO_COVERAGE_KNOWN)


@dataclass(frozen=True)
class Report:
    """One ping on its way. Times in seconds of the day."""

    device: int  # 0 hers, 1 his
    seq: int
    fix_s: float
    arrival_s: float
    x_m: float
    y_m: float
    accuracy_m: float
    source: int
    speed_mps: float
    course_deg: float
    moving: int  # by its motion sensor; -1: it has none
    true_xy: tuple[float, float]


@dataclass
class Heard:
    """What came in, in order of arrival, and what the core said: (second, reason, level)."""

    reports: list[Report] = field(default_factory=list)
    said: list[tuple[float, Reason, int]] = field(default_factory=list)
    breach: list[tuple[float, float]] = field(default_factory=list)  # from, until
    end_s: int = DAY_S
    level: int = 0  # of the order, as last said
    shown_calm_s: int = 0  # seconds calm though by fixes, errors and speeds he could have been inside (yardstick.py)
    blinded: int = 0  # how often "cannot see" ended the calm: what wakes somebody, as against a word beside an alarm that stands


def registry(radius_m: float, warning_m: float) -> Registry:
    devices = (Device(DeviceId("brc"), PersonId("P")), Device(DeviceId("tag"), PersonId("R")))
    return Registry(devices, (Order(OrderId("O"), PersonId("P"), PersonId("R"), radius_m, warning_m, 0, 1 << 60),))


def ping_of(report: Report) -> Ping:
    lat, lon = moved(*ORIGIN, report.x_m, report.y_m)
    at_ms, fix_ms = START_MS + int(report.arrival_s * 1000), START_MS + int(report.fix_s * 1000)
    return Ping(
        report.device, at_ms, 1, report.seq, fix_ms, True, fix_ms, lat, lon, report.accuracy_m, report.speed_mps, report.course_deg,
        report.source, -1, NAN, False, 80.0, -1, 1, 0, False, report.moving, NAN, False, False, True,
    )  # fmt: skip


def end_of(t: float, spans: list[tuple[float, float]]) -> float | None:
    """The end of the span that `t` is in; None if it is in none."""
    return next((last for first, last in spans if first <= t < last), None)


class Reporter(Protocol):
    """Whatever reports: when next, with what, and how it takes a command."""

    next_s: float

    def report(self) -> Report | None: ...
    def command(self, t: float, interval_s: int, report_now: bool) -> None: ...


class Tracker:
    """One device: reports at its interval, keeps what it cannot send, and sends the newest first when it can."""

    def __init__(self, device: int, receiver: Receiver, truth: Any, dead: list[tuple[float, float]], rng: Any, fixed_s: int | None) -> None:
        self.device, self.receiver, self.truth, self.dead, self.rng = device, receiver, truth, dead, rng
        self.fixed_s = fixed_s
        self.interval_s = float(fixed_s or 60)
        self.next_s = float(rng.uniform(0, 60))
        self.seq = 0

    def report(self) -> Report | None:
        """The report of this moment with its arrival, or None while the tracker is dead; the next one is planned."""
        t = self.next_s
        self.next_s += self.interval_s
        second = int(t)
        if second >= DAY_S or end_of(t, self.dead) is not None:
            return None
        self.seq += 1
        sent = end_of(t, self.receiver.outages)
        latency = min(LATENCY_S_MAX, LATENCY_S * float(self.rng.lognormal(0, LATENCY_SPREAD)))
        arrival = t + latency if sent is None else sent + latency + 0.001 * (sent - t)
        r = self.receiver
        return Report(
            self.device, self.seq, t, arrival, float(r.xy[second, 0]), float(r.xy[second, 1]), float(r.accuracy_m[second]),
            int(r.source[second]), float(r.speed_mps[second]), float(r.course_deg[second]), int(r.moving[second]), tuple(self.truth[second]),
        )  # fmt: skip

    def command(self, t: float, interval_s: int, report_now: bool) -> None:
        """A command of `t` arrives, unless the network is away."""
        if self.fixed_s is not None or end_of(t, self.receiver.outages) is not None or end_of(t, self.dead) is not None:
            return
        if interval_s:
            self.interval_s = float(interval_s)
        if report_now:
            self.next_s = min(self.next_s, t)
        self.next_s = max(t, min(self.next_s, t + self.interval_s))


def drive(core: Core, trackers: Sequence[Reporter], end_s: int = DAY_S) -> Heard:
    """The day, or as much as there is of it: reports and commands in order of their time."""
    heard = Heard(end_s=end_s)
    core.start(START_MS)
    arrivals: list[tuple[float, int, Report]] = []
    commands: list[tuple[float, int, int, int, bool]] = []
    count, is_on = 0, 0.0
    while True:
        soonest = min(trackers, key=lambda tracker: tracker.next_s)
        now = min(soonest.next_s, arrivals[0][0] if arrivals else end_s, commands[0][0] if commands else end_s)
        if now >= end_s:
            return _ended(heard, is_on)
        count += 1
        if commands and commands[0][0] <= now:
            at, _, device, interval_s, report_now = heapq.heappop(commands)
            trackers[device].command(at, interval_s, report_now)
        elif arrivals and arrivals[0][0] <= now:
            _, _, report = heapq.heappop(arrivals)
            since_s = heard.reports[-1].arrival_s if heard.reports else 0.0
            before = core.tables().device[:2].copy()
            heard.reports.append(report)
            rows = core.take([ping_of(report)])
            note_calm(heard, rows, before, since_s, core.orders[0].perimeter_m)
            is_on = _note(core, heard, rows, report.arrival_s, is_on)
            for row in rows:
                if row.kind == COMMAND:
                    entry = (report.arrival_s + DOWNLINK_S, count, row.device_protected, row.interval_s, bool(row.report_now))
                    heapq.heappush(commands, entry)
        else:
            made = soonest.report()
            if made is not None:
                heapq.heappush(arrivals, (made.arrival_s, count, made))


def note_calm(heard: Heard, rows: list[Any], before: Any, since_s: float, radius_m: float) -> None:
    """Count the seconds up to the last report that were shown calm and should not have been; a second late is not late.

    `rows`: what was said since the report of `since_s`; `before`: both devices as they were until now.
    """
    until_s = int(heard.reports[-1].arrival_s * 1000) / 1000  # as the core has it: what it says of this report is not of the moment before
    seconds = np.arange(math.floor(since_s) + 1, math.ceil(until_s))
    level = np.full(len(seconds), heard.level)
    for row in rows:
        if row.kind == TRANSITION:
            heard.level = row.to_level
            level[seconds >= (row.at_ms - START_MS) / 1000] = heard.level
    if (level == CALM).any():
        could = could_be_inside(before[0], before[1], START_MS + 1_000 * (seconds - 1), radius_m)
        heard.shown_calm_s += int(((level == CALM) & could).sum())


def _note(core: Core, heard: Heard, rows: list[Any], now: float, is_on: float) -> float:
    """Keep what was said; returns since when a breach is on (0: none)."""
    for row in rows:
        if row.kind != TRANSITION:
            continue
        at, reason = (row.at_ms - START_MS) / 1000, Reason(row.reason)
        heard.said.append((at, reason, row.to_level))
        heard.blinded += reason in LOST and row.from_level == 0
        if reason is Reason.BREACH and not is_on:
            is_on = at
    if is_on and core.tables().target[0]["breach"] == 0:
        heard.breach.append((is_on, now))
        return 0.0
    return is_on


def _ended(heard: Heard, is_on: float) -> Heard:
    if is_on:
        heard.breach.append((is_on, float(heard.end_s)))
    return heard
