"""Every reason raised and cleared, each by its own rule, as text tables a prosecutor can read."""

from __future__ import annotations

import pytest

from alerts.terms import Audience
from geofence.terms import Device, DeviceId, Order, OrderId, PersonId, Registry, ZoneKind
from monitor.replay import transition_line
from tests.pings import T0, circle, pair
from tests.story import Story

CALM = """
  0:00  her  0     0  speed=0
  0:00  him  0  6000  speed=0
  0:30  her  0     0  speed=0
  0:30  him  0  6000  speed=0
"""


def calm(**options: object) -> Story:
    story = Story(**options).tell(CALM)  # type: ignore[arg-type]
    assert story.level == "calm"
    story.transitions.clear()
    story.notifications.clear()
    return story


def test_sos_is_an_emergency_at_once_and_stays_for_five_minutes() -> None:
    story = calm().tell("1:00 her 0 0 sos=true\n1:30 her 0 0 sos=false\n3:00 her 0 0\n3:00 him 0 6000\n5:00 her 0 0\n5:00 him 0 6000")
    assert story.said() == ["1:00 calm>emergency sos"]
    assert {c.device for c in story.commands if c.interval_s == 5} == {"brc", "tag"}, "both devices report fast"
    assert story.tell("6:30 her 0 0\n6:31 him 0 6000").said()[-1] == "6:30 emergency>calm resolved"


def test_sos_in_a_ping_without_a_fix_counts() -> None:
    assert calm().tell("1:00 her nofix sos=true").said() == ["1:00 calm>emergency sos"]


def test_the_respondents_button_is_not_her_sos() -> None:
    assert calm().tell("1:00 him 0 6000 sos=true").said() == []


@pytest.mark.parametrize("state", ["open", "cut"])
def test_a_strap_off_is_said_until_it_is_closed(state: str) -> None:
    story = calm().tell(f"1:00 him 0 6000 strap={state}\n1:30 him 0 6000\n2:00 him 0 6000 strap=closed")
    assert story.said() == ["1:00 calm>caution strap", "2:00 caution>calm resolved"]
    told = {n.audience.value for n in story.notifications if n.kind.value == "raise"}
    assert told == {"dispatch"}, "his strap is the control room's work"
    hers = calm().tell(f"1:00 her 0 0 strap={state}")
    assert {n.audience.value for n in hers.notifications} == {"dispatch", "protected"}


def test_battery_is_judged_by_hours_left_and_cleared_by_charging() -> None:
    story = calm().tell("1:00 her 0 0 battery=9\n1:30 her 0 0 battery=9 charging=true")
    assert story.said() == ["1:00 calm>caution battery", "1:30 caution>calm resolved"]
    assert calm().tell("1:00 her 0 0 battery=18").said() == [], "18 % of a day's battery is four and a half hours"


def test_jamming_and_mock_positions_are_suspected_aloud() -> None:
    story = calm().tell("1:00 him 0 6000 jamming=true\n1:30 him 0 6000\n2:05 him 0 6000")
    assert story.said() == ["1:00 calm>caution jamming", "2:05 caution>calm resolved"]
    assert calm().tell("1:00 him 0 6000 mock=true").said() == ["1:00 calm>caution spoofing"]


def test_a_clear_never_comes_from_silence() -> None:
    story = calm().tell("1:00 him 0 6000 jamming=true\n30:00 wait")
    assert story.level == "caution"


def test_two_devices_of_one_person_apart() -> None:
    devices = (*pair().devices, Device(DeviceId("tag2"), PersonId("R")))
    story = Story(Registry(devices, pair().orders)).tell(CALM + "0:40 tag2 0 6000\n2:00 tag2 0 8000 speed=5 course=0\n2:01 him 0 6000 speed=0")
    (said,) = [t for t in story.transitions if t.reason.word == "separation"]
    assert said.apart_m == pytest.approx(2_000.0, abs=30.0)
    assert "apart_m" in transition_line(said)
    assert any("2000 m uno del otro" in n.text for n in story.notifications if n.audience is Audience.DISPATCH), "the control room reads how far"
    assert story.tell("3:00 him 0 6000\n3:01 tag2 0 6000\n3:02 her 0 0").level == "calm"


