"""When the inputs of the journal's segments came: where to begin in order to meet a moment. It reads only.

Blocks have numbers and no times, so a time is asked of the first block of a segment that holds an input, or of the last.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from monitor.blocks import BLOCK, Block, scan
from monitor.records import INPUT, decode_body
from monitor.segments import opening_of


def from_time(paths: list[Path], at_ms: int) -> list[Path]:
    """The segments from the last one that begins before a moment; all of them if none does. Raises OSError."""
    for index in range(len(paths) - 1, -1, -1):
        begins = begins_ms(paths[index])
        if begins is not None and begins <= at_ms:
            return paths[index:]
    return paths


def begins_ms(path: Path) -> int | None:
    """When the first input of a segment came; None if there is none. Raises OSError."""
    with path.open("rb") as file, suppress(ValueError), mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return next((at_ms for item in scan(data) for at_ms in _input_times(item)), None)  # type: ignore[arg-type]
    return None


def newest_ms(paths: list[Path]) -> int | None:
    """When the last input of these segments came; None if there is none. Raises OSError."""
    for path in reversed(paths):
        for item in reversed(list(scan(path.read_bytes()))):  # they can only be walked through from the front
            times = list(_input_times(item))
            if times:
                return times[-1]
    return None


def first_record_since(paths: list[Path], at_ms: int) -> int:
    """The first record of the last segment that begins before a moment; of an older one where a segment does not say. Raises OSError."""
    older = paths[: len(paths) - len(from_time(paths, at_ms)) + 1]
    openings = (opening_of(path) for path in reversed(older))
    return next((opening.first for opening in openings if opening is not None), 0)


def _input_times(item: object) -> Iterator[int]:
    """When the inputs in a block came; none of what is damaged or not of this release."""
    if isinstance(item, Block) and item.magic == BLOCK:
        with suppress(ValueError):
            yield from (record.at_ms for record in decode_body(item.body) if record.kind is INPUT)
