"""An order that comes by MQTT is the order of the file, and whatever is wrong with it is a fault with its key, never a crash."""

from __future__ import annotations

import pytest

from config.errors import BadInput
from config.orders import order_from_mapping
from tests.config.conftest import ORDER, ZONE, Load, mapping


def test_json_and_file_give_the_same_order(load: Load) -> None:
    zone = {"id": "home", "kind": "exclusion", "circle": {"lat": 20.5888, "lon": -100.3899, "radius_m": 300}}
    assert order_from_mapping(mapping(zone=[zone]), "orders payload", None) == load(ORDER + ZONE).orders[0]


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
