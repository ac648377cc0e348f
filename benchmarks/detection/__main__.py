"""`python -m benchmarks.detection [--days 200] [--seed 1000] [--noise 1] [--interval adaptive|10|30|60] [--jobs 2]`.

Development seeds are 0-999; the figures in docs/detection.md are of seeds from 1,000 on, each used once.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from benchmarks.detection import baselines
from benchmarks.detection.day import DAY_S, simulated_day
from benchmarks.detection.drive import LOST, WARNED, Heard, Tracker, drive, registry
from benchmarks.detection.noise import receive
from benchmarks.detection.score import LEAD_S, Score, percentile, wilson
from geofence.core import Core
from geofence.terms import Level

ORACLE = "oracle (true places)"
DETECTORS = {
    ORACLE: baselines.oracle,
    "naive last fix": baselines.naive,
    "naive, accuracy ≤ 50 m": baselines.naive_accurate,
    "2 in / 3 out": baselines.hysteresis,
}
OURS = "**Resguardo**"


@dataclass
class Result:
    """Scores by detector, and how often ours said it could not see or warned."""

    scores: dict[str, Score] = field(default_factory=dict)
    lost: int = 0
    blinded: int = 0
    warned: int = 0
    pings: int = 0


def alert_spans(heard: Heard) -> list[tuple[float, float]]:
    """When any alert was on: the level above calm."""
    spans, on = [], -1.0
    for at, _, level in heard.said:
        if on < 0 and level > Level.CALM:
            on = at
        elif on >= 0 and level == Level.CALM:
            spans.append((on, at))
            on = -1.0
    return [*spans, (on, float(DAY_S))] if on >= 0 else spans


def one_day(seed: int, *, radius_m: float, warning_m: float, noise: float, interval_s: int | None) -> Result:
    """One simulated day through every detector."""
    day = simulated_day(seed, radius_m)
    rng = np.random.default_rng(seed + 7_000_000)
    hers, his = receive(rng, day.her, noise), receive(rng, day.him, noise)
    trackers = [
        Tracker(0, hers, day.her.xy, [], rng, interval_s),
        Tracker(1, his, day.him.xy, day.silenced, rng, interval_s),
    ]
    heard = drive(Core(registry(radius_m, warning_m)), trackers)
    distance_m = np.hypot(*(day.her.xy - day.him.xy).T)
    result = Result(pings=len(heard.reports))
    found = {label: (spans := detector(heard.reports, radius_m, DAY_S), spans) for label, detector in DETECTORS.items()}
    found[OURS] = (heard.breach, alert_spans(heard))
    true, _ = found[ORACLE]
    for label, (alarms, alerts) in found.items():
        score = result.scores[label] = Score()
        score.day(distance_m, radius_m, alarms, true, alerts, day.silenced, f"seed {seed}")
    result.lost = sum(reason in LOST for _, reason, _ in heard.said)
    result.blinded = heard.blinded
    result.warned = sum(reason in WARNED for _, reason, _ in heard.said)
    return result


def add(total: Result, one: Result) -> None:
    """Add one day's result."""
    for name in ("lost", "blinded", "warned", "pings"):
        setattr(total, name, getattr(total, name) + getattr(one, name))
    for label, score in one.scores.items():
        into = total.scores.setdefault(label, Score())
        for key, value in vars(score).items():
            setattr(into, key, getattr(into, key) + value)


def share(found: int, of: int) -> str:
    low, high = wilson(found, of)
    return f"{found}/{of} ({low:.1f}–{high:.1f} %)"


def line(label: str, s: Score) -> str:
    warned = [lead >= LEAD_S for lead in s.leads_s]
    quiet = s.silenced_leads_s
    return (
        f"| {label} | {share(s.found_observable, s.observable)} | {s.found}/{s.mandatory} | {s.false} = {s.false / s.days:.3f} "
        f"| {percentile(s.delays_s, 50):.1f} | {percentile(s.excess_s, 50):+.1f} / {percentile(s.excess_s, 95):+.1f} "
        f"| {100 * np.mean(warned) if warned else 0:.1f} % of {len(warned)} | {s.alerted}/{s.mandatory} "
        f"| {sum(x >= 0 for x in quiet)}/{len(quiet)}, {percentile([x for x in quiet if x >= 0], 10):.0f} / {percentile([x for x in quiet if x >= 0], 50):.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1_000)
    parser.add_argument("--noise", type=float, default=1.0)
    parser.add_argument("--interval", default="adaptive", help="adaptive, or seconds")
    parser.add_argument("--radius", type=float, default=300.0)
    parser.add_argument("--warning", type=float, default=2_000.0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--stories", action="store_true", help="name every miss and false alarm of ours")
    args = parser.parse_args()
    interval_s = None if args.interval == "adaptive" else int(args.interval)
    Core.warm_up()
    work = partial(one_day, radius_m=args.radius, warning_m=args.warning, noise=args.noise, interval_s=interval_s)
    total, started = Result(), time.perf_counter()
    with multiprocessing.get_context("fork").Pool(args.jobs) as pool:
        for one in pool.imap_unordered(work, range(args.seed, args.seed + args.days), chunksize=2):
            add(total, one)
    print(f"\n### Simulated: {args.days} pair-days from seed {args.seed}, R = {args.radius:.0f} m, W = {args.warning:.0f} m, ", end="")
    print(f"interval {args.interval}, noise × {args.noise:g}\n")
    print("| detector | observable breaches found (95 %) | all | false breaches = a pair-day | delay p50 s | excess over the oracle p50 / p95 s ", end="")
    print("| contacts warned ≥ 120 s | any alert | silenced contacts alerted, lead p10 / p50 s |\n|---|---|---|---|---|---|---|---|---|")
    for label, score in total.scores.items():
        print(line(label, score))
    print(f"\n“Cannot see” said {total.lost / args.days:.2f} times a pair-day, from calm {total.blinded / args.days:.2f}; ", end="")
    print(f"warnings {total.warned / args.days:.2f}; {total.pings / args.days:,.0f} pings a pair-day; ", end="")
    print(f"{time.perf_counter() - started:.0f} s in all.")
    if args.stories:
        print("\n".join(sorted(total.scores[OURS].stories)))


if __name__ == "__main__":
    main()
