"""Promises of an order that is changed while it is in force: nobody unseen counts as seen, nothing rings twice, no one inherits another's past."""

from __future__ import annotations

from dataclasses import replace

import pytest

from geofence.terms import Device, DeviceId, Level, Order, OrderId, PersonId, Registry
from monitor.engine import Effects, Engine
from monitor.terms import Envelope
from monitor.wire import to_json
from tests.pings import T0, at, circle, pair

O1 = OrderId("O1")
FILE = pair()
BOTH = FILE.orders[0]
ZONE = replace(BOTH, perimeter_m=0.0, warning_m=0.0, zones=(circle(),))
OTHERS = (Device(DeviceId("brc-2"), PersonId("P2")), Device(DeviceId("tag-2"), PersonId("R2")), Device(DeviceId("tag-3"), PersonId("R3")))
NEAR, MIDDLE, FAR = (0.0, 100.0), (0.0, 1_500.0), (0.0, 9_000.0)


class Watch:
    """An engine, and what it said last."""

    def __init__(self, order: Order, *, devices: tuple[Device, ...] = FILE.devices + OTHERS) -> None:
        self.devices = devices
        self.engine = Engine(Registry(devices, (order,)))
        self.now_ms, self._seq = T0, 0
        self.engine.advance(T0)

    def ping(self, device: str, place: tuple[float, float], **more: object) -> list[tuple[str, str, str]]:
        self.now_ms, self._seq = self.now_ms + 1_000, self._seq + 1
        lat, lon = at(*place)
        fix = {"at": self.now_ms, "lat": lat, "lon": lon, "accuracy": 8.0}
        body = {"v": 1, "boot": 1, "seq": self._seq, "at": self.now_ms, "fix": fix, **more}
        return lines(self.engine.receive([Envelope(self.now_ms, f"v1/{device}/ping", to_json(body))]))

    def change(self, order: Order) -> Effects:
        self.now_ms += 1_000
        effects = self.engine.advance(self.now_ms)
        for one in self.engine.adopting(Registry(self.devices, (order,))):
            self.engine.adopt(one, effects)
        return effects

    def wait(self, seconds: int) -> list[tuple[str, str, str]]:
        self.now_ms += seconds * 1_000
        return lines(self.engine.advance(self.now_ms))

    def restart(self) -> None:
        self.engine = Engine.restore(self.engine.snapshot())

    @property
    def level(self) -> Level | None:
        return self.engine.level_of(O1)


def lines(effects: Effects) -> list[tuple[str, str, str]]:
    return [(t.from_level.word, t.to_level.word, t.reason.word) for t in effects.transitions]


def calm(order: Order) -> Watch:
    """Both seen, far from each other."""
    watch = Watch(order)
    watch.ping("brc", (0.0, 0.0))
    watch.ping("tag", FAR)
    assert watch.ping("brc", (0.0, 0.0)) == []
    assert watch.level is Level.CALM
    return watch


def breached(order: Order) -> Watch:
    """Both seen, he inside."""
    watch = Watch(order)
    watch.ping("brc", (0.0, 0.0))
    watch.ping("tag", NEAR)
    assert watch.level is Level.EMERGENCY
    return watch


@pytest.mark.parametrize(
    "changed",
    [
        replace(BOTH, respondent=PersonId("R2")),
        replace(BOTH, protected=PersonId("P2")),
        replace(BOTH, respondent=PersonId("nobody")),
        replace(BOTH, protected=PersonId("nobody")),
    ],
)
@pytest.mark.parametrize("zones", [(), (circle(),)])
def test_an_order_given_to_somebody_unseen_is_not_calm(changed: Order, zones: tuple) -> None:  # type: ignore[type-arg]
    watch = calm(replace(BOTH, zones=zones))
    assert lines(watch.change(replace(changed, zones=zones))) == [("calm", "caution", "not_seen_yet")]
    watch.restart()
    watch.wait(7_200)
    assert watch.level is Level.CAUTION, "nor later, nor after a restart"


