"""One target seen through every pair of devices, the way somebody has come, and the draft of what will be said."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from geofence import policy
from geofence import target as tg
from geofence.core import Core
from geofence.order import judge_target
from geofence.proximity import AHEAD_S, FAR_S, p_place_barred, p_within, rounded
from geofence.reach import NOWHERE_M
from geofence.state import OUT, TRANSITION
from geofence.terms import Device, DeviceId, PersonId, Registry, ZoneKind
from tests.pings import T0, at, circle, pair
from tests.rows import S, device

WAYS = 300
ZONE: dict[str, Any] = {"perimeter_m": 0.0, "zones": (circle(),)}


def tables(devices: dict[int, Any], *, his_first: bool = False, **order: Any) -> Any:
    """One order of one protected person and one respondent, with these devices in these rows (even: hers, odd: his; or the other way)."""
    first, second = ("R", "P") if his_first else ("P", "R")
    named = tuple(Device(DeviceId(f"d{row}"), PersonId(first if row % 2 == 0 else second)) for row in range(len(devices)))
    T = Core(Registry(named, pair(**order).orders)).tables()
    for row, one in devices.items():
        for name in ("person", "next_device"):
            one[name] = T.device[row][name]
        T.device[row] = one
    return T


def remember(T: Any, row: int) -> None:
    """The device has been where it is for five minutes."""
    T.device[row]["history_count"] = 1
    T.history[row, 0] = (T0 - 300 * S, T.device[row]["lat"], T.device[row]["lon"], T.device[row]["p11"])


# --- Every pair of devices ----------------------------------------------------------------------------------------------


def test_nothing_is_seen_until_both_were() -> None:
    for hers, his, seen in ((1, 1, 1.0), (0, 1, 0.0), (1, 0, 0.0), (0, 0, 0.0)):
        for his_first in (False, True):
            rows = (device(0, 400, seen=his), device(seen=hers)) if his_first else (device(seen=hers), device(0, 400, seen=his))
            T = tables({0: rows[0], 1: rows[1]}, his_first=his_first)
            sight = tg.look(T, 0, 0, T0, -1)
            assert sight[0] == seen
            if not seen:
                assert sight[3] < 0.0
                assert sight[10] == NOWHERE_M
    assert tg.look(tables({0: device(seen=0), 1: device(0, 400)}, **ZONE), 0, 0, T0, -1)[0] == 1.0, "a zone needs only him"
    assert tg.look(tables({0: device(0, 400), 1: device(seen=0)}, his_first=True, **ZONE), 0, 0, T0, -1)[0] == 1.0
    assert tg.look(tables({0: device(), 1: device(seen=0)}, **ZONE), 0, 0, T0, -1)[0] == 0.0


@pytest.mark.parametrize(("near_hers", "near_his"), [(0, 1), (0, 3), (2, 1), (2, 3)])
def test_the_most_alarming_pair_speaks_and_every_other_number_is_the_worst(near_hers: int, near_his: int) -> None:
    """Each has two devices, one of which was left at home: whichever of them is known first."""
    rows = {near_hers: device(0, 0), 2 - near_hers: device(0, -3_000, p11=400.0), near_his: device(0, 900, vn=-5.0), 4 - near_his: device(0, 6_000)}
    T = tables(rows)
    sight = tg.look(T, 0, 0, T0, -1)
    pairs = {(i, j): tg.see_pair(T, T.target[0], i, j, T0) for i in (0, 2) for j in (1, 3)}
    assert (sight[7], sight[8]) == (near_hers, near_his)
    assert sight[1:4] == pairs[near_hers, near_his][:3]
    assert sight[6] == pairs[near_hers, near_his][5]
    assert sight[3] == max(one[2] for one in pairs.values())
    assert sight[4] == max(one[3] for one in pairs.values())
    assert sight[5] == min(one[4] for one in pairs.values()) < FAR_S
    errors_m = {(i, j): math.sqrt(float(T.device[j]["p11"] + T.device[i]["p11"])) for i, j in pairs}
    assert sight[10] == min(one[6] - 2.0 * errors_m[key] for key, one in pairs.items())


def test_of_equal_odds_the_nearer_pair_speaks() -> None:
    T = tables({0: device(), 1: device(0, 9_000), 2: device(0, -500), 3: device(0, 8_000)})
    sight = tg.look(T, 0, 0, T0, -1)
    assert (sight[3], sight[7], sight[8]) == (0.0, 0.0, 3.0)


def test_the_margin_that_reach_has_to_close_is_that_of_the_last_fix_less_two_errors() -> None:
    T = tables({0: device(), 1: device(0, 1_300)}, **ZONE)
    assert tg.look(T, 0, 0, T0, -1)[10] == 1_000.0 - 2.0 * 10.0
    T = tables({0: device(), 1: device(0, 1_300, vn=-10.0)})
    assert tg.look(T, 0, 0, T0 + 10 * S, -1)[10] == pytest.approx(800.0 - 2.0 * math.sqrt(200.0))


# --- The way somebody has come ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("e", "n"), [(0.0, 1.0), (1.0, 0.0), (-0.6, -0.8)])
def test_who_drives_away_from_there_was_inside(e: float, n: float) -> None:
    """Three seconds before the fix, by the way its bearer goes: he from her, she from him, he from a zone."""
    still, gone = {"p11": 4.0, "p22": 0.01, "spread": 0.1}, 20.0 * AHEAD_S
    his = device(520 * e, 520 * n, ve=20.0 * e, vn=20.0 * n, **still)
    T = tables({0: device(**still), 1: his})
    remember(T, 0)
    remember(T, 1)
    odds = p_within(rounded(520.0 - gone, 10.0), rounded(math.sqrt(8.0), 10.0), 500.0)
    assert tg.p_just_before(T, T.target[0], 0, 1, 1) == odds == 1.0
    assert tg.p_just_before(T, T.target[0], 0, 1, 0) == 0.0, "she stood still"
    T = tables({0: device(ve=-20.0 * e, vn=-20.0 * n, **still), 1: device(520 * e, 520 * n, **still)})
    remember(T, 0)
    remember(T, 1)
    assert [tg.p_just_before(T, T.target[0], 0, 1, party) for party in (0, 1)] == [1.0, 0.0]
    T = tables({0: device(), 1: device(320 * e, 320 * n, ve=20.0 * e, vn=20.0 * n, **still)}, **ZONE)
    assert tg.p_just_before(T, T.target[0], -1, 1, 1) == 1.0


def test_the_odds_of_just_before_are_those_of_the_place_there() -> None:
    T = tables({0: device(p11=4.0), 1: device(0, 501.3, p11=4.0)})
    remember(T, 0)
    place, her = (*at(0, 501.3), 4.0), (*at(0, 0), 4.0)
    assert tg.p_just_before(T, T.target[0], 0, 1, 1) == p_place_barred(T.target[0], T.edges, place, her, 0.0) == 0.32


@pytest.mark.parametrize(
    ("her_age_s", "more", "his_north_m", "odds"),
    [
        (100.0, {}, 400.0, 1.0),
        (180.0, {}, 400.0, 1.0),
        (180.001, {}, 400.0, 0.0),  # too long ago
        (80.0, {}, 400.0, 0.0),  # not overdue: she is where she is said to be
        (100.0, {"p11": 151.0**2}, 400.0, 0.0),  # too vague
        (100.0, {}, 700.0, 0.0),
    ],
)
def test_whoever_turns_up_where_the_other_was_last_seen_may_have_met_that_one(her_age_s: float, more: dict[str, float], his_north_m: float, odds: float) -> None:
    T = tables({0: device(fix_ms=T0 - round(her_age_s * S), **more), 1: device(0, his_north_m)})
    assert tg.p_last_seen(T, T.target[0], 0, 1, 1, T0) == odds
    T = tables({0: device(0, his_north_m), 1: device(fix_ms=T0 - round(her_age_s * S), **more)})
    assert tg.p_last_seen(T, T.target[0], 0, 1, 0, T0) == odds, "and she where he was"


def test_where_somebody_was_last_seen_is_nothing_to_a_zone_and_exact_for_a_pair() -> None:
    T = tables({0: device(fix_ms=T0 - 100 * S), 1: device(0, 100)}, **ZONE)
    assert tg.p_last_seen(T, T.target[0], 0, 1, 1, T0) == 0.0
    T = tables({0: device(fix_ms=T0 - 100 * S, p11=4.0), 1: device(0, 501.3, p11=4.0)})
    assert tg.p_last_seen(T, T.target[0], 0, 1, 1, T0) == 0.32


def step(T: Any, row: int, before_s: float, east_m: float, north_m: float) -> None:
    """The device's fix before its last one."""
    d = T.device[row]
    d["prev_ms"], d["prev_p11"] = d["fix_ms"] - round(before_s * S), d["p11"]
    d["prev_lat"], d["prev_lon"] = at(east_m, north_m)


