"""Every figure of the performance goals in one table, each beside its floor of the same run.

`benchmarks/run [--pairs 50000] [--parts core broker lag]` prints Markdown; about ten minutes with 50,000 pairs. Each part has a process of its own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.rows import HEADING, Row, machine, read_rows

ROOT = Path(__file__).parents[1]
PART_S_MAX = 400.0  # a part that takes longer is stopped: what it has said by then counts
PARTS = {
    "broker": ("benchmarks.broker",),
    "lag": ("benchmarks.lag",),
    **{part: ("benchmarks.core", part) for part in ("empty", "batches", "memory", "growth", "deadlines", "replay")},
}


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=50_000)
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=list(PARTS))
    args = parser.parse_args()
    where, started = machine(), time.monotonic()
    rows = [row for part in args.parts for row in measure(part, args.pairs)]
    print(f"{where}\n\n{HEADING}")
    for row in rows:
        print(row.line())
    print(f"\nTaken in {(time.monotonic() - started) / 60:.1f} minutes.")


if __name__ == "__main__":
    main()
