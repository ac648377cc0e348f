"""Reasons that are not geometry, and what may raise a breach: one function of the order at a time."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from geofence import order as od
from geofence import policy
from geofence.core import Core
from geofence.state import DEVICE, NUMBERS, PERSON, TRANSITION
from geofence.target import APPROACH, BREACH, CLEAR, look
from geofence.terms import Device, DeviceId, Level, Order, OrderId, PersonId, Reason, Registry, ZoneKind
from geofence.watch import bit
from tests.pings import T0, at, circle, pair
from tests.rows import S, device, sight, target

TROUBLES = {
    "strap_until_ms": Reason.STRAP, "tether_until_ms": Reason.SEPARATION, "jamming_until_ms": Reason.JAMMING,
    "mock_until_ms": Reason.SPOOFING, "clock_until_ms": Reason.CLOCK, "battery_until_ms": Reason.BATTERY,
}  # fmt: skip


def world(*devices: Any, apart: int = 0) -> Any:
    """One person with these devices, in a chain from the first."""
    rows = np.array(list(devices), DEVICE)
    rows["next_device"] = [*range(1, len(rows)), -1]
    person = np.zeros(1, PERSON)
    person["first_device"], person["apart"] = 0, apart
    return SimpleNamespace(device=rows, person=person)


# --- Troubles -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protected", [True, False])
def test_each_trouble_is_a_reason_of_its_side_from_its_first_moment(protected: bool) -> None:
    for field, reason in TROUBLES.items():
        assert od.device_bits(device(**{field: 1}), protected) == bit(reason, protected)
    assert od.device_bits(device(), protected) == 0
    assert od.device_bits(device(sos_until_ms=1), protected) == (bit(Reason.SOS, True) if protected else 0)
    every = {**dict.fromkeys(TROUBLES, T0), "sos_until_ms": T0}
    expected = sum(bit(reason, protected) for reason in TROUBLES.values()) + (bit(Reason.SOS, True) if protected else 0)
    assert od.device_bits(device(**every), protected) == expected


def test_a_person_has_the_troubles_of_each_device_and_of_two_that_are_apart() -> None:
    strap, clock = device(strap_until_ms=T0), device(clock_until_ms=T0)
    for rows in ((strap, clock, device()), (device(), strap, clock), (clock, device(), strap)):
        assert od.person_bits(world(*rows), 0, False) == bit(Reason.STRAP, False) | bit(Reason.CLOCK, False)
    assert od.person_bits(world(device(), apart=1), 0, True) == bit(Reason.SEPARATION, True)
    assert od.person_bits(world(device()), 0, True) == 0


def test_one_position_held_back_is_enough() -> None:
    assert not od.holds_any(world(device(), device()), 0)
    for k in range(3):
        assert od.holds_any(world(*(device(held=1 if n == k else 0) for n in range(3))), 0)


# --- Who may raise, who may clear -------------------------------------------------------------------------------------


AGES = {"new": (0, 0), "late": (1, 30), "past": (1, 3_600)}  # (it came as history, its age in seconds)


def both(hers: str, his: str, i: int, j: int) -> Any:
    rows = np.zeros(2, DEVICE)
    for row, (late, age_s) in ((i, AGES[hers]), (j, AGES[his])):
        if row >= 0:
            rows[row] = device(fix_late=late, fix_ms=T0 - age_s * S)
    return SimpleNamespace(device=rows)


@pytest.mark.parametrize(("i", "j"), [(0, 1), (1, 0)])
def test_what_came_as_history_never_raises_and_a_fix_of_now_may_beside_what_still_counts(i: int, j: int) -> None:
    for hers, his, party in product(AGES, AGES, (-1, 0, 1)):
        T = both(hers, his, i, j)
        if party == 1 and his == "new":
            may = hers != "past"
        elif party == 0 and hers == "new":
            may = his != "past"
        else:
            may = hers == his == "new"
        assert bool(od.may_raise(T, sight(i, j), T0, party)) is may, (hers, his, party)
        assert od.is_late(T, sight(i, j)) is ("new" not in (hers, his) or hers != his), (hers, his)


@pytest.mark.parametrize("j", [0, 1])
def test_for_a_zone_only_his_fix_counts(j: int) -> None:
    for his, party in product(AGES, (-1, 0, 1)):
        T = both("past", his, 1 - j, j)
        assert bool(od.may_raise(T, sight(-1, j), T0, party)) is (his == "new")
        assert od.is_late(T, sight(-1, j)) is (his != "new")


@pytest.mark.parametrize(("late", "age_s", "past"), [(1, 195.001, True), (1, 195.0, False), (0, 400.0, False)])
def test_history_is_past_once_it_is_as_old_as_silence(late: int, age_s: float, past: bool) -> None:
    assert od.is_past(device(fix_late=late, fix_ms=T0 - round(age_s * S)), T0) is past


@pytest.mark.parametrize(("i", "j"), [(0, 1), (1, 0), (-1, 0), (-1, 1)])
def test_a_breach_needs_positions_that_tell_inside_from_outside(i: int, j: int) -> None:
    for hers_m, his_m in product((150.0, 150.1), repeat=2):
        rows = np.zeros(2, DEVICE)
        rows[j] = device(p11=his_m * his_m)
        rows[i if i >= 0 else 1 - j] = device(p11=hers_m * hers_m)
        assert od.is_fit(SimpleNamespace(device=rows), sight(i, j)) is (his_m == 150.0 and (i < 0 or hers_m == 150.0))


@pytest.mark.parametrize(("who", "seen"), [({}, True), ({"fix_ms": T0 - 3_600 * S}, False), ({"held": 1}, False), ({"p11": 160.0**2}, False)])
def test_a_person_is_seen_by_a_witness_of_now_and_with_nothing_held_back(who: dict[str, float], seen: bool) -> None:
    for rows, row in (((device(**who), device()), 0), ((device(), device(**who)), 1)):
        assert bool(od.is_seen(world(*rows), 0, row, T0)) is seen
    assert not od.is_seen(world(device(), device()), 0, -1, T0)
    assert not od.is_seen(world(device(), device(held=1)), 0, 0, T0), "another device of the same person"


# --- Ends and beginnings ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "had"), [({}, False), ({"breach": 1}, True), ({"approach": 1}, True), ({"breach": 1, "approach": 1}, True)])
def test_a_schedule_that_closes_ends_what_its_target_had_raised(state: dict[str, int], had: bool) -> None:
    t = target(**state, on_count=1, off_count=1, calm_count=1)
    assert od.close_target(t) is had
    assert [int(t[name]) for name in ("breach", "approach", "on_count", "off_count", "calm_count")] == [0] * 5


def test_what_was_just_entered_speaks_before_a_breach_that_holds_and_that_before_an_approach() -> None:
    ranks = [
        od.urgency(target(approach=1), sight(p_inside=1.0, margin_m=-9e9), False),
        od.urgency(target(breach=1), sight(p_inside=0.0, margin_m=9e9), False),
        od.urgency(target(breach=1, approach=1), sight(p_inside=1.0, margin_m=-9e9), False),
        od.urgency(target(breach=1), sight(p_inside=0.0, margin_m=9e9), True),
    ]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == 4


def in_force(zones: tuple[Any, ...] = (), **order: Any) -> Any:
    """An order with its devices seen: she at home, he 600 m to the north."""
    core = Core(pair(zones=zones, **order))
    T = core.tables()
    for row, north_m in ((0, 0.0), (1, 600.0)):
        keep = {name: T.device[row][name] for name in ("person", "next_device")}
        T.device[row] = device(0.0, north_m, **keep)
    return T


def lines(T: Any) -> list[tuple[Level, Level, Reason]]:
    rows = T.out[: T.world[0]["out_count"]]
    return [(Level(int(r["from_level"])), Level(int(r["to_level"])), Reason(int(r["reason"]))) for r in rows if r["kind"] == TRANSITION]


def test_an_order_that_is_over_ends_what_each_of_its_targets_had_raised_and_is_never_looked_at_again() -> None:
    T = in_force(zones=(circle(),))
    T.order[0]["begun"], T.order[0]["level"], T.order[0]["reasons"] = 1, int(Level.EMERGENCY), bit(Reason.BREACH, False)
    T.target["breach"], T.target["approach"] = 1, 1
    T.next_ms[0] = T0
    od.end_order(T, 0, T0)
    assert T.target["breach"][:2].tolist() == T.target["approach"][:2].tolist() == [0, 0]
    assert lines(T) == [(Level.EMERGENCY, Level.CALM, Reason.ORDER_ENDED)]
    assert (T.order[0]["begun"], T.order[0]["level"], T.order[0]["reasons"], T.next_ms[0]) == (0, 0, 0, policy.NEVER_MS)


def test_an_order_that_never_began_ends_without_a_word_and_lets_the_devices_rest() -> None:
    T = in_force()
    T.device["wanted_s"], T.device["pinged"] = 5, 1
    T.order[0]["begun"] = 0
    od.end_order(T, 0, T0)
    assert lines(T) == []
    assert T.device["wanted_s"][:2].tolist() == [policy.INTERVAL_FAR_S] * 2, "nothing is asked for any more"


def test_only_the_targets_of_the_order_itself_are_ended() -> None:
    first = pair().orders[0]
    second = Order(OrderId("O2"), PersonId("P"), PersonId("R"), 400.0, 900.0, zones=(circle(),), valid_from_ms=0, valid_until_ms=1 << 60)
    T = Core(Registry(pair().devices, (first, second))).tables()
    T.target["breach"] = 1
    od.end_order(T, 0, T0)
    assert T.target["breach"][:3].tolist() == [0, 1, 1]
    od.end_order(T, 1, T0)
    assert T.target["breach"][:3].tolist() == [0, 0, 0]


def test_a_beat_is_kept_for_the_order_and_the_earliest_for_all() -> None:
    T = in_force()
    T.world[0]["next_min_ms"] = policy.NEVER_MS
    od.arm(T, 0, T0 + 1, T0)
    assert (T.next_ms[0], T.world[0]["next_min_ms"]) == (T0 + 1_000, T0 + 1_000)
    od.arm(T, 0, T0 + 5_000, T0)
    assert (T.next_ms[0], T.world[0]["next_min_ms"]) == (T0 + 5_000, T0 + 1_000), "another order may want that one"


# --- All targets of an order --------------------------------------------------------------------------------------------


def looked_at(T: Any, party: int = 1, at_ms: int = T0) -> dict[str, float]:
    names = ("proximity", "inclusion", "reach", "unverified", "closed", "next_ms", "interval", "interval_zones", "open", "entered", "around")
    return dict(zip(names, od.judge_targets(T, 0, at_ms, party, True, True), strict=True))


def test_the_worst_of_all_targets_decides_and_the_nearest_of_them_speaks() -> None:
    """He is 600 m from her, 300 from the edge of the zone around her home."""
    T = in_force(zones=(circle(radius_m=650.0),), warning_m=700.0)
    seen = looked_at(T)
    assert (seen["proximity"], seen["open"], seen["entered"], seen["inclusion"], seen["closed"]) == (BREACH, 2, 1.0, 0.0, 0.0)
    assert T.draft[0]["target"] == 1
    assert (seen["interval"], seen["interval_zones"]) == (policy.INTERVAL_NEAR_S, policy.INTERVAL_NEAR_S)
    again = looked_at(T)
    assert (again["proximity"], again["entered"]) == (BREACH, 0.0), "once"
    far = looked_at(in_force(zones=(circle(radius_m=100.0, buffer_m=0.0),), perimeter_m=200.0, warning_m=2_000.0))
    assert (far["proximity"], far["interval"], far["interval_zones"]) == (APPROACH, policy.INTERVAL_RING_S, policy.INTERVAL_FAR_S), "by her alone"


def test_to_be_outside_of_where_he_must_stay_is_a_breach_of_its_own_kind() -> None:
    inclusion = circle(radius_m=300.0, kind=ZoneKind.INCLUSION)
    T = in_force(zones=(inclusion,), perimeter_m=0.0)
    seen = looked_at(T)
    assert (seen["proximity"], seen["inclusion"]) == (BREACH, 1.0)
    T = in_force(zones=(inclusion,), perimeter_m=800.0, warning_m=1_000.0)
    assert looked_at(T)["inclusion"] == 0.0, "and to be with her is the other"


def test_a_target_that_is_closed_or_not_yet_open_bars_nothing() -> None:
    T = in_force(zones=(circle(radius_m=650.0),), warning_m=550.0)
    T.target[1]["open_from_ms"] = T0 + 7_000
    T.target[1]["breach"] = 1
    seen = looked_at(T)
    assert (seen["proximity"], seen["open"], seen["closed"], seen["next_ms"]) == (CLEAR, 1, 1.0, T0 + 7_000)
    assert looked_at(T)["closed"] == 0.0, "once"
    assert looked_at(T, at_ms=T0 + 7_000)["proximity"] == BREACH
    T.target[1]["open_until_ms"] = T0 + 9_000
    assert looked_at(T, at_ms=T0 + 8_000)["next_ms"] == T0 + 9_000
    assert looked_at(T, at_ms=T0 + 9_000)["closed"] == 1.0


@pytest.mark.parametrize(("north_m", "interval_s"), [(8_521.0, 60), (8_530.0, 120)])
def test_far_away_the_battery_is_spared(north_m: float, interval_s: int) -> None:
    """Eight kilometres from the edge, less twice the error of both fixes."""
    T = in_force(warning_m=600.0)
    T.device[1]["lat"], T.device[1]["lon"] = at(0.0, north_m)
    assert looked_at(T)["interval"] == interval_s
    T.device[1]["seen"] = 0
    assert looked_at(T)["interval"] == policy.INTERVAL_FAR_S, "where nobody is known to be far, nothing is spared"


def test_what_came_as_history_is_no_ground_for_calm() -> None:
    T = in_force(warning_m=510.0)
    T.device[1]["lat"], T.device[1]["lon"] = at(0.0, 480.0)
    T.device[1]["fix_late"] = 1
    seen = looked_at(T, party=-1)
    assert seen["proximity"] == CLEAR
    assert seen["unverified"] == look(T, 0, 0, T0, -1)[3] >= policy.APPROACH_ON, "as sure as he is inside"
    T.device[1]["fix_late"] = 0
    assert looked_at(T, party=-1)["unverified"] == 0.0
    T = in_force(warning_m=2_000.0)
    T.device[1]["fix_late"], T.target[0]["approach"] = 1, 1
    T.device[1]["lat"], T.device[1]["lon"] = at(0.0, 480.0)
    assert looked_at(T, party=-1)["unverified"] == 0.0, "a warning stands already"


def test_the_first_fix_begins_an_order_once() -> None:
    T = in_force()
    od.begin_order(T, 0)
    assert (T.order[0]["begun"], T.order[0]["waiting"]) == (1, 1)
    T.order[0]["waiting"] = 0
    od.begin_order(T, 0)
    assert T.order[0]["waiting"] == 0


@pytest.mark.parametrize(("perimeter_m", "first_device", "none"), [(0.0, -1, True), (0.0, 0, False), (500.0, -1, False)])
def test_she_has_no_part_in_an_order_of_zones_alone_without_a_device(perimeter_m: float, first_device: int, none: bool) -> None:
    T = in_force(zones=(circle(),), perimeter_m=perimeter_m)
    T.person[T.order[0]["protected"]]["first_device"] = first_device
    assert od.has_no_part(T, 0) is none


# --- One order, whole ---------------------------------------------------------------------------------------------------


def reasons_of(T: Any) -> int:
    return int(T.order[0]["reasons"])


def test_an_order_of_later_is_looked_at_when_it_comes_into_force_and_one_of_before_is_ended() -> None:
    T = in_force()
    T.order[0]["valid_from_ms"] = T0 + 5_000
    od.judge(T, 0, T0, 1)
    assert (lines(T), T.next_ms[0], T.order[0]["begun"]) == ([], T0 + 5_000, 0)
    od.judge(T, 0, T0 + 5_000, 1)
    assert T.order[0]["begun"] == 1
    T.order[0]["valid_until_ms"] = T0 + 6_000
    od.judge(T, 0, T0 + 5_999, 1)
    assert T.next_ms[0] == T0 + 6_000
    od.judge(T, 0, T0 + 6_000, 1)
    assert (T.order[0]["begun"], lines(T)[-1][2], T.out[T.world[0]["out_count"] - 3]["at_ms"]) == (0, Reason.ORDER_ENDED, T0 + 6_000)


def test_a_breach_is_kept_with_its_times() -> None:
    T = in_force(perimeter_m=700.0)
    od.judge(T, 0, T0, 1)
    assert lines(T)[-1] == (Level.CALM, Level.EMERGENCY, Reason.BREACH)
    assert (T.order[0]["breach_from_ms"], T.order[0]["breach_until_ms"]) == (T0, policy.NEVER_MS)


def test_the_best_of_her_devices_and_the_worst_of_his_say_whether_they_are_seen() -> None:
    devices = tuple(Device(DeviceId(f"d{n}"), PersonId("P" if n < 2 else "R")) for n in range(4))
    for silent, lost in ((0, False), (1, False), (2, True), (3, True)):
        T = Core(Registry(devices, pair(warning_m=510.0).orders)).tables()
        for row in range(4):
            keep = {name: T.device[row][name] for name in ("person", "next_device")}
            T.device[row] = device(0.0, 0.0 if row < 2 else 900.0, **keep, fix_ms=T0 - (3_600 * S if row == silent else 0))
        od.judge(T, 0, T0, -1)
        assert reasons_of(T) == (bit(Reason.CANNOT_SEE_RESPONDENT, False) if lost else 0), silent


def test_a_doubt_is_kept_for_a_minute_and_looked_at_as_it_ends() -> None:
    T = in_force(warning_m=510.0)
    T.device[1]["held"], T.device[1]["held_sigma"] = 1, 8.0
    T.device[1]["held_lat"], T.device[1]["held_lon"] = at(0.0, 100.0)
    od.judge(T, 0, T0, -1)
    assert reasons_of(T) == bit(Reason.UNVERIFIED, False)
    assert T.order[0]["unverified_until_ms"] == T0 + policy.UNVERIFIED_HOLD_MS
    T.device[1]["held"] = 0
    od.judge(T, 0, T0 + 10 * S, -1)
    assert (reasons_of(T), T.next_ms[0]) == (bit(Reason.UNVERIFIED, False), T0 + policy.UNVERIFIED_HOLD_MS)
    od.judge(T, 0, T0 + policy.UNVERIFIED_HOLD_MS, -1)
    assert reasons_of(T) == 0


def test_without_our_own_link_that_is_said_and_both_sides_troubles_too() -> None:
    T = in_force(warning_m=510.0)
    T.world[0]["link_up"] = 0
    T.device[0]["strap_until_ms"], T.device[1]["clock_until_ms"] = 1, 1
    od.judge(T, 0, T0, -1)
    assert reasons_of(T) == bit(Reason.NO_LINK, False) | bit(Reason.STRAP, True) | bit(Reason.CLOCK, False)


def test_an_order_waits_until_both_were_seen_and_is_calm_where_nothing_is_barred_now() -> None:
    for unseen in (0, 1):
        T = in_force(warning_m=510.0)
        T.device[unseen]["seen"] = 0
        od.judge(T, 0, T0, -1)
        assert (reasons_of(T), T.order[0]["waiting"]) == (bit(Reason.NOT_SEEN_YET, False), 1)
    T = in_force(zones=(circle(),), perimeter_m=0.0)
    T.target[0]["open_from_ms"] = T0 + 60 * S
    T.device["fix_ms"] = T0 - 7_200 * S
    od.judge(T, 0, T0, -1)
    assert (reasons_of(T), T.order[0]["level"]) == (0, Level.CALM), "nobody is looked for while nothing is barred"


def test_while_an_alarm_stands_each_new_fix_says_how_far_he_is_by_now_and_time_alone_does_not() -> None:
    for party, said in ((1, 1), (0, 1), (-1, 0)):
        T = in_force(perimeter_m=700.0)
        od.judge(T, 0, T0, 1)
        T.device[1]["lat"], T.device[1]["lon"] = at(0.0, 400.0)
        T.device["fix_ms"] = T0 + 20 * S
        od.judge(T, 0, T0 + 20 * S, party)
        assert sum(int(row["kind"] == NUMBERS) for row in T.out[: T.world[0]["out_count"]]) == said
