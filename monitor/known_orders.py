"""The orders file as it was read last time, for a restart that finds it unchanged.

Reading and checking 50,000 orders of TOML takes half a minute, and a restart protects nobody meanwhile. So the registry is kept in the
data directory under the digest of the file's bytes and of this release's sources; the same bytes give the same registry. A file that names
GeoJSON files is always read anew, since its bytes do not say what is in those. What cannot be read is passed over.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from itertools import chain
from pathlib import Path

import config
import geofence
from config.orders import load_registry
from geofence.terms import Registry
from monitor import engine_state
from monitor.engine_state import registry_as_data, registry_from_data
from monitor.files import put_file

NAME = "orders.known"
OTHER_FILES = b"geojson"  # the key by which an orders file names another file
DIGEST_BYTES = 32


def read_orders(path: Path, data_dir: Path) -> Registry:
    """All devices and orders of a file, as `load_registry`, but at once where it is known. Raises BadInput."""
    digest = _digest(path)
    known = None if digest is None else _read(data_dir / NAME, digest)
    if known is not None:
        return known
    registry = load_registry(path)
    data = registry_as_data(registry.devices, registry.orders)
    with suppress(OSError):  # without it the next start takes its time
        if digest is not None and _digest(path) == digest:
            data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            put_file(data_dir / NAME, _head(digest, data) + data)
    return registry_from_data(data)  # which takes less memory


def _digest(path: Path) -> bytes | None:
    """Of the file and of all that reads it, or what is kept of it; None for a file that cannot stand for its contents alone."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if OTHER_FILES in data:
        return None
    digest = hashlib.sha256(hashlib.sha256(data).digest())
    sources = (sorted(Path(package.__path__[0]).glob("*.py")) for package in (config, geofence))
    for source in (*chain.from_iterable(sources), Path(engine_state.__file__)):
        digest.update(source.read_bytes())
    return digest.digest()


def _head(digest: bytes, body: bytes) -> bytes:
    """What stands before the registry: which file and release it is of, and that it is as it was written."""
    return digest + hashlib.sha256(body).digest()


def _read(path: Path, digest: bytes) -> Registry | None:
    try:
        data = path.read_bytes()
        body = data[2 * DIGEST_BYTES :]
        return registry_from_data(body) if data[: 2 * DIGEST_BYTES] == _head(digest, body) else None
    except Exception:  # missing, cut short, of another layout: the orders file has it all
        return None
