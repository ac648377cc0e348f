"""What others do with the same pings: the last fixes against the radius. The oracle has the true places of the same fixes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from benchmarks.detection.drive import Report

Spans = list[tuple[float, float]]
ACCURACY_M_MAX = 50.0
IN_A_ROW, OUT_A_ROW = 2, 3


def _spans(reports: Sequence[Report], radius_m: float, end_s: float, place: Callable[[Report], tuple[float, float]], ins: int, outs: int) -> Spans:
    """Times in breach: `ins` looks in a row inside raise, `outs` outside clear; one look a newer fix."""
    last: dict[int, Report] = {}
    spans, on, inside, outside = [], -1.0, 0, 0
    for report in reports:
        if report.device in last and report.fix_s <= last[report.device].fix_s:
            continue
        last[report.device] = report
        if len(last) < 2:
            continue
        (ax, ay), (bx, by) = place(last[0]), place(last[1])
        near = math.hypot(ax - bx, ay - by) < radius_m
        inside, outside = (inside + 1, 0) if near else (0, outside + 1)
        if on < 0 and inside >= ins:
            on = report.arrival_s
        elif on >= 0 and outside >= outs:
            spans.append((on, report.arrival_s))
            on = -1.0
    return [*spans, (on, end_s)] if on >= 0 else spans


def _measured(report: Report) -> tuple[float, float]:
    return report.x_m, report.y_m


def oracle(reports: Sequence[Report], radius_m: float, end_s: float) -> Spans:
    """Error-free positions, same fixes, same arrivals, plain threshold."""
    return _spans(reports, radius_m, end_s, lambda report: report.true_xy, 1, 1)


def naive(reports: Sequence[Report], radius_m: float, end_s: float) -> Spans:
    """The last fixes, as they came (Traccar, Tile38)."""
    return _spans(reports, radius_m, end_s, _measured, 1, 1)


def naive_accurate(reports: Sequence[Report], radius_m: float, end_s: float) -> Spans:
    """The last fixes that claim 50 m or better, or nothing."""
    return _spans([r for r in reports if not r.accuracy_m > ACCURACY_M_MAX], radius_m, end_s, _measured, 1, 1)


def hysteresis(reports: Sequence[Report], radius_m: float, end_s: float) -> Spans:
    """Two inside in a row raise, three outside clear."""
    return _spans(reports, radius_m, end_s, _measured, IN_A_ROW, OUT_A_ROW)
