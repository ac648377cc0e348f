"""The limits of every suspicion, met exactly."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from geofence import suspicion
from geofence.state import DEVICE, PING
from geofence.terms import Source
from tests.pings import NAN, T0, at

S = 1_000
GPS, WIFI, LBS, RF = (int(s) for s in (Source.GPS, Source.WIFI, Source.LBS, Source.RF))


def device(**fields: Any) -> Any:
    d = np.zeros(1, DEVICE)[0]
    for name, value in fields.items():
        d[name] = value
    return d


def report(at_s: float = 0.0, east_m: float = 0.0, **fields: Any) -> Any:
    p = np.zeros(1, PING)[0]
    p["at_ms"] = p["fix_ms"] = T0 + round(at_s * S)
    p["lat_deg"], p["lon_deg"] = at(east_m, 0.0)
    known = {"has_fix": 1, "accuracy_m": 8.0, "speed_mps": 12.0, "satellites": 11, "moving": -1, **fields}
    for name, value in known.items():
        p[name] = value
    return p


def frozen_after(d: Any, p: Any) -> tuple[bool, int]:
    said = suspicion.is_frozen(d, p)
    suspicion.note_raw(d, p)
    return said, int(d["frozen"])


def test_the_third_fix_at_the_very_place_on_the_move_is_frozen_and_one_elsewhere_ends_it() -> None:
    d = device()
    assert [frozen_after(d, report(k)) for k in range(5)] == [(False, 0), (False, 1), (False, 2), (True, 3), (True, 4)]
    assert frozen_after(d, report(9, has_fix=0)) == (True, 4), "a ping without a position says nothing of positions"
    assert frozen_after(d, report(4)) == (True, 4), "the same fix once more neither"
    assert frozen_after(d, report(5, speed_mps=1.0)) == (True, 4), "slower receivers hold a place on purpose"
    assert frozen_after(d, report(6, speed_mps=1.01)) == (True, 5)
    assert frozen_after(d, report(7, 0.5)) == (False, 0)
    d = device(raw_ms=1)
    d["raw_lat"], d["raw_lon"] = report()["lat_deg"], report()["lon_deg"]
    assert frozen_after(d, report()) == (False, 1)
    d = device(raw_ms=0)
    d["raw_lat"], d["raw_lon"] = report()["lat_deg"], report()["lon_deg"]
    assert frozen_after(d, report()) == (False, 0), "there was none before"


def lots(*accuracies: float, **fields: Any) -> tuple[bool, int, float]:
    d = device()
    said = False
    for accuracy in accuracies:
        said = suspicion.is_invented(d, report(accuracy_m=accuracy, **fields))
    return said, int(d["lots"]), round(float(d["lot_m"]), 6)


def test_accuracies_drawn_by_lot_are_counted_from_five_to_seven_metres_by_their_steps() -> None:
    steps = [5.5 + 0.3 * (k % 2) for k in range(16)]
    assert lots(*steps[:15]) == (False, 15, 4.2)
    assert lots(5.0, *[5.31 + 0.31 * (k % 2) for k in range(15)]) == (True, 16, 4.65)
    assert lots(5.0, 7.0) == (False, 2, 2.0)
    assert lots(5.0, 7.01) == (False, 0, 0.0)
    assert lots(6.0, 4.99, 6.0) == (False, 1, 0.0)
    assert lots(6.0, 6.5, speed_mps=1.0) == (False, 0, 0.0)
    assert lots(6.0, 6.5, has_fix=0) == (False, 0, 0.0)
    d = device(lots=15, lot_last_m=5.0, lot_m=4.5 - 0.5)
    assert suspicion.is_invented(d, report(accuracy_m=5.5)), "a step of 0.3 m in the mean"
    d = device(lots=15, lot_last_m=5.0, lot_m=4.5 - 0.51)
    assert not suspicion.is_invented(d, report(accuracy_m=5.5))


def contradicted(gap_s: float, away_m: float, last: int = GPS, now: int = WIFI, accuracy_m: float = 30.3, **fields: Any) -> int:
    """How often in a row, beginning at one."""
    d = device(contradictions=1)
    suspicion.note_raw(d, report(0.0, 0.0, source=last, accuracy_m=NAN))
    suspicion.is_contradicted(d, report(gap_s, away_m, source=now, accuracy_m=accuracy_m, **fields))
    return int(d["contradictions"])


def test_two_places_are_apart_beyond_a_masts_reach_the_way_there_and_four_sigma() -> None:
    sigma = math.hypot(1.6 * 30.0 / 1.515, 1.5 * 30.3 / 1.515)
    limit_m = 2_000.0 + 40.0 * 10.0 + 4.0 * sigma
    assert contradicted(10.0, limit_m + 1.0) == 2
    assert contradicted(10.0, limit_m - 1.0) == 0
    assert contradicted(120.0, 9_000.0) == 2
    assert contradicted(120.001, 9_000.0) == 1, "so long after, he may have gone there"
    assert contradicted(0.0, 9_000.0) == 1
    assert contradicted(-5.0, 9_000.0) == 1
    assert contradicted(10.0, 9_000.0, has_fix=0) == 1


@pytest.mark.parametrize(
    ("last", "now", "compared"),
    [(GPS, WIFI, True), (WIFI, GPS, True), (GPS, LBS, True), (LBS, RF, True), (GPS, GPS, False), (WIFI, LBS, False), (RF, GPS, False)],
)
def test_only_satellites_and_networks_are_compared(last: int, now: int, compared: bool) -> None:
    assert contradicted(10.0, 20_000.0, last, now) == (2 if compared else 0)
    assert contradicted(10.0, 0.0, last, now) == 0


def test_a_first_fix_contradicts_nothing_and_the_third_contradiction_is_enough() -> None:
    d = device(raw_source=WIFI)
    assert not suspicion.is_contradicted(d, report(source=GPS, fix_ms=1))
    assert d["contradictions"] == 0
    assert not suspicion.is_contradicted(device(contradictions=2), report())
    assert suspicion.is_contradicted(device(contradictions=3), report())


def test_what_was_sent_is_kept_unless_it_is_older() -> None:
    d = device()
    suspicion.note_raw(d, report(5.0, 10.0, source=WIFI, accuracy_m=30.3))
    assert (d["raw_ms"], d["raw_source"], float(d["raw_sigma"])) == (T0 + 5 * S, WIFI, pytest.approx(30.0))
    for other in (report(5.0, 99.0), report(4.0, 99.0), report(6.0, 99.0, has_fix=0)):
        suspicion.note_raw(d, other)
        assert d["raw_ms"] == T0 + 5 * S


def dark(sky_s: float, dark_before: int, at_s: float, **fields: Any) -> tuple[bool, bool, int]:
    """(jammed, the sky is still remembered, pings in the dark) after one more ping."""
    d = device(sky_ms=T0 + round(sky_s * S), dark=dark_before)
    said = suspicion.is_jammed(d, report(at_s, **{"has_fix": 0, **fields}))
    return said, bool(d["sky_ms"] > 0), int(d["dark"])


def test_in_the_dark() -> None:
    assert dark(0, 0, 30.0) == (False, True, 1), "one ping is an underpass"
    assert dark(0, 0, 30.001) == (False, False, 1), "not at once"
    assert dark(0, 1, 20.0) == (True, True, 2)
    assert dark(0, 1, 19.999) == (False, True, 2)
    assert dark(0, 1, 45.0) == (True, True, 2)
    assert dark(0, 1, 45.0, moving=0) == (False, False, 0), "parked"
    assert dark(0, 1, 45.0, has_fix=1, satellites=3) == (True, True, 2)
    assert dark(0, 1, 45.0, has_fix=1, satellites=0) == (True, True, 2)
    assert dark(0, 1, 45.0, has_fix=1, satellites=4) == (False, False, 0)
    assert dark(0, 1, 45.0, has_fix=1, satellites=-1) == (False, False, 0), "a device that does not count them"
    assert dark(0, 1, 45.0, has_fix=1, source=WIFI) == (True, True, 2)
    assert dark(0, 5, 45.0, jamming=1, has_fix=1) == (True, True, 0), "by its own word"
    never = device()
    assert not any(suspicion.is_jammed(never, report(10.0 * k, has_fix=0)) for k in range(9))
    assert never["dark"] == 0
    early = device(sky_ms=1, dark=1)
    assert suspicion.is_jammed(early, report(has_fix=0))


@pytest.mark.parametrize(
    ("fields", "sky"),
    [({"satellites": 8, "speed_mps": 5.0}, True), ({"satellites": 7}, False), ({"speed_mps": 4.9}, False), ({"speed_mps": NAN}, False), ({"source": RF}, True)],
)
def test_an_open_sky_is_eight_satellites_on_the_road(fields: dict[str, Any], sky: bool) -> None:
    d = device(sky_ms=7, dark=1)
    assert not suspicion.is_jammed(d, report(3.0, **fields))
    assert (int(d["sky_ms"]), int(d["dark"])) == ((T0 + 3 * S) if sky else 0, 0)
    parked = device()
    suspicion.is_jammed(parked, report(3.0, moving=0, source=WIFI))
    assert parked["sky_ms"] == 0
