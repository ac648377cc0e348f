"""An orders file is read whole: what it says, what it need not say, what is odd and allowed, and the line of every key."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.lines import line_of, lines_of_keys
from config.orders import check, load_registry, order_from_mapping, warnings
from geofence.terms import Circle, Corridor, Format, Polygons, Position, ZoneKind
from tests.config.conftest import ORDER, SQUARE, ZONE, Load, mapping, with_zone

EXAMPLE = Path(__file__).parents[2] / "config" / "orders.example.toml"


def ms(utc: str) -> int:
    return round(datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp() * 1000)


# --- What is read -------------------------------------------------------------------------------------------------


def test_the_example_is_read_whole() -> None:
    registry = load_registry(EXAMPLE)
    assert [(d.id, d.person, d.format, d.alias) for d in registry.devices] == [
        ("brc-0001", "P-0001", Format.V1, None),
        ("phn-0001", "P-0001", Format.OWNTRACKS, "p0001/phone"),
        ("tag-0001", "R-0001", Format.V1, None),
        ("tag-0002", "R-0002", Format.TRACCAR, "860000000000002"),
    ]
    first, second = registry.orders
    assert (first.id, first.protected, first.respondent, first.language) == ("QRO-2026-0001", "P-0001", "R-0001", "es")
    assert (first.perimeter_m, first.warning_m) == (500.0, 2000.0)
    assert (first.valid_from_ms, first.valid_until_ms) == (ms("2026-01-01T06:00:00"), ms("2027-01-01T06:00:00"))
    assert [(z.id, z.kind, type(z.shape), z.buffer_m) for z in first.zones] == [
        ("home", ZoneKind.EXCLUSION, Circle, 200.0),
        ("school", ZoneKind.EXCLUSION, Polygons, 150.0),
        ("way-to-school", ZoneKind.EXCLUSION, Corridor, 0.0),
    ]
    assert first.zones[0].shape == Circle(Position(20.5888, -100.3899), 300.0)
    assert (first.zones[1].timezone, first.zones[1].schedule) == ("America/Mexico_City", "Mo-Fr 07:00-15:00")
    assert isinstance(first.zones[1].shape, Polygons)
    assert [len(rings) for rings in first.zones[1].shape.rings] == [2]  # a shell and its hole
    assert [z.kind for z in second.zones] == [ZoneKind.INCLUSION]


def test_the_example_has_nothing_odd() -> None:
    assert check(EXAMPLE) == [f"{EXAMPLE}: 2 orders, 4 zones, 4 devices of 3 persons"]


def test_what_is_not_given_has_its_default(load: Load) -> None:
    (order,) = load(ORDER + ZONE).orders
    assert (order.warning_m, order.language) == (2200.0, "es")
    assert (order.zones[0].buffer_m, order.zones[0].schedule, order.zones[0].timezone) == (0.0, None, "UTC")


@pytest.mark.parametrize(
    "document",
    [
        {"type": "Polygon", "coordinates": [SQUARE]},
        {"type": "Polygon", "coordinates": [[[lon, lat, 1820.0] for lon, lat in SQUARE]]},
        {"type": "MultiPolygon", "coordinates": [[SQUARE]]},
        {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [SQUARE]}},
        {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [SQUARE]}}]},
    ],
)
def test_geojson_may_be_dressed_as_its_tools_do(load: Load, document: object) -> None:
    shape = Polygons(((tuple(Position(lat, lon) for lon, lat in SQUARE),),))
    (order,) = load(with_zone('geojson = "a.geojson"'), a=document).orders
    assert order.zones[0].shape == shape
    inline = {"id": "z", "kind": "exclusion", "geojson": document}
    assert order_from_mapping(mapping(zone=[inline]), "payload", None).zones[0].shape == shape


# --- Warnings ---------------------------------------------------------------------------------------------------------


def test_what_is_odd_is_said_and_allowed(load: Load) -> None:
    text = ORDER.replace('respondent = "R-0001"', 'respondent = "R-0009"') + ZONE + '  schedule = "2031 Jan"\n  timezone = "UTC"\n'
    assert warnings(load(text)) == [
        "order QRO-1: the respondent R-0009 has no device, so nothing can be seen",
        "order QRO-1: zone home is never in force while the order is",
        "device tag-0001: R-0001 is in no order",
    ]


def test_a_protected_person_needs_a_device_only_for_a_perimeter(load: Load) -> None:
    text = (ORDER + ZONE).replace('protected = "P-0001"', 'protected = "P-0009"')
    lacking = "order QRO-1: the protected person P-0009 has no device, so nothing can be seen"
    assert lacking in warnings(load(text))
    assert lacking not in warnings(load(text.replace("perimeter_m = 500", "perimeter_m = 0")))


def test_a_file_without_orders_protects_nobody(load: Load) -> None:
    assert warnings(load("")) == ["there is no order: nobody is protected"]


# --- Lines ------------------------------------------------------------------------------------------------------------


def test_every_way_to_write_a_key_has_its_line() -> None:
    text = 'a = 1\nb.c = 2\n[t]\n"d" = 3\n[[o]]\nx = """\n[[o]]\ny = 9\n"""\n[o.sub]\ny = 1\n[[o.z]]\n[[o]]\n[[o.z]]\n[[o.z]]\nk = {\n}\n'
    named = "a b.c t t.d o o[0] o[0].x o[0].sub o[0].sub.y o[0].z o[0].z[0] o[1] o[1].z o[1].z[0] o[1].z[1] o[1].z[1].k"
    numbers = [1, 2, 3, 4, 5, 5, 6, 10, 11, 12, 12, 13, 14, 14, 15, 16]
    assert lines_of_keys(text) == dict(zip(named.split(), numbers, strict=True))


def test_a_key_without_a_line_has_that_of_its_table() -> None:
    lines = lines_of_keys("[[o]]\nc = {lat = 1}\n")
    assert line_of(lines, "o[0].c.lat") == 2
    assert line_of(lines, "o[0].missing") == 1
    assert line_of(lines, "nowhere") is None
