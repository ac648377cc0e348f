"""Who drives: judged where he is by now, and also where the fix that has just come saw him."""

from __future__ import annotations

import pytest

from geofence.core import Core
from geofence.terms import Registry
from tests.pings import HER, HIM, T0, circle, pair, ping, started

S = 1_000
PERIMETER, ZONE = pair(300.0, 2_000.0), pair(0.0, 0.0, zones=(circle(300.0, 500.0),))
NORTH, EAST = 0.0, 90.0


def breached(core: Core) -> bool:
    return bool(core.tables().target[0]["breach"])


@pytest.mark.parametrize("registry", [PERIMETER, ZONE], ids=["perimeter", "zone"])
@pytest.mark.parametrize("edge_m", [70.0, -60.0])
def test_who_was_inside_when_he_was_seen_was_inside_though_he_is_out_by_now(registry: Registry, edge_m: float) -> None:
    """He came and went without a network; the fix that gets through is ten seconds old, and he drives on at 15 m/s."""
    core = started(registry)
    for k in range(3):
        core.take([ping(HER, T0 + 60 * S * k, k, 0.0, 0.0, speed_mps=0.0), ping(HIM, T0 + 60 * S * k + S, k, 0.0, -4_000.0, speed_mps=0.0)])
    assert not breached(core)
    for k in range(3, 9):
        core.take([ping(HER, T0 + 60 * S * k, k, 0.0, 0.0, speed_mps=0.0)])
    late = ping(HIM, T0 + 490 * S, 9, 0.0, 300.0 - edge_m, speed_mps=15.0, course_deg=NORTH)
    core.take([late._replace(fix_ms=T0 + 480 * S, sent_ms=T0 + 480 * S + 100)])
    assert breached(core) is (edge_m > 0.0), "inside at 480 s; or he was out already, and one look too late finds nothing"


def test_she_who_was_within_it_when_she_was_seen_is_told_though_she_drives_away() -> None:
    core = started(PERIMETER)
    for k in range(9):
        if k < 3:
            core.take([ping(HER, T0 + 60 * S * k, k, 0.0, -4_000.0, speed_mps=0.0)])
        core.take([ping(HIM, T0 + 60 * S * k + S, k, 0.0, 0.0, speed_mps=0.0)])
    late = ping(HER, T0 + 490 * S, 9, 0.0, 230.0, speed_mps=15.0, course_deg=NORTH)
    core.take([late._replace(fix_ms=T0 + 480 * S, sent_ms=T0 + 480 * S + 100)])
    assert breached(core)


@pytest.mark.parametrize("side", [1, -1], ids=["he leads", "she leads"])
@pytest.mark.parametrize("mps", [22.0, 25.0])
def test_two_cars_side_by_side_do_not_come_nearer_because_one_was_seen_later(side: int, mps: float) -> None:
    """Slowly he comes to 345 m and stays there; each reports every 20 s, ten seconds after the other."""
    core = started(PERIMETER)
    for k in range(60):
        fix_s = 10 * k - 0.8
        closing = 3.0 if 900.0 - 3.0 * fix_s > 345.0 else 0.0
        gap, his_mps = side * max(900.0 - 3.0 * fix_s, 345.0), mps - side * closing
        now = T0 + 10 * k * S
        if k % 2:
            core.take([ping(HIM, now, k, 0.0, mps * fix_s + gap, speed_mps=his_mps, course_deg=NORTH)])
        else:
            core.take([ping(HER, now, k, 0.0, mps * fix_s, speed_mps=mps, course_deg=NORTH)])
        core.advance(now + 9 * S)
        assert not breached(core), f"at {10 * k} s"


# --- Fixes that a newer one has overtaken ------------------------------------------------------------------------------------


def overtaken(core: Core, late_s: int, north_m: float = 200.0, **more: object) -> None:
    """He comes out of a hole of the network 340 m off; then what he had kept arrives: he was inside, `late_s` before."""
    core.take([ping(HER, T0, 0, 0.0, 0.0, speed_mps=0.0), ping(HIM, T0 + S, 1, 0.0, 4_000.0, speed_mps=0.0)])
    core.take([ping(HER, T0 + 400 * S, 1, 0.0, 0.0, speed_mps=0.0), ping(HIM, T0 + 401 * S, 50, 0.0, 340.0, speed_mps=0.0)])
    assert not breached(core)
    fix_ms = T0 + (402 - late_s) * S
    core.take([ping(HIM, T0 + 402 * S, 40, 0.0, north_m, speed_mps=0.0)._replace(fix_ms=fix_ms, sent_ms=fix_ms + 100, **more)])


