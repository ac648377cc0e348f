"""Promises of orders changed at the console: judged at once, answered with what happened, there after a kill; the later word holds."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.contacts import Contact
from config.errors import BadInput
from config.order_data import order_as_data, order_from_data, orders_input
from geofence.terms import Device, DeviceId, Level, Order, OrderId, PersonId, Reason, Registry
from monitor import amendments as amendments_module
from monitor import known_orders
from monitor.amendments import Amendment, Amendments, digest_of, read_amendments
from monitor.canary import with_canary
from monitor.engine import Effects, Engine
from monitor.inquiries import Unfit
from monitor.known_orders import NAME
from monitor.registrar import WAITING_MAX, Registrar
from monitor.terms import CANARY, Envelope
from monitor.views import Views
from monitor.wire import to_json
from tests.pings import T0, at, circle, pair

O1 = OrderId("O1")
FILE = pair(valid_from_ms=T0 - 1_000, valid_until_ms=T0 + 86_400_000)
BASE = FILE.orders[0]


TOML = """
[[device]]
id = "brc-9"
person = "P-9"
[[order]]
id = "QRO-1"
protected = "P-9"
respondent = "R-9"
perimeter_m = 700
valid_from = 2026-01-01T00:00:00Z
valid_until = 2027-01-01T00:00:00Z
"""


class Desk:
    """A registrar with its engine; the loop and the sessions are played."""

    def __init__(self, folder: Path, registry: Registry = FILE, **contacts: Contact) -> None:
        self.engine = Engine(with_canary(registry, "es"))
        self.now_ms = T0
        self.inputs: list[dict[str, Any]] = []
        self.heard: list[Registry] = []
        self.registrar = Registrar(
            None,
            folder / "orders.console.jsonl",
            registry,
            {PersonId(person): contact for person, contact in contacts.items()},
            complete=lambda merged: with_canary(merged, "es"),
            loop=lambda: self,  # type: ignore[arg-type, return-value]
            views=Views(lambda: self.engine, hidden=(CANARY,)),
            listen=self.listen,
            save=self.listen,  # type: ignore[arg-type]
        )
        self.engine.advance(T0)
        for change in self.engine.adopting(self.registrar.watched):
            self.engine.adopt(change, Effects())

    async def adopt(self, registry: Registry) -> None:
        for change in self.engine.adopting(registry):
            self.engine.adopt(change, Effects())

    def receive_own(self, topic: str, payload: bytes) -> asyncio.Future[int]:
        self.now_ms += 1_000
        self.inputs.append(json.loads(payload))
        self.engine.receive([Envelope(self.now_ms, topic, payload)])
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        done.set_result(1)
        return done

    async def listen(self, registry: Registry) -> None:
        self.heard.append(registry)

    async def set(self, order: Order, **more: Any) -> dict[str, Any]:
        return dict(await self.registrar.set_order({"order": json.loads(to_json(order_as_data(order))), **more}))

    def ping(self, device: str, place: tuple[float, float]) -> None:
        self.now_ms += 1_000
        fix = {"at": self.now_ms, "lat": place[0], "lon": place[1], "accuracy": 8.0}
        body = {"v": 1, "boot": 1, "seq": self.now_ms - T0, "at": self.now_ms, "fix": fix}
        self.engine.receive([Envelope(self.now_ms, f"v1/{device}/ping", to_json(body))])


async def test_a_still_respondent_is_judged_by_the_zone_that_is_drawn_around_him(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.ping("brc", at(0.0, 0.0))
    desk.ping("tag", at(9_000.0, 0.0))
    desk.ping("tag", at(9_000.0, 0.0))
    zone = circle(origin=replace_position(at(9_000.0, 0.0)))
    answer = await desk.set(replace(BASE, zones=(zone,)), who="ana")
    assert (answer["ok"], answer["level"], answer["reason"]) == (True, "emergency", "breach")
    assert desk.inputs[-1]["who"] == "ana"
    assert set(desk.inputs[-1]["order"]) >= {"id", "valid_from", "zone"}, "as in the orders file: the contract's form"
    answer = await desk.set(BASE)
    assert (answer["level"], desk.engine.core.order(O1)) == ("calm", BASE)


def replace_position(place: tuple[float, float]) -> Any:
    return pair(zones=(circle(),)).orders[0].zones[0].shape.centre._replace(lat_deg=place[0], lon_deg=place[1])  # type: ignore[union-attr]


async def test_a_new_order_brings_its_devices(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    order = replace(BASE, id=OrderId("O2"), protected=PersonId("P2"), respondent=PersonId("R2"))
    devices = [{"id": "brc-2", "person": "P2", "format": "v1"}, {"id": "tag-2", "person": "R2", "format": "v1"}]
    answer = await desk.set(order, devices=devices)
    assert (answer["level"], answer["reason"]) == ("caution", "not_seen_yet")
    desk.ping("brc-2", at(0.0, 0.0))
    desk.ping("tag-2", at(100.0, 0.0))
    assert desk.engine.level_of(OrderId("O2")) is Level.EMERGENCY
    assert DeviceId("brc-2") in {device.id for device in desk.heard[-1].devices}, "her session with the broker is told"
    assert [one.id for one in desk.registrar.registry.orders] == ["O1", "O2"]


async def test_an_order_can_be_ended_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert (await desk.registrar.revoke_order({"of": "O1"}))["level"] is None
    assert desk.engine.orders() == [CANARY]
    with pytest.raises(Unfit, match="no such order"):
        await desk.registrar.revoke_order({"of": "O1"})
    with pytest.raises(Unfit, match="no such order"):
        await desk.registrar.revoke_order({"of": CANARY})


CROSSED = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
GOOD = json.loads(to_json(order_as_data(BASE)))


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({}, "order: must be a table"),
        ({"order": []}, "order: must be a table"),
        ({"order": {**GOOD, "perimeter_m": -5}}, "perimeter_m: must be between"),
        ({"order": {**GOOD, "zones": [{"id": "home", "kind": "exclusion", "geometry": CROSSED}]}}, "zones[0].geometry: "),
        ({"order": {**GOOD, "respondent": "P"}}, "respondent: is the protected person"),
        ({"order": {**GOOD, "id": "canary"}}, "reserved for the canary"),
        ({"order": {**GOOD, "protected": "canary-her"}}, "reserved for the canary"),
        ({"order": {**GOOD, "respondent": "R7"}}, "among those whom the protected person trusts"),
        ({"order": GOOD, "devices": [{"id": "brc", "person": "R", "format": "v1"}]}, "devices[0].id: brc is registered already"),
        ({"order": GOOD, "devices": [{"id": "x", "person": "R", "format": "v1", "colour": "red"}]}, "devices[0].colour: unknown key"),
        ({"order": GOOD, "devices": {"id": "x"}}, "devices: must be an array"),
        ({"order": GOOD, "who": 7}, "who: must be a name"),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_refused_with_its_place_and_changes_nothing(tmp_path: Path, request_: dict[str, Any], says: str) -> None:
    desk = Desk(tmp_path, P=Contact(phone="+1", name="", trusted=(PersonId("R7"),)))
    before = desk.engine.snapshot()
    with pytest.raises(Unfit) as refused:
        await desk.registrar.set_order(request_)
    assert says in str(refused.value)
    assert desk.engine.snapshot() == before
    assert (desk.inputs, list(tmp_path.iterdir())) == ([], [])


async def test_two_devices_never_share_a_name(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    phone = {"id": "phone", "person": "P", "format": "owntracks", "alias": "ana/phone"}
    await desk.set(BASE, devices=[phone])
    with pytest.raises(Unfit, match="already used by another device"):
        await desk.set(BASE, devices=[{**phone, "id": "other"}])
    assert (await desk.set(BASE, devices=[phone]))["ok"], "the same once more is nothing new"


async def test_only_so_many_changes_wait(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    said = await asyncio.gather(*(desk.set(replace(BASE, perimeter_m=float(n))) for n in range(1, WAITING_MAX + 5)), return_exceptions=True)
    assert [type(one) for one in said].count(Unfit) == 4
    assert desk.engine.core.order(O1) == replace(BASE, perimeter_m=float(WAITING_MAX)), "in the order in which they came"


async def test_what_cannot_be_kept_is_not_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path)

    def full(self: Amendments, amendment: Amendment) -> None:
        raise OSError(28, "no space")

    monkeypatch.setattr(Amendments, "add", full)
    with pytest.raises(Unfit, match="in force, but could not be kept"):
        await desk.set(replace(BASE, perimeter_m=600.0))
    assert len(desk.registrar.amendments) == 0


async def test_a_change_is_there_after_the_file_is_read_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.set(replace(BASE, perimeter_m=700.0), devices=[{"id": "brc-2", "person": "P", "format": "v1"}])
    again = Desk(tmp_path)
    assert again.engine.core.order(O1) == replace(BASE, perimeter_m=700.0)
    assert DeviceId("brc-2") in again.engine.core.device_rows
    file = replace(FILE, orders=(replace(BASE, perimeter_m=800.0),))
    assert Desk(tmp_path, file).engine.core.order(O1) == file.orders[0], "the file has spoken since"
    assert Desk(tmp_path).engine.core.order(O1) == replace(BASE, perimeter_m=700.0), "and has taken it back"


def test_a_trusted_respondent_is_refused_at_the_start_too(tmp_path: Path) -> None:
    Amendments.open(tmp_path / "orders.console.jsonl").add(Amendment(T0, O1, replace(BASE, respondent=PersonId("R7")), digest_of(BASE)))
    with pytest.raises(BadInput, match="trusts"):
        Desk(tmp_path, P=Contact(phone="+1", name="", trusted=(PersonId("R7"),)))


# --- the file of amendments -------------------------------------------------------------------------------------------


ORDERS = [None, *(replace(BASE, id=OrderId(of), perimeter_m=metres) for of in ("A", "B") for metres in (300.0, 400.0))]
CHANGES = st.lists(st.tuples(st.sampled_from(["console", "file"]), st.sampled_from(["A", "B"]), st.sampled_from([None, 300.0, 400.0])), max_size=12)


def order_of(of: str, metres: float | None) -> Order | None:
    return None if metres is None else replace(BASE, id=OrderId(of), perimeter_m=metres)


@given(CHANGES)
@settings(max_examples=80, deadline=None)
def test_the_later_word_of_file_and_console_holds(tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, str, float | None]]) -> None:
    """Against a plain model; every step reads the file of amendments anew, as a restart would."""
    path = tmp_path_factory.mktemp("amended") / "orders.console.jsonl"
    file: dict[str, Order] = {}
    console: dict[str, tuple[Order | None, Order | None]] = {}  # what it said, and what the file said then
    for at_ms, (who, of, metres) in enumerate(changes):
        order = order_of(of, metres)
        if who == "file":
            file = {key: one for key, one in {**file, of: order}.items() if one is not None}
        else:
            Amendments.open(path).add(Amendment(at_ms, OrderId(of), order, digest_of(file.get(of))))
            console[of] = order, file.get(of)
        expected = {key: console[key][0] if key in console and console[key][1] == file.get(key) else file.get(key) for key in ("A", "B")}
        merged = {one.id: one for one in Amendments.open(path).over(Registry(orders=tuple(file.values()))).orders}
        assert {key: merged.get(OrderId(key)) for key in ("A", "B")} == expected


@given(cut=st.integers(0, 4_000))
@settings(max_examples=60, deadline=None)
def test_a_file_cut_anywhere_has_every_whole_line(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = tmp_path_factory.mktemp("cut") / "orders.console.jsonl"
    amendments = Amendments.open(path)
    said = [Amendment(n, OrderId(f"O{n}"), replace(BASE, id=OrderId(f"O{n}")), None, (Device(DeviceId(f"d{n}"), PersonId("P")),)) for n in range(5)]
    sizes = [0]
    for one in said:
        amendments.add(one)
        sizes.append(path.stat().st_size)
    path.write_bytes(path.read_bytes()[:cut])
    whole = sum(size <= cut for size in sizes) - 1
    again = Amendments.open(path)
    assert [one.id for one in again.over(Registry()).orders] == [one.of for one in said[:whole]]
    again.add(replace(said[0], of=OrderId("O9"), order=replace(BASE, id=OrderId("O9"))))
    assert len(Amendments.open(path).over(Registry()).orders) == whole + 1, "the next line is whole again"


def test_a_disk_that_fills_in_the_middle_of_a_line_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "orders.console.jsonl"
    amendments = Amendments.open(path)
    one, two = (Amendment(T0, order.id, order, None) for order in (BASE, replace(BASE, id=OrderId("O2"))))
    amendments.add(one)
    before, write, calls = path.read_bytes(), os.write, itertools.count()

    def half(file: int, data: Any) -> int:
        if next(calls):
            raise OSError(28, "no space left on device")
        return write(file, bytes(data)[: len(data) // 2])

    with monkeypatch.context() as full:
        full.setattr(os, "write", half)
        with pytest.raises(OSError, match="no space"):
            amendments.add(two)
    assert path.read_bytes() == before
    assert [order.id for order in amendments.over(Registry()).orders] == ["O1"], "what is not on disk does not count"
    amendments.add(two)
    assert Amendments.open(path).over(Registry()) == amendments.over(Registry())
    assert len(amendments) == 2


def test_a_damaged_line_takes_no_other_with_it(tmp_path: Path) -> None:
    path = tmp_path / "orders.console.jsonl"
    one, two = (Amendment(T0, order.id, order, None) for order in (BASE, replace(BASE, id=OrderId("O2"))))
    path.write_bytes(one.line() + b'{"at_ms":1}\nnot json\n{"order":{"id":7},"base":null,"at_ms":1}\n' + two.line())
    assert [order.id for order in Amendments.open(path).over(Registry()).orders] == ["O1", "O2"]


def test_the_file_does_not_grow_for_ever_and_is_for_our_eyes_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "orders.console.jsonl"
    amendments = Amendments.open(path)
    for n in range(50):
        devices = (Device(DeviceId(f"d{n}"), PersonId("P")),)
        amendments.add(Amendment(n, O1, replace(BASE, perimeter_m=1.0 + n), None, devices if n < 2 else ()))
    size = path.stat().st_size
    assert len(read_amendments(path)) == 50, "each is kept"
    assert Amendments.open(path).over(Registry()).orders == (replace(BASE, perimeter_m=50.0),)
    assert path.stat().st_size == size
    monkeypatch.setattr(amendments_module, "KEPT_BYTES_MAX", size - 1)
    again = Amendments.open(path)
    assert path.stat().st_size < size / 20
    merged = again.over(Registry())
    assert (merged.orders, [device.id for device in merged.devices]) == ((replace(BASE, perimeter_m=50.0),), ["d0", "d1"])
    assert path.stat().st_mode & 0o077 == 0
    assert Amendments.open(path).over(Registry()) == merged


def test_what_is_put_in_the_journal_is_the_contracts_own_form() -> None:
    zone = circle(buffer_m=50.0)
    order = replace(BASE, zones=(zone,), valid_from_ms=T0 + 1, valid_until_ms=T0 + 2_345)
    said = json.loads(to_json(orders_input(order.id, order)))["order"]
    assert said["zone"][0]["circle"]["radius_m"] == 300.0
    assert order_from_data(said) == (order, [])
    engine = Engine(Registry(FILE.devices, ()))
    effects = engine.receive([Envelope(T0 + 100, "orders", to_json(orders_input(order.id, order, FILE.devices)))])
    assert [one.reason for one in effects.transitions] == [Reason.NOT_SEEN_YET]


def test_a_device_is_heard_from_the_line_behind_its_registration_on_however_the_batch_is_cut() -> None:
    change = Envelope(T0, "orders", to_json(orders_input(O1, BASE, FILE.devices)))
    pings = [Envelope(T0 + n, "v1/brc/ping", to_json({"v": 1, "boot": 1, "seq": n, "at": T0 + n})) for n in range(1, 4)]
    whole, apart = Engine(Registry()), Engine(Registry())
    together = whole.receive([pings[0], change, *pings])
    one_by_one = [apart.receive([one]) for one in (pings[0], change, *pings)]
    assert whole.snapshot() == apart.snapshot()
    assert together.receipts == one_by_one[-1].receipts == {DeviceId("brc"): (1, 3)}
    assert len(together.rejections) == 1, "before it nobody knew it"


async def test_a_file_taken_over_while_running_is_known_at_the_next_start(tmp_path: Path) -> None:
    desk, orders = Desk(tmp_path), tmp_path / "orders.toml"
    orders.write_text(TOML)
    desk.registrar._path = orders
    keeping = asyncio.create_task(desk.registrar.keep())
    desk.registrar.reload_soon()
    async with asyncio.timeout(5):
        while not desk.heard:
            await asyncio.sleep(0.005)
    keeping.cancel()
    assert desk.engine.orders() == [CANARY, "QRO-1"]
    known = known_orders._read(tmp_path / NAME, cast(bytes, known_orders._digest(orders)))
    assert known is not None
    assert known.orders[0].perimeter_m == 700.0
