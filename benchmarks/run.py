"""Every figure of the performance goals in one table, each beside its floor of the same run.

`benchmarks/run [--pairs 50000] [--parts broker tcp lag]` prints Markdown; about ten minutes with 50,000 pairs. Each part has a process of its own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.rows import DISK_ROW, HEADING, Row, machine, read_rows
from monitor.broker import NoBroker

ROOT = Path(__file__).parents[1]
PART_S_MAX = 400.0  # a part that takes longer is stopped: what it has said by then counts
PARTS = {
    "broker": ("benchmarks.broker",),
    "tcp": ("benchmarks.broker", "--tcp"),
    "lag": ("benchmarks.lag",),
    **{part: ("benchmarks.core", part) for part in ("empty", "batches", "kernel", "memory", "growth", "deadlines", "replay")},
}
PLANNED_RATIO = 0.5  # of a core: the other half is for the minute after an outage, when everybody sends at once
INTERVALS_S = (60, 15, 5)
DISK_EVERY_S, DAY_S = 60, 86_400  # what a device far from everybody does all day
COUNTRIES = {"Uruguay": 2_100, "Spain": 4_500, "United States": 250_000}  # pairs
PLAN_ROWS = "QoS 1, the monitor's CPU", "memory: the whole service after the load"  # what a plan is computed from ...
EMPTY_ROW = "memory: empty, everything loaded and warm"  # ... and what no pair adds to; where it was not measured it is counted as the pairs'


def measure(part: str, pairs: int) -> list[Row]:
    """The rows of one part."""
    command = [sys.executable, "-m", *PARTS[part], "--pairs", str(pairs)]
    print(f"{part} …", file=sys.stderr, flush=True)
    try:
        done = subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, timeout=PART_S_MAX, check=False)
    except subprocess.TimeoutExpired as late:
        said = late.stdout or b""
        return [*read_rows(said.decode() if isinstance(said, bytes) else said), Row(f"{part}: not finished", PART_S_MAX, "s", met=False)]
    rows = read_rows(done.stdout)
    return rows if done.returncode == 0 else [*rows, Row(f"{part}: failed", float(done.returncode), "exit status", met=False)]


def plan(rows: list[Row], pairs: int) -> list[str]:
    """What a planner needs, computed from what was measured: lines of Markdown, none if that part did not run; no journal where that did not."""
    found = {row.measure: row.value for row in rows}
    if not all(name in found for name in PLAN_ROWS):
        return []
    us, whole_mb, empty_mb, ping_bytes = (found.get(name, 0.0) for name in (*PLAN_ROWS, EMPTY_ROW, DISK_ROW))
    a_second = PLANNED_RATIO * 1e6 / us
    disk = f"journal a day, every {DISK_EVERY_S} s"
    table = [[f"at {us:.0f} µs a ping, a core half used", *(f"every {interval} s" for interval in INTERVALS_S), "memory", disk]]
    table.append(["one core serves", *(f"{a_second * interval:,.0f} devices" for interval in INTERVALS_S), "", ""])
    for country, count in COUNTRIES.items():
        cores = [f"{2 * count / interval / a_second:.3f} cores" for interval in INTERVALS_S]
        memory = f"{empty_mb + count * (whole_mb - empty_mb) / pairs:,.0f} MB"
        day = f"{2 * count * DAY_S / DISK_EVERY_S * ping_bytes / 1e9:,.1f} GB"
        table.append([f"{country}, {count:,} pairs", *cores, memory, day])
    lines = [f"| {' | '.join(cells if ping_bytes else cells[:-1])} |" for cells in table]
    return [lines[0], "|---" * (lines[0].count("|") - 1) + "|", *lines[1:]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=50_000)
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=list(PARTS))
    args = parser.parse_args()
    try:
        where, started = machine(), time.monotonic()
    except NoBroker as missing:
        raise SystemExit(f"benchmarks/run: {missing}") from None
    rows = [row for part in args.parts for row in measure(part, args.pairs)]
    print(f"{where}\n\n{HEADING}")
    for row in rows:
        print(row.line())
    print("", *plan(rows, args.pairs), sep="\n")
    print(f"\nTaken in {(time.monotonic() - started) / 60:.1f} minutes.")


if __name__ == "__main__":
    main()
