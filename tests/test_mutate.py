"""The mutator changes what it says and nothing else: a measure that plants no faults would be passed by any tests."""

from __future__ import annotations

import ast
import importlib
import sys

import pytest

import geofence
import geofence.health as real
from benchmarks.mutate import FILES, ROOT, Planted, Source

THERE = [name for name in FILES if (ROOT / "geofence" / f"{name}.py").exists()]


@pytest.mark.parametrize("name", THERE)
def test_a_mutant_is_another_program_on_the_line_it_names(name: str) -> None:
    source = Source(name)
    mutants = source.mutants()
    assert len(mutants) >= 30
    assert len(set(mutants)) == len(mutants)
    original = ast.dump(ast.parse(source.text))
    for mutant in mutants[::9]:
        changed = mutant.apply(source.text)
        assert ast.dump(ast.parse(changed)) != original, str(mutant)
        before, after = source.text.splitlines(), changed.splitlines()
        first = next(n for n, (a, b) in enumerate(zip(before, after, strict=False), start=1) if a != b)
        assert mutant.line <= first <= mutant.line + mutant.was.count("\n") + 3


def test_every_kind_of_change_is_made() -> None:
    source = Source("target")
    line = next(n for n, text in enumerate(source.text.splitlines(), start=1) if "p_inside < policy.BREACH_OFF else 0" in text)
    made = {(mutant.was, mutant.text) for mutant in source.mutants() if mutant.line == line}
    assert {("<", "<="), ("<", ">="), ("+", "-"), ("1", "2"), ("0", "1")} <= made
    assert ("p_inside < policy.BREACH_OFF", "not (p_inside < policy.BREACH_OFF)") in made
    assert any(text == "pass" and was.startswith('target["off_count"] =') for was, text in made)


def test_what_is_planted_is_what_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source("health")
    mutant = next(m for m in source.mutants() if m.was == "+" and "at_ms + hold_ms" in source.text.splitlines()[m.line - 1])
    monkeypatch.setattr(sys, "meta_path", [Planted(mutant, source.text), *sys.meta_path])
    monkeypatch.setattr(geofence, "health", real)  # put back at the end, as the module itself
    monkeypatch.delitem(sys.modules, "geofence.health")
    planted = importlib.import_module("geofence.health")
    for module, until in ((planted, 93), (real, 107)):
        function = getattr(module.held_until_ms, "py_func", module.held_until_ms)
        assert function(0, True, 100, 7) == until
