"""Which device is asked for what, and when: the commands themselves."""

from __future__ import annotations

from typing import Any

import pytest

from geofence import ask, policy
from geofence.core import Core
from geofence.state import COMMAND
from geofence.terms import Device, DeviceId, Order, OrderId, PersonId, Reason, Registry
from geofence.watch import bit
from tests.pings import T0, pair
from tests.rows import S, device

HER, HER_PHONE, HIM = 0, 1, 2
NOW = "now"


def tables(orders: int = 1, *, perimeter_m: float = 500.0, adaptive: bool = True) -> Any:
    """One protected person with two devices and a respondent; everything asked for every minute."""
    devices = (Device(DeviceId("brc"), PersonId("P")), Device(DeviceId("phone"), PersonId("P")), Device(DeviceId("tag"), PersonId("R")))
    made = tuple(
        Order(OrderId(f"O{n}"), PersonId("P"), PersonId("R"), perimeter_m, perimeter_m + 1_700.0, zones=pair().orders[0].zones, valid_from_ms=0, valid_until_ms=1 << 60)
        for n in range(orders)
    )
    T = Core(Registry(devices, made), adaptive=adaptive).tables()
    for row in range(3):
        keep = {name: T.device[row][name] for name in ("person", "next_device")}
        T.device[row] = device(**{"wanted_s": 60, **keep})
    T.order["begun"], T.order["interval_protected_s"], T.order["interval_respondent_s"] = 1, 60, 60
    return T


def asked(T: Any) -> list[tuple[int, Any]]:
    """(device, interval or `now`) of each command since the last time."""
    rows = T.out[: T.world[0]["out_count"]]
    T.world[0]["out_count"] = 0
    for row in rows:
        assert (row["kind"], row["order"], row["at_ms"]) == (COMMAND, -1, T0), "a command is of no order"
        assert row["report_now"] == (1 if row["interval_s"] == 0 else 0), "either at once or how often"
    return [(int(row["device_protected"]), NOW if row["report_now"] else int(row["interval_s"])) for row in rows]


def test_the_shortest_interval_of_all_orders_in_force_counts_for_each_party_by_itself() -> None:
    T = tables(3)
    her, his = T.order[0]["protected"], T.order[0]["respondent"]
    T.order["interval_protected_s"][:3], T.order["interval_respondent_s"][:3] = [60, 15, 5], [15, 60, 5]
    assert (ask.wanted_s(T, her), ask.wanted_s(T, his)) == (5, 5)
    T.order[2]["begun"] = 0
    assert (ask.wanted_s(T, her), ask.wanted_s(T, his)) == (15, 15)
    T.order["begun"] = 0
    assert (ask.wanted_s(T, her), ask.wanted_s(T, his)) == (policy.INTERVAL_SPARING_S,) * 2
    T.order["begun"] = 1
    T.order["interval_respondent_s"] = 5
    T.order["interval_protected_s"] = 120
    assert (ask.wanted_s(T, her), ask.wanted_s(T, his)) == (120, 5)

FAR_M = 9_000.0


def test_every_device_of_a_person_is_told_once_unless_it_was_never_heard() -> None:
    T = tables()
    ask.ask(T, 0, 15, 60, FAR_M, 1, T0)
    assert asked(T) == [(HER, 15), (HER_PHONE, 15), (HIM, 15)]
    assert (T.order[0]["interval_protected_s"], T.order[0]["interval_respondent_s"]) == (15, 15)
    ask.ask(T, 0, 15, 60, FAR_M, 1, T0)
    assert asked(T) == []
    T.device[HER_PHONE]["pinged"] = 0
    ask.ask(T, 0, 5, 60, FAR_M, -1, T0)
    assert asked(T) == [(HER, 5), (HIM, 5)]
    T.device[HER]["wanted_s"] = 60
    ask.ask(T, 0, 60, 60, FAR_M, -1, T0)
    assert asked(T) == [(HIM, 60)], "who does so already is not told"


@pytest.mark.parametrize(
    ("before_s", "wanted_s", "margin_m", "his_s"),
    [(60, 60, 4_000.0, 60), (60, 60, 3_999.9, 20), (20, 60, 4_499.9, 20), (20, 60, 4_500.0, 60), (60, 15, 100.0, 15), (20, 120, 9_000.0, 120), (15, 60, 4_100.0, 60)],
)
def test_where_an_outage_would_lose_him_he_alone_is_asked_more_often(before_s: int, wanted_s: int, margin_m: float, his_s: int) -> None:
    T = tables()
    T.order[0]["interval_respondent_s"] = before_s
    ask.ask(T, 0, wanted_s, 60, margin_m, 1, T0)
    assert T.order[0]["interval_respondent_s"] == his_s
    assert T.order[0]["interval_protected_s"] == wanted_s


