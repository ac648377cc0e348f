"""The functions that decide, one at a time, as plain Python (plain_numbers.py, plain_devices.py)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLAIN = ("tests/geofence/plain_numbers.py", "tests/geofence/plain_devices.py")  # not collected by name: compiled they have other arguments


def test_the_numbers_hold_as_plain_python() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *PLAIN]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
