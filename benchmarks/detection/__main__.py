"""`python -m benchmarks.detection [--days 200] [--seed 1000] [--noise 1] [--interval adaptive|10|30|60] [--jobs 2]`.

`python -m benchmarks.detection --tracks FOLDER [--interval 10] [--episodes 535]`: encounters made of real recordings (`tracks.py`).
`python -m benchmarks.detection.curve`: misses and false breaches over the threshold.

Development seeds are 0-999; the figures in docs/detection.md are of seeds from 1,000 on, each used once.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.detection.day import simulated_day
from benchmarks.detection.drive import LOST, WARNED, Tracker, drive, registry
from benchmarks.detection.judge import OURS, add_scores, scores_of, share
from benchmarks.detection.noise import receive
from benchmarks.detection.real import EPISODES, World, met, table
from benchmarks.detection.score import LEAD_S, Score, percentile
from benchmarks.detection.tracks import read_folder
from config.errors import BadInput
from geofence.core import Core


@dataclass
class Result:
    """Scores by detector, and how often ours said it could not see or warned."""

    scores: dict[str, Score] = field(default_factory=dict)
    lost: int = 0
    blinded: int = 0
    warned: int = 0
    pings: int = 0
    shown_calm_s: int = 0


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
    result.scores = scores_of(heard, distance_m, radius_m, day.silenced, f"seed {seed}")
    result.lost = sum(reason in LOST for _, reason, _ in heard.said)
    result.blinded, result.shown_calm_s = heard.blinded, heard.shown_calm_s
    if heard.shown_calm_s:
        result.scores[OURS].stories.append(f"shown calm: seed {seed}, {heard.shown_calm_s} s")
    result.warned = sum(reason in WARNED for _, reason, _ in heard.said)
    return result


def add(total: Result, one: Result) -> None:
    """Add one day's result."""
    for name in ("lost", "blinded", "warned", "pings", "shown_calm_s"):
        setattr(total, name, getattr(total, name) + getattr(one, name))
    add_scores(total.scores, one.scores)


def played(work: Callable[[int], Result], seeds: range, jobs: int) -> Result:
    """The days of these seeds, added up."""
    total = Result()
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        for one in pool.imap_unordered(work, seeds, chunksize=2):
            add(total, one)
    return total


def line(label: str, s: Score) -> str:
    warned = [lead >= LEAD_S for lead in s.leads_s]
    quiet = s.silenced_leads_s
    return (
        f"| {label} | {share(s.found_observable, s.observable)} | {s.found}/{s.mandatory} | {s.false} = {s.false / s.days:.3f} "
        f"| {percentile(s.delays_s, 50):.1f} | {percentile(s.excess_s, 50):+.1f} / {percentile(s.excess_s, 95):+.1f} "
        f"| {100 * np.mean(warned) if warned else 0:.1f} % of {len(warned)} | {s.alerted}/{s.mandatory} "
        f"| {sum(x >= 0 for x in quiet)}/{len(quiet)}, {percentile([x for x in quiet if x >= 0], 10):.0f} / {percentile([x for x in quiet if x >= 0], 50):.0f} |"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1_000)
    parser.add_argument("--noise", type=float, default=1.0)
    parser.add_argument("--tracks", type=Path, metavar="FOLDER", help="encounters made of the recordings of this folder instead of days")
    parser.add_argument("--accuracy", choices=("phone", "unknown"), default="phone", help="of a recorded fix that has none")
    parser.add_argument("--episodes", type=int, default=EPISODES, help="of encounters: so many times inside")
    parser.add_argument("--interval", help="adaptive, or seconds; else adaptive for days, 10 for recordings")
    parser.add_argument("--radius", type=float, default=300.0)
    parser.add_argument("--warning", type=float, default=2_000.0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--stories", action="store_true", help="name every miss and false alarm of ours")
    args = parser.parse_args()
    args.interval = args.interval or ("10" if args.tracks else "adaptive")
    interval_s = None if args.interval == "adaptive" else int(args.interval)
    Core.warm_up()
    if args.tracks:
        return encounters_of(args, interval_s)
    days_of(args, interval_s)
    return 0


def encounters_of(args: argparse.Namespace, interval_s: int | None) -> int:
    """Print the table of the recordings of a folder; returns the exit status."""
    try:
        folder = read_folder(args.tracks)
    except BadInput as fault:
        print(fault, file=sys.stderr)
        return 2
    world = World(folder, args.radius, args.warning, interval_s, args.accuracy == "phone")
    scores, last = met(world, args.seed, args.episodes, args.jobs)
    print(table(world, scores, args.seed, last, args.interval))
    if args.stories:
        print("\n".join(scores[OURS].stories))
    return 0


def days_of(args: argparse.Namespace, interval_s: int | None) -> None:
    """Print the table of simulated days."""
    work = partial(one_day, radius_m=args.radius, warning_m=args.warning, noise=args.noise, interval_s=interval_s)
    started = time.perf_counter()
    total = played(work, range(args.seed, args.seed + args.days), args.jobs)
    print(f"\n### Simulated: {args.days} pair-days from seed {args.seed}, R = {args.radius:.0f} m, W = {args.warning:.0f} m, ", end="")
    print(f"interval {args.interval}, noise × {args.noise:g}\n")
    print("| detector | observable breaches found (95 %) | all | false breaches = a pair-day | delay p50 s | excess over the oracle p50 / p95 s ", end="")
    print("| contacts warned ≥ 120 s | any alert | silenced contacts alerted, lead p10 / p50 s |\n|---|---|---|---|---|---|---|---|---|")
    for label, score in total.scores.items():
        print(line(label, score))
    print(f"\n“Cannot see” said {total.lost / args.days:.2f} times a pair-day, from calm {total.blinded / args.days:.2f}; ", end="")
    print(f"warnings {total.warned / args.days:.2f}; {total.pings / args.days:,.0f} pings a pair-day; ", end="")
    print(f"{time.perf_counter() - started:.0f} s in all.\n")
    print(f"Shown calm while by the last fixes, their errors and the speed bound he could have been inside, or one was unseen or unfit: {total.shown_calm_s} s.")
    if args.stories:
        print("\n".join(sorted(total.scores[OURS].stories)))


if __name__ == "__main__":
    sys.exit(main())