def test_a_way_between_two_fixes_close_in_time_is_sure_and_a_longer_one_a_doubt() -> None:
    for before_s, sure, doubt in ((120.0, True, False), (181.0, False, True)):
        T = tables({0: device(), 1: device(0, 1_500)})
        remember(T, 0)
        step(T, 1, before_s, 0.0, -1_500.0)
        p_sure, p_doubt = tg.look_at_way(T, T.target[0], 0, 1, 1, 1_000.0, T0, T0 - 90 * S)
        assert (p_sure >= policy.SWEPT_ON, p_doubt >= policy.SWEPT_ON) == (sure, doubt)
        assert tg.look_at_way(T, T.target[0], 0, 1, 1, 90_000.0, T0, T0 - 90 * S) == (0.0, 0.0), "so far off nobody asks"


def test_how_much_nearer_they_can_have_been_on_the_way_is_their_steps_and_errors() -> None:
    T = tables({0: device(ve=2.0, fix_ms=T0 - 20 * S, prev_p11=16.0, sigma=3.0), 1: device(0, 1_500, vn=4.0)})
    step(T, 1, 60.0, 0.0, 1_200.0)
    his_m, glide_s = 300.0 + AHEAD_S * 4.0, 60.0 * (1.0 - math.exp(-20.0 / 60.0))
    hers_m = 70.0 * 40.0 + 3.0 * 5.0 + 2.0 * glide_s
    assert tg.way_m_max(T, T.target[0], 0, 1, 1) == pytest.approx(his_m + hers_m, abs=1e-3)
    T.device[0]["fix_ms"] = T0 - 70 * S
    assert tg.way_m_max(T, T.target[0], 0, 1, 1) == pytest.approx(his_m + hers_m - 70.0 * 39.0, abs=1e-3), "not seen since: by what is reckoned, and errors"
    zone = tables({0: device(), 1: device(0, 1_500, vn=4.0)}, **ZONE)
    step(zone, 1, 60.0, 0.0, 1_200.0)
    assert tg.way_m_max(zone, zone.target[0], -1, 1, 1) == pytest.approx(his_m, abs=1e-3)
    assert tg.look_at_way(T, T.target[0], 0, 1, 1, his_m + hers_m + 1.0, T0, T0 - 90 * S) == (0.0, 0.0)


