"""Promises of `resguardo feasibility`: what a judge reads follows from the tracks, and every fault in them is named."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from config.errors import BadInput
from geofence.terms import Circle, IncidentId, Level, OrderId, Polygons, Position, Reason, Role, Transition, Zone, ZoneId, ZoneKind
from monitor.__main__ import main
from monitor.feasibility import Seen, add, hints, outside_m, quantile, study, true_entries
from monitor.tracks import Fix, Place, Track, read_track, read_tracks
from tests.pings import HOME, at, pair

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "feasibility"
NOON_S = 1_767_614_400  # 2026-01-05T12:00:00Z


def track(role: Role, *legs: tuple[float, float, float], from_s: float = 0.0) -> Track:
    """A fix every ten seconds along (seconds, east, north) knots, ten metres of error claimed and none made."""
    fixes = []
    for (s0, e0, n0), (s1, e1, n1) in pairwise(legs):
        for s in range(int(s0), int(s1), 10):
            share = (s - s0) / (s1 - s0)
            lat, lon = at(e0 + share * (e1 - e0), n0 + share * (n1 - n0))
            fixes.append(Fix(round((NOON_S + from_s + s) * 1000), lat, lon, 10.0, None, None, "gps"))
    return Track(role.word, role, fixes, fixes)


HER_STILL = track(Role.PROTECTED, (0, 0, 0), (7200, 0, 0))
HE_WALKS_BY = track(Role.RESPONDENT, (0, 0, 4000), (2400, 0, 700), (4800, 0, 700), (7200, 0, 4000))
HE_COMES = track(Role.RESPONDENT, (0, 0, 4000), (2400, 0, 150), (4800, 0, 150), (7200, 0, 4000))
ORDER = pair(warning_m=1500.0).orders[0]


def test_an_approach_is_one_emergency_where_the_perimeter_reaches_it_and_none_where_not() -> None:
    small, large = study(ORDER, [HER_STILL, HE_COMES], [100.0, 500.0])
    assert (small.entries, small.emergencies_per_week) == (0, 0.0)
    assert large.entries == 1
    assert large.emergencies_per_week == pytest.approx(168.0 / 2.0, rel=0.01), "one in two hours"
    assert large.unannounced == 0
    assert large.lead_p50_s is not None
    assert 120.0 <= large.lead_p50_s <= 1200.0
    assert small.warnings_per_week == large.warnings_per_week
    assert study(ORDER, [HER_STILL, HE_WALKS_BY], [500.0])[0].entries == 0


def test_hours_without_a_fix_are_blind_minutes() -> None:
    dark = Track("dark", Role.RESPONDENT, *[[f for f in HE_WALKS_BY.fixes if not 2_400_000 < f.at_ms - NOON_S * 1000 < 4_800_000]] * 2)
    seen, blind = study(ORDER, [HER_STILL, HE_WALKS_BY], [300.0])[0], study(ORDER, [HER_STILL, dark], [300.0])[0]
    assert seen.blind_min_per_day == 0.0
    assert blind.blind_min_per_day == seen.blind_min_per_day, "what was said before sight was lost, a warning, still stands"
    far = [Fix(f.at_ms, *at(20_000, 0), 10.0) if f.at_ms < NOON_S * 1000 + 600_000 else f._replace(at_ms=f.at_ms + 4_000_000) for f in dark.fixes[:100]]
    assert study(ORDER, [HER_STILL, Track("far", Role.RESPONDENT, far, far)], [300.0])[0].blind_min_per_day > 60.0


def test_the_lead_is_counted_from_the_first_alert_before_he_is_truly_inside() -> None:
    """The entry is an independent one: straight lines between the fixes, looked at every five seconds."""
    first, last = HE_COMES.fixes[0].at_ms, HE_COMES.fixes[-1].at_ms
    ((came, left),) = true_entries(HE_COMES, HER_STILL, 500.0, first, last)
    assert (came - first) / 1000 == pytest.approx(2400 * 3500 / 3850, abs=6)
    assert (left - first) / 1000 == pytest.approx(4800 + 2400 * 350 / 3850, abs=6)
    assert true_entries(HE_COMES, HER_STILL, 4500.0, first, last) == [], "who was inside from the start has not come in"
    said = transitions((came - 90_000, Level.CALM, Level.WARNING), (came + 5_000, Level.WARNING, Level.EMERGENCY), (left, Level.EMERGENCY, Level.CALM))
    seen = Seen()
    add(seen, said, [(came, left)], first, last)
    assert (seen.leads_s, seen.emergencies, seen.warnings, seen.unannounced) == ([90.0], 1, 1, 0)
    late = Seen()
    add(late, said, [(came - 7_200_000, came - 3_600_000)], first, last)
    assert (late.leads_s, late.unannounced) == ([], 1)


def transitions(*changes: tuple[int, Level, Level]) -> list[Transition]:
    return [Transition(at_ms, OrderId("O1"), IncidentId("i"), a, b, Reason.APPROACH, None) for at_ms, a, b in changes]


def square(side_m: float) -> Zone:
    half = side_m / 2
    ring = tuple(Position(*at(e, n)) for e, n in ((-half, -half), (half, -half), (half, half), (-half, half)))
    return Zone(ZoneId("s"), ZoneKind.EXCLUSION, Polygons(((ring,),)), 0.0)


def test_quantiles_are_values_that_occurred() -> None:
    assert quantile([], 0.5) is None
    assert quantile([10.0, 20.0, 30.0], 0.5) == 20.0
    assert quantile([float(k) for k in range(1, 11)], 0.1) == 1.0


def test_tracks_of_other_days_meet_at_the_same_time_of_day_and_others_do_not() -> None:
    years = 3 * 365 * 86_400.0
    other_year = track(Role.PROTECTED, (0, 0, 0), (7200, 0, 0), from_s=years)
    assert study(ORDER, [other_year, HE_COMES], [500.0])[0].entries == 1
    with pytest.raises(BadInput, match="ten minutes of the day"):
        study(ORDER, [track(Role.PROTECTED, (0, 0, 0), (7200, 0, 0), from_s=8 * 3600), HE_COMES], [500.0])


def test_the_places_alone_say_what_cannot_work() -> None:
    zone = Zone(ZoneId("school"), ZoneKind.EXCLUSION, Circle(Position(*at(2000, 0)), 100.0), 50.0)
    city = Zone(ZoneId("city"), ZoneKind.INCLUSION, Circle(HOME, 1900.0), 0.0)
    order = pair(zones=(zone, city), warning_m=1500.0).orders[0]
    hers = Track("h", Role.PROTECTED, (), (), (Place("home", HOME),))
    his = Track("r", Role.RESPONDENT, (), (), (Place("home", Position(*at(400, 0))), Place("work", Position(*at(2140, 0)))))
    assert hints(order, [hers, his], [300.0, 500.0]) == [
        "his home is 400 m from her home: an emergency whenever both are there, with a perimeter of 500 m",
        "his home is 400 m from her home: within the warning distance of a perimeter of 300 m",
        "his work lies 40 m from, and in the buffer of, zone school, which bars him",
        "his work lies 240 m outside zone city, which he must stay in",
    ]
    assert outside_m(square(200.0), Position(*at(0, 130))) == pytest.approx(30.0, abs=0.2)
    assert outside_m(square(200.0), Position(*at(0, 0))) == pytest.approx(-100.0, abs=0.2)


def test_a_drawn_day_is_where_it_says_and_reported_with_errors_of_its_seed() -> None:
    day = read_track(EXAMPLE / "respondent.geojson", 1)
    assert [place.name for place in day.places] == ["home", "work"]
    noon = round(datetime(2026, 1, 5, 18, tzinfo=UTC).timestamp() * 1000)  # Querétaro keeps UTC-6
    work = day.places[1].position
    assert day.true_position(noon) == pytest.approx((work.lat_deg, work.lon_deg), abs=1e-9)
    said = day.newest(noon)
    assert said is not None
    assert 0.0 < abs(said.lat_deg - work.lat_deg) < 0.0003
    assert read_track(EXAMPLE / "respondent.geojson", 1).fixes == day.fixes
    assert read_track(EXAMPLE / "respondent.geojson", 2).fixes != day.fixes


GOOD = "t,lat,lon,acc\n1767614400,20.5,-100.4,8\n1767614460,20.5,-100.4,8\n"
DAY = '{"type":"FeatureCollection",\n"features":[\n{"type":"Feature","properties":{%s},\n"geometry":{"type":"LineString","coordinates":%s}}]}'
FAULTS = [
    ("respondent.csv", "x,lat,lon\n1,2,3\n", r"respondent\.csv:1: there is no column t"),
    ("respondent.csv", GOOD + "oops,20.5,-100.4,8\n", r"respondent\.csv:4 t: is not a number"),
    ("respondent.csv", GOOD + "1767614500,920.5,-100.4,8\n", r"respondent\.csv:4 lat: is out of range"),
    ("respondent.csv", GOOD + "1767614500,20.5,nan,8\n", r"respondent\.csv:4 lon: is out of range"),
    ("respondent.csv", GOOD + "1767614500,20.5,-100.4,-8\n", r"respondent\.csv:4 acc: is out of range"),
    ("respondent.csv", GOOD + ",20.5,-100.4,8\n", r"respondent\.csv:4 t: is empty"),
    ("respondent.csv", "t,lat,lon\n1767614400,20.5,-100.4\n", "fewer than two fixes"),
    ("respondent.csv", b"t,lat,lon\n\xff\xfe", "is not CSV in UTF-8"),
    ("somebody.csv", GOOD, "whose track is it"),
    ("respondent.gpx", GOOD, r"neither \.csv nor \.geojson"),
    ("respondent.geojson", "[", r"is not JSON: line 1"),
    ("respondent.geojson", "[]", "is not a FeatureCollection"),
    ("respondent.geojson", DAY % ('"depart":"7h","speed_mps":1', "[[1,2],[1,3]]"), r"geojson:3 features\[0\] depart: is not a time"),
    ("respondent.geojson", DAY % ('"depart":"07:00","speed_mps":0', "[[1,2],[1,3]]"), r"features\[0\] speed_mps: is not a speed"),
    ("respondent.geojson", DAY % ('"depart":"07:00","speed_mps":1', "[[1,2],[1,930]]"), r"features\[0\] coordinates: a point"),
    ("respondent.geojson", DAY % ('"depart":"07:00","speed_mps":1', "[[1,2]]"), "a way needs two points"),
    ("respondent.geojson", DAY % ('"speed_mps":1', "[[1,2],[1,3]]"), "needs a geometry"),
]


@pytest.mark.parametrize(("name", "text", "words"), FAULTS, ids=[f"{n}-{w[:40]}" for n, (_, _, w) in enumerate(FAULTS)])
def test_a_fault_in_a_track_names_file_line_and_column_and_no_value(tmp_path: Path, name: str, text: str | bytes, words: str) -> None:
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadInput, match=words) as fault:
        read_track(tmp_path / name, 1)
    assert not any(value in str(fault.value) for value in ("20.5", "100.4", "oops", "920"))


def test_both_parties_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "respondent").mkdir()
    (tmp_path / "respondent" / "monday.csv").write_text(GOOD)
    with pytest.raises(BadInput, match="no track of a protected person"):
        read_tracks([tmp_path], 1)
    (tmp_path / "protected-1.csv").write_text(GOOD)
    assert [one.role for one in read_tracks([tmp_path], 1)] == [Role.PROTECTED, Role.RESPONDENT]


def test_the_command_prints_a_table_or_json_and_the_same_each_time(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "protected.csv").write_text(csv_of(HER_STILL))
    (tmp_path / "respondent.csv").write_text(csv_of(HE_COMES))
    words = ["feasibility", "--order", str(EXAMPLE / "order.toml"), "--tracks", str(tmp_path), "--radii", "500,100"]
    assert main(words) == 0
    text = capsys.readouterr().out
    assert [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("|")] == ["radius m", "---:", "100", "500"]
    assert main([*words, "--json"]) == 0
    first = capsys.readouterr().out
    assert [row["radius_m"] for row in json.loads(first)["radii"]] == [100.0, 500.0]
    assert main([*words, "--json"]) == 0
    assert capsys.readouterr().out == first


@pytest.mark.parametrize(("more", "words"), [(["--radii", "x"], "--radii"), (["--radii", "0"], "--radii"), (["--id", "none"], "no order of that --id")])
def test_wrong_words_are_one_clear_line(capsys: pytest.CaptureFixture[str], more: list[str], words: str) -> None:
    assert main(["feasibility", "--order", str(EXAMPLE / "order.toml"), "--tracks", str(EXAMPLE), *more]) == 2
    assert words in capsys.readouterr().err


def test_several_orders_ask_which(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["feasibility", "--order", str(ROOT / "config" / "orders.example.toml"), "--tracks", str(EXAMPLE)]) == 2
    assert "name one with --id" in capsys.readouterr().err


def csv_of(one: Track) -> str:
    return "t,lat,lon,acc,src\n" + "".join(f"{f.at_ms / 1000:.1f},{f.lat_deg:.7f},{f.lon_deg:.7f},{f.accuracy_m},gps\n" for f in one.fixes)
