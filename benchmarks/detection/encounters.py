"""Encounters made of real recordings: two tracks moved and turned as a whole, errors and all, so that they meet."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from benchmarks.detection.drive import Report
from benchmarks.detection.noise import doppler
from benchmarks.detection.score import MARGIN_M
from benchmarks.detection.tracks import Folder, Recording, run_of

ENCOUNTER_S = 900  # the longest
MISS_M = 150.0  # they pass each other at up to the radius and this: near misses too
MEETING = (0.3, 0.8)  # when, as a share of the time
OUTSIDE_S = 30  # he begins outside: the first half minute, in which both are seen for the first time
TRIES = 20
CLAIM_M, CLAIM_SPREAD = 2.5, 0.53  # what a phone's GPS says of itself: median, and 6.0 m at p95 (44 Android logs)
RESTING, WALKING, DRIVING = "at rest", "on foot", "driving"


@dataclass(frozen=True, slots=True)
class Phone(Recording):
    """One party's device: a recording, and where its bearer truly is, float[seconds, 2]."""

    truth: Any


@dataclass(frozen=True, slots=True)
class Encounter:
    """Two phones and the true distance between them, float[seconds]."""

    name: str
    her: Phone
    his: Phone
    distance_m: Any


def encounter(folder: Folder, seed: int, radius_m: float, *, claims: bool = True) -> Encounter | None:
    """The encounter of this seed; None where the two tracks cannot begin apart. `claims`: a fix without an accuracy gets a phone's."""
    rng = np.random.default_rng(seed)
    for _ in range(TRIES):
        his_track = folder.recordings[rng.integers(len(folder.recordings))]
        others = [r for r in folder.recordings if run_of(r) != run_of(his_track)]
        hers_track = others[rng.integers(len(others))]
        kind = str(rng.choice((RESTING, WALKING, DRIVING) if folder.walks else (RESTING, DRIVING)))
        end_s = int(min(his_track.end_s, hers_track.end_s, ENCOUNTER_S))
        his = _phone(rng, _cut(rng, his_track, end_s), end_s, None)
        her = _phone(rng, _cut(rng, hers_track, end_s), end_s, _way(rng, folder, kind, end_s))
        meeting = int(rng.uniform(*MEETING) * end_s)
        miss = _turned(np.array([rng.uniform(0.0, radius_m + MISS_M), 0.0]), rng.uniform(0, 2 * np.pi))
        her = _placed(her, his.truth[meeting] + miss - her.truth[meeting])
        distance = np.hypot(*(her.truth - his.truth).T)
        if distance[:OUTSIDE_S].min() >= radius_m + MARGIN_M:
            her, his = (_claiming(rng, phone) if claims else phone for phone in (her, his))
            return Encounter(f"encounter {seed} ({his_track.name} to {hers_track.name} {kind})", her, his, distance)
    return None


def _way(rng: Any, folder: Folder, kind: str, end_s: int) -> Any:
    """Where she truly is, float[seconds, 2], with the errors of a recording; None: where the recording is."""
    if kind == DRIVING:
        return None
    if kind == RESTING:
        return np.zeros((end_s, 2))
    walk = folder.walks[rng.integers(len(folder.walks))]
    begins = rng.uniform(0.0, max(1.0, end_s - float(walk.fix_s[-1])))
    return _along(np.arange(end_s), walk.fix_s + begins, walk.true_xy)


def _cut(rng: Any, r: Recording, end_s: int) -> Recording:
    """A stretch of `end_s` seconds, begun anywhere."""
    start = rng.uniform(0.0, max(0.001, r.end_s - end_s))
    kept = (r.fix_s >= start) & (r.fix_s <= start + end_s)
    return Recording(r.name, r.fix_s[kept] - start, *(getattr(r, column.name)[kept] for column in fields(r)[2:]))


def _phone(rng: Any, r: Recording, end_s: int, way: Any) -> Phone:
    """The recording as a device, turned as a whole. Where the file gives no speed: the true one, as a receiver says it."""
    seconds, turn = np.arange(end_s), rng.uniform(0, 2 * np.pi)
    error = r.measured_xy - r.true_xy
    truth = _along(seconds, r.fix_s, r.true_xy) if way is None else way
    true_xy = r.true_xy if way is None else _along(r.fix_s, seconds, way)
    _, speed, course = doppler(rng, truth)
    second = np.minimum(r.fix_s.astype(int), end_s - 1)
    has_speed = np.isfinite(r.speed_mps) & (way is None)
    course = np.where(has_speed, r.course_deg, course[second])
    return Phone(
        r.name, r.fix_s, r.late_s, _turned(true_xy + error, turn), _turned(true_xy, turn), r.accuracy_m, r.source,
        np.where(has_speed, r.speed_mps, speed[second]), (course - np.degrees(turn)) % 360, _turned(truth, turn),
    )  # fmt: skip


def _claiming(rng: Any, phone: Phone) -> Phone:
    claim = CLAIM_M * rng.lognormal(0.0, CLAIM_SPREAD, len(phone.fix_s))
    return replace(phone, accuracy_m=np.where(np.isnan(phone.accuracy_m), claim, phone.accuracy_m))


def _along(at_s: Any, t: Any, xy: Any) -> Any:
    return np.stack([np.interp(at_s, t, xy[:, 0]), np.interp(at_s, t, xy[:, 1])], axis=1)


def _turned(xy: Any, by_rad: float) -> Any:
    """Counter-clockwise about the origin."""
    c, s = np.cos(by_rad), np.sin(by_rad)
    return xy @ np.array([[c, s], [-s, c]])


def _placed(phone: Phone, by: Any) -> Phone:
    return replace(phone, measured_xy=phone.measured_xy + by, true_xy=phone.true_xy + by, truth=phone.truth + by)


class Player:
    """Sends what a phone recorded, at its interval: the first fix from each moment on, as late as it was logged."""

    def __init__(self, device: int, phone: Phone, interval_s: int | None, next_s: float) -> None:
        self.device, self.phone, self.obeys = device, phone, interval_s is None
        self.interval_s, self.next_s = float(interval_s or 60), next_s
        self.seq = 0

    def report(self) -> Report | None:
        """The report of this moment, or None without a fix before the next; the next one is planned."""
        p, k = self.phone, int(np.searchsorted(self.phone.fix_s, self.next_s))
        self.next_s += self.interval_s
        if k >= len(p.fix_s) or p.fix_s[k] >= self.next_s:
            return None
        self.seq += 1
        return Report(
            self.device, self.seq, float(p.fix_s[k]), float(p.fix_s[k] + p.late_s[k]), float(p.measured_xy[k, 0]), float(p.measured_xy[k, 1]),
            float(p.accuracy_m[k]), int(p.source[k]), float(p.speed_mps[k]), float(p.course_deg[k]), -1, tuple(p.true_xy[k]),
        )  # fmt: skip

    def command(self, t: float, interval_s: int, report_now: bool) -> None:
        """A command of `t`; who has a fixed interval keeps it."""
        if not self.obeys:
            return
        self.interval_s = float(interval_s or self.interval_s)
        self.next_s = max(t, min(self.next_s, t if report_now else t + self.interval_s))
