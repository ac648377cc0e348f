"""Can we see everyone? The uncovered by risk, and mass outages as one line. PURE."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

FOLD_MIN = 5  # fewer are read one by one
FOLD_MS = 10 * 60_000  # that began within so long of each other: a carrier's outage reaches each device at its own next report


def folded(uncovered: Sequence[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], list[dict[str, Any]]]:
    """(those to be read one by one, the outages that many share). Nobody is in neither."""
    by_why: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in uncovered:
        by_why[one["why"]].append(one)
    single: list[Mapping[str, Any]] = []
    outages: list[dict[str, Any]] = []
    for why, mine in by_why.items():
        for together in _bursts(sorted(mine, key=lambda one: one["since_ms"] or 0)):
            if len(together) < FOLD_MIN:
                single += together
            else:
                orders = [one["order"] for one in sorted(together, key=lambda one: one["risk"])]
                outages.append({"why": why, "count": len(together), "since_ms": together[0]["since_ms"], "orders": orders})
    return sorted(single, key=lambda one: one["risk"]), sorted(outages, key=lambda one: -one["count"])


def _bursts(mine: list[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Split where a burst is longer than FOLD_MS."""
    found: list[list[Mapping[str, Any]]] = []
    for one in mine:
        since = one["since_ms"] or 0
        if found and since - (found[-1][0]["since_ms"] or 0) <= FOLD_MS:
            found[-1].append(one)
        else:
            found.append([one])
    return found
