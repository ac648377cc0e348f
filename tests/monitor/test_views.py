"""Promises of what a console may ask: what is shown is what was judged, the canary is nowhere, and nobody is waited for."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from config.order_data import devices_from_data, order_as_data, order_from_data
from geofence.core import Core
from geofence.geodesy import distance_m
from geofence.terms import (
    Circle,
    Corridor,
    Device,
    DeviceId,
    Order,
    OrderId,
    PersonId,
    Polygons,
    Position,
    Registry,
    Zone,
    ZoneId,
    ZoneKind,
)
from monitor.canary import HER, with_canary
from monitor.coverage import FOLDED_MIN, LISTED_MAX
from monitor.engine import Engine
from monitor.inquiries import Inquiries, Unfit
from monitor.terms import CANARY, Envelope
from monitor.views import PAGE_POINTS_MAX, Views
from monitor.wire import to_json
from tests.pings import HOME, T0, at, circle, pair

O1 = OrderId("O1")


class World:
    """An engine, its canary, and pings by hand."""

    def __init__(self, registry: Registry) -> None:
        self.engine = Engine(with_canary(registry, "es"))
        self.views = Views(lambda: self.engine, hidden=(CANARY,))
        self.seq = 0

    def ping(self, device: str, at_ms: int, place: tuple[float, float] | None, **more: Any) -> None:
        self.seq += 1
        fix = None if place is None else {"at": at_ms, "lat": place[0], "lon": place[1], "accuracy": 8.0, "source": "wifi", "satellites": 7}
        body = {"v": 1, "boot": 1, "seq": self.seq, "at": at_ms, "fix": fix, "battery": 40, "signal": -70, "strap": "closed", **more}
        self.engine.receive([Envelope(at_ms, f"v1/{device}/ping", json.dumps(body).encode())])

    def approach(self) -> int:
        """He comes from 4 km east at 20 m/s; the time at the end."""
        for step in range(8):
            self.ping("brc", T0 + step * 15_000, at(0.0, 0.0))
            self.ping("tag", T0 + step * 15_000, at(4_000.0 - 300.0 * step, 0.0))
        return T0 + 7 * 15_000


def many(count: int, *, zones: tuple[Zone, ...] = ()) -> Registry:
    persons = [PersonId(f"{side}{n:05}") for side in "PR" for n in range(count)]
    devices = tuple(Device(DeviceId(f"d-{one}"), one) for one in persons)
    orders = (Order(OrderId(f"O{n:05}"), persons[n], persons[count + n], 500.0, 2_200.0, 0, 1 << 50, zones=zones) for n in range(count))
    return Registry(devices, tuple(orders))


def test_where_both_are_is_what_was_judged() -> None:
    world = World(pair(zones=(circle(),)))
    now = world.approach()
    seen = world.views.positions(O1)
    (her, him) = (seen["protected"], seen["respondent"])
    assert (her["lat"], her["lon"]) == pytest.approx((HOME.lat_deg, HOME.lon_deg), abs=1e-5)
    assert (her["device"], him["device"], him["source"]) == ("brc", "tag", "wifi")
    assert her["radius_m"] > 10.0
    assert him["trail"][-1] == (now, him["lat"], him["lon"])
    assert [time_ms for time_ms, _, _ in him["trail"]] == sorted(time_ms for time_ms, _, _ in him["trail"])
    assert him["speed_mps"] == pytest.approx(20.0, abs=5.0)
    assert him["course_deg"] == 270
    said = world.engine.advance(now + 1).transitions or world.engine.standings()
    assert said, "he is on his way: something was said"
    assert seen["numbers"]["distance_m"] == pytest.approx(distance_m(*at(0.0, 0.0), *at(1_900.0, 0.0)), abs=60.0)
    assert seen["numbers"]["bearing"] == "E"
    assert 0.0 < seen["numbers"]["seconds_to_perimeter"] < 120.0
    assert seen["zones"][0]["geometry"] == {"type": "Point", "coordinates": [HOME.lon_deg, HOME.lat_deg]}
    assert (seen["perimeter_m"], seen["warning_m"], seen["zones"][0]["properties"]["radius_m"]) == (500.0, 2_200.0, 300.0)


def test_the_closest_approach_is_where_the_two_courses_lead() -> None:
    world = World(pair())
    now = world.approach()
    closest = world.views.positions(O1)["closest"]
    assert closest["distance_m"] < 150.0, "he comes straight at her"
    assert closest["at_ms"] == pytest.approx(now + 95_000, abs=30_000)
    assert distance_m(*closest["protected"], *closest["respondent"]) == pytest.approx(closest["distance_m"], abs=0.5)
    world.engine.advance(now + 61_000)
    assert world.views.positions(O1)["closest"] is None, "a course that old is none"
    world.ping("tag", now + 75_000, at(1_950.0, 0.0))
    world.ping("brc", now + 75_000, at(0.0, 0.0))
    world.ping("tag", now + 90_000, at(2_500.0, 0.0))
    world.ping("brc", now + 90_000, at(0.0, 0.0))
    assert world.views.positions(O1)["closest"] is None, "he goes away"


def test_who_was_never_seen_has_no_place() -> None:
    world = World(pair())
    world.ping("brc", T0, at(0.0, 0.0))
    seen = world.views.positions(O1)
    assert (seen["respondent"], seen["numbers"], seen["closest"]) == (None, None, None)
    assert seen["protected"]["trail"] == [(T0, seen["protected"]["lat"], seen["protected"]["lon"])]


def test_a_device_tells_how_it_does_and_what_is_wrong() -> None:
    world = World(pair())
    world.ping("brc", T0, at(0.0, 0.0))
    world.ping("tag", T0, None, strap="cut", jamming=True, battery=5, charging=False)
    her, him = world.views.states(O1)
    assert (her["id"], her["party"], her["battery"], her["signal"], her["satellites"], her["troubles"]) == (
        "brc",
        "protected",
        40.0,
        -70.0,
        7,
        [],
    )
    assert (him["fix_age_s"], him["source"], him["strap"], him["charging"]) == (None, None, "cut", False)
    assert him["troubles"] == ["strap", "jamming", "battery", "no_fix"]
    world.engine.advance(T0 + 600_000)
    her, _ = world.views.states(O1)
    assert (her["ping_age_s"], her["troubles"]) == (600.0, ["no_signal"])


@pytest.mark.parametrize(
    ("his_pings", "why", "party"),
    [
        ([], "no_signal", "respondent"),
        ([{"place": None}], "no_fix", "respondent"),
        ([{"place": (0.0, 5_000.0)}, {"place": (0.0, 5_000.0), "strap": "cut"}], "strap", "respondent"),
    ],
    ids=["silent", "no fix", "strap"],
)
def test_whoever_is_not_seen_is_told_with_the_cause(his_pings: list[dict[str, Any]], why: str, party: str) -> None:
    world = World(pair())
    for step in range(10):
        world.ping("brc", T0 + step * 30_000, at(0.0, 0.0))
        for one in his_pings[min(step, len(his_pings) - 1) :][:1]:
            place = one["place"] and at(*one["place"])
            world.ping("tag", T0 + step * 30_000, place, **{key: one[key] for key in one if key != "place"})
    told = world.views.coverage()
    assert [(one["order"], one["party"], one["why"]) for one in told["uncovered"]] == [("O1", party, why)]
    assert told["unseen"] == 1


def test_an_empty_battery_explains_the_silence() -> None:
    world = World(pair())
    world.ping("brc", T0, at(0.0, 0.0))
    for step in range(3):
        world.ping("tag", T0 + step * 30_000, at(0.0, 5_000.0), battery=6, charging=False)
    world.engine.advance(T0 + 3_000_000)
    assert {one["party"]: (one["why"], one["since_ms"]) for one in world.views.coverage()["uncovered"]} == {
        "protected": ("no_signal", T0),
        "respondent": ("battery", T0 + 60_000),
    }


def test_who_has_no_device_at_all_is_told_so() -> None:
    registry = pair()
    world = World(replace(registry, devices=registry.devices[:1]))
    for step in range(4):
        world.ping("brc", T0 + step * 30_000, at(0.0, 0.0))
    (one,) = world.views.coverage()["uncovered"]
    assert (one["party"], one["why"], one["device"], one["since_ms"]) == ("respondent", "no_device", None, None)


def test_two_devices_of_one_person_in_two_places_cannot_both_show_where_he_is() -> None:
    registry = pair()
    world = World(replace(registry, devices=(*registry.devices, Device(DeviceId("phone"), PersonId("R")))))
    for step in range(8):
        for device, metres in (("brc", 0.0), ("tag", 9_000.0), ("phone", 6_000.0)):
            world.ping(device, T0 + step * 30_000, at(0.0, metres))
    assert [(one["party"], one["why"]) for one in world.views.coverage()["uncovered"]] == [("respondent", "strap")]


def test_who_is_overdue_is_listed_before_he_counts_as_silent() -> None:
    world = World(pair(warning_m=500.0))
    for step in range(20):
        world.ping("brc", T0 + step * 15_000, at(0.0, 0.0))
        if step < 15:
            world.ping("tag", T0 + step * 15_000, at(0.0, 1_200.0))
    assert world.views.states(O1)[1]["troubles"] == []
    assert [(one["party"], one["why"]) for one in world.views.coverage()["uncovered"]] == [("respondent", "no_signal")]


def test_nothing_is_uncovered_while_both_are_seen() -> None:
    world = World(pair())
    world.approach()
    assert world.views.coverage() == {"unseen": 0, "uncovered": [], "folded": [], "batteries": []}


def test_a_zone_alone_needs_no_device_of_hers() -> None:
    registry = pair(perimeter_m=0.0, warning_m=0.0, zones=(circle(),))
    world = World(replace(registry, devices=registry.devices[1:]))
    world.ping("tag", T0, at(5_000.0, 0.0))
    world.engine.advance(T0 + 3_000_000)
    assert [(one["party"], one["why"]) for one in world.views.coverage()["uncovered"]] == [("respondent", "no_signal")]


def test_our_own_blindness_is_one_cause_for_all() -> None:
    world = World(many(FOLDED_MIN))
    world.engine.receive([Envelope(T0, "monitor/link", b'{"up":false}')])
    told = world.views.coverage()
    assert {(one["why"], one["party"]) for one in told["uncovered"]} == {("server", None)}
    assert [(one["why"], one["count"]) for one in told["folded"]] == [("server", FOLDED_MIN)]


def test_the_greatest_risk_is_first_and_the_rest_is_counted() -> None:
    world = World(many(LISTED_MAX + 20))
    for n, metres in ((3, 4_000.0), (7, 3_000.0)):
        world.ping(f"d-P{n:05}", T0, at(0.0, 0.0))
        world.ping(f"d-R{n:05}", T0, at(metres, 0.0))
    world.engine.advance(T0 + 1_000_000)
    told = world.views.coverage()
    assert [one["order"] for one in told["uncovered"]][::2][:2] == ["O00007", "O00003"]
    assert told["unseen"] == LISTED_MAX + 20
    assert len({one["order"] for one in told["uncovered"]}) == LISTED_MAX
    assert [(one["why"], one["count"]) for one in told["folded"]] == [("no_signal", LISTED_MAX + 20)]


def test_a_battery_that_will_not_last_is_forecast() -> None:
    world = World(pair())
    world.ping("brc", T0, at(0.0, 0.0), battery=22)
    world.ping("tag", T0, at(5_000.0, 0.0), battery=22, charging=True)
    assert world.views.coverage()["batteries"] == [{"device": "brc", "order": "O1", "party": "protected", "hours_left": 5.5}]


# --- orders -----------------------------------------------------------------------------------------------------------

RING = tuple(Position(20.5 + y, -100.3 + x) for x, y in ((0.0, 0.0), (0.01, 0.0), (0.01, 0.01), (0.0, 0.0)))
FAR_RING = tuple(Position(p.lat_deg + 1.0, p.lon_deg) for p in RING)
ZONES = (
    circle(),
    Zone(ZoneId("work"), ZoneKind.EXCLUSION, Polygons(((RING,),)), 50.0, "America/Mexico_City", "Mo-Fr 07:00-15:00"),
    Zone(ZoneId("two"), ZoneKind.INCLUSION, Polygons(((RING,), (FAR_RING,))), 0.0),
    Zone(ZoneId("way"), ZoneKind.EXCLUSION, Corridor(RING[:3], 80.0), 0.0),
)


def test_what_is_told_of_an_order_makes_the_same_order_again() -> None:
    order = replace(pair(zones=ZONES).orders[0], valid_from_ms=T0 + 123, valid_until_ms=T0 + 456_789)
    assert order_from_data(json.loads(to_json(order_as_data(order)))) == (order, [])


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"perimeter_m": -1}, "perimeter_m"),
        ({"valid_until_ms": 1 << 70}, "valid_until_ms"),
        ({"valid_until_ms": T0}, "valid_until_ms"),
        ({"zones": [{"id": "a", "kind": "exclusion", "geometry": {"type": "Point", "coordinates": [1, 2]}}]}, "zones[0].radius_m"),
        ({"zones": [{"id": "a", "kind": "exclusion", "geometry": {"type": "Point"}, "radius_m": 5}]}, "zones[0].geometry"),
        ({"zones": [{"id": "a", "kind": "exclusion", "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}}]},
         "zones[0].geometry"),
        ({"zones": 7}, "zone"), ({"zones": [7]}, "zone"), ({"more": 1}, "more"),
    ],
)  # fmt: skip
def test_an_impossible_order_is_refused_with_its_place(change: dict[str, Any], where: str) -> None:
    data = {**order_as_data(replace(pair().orders[0], valid_from_ms=T0, valid_until_ms=T0 + 1)), **change}
    order, faults = order_from_data(data)
    assert order is None
    assert where in [fault.where for fault in faults]
    assert all(fault.message for fault in faults)


def test_devices_are_read_as_in_the_file() -> None:
    good = {"id": "brc-9", "person": "P-9", "format": "v1", "alias": None}
    assert devices_from_data([good]) == ((Device(DeviceId("brc-9"), PersonId("P-9")),), [])
    assert [fault.where for fault in devices_from_data([good, {**good, "id": "a/b"}])[1]] == ["devices[1].id"]
    assert devices_from_data([7])[1]


def test_pages_hold_every_order_once_and_the_canary_never() -> None:
    world = World(many(7))
    found, after = list[str](), ""
    while after is not None:
        page = world.views.page(after, 3)
        found += [one["id"] for one in page["orders"]]
        assert HER not in {one["person"] for one in page["devices"]}
        after = page["next"]
    assert found == [f"O{n:05}" for n in range(7)]


def test_a_page_is_cut_where_its_zones_would_make_it_heavy() -> None:
    corners = PAGE_POINTS_MAX // 2 + 1
    line = tuple(Position(20.0 + 1e-5 * n, -100.0) for n in range(corners))
    world = World(many(3))
    core = world.engine.core
    for row, order in enumerate(core.orders):
        core.orders[row] = replace(order, zones=(Zone(ZoneId("way"), ZoneKind.EXCLUSION, Corridor(line, 10.0), 0.0),))
    assert [len(world.views.page(after, 500)["orders"]) for after in ("", "O00000", "O00001")] == [1, 1, 1]


def test_the_canary_is_in_no_view() -> None:
    world = World(pair())
    world.ping(HER, T0, (-40.0, -120.0))
    world.engine.advance(T0 + 600_000)
    assert CANARY not in [one.order for one in world.views.standings()]
    assert world.views.orders() == [O1]
    assert sum(world.views.levels().values()) == 1
    assert {one["order"] for one in world.views.coverage()["uncovered"]} == {O1}
    for ask in ("order", "positions", "devices"):
        with pytest.raises(Unfit):
            Inquiries(world.views).answer({"do": ask, "of": CANARY})


def test_five_thousand_orders_are_looked_at_in_pieces_that_no_alert_notices() -> None:
    """No answer describes more than 500 of them, however many there are; what that costs is in docs/feed.md and the benchmarks."""
    world = World(many(5_000))
    world.engine.advance(T0)
    world.engine.advance(T0 + 3_600_000)
    page, coverage = world.views.page(), world.views.coverage()
    assert len(page["orders"]) == 500
    assert page["next"] == page["orders"][-1]["id"]
    assert coverage["unseen"] == 5_000
    assert len({one["order"] for one in coverage["uncovered"]}) == 500


def test_the_views_do_not_change_what_they_look_at() -> None:
    world = World(pair(zones=ZONES[:1]))
    world.approach()
    before = world.engine.snapshot()
    world.views.positions(O1), world.views.states(O1), world.views.coverage(), world.views.page()
    assert world.engine.snapshot() == before
    assert isinstance(world.engine.core, Core)


def test_only_whole_circles_have_a_radius() -> None:
    assert [("radius_m" in zone, "width_m" in zone) for zone in order_as_data(pair(zones=ZONES).orders[0])["zones"]] == [
        (True, False), (False, False), (False, False), (False, True),
    ]  # fmt: skip
    assert isinstance(ZONES[0].shape, Circle)
