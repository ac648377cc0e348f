"""She presses *check* on her bracelet and reads a plain answer: how she is protected now, in her language."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.terms import Audience, Channel, Kind
from geofence.terms import Level, PersonId, Reason, Role
from geofence.watch import LEVELS
from monitor.answers import ALL_WELL, NO_ORDER, _text
from tests.pings import T0, pair
from tests.story import Story

SEEN = "0:00 her 0 0\n0:01 him 0 9000"


def answers(story: Story) -> list[tuple[str, str, str]]:
    """(level, reason, first words) of what her bracelet was answered."""
    found = [n for n in story.notifications if n.kind is Kind.UPDATE and n.channel is Channel.BRACELET]
    assert all(n.audience is Audience.PROTECTED and n.devices == ("brc",) for n in found)
    return [(n.level.word, n.reason.word, n.text) for n in found]


def test_all_is_well_when_both_are_seen() -> None:
    story = Story().tell(f"{SEEN}\n0:20 her 0 0 check=true")
    (answer,) = answers(story)
    assert answer[:2] == ("calm", "clear")
    assert answer[2].startswith(ALL_WELL[0])


def test_in_her_language() -> None:
    english = replace(pair(), orders=(replace(pair().orders[0], language="en"),))
    (answer,) = answers(Story(english).tell(f"{SEEN}\n0:20 her 0 0 check=true"))
    assert answer[2].startswith(ALL_WELL[1])


def test_what_does_not_work_is_said() -> None:
    waiting = answers(Story().tell("0:00 her 0 0 check=true"))
    assert [answer[:2] for answer in waiting] == [("caution", "not_seen_yet")]
    strap = answers(Story().tell(f"{SEEN}\n0:20 her 0 0 check=true strap=cut"))
    assert [answer[:2] for answer in strap] == [("caution", "strap")]
    near = answers(Story().tell("0:00 her 0 0\n0:01 him 0 300\n0:20 her 0 0 check=true"))
    assert [answer[:2] for answer in near] == [("emergency", "breach")]


def test_an_answer_rings_nobody_and_is_not_given_twice_or_late() -> None:
    story = Story().tell(f"{SEEN}\n0:20 her 0 0 check=true")
    before = len(story.notifications)
    story.tell("0:40 her 0 0\n3:00 him 0 9000\n3:01 her 0 0\n3:02 her 0 0 check=true late=120")
    assert len(answers(story)) == 1, "a question from a dead network is not answered when nobody asks any more"
    assert [n for n in story.notifications[before:] if n.kind is Kind.RAISE] == []
    assert {n.audience for n in story.notifications if n.kind is Kind.UPDATE} == {Audience.PROTECTED}


def test_the_respondent_is_answered_nothing() -> None:
    assert answers(Story().tell(f"{SEEN}\n0:20 him 0 9000 check=true")) == []


def test_when_no_order_is_in_force_it_says_so() -> None:
    over = replace(pair(), orders=(replace(pair().orders[0], valid_until_ms=T0 + 5_000),))
    (answer,) = answers(Story(over).tell(f"{SEEN}\n0:20 her 0 0 check=true"))
    assert answer[2].startswith(NO_ORDER[0])


@pytest.mark.parametrize("reason", list(LEVELS))
@pytest.mark.parametrize("language", ["es", "en"])
def test_every_reason_has_words(reason: Reason, language: str) -> None:
    order = replace(pair().orders[0], language=language)
    text = _text(Level(LEVELS[reason]), reason, order, "I", T0, "K7Q2")  # type: ignore[arg-type]
    assert "K7Q2" in text
    assert len(text) > 20
    assert PersonId("P") not in text.split()
    assert Role.RESPONDENT.word not in text
