"""What a device was asked for is what is expected of it: whoever may report less often is not missed a moment later."""

from __future__ import annotations

import pytest

from geofence.terms import Reason
from tests.pings import T0, pair
from tests.story import Story

LOST = {Reason.CANNOT_SEE_RESPONDENT.word, Reason.CANNOT_SEE_PROTECTED.word}


def he_leaves(mps: int, until_s: int, always_s: int = 0) -> Story:
    """She is at home, he 900 m away for five minutes, then off northwards. Both report as they are asked, or every `always_s`."""
    story, every, due = Story(), {"brc": always_s or 60, "tag": always_s or 60}, {"brc": 1, "tag": 2}
    for at_s in range(until_s):
        for device, who in (("brc", "her 0 0 speed=0"), ("tag", f"him 0 {900 + mps * max(at_s - 300, 0)} speed={mps if at_s > 300 else 0} course=0")):
            if at_s == due[device]:
                said = len(story.commands)
                story.tell(f"{at_s // 60}:{at_s % 60:02d} {who}")
                for command in story.commands[said:]:
                    if command.interval_s and not always_s:
                        every[command.device] = command.interval_s
                        due[command.device] = min(due[command.device], at_s + command.interval_s)
                due[device] = at_s + every[device]
    return story


@pytest.mark.parametrize("mps", [2, 6, 12, 20])
@pytest.mark.parametrize("always_s", [0, 15])
def test_who_goes_away_and_is_asked_less_often_is_not_missed_between_two_reports(mps: int, always_s: int) -> None:
    story = he_leaves(mps, 2_400, always_s)
    assert {c.interval_s for c in story.commands} >= {60, 15}, "he came out of the ring and both were asked less often"
    assert story.level == "calm"
    assert not LOST & set(story.reasons()), story.said()


def test_a_longer_interval_does_not_bring_back_into_sight_who_is_out_of_it() -> None:
    """Her call for help asks him for 5 s; he falls silent 650 m outside and is missed; it ends, and both are asked less often."""
    lines = ["0:01 her 0 0 speed=0", "0:02 him 0 1150 speed=0"]
    for at_s in range(30, 375, 5):
        lines.append(f"{at_s // 60}:{at_s % 60:02d} her 0 0 speed=0" + (" sos=true" if at_s == 60 else ""))
        if at_s <= 315:
            lines.append(f"{at_s // 60}:{at_s % 60:02d} him 0 1150 speed=0")
    story = Story(pair(warning_m=1_000.0)).tell("\n".join(lines))
    assert [said.split(" ", 1)[1] for said in story.said()[-2:]] == ["emergency>emergency cannot_see_respondent", "emergency>caution cannot_see_respondent"]
    assert ("tag", 20) in {(c.device, c.interval_s) for c in story.commands if c.at_ms > T0 + 350_000}


def far_apart(km: float, words: str, options: dict[str, bool] | None = None) -> Story:
    """Both at rest, so far apart, once a minute for a quarter of an hour; his pings say `words`."""
    story = Story(options=options or {})
    for at_s in range(0, 900, 60):
        story.tell(f"{at_s // 60}:{at_s % 60:02d} her 0 0 speed=0\n{at_s // 60}:{at_s % 60:02d} him 0 {km * 1_000:.0f} speed=0 {words}")
    return story


def asked(story: Story, device: str) -> list[int]:
    return [command.interval_s for command in story.commands if command.device == device and command.interval_s]


def test_a_battery_that_will_not_last_is_asked_half_as_often_while_he_is_far() -> None:
    story = far_apart(12.0, "battery=9")
    assert set(asked(story, "tag")) == {120}
    assert asked(story, "brc") == [], "hers is full"
    assert story.level == "caution"
    assert asked(story.tell("15:30 him 0 12000 speed=0 battery=12 charging=true"), "tag")[-1] == 60


def test_nothing_is_spared_where_he_could_come_in_time() -> None:
    assert asked(far_apart(8.0, "battery=9"), "tag") == []
    story = far_apart(12.0, "battery=9")
    assert asked(story.tell("16:00 him 0 8000 speed=14 course=180 battery=9"), "tag")[-1] == 60
    assert asked(story.tell("17:00 him 0 5000 speed=14 course=180 battery=9\n18:00 him 0 2100 speed=14 course=180 battery=9"), "tag")[-1] == 15


def test_who_is_spared_is_not_missed_between_two_reports() -> None:
    story = far_apart(12.0, "battery=9")
    for at_s in range(960, 4_800, 120):
        story.tell(f"{at_s // 60}:00 her 0 0 speed=0\n{at_s // 60}:00 him 0 12000 speed=0 battery=9\n{at_s // 60 + 1}:00 her 0 0 speed=0")
    assert not LOST & set(story.reasons()), story.said()
    assert asked(story, "tag") == [120], "what is obeyed is not asked again"


def test_where_nothing_may_depend_on_her_his_battery_is_not_spared() -> None:
    assert asked(far_apart(12.0, "battery=9", {"adaptive": False}), "tag") == []


def test_where_a_network_away_would_lose_him_he_is_asked_three_times_as_often_and_she_is_not() -> None:
    """Between the ring and what is far: an outage there is said to end the calm the later, the younger his last report was."""
    assert asked(far_apart(4.0, ""), "tag")[0] == 20
    assert asked(far_apart(4.0, ""), "brc") == []
    assert asked(far_apart(4.6, ""), "tag") == []
    assert asked(far_apart(4.0, "", {"adaptive": False}), "tag") == [], "nothing that he notices may depend on her"
    assert asked(far_apart(4.0, "battery=9"), "tag") == []
