"""Nothing that a respondent can read depends on her: same path of his, any path of hers, the same bytes to him at the same times.

With `privacy.respondent_interval = "own_path"`; what the default costs in privacy and gains in time is ADR 0012. Everything that leaves the
service is looked through: what is said on his device's topics, and whatever else names his device or himself as its receiver.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.contacts import Contact, spread
from alerts.ladder import DEFAULT_LADDER, OPTIONAL_RUNGS, with_ways
from geofence.terms import PersonId, Position
from monitor.engine import Engine
from monitor.terms import Envelope
from tests.pings import T0, at, circle, pair

HIS, HERS, FRIEND = PersonId("R"), PersonId("P"), PersonId("T")
CONTACTS = {
    HIS: Contact(phone="+525500000001", push_topic="his"),
    HERS: Contact(phone="+525500000002", push_topic="hers", neutral=True, trusted=(FRIEND,)),
    FRIEND: Contact(phone="+525500000003"),
}
LADDER = with_ways(
    DEFAULT_LADDER, [(one.audience, one.channel) for rungs in OPTIONAL_RUNGS.values() for one in rungs], [PersonId("desk"), PersonId("second")]
)
STEP_S = 15

# What one of them does from step to step: metres east and north (None: no fix), and what else the ping says; None: it is silent.
MOVE = st.one_of(
    st.none(),
    st.tuples(
        st.none() | st.tuples(st.integers(-3_000, 3_000), st.integers(-3_000, 3_000)),
        st.fixed_dictionaries({}, optional={"strap": st.sampled_from(["open", "closed"]), "sos": st.booleans(), "battery": st.integers(3, 90), "jamming": st.booleans(), "check": st.just(True)}),
    ),
)  # fmt: skip
PATH = st.lists(MOVE, min_size=12, max_size=12)
Path = list[tuple[tuple[int, int] | None, dict[str, Any]] | None]


def envelope(device: str, seq: int, at_ms: int, move: tuple[tuple[int, int] | None, dict[str, Any]]) -> Envelope:
    place, more = move
    body: dict[str, Any] = {"v": 1, "boot": 1, "seq": seq, "at": at_ms - 300, **more}
    if place is not None:
        lat, lon = at(*map(float, place))
        body["fix"] = {"at": at_ms - 500, "lat": lat, "lon": lon, "accuracy": 8.0, "speed": 1.4, "course": 90.0}
    return Envelope(at_ms, f"v1/{device}/ping", json.dumps(body).encode(), qos=1)


def read_by_him(engine: Engine, his: Path, hers: Path) -> list[object]:
    """Everything that he can read, with its time: what goes to his device, and whatever names him as its receiver."""
    read: list[object] = []
    sent = {"tag": 0, "brc": 0}
    for step in range(len(his)):
        for device, path, late_ms in (("tag", his, 0), ("brc", hers, 4_321)):
            at_ms = T0 + step * STEP_S * 1000 + late_ms
            move = path[step]
            sent[device] += move is not None
            effects = engine.advance(at_ms) if move is None else engine.receive([envelope(device, sent[device], at_ms, move)])
            read += [("command", c.at_ms, c.interval_s, c.report_now) for c in effects.commands if c.device == "tag"]
            read += [("receipt", at_ms, upto) for to, upto in effects.receipts.items() if to == "tag"]
            for one in spread(effects.notifications, CONTACTS):
                if "tag" in one.devices or one.person == HIS:
                    read.append(("notification", one))
    return read


@pytest.mark.parametrize("zones", [(), (circle(300.0, 200.0, origin=Position(20.5900, -100.3800)),)], ids=["perimeter", "perimeter and zone"])
def test_whatever_she_does_he_reads_the_same(zones: tuple[Any, ...]) -> None:
    @settings(max_examples=60, deadline=None)
    @given(PATH, PATH, PATH)
    def holds(his: Path, hers: Path, hers_otherwise: Path) -> None:
        runs = [read_by_him(Engine(pair(zones=zones), ladder=LADDER, adaptive=False), his, path) for path in (hers, hers_otherwise)]
        assert runs[0] == runs[1]
        assert not any(kind == "notification" for kind, *_ in runs[0])  # type: ignore[misc]
        heard = sum(move is not None for move in his)
        receipts = [one[2] for one in runs[0] if one[0] == "receipt"]  # type: ignore[index]
        assert receipts == [(1, seq) for seq in range(1, heard + 1)], "his own pings are receipted"

    holds()


def test_by_default_only_how_often_he_is_asked_depends_on_her() -> None:
    """The one thing, on purpose: ADR 0012."""

    @settings(max_examples=40, deadline=None)
    @given(PATH, PATH, PATH)
    def holds(his: Path, hers: Path, hers_otherwise: Path) -> None:
        runs = [read_by_him(Engine(pair(), ladder=LADDER), his, path) for path in (hers, hers_otherwise)]
        without = [[one for one in run if one[0] != "command"] for run in runs]  # type: ignore[index]
        assert without[0] == without[1]

    holds()


def test_the_two_settings_do_differ() -> None:
    """Else the first test would show nothing."""
    near: Path = [((100, 0), {}) for _ in range(12)]
    far: Path = [((90_000, 0), {}) for _ in range(12)]
    his: Path = [((0, 900), {}) for _ in range(12)]
    assert read_by_him(Engine(pair()), his, near) != read_by_him(Engine(pair()), his, far)
