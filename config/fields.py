"""Reading a mapping of unknown content field by field: every fault is collected, none stops the reading."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from config.errors import BadInput

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OFFSET_EXAMPLE = "2026-01-01T00:00:00-06:00"


T = TypeVar("T")


def given(value: T | None) -> T:
    """The value of a required field, for use once its mapping is known to have no fault."""
    assert value is not None
    return value


class Faults:
    """What is wrong so far. `where` turns a path such as `order[0].perimeter_m` into the place that the user sees."""

    def __init__(self, where: Callable[[str], str]) -> None:
        self._where = where
        self.found: list[BadInput] = []

    def add(self, path: str, message: str) -> None:
        """Note one fault."""
        self.found.append(BadInput(self._where(path), message))

    def raise_any(self) -> None:
        """Raise BadInput with all faults in one, if there is any."""
        if self.found:
            raise BadInput.together(self.found)


class Fields:
    """One mapping. Each method takes one key and gives its value, or None where it is absent or at fault."""

    def __init__(self, path: str, values: Mapping[str, object], faults: Faults) -> None:
        self.path = path
        self.faults = faults
        self._values = values
        self._known: list[str] = []

    def at(self, key: str) -> str:
        """The path of one key."""
        return f"{self.path}.{key}" if self.path else key

    def wrong(self, key: str, message: str) -> None:
        """Note that one key is at fault."""
        self.faults.add(self.at(key) if key else self.path, message)

    def value(self, key: str, *, required: bool = False) -> Any:
        """Whatever the key holds."""
        self._known.append(key)
        found = self._values.get(key)
        if found is None and required:
            self.wrong(key, "is missing")
        return found

    def text(self, key: str, *, required: bool = False, pattern: re.Pattern[str] | None = None, meaning: str = "text") -> str | None:
        """A string that fully matches `pattern`."""
        found = self.value(key, required=required)
        if found is None:
            return None
        if not isinstance(found, str) or (pattern is not None and not pattern.fullmatch(found)):
            self.wrong(key, f"must be {meaning}")
            return None
        return found

    def one_of(self, key: str, words: Mapping[str, Any], *, default: str | None = None) -> Any:
        """What one of the known words stands for; without a default the key is required."""
        found = self.value(key, required=default is None)
        if found is None:
            return words[default] if default is not None else None
        if not isinstance(found, str) or found not in words:
            self.wrong(key, f"must be one of {', '.join(words)}")
            return None
        return words[found]

    def flag(self, key: str) -> bool:
        """true or false; false where it is absent."""
        found = self.value(key)
        if found is not None and not isinstance(found, bool):
            self.wrong(key, "must be true or false")
        return found is True

    def number(
        self, key: str, *, required: bool = False, default: float | None = None, least: float = -math.inf, most: float = math.inf
    ) -> float | None:
        """A finite number between two bounds; `default` where it is absent."""
        found = self.value(key, required=required)
        if found is None:
            return default
        number = _as_number(found)
        if number is None or not math.isfinite(number):
            self.wrong(key, "must be a finite number")
            return None
        if not least <= number <= most:
            self.wrong(key, f"must be between {least:g} and {most:g}")
            return None
        return number

    def instant_ms(self, key: str) -> int | None:
        """A date and time with its UTC offset (required), as ms UTC."""
        found = self.value(key, required=True)
        if isinstance(found, str):
            try:
                found = datetime.fromisoformat(found)
            except ValueError:
                found = 0
        if found is None:
            return None
        if isinstance(found, datetime) and found.tzinfo is not None:
            return (found - EPOCH) // timedelta(milliseconds=1)
        lacks = "needs a time and its UTC offset" if isinstance(found, date) else "must be a date and time with its UTC offset"
        self.wrong(key, f"{lacks}, as in {OFFSET_EXAMPLE}")
        return None

    def fields(self, key: str) -> Fields | None:
        """A mapping inside this one."""
        found = self.value(key)
        if found is None:
            return None
        if not isinstance(found, Mapping):
            self.wrong(key, "must be a table")
            return None
        return Fields(self.at(key), found, self.faults)

    def each(self, key: str, *, most: int | None = None) -> list[Fields]:
        """The mappings of an array; absent is empty."""
        found = self.value(key)
        if found is None:
            return []
        if not isinstance(found, list) or not all(isinstance(item, Mapping) for item in found):
            self.wrong(key, "must be an array of tables")
            return []
        if most is not None and len(found) > most:
            self.wrong(key, f"there are {len(found)}; at most {most} are possible")
            return []
        return [Fields(f"{self.at(key)}[{index}]", item, self.faults) for index, item in enumerate(found)]

    def no_others(self) -> None:
        """Note every key that nothing has asked for: a misspelt one would otherwise be a default in disguise."""
        for key in self._values:
            if key not in self._known:
                near = difflib.get_close_matches(str(key), self._known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(self._known)}"
                self.wrong(str(key)[:64], f"unknown key; {hint}")


def _as_number(found: object) -> float | None:
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    try:
        return float(found)
    except OverflowError:
        return None
