"""Somebody who lies still, stirs, and lies still again."""

from __future__ import annotations

import pytest

from geofence import policy
from geofence import track as tr
from tests.pings import T0
from tests.rows import S, device, p


@pytest.mark.parametrize(("since_s", "rests"), [(60, True), (119, True), (121, False)])
def test_who_stirs_for_a_moment_rests_within_a_walk_of_where_he_lay(since_s: int, rests: bool) -> None:
    """Last known to lie still a while ago; then the sensor was shaken, and is quiet again."""
    d = device(rest=12, p11=100.0, spread=policy.REST_SPREAD_MPS, sigma=10.0, sent_ms=T0, ping_ms=T0)
    half_ms = T0 + since_s * S // 2
    tr.lie_still(d, p(at_ms=half_ms, sent_ms=half_ms, moving=1))
    assert (d["fix_ms"], d["stirred"]) == (T0, 1), "on the move: his fix grows old"
    assert not tr.rests(d)
    d["ping_ms"] = half_ms
    tr.lie_still(d, p(at_ms=T0 + since_s * S, sent_ms=T0 + since_s * S, moving=0))
    assert tr.rests(d) == rests
    assert d["fix_ms"] == (T0 + since_s * S if rests else T0)
    if rests:
        assert d["p11"] > 100.0 + (policy.STIR_MPS * since_s) ** 2


def test_who_stays_on_his_feet_is_under_way() -> None:
    d = device(rest=12, p11=100.0, sigma=10.0, sent_ms=T0, ping_ms=T0)
    for since_s, rest in ((60, 12), (120, 12), (121, 0)):
        tr.lie_still(d, p(at_ms=T0 + since_s * S, sent_ms=T0 + since_s * S, moving=1))
        d["ping_ms"] = T0 + since_s * S
        assert d["rest"] == rest


def test_a_twitch_of_the_speed_is_no_step_of_one_who_has_lain_for_long() -> None:
    for rest, speed, then in ((10, 0.4, 10), (9, 0.4, 0), (10, 0.6, 0)):
        d = device(rest=rest, spread=policy.REST_SPREAD_MPS, sigma=10.0)
        tr.hear_motion(d, p(speed_mps=speed), 0.0)
        assert d["rest"] == then
