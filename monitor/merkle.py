"""The hash tree of RFC 6962, grown leaf by leaf: one root stands for everything before it. PURE.

Only the right edge of the tree is kept (at most 64 hashes), so that a journal of years costs nothing to go on with.
"""

from __future__ import annotations

from hashlib import sha256

HASH_BYTES = 32


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf; the prefix keeps leaves and nodes apart (RFC 6962, section 2.1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """A tree of `size` leaves, as the roots of its full subtrees from the largest to the smallest."""

    def __init__(self, size: int = 0, edge: bytes = b"") -> None:
        """Go on from `edge` (32 bytes a subtree). Raises ValueError if it cannot be the edge of `size` leaves."""
        if len(edge) != size.bit_count() * HASH_BYTES:
            raise ValueError("this is not the edge of a tree of that size")
        self.size = size
        self._edge = [edge[at : at + HASH_BYTES] for at in range(0, len(edge), HASH_BYTES)]

    def append(self, leaf: bytes) -> None:
        """Add the hash of a leaf."""
        size = self.size
        while size & 1:
            leaf = node_hash(self._edge.pop(), leaf)
            size >>= 1
        self._edge.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The hash of the whole tree; of an empty one, the hash of nothing."""
        if not self._edge:
            return sha256(b"").digest()
        root = self._edge[-1]
        for left in reversed(self._edge[:-1]):
            root = node_hash(left, root)
        return root

    @property
    def edge(self) -> bytes:
        """What another Frontier can go on from."""
        return b"".join(self._edge)
