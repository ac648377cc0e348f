"""The trial of Queensland's police (2019) as a matrix: staged approaches × places × faults, thousands of times, each judged against the truth.

35 runs of seven scenarios there: 51 % alerted, 26 % gave no alert at all. Here each run is a world of its own seed in the simulator, through the very engine of
`resguardo run`, and the auditor, which shares no rule with it, says what became of every time he was truly inside.

`python -m benchmarks.queensland --runs 10000 [--jobs 2] [--seed 0]`; exit status 1 if a usable signal was not enough, or
without one nobody had been told by contact (50 m) that he comes, or that he cannot be seen.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import product

from simulator.approach import Approach
from simulator.auditor import Fault, Verdict
from simulator.network import NetworkQuality, Windows
from simulator.scenario import START_MS, Pair, PairPlan, Scenario, build
from simulator.swarm import run_scenario
from simulator.world import Point, corner

AT_S, LASTS_S = 420.0, 3_000.0  # both are known when he sets out; the slowest has come and gone by then
SECOND = 1_000

KINDS = {  # what is staged
    "parks and walks to her door": Approach.PARK_AND_WALK,
    "drives to her door": Approach.DRIVE_TO_CONTACT,
    "drives past": Approach.DRIVE_BY,
    "lingers inside": Approach.DWELL_INSIDE,
    "she walks to where he is": Approach.SHE_WALKS_TO_HIM,
    "both on the way, and meet": Approach.BOTH_MOVE,
    "comes fast along the avenue": Approach.AVENUE,
}
PLACES: dict[str, Point] = {  # her home: metres east and north of the main square
    "old centre": (110.0, 110.0),
    "inner town": (900.0, -700.0),
    "town": (-1_800.0, 1_500.0),
    "suburb": (3_300.0, 2_500.0),
    "edge of the city": (-5_000.0, -2_900.0),
}


def _windows(rng: random.Random, least_s: float, most_s: float) -> Windows:
    """One span that begins between a minute before he sets out and three minutes after."""
    from_ms = START_MS + round(SECOND * (AT_S + rng.uniform(-60.0, 180.0)))
    return ((from_ms, from_ms + round(SECOND * rng.uniform(least_s, most_s))),)


def _of_one(pair: Pair, rng: random.Random, **change: object) -> Pair:
    """The same pair with something changed about her device or about his."""
    who = rng.choice(("protected", "respondent"))
    party = getattr(pair, who)
    traits = {key: value for key, value in change.items() if key != "outages"}
    party = replace(party, traits=replace(party.traits, **traits), **({"outages": change["outages"]} if "outages" in change else {}))
    return replace(pair, protected=party) if who == "protected" else replace(pair, respondent=party)


def _slow(pair: Pair, _rng: random.Random) -> Pair:
    """Both report each minute whatever they are asked."""
    hers, his = (replace(party, traits=replace(party.traits, obeys=False)) for party in (pair.protected, pair.respondent))
    return replace(pair, protected=hers, respondent=his)


FAULTS: dict[str, Callable[[Pair, random.Random], Pair]] = {
    "none": lambda pair, rng: pair,
    "GPS lost": lambda pair, rng: _of_one(pair, rng, no_fix=_windows(rng, 120.0, 900.0)),
    "60 s pings": _slow,
    "cell gap": lambda pair, rng: _of_one(pair, rng, outages=_windows(rng, 60.0, 480.0)),
    "one device dead": lambda pair, rng: _of_one(pair, rng, dead=_windows(rng, 3_600.0, 3_600.0)),
}


@dataclass(frozen=True, slots=True)
class Run:
    """One staged approach: its cell of the matrix and what became of it."""

    seed: int
    cell: tuple[str, str, str]
    verdicts: tuple[Verdict, ...]
    faults: tuple[Fault, ...]

    @property
    def is_broken(self) -> bool:
        """He was inside, and either a usable signal was not enough, or without one nobody was told by contact."""
        return Verdict.MISSED in self.verdicts or Fault.UNWARNED in self.faults or Fault.SHOWN_CALM in self.faults


CELLS = tuple(product(KINDS, PLACES, FAULTS))


def scenario_of(seed: int) -> tuple[tuple[str, str, str], Scenario]:
    """The cell and the world of a seed; each further seed is the next cell, so that all are tried equally often."""
    kind, place, fault = cell = CELLS[seed % len(CELLS)]
    rng = random.Random(f"queensland/{seed}")
    quality = NetworkQuality(outages_per_h=0.0)
    home = corner((PLACES[place][0] + rng.uniform(-200.0, 200.0), PLACES[place][1] + rng.uniform(-200.0, 200.0)))
    far_m = rng.uniform(1_000.0, 1_400.0) if KINDS[kind] is Approach.SHE_WALKS_TO_HIM else rng.uniform(2_500.0, 4_000.0)
    plan = PairPlan(KINDS[kind], AT_S, far_m, rng.choice((300.0, 500.0)), zone=False, quality=quality, home=home)
    world = build([plan], seed=seed, duration_s=LASTS_S)
    return cell, replace(world, pairs=(FAULTS[fault](world.pairs[0], rng),))


def run_seed(seed: int) -> Run:
    """Play one, and judge it."""
    cell, scenario = scenario_of(seed)
    _, report = run_scenario(scenario)
    return Run(seed, cell, tuple(one.verdict for one in report.judged), tuple(one.fault for one in report.findings))


def table(runs: Sequence[Run]) -> str:
    """Markdown: a row for each kind and each fault."""
    lines = ["| | runs | times inside | alerted | late | no usable signal, warned by contact | undetected | false alarms |", "|---|---|---|---|---|---|---|---|"]
    for index, names in ((0, KINDS), (2, FAULTS), (1, PLACES)):
        lines += [_row(name, [run for run in runs if run.cell[index] == name]) for name in names]
    return "\n".join([*lines, _row("**all**", list(runs))])


def _row(name: str, runs: Sequence[Run]) -> str:
    said = Counter(verdict for run in runs for verdict in run.verdicts)
    found = Counter(fault for run in runs for fault in run.faults)
    undetected = sum(run.is_broken for run in runs)
    unseen = said[Verdict.UNKNOWN] - found[Fault.UNWARNED]
    numbers = (len(runs), sum(said.values()), said[Verdict.KEPT], said[Verdict.LATE], unseen, undetected, found[Fault.FALSE_ALARM])
    return f"| {name} | {' | '.join(map(str, numbers))} |"


def main(argv: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.queensland", description=__doc__)
    parser.add_argument("--runs", type=int, default=len(CELLS), help=f"how many (default: each of the {len(CELLS)} cells once)")
    parser.add_argument("--seed", type=int, default=0, help="of the first run")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args(argv)
    started_s, runs = time.monotonic(), []
    with ProcessPoolExecutor(args.jobs) as pool:
        for run in pool.map(run_seed, range(args.seed, args.seed + args.runs), chunksize=8):
            runs.append(run)
            if run.is_broken:
                print(f"undetected: seed {run.seed}, {', '.join(run.cell)}: {[v.name for v in run.verdicts]} {[f.name for f in run.faults]}", flush=True)
    print(table(runs))
    print(f"\n{len(runs)} runs from seed {args.seed} in {time.monotonic() - started_s:.0f} s")
    return 1 if any(run.is_broken for run in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
