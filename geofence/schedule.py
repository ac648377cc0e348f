"""When a zone is in force: opening_hours syntax in a time zone; the one door to opening_hours.

The expression says what holds at a time of the wall clock, and the time zone says which instants that clock shows.
So a window that the spring night skips is skipped, and one that the autumn night repeats is in force both times.
Time zones come from the `tzdata` package, never from the machine, so that all machines of a release agree.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

import opening_hours

FAR_FUTURE_MS = 253_402_300_799_000  # 9999-12-31T23:59:59Z, the end of the calendar: "never changes"
HORIZON = timedelta(days=20 * 366)  # a change further away than any order lives is no change
OFFSET_PROBE = timedelta(hours=20)  # no time zone ever changed its offset twice within this
REPEAT_MAX = timedelta(hours=25)  # no clock was ever put back by more than a day, so a later shift repeats nothing before `at`
LOCAL_UNKNOWABLE = re.compile(r"\b(PH|SH|sunrise|sunset|dawn|dusk)\b")
QUOTED = re.compile(r'"[^"]*"')
TIMEZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")  # as in America/Argentina/Salta
TIMEZONE_NAME_LENGTH_MAX = 64  # the longest name has 32 characters
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MS = timedelta(milliseconds=1)


@lru_cache(maxsize=32)  # thousands of zones name the same few; reading one takes 0.1 ms
def load_timezone(name: str) -> ZoneInfo:
    """The time zone of that name in the `tzdata` package. Raises ValueError if there is none."""
    unknown = ValueError(f"there is no time zone {name[:TIMEZONE_NAME_LENGTH_MAX]!r} (example: America/Mexico_City)")
    if len(name) > TIMEZONE_NAME_LENGTH_MAX or not TIMEZONE_NAME.fullmatch(name):
        raise unknown
    file = resources.files("tzdata.zoneinfo").joinpath(*name.split("/"))
    if not file.is_file():
        raise unknown
    with file.open("rb") as data:
        try:
            return ZoneInfo.from_file(data, key=name)
        except ValueError:
            raise unknown from None


def parse_expression(expression: str) -> opening_hours.OpeningHours:
    """The expression, without country, place or clock. Raises ValueError with one plain sentence."""
    if unknowable := LOCAL_UNKNOWABLE.search(QUOTED.sub("", expression)):
        raise ValueError(f"{unknowable[0]} cannot be used: holidays and the sun are not known here, write dates and times")
    try:
        return opening_hours.OpeningHours(expression)
    except opening_hours.ParserError as fault:  # type: ignore[attr-defined]  # its stub file forgets it
        column = re.search(r"--> 1:(\d+)", str(fault))
        place = f" at character {column[1]}" if column else ""
        raise ValueError(f"not in opening_hours syntax{place}; write it like Mo-Fr 07:00-15:00, or Fr 22:00-06:00 for a night") from None


class Schedule:
    """The windows in which something is in force. Where the expression says "unknown", it is: better watch than not."""

    __slots__ = ("_hours", "_zone")

    def __init__(self, expression: str, timezone: str) -> None:
        self._zone = load_timezone(timezone)
        self._hours = parse_expression(expression)

    def window(self, at_ms: int) -> tuple[bool, int]:
        """Whether it is in force at `at_ms`, and the first later ms at which that is different (FAR_FUTURE_MS: never)."""
        start = EPOCH + at_ms * MS
        open_now = self._open(start)
        at: datetime | None = self._next_moment(start)
        while at is not None and at - start < HORIZON:
            if self._open(at) != open_now:
                return open_now, (at - EPOCH) // MS
            at = self._next_moment(at)
        return open_now, FAR_FUTURE_MS

    def _wall(self, at: datetime) -> datetime:
        return at.astimezone(self._zone).replace(tzinfo=None)

    def _open(self, at: datetime) -> bool:
        return not self._hours.is_closed(self._wall(at))

    def _next_moment(self, at: datetime) -> datetime | None:
        """The next instant at which the state may be another: a change in the expression, or the clock put forward or back."""
        wall = self._wall(at)
        change = self._hours.next_change(wall)
        if change is None:
            return self._next_shift(at, at + REPEAT_MAX)
        following = at + (change - wall)
        return self._next_shift(at, min(following, at + HORIZON)) or following

    def _offset(self, at: datetime) -> timedelta:
        return at.astimezone(self._zone).utcoffset() or timedelta(0)

    def _next_shift(self, after: datetime, until: datetime) -> datetime | None:
        """The first instant in (after, until] from which the clock has another offset than at `after`; to the second."""
        offset = self._offset(after)
        before = after
        while before < until:
            probe = min(before + OFFSET_PROBE, until)
            if self._offset(probe) != offset:
                return self._bisect_shift(before, probe, offset)
            before = probe
        return None

    def _bisect_shift(self, before: datetime, probe: datetime, offset: timedelta) -> datetime:
        """The first whole second in (before, probe] with another offset; shifts happen on whole seconds."""
        low, high = (before - EPOCH) // timedelta(seconds=1), -((EPOCH - probe) // timedelta(seconds=1))
        while high - low > 1:
            middle = (low + high) // 2
            if self._offset(EPOCH + timedelta(seconds=middle)) == offset:
                low = middle
            else:
                high = middle
        return EPOCH + timedelta(seconds=high)
