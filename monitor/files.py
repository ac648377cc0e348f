"""Files that are there whole or not at all: whoever reads sees the old one or the new one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def put_file(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Write a file, of ours alone by itself, in one step. Raises OSError: then nothing has changed, and nothing is left lying about."""
    os.replace(write_beside(path, data, mode=mode), path)
    sync_directory(path.parent)


def write_beside(path: Path, data: bytes, *, mode: int = 0o666) -> Path:
    """Put what shall become `path` on disk beside it; its name. Raises OSError, and leaves nothing: a full disk needs the room."""
    for left in path.parent.glob(path.with_suffix(".new-*").name):  # by a writer that was killed
        left.unlink(missing_ok=True)
    fresh = path.with_suffix(f".new-{os.getpid()}")
    try:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    return fresh


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write that becomes `path` once all went well; until then, and if anything fails, `path` is as it was. Raises OSError.

    A pipe or a terminal cannot be replaced, and is written as it is; a link goes on pointing to its file.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as straight:
            yield straight
        return
    path = path.resolve()
    fresh = path.with_name(f"{path.name}.new-{os.getpid()}")
    try:
        with _opened(fresh, path) as file:
            yield file
        if path.exists():
            shutil.copymode(path, fresh)
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def _opened(fresh: Path, path: Path) -> BinaryIO:
    try:
        return fresh.open("wb")
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None  # the name that was asked for


def write_all(file: int, data: bytes) -> None:
    """Write to an open file where it stands; a disk that fills up in the middle takes a part, and refuses only the rest. Raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def sync_directory(directory: Path) -> None:
    """Have the names in it on disk. Raises OSError."""
    file = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
