"""What a burst leaves behind: its arrays go back to the system, also after there was a larger one."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

MEASURE = """
import ctypes, sys
import numpy as np
from monitor.memory import MAPPED_BYTES, map_what_is_large

class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in ("arena", "ordblks", "smblks", "mapped", "mapped_bytes", "us", "fs", "used", "free", "keep")]

info = ctypes.CDLL(None).mallinfo2
info.restype = Info
if sys.argv[1] == "ours":
    map_what_is_large()
np.ones(20 << 20, np.uint8)  # freed at once: glibc would keep everything up to this size in its heap from now on
before = info().mapped
kept = [np.ones(MAPPED_BYTES, np.uint8) for _ in range(50)]
print(info().mapped - before)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="this C library is not glibc 2.33 or later")
@pytest.mark.parametrize(("who", "mapped"), [("ours", 50), ("nobody", 0)])
def test_an_array_of_a_burst_is_mapped_by_itself_also_after_a_larger_one(who: str, mapped: int) -> None:
    done = subprocess.run([sys.executable, "-c", MEASURE, who], capture_output=True, text=True, check=True)
    assert int(done.stdout) == mapped
