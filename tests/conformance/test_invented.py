"""Positions that a program writes give themselves away by their accuracy, on real telephones that were spoofed, and accuse no real one."""

from __future__ import annotations

import csv
import math
import random
from pathlib import Path

import numpy as np
import pytest

from geofence.state import DEVICE, PING
from geofence.suspicion import is_invented
from tests.conformance.test_reasons import calm
from tests.story import Story

TRACKS = Path(__file__).parents[3] / "shared" / "data" / "open" / "android_fix"


def drive(accuracies: list[float], speed: float = 8.0) -> Story:
    """He drives to and fro, 6 km away, with these accuracies, every five seconds; she is heard beside him."""
    lines = []
    for k, accuracy in enumerate(accuracies):
        at_s = 60 + 5 * k
        clock = f"{at_s // 60}:{at_s % 60:02d}"
        lines += [f"{clock} him {40 * (k % 20)} 6000 speed={speed} accuracy={accuracy:.2f}"]
        lines += [f"{clock} her 0 0 speed=0"] if k % 6 == 0 else []
    return calm().tell("\n".join(lines))


def drawn(count: int, low_m: float = 5.0, high_m: float = 7.0) -> list[float]:
    lots = random.Random(4)
    return [lots.uniform(low_m, high_m) for _ in range(count)]


def test_an_accuracy_that_is_drawn_by_lot_is_spoofing() -> None:
    story = drive(drawn(20))
    assert story.said() == ["2:15 calm>caution spoofing"], "with the sixteenth of them, and once"
    assert {n.audience.value for n in story.notifications} == {"dispatch"}, "the suspicion is the control room's"


@pytest.mark.parametrize(
    ("accuracies", "speed"),
    [([5.8] * 60, 8.0), ([5.0 + 0.05 * (k % 40) for k in range(60)], 8.0), (drawn(60, 3.0, 7.5), 8.0), (drawn(60), 0.0), (drawn(15), 8.0)],
    ids=["constant", "drifting", "a wider band", "at rest", "too few"],
)
def test_a_real_receiver_is_not_suspected(accuracies: list[float], speed: float) -> None:
    assert drive(accuracies, speed).said() == []


def caught(rows: list[dict[str, str]], every_s: float) -> bool | None:
    """Whether one provider's fixes, thinned to every so many seconds, are found out; None if too few of them are on the move."""
    d, p = np.zeros(1, DEVICE)[0], np.zeros(1, PING)[0]
    p["has_fix"] = 1
    last_s, moving, found = -math.inf, 0, False
    for row in sorted(rows, key=lambda one: float(one["t"])):
        if float(row["t"]) - last_s < 0.9 * every_s:
            continue
        last_s = float(row["t"])
        p["accuracy_m"], p["speed_mps"] = float(row["acc"] or "nan"), float(row["speed"] or "nan")
        moving += p["speed_mps"] > 1.0
        found |= is_invented(d, p)
    return found if moving >= 16 else None


@pytest.mark.skipif(not TRACKS.is_dir(), reason="the telephones' own logs lie beside the project, not in it")
@pytest.mark.parametrize(("every_s", "mocks", "others"), [(1, 61, 34), (5, 6, 9)])
def test_on_real_telephones_every_spoofed_run_is_found_and_nobody_else(every_s: float, mocks: int, others: int) -> None:
    found: dict[bool, list[bool]] = {True: [], False: []}
    for path in sorted(TRACKS.glob("*.csv")):
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        for source in sorted({row["src"] for row in rows}):
            one = caught([row for row in rows if row["src"] == source], every_s)
            if one is not None:
                found["mock" in source].append(one)
    assert len(found[True]) >= mocks
    assert len(found[False]) >= others
    assert all(found[True])
    assert not any(found[False])