def test_a_strap_that_lost_its_tracker_is_apart_by_nobody_knows_how_much() -> None:
    (said,) = calm().tell("1:00 her 0 0 tether=lost").transitions
    assert (said.reason.word, said.apart_m) == ("separation", None)
    assert "apart_m" not in transition_line(said)


@pytest.mark.parametrize(("clock", "text"), [(3_600, "Adelantado 60 min"), (-86_400, "Atrasado 24 h")])
def test_a_wrong_clock_is_said_with_how_far_it_is_off(clock: int, text: str) -> None:
    story = calm().tell(f"1:00 him 0 6000 clock={clock}\n2:00 him 0 6000 clock={clock}\n2:00 her 0 0")
    (said,) = [t for t in story.transitions if t.reason.word == "clock"]
    assert said.clock_s == pytest.approx(clock, abs=5.0)
    assert transition_line(said)["clock_s"] == said.clock_s
    assert any(text in n.text for n in story.notifications)


@pytest.mark.parametrize("left", ["tag", "tag2", "tag3"])
def test_one_of_three_devices_left_behind_is_said_once_and_stays(left: str) -> None:
    """Whichever it is: the other two being together ends nothing."""
    devices = (*pair().devices, Device(DeviceId("tag2"), PersonId("R")), Device(DeviceId("tag3"), PersonId("R")))
    lines = ["0:40 tag2 0 6000", "0:41 tag3 0 6000"]
    for minute in range(1, 8):
        lines += [f"{minute}:00 {tag} 0 {6000 + (0 if tag == left else 300 * minute)}" for tag in ("tag", "tag2", "tag3")]
        lines += [f"{minute}:10 her 0 0 speed=0"]
    story = Story(Registry(devices, pair().orders)).tell(CALM + "\n".join(lines))
    assert story.reasons().count("separation") == 1
    assert story.level == "caution"
    assert story.tell("\n".join(f"8:0{k} {tag} 0 8100" for k, tag in enumerate(("tag", "tag2", "tag3")))).level == "calm"


def test_either_device_of_the_respondent_raises_the_breach() -> None:
    devices = (*pair().devices, Device(DeviceId("tag2"), PersonId("R")))
    story = Story(Registry(devices, pair().orders)).tell(CALM + "0:40 tag2 0 100\n0:50 him 0 6000")
    assert story.alerts() == ["breach"]
    assert story.level == "emergency"


def test_a_ping_without_a_fix_is_life_but_not_sight() -> None:
    """He pings on without a position: first believed far away, then 'cannot see' before he could be there."""
    lines = "\n".join(f"{m}:00 him nofix\n{m}:00 her 0 0 speed=0" for m in range(1, 30))
    story = calm().tell(lines)
    assert story.reasons() == ["cannot_see_respondent"]
    lost_s = (story.transitions[0].at_ms - T0) / 1000 - 30
    assert lost_s <= (6000 - 500) / 12 + 1, "no later than a city speed needs"
    assert any(c.report_now for c in story.commands)


def test_a_lost_bracelet_is_said_too_and_sight_ends_it() -> None:
    lines = "\n".join(f"{m}:00 him 0 4000 speed=0" for m in range(1, 28))
    story = calm().tell(lines)
    assert story.reasons() == ["cannot_see_protected"]
    assert story.tell("28:00 her 0 0 speed=0").said()[-1] == "28:00 caution>calm seen"


def test_without_the_broker_every_order_is_cannot_see() -> None:
    story = calm().tell("1:00 link down\n1:30 link up")
    assert story.said() == ["1:00 calm>caution no_link", "1:30 caution>calm seen"]
    assert story.notifications == [], "said once for all orders by the service, not once an order"


def test_an_order_in_force_unseen_says_so_first() -> None:
    story = Story().tell("0:00 wait\n0:05 her 0 0\n0:09 him 0 6000")
    assert story.said() == ["0:00 calm>caution not_seen_yet", "0:09 caution>calm seen"]


def test_an_order_begins_and_ends_at_its_own_time() -> None:
    story = Story(pair(valid_from_ms=T0 + 60_000, valid_until_ms=T0 + 120_000))
    story.tell("0:00 her 0 0\n0:01 him 0 100\n0:59 him 0 100\n0:59 her 0 0")
    assert story.said() == []
    assert story.tell("1:01 wait").said() == ["1:00 calm>emergency breach"]
    assert story.tell("5:00 wait").said()[-1] == "2:00 emergency>calm order_ended"


