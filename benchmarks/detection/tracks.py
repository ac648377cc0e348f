"""Recordings of real phones out of a folder of CSV files, cut to pieces that are whole and have a surveyed reference.

Two kinds of file, known by their first line: `t,recv_t,lat,lon,acc,speed,course,src,nsat,ref_lat,ref_lon` (unix seconds,
degrees WGS84, metres, m/s, degrees; blank = unknown) and `t,x,y,activity` (seconds, local metres; on foot or driving).
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.detection.noise import CELL, GPS, WIFI
from config.errors import BadInput
from geofence.geodesy import offset_m

FIX_HEADER = {"t", "recv_t", "lat", "lon", "acc", "speed", "course", "src", "ref_lat", "ref_lon"}
WALK_HEADER = {"t", "x", "y", "activity"}
ON_FOOT = "OnFoot"
HOLE_S = 10.0  # where the reference has a longer hole the truth is not known: a piece ends
PIECE_S = 240.0  # a shorter piece is no encounter
WALK_S = 60.0
LATE_S, LATE_S_MAX = 0.75, 20.0  # from fix to log where the file does not say (the median of those that do); more is a clock's error
SOURCES = {"gps": GPS, "flp": GPS, "nlp": WIFI, "wifi": WIFI, "lbs": CELL, "cell": CELL}


@dataclass(frozen=True, slots=True)
class Recording:
    """A phone on its way. Seconds from its start; metres on a plane; arrays of one length."""

    name: str
    fix_s: Any
    late_s: Any  # from the fix to its arrival
    measured_xy: Any
    true_xy: Any
    accuracy_m: Any
    source: Any
    speed_mps: Any
    course_deg: Any

    @property
    def end_s(self) -> float:
        return float(self.fix_s[-1])


@dataclass(frozen=True, slots=True)
class Walk:
    """Somebody on foot, taken for the truth."""

    fix_s: Any
    true_xy: Any


@dataclass(frozen=True, slots=True)
class Folder:
    """What can be used of a folder; `unused` files have no reference or are too short."""

    recordings: tuple[Recording, ...]
    walks: tuple[Walk, ...]
    unused: int


def read_folder(folder: Path) -> Folder:
    """Raises BadInput where there is no such folder, a number is none, or no recording has a reference."""
    if not folder.is_dir():
        raise BadInput(str(folder), "no such folder")
    recordings: list[Recording] = []
    walks: list[Walk] = []
    unused = 0
    for path in sorted(folder.rglob("*.csv")):
        with path.open(newline="") as file:
            table = csv.DictReader(file)
            header, rows = set(table.fieldnames or ()), list(table)
        fixes = _recordings(path, rows) if header >= FIX_HEADER else []
        steps = _walks(path, rows) if header >= WALK_HEADER else []
        recordings, walks, unused = recordings + fixes, walks + steps, unused + (not fixes and not steps)
    if len({run_of(r) for r in recordings}) < 2:
        raise BadInput(str(folder), f"fewer than two recordings of {PIECE_S:.0f} s with ref_lat and ref_lon")
    return Folder(tuple(recordings), tuple(walks), unused)


def run_of(recording: Recording) -> str:
    """Phones of one journey share their errors; their files are called RUN_PHONE.csv."""
    return recording.name.rsplit("_", 1)[0]


def _column(path: Path, rows: list[dict[str, str]], key: str) -> Any:
    """One column of numbers; NaN where blank."""
    values = []
    for line, row in enumerate(rows, 2):
        try:
            values.append(float(row[key]) if row[key] else math.nan)
        except (TypeError, ValueError):
            raise BadInput(f"{path}:{line}: {key}", "not a number") from None
    return np.array(values)


def _recordings(path: Path, rows: list[dict[str, str]]) -> list[Recording]:
    """The pieces of one file: fixes in order of time, no hole in the reference longer than HOLE_S."""
    fix_s, recv_s, lat, lon, ref_lat, ref_lon = (_column(path, rows, key) for key in ("t", "recv_t", "lat", "lon", "ref_lat", "ref_lon"))
    known = np.flatnonzero(np.isfinite(fix_s + lat + lon) & np.isfinite(ref_lat + ref_lon))
    known = known[np.concatenate(([True], np.diff(np.maximum.accumulate(fix_s[known])) > 0))] if len(known) else known
    late = np.where(np.isfinite(recv_s), np.clip(recv_s - fix_s, 0.0, LATE_S_MAX), LATE_S)
    accuracy, speed, course = (_column(path, rows, key) for key in ("acc", "speed", "course"))
    source = np.array([SOURCES.get(row["src"], GPS) for row in rows])
    pieces = np.split(known, np.flatnonzero(np.diff(fix_s[known]) > HOLE_S) + 1)
    found = []
    for piece in pieces:
        if not len(piece) or fix_s[piece[-1]] - fix_s[piece[0]] < PIECE_S:
            continue
        origin = float(ref_lat[piece[0]]), float(ref_lon[piece[0]])
        measured, true = (np.array([offset_m(*origin, a, b) for a, b in zip(y[piece], x[piece], strict=True)]) for y, x in ((lat, lon), (ref_lat, ref_lon)))
        found.append(
            Recording(path.stem, fix_s[piece] - fix_s[piece[0]], late[piece], measured, true, accuracy[piece], source[piece], speed[piece], course[piece])
        )
    return found


def _walks(path: Path, rows: list[dict[str, str]]) -> list[Walk]:
    found = []
    for activity, group in groupby(rows, key=lambda row: row["activity"]):
        steps = list(group)
        t, x, y = (_column(path, steps, key) for key in ("t", "x", "y"))
        if activity == ON_FOOT and t[-1] - t[0] >= WALK_S and np.all(np.diff(t) > 0):
            found.append(Walk(t - t[0], np.stack([x, y], axis=1)))
    return found
