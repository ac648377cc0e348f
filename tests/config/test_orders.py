"""An orders file is read whole or refused whole, and every fault says file, line and key."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from config.errors import BadInput
from config.lines import line_of, lines_of_keys
from config.orders import check, load_registry, order_from_mapping, warnings
from geofence.terms import Circle, Corridor, Format, Polygons, Position, Registry, ZoneKind

EXAMPLE = Path(__file__).parents[2] / "config" / "orders.example.toml"
ORDER = """\
[[device]]
id = "brc-0001"
person = "P-0001"

[[device]]
id = "tag-0001"
person = "R-0001"

[[order]]
id = "QRO-1"
protected = "P-0001"
respondent = "R-0001"
perimeter_m = 500
valid_from = 2026-01-01T00:00:00-06:00
valid_until = 2027-01-01T00:00:00-06:00
"""
ZONE = """
  [[order.zone]]
  id = "home"
  kind = "exclusion"
  circle = { lat = 20.5888, lon = -100.3899, radius_m = 300 }
"""
SQUARE = [[-100.39, 20.58], [-100.38, 20.58], [-100.38, 20.59], [-100.39, 20.59], [-100.39, 20.58]]
Load = Callable[..., Registry]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Reads text as an orders file, beside which the given GeoJSON files lie."""

    def read(text: str, **files: object) -> Registry:
        for name, content in files.items():
            (tmp_path / f"{name}.geojson").write_text(content if isinstance(content, str) else json.dumps(content))
        (tmp_path / "orders.toml").write_text(text)
        return load_registry(tmp_path / "orders.toml")

    return read


def faults(load: Load, text: str, **files: object) -> list[str]:
    """The fault lines of a refused file, from the file's name on."""
    with pytest.raises(BadInput) as refused:
        load(text, **files)
    return [line.partition("orders.toml")[2] for line in str(refused.value).splitlines()]


def with_zone(*lines: str) -> str:
    """The order with one zone whose shape is given by `lines`, the first of which stands on line 19."""
    return ORDER + '\n  [[order.zone]]\n  id = "z"\n  kind = "exclusion"\n  ' + "\n  ".join(lines) + "\n"


def mapping(**changes: object) -> dict[str, object]:
    """An order as it comes in JSON; a change to None leaves the key out."""
    order: dict[str, object] = {
        "id": "QRO-1",
        "protected": "P-0001",
        "respondent": "R-0001",
        "perimeter_m": 500,
        "valid_from": "2026-01-01T00:00:00-06:00",
        "valid_until": "2027-01-01T06:00:00Z",
        **changes,
    }
    return {key: value for key, value in order.items() if value is not None}


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


def test_json_and_file_give_the_same_order(load: Load) -> None:
    zone = {"id": "home", "kind": "exclusion", "circle": {"lat": 20.5888, "lon": -100.3899, "radius_m": 300}}
    assert order_from_mapping(mapping(zone=[zone]), "orders payload", None) == load(ORDER + ZONE).orders[0]


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


# --- What is refused: the change to a good file, and the one fault it must give --------------------------------------

