"""What arrives late is history; but it does not blind the alarm to what the other party does now."""

from __future__ import annotations

import pytest

from tests.conformance.test_reasons import calm

HER_LATE = "1:00 her 0 0 speed=0\n2:40 her 0 0 speed=0 late=80"  # out of a coverage hole; then she is heard no more
HE_COMES = "\n".join(f"{m} him 0 {north}" for m, north in (("1:00", 6000), ("1:30", 4500), ("2:00", 3000), ("2:30", 1500), ("2:50", 700), ("3:05", 300), ("3:10", 150)))


def table(*parts: str) -> str:
    """The lines of several tables in order of their times."""
    lines = [line for part in parts for line in part.splitlines()]
    return "\n".join(sorted(lines, key=lambda line: [int(x) for x in line.split()[0].split(":")]))


def test_he_comes_while_her_last_fix_came_late() -> None:
    story = calm().tell(table(HER_LATE, HE_COMES))
    assert "breach" in story.alerts()
    assert story.level == "emergency"


@pytest.mark.parametrize("late_s", [70, 600])
def test_his_own_late_fix_inside_raises_nothing_now(late_s: int) -> None:
    story = calm().tell(f"1:00 her 0 0 speed=0\n1:10 him 0 6000\n11:20 her 0 0 speed=0\n11:40 him 0 100 late={late_s}")
    assert "breach" not in story.alerts()


def test_nor_is_his_late_fix_inside_a_ground_for_calm() -> None:
    """Seen every minute and far off; then one fix that is 68 s old shows him at her door."""
    hers = "\n".join(f"{m}:01 her 0 0 speed=0" for m in range(2, 15))
    his = "\n".join(f"{m}:00 him 0 5000" for m in range(2, 12))
    story = calm().tell(table(hers, his + "\n14:02 him 0 100 speed=0 late=68"))
    assert story.alerts()[-1] == "unverified"
    assert story.level == "warning"


def test_his_own_late_fix_outside_of_everything_is_no_doubt() -> None:
    story = calm().tell("1:00 her 0 0 speed=0\n1:10 him 0 6000\n11:20 her 0 0 speed=0\n11:40 him 0 6000 late=70")
    assert "unverified" not in story.reasons()


def test_where_he_lay_minutes_ago_is_no_breach_now_when_she_reports() -> None:
    """He lay inside for minutes, all of it told late, and nothing since: history, and nobody knows where he is now."""
    lay = "\n".join(f"11:{40 + k} him 0 100 speed=0 late={330 - 20 * k}" for k in range(4))
    story = calm().tell(f"1:10 him 0 6000\n{lay}\n11:50 her 0 0 speed=0\n12:20 her 0 0 speed=0")
    assert "breach" not in story.alerts()
    assert "past_breach" in story.reasons()
    assert story.level != "calm"


def test_two_holes_of_the_network_are_no_wrong_clock() -> None:
    """He was heard twice in half an hour, each time by what he had kept: 200 s old, then 170 s old, and inside as it was made."""
    hers = "\n".join(f"{m}:00 her 0 0 speed=0" for m in range(2, 32))
    story = calm().tell(table(hers, "5:00 him 0 4000 late=200\n30:30 him 0 200 late=170"))
    assert not {"breach", "clock"} & set(story.alerts())
    assert "past_breach" in story.reasons()
