"""Recorded and drawn ways of persons, for `resguardo feasibility`: CSV files of fixes, GeoJSON files of a usual day.

A file is one track of one party: the word `protected` or `respondent` begins its name or the name of its folder.
Every fault is a BadInput that names file, line and column, never a value.
"""

from __future__ import annotations

import bisect
import csv
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from config.errors import BadInput
from config.geojson import read_geojson
from geofence.geodesy import distance_m, moved, offset_m
from geofence.schedule import load_timezone
from geofence.terms import Position, Role

STEP_S = 5  # a drawn day has a position every five seconds: the fastest interval a device is asked for
DAY_S = 86_400
ERROR_M = 5.0  # per axis, of the positions that a drawn day is reported with: GPS in a town
ERROR_TAU_S = 120.0  # such errors last minutes
ACCURACY_M = 8.0  # what a receiver claims with that error
ACCURACY_UNSTATED_M = 15.0  # a recorded fix without an accuracy
DRAWN_DAY = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday: a drawn day is a working day
SPEED_MPS_MAX = 70.0  # 250 km/h
SOURCES = {"gps": "gps", "flp": "gps", "fused": "gps", "nlp": "wifi", "network": "wifi", "wifi": "wifi", "lbs": "lbs", "cell": "lbs"}
COLUMNS = {"lat": 90.0, "lon": 180.0, "acc": 100_000.0, "speed": 200.0, "course": 360.0}  # the largest value each may have
SIGNED = ("lat", "lon")


class Fix(NamedTuple):
    """One position of a track; None = not recorded."""

    at_ms: int
    lat_deg: float
    lon_deg: float
    accuracy_m: float
    speed_mps: float | None = None
    course_deg: float | None = None
    source: str | None = None


class Place(NamedTuple):
    """A place where a person usually is: home, work."""

    name: str
    position: Position


@dataclass(frozen=True, slots=True)
class Track:
    """The fixes of one person in order of time. `truth` are the same moments without the errors of a receiver."""

    name: str
    role: Role
    fixes: Sequence[Fix]
    truth: Sequence[Fix]
    places: Sequence[Place] = ()

    def newest(self, at_ms: int) -> Fix | None:
        """The last fix up to a moment; None before the first."""
        index = bisect.bisect_right(self.fixes, at_ms, key=lambda fix: fix.at_ms)
        return self.fixes[index - 1] if index else None

    def true_position(self, at_ms: int) -> Position:
        """Where the person was, between two fixes on the straight line."""
        index = min(max(bisect.bisect_right(self.truth, at_ms, key=lambda fix: fix.at_ms), 1), len(self.truth) - 1)
        a, b = self.truth[index - 1], self.truth[index]
        share = min(max((at_ms - a.at_ms) / (b.at_ms - a.at_ms), 0.0), 1.0)
        east, north = offset_m(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg)
        return Position(*moved(a.lat_deg, a.lon_deg, share * east, share * north))


def read_tracks(paths: Sequence[Path], seed: int) -> list[Track]:
    """All tracks of files and folders, in the order of their names."""
    tracks = [read_track(file, seed) for path in paths for file in _files(path)]
    for role in Role:
        if not any(track.role is role for track in tracks):
            raise BadInput(", ".join(map(str, paths)), f"no track of a {role.word} person: the file's or its folder's name begins so")
    return tracks


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise BadInput(str(path), "cannot be read: there is no such file or folder")
    if path.is_file():
        return [path]
    return sorted(file for file in path.rglob("*") if file.suffix in (".csv", ".geojson") and _role(file) is not None)


def read_track(path: Path, seed: int) -> Track:
    """One file. Raises BadInput naming file, line and column."""
    role = _role(path)
    if role is None:
        raise BadInput(str(path), "whose track is it? The name of the file or of its folder begins with protected or respondent")
    if path.suffix == ".csv":
        fixes = list(_csv_fixes(path))
        if len(fixes) < 2:
            raise BadInput(str(path), "has fewer than two fixes")
        return Track(path.name, role, fixes, fixes)
    if path.suffix == ".geojson":
        return _drawn(path, role, seed)
    raise BadInput(str(path), "is neither .csv nor .geojson")


