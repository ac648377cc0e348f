"""Pressure: the limits of probing, circling and following, each met exactly."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from geofence import pattern, policy
from geofence.core import Core
from geofence.proximity import rounded
from geofence.state import PATTERN
from geofence.target import APPROACH, BREACH, CLEAR
from geofence.terms import Level, Position, Reason, Registry, ZoneKind
from tests.pings import T0, at, circle, pair
from tests.rows import S, device

MINUTE, HOUR, DAY = 60 * S, 3_600 * S, 86_400 * S
HERS, HIS = 0, 1


def tables(**order: Any) -> Any:
    """One order; both were seen just now, she at home, he a kilometre to the north."""
    T = Core(pair(**order)).tables()
    for row, north_m in ((HERS, 0.0), (HIS, 1_000.0)):
        keep = {name: T.device[row][name] for name in ("person", "next_device")}
        T.device[row] = device(0.0, north_m, **keep)
    T.draft[0]["target"], T.draft[0]["distance_m"] = 0, 1_000.0
    T.draft[0]["device_protected"], T.draft[0]["device_respondent"] = HERS, HIS
    T.draft[0]["at_ms"] = T0
    return T


def put(T: Any, row: int, east_m: float, north_m: float) -> None:
    T.device[row]["lat"], T.device[row]["lon"] = at(east_m, north_m)


def told(T: Any) -> list[tuple[Reason, int, int, float]]:
    return [(Reason(int(r["reason"])), int(r["count"]), int(r["since_ms"]), float(r["closest_m"])) for r in T.out[: T.world[0]["out_count"]]]


@pytest.mark.parametrize(("ago_ms", "due"), [(DAY - 1, False), (DAY, True), (DAY + 1, True)])
def test_a_pattern_is_told_once_a_day(ago_ms: int, due: bool) -> None:
    assert pattern.is_due(T0 - ago_ms, T0) is due
    assert pattern.is_due(0, T0)


def test_what_is_told_changes_no_level_and_is_of_him() -> None:
    T = tables()
    T.order[0]["level"] = int(Level.WARNING)
    pattern.tell(T, 0, int(Reason.PROBING), 3, T0 - HOUR, 123.46)
    row = T.out[0]
    assert told(T) == [(Reason.PROBING, 3, T0 - HOUR, 123.5)]
    assert (row["from_level"], row["to_level"], row["party"]) == (Level.WARNING, Level.WARNING, 1)


# --- Probing -------------------------------------------------------------------------------------------------------


def visit(**fields: float) -> Any:
    row = np.zeros(1, PATTERN)[0]
    for name, value in {"visit_from_ms": T0 - HOUR, "visit_m": 800.0, "visit_edge_m": 300.0, "he_came": 1, **fields}.items():
        row[name] = value
    return row


@pytest.mark.parametrize(
    ("fields", "probe"),
    [({}, True), ({"visit_from_ms": T0 - HOUR - 1}, False), ({"visit_edge_m": 300.1}, False), ({"visit_edge_m": -20.0}, True), ({"he_came": 0}, False)],
)
def test_a_probe_is_near_his_own_doing_and_over_within_the_hour(fields: dict[str, float], probe: bool) -> None:
    row = visit(**fields)
    began_ms = int(row["visit_from_ms"])
    assert pattern.end_visit(row, T0) is probe
    assert row["visit_from_ms"] == 0, "whatever it was, it is over"
    assert (row["third_ms"], row["third_m"]) == ((began_ms, 800.0) if probe else (0, 0.0))


def test_the_last_three_probes_are_kept_in_their_order() -> None:
    row = visit()
    for k in range(1, 5):
        row["visit_from_ms"], row["visit_m"] = T0 + k, 100.0 * k
        assert pattern.end_visit(row, T0 + k)
    assert [row[name] for name in ("first_ms", "second_ms", "third_ms")] == [T0 + 2, T0 + 3, T0 + 4]
    assert [row[name] for name in ("first_m", "second_m", "third_m")] == [200.0, 300.0, 400.0]


def test_the_nearest_moment_says_whose_way_it_was() -> None:
    row = visit(visit_from_ms=0)
    pattern.begin_visit(row, device(0, 2_000), device(0, 0), T0)
    assert (row["visit_from_ms"], row["visit_m"], row["visit_edge_m"], row["he_came"]) == (T0, math.inf, math.inf, 0)
    looks = [
        (device(0, 1_500), device(0, 0), 1_500.0, 1_000.0, True, 1_000.0, 1),
        (device(0, 1_500), device(0, 800), 700.0, 200.0, True, 200.0, 0),  # she came 800 m, he 500
        (device(0, 1_100), device(0, 800), 300.0, -200.0, True, -200.0, 1),
        (device(0, 2_000), device(0, 1_600), 400.0, -100.0, True, -200.0, 1),  # further off: not the nearest
        (device(0, 2_000), device(0, 1_700), 300.0, -200.0, True, -200.0, 1),  # as near as before: neither
        (device(0, 1_000), device(0, 1_001), 1.0, -499.0, True, -499.0, 0),  # a metre less far than she
        (device(0, 2_000), device(0, 2_000), 0.0, -600.0, False, -600.0, 1),  # a zone comes to nobody
    ]
    for his, hers, distance_m, edge_m, moving, nearest_m, he_came in looks:
        pattern.go_on_visit(row, his, hers, distance_m, edge_m, moving)
        assert (row["visit_edge_m"], row["he_came"]) == (nearest_m, he_came)
    assert row["visit_m"] == 0.0
    assert (row["his_lat"], row["her_lat"]) == (at(0, 2_000)[0], at(0, 0)[0]), "from where both were as it began"


def come_and_go(T: Any, at_ms: int, distance_m: float = 700.0, proximity: int = APPROACH, minutes: int = 5) -> None:
    T.draft[0]["distance_m"] = distance_m
    put(T, HIS, 0.0, 2_000.0)
    pattern.note_visit(T, 0, T.device[HIS], T.device[HERS], proximity, at_ms)
    put(T, HIS, 0.0, distance_m - 1.0)
    T.draft[0]["distance_m"] = distance_m - 1.0
    pattern.note_visit(T, 0, T.device[HIS], T.device[HERS], proximity, at_ms + MINUTE)
    T.draft[0]["distance_m"] = 3_000.0
    pattern.note_visit(T, 0, T.device[HIS], T.device[HERS], CLEAR, at_ms + minutes * MINUTE)


@pytest.mark.parametrize(("third_ms", "heard"), [(DAY - 5 * MINUTE, 1), (DAY - 5 * MINUTE + 1, 0)])
@pytest.mark.parametrize("proximity", [APPROACH, BREACH])
def test_three_visits_within_a_day_are_probing(third_ms: int, heard: int, proximity: int) -> None:
    T = tables()
    come_and_go(T, T0, 760.0, proximity)
    come_and_go(T, T0 + HOUR, 650.0, proximity)
    assert told(T) == []
    come_and_go(T, T0 + third_ms, 700.0, proximity)
    assert told(T) == [(Reason.PROBING, 3, T0, 649.0)] * heard
    come_and_go(T, T0 + third_ms + HOUR, 700.0, proximity)
    assert len(told(T)) == heard, "once a day; and of those of yesterday none counts"


def test_near_is_counted_from_the_edge_of_her_perimeter_and_of_the_zone() -> None:
    for order, limit_m in (({}, 500.0), ({"perimeter_m": 0.0, "warning_m": 1_000.0, "zones": (circle(),)}, 0.0)):
        for beyond_m, heard in ((300.0, 1), (300.6, 0)):
            T = tables(**order)
            for k in range(3):
                come_and_go(T, T0 + k * HOUR, limit_m + beyond_m + 1.0)
            assert len(told(T)) == heard, (order, beyond_m)


# --- Circling ------------------------------------------------------------------------------------------------------


def go_round(T: Any, bearings: list[float], step_ms: int = MINUTE, speed_mps: float = 1.0, from_ms: int = T0, distance_m: float = 600.0) -> None:
    T.device[HIS]["ve"] = speed_mps
    for k, bearing in enumerate(bearings):
        put(T, HIS, distance_m * math.sin(math.radians(bearing)), distance_m * math.cos(math.radians(bearing)))
        T.draft[0]["distance_m"] = distance_m + k
        pattern.note_circle(T, 0, T.device[HIS], T.device[HERS], APPROACH, from_ms + k * step_ms)


ROUND = [float(b) for b in range(0, 361, 60)]


@pytest.mark.parametrize(
    ("bearings", "more", "heard"),
    [
        (ROUND, {}, 1),
        (ROUND[::-1], {}, 1),
        (ROUND[:-1], {}, 0),
        (ROUND, {"speed_mps": 0.99}, 0),  # what she moves is not his doing
        (ROUND, {"step_ms": 20 * MINUTE}, 1),  # two hours to the millisecond
        (ROUND, {"step_ms": 20 * MINUTE + 1}, 0),
        ([0.0, 90.0, 180.0, 270.0, 360.0], {}, 1),
        ([0.0, 91.0, 182.0, 273.0, 364.0], {}, 0),  # nobody knows which way round he went
        ([0.0, 60.0, 120.0, 60.0, 0.0, 300.0, 240.0, 300.0, 0.0], {}, 0),
        ([0.0, 60.0, 120.0, 180.0, 300.0, 0.0, 60.0, 120.0], {}, 0),  # what was before such a step counts no more
        ([350.0, 50.0, 110.0, 170.0, 230.0, 290.0, 350.0], {}, 1),
    ],
)
def test_once_round_in_one_direction_on_the_move_is_circling(bearings: list[float], more: dict[str, Any], heard: int) -> None:
    T = tables()
    go_round(T, bearings, **more)
    assert told(T) == [(Reason.CIRCLING, 1, T0, 600.0)] * heard
    if heard:
        go_round(T, bearings, **more, from_ms=T0 + 6 * HOUR)
        assert len(told(T)) == 1, "once a day"
        go_round(T, bearings, **more, from_ms=T0 + DAY + 6 * HOUR)
        assert len(told(T)) == 2


def test_a_way_round_begins_anew_with_each_target_and_outside_of_the_ring() -> None:
    T = tables(zones=(circle(),))
    go_round(T, ROUND[:4])
    T.draft[0]["target"] = 1
    go_round(T, ROUND[3:], from_ms=T0 + HOUR)
    assert told(T) == []
    T = tables()
    go_round(T, ROUND[:4])
    pattern.note_circle(T, 0, T.device[HIS], T.device[HERS], CLEAR, T0 + 5 * MINUTE)
    assert T.pattern[0]["circle_from_ms"] == 0
    go_round(T, ROUND[3:], from_ms=T0 + HOUR)
    assert told(T) == []


def test_he_is_seen_from_her_or_from_the_middle_of_the_zone() -> None:
    T = tables(zones=(circle(origin=Position(*at(500.0, 5_000.0))),))  # 5 km to the north of where he is
    put(T, HIS, 500.0, 0.0)
    assert pattern.bearing_from(T, 0, T.device[HIS], T.device[HERS]) == 90.0
    assert pattern.bearing_from(T, 1, T.device[HIS], T.device[HERS]) == 180.0
    put(T, HERS, 500.0, -300.0)
    assert [pattern.bearing_from(T, k, T.device[HIS], T.device[HERS]) for k in (0, 1)] == [0.0, 180.0]
    put(T, HERS, 0.0, 0.0)
    put(T, HIS, 150.0, 5_720.0)
    assert pattern.bearing_from(T, 0, T.device[HIS], T.device[HERS]) == 2.0, "whole degrees"
    put(T, HIS, 100.0, 5_720.0)
    assert pattern.bearing_from(T, 0, T.device[HIS], T.device[HERS]) == rounded(math.degrees(math.atan2(100.0, 5_720.0)), 1.0) == 1.0


# --- Following -----------------------------------------------------------------------------------------------------


def rest(T: Any, at_ms: int, hers_m: float, his_m: float, minutes: int = 3) -> None:
    """She rests there for some minutes, to the millisecond; he is beside."""
    put(T, HERS, hers_m, 0.0)
    put(T, HIS, his_m, 0.0)
    T.device[HERS]["rest"] = 2
    for ms in (at_ms, at_ms + minutes * MINUTE):
        pattern.note_follow(T, 0, T.device[HIS], T.device[HERS], ms)


def walk(T: Any, at_ms: int) -> None:
    T.device[HERS]["rest"] = 1
    pattern.note_follow(T, 0, T.device[HIS], T.device[HERS], at_ms)
    assert T.pattern[0]["her_rest_ms"] == 0


def journeys(T: Any, hers_m: float, his_m: float, count: int = 3, beside_m: float = 900.0, pause_ms: int = HOUR) -> None:
    for k in range(count + 1):
        rest(T, T0 + k * pause_ms, k * hers_m, beside_m + k * his_m)
        walk(T, T0 + k * pause_ms + 4 * MINUTE)


@pytest.mark.parametrize(
    ("hers_m", "his_m", "count", "heard"), [(501.0, 501.0, 3, 1), (501.0, 501.0, 2, 0), (499.0, 499.0, 3, 0), (600.0, 251.0, 3, 1), (600.0, 249.0, 3, 0)]
)
def test_three_journeys_that_he_comes_along_are_following(hers_m: float, his_m: float, count: int, heard: int) -> None:
    T = tables()
    journeys(T, hers_m, his_m, count)
    since_ms = T0 + 3 * MINUTE
    closest_m = min(abs(900.0 + k * (his_m - hers_m)) for k in range(count + 1))
    assert [(reason, n, since) for reason, n, since, _ in told(T)] == [(Reason.FOLLOWING, 3, since_ms)] * heard
    assert [m for *_, m in told(T)] == [pytest.approx(closest_m, abs=0.2)] * heard
    assert T.pattern[0]["journeys"] == (0 if heard else T.pattern[0]["journeys"])


def test_who_stayed_once_has_to_begin_anew() -> None:
    T = tables()
    journeys(T, 600.0, 600.0, 2)
    assert T.pattern[0]["journeys"] == 2
    rest(T, T0 + 3 * HOUR, 1_800.0, 2_100.0)
    assert T.pattern[0]["journeys"] == 0
    walk(T, T0 + 3 * HOUR + 4 * MINUTE)
    rest(T, T0 + 4 * HOUR, 2_400.0, 2_700.0)
    assert (T.pattern[0]["journeys"], T.pattern[0]["follow_from_ms"]) == (1, T0 + 3 * HOUR + 3 * MINUTE)


@pytest.mark.parametrize(("beyond_m", "kept"), [(499.0, True), (501.0, False)])
def test_who_is_far_beyond_the_ring_does_not_follow(beyond_m: float, kept: bool) -> None:
    T = tables()
    journeys(T, 600.0, 600.0, 1)
    put(T, HERS, 0.0, 0.0)
    put(T, HIS, 2_200.0 + beyond_m, 0.0)
    pattern.note_follow(T, 0, T.device[HIS], T.device[HERS], T0 + 2 * HOUR)
    assert (T.pattern[0]["journeys"], T.pattern[0]["stop_ms"] > 0) == ((1, True) if kept else (0, False))


@pytest.mark.parametrize(("after_ms", "kept"), [(policy.FOLLOW_MS_MAX, True), (policy.FOLLOW_MS_MAX + 1, False)])
def test_a_stop_of_four_hours_is_where_she_lives(after_ms: int, kept: bool) -> None:
    T = tables()
    journeys(T, 600.0, 600.0, 1)
    stop_ms = int(T.pattern[0]["stop_ms"])
    T.device[HERS]["rest"] = 1
    pattern.note_follow(T, 0, T.device[HIS], T.device[HERS], stop_ms + after_ms)
    assert (T.pattern[0]["journeys"], int(T.pattern[0]["stop_ms"])) == ((1, stop_ms) if kept else (0, 0))


@pytest.mark.parametrize(("rested_ms", "stops"), [(policy.STOP_MS - 1, False), (policy.STOP_MS, True)])
def test_a_stop_is_three_minutes_at_rest(rested_ms: int, stops: bool) -> None:
    T = tables()
    T.device[HERS]["rest"] = 2
    for ms in (T0, T0 + rested_ms):
        pattern.note_follow(T, 0, T.device[HIS], T.device[HERS], ms)
    assert T.pattern[0]["stop_ms"] == (T0 + rested_ms if stops else 0)


def test_following_is_told_once_a_day() -> None:
    T = tables()
    for count, heard in ((3, 1), (7, 1)):
        journeys(T, 600.0, 600.0, count)
        assert len(told(T)) == heard
    T.pattern[0]["following_ms"] = T0 - DAY
    journeys(T, 600.0, 600.0, 3)
    assert len(told(T)) == 2


# --- All three -----------------------------------------------------------------------------------------------------


def looked_at(T: Any) -> bool:
    """True if a fix of his inside the ring was noted."""
    T.pattern[0] = np.zeros(1, PATTERN)[0]
    pattern.note_patterns(T, 0, APPROACH, T0)
    return bool(T.pattern[0]["visit_from_ms"] == T0 and T.pattern[0]["circle_from_ms"] == T0)


def test_only_what_was_seen_and_may_not_be_left_is_looked_at() -> None:
    T = tables()
    assert looked_at(T)
    T.device[HERS]["fix_ms"] = T0 - HOUR
    assert not looked_at(T), "of her perimeter nothing is known while she is silent"
    for field in ("device_protected", "device_respondent", "target"):
        T = tables()
        T.draft[0][field] = -1
        assert not looked_at(T)
    zone = {"perimeter_m": 0.0, "zones": (circle(),)}
    T = tables(**zone)
    T.draft[0]["device_protected"] = -1
    assert looked_at(T), "a zone needs nothing of her"
    assert (T.pattern[0]["her_lat"], T.pattern[0]["her_lon"]) == (T.pattern[0]["his_lat"], T.pattern[0]["his_lon"]), "nor is it asked where she is"
    T = tables(perimeter_m=0.0, zones=(circle(kind=ZoneKind.INCLUSION),))
    assert not looked_at(T), "to be near where he must stay is no pressure"


def test_it_is_the_same_if_his_device_is_the_first_in_the_arrays() -> None:
    T = Core(Registry(tuple(reversed(pair().devices)), pair().orders)).tables()
    for row, north_m in ((1, 0.0), (0, 1_000.0)):
        keep = {name: T.device[row][name] for name in ("person", "next_device")}
        T.device[row] = device(0.0, north_m, **keep)
    T.draft[0]["target"], T.draft[0]["distance_m"], T.draft[0]["at_ms"] = 0, 1_000.0, T0
    T.draft[0]["device_protected"], T.draft[0]["device_respondent"] = 1, 0
    assert looked_at(T)


def test_following_needs_a_perimeter_around_her() -> None:
    for order, noted in (({}, True), ({"perimeter_m": 0.0, "zones": (circle(),)}, False)):
        T = tables(**order)
        T.device[HERS]["rest"] = 2
        pattern.note_patterns(T, 0, APPROACH, T0)
        assert bool(T.pattern[0]["her_rest_ms"] == T0) is noted
