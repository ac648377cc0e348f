"""Promises of the orders file read once: what is known is what the file says, and any change or damage sends us back to the file."""

from __future__ import annotations

from dataclasses import fields
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
from monitor.engine_state import registry_as_data, registry_from_data
from monitor.known_orders import NAME, read_orders

ROOT = Path(__file__).parents[2]
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


def test_every_kind_of_zone_and_device_survives_the_bytes() -> None:
    ring = tuple(Position(20.5 + a, -100.4 + b) for a, b in ((0, 0), (0, 0.01), (0.01, 0.01), (0, 0)))
    shapes = (Circle(ring[0], 300.0), Polygons(((ring, ring), (ring,))), Corridor(ring[:3], 40.0))
    zones = tuple(Zone(ZoneId(f"z{i}"), ZoneKind.INCLUSION, shape, 10.0, "UTC", "24/7") for i, shape in enumerate(shapes))
    order = Order(OrderId("O"), PersonId("P"), PersonId("R"), 0.0, 1_700.0, 5, 10, "en", zones)
    registry = Registry((Device(DeviceId("d"), PersonId("P"), Format.OWNTRACKS, "a/b"),), (order,))
    assert registry_from_data(registry_as_data(registry.devices, registry.orders)) == registry


def test_nothing_of_an_order_or_a_zone_is_left_behind() -> None:
    assert [f.name for f in fields(engine_state._OrderData)] == [f.name for f in fields(Order)]
    assert {f.name for f in fields(Zone)} - {f.name for f in fields(engine_state._ZoneData)} == {"shape"}
