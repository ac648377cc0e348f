"""An orders file is read whole or refused whole, and every fault says file, line and key."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from config.errors import BadInput
from config.orders import load_registry
from tests.config.conftest import ORDER, SQUARE, ZONE, Load, faults, with_zone

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
