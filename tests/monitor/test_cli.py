"""Promises of the command line: help everywhere, three exit states, one clear line for what is wrong and no traceback."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMANDS = ("demo", "run", "simulate", "replay", "verify", "export", "orders", "watch", "feasibility")
ALL = (*COMMANDS, "dashboard")


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


@pytest.mark.parametrize("words", [(name,) for name in ALL] + [("orders", "check")], ids=" ".join)
def test_every_command_tells_the_release(words: tuple[str, ...]) -> None:
    from geofence import __version__

    answer = resguardo(*words, "--version")
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, f"resguardo {__version__}\n", "")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ((), "resguardo: the following arguments are required: COMMAND (see resguardo --help)\n"),
        (("run", "--conf\nig=x", "--fast"), "resguardo run: unrecognized arguments: --conf ig=x --fast (see resguardo run --help)\n"),
        (("orders", "check", "f", "-q"), "resguardo orders check: unrecognized arguments: -q (see resguardo orders check --help)\n"),
        (("replay", "--until", "x"), "resguardo replay: argument --until: must be a whole number, is 'x' (see resguardo replay --help)\n"),
        (("simulate", "--speed", "x"), "resguardo simulate: argument --speed: must be a number, is 'x' (see resguardo simulate --help)\n"),
        (("orders",), "resguardo orders: the following arguments are required: COMMAND (see resguardo orders --help)\n"),
        (("orders", "check"), "resguardo orders check: the following arguments are required: FILE (see resguardo orders check --help)\n"),
        (("demo", "--pairs", "x"), "resguardo demo: argument --pairs: must be a whole number, 1 or more, is 'x' (see resguardo demo --help)\n"),
        (("demo", "--pairs", "0"), "resguardo demo: argument --pairs: must be a whole number, 1 or more, is '0' (see resguardo demo --help)\n"),
        (("demo", "--seconds", "nan"), "resguardo demo: argument --seconds: must be a number of seconds, more than 0, is 'nan' (see resguardo demo --help)\n"),
    ],
)
def test_wrong_usage_is_one_line_that_says_where_help_is(words: tuple[str, ...], line: str) -> None:
    answer = resguardo(*words)
    assert (answer.returncode, answer.stdout, answer.stderr) == (2, "", line)


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
