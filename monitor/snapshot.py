"""The engine's memory on disk, so that a restart replays a minute of the journal and not all of it.

A file holds one snapshot: a line of JSON (what it is, where in the journal it stands, the CRC of that and of the rest), then the blob.
It is written beside the old one, forced to disk, and put in its place by a rename; the old one stays as `.old` until then.
`.next` is what another release has made beside a running service, for its first start (warm.py).
A snapshot is a convenience, never the truth: one that cannot be read is passed over, and the journal is replayed further.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.files import sync_directory, write_beside

FORMAT = 1
HEADER_BYTES_MAX = 1024
NEXT = ".next"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the engine knew after the journal's records before `offset`."""

    offset: int
    blob: bytes
    owed: bytes = b""  # the notifications of whoever was not there to send them (recovery.py)


def write_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Put a snapshot on disk in one step: whoever reads sees the old one or the new one. Raises OSError."""
    fresh = write_beside(path, _encoded(snapshot))
    if path.exists():
        os.replace(path, path.with_suffix(".old"))
    os.replace(fresh, path)
    sync_directory(path.parent)


def write_next(path: Path, snapshot: Snapshot) -> None:
    """Put one beside those of the service that runs, in one step, as `path` with `.next`. Raises OSError."""
    beside = path.with_name(f"{path.name}-next")  # a name of its own: each writer clears up what lies beside its file
    fresh = write_beside(beside, _encoded(snapshot))
    os.replace(fresh, path.with_suffix(NEXT))
    sync_directory(path.parent)


def drop_next(path: Path) -> None:
    """It has served."""
    path.with_suffix(NEXT).unlink(missing_ok=True)


def read_snapshots(path: Path) -> Iterator[Snapshot]:
    """Give the readable snapshots, the one that stands furthest on in the journal first.

    Each is a whole state by itself, so the furthest that the reader can use is the best, whoever wrote it.
    """
    candidates = (path, path.with_suffix(".old"), path.with_suffix(NEXT))
    for candidate in sorted(candidates, key=_place, reverse=True):
        snapshot = _read(candidate)
        if snapshot is not None:
            yield snapshot


def _encoded(snapshot: Snapshot) -> bytes:
    body = snapshot.blob + snapshot.owed
    fields = {"format": FORMAT, "offset": snapshot.offset, "size": len(body), "owed": len(snapshot.owed)}
    fields["crc"] = _seal(fields, body)
    return json.dumps(fields).encode() + b"\n" + body


def _place(path: Path) -> int:
    """Where in the journal it says that it stands; -1 where that cannot be read."""
    try:
        with path.open("rb") as file:
            return int(json.loads(file.readline(HEADER_BYTES_MAX))["offset"])
    except (OSError, ValueError, KeyError, TypeError):
        return -1


def _read(path: Path) -> Snapshot | None:
    try:
        header, _, body = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    try:
        fields = json.loads(header[:HEADER_BYTES_MAX])
        whole = fields["format"] == FORMAT and fields["size"] == len(body) and fields["crc"] == _seal(fields, body)
        return _parted(int(fields["offset"]), body, int(fields["owed"])) if whole else None
    except (ValueError, KeyError, TypeError):
        return None


def _seal(fields: dict[str, Any], body: bytes) -> int:
    """The CRC of all that a file says: with another place in the journal it would be a whole snapshot of something that never was."""
    return zlib.crc32(body, zlib.crc32(b"%d %d" % (fields["offset"], fields["owed"])))


def _parted(offset: int, body: bytes, owed: int) -> Snapshot:
    return Snapshot(offset, body[: len(body) - owed], body[len(body) - owed :]) if owed else Snapshot(offset, body)
