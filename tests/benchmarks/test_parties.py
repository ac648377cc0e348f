"""The settings of the services that benchmarks start: no type checker looks into a text."""

from __future__ import annotations

from pathlib import Path

from benchmarks.parties import SELDOM_S, Where, config_of
from config.load import load_settings


def test_they_are_settings_and_say_what_was_asked(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(config_of(Where(1884, "/run/mqtt.sock"), 9465))
    settings = load_settings(tmp_path / "config.toml", {})
    assert (settings.broker.host, settings.broker.port, settings.http.port) == ("/run/mqtt.sock", 1884, 9465)
    assert settings.service.snapshot_every_s == SELDOM_S
