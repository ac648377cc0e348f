"""What holds for every stream of pings: batches, repeats, delays, snapshots, ticks and the place on earth change nothing."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.core import Core
from geofence.terms import Ping, Position
from tests.pings import HOME, T0, circle, pair, ping, plain, said, started

ROOT = Path(__file__).parents[2]


def walk(seed: int, steps: int = 120, origin: Position = HOME) -> list[Ping]:
    """Both parties wander within 3 km, report at odd moments, sometimes badly, sometimes late or twice."""
    rng = random.Random(seed)
    places = [(0.0, 0.0), (rng.uniform(-2500, 2500), rng.uniform(-2500, 2500))]
    pings: list[Ping] = []
    at_ms, seq = T0, [0, 0]
    for _ in range(steps):
        at_ms += rng.choice((200, 1_000, 5_000, 15_000, 60_000, 200_000))
        who = rng.randrange(2)
        seq[who] += 1
        east, north = places[who]
        places[who] = (east + rng.gauss(0, 120), north + rng.gauss(0, 120))
        new = ping(
            who, at_ms, seq[who], *places[who], origin, accuracy_m=rng.choice((4.0, 10.0, 60.0, 900.0)), source=rng.choice((0, 0, 0, 1, 2)),
            has_fix=rng.random() > 0.1, speed_mps=rng.choice((0.0, 1.4, 12.0)), course_deg=rng.uniform(0, 360),
            strap=rng.choice((1, 1, 1, 1, 2, 3)), battery_percent=rng.uniform(1, 100), sos=rng.random() > 0.97,
        )  # fmt: skip
        pings.append(new)
        if rng.random() < 0.1:
            pings.append(new)
        if rng.random() < 0.1 and len(pings) > 4:
            pings.append(rng.choice(pings[-4:])._replace(at_ms=at_ms))
    return pings


def run(core: Core, pings: list[Ping], split: list[int] | None = None) -> list[Any]:
    rows: list[Any] = []
    first = 0
    for size in split or [len(pings)]:
        rows += core.take(pings[first : first + size])
        first += size
    rows += core.take(pings[first:])
    return rows + core.advance(pings[-1].at_ms + 3_600_000)


def registry() -> Any:
    return pair(zones=(circle(), circle(800.0, 0.0, schedule="Mo-Su 08:10-09:30", timezone="UTC")))


@given(seed=st.integers(0, 10_000), split=st.lists(st.integers(1, 9), max_size=40))
@settings(max_examples=40, deadline=None)
def test_a_batch_of_n_equals_n_batches_of_one(seed: int, split: list[int]) -> None:
    pings = walk(seed)
    whole = plain(run(started(registry()), pings))
    assert whole, "the walk says nothing: the test would prove nothing"
    assert plain(run(started(registry()), pings, [1] * len(pings))) == whole
    assert plain(run(started(registry()), pings, split)) == whole


@given(seed=st.integers(0, 10_000), cut=st.integers(1, 119))
@settings(max_examples=25, deadline=None)
def test_a_restart_from_a_snapshot_changes_nothing(seed: int, cut: int) -> None:
    pings = walk(seed)
    whole = plain(run(started(registry()), pings))
    before = started(registry())
    first = before.take(pings[:cut])
    after = Core.load(*before.dump())
    assert plain(first + run(after, pings[cut:])) == whole


@given(seed=st.integers(0, 10_000), every=st.integers(300, 30_000))
@settings(max_examples=25, deadline=None)
def test_extra_ticks_change_nothing(seed: int, every: int) -> None:
    pings = walk(seed, 60)
    whole = plain(run(started(registry()), pings))
    core, rows, now = started(registry()), [], T0
    for p in pings:
        while now + every < p.at_ms:
            now += every
            rows += core.advance(now)
        rows += core.take([p])
    assert plain(rows + core.advance(pings[-1].at_ms + 3_600_000)) == whole


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_repeated_pings_change_nothing(seed: int) -> None:
    pings = walk(seed, 60)
    once = plain(run(started(registry()), pings))
    twice = [copy for p in pings for copy in (p, p)]
    assert plain(run(started(registry()), twice)) == once


@pytest.mark.parametrize("origin", [Position(0.0, 10.0), Position(-33.9, 151.2), Position(20.6, 179.9999), Position(67.0, 25.0)])
def test_the_same_walk_elsewhere_on_earth_says_the_same(origin: Position) -> None:
    """Translation changes nothing beyond rounding: equator, south, antimeridian, polar circle."""
    here = said(run(started(pair()), walk(7)))
    there = said(run(started(pair()), walk(7, origin=origin)))
    assert there == here


def test_compiled_and_interpreted_say_the_same() -> None:
    """The kernel as plain Python is its own readable reference: same rows, same order."""
    script = (
        "import json,sys; sys.path.insert(0, '.')\n"
        "from tests.geofence.test_core_properties import run, walk, registry\n"
        "from tests.pings import plain, started\n"
        "print(json.dumps([plain(run(started(registry()), walk(seed, 80))) for seed in range(4)], default=float))"
    )

    def output(**env: str) -> Any:
        done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    compiled, interpreted = output(PYTHONHASHSEED="1"), output(NUMBA_DISABLE_JIT="1", PYTHONHASHSEED="2")
    assert sum(len(rows) for rows in compiled) > 40
    assert compiled == interpreted


def test_after_warming_up_nothing_is_left_to_compile() -> None:
    """A kernel that compiles at the first ping would hold back the first alert by a minute."""
    script = (
        "import sys; sys.path.insert(0, '.')\n"
        "from geofence.core import Core\nfrom geofence import kernel\n"
        "Core.warm_up()\n"
        "before = [len(f.signatures) for f in (kernel.step, kernel.sweep, kernel.judge_orders)]\n"
        "from tests.geofence.test_core_properties import run, walk, registry\nfrom tests.pings import started\n"
        "core = started(registry()); run(core, walk(3, 40)); core.set_link(False, core.next_deadline_ms() or 0)\n"
        "after = [len(f.signatures) for f in (kernel.step, kernel.sweep, kernel.judge_orders)]\n"
        "print(before, after)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[1, 1, 1] [1, 1, 1]"
