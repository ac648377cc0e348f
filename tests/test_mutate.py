"""The mutator changes what it says and nothing else, and loses no mutant on the way: a measure that plants no faults would be passed by any tests."""

from __future__ import annotations

import ast
import json
import math
import os
import subprocess
import sys
from dataclasses import astuple
from pathlib import Path
from types import FunctionType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import geofence.health as real
from benchmarks.mutant_probes import Instrumented, Purity, Watch, bare, same
from benchmarks.mutants import FILES, ROOT, Mutant, code_of, mutated, source_of
from benchmarks.mutate import Judge, State, plant

THERE = [name for name in FILES if (ROOT / "geofence" / f"{name}.py").exists()]


@pytest.mark.parametrize("name", THERE)
def test_a_mutant_is_another_program_on_the_line_it_names(name: str) -> None:
    source = source_of(name)
    mutants = source.mutants()
    assert len(mutants) >= 10
    assert len(set(mutants)) == len(mutants)
    original = ast.dump(ast.parse(source.text))
    for mutant in mutants[::9]:
        changed = mutant.apply(source.text)
        assert ast.dump(ast.parse(changed)) != original, str(mutant)
        before, after = source.text.splitlines(), changed.splitlines()
        first = next(n for n, (a, b) in enumerate(zip(before, after, strict=False), start=1) if a != b)
        assert mutant.line <= first <= mutant.line + mutant.was.count("\n") + 3


def test_every_kind_of_change_is_made() -> None:
    source = source_of("target")
    lines = source.text.splitlines()
    line = next(n for n, text in enumerate(lines, start=1) if "p_inside < policy.BREACH_OFF else 0" in text)
    made = {(mutant.was, mutant.text) for mutant in source.mutants() if mutant.line == line}
    assert {("<", "<="), ("<", ">="), ("+", "-"), ("1", "2"), ("0", "1")} <= made
    assert ("p_inside < policy.BREACH_OFF", "not (p_inside < policy.BREACH_OFF)") in made
    assert any(text == "pass" and was.startswith('target["off_count"] =') for was, text in made)
    window = next(n for n, text in enumerate(lines, start=1) if '<= at_ms < target["open_until_ms"]' in text)
    assert {("<=", "<"), ("<", "<=")} <= {(mutant.was, mutant.text) for mutant in source.mutants() if mutant.line == window}, "both halves of a chain"
    assert any(mutant.was == 'd["rest"] = 0' and mutant.text == "pass" for mutant in source_of("track").mutants()), "a constant that is kept, too"


def one(name: str, was: str, on: str, text: str = "") -> Mutant:
    """The first mutant that changes `was` on a line which holds `on`."""
    source = source_of(name)
    lines = source.text.splitlines()
    return next(m for m in source.mutants() if m.was == was and on in lines[m.line - 1] and text in m.text)


def test_what_is_planted_is_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    function = bare(real, "held_until_ms")
    monkeypatch.setattr(function, "__code__", function.__code__)  # put back at the end
    assert function(0, True, 100, 7) == 107
    mutant = one("health", "+", "at_ms + hold_ms")
    plant(mutant)
    assert function(0, True, 100, 7) == 93
    assert function.__code__.co_firstlineno == source_of("health").text.splitlines().index("def held_until_ms(until_ms: int, said: bool, at_ms: int, hold_ms: int) -> int:") + 1


# --- Which test could tell which mutant ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "alike"),
    [(1, 1, True), (1, 2, False), (1, 1.0, False), (0.0, -0.0, False), (math.nan, math.nan, True), (np.bool_(True), True, True), (True, 1, False),
     ((1, math.nan), (1, math.nan), True), ((1, 2), (1, 3), False), ((1,), (1, 1), False), (np.int64(3), 3, True), (np.float64(0.5), 0.5, True)],
)  # fmt: skip
def test_values_that_anything_could_tell_apart_are_not_the_same(a: Any, b: Any, alike: bool) -> None:
    assert same(a, b) is alike
    assert same(b, a) is alike


def test_a_function_only_looks_if_all_that_it_calls_does() -> None:
    pure = Purity().pure
    assert {"p_within", "see_zone", "look", "lost_at_ms", "party_of"} <= pure
    assert not {"step_breach", "set_clock", "say", "judge", "predict", "take_fix", "contact_of", "fix_time_ms", "command"} & pure


def told_by(name: str, function: str, *calls: tuple[Any, ...]) -> tuple[set[Mutant], Any]:
    """The mutants of a function that these calls tell from the original, and what the last of them returned; the module stays as it is."""
    mine = dict(enumerate(m for m in source_of(name).mutants() if m.function == function))
    watch = Watch()
    instrumented = Instrumented(source_of(name), mine, Purity(), watch)
    module = __import__(f"geofence.{name}", fromlist=[name])
    names = {**{key: getattr(value, "py_func", value) for key, value in module.__dict__.items()}, "_watch_": watch}
    run: Any = FunctionType(code_of(instrumented.edited()[function], source_of(name).path), names)
    if function in instrumented.whole:
        others = {n: FunctionType(mutated(mutant), names) for n, mutant in mine.items()}
        run = watch.whole(watch.place(list(others), inner=False), run, others)
    watch.begin()
    result = None
    for arguments in calls:
        result = run(*arguments)
    return {mine[n] for n in watch.told}, result