def _role(path: Path) -> Role | None:
    for name in (path.name, path.parent.name):
        for role in Role:
            if name.lower().startswith(role.word):
                return role
    return None


# --- Recorded: CSV ----------------------------------------------------------------------------------------------------


def _csv_fixes(path: Path) -> Iterator[Fix]:
    """The fixes that are newer than the one before: recorders repeat themselves and slip by a second."""
    last_ms = -1
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            missing = [column for column in ("t", "lat", "lon") if column not in (reader.fieldnames or ())]
            if missing:
                raise BadInput(f"{path}:1", f"there is no column {', '.join(missing)}")
            for row in reader:
                fix = _csv_fix(row, f"{path}:{reader.line_num}")
                if fix is not None and fix.at_ms > last_ms:
                    last_ms = fix.at_ms
                    yield fix
    except OSError as error:
        raise BadInput(str(path), f"cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error):
        raise BadInput(str(path), "is not CSV in UTF-8") from None


def _csv_fix(row: Mapping[str, str | None], where: str) -> Fix | None:
    """One line; None where it has no position."""
    number = {column: _number(row, column, where, most) for column, most in COLUMNS.items()}
    t = _number(row, "t", where, 4e9)
    if t is None:
        raise BadInput(f"{where} t", "is empty")
    if number["lat"] is None or number["lon"] is None:
        return None
    accuracy = max(number["acc"] or ACCURACY_UNSTATED_M, 0.1)
    source = SOURCES.get((row.get("src") or "").strip().lower())
    return Fix(round(t * 1000), number["lat"], number["lon"], accuracy, number["speed"], number["course"], source)


def _number(row: Mapping[str, str | None], column: str, where: str, most: float) -> float | None:
    text = (row.get(column) or "").strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        raise BadInput(f"{where} {column}", "is not a number") from None
    if not (-most if column in SIGNED else 0.0) <= number <= most:
        raise BadInput(f"{where} {column}", "is out of range")
    return number


# --- Drawn: GeoJSON ---------------------------------------------------------------------------------------------------


class Way(NamedTuple):
    """One way of a drawn day: departure in seconds of the day, speed, points."""

    depart_s: float
    speed_mps: float
    line: Sequence[Position]


def _drawn(path: Path, role: Role, seed: int) -> Track:
    """A usual day: lines with `depart` and `speed_mps`; between them the person stays where the last one ended."""
    try:
        document: Any = read_geojson(path)
    except ValueError as error:
        raise BadInput(str(path), str(error)) from None
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise BadInput(str(path), "is not a FeatureCollection")
    places, ways = [], []
    for index, feature in enumerate(features):
        where = f"{path}:{_line_of_feature(path, index)} features[{index}]"
        try:
            kind, coordinates, properties = feature["geometry"]["type"], feature["geometry"]["coordinates"], feature["properties"]
            if kind == "Point":
                places.append(Place(str(properties["place"]), _position(coordinates, where)))
            elif kind == "LineString":
                ways.append(_way(coordinates, properties, where))
            else:
                raise BadInput(where, "is neither a Point nor a LineString")
        except (KeyError, TypeError):
            raise BadInput(where, "needs a geometry, and as properties a Point `place`, a LineString `depart` and `speed_mps`") from None
    zone = document.get("timezone", "UTC")
    try:
        midnight = DRAWN_DAY.replace(tzinfo=load_timezone(str(zone)))
    except ValueError as error:
        raise BadInput(f"{path} timezone", str(error)) from None
    truth = _day(path, ways, places, midnight)
    return Track(path.name, role, _with_errors(truth, random.Random(f"{seed}/{path.name}")), truth, places)


def _line_of_feature(path: Path, index: int) -> int:
    """The line on which a feature begins: where its `"type": "Feature"` stands."""
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    heads = [number for number, line in enumerate(lines, start=1) for _ in range(line.replace(" ", "").count('"Feature"'))]
    return heads[index] if index < len(heads) else 1


def _position(point: Any, where: str) -> Position:
    good = isinstance(point, list) and len(point) >= 2 and all(type(x) in (int, float) for x in point[:2])
    if not good or abs(point[0]) > COLUMNS["lon"] or abs(point[1]) > COLUMNS["lat"]:
        raise BadInput(f"{where} coordinates", "a point is not longitude and latitude")
    return Position(float(point[1]), float(point[0]))


def _way(coordinates: Any, properties: Mapping[str, Any], where: str) -> Way:
    speed = properties["speed_mps"]
    if type(speed) not in (int, float) or not 0.0 < speed <= SPEED_MPS_MAX:
        raise BadInput(f"{where} speed_mps", f"is not a speed up to {SPEED_MPS_MAX:.0f} m/s")
    try:
        depart = datetime.strptime(str(properties["depart"]), "%H:%M").replace(tzinfo=UTC)
    except ValueError:
        raise BadInput(f"{where} depart", "is not a time such as 07:30") from None
    if not isinstance(coordinates, list) or len(coordinates) < 2:
        raise BadInput(f"{where} coordinates", "a way needs two points")
    return Way(depart.hour * 3600.0 + depart.minute * 60.0, float(speed), [_position(point, where) for point in coordinates])


def _day(path: Path, ways: Sequence[Way], places: Sequence[Place], midnight: datetime) -> list[Fix]:
    """The true positions of the day, one every STEP_S."""
    if not ways and not places:
        raise BadInput(str(path), "has neither a place nor a way")
    knots: list[tuple[float, Position]] = [(0.0, ways[0].line[0] if ways else places[0].position)]
    for way in sorted(ways, key=lambda one: one.depart_s):
        if way.depart_s < knots[-1][0]:
            raise BadInput(str(path), "a way departs before the one before it has ended")
        knots.append((way.depart_s, knots[-1][1]))
        knots += _walked(way)
    start_ms = round(midnight.astimezone(UTC).timestamp() * 1000)
    return list(_sampled([*knots, (float(DAY_S), knots[-1][1])], start_ms))


def _walked(way: Way) -> Iterator[tuple[float, Position]]:
    at_s = way.depart_s
    yield at_s, way.line[0]
    for a, b in zip(way.line, way.line[1:], strict=False):
        at_s += distance_m(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg) / way.speed_mps
        yield at_s, b


def _sampled(knots: Sequence[tuple[float, Position]], start_ms: int) -> Iterator[Fix]:
    index = 0
    for at_s in range(0, DAY_S + 1, STEP_S):
        while index + 2 < len(knots) and knots[index + 1][0] <= at_s:
            index += 1
        (from_s, a), (to_s, b) = knots[index], knots[index + 1]
        span_s = max(to_s - from_s, 1e-9)
        east, north = offset_m(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg)
        share = min(max((at_s - from_s) / span_s, 0.0), 1.0)
        speed = math.hypot(east, north) / span_s if share < 1.0 else 0.0
        lat, lon = moved(a.lat_deg, a.lon_deg, share * east, share * north)
        course = math.degrees(math.atan2(east, north)) % 360.0
        yield Fix(start_ms + at_s * 1000, lat, lon, ACCURACY_M, min(speed, SPEED_MPS_MAX), course, "gps")


def _with_errors(truth: Sequence[Fix], rng: random.Random) -> list[Fix]:
    """What a receiver would have said: errors that last for minutes."""
    keep = math.exp(-STEP_S / ERROR_TAU_S)
    fresh = ERROR_M * math.sqrt(1.0 - keep * keep)
    east, north = rng.gauss(0.0, ERROR_M), rng.gauss(0.0, ERROR_M)
    said = []
    for fix in truth:
        east, north = keep * east + rng.gauss(0.0, fresh), keep * north + rng.gauss(0.0, fresh)
        lat, lon = moved(fix.lat_deg, fix.lon_deg, east, north)
        said.append(fix._replace(lat_deg=lat, lon_deg=lon))
    return said


def shifted(track: Track, by: timedelta) -> Track:
    """The same track at another time."""
    if not by:
        return track
    by_ms = round(by.total_seconds() * 1000)

    def moved_on(fixes: Sequence[Fix]) -> list[Fix]:
        return [fix._replace(at_ms=fix.at_ms + by_ms) for fix in fixes]

    return Track(track.name, track.role, moved_on(track.fixes), moved_on(track.truth), track.places)
