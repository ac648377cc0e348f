"""The loop over pings and deadlines, from arrays made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from geofence import kernel
from geofence import track as tr
from geofence.core import Core
from geofence.kernel import ROOM, note_apart
from geofence.state import PING, TRANSITION
from geofence.terms import Device, DeviceId, Order, OrderId, PersonId, Reason, Registry
from tests.pings import HER, HIM, T0, pair, ping
from tests.rows import S, device

BEAT = 1_000


def two_orders(**more: Any) -> Any:
    """Two orders of the same two people, 500 m and 400 m."""
    second = Order(OrderId("O2"), PersonId("P"), PersonId("R"), 400.0, 2_100.0, zones=(), valid_from_ms=0, valid_until_ms=1 << 60)
    return Core(Registry(pair().devices, (*pair().orders, second)), **more).tables()


def said(T: Any) -> list[tuple[int, int, Reason]]:
    """(when, order, reason) of each transition."""
    rows = T.out[: T.world[0]["out_count"]]
    return [(int(r["at_ms"]) - T0, int(r["order"]), Reason(int(r["reason"]))) for r in rows if r["kind"] == TRANSITION]


def batch(*pings: Any) -> Any:
    return np.array(list(pings), PING)


# --- Deadlines ------------------------------------------------------------------------------------------------------


def test_every_deadline_up_to_now_is_fired_at_its_own_time_and_the_next_is_known() -> None:
    T = two_orders()
    T.next_ms[:2] = [T0 + 2 * BEAT, T0 + BEAT]
    T.world[0]["next_min_ms"] = T0 + BEAT
    assert kernel.sweep(T, T0)
    assert said(T) == []
    assert kernel.sweep(T, T0 + BEAT)
    assert said(T) == [(BEAT, 1, Reason.NOT_SEEN_YET)]
    assert T.world[0]["next_min_ms"] == T0 + 2 * BEAT
    assert kernel.sweep(T, T0 + 60 * BEAT)
    assert said(T)[1:] == [(2 * BEAT, 0, Reason.NOT_SEEN_YET)]
    assert T.world[0]["next_min_ms"] == min(T.next_ms[:2]) > T0 + 60 * BEAT


def test_with_no_room_for_what_will_be_said_nothing_is_judged_and_it_goes_on_once_there_is() -> None:
    T = two_orders()
    T.next_ms[:2] = T0 + BEAT
    T.world[0]["next_min_ms"] = T0 + BEAT
    full = T.out.shape[0] - ROOM
    for count, room in ((full, True), (full + 1, False)):
        T.world[0]["out_count"] = count
        assert bool(kernel.has_room(T)) is room
    assert not kernel.sweep(T, T0 + BEAT)
    assert kernel.judge_orders(T, T0, 0, 2) == 0
    assert kernel.step(T, batch(ping(HER, T0, 1, 0, 0)), 0) == 0
    assert T.world[0]["out_count"] == full + 1
    T.world[0]["out_count"] = 0
    assert kernel.sweep(T, T0 + BEAT)
    assert [order for _, order, _ in said(T)] == [0, 1]


def test_orders_are_judged_now_whatever_their_deadlines_from_the_first_to_before_the_last() -> None:
    for first, last, judged in ((0, 2, [0, 1]), (1, 2, [1]), (0, 1, [0]), (1, 1, [])):
        T = two_orders()
        assert kernel.judge_orders(T, T0, first, last) == last
        assert said(T) == [(0, order, Reason.NOT_SEEN_YET) for order in judged]


# --- Pings ----------------------------------------------------------------------------------------------------------


def test_a_batch_goes_on_from_the_ping_it_is_told_and_deadlines_come_before_later_pings() -> None:
    T = two_orders()
    pings = batch(ping(HER, T0, 1, 0, 0), ping(HIM, T0 + S, 1, 0, 5_000), ping(HIM, T0 + 2 * S, 2, 0, 5_000))
    T.next_ms[:2] = [T0 + S, T0 + 60 * S]
    T.world[0]["next_min_ms"] = T0 + S
    assert kernel.step(T, pings, 1) == 3
    assert T.device[HER]["pinged"] == 0
    assert (T.device[HIM]["seq"], T.device[HIM]["ping_ms"]) == (2, T0 + 2 * S)
    assert said(T)[0] == (S, 0, Reason.NOT_SEEN_YET)
    assert kernel.step(T, pings, 3) == 3


def test_each_order_of_a_person_hears_whose_fix_it_was() -> None:
    """Pressure is looked for with his own believed fixes only."""
    for who, live in ((HER, True), (HIM, True), (HIM, False)):
        T = two_orders()
        for row, north_m in ((HER, 0.0), (HIM, 499.0)):
            keep = {name: T.device[row][name] for name in ("person", "next_device")}
            T.device[row] = device(0.0, north_m, **keep)
        kernel.judge_person(T, int(T.device[who]["person"]), T0, live)
        assert T.order["begun"][:2].tolist() == [1, 1]
        assert (T.pattern["visit_from_ms"][:2] > 0).tolist() == [live and who == HIM] * 2


@pytest.mark.parametrize(
    ("again", "verdict"),
    [
        ({"seq": 5, "at_s": 60}, tr.DUPLICATE),
        ({"seq": 4, "at_s": 60, "sent_s": -60}, tr.LATE),
        ({"seq": 6, "at_s": 60, "has_fix": False}, tr.NO_FIX),
        ({"seq": 6, "at_s": 300, "sent_s": 299.5, "fix_s": 200}, tr.BACKLOG),
        ({"seq": 6, "at_s": 10, "north_m": 90_000}, tr.HELD),
        ({"seq": 6, "at_s": 60}, tr.LIVE),
    ],
)
def test_what_becomes_of_a_ping(again: dict[str, Any], verdict: int) -> None:
    T = two_orders()
    kernel.step(T, batch(ping(HER, T0, 1, 0, 0), ping(HIM, T0, 5, 0, 5_000)), 0)
    battery = float(T.device[HIM]["battery"])
    at_ms = T0 + again.pop("at_s") * S
    times = {f"{name}_ms": T0 + round(again.pop(f"{name}_s") * S) for name in ("sent", "fix") if f"{name}_s" in again}
    one = batch(ping(HIM, at_ms, again.pop("seq"), 0, again.pop("north_m", 5_000), battery_percent=33.0, **times, **again))
    assert kernel.step_ping(T, one[0]) == verdict
    heard = verdict not in (tr.DUPLICATE, tr.LATE)
    assert T.device[HIM]["battery"] == (33.0 if heard else battery), "an old ping says nothing of the device now"
    assert T.device[HIM]["ping_ms"] == (at_ms if heard else T0)


def test_a_late_button_is_judged_at_once() -> None:
    T = two_orders()
    kernel.step(T, batch(ping(HER, T0, 5, 0, 0), ping(HIM, T0, 1, 0, 5_000)), 0)
    kernel.step_ping(T, batch(ping(HER, T0 + S, 4, 0, 0, sent_ms=T0 - 60 * S, sos=True))[0])
    assert said(T)[-2:] == [(S, 0, Reason.SOS), (S, 1, Reason.SOS)]
    before = len(said(T))
    kernel.step_ping(T, batch(ping(HER, T0 + 2 * S, 3, 0, 0, sent_ms=T0 - 90 * S))[0])
    assert len(said(T)) == before


def test_what_comes_late_is_no_second_look() -> None:
    """A fair look counts with a fix of now only: two of them running would be a breach."""
    T = two_orders()
    for row, north_m in ((HER, 0.0), (HIM, 493.6)):
        keep = {name: T.device[row][name] for name in ("person", "next_device")}
        T.device[row] = device(0.0, north_m, boot=1, seq=5, sent_ms=T0, ping_ms=T0, **keep)
    kernel.judge_person(T, int(T.device[HIM]["person"]), T0, True)
    assert T.target["on_count"][0] == 1
    kernel.step_ping(T, batch(ping(HER, T0 + S, 4, 0, 0, sent_ms=T0 - 60 * S, has_fix=False, sos=True))[0])
    assert said(T)[-1][2] == Reason.SOS
    assert (T.target["on_count"][0], T.target["breach"][0]) == (1, 0)


def test_a_believed_fix_at_rest_is_learned_as_its_place_and_a_slow_device_is_told_again() -> None:
    T = two_orders()
    kernel.step(T, batch(*(ping(HIM, T0 + k * 60 * S, k + 1, 0, 5_000, speed_mps=0.0) for k in range(4))), 0)
    assert T.device[HIM]["anchor_s"] == 1.0 + 60.0 * 3
    T.device[HIM]["wanted_s"], T.device[HIM]["commanded_ms"] = 15, 0
    T.world[0]["out_count"] = 0
    kernel.step(T, batch(ping(HIM, T0 + 240 * S, 5, 0, 5_000, speed_mps=0.0)), 0)
    rows = [row for row in T.out[: T.world[0]["out_count"]] if row["kind"] != TRANSITION]
    assert [int(row["device_protected"]) for row in rows] == [HIM]
    fresh = two_orders()
    fresh.device[HIM]["wanted_s"] = 15
    kernel.step(fresh, batch(ping(HIM, T0, 1, 0, 5_000)), 0)
    assert [row for row in fresh.out[: fresh.world[0]["out_count"]] if row["kind"] != TRANSITION and row["interval_s"] == 60 and row["device_protected"] == HIM] == []


# --- Two devices of one person --------------------------------------------------------------------------------------


def three_of_hers() -> Any:
    devices = (*pair().devices, Device(DeviceId("phone"), PersonId("P")), Device(DeviceId("watch"), PersonId("P")))
    return Core(Registry(devices, pair().orders)).tables()


def placed(T: Any, **north_m: float) -> None:
    for row, name in ((HER, "first"), (2, "second"), (3, "third")):
        keep = {field: T.device[row][field] for field in ("person", "next_device")}
        T.device[row] = device(0.0, north_m.get(name, 0.0), p11=0.0, seen=1 if name in north_m else 0, **keep)


def test_how_far_apart_is_that_of_the_two_furthest_and_stays_known() -> None:
    T = three_of_hers()
    her = T.person[T.device[HER]["person"]]
    placed(T, first=0.0, second=400.0, third=-200.0)
    note_apart(T, int(T.device[HER]["person"]), T0)
    assert (her["apart"], float(her["apart_m"])) == (1, pytest.approx(600.0, abs=0.1))
    placed(T, first=0.0)
    note_apart(T, int(T.device[HER]["person"]), T0)
    assert (her["apart"], float(her["apart_m"])) == (1, pytest.approx(600.0, abs=0.1)), "one alone says nothing"
    placed(T, first=0.0, second=149.0)
    note_apart(T, int(T.device[HER]["person"]), T0)
    assert (her["apart"], float(her["apart_m"])) == (0, pytest.approx(149.0, abs=0.1))


def test_a_ping_of_any_of_her_devices_finds_them_apart() -> None:
    for row in (HER, 2, 3):
        T = three_of_hers()
        placed(T, first=0.0, second=0.0, third=0.0)
        kernel.step(T, batch(ping(row, T0 + 60 * S, 1, 0, 900, accuracy_m=3.0)), 0)
        assert T.person[T.device[HER]["person"]]["apart"] == 1
        assert T.person[T.device[HIM]["person"]]["apart"] == 0


@pytest.mark.parametrize(("again", "noted"), [({}, True), ({"fix_ms": T0 + 300 * S}, True), ({"has_fix": False}, False), ({"north_m": 300_000}, False)])
def test_a_believed_fix_after_a_silence_is_noted_as_the_end_of_a_hole(again: dict[str, Any], noted: bool) -> None:
    """Heard again after eight minutes, where it fell silent; a fix that comes as history ends one too."""
    T = two_orders()
    north_m = again.pop("north_m", 5_000)
    first = ping(HIM, T0, 1, 0, 5_000)
    kernel.step(T, batch(ping(HER, T0, 1, 0, 0), first, ping(HIM, T0 + 480 * S, 2, 0, north_m, **again)), 0)
    assert bool(T.holes[HIM].any()) is noted
    assert not T.holes[HER].any()


def lying_still(T: Any, until: int = 12) -> None:
    """She and he report each minute, both lying still by their own word, he 5 km away."""
    for minute in range(until):
        at_ms = T0 + minute * 60 * S
        kernel.step(T, batch(ping(HER, at_ms, minute + 1, 0, 0, speed_mps=0.0), ping(HIM, at_ms, minute + 1, 0, 5_000, speed_mps=0.0)), 0)


def fix_of_his(T: Any, seq: int, at_s: int, north_m: float, **more: Any) -> None:
    kernel.step(T, batch(ping(HIM, T0 + 660 * S + at_s * S, seq, 0, north_m, **{"speed_mps": 0.0, **more})), 0)


def test_a_fix_held_back_that_the_next_does_not_bear_out_is_remembered() -> None:
    T = two_orders()
    lying_still(T)
    fix_of_his(T, 20, 10, 2_000.0)
    assert (T.device[HIM]["held"], T.device[HIM]["ghost"]) == (1, 0)
    assert not T.ghosts.any()
    fix_of_his(T, 21, 60, 5_000.0)
    assert T.ghosts[HIM, 0, 2] == 1.0
    assert (T.ghosts[HIM, 0, 0], T.ghosts[HIM, 0, 1]) == (T.device[HIM]["held_lat"], T.device[HIM]["held_lon"])
    assert not T.ghosts[HER].any()


def test_what_nobody_had_held_back_or_what_came_true_is_no_ghost() -> None:
    T = two_orders()
    lying_still(T)
    fix_of_his(T, 20, 60, 5_010.0)
    assert not T.ghosts.any()
    for k in range(9):
        fix_of_his(T, 21 + k, 70 + 10 * k, 2_000.0)
    assert T.device[HIM]["held"] == 0
    assert not T.ghosts.any()


@pytest.mark.parametrize("days", [2.0, 3.0])
def test_a_fix_held_back_at_a_known_ghost_is_marked(days: float) -> None:
    T = two_orders()
    lying_still(T)
    fix_of_his(T, 20, 10, 2_000.0)
    T.ghosts[HIM, 1] = (T.device[HIM]["held_lat"], T.device[HIM]["held_lon"], days, T0, T0, 0.0)
    fix_of_his(T, 21, 20, 2_000.0)
    assert (T.device[HIM]["held"], bool(T.device[HIM]["ghost"])) == (2, days == 3.0)
    fix_of_his(T, 22, 30, 1_000.0)
    assert T.device[HIM]["ghost"] == 0, "another place"