FAULTS = [
    ("perimeter_m = 500", "perimeter = 500", ":13 order[0].perimeter: unknown key; did you mean perimeter_m?"),
    ("perimeter_m = 500", "perimeter_m = -1", ":13 order[0].perimeter_m: must be between 0 and 50000"),
    ("perimeter_m = 500", "perimeter_m = 50001", ":13 order[0].perimeter_m: must be between 0 and 50000"),
    ("perimeter_m = 500", "perimeter_m = nan", ":13 order[0].perimeter_m: must be a finite number"),
    ("perimeter_m = 500", "perimeter_m = true", ":13 order[0].perimeter_m: must be a finite number"),
    ("perimeter_m = 500", 'perimeter_m = "500"', ":13 order[0].perimeter_m: must be a finite number"),
    ("perimeter_m = 500", f"perimeter_m = 1{'0' * 400}", ":13 order[0].perimeter_m: must be a finite number"),
    ("perimeter_m = 500", "perimeter_m = 500\nwarning_m = 499", ":14 order[0].warning_m: must be at least perimeter_m: it is the outer ring"),
    ("perimeter_m = 500", "perimeter_m = 0", ":9 order[0]: needs perimeter_m or a zone: it would bar nothing"),
    ("perimeter_m = 500\n", "", ":9 order[0]: needs perimeter_m or a zone: it would bar nothing"),
    ('id = "QRO-1"\n', "", ":9 order[0].id: is missing"),
    ('id = "QRO-1"', 'id = "Q 1"', ":10 order[0].id: must be 1 to 64 letters, digits or . _ : / -"),
    ('id = "QRO-1"', 'id = "Q\\n1"', ":10 order[0].id: must be 1 to 64 letters, digits or . _ : / -"),
    ('respondent = "R-0001"', 'respondent = "P-0001"', ":12 order[0].respondent: is the protected person himself"),
    ('respondent = "R-0001"', "respondent = 7", ":12 order[0].respondent: must be 1 to 64 letters, digits or . _ : / -"),
    ('respondent = "R-0001"', 'respondent = "R-0001"\nlanguage = "fr"', ":13 order[0].language: must be one of es, en"),
    (
        "2027-01-01T00:00:00-06:00",
        "2027-01-01T00:00:00",
        ":15 order[0].valid_until: needs a time and its UTC offset, as in 2026-01-01T00:00:00-06:00",
    ),
    ("2027-01-01T00:00:00-06:00", "2027-01-01", ":15 order[0].valid_until: needs a time and its UTC offset, as in 2026-01-01T00:00:00-06:00"),
    (
        "2027-01-01T00:00:00-06:00",
        '"next year"',
        ":15 order[0].valid_until: must be a date and time with its UTC offset, as in 2026-01-01T00:00:00-06:00",
    ),
    ("2027-01-01T00:00:00-06:00", "2026-01-01T07:00:00+01:00", ":15 order[0].valid_until: must be later than valid_from"),
    ('"brc-0001"', '"brc 0001"', ":2 device[0].id: must be 1 to 64 letters, digits, _ or -"),
    ('"brc-0001"', f'"{"b" * 65}"', ":2 device[0].id: must be 1 to 64 letters, digits, _ or -"),
    ('"tag-0001"', '"brc-0001"', ":6 device[1].id: the device brc-0001 is already used by device[0].id"),
    ('person = "P-0001"\n', "", ":1 device[0].person: is missing"),
    ('"tag-0001"', '"tag-0001"\nformat = "gt06"', ":7 device[1].format: must be one of v1, owntracks, traccar"),
    ('"tag-0001"', '"tag-0001"\nalias = "x"', ":7 device[1].alias: is for owntracks and traccar only; a v1 device is known by its id"),
    ('"tag-0001"', '"tag-0001"\nformat = "owntracks"', ":5 device[1].alias: is missing"),
    (
        '"tag-0001"',
        '"tag-0001"\nformat = "owntracks"\nalias = "phone"',
        ":8 device[1].alias: must be user/device, as in the topic owntracks/user/device",
    ),
    ("[[device]]\nid", "[[devices]]\nid", ":1 devices: unknown key; did you mean device?"),
    ("[[order]]", "[order]", ":9 order: must be an array of tables"),
    ("perimeter_m = 500", "perimeter_m = 500\nzone = 3", ":14 order[0].zone: must be an array of tables"),
]


@pytest.mark.parametrize(("old", "new", "fault"), FAULTS, ids=[fault for *_, fault in FAULTS])
def test_a_fault_in_the_file_names_line_and_key(load: Load, old: str, new: str, fault: str) -> None:
    assert old in ORDER
    assert fault in faults(load, ORDER.replace(old, new, 1))


