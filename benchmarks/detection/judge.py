"""One stretch of time judged by every detector: ours by what it said, the others by the same reports."""

from __future__ import annotations

from typing import Any

from benchmarks.detection import baselines
from benchmarks.detection.drive import Heard
from benchmarks.detection.score import Score, wilson
from geofence.terms import Level

ORACLE = "oracle (true places)"
DETECTORS = {
    ORACLE: baselines.oracle,
    "naive last fix": baselines.naive,
    "naive, accuracy ≤ 50 m": baselines.naive_accurate,
    "2 in / 3 out": baselines.hysteresis,
}
OURS = "**Resguardo**"


def alert_spans(heard: Heard) -> list[tuple[float, float]]:
    """When any alert was on: the level above calm."""
    spans, on = [], -1.0
    for at, _, level in heard.said:
        if on < 0 and level > Level.CALM:
            on = at
        elif on >= 0 and level == Level.CALM:
            spans.append((on, at))
            on = -1.0
    return [*spans, (on, float(heard.end_s))] if on >= 0 else spans


def scores_of(heard: Heard, distance_m: Any, radius_m: float, dead: list[tuple[float, float]], name: str) -> dict[str, Score]:
    """The score of each detector; `dead`: when his tracker was, `distance_m`: the truth, float[seconds]."""
    found = {label: (spans := detector(heard.reports, radius_m, heard.end_s), spans) for label, detector in DETECTORS.items()}
    found[OURS] = (heard.breach, alert_spans(heard))
    true, _ = found[ORACLE]
    scores = {}
    for label, (alarms, alerts) in found.items():
        score = scores[label] = Score()
        score.day(distance_m, radius_m, alarms, true, alerts, dead, name)
    return scores


def add_scores(total: dict[str, Score], more: dict[str, Score]) -> None:
    """Add one stretch's scores to the sums."""
    for label, score in more.items():
        into = total.setdefault(label, Score())
        for key, value in vars(score).items():
            setattr(into, key, getattr(into, key) + value)


def share(found: int, of: int) -> str:
    """`found/of` with Wilson's 95 % interval."""
    low, high = wilson(found, of)
    return f"{found}/{of} ({low:.1f}–{high:.1f} %)"
