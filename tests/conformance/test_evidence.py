"""What counts as evidence of where somebody is: a jump against one's own word, lying still without a fix, a way long gone."""

from __future__ import annotations

import pytest

from geofence import policy
from tests.pings import T0
from tests.story import Story, seconds


def lying(who: str, seconds: range, east: float = 0.0, more: str = "speed=0") -> str:
    return "\n".join(f"{s // 60}:{s % 60:02d}  {who}  {east}  0  {more}" for s in seconds)


AT_HOME = lying("her", range(0, 60, 20)) + "\n" + lying("him", range(1, 61, 6), 800)


def test_a_jump_of_one_who_lies_still_by_his_own_word_is_doubted_and_never_a_breach() -> None:
    """His home is 800 m away; reflected signals put him 300 m from her for 50 seconds, at speed 0, and take him back."""
    jump = lying("him", range(65, 115, 5), 300) + "\n" + lying("him", range(115, 140, 5), 800)
    story = Story().tell(f"{AT_HOME}\n{jump}")
    assert "breach" not in story.alerts()
    assert "unverified" in [t.reason.word for t in story.transitions], "but it is said"


def test_what_goes_on_for_longer_than_reflections_last_is_believed_whatever_the_speed_says() -> None:
    """No lock-out: a device that always reports speed 0 and is really there breaches within a minute and a report."""
    story = Story().tell(f"{AT_HOME}\n{lying('him', range(65, 150, 5), 300)}")
    raised = [t.at_ms for t in story.transitions if t.reason.word == "breach"]
    assert raised
    assert raised[0] - story.transitions[0].at_ms <= 131_000


def test_one_who_says_that_he_moves_is_believed_at_once() -> None:
    story = Story().tell(f"{AT_HOME}\n{lying('him', range(65, 80, 5), 300, 'speed=9')}")
    assert story.alerts()[-1] == "breach"


STILL = "nofix moving=false"


@pytest.mark.parametrize(("word", "seen"), [("nofix moving=false", True), ("nofix moving=true", False), ("nofix", False)])
def test_a_device_that_has_not_moved_since_it_lay_still_is_still_seen(word: str, seen: bool) -> None:
    """Indoors, no position for half an hour: only the motion sensor's word keeps him in sight."""
    home = lying("her", range(0, 60, 20)) + "\n" + lying("him", range(1, 61, 20), 3_000)
    later = "\n".join(f"{m}:00  her  0  0  speed=0\n{m}:01  him  3000  0  {word}" for m in range(2, 31))
    story = Story().tell(f"{home}\n{later}")
    assert ("cannot_see_respondent" not in [t.reason.word for t in story.transitions]) is seen


def test_a_motion_sensor_that_wakes_ends_it() -> None:
    home = lying("her", range(0, 60, 20)) + "\n" + lying("him", range(1, 61, 20), 3_000)
    later = "\n".join(f"{m}:00  her  0  0  speed=0\n{m}:01  him  3000  0  nofix moving={'false' if m < 10 else 'true'}" for m in range(2, 31))
    story = Story().tell(f"{home}\n{later}")
    lost = [t for t in story.transitions if t.reason.word == "cannot_see_respondent"]
    assert lost
    assert 10 <= (lost[0].at_ms - story.transitions[0].at_ms) / 60_000 <= 16


def test_who_turns_in_bed_under_a_roof_without_positions_is_still_seen() -> None:
    """One ping an hour in which the sensor was shaken is no journey; before, "cannot see" was said for minutes after each."""
    home = lying("her", range(0, 120, 60)) + "\n" + lying("him", range(1, 121, 60), 3_000)
    later = "\n".join(f"{m}:00  her  0  0  speed=0\n{m}:01  him  3000  0  nofix moving={'true' if m == 12 else 'false'}" for m in range(2, 31))
    assert "cannot_see_respondent" not in Story().tell(f"{home}\n{later}").reasons()


