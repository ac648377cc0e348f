"""The one door to numba: `compiled` turns a scalar function into machine code.

With `NUMBA_DISABLE_JIT=1` the decorator returns the plain Python function: the readable reference that the
compiled kernel is tested against (tests/geofence/test_core_properties.py).

The compiled code is cached on disk under a name made from the source of this whole package and of the function's own,
because numba looks only at the file of the outermost function when it decides whether its cache is stale: a changed
callee or constant in another file would otherwise go unnoticed.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import tempfile
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numba
from llvmlite import ir
from llvmlite.binding import parse_bitcode
from numba.core import types
from numba.extending import intrinsic

P = ParamSpec("P")
R = TypeVar("R")


@cache
def _source_digest(package: Path) -> bytes:
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(package.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.digest()


@cache
def _cache_dir(caller: Path) -> str:
    """Where the compiled code of a package that calls this one is kept."""
    package = Path(__file__).parent
    home = package / "__pycache__" if os.access(package, os.W_OK) else Path(tempfile.gettempdir()) / f"resguardo-{os.getuid()}"
    sources = _source_digest(package) if caller == package else _source_digest(package) + _source_digest(caller)
    return str(home / f"kernel-{hashlib.sha256(sources).hexdigest()[:16]}")


OPTIONS: dict[str, Any] = {
    "cache": True,
    "error_model": "python",
    "_nrt": False,  # nothing here allocates, and counting references to all eleven arrays of `Tables` at every call cost 3.5 times the rest
    "forceinline": True,  # many small functions at the price of one: another 1.6 times
}


_all: list[Any] = []  # what was made by `compiled`


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` at its first call, IEEE-exact (no fastmath); dividing by zero raises as in Python.

    To numba a constant is a type of its own: `int(NAME)` in a call keeps it from compiling a large function once more for it alone.
    """
    return _made(function)


def compiled_apart(function: Callable[P, R]) -> Callable[P, R]:
    """As `compiled`, for what is large and rarely reached: called where it is used instead of being copied there.

    Each copy is compiled again in everything that contains it: the kernel took twice as long (docs/performance.md).
    """
    return _made(function, forceinline=False)


def _made(function: Callable[P, R], **more: bool) -> Callable[P, R]:
    setattr(numba.config, "CACHE_DIR", _cache_dir(Path(inspect.getfile(function)).parent))  # noqa: B010  (numba fills this module at run time)
    result: Callable[P, R] = numba.njit(**{**OPTIONS, **more})(function)
    _all.append(result)
    return result


LINE_BYTES = 64  # memory comes in lines of so many, or of twice as many


def _prefetching(_context: Any, array: Any, row: Any, at: Any) -> Any:
    """To numba: LLVM's `llvm.prefetch` of the byte `at` of an array's row, a hint without effect even where there is no such byte."""
    byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
    reading, near, data = ir.Constant(word, 0), ir.Constant(word, 3), ir.Constant(word, 1)

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        found = context.make_array(signature.args[0])(context, builder, values[0])
        row_bytes = builder.extract_value(found.strides, 0)
        offset = builder.add(builder.mul(values[1], row_bytes), values[2])
        place = builder.inttoptr(builder.add(builder.ptrtoint(found.data, offset.type), offset), byte)
        builder.call(builder.module.declare_intrinsic("llvm.prefetch", (byte,), kind), [place, reading, near, data])
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64), build


_prefetch: Any = (lambda array, row, at: None) if numba.config.DISABLE_JIT else intrinsic(_prefetching)  # type: ignore[attr-defined]


@compiled
def prefetch_bytes(array: Any, row: int, first: int, end: int) -> None:
    """Have the bytes from `first` up to `end` of an array's row on their way from memory, and wait for nothing."""
    for at in range(first, end, LINE_BYTES):
        _prefetch(array, row, at)
    _prefetch(array, row, end - 1)


def pack_sources() -> None:
    """Pack the intermediate code of what has been compiled until it is asked for: 30 MB that only a caller compiled later would need.

    numba keeps it beside the machine code as LLVM's own objects, twelve times as large as the text that it was read from.
    """
    for function in _all:
        for one in getattr(function, "overloads", {}).values():  # none where nothing is compiled
            library: Any = one.library
            module = getattr(library, "_shared_module", None)
            if module is not None:
                library._get_module_for_linking = _Packed(module.as_bitcode())  # noqa: SLF001 - numba has no word of its own for it
                library._shared_module = None  # noqa: SLF001


class _Packed:
    """Gives a module when it is called for; it takes the place of the method of a compiled library that numba calls."""

    def __init__(self, bitcode: bytes) -> None:
        self._packed = zlib.compress(bitcode, 1)  # the quickest: 0.1 s for all, and a fourth of the size

    def __call__(self) -> Any:
        return parse_bitcode(zlib.decompress(self._packed))
