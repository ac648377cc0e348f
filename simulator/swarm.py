"""Many random worlds against the engine: seed → scenario → story → auditor → verdict.

`python -m simulator.swarm --seeds 0:50` prints one line a world and the sum; exit status 1 if a promise was broken.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from simulator.auditor import Fault, Report, Verdict, audit
from simulator.engine_judge import EngineJudge
from simulator.scenario import Scenario, random_scenario
from simulator.virtual import Story, VirtualWorld

BROKEN = (Verdict.MISSED, Fault.SHOWN_CALM, Fault.UNWARNED, Fault.UNHEARD, Fault.BROKEN_CHAIN)
PAIR_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class World:
    """One finished world."""

    seed: int
    report: Report
    arrivals: int
    digest: str  # of every transition: one seed, one digest

    @property
    def broken(self) -> bool:
        """A promise was broken that no missing signal excuses."""
        return any(self.report.count(kind) for kind in BROKEN)


def run_scenario(scenario: Scenario) -> tuple[Story, Report]:
    """Play a scenario against the real engine and audit it."""
    story = VirtualWorld(scenario, EngineJudge(scenario.registry())).run()
    return story, audit(scenario, story)


def run_seed(seed: int) -> World:
    """One random world."""
    story, report = run_scenario(random_scenario(seed))
    return World(seed, report, len(story.arrivals), digest(story))


def digest(story: Story) -> str:
    """A short name of all the monitor decided, to compare two runs."""
    rows = [(t.at_ms, t.order, t.incident, t.from_level, t.to_level, t.reason, t.distance_m, t.zone) for t in story.transitions]
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:16]


def describe(world: World) -> str:
    """One line about a world."""
    report = world.report
    parts = [f"{kind.name.lower()} {report.count(kind)}" for kind in Verdict]
    parts += [f"{fault.value} {report.count(fault)}" for fault in Fault if report.count(fault)]
    covered = sum(one.covered for one in report.judged)
    said = ", ".join((*parts, f"covered {covered}"))
    return f"seed {world.seed}: {len(report.judged)} episodes, {said}; {world.arrivals} messages, {world.digest}"


def summary(worlds: Sequence[World]) -> str:
    """The sum over all worlds."""
    counts = {kind: sum(world.report.count(kind) for world in worlds) for kind in (*Verdict, *Fault)}
    pair_days = sum(world.report.pair_ms for world in worlds) / PAIR_DAY_MS
    delays = sorted(one.delay_ms / 1000.0 for world in worlds for one in world.report.judged if one.delay_ms is not None)
    median = f"{delays[len(delays) // 2]:.1f} s" if delays else "none"
    text = ", ".join(f"{kind.name.lower()} {count}" for kind, count in counts.items())
    return f"{len(worlds)} worlds, {pair_days:.2f} pair-days: {text}; median delay {median}"


def main(argv: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m simulator.swarm", description=__doc__)
    parser.add_argument("--seeds", default="0:20", metavar="FROM:TO", help="first seed and the one after the last (default 0:20)")
    args = parser.parse_args(argv)
    try:
        first, last = (int(part) for part in args.seeds.split(":"))
    except ValueError:
        parser.error(f"--seeds {args.seeds}: two whole numbers with a colon between them")
    worlds = []
    for seed in range(first, last):
        worlds.append(run_seed(seed))
        print(describe(worlds[-1]), flush=True)
        for finding in worlds[-1].report.findings:
            print(f"  {finding.fault.value} of {finding.order} at {finding.at_ms}")
        for one in worlds[-1].report.judged:
            if one.verdict in (Verdict.MISSED, Verdict.LATE):
                print(f"  {one.verdict.name.lower()} {one.episode} delay {one.delay_ms} oracle {one.oracle_delay_ms}")
    print(summary(worlds))
    return 1 if any(world.broken for world in worlds) else 0


if __name__ == "__main__":
    sys.exit(main())
