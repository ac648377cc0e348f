"""The matrix of staged approaches: each cell is tried, what breaks a promise is seen, and a handful of runs keep them all."""

from __future__ import annotations

from benchmarks.queensland import CELLS, FAULTS, KINDS, PLACES, Run, run_seed, scenario_of, table
from simulator.auditor import Fault, Verdict


def test_each_further_seed_is_the_next_cell_and_has_its_fault() -> None:
    assert len(CELLS) == 7 * 5 * 5
    cells = {scenario_of(seed)[0] for seed in range(0, len(CELLS), 7)}
    assert len(cells) == len(range(0, len(CELLS), 7))
    for seed in range(10):
        (_, _, fault), world = scenario_of(seed)
        pair = world.pairs[0]
        broken = {
            "none": all(p.traits.obeys and not p.traits.dead and not p.traits.no_fix and not p.outages for p in pair.parties()),
            "GPS lost": any(p.traits.no_fix for p in pair.parties()),
            "60 s pings": all(not p.traits.obeys for p in pair.parties()),
            "cell gap": any(p.outages for p in pair.parties()),
            "one device dead": any(p.traits.dead for p in pair.parties()),
        }
        assert broken[fault], fault


def test_who_was_near_while_the_order_was_shown_calm_is_counted() -> None:
    cell = CELLS[0]
    runs = [
        Run(0, cell, (Verdict.KEPT,), ()), Run(1, cell, (Verdict.MISSED,), ()), Run(2, cell, (Verdict.UNKNOWN,), (Fault.UNWARNED,)),
        Run(3, cell, (Verdict.UNKNOWN,), ()), Run(4, cell, (), (Fault.FALSE_ALARM,)),
    ]  # fmt: skip
    assert [run.is_broken for run in runs] == [False, True, True, False, False]
    assert "| **all** | 5 | 4 | 1 | 0 | 1 | 2 | 1 |" in table(runs)


def test_a_handful_of_staged_approaches_is_never_missed() -> None:
    """Every kind, place and fault at least once; the last are those that were missed once (ADR-0035, ADR-0042)."""
    seeds = [*(25 * k + 5 * (k % 5) + 2 * k % 5 for k in range(len(KINDS))), *range(4, 175, 5), 131, 159, 32268, 36724, 38119, 40909, 56068, 59013, 300016, 305401]
    tried = {word for seed in seeds for word in CELLS[seed % len(CELLS)]}
    assert tried == {*KINDS, *PLACES, *FAULTS}
    assert [seed for seed in seeds if run_seed(seed).is_broken] == []
