"""What is said when the reasons of an order change, and how far he is while an alarm stands."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from geofence import watch
from geofence.core import Core
from geofence.state import NUMBERS, TRANSITION
from geofence.terms import Contact, Level, Proximity, Reason
from geofence.watch import LEVELS, bit
from tests.pings import NAN, T0, pair
from tests.rows import S, device

CALM, CAUTION, WARNING, EMERGENCY = Level
HERS, HIS, BOTH = 0, 1, -1


def tables(reasons: int = 0) -> Any:
    T = Core(pair()).tables()
    T.draft[0]["at_ms"], T.draft[0]["distance_m"] = T0, 700.0
    T.order[0]["reasons"], T.order[0]["level"] = reasons, watch.level_of(reasons)
    return T


def lines(T: Any) -> list[tuple[Level, Level, Reason, int]]:
    rows = T.out[: T.world[0]["out_count"]]
    return [(Level(int(r["from_level"])), Level(int(r["to_level"])), Reason(int(r["reason"])), int(r["party"])) for r in rows]


def of(*reasons: Reason, hers: tuple[Reason, ...] = ()) -> int:
    return sum(bit(reason, False) for reason in reasons) | sum(bit(reason, True) for reason in hers)


# --- The set of reasons -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protected", [True, False])
def test_a_reason_holds_whoever_it_is_of_and_leads_its_level_by_rank(protected: bool) -> None:
    assert (watch.level_of(0), watch.lead_of(0)) == (CALM, Reason.NONE)
    for reason, level in LEVELS.items():
        one = bit(reason, protected)
        assert [other for other in LEVELS if watch.has(one, other)] == [reason]
        assert (watch.level_of(one), watch.lead_of(one)) == (level, reason)
        for other in LEVELS:
            two = one | bit(other, not protected)
            assert watch.level_of(two) == max(level, LEVELS[other])
            assert watch.lead_of(two) == (min(reason, other) if level == LEVELS[other] else max((reason, other), key=LEVELS.__getitem__))


def test_geometry_names_who_is_silent_and_what_kind_of_place_it_is() -> None:
    yes_no = (True, False)
    for proximity, contact, inclusion, hers, his, hole in product(Proximity, Contact, yes_no, yes_no, yes_no, yes_no):
        expected = {Proximity.UNKNOWN: [Reason.NOT_SEEN_YET], Proximity.CLEAR: [], Proximity.APPROACH: [Reason.APPROACH]}.get(proximity)
        if expected is None:
            expected = [Reason.OUTSIDE_INCLUSION if inclusion else Reason.BREACH]
        if contact is Contact.LOST and proximity is not Proximity.UNKNOWN:
            expected += ([Reason.CANNOT_SEE_RESPONDENT] if not hole else [Reason.NO_COVERAGE_KNOWN]) * his
            expected += [] if hole else [Reason.CANNOT_SEE_PROTECTED] * hers
        hers_bits = bit(Reason.NO_COVERAGE_KNOWN, True) if hole and hers and contact is Contact.LOST and proximity is not Proximity.UNKNOWN else 0
        lost = watch.lost_bits(hers, his, hole, hole)
        assert watch.geometry_bits(int(proximity), int(contact), inclusion, lost) == of(*expected) | hers_bits


# --- What is said -----------------------------------------------------------------------------------------------------


BREACH, APPROACH, STRAP, BATTERY = Reason.BREACH, Reason.APPROACH, Reason.STRAP, Reason.BATTERY


@pytest.mark.parametrize(
    ("before", "after", "quiet", "again", "said"),
    [
        (of(), of(), 0, False, []),
        (of(), of(BREACH), 0, False, [(CALM, EMERGENCY, BREACH, BOTH)]),
        (of(APPROACH), of(BREACH, APPROACH), 0, False, [(WARNING, EMERGENCY, BREACH, BOTH)]),
        (of(), of(APPROACH, STRAP, BATTERY), 0, False, [(CALM, WARNING, APPROACH, BOTH), (WARNING, WARNING, STRAP, HIS), (WARNING, WARNING, BATTERY, HIS)]),
        (of(STRAP), of(STRAP, BATTERY), 0, False, [(CAUTION, CAUTION, BATTERY, HIS)]),
        (of(STRAP), of(STRAP, hers=(STRAP,)), 0, False, [(CAUTION, CAUTION, STRAP, HERS)]),
        (of(STRAP), of(STRAP, hers=(BATTERY,)), 0, False, [(CAUTION, CAUTION, BATTERY, HERS)]),
        (of(BATTERY), of(BATTERY, APPROACH, STRAP), 0, False, [(CAUTION, WARNING, APPROACH, BOTH), (WARNING, WARNING, STRAP, HIS)]),
        (of(BREACH, APPROACH), of(APPROACH), 0, False, [(EMERGENCY, WARNING, APPROACH, BOTH)]),
        (of(BREACH), of(APPROACH, STRAP), 0, False, [(EMERGENCY, WARNING, APPROACH, BOTH), (WARNING, WARNING, STRAP, HIS)]),
        (of(BREACH, STRAP), of(STRAP), 0, False, [(EMERGENCY, CAUTION, STRAP, HIS)]),
        (of(BREACH), of(), 0, False, [(EMERGENCY, CALM, Reason.CLEAR, BOTH)]),
        (of(STRAP), of(), 0, False, [(CAUTION, CALM, Reason.RESOLVED, BOTH)]),
        (of(Reason.NOT_SEEN_YET, STRAP), of(), 0, False, [(CAUTION, CALM, Reason.SEEN, BOTH)]),
        (of(BREACH), of(), int(Reason.SCHEDULE_CLOSED), False, [(EMERGENCY, CALM, Reason.SCHEDULE_CLOSED, BOTH)]),
        (of(BREACH), of(STRAP), int(Reason.SCHEDULE_CLOSED), False, [(EMERGENCY, CAUTION, STRAP, HIS)]),  # something holds: that is said
        (of(BREACH), of(BREACH), 0, True, [(EMERGENCY, EMERGENCY, BREACH, BOTH)]),  # a second zone was entered
        (of(Reason.OUTSIDE_INCLUSION), of(Reason.OUTSIDE_INCLUSION), 0, True, [(EMERGENCY, EMERGENCY, Reason.OUTSIDE_INCLUSION, BOTH)]),
        (of(Reason.SOS, BREACH), of(Reason.SOS, BREACH), 0, True, [(EMERGENCY, EMERGENCY, BREACH, BOTH)]),
        (of(BREACH), of(BREACH, STRAP), 0, True, [(EMERGENCY, EMERGENCY, STRAP, HIS)]),
        (of(), of(BREACH), 0, True, [(CALM, EMERGENCY, BREACH, BOTH)]),
        (of(BREACH), of(BREACH), int(Reason.SCHEDULE_CLOSED), False, []),
        (of(BREACH), of(BREACH, hers=(Reason.SOS,)), 0, False, [(EMERGENCY, EMERGENCY, Reason.SOS, HERS)]),  # at the same level, and the first of all reasons
    ],
)
def test_what_is_said_when_the_reasons_change(before: int, after: int, quiet: int, again: bool, said: list[tuple[Level, Level, Reason, int]]) -> None:
    T = tables(before)
    watch.settle(T, 0, after, quiet, again)
    assert lines(T) == said
    assert (T.order[0]["reasons"], T.order[0]["level"]) == (after, watch.level_of(after))


def test_a_line_carries_the_number_of_its_trouble_and_no_other() -> None:
    T = tables()
    T.device[1] = device(battery=8.0, drain_per_h=4.0, battery_until_ms=1, clock_until_ms=1, offset_ms=-90_000)
    T.person["apart"], T.person["apart_m"] = 1, 512.0
    for k, (reason, numbers) in enumerate({Reason.BATTERY: (2.0, NAN, NAN), Reason.SEPARATION: (NAN, 512.0, NAN), Reason.CLOCK: (NAN, NAN, 90.0), Reason.STRAP: (NAN,) * 3}.items()):
        watch.say(T, 0, 1, 2, int(reason), HIS)
        row = T.out[k]
        assert [float(row[name]) for name in ("hours_left", "apart_m", "clock_s")] == pytest.approx(list(numbers), nan_ok=True)
        assert (row["order"], row["kind"], row["at_ms"], row["distance_m"]) == (0, TRANSITION, T0, 700.0)
    assert (T.order[0]["told_ms"], T.order[0]["told_m"]) == (T0, 700.0)


# --- How far he is, while an alarm stands -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reasons", "told_m", "ago_ms", "now_m", "said"),
    [
        (of(BREACH), 200.0, 15_000, 225.0, True),
        (of(BREACH), 200.0, 14_999, 225.0, False),  # nobody reads faster
        (of(BREACH), 200.0, 15_000, 224.9, False),
        (of(BREACH), 200.0, 15_000, 175.0, True),
        (of(APPROACH), 1_000.0, 15_000, 1_100.0, True),  # a tenth
        (of(APPROACH), 1_000.0, 15_000, 1_099.9, False),
        (of(APPROACH), 1_000.0, 15_000, 900.0, True),
        (of(APPROACH), NAN, 15_000, 1_000.0, True),  # none was known
        (of(APPROACH), 1_000.0, 15_000, NAN, False),
        (of(STRAP), 200.0, 15_000, 900.0, False),  # no alarm stands
        (of(), 200.0, 15_000, 900.0, False),
    ],
)
def test_his_distance_is_said_again_when_it_has_changed(reasons: int, told_m: float, ago_ms: int, now_m: float, said: bool) -> None:
    T = tables(reasons)
    T.order[0]["told_ms"], T.order[0]["told_m"] = T0 - ago_ms, told_m
    T.draft[0]["distance_m"] = now_m
    watch.tell_numbers(T, 0)
    level = Level(watch.level_of(reasons))
    assert lines(T) == ([(level, level, Reason(watch.lead_of(reasons)), BOTH)] if said else [])
    if said:
        assert (T.out[0]["kind"], T.out[0]["distance_m"]) == (NUMBERS, now_m)
        assert (T.order[0]["told_ms"], T.order[0]["told_m"]) == (T0, now_m)


def test_numbers_of_an_alarm_are_of_whoever_raised_it() -> None:
    T = tables(of(hers=(Reason.SOS,)))
    T.order[0]["told_ms"], T.order[0]["told_m"] = T0 - 60 * S, 100.0
    watch.tell_numbers(T, 0)
    assert lines(T) == [(EMERGENCY, EMERGENCY, Reason.SOS, HERS)]
