"""Who looked at what: each act on record, and a look that goes on as one line that grows."""

from __future__ import annotations

from collections.abc import Callable

from dashboard import database as db
from dashboard.accounts import Session
from dashboard.database import Records

SAME_LOOK_MS = 60_000  # a map asks each 2 s: pauses below this are the same look
KEPT = 10_000  # looks that may still grow


class Looks:
    """The audit log. What cannot be recorded is not shown: `look` fails if the database does."""

    def __init__(self, records: Records, now_ms: Callable[[], int]) -> None:
        self._records = records
        self._now_ms = now_ms
        self._going: dict[tuple[str, str, str], tuple[int, int, int]] = {}  # -> (row, times, last)

    async def look(self, session: Session, act: str, subject: str) -> None:
        """Somebody reads something of a person. Raises OSError if that cannot be put on record."""
        key, now = (session.id, act, subject), self._now_ms()
        number, times, last_ms = self._going.pop(key, (0, 0, 0))
        if not number or now - last_ms > SAME_LOOK_MS:
            number, times = await self.note(session, act, subject), 0
        else:
            await self._records.do(db.change(db.AUDIT, {"number": number}, until_ms=now, times=times + 1))
        self._going[key] = (number, times + 1, now)
        while len(self._going) > KEPT:
            del self._going[next(iter(self._going))]

    async def note(self, session: Session | None, act: str, subject: str, reason: str = "", *, who: str = "") -> int:
        """Something done, with its reason; the number of its row. `who`: for somebody who is not logged in."""
        now, name = self._now_ms(), session.name if session is not None else who
        row = {"at_ms": now, "until_ms": now, "times": 1, "operator": name, "act": act, "subject": subject, "reason": reason}
        return int(await self._records.one(db.add(db.AUDIT, row)))