def test_only_what_a_call_shows_is_told() -> None:
    negated, tie = one("health", "<", "at_ms < until_ms", ">="), one("health", "<", "at_ms < until_ms", "<=")
    told, result = told_by("health", "held_until_ms", (5, False, 3, 1))
    assert result == 5
    assert negated in told
    assert tie not in told
    told, result = told_by("health", "held_until_ms", (5, False, 5, 1))
    assert result == 0
    assert {negated, tie} <= told
    assert one("health", "+", "at_ms + hold_ms") not in told, "a line that was not reached"


def test_what_an_assignment_would_leave_is_compared() -> None:
    dropped = one("health", 'd["flap_ms"] = at_ms', "flap_ms", "pass")
    for before, differs in ((4, True), (7, False)):
        told, _ = told_by("health", "note_flap", ({"flaps": 0, "flap_ms": before}, 7))
        assert (dropped in told) is differs


def test_a_difference_that_the_function_swallows_is_none() -> None:
    mutant = one("measure", ">", "> furthest")
    tables = SimpleNamespace(order=[{"protected": 0, "respondent": 1}], person=[{"apart": 1, "apart_m": 5.0}, {"apart": 1, "apart_m": 5.0}])
    told, result = told_by("measure", "furthest_apart_m", (tables, 0, -1))
    assert result == 5.0
    assert not [m for m in told if m.start == mutant.start and m.text == ">="], "of two equals either"
    assert [m for m in told if m.start == mutant.start and m.text == "<="], "but not none"


def test_a_version_that_never_ends_is_told() -> None:
    watch = Watch()
    watch.guard()
    try:
        place = watch.place([7], inner=False)
        watch.begin()

        def endless(_: int) -> int:
            while True:
                pass

        assert watch.compare(place, 3, endless) == 3
        assert watch.told == {7}
        watch.begin()
        assert watch.compare(place, 3, lambda _: 3) == 3
        assert watch.told == {7}, "nor is it waited for again"
    finally:
        import signal

        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)


@pytest.mark.parametrize("name", THERE)
def test_every_mutant_is_watched_somewhere_and_the_watched_program_can_be_compiled(name: str) -> None:
    mine = dict(enumerate(source_of(name).mutants()))
    watch = Watch()
    instrumented = Instrumented(source_of(name), mine, Purity(), watch)
    for text in instrumented.edited().values():
        code_of(text, source_of(name).path)
    assert sorted(n for place in watch.places for n in place) == list(mine)


# --- The run ------------------------------------------------------------------------------------------------------------


def test_what_killed_the_neighbours_is_tried_first_then_what_is_quick() -> None:
    a, b = [m for m in source_of("health").mutants() if m.function == "held_until_ms"][:2]
    judge = Judge(items=[None] * 5, cost_s=[5.0, 1.0, 2.0, 3.0, 4.0], telling={a: [0, 1, 2, 3], b: [1, 2]})
    assert judge.order(a) == [1, 2, 3, 0]
    for killer in (3, 4, 0, 3):
        judge.note_killer(b, killer)
    assert judge.order(a) == [3, 0, 1, 2], "the last first; 4 could not tell this one"
    assert judge.order(b) == [1, 2]


def test_a_state_goes_on_where_it_stopped_and_judges_again_what_a_changed_test_had_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mutants = source_of("health").mutants()[:3]
    tests = [tmp_path / "a.py", tmp_path / "b.py"]
    for path in tests:
        path.write_text("1")
    names = [str(path) for path in tests]
    keys = [astuple(mutant) for mutant in mutants]
    state = State(tmp_path / "state", names)
    for mutant, killer in zip(mutants, (f"{names[0]}::test", f"{names[1]}::test", None), strict=True):
        state.add(mutant, killer)
    assert State(tmp_path / "state", names).killers == dict(zip(keys, (f"{names[0]}::test", f"{names[1]}::test", None), strict=True))
    tests[1].write_text("2")
    assert list(State(tmp_path / "state", names).killers) == [keys[0]], "what b had killed, and what had survived both"
    assert list(State(None, names).killers) == []
    monkeypatch.setattr("benchmarks.mutate.program_files", lambda: tests)
    assert State(tmp_path / "state", names).killers == {}, "another program"
    assert len((tmp_path / "state").read_text().splitlines()) == 1


def test_a_run_over_a_few_lines_kills_what_a_test_promises_and_shows_what_none_does(tmp_path: Path) -> None:
    """The real command, on the one function whose ends are tested below, with a test that forgets one of them."""
    promise = tmp_path / "test_promise.py"
    promise.write_text(
        "from geofence.health import held_until_ms\n\n"
        "def test_it():\n    assert [held_until_ms(9, said, at, 5) for said, at in ((True, 3), (False, 3), (False, 20))] == [8, 9, 0]\n"
    )
    first = source_of("health").text.splitlines().index('    """The new end of a condition: a ping that says it extends it, one that does not ends it once the hold is over."""') + 1
    command = [sys.executable, "-m", "benchmarks.mutate", "--files", "health", "--lines", str(first), str(first + 3), "--killers", str(promise), "--state", str(tmp_path / "state")]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    survived = [line for line in done.stdout.splitlines() if line.startswith("survived")]
    assert len(survived) == 1, done.stdout + done.stderr
    assert "`<` became `<=` (no test could tell" in survived[0]
    judged = [json.loads(line) for line in (tmp_path / "state").read_text().splitlines()[1:]]
    assert len(judged) >= 6
    assert [killer for _, killer, _ in judged if killer is not None and "test_it" not in killer] == []
    assert done.returncode == (0 if (len(judged) - 1) / len(judged) >= 0.9 else 1)
    promise.write_text("def test_it():\n    assert False\n")
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "nothing would be proved" in done.stderr
