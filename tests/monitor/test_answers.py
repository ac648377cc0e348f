"""Promises of the answer to "am I protected now?": it tells of the moment at which it was asked, whatever comes in the same batch."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.terms import Kind
from geofence.state import PING
from geofence.terms import Level
from monitor.answers import asked_apart
from monitor.engine import Effects, Engine
from monitor.terms import Envelope
from monitor.wire import to_msgpack
from tests.pings import T0, at, pair


def ping(device: str, at_ms: int, seq: int, north_m: float, *, packed: bool = False, **more: Any) -> Envelope:
    lat, lon = at(0.0, north_m)
    fix = {"at": at_ms - 300, "lat": lat, "lon": lon, "accuracy": 8.0}
    body = {"v": 1, "boot": 1, "seq": seq, "at": at_ms - 200, "fix": fix, **more}
    return Envelope(at_ms, f"v1/{device}/ping", bytes(to_msgpack(body)) if packed else json.dumps(body).encode(), qos=1)


SEEN = [ping("brc", T0, 1, 0), ping("tag", T0 + 100, 1, 9_000), ping("brc", T0 + 10_000, 2, 0), ping("tag", T0 + 10_100, 2, 9_000)]


def told(batches: list[list[Envelope]]) -> dict[str, list[str]]:
    """All that these batches cause, in order."""
    engine, effects = Engine(pair()), Effects()
    for batch in batches:
        engine.receive(batch, effects)
    lists = (effects.transitions, effects.notifications, effects.commands, effects.rejections)
    return {"lists": [repr(one) for some in lists for one in some], "receipts": [repr(effects.receipts)]}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("later", [[ping("brc", T0 + 20_150, 4, 0)], [ping("tag", T0 + 20_100 + 5_000 * k, 3 + k, 300) for k in range(3)]])
def test_what_comes_later_in_the_same_batch_changes_no_answer(later: list[Envelope], packed: bool) -> None:
    """Her next ping took the answer away; his, ten seconds later, made it speak of an approach that had not been seen yet."""
    asked = ping("brc", T0 + 20_000, 3, 0, packed=packed, check=True)
    engine, effects = Engine(pair()), Effects()
    engine.receive([*SEEN, asked, *later], effects)
    answers = [n for n in effects.notifications if n.issued_ms == asked.at_ms and n.kind is Kind.UPDATE]
    assert [n.level for n in answers] == [Level.CALM]
    assert told([[*SEEN, asked, *later]]) == told([[one] for one in (*SEEN, asked, *later)])


SAID = st.tuples(
    st.sampled_from(("brc", "tag", "tag")),
    st.sampled_from((0, 150, 5_000, 16_000, 61_000)),
    st.sampled_from((0, 450, 1_500, 9_000)),
    st.booleans(),
    st.booleans(),
)


@given(said=st.lists(SAID, min_size=2, max_size=14), sizes=st.lists(st.integers(1, 5), min_size=14, max_size=14))
@settings(max_examples=150, deadline=None)
def test_whatever_the_batches_she_reads_the_same(said: list[tuple[str, int, int, bool, bool]], sizes: list[int]) -> None:
    at_ms, arrived = T0 + 10_100, list(SEEN)
    for seq, (device, wait_ms, north_m, asks, packed) in enumerate(said, 3):
        at_ms += wait_ms
        arrived.append(ping(device, at_ms, seq, north_m if device == "tag" else 0, packed=packed, **({"check": True} if asks else {})))
    rest, batches = arrived, list[list[Envelope]]()
    for size in sizes:
        batches, rest = [*batches, rest[:size]], rest[size:]
    assert told([*(one for one in batches if one), *([rest] if rest else [])]) == told([[one] for one in arrived]) == told([arrived])


def test_a_question_ends_its_part_and_nothing_else_does() -> None:
    rows = np.zeros(5, PING)
    rows["seq"], rows["check"] = range(5), [False, False, True, True, False]
    assert [part["seq"].tolist() for part in asked_apart(rows)] == [[0, 1, 2], [3], [4]]
    assert [part["seq"].tolist() for part in asked_apart(rows[:2])] == [[0, 1]]
    assert [part["seq"].tolist() for part in asked_apart(rows[:3])] == [[0, 1, 2]]
