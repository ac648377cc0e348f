"""What a compiled function keeps for later callers is packed, and a later caller still gets it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from llvmlite.binding import parse_assembly

from geofence import jit
from geofence.geodesy import offset_m
from geofence.jit import pack_sources

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not hasattr(offset_m, "overloads"), reason="nothing is compiled here")
def test_who_is_compiled_later_still_finds_what_it_calls() -> None:
    expected = offset_m(20.0, -100.0, 20.01, -100.02)
    libraries: list[Any] = [one.library for one in offset_m.overloads.values()]  # type: ignore[attr-defined]
    pack_sources()
    assert [one._shared_module for one in libraries] == [None] * len(libraries)

    @numba.njit(**{**jit.OPTIONS, "cache": False})  # or it would be compiled in the first run only
    def later(lat: float) -> float:
        east, north = offset_m(lat, -100.0, 20.01, -100.02)
        return east + north

    assert later(20.0) == sum(expected)
    assert offset_m(20.0, -100.0, 20.01, -100.02) == expected


@pytest.mark.skipif(not hasattr(offset_m, "overloads"), reason="nothing is compiled here")
def test_memory_is_asked_for_every_line_of_what_will_be_needed_and_for_nothing_else() -> None:
    later = numba.njit(**{**jit.OPTIONS, "cache": False})(jit.prefetch_bytes.py_func)  # type: ignore[attr-defined]
    array = np.arange(32.0).reshape(4, 8)
    for row, first, end in ((1, 0, 64), (3, 63, 64), (2_000_000_000, 0, 541), (-1, 0, 1)):  # a row that does not exist is no fault
        later(array, row, first, end)
    assert (array == np.arange(32.0).reshape(4, 8)).all()
    code = later.inspect_llvm(later.signatures[0])
    assert code.count("call void @llvm.prefetch.p0(") >= 2, "in the loop, and for the last byte"


def test_a_packed_module_is_the_module_that_was_packed() -> None:
    module = parse_assembly("define i64 @f(i64 %x) {\n  %y = add i64 %x, 2\n  ret i64 %y\n}\n")
    code = str(jit._Packed(module.as_bitcode())())
    assert code[code.index("define") :] == str(module)[str(module).index("define") :]


@pytest.mark.skipif(not hasattr(offset_m, "overloads"), reason="nothing is compiled here")
def test_a_constant_changed_in_another_file_of_the_package_is_seen(tmp_path: Path) -> None:
    package = tmp_path / "caller"
    package.mkdir()
    (package / "limits.py").write_text("LIMIT = 1\n")
    (package / "reader.py").write_text(
        "from geofence.jit import compiled\nfrom caller.limits import LIMIT\n\n\n@compiled\ndef limit():\n    return LIMIT\n"
    )

    def limit() -> str:
        way = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}
        code = "from caller.reader import limit; print(limit())"
        return subprocess.run([sys.executable, "-c", code], env=way, check=True, capture_output=True, text=True).stdout.strip()

    assert limit() == "1"
    (package / "limits.py").write_text("LIMIT = 2\n")
    assert limit() == "2"
