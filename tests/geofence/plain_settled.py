"""Places that are known, and what may raise a breach of somebody who rests there."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from geofence import order as od
from geofence import policy
from geofence.core import Core
from geofence.proximity import p_within
from geofence.state import DEVICE
from tests.pings import T0, at, circle, pair
from tests.rows import device, sight, target


def resting(north_m: float, **fields: float) -> Any:
    """It lies still by its own word, and has for an hour, 40 m further north than its last fix says."""
    lat, lon = at(0.0, north_m + 40.0)
    known = {"rest": 10, "sigma": 20.0, "anchor_sigma": 20.0, "anchor_s": 3_600.0, "anchor_lat": lat, "anchor_lon": lon}
    return device(0.0, north_m, **{**known, **fields})


@pytest.mark.parametrize(("i", "j"), [(0, 1), (1, 0)])
def test_while_nobody_moves_a_breach_needs_the_places_where_they_rest(i: int, j: int) -> None:
    rows = np.zeros(2, DEVICE)
    rows[i], rows[j] = resting(-40.0), resting(480.0)
    T = SimpleNamespace(device=rows, edges=np.zeros((0, 4)))
    settled = p_within(520.0, 14.1, 500.0)
    assert settled < policy.BREACH_ON_TWICE
    assert od.surely(T, target(), sight(i, j, 0.9, 0.8), T0) == (settled, settled)
    assert od.surely(T, target(), sight(i, j, 0.02, 0.8), T0) == (0.02, settled), "never more than what is seen"
    assert od.surely(T, target(), sight(i, j, 0.8, 0.02), T0) == (settled, 0.02)
    assert od.surely(T, target(), sight(i, j, 0.64, 0.64), T0) == (0.64, 0.64), "what would raise nothing is left alone"
    assert od.surely(T, target(), sight(i, j, 0.65, 0.0), T0) == (settled, 0.0)
    assert od.surely(T, target(breach=1), sight(i, j, 0.9, 0.8), T0) == (0.9, 0.8), "a breach is never ended by it"
    rows[j]["rest"], rows[j]["p11"] = 0, 14.0**2
    assert od.surely(T, target(), sight(i, j, 0.9, 0.8), T0) == (p_within(480.0, math.hypot(14.0, 10.0), 500.0), 0.8), "his own fix; his way is his own"
    rows[i]["rest"] = 0
    assert od.surely(T, target(), sight(i, j, 0.9, 0.8), T0) == (0.9, 0.8), "whoever moves is judged as ever"


def test_into_a_zone_only_he_moves() -> None:
    """He rests 20 m outside of it by the place that is known, though his fix says inside; where she is, or whether, is nothing to it."""
    T = Core(pair(perimeter_m=0.0, zones=(circle(radius_m=500.0),))).tables()
    T.device[1] = resting(480.0, person=T.device[1]["person"], next_device=-1)
    settled = p_within(520.0, 10.0, 500.0)
    assert settled < policy.BREACH_ON_TWICE
    for hers in (resting(0.0), device()):
        T.device[0] = hers
        assert od.surely(T, T.target[0], sight(-1, 1, 0.9, 0.8), T0) == (settled, settled)
    T.device[1]["rest"] = 0
    assert od.surely(T, T.target[0], sight(-1, 1, 0.9, 0.8), T0) == (0.9, 0.8)
