"""Bytes at places that compiled code knows to be none "from the end". PURE.

In Python -1 is the last place, so numba looks at the sign of each, and then neither copies 32 bytes at a time nor reads one
without a detour. A place that has no sign needs no look: joining reads took a tenth, reading a ping a little more than half
(docs/performance.md).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from geofence.jit import compiled


@compiled
def byte(text: Any, at: int) -> int:
    """The byte at a place."""
    return int(text[np.uint64(at)])


@compiled
def copy_bytes(text: Any, first: int, end: int, into: Any, at: int) -> int:
    """Copy the bytes from `first` up to `end` to `at`; the place after them."""
    count = max(0, end - first)
    source, target = np.uint64(first), np.uint64(at)
    for k in range(np.uint64(count)):
        into[target + k] = text[source + k]
    return at + count