@pytest.mark.parametrize(("late_s", "now"), [(5, True), (59, True), (61, False)])
def test_who_was_inside_less_than_a_minute_ago_is_in_breach_though_a_newer_fix_came_first(late_s: int, now: bool) -> None:
    core = started(PERIMETER)
    overtaken(core, late_s)
    assert breached(core) is now
    assert core.tables().order[0]["past_ms"] > 0, "and it is told as history with its own time in either case"


def test_an_overtaken_fix_is_not_believed_where_nothing_could_have_come_from_there() -> None:
    core = started(PERIMETER)
    overtaken(core, 2, north_m=-150.0)
    assert not breached(core)


def test_an_overtaken_fix_of_a_mast_says_nothing_of_now() -> None:
    core = started(pair(330.0, 2_000.0))
    overtaken(core, 5, north_m=0.0, accuracy_m=200.0, source=2)
    assert not breached(core)


def test_one_wandering_fix_of_somebody_long_asleep_is_no_breach_when_it_comes_late_either() -> None:
    """Both have lain still for an hour, he 400 m off; one of his fixes wanders in, and comes after the next one."""
    for hour in (True, False):
        core = started(PERIMETER)
        for k in range(120 if hour else 12):
            core.take([ping(device, T0 + (30 * k + device) * S, 2 * k, 0.0, 400.0 * device, speed_mps=0.0) for device in (HER, HIM)])
        end_ms = T0 + 30 * k * S
        core.take([ping(HIM, end_ms + 31 * S, 2 * k + 2, 0.0, 400.0, speed_mps=0.0)])
        core.take([ping(HIM, end_ms + 32 * S, 2 * k + 1, 0.0, 240.0, speed_mps=0.0)._replace(fix_ms=end_ms + 15 * S, sent_ms=end_ms + 15 * S)])
        assert breached(core) is not hour, "before the place is known it is one, or this test shows nothing"


@pytest.mark.parametrize(("mps", "course", "came"), [(12.0, NORTH, True), (12.0, EAST, False), (0.0, NORTH, False)])
def test_whom_nobody_saw_come_is_known_by_where_he_comes_from(mps: float, course: float, came: bool) -> None:
    """Seen first after an outage, 18 m outside: who drives away from her was inside a moment ago, who drives past or stands was not."""
    core = started(ZONE)
    core.take([ping(HIM, T0 + S, 1, 0.0, 4_000.0, speed_mps=0.0)])
    core.take([ping(HIM, T0 + 400 * S, 2, 0.0, 318.0, speed_mps=mps, course_deg=course)])
    assert breached(core) is came


# --- What was before the end of a breach was told with it ---------------------------------------------------------------------


def ended() -> Core:
    """He was inside until 100 s, and the breach ended with his fix of 120 s; of her nothing has come since 70 s."""
    core = started(PERIMETER)
    for k, north_m in enumerate((900, 600, 350, 200, 100, 100, 100, 100, 150, 200, 290, 450, 560)):
        core.take([ping(HIM, T0 + 10 * k * S, k, 0.0, north_m)])
        if k in (0, 7):
            core.take([ping(HER, T0 + 10 * k * S + 500, k, 0.0, 0.0, speed_mps=0.0)])
            assert breached(core) is (k == 7)
    assert not breached(core)
    return core


def test_her_first_report_after_the_end_does_not_begin_it_anew() -> None:
    """Between her last two fixes he was inside: she had been told, and he is 700 m off by now."""
    core = ended()
    core.take([ping(HIM, T0 + 130 * S, 13, 0.0, 700.0), ping(HER, T0 + 131 * S, 13, 0.0, 0.0, speed_mps=0.0)])
    assert not breached(core)


def test_nor_does_what_the_network_kept_back_from_before_the_end() -> None:
    core = ended()
    core.take([ping(HIM, T0 + 125 * S, 8, 10.0, 125.0)._replace(fix_ms=T0 + 85 * S, sent_ms=T0 + 85 * S + 100)])
    assert not breached(core)


def test_but_who_goes_through_again_after_the_end_is_in_breach_again() -> None:
    core = ended()
    core.take([ping(HIM, T0 + 150 * S, 13, 0.0, -700.0)])
    assert breached(core), "from 560 m north of her to 700 m south of her: the way between is through"
