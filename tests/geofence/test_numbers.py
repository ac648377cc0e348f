"""The functions that decide, one at a time, as plain Python (plain_*.py), which pytest does not collect by name: compiled they have other arguments."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLAIN = sorted(str(path.relative_to(ROOT)) for path in Path(__file__).parent.glob("plain_*.py"))


def test_the_numbers_hold_as_plain_python() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *PLAIN]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
