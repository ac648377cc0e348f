"""Schedules open and close when the wall clock of their place says so, on every machine alike."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import opening_hours
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.schedule import FAR_FUTURE_MS, Schedule, load_timezone

ROOT = Path(__file__).parents[2]
MEXICO, TIJUANA, MADRID = "America/Mexico_City", "America/Tijuana", "Europe/Madrid"


def ms(utc: str) -> int:
    return round(datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp() * 1000)


def utc(at_ms: int) -> str:
    return "never" if at_ms == FAR_FUTURE_MS else datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")


# expression, time zone, at (UTC) → in force?, until (UTC)
CASES = [
    # always, never, once
    ("24/7", MADRID, "2026-03-01T00:00:00", True, "never"),
    ("24/7 off", MADRID, "2026-03-29T00:59:59", False, "never"),
    ("2026 Dec 24 18:00-24:00", MEXICO, "2026-01-01T00:00:00", False, "2026-12-25T00:00:00"),
    ("2026 Dec 24 18:00-24:00", MEXICO, "2026-12-25T00:00:00", True, "2026-12-25T06:00:00"),
    ("2026 Dec 24 18:00-24:00", MEXICO, "2026-12-25T06:00:00", False, "never"),
    # school days; a window contains its first instant and not its last
    ("Mo-Fr 07:00-15:00", MEXICO, "2026-11-23T12:59:59", False, "2026-11-23T13:00:00"),
    ("Mo-Fr 07:00-15:00", MEXICO, "2026-11-23T13:00:00", True, "2026-11-23T21:00:00"),
    ("Mo-Fr 07:00-15:00", MEXICO, "2026-11-23T20:59:59", True, "2026-11-23T21:00:00"),
    ("Mo-Fr 07:00-15:00", MEXICO, "2026-11-23T21:00:00", False, "2026-11-24T13:00:00"),
    ("Mo-Fr 07:00-15:00", MEXICO, "2026-11-27T21:00:00", False, "2026-11-30T13:00:00"),
    # Mexico City has had no summer time since 2022; before, it had
    ("Mo-Fr 07:00-15:00", MEXICO, "2026-07-06T12:00:00", False, "2026-07-06T13:00:00"),
    ("Mo-Fr 07:00-15:00", MEXICO, "2021-07-05T11:00:00", False, "2021-07-05T12:00:00"),
    # a night belongs to the day on which it begins
    ("Fr 22:00-06:00", MEXICO, "2026-11-28T03:00:00", False, "2026-11-28T04:00:00"),
    ("Fr 22:00-06:00", MEXICO, "2026-11-28T07:00:00", True, "2026-11-28T12:00:00"),
    ("Fr 22:00-06:00", MEXICO, "2026-11-28T12:00:00", False, "2026-12-05T04:00:00"),
    # two windows that touch are one
    ("Mo 10:00-12:00 \"a\", Mo 12:00-13:00 \"b\"", "UTC", "2026-11-23T10:30:00", True, "2026-11-23T13:00:00"),
    # unknown is in force
    ("Mo 10:00-12:00 unknown", "UTC", "2026-11-23T09:00:00", False, "2026-11-23T10:00:00"),
    ("Mo 10:00-12:00 unknown", "UTC", "2026-11-23T10:00:00", True, "2026-11-23T12:00:00"),
    # spring night, Madrid: 02:00 becomes 03:00 at 01:00 UTC. A window inside the gap is skipped,
    ("02:00-02:30", MADRID, "2026-03-29T00:30:00", False, "2026-03-30T00:00:00"),
    # one that ends or begins inside it ends or begins at the jump, and a night over it is an hour shorter
    ("01:00-02:30", MADRID, "2026-03-29T00:30:00", True, "2026-03-29T01:00:00"),
    ("02:30-05:00", MADRID, "2026-03-29T00:30:00", False, "2026-03-29T01:00:00"),
    ("Sa 22:00-06:00", MADRID, "2026-03-28T21:00:00", True, "2026-03-29T04:00:00"),
    # autumn night: 03:00 becomes 02:00 at 01:00 UTC. A window inside the repeated hour comes twice,
    ("02:00-02:30", MADRID, "2026-10-24T23:00:00", False, "2026-10-25T00:00:00"),
    ("02:00-02:30", MADRID, "2026-10-25T00:00:00", True, "2026-10-25T00:30:00"),
    ("02:00-02:30", MADRID, "2026-10-25T00:30:00", False, "2026-10-25T01:00:00"),
    ("02:00-02:30", MADRID, "2026-10-25T01:00:00", True, "2026-10-25T01:30:00"),
    ("02:00-02:30", MADRID, "2026-10-25T01:30:00", False, "2026-10-26T01:00:00"),
    # so does the last window there ever is, and a night over it is an hour longer
    ("2026 Oct 25 02:00-02:30", MADRID, "2026-10-25T00:30:00", False, "2026-10-25T01:00:00"),
    ("Sa 22:00-06:00", MADRID, "2026-10-24T20:00:00", True, "2026-10-25T05:00:00"),
    # Tijuana follows the border cities: 8 March and 1 November 2026
    ("Mo-Su 07:00-15:00", TIJUANA, "2026-03-07T23:30:00", False, "2026-03-08T14:00:00"),
    ("Mo-Su 07:00-15:00", TIJUANA, "2026-03-06T23:30:00", False, "2026-03-07T15:00:00"),
    ("Sa 22:00-06:00", TIJUANA, "2026-11-01T05:00:00", True, "2026-11-01T14:00:00"),
]


@pytest.mark.parametrize(("expression", "timezone", "at", "open_now", "until"), CASES)
def test_a_window_and_its_end(expression: str, timezone: str, at: str, open_now: bool, until: str) -> None:
    now, change_ms = Schedule(expression, timezone).window(ms(at))
    assert (now, utc(change_ms)) == (open_now, until)


EXPRESSIONS = ["Mo-Fr 07:00-15:00", "Sa 22:00-06:00", "02:15-02:45", "Mar-Oct Su 01:30-03:30; Nov-Feb 00:00-02:00", "Mo,We 08:00-09:00,18:00-20:00"]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(EXPRESSIONS),
    st.sampled_from([MEXICO, TIJUANA, MADRID, "Australia/Lord_Howe", "UTC"]),
    st.integers(ms("2026-01-01T00:00:00"), ms("2027-12-31T00:00:00")),
    st.floats(0.0, 1.0, exclude_max=True),
)
def test_nothing_changes_before_the_end_of_a_window_and_something_does_at_it(expression: str, timezone: str, start_ms: int, share: float) -> None:
    open_now, until_ms = Schedule(expression, timezone).window(start_ms)
    hours, zone = opening_hours.OpeningHours(expression), ZoneInfo(timezone)

    def is_open(at_ms: int) -> bool:
        return hours.is_open((datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)).astimezone(zone).replace(tzinfo=None))

    assert start_ms < until_ms < FAR_FUTURE_MS
    assert is_open(start_ms) == open_now
    assert is_open(start_ms + int(share * (until_ms - start_ms))) == open_now
    assert is_open(until_ms - 1) == open_now
    assert is_open(until_ms) != open_now


@pytest.mark.parametrize("expression", ["", "lunes 7-15", "Mo-Fr 25:00-26:00", "Fr 22:00-Sa 06:00", "24/7 nonsense", "Mo-Fr 07:00-15:00\nSa 10:00"])
def test_a_schedule_that_cannot_be_read_is_refused_in_one_line(expression: str) -> None:
    with pytest.raises(ValueError, match="not in opening_hours syntax") as fault:
        Schedule(expression, MEXICO)
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize("expression", ["Mo-Fr 07:00-15:00; PH off", "SH 10:00-12:00", "sunrise-sunset", "(dusk+01:00)-22:00"])
def test_what_no_machine_knows_alike_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="holidays and the sun"):
        Schedule(expression, MEXICO)


def test_a_comment_may_say_anything() -> None:
    assert Schedule('Mo 10:00-12:00 "PH and SH as usual"', "UTC").window(ms("2026-11-23T11:00:00"))[0]


@pytest.mark.parametrize("timezone", ["", "Mexico", "America/Queretaro", "../../etc/passwd", "/etc/localtime", "zone.tab", "tzdata.zi", "America", "UTC\n", "A" * 500])
def test_an_unknown_time_zone_is_refused_in_one_line(timezone: str) -> None:
    with pytest.raises(ValueError, match="time zone") as fault:
        load_timezone(timezone)
    assert "\n" not in str(fault.value)
    assert len(str(fault.value)) < 120


def test_the_machine_has_no_say(tmp_path: Path) -> None:
    """Its own time zone, its language and its (wrong) time zone database change nothing."""
    (tmp_path / "America").mkdir()
    madrid = Path(str(Schedule.__init__.__globals__["resources"].files("tzdata.zoneinfo"))) / "Europe" / "Madrid"
    shutil.copy(madrid, tmp_path / "America" / "Mexico_City")
    script = f"from geofence.schedule import Schedule; print(Schedule('Mo-Fr 07:00-15:00', '{MEXICO}').window({ms('2026-11-23T13:00:00')}))"
    answers = [
        subprocess.run([sys.executable, "-c", script], cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=True).stdout
        for env in ({"TZ": "UTC"}, {"TZ": "Asia/Kolkata", "LC_ALL": "es_MX.UTF-8", "PYTHONTZPATH": str(tmp_path)})
    ]
    assert answers == [f"(True, {ms('2026-11-23T21:00:00')})\n"] * 2
