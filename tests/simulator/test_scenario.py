"""Scenarios: files, builders, seeds; the orders they write are the orders the monitor reads."""

import json
from pathlib import Path

import pytest

import simulator.scenario
from config.errors import BadInput
from config.orders import load_registry
from simulator.approach import Approach
from simulator.orders_file import write_orders
from simulator.scenario import PairPlan, build, demo, load_scenario, random_scenario
from simulator.truth import truth, write_truth

SHIPPED = Path(simulator.scenario.__file__).parent / "scenarios" / "approaches.toml"


def test_one_seed_is_one_world() -> None:
    def paths(seed: int) -> list:
        return [party.itinerary.legs for party in random_scenario(seed).parties()]

    assert paths(3) == paths(3)
    assert paths(3) != paths(4)


def test_random_worlds_differ_in_kind() -> None:
    worlds = [random_scenario(seed) for seed in range(40)]
    assert {pair.approach for world in worlds for pair in world.pairs} == set(Approach)
    assert len({world.pairs[0].protected.quality for world in worlds}) > 10
    assert any(world.link_outages for world in worlds)
    assert not all(world.link_outages for world in worlds)


def test_the_shipped_scenario_shows_every_scripted_approach() -> None:
    scenario = load_scenario(SHIPPED)
    assert {pair.approach for pair in scenario.pairs} == set(Approach) - {Approach.NONE, Approach.AVENUE}
    assert scenario.end_ms - scenario.start_ms == 3_600_000


def test_silenced_he_comes_without_a_single_ping() -> None:
    scenario = build([PairPlan(Approach.SILENCED, distance_m=6_000.0)], seed=1)
    [pair] = scenario.pairs
    [(dead_ms, until_ms)] = pair.respondent.traits.dead
    [first, *_] = [e for e in truth(scenario)[pair.order.id].episodes() if e.target == "perimeter"]
    assert dead_ms < first.from_ms < first.until_ms < until_ms


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[[pair]]\nspeed = 3", "pair[0].speed"),
        ("[[pair]]\napproach = 'teleport'", "pair[0].approach"),
        ("[[pair]]\n[[pair]]\ndistance_m = -1", "pair[1].distance_m"),
        ("[[pair]]\ncount = true", "pair[0].count"),
        ("seed = 3", "pair"),
        ("start = 2026-03-02T08:00:00\n[[pair]]", "start"),
        ("[[pair]", ""),
    ],
)
def test_a_fault_in_a_scenario_file_is_named(tmp_path: Path, text: str, where: str) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=r"scenario\.toml") as caught:
        load_scenario(path)
    assert where in str(caught.value)


def test_a_missing_scenario_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nowhere\.toml"):
        load_scenario(tmp_path / "nowhere.toml")


def test_the_monitor_reads_the_orders_we_write(tmp_path: Path) -> None:
    scenario = build([PairPlan(), PairPlan(zone=False, perimeter_m=300.0)], seed=1)
    write_orders(tmp_path / "orders.toml", scenario.registry())
    assert load_registry(tmp_path / "orders.toml") == scenario.registry()


def test_truth_says_where_everybody_is_each_second(tmp_path: Path) -> None:
    scenario = build([PairPlan(Approach.AVENUE, at_s=10.0, distance_m=800.0, zone=False)], seed=1, duration_s=120.0)
    assert write_truth(tmp_path / "truth.jsonl", truth(scenario)) == 121
    rows = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    assert [row["at_ms"] - scenario.start_ms for row in rows] == list(range(0, 121_000, 1_000))
    assert rows[0]["distance_m"] == pytest.approx(800.0, abs=1.0)
    assert (rows[0]["inside"], rows[-1]["inside"]) == ([], ["perimeter"])
    entered = next(i for i, row in enumerate(rows) if row["inside"])
    assert entered == pytest.approx(10 + (800 - 500) / 15.0, abs=2)


def test_the_demo_begins_with_breaches_within_half_a_minute() -> None:
    scenario = demo(25, seed=1, start_ms=1_772_460_000_000, duration_s=120.0)
    entries = [e.from_ms - scenario.start_ms for t in truth(scenario).values() for e in t.episodes() if e.mandatory]
    assert len(scenario.pairs) == 25
    assert sum(entry_ms < 30_000 for entry_ms in entries) >= 2
