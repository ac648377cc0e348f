"""Many random worlds against the engine: seed → scenario → story → auditor → verdict.

`python -m simulator.swarm --seeds 0:50` prints one line a world and the sum; exit status 1 if a promise was broken.

Two releases decide alike if they write the same TRANSITIONS.jsonl of the same worlds, which act on what they are told:

    python -m simulator.swarm --seeds 0:10000 --minutes 30 --jobs 2 --digests before.txt    in the one
    python -m simulator.swarm --seeds 0:10000 --minutes 30 --jobs 2 --against before.txt    in the other: 1, and the seeds that differ
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from config.errors import BadInput
from monitor.replay import transition_line
from monitor.wire import to_json
from simulator.auditor import Fault, Report, Verdict, audit
from simulator.engine_judge import EngineJudge
from simulator.scenario import Scenario, random_scenario
from simulator.virtual import Story, VirtualWorld

BROKEN = (Verdict.MISSED, Fault.SHOWN_CALM, Fault.UNWARNED, Fault.UNHEARD, Fault.BROKEN_CHAIN)
PAIR_DAY_MS = 86_400_000
MINUTES = 120.0  # of one world: the day's errands and an approach on foot from 6 km fit in
SEEDS_A_TASK = 8  # handed to a process together: enough that the hand-over costs nothing, few enough that lines come steadily


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


def run_seed(seed: int, minutes: float = MINUTES) -> World:
    """One random world."""
    story, report = run_scenario(random_scenario(seed, duration_s=minutes * 60.0))
    return World(seed, report, len(story.arrivals), digest(story))


def worlds_of(seeds: Sequence[int], minutes: float, jobs: int) -> Iterator[World]:
    """The worlds of the seeds, in their order, as they are finished."""
    one = partial(run_seed, minutes=minutes)
    if jobs == 1:
        yield from map(one, seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(one, seeds, chunksize=SEEDS_A_TASK)


def digest(story: Story) -> str:
    """A short name of all the monitor decided: of the bytes that `resguardo replay` writes of it."""
    said = hashlib.sha256()
    for transition in story.transitions:
        said.update(to_json(transition_line(transition)) + b"\n")
    return said.hexdigest()[:16]


def heading(minutes: float) -> str:
    """First line of a file of digests: worlds of another length are other worlds."""
    return f"# seed and digest of worlds of {minutes:g} minutes"


def read_digests(path: Path, minutes: float) -> dict[int, str]:
    """The digests of a file. Raises BadInput where it is not one, or is one of other worlds."""
    try:
        head, *lines = path.read_text(encoding="utf-8").splitlines() or [""]
        digests = {int(seed): name for seed, name in (line.split() for line in lines)}
    except (OSError, ValueError) as error:
        raise BadInput(str(path), f"is no file of digests: {error}") from None
    if head != heading(minutes):
        raise BadInput(f"{path}:1", f"must be {heading(minutes)!r}")
    return digests


def difference(world: World, before: dict[int, str]) -> str:
    """What sets a world apart from the same seed of a file; empty where nothing does."""
    known = before.get(world.seed)
    if known is None:
        return f"seed {world.seed}: not among the digests of before"
    return "" if known == world.digest else f"seed {world.seed}: {known} before, {world.digest} now"


def describe(world: World) -> str:
    """One line about a world."""
    report = world.report
    parts = [f"{kind.name.lower()} {report.count(kind)}" for kind in Verdict]
    parts += [f"{fault.value} {report.count(fault)}" for fault in Fault if report.count(fault)]
    covered = sum(one.covered for one in report.judged)
    said = ", ".join((*parts, f"covered {covered}"))
    return f"seed {world.seed}: {len(report.judged)} episodes, {said}; {world.arrivals} messages, {world.digest}"


def details(world: World) -> Iterator[str]:
    """What was wrong or late in a world."""
    for finding in world.report.findings:
        yield f"  {finding.fault.value} of {finding.order} at {finding.at_ms}"
    for one in world.report.judged:
        if one.verdict in (Verdict.MISSED, Verdict.LATE):
            yield f"  {one.verdict.name.lower()} {one.episode} delay {one.delay_ms} oracle {one.oracle_delay_ms}"


def summary(worlds: Sequence[World]) -> str:
    """The sum over all worlds."""
    counts = {kind: sum(world.report.count(kind) for world in worlds) for kind in (*Verdict, *Fault)}
    pair_days = sum(world.report.pair_ms for world in worlds) / PAIR_DAY_MS
    delays = sorted(one.delay_ms / 1000.0 for world in worlds for one in world.report.judged if one.delay_ms is not None)
    median = f"{delays[len(delays) // 2]:.1f} s" if delays else "none"
    text = ", ".join(f"{kind.name.lower()} {count}" for kind, count in counts.items())
    return f"{len(worlds)} worlds, {pair_days:.2f} pair-days: {text}; median delay {median}"


def _seeds(text: str) -> range:
    first, last = (int(part) for part in text.split(":"))
    if first >= last:
        raise ValueError(text)
    return range(first, last)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m simulator.swarm", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=_seeds, default="0:20", metavar="A:B", help="first seed, and the one after the last (default 0:20)")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="length of every world (default %(default)g)")
    parser.add_argument("--jobs", type=int, default=1, help="processes at work (default 1)")
    parser.add_argument("--digests", type=Path, metavar="FILE", help="write the seed and the digest of each world")
    parser.add_argument("--against", type=Path, metavar="FILE", help="compare with such a file; status 1 if a seed differs or is not in it")
    args = parser.parse_args(argv)
    if args.minutes <= 0 or args.jobs < 1:
        parser.error("--minutes and --jobs must be more than nothing")
    try:
        args.before = read_digests(args.against, args.minutes) if args.against else None
    except BadInput as error:
        parser.error(str(error))
    return args


def main(argv: Sequence[str] | None = None) -> int:
    """The command line."""
    args = _arguments(argv)
    worlds: list[World] = []
    differences: list[str] = []
    with args.digests.open("w", encoding="utf-8", buffering=1) if args.digests else nullcontext() as file:
        if file:
            print(heading(args.minutes), file=file)
        for world in worlds_of(args.seeds, args.minutes, args.jobs):
            worlds.append(world)
            print("\n".join((describe(world), *details(world))), flush=True)
            if file:
                print(world.seed, world.digest, file=file)
            if args.before is not None:
                differences += filter(None, [difference(world, args.before)])
    print(summary(worlds))
    if args.before is not None:
        print("\n".join((*differences, f"{len(worlds) - len(differences)} of {len(worlds)} worlds as in {args.against}")))
    return 1 if differences or any(world.broken for world in worlds) else 0


if __name__ == "__main__":
    sys.exit(main())
