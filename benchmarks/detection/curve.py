"""`python -m benchmarks.detection.curve [--days 100] [--seed 0] [--noise 2] [--jobs 2]`: misses and false breaches over the raise threshold.

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
from geofence import policy

ROOT = Path(__file__).parents[2]

THRESHOLDS = (0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.9, 0.95)
BELOW = 0.05  # on two fixes running, or on the way between two, this much less is enough: as in policy.py


def one(days: int, seed: int, noise: float) -> dict[str, float]:
    """One point, with whatever core this process has."""
    work = partial(detection.one_day, radius_m=300.0, warning_m=2_000.0, noise=noise, interval_s=None)
    detection.Core.warm_up()
    total = detection.Result()
    for day in map(work, range(seed, seed + days)):
        detection.add(total, day)
    ours = total.scores[detection.OURS]
    return {
        "found": ours.found_observable, "of": ours.observable, "false": ours.false, "days": ours.days,
        "delay": detection.percentile(ours.delays_s, 50), "excess": detection.percentile(ours.excess_s, 95),
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
        command += ["--days", str(args.days), "--seed", str(args.seed), "--noise", str(args.noise)]
        environment = os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
        done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    point: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return point


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--noise", type=float, default=1.0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(one(args.days, args.seed, args.noise)))
        return
    print(f"\n### Over the threshold: {args.days} pair-days from seed {args.seed}, noise × {args.noise:g}\n")
    print("| P(inside) that raises at once | observable breaches found | missed | false breaches a pair-day | delay p50 s | excess p95 s |")
    print("|---|---|---|---|---|---|")
    with ThreadPoolExecutor(args.jobs) as pool:
        for threshold, point in zip(THRESHOLDS, pool.map(lambda one: elsewhere(one, args), THRESHOLDS), strict=True):
            mark = "**" if threshold == policy.BREACH_ON else ""
            missed = point["of"] - point["found"]
            print(f"| {mark}{threshold:.2f}{mark} | {point['found']}/{point['of']} | {100 * missed / max(point['of'], 1):.1f} % ", end="")
            print(f"| {point['false'] / point['days']:.3f} | {point['delay']:.1f} | {point['excess']:+.1f} |", flush=True)


if __name__ == "__main__":
    main()
