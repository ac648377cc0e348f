"""Promises of a start that cannot be: the one line names the settings' file, its line and its key, and the file that is at fault."""

from __future__ import annotations

import shutil
import ssl
from pathlib import Path

import pytest

from config.settings import BrokerSettings
from monitor.sessions import broker_of
from tests.monitor.test_cli import ROOT, resguardo


def settings(directory: Path, **changes: str) -> Path:
    """A settings file whose lines are all good, but for `data_dir='"x"'` and the like; an empty one leaves a key out."""
    for name in ("orders", "contacts"):
        shutil.copy(ROOT / "config" / f"{name}.example.toml", directory / f"{name}.toml")
    shutil.copytree(ROOT / "config" / "zones", directory / "zones", dirs_exist_ok=True)
    service = {"name": '"m"', "orders": '"orders.toml"', "contacts": '"contacts.toml"', "data_dir": '"data"'}
    service.update({key: value for key, value in changes.items() if "__" not in key})
    broker = {"port": "1", **{key.removeprefix("broker__"): value for key, value in changes.items() if "__" in key}}
    lines = ["[service]", *(f"{k} = {v}" for k, v in service.items() if v), "[broker]", *(f"{k} = {v}" for k, v in broker.items()), "[http]", "port = -1"]
    path = directory / "m.toml"
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path


CASES = [
    ({"orders": ""}, "{config}:1 service.orders: is missing: name the orders file, there is nothing to watch without it"),
    ({"orders": '"gone.toml"'}, "{config}:3 service.orders: {dir}/gone.toml: cannot be read: No such file or directory"),
    ({"contacts": '"gone.toml"'}, "{config}:4 service.contacts: {dir}/gone.toml: No such file or directory"),
    ({"data_dir": '"orders.toml"'}, "{config}:5 service.data_dir: {dir}/orders.toml: File exists"),
    ({"data_dir": '"orders.toml/deep/data"'}, "{config}:5 service.data_dir: {dir}/orders.toml/deep/data: Not a directory"),
    ({"broker__tls": "true", "broker__ca_file": '"gone.pem"'}, "{config}:9 broker.ca_file: {dir}/gone.pem: No such file or directory"),
    ({"broker__tls": "true", "broker__ca_file": '"orders.toml"'}, "{config}:9 broker.ca_file: {dir}/orders.toml: cannot be used: "),
    ({"broker__tls": "true", "broker__cert_file": '"orders.toml"', "broker__key_file": '"gone.key"'}, "{config}:10 broker.key_file: {dir}/gone.key: No such file or directory"),
    ({"broker__tls": "true", "broker__cert_file": '"orders.toml"', "broker__key_file": '"orders.toml"'}, "{config}:9 broker.cert_file: {dir}/orders.toml: cannot be used with key_file: "),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "line"), CASES, ids=[line[9:40] for _, line in CASES])
def test_what_a_start_lacks_is_named_by_the_line_that_asks_for_it(tmp_path: Path, changes: dict[str, str], line: str) -> None:
    config = settings(tmp_path, **changes)
    answer = resguardo("run", "--config", str(config))
    told = [one for one in answer.stderr.splitlines() if not one.startswith("20")]  # what is logged begins with its time
    assert answer.returncode == 2, answer.stderr
    assert len(told) == 1, answer.stderr
    assert told[0].startswith("resguardo: " + line.format(config=config, dir=tmp_path)), told[0]
    assert "Errno" not in told[0]
    assert "_ssl.c" not in told[0]


def test_the_environment_is_named_where_it_has_the_word(tmp_path: Path) -> None:
    config = settings(tmp_path)
    answer = resguardo("run", "--config", str(config), environ={"RESGUARDO_SERVICE__ORDERS": "gone.toml"})
    assert (answer.returncode, answer.stderr) == (2, "resguardo: environment RESGUARDO_SERVICE__ORDERS: gone.toml: cannot be read: No such file or directory\n")
    answer = resguardo("run", environ={"RESGUARDO_SERVICE__ORDERS": "gone.toml"})
    assert (answer.returncode, answer.stderr) == (2, "resguardo: environment RESGUARDO_SERVICE__ORDERS: gone.toml: cannot be read: No such file or directory\n")


def test_a_fault_inside_the_orders_is_told_by_their_own_file_and_line(tmp_path: Path) -> None:
    config = settings(tmp_path)
    orders = tmp_path / "orders.toml"
    orders.write_text("[[device]]\nid = 5\n", encoding="utf-8")
    assert resguardo("run", "--config", str(config)).stderr.startswith(f"resguardo: {orders}:2 device[0].id")
    orders.write_text("= 5\n", encoding="utf-8")
    assert resguardo("run", "--config", str(config)).stderr.startswith(f"resguardo: {orders}:1: is not TOML")


def test_the_console_names_the_place_too(tmp_path: Path) -> None:
    config = settings(tmp_path)
    assert resguardo("dashboard", "--config", str(config)).stderr.startswith(f"resguardo: {config} feed.port: the console needs")
    config = settings(tmp_path, data_dir='"orders.toml"')
    assert resguardo("dashboard", "--config", str(config)).stderr == f"resguardo: {config}:5 service.data_dir: {tmp_path}/orders.toml: File exists\n"


def test_without_files_of_ones_own_the_systems_authorities_are_trusted() -> None:
    context = broker_of(BrokerSettings(tls=True)).tls
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert broker_of(BrokerSettings()).tls is None
