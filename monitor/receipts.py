"""Which pings of each device are on our side without a hole: the receipt that lets a device forget. PURE.

A receipt says "everything up to here". After an outage a device sends its newest ping first, so the highest number
heard is not enough: the receipt stays before the first hole until the hole is filled or has been open for so long
that the device itself must have lost those pings. Nearly every ping is simply the next one: those are counted by compiled code.
What was heard beyond a hole is kept as runs of numbers, since after a failure of the broker every device goes on beyond one.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

import numpy as np

from geofence.jit import compiled
from geofence.state import PING

HOLE_MS_MAX = 600_000  # devices resend what is not receipted at every reconnection; ten minutes outlast the usual outage (8 min)
RUNS_MAX = 1_000  # runs of numbers kept in mind beyond a hole: every second ping of half an hour at the fastest interval of 5 s
FIRST_SEQ_MAX = 1  # a new boot counts from 0 or from 1

LEDGER = np.dtype(
    [
        ("known", np.int8),
        ("has_hole", np.int8),  # its later numbers are in `Receipts._beyond`
        ("boot", np.int64),
        ("upto", np.int64),  # everything of this boot up to here was heard
        ("hole_since_ms", np.int64),
    ]
)


@compiled
def begins_whole(ledger: Any, seq: int) -> bool:
    """Whether a count that begins with this number, of a device that is new or has a new boot, has no hole, nor had one before."""
    return bool(ledger["known"] == 0 or (ledger["has_hole"] == 0 and seq <= FIRST_SEQ_MAX))


@compiled
def note_next(ledgers: Any, pings: Any, first: int) -> int:
    """Count the pings from `first` on that begin a whole count, are simply the next of their device, or old; where that ends."""
    for k in range(first, pings.shape[0]):
        ledger = ledgers[pings[k]["device"]]
        boot, seq = pings[k]["boot"], pings[k]["seq"]
        if ledger["known"] == 0 or boot > ledger["boot"]:
            if not begins_whole(ledger, seq):
                return k
            ledger["known"], ledger["boot"], ledger["upto"] = 1, boot, seq
        elif boot == ledger["boot"] and seq > ledger["upto"]:
            if ledger["has_hole"] == 1 or seq > ledger["upto"] + 1:
                return k
            ledger["upto"] = seq
    return int(pings.shape[0])


Run = tuple[int, int]  # the first and the last of numbers that were all heard


class Receipts:
    """Contiguous progress of every device, by row."""

    def __init__(self) -> None:
        self._ledgers = np.zeros(1, LEDGER)
        self._beyond: dict[int, list[Run]] = {}  # what was heard beyond a hole, in order; no two runs meet

    def heard(self, pings: Any) -> dict[int, tuple[int, int]]:
        """Note pings (PING rows; duplicates and late ones too); the (boot, seq) to receipt now, by row of the device."""
        devices = pings["device"]
        self._make_room(int(devices.max()) + 1 if len(pings) else 0)
        k = 0
        while (k := note_next(self._ledgers, pings, k)) < len(pings):
            self._note(*(int(pings[k][field]) for field in ("device", "boot", "seq", "at_ms")))
            k += 1
        if len(pings) == 1:  # numpy's dozen steps for one ping took a third of its time
            ledger = self._ledgers[devices[0]]
            return {int(devices[0]): (int(ledger["boot"]), int(ledger["upto"]))}
        ledgers = self._ledgers[devices]
        return dict(zip(devices.tolist(), zip(ledgers["boot"].tolist(), ledgers["upto"].tolist(), strict=True), strict=True))

    def heard_one(self, device: int, boot: int, seq: int, at_ms: int) -> tuple[int, int]:
        """Note a ping that was refused, and so has no row of its own; the (boot, seq) to receipt now."""
        row = np.zeros(1, PING)
        row["device"], row["boot"], row["seq"], row["at_ms"] = device, boot, seq, at_ms
        return self.heard(row)[device]

    def _make_room(self, devices: int) -> None:
        if devices > len(self._ledgers):
            grown = np.zeros(max(devices, 2 * len(self._ledgers)), LEDGER)
            grown[: len(self._ledgers)] = self._ledgers
            self._ledgers = grown

    def _note(self, device: int, boot: int, seq: int, at_ms: int) -> None:
        """A ping of a known device that is not simply the next one: one of a new boot that does not begin whole, or one at a hole."""
        ledger = self._ledgers[device]
        beyond = self._beyond.setdefault(device, [])
        if boot > ledger["boot"]:  # its own count starts, and is whole only from its first number on
            ledger["boot"], ledger["upto"], ledger["hole_since_ms"] = boot, min(seq, FIRST_SEQ_MAX) - 1, 0
            beyond.clear()
        add_to(beyond, seq)
        self._close_hole(ledger, beyond)
        if beyond and ledger["hole_since_ms"] == 0:
            ledger["hole_since_ms"] = at_ms
        elif beyond and (at_ms - ledger["hole_since_ms"] > HOLE_MS_MAX or len(beyond) > RUNS_MAX):
            ledger["upto"], ledger["hole_since_ms"] = beyond[0][0] - 1, 0
            self._close_hole(ledger, beyond)
        ledger["has_hole"] = int(bool(beyond))
        if not beyond:
            ledger["hole_since_ms"] = 0
            del self._beyond[device]

    @staticmethod
    def _close_hole(ledger: Any, beyond: list[Run]) -> None:
        if beyond and beyond[0][0] == ledger["upto"] + 1:
            ledger["upto"] = beyond.pop(0)[1]

    def dump(self) -> dict[str, Any]:
        """Plain data for the snapshot."""
        return {"ledgers": self._ledgers.tobytes(), "beyond": {str(row): self._beyond[row] for row in sorted(self._beyond)}}

    @classmethod
    def load(cls, data: dict[str, Any]) -> Receipts:
        """What `dump` described."""
        receipts = cls()
        receipts._ledgers = np.frombuffer(data["ledgers"], LEDGER).copy()
        receipts._beyond = {int(row): [(first, last) for first, last in beyond] for row, beyond in data["beyond"].items()}
        return receipts


def add_to(runs: list[Run], seq: int) -> None:
    """Put a number among runs, each the longest there is."""
    k = bisect_right(runs, (seq, seq))
    if k > 0 and runs[k - 1][1] >= seq - 1:
        k -= 1  # it is in this run, or at its end
        runs[k] = runs[k][0], max(runs[k][1], seq)
    elif k < len(runs) and runs[k][0] <= seq:
        return  # in a run that begins with it
    else:
        runs.insert(k, (seq, seq))
    if k + 1 < len(runs) and runs[k + 1][0] == runs[k][1] + 1:
        runs[k : k + 2] = [(runs[k][0], runs[k + 1][1])]
