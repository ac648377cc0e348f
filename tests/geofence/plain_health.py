"""Batteries, buttons, two devices of one person, and whose trouble it is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from geofence import policy
from geofence.health import flap_hold_ms, held_until_ms, hours_left, note_battery, note_drain, note_flap, note_health, note_late_sos
from geofence.kernel import note_apart
from geofence.state import DEVICE, PERSON
from geofence.terms import Reason
from geofence.watch import bit, party_of
from tests.pings import NAN, T0
from tests.rows import S, device, p


def test_batteries_last_by_their_own_drain() -> None:
    d = device(drain_per_h=4.0)

    def hear(percent: float, after_h: float, charging: int = 0) -> tuple[float, int]:
        note_battery(d, p(battery_percent=percent, at_ms=T0 + round(after_h * 3_600 * S), charging=charging))
        return round(float(d["drain_per_h"]), 3), int(d["battery_low"])

    assert hear(22.0, 0.0) == (4.0, 0)
    assert hear(20.0, 0.25) == (round(0.7 * 4 + 0.3 * 8, 3), 0), "3.8 hours left"
    assert hear(20.0, 0.50) == (5.2, 0), "nothing fell"
    assert hear(19.0, 0.50) == (round(0.7 * 5.2 + 0.3 * 4, 3), 0)
    assert hear(15.0, 0.75) == (round(0.7 * 4.84 + 0.3 * 16, 3), 1), "1.8 hours left"
    assert hear(24.9, 0.80)[1] == 1
    assert hear(25.0, 0.90)[1] == 0
    assert hear(10.0, 0.90, charging=1)[1] == 0
    assert hear(10.1, 30.0)[1] == 1
    assert hear(NAN, 31.0)[1] == 1
    assert hours_left(device(battery=50.0, drain_per_h=0.0)) == 500.0
    fresh = device(drain_per_h=4.0)
    note_battery(fresh, p(battery_percent=NAN))
    assert fresh["battery_low"] == 0, "nobody said anything"
    full = device(drain_per_h=4.0)
    for percent, low in ((10.0, 1), (10.5, 1)):
        note_battery(full, p(battery_percent=percent))
        assert full["battery_low"] == low
    slow = device(drain_per_h=1.0)
    note_battery(slow, p(battery_percent=10.1))
    assert slow["battery_low"] == 0, "ten hours"


def test_a_late_button_counts_once_and_not_for_ever() -> None:
    d = device(sent_ms=T0)
    day = 86_400 * S
    assert [note_late_sos(d, p(sos=1, sent_ms=T0 - s)) for s in (day + 1, day)] == [False, True]
    assert (d["sos_sent_ms"], d["sos_until_ms"]) == (T0 - day, T0 + 300 * S)
    assert [note_late_sos(d, p(sos=s, sent_ms=T0 - ago)) for s, ago in ((1, day), (0, 5), (1, 5), (1, 6))] == [False, False, True, False]
    assert [held_until_ms(T0, said, T0 + s, 10) - T0 for said, s in ((True, 5), (False, -1), (False, 0))] == [15, 0, -T0]


def is_apart(*devices: Any, apart: int = 0) -> bool:
    """What is kept of a person with these devices, of whom `apart` was kept before."""
    chain = np.zeros(len(devices), DEVICE)
    for row, one in enumerate(devices):
        chain[row] = one
    chain["next_device"] = [*range(1, len(devices)), -1]
    person = np.zeros(1, PERSON)
    person["apart"] = apart
    note_apart(SimpleNamespace(device=chain, person=person), 0, T0)
    return bool(person[0]["apart"])


@pytest.mark.parametrize(
    ("variances", "slack_m"),
    [((0.0, 0.0), 0.0), ((1_600.0, 0.0), 120.0), ((0.0, 1_600.0), 120.0), ((900.0, 1_600.0), 150.0), ((1_600.0, 900.0), 150.0)],
)
def test_two_devices_are_apart_beyond_a_house_and_three_errors_of_both(variances: tuple[float, float], slack_m: float) -> None:
    for away_m, apart in ((299.0 + slack_m, False), (301.0 + slack_m, True)):
        for place in ((away_m, 0.0), (0.0, -away_m), (0.6 * away_m, 0.8 * away_m)):
            pair_of = device(p11=variances[0]), device(*place, p11=variances[1])
            assert is_apart(*pair_of) is apart, (away_m, place)
            assert is_apart(*reversed(pair_of)) is apart, "whichever is listed first"


def test_between_apart_and_together_what_was_known_stays() -> None:
    for away_m, before, after in ((151.0, 0, False), (151.0, 1, True), (149.0, 1, False), (299.0, 1, True), (299.0, 0, False)):
        assert is_apart(device(p11=0.0), device(away_m, p11=0.0), apart=before) is after, (away_m, before)


def test_a_device_not_seen_lately_or_too_vague_is_nowhere() -> None:
    silent, unseen, vague = {"fix_ms": T0 - 3_600 * S}, {"seen": 0}, {"p11": policy.UNFIT_SIGMA_M**2 * 1.1}
    for fields in (silent, unseen, vague):
        assert not is_apart(device(), device(5_000.0, **fields))
        assert not is_apart(device(5_000.0, **fields), device())
        assert is_apart(device(), device(0.0, **fields), apart=1), "nor does it bring two together"
        assert is_apart(device(0.0, **fields), device(), apart=1)
    assert is_apart(device(), device(5_000.0))


def test_every_two_of_three_devices_are_compared() -> None:
    for k in range(3):
        assert is_apart(*(device(5_000.0 if i == k else 0.0) for i in range(3)))
    assert is_apart(device(), device(5_000.0, seen=0), device(5_000.0)), "the first and the last, where the one between is unknown"
    assert not is_apart(device(), device(10.0), device(20.0), apart=1)


DEVICE_TROUBLES = (Reason.STRAP, Reason.JAMMING, Reason.SPOOFING, Reason.CLOCK, Reason.SEPARATION, Reason.BATTERY)


@pytest.mark.parametrize("reason", DEVICE_TROUBLES)
def test_a_trouble_is_of_the_party_whose_device_has_it(reason: Reason) -> None:
    hers, his = bit(reason, True), bit(reason, False)
    assert party_of(hers, reason) == 0
    assert party_of(his, reason) == 1
    assert party_of(hers | his, reason) == -1, "both"
    assert party_of(0, reason) == -1, "neither"
    others = sum(bit(other, who) for other in DEVICE_TROUBLES if other is not reason for who in (True, False))
    assert party_of(hers | others, reason) == 0, "another trouble changes nothing"
    assert party_of(his | others, reason) == 1


def test_who_cannot_be_seen_is_in_the_word_itself() -> None:
    both = bit(Reason.CANNOT_SEE_PROTECTED, False) | bit(Reason.CANNOT_SEE_RESPONDENT, False)
    assert party_of(both, Reason.CANNOT_SEE_PROTECTED) == 0
    assert party_of(both, Reason.CANNOT_SEE_RESPONDENT) == 1
    assert party_of(bit(Reason.SOS, True), Reason.SOS) == 0


@pytest.mark.parametrize(
    "reason", [Reason.BREACH, Reason.OUTSIDE_INCLUSION, Reason.APPROACH, Reason.UNVERIFIED, Reason.NO_LINK, Reason.NOT_SEEN_YET]
)
def test_what_lies_between_both_is_nobodys_device(reason: Reason) -> None:
    assert party_of(bit(reason, False), reason) == -1


# --- What a ping says about the device ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("percent", "after_ms", "base", "drain"),
    [
        (60.0, 900_000, 60.0, 0.7 * 4.0 + 0.3 * 20.0),  # forty an hour is a gauge that has changed its mind
        (69.0, 900_000, 69.0, 0.7 * 4.0 + 0.3 * 4.0),
        (69.0, 899_999, 70.0, 4.0),  # too soon to tell
        (70.0, 3_600_000, 70.0, 4.0),  # nothing fell
        (71.0, 1, 71.0, 4.0),  # it was charged: from here on
    ],
)
def test_a_drain_is_learned_over_a_quarter_of_an_hour(percent: float, after_ms: int, base: float, drain: float) -> None:
    d = device(drain_per_h=4.0, base=70.0, base_ms=T0)
    note_drain(d, percent, T0 + after_ms)
    assert (d["base"], d["drain_per_h"]) == (base, pytest.approx(drain))
    assert d["base_ms"] == (T0 + after_ms if base != 70.0 else T0)


def test_the_first_percent_is_where_it_begins() -> None:
    d = device(drain_per_h=4.0)
    note_drain(d, 50.0, T0)
    assert (d["base"], d["base_ms"], d["drain_per_h"]) == (50.0, T0, 4.0)


@pytest.mark.parametrize(("percent", "drain", "low"), [(20.0, 7.0, 1), (20.1, 7.0, 0), (9.0, 3.0, 1), (12.0, 4.0, 0), (11.7, 4.0, 1), (10.0, 0.1, 1), (10.1, 0.1, 0)])
def test_a_battery_is_trouble_by_the_hours_that_are_left(percent: float, drain: float, low: int) -> None:
    d = device(drain_per_h=drain)
    note_battery(d, p(battery_percent=percent, charging=-1))
    assert d["battery_low"] == low


def test_whether_it_charges_is_kept_where_it_is_not_said_and_charging_ends_it() -> None:
    d = device(drain_per_h=4.0, charging=1)
    note_battery(d, p(battery_percent=5.0, charging=-1))
    assert (d["charging"], d["battery_low"]) == (1, 0)
    note_battery(d, p(battery_percent=5.0, charging=0))
    assert (d["charging"], d["battery_low"]) == (0, 1)
    note_battery(d, p(battery_percent=NAN, charging=-1))
    assert (d["battery"], d["battery_low"]) == (5.0, 1)
    note_battery(d, p(battery_percent=24.9, charging=-1))
    assert d["battery_low"] == 1, "not yet charged past the edge"
    note_battery(d, p(battery_percent=25.0, charging=-1))
    assert d["battery_low"] == 0


@pytest.mark.parametrize(("ago_ms", "flaps"), [(3_600_000, 4), (3_600_001, 1)])
def test_troubles_within_an_hour_of_each_other_are_counted(ago_ms: int, flaps: int) -> None:
    d = device(flaps=3, flap_ms=T0 - ago_ms)
    note_flap(d, T0)
    assert (d["flaps"], d["flap_ms"]) == (flaps, T0)


@pytest.mark.parametrize(("flaps", "minutes"), [(0, 0), (1, 0), (2, 10), (3, 20), (6, 50), (7, 60), (8, 60)])
def test_each_further_trouble_lasts_ten_minutes_longer_up_to_an_hour(flaps: int, minutes: int) -> None:
    assert flap_hold_ms(device(flaps=flaps)) == minutes * 60 * S


FIELDS = ("strap", "tether", "jamming", "mock", "battery")


@pytest.mark.parametrize(
    ("said", "field"),
    [({"strap": 2}, "strap"), ({"strap": 3}, "strap"), ({"tether": 2}, "tether"), ({"tether": 3}, "tether"), ({"jamming": 1}, "jamming"), ({"mock": 1}, "mock"), ({"battery_percent": 9.0}, "battery")],
)
def test_a_trouble_begins_at_once_counts_once_and_ends_with_a_ping_that_does_not_say_it(said: dict[str, float], field: str) -> None:
    d = device(drain_per_h=4.0)
    hold_ms = {"jamming": 60 * S, "mock": 300 * S}.get(field, 0)
    well = {"strap": 1, "tether": 1, "battery_percent": 80.0}
    note_health(d, p(**{**well, **said}))
    assert [name for name in FIELDS if d[f"{name}_until_ms"] > 0] == [field]
    assert d[f"{field}_until_ms"] == T0 + hold_ms
    assert d["flaps"] == 1
    note_health(d, p(**{**well, **said, "at_ms": T0 + S}))
    assert (d["flaps"], d[f"{field}_until_ms"]) == (1, T0 + S + hold_ms), "one that goes on is one"
    note_health(d, p(**{**well, "at_ms": T0 + 2 * S + hold_ms}))
    assert d[f"{field}_until_ms"] == 0
    note_health(d, p(**{**well, **said, "at_ms": T0 + 600 * S}))
    assert (d["flaps"], d[f"{field}_until_ms"]) == (2, T0 + 600 * S + max(hold_ms, 600 * S)), "what comes back stays longer"
    unknown = {"strap": 0, "tether": 0, "battery_percent": NAN, "at_ms": T0 + 601 * S}
    note_health(d, p(**unknown))
    still = field in {"strap", "tether", "battery"}
    assert d[f"{field}_until_ms"] == (T0 + 1_201 * S if still else T0 + 1_200 * S), "what is not said has not ended"


def test_a_button_is_kept_by_its_own_time_and_the_rest_for_those_who_look() -> None:
    d = device(drain_per_h=4.0)
    note_health(d, p(sos=1, sent_ms=T0 - 5 * S, signal_dbm=-97.0, satellites=7))
    assert (d["sos_sent_ms"], d["sos_until_ms"], d["signal_dbm"], d["satellites"]) == (T0 - 5 * S, T0 + 300 * S, -97.0, 7)
    note_health(d, p(sos=1, sent_ms=T0 - 90 * S))
    assert d["sos_sent_ms"] == T0 - 5 * S, "the newest"
    note_health(d, p(sos=0, at_ms=T0 + 299 * S))
    assert d["sos_until_ms"] == T0 + 300 * S
    note_health(d, p(sos=0, at_ms=T0 + 300 * S))
    assert d["sos_until_ms"] == 0
