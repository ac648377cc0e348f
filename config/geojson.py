"""GeoJSON (RFC 7946) to the shape of a zone. Faults are ValueErrors of one plain sentence, without coordinates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from geofence.terms import Circle, Corridor, Polygons, Position, Shape

FILE_BYTES_MAX = 4_000_000  # 10,000 points with 15 digits need 0.5 MB
GEOMETRIES = "Polygon, MultiPolygon or LineString"


def read_geojson(path: Path) -> object:
    """The content of a GeoJSON file."""
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise ValueError(f"file {path.name} is larger than {FILE_BYTES_MAX // 1_000_000} MB: simplify the shape")
        return json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=_no_constant)
    except OSError as error:
        raise ValueError(f"file {path.name} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"file {path.name} is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"file {path.name} is not JSON: line {error.lineno}, {error.msg}") from None
    except RecursionError:
        raise ValueError(f"file {path.name} is nested too deeply") from None


def shape_of(document: object, width_m: float | None) -> Shape:
    """The shape in a geometry, a Feature or a FeatureCollection of one. `width_m` belongs to a LineString only."""
    geometry = _geometry(document)
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind not in ("Polygon", "MultiPolygon", "LineString"):
        raise ValueError(f"geojson must hold a {GEOMETRIES}")
    if kind == "LineString":
        if width_m is None:
            raise ValueError("a LineString needs width_m")
        return Corridor(_line(coordinates), width_m)
    if width_m is not None:
        raise ValueError(f"width_m is for a LineString, this is a {kind}")
    if kind == "Polygon":
        return Polygons((_rings(coordinates),))
    return Polygons(tuple(_rings(rings) for rings in _array(coordinates)))


def geometry_of(shape: Shape) -> dict[str, Any]:
    """The geometry of a shape; what GeoJSON has no word for (a radius, a width) is not in it."""
    if isinstance(shape, Circle):
        return {"type": "Point", "coordinates": _point(shape.centre)}
    if isinstance(shape, Corridor):
        return {"type": "LineString", "coordinates": [_point(point) for point in shape.line]}
    polygons = [[[_point(point) for point in ring] for ring in polygon] for polygon in shape.rings]
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}


def _point(position: Position) -> list[float]:
    return [position.lon_deg, position.lat_deg]


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of GeoJSON")


def _geometry(document: object) -> Mapping[str, Any]:
    if isinstance(document, Mapping) and document.get("type") == "FeatureCollection":
        features = document.get("features")
        if not isinstance(features, list) or len(features) != 1:
            raise ValueError("a FeatureCollection must hold exactly one Feature; give each zone its own file")
        document = features[0]
    if isinstance(document, Mapping) and document.get("type") == "Feature":
        document = document.get("geometry")
    if not isinstance(document, Mapping):
        raise ValueError(f"geojson must hold a {GEOMETRIES}")
    return document


def _array(value: object) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise ValueError("coordinates are not nested as RFC 7946 says, or empty")
    return value


def _rings(value: object) -> tuple[tuple[Position, ...], ...]:
    return tuple(_line(ring) for ring in _array(value))


def _line(value: object) -> tuple[Position, ...]:
    return tuple(_position(point) for point in _array(value))


def _position(value: object) -> Position:
    """A point [lon, lat] or [lon, lat, altitude]."""
    point = _array(value)
    if not 2 <= len(point) <= 3 or any(isinstance(x, bool) or not isinstance(x, int | float) for x in point):
        raise ValueError("a point must be two numbers, longitude and latitude")
    try:
        return Position(float(point[1]), float(point[0]))
    except OverflowError:
        raise ValueError("a coordinate is not a finite number") from None
