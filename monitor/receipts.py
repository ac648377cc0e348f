"""Which pings of each device are on our side without a hole: the receipt that lets a device forget. PURE.

A receipt says "everything up to here". After an outage a device sends its newest ping first, so the highest number
heard is not enough: the receipt stays before the first hole until the hole is filled or has been open for so long
that the device itself must have lost those pings.
"""

from __future__ import annotations

from dataclasses import dataclass, field

HOLE_MS_MAX = 600_000  # devices resend what is not receipted at every reconnection; ten minutes outlast the usual outage (8 min)
BEYOND_MAX = 20_000  # pings kept in mind beyond a hole: more than a day at the fastest interval of 5 s
FIRST_SEQ_MAX = 1  # a new boot counts from 0 or from 1


@dataclass(slots=True)
class _Ledger:
    boot: int
    upto: int  # everything of this boot up to here was heard
    hole_since_ms: int = 0  # 0: no hole
    beyond: set[int] = field(default_factory=set)


class Receipts:
    """Contiguous progress of every device, by row."""

    def __init__(self) -> None:
        self._ledgers: dict[int, _Ledger] = {}

    def heard(self, device: int, boot: int, seq: int, at_ms: int) -> tuple[int, int]:
        """Note one ping (duplicates and late ones too); returns the (boot, seq) to receipt now."""
        ledger = self._ledgers.get(device)
        if ledger is None:
            ledger = self._ledgers[device] = _Ledger(boot, seq)
        elif boot > ledger.boot:
            self._reboot(ledger, boot, seq, at_ms)
        elif boot == ledger.boot and seq > ledger.upto:
            self._note(ledger, seq, at_ms)
        return ledger.boot, ledger.upto

    def _reboot(self, ledger: _Ledger, boot: int, seq: int, at_ms: int) -> None:
        """A new boot: its own count starts, and is whole only from its first number on."""
        ledger.boot, ledger.upto, ledger.hole_since_ms = boot, min(seq, FIRST_SEQ_MAX) - 1, 0
        ledger.beyond.clear()
        self._note(ledger, seq, at_ms)

    def _note(self, ledger: _Ledger, seq: int, at_ms: int) -> None:
        ledger.beyond.add(seq)
        self._close_hole(ledger)
        if not ledger.beyond:
            ledger.hole_since_ms = 0
        elif ledger.hole_since_ms == 0:
            ledger.hole_since_ms = at_ms
        elif at_ms - ledger.hole_since_ms > HOLE_MS_MAX or len(ledger.beyond) > BEYOND_MAX:
            ledger.upto = min(ledger.beyond) - 1
            ledger.hole_since_ms = 0
            self._close_hole(ledger)

    @staticmethod
    def _close_hole(ledger: _Ledger) -> None:
        while ledger.upto + 1 in ledger.beyond:
            ledger.upto += 1
            ledger.beyond.discard(ledger.upto)

    def dump(self) -> dict[str, list[object]]:
        """Plain data for the snapshot."""
        return {str(row): [x.boot, x.upto, x.hole_since_ms, sorted(x.beyond)] for row, x in self._ledgers.items()}

    @classmethod
    def load(cls, data: dict[str, list[object]]) -> Receipts:
        """What `dump` described."""
        receipts = cls()
        for row, (boot, upto, since, beyond) in data.items():
            assert isinstance(boot, int)
            assert isinstance(upto, int)
            assert isinstance(since, int)
            assert isinstance(beyond, list)
            receipts._ledgers[int(row)] = _Ledger(boot, upto, since, set(beyond))
        return receipts
