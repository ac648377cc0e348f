"""Which rows go on where others were: a changed order's in its new row, a device with another person.

Works on a core's arrays by name, and judges nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from geofence import policy
from geofence.terms import Order, ZoneKind

CARRIED: tuple[str, ...] = ("level", "reasons", "begun", "lost_respondent", "lost_protected", "unverified_until_ms", "past_ms")
CARRIED += ("breach_from_ms", "breach_until_ms", "interval_protected_s", "interval_respondent_s")
TARGET_STATE = ("breach", "on_count", "off_count", "approach", "calm_count", "near_until_ms")
# What a device keeps when another person wears it: its own count and clock, or a report from before would be news; what it was asked for.
ITS_OWN = ("pinged", "boot", "seq", "sent_ms", "ping_ms", "skew_ms", "offset_ms", "clock_until_ms", "wanted_s", "commanded_ms")
WEARERS = ("history", "places", "holes", "ghosts")  # arrays beside DEVICE, all about where its wearer has been


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


# --- Devices ------------------------------------------------------------------------------------------------------


def new_device(arrays: Mapping[str, Any], row: int, person: int) -> None:
    """Make a zero row that of a device which `person` wears, and which has never been seen."""
    d = arrays["device"][row]
    d["person"], d["next_device"] = person, -1
    d["wanted_s"] = policy.INTERVAL_FAR_S  # what a device does unasked
    d["gap_s"], d["drain_per_h"] = policy.GAP_FIRST_S, policy.BATTERY_DRAIN_PER_H_FIRST
    d["signal_dbm"], d["satellites"] = math.nan, -1
    chain(arrays, person, "device", row, "device", "next_device")


def hand_over(arrays: Mapping[str, Any], row: int, person: int) -> None:
    """Give a known device to another person: where its wearer was before is nothing that is known of whoever wears it now."""
    d = arrays["device"][row]
    before, kept = int(d["person"]), {field: d[field] for field in ITS_OWN}
    _unchain_device(arrays, before, row)
    for name in ("device", *WEARERS):
        arrays[name][row] = np.zeros((), arrays[name].dtype)
    new_device(arrays, row, person)
    for field, value in kept.items():
        d[field] = value
    _lose_device(arrays, before)


def _devices_of(arrays: Mapping[str, Any], person: int) -> Iterator[int]:
    i = int(arrays["person"][person]["first_device"])
    while i >= 0:
        yield i
        i = int(arrays["device"][i]["next_device"])


def _unchain_device(arrays: Mapping[str, Any], person: int, row: int) -> None:
    left = [i for i in _devices_of(arrays, person) if i != row]
    owner = arrays["person"][person]
    owner["first_device"] = owner["last_device"] = -1
    for i in left:
        arrays["device"][i]["next_device"] = -1
        chain(arrays, person, "device", i, "device", "next_device")


def _lose_device(arrays: Mapping[str, Any], person: int) -> None:
    """At the next judgement of the person's orders it is asked anew whether both parties have been seen; of who has not, nothing stands."""
    owner = arrays["person"][person]
    owner["apart"], owner["apart_m"] = 0, 0.0
    blind = not any(arrays["device"][i]["seen"] for i in _devices_of(arrays, person))
    m = int(owner["first_membership"])
    while m >= 0:
        o = int(arrays["membership"][m]["order"])
        row = arrays["order"][o]
        if row["begun"]:
            row["waiting"] = 1
        if blind:
            _forget_targets(arrays, o, int(row["respondent"]) == person)
        m = int(arrays["membership"][m]["next"])


def _forget_targets(arrays: Mapping[str, Any], order: int, is_respondent: bool) -> None:
    """Nothing is known any more of one party; a fixed zone is no business of hers."""
    for k in targets_of(arrays, order):
        if is_respondent or arrays["target"][k]["kind"] == int(ZoneKind.PERIMETER):
            for field in TARGET_STATE:
                arrays["target"][k][field] = 0