def test_a_zone_that_gets_a_perimeter_while_she_has_no_device_is_not_calm() -> None:
    watch = Watch(ZONE, devices=FILE.devices[1:])
    watch.ping("tag", FAR)
    assert watch.level is Level.CALM, "a zone needs no device of hers"
    assert lines(watch.change(replace(ZONE, perimeter_m=500.0, warning_m=2_200.0))) == [("calm", "caution", "not_seen_yet")]
    watch.wait(600)
    assert lines(watch.change(ZONE)) == [("caution", "calm", "seen")] or watch.level is not Level.CALM


@pytest.mark.parametrize("changed", [replace(BOTH, perimeter_m=600.0), replace(BOTH, zones=(circle(),)), replace(BOTH, language="en")])
def test_a_change_while_both_are_seen_says_nothing(changed: Order) -> None:
    watch = calm(BOTH)
    assert watch.change(changed) == Effects()
    assert watch.ping("tag", FAR) == []
    inside = breached(BOTH)
    effects = inside.change(changed)
    assert [t.reason.word for t in effects.transitions] in ([], ["breach"]), "of a new zone that he is in, too"
    assert bool(effects.transitions) == bool(changed.zones)
    assert inside.level is Level.EMERGENCY
    assert inside.ping("tag", NEAR) == []


def test_a_doubt_outlives_a_change() -> None:
    watch = calm(BOTH)
    for _ in range(3):
        watch.ping("tag", FAR)
    assert ("calm", "warning", "unverified") in watch.ping("tag", NEAR), "an impossible jump"
    assert watch.ping("tag", FAR) == [], "kept a while after the jump is taken back"
    assert watch.change(replace(BOTH, language="en")).transitions == []


def test_an_order_that_was_never_seen_stays_unseen_when_it_is_changed() -> None:
    watch = Watch(BOTH)
    watch.ping("tag", FAR)
    assert watch.change(replace(BOTH, perimeter_m=600.0)).transitions == []
    assert watch.level is Level.CAUTION
    assert watch.ping("brc", (0.0, 0.0)) == [("caution", "calm", "seen")]


def test_a_breach_ends_for_those_it_was_about_and_the_next_begin_unseen() -> None:
    watch = breached(BOTH)
    effects = watch.change(replace(BOTH, protected=PersonId("P2"), respondent=PersonId("R2")))
    assert lines(effects) == [("emergency", "calm", "order_ended"), ("calm", "caution", "not_seen_yet")]
    assert len({t.incident for t in effects.transitions}) == 2
    hers = [one for one in effects.notifications if one.person is not None]
    assert {(one.person, one.devices) for one in hers} <= {("P", ("brc",)), ("P", ()), ("P2", ("brc-2",)), ("P2", ())}
    assert "P" in {one.person for one in hers}, "she hears that it is over"
    assert watch.ping("brc", (0.0, 0.0)) == []
    assert watch.ping("tag", NEAR) == [], "no business of this order any more"
    watch.ping("brc-2", (0.0, 0.0))
    assert ("caution", "calm", "seen") in watch.ping("tag-2", FAR), "he was never inside"


@pytest.mark.parametrize("zones", [(), (circle(),)])
def test_who_takes_his_place_inside_rings_anew(zones: tuple) -> None:  # type: ignore[type-arg]
    watch = Watch(replace(BOTH, zones=zones))
    for device, place in (("brc", (0.0, 0.0)), ("tag-2", NEAR), ("tag", NEAR), ("tag-2", NEAR), ("brc-2", (0.0, 50.0))):
        watch.ping(device, place)
    assert watch.level is Level.EMERGENCY
    for changed in (replace(BOTH, respondent=PersonId("R2"), zones=zones), replace(BOTH, protected=PersonId("P2"), zones=zones)):
        effects = watch.change(changed)
        assert lines(effects) == [("emergency", "calm", "order_ended"), ("calm", "emergency", "breach")]
        rung = {one.person for one in effects.notifications if one.level is Level.EMERGENCY and one.person is not None}
        assert rung == {changed.protected}, "whoever is protected now is rung"
    assert watch.engine.orders() == [O1]
