"""The world in virtual time, and the auditor, with judges that are wrong in known ways."""

import json
from dataclasses import replace
from pathlib import Path
from statistics import correlation

import pytest

from geofence.terms import Circle, IncidentId, Level, Position, Reason, Transition
from simulator.approach import Approach
from simulator.auditor import Fault, Verdict, audit
from simulator.network import PERFECT
from simulator.scenario import PairPlan, Scenario, build
from simulator.tracker import TrackerTraits
from simulator.truth import truth
from simulator.virtual import Story, VirtualWorld, write_pings

BREACH = PairPlan(Approach.DRIVE_TO_CONTACT, at_s=300.0, zone=False, quality=PERFECT)


def world(*plans: PairPlan, seconds: float = 1_800.0) -> Scenario:
    return build(list(plans), seed=11, duration_s=seconds)


def said(scenario: Scenario, at_ms: int, level: Level, reason: Reason, before: Level = Level.CALM) -> Transition:
    return Transition(at_ms, scenario.pairs[0].order.id, IncidentId("i"), before, level, reason, None)


def test_time_never_runs_backwards_and_one_seed_gives_one_story(naive) -> None:
    def story() -> Story:
        scenario = build([BREACH, PairPlan()], seed=4)
        return VirtualWorld(scenario, naive(scenario.registry(), commanded_s=10)).run()

    one, two = story(), story()
    assert one.arrivals == two.arrivals
    assert [a.at_ms for a in one.arrivals] == sorted(a.at_ms for a in one.arrivals)
    assert one.transitions == two.transitions


def test_commands_change_how_often_devices_report(naive) -> None:
    def pings(commanded_s: int | None) -> int:
        scenario = world(BREACH)
        return len(VirtualWorld(scenario, naive(scenario.registry(), commanded_s=commanded_s)).run().sightings)

    assert pings(5) > 5 * pings(None)


def test_after_a_hole_in_the_coverage_every_ping_arrives_newest_first(naive) -> None:
    scenario = world(PairPlan(Approach.NONE, zone=False, traits=TrackerTraits(interval_s=5), quality=PERFECT))
    down_ms, up_ms = scenario.start_ms + 400_000, scenario.start_ms + 800_000
    [pair] = scenario.pairs
    device = pair.protected.device
    holed = replace(pair, protected=replace(pair.protected, outages=((down_ms, up_ms),)))
    scenario = replace(scenario, pairs=(holed,))
    story = VirtualWorld(scenario, naive(scenario.registry())).run()
    hers = [s for s in story.sightings if s.device == device]
    assert not [s for s in hers if down_ms + 20_000 < s.arrived_ms < up_ms]
    late = [s.fix_ms for s in hers if down_ms < s.fix_ms < up_ms]
    assert len(late) >= 75
    assert correlation(range(len(late)), late) < -0.9  # newest first, give or take the network's own disorder


def test_a_lost_link_holds_messages_back_and_is_said(naive) -> None:
    start_ms = world(BREACH).start_ms
    hole = ((start_ms + 60_000, start_ms + 300_000),)
    scenario = build([BREACH], seed=11, duration_s=600.0, link_outages=hole)
    story = VirtualWorld(scenario, naive(scenario.registry(), commanded_s=10)).run()
    links = [(a.at_ms - start_ms, json.loads(a.payload)["up"]) for a in story.arrivals if a.topic == "monitor/link"]
    assert links == [(0, True), (60_000, False), (300_000, True)]
    assert not [a for a in story.arrivals if hole[0][0] < a.at_ms < hole[0][1]]
    assert sum(a.at_ms == hole[0][1] for a in story.arrivals) > 20


def test_the_pings_file_is_one_envelope_a_line(tmp_path: Path, naive) -> None:
    scenario = world(BREACH, seconds=120.0)
    story = VirtualWorld(scenario, naive(scenario.registry())).run()
    assert write_pings(tmp_path / "pings.jsonl", story) == len(story.arrivals)
    rows = [json.loads(line) for line in (tmp_path / "pings.jsonl").read_text().splitlines()]
    assert all(row.keys() == {"at_ms", "topic", "payload"} for row in rows)
    assert [(row["at_ms"], row["topic"], row["payload"]) for row in rows] == [
        (a.at_ms, a.topic, json.loads(a.payload)) for a in story.arrivals
    ]


