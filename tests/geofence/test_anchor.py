"""While nobody moves, noise raises no breach; and whoever moves is judged as ever."""

from __future__ import annotations

import math

import pytest

from geofence.core import Core
from geofence.terms import Level, Registry
from tests.pings import HER, HIM, T0, circle, pair, ping, started

S = 1_000
EVERY_S = 30
VAGUE_M = 45.0  # what a receiver under a bad roof claims
PERIMETER, ZONE = pair(300.0, 2_000.0), pair(0.0, 0.0, zones=(circle(300.0, 500.0),))


class Night:
    """Both at rest, he 400 m north of her (or of the zone's middle); what either reports of itself is given."""

    def __init__(self, registry: Registry = PERIMETER) -> None:
        self.core: Core = started(registry)
        self.at_s = 0
        self.seq = 0
        self.breaches = 0

    def report(self, north_m: float, her_north_m: float = 0.0, *, for_s: int = EVERY_S, speed: float = 0.0, accuracy_m: float = VAGUE_M) -> bool:
        """So long at this place by the fixes; True while a breach holds."""
        for _ in range(for_s // EVERY_S):
            self.at_s += EVERY_S
            self.seq += 1
            rows = []
            for device, north, mps in ((HER, her_north_m, 0.0), (HIM, north_m, speed)):
                rows += self.core.take([ping(device, T0 + self.at_s * S + device, self.seq, 0.0, north, speed_mps=mps, accuracy_m=accuracy_m)])
            self.breaches += sum(row.to_level == Level.EMERGENCY > row.from_level for row in rows)
        return bool(self.core.tables().target[0]["breach"])


@pytest.mark.parametrize("registry", [PERIMETER, ZONE], ids=["perimeter", "zone"])
def test_the_neighbour_asleep_whose_fixes_wander_in_is_no_breach(registry: Registry) -> None:
    night = Night(registry)
    night.report(400.0, for_s=3_600)
    for _ in range(8):
        night.report(255.0, for_s=240)
        night.report(410.0, for_s=600)
    assert night.breaches == 0
    fresh = Night(registry)
    fresh.report(400.0, for_s=300)
    fresh.report(255.0, for_s=240)
    assert fresh.breaches == 1, "before the place is known the same fixes are one, or this test shows nothing"


def test_her_fixes_that_wander_are_none_either() -> None:
    night = Night()
    night.report(400.0, for_s=3_600)
    for _ in range(8):
        night.report(400.0, 145.0, for_s=240)
        night.report(400.0, -10.0, for_s=600)
    assert night.breaches == 0


def test_two_minutes_of_reflections_do_not_make_the_place_forgotten() -> None:
    night = Night()
    night.report(400.0, for_s=3_600)
    night.report(700.0, for_s=150)
    night.report(400.0, for_s=300)
    for _ in range(4):
        night.report(255.0, for_s=240)
        night.report(410.0, for_s=600)
    assert night.breaches == 0


@pytest.mark.parametrize("speed", [1.4, 5.0, 12.0])
@pytest.mark.parametrize("accuracy_m", [8.0, VAGUE_M])
def test_who_gets_up_and_goes_is_judged_at_once(speed: float, accuracy_m: float) -> None:
    """After a night or after a minute: the same fix raises."""

    def inside_when_raised(rested_s: int) -> float:
        night, north_m = Night(), 400.0
        night.report(north_m, for_s=rested_s, accuracy_m=accuracy_m)
        while not night.report(north_m, speed=speed, accuracy_m=accuracy_m):
            north_m -= speed * EVERY_S / 3.0
        return north_m

    assert inside_when_raised(7_200) == inside_when_raised(300) <= 300.0


@pytest.mark.parametrize(("accuracy_m", "deep_m"), [(8.0, 60.0), (VAGUE_M, 200.0)])
def test_who_walks_in_with_a_device_that_always_says_it_rests_is_found_on_the_way(accuracy_m: float, deep_m: float) -> None:
    night, north_m = Night(), 400.0
    night.report(north_m, for_s=7_200, accuracy_m=accuracy_m)
    while north_m > 0.0 and not night.report(north_m, accuracy_m=accuracy_m):
        north_m -= 1.2 * EVERY_S
    assert 300.0 - deep_m < north_m < 300.0


def test_who_has_moved_house_is_known_there_and_no_longer_here() -> None:
    night = Night()
    night.report(5_000.0, for_s=7_200)
    for north_m in range(5_000, 400, -300):
        night.report(float(north_m), speed=10.0)
    assert night.report(250.0, for_s=300), "he has come inside, and the old place says nothing against it"
    d = night.core.tables().device[HIM]
    night.report(250.0, for_s=600)
    assert d["anchor_s"] >= 600.0
    assert math.isclose(d["anchor_lat"], d["lat"], abs_tol=2e-4)


def test_a_zone_that_opens_over_who_sleeps_in_it_is_a_breach_at_once() -> None:
    night = Night(pair(0.0, 0.0, zones=(circle(300.0, 500.0, schedule="Mo-Su 03:00-05:00", timezone="America/Mexico_City"),)))
    night.report(200.0, for_s=3_570)
    assert not night.core.tables().target[0]["breach"]
    assert night.report(200.0, for_s=60), "T0 is 02:00 there"
