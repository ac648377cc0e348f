"""Random worlds against the real engine: what may never happen does not."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import simulator.scenario
from geofence.terms import DeviceId, FixRef, IncidentId, Level, OrderId, Reason, Role, Transition, ZoneId
from monitor.engine import Engine
from monitor.replay import add_arguments, run
from monitor.wire import Envelope
from simulator.auditor import Fault, Verdict
from simulator.engine_judge import EngineJudge
from simulator.orders_file import write_orders
from simulator.scenario import load_scenario, random_scenario
from simulator.swarm import digest, main, run_scenario, run_seed, summary, worlds_of
from simulator.virtual import Story, VirtualWorld, write_pings
from tests.pings import T0

SHIPPED = Path(simulator.scenario.__file__).parent / "scenarios" / "approaches.toml"


@pytest.mark.parametrize("seed", range(8))
def test_no_breach_is_missed_and_nothing_is_shown_calm_in_any_world(seed: int) -> None:
    world = run_seed(seed)
    assert not world.broken, summary([world])
    if random_scenario(seed).pairs[0].protected.traits.noise_ratio <= 1.0:  # worn devices may cry wolf now and then
        assert world.report.count(Fault.FALSE_ALARM) == 0


def test_one_seed_gives_one_run() -> None:
    assert run_seed(2).digest == run_seed(2).digest


def test_the_shipped_scenario_is_judged_right_in_every_row() -> None:
    _, report = run_scenario(load_scenario(SHIPPED))
    assert report.count(Verdict.MISSED) == 0
    assert report.count(Verdict.KEPT) >= 6
    assert report.count(Verdict.UNKNOWN) >= 1  # the silenced one
    assert report.findings == ()


def test_a_written_world_replays_to_the_same_decisions(tmp_path: Path) -> None:
    import argparse

    scenario = random_scenario(1, duration_s=1_800.0)
    story = VirtualWorld(scenario, EngineJudge(scenario.registry())).run()
    write_orders(tmp_path / "orders.toml", scenario.registry())
    write_pings(tmp_path / "pings.jsonl", story)
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    files = ["--orders", "orders.toml", "--pings", "pings.jsonl", "--out", "transitions.jsonl"]
    until = ["--until", str(scenario.end_ms)]
    assert run(parser.parse_args([str(tmp_path / word) if word.endswith(("toml", "jsonl")) else word for word in files] + until)) == 0
    written = (tmp_path / "transitions.jsonl").read_bytes()
    assert len(written.splitlines()) == len(story.transitions) > 0
    assert digest(story) == sha256(written).hexdigest()[:16], "the digest is of the very bytes that replay writes"


def test_the_command_line_sums_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seeds", "0:2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines[:2]] == ["seed 0", "seed 1"]
    assert lines[-1].startswith("2 worlds, 0.50 pair-days: kept ")


@pytest.mark.parametrize("seed", [11, 12, 14])
def test_the_same_pings_in_batches_and_over_restarts_are_decided_the_same(seed: int) -> None:
    """Three pairs for two hours: one by one with the clock in between, as they came; in portions of 1, 10 and 1,000; and with a new process for each."""
    scenario = random_scenario(seed)
    story = VirtualWorld(scenario, EngineJudge(scenario.registry())).run()
    assert len(story.arrivals) > 2_000
    envelopes = [Envelope(*arrival) for arrival in story.arrivals]
    for size, dies in ((1, False), (10, False), (1_000, False), (1_000, True)):
        engine, decided = Engine(scenario.registry()), Story()
        for first in range(0, len(envelopes), size):
            decided.transitions += engine.receive(envelopes[first : first + size]).transitions
            engine = Engine.restore(engine.snapshot()) if dies else engine
        decided.transitions += engine.advance(scenario.end_ms).transitions
        assert digest(decided) == digest(story), (size, dies)


# --- two releases -----------------------------------------------------------------------------------------------------


CHANGES: list[dict[str, Any]] = [
    {"at_ms": 1}, {"to_level": Level.WARNING}, {"reason": Reason.STRAP}, {"distance_m": 0.1}, {"uncertainty_m": 0.1},
    {"seconds_to_perimeter": 0.1}, {"zone": ZoneId("home")}, {"fixes": (FixRef(DeviceId("tag"), 1, 2),)}, {"reason": Reason.STRAP, "party": Role.RESPONDENT},
    {"hours_left": 0.1}, {"apart_m": 0.1}, {"clock_s": 0.1}, {"count": 3}, {"since_ms": 1}, {"closest_m": 0.1}, {"incident": "another"},
    {"reason": Reason.PAST_BREACH}, {"reason": Reason.PAST_BREACH, "breached_at_ms": 1},
]  # fmt: skip


def test_whatever_a_line_says_is_in_the_digest() -> None:
    plain = Transition(T0, OrderId("O1"), IncidentId("one"), Level.CALM, Level.EMERGENCY, Reason.BREACH, Role.PROTECTED)
    digests = {digest(Story(transitions=[replace(plain, **change)])) for change in ({}, *CHANGES)}
    assert len(digests) == 1 + len(CHANGES)


def test_worlds_made_side_by_side_are_the_worlds_made_in_turn() -> None:
    assert list(worlds_of(range(10), 10.0, jobs=2)) == [run_seed(seed, 10.0) for seed in range(10)]


def compare(path: Path, seeds: str = "0:3", minutes: str = "10") -> int:
    return main(["--seeds", seeds, "--minutes", minutes, "--against", str(path)])


def test_what_differs_between_two_releases_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "before.txt"
    assert main(["--seeds", "0:3", "--minutes", "10", "--digests", str(file)]) == 0
    head, *lines = file.read_text().splitlines()
    assert lines == [f"{seed} {run_seed(seed, 10.0).digest}" for seed in range(3)]
    assert compare(file) == 0
    assert capsys.readouterr().out.endswith(f"3 of 3 worlds as in {file}\n")
    file.write_text("\n".join([head, lines[0], "1 0123456789abcdef"]) + "\n")
    assert compare(file) == 1
    *_, other, missing, last = capsys.readouterr().out.splitlines()
    assert other == f"seed 1: 0123456789abcdef before, {run_seed(1, 10.0).digest} now"
    assert missing == "seed 2: not among the digests of before", "what was compared with nothing is not the same"
    assert last == f"1 of 3 worlds as in {file}"


@pytest.mark.parametrize("words", [["--seeds", "many"], ["--seeds", "3:3"], ["--minutes", "0"], ["--jobs", "0"], ["--against", "/nowhere"]])
def test_the_command_line_refuses_nonsense(words: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2


@pytest.mark.parametrize("text", ["", "0 0123456789abcdef\n", "# seed and digest of worlds of 60 minutes\n0 x\n", "# seed and digest of worlds of 10 minutes\n0\n"])
def test_a_file_of_other_worlds_is_compared_with_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "before.txt").write_text(text)
    with pytest.raises(SystemExit) as caught:
        compare(tmp_path / "before.txt")
    assert caught.value.code == 2