CIRCLE = "circle = { lat = 20.5888, lon = -100.3899, radius_m = 300 }"
ZONE_FAULTS = [
    (["buffer_m = 10"], ":17 order[0].zone[0]: needs either circle or geojson"),
    ([CIRCLE, 'geojson = "a.geojson"'], ":17 order[0].zone[0]: has both circle and geojson; one is enough"),
    (["circle = { lat = 20.5888, lon = -100.3899 }"], ":20 order[0].zone[0].circle.radius_m: is missing"),
    (["circle = { lat = 20.5888, lon = -100.3899, radius_m = 0 }"], ":20 order[0].zone[0].circle: radius_m must be more than 0 and at most 50000"),
    (["circle = { lat = 20.5888, lon = -100.3899, radius = 3 }"], ":20 order[0].zone[0].circle.radius: unknown key; did you mean radius_m?"),
    (
        ["circle = { lat = -100.3899, lon = 20.5888, radius_m = 300 }"],
        ":20 order[0].zone[0].circle: a latitude is outside -90 to 90; are latitude and longitude swapped? GeoJSON puts the longitude first",
    ),
    (["circle = 300"], ":20 order[0].zone[0].circle: must be a table"),
    ([CIRCLE, "width_m = 10"], ":21 order[0].zone[0].width_m: is for a LineString, this is a circle"),
    ([CIRCLE, "buffer_m = -0.1"], ":21 order[0].zone[0].buffer_m: must be between 0 and 50000"),
    ([CIRCLE, "bufer_m = 3"], ":21 order[0].zone[0].bufer_m: unknown key; did you mean buffer_m?"),
    ([CIRCLE, 'schedule = "Mo-Fr 07:00-15:00"'], ":21 order[0].zone[0].schedule: needs timezone as well, as in America/Mexico_City"),
    (
        [CIRCLE, 'schedule = "lunes"', 'timezone = "America/Mexico_City"'],
        ":21 order[0].zone[0].schedule: not in opening_hours syntax at character 1; write it like Mo-Fr 07:00-15:00, or Fr 22:00-06:00 for a night",
    ),
    (
        [CIRCLE, 'schedule = "24/7"', 'timezone = "America/Queretaro"'],
        ":22 order[0].zone[0].timezone: there is no time zone 'America/Queretaro' (example: America/Mexico_City)",
    ),
    (['geojson = "gone.geojson"'], ":20 order[0].zone[0].geojson: file gone.geojson cannot be read: No such file or directory"),
    (['geojson = "broken.geojson"'], ":20 order[0].zone[0].geojson: file broken.geojson is not JSON: line 2, Expecting value"),
    (['geojson = "deep.geojson"'], ":20 order[0].zone[0].geojson: file deep.geojson is nested too deeply"),
    (['geojson = "nan.geojson"'], ":20 order[0].zone[0].geojson: NaN is not a number of GeoJSON"),
    (['geojson = "latin.geojson"'], ":20 order[0].zone[0].geojson: file latin.geojson is not UTF-8 text"),
    (['geojson = "point.geojson"'], ":20 order[0].zone[0].geojson: geojson must hold a Polygon, MultiPolygon or LineString"),
    (
        ['geojson = "two.geojson"'],
        ":20 order[0].zone[0].geojson: a FeatureCollection must hold exactly one Feature; give each zone its own file",
    ),
    (['geojson = "flat.geojson"'], ":20 order[0].zone[0].geojson: coordinates are not nested as RFC 7946 says, or empty"),
    (['geojson = "words.geojson"'], ":20 order[0].zone[0].geojson: a point must be two numbers, longitude and latitude"),
    (['geojson = "bow.geojson"'], ":20 order[0].zone[0].geojson: a ring crosses another ring or itself"),
    (['geojson = "line.geojson"'], ":20 order[0].zone[0].geojson: a LineString needs width_m"),
    (['geojson = "square.geojson"', "width_m = 10"], ":20 order[0].zone[0].geojson: width_m is for a LineString, this is a Polygon"),
    (
        ['geojson = "swapped.geojson"'],
        ":20 order[0].zone[0].geojson: a latitude is outside -90 to 90; are latitude and longitude swapped? GeoJSON puts the longitude first",
    ),
]
GEOJSON: dict[str, Any] = {
    "broken": '{"type": "Polygon",\n"coordinates": }',
    "deep": "[" * 100_000,
    "nan": '{"type": "LineString", "coordinates": [[NaN, 1], [2, 3]]}',
    "point": {"type": "Point", "coordinates": SQUARE[0]},
    "two": {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": None}] * 2},
    "flat": {"type": "Polygon", "coordinates": SQUARE[0]},
    "words": {"type": "Polygon", "coordinates": [[["a", "b"]]]},
    "bow": {"type": "Polygon", "coordinates": [[SQUARE[0], SQUARE[2], SQUARE[1], [-100.39, 20.595]]]},
    "line": {"type": "LineString", "coordinates": SQUARE[:2]},
    "square": {"type": "Polygon", "coordinates": [SQUARE]},
    "swapped": {"type": "Polygon", "coordinates": [[[lat, lon] for lon, lat in SQUARE]]},
}


@pytest.mark.parametrize(("lines", "fault"), ZONE_FAULTS, ids=[fault for _, fault in ZONE_FAULTS])
def test_a_fault_in_a_zone_names_line_and_key(load: Load, tmp_path: Path, lines: list[str], fault: str) -> None:
    (tmp_path / "latin.geojson").write_bytes(b'{"type": "caf\xe9"}')
    assert fault in faults(load, with_zone(*lines), **GEOJSON)


def test_an_unknown_kind_of_zone_is_refused(load: Load) -> None:
    text = ORDER + ZONE.replace("exclusion", "perimeter")
    assert faults(load, text) == [":19 order[0].zone[0].kind: must be one of exclusion, inclusion"]


def test_two_zones_of_one_order_need_two_names(load: Load) -> None:
    assert faults(load, ORDER + ZONE + ZONE) == [":23 order[0].zone[1].id: the zone home is already used by order[0].zone[0].id"]


def test_two_orders_may_each_have_a_zone_of_that_name(load: Load) -> None:
    other = ORDER.partition("[[order]]")[2].replace("QRO-1", "QRO-2")
    assert len(load(f"{ORDER}{ZONE}\n[[order]]{other}{ZONE}").orders) == 2


def test_a_65th_zone_is_refused(load: Load) -> None:
    zones = [ZONE.replace("home", f"home-{i}") for i in range(65)]
    assert faults(load, ORDER + "".join(zones)) == [":17 order[0].zone: there are 65; at most 64 are possible"]
    assert len(load(ORDER + "".join(zones[:64])).orders[0].zones) == 64


@pytest.mark.parametrize(("format_", "alias"), [("owntracks", "ana/phone"), ("traccar", "8600")])
def test_one_name_in_a_wire_format_is_one_device(load: Load, format_: str, alias: str) -> None:
    devices = "".join(f'[[device]]\nid = "{i}"\nperson = "P-0001"\nformat = "{format_}"\nalias = "{alias}"\n' for i in ("a", "b"))
    assert faults(load, devices + ORDER) == [f":6 device[1]: the {format_} name is already used by device[0]"]


def test_an_alias_may_not_hide_the_id_of_another_traccar_device(load: Load) -> None:
    devices = '[[device]]\nid = "a"\nperson = "P"\nformat = "traccar"\n[[device]]\nid = "b"\nperson = "P"\nformat = "traccar"\nalias = "a"\n'
    assert faults(load, devices) == [":5 device[1]: the traccar name is already used by device[0]"]


def test_the_ring_of_an_inclusion_zone_leaves_room_inside(load: Load) -> None:
    text = ORDER + ZONE.replace("exclusion", "inclusion") + "  buffer_m = 300\n"
    assert faults(load, text) == [":21 order[0].zone[0].buffer_m: leaves nothing of the inclusion zone"]
    assert load(text.replace("buffer_m = 300", "buffer_m = 299")).orders[0].zones[0].buffer_m == 299.0


def test_all_faults_come_at_once(load: Load) -> None:
    text = (ORDER + ZONE).replace('"brc-0001"', '"brc/1"').replace("= 500", "= -5").replace("radius_m = 300", "radius_m = 0")
    assert [fault.partition(" ")[0] for fault in faults(load, text)] == [":2", ":13", ":20"]


def test_a_file_that_is_not_toml_names_its_line(load: Load) -> None:
    assert faults(load, "[[order]]\nid = QRO\n") == [":2: is not TOML: Invalid value (column 6)"]


def test_a_file_that_is_not_text_or_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "orders.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="not UTF-8"):
        load_registry(tmp_path / "orders.toml")
    with pytest.raises(BadInput, match="cannot be read: No such file"):
        load_registry(tmp_path / "gone.toml")
    with pytest.raises(BadInput, match="cannot be read: Is a directory"):
        load_registry(tmp_path)


def test_no_fault_shows_a_place(load: Load) -> None:
    for lines, _ in ZONE_FAULTS:
        text = "\n".join(faults(load, with_zone(*lines), latin="{}", **GEOJSON))
        assert not re.search(r"100\.3|20\.5", text)


# --- The `orders` topic -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"perimeter_m": None}, "orders payload: needs perimeter_m or a zone: it would bar nothing"),
        ({"valid_from": "2026-01-01"}, "orders payload valid_from: needs a time and its UTC offset, as in 2026-01-01T00:00:00-06:00"),
        ({"valid_from": 1764000000}, "orders payload valid_from: must be a date and time with its UTC offset, as in 2026-01-01T00:00:00-06:00"),
        ({"surprise": 1}, "orders payload surprise: unknown key; known are id, protected, respondent, perimeter_m, warning_m,"),
        ({"zone": [7]}, "orders payload zone: must be an array of tables"),
        (
            {"zone": [{"id": "z", "kind": "exclusion", "geojson": "/etc/passwd"}]},
            "orders payload zone[0].geojson: a file cannot be named here; put the GeoJSON itself",
        ),
    ],
)
def test_a_payload_is_refused_with_its_key(changes: dict[str, object], fault: str) -> None:
    with pytest.raises(BadInput) as refused:
        order_from_mapping(mapping(**changes), "orders payload", None)
    assert fault in str(refused.value)


