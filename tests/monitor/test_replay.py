"""Promises of replay: the contract's files, byte for byte the same, whatever the interpreter, the batch or the hash seed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from monitor.__main__ import main
from monitor.engine import Engine
from monitor.replay import read_envelopes, replay, transition_line
from tests.pings import at, pair

ROOT = Path(__file__).parents[2]
START = 1_767_600_000_000
ORDERS = """
[[device]]
id = "brc-0001"
person = "P-0001"
[[device]]
id = "tag-0009"
person = "R-0001"
[[order]]
id = "QRO-2026-0001"
protected = "P-0001"
respondent = "R-0001"
perimeter_m = 500
valid_from = 2026-01-01T00:00:00-06:00
valid_until = 2027-01-01T00:00:00-06:00
language = "es"
  [[order.zone]]
  id = "home"
  kind = "exclusion"
  circle = { lat = 20.5888, lon = -100.3899, radius_m = 300 }
  buffer_m = 200
  timezone = "America/Mexico_City"
  schedule = "Mo-Fr 01:00-15:00"
"""
KEYS = ["at_ms", "order", "incident", "from", "to", "reason", "audience", "distance_m", "uncertainty_m", "seconds_to_perimeter", "zone", "fixes"]


def line(at_ms: int, device: str, seq: int, east: float, north: float) -> str:
    lat, lon = at(east, north)
    fix = {"at": at_ms - 800, "lat": lat, "lon": lon, "accuracy": 8.0}
    return json.dumps({"at_ms": at_ms, "topic": f"v1/{device}/ping", "payload": {"v": 1, "boot": 1, "seq": seq, "at": at_ms - 500, "fix": fix}})


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    lines = []
    for k in range(60):
        lines.append(line(START + k * 15_000, "brc-0001", k, 0, 0))
        lines.append(line(START + k * 15_000 + 40, "tag-0009", k, 0, 4000 - 100 * k if k < 38 else 200 + 150 * (k - 38)))
        if k == 20:
            lines.append(f'{{"at_ms":{START + k * 15_000 + 50},"topic":"v1/tag-0009/ping","payload":{{"v":1,"nonsense":true}}}}')
    (tmp_path / "orders.toml").write_text(ORDERS)
    (tmp_path / "pings.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path / "orders.toml", tmp_path / "pings.jsonl"


def resguardo(*args: object, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "monitor", *map(str, args)]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False)


def test_it_writes_the_contracts_lines(files: tuple[Path, Path], tmp_path: Path) -> None:
    orders, pings = files
    out = tmp_path / "out.jsonl"
    done = resguardo("replay", "--orders", orders, "--pings", pings, "--until", START + 4 * 3_600_000, "--out", out)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(text) for text in out.read_text().splitlines()]
    assert all(list(each) == KEYS for each in lines)
    assert (lines[0]["from"], lines[0]["to"], lines[0]["reason"]) == ("calm", "caution", "not_seen_yet")
    assert [each["reason"] for each in lines if each["to"] == "emergency" and each["from"] != "emergency"] == ["breach"]
    assert lines[-1]["reason"] == "cannot_see_protected" or lines[-1]["to"] != "calm", "after hours of silence nobody is shown as safe"
    breach = next(each for each in lines if each["reason"] == "breach")
    assert breach["audience"] == ["protected", "dispatch"]
    assert [device for device, _, _ in breach["fixes"]] == ["brc-0001", "tag-0009"]


def test_two_interpreters_with_different_hash_seeds_give_the_same_bytes(files: tuple[Path, Path], tmp_path: Path) -> None:
    orders, pings = files
    written = []
    for seed, jit in (("1", "0"), ("4242", "0"), ("7", "1")):
        out = tmp_path / f"out{seed}.jsonl"
        done = resguardo("replay", "--orders", orders, "--pings", pings, "--out", out, PYTHONHASHSEED=seed, NUMBA_DISABLE_JIT=jit, LC_ALL="C", TZ="Asia/Tokyo")
        assert done.returncode == 0, done.stderr
        written.append(out.read_bytes())
    assert written[0]
    assert written[0] == written[1] == written[2]


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_any_batch_gives_the_same_lines(files: tuple[Path, Path], batch: int) -> None:
    _, pings = files

    def lines(size: int) -> list[object]:
        engine = Engine(pair().__class__(*_registry(files[0])))
        return [transition_line(t) for e in replay(engine, read_envelopes(pings), until_ms=START + 3_600_000, batch=size) for t in e.transitions]

    whole = lines(50)
    assert whole
    assert lines(batch) == whole


def _registry(path: Path) -> tuple[object, object]:
    from config.orders import load_registry

    registry = load_registry(path)
    return registry.devices, registry.orders


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"at_ms":5,"topic":"v1/x/ping"', "pings.jsonl:2"),
        ('{"at_ms":"5","topic":"v1/x/ping","payload":{}}', "pings.jsonl:2"),
        ('{"at_ms":1,"topic":"v1/x/ping","payload":{}}', "is before the line above"),
    ],
)
def test_a_bad_line_is_named_and_ends_with_status_2(files: tuple[Path, Path], tmp_path: Path, text: str, complaint: str) -> None:
    orders, pings = files
    pings.write_text(pings.read_text().splitlines()[0] + "\n" + text + "\n")
    done = resguardo("replay", "--orders", orders, "--pings", pings, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_file_that_is_not_there_is_named(files: tuple[Path, Path], tmp_path: Path) -> None:
    done = resguardo("replay", "--orders", files[0], "--pings", tmp_path / "none.jsonl", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "none.jsonl" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("link", [None, os.symlink, os.link], ids=["itself", "symlink", "hard-link"])
@pytest.mark.parametrize("option", ["--orders", "--pings"])
def test_what_is_read_is_never_written_over(files: tuple[Path, Path], tmp_path: Path, option: str, link: Any) -> None:
    source = files[0] if option == "--orders" else files[1]
    before, out = source.read_bytes(), source
    if link is not None:
        out = tmp_path / "linked"
        link(source, out)
    done = resguardo("replay", "--orders", files[0], "--pings", files[1], "--out", out)
    assert (done.returncode, done.stderr) == (2, f"resguardo: {out}: --out is the file of {option}, which would be lost\n")
    assert source.read_bytes() == before


def test_a_replay_that_fails_leaves_what_was_there_and_nothing_beside_it(files: tuple[Path, Path], tmp_path: Path) -> None:
    orders, pings = files
    out = tmp_path / "out.jsonl"
    out.write_text("of yesterday\n")
    (tmp_path / "bad.jsonl").write_text(pings.read_text() + "{\n")
    before = sorted(tmp_path.iterdir())
    for name in ("none.jsonl", "bad.jsonl"):
        assert resguardo("replay", "--orders", orders, "--pings", tmp_path / name, "--out", out).returncode == 2
        assert out.read_text() == "of yesterday\n"
        assert sorted(tmp_path.iterdir()) == before
    done = resguardo("replay", "--orders", orders, "--pings", pings, "--out", tmp_path / "absent" / "out")
    assert (done.returncode, done.stderr) == (2, f"resguardo: {tmp_path}/absent/out: No such file or directory\n")


def test_a_replay_keeps_the_links_and_rights_of_its_output_and_writes_into_a_pipe(files: tuple[Path, Path], tmp_path: Path) -> None:
    orders, pings = files
    real, out = tmp_path / "real.jsonl", tmp_path / "out.jsonl"
    real.write_text("of yesterday\n")
    real.chmod(0o640)
    out.symlink_to(real)
    assert resguardo("replay", "--orders", orders, "--pings", pings, "--out", out).returncode == 0
    assert out.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    done = resguardo("replay", "--orders", orders, "--pings", pings, "--out", "/dev/stdout")
    assert done.stdout == real.read_text() != "of yesterday\n"


@pytest.mark.parametrize("until", [-1, 253_402_300_800_000, 10**23])
def test_a_moment_that_is_none_is_refused(files: tuple[Path, Path], tmp_path: Path, until: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--orders", str(files[0]), "--pings", str(files[1]), "--out", str(tmp_path / "out"), "--until", str(until)]) == 2
    assert capsys.readouterr().err == "resguardo: --until: is out of range: a moment is 0 to 253402300799999 ms UTC\n"
