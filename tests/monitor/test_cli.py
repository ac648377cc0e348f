"""Promises of the command line: help everywhere, three exit states, one clear line for what is wrong and no traceback."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMANDS = ("demo", "run", "simulate", "replay", "verify", "export", "orders", "watch", "feasibility")


def resguardo(*words: str, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "monitor", *words],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **(environ or {})},
        check=False,
    )


def test_help_names_every_command_and_imports_nothing_heavy() -> None:
    answer = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "monitor", "--help"], capture_output=True, text=True, timeout=60, cwd=ROOT, check=True
    )
    assert all(re.search(rf"\n    {command}\s", answer.stdout) for command in COMMANDS)
    for heavy in ("numba", "numpy", "shapely", "gmqtt", "sqlalchemy", "aiohttp", "twilio"):
        assert f" {heavy}\n" not in answer.stderr, f"--help imports {heavy}"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_describes_itself(command: str) -> None:
    answer = resguardo(command, "--help")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith(f"usage: resguardo {command}")


def test_the_version_is_the_release() -> None:
    from geofence import __version__

    assert resguardo("--version").stdout == f"resguardo {__version__}\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "COMMAND"),
        (("fly",), "invalid choice: 'fly'"),
        (("run", "--config", "absent.toml"), "absent.toml: No such file or directory"),
        (("run",), "service.orders: is missing"),
        (("orders", "check", "absent.toml"), "absent.toml"),
        (("replay", "--orders", "absent.toml", "--pings", "absent.jsonl", "--out", "out.jsonl"), "absent.toml"),
        (("demo", "--seconds", "0"), "--seconds"),
        (("demo", "--pairs", "none"), "--pairs"),
    ],
)
def test_wrong_usage_or_input_is_status_2_and_never_a_traceback(words: tuple[str, ...], says: str) -> None:
    answer = resguardo(*words)
    assert answer.returncode == 2
    assert says in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_fault_in_the_settings_names_file_line_and_key(tmp_path: Path) -> None:
    config = tmp_path / "resguardo.toml"
    config.write_text('[broker]\nport = "many"\n', encoding="utf-8")
    answer = resguardo("run", "--config", str(config))
    assert answer.returncode == 2
    assert answer.stderr.startswith(f"resguardo: {config}:2 broker.port: must be a whole number")


def test_the_example_orders_are_good() -> None:
    answer = resguardo("orders", "check", "config/orders.example.toml")
    assert (answer.returncode, answer.stderr) == (0, "")
