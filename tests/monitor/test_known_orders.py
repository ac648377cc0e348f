"""Promises of the orders file read once: what is known is what the file says, and any change or damage sends us back to the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import pytest

from config.errors import BadInput
from geofence.terms import (
    Circle,
    Corridor,
    Device,
    DeviceId,
    Format,
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
from monitor import engine_state, known_orders
from monitor.engine import Engine
from monitor.engine_state import PackedZones, registry_as_data, registry_from_data
from monitor.known_orders import NAME, read_orders

ROOT = Path(__file__).parents[2]
SATURDAY_MS = 1_768_651_200_000  # 2026-01-17, noon UTC
ORDERS = """
[[device]]
id = "brc-1"
person = "P-1"
[[device]]
id = "tag-1"
person = "R-1"
[[order]]
id = "O-1"
protected = "P-1"
respondent = "R-1"
perimeter_m = {radius}
valid_from = 2026-01-01T00:00:00Z
valid_until = 2027-01-01T00:00:00Z
  [[order.zone]]
  id = "home"
  kind = "exclusion"
  circle = {{ lat = 20.5, lon = -100.4, radius_m = 300 }}
  buffer_m = 200
  timezone = "America/Mexico_City"
  schedule = "Mo-Fr 07:00-15:00"
"""


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    path = tmp_path / "orders.toml"
    path.write_text(ORDERS.format(radius=500))
    return path


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read and checked."""
    seen: list[Path] = []
    load = known_orders.load_registry
    monkeypatch.setattr(known_orders, "load_registry", lambda path: (seen.append(path), load(path))[1])
    return seen


def test_an_unchanged_file_is_read_once_and_says_the_same(orders: Path, tmp_path: Path, reads: list[Path]) -> None:
    first = read_orders(orders, tmp_path / "data")
    assert read_orders(orders, tmp_path / "data") == first
    assert reads == [orders]


def test_a_changed_file_is_read_anew(orders: Path, tmp_path: Path, reads: list[Path]) -> None:
    read_orders(orders, tmp_path)
    orders.write_text(ORDERS.format(radius=600))
    assert read_orders(orders, tmp_path).orders[0].perimeter_m == 600.0
    assert len(reads) == 2


