"""The one door to numba: `compiled` turns a scalar function into machine code.

With `NUMBA_DISABLE_JIT=1` the decorator returns the plain Python function: the readable reference that the
compiled kernel is tested against (tests/geofence/test_core_properties.py).

The compiled code is cached on disk under a name made from the source of this whole package, because numba looks
only at the file of the outermost function when it decides whether its cache is stale: a changed callee in another
file would otherwise go unnoticed.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numba

P = ParamSpec("P")
R = TypeVar("R")


def _source_digest(package: Path) -> str:
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(package.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _cache_dir() -> str:
    package = Path(__file__).parent
    home = package / "__pycache__" if os.access(package, os.W_OK) else Path(tempfile.gettempdir()) / f"resguardo-{os.getuid()}"
    return str(home / f"kernel-{_source_digest(package)}")


setattr(numba.config, "CACHE_DIR", _cache_dir())  # noqa: B010  (numba fills this module at run time)

OPTIONS: dict[str, Any] = {
    "cache": True,
    "error_model": "python",
    "_nrt": False,  # nothing here allocates, and counting references to all eleven arrays of `Tables` at every call cost 3.5 times the rest
    "forceinline": True,  # many small functions at the price of one: another 1.6 times
}


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` at its first call, IEEE-exact (no fastmath); dividing by zero raises as in Python."""
    result: Callable[P, R] = numba.njit(**OPTIONS)(function)
    return result
