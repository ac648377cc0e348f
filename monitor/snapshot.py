"""The engine's memory on disk, so that a restart replays a minute of the journal and not all of it.

A file holds one snapshot: a line of JSON (what it is, where in the journal it stands, the CRC of the rest), then the blob.
It is written beside the old one, forced to disk, and put in its place by a rename; the old one stays as `.old` until then.
A snapshot is a convenience, never the truth: one that cannot be read is passed over, and the journal is replayed further.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from monitor.files import sync_directory, write_beside

FORMAT = 1
HEADER_BYTES_MAX = 1024


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the engine knew after the journal's records before `offset`."""

    offset: int
    blob: bytes


def write_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Put a snapshot on disk in one step: whoever reads sees the old one or the new one. Raises OSError."""
    header = json.dumps(
        {"format": FORMAT, "offset": snapshot.offset, "size": len(snapshot.blob), "crc": zlib.crc32(snapshot.blob)}
    ).encode()
    fresh = write_beside(path, header + b"\n" + snapshot.blob)
    if path.exists():
        os.replace(path, path.with_suffix(".old"))
    os.replace(fresh, path)
    sync_directory(path.parent)


def read_snapshots(path: Path) -> Iterator[Snapshot]:
    """Give the readable snapshots, newest first."""
    for candidate in (path, path.with_suffix(".old")):
        snapshot = _read(candidate)
        if snapshot is not None:
            yield snapshot


def _read(path: Path) -> Snapshot | None:
    try:
        header, _, blob = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    try:
        fields = json.loads(header[:HEADER_BYTES_MAX])
        whole = fields["format"] == FORMAT and fields["size"] == len(blob) and fields["crc"] == zlib.crc32(blob)
        return Snapshot(int(fields["offset"]), blob) if whole else None
    except (ValueError, KeyError, TypeError):
        return None
