"""A place to which fixes jump: when it is known, whether a position held back there counts, and what is forgotten."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from geofence import ghost, policy
from geofence import proximity as near
from geofence.state import GHOSTS_SHAPE
from tests.pings import T0, at
from tests.rows import S, device, target

DAY_MS = 86_400 * S


def held(away_m: float, at_ms: int = T0, **fields: Any) -> Any:
    """At home, while a position so far east was held back."""
    lat, lon = at(away_m, 0.0)
    return device(held=1, held_lat=lat, held_lon=lon, held_sigma=8.0, fix_ms=at_ms, **fields)


def known(days: int, away_m: float = 2_000.0, last_ms: int = T0) -> Any:
    ghosts = np.zeros(GHOSTS_SHAPE)
    for day in range(days):
        ghost.note_ghost(held(away_m, last_ms - (days - 1 - day) * DAY_MS), ghosts)
    return ghosts


@pytest.mark.parametrize(("away_m", "false"), [(299.0, False), (301.0, True)])
def test_what_the_next_fix_bears_out_was_not_false(away_m: float, false: bool) -> None:
    assert bool(known(1, away_m).any()) is false


@pytest.mark.parametrize(("days", "is_one"), [(0, False), (2, False), (3, True), (4, True)])
def test_on_three_days(days: int, is_one: bool) -> None:
    assert ghost.is_ghost(held(2_000.0), known(days)) is is_one


def test_the_same_evening_is_one_day() -> None:
    ghosts = known(2)
    ghost.note_ghost(held(2_000.0, T0 + policy.HOLE_DAY_MS - 1), ghosts)
    assert not ghost.is_ghost(held(2_000.0), ghosts)
    ghost.note_ghost(held(2_000.0, T0 + policy.HOLE_DAY_MS), ghosts)
    assert ghost.is_ghost(held(2_000.0), ghosts)


@pytest.mark.parametrize(("away_m", "is_one"), [(1_701.0, True), (2_299.0, True), (1_699.0, False), (2_301.0, False)])
def test_only_there(away_m: float, is_one: bool) -> None:
    assert ghost.is_ghost(held(away_m), known(3)) is is_one


def test_after_a_fortnight_it_is_forgotten_and_begins_anew() -> None:
    ghosts = known(3)
    assert ghost.is_ghost(held(2_000.0, T0 + policy.HOLE_FORGOTTEN_MS), ghosts)
    assert not ghost.is_ghost(held(2_000.0, T0 + policy.HOLE_FORGOTTEN_MS + 1), ghosts)
    ghost.note_ghost(held(2_000.0, T0 + policy.HOLE_FORGOTTEN_MS + 1), ghosts)
    assert ghosts[:, 2].tolist() == [1.0, 0.0], "in its own row"


def test_a_third_place_takes_the_room_of_the_one_met_least_lately() -> None:
    ghosts = known(3)
    ghost.note_ghost(held(4_000.0, T0 + DAY_MS), ghosts)
    ghost.note_ghost(held(6_000.0, T0 + 2 * DAY_MS), ghosts)
    assert not ghost.is_ghost(held(2_000.0, T0 + 2 * DAY_MS), ghosts)
    assert sorted(ghosts[:, 2].tolist()) == [1.0, 1.0]


@pytest.mark.parametrize("whose", ["hers", "his"])
def test_held_back_there_a_position_is_no_doubt(whose: str) -> None:
    """He 5 km away; what is held back would put them 100 m apart."""
    for is_one in (0, 1):
        hers = held(4_900.0, ghost=is_one) if whose == "hers" else device()
        his = device(5_000.0) if whose == "hers" else held(100.0, ghost=is_one)
        if whose == "his":
            his["lat"], his["lon"] = at(5_000.0, 0.0)
        assert (near.p_held(target(), np.zeros((0, 4)), hers, his, True) >= policy.APPROACH_ON) is (is_one == 0)
