"""Promises of a device that the orders file gives to another person, or names no more: from then on it speaks for whoever wears it, or for nobody."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from alerts.channels import Answer
from alerts.terms import Audience, Channel, Kind, Notification, NotificationId
from geofence.terms import NOBODY, Device, DeviceId, Format, IncidentId, Level, OrderId, PersonId, Reason, Registry
from monitor.amendments import clashes
from monitor.carriers import HerBracelet
from monitor.engine import Effects, Engine
from monitor.loop import Loop
from monitor.registrar import Registrar
from monitor.terms import Envelope
from monitor.views import Views
from monitor.wire import to_json
from tests.pings import T0, at, circle, pair

FILE = pair()
O1, O2 = OrderId("O1"), OrderId("O2")
BRC, TAG = FILE.devices
FIRST = FILE.orders[0]
SECOND = replace(FIRST, id=O2, protected=PersonId("P2"), respondent=PersonId("R2"))
BOTH = Registry(FILE.devices, (FIRST, SECOND))


class Watch:
    """An engine; each ping a second after the one before."""

    def __init__(self, registry: Registry = BOTH) -> None:
        self.engine = Engine(registry)
        self.now_ms, self._seq = T0, 0
        self.engine.advance(T0)

    def ping(self, device: str, place: tuple[float, float], topic: str = "", payload: bytes = b"") -> Effects:
        self.now_ms, self._seq = self.now_ms + 1_000, self._seq + 1
        lat, lon = at(*place)
        fix = {"at": self.now_ms, "lat": lat, "lon": lon, "accuracy": 8.0}
        body = to_json({"v": 1, "boot": 1, "seq": self._seq, "at": self.now_ms, "fix": fix})
        return self.engine.receive([Envelope(self.now_ms, topic or f"v1/{device}/ping", payload or body)])

    def adopt(self, registry: Registry) -> list[tuple[str, str, str]]:
        self.now_ms += 1_000
        effects = self.engine.advance(self.now_ms)
        for one in self.engine.adopting(registry):
            self.engine.adopt(one, effects)
        self.adopted = effects
        return [(t.order, t.to_level.word, t.reason.word) for t in effects.transitions]

    def level(self, order: OrderId) -> Level | None:
        return self.engine.level_of(order)

    def wearer(self, device: str) -> PersonId | None:
        return Views(lambda: self.engine).wearer_of(DeviceId(device))


def seen(registry: Registry = BOTH, north_m: float = 9_000.0) -> Watch:
    watch = Watch(registry)
    watch.ping("brc", (0.0, 0.0))
    watch.ping("tag", (0.0, north_m))
    return watch


def with_devices(*devices: Device) -> Registry:
    return replace(BOTH, devices=devices)


@pytest.mark.parametrize("restarted", [False, True])
def test_a_tag_given_to_another_respondent_speaks_for_him(restarted: bool) -> None:
    watch = seen()
    assert watch.level(O1) is Level.CALM
    if restarted:
        watch.engine = Engine.restore(watch.engine.snapshot())
    file = with_devices(BRC, replace(TAG, person=PersonId("R2")), Device(DeviceId("brc-2"), PersonId("P2")))
    assert watch.adopt(file) == [("O1", "caution", "not_seen_yet")], "nobody sees the one who wore it"
    watch.ping("brc-2", (0.0, 0.0))
    assert watch.level(O2) is Level.CAUTION, "where it was before is not where he is"
    assert [t.order for t in watch.ping("tag", (0.0, 100.0)).transitions] == ["O2"]
    assert (watch.level(O1), watch.level(O2)) == (Level.CAUTION, Level.EMERGENCY)
    assert watch.adopt(file) == [], "taken over once"
    watch.engine = Engine.restore(watch.engine.snapshot())
    watch.ping("brc", (0.0, 0.0))
    assert (watch.level(O1), watch.level(O2)) == (Level.CAUTION, Level.EMERGENCY)


def test_a_breach_does_not_stay_with_the_order_of_whoever_is_seen_no_more() -> None:
    watch = seen(north_m=100.0)
    file = with_devices(BRC, replace(TAG, person=PersonId("R2")), Device(DeviceId("tag-2"), PersonId("R")))
    assert watch.adopt(file) == [("O1", "caution", "not_seen_yet")]
    watch.ping("brc", (0.0, 0.0))
    assert [t.reason.word for t in watch.ping("tag-2", (0.0, 9_000.0)).transitions] == ["seen"]
    assert [t.reason.word for t in watch.ping("tag-2", (0.0, 9_000.0)).transitions] == []


def test_one_of_two_devices_may_go_and_the_other_still_speaks() -> None:
    second = Device(DeviceId("tag-2"), PersonId("R"))
    watch = seen(with_devices(BRC, TAG, second), north_m=100.0)
    watch.ping("tag-2", (0.0, 110.0))
    assert watch.adopt(with_devices(BRC, second)) == [], "in breach by the other: neither silent nor rung again"
    assert watch.level(O1) is Level.EMERGENCY
    apart = seen(with_devices(BRC, TAG, second))
    assert "separation" in [t.reason.word for t in apart.ping("tag-2", (0.0, 20_000.0)).transitions]
    assert apart.adopt(with_devices(BRC, TAG)) == [("O1", "calm", "resolved")]


def test_a_zone_is_no_business_of_hers() -> None:
    zone = replace(FIRST, perimeter_m=0.0, warning_m=0.0, zones=(circle(),))
    watch = seen(Registry(FILE.devices, (zone,)), north_m=100.0)
    assert watch.adopt(Registry((TAG,), (zone,))) == []
    assert watch.level(O1) is Level.EMERGENCY
    assert watch.adopt(Registry((), (zone,))) == [("O1", "caution", "not_seen_yet")]


def test_what_is_removed_is_rejected_and_its_wearer_unseen() -> None:
    watch = seen(with_devices(BRC, TAG, Device(DeviceId("old"), PersonId("P"), Format.OWNTRACKS, "ana/phone")))
    assert watch.adopt(with_devices(BRC, TAG)) == []
    assert watch.wearer("old") == NOBODY
    assert watch.adopt(with_devices(TAG)) == [("O1", "caution", "not_seen_yet")]
    for restart in (False, True):
        if restart:
            watch.engine = Engine.restore(watch.engine.snapshot())
        said = watch.ping("brc", (0.0, 0.0))
        assert [one.reason.value for one in said.rejections] == ["unknown_device"]
        assert (said.pings, said.receipts) == (0, {})
        phone = json.dumps({"_type": "location", "tst": watch.now_ms // 1_000, "lat": 20.0, "lon": -100.0, "acc": 8}).encode()
        said = watch.ping("", (0.0, 0.0), topic="owntracks/ana/phone", payload=phone)
        assert [one.reason.value for one in said.rejections] == ["unknown_device"]
        assert watch.level(O1) is Level.CAUTION
    assert watch.adopt(BOTH) == []
    watch.ping("brc", (0.0, 0.0))
    assert watch.level(O1) is Level.CALM, "and registered again"


def test_an_alias_goes_with_the_new_device() -> None:
    old, new = (Device(DeviceId(name), PersonId("P"), Format.OWNTRACKS, "ana/phone") for name in ("old", "new"))
    watch = seen(with_devices(old, TAG))
    watch.adopt(with_devices(new, TAG))
    phone = json.dumps({"_type": "location", "tst": watch.now_ms // 1_000, "lat": 20.5888, "lon": -100.3899, "acc": 8}).encode()
    for restart in (False, True):
        if restart:
            watch.engine = Engine.restore(watch.engine.snapshot())
        said = watch.ping("", (0.0, 0.0), topic="owntracks/ana/phone", payload=phone)
        assert (said.rejections, said.pings) == ([], 1)
    assert watch.level(O1) is Level.CALM


def test_orders_that_are_gone_end_before_their_devices_do() -> None:
    watch = seen(north_m=100.0)
    assert watch.adopt(Registry((), (SECOND,))) == [("O1", "calm", "order_ended")]


def test_what_another_wore_leaves_no_trace_but_its_count() -> None:
    """As a device that has just been registered, except for what is its own."""
    watch, new = seen(), Watch()
    for _ in range(5):
        watch.ping("tag", (0.0, 9_000.0))
    watch.adopt(with_devices(BRC, replace(TAG, person=PersonId("R2"))))
    mine, its = watch.engine.core.tables(), new.engine.core.tables()
    row = watch.engine.core.device_rows[TAG.id]
    own = {"pinged", "boot", "seq", "sent_ms", "ping_ms", "skew_ms", "wanted_s", "commanded_ms", "person", "next_device"}
    for name in mine.device.dtype.names:
        if name not in own:
            np.testing.assert_array_equal(mine.device[row][name], its.device[row][name], err_msg=name)
    for name in ("history", "places", "holes", "ghosts"):
        assert not getattr(mine, name)[row].any(), name
    assert mine.device[row]["seq"] > 0
    assert watch.ping("tag", (0.0, 9_000.0)).pings == 1


def test_a_device_that_is_nobodys_may_be_registered_at_the_console() -> None:
    assert clashes([replace(BRC, person=PersonId("X"))], {BRC.id: replace(BRC, person=NOBODY)}) == []
    assert clashes([replace(BRC, person=PersonId("X"))], {BRC.id: BRC}) != []


# --- her bracelet -----------------------------------------------------------------------------------------------------


async def test_what_is_about_her_goes_to_nothing_that_somebody_else_wears_by_now() -> None:
    wearers = {DeviceId("hers"): PersonId("P"), DeviceId("his"): PersonId("R")}
    told: list[str] = []

    async def publish(topic: str, payload: bytes, qos: int) -> None:
        told.append(topic)

    about = Notification(
        id=NotificationId("n"), incident=IncidentId("i"), order=O1, code="AB12", audience=Audience.PROTECTED, channel=Channel.BRACELET,
        kind=Kind.CLEAR, step=0, level=Level.CAUTION, reason=Reason.NOT_SEEN_YET, issued_ms=T0, language="es", text="…",
        person=PersonId("P"), devices=(DeviceId("hers"), DeviceId("his"), DeviceId("unknown")),
    )  # fmt: skip
    bracelet = HerBracelet(publish, wearers.get)
    assert (await bracelet.send(about)).verdict.name == "TAKEN"
    assert told == ["v1/hers/alert", "v1/unknown/alert"]
    assert isinstance(bracelet.begin(replace(about, devices=(DeviceId("his"),))), Answer), "she is reached otherwise at once"


# --- the file ---------------------------------------------------------------------------------------------------------


class Hands:
    """A registrar that reads a file, with its engine; the loop and the sessions are played."""

    def __init__(self, folder: Path, file: Registry = BOTH) -> None:
        self.watch = seen(file)
        self.path = folder / "orders.toml"
        self.saved = 0
        self.registrar = self.started(file)

    def started(self, file: Registry) -> Registrar:
        loop: Loop = self  # type: ignore[assignment]
        views = Views(lambda: self.watch.engine)
        amended = self.path.with_name("orders.console.jsonl")
        return Registrar(self.path, amended, file, {}, complete=lambda it: it, loop=lambda: loop, views=views, listen=self.listen, save=self.save)

    async def adopt(self, registry: Registry) -> None:
        self.watch.adopt(registry)

    async def listen(self, registry: Registry) -> None:
        """Nobody's business here."""

    async def save(self) -> None:
        self.saved += 1

    async def hang_up(self, text: str) -> None:
        self.path.write_text(text)
        await self.registrar._take_over_file()


