"""Golden incidents: every byte that is sent and said stays as it was blessed. `scripts/bless` shows what a change would change."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tests.golden_story as golden
from config.orders import load_registry
from geofence.terms import Reason
from monitor.engine import Engine
from tests.golden_story import FOLDER, Source, envelopes_of, files_of, lines_of, replayed, sources

ROOT = Path(__file__).parents[2]
SOURCES = sources()
UNRAISED = {Reason.NONE}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_an_incident_is_told_as_it_was_blessed(source: Source) -> None:
    for name, content in files_of(source).items():
        assert content.decode().splitlines() == (FOLDER / name).read_text().splitlines(), f"{name}: see scripts/bless"
        assert content == (FOLDER / name).read_bytes()


@pytest.mark.parametrize("size", [1, 10])
def test_the_size_of_a_batch_changes_nothing(size: int) -> None:
    for source in SOURCES:
        pings = (FOLDER / f"{source.name}.pings.jsonl").read_bytes()
        assert replayed(source, pings, batch=size) == (FOLDER / f"{source.name}.transitions.jsonl").read_bytes()


@pytest.mark.parametrize("every", [3, 10])
def test_a_restart_from_a_snapshot_changes_nothing(every: int) -> None:
    """The process dies after every few pings; what is written by all of them together is what one that lived would have written."""
    for source in SOURCES:
        envelopes = envelopes_of(source, (FOLDER / f"{source.name}.pings.jsonl").read_bytes())
        engine, written = Engine(load_registry(source.orders)), b""
        for first in range(0, len(envelopes), every):
            written += lines_of(engine.receive(envelopes[first : first + every]))
            engine = Engine.restore(engine.snapshot())
        written += lines_of(engine.advance(source.until_ms))
        assert written == (FOLDER / f"{source.name}.transitions.jsonl").read_bytes(), source.name


def test_as_plain_python_they_are_the_same_to_the_last_byte() -> None:
    """Compiled and interpreted, over every reason there is (tests/geofence/test_core_properties.py does so over random walks)."""
    script = (
        "from tests.golden_story import FOLDER, replayed, sources\n"
        "for s in sources():\n"
        "    same = replayed(s, (FOLDER / f'{s.name}.pings.jsonl').read_bytes()) == (FOLDER / f'{s.name}.transitions.jsonl').read_bytes()\n"
        "    print(s.name, 'same' if same else 'DIFFERENT')"
    )
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONHASHSEED": "3"}
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"{source.name} same" for source in SOURCES]


def test_every_reason_is_in_some_incident() -> None:
    told = "".join(path.read_text() for path in FOLDER.glob("*.transitions.jsonl") if not path.name.startswith("storm"))
    assert [reason for reason in Reason if f'"reason":"{reason.word}"' not in told and reason not in UNRAISED] == []


def test_nothing_lies_beside_the_incidents_that_is_not_of_one() -> None:
    known = {f"{source.name}{end}" for source in SOURCES for end in (".story", ".pings.jsonl", ".transitions.jsonl", ".md")}
    found = {path.name for path in FOLDER.iterdir() if path.is_file()}
    assert found - known == {Path(__file__).name, "README.md"}


def test_a_change_is_shown_and_only_written_when_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("s03-first-fix-inside.story", "s03-first-fix-inside.pings.jsonl", "s03-first-fix-inside.transitions.jsonl", "s03-first-fix-inside.md"):
        shutil.copy(FOLDER / name, tmp_path / name)
    shutil.copytree(FOLDER / "orders", tmp_path / "orders")
    monkeypatch.setattr(golden, "FOLDER", tmp_path)

    def bless(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["bless", *words])
        return int(runpy.run_path(str(ROOT / "scripts" / "bless"))["main"]())

    assert bless() == 0
    said = tmp_path / "s03-first-fix-inside.transitions.jsonl"
    right = said.read_bytes()
    said.write_bytes(right.replace(b"breach", b"approach"))
    capsys.readouterr()
    assert bless() == 1
    assert "breach" in capsys.readouterr().out
    assert said.read_bytes() != right, "looking changes nothing"
    assert bless("--write") == 0
    assert said.read_bytes() == right
