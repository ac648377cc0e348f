"""Encounters made of recordings: what of a folder can be used, that nothing but the place and the turn changes, and what comes out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.detection import curve
from benchmarks.detection.__main__ import main
from benchmarks.detection.encounters import ENCOUNTER_S, MISS_M, Encounter, Player, encounter
from benchmarks.detection.judge import OURS
from benchmarks.detection.real import World, met, one_encounter
from benchmarks.detection.score import MARGIN_M
from benchmarks.detection.tracks import Folder, read_folder
from config.errors import BadInput
from geofence.geodesy import moved

HEADER = "t,recv_t,lat,lon,acc,speed,course,src,nsat,ref_lat,ref_lon"
R = 300.0


def drive_csv(path: Path, heading_deg: float, *, error_m: float = 3.0, hole_at: int = 10_000, reference: bool = True, seconds: int = 420, acc: str = "") -> None:
    """A car at 10 m/s in one direction, measured `error_m` to its right."""
    lines, way = [HEADER], np.radians(heading_deg)
    for t in range(seconds):
        if hole_at <= t < hole_at + 40:
            continue
        east, north = 10.0 * t * np.sin(way), 10.0 * t * np.cos(way)
        true = moved(30.0, 114.0, east, north)
        seen = moved(30.0, 114.0, east + error_m * np.cos(way), north - error_m * np.sin(way))
        ref = f"{true[0]:.7f},{true[1]:.7f}" if reference else ","
        lines.append(f"{1_600_000_000 + t},{1_600_000_000.8 + t},{seen[0]:.7f},{seen[1]:.7f},{acc},,,gps,12,{ref}")
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    (tmp_path / "cars").mkdir()
    for name, heading in (("A-1_P1", 0.0), ("A-1_P2", 0.0), ("B-1_P1", 70.0), ("C-1_P1", 200.0)):
        drive_csv(tmp_path / "cars" / f"{name}.csv", heading)
    drive_csv(tmp_path / "cars" / "X-1_P1.csv", 10.0, reference=False)
    steps = [f"{5 * k},{6 * k},{0},{'OnFoot' if k > 10 else 'Driving'}" for k in range(60)]
    (tmp_path / "walk.csv").write_text("\n".join(["t,x,y,activity", *steps]) + "\n")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    return tmp_path


def some(folder: Folder, count: int = 40) -> list[Encounter]:
    return [e for seed in range(count) if (e := encounter(folder, seed, R)) is not None]


def test_a_folder_is_read_as_far_as_it_can_be_used(recordings: Path) -> None:
    folder = read_folder(recordings)
    assert [r.name for r in folder.recordings] == ["A-1_P1", "A-1_P2", "B-1_P1", "C-1_P1"]
    assert (len(folder.walks), folder.unused) == (1, 2)
    assert folder.walks[0].fix_s[-1] == pytest.approx(240.0)
    first = folder.recordings[0]
    assert np.hypot(*(first.measured_xy - first.true_xy).T) == pytest.approx(np.full(420, 3.0), abs=0.05)
    assert first.late_s == pytest.approx(np.full(420, 0.8), abs=0.01)
    assert first.true_xy[100] == pytest.approx([0.0, 1_000.0], abs=0.05)


def test_a_hole_in_the_reference_ends_a_piece_and_a_short_piece_is_none(recordings: Path) -> None:
    drive_csv(recordings / "cars" / "B-1_P1.csv", 70.0, hole_at=300, seconds=700)
    drive_csv(recordings / "cars" / "C-1_P1.csv", 70.0, hole_at=200, seconds=420)
    assert [(r.name, r.end_s) for r in read_folder(recordings).recordings[2:]] == [("B-1_P1", 299.0), ("B-1_P1", 359.0)]


def test_two_recordings_meet_with_their_own_errors_whichever_way_they_are_turned(recordings: Path) -> None:
    folder = read_folder(recordings)
    made = some(folder)
    assert len(made) > 20
    for e in made:
        assert e.distance_m[:30].min() >= R + MARGIN_M, "he begins outside"
        assert e.distance_m.min() <= R + MISS_M, "and comes near"
        assert len(e.distance_m) <= ENCOUNTER_S
        for phone in (e.her, e.his):
            assert np.hypot(*(phone.measured_xy - phone.true_xy).T) == pytest.approx(np.full(len(phone.fix_s), 3.0), abs=0.05)
            assert np.hypot(*(phone.true_xy[5] - phone.truth[int(phone.fix_s[5])])) < 11.0
        assert not e.name.split("(")[1].startswith("A-1") or "to A-1" not in e.name, "never two phones of one journey"
    kinds = {e.name.rsplit(" ", 1)[1] for e in made}
    assert kinds == {"rest)", "foot)", "driving)"}
    moved_course = [float(np.nanmedian(e.his.course_deg)) for e in made[:8]]
    ways = [np.degrees(np.arctan2(*(e.his.truth[-1] - e.his.truth[0]))) % 360 for e in made[:8]]
    assert [abs((a - b + 180) % 360 - 180) < 6 for a, b in zip(moved_course, ways, strict=True)] == [True] * 8, "the course turns with the way"


def test_an_accuracy_that_is_recorded_stays_and_a_missing_one_is_a_phones_or_none(recordings: Path) -> None:
    assert all(np.isnan(e.his.accuracy_m).all() for seed in range(5) if (e := encounter(read_folder(recordings), seed, R, claims=False)))
    assert all(1.5 < np.median(e.his.accuracy_m) < 4.0 for e in some(read_folder(recordings), 5))
    for name, heading in (("A-1_P1", 0.0), ("A-1_P2", 0.0), ("B-1_P1", 70.0), ("C-1_P1", 200.0)):
        drive_csv(recordings / "cars" / f"{name}.csv", heading, acc="7.5")
    assert all((e.his.accuracy_m == 7.5).all() for e in some(read_folder(recordings), 5))


def test_a_player_sends_the_first_fix_of_each_interval_when_it_was_logged(recordings: Path) -> None:
    phone = some(read_folder(recordings), 5)[0].his
    player = Player(1, phone, 10, 3.0)
    reports = [r for _ in range(10) if (r := player.report()) is not None]
    steps = np.diff([r.fix_s for r in reports])
    assert (steps > 8.9).all()
    assert (steps < 11.1).all()
    assert [r.arrival_s - r.fix_s for r in reports] == pytest.approx([0.8] * len(reports), abs=0.01)
    player.command(50.0, 5, report_now=True)
    assert player.interval_s == 10.0, "a fixed interval is kept"
    asked = Player(1, phone, None, 100.0)
    asked.command(50.0, 5, report_now=True)
    assert (asked.interval_s, asked.next_s) == (5.0, 50.0)


def test_the_same_seed_gives_the_same_scores_and_whoever_drives_up_to_her_is_found(recordings: Path) -> None:
    world = World(read_folder(recordings), R, 2_000.0, 10)
    first, again = one_encounter(world, 3), one_encounter(world, 3)
    assert {k: vars(s) for k, s in first.items()} == {k: vars(s) for k, s in again.items()} != {}
    scores, last = met(world, 0, 12, 1)
    assert (scores[OURS].mandatory, scores[OURS].found, scores[OURS].false) == (12, 12, 0)
    assert last >= 11


def test_a_folder_without_anything_usable_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BadInput, match="fewer than two"):
        read_folder(tmp_path)
    drive_csv(tmp_path / "A_1.csv", 0.0, acc="x")
    with pytest.raises(BadInput, match=r"A_1.csv:2: acc: not a number"):
        read_folder(tmp_path)
    monkeypatch.setattr("sys.argv", ["detection", "--tracks", str(tmp_path / "absent")])
    assert main() == 2
    assert capsys.readouterr().err.strip() == f"{tmp_path / 'absent'}: no such folder"


def test_the_table_of_a_folder_is_printed(recordings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["detection", "--tracks", str(recordings), "--seed", "0", "--episodes", "5", "--jobs", "1"])
    assert main() == 0
    printed = capsys.readouterr().out
    assert "4 recordings and 1 walks (2 files not usable), R = 300 m, W = 2000 m, interval 10" in printed
    assert "| **Resguardo** | 5/5 (" in printed


def test_a_point_of_the_curve_is_what_the_table_of_the_same_encounters_says(recordings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(curve, "EPISODES", 5)
    monkeypatch.setattr("sys.argv", ["curve", "--one", "--tracks", str(recordings), "--seed", "0"])
    assert curve.main() == 0
    point, (scores, _) = json.loads(capsys.readouterr().out), met(World(read_folder(recordings), R, 2_000.0, 10), 0, 5, 1)
    assert (point["all"], point["found_all"], point["false"], point["days"]) == (5, 5, 0, scores[OURS].days)
    monkeypatch.setattr("sys.argv", ["curve", "--tracks", str(recordings / "absent")])
    assert curve.main() == 2
