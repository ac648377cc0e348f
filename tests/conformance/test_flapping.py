"""Nobody is woken for nothing: a trouble that comes and goes is one trouble. And a false position gives itself away."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conformance.test_reasons import calm
from tests.pings import T0
from tests.story import Story

LINES_PER_HOUR = 16  # whatever one device says: troubles share their memory, and each comes back later and later


def hour(step_s: int, words: list[str]) -> Story:
    """Both far apart and still for an hour; his pings say the words in turn."""
    lines = []
    for k, at_s in enumerate(range(60, 3_660, step_s)):
        clock = f"{at_s // 60}:{at_s % 60:02d}"
        lines += [f"{clock} him 0 6000 speed=0 {words[k % len(words)]}", f"{clock} her 0 0 speed=0"]
    return calm().tell("\n".join(lines))


@pytest.mark.parametrize("step_s", [15, 60])
@pytest.mark.parametrize(
    "words",
    [["strap=open", "strap=closed"], ["strap=cut", "strap=closed"], ["tether=far", "tether=near"], ["jamming=true", "jamming=false"],
     ["mock=true", "mock=false"], ["battery=9 charging=true", "battery=9 charging=false"], ["battery=19", "battery=26", "battery=9"]],
    ids=lambda words: words[0],
)  # fmt: skip
def test_an_hour_of_a_loose_contact_is_a_handful_of_lines(words: list[str], step_s: int) -> None:
    story = hour(step_s, words)
    assert 1 <= len(story.transitions) <= 4, story.said()


def test_a_trouble_that_happens_once_ends_at_once() -> None:
    story = calm().tell("1:00 him 0 6000 strap=open\n2:00 him 0 6000 strap=closed")
    assert story.said() == ["1:00 calm>caution strap", "2:00 caution>calm resolved"]


def test_the_second_time_within_an_hour_it_lasts_ten_minutes_longer_and_is_forgotten_after_an_hour() -> None:
    first = "1:00 him 0 6000 strap=open\n2:00 him 0 6000 strap=closed"
    closed = "\n".join(f"{m}:00 him 0 6000 strap=closed\n{m}:00 her 0 0" for m in range(4, 20))
    again = calm().tell(f"{first}\n3:00 him 0 6000 strap=open\n{closed}")
    assert again.said()[2:] == ["3:00 calm>caution strap", "13:00 caution>calm resolved"]
    pings = "\n".join(f"{m}:00 him 0 6000 strap=closed\n{m}:00 her 0 0" for m in range(3, 63))
    later = calm().tell(f"{first}\n{pings}\n63:00 him 0 6000 strap=open\n64:00 him 0 6000 strap=closed")
    assert later.said()[2:] == ["63:00 calm>caution strap", "64:00 caution>calm resolved"]


words_said = st.lists(
    st.sampled_from(["", "strap=open", "strap=closed", "strap=cut", "tether=far", "tether=near", "jamming=true", "mock=true", "battery=9",
                     "battery=40", "battery=9 charging=true", "charging=false"]),
    min_size=1, max_size=12,
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(words_said, st.sampled_from([5, 15, 60]))
def test_whatever_a_device_says_it_never_becomes_a_stream(words: list[str], step_s: int) -> None:
    story = hour(step_s, words)
    assert len(story.transitions) <= LINES_PER_HOUR, story.said()


def test_a_jump_of_the_gauge_is_no_forecast() -> None:
    assert calm().tell("1:00 him 0 6000 battery=21\n1:05 him 0 6000 battery=19").said() == []
    assert calm().tell("1:00 him 0 6000 battery=60\n1:15 him 0 6000 battery=20\n1:20 him 0 6000 battery=18").said() == []


def test_a_battery_that_will_not_last_is_said_with_its_hours() -> None:
    lines = "\n".join(f"{m}:00 him 0 6000 battery={30 - m // 3}\n{m}:00 her 0 0" for m in range(1, 50))
    story = calm().tell(lines)
    (said,) = [t for t in story.transitions if t.reason.word == "battery"]
    assert said.hours_left is not None
    assert said.hours_left < 3.0
    assert said.at_ms >= T0 + 30 * 60_000


@pytest.mark.parametrize(("speed", "said"), [(3.0, ["spoofing"]), (0.0, []), (0.9, [])])
def test_who_moves_at_exactly_one_place_writes_the_positions_himself(speed: float, said: list[str]) -> None:
    lines = "\n".join(f"1:{s:02d} him 0 6000 speed={speed}\n1:{s:02d} her 0 0" for s in range(0, 60, 5))
    assert calm().tell(lines).reasons() == said


def test_one_repeated_position_on_the_move_is_a_hiccup() -> None:
    story = calm().tell("1:00 him 0 6000 speed=3\n1:05 him 0 6000 speed=3\n1:10 him 0 6015 speed=3\n1:15 him 0 6015 speed=3")
    assert story.said() == []



def test_hours_are_a_number() -> None:
    """The line of the file has them where the reason is the battery, and nowhere else."""
    story = calm().tell("1:00 him 0 6000 battery=9 strap=open")
    hours = {t.reason.word: t.hours_left for t in story.transitions}
    assert hours["strap"] is None
    assert hours["battery"] is not None
    assert math.isfinite(hours["battery"])
