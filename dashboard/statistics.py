"""How well we do, by day: from the record of incidents and notifications. PURE."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

DAY_MS = 86_400_000
FEW = 5  # counts below are not published: in a small town they are a person
FALSE = frozenset(("device_fault", "coverage", "false_position", "accidental"))  # nobody meant harm, whoever was woken
Row = Mapping[str, Any]


def statistics(incidents: Sequence[Row], notices: Sequence[Row], orders: int, *, from_ms: int, days: int) -> dict[str, Any]:
    """Each day of the last `days` and all of them together. Rows as in the tables `incident` and `notice`."""
    by_day: dict[int, tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
    for one in incidents:
        by_day[(one["started_ms"] - from_ms) // DAY_MS][0].append(one)
    for one in notices:
        by_day[(one["issued_ms"] - from_ms) // DAY_MS][1].append(one)
    rows = [{"day_ms": from_ms + day * DAY_MS, **_measured(*by_day[day], orders, 1)} for day in range(days)]
    return {"days": rows, "total": _measured(incidents, notices, orders, days)}


def public(incidents: Sequence[Row], notices: Sequence[Row], orders: int, *, from_ms: int, days: int) -> dict[str, Any]:
    """The same without anything that could be a person: whole weeks, and no small counts."""
    weeks = []
    for week in range(days // 7):
        begin, end = from_ms + week * 7 * DAY_MS, from_ms + (week + 1) * 7 * DAY_MS
        mine = [one for one in incidents if begin <= one["started_ms"] < end]
        told = [one for one in notices if begin <= one["issued_ms"] < end]
        weeks.append({"week_ms": begin, **_without_few(_measured(mine, told, orders, 7))})
    return {"weeks": weeks, "total": _without_few(_measured(incidents, notices, orders, days))}


def _measured(incidents: Sequence[Row], notices: Sequence[Row], orders: int, days: int) -> dict[str, Any]:
    outcomes = Counter(one["outcome"] for one in incidents if one["outcome"] is not None)
    judged = sum(count for outcome, count in outcomes.items() if outcome != "test")
    rings = sum(1 for one in notices if one["audience"] == "dispatch" and one["kind"] == "raise" and one["step"] <= 2)
    return {
        "incidents": len(incidents),
        "emergencies": sum(1 for one in incidents if one["peak"] == "emergency"),
        "found_later": sum(1 for one in incidents if "past_breach" in one["reasons"]),  # times inside that we learned of too late
        "alerts_per_pair": round(rings / (orders * days), 4) if orders else None,
        "false_share": round(sum(outcomes[word] for word in FALSE) / judged, 4) if judged else None,
        "outcomes": dict(sorted(outcomes.items())),
        "acknowledge_s": _percentiles(
            (one["acknowledged_ms"] - one["raised_ms"]) / 1000
            for one in incidents
            if one["acknowledged_ms"] is not None and one["acknowledged_ms"] >= one["raised_ms"]
        ),
        "ping_to_alert_ms": _percentiles(
            one["handed_ms"] - one["issued_ms"]
            for one in notices
            if one["handed_ms"] is not None and one["channel"] == "bracelet" and one["kind"] == "raise"
        ),
    }


def _percentiles(values: Iterable[float]) -> dict[str, float] | None:
    """Nearest rank."""
    found = sorted(values)
    if not found:
        return None
    return {"p50": found[(len(found) - 1) // 2], "p95": found[-(-len(found) * 95 // 100) - 1], "n": len(found)}


def _without_few(measured: Mapping[str, Any]) -> dict[str, Any]:
    """Counts of a few, and shares of a few, are left out; how quick we are is ours to tell."""
    few = measured["incidents"] < FEW
    return {
        "incidents": None if few else measured["incidents"],
        "emergencies": None if measured["emergencies"] < FEW else measured["emergencies"],
        "found_later": None if few else measured["found_later"],
        "false_share": None if sum(measured["outcomes"].values()) < FEW else measured["false_share"],
        "acknowledge_s": None if few else measured["acknowledge_s"],
        "ping_to_alert_ms": None if few else measured["ping_to_alert_ms"],
    }
