"""While an alarm stands, the distance she and dispatch read is the present one; it comes silently, seldom, and only where it changed."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from alerts.channels.bracelet import alert_of
from alerts.channels.dispatch import message_of
from alerts.terms import Audience, Channel, Kind, Notification
from geofence import policy
from monitor.engine import Effects, Engine
from monitor.terms import Envelope
from tests.pings import T0, at, pair

STEP_MS = 5_000
HER, DISPATCH = Audience.PROTECTED, Audience.DISPATCH


def walk(*places_m: float, **more: object) -> list[Envelope]:
    """She stands still, he is at these metres east of her, one every five seconds."""
    sent = []
    for n, east_m in enumerate(places_m):
        for device, metres, late_ms in (("brc", 0.0, 0), ("tag", east_m, 100)):
            at_ms = T0 + n * STEP_MS + late_ms
            lat, lon = at(metres, 0.0)
            fix = {"at": at_ms - 200, "lat": lat, "lon": lon, "accuracy": 8.0}
            sent.append(
                Envelope(at_ms, f"v1/{device}/ping", json.dumps({"v": 1, "boot": 1, "seq": n + 1, "at": at_ms, "fix": fix} | more).encode())
            )
    return sent


def told(sent: list[Envelope], batch: int = 1) -> list[Notification]:
    """What is said of it."""
    engine, effects = Engine(pair()), Effects()
    for first in range(0, len(sent), batch):
        engine.receive(sent[first : first + batch], effects)
    return effects.notifications


def numbers(said: list[Notification]) -> list[Notification]:
    return [one for one in said if one.refreshes is not None]


APPROACH = [1_900.0 - 7.0 * n for n in range(120)]  # ten minutes at 1.4 m/s


def test_as_he_comes_nearer_the_number_follows_and_nothing_rings() -> None:
    said = told(walk(*APPROACH))
    renewed = numbers(said)
    for way in ((HER, Channel.BRACELET), (DISPATCH, Channel.WEBHOOK)):
        mine = [one for one in renewed if (one.audience, one.channel) == way]
        assert len(mine) > 3
        assert {one.kind for one in mine} == {Kind.UPDATE}
        distances = [one.distance_m for one in mine]
        assert distances == sorted(distances, reverse=True)  # type: ignore[type-var]
        rings = {one.id for one in said if (one.audience, one.channel) == way and one.kind is Kind.RAISE}
        assert {one.refreshes for one in mine} <= rings
    assert {(one.audience, one.channel) for one in renewed} == {(HER, Channel.BRACELET), (DISPATCH, Channel.WEBHOOK)}


def test_it_is_said_at_most_every_fifteen_seconds() -> None:
    times = [one.issued_ms for one in numbers(told(walk(*(1_900.0 - 50.0 * n for n in range(30))))) if one.audience is HER]
    assert len(times) > 3
    assert min(later - earlier for earlier, later in pairwise(times)) >= policy.NUMBERS_MS_MIN


def test_who_stays_where_he_is_is_not_said_again() -> None:
    assert numbers(told(walk(*(600.0 + (-1) ** n for n in range(60))))) == []


def test_far_away_nobody_is_told_numbers_even_while_a_device_is_in_trouble() -> None:
    said = told(walk(*(9_000.0 - 50.0 * n for n in range(60)), strap="open"))
    assert {one.level.word for one in said} == {"caution"}
    assert numbers(said) == []


@pytest.mark.parametrize("batch", [2, 7, 1_000])
def test_batches_change_nothing(batch: int) -> None:
    assert told(walk(*APPROACH), batch) == told(walk(*APPROACH))


def test_a_restart_in_the_middle_changes_nothing() -> None:
    sent = walk(*APPROACH)
    before, after = Effects(), Effects()
    engine = Engine(pair())
    engine.receive(sent[:100], before)
    Engine.restore(engine.snapshot()).receive(sent[100:], after)
    assert before.notifications + after.notifications == told(sent)


def test_her_bracelet_gets_them_under_the_id_of_the_alert_it_shows_and_dispatch_under_ids_of_their_own() -> None:
    said = told(walk(*APPROACH))
    mine, theirs = (next(one for one in numbers(said) if one.audience is who) for who in (HER, DISPATCH))
    ring = next(one for one in said if one.id == mine.refreshes)
    shown = alert_of(mine)
    assert (shown["id"], shown["kind"], shown["code"]) == (ring.id, "update", ring.code)
    assert shown["distance"] != alert_of(ring)["distance"]
    assert "kind" not in alert_of(ring)
    item = message_of(theirs)
    assert item["kind"] == "update"
    assert item["id"] != item["refreshes"]


def test_a_later_ring_says_the_present_distance() -> None:
    engine, effects = Engine(pair()), Effects()
    engine.receive(walk(*(450.0 - 20.0 * n for n in range(4))), effects)
    ring = next(one for one in effects.notifications if one.reason.word == "breach")
    engine.receive(walk(*(450.0 - 20.0 * n for n in range(4)), *(370.0 - 10.0 * n for n in range(20)))[8:], effects)
    again = [one for one in effects.notifications if one.step > 0 and one.audience is DISPATCH and one.kind is Kind.RAISE]
    assert again, "nobody has answered, so dispatch is asked again"
    assert again[-1].distance_m < ring.distance_m  # type: ignore[operator]
