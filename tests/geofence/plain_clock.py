"""Which ping is newer, and when was its position solved, on our clock?"""

from __future__ import annotations

import pytest

from geofence import clock, policy
from tests.pings import T0
from tests.rows import S, device, p


@pytest.mark.parametrize(
    ("boot", "seq", "sent", "stale"),
    [(3, 8, 1, False), (3, 7, 0, True), (3, 6, -1, True), (4, 1, -1, False), (2, 99, 0, True), (2, 99, 1, False), (3, 6, 1, False), (3, 8, -1, False)],
)
def test_what_is_older_than_what_we_have(boot: int, seq: int, sent: int, stale: bool) -> None:
    assert bool(clock.is_stale(device(boot=3, seq=7, sent_ms=T0), p(boot=boot, seq=seq, sent_ms=T0 + sent))) is stale


HOUR = 3_600 * S


@pytest.mark.parametrize(
    ("before", "skew_ms", "offset_ms", "wrong"),
    [
        ({}, 0, 0, False),
        ({}, 60_000, 0, False),
        ({}, -60_000, 0, False),
        ({"offset_ms": 5 * HOUR}, 60_000, 0, False),
        ({}, -60_001, -60_001, True),
        ({}, HOUR, 0, False),  # behind: a backlog, until it is seen to be steady
        ({"sent_ms": T0 - 60 * S - HOUR, "skew_ms": HOUR}, HOUR, HOUR, True),
        ({"sent_ms": T0 - 60 * S - HOUR, "skew_ms": HOUR - 20 * S}, HOUR, HOUR, True),
        ({"sent_ms": T0 - 60 * S - HOUR, "skew_ms": HOUR - 20 * S - 1}, HOUR, 0, False),
        ({"sent_ms": T0 - 10 * S - HOUR, "skew_ms": HOUR - 5 * S}, HOUR, HOUR, True),
        ({"sent_ms": T0 - 10 * S - HOUR, "skew_ms": HOUR - 5 * S - 1}, HOUR, 0, False),
        ({"sent_ms": T0 - 60 * S - HOUR, "skew_ms": HOUR, "pinged": 0}, HOUR, 0, False),
        ({"sent_ms": T0 - HOUR, "skew_ms": HOUR}, HOUR, 0, False),
        ({"sent_ms": T0 - 60 * S - HOUR, "skew_ms": 60 * S}, 61 * S, 0, False),
        ({"offset_ms": HOUR, "sent_ms": T0 - 60 * S - HOUR, "skew_ms": HOUR}, HOUR + 30 * S, HOUR, True),
        ({"offset_ms": HOUR}, HOUR - 60 * S, HOUR, True),
        ({"offset_ms": HOUR}, HOUR - 60 * S - 1, HOUR - 60 * S - 1, True),
    ],
)
def test_the_offset_of_a_clock(before: dict[str, int], skew_ms: int, offset_ms: int, wrong: bool) -> None:
    d = device(**{"sent_ms": T0 - 60 * S, **before})
    clock.set_clock(d, p(sent_ms=T0 - skew_ms))
    assert (d["offset_ms"], d["skew_ms"], d["clock_until_ms"]) == (offset_ms, skew_ms, T0 + 60 * S if wrong else 0)


def test_a_clock_of_before_2020_has_been_reset_and_a_right_one_is_forgiven_after_a_minute() -> None:
    d = device()
    clock.set_clock(d, p(sent_ms=policy.CLOCK_SANE_FROM_MS - 1))
    assert d["offset_ms"] == T0 - policy.CLOCK_SANE_FROM_MS + 1
    fresh = device()
    clock.set_clock(fresh, p(sent_ms=policy.CLOCK_SANE_FROM_MS))
    assert fresh["offset_ms"] == 0
    for at_ms, until in ((T0 + 59_999, T0 + 60_000), (T0 + 60_000, 0)):
        clock.set_clock(d, p(at_ms=at_ms, sent_ms=at_ms))
        assert d["clock_until_ms"] == until


@pytest.mark.parametrize(
    ("offset", "sent", "fix", "time", "wrong"),
    [
        (0, 0, -300, -300, False),
        (0, -500, -800, -800, False),
        (0, 700, 400, -300, False),
        (HOUR, -HOUR - 500, -HOUR - 800, -800, False),
        (-HOUR, HOUR, -20, -20 - HOUR, False),
        (0, -HOUR, -20, -20, False),
        (0, -HOUR, 20, 0, False),
        (0, -HOUR, -60_000, -60_000, False),
        (0, -HOUR, -60_001, -HOUR, True),
        (0, -HOUR, 60_001, -HOUR, True),
        (0, 0, 60_001, 0, True),
        (0, 0, -30 * 24 * HOUR, -30 * 24 * HOUR, False),
        (0, 0, -30 * 24 * HOUR - 1, 0, True),
        (0, -200_000, -140_000, -200_000, False),
    ],
)
def test_when_a_position_was_solved(offset: int, sent: int, fix: int, time: int, wrong: bool) -> None:
    d = device(offset_ms=offset)
    assert clock.fix_time_ms(d, p(sent_ms=T0 + sent, fix_ms=T0 + fix)) == T0 + time
    assert d["clock_until_ms"] == (T0 + 60 * S if wrong else 0)


def test_a_fix_from_another_age_is_dated_by_its_ping() -> None:
    d = device()
    assert clock.fix_time_ms(d, p(sent_ms=T0 - 100, fix_ms=5_000)) == T0 - 100
    assert d["clock_until_ms"] == T0 + 60 * S
    early = policy.CLOCK_SANE_FROM_MS - 50_000
    d = device(offset_ms=T0 - early)
    assert clock.fix_time_ms(d, p(sent_ms=early, fix_ms=early - 300)) == T0 - 300, "both of a reset clock"
    assert d["clock_until_ms"] == 0