def test_a_plain_threshold_on_a_plain_world_keeps_its_promise(naive) -> None:
    scenario = world(BREACH)
    report = audit(scenario, VirtualWorld(scenario, naive(scenario.registry(), commanded_s=10)).run())
    assert report.verdict is Verdict.KEPT
    assert len(report.judged) == 1


def test_a_mute_monitor_misses(naive) -> None:
    scenario = world(BREACH)
    report = audit(scenario, VirtualWorld(scenario, naive(scenario.registry(), commanded_s=10, mute=True)).run())
    assert report.verdict is Verdict.MISSED


def test_a_breach_that_no_fix_shows_is_unknown_and_unwarned_only_if_shown_calm() -> None:
    scenario = world(PairPlan(Approach.SILENCED, at_s=300.0, distance_m=6_000.0, zone=False))
    [episode] = [e for e in truth(scenario)[scenario.pairs[0].order.id].episodes() if e.mandatory]
    calm = said(scenario, scenario.start_ms, Level.CALM, Reason.SEEN)
    warned = said(scenario, episode.from_ms - 60_000, Level.CAUTION, Reason.CANNOT_SEE_RESPONDENT)
    unwarned, unseen = audit(scenario, Story(transitions=[calm])), audit(scenario, Story(transitions=[calm, warned]))
    assert (unwarned.verdict, unwarned.count(Fault.UNWARNED)) == (Verdict.UNKNOWN, 1)
    assert (unseen.verdict, unseen.count(Fault.UNWARNED)) == (Verdict.UNKNOWN, 0)


@pytest.mark.parametrize(
    ("level", "reason", "after_entry_ms", "warned"),
    [
        (Level.CAUTION, Reason.CANNOT_SEE_PROTECTED, -1, True),
        (Level.WARNING, Reason.APPROACH, -1, True),
        (Level.CAUTION, Reason.BATTERY, -1, False),
        (Level.CAUTION, Reason.CANNOT_SEE_RESPONDENT, 1, False),
    ],
    ids=["blind", "coming", "only a battery", "after contact"],
)
def test_to_be_warned_is_to_be_told_by_contact_that_he_comes_or_cannot_be_seen(
    level: Level, reason: Reason, after_entry_ms: int, warned: bool
) -> None:
    scenario = world(PairPlan(Approach.SILENCED, at_s=300.0, distance_m=6_000.0, zone=False))
    true = truth(scenario)[scenario.pairs[0].order.id]
    [episode] = [e for e in true.episodes() if e.mandatory]
    contact_ms = int(true.protected.at_ms[(true.protected.at_ms >= episode.from_ms) & (true.distance_m < 50.0)][0])
    calm = said(scenario, scenario.start_ms, Level.CALM, Reason.SEEN)
    report = audit(scenario, Story(transitions=[calm, said(scenario, contact_ms + after_entry_ms, level, reason)]))
    assert report.verdict is Verdict.UNKNOWN
    assert report.count(Fault.UNWARNED) == (0 if warned else 1)


def test_a_noisy_world_shows_the_plain_threshold_to_cry_wolf(naive) -> None:
    near = PairPlan(Approach.NONE, distance_m=600.0, zone=False, daily_life=True, traits=TrackerTraits(noise_ratio=2.0))
    scenario = world(near, near, near, seconds=14_400.0)
    report = audit(scenario, VirtualWorld(scenario, naive(scenario.registry(), commanded_s=10)).run())
    assert report.count(Fault.FALSE_ALARM) >= 1