def test_a_revoked_order_ends_at_once_and_asks_no_more() -> None:
    story = Story().tell("0:00 her 0 0\n0:01 him 0 100\n0:10 revoked\n0:20 him 0 50\n0:30 her 0 0\n9:00 wait")
    assert story.said()[-1] == "0:10 emergency>calm order_ended"
    assert {(c.device, c.interval_s) for c in story.commands[-2:]} == {("brc", 60), ("tag", 60)}


def test_a_schedule_opens_over_a_still_respondent_and_closes_again() -> None:
    """T0 is a Monday, 02:00 in Querétaro; the zone is in force from 02:05 to 02:10."""
    zone = circle(300.0, 0.0, schedule="Mo 02:05-02:10", timezone="America/Mexico_City")
    story = Story(pair(perimeter_m=0.0, zones=(zone,))).tell("0:00 her 0 0\n0:00 him 0 100 speed=0\n4:00 him 0 100 speed=0\n4:30 her 0 0")
    assert story.alerts() == []
    story.tell("5:01 wait\n6:00 him 0 100\n6:01 her 0 0\n12:00 wait")
    assert story.said()[-2:] == ["5:00 calm>emergency breach", "10:00 emergency>calm schedule_closed"]


def test_an_inclusion_zone_is_breached_by_leaving() -> None:
    story = Story(pair(perimeter_m=0.0, zones=(circle(500.0, 100.0, ZoneKind.INCLUSION),)))
    story.tell("0:00 him 0 0 speed=0\n0:00 her 0 9000\n0:30 him 0 250 speed=1\n1:00 him 0 450 speed=5 course=0\n1:30 him 0 600 speed=5 course=0")
    assert story.alerts() == ["approach", "outside_inclusion"]
    story.tell("3:00 him 0 100 speed=0\n3:10 her 0 9000\n3:30 him 0 0 speed=0\n3:31 her 0 9000\n4:00 him 0 0 speed=0")
    assert story.level == "calm"


def test_one_person_in_two_orders_and_both_roles() -> None:
    """R is the respondent towards P, and protected from Q: each order is its own."""
    devices = (*pair().devices, Device(DeviceId("tagq"), PersonId("Q")))
    second = Order(OrderId("O2"), PersonId("R"), PersonId("Q"), 500.0, 2200.0, 0, 1 << 60)
    story = Story(Registry(devices, (*pair().orders, second)))
    story.tell("0:00 her 0 0\n0:00 him 0 6000\n0:00 tagq 0 20000\n1:00 tagq 0 16000\n2:00 tagq 0 12000\n3:00 tagq 0 8500\n4:00 him 0 6000\n4:00 tagq 0 6300")
    rung = [(t.order, t.reason.word) for t in story.transitions if t.to_level >= 2]
    assert ("O2", "breach") in rung
    assert not [order for order, _ in rung if order == "O1"]
    told = {device for n in story.notifications if n.order == "O2" for device in n.devices}
    assert told == {"tag"}, "the bracelet of R rings, nobody else's"


def test_clear_needs_evidence_from_two_fixes_of_now() -> None:
    story = Story().tell("0:00 her 0 0 speed=0\n0:01 him 0 300 speed=0\n0:30 her 0 0 speed=0")
    story.tell("1:00 him 0 1500 speed=12 course=0")
    assert story.level == "emergency"
    story.tell("1:10 him 0 1600 speed=12 course=0\n1:11 her 0 0 speed=0")
    assert story.level == "warning"


def test_a_breach_stays_when_the_data_stop() -> None:
    story = Story().tell("0:00 her 0 0 speed=0\n0:01 him 0 300 speed=0\n59:00 wait")
    assert story.level == "emergency"
    assert "cannot_see_respondent" in story.reasons(), "losing sight is said beside it, and makes nothing quieter"


def test_an_impossible_jump_is_doubted_twice_and_then_believed() -> None:
    story = calm().tell("0:45 him 0 100\n0:46 her 0 0\n0:50 him 0 100\n")
    assert story.alerts() == ["unverified"]
    assert story.tell("0:55 him 0 100\n").alerts()[-1] == "breach", "never locked out"


def test_a_device_whose_counter_was_reset_is_not_locked_out() -> None:
    story = calm().tell("1:00 him 0 5900 seq=900 boot=7\n1:30 him 0 5800 seq=1 boot=1\n2:00 her 0 0\n2:30 him 0 100 seq=2 boot=1")
    assert "breach" in story.alerts() or "unverified" in story.alerts()