@pytest.mark.parametrize(("order", "party"), [({}, 0), ({}, 1), (ZONE, 1)])
def test_no_way_that_is_not_looked_at_led_inside(order: dict[str, Any], party: int) -> None:
    """Steps, gaps and errors at random, both outside at its end: where the way is too short to be looked at, looking says the same."""
    rng = np.random.default_rng(1 + party)
    for _ in range(WAYS):
        away_m, angle = rng.uniform(310.0, 4_000.0), rng.uniform(0.0, math.tau)
        T = tables({0: device(), 1: device(away_m * math.sin(angle), away_m * math.cos(angle))}, **order)
        for row in (0, 1):
            T.device[row]["p11"] = T.device[row]["prev_p11"] = rng.uniform(3.0, 60.0) ** 2
            T.device[row]["ve"], T.device[row]["vn"] = rng.normal(0.0, 6.0, 2)
            T.device[row]["fix_ms"] -= int(rng.uniform(0, 30 * S)) if row != party else 0
            remember(T, row)
            step(T, row, rng.choice([5.0, 15.0, 60.0, 200.0]), *(rng.normal(0.0, 900.0, 2) + (0.0 if row == 0 else away_m)))
        i = -1 if order else 0
        margin = tg.see_pair(T, T.target[0], i, 1, T0)[6]
        looked = tg.look_at_way(T, T.target[0], i, 1, party, -math.inf, T0, T0 - 90 * S)
        if margin > 0.0:
            assert looked == tg.look_at_way(T, T.target[0], i, 1, party, margin, T0, T0 - 90 * S) or max(looked) < policy.SWEPT_ON


