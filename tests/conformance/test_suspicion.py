"""What a jammer does and what somebody invents shows by what does not fit together; what happens to honest devices does not."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from geofence.state import DEVICE, PING
from geofence.suspicion import is_contradicted, note_raw
from geofence.terms import Source
from tests.conformance.test_reasons import calm
from tests.story import Story

TRACKS = Path(__file__).parents[3] / "shared" / "data" / "open" / "android_fix"
ROAD = "speed=12 course=90 satellites=11"


def he_says(words: list[str], every_s: int = 5) -> Story:
    """What his device says, report by report, as he drives 6 km away from her; she is heard beside him."""
    lines = []
    for k, word in enumerate(words):
        at_s = 60 + every_s * k
        clock = f"{at_s // 60}:{at_s % 60:02d}"
        lines += [f"{clock} him {word}" if word.startswith("nofix") else f"{clock} him {12 * every_s * k} 6000 {word}"]
        lines += [f"{clock} her 0 0 speed=0"]
    return calm().tell("\n".join(lines))


@pytest.mark.parametrize("dark", ["nofix", "speed=12 course=90 satellites=2", "source=wifi accuracy=30"])
def test_all_satellites_gone_at_once_on_the_open_road_is_jamming(dark: str) -> None:
    story = he_says([ROAD] * 4 + [dark] * 5)
    assert "1:35 calm>caution jamming" in story.said(), "twenty seconds after the last of them"
    assert {n.audience.value for n in story.notifications if n.reason.word == "jamming"} == {"dispatch"}


def test_jamming_ends_a_minute_after_the_satellites_are_back() -> None:
    story = he_says([ROAD] * 4 + ["nofix"] * 5 + [ROAD] * 14)
    assert [line.split()[1:] for line in story.said()] == [["calm>caution", "jamming"], ["caution>calm", "resolved"]]


@pytest.mark.parametrize(
    "words",
    [
        [ROAD] * 4 + ["nofix"] * 3 + [ROAD] * 4,
        [ROAD] * 4 + ["nofix", ROAD] * 6,
        ["speed=1.4 course=90 satellites=11"] * 4 + ["nofix"] * 5,
        [ROAD] * 4 + ["speed=12 course=90 satellites=6"] + ["nofix"] * 5,
        [ROAD] * 4 + ["nofix moving=false"] * 5,
        ["speed=12 course=90"] * 4 + ["nofix"] * 5,
    ],
    ids=["an underpass", "one underpass after the other", "on foot into a house", "one by one", "parked", "a device that does not count them"],
)
def test_honest_loss_of_satellites_is_not(words: list[str]) -> None:
    assert "jamming" not in " ".join(he_says(words).said())


def test_reports_a_minute_apart_do_not_show_that_they_went_at_once() -> None:
    assert "jamming" not in " ".join(he_says([ROAD] * 3 + ["nofix"] * 4, every_s=60).said())


# --- Satellites and the networks around, in turn ----------------------------------------------------------------------------


def in_turn(places_m: list[tuple[str, int]], every_s: int = 20) -> Story:
    lines = []
    for k, (source, east) in enumerate(places_m):
        at_s = 60 + every_s * k
        accuracy = {"gps": 8, "wifi": 40, "lbs": 500}[source]
        lines += [f"{at_s // 60}:{at_s % 60:02d} him {east} 8000 source={source} accuracy={accuracy}", f"{at_s // 60}:{at_s % 60:02d} her 0 0 speed=0"]
    return calm().tell("\n".join(lines))


@pytest.mark.parametrize(("radio", "away_m"), [("wifi", 9_000), ("lbs", 9_000)])
def test_satellites_that_say_another_place_than_the_networks_are_spoofing(radio: str, away_m: int) -> None:
    story = in_turn([("gps", 0), (radio, away_m), ("gps", 0), (radio, away_m), ("gps", 0)])
    assert "spoofing" in story.reasons()
    assert {n.audience.value for n in story.notifications if n.reason.word == "spoofing"} == {"dispatch"}


@pytest.mark.parametrize(
    "places",
    [
        [("gps", 0), ("lbs", 3_000)] * 4,
        [("gps", 0), ("wifi", 1_500)] * 4,
        [("gps", 0), ("lbs", 9_000), ("gps", 0), ("gps", 0)] * 4,
        [("gps", 0), ("wifi", 9_000), ("gps", 0), ("wifi", 0)] * 3,
        [("gps", 600 * k) for k in range(12)],
    ],
    ids=["a far mast", "a router that has moved", "one wrong mast", "wrong, and right again", "who drives"],
)
def test_a_wrong_mast_or_router_is_not(places: list[tuple[str, int]]) -> None:
    assert "spoofing" not in in_turn(places).reasons()


def test_a_place_of_minutes_ago_contradicts_nothing() -> None:
    assert "spoofing" not in in_turn([("gps", 0), ("wifi", 9_000)] * 4, every_s=121).reasons()


@pytest.mark.skipif(not TRACKS.is_dir(), reason="the telephones' own logs lie beside the project, not in it")
def test_real_telephones_do_not_contradict_themselves() -> None:
    turns = 0
    for path in sorted(TRACKS.glob("*.csv")):
        d, p = np.zeros(1, DEVICE)[0], np.zeros(1, PING)[0]
        p["has_fix"] = 1
        with path.open(newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["src"] in ("gps", "nlp")]
        for row in sorted(rows, key=lambda one: float(one["t"])):
            source = int(Source.GPS if row["src"] == "gps" else Source.WIFI)
            p["fix_ms"], p["lat_deg"], p["lon_deg"] = int(float(row["t"]) * 1000), float(row["lat"]), float(row["lon"])
            p["source"], p["accuracy_m"] = source, float(row["acc"] or "nan")
            turns += d["raw_ms"] > 0 and source != d["raw_source"]
            assert not is_contradicted(d, p), path.name
            assert d["contradictions"] == 0, path.name
            note_raw(d, p)
    assert turns >= 100, "or nothing was compared"