def test_nothing_is_said_on_the_respondents_topics_but_receipts_and_commands() -> None:
    story = Story().tell("0:00 her 0 0\n0:01 him 0 100\n2:00 wait")
    assert story.notifications
    assert all(device != "tag" for n in story.notifications for device in n.devices)
    assert all(n.person in (None, "P") for n in story.notifications)


@pytest.mark.parametrize("battery", [80, 9])
def test_with_his_own_path_only_nothing_he_can_read_depends_on_her(battery: int) -> None:
    """Non-interference: same respondent, two very different protected paths; commands to him are identical in content and time."""

    def commands_to_him(her: str) -> list[object]:
        story = Story(options={"adaptive": False})
        for k in range(40):
            story.tell(f"{k // 2}:{30 * (k % 2):02d} her {her} {100 + 40 * k}\n{k // 2}:{30 * (k % 2) + 1:02d} him 0 {3000 - 70 * k} speed=2.3 course=180 battery={battery}")
        return [c for c in story.commands if c.device == "tag"]

    near, far = commands_to_him("0"), commands_to_him("90000")
    assert near == far
    assert near, "he is commanded at all"


def test_a_button_pressed_in_a_coverage_hole_is_told_when_it_arrives_behind_newer_pings() -> None:
    story = calm().tell("9:00 her 0 0 seq=20\n9:01 her 0 0 seq=12 late=300 sos=true\n9:02 her 0 0 seq=11 late=330 sos=true")
    assert story.alerts() == ["sos"]
    story.tell("15:00 her 0 0 seq=30\n15:01 him 0 6000\n15:02 her 0 0 seq=12 late=661 sos=true")
    assert story.alerts() == ["sos"], "the same press again is not another one"


def test_entering_her_perimeter_rings_again_though_a_zone_is_already_breached() -> None:
    story = Story(pair(zones=(circle(300.0, 0.0),))).tell(
        """
        0:00  her  0  5000  speed=0
        0:01  him  0    10  speed=0
        1:00  him  0    10  speed=0
        1:01  her  0  3000
        1:30  her  0  1200
        1:45  her  0   300
        """
    )
    breaches = [t for t in story.transitions if t.reason.word == "breach"]
    assert [t.zone for t in breaches] == ["home", None]
    rung = [n for n in story.notifications if n.channel.value == "bracelet" and n.kind.value == "raise" and n.reason.word == "breach"]
    assert len(rung) == 2


def test_a_cell_fix_alone_warns_and_never_says_breach() -> None:
    story = calm().tell("5:00 him 0 100 source=lbs accuracy=600\n5:30 her 0 0\n9:00 him 0 100 source=lbs accuracy=600")
    assert "breach" not in story.alerts()
    assert story.level != "calm"


def test_not_seen_yet_is_somebodys_work_only_after_five_minutes() -> None:
    """At every start each order is unseen for a minute: a control room that is told so a thousand times reads nothing else."""
    quick = Story().tell("0:00 her 0 0\n1:00 him 0 6000\n9:00 wait")
    assert not [n for n in quick.notifications if n.reason.word in ("not_seen_yet", "seen")]
    slow = Story().tell("0:00 her 0 0\n4:59 wait\n")
    assert slow.notifications == []
    told = [n for n in slow.tell("5:01 wait").notifications if n.reason.word == "not_seen_yet"]
    assert told
    assert {n.audience.value for n in told} == {"dispatch"}


def test_a_place_that_came_as_history_and_is_confirmed_by_lying_still_is_a_place_of_now() -> None:
    """Out of a coverage hole her bracelet sends an old fix, then says each minute that it has not moved: who comes is seen."""
    lies = "\n".join(f"{k}:00 her 0 0 speed=0 seq={k + 1}\n{k}:05 him 0 6000" for k in range(5))
    still = "\n".join(f"{7 + k}:10 her nofix moving=false seq={20 + k}\n{7 + k}:30 him 0 {3_000 - 500 * k}" for k in range(6))
    story = Story().tell(f"{lies}\n6:40 her 0 0 speed=0 late=75 seq=19\n{still}\n13:00 wait")
    assert "approach" in story.alerts()
    assert "breach" in story.alerts()
