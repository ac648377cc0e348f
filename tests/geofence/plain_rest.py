"""Somebody who lies still, stirs, and lies still again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from geofence import policy, rest
from geofence import track as tr
from geofence.state import HISTORY_SHAPE
from tests.pings import T0
from tests.rows import S, device, p


@pytest.mark.parametrize(("since_s", "rests"), [(60, True), (119, True), (121, False)])
def test_who_stirs_for_a_moment_rests_within_a_walk_of_where_he_lay(since_s: int, rests: bool) -> None:
    """Last known to lie still a while ago; then the sensor was shaken, and is quiet again."""
    d = device(rest=12, p11=100.0, spread=policy.REST_SPREAD_MPS, sigma=10.0, sent_ms=T0, ping_ms=T0)
    half_ms = T0 + since_s * S // 2
    rest.lie_still(d, p(at_ms=half_ms, sent_ms=half_ms, moving=1))
    assert (d["fix_ms"], d["stirred"]) == (T0, 1), "on the move: his fix grows old"
    assert not rest.rests(d)
    d["ping_ms"] = half_ms
    rest.lie_still(d, p(at_ms=T0 + since_s * S, sent_ms=T0 + since_s * S, moving=0))
    assert rest.rests(d) == rests
    assert d["fix_ms"] == (T0 + since_s * S if rests else T0)
    if rests:
        assert d["p11"] > 100.0 + (policy.STIR_MPS * since_s) ** 2


def stirring(*signs: tuple[int, str]) -> tuple[Any, list[tuple[int, int, int]]]:
    """One who has lain still, heard at these seconds without a position, "M" moving or "S" still; and after each: his fix (s), what is known (s), rest."""
    d, states = device(rest=12, p11=100.0, spread=policy.REST_SPREAD_MPS, sigma=10.0, sent_ms=T0, ping_ms=T0), []
    for at_s, sign in signs:
        rest.lie_still(d, p(at_ms=T0 + at_s * S, sent_ms=T0 + at_s * S, moving=int(sign == "M")))
        d["ping_ms"] = T0 + at_s * S
        states.append(((int(d["fix_ms"]) - T0) // S, (rest.known_ms(d) - T0) // S, int(d["rest"])))
    return d, states


def test_what_is_up_for_two_minutes_in_all_was_under_way_since_it_first_stirred() -> None:
    """Sixty seconds, a light, sixty-one more: the light was no rest, and his last fix is the one before it all."""
    _, states = stirring((20, "S"), (50, "M"), (80, "S"), (100, "S"), (130, "M"), (160, "M"), (161, "M"))
    assert states == [(20, 20, 12), (20, 20, 12), (80, 20, 12), (100, 20, 12), (100, 20, 12), (100, 20, 12), (20, 20, 0)]
    _, states = stirring((20, "S"), (50, "M"), (80, "S"), (100, "S"), (130, "M"), (161, "S"), (181, "S"))
    assert states[-2:] == [(20, 20, 0), (20, 20, 0)], "and standing still again changes nothing"


def test_after_three_quiet_minutes_it_lies_where_it_lay() -> None:
    quiet = [(k, "S") for k in range(80, 261, 60)]
    d, states = stirring((20, "S"), (50, "M"), *quiet)
    assert [state[:2] for state in states[-2:]] == [(200, 20), (260, 260)]
    assert (d["stir_from_ms"], d["stir_ms"], d["quiet_from_ms"]) == (0, 0, 0)
    _, states = stirring((20, "S"), (50, "M"), *quiet, (320, "M"), (370, "M"), (380, "S"))
    assert states[-1] == (380, 260, 12), "what it did before is forgotten: 120 seconds anew"


def test_who_is_not_heard_after_a_light_was_under_way_before_it() -> None:
    _, states = stirring((20, "S"), (50, "M"), (80, "S"), (161, "S"))
    assert states[-1] == (20, 20, 0)


def test_a_fix_ends_what_was_thought_of_stirring() -> None:
    d, _ = stirring((20, "S"), (50, "M"), (80, "S"))
    tr.believe(d, np.zeros(HISTORY_SHAPE), p(), T0 + 90 * S, 10.0)
    assert (d["stirred"], d["stir_from_ms"], d["stir_ms"], d["quiet_from_ms"], rest.known_ms(d)) == (0, 0, 0, 0, T0 + 90 * S)


def test_who_stays_on_his_feet_is_under_way() -> None:
    d = device(rest=12, p11=100.0, sigma=10.0, sent_ms=T0, ping_ms=T0)
    for since_s, fixes in ((60, 12), (120, 12), (121, 0)):
        rest.lie_still(d, p(at_ms=T0 + since_s * S, sent_ms=T0 + since_s * S, moving=1))
        d["ping_ms"] = T0 + since_s * S
        assert d["rest"] == fixes


def test_a_twitch_of_the_speed_is_no_step_of_one_who_has_lain_for_long() -> None:
    for fixes, speed, then in ((10, 0.4, 10), (9, 0.4, 0), (10, 0.6, 0)):
        d = device(rest=fixes, spread=policy.REST_SPREAD_MPS, sigma=10.0)
        tr.hear_motion(d, p(speed_mps=speed), 0.0)
        assert d["rest"] == then
