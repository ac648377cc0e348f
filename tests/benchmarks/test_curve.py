"""The curve over the threshold: each point is judged by a core whose policy says so, and only the threshold differs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.detection import curve
from geofence import policy


def test_the_copy_raises_at_its_own_threshold_and_differs_in_nothing_else(tmp_path: Path) -> None:
    curve.core_with(0.9, tmp_path)
    before, after = ((root / "geofence" / "policy.py").read_text().splitlines() for root in (curve.ROOT, tmp_path))
    changed = [line.split(" = ")[0] for line, new in zip(before, after, strict=True) if line != new]
    assert changed == ["BREACH_ON", "BREACH_ON_TWICE", "SWEPT_ON"]
    script = "from geofence import policy; print(policy.BREACH_ON, policy.BREACH_ON_TWICE, policy.SWEPT_ON, policy.__file__)"
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{curve.ROOT}"}
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0.9", "0.85", "0.85", str(tmp_path / "geofence" / "policy.py")]


def test_a_policy_that_does_not_name_its_threshold_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here" / "geofence").mkdir(parents=True)
    (tmp_path / "here" / "geofence" / "policy.py").write_text("BREACH_AT = 0.70\n")
    monkeypatch.setattr(curve, "ROOT", tmp_path / "here")
    with pytest.raises(ValueError, match="0 lines for BREACH_ON"):
        curve.core_with(0.9, tmp_path / "there")


def test_the_release_is_one_of_the_points() -> None:
    assert policy.BREACH_ON in curve.THRESHOLDS
    assert policy.BREACH_ON_TWICE == policy.SWEPT_ON == pytest.approx(policy.BREACH_ON - curve.BELOW)
    assert len(curve.THRESHOLDS) >= 8
