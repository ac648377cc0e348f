"""Keeping the score: episodes from the truth, what was found, what was cried falsely. Pure; the rules are docs/detection.md's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MARGIN_M = 50.0  # shallower than this is neither a miss nor false
EPISODE_S = 20.0  # shorter is neither
MERGED_S = 60.0  # gaps shorter than this belong to one episode
EARLY_S, LATE_S = 180.0, 90.0  # an alarm this long before entry or after exit still counts
STILL_ON_S = 300.0  # on from an earlier episode that ended less than this before
AROUND_S = 60.0  # true nearness within this of a raise excuses it
CONTACT_M = 50.0
LOOK_BACK_S = 1_800.0
LEAD_S = 120.0

Spans = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Episode:
    """He is truly inside. `contact_s`: first second within 50 m, None if never; `mandatory`: deep and long enough to be counted."""

    entry_s: float
    exit_s: float
    mandatory: bool
    contact_s: float | None


def episodes(distance_m: Any, radius_m: float) -> list[Episode]:
    """The episodes of one day; shape float[seconds]."""
    inside = np.concatenate(([False], distance_m < radius_m, [False]))
    edges = np.flatnonzero(inside[1:] != inside[:-1]).reshape(-1, 2).tolist()
    merged: list[list[int]] = []
    for first, last in edges:
        if merged and first - merged[-1][1] < MERGED_S:
            merged[-1][1] = last
        else:
            merged.append([first, last])
    found = []
    for first, last in merged:
        piece = distance_m[first:last]
        close = np.flatnonzero(piece < CONTACT_M)
        deep = bool(piece.min() < radius_m - MARGIN_M and (piece < radius_m).sum() >= EPISODE_S)
        found.append(Episode(float(first), float(last), deep, float(first + close[0]) if len(close) else None))
    return found


def raised_s(episode: Episode, alarms: Spans, before: Sequence[Episode]) -> float | None:
    """When the episode was found; None if it was not."""
    for first, last in alarms:
        if episode.entry_s - EARLY_S <= first <= episode.exit_s + LATE_S:
            return first
        recent = any(0 <= episode.entry_s - other.exit_s < STILL_ON_S for other in before)
        if first < episode.entry_s and last > episode.entry_s and recent:
            return episode.entry_s
    return None


def false_raises(distance_m: Any, radius_m: float, alarms: Spans) -> list[float]:
    """Raises with nobody near: no second below radius + 50 m within a minute."""
    wrong = []
    for first, _ in alarms:
        around = distance_m[max(0, int(first - AROUND_S)) : int(first + AROUND_S) + 1]
        if len(around) and around.min() >= radius_m + MARGIN_M:
            wrong.append(first)
    return wrong


def lead_s(contact_s: float, alerts: Spans) -> float | None:
    """How long before contact some alert was on, looking back half an hour; None if none was."""
    from_s = contact_s - LOOK_BACK_S
    starts = [max(first, from_s) for first, last in alerts if first <= contact_s and last > from_s]
    return contact_s - min(starts) if starts else None


@dataclass
class Score:
    """Sums over days."""

    days: int = 0
    mandatory: int = 0
    found: int = 0
    observable: int = 0
    found_observable: int = 0
    false: int = 0
    delays_s: list[float] = field(default_factory=list)
    excess_s: list[float] = field(default_factory=list)
    leads_s: list[float] = field(default_factory=list)  # -1: contact without any alert
    silenced_leads_s: list[float] = field(default_factory=list)
    alerted: int = 0  # mandatory episodes with any alert on or before exit
    stories: list[str] = field(default_factory=list)

    def day(self, distance_m: Any, radius_m: float, alarms: Spans, truth: Spans, alerts: Spans, dead: Spans, name: str) -> None:
        """Add one day: breach alarms, the oracle's, and the times when any alert was on."""
        self.days += 1
        before: list[Episode] = []
        for episode in episodes(distance_m, radius_m):
            if episode.mandatory:
                self._episode(episode, alarms, truth, alerts, before, dead, name)
            before.append(episode)
        wrong = false_raises(distance_m, radius_m, alarms)
        self.false += len(wrong)
        self.stories += [f"false: {name} at {int(t)} s, true distance {distance_m[min(int(t), len(distance_m) - 1)]:.0f} m" for t in wrong]

    def _episode(self, e: Episode, alarms: Spans, truth: Spans, alerts: Spans, before: list[Episode], dead: Spans, name: str) -> None:
        ours, theirs = raised_s(e, alarms, before), raised_s(e, truth, before)
        self.mandatory += 1
        self.found += ours is not None
        self.alerted += any(first <= e.exit_s and last > e.entry_s - EARLY_S for first, last in alerts)
        if theirs is not None:
            self.observable += 1
            self.found_observable += ours is not None
            if ours is None:
                self.stories.append(f"missed: {name} {int(e.entry_s)}-{int(e.exit_s)} s, oracle at {int(theirs)} s")
            else:
                self.delays_s.append(ours - e.entry_s)
                self.excess_s.append(ours - theirs)
        if e.contact_s is not None:
            lead = lead_s(e.contact_s, alerts)
            silenced = any(first <= e.contact_s < last for first, last in dead)
            (self.silenced_leads_s if silenced else self.leads_s).append(-1.0 if lead is None else lead)
            if lead is None:
                self.stories.append(f"contact without any alert: {name} at {int(e.contact_s)} s{' (silenced)' if silenced else ''}")


def wilson(found: int, of: int) -> tuple[float, float]:
    """95 % interval of a share, in percent."""
    if of == 0:
        return 0.0, 100.0
    z, p = 1.96, found / of
    middle, spread = p + z * z / (2 * of), z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    scale = 100 / (1 + z * z / of)
    return max(0.0, (middle - spread) * scale), min(100.0, (middle + spread) * scale) if found < of else 100.0


def percentile(values: Sequence[float], share: float) -> float:
    """By rank; NaN of nothing."""
    return float(np.percentile(values, share)) if len(values) else math.nan
