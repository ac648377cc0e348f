"""What the next pings of a batch will look at, on its way from memory before it is looked at (ADR-0056). Decides nothing, changes nothing.

Devices report in no order, so what a ping needs lies in a dozen places far apart, each found through the one before: its device, whose
that is, the order, what that bars, the other party. Waiting for them one after the other took as long as all that is computed. So a few
pings are walked through together, step by step: while memory is waited for on behalf of one, it is at work for the others too.
"""

from __future__ import annotations

from typing import Any

from geofence.jit import compiled, prefetch_bytes

PINGS = 16  # at a time: 45 lines of 64 bytes each, 46 kB, what a core has nearest; 16 and 32 take the same, 8 and 64 more (ADR-0056) [D]


@compiled
def prefetch_row(array: Any, row: int) -> None:
    """A whole row of an array."""
    prefetch_bytes(array, row, 0, array.strides[0])


@compiled
def first_membership(T: Any, ping: Any) -> int:
    """The first part in an order of the person whose device has sent a ping; -1 for none."""
    return int(T.person[T.device[ping["device"]]["person"]]["first_membership"])


@compiled
def other_party(T: Any, ping: Any, o: int) -> int:
    """The person whom the order is about beside the one whose device has sent a ping."""
    row = T.order[o]
    return int(row["protected"] if row["respondent"] == T.device[ping["device"]]["person"] else row["respondent"])


@compiled
def prefetch_senders(T: Any, pings: Any, first: int, last: int) -> None:
    """The devices that have sent these pings, their last places and those where they rest, and who wears them."""
    for n in range(first, last):
        i = pings[n]["device"]
        prefetch_row(T.device, i)
        prefetch_row(T.places, i)
    for n in range(first, last):
        i = pings[n]["device"]
        place_bytes = T.history.strides[1]
        newest = max(T.device[i]["history_count"] - 1, 0) % T.history.shape[1]
        prefetch_bytes(T.history, i, place_bytes * max(newest - 1, 0), place_bytes * (newest + 1))
        prefetch_row(T.person, T.device[i]["person"])


@compiled
def prefetch_orders(T: Any, pings: Any, first: int, last: int) -> None:
    """The first order that each wearer has a part in."""
    for n in range(first, last):
        m = first_membership(T, pings[n])
        if m >= 0:
            prefetch_row(T.membership, m)
    for n in range(first, last):
        m = first_membership(T, pings[n])
        if m >= 0:
            o = T.membership[m]["order"]
            prefetch_row(T.order, o)
            prefetch_row(T.pattern, o)
            prefetch_row(T.next_ms, o)


@compiled
def prefetch_others(T: Any, pings: Any, first: int, last: int) -> None:
    """What that order bars, and the first device of its other party."""
    for n in range(first, last):
        m = first_membership(T, pings[n])
        if m >= 0:
            o = T.membership[m]["order"]
            prefetch_bytes(T.target, T.order[o]["target_first"], 0, T.order[o]["target_count"] * T.target.strides[0])
            prefetch_row(T.person, other_party(T, pings[n], o))
    for n in range(first, last):
        m = first_membership(T, pings[n])
        if m >= 0:
            j = T.person[other_party(T, pings[n], T.membership[m]["order"])]["first_device"]
            if j >= 0:
                prefetch_row(T.device, j)


@compiled
def prefetch(T: Any, pings: Any, first: int, last: int) -> None:
    """What the pings from `first` up to `last` will look at; further orders and devices of one person are met as they come."""
    prefetch_senders(T, pings, first, last)
    prefetch_orders(T, pings, first, last)
    prefetch_others(T, pings, first, last)
