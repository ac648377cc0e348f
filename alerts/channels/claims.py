"""Which call of the carrier is which notification's: Twilio gives back no word, no key and no address of a call. PURE.

A call that Twilio has confirmed is claimed by its SID, which the outbox keeps on disk. One that stands on Twilio's list and
is nobody's is taken for ours only where it can be no other's: no more attempts to that number are in doubt than there are
such calls. Where it might be another's, it is placed again: a call twice is the lesser evil against one that is never made.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from alerts.terms import Notification, NotificationId

KEPT_MAX = 10_000  # claims, and doubts: the calls of an hour, at one a second three; a look-up goes back five minutes


@dataclass(slots=True)
class _Doubt:
    """Attempts to one number of which nobody knows whether they have become a call."""

    to: str
    last_ms: int
    attempts: int = 0
    earlier: bool = False  # it may have been placed before we started, nobody knows how often
    seen: tuple[str, ...] = ()  # calls that may be its own, or another's

    @property
    def calls_max(self) -> float:
        return inf if self.earlier else self.attempts


@dataclass(slots=True)
class Claims:
    """Of one account."""

    _owners: OrderedDict[str, NotificationId] = field(default_factory=OrderedDict)  # SID -> whose call it is
    _receipts: dict[NotificationId, tuple[str, ...]] = field(default_factory=dict)
    _doubts: OrderedDict[NotificationId, _Doubt] = field(default_factory=OrderedDict)

    def know(self, receipts: Mapping[str, NotificationId]) -> None:
        """What was claimed in an earlier life."""
        for sid, owner in receipts.items():
            self._claim(owner, sid)

    def receipts_of(self, one: NotificationId) -> tuple[str, ...]:
        """The SID of its call, and of those that may be its own and so prove no other's."""
        return self._receipts.get(one, ())

    def suspect(self, one: Notification, to: str, at_ms: int) -> None:
        """It may have been placed in an earlier life."""
        self._doubt(one, to, at_ms).earlier = True

    def begin(self, one: Notification, to: str, at_ms: int) -> None:
        """An attempt, in doubt until it is `taken` or `refused`."""
        self._doubt(one, to, at_ms).attempts += 1

    def taken(self, one: Notification, sid: str) -> None:
        """The carrier has confirmed the attempt."""
        self._claim(one.id, sid)
        self._settle(one, all_seen=True)

    def refused(self, one: Notification) -> None:
        """The carrier has surely not placed the attempt."""
        self._settle(one)

    def find(self, one: Notification, to: str, sids: Sequence[str], since_ms: int) -> bool:
        """Whether one of these calls to its number is surely its own; it is claimed then."""
        if one.id in self._receipts:
            return True
        free = [sid for sid in sids if sid not in self._owners]
        mine = self._doubts.get(one.id)
        if mine is not None:
            mine.seen = tuple(free)
            mine.earlier = mine.earlier and bool(free)  # what an earlier life has placed would stand there by now
        others = [doubt for owner, doubt in self._doubts.items() if owner != one.id and doubt.to == to and doubt.last_ms >= since_ms]
        if len(free) <= sum(doubt.calls_max for doubt in others):
            return False
        self._claim(one.id, free[-1])
        self._settle(one, all_seen=mine is not None and mine.calls_max > 1)
        return True

    def _doubt(self, one: Notification, to: str, at_ms: int) -> _Doubt:
        doubt = self._doubts.setdefault(one.id, _Doubt(to, at_ms))
        doubt.last_ms = at_ms
        while len(self._doubts) > KEPT_MAX:
            self._doubts.popitem(last=False)
        return doubt

    def _settle(self, one: Notification, *, all_seen: bool = False) -> None:
        """One attempt is in doubt no more; an earlier one may have become a call as well, any of those that it has `seen`."""
        doubt = self._doubts.get(one.id)
        if doubt is None:
            return
        if all_seen:
            for sid in doubt.seen:
                self._claim(one.id, sid)
            doubt.earlier = False
        doubt.attempts = max(0, doubt.attempts - 1)
        if not doubt.calls_max:
            del self._doubts[one.id]

    def _claim(self, owner: NotificationId, sid: str) -> None:
        if sid not in self._owners:
            self._owners[sid] = owner
            self._receipts[owner] = (*self._receipts.get(owner, ()), sid)
        while len(self._owners) > KEPT_MAX:
            _, forgotten = self._owners.popitem(last=False)
            self._receipts.pop(forgotten, None)
