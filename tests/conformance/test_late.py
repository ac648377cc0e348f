"""What arrives late is history; but it does not blind the alarm to what the other party does now."""

from __future__ import annotations

import math

import pytest

from tests.conformance.test_reasons import calm
from tests.pings import circle, pair
from tests.story import Story

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


def test_a_stay_of_which_the_newest_report_comes_first_is_one_line_of_history() -> None:
    """Five minutes inside without a network: the breach of now, and behind it fifteen reports of the same stay. Each was a line (swarm seed 3163)."""
    hers = "\n".join(f"{m}:{s:02d} her 0 0 speed=0" for m in range(1, 8) for s in (0, 20, 40))
    kept = "\n".join(f"7:{10 + k:02d} him 0 100 speed=0 seq={40 - k} late={30 + 20 * k}" for k in range(15))
    story = calm().tell(table(hers, "1:10 him 0 6000 seq=20", "7:02 him 0 100 speed=0 seq=41", kept))
    assert story.alerts().count("breach") == 1
    assert story.reasons().count("past_breach") == 1


def test_two_holes_of_the_network_are_no_wrong_clock() -> None:
    """He was heard twice in half an hour, each time by what he had kept: 200 s old, then 170 s old, and inside as it was made."""
    hers = "\n".join(f"{m}:00 her 0 0 speed=0" for m in range(2, 32))
    story = calm().tell(table(hers, "5:00 him 0 4000 late=200\n30:30 him 0 200 late=170"))
    assert not {"breach", "clock"} & set(story.alerts())
    assert "past_breach" in story.reasons()


def by_the_mast(fixes: int, words: str = "source=lbs accuracy=100") -> Story:
    """Only the mast sees her from the start, always at the same wrong place, 900 m from where she is; he is 6 km away."""
    lines = [f"0:{5 * k:02d} her {900 + 2 * k} 0 {words} speed=4 course=90" for k in range(fixes)]
    return Story().tell(table("\n".join(lines), "0:00 him 0 6000 speed=0\n0:30 him 0 6000 speed=0"))


@pytest.mark.parametrize("fixes", [1, 3, 11])
def test_however_often_a_mast_says_the_same_it_is_one_mast(fixes: int) -> None:
    story = by_the_mast(fixes)
    assert math.sqrt(story.engine.core.tables().device[0]["p11"]) >= 200.0
    story.tell("0:56 him 900 330 speed=9 course=180\n0:57 him 900 320 speed=9 course=180\n0:58 him 900 310 speed=9 course=180")
    assert "breach" not in story.reasons(), story.said()
    assert story.level == "warning"


def test_no_history_rests_on_a_mast() -> None:
    """His fix comes half a minute late, behind a newer one, and would have been inside had she been where the mast was."""
    late = "1:00 him 900 1200 speed=20 seq=50\n1:01 him 900 100 speed=20 seq=49 late=22"
    assert {"breach", "past_breach"} & set(by_the_mast(11, "accuracy=5").tell(late).reasons()), "with a fix of hers it is told"
    story = by_the_mast(11).tell(late)
    assert not {"breach", "past_breach"} & set(story.reasons()), story.said()


def test_no_history_of_a_zone_rests_on_a_mast_of_his() -> None:
    late = "1:56 him 0 5000 speed=0 seq=50\n1:57 him 100 0 speed=0 seq=49 late=100"
    told, by_mast = (calm(registry=pair(zones=(circle(1_000.0, 0.0),))) for _ in range(2))
    assert "past_breach" in told.tell(late).reasons()
    assert "past_breach" not in by_mast.tell(late + " source=lbs accuracy=100").reasons()


def they_meet_unseen(silent_s: int, *, seen_s: int = 60, who: str = "her", other: str = "him") -> Story:
    """`who` is seen by the mast alone; `other` drives by GPS to a minute's walk from there, is seen last at `seen_s` and never again.

    `silent_s` later `who` has a real fix, at rest, 60 m from where `other` was seen last.
    """
    vague = [f"0:{at_s:02d} {who} 700 0 source=lbs accuracy=300 speed=0" for at_s in range(0, 60, 10)]
    comes = [f"{at_s // 60}:{at_s % 60:02d} {other} 0 {60 + 15 * (seen_s - at_s)} speed=15 course=180" for at_s in range(0, seen_s + 1, 5)]
    story = Story().tell(table("\n".join(vague), "\n".join(comes)))
    assert "breach" not in story.reasons(), "nobody knows where she is"
    found_s = seen_s + silent_s
    return story.tell(f"{found_s // 60}:{found_s % 60:02d} {who} 0 0 speed=0 accuracy=8")


@pytest.mark.parametrize(("who", "other"), [("her", "him"), ("him", "her")])
@pytest.mark.parametrize("silent_s", [90, 150, 175])
def test_who_was_last_seen_where_the_other_turns_out_to_be_is_told_as_a_breach(silent_s: int, who: str, other: str) -> None:
    assert "breach" in they_meet_unseen(silent_s, who=who, other=other).reasons()


def test_longer_ago_it_is_a_warning_and_cannot_see() -> None:
    story = they_meet_unseen(200)
    assert "breach" not in story.reasons()
    assert story.level == "warning"
    assert "cannot_see_respondent" in story.reasons()
