"""Check a journal without trusting who wrote it, and read from it what came in.

Every block against its CRC, its place and its number; every record for being readable; every checkpoint against its
signature and against the tree that the blocks really make. What was changed, removed, added or reordered before the last
checkpoint is found; younger blocks are only checked for being whole, and the verdict says how many they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

from config.errors import BadInput
from monitor.blocks import Block
from monitor.merkle import Frontier
from monitor.records import INPUT, Record, RecordKind, decode_body
from monitor.segments import Fault, Walk, segments_of
from monitor.signing import Checkpoint, Verifier, split_notes
from monitor.wire import envelope_to_line

_ENVELOPE = [str, bytes, bool, int]  # topic, payload, retained, qos
FAULTS_SHOWN = 50  # a journal that is rubbish altogether need not say so a million times


@dataclass(slots=True)
class Verdict:
    """What was checked, and what was wrong."""

    segments: int = 0
    blocks: int = 0
    signed: int = 0  # blocks that a good checkpoint stands for
    checkpoints: int = 0
    records: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    root: bytes = b""
    keys: list[Verifier] = field(default_factory=list)  # they came with the journal: compare them with what the operator published
    signed_by: Counter[str] = field(default_factory=Counter)  # checkpoints, by key
    lost: int = 0  # records that had to be given up, by the journal's own word
    unfinished: Fault | None = None  # no fault: a crash in the middle of a write leaves it, and it is the same as if it had not begun

    @property
    def ok(self) -> bool:
        """Whether everything is as it was written."""
        return not self.faults

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.records.items()))
        lines = [
            f"segments     {self.segments}",
            f"blocks       {self.blocks}, of which {self.signed} are signed for by {self.checkpoints} checkpoints",
            f"records      {self.records.total()}" + (f" ({kinds})" if kinds else ""),
            f"root         {self.root.hex()}",
            *([f"lost         {self.lost} records, which the monitor could not keep: what was in them is not known"] if self.lost else []),
            *(f"key          {key} (it signed {self.signed_by[str(key)]} checkpoints)" for key in self.keys),
            *([f"unfinished   {self.unfinished}"] if self.unfinished is not None else []),
            *(f"FAULT        {fault}" for fault in self.faults[:FAULTS_SHOWN]),
        ]
        if len(self.faults) > FAULTS_SHOWN:
            lines.append(f"FAULT        and {len(self.faults) - FAULTS_SHOWN} more")
        return "\n".join([*lines, "the journal is whole" if self.ok else "THE JOURNAL IS NOT AS IT WAS WRITTEN"])


def verify(journal: Path) -> Verdict:
    """Check everything in a journal's directory. Raises BadInput if there is none, OSError."""
    paths = _segments(journal)
    verdict = Verdict(segments=len(paths))
    checkpoints = _checkpoints(journal, verdict)
    due = {checkpoint.size for checkpoint in checkpoints}
    walk = Walk()
    roots = {0: walk.frontier.root()}
    for block in walk.blocks(paths):
        _count(block, verdict)
        if walk.frontier.size in due:
            roots[walk.frontier.size] = walk.frontier.root()
    verdict.blocks, verdict.root = walk.frontier.size, walk.frontier.root()
    verdict.faults += walk.faults
    verdict.unfinished = walk.unfinished
    for checkpoint in checkpoints:
        _compare(checkpoint, roots, walk.frontier, verdict)
    return verdict


def export(journal: Path) -> Iterator[str]:
    """Everything that came in, as lines of PINGS.jsonl. Raises BadInput, OSError; and BadInput at the end if blocks are amiss."""
    walk = Walk()
    signed = max((checkpoint.size for checkpoint in _checkpoints(journal, Verdict())), default=0)  # it may grow
    for block in walk.blocks(_segments(journal)):
        records = _records(block)
        for record in records:
            if record.kind is RecordKind.INPUT:
                yield envelope_to_line(record.envelope()).decode() + "\n"
        if len(records) != block.count:
            walk.faults.append(_unreadable(block, len(records)))
    if walk.number < signed:
        walk.faults.append(_missing(signed, walk.number))
    if walk.faults:
        raise BadInput(str(journal), f"what stands there is not everything: {walk.faults[0]}")


def _segments(journal: Path) -> list[Path]:
    paths = segments_of(journal)
    if not paths:
        raise BadInput(str(journal), "is not the directory of a journal: there are no segments in it")
    return paths


def _count(block: Block, verdict: Verdict) -> None:
    records = _records(block)
    kinds = [record.kind.name.lower() for record in records]
    verdict.lost += sum(record.body for record in records if record.kind is RecordKind.LOST)
    if len(kinds) != block.count:
        verdict.faults.append(_unreadable(block, len(kinds)))
    verdict.records.update(kinds)


def _unreadable(block: Block, read: int) -> Fault:
    return Fault(f"block {block.number}", 0, f"{block.count} records are announced, {read} can be read")


def _missing(signed: int, there: int) -> Fault:
    return Fault("checkpoints", 0, f"{signed} blocks were signed for, {there} are there")


def _records(block: Block) -> list[Record]:
    """The records of a block up to the first that cannot be read; none of what this release did not write."""
    try:
        records = decode_body(block.body)
    except ValueError:
        return []
    return list(takewhile(_is_readable, records))


def _is_readable(record: Record) -> bool:
    """Whether the body is of the form that its kind asks for."""
    kind, _, body = record
    if type(body) is list:
        return (kind is INPUT or kind is RecordKind.QUARANTINE) and [*map(type, body)] == _ENVELOPE
    if kind is RecordKind.LOST:
        return type(body) is int and body >= 0
    return (kind is RecordKind.TRANSITION or kind is RecordKind.NOTIFICATION) and type(body) is bytes


def _checkpoints(journal: Path, verdict: Verdict) -> list[Checkpoint]:
    """All checkpoints whose signature is good."""
    for line in _text(journal / "checkpoints.pub").splitlines():
        try:
            verdict.keys.append(Verifier.parse(line))
        except ValueError:
            verdict.faults.append(Fault("checkpoints.pub", 0, "holds a line that is not a key"))
    notes, rest = split_notes(_text(journal / "checkpoints"))
    offset, good = 0, []
    for note in notes:
        checkpoint = _opened(note, verdict)
        if checkpoint is None:
            verdict.faults.append(Fault("checkpoints", offset, "a checkpoint whose signature does not fit"))
        else:
            good.append(checkpoint)
        offset += len(note.encode())
    if rest:
        verdict.faults.append(Fault("checkpoints", offset, "a checkpoint is cut short"))
    if not good:
        verdict.faults.append(Fault("checkpoints", 0, "there is no good checkpoint"))
    return good


def _opened(note: str, verdict: Verdict) -> Checkpoint | None:
    for key in verdict.keys:
        with suppress(ValueError):
            checkpoint = key.read(note)
            verdict.signed_by[str(key)] += 1
            return checkpoint
    return None


def _compare(checkpoint: Checkpoint, roots: dict[int, bytes], tree: Frontier, verdict: Verdict) -> None:
    if checkpoint.size > tree.size:
        verdict.faults.append(_missing(checkpoint.size, tree.size))
    elif roots.get(checkpoint.size) != checkpoint.root:
        verdict.faults.append(Fault("checkpoints", 0, f"the first {checkpoint.size} blocks are not those that were signed for"))
    else:
        verdict.checkpoints += 1
        verdict.signed = max(verdict.signed, checkpoint.size)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode(errors="replace")
    except FileNotFoundError:
        return ""
