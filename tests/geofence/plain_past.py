"""Buffered fixes: what they show of a moment long past, and which of them still speak of now."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from geofence import past, policy
from geofence import track as tr
from geofence.core import Core
from geofence.proximity import p_within
from geofence.terms import Device, DeviceId, PersonId, Reason, Registry, ZoneKind
from tests.pings import T0, at, circle, pair
from tests.rows import S, device, p

HER, HIM, HER_PHONE = 0, 1, 2
PLACE_M = 10.0  # of a fix
WHEN = T0 - 120 * S  # the moment that a late fix is of


def tables(**order: Any) -> Any:
    """She has been at home for ten minutes, her phone is 5 km off; he is seen two kilometres away now. The order is in force."""
    devices = (*pair().devices, Device(DeviceId("phone"), PersonId("P")))
    T = Core(Registry(devices, pair(**order).orders)).tables()
    for row, north_m in ((HER, 0.0), (HIM, 2_000.0), (HER_PHONE, 5_000.0)):
        keep = {name: T.device[row][name] for name in ("person", "next_device")}
        T.device[row] = device(0.0, north_m, history_count=2, boot=9, seq=9, **keep)
        for k, ago_s in enumerate((600, 60)):
            T.history[row, k] = (T0 - ago_s * S, *at(0.0, north_m), 100.0)
    T.order[0]["begun"] = 1
    return T


def place(north_m: float, variance: float = 100.0) -> tuple[float, float, float]:
    return (*at(0.0, north_m), variance)


def told(T: Any) -> list[tuple[Reason, int]]:
    return [(Reason(int(r["reason"])), int(r["breached_ms"])) for r in T.out[: T.world[0]["out_count"]]]


# --- Was he inside, then? -----------------------------------------------------------------------------------------------


def test_a_fix_is_held_against_every_place_the_other_was_at_then() -> None:
    T = tables()
    her, him = int(T.device[HER]["person"]), int(T.device[HIM]["person"])
    for north_m in (480.0, 520.0, 900.0):
        odds = p_within(north_m, 14.1, 500.0)
        assert past.p_past(T, T.target[0], place(north_m), her, WHEN, True) == odds
        assert past.p_past(T, T.target[0], place(5_000.0 + north_m), her, WHEN, True) == odds, "her other device"
        assert past.p_past(T, T.target[0], place(2_000.0 + north_m), him, WHEN, False) == odds, "a fix of hers against his"
    assert past.p_past(T, T.target[0], place(100.0), her, T0 - 700 * S, True) == 0.0, "nobody knows where she was so long ago"


def test_a_place_too_vague_shows_nothing() -> None:
    T = tables()
    her = int(T.device[HER]["person"])
    for sigma_m, shows in ((150.0, True), (150.1, False)):
        assert (past.p_past(T, T.target[0], place(0.0, sigma_m**2), her, WHEN, True) > 0.5) is shows
    T.history[HER, :, 3] = 150.0**2
    assert past.p_past(T, T.target[0], place(0.0), her, WHEN, True) > 0.5
    T.history[HER, :, 3] = 150.1**2
    assert past.p_past(T, T.target[0], place(0.0), her, WHEN, True) == 0.0


def test_a_zone_asks_only_for_his_fix() -> None:
    T = tables(perimeter_m=0.0, zones=(circle(),))
    her = int(T.device[HER]["person"])
    assert past.p_past(T, T.target[0], place(280.0), her, WHEN, True) == p_within(280.0, 10.0, 300.0)
    assert past.p_past(T, T.target[0], place(280.0), her, WHEN, False) == 0.0


# --- What is told -------------------------------------------------------------------------------------------------------


def look_back(T: Any, row: int, north_m: float, fix_ms: int = WHEN, now: bool = False) -> bool:
    ping = p(device=row, at_ms=T0, boot=3, seq=4)
    return bool(past.look_back_order(T, 0, row, place(north_m), ping, fix_ms, now))


@pytest.mark.parametrize(("row", "north_m"), [(HIM, 100.0), (HER, 1_950.0), (HER_PHONE, 1_950.0)])
def test_a_past_breach_is_told_with_its_own_time_and_the_fix_that_shows_it(row: int, north_m: float) -> None:
    T = tables()
    T.order[0]["level"] = 1
    assert not look_back(T, row, north_m)
    assert told(T) == [(Reason.PAST_BREACH, WHEN)]
    line = T.out[0]
    side, other = ("respondent", "protected") if row == HIM else ("protected", "respondent")
    assert [int(line[f"{name}_{side}"]) for name in ("device", "boot", "seq")] == [row, 3, 4]
    assert line[f"device_{other}"] == -1
    assert (line["target"], line["at_ms"], line["from_level"], line["to_level"], line["party"]) == (0, T0, 1, 1, -1)
    assert T.order[0]["past_ms"] == WHEN
    assert not look_back(T, row, north_m, WHEN + 300 * S)
    assert len(told(T)) == 1, "one past breach is told once"


def test_what_shows_no_breach_is_not_told() -> None:
    T = tables()
    assert not look_back(T, HIM, 900.0)
    assert told(T) == []
    assert T.order[0]["past_ms"] == 0


@pytest.mark.parametrize(
    ("fields", "told_of"),
    [
        ({}, True),
        ({"begun": 0}, False),
        ({"valid_from_ms": WHEN}, True),
        ({"valid_from_ms": WHEN + 1}, False),  # it was not yet in force
        ({"valid_until_ms": WHEN + 1}, True),
        ({"valid_until_ms": WHEN}, False),
    ],
)
def test_only_the_time_in_which_the_order_was_in_force_is_looked_at(fields: dict[str, int], told_of: bool) -> None:
    T = tables()
    for name, value in fields.items():
        T.order[0][name] = value
    assert look_back(T, HIM, 100.0, now=True) is told_of
    assert bool(told(T)) is told_of


def test_a_target_that_was_closed_then_was_not_breached() -> None:
    T = tables(perimeter_m=0.0, zones=(circle(), circle(radius_m=310.0)))
    T.target[0]["open_from_ms"] = WHEN + 1
    look_back(T, HIM, 100.0)
    assert T.out[0]["target"] == 1
    T.target[1]["open_from_ms"] = WHEN + 1
    T.order[0]["past_ms"] = 0
    look_back(T, HIM, 100.0)
    assert len(told(T)) == 1


def test_fixes_of_a_live_breach_are_no_past_one() -> None:
    T = tables()
    T.order[0]["breach_from_ms"], T.order[0]["breach_until_ms"] = WHEN, policy.NEVER_MS
    look_back(T, HIM, 100.0)
    assert (told(T), T.order[0]["past_ms"]) == ([], 0)
    T.order[0]["breach_until_ms"] = WHEN + 30 * S
    look_back(T, HIM, 100.0)
    assert (told(T), T.order[0]["past_ms"]) == ([], WHEN), "from here on the same episode"


def test_what_was_before_a_live_breach_that_stands_is_told_once() -> None:
    """He was inside for minutes without a network; his newest report raised the breach, and forty older ones come behind it."""
    T = tables()
    T.order[0]["breach_from_ms"], T.order[0]["breach_until_ms"] = WHEN + 300 * S, policy.NEVER_MS
    for age_s in (60, 80, 100, 0, 20):
        look_back(T, HIM, 100.0, WHEN + 300 * S - 100 * S - age_s * S)
    assert len(told(T)) == 1


# --- What speaks of now -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age_ms", "sigma_m", "held", "north_m", "now"),
    [
        (60_000, 10.0, 0, 2_000.0, True),
        (60_001, 10.0, 0, 2_000.0, False),
        (30_000, 150.0, 0, 2_000.0, True),
        (30_000, 150.1, 0, 2_000.0, False),
        (30_000, 10.0, 1, 2_000.0, False),
        (30_000, 10.0, 0, 2_000.0 + 30 * 70.0, True),
        (30_000, 10.0, 0, 2_000.0 + 31 * 70.0, False),  # nothing on a road could have come from there since
    ],
)
def test_an_overtaken_fix_speaks_of_now_while_it_is_young_good_and_leads_to_the_present_one(
    age_ms: int, sigma_m: float, held: int, north_m: float, now: bool
) -> None:
    d = device(0.0, 2_000.0, held=held)
    lat, lon = at(0.0, north_m)
    assert past.speaks_of_now(d, p(lat_deg=lat, lon_deg=lon), T0 - age_ms, sigma_m) is now


def test_who_was_inside_less_than_a_minute_ago_is_in_breach() -> None:
    T = tables()
    T.target[0]["off_count"] = 1
    assert look_back(T, HIM, 100.0, now=True)
    assert (T.target[0]["breach"], T.target[0]["off_count"]) == (1, 0)
    assert not look_back(T, HIM, 100.0, now=True), "it is no news"
    T = tables()
    assert not look_back(T, HIM, 100.0, now=False)
    assert T.target[0]["breach"] == 0, "history raises nothing"
    T = tables()
    T.target[0]["open_until_ms"] = T0
    assert not look_back(T, HIM, 100.0, now=True)
    assert T.target[0]["breach"] == 0, "what is closed by now is barred no more"


def test_it_is_the_same_if_his_device_is_the_first_in_the_arrays() -> None:
    source = tables()
    T = Core(Registry(tuple(reversed(pair().devices)), pair().orders)).tables()
    for row, of in ((0, HIM), (1, HER)):
        keep = {name: T.device[row][name] for name in ("person", "next_device")}
        T.device[row] = source.device[of]
        for name, value in keep.items():
            T.device[row][name] = value
        T.history[row] = source.history[of]
    T.order[0]["begun"] = 1
    assert look_back(T, 0, 100.0, now=True)
    assert T.target[0]["breach"] == 1


def test_while_both_have_long_been_at_rest_elsewhere_a_late_fix_raises_nothing() -> None:
    T = tables()
    for row, north_m in ((HER, 0.0), (HIM, 2_000.0)):
        lat, lon = at(0.0, north_m)
        resting = {"rest": 10, "anchor_s": 3_600.0, "sigma": 20.0, "anchor_sigma": 20.0, "anchor_lat": lat, "anchor_lon": lon}
        for name, value in resting.items():
            T.device[row][name] = value
    T.device[HER_PHONE]["fix_ms"] = T0 - 3_600 * S  # the device that shows her best is asked
    assert not look_back(T, HIM, 100.0, now=True)
    T.device[HIM]["rest"] = 0
    assert look_back(T, HIM, 100.0, now=True)


def late(T: Any, verdict: int = tr.LATE, **fields: Any) -> bool:
    lat, lon = at(0.0, fields.pop("north_m", 100.0))
    ping = p(**{"device": HIM, "at_ms": T0, "sent_ms": T0 - 30 * S, "fix_ms": T0 - 30 * S, "lat_deg": lat, "lon_deg": lon, "has_fix": 1, "accuracy_m": 8.0, **fields})
    return bool(past.look_back(T, ping, verdict))


def test_a_late_fix_is_looked_at_for_every_order_of_its_person() -> None:
    order = pair().orders[0]
    other = order.__class__(**{**{name: getattr(order, name) for name in order.__slots__}, "id": "O2", "perimeter_m": 400.0})
    devices = pair().devices
    for begun in ((1, 1), (1, 0), (0, 1)):
        T = Core(Registry(devices, (order, other))).tables()
        source = tables()
        for row in (HER, HIM):
            keep = {name: T.device[row][name] for name in ("person", "next_device")}
            T.device[row] = source.device[row]
            for name, value in keep.items():
                T.device[row][name] = value
            T.history[row] = source.history[row]
        T.order["begun"][:2] = begun
        assert late(T, north_m=250.0, fix_ms=T0 - 30 * S)
        assert T.target["breach"][:2].tolist() == list(begun)
        assert sorted(int(r["order"]) for r in T.out[: T.world[0]["out_count"]]) == [n for n in (0, 1) if begun[n]]


def test_a_ping_without_a_place_is_no_history() -> None:
    for fields in ({"has_fix": 0}, {"lat_deg": float("nan")}):
        T = tables()
        assert not late(T, **fields)
        assert told(T) == []


def test_a_backlog_is_history_by_the_time_of_the_track_and_raises_nothing() -> None:
    T = tables()
    T.device[HIM]["fix_ms"] = WHEN
    assert not late(T, tr.BACKLOG, fix_ms=T0 - 30 * S)
    assert told(T) == [(Reason.PAST_BREACH, WHEN)]
    assert T.target[0]["breach"] == 0
    T = tables()
    assert late(T)
    assert told(T) == [(Reason.PAST_BREACH, T0 - 30 * S)]


def test_outside_of_where_he_must_stay_is_past_as_well() -> None:
    T = tables(perimeter_m=0.0, zones=(circle(kind=ZoneKind.INCLUSION),))
    assert not look_back(T, HIM, 100.0)
    assert told(T) == []
    look_back(T, HIM, 400.0)
    assert told(T) == [(Reason.PAST_BREACH, WHEN)]
    assert np.array_equal(T.target["breach"], np.zeros(len(T.target)))
