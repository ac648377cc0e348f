"""Which rows go on where others were: a changed order's in its new row. Works on a core's arrays by name, and judges nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geofence import policy
from geofence.terms import Order

CARRIED: tuple[str, ...] = ("level", "reasons", "begun", "lost_respondent", "lost_protected", "unverified_until_ms", "past_ms")
CARRIED += ("breach_from_ms", "breach_until_ms", "interval_protected_s", "interval_respondent_s")
TARGET_STATE = ("breach", "on_count", "off_count", "approach", "calm_count", "near_until_ms")


def same_parties(one: Order, other: Order) -> bool:
    """Whether both are about the same two people."""
    return (one.protected, one.respondent) == (other.protected, other.respondent)


def targets_of(arrays: Mapping[str, Any], order: int) -> range:
    """The rows of what an order bars."""
    row = arrays["order"][order]
    return range(int(row["target_first"]), int(row["target_first"] + row["target_count"]))


def chain(arrays: Mapping[str, Any], person: int, kind: str, row: int, table: str, link: str) -> None:
    """Hang `row` at the end of a person's chain of devices or memberships."""
    owner = arrays["person"][person]
    last = int(owner[f"last_{kind}"])
    if last < 0:
        owner[f"first_{kind}"] = row
    else:
        arrays[table][last][link] = row
    owner[f"last_{kind}"] = row


def go_on(arrays: Mapping[str, Any], old: int, new: int, sources: Mapping[int, int]) -> None:
    """Order row `new` goes on where `old` was, its targets where their `sources` were; `old` is dead from here on.

    Whether both parties have been seen is asked anew: what was enough for the old order may not be enough for this one, a zone by
    itself needs no device of hers. Who has been seen counts as seen at the next judgement, and nothing is said of it.
    """
    order = arrays["order"]
    for field in CARRIED:
        order[new][field] = order[old][field]
    order[new]["waiting"] = order[old]["begun"]
    arrays["pattern"][new] = arrays["pattern"][old]
    for k, source in sources.items():
        for field in TARGET_STATE:
            arrays["target"][k][field] = arrays["target"][source][field]
    order[old]["valid_until_ms"], order[old]["begun"] = 0, 0
    arrays["next_ms"][old] = policy.NEVER_MS
