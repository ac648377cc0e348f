"""Break the decision code in small ways, one at a time, and see whether the tests notice: `python -m benchmarks.mutate`.

Each mutant is one changed token or one dropped statement of a file of `geofence/` (mutants.py). The tests are collected once, the
kernel runs as plain Python, and one run of all of them shows which could tell which mutant from the original (mutant_probes.py).
Then a child is forked for each mutant: it gets the changed function and runs those tests, first what killed its neighbours, then
the quickest; the first failure ends it. What no test notices is printed with its line: it wants a test, or its reason in
docs/mutation.md (ADR-0023 says why this is not mutmut or cosmic-ray).
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import inspect
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.mutant_probes import bare, install
from benchmarks.mutants import FILES, ROOT, Mutant, mutated, source_of

# nothing that starts another process, since that would not see the mutant
KILLERS = (
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests" / "geofence").glob("plain_*.py")),
    "tests/geofence/test_anchor_numbers.py", "tests/geofence/test_hole_numbers.py", "tests/geofence/test_suspicion_numbers.py", "tests/golden", "tests/conformance", "tests/geofence/test_anchor.py",
)  # fmt: skip
# two tests that play days of anything, and cost as much as all others together; two that run everything again, or another program
SLOW = "not batch and not shown and not whatever_both_do and not whatever_a_device_says"
EXAMPLES = 6  # of a property
LIMIT_S, LIMIT_FACTOR = 1.5, 10.0  # processor time that a test gets with a mutant: this, and ten times what it takes without
QUICK_S = 0.05  # tests that cost less judge all mutants; the others, what is left of them
PATIENCE_S = 8.0  # of tests for one mutant, without the quick ones: two thirds of all; it errs towards survival
NEIGHBOURS = 6  # killers of the same function that are tried first
UNSEEN = "no test could tell it from the original"


@dataclass
class Judge:
    """The collected tests, what each costs, and which mutants each could tell."""

    items: Sequence[Any]
    cost_s: list[float] = field(default_factory=list)
    telling: dict[Mutant, list[int]] = field(default_factory=dict)
    killed_by: dict[tuple[str, str], list[int]] = field(default_factory=dict)  # function -> its killers, the last one last

    def order(self, mutant: Mutant) -> list[int]:
        """The tests of a mutant: what killed its neighbours, then by cost."""
        by_cost = sorted(self.telling[mutant], key=self.cost_s.__getitem__)
        neighbours = self.killed_by.get((mutant.file, mutant.function), [])[-NEIGHBOURS:][::-1]
        there = set(by_cost)
        first = [n for n in dict.fromkeys(neighbours) if n in there]
        return first + [n for n in by_cost if n not in set(first)]

    def note_killer(self, mutant: Mutant, killer: int) -> None:
        killers = self.killed_by.setdefault((mutant.file, mutant.function), [])
        if killer in killers:
            killers.remove(killer)
        killers.append(killer)

    def run(self, number: int) -> bool:
        """Run one test in this process; True if it passed (or was skipped)."""
        from _pytest.runner import runtestprotocol

        reports = runtestprotocol(self.items[number], log=False, nextitem=None)
        return not any(report.failed for report in reports)


def plant(mutant: Mutant) -> None:
    """Give the real function the mutant's code, for everybody who has imported it."""
    bare(importlib.import_module(f"geofence.{mutant.file}"), mutant.function).__code__ = mutated(mutant)


# --- Children ---------------------------------------------------------------------------------------------------------


