"""Which pings of each device are on our side without a hole: the receipt that lets a device forget. PURE.

A receipt says "everything up to here". After an outage a device sends its newest ping first, so the highest number
heard is not enough: the receipt stays before the first hole until the hole is filled or has been open for so long
that the device itself must have lost those pings. Nearly every ping is simply the next one: those are counted by compiled code.
What was heard beyond a hole is kept as runs of numbers. After a failure of the broker every device goes on beyond one hole for
ten minutes: where one run is all there is to know, it lies in an array, and compiled code sees to it.

What was heard but had to be given up, because the disk was away for too long, counts as not heard; and as its device has it still,
that hole is never open for too long: it ends when those numbers are heard again, or with the boot.
"""

from __future__ import annotations

from bisect import bisect_right
from hashlib import sha256
from typing import Any

import numpy as np

from geofence.jit import compiled
from geofence.state import PING, copied

HOLE_MS_MAX = 600_000  # devices resend what is not receipted at every reconnection; ten minutes outlast the usual outage (8 min)
RUNS_MAX = 1_000  # runs of numbers kept in mind beyond a hole: every second ping of half an hour at the fastest interval of 5 s
FIRST_SEQ_MAX = 1  # a new boot counts from 0 or from 1
NO_RUN = 0  # as its first number: what lies beyond a hole has a higher one

LEDGER = np.dtype(
    [
        ("known", np.int8),
        ("has_hole", np.int8),  # its later numbers are in `Receipts._runs` or `Receipts._beyond`
        ("boot", np.int64),
        ("upto", np.int64),  # everything of this boot up to here was heard
        ("hole_since_ms", np.int64),
    ]
)
LEDGER_DIGEST = sha256(repr(LEDGER.descr).encode()).hexdigest()  # a snapshot of another layout is not read


@compiled
def begins_whole(ledger: Any, seq: int) -> bool:
    """Whether a count that begins with this number, of a device that is new or has a new boot, has no hole, nor had one before."""
    return bool(ledger["known"] == 0 or (ledger["has_hole"] == 0 and seq <= FIRST_SEQ_MAX))


@compiled
def note_above(ledger: Any, run: Any, seq: int, at_ms: int) -> bool:
    """Count a number above `upto` that makes no second run beyond a hole; False: it does, or there is more to know of this device."""
    if ledger["has_hole"] == 0:
        if seq == ledger["upto"] + 1:
            ledger["upto"] = seq
        else:
            ledger["has_hole"], ledger["hole_since_ms"], run[0], run[1] = 1, at_ms, seq, seq
        return True
    if run[0] == NO_RUN:
        return False
    if run[0] <= seq <= run[1] + 1:
        run[1] = max(run[1], seq)
    elif seq == ledger["upto"] + 1:
        ledger["upto"] = seq
    else:
        return False
    if ledger["hole_since_ms"] == 0:  # of an earlier hole the time was up
        ledger["hole_since_ms"] = at_ms
    if run[0] == ledger["upto"] + 1 or at_ms - ledger["hole_since_ms"] > HOLE_MS_MAX:
        ledger["upto"] = run[1]
        ledger["has_hole"], ledger["hole_since_ms"], run[0], run[1] = 0, 0, NO_RUN, NO_RUN
    return True


@compiled
def note_next(ledgers: Any, runs: Any, pings: Any, first: int) -> int:
    """Count the pings from `first` on that begin a whole count, go on with one, or are old; where that ends."""
    for k in range(first, pings.shape[0]):
        device, boot, seq = pings[k]["device"], pings[k]["boot"], pings[k]["seq"]
        ledger = ledgers[device]
        if ledger["known"] == 0 or boot > ledger["boot"]:
            if not begins_whole(ledger, seq):
                return k
            ledger["known"], ledger["boot"], ledger["upto"] = 1, boot, seq
        elif boot == ledger["boot"] and seq > ledger["upto"] and not note_above(ledger, runs[device], seq, pings[k]["at_ms"]):
            return k
    return int(pings.shape[0])


Run = tuple[int, int]  # the first and the last of numbers that were all heard