def test_a_battery_that_is_trouble_is_not_asked_for_that() -> None:
    T = tables()
    T.device[HIM]["battery_low"] = 1
    ask.ask(T, 0, 60, 60, 1_000.0, 1, T0)
    assert asked(T) == []
    ask.ask(T, 0, 15, 60, 1_000.0, 1, T0)
    assert (HIM, 15) in asked(T)


def test_while_she_has_called_for_help_both_report_as_fast_as_they_can() -> None:
    T = tables()
    T.order[0]["reasons"] = bit(Reason.SOS, True)
    ask.ask(T, 0, 60, 60, FAR_M, -1, T0)
    assert asked(T) == [(HER, 5), (HER_PHONE, 5), (HIM, 5)]


@pytest.mark.parametrize(("speed_mps", "zones_s", "party", "his_s"), [(0.99, 60, 1, 60), (1.0, 60, 1, 15), (0.0, 5, 1, 5), (1.0, 5, 1, 5), (1.0, 5, 0, 60), (1.0, 5, -1, 60)])
def test_where_nothing_of_his_may_depend_on_her_only_his_own_way_and_zones_ask(speed_mps: float, zones_s: int, party: int, his_s: int) -> None:
    T = tables(adaptive=False)
    T.device[HIM]["ve"] = speed_mps
    ask.ask(T, 0, 5, zones_s, FAR_M, party, T0)
    assert asked(T) == [(HER, 5), (HER_PHONE, 5), *([(HIM, his_s)] if his_s != 60 else [])]
    assert T.order[0]["interval_respondent_s"] == his_s


def test_any_device_of_his_on_the_move_is_his_way() -> None:
    T = tables()
    her = int(T.order[0]["protected"])
    assert ask.own_path_interval_s(T, her) == policy.INTERVAL_FAR_S
    for row in (HER, HER_PHONE):
        T.device[row]["vn"] = -2.0
        assert ask.own_path_interval_s(T, her) == policy.INTERVAL_RING_S
        T.device[row]["vn"] = 0.0


@pytest.mark.parametrize(
    ("lost_hers", "lost_his", "doubt", "perimeter", "adaptive", "who"),
    [
        (1, 0, False, 1, True, [HER, HER_PHONE]),
        (0, 1, False, 1, True, [HIM]),
        (1, 1, False, 1, True, [HER, HER_PHONE, HIM]),
        (0, 0, True, 1, True, [HER, HER_PHONE, HIM]),
        (0, 0, True, 0, True, [HIM]),  # a zone is no business of hers
        (0, 0, False, 1, True, []),
        (1, 1, True, 1, False, [HER, HER_PHONE]),  # nothing that he can notice
    ],
)
def test_who_is_asked_to_report_at_once(lost_hers: int, lost_his: int, doubt: bool, perimeter: int, adaptive: bool, who: list[int]) -> None:
    T = tables(adaptive=adaptive)
    T.order[0]["lost_protected"], T.order[0]["lost_respondent"], T.order[0]["perimeter"] = lost_hers, lost_his, perimeter
    ask.ask_now(T, 0, doubt, T0)
    assert asked(T) == [(row, NOW) for row in who]


@pytest.mark.parametrize(("ago_ms", "again"), [(60_000, True), (59_999, False)])
def test_what_is_not_obeyed_is_asked_again_after_a_minute(ago_ms: int, again: bool) -> None:
    T = tables()
    T.order["interval_respondent_s"] = 15
    T.device[HIM]["wanted_s"], T.device[HIM]["commanded_ms"] = 15, T0 - ago_ms
    for gap_ms, said in ((24_000, False), (24_001, again)):
        ask.insist(T, HIM, gap_ms, T0)
        assert asked(T) == ([(HIM, 15)] if said else [])
    assert T.device[HIM]["commanded_ms"] == (T0 if again else T0 - ago_ms)


def test_what_is_asked_again_is_what_is_wanted_by_now() -> None:
    T = tables()
    T.order["interval_respondent_s"] = 5
    T.device[HIM]["wanted_s"] = 15
    ask.insist(T, HIM, 60 * S, T0)
    assert asked(T) == [(HIM, 5)]
    assert T.device[HIM]["wanted_s"] == 5