@pytest.mark.parametrize("junk", [{}, [[]], [{}], [None], {"lat": {}}, float("nan"), True, -7.5, "\0", "ñ" * 5_000])
@pytest.mark.parametrize("key", ["id", "protected", "perimeter_m", "warning_m", "valid_from", "language", "zone"])
def test_junk_in_an_order_is_a_fault_and_never_a_crash(key: str, junk: object) -> None:
    with pytest.raises(BadInput):
        order_from_mapping({**mapping(), key: junk}, "payload", None)


@pytest.mark.parametrize("junk", [{}, [[]], [{}], [None], {"lat": {}}, float("nan"), True, -7.5, "\0", "ñ" * 5_000])
@pytest.mark.parametrize("key", ["id", "kind", "circle", "geojson", "width_m", "buffer_m", "timezone", "schedule"])
def test_junk_in_a_zone_is_a_fault_and_never_a_crash(key: str, junk: object) -> None:
    zone: dict[str, object] = {"id": "z", "kind": "exclusion", "circle": {"lat": 20.5, "lon": -100.3, "radius_m": 300}, "timezone": "UTC"}
    with pytest.raises(BadInput):
        order_from_mapping(mapping(zone=[{**zone, key: junk}]), "payload", None)


def test_null_is_the_same_as_absent() -> None:
    assert order_from_mapping({**mapping(), "warning_m": None, "zone": None, "language": None}, "payload", None) == order_from_mapping(mapping(), "", None)


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