def test_nobodys_way_leads_into_a_zone_but_his() -> None:
    T = tables({0: device(), 1: device(0, 1_500)}, **ZONE)
    step(T, 1, 60.0, 0.0, -1_500.0)
    assert tg.look_at_way(T, T.target[0], -1, 1, 1, 1_200.0, T0, T0 - 90 * S)[0] >= policy.SWEPT_ON
    assert tg.look_at_way(T, T.target[0], -1, 1, 0, 1_200.0, T0, T0 - 90 * S) == (0.0, 0.0)


def test_only_the_part_of_a_way_of_the_last_ninety_seconds_counts() -> None:
    for stood_s, found in ((70.0, True), (160.0, False)):
        T = tables({0: device(), 1: device(0, 6_000.0 * stood_s / 180.0)})
        remember(T, 0)
        step(T, 1, 180.0, 0.0, -6_000.0 * (180.0 - stood_s) / 180.0)
        p_sure, _ = tg.look_at_way(T, T.target[0], 0, 1, 1, 1_000.0, T0, T0 - 90 * S)
        assert (p_sure >= policy.SWEPT_ON) is found


# --- The draft ------------------------------------------------------------------------------------------------------------


def test_a_cleared_draft_says_nothing_but_when() -> None:
    T = tables({0: device(), 1: device(0, 700)})
    T.draft[0] = tuple(7 for _ in OUT.names or ())
    tg.clear_draft(T, T0)
    draft = {name: T.draft[0][name].item() for name in OUT.names or ()}
    assert (draft["kind"], draft["at_ms"], draft["target"], draft["party"], draft["breached_ms"]) == (TRANSITION, T0, -1, -1, 0)
    assert (draft["count"], draft["since_ms"], draft["device_protected"], draft["device_respondent"]) == (0, 0, -1, -1)
    assert all(math.isnan(draft[name]) for name in ("closest_m", "distance_m", "uncertainty_m", "seconds", "bearing_deg"))


@pytest.mark.parametrize(
    ("order", "margin_m", "distance_m"),
    [
        ({}, 123.44, 623.4),
        ({}, -100.0, 400.0),
        (ZONE, 123.46, 123.5),
        (ZONE, -50.0, 0.0),  # inside is inside
        ({"perimeter_m": 0.0, "zones": (circle(kind=ZoneKind.INCLUSION),)}, -50.0, 50.0),  # so far outside of where he must stay
        ({"perimeter_m": 0.0, "zones": (circle(kind=ZoneKind.INCLUSION),)}, 80.0, 80.0),
    ],
)
def test_the_numbers_that_are_told(order: dict[str, Any], margin_m: float, distance_m: float) -> None:
    T = tables({0: device(), 1: device(0, 700)}, **order)
    sight = [1.0, margin_m, 20.0, 0.1, 0.2, 77.0, 123.0, 0.0, 1.0, 0.0, 0.0, 0.0]
    tg.draft_numbers(T, 0, tuple(sight))
    draft = T.draft[0]
    assert (draft["target"], draft["distance_m"], draft["uncertainty_m"]) == (0, distance_m, 30.3)
    assert (draft["seconds"], draft["bearing_deg"]) == (77.0, 123.0)
    sight[5] = FAR_S
    tg.draft_numbers(T, 0, tuple(sight))
    assert math.isnan(T.draft[0]["seconds"]), "not on course"