class Receipts:
    """Contiguous progress of every device, by row."""

    def __init__(self) -> None:
        self._ledgers = np.zeros(1, LEDGER)
        self._runs = np.zeros((1, 2), np.int64)  # the only run that was heard beyond a hole, where nothing was given up
        self._beyond: dict[int, list[Run]] = {}  # of any other device: what was heard beyond a hole, in order; no two runs meet
        self._given_up: dict[int, list[Run]] = {}  # what was heard of the present boot but is not on disk; likewise

    def heard(self, pings: Any) -> dict[int, tuple[int, int]]:
        """Note pings (PING rows; duplicates and late ones too); the (boot, seq) to receipt now, by row of the device."""
        devices = pings["device"]
        self._make_room(int(devices.max()) + 1 if len(pings) else 0)
        k = 0
        while (k := note_next(self._ledgers, self._runs, pings, k)) < len(pings):
            self._note(*(int(pings[k][field]) for field in ("device", "boot", "seq", "at_ms")))
            k += 1
        told = self._told(devices)
        if self._given_up:  # of a count that begins with one there is nothing to tell yet
            told = {device: (boot, upto) for device, (boot, upto) in told.items() if upto >= 0}
        return told

    def _told(self, devices: Any) -> dict[int, tuple[int, int]]:
        if len(devices) == 1:  # numpy's dozen steps for one ping took a third of its time
            ledger = self._ledgers[devices[0]]
            return {int(devices[0]): (int(ledger["boot"]), int(ledger["upto"]))}
        ledgers = self._ledgers[devices]
        return dict(zip(devices.tolist(), zip(ledgers["boot"].tolist(), ledgers["upto"].tolist(), strict=True), strict=True))

    def heard_one(self, device: int, boot: int, seq: int, at_ms: int) -> tuple[int, int] | None:
        """Note a ping that was refused, and so has no row of its own; the (boot, seq) to receipt now, if there is any."""
        row = np.zeros(1, PING)
        row["device"], row["boot"], row["seq"], row["at_ms"] = device, boot, seq, at_ms
        return self.heard(row).get(device)

    def give_up(self, pings: Any) -> None:
        """Note pings (PING rows) that were judged but will not be on disk."""
        self._make_room(int(pings["device"].max()) + 1 if len(pings) else 0)
        for device, boot, seq in zip(pings["device"].tolist(), pings["boot"].tolist(), pings["seq"].tolist(), strict=True):
            ledger = self._ledgers[device]
            if ledger["known"] == 0 or boot > ledger["boot"]:
                self._begin(device, boot, -1)  # of its first two numbers the second may have come first
                self._set_beyond(device, [])
            if boot == ledger["boot"] and seq > ledger["upto"]:
                lost = self._given_up.setdefault(device, [])
                add_to(lost, seq)
                if len(lost) > RUNS_MAX:  # as if what lies between were lost too: a receipt less, no ping
                    lost[:2] = [(lost[0][0], lost[1][1])]
                self._set_beyond(device, self._heard_beyond(device))

    def _make_room(self, devices: int) -> None:
        if devices > len(self._ledgers):
            room = max(devices, 2 * len(self._ledgers))
            self._ledgers, self._runs = copied(self._ledgers, room), copied(self._runs, room)

    def _note(self, device: int, boot: int, seq: int, at_ms: int) -> None:
        """A ping of a known device that takes more than that: of a new boot that does not begin whole, or one of several runs."""
        ledger = self._ledgers[device]
        beyond = self._heard_beyond(device)
        if boot > ledger["boot"]:  # whole only from its first number on
            self._begin(device, boot, min(seq, FIRST_SEQ_MAX) - 1)
            beyond.clear()
        add_to(beyond, seq)
        self._close_hole(ledger, beyond)
        if beyond and (ledger["hole_since_ms"] == 0 or self._is_given_up(device, ledger, beyond)):
            ledger["hole_since_ms"] = at_ms
            del beyond[RUNS_MAX:]  # while a hole stays open: as if not heard, what is on disk is only told later
        elif beyond and (at_ms - ledger["hole_since_ms"] > HOLE_MS_MAX or len(beyond) > RUNS_MAX):
            ledger["upto"], ledger["hole_since_ms"] = beyond[0][0] - 1, 0
            self._close_hole(ledger, beyond)
        self._prune(device, ledger)
        self._set_beyond(device, beyond)
        if not beyond:
            ledger["hole_since_ms"] = 0

    def _heard_beyond(self, device: int) -> list[Run]:
        first, last = self._runs[device].tolist()
        return self._beyond.get(device, []) if first == NO_RUN else [(first, last)]

    def _set_beyond(self, device: int, beyond: list[Run]) -> None:
        given_up = device in self._given_up
        single = len(beyond) == 1 and not given_up
        self._runs[device] = beyond[0] if single else NO_RUN
        self._ledgers[device]["has_hole"] = int(bool(beyond) or given_up)
        if beyond and not single:
            self._beyond[device] = beyond
        else:
            self._beyond.pop(device, None)

    def _begin(self, device: int, boot: int, upto: int) -> None:
        """A count of its own starts."""
        ledger = self._ledgers[device]
        ledger["known"], ledger["has_hole"], ledger["hole_since_ms"] = 1, 0, 0
        ledger["boot"], ledger["upto"] = boot, upto
        self._given_up.pop(device, None)

    def _is_given_up(self, device: int, ledger: Any, beyond: list[Run]) -> bool:
        """Whether in the first hole there is a number that its device has still."""
        self._prune(device, ledger)
        lost = self._given_up.get(device)
        return lost is not None and lost[0][0] < beyond[0][0]

    def _prune(self, device: int, ledger: Any) -> None:
        """Forget what was given up and is here again."""
        lost = self._given_up.get(device)
        while lost and lost[0][1] <= ledger["upto"]:
            lost.pop(0)
        if lost is not None and not lost:
            del self._given_up[device]

    @staticmethod
    def _close_hole(ledger: Any, beyond: list[Run]) -> None:
        if beyond and beyond[0][0] == ledger["upto"] + 1:
            ledger["upto"] = beyond.pop(0)[1]

    def dump(self) -> dict[str, Any]:
        """Plain data for the snapshot."""
        single = {row: self._heard_beyond(row) for row in np.flatnonzero(self._runs[:, 0]).tolist()}
        runs = {"beyond": {**single, **self._beyond}, "given_up": self._given_up}
        return {"ledgers": self._ledgers.tobytes(), **{name: {str(row): of[row] for row in sorted(of)} for name, of in runs.items()}}

    @classmethod
    def load(cls, data: dict[str, Any]) -> Receipts:
        """What `dump` described."""
        receipts = cls()
        receipts._ledgers = np.frombuffer(data["ledgers"], LEDGER).copy()
        receipts._runs = np.zeros((len(receipts._ledgers), 2), np.int64)
        receipts._given_up = _runs_of(data.get("given_up", {}))  # a snapshot of before there was this
        for device, beyond in _runs_of(data["beyond"]).items():
            receipts._set_beyond(device, beyond)
        return receipts


def _runs_of(data: dict[str, Any]) -> dict[int, list[Run]]:
    return {int(row): [(first, last) for first, last in runs] for row, runs in data.items()}


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
