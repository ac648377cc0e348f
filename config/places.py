"""Faults in what the settings name, told with file, line and key of the setting: whoever reads of them must know where to look."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from config.errors import BadInput
from config.load import PREFIX, Document
from config.settings import SECTIONS, Settings

FILES = ("orders", "contacts")  # of [service]: files whose own lines name their faults, once they are there
_KEY = re.compile(rf"({'|'.join(SECTIONS)})\.\w+")


@contextmanager
def placing(settings: Settings, path: Path | None, environ: Mapping[str, str]) -> Iterator[None]:
    """Let BadInput of a setting, and OSError of the data directory, name the place where it is set. Raises BadInput."""
    try:
        yield
    except BadInput as fault:
        raise _placed(fault, settings, path, environ) from None
    except OSError as fault:
        if fault.filename is None or not _is_near(Path(str(fault.filename)), settings.service.data_dir):
            raise
        where = place_of("service.data_dir", path, environ)
        raise BadInput(where, f"{fault.filename}: {fault.strerror or 'cannot be used'}") from None


def place_of(key: str, path: Path | None, environ: Mapping[str, str]) -> str:
    """Where a setting stands: the environment goes before the file."""
    variable = f"{PREFIX}{key.replace('.', '__')}".upper()
    if variable in environ:
        return f"environment {variable}"
    if path is None:
        return key
    try:
        return Document(path).where(key)
    except BadInput:  # it was there when we began
        return f"{path} {key}"


def _placed(fault: BadInput, settings: Settings, path: Path | None, environ: Mapping[str, str]) -> BadInput:
    if _KEY.fullmatch(fault.where):
        return BadInput(place_of(fault.where, path, environ), fault.message)
    for key in FILES:
        file = getattr(settings.service, key)
        if file is not None and fault.where == str(file) and not fault.message.startswith("is not TOML"):  # which names a line of its own
            return BadInput(place_of(f"service.{key}", path, environ), f"{file}: {fault.message}")
        if file is not None and fault.where == key:  # what the contacts lack as a whole
            return BadInput(str(file), fault.message)
    return fault


def _is_near(path: Path, directory: Path) -> bool:
    """In it, the directory itself, or one that it is in."""
    return path == directory or directory in path.parents or path in directory.parents
