"""The respondent who lives inside the warning ring: an approach stands day and night, and must not be a stream of further words."""

from __future__ import annotations

from tests.story import Story

NEXT_DOOR = "him 0 1100 speed=0"


def both_at_home(until_s: int = 600) -> Story:
    """She and he asleep, 1,100 m apart, reporting every 15 s; the approach has been told."""
    story = Story()
    for at_s in range(0, until_s, 15):
        story.tell(f"{at_s} her 0 0 speed=0\n{at_s} {NEXT_DOOR}")
    assert story.level == "warning"
    return story


def he_alone(story: Story, from_s: int, until_s: int, him: str = NEXT_DOOR) -> list[str]:
    """What is said while her bracelet is silent and he reports on."""
    before = len(story.said())
    for at_s in range(from_s, until_s, 15):
        story.tell(f"{at_s} {him}")
    return [line.split(" ", 1)[1] for line in story.said()[before:]]


def test_her_bracelet_without_a_network_is_no_news_while_he_is_seen_asleep() -> None:
    """Twice a day, for as long as outages usually last; and it is over without a word."""
    story = both_at_home()
    assert he_alone(story, 600, 1_050) == []
    before = len(story.said())
    story.tell("17:31 her 0 0 speed=0")
    assert story.said()[before:] == []


def test_after_eight_minutes_it_is_said() -> None:
    story = both_at_home()
    assert he_alone(story, 600, 1_080) == ["warning>warning cannot_see_protected"]


def test_as_he_gets_up_it_is_said_at_once() -> None:
    story = both_at_home()
    assert he_alone(story, 600, 720) == []
    assert he_alone(story, 720, 721, "him 0 1095 speed=1.2 course=180") == ["warning>warning cannot_see_protected"]


def test_as_he_is_not_seen_either_it_is_said() -> None:
    story = both_at_home()
    assert he_alone(story, 600, 690) == []
    story.tell("13:30 wait")
    assert {line.split(" ")[-1] for line in story.said()} >= {"cannot_see_protected", "cannot_see_respondent"}


def test_his_silence_is_said_as_ever() -> None:
    story = both_at_home()
    for at_s in range(600, 720, 15):
        story.tell(f"{at_s} her 0 0 speed=0")
    assert story.said()[-1].endswith("warning>warning cannot_see_respondent")