@pytest.mark.parametrize(("late_s", "verdict"), [(-170, Verdict.KEPT), (20, Verdict.KEPT), (170, Verdict.LATE)])
def test_an_alarm_may_be_early_but_not_late(naive, late_s: int, verdict: Verdict) -> None:
    scenario = world(BREACH)
    story = VirtualWorld(scenario, naive(scenario.registry(), commanded_s=10, mute=True)).run()
    [episode] = [e for e in truth(scenario)[scenario.pairs[0].order.id].episodes() if e.mandatory]
    story.transitions = [said(scenario, episode.from_ms + late_s * 1_000, Level.EMERGENCY, Reason.BREACH)]
    assert audit(scenario, story).verdict is verdict


def test_one_alarm_speaks_for_two_places_entered_at_once(naive) -> None:
    scenario = world(replace(BREACH, zone=True))
    episodes = [e for e in truth(scenario)[scenario.pairs[0].order.id].episodes() if e.mandatory]
    first_ms, last_ms = (pick(e.from_ms for e in episodes) for pick in (min, max))
    assert {e.target for e in episodes} == {"perimeter", "home"}
    assert last_ms - first_ms < 60_000
    story = VirtualWorld(scenario, naive(scenario.registry(), commanded_s=10, mute=True)).run()
    entered = replace(said(scenario, first_ms, Level.EMERGENCY, Reason.BREACH), zone="home")
    again = said(scenario, max(e.until_ms for e in episodes), Level.EMERGENCY, Reason.BREACH, Level.EMERGENCY)
    story.transitions = [entered, again]  # the perimeter by name only as he leaves: she had long been told to go
    report = audit(scenario, story)
    assert [one.verdict for one in report.judged] == [Verdict.KEPT, Verdict.KEPT]
    assert sum(one.covered for one in report.judged) == 1
    story.transitions = [replace(entered, reason=Reason.SOS, zone=None), again]  # no breach was said: nothing covers it
    assert {one.verdict for one in audit(scenario, story).judged} <= {Verdict.LATE, Verdict.MISSED}


def test_an_alarm_far_from_any_edge_is_false() -> None:
    scenario = world(PairPlan(Approach.NONE, zone=False))
    alarm = said(scenario, scenario.start_ms + 60_000, Level.EMERGENCY, Reason.BREACH)
    assert audit(scenario, Story(transitions=[alarm])).count(Fault.FALSE_ALARM) == 1


def test_calm_on_the_screen_while_the_fixes_say_inside_is_a_fault(naive) -> None:
    scenario = world(BREACH)
    story = VirtualWorld(scenario, naive(scenario.registry(), commanded_s=10, mute=True)).run()
    assert audit(scenario, story).count(Fault.SHOWN_CALM) == 0
    story.transitions = [said(scenario, scenario.start_ms, Level.CALM, Reason.SEEN, Level.CAUTION)]
    assert audit(scenario, story).count(Fault.SHOWN_CALM) == 1


def test_an_unheard_button_and_a_broken_chain_are_faults(naive) -> None:
    scenario = world(PairPlan(Approach.NONE, zone=False, traits=TrackerTraits(sos_ms=(1_772_460_100_000,)), quality=PERFECT))
    story = VirtualWorld(scenario, naive(scenario.registry())).run()
    assert audit(scenario, story).count(Fault.UNHEARD) == 1
    [(heard_ms, _, _)] = story.signals
    story.transitions = [said(scenario, heard_ms, Level.EMERGENCY, Reason.SOS)]
    assert audit(scenario, story).count(Fault.UNHEARD) == 0
    story.transitions.append(said(scenario, heard_ms + 60_000, Level.CALM, Reason.RESOLVED, Level.WARNING))
    assert audit(scenario, story).count(Fault.BROKEN_CHAIN) == 1


def test_truth_knows_zones_too() -> None:
    scenario = world(PairPlan(Approach.DRIVE_TO_CONTACT, at_s=300.0, zone=True))
    [zone] = scenario.pairs[0].order.zones
    assert isinstance(zone.shape, Circle)
    assert isinstance(zone.shape.centre, Position)
    targets = {e.target for e in truth(scenario)[scenario.pairs[0].order.id].episodes() if e.mandatory}
    assert targets == {"perimeter", "home"}
