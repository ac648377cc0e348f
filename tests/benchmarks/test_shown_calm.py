"""The row "shown calm while he could have been inside": counted by a yardstick of its own, second by second."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.detection.drive import START_MS, Heard, Report, note_calm, ping_of, registry
from benchmarks.detection.yardstick import could_be_inside
from geofence.core import Core
from geofence.state import OUT, TRANSITION, OutRow
from geofence.terms import Level

R = 300.0


def report(device: int, at_s: float, x_m: float, accuracy_m: float = 5.0, source: int = 0) -> Report:
    return Report(device, int(at_s), at_s, at_s + 1.0, x_m, 0.0, accuracy_m, source, 3.0, 90.0, 1, (x_m, 0.0))


def seen(apart_m: float, *, until_s: int = 600, **his: Any) -> Any:
    """Both devices after reports each minute, she at 0, he so far away."""
    core = Core(registry(R, 2_000.0))
    core.start(START_MS)
    for at in range(0, until_s, 60):
        core.take([ping_of(report(0, at, 0.0))])
        core.take([ping_of(report(1, at, apart_m, **his))])
    return core.tables().device[:2].copy()


def raised(at_s: int, level: Level) -> Any:
    silent = OutRow(*np.zeros(1, OUT)[0].item())
    return silent._replace(kind=TRANSITION, at_ms=START_MS + 1_000 * at_s, to_level=int(level))


def counted(devices: Any, until_s: float, rows: list[Any], level: Level = Level.CALM) -> int:
    heard = Heard(reports=[report(1, until_s - 1.0, 0.0)], level=int(level))
    note_calm(heard, rows, devices, 541.0, R)
    return heard.shown_calm_s


def test_calm_until_he_could_be_there_is_right_and_each_second_later_is_counted() -> None:
    """6 km apart, both last seen at 540 s and free to move from then on: 28 m/s for 180 s leave 660 m, which take 28 s."""
    devices = seen(6_000.0)
    assert counted(devices, 540.0 + 190.0, []) == 0
    assert counted(devices, 540.0 + 300.0, []) == pytest.approx(90, abs=12)
    assert counted(devices, 540.0 + 400.0, []) == counted(devices, 540.0 + 300.0, []) + 100


def test_what_was_said_in_time_is_not_counted() -> None:
    devices = seen(6_000.0)
    assert counted(devices, 1_000.0, [raised(700, Level.CAUTION)]) == 0
    late = counted(devices, 1_000.0, [raised(800, Level.CAUTION)])
    assert 0 < late < counted(devices, 1_000.0, [])
    assert counted(devices, 1_000.0, [], Level.WARNING) == 0
    assert counted(devices, 1_000.0, [raised(800, Level.CALM)], Level.WARNING) == counted(devices, 1_000.0, []) - late


@pytest.mark.parametrize("his", [{"accuracy_m": 900.0}, {"source": 2}], ids=["unsure of 150 m", "by the mast"])
def test_a_fix_that_says_next_to_nothing_is_never_calm(his: dict[str, Any]) -> None:
    assert counted(seen(20_000.0, **his), 560.0, []) == 18


def test_who_was_never_seen_could_be_anywhere() -> None:
    core = Core(registry(R, 2_000.0))
    core.start(START_MS)
    core.take([ping_of(report(0, 0, 0.0))])
    assert could_be_inside(*core.tables().device[:2], START_MS + 2_000, R).all()


def test_a_party_deep_inside_is_inside_though_nobody_is_late() -> None:
    near, far = seen(100.0), seen(700.0)
    assert could_be_inside(*near, START_MS + 545_000, R).all()
    assert not could_be_inside(*far, START_MS + 545_000, R).any()


def test_what_a_report_ends_is_not_counted_against_the_moment_before_it() -> None:
    """It arrives 0.4 ms after 700 s, which is 700.000 s to the core: the calm of that very second is already its own."""
    never = seen(20_000.0, source=2)
    assert counted(never, 700.0004, [raised(700, Level.CALM)], Level.CAUTION) == 0
    assert counted(never, 700.001, [raised(700, Level.CALM)], Level.CAUTION) == 1
