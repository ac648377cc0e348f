"""The place to which fixes always jump: after three days it is no news any more, and whoever really goes there is judged as ever."""

from __future__ import annotations

import pytest

from tests.story import Story

DAY_S = 86_400
HOME, GHOST = "0 6000", "0 700"  # he is at home; at times an access point says that he is next to her


def at_home(story: Story, from_s: int, until_s: int) -> Story:
    for at_s in range(from_s, until_s, 60):
        story.tell(f"{at_s} her 0 0 speed=0\n{at_s} him {HOME} speed=0")
    return story


def jumps(story: Story, day: int, where: str = GHOST, times: int = 1) -> list[str]:
    """A day of his with a quarter of an hour at rest, then a fix elsewhere, then home; what rings for it."""
    from_s, before = day * DAY_S, len(story.alerts())
    at_home(story, from_s, from_s + 900)
    for k in range(times):
        story.tell(f"{from_s + 900 + 10 * k} him {where} speed=0")
    at_home(story, from_s + 960, from_s + 1_200)
    return story.alerts()[before:]


def test_three_days_it_is_told_and_then_no_more() -> None:
    story = Story()
    assert [jumps(story, day) for day in range(5)] == [["unverified"]] * 3 + [[]] * 2


def test_a_jump_to_another_place_is_told() -> None:
    story = Story()
    for day in range(4):
        jumps(story, day)
    assert jumps(story, 4, "0 1100") == ["unverified"], "400 m further on"


def test_three_times_on_one_day_are_one_day() -> None:
    story = Story()
    for hour in range(4):
        at_home(story, 3_600 * hour, 3_600 * hour + 900)
        story.tell(f"{3_600 * hour + 900} him {GHOST} speed=0")
        at_home(story, 3_600 * hour + 960, 3_600 * hour + 1_200)
    assert story.alerts() == ["unverified"] * 4


@pytest.mark.parametrize(("later_days", "rings"), [(13, []), (16, ["unverified"])])
def test_after_a_fortnight_without_it_is_forgotten(later_days: int, rings: list[str]) -> None:
    story = Story()
    for day in range(3):
        jumps(story, day)
    assert jumps(story, 2 + later_days) == rings


def test_who_stays_there_is_there() -> None:
    """A minute and more: no reflection lasts so long. Known or not, it is judged as any other place."""
    story = Story()
    for day in range(4):
        jumps(story, day, "0 300")
    assert jumps(story, 4, "0 300", times=8)[0] == "breach"


def test_a_jump_that_came_true_is_no_ghost() -> None:
    """He did go there: the next fix that is believed bears it out."""
    story = Story()
    for day in range(4):
        from_s = day * DAY_S
        at_home(story, from_s, from_s + 900)
        before = len(story.alerts())
        for k in range(8):
            story.tell(f"{from_s + 900 + 10 * k} him {GHOST} speed=0")
        assert "unverified" in story.alerts()[before:]
        story.tell(f"{from_s + 1_200} him {HOME} speed=14\n{from_s + 1_260} him {HOME} speed=14\n{from_s + 1_320} him {HOME} speed=0")
