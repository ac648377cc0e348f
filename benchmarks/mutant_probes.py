"""Which tests could tell which mutant from the original? One run of the tests over a program that computes both.

At each place where a mutant differs, the unbroken program goes on with its own value and also works out the mutant's: as long as
the two are equal, the mutant's run of this test would be the same run, and need not be made (the "infection" of Just, Ernst and
Fraser, ISSTA 2014). A function that writes nothing is compared as a whole, by what it returns; elsewhere the largest expression
without effects around the change is, or what an assignment leaves behind. Where neither can be said, every test that enters the
function counts as one that could tell: the answer errs only towards more work.
"""

from __future__ import annotations

import ast
import importlib
import math
import signal
from collections.abc import Callable, Iterable, Sequence
from types import CodeType, FunctionType
from typing import Any

from benchmarks.mutants import FILES, ROOT, Mutant, Source, code_of, mutated, source_of

BUILTINS = {"min", "max", "abs", "int", "float", "bool", "len", "range"}
TICK_S = 0.05  # processor time after which one expression or function counts as endless: fifty times what any takes


class EndlessError(Exception):
    """The mutant's version does not come to an end."""


def same(a: Any, b: Any) -> bool:
    """True if nothing in the program could tell two values apart."""
    if a is b:
        return True
    if isinstance(a, tuple) or isinstance(b, tuple):
        return isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return bool(a == b and (a != 0.0 or math.copysign(1.0, a) == math.copysign(1.0, b))) or (math.isnan(a) and math.isnan(b))
    kinds = {type(a).__name__.rstrip("_"), type(b).__name__.rstrip("_")}
    return (kinds == {"bool"} or type(a) is type(b) or kinds == {"int", "int64"}) and bool(a == b)


def effects_of(tree: ast.AST) -> bool:
    """True if a function writes into something that it was given."""
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign | ast.AnnAssign) else []
        if any(isinstance(part, ast.Subscript | ast.Attribute) and isinstance(part.ctx, ast.Store) for target in targets for part in ast.walk(target)):
            return True
    return False


def calls_in(tree: ast.AST) -> Iterable[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


class Purity:
    """Which functions of `geofence/` only look: neither they nor what they call writes anything."""

    def __init__(self) -> None:
        paths = sorted((ROOT / "geofence").glob("*.py"))
        self._bodies: dict[str, list[ast.FunctionDef]] = {}
        for path in paths:
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.FunctionDef):
                    self._bodies.setdefault(node.name, []).append(node)
        self.pure = {name for name, found in self._bodies.items() if not any(effects_of(body) for body in found)}
        before = -1
        while len(self.pure) != before:
            before = len(self.pure)
            self.pure = {name for name in self.pure if all(self.only_looks(statement) for body in self._bodies[name] for statement in body.body)}

    def only_looks(self, tree: ast.AST) -> bool:
        return all(self._looks(call.func) for call in calls_in(tree))

    def _looks(self, function: ast.expr) -> bool:
        if isinstance(function, ast.Name):
            return function.id in BUILTINS or function.id in self.pure
        return isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "math"


