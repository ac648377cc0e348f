"""A good order with a zone, as a file and as JSON: how to read it, and what is said when it is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from config.errors import BadInput
from config.orders import load_registry
from geofence.terms import Registry

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