DEVICES = '[[device]]\nid = "brc"\nperson = "P"\nformat = "v1"\n[[device]]\nid = "tag"\nperson = "{him}"\nformat = "v1"\n'
ORDERS = (
    '[[order]]\nid = "O{n}"\nprotected = "P"\nrespondent = "R"\nperimeter_m = 500\n'
    "valid_from = 2020-01-01T00:00:00Z\nvalid_until = 2090-01-01T00:00:00Z\n"
)


async def test_a_file_without_orders_ends_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    hands = Hands(tmp_path)
    for text in ("", DEVICES.format(him="R"), "# all gone\n"):
        await hands.hang_up(text)
        assert hands.watch.engine.orders() == [O1, O2]
        assert hands.saved == 0
    said = capfd.readouterr().err
    assert said.count("orders_refused") == 3
    assert "orders.toml: has no orders" in said
    await hands.started(Registry()).adopt_first()
    assert hands.watch.engine.orders() == [O1, O2], "nor at a start"
    await hands.hang_up(DEVICES.format(him="R") + ORDERS.format(n=1))
    assert (hands.watch.engine.orders(), hands.saved) == ([O1], 1), "but one that has some ends the others"


async def test_a_file_may_be_empty_where_nothing_is_left_to_end(tmp_path: Path) -> None:
    hands = Hands(tmp_path, Registry(FILE.devices, (replace(FIRST, valid_until_ms=T0 + 5_000),)))
    hands.watch.engine.advance(T0 + 10_000)
    await hands.hang_up("")
    assert (hands.watch.engine.orders(), hands.saved) == ([], 1)


async def test_who_lost_a_device_by_the_file_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    hands = Hands(tmp_path)
    await hands.hang_up(DEVICES.format(him="R2") + ORDERS.format(n=1))
    assert hands.watch.wearer("tag") == "R2"
    said = capfd.readouterr().err
    assert "devices_handed_over" in said
    assert "reason=tag" in said
    await hands.hang_up(DEVICES.format(him="R2").split("[[device]]\nid = \"tag\"", maxsplit=1)[0] + ORDERS.format(n=1))
    assert hands.watch.wearer("tag") == NOBODY
    assert "devices_gone" in capfd.readouterr().err