class Watch:
    """What the test that runs now has shown: `alive[n]` are the mutants of place `n` that look like the original so far."""

    def __init__(self) -> None:
        self.places: list[list[int]] = []  # mutants by place
        self.inner: list[bool] = []  # of a function that is compared as a whole where a place within it differs
        self.alive: list[list[int]] = []
        self.told: set[int] = set()
        self.differing: set[int] = set()  # within the functions that are running
        self.endless: set[int] = set()
        self.inside = 0  # > 0: in a mutant's version, whose own calls show nothing of the original's run
        self._ticked = 0
        self._begun = 0

    def place(self, mutants: Sequence[int], inner: bool) -> int:
        self.places.append(list(mutants))
        self.inner.append(inner)
        return len(self.places) - 1

    def begin(self) -> None:
        self.alive = [list(mutants) for mutants in self.places]
        self.told = set()

    def _tell(self, place: int, n: int) -> None:
        if self.inner[place]:
            self.differing.add(n)
        else:
            self.told.add(n)
            self.alive[place].remove(n)

    def reach(self, place: int) -> None:
        """The function of mutants that no value shows was entered."""
        if not self.inside:
            for n in list(self.alive[place]):
                self._tell(place, n)

    def compare(self, place: int, value: Any, other: Callable[[int], Any], alike: Callable[[Any, Any], bool] = same) -> Any:
        if not self.inside:
            for n in list(self.alive[place]):
                if n in self.told:
                    self.alive[place].remove(n)
                elif not self._agrees(value, other, n, alike):
                    self._tell(place, n)
        return value

    def _agrees(self, value: Any, other: Callable[[int], Any], n: int, alike: Callable[[Any, Any], bool]) -> bool:
        if n in self.endless:
            return False
        self._begun += 1
        self.inside = self._begun
        try:
            return alike(value, other(n))
        except EndlessError:
            self.endless.add(n)
            return False
        except Exception:  # whatever it is, the original had none
            return False
        finally:
            self.inside = 0

    def condition(self, place: int, value: Any, other: Callable[[int], Any]) -> Any:
        return self.compare(place, value, other, lambda a, b: bool(a) == bool(b))

    def left(self, place: int, before: Any, after: Any) -> None:
        """What an assignment leaves: had it been dropped, what was there before would be there still."""
        if not self.inside and self.alive[place] and not same(before, after):
            for n in list(self.alive[place]):
                self._tell(place, n)

    def whole(self, place: int, function: Any, others: dict[int, Any]) -> Callable[..., Any]:
        """A function without effects, beside those of its mutants that differ somewhere within it."""

        def both(*arguments: Any) -> Any:
            if self.inside:
                return function(*arguments)
            value = function(*arguments)
            differing = [n for n in self.alive[place] if n in self.differing]
            self.differing.difference_update(differing)
            for n in differing:
                if not self._agrees(value, lambda n: others[n](*arguments), n, same):
                    self._tell(place, n)
            return value

        return both

    def tick(self, *_: Any) -> None:
        """Twice in the same version: it does not end."""
        if self.inside and self.inside == self._ticked:
            raise EndlessError
        self._ticked = self.inside

    def guard(self) -> None:
        signal.signal(signal.SIGPROF, self.tick)
        signal.setitimer(signal.ITIMER_PROF, TICK_S, TICK_S)


