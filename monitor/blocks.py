"""How the journal lies on disk. PURE.

A journal is a directory of segments, `00000001.segment` and on. A segment is an opening, then blocks. A block is one
commit: a header (magic, length and count of the body, number of its first record, number of the block, CRC-32 of all of
it), then its records as one MessagePack array. An opening is a block without records whose body is the edge of the hash
tree before it. So any segment can be read alone, and a block says where it belongs.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

BLOCK, OPENING = b"RSGJ", b"RSGO"
_HEADER = struct.Struct("<4sIIQQ")
_CRC = struct.Struct("<I")
OVERHEAD = _HEADER.size + _CRC.size


@dataclass(frozen=True, slots=True)
class Block:
    """A whole block, checked against its CRC; `raw` is the leaf of the hash tree."""

    magic: bytes
    offset: int
    number: int
    first: int
    count: int
    raw: bytes

    @property
    def body(self) -> bytes:
        """Its records, or an opening's edge."""
        return self.raw[OVERHEAD:]

    @property
    def end(self) -> int:
        """Where in the file the next one begins."""
        return self.offset + len(self.raw)


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that are no block: a write cut short, or something changed."""

    offset: int
    end: int


def encode_block(magic: bytes, body: bytes, *, count: int, first: int, number: int) -> bytes:
    """The bytes of one block."""
    header = _HEADER.pack(magic, len(body), count, first, number)
    return header + _CRC.pack(zlib.crc32(body, zlib.crc32(header))) + body


def block_at(data: bytes, offset: int) -> Block | None:
    """The block that begins at `offset`, if a whole one does."""
    if offset + OVERHEAD > len(data):
        return None
    magic, length, count, first, number = _HEADER.unpack_from(data, offset)
    end = offset + OVERHEAD + length
    if magic not in (BLOCK, OPENING) or end > len(data):
        return None
    (crc,) = _CRC.unpack_from(data, offset + _HEADER.size)
    header = data[offset : offset + _HEADER.size]
    if crc != zlib.crc32(data[offset + OVERHEAD : end], zlib.crc32(header)):
        return None
    return Block(magic, offset, number, first, count, data[offset:end])


def is_begun(data: bytes) -> bool:
    """Whether these bytes, which are no whole block, are the first ones of a block: what a crash leaves of a write."""
    if len(data) < OVERHEAD:
        return any(data.startswith(magic[: len(data)]) for magic in (BLOCK, OPENING))
    magic, length, *_ = _HEADER.unpack_from(data)
    return magic in (BLOCK, OPENING) and len(data) < OVERHEAD + length


def scan(data: bytes) -> Iterator[Block | Damage]:
    """Everything in a segment in order, going on after damage at the next whole block."""
    offset = 0
    number: int | None = None
    while offset < len(data):
        block = block_at(data, offset)
        if block is None:
            end = _resume(data, offset, number)
            yield Damage(offset, end)
            offset = end
        else:
            yield block
            number = block.number
            offset = block.end


def _resume(data: bytes, damage: int, number: int | None) -> int:
    """Where the next block after `damage` begins. Its number must be near: a payload might imitate a block."""
    offset = data.find(BLOCK, damage + 1)
    while offset >= 0:
        block = block_at(data, offset)
        if block is not None and (number is None or 0 <= block.number - number <= 1 + (offset - damage) // OVERHEAD):
            return offset
        offset = data.find(BLOCK, offset + 1)
    return len(data)
