"""What is shipped for Prometheus and Grafana asks for what /metrics really has: names, labels, and the words in them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from alerts.terms import Channel
from geofence.terms import Level, Reason
from monitor.engine import Effects
from monitor.metrics import Metrics
from tests.messages import transition
from tests.test_docs import ROOT, headings

RULES = ROOT / "ops" / "prometheus" / "rules.yml"
BOARD = ROOT / "ops" / "grafana" / "resguardo.json"
SAMPLE = re.compile(r"^([a-z_]+)(?:\{(.*)\})? \S+$", re.MULTILINE)
SELECTOR = re.compile(r"\b((?:resguardo|process)_[a-z_]+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'([a-z_]+)\s*(=~|!=|=)\s*"([^"]*)"')
BY = re.compile(r"\bby \(([^)]*)\)")
ADDED = {"instance", "job", "canary"}  # by Prometheus itself; by whoever names the target (docs/operations.md)


def series() -> dict[str, dict[str, set[str]]]:
    """Every series of a service in use, with its labels and their words."""
    metrics = Metrics()
    metrics.judged(Effects(transitions=[transition(1, Level.CALM, level, Reason.BREACH) for level in Level]), 1, 0.001)
    metrics.canary({"journal": 1.0}, 1.0)
    metrics.selftest(0, 0)
    metrics.waiting({channel: [] for channel in Channel}, 1)
    found: dict[str, dict[str, set[str]]] = {}
    for name, labels in SAMPLE.findall(metrics.render()[0].decode()):
        known = found.setdefault(name, {})
        for label, _, word in MATCHER.findall(labels):
            known.setdefault(label, set()).add(word)
    return found


def faults(expr: str, known: dict[str, dict[str, set[str]]]) -> Iterator[str]:
    labels = set(ADDED)
    for name, matchers in SELECTOR.findall(expr):
        if name not in known:
            yield f"there is no {name}"
            continue
        labels |= set(known[name])
        for label, how, words in MATCHER.findall(matchers):
            if label not in known[name] and label not in ADDED:
                yield f"{name} has no label {label}"
            elif label not in ADDED:
                said = words.split("|") if how == "=~" else [words]
                yield from (f"{name}: {label} is never {word}" for word in said if word not in known[name][label])
    for names in BY.findall(expr):
        yield from (f"by {label}: no such label" for label in re.split(r"[,\s]+", names.strip()) if label not in labels)


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return list(json.loads(BOARD.read_text())["panels"])


@pytest.mark.parametrize(
    "expr",
    [
        'resguardo_ordres{level="calm"}',
        'resguardo_orders{lvl="calm"}',
        'resguardo_notifications_total{state="faild"}',
        'resguardo_notifications_total{state=~"failed|lost"}',
        "sum by (reasons) (resguardo_transitions_total)",
    ],
)
def test_a_misspelt_question_would_be_noticed(expr: str) -> None:
    assert len(list(faults(expr, series()))) == 1


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_every_rule_asks_for_what_there_is_and_says_what_to_do(rule: dict[str, Any]) -> None:
    assert list(faults(rule["expr"], series())) == []
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["summary"].endswith(".")
    if runbook := rule["annotations"].get("runbook"):
        page, _, heading = runbook.partition("#")
        assert heading in headings((ROOT / page).read_text())


def test_every_rule_has_a_name_of_its_own() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names) >= 10


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel["title"])
def test_every_panel_asks_for_what_there_is(panel: dict[str, Any]) -> None:
    known = series()
    assert panel["description"]
    assert panel["fieldConfig"]["defaults"]["unit"]
    for target in panel["targets"]:
        assert list(faults(target["expr"], known)) == []
        named = {label for name, _ in SELECTOR.findall(target["expr"]) for label in known[name]} | ADDED
        assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= named


def test_no_panel_covers_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert max(x for x, _ in cells) < 24
        assert not cells & taken, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in panels()}) == len(panels())


def test_nothing_shipped_could_name_anybody() -> None:
    """By construction: a label's words are levels, reasons, channels and the like."""
    for name, labels in series().items():
        assert set(labels) <= {"le", "channel", "state", "result", "reason", "to", "level", "way", "what", "version", "python", "kind"}, name
    assert {channel.value for channel in Channel} == series()["resguardo_notifications_total"]["channel"]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)")
@pytest.mark.parametrize("command", [("check", "rules", "rules.yml"), ("test", "rules", "rules.test.yml")])
def test_prometheus_itself_finds_the_rules_good(command: tuple[str, ...]) -> None:
    done = subprocess.run(["promtool", *command], cwd=RULES.parent, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_that_page_are_tested() -> None:
    tested = {one["alertname"] for test in yaml.safe_load((RULES.parent / "rules.test.yml").read_text())["tests"] for one in test["alert_rule_test"]}
    assert tested <= {rule["alert"] for rule in rules()}
    assert len(tested) >= 6
