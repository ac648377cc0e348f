"""Pressure that no single approach shows: told to dispatch once a day with its evidence. And those who only look like it."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.terms import Audience
from geofence.terms import Circle, Level, Reason, Transition, Zone, ZoneId, ZoneKind
from monitor.replay import transition_line
from tests.pings import HOME, T0, pair
from tests.story import Story

PATTERNS = (Reason.PROBING, Reason.CIRCLING, Reason.FOLLOWING)
Knot = tuple[float, float, float]  # minute, metres east, metres north


def at_minute(knots: list[Knot], minute: float) -> tuple[float, float, float]:
    """Where somebody on this way is, and how fast, m/s."""
    for (m0, e0, n0), (m1, e1, n1) in pairwise(knots):
        if m0 <= minute < m1:
            share = (minute - m0) / (m1 - m0)
            return e0 + share * (e1 - e0), n0 + share * (n1 - n0), math.hypot(e1 - e0, n1 - n0) / (m1 - m0) / 60.0
    return knots[-1][1], knots[-1][2], 0.0


def play(his: list[Knot], hers: list[Knot] | None = None, *, every_s: int = 15, story: Story | None = None) -> Story:
    """Both report along their ways every `every_s` seconds, to the minute of the last knot."""
    story, hers = story or Story(), hers or [(0.0, 0.0, 0.0)]
    for at_s in range(0, round(60 * max(his[-1][0], hers[-1][0])), every_s):
        lines = []
        for who, knots, late_s in (("her", hers, 1), ("him", his, 2)):
            east, north, speed = at_minute(knots, at_s / 60.0)
            lines.append(f"{(at_s + late_s) // 60}:{(at_s + late_s) % 60:02d} {who} {east:.1f} {north:.1f} speed={speed:.2f}")
        story.tell("\n".join(lines))
    return story


def patterns(story: Story) -> list[Transition]:
    return [t for t in story.transitions if t.reason in PATTERNS]


def visits(times: list[float], north_m: float, stay_min: float = 2.0) -> list[Knot]:
    """He comes from 4 km to `north_m` at each of these minutes, by car, and drives back."""
    knots: list[Knot] = [(0.0, 0.0, 4_000.0)]
    for minute in times:
        knots += [(minute - 6.0, 0.0, 4_000.0), (minute, 0.0, north_m), (minute + stay_min, 0.0, north_m), (minute + stay_min + 6.0, 0.0, 4_000.0)]
    return [*knots, (knots[-1][0] + 10.0, 0.0, 4_000.0)]


# --- Probing ---------------------------------------------------------------------------------------------------------------


def test_the_third_time_he_comes_to_the_edge_and_leaves_dispatch_is_told_of_all_three() -> None:
    (said,) = patterns(play(visits([20.0, 60.0, 100.0], 650.0)))
    assert said.reason is Reason.PROBING
    assert said.count == 3
    assert said.since_ms is not None
    assert T0 + 14 * 60_000 < said.since_ms < T0 + 20 * 60_000, "since the first"
    assert said.closest_m == pytest.approx(650.0, abs=15.0)
    assert (said.from_level, said.to_level) == (Level.CALM, Level.CALM), "it is told as he has left, and raises nothing"
    assert transition_line(said)["count"] == 3


def test_two_visits_are_to_and_fro() -> None:
    assert patterns(play(visits([20.0, 60.0], 650.0))) == []


def test_three_visits_in_two_days_are_none_a_day() -> None:
    assert patterns(play(visits([20.0, 800.0, 1_500.0], 650.0), every_s=60)) == []


@pytest.mark.parametrize(("north_m", "stay_min"), [(1_300.0, 2.0), (650.0, 70.0)], ids=["too far out", "he has business there"])
def test_who_stays_far_out_or_for_hours_does_not_probe(north_m: float, stay_min: float) -> None:
    assert patterns(play(visits([20.0, 120.0, 220.0, 320.0], north_m, stay_min), every_s=30)) == []


def test_it_is_not_probing_when_she_comes_to_him() -> None:
    assert patterns(play([(0.0, 0.0, 0.0), (200.0, 0.0, 0.0)], visits([20.0, 60.0, 100.0], 650.0))) == []


def test_it_is_told_once_a_day_however_often_he_comes() -> None:
    said = patterns(play(visits([30.0 * k for k in range(1, 40)], 700.0), every_s=30))
    assert [t.reason for t in said] == [Reason.PROBING]


def test_a_zone_is_probed_as_she_is() -> None:
    zone = Zone(ZoneId("school"), ZoneKind.EXCLUSION, Circle(HOME, 300.0), 500.0)
    story = Story(pair(perimeter_m=0.0, warning_m=0.0, zones=(zone,)))
    (said,) = patterns(play(visits([20.0, 60.0, 100.0], 450.0), story=story))
    assert (said.reason, said.zone) == (Reason.PROBING, "school")
    assert said.closest_m == pytest.approx(150.0, abs=15.0), "from the edge of the zone, as every distance to a zone"


def test_near_is_counted_from_the_edge_of_the_zone() -> None:
    zone = Zone(ZoneId("school"), ZoneKind.EXCLUSION, Circle(HOME, 300.0), 500.0)
    story = Story(pair(perimeter_m=0.0, warning_m=0.0, zones=(zone,)))
    assert patterns(play(visits([20.0, 60.0, 100.0], 700.0), story=story)) == []


# --- Circling --------------------------------------------------------------------------------------------------------------


def round_her(radius_m: float, minutes: float, share: float = 1.0) -> list[Knot]:
    """Round her home clockwise at this distance, from 3 km north and back there."""
    steps = 36
    ring = [(10.0 + minutes * share * k / steps, *(radius_m * f(2 * math.pi * share * k / steps) for f in (math.sin, math.cos))) for k in range(steps + 1)]
    return [(0.0, 0.0, 3_000.0), *ring, (ring[-1][0] + 10.0, 0.0, 3_000.0)]


@pytest.mark.parametrize(("radius_m", "minutes"), [(700.0, 15.0), (900.0, 60.0), (1_500.0, 20.0)])
def test_once_round_her_is_told_with_how_near(radius_m: float, minutes: float) -> None:
    (said,) = patterns(play(round_her(radius_m, minutes)))
    assert said.reason is Reason.CIRCLING
    assert said.closest_m == pytest.approx(radius_m, abs=30.0)
    assert said.count == 1


def test_once_round_in_three_hours_is_a_life_around_there() -> None:
    assert patterns(play(round_her(900.0, 180.0), every_s=60)) == []


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_passing_on_one_side_is_not_going_round(share: float) -> None:
    assert patterns(play(round_her(900.0, 30.0, share))) == []


def test_who_sits_still_is_not_circling_because_she_walks_round_him() -> None:
    assert patterns(play([(0.0, 0.0, 0.0), (80.0, 0.0, 0.0)], round_her(900.0, 40.0))) == []


# --- Following -------------------------------------------------------------------------------------------------------------


def errands(offset_m: float, delay_min: float, legs: int = 4, stop_min: float = 10.0) -> list[Knot]:
    """From stop to stop: 1.2 km in six minutes, ten minutes there. Offset to the east, and later by `delay_min`."""
    knots: list[Knot] = [(0.0, offset_m, 0.0), (10.0 + delay_min, offset_m, 0.0)]
    for leg in range(1, legs + 1):
        arrives = 10.0 + delay_min + (leg - 1) * (6.0 + stop_min) + 6.0
        knots += [(arrives, offset_m, 1_200.0 * leg), (arrives + stop_min, offset_m, 1_200.0 * leg)]
    return knots


def test_who_goes_where_she_goes_three_times_running_follows_her() -> None:
    said = [t for t in patterns(play(errands(1_500.0, 1.0), errands(0.0, 0.0))) if t.reason is Reason.FOLLOWING]
    (one,) = said
    assert one.count == 3
    assert one.closest_m is not None
    assert 1_400.0 < one.closest_m < 1_700.0


def test_following_is_told_once_a_day_however_far_it_goes() -> None:
    said = patterns(play(errands(2_500.0, 0.0, legs=10), errands(0.0, 0.0, legs=10), every_s=30))
    assert [t.reason for t in said] == [Reason.FOLLOWING]


def test_it_is_following_outside_of_the_warning_ring_too() -> None:
    story = play(errands(2_500.0, 0.0), errands(0.0, 0.0))
    assert [t.reason for t in patterns(story)] == [Reason.FOLLOWING]
    assert "approach" not in story.reasons()


def test_the_same_way_to_work_is_one_journey() -> None:
    hers: list[Knot] = [(0.0, 0.0, 0.0), (10.0, 0.0, 0.0), (30.0, 0.0, 8_000.0), (500.0, 0.0, 8_000.0), (520.0, 0.0, 0.0), (1_000.0, 0.0, 0.0)]
    his = [(m + 2.0, e + 1_000.0, n) for m, e, n in hers]
    assert patterns(play([(0.0, 1_000.0, 0.0), *his], hers, every_s=30)) == []


def test_a_shared_bus_line_is_a_warning_a_ride_and_no_pattern_however_many_days() -> None:
    """He lives and works 2.6 km from where she does, and rides two minutes behind her, a kilometre off, four days running: each time true, and pressure never."""
    day, hers, his = 1_440.0, [(0.0, 0.0, 0.0)], [(0.0, 2_600.0, 0.0)]
    for start in (day * n for n in range(4)):
        there, back = start + 460.0, start + 1_000.0
        hers += [(there, 0.0, 0.0), (there + 20.0, 0.0, 8_000.0), (back, 0.0, 8_000.0), (back + 20.0, 0.0, 0.0)]
        his += [(there - 8.0, 2_600.0, 0.0), (there + 2.0, 1_000.0, 0.0), (there + 22.0, 1_000.0, 8_000.0), (there + 32.0, 2_600.0, 8_000.0)]
        his += [(back - 8.0, 2_600.0, 8_000.0), (back + 2.0, 1_000.0, 8_000.0), (back + 22.0, 1_000.0, 0.0), (back + 32.0, 2_600.0, 0.0)]
    story = play([*his, (4 * day, 2_600.0, 0.0)], hers, every_s=60)
    assert patterns(story) == []
    assert [t.to_level for t in story.transitions if t.to_level > t.from_level and t.reason is Reason.APPROACH] == [Level.WARNING] * 8
    assert "breach" not in story.reasons()
    assert story.level == "calm"


def test_a_red_light_is_no_stop() -> None:
    assert patterns(play(errands(1_500.0, 0.0, legs=6, stop_min=2.0), errands(0.0, 0.0, legs=6, stop_min=2.0))) == []


def test_who_stays_where_he_is_does_not_follow() -> None:
    assert patterns(play([(0.0, 1_500.0, 2_400.0), (75.0, 1_500.0, 2_400.0)], errands(0.0, 0.0))) == []


def test_who_does_not_come_along_once_has_to_begin_anew() -> None:
    """Journeys 1, 2 and 4, not 3: he is within the ring all the time, but three journeys running there are none."""
    his = errands(1_500.0, 1.0)
    his[6:] = [(59.0, 1_500.0, 2_400.0), (65.0, 1_500.0, 4_800.0), (85.0, 1_500.0, 4_800.0)]
    story = play(his, errands(0.0, 0.0))
    assert [t.reason for t in patterns(story)] == []


def test_who_drives_off_in_between_has_to_begin_anew() -> None:
    his, hers = errands(1_500.0, 1.0), errands(0.0, 0.0)
    for away in (18.0, 34.0, 50.0):
        k = next(k for k, knot in enumerate(his) if knot[0] > away)
        his[k:k] = [(away, *his[k - 1][1:]), (away + 3.0, 6_000.0, his[k - 1][2]), (away + 6.0, *his[k - 1][1:])]
    assert [t.reason for t in patterns(play(his, hers)) if t.reason is Reason.FOLLOWING] == []


# --- What becomes of it ----------------------------------------------------------------------------------------------------


def test_dispatch_reads_it_once_and_neither_of_the_two_is_told() -> None:
    story = play(visits([20.0, 60.0, 100.0], 650.0))
    told = [n for n in story.notifications if n.reason is Reason.PROBING]
    assert told
    assert {n.audience for n in told} == {Audience.DISPATCH}
    assert all("3 veces" in n.text and "650 m" in n.text for n in told), [n.text for n in told]
    assert not [c for c in story.commands if c.report_now]


WAYS = st.lists(st.tuples(st.integers(2, 20), st.integers(-3_000, 3_000), st.integers(-3_000, 3_000)), min_size=4, max_size=20)


@settings(max_examples=20, deadline=None)
@given(WAYS, WAYS)
def test_whatever_both_do_each_pattern_is_one_line_a_day_and_changes_no_level(his: list[Knot], hers: list[Knot]) -> None:
    def way(steps: list[Knot]) -> list[Knot]:
        knots: list[Knot] = [(0.0, 0.0, 0.0)]
        for minutes, east, north in steps:
            knots.append((knots[-1][0] + minutes, float(east), float(north)))
        return knots

    story = play(way(his), way(hers), every_s=30)
    said = patterns(story)
    assert len({t.reason for t in said}) == len(said)
    assert all(t.from_level is t.to_level and t.since_ms and t.since_ms <= t.at_ms for t in said)
