"""`python -m benchmarks.detection.curve [--days 100] [--seed 0] [--noise 2] [--jobs 2]`: misses and false breaches over the raise threshold.

`--tracks FOLDER [--interval 10]`: the same on encounters of real phones (`real.py`), so many of them that he is inside 535 times.

The threshold is a number in compiled code, so each point is a process of its own with a copy of geofence/ in which it is another: a minute each.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.detection import __main__ as detection
from benchmarks.detection.judge import OURS
from benchmarks.detection.real import EPISODES, World, met
from benchmarks.detection.score import Score, percentile
from benchmarks.detection.tracks import read_folder
from config.errors import BadInput
from geofence import policy
from geofence.core import Core

ROOT = Path(__file__).parents[2]

THRESHOLDS = (0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.9, 0.95)
BELOW = 0.05  # on two fixes running, or on the way between two, this much less is enough: as in policy.py


def one(args: argparse.Namespace) -> dict[str, float]:
    """One point, with whatever core this process has."""
    Core.warm_up()
    if args.tracks:
        world = World(read_folder(args.tracks), 300.0, 2_000.0, args.interval)
        return point_of(met(world, args.seed, EPISODES, 1)[0][OURS])
    work = partial(detection.one_day, radius_m=300.0, warning_m=2_000.0, noise=args.noise, interval_s=None)
    return point_of(detection.played(work, range(args.seed, args.seed + args.days), 1).scores[OURS])


def point_of(ours: Score) -> dict[str, float]:
    return {
        "found": ours.found_observable, "of": ours.observable, "all": ours.mandatory, "found_all": ours.found, "false": ours.false, "days": ours.days,
        "delay": percentile(ours.delays_s, 50), "excess": percentile(ours.excess_s, 95),
    }  # fmt: skip


def core_with(threshold: float, folder: Path) -> None:
    """Put a copy of geofence/ there that raises at this threshold. Raises ValueError if policy.py does not say what is expected."""
    shutil.copytree(ROOT / "geofence", folder / "geofence", ignore=shutil.ignore_patterns("__pycache__"))
    policy = folder / "geofence" / "policy.py"
    text = policy.read_text(encoding="utf-8")
    for name, value in (("BREACH_ON", threshold), ("BREACH_ON_TWICE", threshold - BELOW), ("SWEPT_ON", threshold - BELOW)):
        text, count = re.subn(rf"^{name} = [\d.]+", f"{name} = {value:.2f}", text, flags=re.MULTILINE)
        if count != 1:
            raise ValueError(f"policy.py has {count} lines for {name}")
    policy.write_text(text, encoding="utf-8")


def elsewhere(threshold: float, args: argparse.Namespace) -> dict[str, float]:
    """One point, in a process of its own: the copy stands before the real one on its path."""
    with tempfile.TemporaryDirectory() as folder:
        core_with(threshold, Path(folder))
        command = [sys.executable, "-m", "benchmarks.detection.curve", "--one"]
        command += ["--days", str(args.days), "--seed", str(args.seed), "--noise", str(args.noise), "--interval", str(args.interval)]
        command += ["--tracks", str(args.tracks.resolve())] if args.tracks else []
        environment = os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
        done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    point: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return point


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--noise", type=float, default=1.0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--tracks", type=Path, metavar="FOLDER", help="encounters made of these recordings instead of days")
    parser.add_argument("--interval", type=int, default=10, help="of the recordings, s")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.tracks and not args.tracks.is_dir():
        print(BadInput(str(args.tracks), "no such folder"), file=sys.stderr)
        return 2
    if args.one:
        print(json.dumps(one(args)))
        return 0
    what = f"real phones, interval {args.interval}" if args.tracks else f"{args.days} pair-days, noise × {args.noise:g}"
    each = "an encounter" if args.tracks else "a pair-day"
    print(f"\n**Over the threshold: {what}, from seed {args.seed}**\n")
    print(f"| P(inside) that raises at once | observable breaches found | missed | all | false breaches = {each} | delay p50 s | excess p95 s |")
    print("|---|---|---|---|---|---|---|")
    with ThreadPoolExecutor(args.jobs) as pool:
        for threshold, point in zip(THRESHOLDS, pool.map(lambda one: elsewhere(one, args), THRESHOLDS), strict=True):
            mark = "**" if threshold == policy.BREACH_ON else ""
            missed = point["of"] - point["found"]
            print(f"| {mark}{threshold:.2f}{mark} | {point['found']}/{point['of']} | {100 * missed / max(point['of'], 1):.1f} % ", end="")
            print(f"| {point['found_all']}/{point['all']} | {point['false']} = {point['false'] / point['days']:.3f} | {point['delay']:.1f} | {point['excess']:+.1f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
