"""Promises of the figures: they are of the record alone, nothing personal is published, and what we learned too late is counted."""

from __future__ import annotations

from typing import Any

from dashboard.statistics import DAY_MS, FEW, public, statistics

FROM = 20_000 * DAY_MS


def incident(day: int = 0, **more: Any) -> dict[str, Any]:
    at = FROM + day * DAY_MS + 1
    known = {"started_ms": at, "raised_ms": at, "acknowledged_ms": at + 8_000, "peak": "emergency", "outcome": "true_approach", "reasons": ["breach"]}
    return {**known, **more}


def notice(day: int = 0, **more: Any) -> dict[str, Any]:
    at = FROM + day * DAY_MS + 1
    known = {"issued_ms": at, "handed_ms": at + 9, "audience": "protected", "channel": "bracelet", "kind": "raise", "step": 0}
    return {**known, **more}


def test_each_day_has_its_own_and_the_total_has_all() -> None:
    told = [notice(), notice(1), notice(1, audience="dispatch", channel="webhook", step=1)]
    said = statistics([incident(), incident(1, peak="caution", outcome="device_fault"), incident(1, outcome="test")], told, 2, from_ms=FROM, days=2)
    assert [(day["incidents"], day["emergencies"]) for day in said["days"]] == [(1, 1), (2, 1)]
    assert said["total"]["false_share"] == 0.5, "a test is neither true nor false"
    assert said["total"]["acknowledge_s"] == {"p50": 8.0, "p95": 8.0, "n": 3}
    assert said["total"]["ping_to_alert_ms"] == {"p50": 9, "p95": 9, "n": 2}
    assert said["total"]["alerts_per_pair"] == 0.25


def test_what_we_learned_too_late_is_counted() -> None:
    said = statistics([incident(reasons=["past_breach"]), incident()], [], 1, from_ms=FROM, days=1)
    assert said["total"]["found_later"] == 1


def test_nothing_to_say_is_said_as_nothing() -> None:
    total = statistics([], [], 0, from_ms=FROM, days=1)["total"]
    assert (total["false_share"], total["acknowledge_s"], total["alerts_per_pair"]) == (None, None, None)


def test_what_is_published_is_whole_weeks_and_no_small_count() -> None:
    few = public([incident(day) for day in range(FEW - 1)], [], 10, from_ms=FROM, days=14)
    assert few["weeks"][0]["incidents"] is None
    assert few["total"] == dict.fromkeys(few["total"])
    many = public([incident(day % 7) for day in range(FEW)], [], 10, from_ms=FROM, days=14)
    assert (many["weeks"][0]["incidents"], many["weeks"][1]["incidents"]) == (FEW, None)
    assert set(many["total"]) <= {"incidents", "emergencies", "found_later", "false_share", "acknowledge_s", "ping_to_alert_ms"}
