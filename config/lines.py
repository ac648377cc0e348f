"""On which line of a TOML file a key stands: tomllib does not tell."""

from __future__ import annotations

import re

NAME = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
NAMES = rf"{NAME}(?:\s*\.\s*{NAME})*"
HEADER = re.compile(rf"\s*(\[\[?)\s*({NAMES})\s*\]")
KEY = re.compile(rf"\s*({NAMES})\s*=")
SPLIT = re.compile(NAME)
LONG_QUOTES = re.compile(r'"""|' + "'''")
ARRAY_INDEX = re.compile(r"\[\d+\]$")
LAST_STEP = re.compile(r"(\[\d+\]|\.?[^.\[\]]+)$")


def lines_of_keys(text: str) -> dict[str, int]:
    """Line of every table and key, by its path, such as `order[0].zone[1].buffer_m`. The text must be valid TOML."""
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    table, in_long_string = "", False
    for number, line in enumerate(text.splitlines(), start=1):
        opens = not in_long_string
        if len(LONG_QUOTES.findall(line)) % 2:
            in_long_string = not in_long_string
        if not opens:
            continue
        if header := HEADER.match(line):
            table = _table_path(header[2], header[1] == "[[", counts)
            for path in (table, ARRAY_INDEX.sub("", table)):
                lines.setdefault(path, number)
        elif key := KEY.match(line):
            path = ".".join(filter(None, [table, *_names(key[1])]))
            lines.setdefault(path, number)
    return lines


def line_of(lines: dict[str, int], path: str) -> int | None:
    """Line of `path`, or of the nearest thing around it that has one."""
    while path and path not in lines:
        path = LAST_STEP.sub("", path)
    return lines.get(path)


def _names(dotted: str) -> list[str]:
    return [name.strip("\"'") for name in SPLIT.findall(dotted)]


def _table_path(dotted: str, is_array: bool, counts: dict[str, int]) -> str:
    """The path of a header, with the index of every array of tables on the way."""
    path = ""
    *outer, last = _names(dotted)
    for name in outer:
        path = f"{path}.{name}" if path else name
        if path in counts:
            path = f"{path}[{counts[path] - 1}]"
    path = f"{path}.{last}" if path else last
    if is_array:
        counts[path] = counts.get(path, 0) + 1
        path = f"{path}[{counts[path] - 1}]"
    return path
