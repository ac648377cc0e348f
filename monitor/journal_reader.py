"""The journal as whoever only reads it sees it: beside the monitor that writes it, too. Nothing is changed on disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from monitor.arrivals import Arrivals
from monitor.blocks import Block
from monitor.log import get_logger
from monitor.records import INPUT, Record, decode_body
from monitor.segment_times import first_record_since, newest_ms
from monitor.segments import Walk, first_segment_for, segments_of
from monitor.terms import Envelope

_log = get_logger("journal")


class JournalReader:
    """Reads what is on disk when it is asked; what comes later is not waited for."""

    end = 0  # number of the record behind the last one that was read

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, from_record: int = 0) -> Iterator[Record]:
        """The records on disk from number `from_record` on; what is damaged is passed over. Raises OSError."""
        for block in self._blocks(from_record):
            yield from _records(block)[max(0, from_record - block.first) :]

    def inputs(self, from_record: int = 0) -> Iterator[Sequence[Envelope]]:
        """What came in from number `from_record` on, block by block, read where it lies; as `read` otherwise."""
        for block in self._blocks(from_record):
            skip = max(0, from_record - block.first)
            arrivals = Arrivals.recorded(INPUT, block.body, block.count, skip)
            yield arrivals if arrivals is not None else [record.envelope() for record in _records(block)[skip:] if record.kind is INPUT]

    def recent(self, span_ms: int) -> int:
        """The record from which to read in order to meet all that came in the last `span_ms` before the newest input. Raises OSError."""
        paths = segments_of(self._directory)
        newest = newest_ms(paths)
        return 0 if newest is None else first_record_since(paths, newest - span_ms)

    def _blocks(self, from_record: int) -> Iterator[Block]:
        paths = segments_of(self._directory)
        walk = Walk(partial=True)  # what was moved away is missed by whoever verifies
        for block in walk.blocks(paths[first_segment_for(paths, from_record) :]):
            self.end = block.first + block.count
            if self.end > from_record:
                yield block
        for fault in walk.faults:
            _log.error("journal_damaged", path=fault.file, offset=fault.offset)


def _records(block: Block) -> list[Record]:
    """The records of a block; none if this release did not write it."""
    try:
        return decode_body(block.body)
    except ValueError:
        _log.error("journal_unreadable", offset=block.first, size=block.count)
        return []
