"""Rejected payloads in the log, for the technician: whose and why, never what was in them.

The first of each device and reason at once, then a line an hour at most that says how many there were meanwhile: a device that
is wrong is wrong with every ping.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from monitor.log import get_logger
from monitor.terms import Rejection, RejectReason

AGAIN_MS = 3_600_000  # between two lines of one device and reason: a technician looks a few times a day
KINDS_MAX = 1_000  # devices and reasons kept apart, and lines an hour: who is told of so many looks at the program that sends them
OTHERS = "*"  # no device's id: all beyond KINDS_MAX together

_log = get_logger("wire")

Kind = tuple[str, RejectReason]


@dataclass(slots=True)
class _Told:
    """When one kind was last told, and how many came since."""

    at_ms: int
    count: int = 0


class _Ration:
    """Who was told of lately, the longest ago first."""

    def __init__(self) -> None:
        self._told: OrderedDict[Kind, _Told] = OrderedDict()

    def note(self, kind: Kind, now_ms: int) -> None:
        """Tell of one, or count it."""
        if kind not in self._told and len(self._told) >= KINDS_MAX:
            kind = OTHERS, kind[1]
        if (told := self._told.get(kind)) is not None:
            told.count += 1
        else:
            self._tell(kind, 1, now_ms)

    def look(self, now_ms: int) -> None:
        """Tell what came since, of those whose hour is over; forget who has been quiet."""
        while self._told:
            kind, told = next(iter(self._told.items()))
            if now_ms - told.at_ms < AGAIN_MS:
                return
            del self._told[kind]
            if told.count:
                self._tell(kind, told.count, now_ms, seconds=(now_ms - told.at_ms) // 1000)

    def _tell(self, kind: Kind, count: int, now_ms: int, **since: int) -> None:
        self._told[kind] = _Told(now_ms)
        device, reason = kind
        _log.warning("rejected", device=device, reason=reason.value, count=count, **since)


class RejectionLog:
    """Says which devices are not understood. Strangers have a ration of their own, or made-up ids would hide our devices."""

    def __init__(self) -> None:
        self._ours, self._strangers = _Ration(), _Ration()

    def note(self, rejections: Iterable[Rejection], now_ms: int) -> None:
        """Payloads were rejected."""
        for one in rejections:
            ration = self._strangers if one.reason is RejectReason.UNKNOWN_DEVICE else self._ours
            ration.note((one.device or one.topic, one.reason), now_ms)

    def look(self, now_ms: int) -> None:
        """An hour may be over. Costs nothing while none is."""
        self._ours.look(now_ms)
        self._strangers.look(now_ms)
