"""Settings from a TOML file and the environment; every fault at once, each with file, line and key.

A key is taken from the first place that has it: the environment (`RESGUARDO_SECTION__KEY`), the file, the default.
Relative paths count from the directory of the file that names them.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_type_hints

from config.errors import BadInput
from config.ladder import read_ladder
from config.lines import line_of, lines_of_keys
from config.settings import SECTIONS, Secret, Settings, contradictions

PREFIX = "RESGUARDO_"
SECRET_BYTES_MAX = 4096  # a password or token; a whole file given by mistake is refused
YES_NO = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
TYPE_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false", Path: "a path", Secret: "text"}


class _Wrong(Exception):
    """Why one value cannot be used."""


class Document:
    """One TOML file, with the lines on which its keys stand: tomllib does not tell them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.text = path.read_text(encoding="utf-8")
            self.table: dict[str, Any] = tomllib.loads(self.text)
        except OSError as error:
            raise BadInput(str(path), error.strerror or "cannot be read") from None
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise BadInput(str(path), f"is not TOML: {error}") from None
        self._lines = lines_of_keys(self.text)

    def where(self, path: str) -> str:
        """Name file, line and key of one setting."""
        line = line_of(self._lines, path)
        return f"{self.path}:{line} {path}" if line else f"{self.path} {path}"


def load_settings(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read and check the whole configuration. Raises BadInput with all its faults, one a line."""
    document = Document(path) if path is not None else None
    sources = _Sources(document, environ)
    faults: list[str] = _unknown(document, environ)
    values = {section: _section(section, kind, sources, faults) for section, kind in SECTIONS.items()}
    if document is not None and isinstance(document.table.get("ladder"), dict):
        values["ladder"], wrong = read_ladder(document.table["ladder"], document.where)
        faults += map(str, wrong)
    settings = Settings(**values)
    if not faults:
        faults = [f"{document.where(key) if document else key}: {message}" for key, message in contradictions(settings)]
    if faults:
        raise BadInput("", "\n".join(faults))
    return settings


def _unknown(document: Document | None, environ: Mapping[str, str]) -> list[str]:
    """Keys that nothing reads: a misspelt one would otherwise be a default in disguise."""
    faults = []
    for section, table in (document.table if document else {}).items():
        assert document is not None
        if section == "ladder" and isinstance(table, dict):
            continue
        if section not in SECTIONS or not isinstance(table, dict):
            faults.append(f"{document.where(section)}: unknown section; there are {', '.join(SECTIONS)}, ladder")
            continue
        known = _file_keys(SECTIONS[section])
        faults += [f"{document.where(f'{section}.{key}')}: unknown key; {_nearest(key, known)}" for key in table if key not in known]
    for name in sorted(environ):
        if name.startswith(PREFIX) and "__" in name:
            section, _, key = name.removeprefix(PREFIX).lower().partition("__")
            if section not in SECTIONS or key not in _file_keys(SECTIONS[section]) | {f.name for f in fields(SECTIONS[section])}:
                faults.append(f"environment {name}: unknown setting")
    return faults


def _file_keys(kind: type) -> set[str]:
    hints = get_type_hints(kind)
    return {f"{f.name}_file" if _plain(hints[f.name]) is Secret else f.name for f in fields(kind)}


def _nearest(key: str, known: set[str]) -> str:
    """Help with a misspelling, and with a secret that was put where it must not be."""
    if f"{key}_file" in known:
        return f"a secret is never in this file: write it to a file of its own and name that in {key}_file, or set it in the environment"
    return f"there are {', '.join(sorted(known))}"


def _plain(hint: Any) -> Any:
    """The type of a setting without its `| None`."""
    return next(x for x in get_args(hint) if x is not type(None)) if isinstance(hint, UnionType) else hint


class _Sources:
    """The places where a setting may stand."""

    def __init__(self, document: Document | None, environ: Mapping[str, str]) -> None:
        self._document = document
        self._environ = environ
        self.base = document.path.parent if document else Path()

    def find(self, section: str, key: str, plain: Any) -> tuple[str, Any, Path]:
        """Where one setting stands, what is written there, and from where its path counts; MISSING if it stands nowhere."""
        for name in (key, f"{key}_file") if plain is Secret else (key,):
            variable = f"{PREFIX}{section}__{name}".upper()
            if variable in self._environ:
                raw = self._environ[variable]
                return f"environment {variable}", Path(raw) if name != key else _from_text(raw, plain), Path()
        name = f"{key}_file" if plain is Secret else key
        table = self._document.table.get(section) if self._document else None
        if self._document is None or not isinstance(table, dict) or name not in table:
            return "", MISSING, Path()
        raw = table[name]
        return (
            self._document.where(f"{section}.{name}"),
            Path(raw) if plain is Secret and isinstance(raw, str) else raw,
            self.base,
        )


def _section(section: str, kind: type, sources: _Sources, faults: list[str]) -> Any:
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for f in fields(kind):
        where, raw, base = sources.find(section, f.name, _plain(hints[f.name]))
        if raw is MISSING:
            if isinstance(f.default, Path):
                values[f.name] = sources.base / f.default  # from the file that could have named it, wherever we were started
            continue
        try:
            values[f.name] = _value(raw, _plain(hints[f.name]), f, base)
        except _Wrong as wrong:
            faults.append(f"{where}: {wrong} ({f.metadata['why']})")
    return kind(**values)


def _from_text(raw: str, plain: Any) -> Any:
    """What an environment variable would be in TOML; the raw text where it cannot be, for the check to refuse."""
    if plain is bool:
        return YES_NO.get(raw.lower(), raw)
    try:
        return plain(raw) if plain in (int, float) else raw
    except ValueError:
        return raw


def _value(raw: Any, plain: Any, f: Field[Any], base: Path) -> Any:
    """Check and convert one value."""
    if plain is Secret and isinstance(raw, Path):
        raw = _read_secret(base / raw)
    if raw == "" and f.default is not MISSING and plain is not Secret:
        return None  # an empty text switches off what has a default
    accepted = (int, float) if plain is float else str if plain in (Path, Secret) else plain
    if not isinstance(raw, accepted) or (isinstance(raw, bool) and plain is not bool):
        raise _Wrong(f"must be {TYPE_WORDS[plain]}")
    if isinstance(raw, float) and not math.isfinite(raw):
        raise _Wrong("must be a finite number")
    wrong = f.metadata["check"](raw) if f.metadata["check"] else None
    if wrong:
        raise _Wrong(wrong)
    return base / str(raw) if plain is Path else plain(raw)


def _read_secret(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(SECRET_BYTES_MAX + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise _Wrong(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
    if not text.strip() or len(text) > SECRET_BYTES_MAX:
        raise _Wrong(f"{path} must hold 1 to {SECRET_BYTES_MAX} characters")
    return text.strip()
