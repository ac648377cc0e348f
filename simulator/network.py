"""What the mobile network does to a message: holes in the coverage, latency, repeats, reordering."""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from dataclasses import dataclass

LATENCY_MEDIAN_MS = 1_200.0  # measured on phone logs: p50 0.75 s, p90 2.8 s, p99 5.4 s
LATENCY_LOG_SD = 0.7
LATENCY_MS_MAX = 20_000
OUTAGE_MIN_S, OUTAGE_MAX_S = 60.0, 480.0  # a lift, a tunnel, a supermarket

Windows = tuple[tuple[int, int], ...]  # [from_ms, until_ms), sorted, apart


@dataclass(frozen=True, slots=True)
class NetworkQuality:
    """How good one device's connection is. Every chance is per message."""

    outages_per_h: float = 0.35
    latency_median_ms: float = LATENCY_MEDIAN_MS
    duplicate_chance: float = 0.01
    reorder_chance: float = 0.01


PERFECT = NetworkQuality(outages_per_h=0.0, latency_median_ms=100.0, duplicate_chance=0.0, reorder_chance=0.0)


def random_outages(rng: random.Random, *, start_ms: int, end_ms: int, per_h: float) -> Windows:
    """Coverage holes of one device between two moments."""
    windows: list[tuple[int, int]] = []
    at_ms = float(start_ms)
    while per_h > 0.0:
        at_ms += rng.expovariate(per_h) * 3_600_000.0
        if at_ms >= end_ms:
            break
        until_ms = at_ms + rng.uniform(OUTAGE_MIN_S, OUTAGE_MAX_S) * 1000.0
        windows.append((round(at_ms), round(until_ms)))
        at_ms = until_ms
    return tuple(windows)


class Network:
    """One device's way to the broker and back."""

    def __init__(self, rng: random.Random, quality: NetworkQuality, outages: Windows) -> None:
        self._rng = rng
        self._quality = quality
        self._outages = outages
        self._starts = [start_ms for start_ms, _ in outages]

    def down_until_ms(self, at_ms: int) -> int | None:
        """When the present hole ends; None while there is coverage."""
        i = bisect_right(self._starts, at_ms) - 1
        if i < 0 or at_ms >= self._outages[i][1]:
            return None
        return self._outages[i][1]

    def latency_ms(self) -> int:
        """Time of one message on its way, either direction."""
        usual = self._quality.latency_median_ms * math.exp(self._rng.gauss(0.0, LATENCY_LOG_SD))
        return max(1, min(LATENCY_MS_MAX, round(usual)))

    def arrivals_ms(self, sent_ms: int) -> list[int]:
        """When the copies of one message arrive: usually one, sometimes repeated, sometimes held back behind later ones."""
        first_ms = sent_ms + self.latency_ms()
        if self._rng.random() < self._quality.reorder_chance:
            first_ms += self._rng.randint(5_000, 60_000)
        copies = [first_ms]
        if self._rng.random() < self._quality.duplicate_chance:
            copies.append(first_ms + self._rng.randint(1, 30_000))
        return copies
