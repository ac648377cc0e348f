"""Break the decision code in small ways, one at a time, and see whether the tests notice: `python -m benchmarks.mutate`.

Each mutant is one changed token or one dropped statement of a file of `geofence/`. A fresh interpreter image is forked
for it, the changed source takes the file's place at import, the kernel runs as plain Python and a quick suite runs in
the order in which it kills most; the first failure ends it. What no test notices is printed with its line: it wants a
test, or its reason in docs/mutation.md (ADR-0023 says why this is not mutmut or cosmic-ray).
"""

from __future__ import annotations

import argparse
import ast
import importlib.abc
import importlib.machinery
import io
import os
import random
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FILES = ("clock", "track", "proximity", "reach", "target", "order", "watch", "health", "ask", "past", "kernel", "anchor", "pattern", "suspicion", "measure")  # what decides
# quick and deadly first; nothing that starts another process, since that would not see the mutant
KILLERS = (
    "tests/geofence/plain_numbers.py", "tests/geofence/plain_devices.py", "tests/geofence/test_anchor_numbers.py", "tests/geofence/test_suspicion_numbers.py",
    "tests/golden", "tests/conformance", "tests/geofence/test_anchor.py",
)  # fmt: skip
SLOW = "not batch and not shown"  # what other tests kill sooner
LIMIT_S = 90  # processor time of one mutant: eight times the whole suite; a loop that never ends is a failure too
SWAPS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"), ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="),
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"), ast.FloorDiv: ("//", "*"), ast.Mod: ("%", "*"),
    ast.Pow: ("**", "*"), ast.BitAnd: ("&", "|"), ast.BitOr: ("|", "&"), ast.LShift: ("<<", ">>"), ast.RShift: (">>", "<<"),
    ast.And: ("and", "or"), ast.Or: ("or", "and"),
}  # fmt: skip
NEGATED = {ast.Lt: ">=", ast.LtE: ">", ast.Gt: "<=", ast.GtE: "<"}  # a comparison is turned round as well as moved by one
NAMES = {"min": "max", "max": "min", "sin": "cos", "cos": "sin", "ceil": "floor", "floor": "ceil", "True": "False", "False": "True"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: the characters `start` to `end` of a file become `text`."""

    file: str
    line: int
    start: int
    end: int
    text: str
    was: str

    def apply(self, source: str) -> str:
        return source[: self.start] + self.text + source[self.end :]

    def __str__(self) -> str:
        return f"{self.file}.py:{self.line}: `{self.was}` became `{self.text}`"


class Source:
    """The text of one file and the mutants in it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.text = (ROOT / "geofence" / f"{name}.py").read_text()
        self._begins = [0]
        for line in self.text.splitlines(keepends=True):
            self._begins.append(self._begins[-1] + len(line))
        assert self.text.isascii() or all(ord(c) < 0x10000 for c in self.text)
        self._lines = self.text.splitlines()

    def _at(self, line: int, column: int) -> int:
        """Offset of a place of the syntax tree, whose columns count bytes."""
        return self._begins[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def span(self, node: Any) -> tuple[int, int]:
        return self._at(node.lineno, node.col_offset), self._at(node.end_lineno, node.end_col_offset)

    def _swap(self, op: ast.AST, left: ast.AST, right: ast.AST) -> Iterator[Mutant]:
        """Another operator between two operands."""
        if type(op) not in SWAPS:
            return
        was, becomes = SWAPS[type(op)]
        begin, end = self.span(left)[1], self.span(right)[0]
        start = self.text.index(was, begin, end)
        line = self.text.count("\n", 0, start) + 1
        yield Mutant(self.name, line, start, start + len(was), becomes, was)
        if type(op) in NEGATED:
            yield Mutant(self.name, line, start, start + len(was), NEGATED[type(op)], was)

    def _replace(self, node: Any, text: str) -> Mutant:
        start, end = self.span(node)
        return Mutant(self.name, node.lineno, start, end, text, self.text[start:end])

    def _of(self, node: ast.AST) -> Iterator[Mutant]:
        if isinstance(node, ast.BinOp):
            yield from self._swap(node.op, node.left, node.right)
        elif isinstance(node, ast.BoolOp):
            for left, right in zip(node.values, node.values[1:], strict=False):
                yield from self._swap(node.op, left, right)
        elif isinstance(node, ast.Compare):
            yield from self._swap(node.ops[0], node.left, node.comparators[0])
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub | ast.Invert):
            yield self._replace(node, f"({self.text[slice(*self.span(node.operand))]})")
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
            yield self._replace(node, repr(node.value + 1))
        elif isinstance(node, ast.Constant) and type(node.value) is bool:
            yield self._replace(node, repr(not node.value))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if name in NAMES:
                end = self.span(node.func)[1]
                yield Mutant(self.name, node.lineno, end - len(name), end, NAMES[name], name)
        elif isinstance(node, ast.If | ast.IfExp | ast.While):
            yield self._replace(node.test, f"not ({self.text[slice(*self.span(node.test))]})")
        elif isinstance(node, ast.AugAssign) and type(node.op) in SWAPS:
            yield from self._swap(node.op, node.target, node.value)
        if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr) and not isinstance(getattr(node, "value", None), ast.Constant):
            target = node.targets[0] if isinstance(node, ast.Assign) else node
            if not isinstance(target, ast.Name | ast.Tuple) or isinstance(node, ast.AugAssign) or stores_only_rows(target):
                yield self._replace(node, "pass")

    def mutants(self) -> list[Mutant]:
        """Every mutant of every function; tables and names outside of functions are data."""
        functions = [node for node in ast.parse(self.text).body if isinstance(node, ast.FunctionDef)]
        found: dict[Mutant, None] = {}
        for function in functions:
            for statement in function.body:
                if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                    continue  # the docstring
                for node in ast.walk(statement):
                    found |= dict.fromkeys(self._of(node))
        return sorted(found, key=lambda m: (m.start, m.end, m.text))


