"""One body-worn device: makes pings, keeps them until the receipt, obeys commands, loses charge.

Payloads are written here and nowhere shared with the monitor's decoder: two implementations of one contract.
"""

from __future__ import annotations

import random
from collections import OrderedDict
from dataclasses import dataclass, field

from simulator.network import Windows
from simulator.people import Itinerary
from simulator.receiver import Receiver

FIRST_INTERVAL_S = 60  # what a device does before anybody commands it
INTERVAL_S_MIN = 1
BUFFER_PINGS_MAX = 5_000  # three days at the far interval
DRAIN_PER_H = 3.0  # percent, idle
DRAIN_PER_PING = 0.004  # percent: a 5 s interval empties it in about seventeen hours instead of a day and a half
CHARGE_PER_H = 40.0
SOS_HELD_MS = 20_000  # the flag stays in the pings this long after the button

Wire = dict[str, object]  # a payload before it is encoded


@dataclass(frozen=True, slots=True)
class TrackerTraits:
    """How one device differs from a perfect one. Times are true time."""

    interval_s: int = FIRST_INTERVAL_S
    obeys: bool = True  # False: keeps its interval whatever it is asked
    noise_ratio: float = 1.0
    clock_offset_ms: int = 0
    clock_drift_ppm: float = 0.0
    battery_percent: float = 90.0
    dead: Windows = ()  # switched off, shielded or empty: makes no ping at all
    no_fix: Windows = ()  # makes pings without a position
    charging: Windows = ()
    strap_cut_ms: int | None = None
    sos_ms: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """One ping as made, with what only the world knows about it."""

    boot: int
    seq: int
    made_ms: int
    fix_ms: int | None  # true time of the position; None without one
    error_m: float | None
    source: str | None
    payload: Wire = field(repr=False)


class Tracker:
    """The device's program. Every moment is an argument; moments must not go back."""

    def __init__(self, itinerary: Itinerary, traits: TrackerTraits, rng: random.Random, *, start_ms: int, boot: int = 1) -> None:
        self._itinerary = itinerary
        self._traits = traits
        self._rng = rng
        self._receiver = Receiver(rng, noise_ratio=traits.noise_ratio)
        self._start_ms = start_ms
        self._interval_ms = traits.interval_s * 1000
        self._battery = traits.battery_percent
        self._last_ms = start_ms
        self._boot = boot
        self._seq = 0
        self._buffer: OrderedDict[tuple[int, int], Report] = OrderedDict()
        self.next_report_ms = start_ms + rng.randrange(min(self._interval_ms, 5_000))

    def report(self, now_ms: int) -> Report | None:
        """Make the ping that is due; None while the device is dead. Sets `next_report_ms`."""
        self.next_report_ms = self._following(now_ms)
        if _within(self._traits.dead, now_ms):
            self._last_ms = now_ms
            return None
        self._drain(now_ms)
        self._seq += 1
        report = self._make(now_ms)
        self._buffer[(report.boot, report.seq)] = report
        if len(self._buffer) > BUFFER_PINGS_MAX:
            self._buffer.popitem(last=False)
        return report

    def obey(self, command: Wire, now_ms: int) -> None:
        """A `command` message arrived."""
        if not self._traits.obeys:
            return
        interval_s = command.get("interval_s")
        if isinstance(interval_s, int):
            self._interval_ms = max(INTERVAL_S_MIN, interval_s) * 1000
            self.next_report_ms = min(self.next_report_ms, now_ms + self._interval_ms)
        if command.get("report") == "now":
            self.next_report_ms = now_ms

    def forget(self, boot: int, seq: int) -> None:
        """A `receipt` arrived: everything up to there is on the monitor's disk."""
        for key in [key for key in self._buffer if key <= (boot, seq)]:
            del self._buffer[key]

    def kept(self) -> list[Report]:
        """Pings without a receipt, newest first: what a device sends first after an outage."""
        return list(reversed(self._buffer.values()))

    def clock_ms(self, now_ms: int) -> int:
        """What the device's own clock shows."""
        drift_ms = (now_ms - self._start_ms) * self._traits.clock_drift_ppm / 1e6
        return now_ms + self._traits.clock_offset_ms + round(drift_ms)

    def _following(self, now_ms: int) -> int:
        following_ms = now_ms + self._interval_ms + self._rng.randrange(-200, 201)
        pressed = [sos_ms for sos_ms in self._traits.sos_ms if now_ms < sos_ms < following_ms]
        cut_ms = self._traits.strap_cut_ms
        if cut_ms is not None and now_ms < cut_ms < following_ms:
            pressed.append(cut_ms)
        return min([following_ms, *pressed])  # a button or a cut strap reports at once

    def _drain(self, now_ms: int) -> None:
        hours = (now_ms - self._last_ms) / 3_600_000.0
        self._last_ms = now_ms
        change = CHARGE_PER_H * hours if _within(self._traits.charging, now_ms) else -DRAIN_PER_H * hours - DRAIN_PER_PING
        self._battery = min(100.0, max(1.0, self._battery + change))

    def _make(self, now_ms: int) -> Report:
        traits = self._traits
        where = self._itinerary.at(now_ms)
        cut = traits.strap_cut_ms is not None and now_ms >= traits.strap_cut_ms
        payload: Wire = {"v": 1, "boot": self._boot, "seq": self._seq, "at": self.clock_ms(now_ms)}
        fix_ms = error_m = source = None
        if not _within(traits.no_fix, now_ms):
            fix = self._receiver.solve(where, now_ms)
            fix_ms, error_m, source = now_ms, fix.error_m, fix.source
            optional = {"speed": fix.speed_mps, "course": fix.course_deg, "satellites": fix.satellites}
            payload["fix"] = {
                "at": self.clock_ms(now_ms) + min(0, fix.slip_ms), "lat": fix.lat_deg, "lon": fix.lon_deg, "accuracy": fix.accuracy_m,
                "source": fix.source, **{key: value for key, value in optional.items() if value is not None},
            }  # fmt: skip
        payload["battery"] = round(self._battery)
        payload["charging"] = _within(traits.charging, now_ms)
        payload["strap"] = "cut" if cut else "closed"
        payload["sos"] = any(sos_ms <= now_ms < sos_ms + SOS_HELD_MS for sos_ms in traits.sos_ms)
        payload["moving"] = where.speed_mps > 0.0
        payload["signal"] = self._rng.randint(-105, -55)
        return Report(self._boot, self._seq, now_ms, fix_ms, error_m, source, payload)


def _within(windows: Windows, at_ms: int) -> bool:
    return any(start_ms <= at_ms < end_ms for start_ms, end_ms in windows)
