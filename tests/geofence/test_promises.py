"""What must hold whatever happens: properties of random walks and of the numbers, each with its own independent yardstick."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.detection.yardstick import apart_m, could_be_inside
from geofence.core import Core
from geofence.geodesy import moved, offset_m
from geofence.proximity import p_barred, p_within, rounded
from geofence.state import TARGET
from geofence.terms import Level, Ping, Position, Reason, Registry, ZoneKind
from tests.geofence.test_core_properties import walk
from tests.pings import HER, HIM, HOME, T0, circle, pair, ping, said, started

SEEDS = st.integers(0, 10_000)
CALM = int(Level.CALM)


def level_of(core: Core) -> int:
    return int(core.tables().order[0]["level"])


def breached(core: Core) -> bool:
    return bool(core.tables().target[0]["breach"])


# --- Pings that say nothing new -----------------------------------------------------------------------------------------


@given(seed=SEEDS, cut=st.integers(10, 79), steps_back=st.integers(1, 8), later_ms=st.integers(0, 600_000))
@settings(max_examples=60, deadline=None)
def test_late_and_repeated_pings_never_clear(seed: int, cut: int, steps_back: int, later_ms: int) -> None:
    """An old ping sent again, or a buffered one from far away, makes nothing quieter than the same time without it."""
    pings = walk(seed, 80)[:cut]
    at_ms = pings[-1].at_ms + later_ms
    without, with_late = started(pair()), started(pair())
    without.take(pings)
    with_late.take(pings)
    without.advance(at_ms)
    old = pings[-min(steps_back, len(pings))]
    lat, lon = ping(0, 0, 0, 40_000.0, 0.0)[7:9]
    buffered = old._replace(at_ms=at_ms, seq=max(old.seq - 1, 0), sent_ms=old.sent_ms - 60_000, fix_ms=old.fix_ms - 60_000, lat_deg=lat, lon_deg=lon, sos=False)
    before = level_of(without)
    for one in (old._replace(at_ms=at_ms), buffered):
        rows = with_late.take([one])
        assert not [row for row in said(rows) if row[0] > row[1] and row[1] == "calm"]
    assert level_of(with_late) >= before
    assert breached(with_late) == breached(without)


OLD = {  # what a ping may be that is no news of now, made from the last one of its device
    "again": {}, "late": {"seq": -1, "fix_ms": -5_000}, "late, but within the minute": {"seq": -2, "fix_ms": -30_000},
    "kept for long": {"seq": 1, "fix_ms": -300_000}, "no position": {"seq": 1, "has_fix": False},
}  # fmt: skip


@given(olds=st.lists(st.tuples(st.sampled_from(sorted(OLD)), st.sampled_from([HER, HIM])), min_size=2, max_size=8))
@settings(max_examples=60, deadline=None)
def test_one_fix_short_of_calm_nothing_old_makes_up_for_it(olds: list[tuple[str, int]]) -> None:
    """He was inside and has been seen far away once. The second such fix ends it: not the same again, nor one from before."""
    core, now = started(pair()), T0 + 61_000
    core.take([ping(HER, T0, 50, 0, 0, speed_mps=0.0), ping(HIM, T0 + 1_000, 50, 0, 300, speed_mps=0.0)])
    last = [ping(HER, T0, 50, 0, 0, speed_mps=0.0), ping(HIM, now, 51, 0, 4_000)]
    core.take([last[HIM]])
    target = core.tables().target[0]
    assert (target["off_count"], target["calm_count"]) == (1, 1)
    for n, (kind, who) in enumerate(olds, start=1):
        change, known = OLD[kind], last[who]
        old = known._replace(at_ms=now + n, seq=known.seq + (n if change.get("seq") == 1 else change.get("seq", 0)), has_fix=change.get("has_fix", True))
        core.take([old._replace(fix_ms=known.fix_ms + change.get("fix_ms", 0))])
        assert (target["breach"], target["approach"]) == (1, 1)
    core.take([ping(HIM, now + 1_000, 90, 0, 4_010)])
    assert (target["breach"], target["approach"]) == (0, 0), "or the test shows nothing"


# --- More error, smaller perimeters -------------------------------------------------------------------------------------


@given(radius_m=st.floats(20.0, 3_000.0), share=st.floats(0.0, 3.0), sigma_m=st.floats(0.5, 600.0), worse=st.floats(1.0, 20.0))
@settings(max_examples=400, deadline=None)
def test_more_error_never_makes_it_surer(radius_m: float, share: float, sigma_m: float, worse: float) -> None:
    """Of somebody inside, a worse fix says less; of somebody outside, no error ever says more than even odds."""
    sharp, vague = p_within(share * radius_m, sigma_m, radius_m), p_within(share * radius_m, sigma_m * worse, radius_m)
    if share <= 0.95:
        assert vague <= sharp + 0.02, "0.015 is the error of the approximation"
    if share >= 1.0:
        assert max(sharp, vague) <= 0.52


@given(distance_m=st.floats(0.0, 490.0), accuracy_m=st.floats(1.0, 400.0), worse=st.floats(1.0, 10.0))
@settings(max_examples=60, deadline=None)
def test_a_breach_on_a_worse_fix_is_one_on_a_better_fix(distance_m: float, accuracy_m: float, worse: float) -> None:
    def is_breach(accuracy: float) -> bool:
        core = started(pair())
        core.take([ping(HER, T0 + 1_000, 1, 0, 0, speed_mps=0.0), ping(HIM, T0 + 2_000, 1, 0, distance_m, speed_mps=0.0, accuracy_m=accuracy)])
        return breached(core)

    assert is_breach(accuracy_m) or not is_breach(accuracy_m * worse)


@given(
    kind=st.sampled_from([ZoneKind.EXCLUSION, ZoneKind.INCLUSION]), square=st.booleans(), size_m=st.floats(30.0, 2_000.0),
    depth=st.floats(-3.0, 1.0), ring_m=st.sampled_from([0.0, 200.0]), sigma_m=st.floats(0.5, 200.0), worse=st.floats(1.0, 20.0),
)  # fmt: skip
@settings(max_examples=400, deadline=None)
def test_more_error_never_makes_it_surer_that_a_zone_is_entered_or_left(
    kind: ZoneKind, square: bool, size_m: float, depth: float, ring_m: float, sigma_m: float, worse: float
) -> None:
    """`depth`: 1 in the middle of what is barred or permitted, 0 at its edge, negative outside of it. A square of the same size, too."""
    target = np.zeros(1, TARGET)[0]
    target["kind"], target["radius_m"], target["edge_count"] = int(kind), size_m, 4 if square else 0
    margin_m = rounded((1.0 if kind is ZoneKind.INCLUSION else -1.0) * depth * size_m, 10.0)
    sharp, vague = p_barred(target, margin_m, sigma_m, ring_m), p_barred(target, margin_m, sigma_m * worse, ring_m)
    if margin_m <= ring_m - 0.05 * (size_m + ring_m):
        assert vague <= sharp + 0.02
    if margin_m >= ring_m:
        assert max(sharp, vague) <= 0.52


@pytest.mark.parametrize("accuracy_m", [20.0, 131.0, 145.0])
def test_who_is_in_the_middle_of_where_he_must_be_is_not_outside_because_the_fix_is_vague(accuracy_m: float) -> None:
    """Wi-Fi at home: such a fix was an emergency where it came before all others, as the middle of a small circle is nowhere far from its edge."""
    core = started(pair(0.0, 0.0, zones=(circle(100.0, 0.0, ZoneKind.INCLUSION),)))
    for k in (1, 2, 3):
        core.take([ping(HIM, T0 + 60_000 * k, k, 0, 0, accuracy_m=accuracy_m, source=1, speed_mps=0.0), ping(HER, T0 + 60_000 * k, k, 0, 9_000)])
        assert level_of(core) < Level.EMERGENCY
    core.advance(T0 + 3_600_000)
    assert not breached(core), "nor by silence, which makes the last place vaguer still"


@given(seed=SEEDS, small_m=st.floats(50.0, 800.0), larger=st.floats(1.05, 4.0))
@settings(max_examples=40, deadline=None)
def test_a_smaller_perimeter_never_breaches_where_a_larger_one_does_not(seed: int, small_m: float, larger: float) -> None:
    small, large = started(pair(small_m, 4_000.0)), started(pair(small_m * larger, 4_000.0))
    for one in walk(seed, 80):
        small.take([one])
        large.take([one])
        assert breached(large) or not breached(small)


@given(seed=SEEDS, cut=st.integers(5, 79), shrink=st.floats(0.1, 0.99))
@settings(max_examples=40, deadline=None)
def test_shrinking_a_perimeter_in_force_never_creates_a_breach(seed: int, cut: int, shrink: float) -> None:
    core = started(pair(900.0, 2_600.0))
    pings = walk(seed, 80)[:cut]
    core.take(pings)
    before = breached(core)
    order = pair(900.0 * shrink, 2_600.0).orders[0]
    core.judge(core.put_order(order, at_ms=pings[-1].at_ms), pings[-1].at_ms)
    after = core.tables().target[int(core.tables().order[-1]["target_first"])]
    assert before or not after["breach"]


# --- The world turned and moved ------------------------------------------------------------------------------------------


def turned(pings: list[Ping], degrees: float, origin: Position) -> list[Ping]:
    """The same walk in a world rotated about the origin."""
    turn, there = math.radians(degrees), []
    for one in pings:
        east, north = offset_m(origin.lat_deg, origin.lon_deg, one.lat_deg, one.lon_deg)
        lat, lon = moved(
            origin.lat_deg, origin.lon_deg, east * math.cos(turn) + north * math.sin(turn), north * math.cos(turn) - east * math.sin(turn)
        )
        there.append(one._replace(lat_deg=lat, lon_deg=lon, course_deg=(one.course_deg + degrees) % 360.0))
    return there


@pytest.mark.parametrize("degrees", [30.0, 90.0, 180.0, 271.0])
def test_the_same_walk_turned_says_the_same(degrees: float) -> None:
    """Rotation changes nothing beyond rounding."""

    for seed in (1, 2, 3):
        here, there = (started(pair()).take(pings) for pings in (walk(seed), turned(walk(seed), degrees, HOME)))
        assert said(there) == said(here)
        distances = [[row.distance_m for row in rows] for rows in (here, there)]
        assert distances[1] == pytest.approx(distances[0], abs=0.25, nan_ok=True)


@pytest.mark.parametrize("origin", [Position(84.0, 10.0), Position(-84.0, 179.9999), Position(0.0, 179.9999), Position(-0.0001, -0.0001)])
def test_near_a_pole_on_the_equator_and_at_the_antimeridian_an_approach_is_an_approach(origin: Position) -> None:
    core = started(pair())
    core.take([ping(HER, T0, 1, 0, 0, origin, speed_mps=0.0), ping(HIM, T0 + 1_000, 1, 0, 6_000, origin, speed_mps=0.0)])
    levels = []
    for k, north_m in enumerate((4_000, 2_100, 1_500, 900, 450, 300)):
        core.take([ping(HIM, T0 + 60_000 * (k + 2), k + 2, north_m / 2, north_m * 3**0.5 / 2, origin), ping(HER, T0 + 60_000 * (k + 2) + 1, k + 2, 0, 0, origin)])
        levels.append(level_of(core))
    assert levels == sorted(levels)
    assert levels[0] <= Level.WARNING
    assert levels[-1] == Level.EMERGENCY


# --- Never locked out ----------------------------------------------------------------------------------------------------


@given(seed=SEEDS, east_m=st.floats(-90_000.0, 90_000.0), north_m=st.floats(-90_000.0, 90_000.0), who=st.sampled_from([HER, HIM]))
@settings(max_examples=60, deadline=None)
def test_three_fixes_that_agree_are_believed_whatever_came_before(seed: int, east_m: float, north_m: float, who: int) -> None:
    core = started(pair())
    pings = walk(seed, 60)
    core.take(pings)
    at_ms, seq = pings[-1].at_ms, max(p.seq for p in pings)
    core.take([ping(who, at_ms + 10_000 * k, seq + k, east_m, north_m, accuracy_m=8.0) for k in (1, 2, 3)])
    d = core.tables().device[who]
    assert d["held"] == 0
    there = ping(who, 0, 0, east_m, north_m)
    assert apart_m(d, {"lat": there.lat_deg, "lon": there.lon_deg}) < 400.0


@given(
    jumps=st.lists(st.tuples(st.floats(-90_000.0, 90_000.0), st.floats(-90_000.0, 90_000.0), st.floats(2.0, 300.0), st.integers(1, 120)), min_size=3, max_size=25),
    who=st.sampled_from([HER, HIM]), rests=st.booleans(),
)  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_whatever_the_fixes_say_no_track_is_left_behind_for_longer_than_its_bound(jumps: list[tuple[float, float, float, int]], who: int, rests: bool) -> None:
    """No two of these places need agree: two in a row are held back at most, or what is seen of somebody asleep, for a minute."""
    core, at_ms, held_since_ms = started(pair()), T0, 0
    speed = {"speed_mps": 0.0} if rests else {}
    for seq in range(1, 13):
        at_ms += 10_000
        core.take([ping(device, at_ms, seq, 0, 3_000 * device, speed_mps=0.0) for device in (HER, HIM)])
    for seq, (east_m, north_m, accuracy_m, wait_s) in enumerate(jumps, start=13):
        at_ms += 1_000 * wait_s
        core.take([ping(who, at_ms, seq, east_m, north_m, accuracy_m=accuracy_m, **speed)])
        held = int(core.tables().device[who]["held"])
        held_since_ms = at_ms if held == 1 else held_since_ms
        assert held <= 2 or (rests and at_ms - held_since_ms <= 60_000)


# --- Never calm while he could be there ----------------------------------------------------------------------------------


def he_could_be_inside(core: Core, at_ms: int) -> bool:
    devices = core.tables().device
    return bool(could_be_inside(devices[HER], devices[HIM], at_ms, 500.0)[0])


@given(seed=SEEDS, every_ms=st.integers(700, 9_000))
@settings(max_examples=30, deadline=None)
def test_never_calm_while_a_silent_party_could_have_come_or_a_device_is_unseen(seed: int, every_ms: int) -> None:
    core, now, shown_calm, looked = started(pair()), T0, 0, 0
    for one in [*walk(seed, 40), None]:
        until = one.at_ms if one is not None else now + 1_200_000
        while now + every_ms < until:
            now += every_ms
            core.advance(now)
            looked += 1
            if level_of(core) == CALM and he_could_be_inside(core, now - 1_000):
                shown_calm += 1
        now = max(now, until)
        if one is not None:
            core.take([one])
    assert looked > 100
    assert shown_calm == 0


@given(
    apart_m=st.floats(2_300.0, 9_000.0), gap_s=st.sampled_from([5, 15, 60]), who=st.sampled_from([(HER,), (HIM,), (HER, HIM)]),
    still=st.booleans(), every_ms=st.integers(400, 3_000),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_who_falls_silent_is_shown_calm_only_as_long_as_the_speed_bound_keeps_him_away(
    apart_m: float, gap_s: int, who: tuple[int, ...], still: bool, every_ms: int
) -> None:
    """Both report and all is calm; then one or both are heard no more. 0 seconds calm while he could be there."""
    core, seq, now = started(pair()), 0, T0
    speed = {"speed_mps": 0.0} if still else {}
    while now < T0 + 12 * gap_s * 1000:
        seq, now = seq + 1, now + gap_s * 1000
        core.take([ping(HER, now, seq, 0, 0, **speed), ping(HIM, now, seq, 0, apart_m, **speed)])
    assert level_of(core) == CALM
    quiet_ms, looked = now, 0
    while now < quiet_ms + 700_000 and level_of(core) == CALM:
        now += every_ms
        if now - quiet_ms > gap_s * 1000 * (looked + 1):
            looked += 1
            core.take([ping(d, now, seq + looked, 0, apart_m if d == HIM else 0, **speed) for d in (HER, HIM) if d not in who])
        core.advance(now)
        assert level_of(core) != CALM or not he_could_be_inside(core, now - 1_000)
    assert HIM not in who or level_of(core) != CALM, "in the end he could be anywhere"


def test_an_order_with_an_unpaired_device_is_never_calm() -> None:
    devices = pair().devices
    core = started(Registry(devices[:1], pair().orders))
    core.take([ping(HER, T0 + 1_000 * k, k, 0, 0) for k in range(1, 50)])
    core.advance(T0 + 3_600_000)
    assert level_of(core) == Level.CAUTION
    assert core.tables().order[0]["reasons"] & 1 << int(Reason.NOT_SEEN_YET)