def stores_only_rows(target: ast.AST) -> bool:
    """True for `d["a"], d["b"] = ...`: dropping it leaves every name defined."""
    return isinstance(target, ast.Tuple) and all(isinstance(part, ast.Subscript) for part in target.elts)


class Planted(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the import system the mutant's source instead of the file's."""

    def __init__(self, mutant: Mutant, source: str) -> None:
        self._name, self._source = f"geofence.{mutant.file}", mutant.apply(source)
        self._path = str(ROOT / "geofence" / f"{mutant.file}.py")

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name != self._name:
            return None
        spec = importlib.machinery.ModuleSpec(name, self, origin=self._path)
        spec.has_location = True
        return spec

    def exec_module(self, module: Any) -> None:
        exec(compile(self._source, self._path, "exec"), module.__dict__)


def import_what_never_changes() -> None:
    """The heavy third-party modules, once, before the forks; nothing of ours, so that every fork imports the mutant."""
    import hypothesis  # noqa: F401
    import msgspec  # noqa: F401
    import numba  # noqa: F401
    import numpy  # noqa: F401, ICN001
    import opening_hours  # noqa: F401
    import pytest  # noqa: F401
    import shapely  # noqa: F401


def suite(killers: Sequence[str]) -> int:
    """Run the killers in this process; 0 if every test passed."""
    import pytest
    from hypothesis import settings

    settings.register_profile("mutate", max_examples=6, derandomize=True, database=None, deadline=None)
    settings.load_profile("mutate")
    there = [one for one in killers if (ROOT / one).exists()]
    plain = ["-x", "-q", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:asyncio", "-o", "asyncio_mode=auto"]
    return int(pytest.main([*plain, "-k", SLOW, *there]))


def judge(mutant: Mutant | None, killers: Sequence[str]) -> int:
    """In a forked child: 0 if the suite passes with the mutant in place."""
    if mutant is not None:
        sys.meta_path.insert(0, Planted(mutant, Source(mutant.file).text))
    sys.path.insert(0, str(ROOT))
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_S, LIMIT_S))
    if mutant is None:
        return suite(killers)
    quiet = io.StringIO()
    with redirect_stdout(quiet), redirect_stderr(quiet):
        return suite(killers)


def start(mutant: Mutant | None, killers: Sequence[str]) -> int:
    """Fork a child for one mutant; its process id."""
    pid = os.fork()
    if pid:
        return pid
    status = 70
    try:
        if mutant is not None:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
        status = judge(mutant, killers)
    except BaseException:
        status = 70  # it could not even be imported: noticed
    finally:
        os._exit(min(status, 125))


def survivors(mutants: Sequence[Mutant], killers: Sequence[str], processes: int) -> Iterator[tuple[Mutant, bool]]:
    """(mutant, survived) as they end, `processes` at a time."""
    waiting, running = list(reversed(mutants)), dict[int, Mutant]()
    while waiting or running:
        while waiting and len(running) < processes:
            mutant = waiting.pop()
            running[start(mutant, killers)] = mutant
        pid, status = os.wait()
        if pid in running:
            yield running.pop(pid), status == 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutate", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sample", type=int, metavar="N", help="only N mutants, drawn by the seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--files", nargs="+", default=[f for f in FILES if (ROOT / "geofence" / f"{f}.py").exists()], metavar="NAME")
    parser.add_argument("--killers", nargs="+", default=list(KILLERS), metavar="PATH", help="tests, the quickest first")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--lines", nargs=2, type=int, metavar=("FIRST", "LAST"), help="only mutants of these lines (with one --files)")
    args = parser.parse_args()
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    os.chdir(ROOT)
    every = [mutant for name in args.files for mutant in Source(name.removesuffix(".py")).mutants()]
    if args.lines:
        every = [mutant for mutant in every if args.lines[0] <= mutant.line <= args.lines[1]]
    chosen = every if args.sample is None else sorted(random.Random(args.seed).sample(every, min(args.sample, len(every))), key=every.index)
    import_what_never_changes()
    if os.waitstatus_to_exitcode(os.waitpid(start(None, args.killers), 0)[1]) != 0:
        print("the suite fails without any mutant: nothing would be proved", file=sys.stderr)
        return 2
    return report(chosen, len(every), args)


def report(chosen: Sequence[Mutant], total: int, args: argparse.Namespace) -> int:
    began_s = time.monotonic()
    alive: list[Mutant] = []
    counts: dict[str, list[int]] = {}
    for mutant, survived in survivors(chosen, args.killers, args.processes):
        count = counts.setdefault(mutant.file, [0, 0])
        count[0] += 1
        count[1] += survived
        if survived:
            alive.append(mutant)
            print(f"survived {mutant}", flush=True)
    print("\n| file | mutants | killed | share |\n| --- | --- | --- | --- |")
    for name, (mutants, lived) in sorted(counts.items()):
        print(f"| `geofence/{name}.py` | {mutants} | {mutants - lived} | {100 * (mutants - lived) / mutants:.1f} % |")
    killed = len(chosen) - len(alive)
    print(f"| all | {len(chosen)} of {total} | {killed} | {100 * killed / max(len(chosen), 1):.1f} % |")
    print(f"\nseed {args.seed}, {time.monotonic() - began_s:.0f} s with {args.processes} processes")
    return 0 if not chosen or killed / len(chosen) >= 0.9 else 1


if __name__ == "__main__":
    sys.exit(main())
