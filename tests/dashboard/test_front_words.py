"""The console's pages speak both languages completely, are made of nothing but our own files, and never take data for markup."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from alerts.terms import Audience, Channel, DeliveryState, Kind
from dashboard.server import PAGES, page_of
from geofence.terms import Level, Reason, Source, Strap, Tether

DASHBOARD = Path(__file__).parents[2] / "dashboard"
SCRIPTS = sorted((DASHBOARD / "static").rglob("*.js"))
SHELL = DASHBOARD / "pages" / "page.html"
TEXT = {path: path.read_text() for path in (*SCRIPTS, SHELL, DASHBOARD / "static" / "style.css")}
WORDS = json.loads(re.search(r"WORDS = (\{.*?\n\});", TEXT[DASHBOARD / "static" / "words.js"], re.DOTALL).group(1))  # type: ignore[union-attr]

NAMED = re.compile(r"""\bt\(\s*"([^"]+)"|data-word="([^"]+)"|"((?:keys|nav|number)\.[a-z_]+)"|open\("([a-z.]+)"\)""")
MADE = re.compile(r"\bt\(`([a-z]+)\.\$\{")  # t(`level.${x}`): the prefix
CHOSEN = re.compile(r'"([a-z_]+(?:\.[a-z_]+)*)"')  # any string that could be a key: t(a ? "x" : "y"), lists of heads


def keys_of_scripts() -> set[str]:
    return {key for text in TEXT.values() for found in NAMED.findall(text) for key in found if key}


@pytest.mark.parametrize(
    ("prefix", "words"),
    [
        ("level", [level.word for level in Level]),
        ("reason", [reason.word for reason in Reason]),
        ("audience", [audience.value for audience in Audience]),
        ("channel", [channel.value for channel in Channel]),
        ("delivery", [state.value for state in DeliveryState]),
        ("kind", [kind.value for kind in Kind]),
        ("source", [source.word for source in Source]),
        ("strap", [strap.word for strap in Strap]),
        ("tether", [tether.word for tether in Tether if tether is not Tether.UNKNOWN]),
        ("wind", ["N", "NE", "E", "SE", "S", "SW", "W", "NW"]),
    ],
)
def test_every_word_of_the_core_has_its_word_in_both_languages(prefix: str, words: list[str]) -> None:
    assert [word for word in words if f"{prefix}.{word}" not in WORDS] == []


def test_both_languages_say_something_and_name_the_same_values() -> None:
    value = re.compile(r"\{\w+\}")
    assert [key for key, pair in WORDS.items() if len(pair) != 2 or not all(pair)] == []
    assert [key for key, (es, en) in WORDS.items() if sorted(value.findall(es)) != sorted(value.findall(en))] == []


def test_every_key_that_is_asked_for_exists() -> None:
    assert sorted(keys_of_scripts() - WORDS.keys()) == []


def test_no_word_is_kept_that_nobody_says() -> None:
    prefixes = {prefix for text in TEXT.values() for prefix in MADE.findall(text)}
    said = keys_of_scripts() | {key for text in TEXT.values() for key in CHOSEN.findall(text)}
    scripts = {path: text for path, text in TEXT.items() if path.name != "words.js"}
    said = {key for key in said if any(f'"{key}"' in text for text in scripts.values())}
    assert sorted(key for key in WORDS if key not in said and key.split(".")[0] not in prefixes) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_makes_markup_of_data_or_leaves_this_machine(path: Path) -> None:
    text = TEXT[path].replace("http://www.w3.org/2000/svg", "")  # the name of a language, not an address
    assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|https?://", text) == []


@pytest.mark.parametrize("page", PAGES.values())
def test_a_page_is_made_of_files_of_ours_and_has_nothing_inline(page: str) -> None:
    text = page_of(page)
    assert f'src="/static/pages/{page}.js"' in text
    assert "{" not in text
    addresses = re.findall(r'(?:src|href)="([^"#]+)"', text)
    assert re.findall(r"<script>|<script type=.module.>|<style|\sstyle=|\son\w+=", text) == []
    assert [one for one in addresses if not one.startswith(("/static/", "/vendor/leaflet/"))] == []
    assert [one for one in addresses if one.startswith("/static/") and not (DASHBOARD / one.lstrip("/")).exists()] == []


def test_only_one_module_knows_the_map_library() -> None:
    assert [path.name for path in SCRIPTS if "/vendor/" in TEXT[path]] == ["map.js"]


@pytest.mark.parametrize("path", [*SCRIPTS, DASHBOARD / "static" / "style.css"], ids=lambda path: path.name)
def test_no_file_has_grown_too_long(path: Path) -> None:
    assert len(TEXT[path].splitlines()) <= (1_000 if path.name == "words.js" else 400)