@pytest.mark.parametrize("gone", ["moving", "unheard"])
def test_who_lies_still_after_a_way_without_positions_does_not_lie_where_he_lay(gone: str) -> None:
    """He drives off without a position, or in silence, and stands still elsewhere: his old place is not as good as new (found by the Queensland matrix)."""
    home = lying("her", range(0, 60, 20)) + "\n" + lying("him", range(1, 61, 20), 3_000)
    way = "".join(f"{m}:01  him  0  0  nofix moving=true\n" for m in range(2, 6)) if gone == "moving" else ""
    still = "\n".join(f"{m}:00  her  0  0  speed=0" + (f"\n{m}:01  him  0  0  nofix moving=false" if m >= 6 else "") for m in range(2, 20))
    story = Story().tell(f"{home}\n{merged(way, still)}")
    assert "cannot_see_respondent" in story.reasons()
    assert story.level != "calm"


# From seed 305401 of the Queensland matrix: his twenty seconds at the wheel, without a position. M moves, S stands at a light.
TRAFFIC = "MSSMMMMMSMMMSMMMSMMMM"


@pytest.mark.parametrize("silent_from", [len(TRAFFIC), 3])
def test_a_red_light_on_a_way_without_positions_is_no_bed(silent_from: int) -> None:
    """Each stretch was shorter than two minutes, and each light made his old place as good as new: calm while he stood at her door."""
    home = lying("her", range(0, 60, 20)) + "\n" + lying("him", range(1, 61, 20), 3_000)
    hers = "\n".join(f"{s // 60}:{s % 60:02d}  her  0  0  speed=0" for s in range(60, 61 + 20 * len(TRAFFIC), 20))
    way = "\n".join(
        f"{s // 60}:{s % 60:02d}  him  0  0  nofix moving={'true' if sign == 'M' else 'false'}"
        for s, sign in zip(range(61, 61 + 20 * silent_from, 20), TRAFFIC[:silent_from], strict=False)
    )
    story = Story().tell(f"{home}\n{merged(hers, way)}")
    lost = [t.at_ms - T0 for t in story.transitions if t.reason.word == "cannot_see_respondent"]
    could_be_there_s = 41 + (3_000 - 500) / policy.REACH_AVENUE_MPS  # since his last fix, which is older than all the lights
    assert lost
    assert lost[0] <= 1000 * (could_be_there_s + 2)


def test_who_gets_up_twice_in_a_night_is_still_seen() -> None:
    """A light lasts two minutes at most: after three quiet ones he lay down, and what he does an hour later is another matter."""
    up = {(m, s) for m in (12, 40) for s in (1, 21, 41)}
    home = lying("her", range(0, 60, 20)) + "\n" + lying("him", range(1, 61, 20), 3_000)
    later = "\n".join(
        f"{m}:00  her  0  0  speed=0\n" + "\n".join(f"{m}:{s:02d}  him  0  0  nofix moving={'true' if (m, s) in up else 'false'}" for s in (1, 21, 41))
        for m in range(2, 60)
    )
    assert "cannot_see_respondent" not in Story().tell(f"{home}\n{later}").reasons()


def merged(*tables: str) -> str:
    """Lines of several tables in order of their times."""
    lines = [line for table in tables for line in table.splitlines()]
    return "\n".join(sorted(lines, key=lambda line: seconds(line.split()[0])))


def test_a_way_through_that_ended_minutes_ago_is_history_when_it_is_heard_of() -> None:
    """He drove past her in a hole of the network; the fixes come when he is two kilometres beyond: past, not now."""
    story = Story().tell(
        "0:00 her 0 0 speed=0\n0:01 him -2500 0 speed=15 course=90\n1:00 her 0 0 speed=0\n2:00 her 0 0 speed=0\n3:00 her 0 0 speed=0\n"
        "4:40 her 0 0 speed=0\n4:41 him -100 0 speed=15 course=90 late=125\n4:41 him 1850 0 speed=15 course=90 late=1\n4:51 him 2000 0 speed=15 course=90"
    )
    assert "past_breach" in [t.reason.word for t in story.transitions]
    assert "breach" not in [t.reason.word for t in story.transitions]
