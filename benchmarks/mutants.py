"""What can be broken in `geofence/`: each mutant is one changed token or one dropped statement of one function."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FILES = ("clock", "track", "filter", "rest", "rhythm", "proximity", "reach", "target", "order", "watch", "health", "ask", "past", "kernel", "anchor", "pattern", "suspicion", "measure", "hole", "ghost", "doubt")  # what decides
SWAPS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"), ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="),
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"), ast.FloorDiv: ("//", "*"), ast.Mod: ("%", "*"),
    ast.Pow: ("**", "*"), ast.BitAnd: ("&", "|"), ast.BitOr: ("|", "&"), ast.LShift: ("<<", ">>"), ast.RShift: (">>", "<<"),
    ast.And: ("and", "or"), ast.Or: ("or", "and"),
}  # fmt: skip
NEGATED: dict[type[ast.AST], str] = {ast.Lt: ">=", ast.LtE: ">", ast.Gt: "<=", ast.GtE: "<"}  # a comparison is turned round as well as moved by one
NAMES = {"min": "max", "max": "min", "sin": "cos", "cos": "sin", "ceil": "floor", "floor": "ceil", "True": "False", "False": "True"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: the characters `start` to `end` of a file become `text`."""

    file: str
    function: str
    line: int
    start: int
    end: int
    text: str
    was: str

    def apply(self, source: str) -> str:
        return source[: self.start] + self.text + source[self.end :]

    def within(self, source: str, start: int, end: int) -> str:
        """The part `start` to `end` of the source as this mutant has it."""
        return source[start : self.start] + self.text + source[self.end : end]

    def __str__(self) -> str:
        return f"{self.file}.py:{self.line}: `{self.was}` became `{self.text}`"


class Source:
    """The text of one file and the mutants in it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.path = ROOT / "geofence" / f"{name}.py"
        self.text = self.path.read_text()
        self.functions = [node for node in ast.parse(self.text).body if isinstance(node, ast.FunctionDef)]
        self._begins = [0]
        for line in self.text.splitlines(keepends=True):
            self._begins.append(self._begins[-1] + len(line))
        self._lines = self.text.splitlines()

    def _at(self, line: int, column: int) -> int:
        """Offset of a place of the syntax tree, whose columns count bytes."""
        return self._begins[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def span(self, node: Any) -> tuple[int, int]:
        return self._at(node.lineno, node.col_offset), self._at(node.end_lineno, node.end_col_offset)

    def _mutant(self, line: int, start: int, end: int, text: str) -> Mutant:
        return Mutant(self.name, self._function, line, start, end, text, self.text[start:end])

    def _swap(self, op: ast.AST, left: ast.AST, right: ast.AST) -> Iterator[Mutant]:
        """Another operator between two operands."""
        if type(op) not in SWAPS:
            return
        was, becomes = SWAPS[type(op)]
        begin, end = self.span(left)[1], self.span(right)[0]
        start = self.text.index(was, begin, end)
        line = self.text.count("\n", 0, start) + 1
        yield self._mutant(line, start, start + len(was), becomes)
        if type(op) in NEGATED:
            yield self._mutant(line, start, start + len(was), NEGATED[type(op)])

    def _replace(self, node: Any, text: str) -> Mutant:
        return self._mutant(node.lineno, *self.span(node), text)

    def _of(self, node: ast.AST) -> Iterator[Mutant]:
        if isinstance(node, ast.BinOp):
            yield from self._swap(node.op, node.left, node.right)
        elif isinstance(node, ast.BoolOp):
            for left, right in zip(node.values, node.values[1:], strict=False):
                yield from self._swap(node.op, left, right)
        elif isinstance(node, ast.Compare):
            for op, left, right in zip(node.ops, [node.left, *node.comparators], node.comparators, strict=False):
                yield from self._swap(op, left, right)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub | ast.Invert):
            yield self._replace(node, f"({self.text[slice(*self.span(node.operand))]})")
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
            yield self._replace(node, repr(not node.value))
        elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            yield self._replace(node, repr(node.value + 1))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if name in NAMES:
                end = self.span(node.func)[1]
                yield self._mutant(node.lineno, end - len(name), end, NAMES[name])
        elif isinstance(node, ast.If | ast.IfExp | ast.While):
            yield self._replace(node.test, f"not ({self.text[slice(*self.span(node.test))]})")
        elif isinstance(node, ast.AugAssign) and type(node.op) in SWAPS:
            yield from self._swap(node.op, node.target, node.value)
        if is_dropped(node):
            yield self._replace(node, "pass")

    def mutants(self) -> list[Mutant]:
        """Every mutant of every function; tables and names outside of functions are data."""
        found: dict[Mutant, None] = {}
        for function in self.functions:
            self._function = function.name
            for statement in function.body:
                if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                    continue  # the docstring
                for node in ast.walk(statement):
                    found |= dict.fromkeys(self._of(node))
        return sorted(found, key=lambda m: (m.start, m.end, m.text))


def is_dropped(node: ast.AST) -> bool:
    """True for a statement that can go and leave every name defined."""
    if isinstance(node, ast.AugAssign):
        return True
    if isinstance(node, ast.Assign):
        return all(isinstance(target, ast.Subscript) or stores_only_rows(target) for target in node.targets)
    return isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)


def stores_only_rows(target: ast.AST) -> bool:
    """True for `d["a"], d["b"] = ...`: dropping it leaves every name defined."""
    return isinstance(target, ast.Tuple) and all(isinstance(part, ast.Subscript) for part in target.elts)


def code_of(text: str, path: Path, line: int = 1) -> CodeType:
    """The compiled function of a text that begins at a line of its file."""
    made = compile("\n" * (line - 1) + text, str(path), "exec")
    return next(const for const in made.co_consts if isinstance(const, CodeType))


@cache
def source_of(name: str) -> Source:
    return Source(name)


def mutated(mutant: Mutant) -> CodeType:
    """The function of a mutant, compiled."""
    source = source_of(mutant.file)
    function = next(node for node in source.functions if node.name == mutant.function)
    return code_of(mutant.within(source.text, *source.span(function)), source.path, function.lineno)
