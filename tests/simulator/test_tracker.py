"""What a simulated device promises, and what its network does to it."""

import itertools
import random
import statistics

import pytest

from simulator.network import PERFECT, Network, NetworkQuality, random_outages
from simulator.people import Itinerary, Leg, Mode, Whereabouts
from simulator.receiver import Receiver
from simulator.tracker import Tracker, TrackerTraits
from simulator.world import Sky, to_plane

START_MS = 1_772_460_000_000
AT_HOME = Itinerary((Leg(START_MS, START_MS + 86_400_000, (2_000.0, 2_000.0), (2_000.0, 2_000.0), Mode.WALK),))


def tracker(traits: TrackerTraits | None = None, itinerary: Itinerary = AT_HOME) -> Tracker:
    return Tracker(itinerary, traits or TrackerTraits(), random.Random(5), start_ms=START_MS)


def reports(device: Tracker, count: int) -> list:
    return [device.report(device.next_report_ms) for _ in range(count)]


def test_a_ping_carries_what_the_contract_requires() -> None:
    [report] = reports(tracker(), 1)
    payload = report.payload
    assert {"v", "boot", "seq", "at", "fix", "battery", "strap", "sos"} <= payload.keys()
    assert payload["v"] == 1
    assert {"at", "lat", "lon", "accuracy"} <= payload["fix"].keys()
    assert payload["fix"]["accuracy"] > 0.0


def test_seq_rises_by_one() -> None:
    assert [r.seq for r in reports(tracker(), 5)] == [1, 2, 3, 4, 5]


def test_pings_are_kept_until_their_receipt_newest_first() -> None:
    device = tracker()
    reports(device, 4)
    assert [r.seq for r in device.kept()] == [4, 3, 2, 1]
    device.forget(1, 2)
    assert [r.seq for r in device.kept()] == [4, 3]


def test_a_commanded_interval_is_obeyed_at_once_and_kept() -> None:
    device = tracker()
    reports(device, 1)
    now_ms = device.next_report_ms - 50_000
    device.obey({"interval_s": 5}, now_ms)
    assert device.next_report_ms == now_ms + 5_000
    moments = [r.made_ms for r in reports(device, 4)]
    assert all(4_800 <= b - a <= 5_200 for a, b in itertools.pairwise(moments))


def test_report_now_means_now() -> None:
    device = tracker()
    reports(device, 1)
    device.obey({"report": "now"}, START_MS + 7_000)
    assert device.next_report_ms == START_MS + 7_000


def test_the_button_reports_without_waiting_for_the_interval() -> None:
    device = tracker(TrackerTraits(sos_ms=(START_MS + 30_000,)))
    said = [(r.made_ms, r.payload["sos"]) for r in reports(device, 4)]
    assert (START_MS + 30_000, True) in said
    assert said[0][1] is False
    assert said[-1][1] is False


def test_a_cut_strap_reports_at_once_and_stays_cut() -> None:
    device = tracker(TrackerTraits(strap_cut_ms=START_MS + 30_000))
    straps = {r.made_ms: r.payload["strap"] for r in reports(device, 5)}
    assert straps[START_MS + 30_000] == "cut"
    assert [strap for _, strap in sorted(straps.items())] == ["closed", "cut", "cut", "cut", "cut"]


def test_a_dead_device_says_nothing_and_a_blind_one_has_no_position() -> None:
    device = tracker(TrackerTraits(dead=((START_MS, START_MS + 100_000),), no_fix=((START_MS + 100_000, START_MS + 200_000),)))
    made = reports(device, 6)
    assert made[0] is None
    assert made[1] is None
    assert "fix" not in made[2].payload
    assert "fix" in made[5].payload


def test_a_wrong_clock_is_wrong_in_the_ping_only() -> None:
    [report] = reports(tracker(TrackerTraits(clock_offset_ms=-86_400_000)), 1)
    assert report.payload["at"] == report.made_ms - 86_400_000
    assert report.fix_ms == report.made_ms


def test_the_battery_drains_and_charges() -> None:
    drained = reports(tracker(TrackerTraits(battery_percent=50.0)), 120)[-1].payload["battery"]
    charged = reports(tracker(TrackerTraits(battery_percent=50.0, charging=((START_MS, START_MS + 86_400_000),))), 60)[-1].payload[
        "battery"
    ]
    assert drained < 48
    assert charged > 80


def test_satellite_error_is_as_large_as_its_sky_and_lasts_for_minutes() -> None:
    by_sky, neighbours = {}, []
    for sky in (Sky.OPEN, Sky.URBAN, Sky.CANYON):
        errors = []
        for seed in range(60):
            receiver = Receiver(random.Random(seed))
            where = Whereabouts((0.0, 0.0), 5.0, 90.0, sky)
            fixes = [to_plane(fix.lat_deg, fix.lon_deg) for fix in (receiver.solve(where, t) for t in range(0, 600_000, 10_000))]
            errors += [x for x, _ in fixes]
            neighbours += [(a[0], b[0]) for a, b in itertools.pairwise(fixes)]
        by_sky[sky] = statistics.median(abs(x) for x in errors)
    assert by_sky[Sky.OPEN] < 3.0 < by_sky[Sky.URBAN] < 9.0 < by_sky[Sky.CANYON]
    assert statistics.correlation(*zip(*neighbours, strict=True)) > 0.6


def test_accuracy_is_optimistic() -> None:
    receiver = Receiver(random.Random(3))
    where = Whereabouts((0.0, 0.0), 5.0, 90.0, Sky.URBAN)
    fixes = [receiver.solve(where, t) for t in range(0, 40_000_000, 20_000)]
    within = sum(fix.error_m < fix.accuracy_m for fix in fixes) / len(fixes)
    assert 0.4 < within < 0.66


def test_indoors_the_device_falls_back_to_wifi_and_cells() -> None:
    receiver = Receiver(random.Random(4))
    sources = {receiver.solve(Whereabouts((0.0, 0.0), 0.0, 0.0, Sky.INDOOR), t).source for t in range(0, 200_000_000, 600_000)}
    assert sources == {"gps", "wifi", "lbs"}


def test_coverage_ends_and_returns_when_the_windows_say() -> None:
    network = Network(random.Random(1), PERFECT, ((1_000, 2_000), (5_000, 6_000)))
    assert [network.down_until_ms(t) for t in (999, 1_000, 1_999, 2_000, 5_500, 6_000)] == [None, 2_000, 2_000, None, 6_000, None]


def test_outages_are_as_frequent_as_asked() -> None:
    windows = random_outages(random.Random(1), start_ms=0, end_ms=3_600_000_000, per_h=0.35)
    assert len(windows) == pytest.approx(350, rel=0.2)
    assert all(60_000 <= until - start <= 480_000 for start, until in windows)
    assert random_outages(random.Random(1), start_ms=0, end_ms=3_600_000_000, per_h=0.0) == ()


def test_messages_arrive_late_sometimes_twice_and_out_of_order() -> None:
    network = Network(random.Random(1), NetworkQuality(duplicate_chance=0.1, reorder_chance=0.1), ())
    copies = [network.arrivals_ms(sent_ms) for sent_ms in range(0, 2_000_000, 1_000)]
    assert sum(len(c) == 2 for c in copies) == pytest.approx(200, rel=0.3)
    assert all(first > sent for sent, (first, *_) in zip(range(0, 2_000_000, 1_000), copies, strict=True))
    assert any(a[0] > b[0] for a, b in itertools.pairwise(copies))