def fork(work: Callable[[], Any]) -> tuple[int, int]:
    """Do something in a copy of this process, silently; its process id, and where its result comes (JSON)."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return pid, reader
    try:
        os.close(reader)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        with os.fdopen(writer, "w") as out:
            out.write(json.dumps(work()))
        os._exit(0)
    finally:
        os._exit(70)


def result_of(pid: int, reader: int) -> tuple[Any, float]:
    """What a child has said, None if it died; and its processor time."""
    with os.fdopen(reader) as source:
        text = source.read()
    _, status, usage = os.wait4(pid, 0)
    return (json.loads(text) if os.waitstatus_to_exitcode(status) == 0 and text else None), usage.ru_utime + usage.ru_stime


def shared_out(judge: Judge, numbers: Sequence[int], processes: int, work: Callable[[list[int]], Any]) -> list[Any]:
    """Tests divided among children, the same work done with each share."""
    shares: list[list[int]] = [[] for _ in range(processes)]
    for place, number in enumerate(sorted(numbers, key=lambda n: -(judge.cost_s[n] if judge.cost_s else 1.0))):
        shares[place % processes].append(number)
    running = [fork(lambda share=share: work(share)) for share in shares]  # type: ignore[misc]
    return [result_of(*child)[0] for child in running]


def timed(judge: Judge, numbers: list[int]) -> list[tuple[int, bool, float]]:
    done = []
    for n in numbers:
        began_s = time.process_time()
        passed = judge.run(n)
        done.append((n, passed, time.process_time() - began_s))
    return done


def told(judge: Judge, mutants: Sequence[Mutant], numbers: list[int]) -> list[tuple[int, bool, list[int]]]:
    """(test, passed, mutants that it could tell) for each test."""
    watch = install(mutants)
    watch.guard()
    done = []
    for n in numbers:
        watch.begin()
        passed = judge.run(n)
        done.append((n, passed, sorted(watch.told)))
    return done


def verdict(judge: Judge, mutant: Mutant, patience_s: float) -> int:
    """In a child: the test that notices the mutant, -1 if none does, or none of those for which there was time."""
    plant(mutant)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends the process: what does not end is noticed
    spent_s = 0.0
    for n in judge.order(mutant):
        if spent_s > patience_s:
            break
        spent_s += judge.cost_s[n]
        signal.setitimer(signal.ITIMER_PROF, LIMIT_S + LIMIT_FACTOR * judge.cost_s[n])
        if not judge.run(n):
            return n
    return -1


# --- The run ----------------------------------------------------------------------------------------------------------


class State:
    """What was judged already, in a file: an interrupted run goes on.

    Another program begins anew. Of a test that has changed, what it had killed is judged again, and after any such change
    whatever had survived.
    """

    def __init__(self, path: Path | None, killers: Sequence[str]) -> None:
        self.path = path
        self.killers: dict[tuple[Any, ...], str | None] = {}
        self._digests = {one: digest_of(files_of(one)) for one in killers}
        if path is None:
            return
        program = digest_of(program_files())
        lines = path.read_text().splitlines() if path.exists() else []
        if lines and lines[0] == program:
            known = map(json.loads, lines[1:])
            self.killers = {tuple(mutant): killer for mutant, killer, digest in known if digest == self._digest(killer)}
        else:
            path.write_text(f"{program}\n")

    def _digest(self, killer: str | None) -> str:
        """Of the tests that a verdict rests on: those that killed, all where none did."""
        return next((digest for one, digest in self._digests.items() if killer is not None and killer.startswith(one)), "".join(self._digests.values()))

    def add(self, mutant: Mutant, killer: str | None) -> None:
        self.killers[astuple(mutant)] = killer
        if self.path is not None:
            with self.path.open("a") as out:
                out.write(json.dumps([astuple(mutant), killer, self._digest(killer)]) + "\n")


def files_of(killer: str) -> list[Path]:
    path = ROOT / killer
    return [path] if path.is_file() else sorted(one for one in path.rglob("*.*") if one.is_file() and one.suffix != ".pyc")


def program_files() -> list[Path]:
    """What is tested, and what the tests build on."""
    program = [path for name in ("geofence", "alerts", "config", "monitor") for path in (ROOT / name).rglob("*.py")]
    return sorted(program) + sorted(path for path in (ROOT / "tests").glob("*.py") if not path.name.startswith("test_"))


def digest_of(paths: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def complaint(judge: Judge, runs: Sequence[Any]) -> str | None:
    """Why nothing would be proved: what fails though nothing is broken."""
    if any(run is None for run in runs):
        return "the tests end the process that runs them"
    failed = [judge.items[n].nodeid for run in runs for n, passed, _ in run if not passed]
    return f"fails without any mutant: {', '.join(failed[:3])}" if failed else None


def weigh(judge: Judge, processes: int) -> str | None:
    """Find what each test costs; returns a complaint."""
    runs = shared_out(judge, range(len(judge.items)), processes, lambda share: timed(judge, share))
    trouble = complaint(judge, runs)
    if trouble is None:
        costs = {n: cost_s for run in runs for n, _, cost_s in run}
        judge.cost_s = [costs[n] for n in range(len(judge.items))]
    return trouble


def watch(judge: Judge, mutants: Sequence[Mutant], numbers: Sequence[int], processes: int) -> str | None:
    """Find which of these tests could tell which mutants; returns a complaint."""
    runs = shared_out(judge, numbers, processes, lambda share: told(judge, mutants, share))
    judge.telling = {mutant: [] for mutant in mutants}
    trouble = complaint(judge, runs)
    if trouble is None:
        for run in runs:
            for n, _, seen in run:
                for mutant in seen:
                    judge.telling[mutants[mutant]].append(n)
    return trouble


def verdicts(judge: Judge, mutants: Sequence[Mutant], processes: int, patience_s: float) -> Iterator[tuple[Mutant, str | None]]:
    """(mutant, its killer) as they end, `processes` at a time; None: it survived."""
    waiting, running = list(reversed(mutants)), dict[int, tuple[Mutant, int]]()
    while waiting or running:
        while waiting and len(running) < processes:
            mutant = waiting.pop()
            if not judge.telling[mutant]:
                yield mutant, None
                continue
            pid, reader = fork(lambda mutant=mutant: verdict(judge, mutant, patience_s))  # type: ignore[misc]
            running[pid] = mutant, reader
        if not running:
            break
        pid = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT).si_pid  # type: ignore[union-attr]
        mutant, reader = running.pop(pid)
        killer, _ = result_of(pid, reader)
        if killer is None:
            yield mutant, "endless"
        elif killer < 0:
            yield mutant, None
        else:
            judge.note_killer(mutant, killer)
            yield mutant, judge.items[killer].nodeid


class Run:
    """A pytest plugin: takes the place of running the tests once."""

    def __init__(self, args: argparse.Namespace, chosen: Sequence[Mutant], total: int) -> None:
        self.args, self.chosen, self.total = args, chosen, total
        self.status = 2

    def pytest_runtestloop(self, session: Any) -> bool:
        getattr(session.config, "_tmp_path_factory").getbasetemp()  # noqa: B009  (made once, before the forks)
        if session.testsfailed or not session.items:
            return True
        import gc

        gc.freeze()
        state = State(self.args.state, self.args.killers)
        left = [mutant for mutant in self.chosen if astuple(mutant) not in state.killers]
        items = [item for item in session.items if not inspect.iscoroutinefunction(getattr(item, "function", None))]  # what waits is not of the core
        trouble = self.judge(Judge(items), state, left) if left else None
        if trouble is not None:
            print(f"nothing would be proved: {trouble}", file=sys.stderr)
            return True
        self.status = report(self.chosen, self.total, state)
        return True

    def judge(self, judge: Judge, state: State, mutants: Sequence[Mutant]) -> str | None:
        """All of them by the quick tests, then (unless `--quick`) what is left of them by the others; returns a complaint."""
        trouble = weigh(judge, self.args.processes)
        if trouble is not None:
            return trouble
        quick = [n for n, cost_s in enumerate(judge.cost_s) if cost_s <= QUICK_S]
        others = [n for n, cost_s in enumerate(judge.cost_s) if cost_s > QUICK_S]
        left, seen = list(mutants), set[Mutant]()
        for numbers in (quick,) if self.args.quick else (quick, others):
            began_s = time.monotonic()
            trouble = watch(judge, left, numbers, self.args.processes)
            if trouble is not None:
                return trouble
            watched_s = time.monotonic() - began_s
            seen |= {mutant for mutant, tests in judge.telling.items() if tests}
            survivors = []
            for mutant, killer in verdicts(judge, left, self.args.processes, self.args.patience):
                if killer is None:
                    survivors.append(mutant)
                else:
                    state.add(mutant, killer)
            tests_s, all_s = sum(judge.cost_s[n] for n in numbers), time.monotonic() - began_s
            print(f"{len(numbers)} tests, {tests_s:.0f} s: {len(left)} mutants, {len(survivors)} survived; {watched_s:.0f} s watched, {all_s:.0f} s in all", flush=True)
            left = survivors
        for mutant in sorted(left, key=lambda mutant: (FILES.index(mutant.file), mutant.start)):
            state.add(mutant, None)
            print(f"survived {mutant}{'' if mutant in seen else f' ({UNSEEN})'}")
        return None


def report(chosen: Sequence[Mutant], total: int, state: State) -> int:
    counts: dict[str, list[int]] = {}
    for mutant in chosen:
        count = counts.setdefault(mutant.file, [0, 0])
        count[0] += 1
        count[1] += state.killers[astuple(mutant)] is not None
    print("\n| file | mutants | killed | share |\n| --- | --- | --- | --- |")
    for name, (mutants, killed) in sorted(counts.items()):
        print(f"| `geofence/{name}.py` | {mutants} | {killed} | {100 * killed / mutants:.1f} % |")
    killed = sum(killed for _, killed in counts.values())
    print(f"| all | {len(chosen)} of {total} | {killed} | {100 * killed / max(len(chosen), 1):.1f} % |")
    return 0 if not chosen or killed / len(chosen) >= 0.9 else 1


def chosen_of(args: argparse.Namespace) -> tuple[list[Mutant], int]:
    """The mutants to judge, and of how many."""
    every = [mutant for name in args.files for mutant in source_of(name.removesuffix(".py")).mutants()]
    if args.lines:
        every = [mutant for mutant in every if args.lines[0] <= mutant.line <= args.lines[1]]
    if args.sample is None:
        return every, len(every)
    return sorted(random.Random(args.seed).sample(every, min(args.sample, len(every))), key=every.index), len(every)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutate", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sample", type=int, metavar="N", help="only N mutants, drawn by the seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--files", nargs="+", default=[f for f in FILES if (ROOT / "geofence" / f"{f}.py").exists()], metavar="NAME")
    parser.add_argument("--killers", nargs="+", default=list(KILLERS), metavar="PATH", help="tests, the quickest first")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--patience", type=float, default=PATIENCE_S, metavar="S", help="seconds of tests for one mutant; then it has survived")
    parser.add_argument("--quick", action="store_true", help="by the quick tests alone: fewer are killed than could be, in half the time")
    parser.add_argument("--lines", nargs=2, type=int, metavar=("FIRST", "LAST"), help="only mutants of these lines (with one --files)")
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep what was judged there, and go on from it; outside of the repository")
    args = parser.parse_args()
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    os.chdir(ROOT)
    chosen, total = chosen_of(args)

    import pytest
    from hypothesis import Phase, settings

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    settings.register_profile("mutate", max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, phases=[Phase.explicit, Phase.generate])
    settings.load_profile("mutate")
    run = Run(args, chosen, total)
    plain = ["-q", "-s", "--no-header", "--no-summary", "--assert=plain", "--tb=no", "-W", "ignore", "-k", SLOW, "-o", "asyncio_mode=auto"]
    plain += ["-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:asyncio"]
    with tempfile.TemporaryDirectory() as base:
        pytest.main([*plain, f"--basetemp={base}/pytest", *[one for one in args.killers if (ROOT / one).exists()]], plugins=[run])
    return run.status


if __name__ == "__main__":
    sys.exit(main())