def test_the_fixes_that_a_judgement_rests_on_are_named() -> None:
    T = tables({0: device(fix_boot=1, fix_seq=2), 1: device(fix_boot=3, fix_seq=4)})
    names = ("device_protected", "boot_protected", "seq_protected", "device_respondent", "boot_respondent", "seq_respondent")
    for i, j, said in ((0, 1, (0, 1, 2, 1, 3, 4)), (-1, 1, (-1, 7, 7, 1, 3, 4)), (0, -1, (0, 1, 2, -1, 7, 7)), (1, 0, (1, 3, 4, 0, 1, 2))):
        T.draft[0] = tuple(7 for _ in OUT.names or ())
        tg.draft_fixes(T, i, j)
        assert tuple(int(T.draft[0][name]) for name in names) == said


def test_his_zone_wants_no_device_of_hers() -> None:
    rows = {0: device(), 1: device()}
    assert tg.pairs_of(tables(rows), 0, tables(rows).target[0]) == (0, 1)
    assert tg.pairs_of(tables(rows, his_first=True), 0, tables(rows).target[0]) == (1, 0)
    zone = tables(rows, **ZONE)
    first_i, first_j = tg.pairs_of(zone, 0, zone.target[0])
    assert (first_i < 0, first_j) == (True, 1)


def test_a_way_that_was_told_with_its_breach_is_not_told_again_once_that_has_ended() -> None:
    """He drove through a minute ago; a breach that ended since had that way in it, one that stands or was never there had not."""
    for ended_s, counts in ((None, True), (90, True), (20, False)):
        T = tables({0: device(), 1: device(0, 2_000)})
        remember(T, 0)
        step(T, 1, 80.0, 0.0, -2_000.0)
        T.order[0]["breach_until_ms"] = 0 if ended_s is None else T0 - ended_s * S
        assert tg.ended_ms(T.order[0]) == T.order[0]["breach_until_ms"]
        assert (tg.look(T, 0, 0, T0, 1)[9] >= policy.SWEPT_ON) is counts
    T.order[0]["breach_until_ms"] = policy.NEVER_MS
    assert tg.ended_ms(T.order[0]) == 0
    assert tg.look(T, 0, 0, T0, 1)[9] >= policy.SWEPT_ON, "while one stands its own way belongs to it"


@pytest.mark.parametrize(("he", "she", "kind", "ends"), [(True, True, "her", True), (False, True, "her", False), (True, False, "her", False), (True, False, "zone", True), (False, True, "zone", False)])
def test_a_breach_ends_only_while_everybody_it_needs_is_seen(he: bool, she: bool, kind: str, ends: bool) -> None:
    """Two looks at him far outside: of her perimeter both must be seen, of a zone he alone."""
    T = tables({0: device(), 1: device(0, 3_000)}, **({} if kind == "her" else ZONE))
    T.target[0]["breach"] = 1
    for _ in range(2):
        judge_target(T, 0, 0, T0, 1, he, she)
    assert bool(T.target[0]["breach"] == 0) is ends
    for party in (-1, 0) if kind == "zone" else (-1,):
        T.target[0]["breach"] = 1
        for _ in range(3):
            judge_target(T, 0, 0, T0, party, True, True)
        assert T.target[0]["breach"] == 1, "nobody's new fix, or not his"