def test_another_release_reads_it_anew(orders: Path, tmp_path: Path, reads: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    read_orders(orders, tmp_path)
    other = tmp_path / "geofence"
    other.mkdir()
    (other / "zone.py").write_text("changed")
    monkeypatch.setattr(known_orders.geofence, "__path__", [str(other)])
    read_orders(orders, tmp_path)
    assert len(reads) == 2


def test_another_way_of_keeping_it_reads_it_anew(orders: Path, tmp_path: Path, reads: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    read_orders(orders, tmp_path)
    (tmp_path / "engine_state.py").write_text("changed")
    monkeypatch.setattr(engine_state, "__file__", str(tmp_path / "engine_state.py"))
    read_orders(orders, tmp_path)
    assert len(reads) == 2


def test_a_single_bit_of_it_is_damage(orders: Path, tmp_path: Path, reads: list[Path]) -> None:
    first, known = read_orders(orders, tmp_path), tmp_path / NAME
    whole = known.read_bytes()
    place = whole.rindex(b"home") + 40  # in the middle of a zone, which nobody looks at for now
    known.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    assert read_orders(orders, tmp_path) == first
    assert len(reads) == 2


@pytest.mark.parametrize("spoil", [lambda data: data[:-1], lambda data: data[:40], lambda data: b"", lambda data: data[:32] + b"\xc1" * 9])
def test_what_is_damaged_is_passed_over(orders: Path, tmp_path: Path, spoil: object) -> None:
    first = read_orders(orders, tmp_path)
    known = tmp_path / NAME
    known.write_bytes(spoil(known.read_bytes()))  # type: ignore[operator]
    assert read_orders(orders, tmp_path) == first


def test_a_file_with_faults_is_refused_each_time(orders: Path, tmp_path: Path) -> None:
    orders.write_text(ORDERS.format(radius=-1))
    for _ in range(2):
        with pytest.raises(BadInput, match="perimeter_m"):
            read_orders(orders, tmp_path)


def test_a_file_that_names_other_files_is_never_taken_as_known(orders: Path, tmp_path: Path, reads: list[Path]) -> None:
    orders.write_text(ORDERS.format(radius=500) + "# geojson\n")
    read_orders(orders, tmp_path)
    read_orders(orders, tmp_path)
    assert len(reads) == 2
    assert not (tmp_path / NAME).exists()


def test_where_nothing_can_be_written_the_file_is_simply_read(orders: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the directory should be")
    assert len(read_orders(orders, tmp_path / "taken").orders) == 1


def every_kind() -> Registry:
    """An order with a zone of each shape."""
    ring = tuple(Position(20.5 + a, -100.4 + b) for a, b in ((0, 0), (0, 0.01), (0.01, 0.01), (0, 0)))
    shapes = (Circle(ring[0], 300.0), Polygons(((ring, ring), (ring,))), Corridor(ring[:3], 40.0))
    zones = tuple(Zone(ZoneId(f"z{i}"), ZoneKind.INCLUSION, shape, 10.0, "UTC", "24/7") for i, shape in enumerate(shapes))
    order = Order(OrderId("O"), PersonId("P"), PersonId("R"), 0.0, 1_700.0, 5, 10, "en", zones)
    return Registry((Device(DeviceId("d"), PersonId("P"), Format.OWNTRACKS, "a/b"),), (order,))


def again(registry: Registry) -> Registry:
    """As the next start has it."""
    return registry_from_data(registry_as_data(registry.devices, registry.orders))


def test_every_kind_of_zone_and_device_survives_the_bytes() -> None:
    assert again(every_kind()) == every_kind()


def test_zones_that_lie_packed_are_as_good_as_any() -> None:
    order, zones = again(every_kind()).orders[0], every_kind().orders[0].zones
    packed = order.zones
    assert isinstance(packed, PackedZones)
    assert (len(packed), packed[1], packed[-1], tuple(packed[1:]), tuple(packed)) == (3, zones[1], zones[2], zones[1:], zones)
    assert packed == zones == packed == again(every_kind()).orders[0].zones
    assert packed != zones[:2]
    assert packed != again(replace_zones(zones[:2])).orders[0].zones
    assert packed != "zones"
    assert (repr(packed), order) == (repr(zones), every_kind().orders[0])


def replace_zones(zones: Sequence[Zone]) -> Registry:
    registry = every_kind()
    return replace(registry, orders=(replace(registry.orders[0], zones=zones),))


def test_zones_packed_are_not_unpacked_to_be_kept_again() -> None:
    packed = again(every_kind())
    assert registry_as_data(packed.devices, packed.orders) == registry_as_data(every_kind().devices, every_kind().orders)
    assert again(packed).orders[0] == every_kind().orders[0]
    assert again(replace_zones(())).orders[0].zones == ()


@pytest.mark.parametrize("more", ["", "# geojson\n"], ids=["known the next time", "never known"])
def test_a_file_read_for_the_first_time_is_kept_as_one_that_is_known(orders: Path, tmp_path: Path, more: str) -> None:
    orders.write_text(ORDERS.format(radius=500) + more)
    first, next_one = (read_orders(orders, tmp_path).orders[0] for _ in range(2))
    assert type(first.zones) is type(next_one.zones) is PackedZones


def test_a_word_is_in_memory_once_however_often_it_stands_in_the_file(orders: Path, tmp_path: Path) -> None:
    text = ORDERS.format(radius=500)
    orders.write_text(text + text[text.index("[[order]]") :].replace("O-1", "O-2"))
    registry = read_orders(orders, tmp_path)
    one, other = registry.orders
    assert one.protected is other.protected is registry.devices[0].person
    assert one.respondent is other.respondent is registry.devices[1].person
    assert one.language is other.language
    assert one.perimeter_m is other.perimeter_m
    engine = Engine.restore(Engine(registry).snapshot(), known=registry)
    assert [key for key in engine.core.person_rows if key is not one.protected and key is not one.respondent] == []
    ids = {id(one.id), id(other.id)}
    assert {id(key) for key in engine.core.order_rows} == {id(key) for key in engine._filed} == ids


def test_the_hours_of_a_zone_go_on_after_a_restart(orders: Path, tmp_path: Path) -> None:
    registry = read_orders(orders, tmp_path)
    engine = Engine(registry)
    engine.advance(SATURDAY_MS)
    closes_ms = soonest_ms(engine)
    assert closes_ms == SATURDAY_MS + (12 + 24 + 21) * 3_600_000, "Monday at three in the afternoon, in Mexico City"
    restored = Engine.restore(engine.snapshot(), known=registry)
    assert soonest_ms(restored) == closes_ms
    restored.advance(closes_ms)
    assert soonest_ms(restored) == closes_ms + 24 * 3_600_000


def soonest_ms(engine: Engine) -> int:
    """When the next of all zones closes."""
    return engine.core._windows.soonest_ms(engine.core.tables().target)


def test_nothing_of_an_order_or_a_zone_is_left_behind() -> None:
    assert [f.name for f in fields(engine_state._OrderData)] == [f.name for f in fields(Order)]
    assert {f.name for f in fields(Zone)} - {f.name for f in fields(engine_state._ZoneData)} == {"shape"}
