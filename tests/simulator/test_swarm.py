"""Random worlds against the real engine: what may never happen does not."""

from pathlib import Path

import pytest

import simulator.scenario
from monitor.replay import add_arguments, run
from simulator.auditor import Fault, Verdict
from simulator.engine_judge import EngineJudge
from simulator.orders_file import write_orders
from simulator.scenario import load_scenario, random_scenario
from simulator.swarm import digest, main, run_scenario, run_seed, summary
from simulator.virtual import VirtualWorld, write_pings

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
    assert len((tmp_path / "transitions.jsonl").read_text().splitlines()) == len(story.transitions) > 0
    assert len(digest(story)) == 16


def test_the_command_line_sums_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seeds", "0:2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines[:2]] == ["seed 0", "seed 1"]
    assert lines[-1].startswith("2 worlds, 0.50 pair-days: kept ")


def test_the_command_line_refuses_nonsense() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--seeds", "many"])
    assert caught.value.code == 2