class Instrumented:
    """One file with the places of its chosen mutants watched."""

    def __init__(self, source: Source, mutants: dict[int, Mutant], purity: Purity, watch: Watch) -> None:
        self.source, self.purity, self.watch = source, purity, watch
        self.text = source.text
        self._edits: list[tuple[int, int, str]] = []  # start, end, text
        self.whole: dict[str, dict[int, Mutant]] = {}
        for function in source.functions:
            mine = {n: m for n, m in mutants.items() if m.function == function.name}
            if mine and function.name in purity.pure:
                self.whole[function.name] = mine
            if mine:
                self._function(function, mine)

    def _function(self, function: ast.FunctionDef, mutants: dict[int, Mutant]) -> None:
        self._inner = function.name in self.whole
        expressions = self._expressions(function)
        wrapped: dict[tuple[int, int, bool], list[int]] = {}
        rest: list[int] = []
        for n, mutant in mutants.items():
            place = next((one for one in expressions if one[0] <= mutant.start and mutant.end <= one[1]), None)
            statement = self._assignment(function, mutant)
            if statement is not None:
                self._surround(n, statement)
            elif place is not None:
                wrapped.setdefault(place, []).append(n)
            else:
                rest.append(n)
        for (start, end, condition), ns in wrapped.items():
            self._wrap(start, end, condition, {n: mutants[n] for n in ns})
        if rest:
            body = next(statement for statement in function.body if not is_docstring(statement))
            start = self.source.span(body)[0]
            self._edits.append((start, start, f"_watch_.reach({self.watch.place(rest, self._inner)})\n" + " " * body.col_offset))

    def _expressions(self, function: ast.FunctionDef) -> list[tuple[int, int, bool]]:
        """(start, end, is a condition) of every expression without effects, the largest first."""
        tests = {id(node.test) for node in ast.walk(function) if isinstance(node, ast.If | ast.While)}
        found = []
        for node in ast.walk(function):
            whole = isinstance(node, ast.expr) and not isinstance(node, ast.Slice | ast.Starred) and not isinstance(getattr(node, "ctx", None), ast.Store)
            if whole and self.purity.only_looks(node):
                found.append((*self.source.span(node), id(node) in tests))
        return sorted(found, key=lambda place: place[0] - place[1])

    def _assignment(self, function: ast.FunctionDef, mutant: Mutant) -> Any:
        """The assignment that a mutant drops, if what it leaves can be compared."""
        if mutant.text != "pass":
            return None
        for node in ast.walk(function):
            if isinstance(node, ast.Assign | ast.AugAssign) and self.source.span(node) == (mutant.start, mutant.end):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                parts = [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
                ordinary = all(isinstance(part, ast.Name) or is_scalar(part) for part in parts)
                return (node, parts) if ordinary and self.purity.only_looks(node) and self._alone(node) else None
        return None

    def _alone(self, node: Any) -> bool:
        """True if a statement begins and ends its lines."""
        start, end = self.source.span(node)
        before = self.text[self.text.rfind("\n", 0, start) + 1 : start]
        after = self.text[end : self.text.find("\n", end)]
        return not before.strip() and (not after.strip() or after.strip().startswith("#"))

    def _wrap(self, start: int, end: int, condition: bool, mutants: dict[int, Mutant]) -> None:
        place = self.watch.place(list(mutants), self._inner)
        versions = "".join(f"({mutant.within(self.text, start, end)}) if n_ == {n} else " for n, mutant in mutants.items())
        how = "condition" if condition else "compare"
        self._edits.append((start, end, f"_watch_.{how}({place}, ({self.text[start:end]}), lambda n_: {versions}None)"))

    def _surround(self, n: int, statement: Any) -> None:
        node, parts = statement
        start, end = self.source.span(node)
        indent = "\n" + " " * node.col_offset
        places = "(" + ", ".join(self.text[slice(*self.source.span(part))] for part in parts) + ",)"
        place = self.watch.place([n], self._inner)
        self._edits.append((start, start, f"old_{n}_ = {places}{indent}"))
        self._edits.append((end, end, f"{indent}_watch_.left({place}, old_{n}_, {places})"))

    def edited(self) -> dict[str, str]:
        """The text of each function that is watched from within."""
        texts = {}
        for function in self.source.functions:
            first, last = self.source.span(function)
            text = self.text[first:last]
            edits = sorted((edit for edit in self._edits if first <= edit[0] <= last), key=lambda edit: edit[:2], reverse=True)
            for start, end, new in edits:
                text = text[: start - first] + new + text[end - first :]
            if edits:
                texts[function.name] = text
        return texts

    def install(self) -> None:
        """Put the watched functions in place of the real ones, in this process."""
        module = importlib.import_module(f"geofence.{self.source.name}")
        module.__dict__["_watch_"] = self.watch
        for name, text in self.edited().items():
            function, watched = bare(module, name), code_of(text, self.source.path)
            if name not in self.whole:
                function.__code__ = watched
                continue
            others = {n: FunctionType(mutated(mutant), module.__dict__) for n, mutant in self.whole[name].items()}
            place = self.watch.place(list(others), inner=False)
            module.__dict__[f"_whole_{name}"] = self.watch.whole(place, FunctionType(watched, module.__dict__), others)
            function.__code__ = forwarding(function.__code__, f"_whole_{name}")


def is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def is_scalar(part: ast.expr) -> bool:
    """True for `d["field"]`, `T.next_ms[o]` and `history[slot, 1]`: what is read there is a number, not a view."""
    if not isinstance(part, ast.Subscript):
        return False
    if isinstance(part.slice, ast.Constant) and isinstance(part.slice.value, str):
        return True
    return isinstance(part.slice, ast.Tuple) or (isinstance(part.value, ast.Attribute) and part.value.attr == "next_ms")


def bare(module: Any, name: str) -> Any:
    """The plain function, compiled by numba or not."""
    function = getattr(module, name)
    return getattr(function, "py_func", function)


def forwarding(code: CodeType, name: str) -> CodeType:
    """The code of a function of the same arguments that calls another one."""
    arguments = ", ".join(code.co_varnames[: code.co_argcount])
    return code_of(f"def f({arguments}):\n    return {name}({arguments})\n", ROOT / "watched")


def install(mutants: Sequence[Mutant]) -> Watch:
    """Watch every one of these mutants in this process; numbered by their place in the list."""
    purity, watch = Purity(), Watch()
    for name in FILES:
        mine = {n: mutant for n, mutant in enumerate(mutants) if mutant.file == name}
        if mine:
            Instrumented(source_of(name), mine, purity, watch).install()
    watch.begin()
    return watch
