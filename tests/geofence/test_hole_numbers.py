"""Holes of the network that are known, function by function."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from geofence import hole, policy
from geofence.geodesy import moved
from geofence.state import DEVICE, HOLES_SHAPE
from tests.pings import HOME, T0

S, DAY_MS = 1_000, 86_400_000
UNHEARD_S = 480


def silent(day: int, unheard_s: int = UNHEARD_S, *, came_back_m: float = 0.0, place_m: float = 0.0) -> Any:
    """A device just heard again, `came_back_m` from where it fell silent, `place_m` north of home."""
    d = np.zeros(1, DEVICE)[0]
    d["prev_lat"], d["prev_lon"] = moved(HOME.lat_deg, HOME.lon_deg, 0.0, place_m)
    d["lat"], d["lon"] = moved(HOME.lat_deg, HOME.lon_deg, came_back_m, place_m)
    d["prev_ms"] = T0 + day * DAY_MS
    d["fix_ms"], d["gap_s"] = d["prev_ms"] + unheard_s * S, 60.0
    return d


def learned(*devices: Any, unheard_s: int = UNHEARD_S) -> Any:
    holes = np.zeros(HOLES_SHAPE)
    for d in devices:
        hole.note_hole(d, holes, unheard_s * S)
    return holes


def days(holes: Any) -> list[int]:
    return sorted((int(n) for n in holes[:, hole.DAYS]), reverse=True)


def test_three_evenings_make_it_known_two_do_not() -> None:
    for evenings, known in ((2, False), (3, True)):
        holes = learned(*(silent(day) for day in range(evenings)))
        d = silent(evenings)
        assert (hole.known_hole(d, holes, int(d["fix_ms"]) + 60 * S) >= 0) == known
        assert days(holes) == [evenings, 0]


def test_the_same_night_counts_once_and_remembers_the_longest() -> None:
    holes = learned(silent(0))
    longer = silent(0, 600)
    hole.note_hole(longer, holes, 600 * S)
    assert days(holes) == [1, 0]
    assert holes[0, hole.LONGEST_MS] == 600 * S


@pytest.mark.parametrize(
    ("unheard_s", "came_back_m", "counts"),
    [(89, 0.0, False), (91, 0.0, True), (900, 0.0, True), (901, 0.0, False), (480, 299.0, True), (480, 301.0, False)],
)
def test_what_is_too_short_or_too_long_or_ends_elsewhere_is_no_habit(unheard_s: int, came_back_m: float, counts: bool) -> None:
    assert days(learned(silent(0, unheard_s, came_back_m=came_back_m), unheard_s=unheard_s)) == [int(counts), 0]


def test_a_device_that_reports_every_ten_minutes_is_not_in_a_hole_each_time() -> None:
    d = silent(0, 130)
    d["gap_s"] = 120.0
    assert days(learned(d, unheard_s=130)) == [0, 0]


def test_heard_all_the_while_without_a_position_is_a_hole_too() -> None:
    assert days(learned(silent(0), unheard_s=60)) == [1, 0]


@pytest.mark.parametrize(("day", "known"), [(15, True), (17, False)])
def test_a_hole_not_met_for_a_fortnight_is_no_longer_known(day: int, known: bool) -> None:
    """The mast was mended: whoever is silent there now is simply out of sight."""
    holes = learned(silent(0), silent(1), silent(2))
    d = silent(day)
    d["fix_ms"] = d["prev_ms"]
    assert (hole.known_hole(d, holes, int(d["fix_ms"]) + 60 * S) >= 0) == known


def test_a_hole_not_met_for_a_fortnight_begins_anew() -> None:
    holes = learned(silent(0), silent(1), silent(2))
    hole.note_hole(silent(13), holes, UNHEARD_S * S)
    assert days(holes) == [4, 0]
    hole.note_hole(silent(28), holes, UNHEARD_S * S)
    assert days(holes) == [1, 0]
    assert holes[0, hole.FIRST_MS] == T0 + 28 * DAY_MS


def test_a_third_place_takes_the_room_of_the_one_met_least_lately() -> None:
    holes = learned(*(silent(day, place_m=place_m) for day, place_m in enumerate((0.0, 5_000.0, 5_000.0, 10_000.0))))
    assert days(holes) == [2, 1]
    d = silent(9)
    assert hole.hole_at(holes, d["lat"], d["lon"]) == -1
    assert hole.hole_at(holes, *moved(HOME.lat_deg, HOME.lon_deg, 0.0, 10_299.0)) >= 0


def test_it_is_told_so_for_a_quarter_longer_than_it_ever_lasted_and_only_there() -> None:
    holes = learned(silent(0), silent(1), silent(2))
    d = silent(3)
    ends_ms = int(d["fix_ms"]) + int(policy.HOLE_SLACK_RATIO * UNHEARD_S * S)
    k = hole.known_hole(d, holes, ends_ms - 1)
    assert k >= 0
    assert hole.hole_ends_ms(d, holes, k) == ends_ms
    assert hole.known_hole(d, holes, ends_ms) == -1
    assert hole.known_hole(silent(3, place_m=5_000.0), holes, ends_ms - 1) == -1
