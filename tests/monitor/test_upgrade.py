"""Promises of a start after an upgrade: what can be read is used, what cannot costs a day of the journal at most, and it can be prepared."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import geofence
from alerts.terms import Notification
from config.errors import BadInput
from geofence.terms import OrderId
from monitor import engine as module
from monitor import segments, warm
from monitor.engine import Engine
from monitor.journal import Journal, Record
from monitor.journal_reader import JournalReader
from monitor.recovery import DAY_MS, STALE_MS, Recovered, recover
from monitor.segments import segments_of
from monitor.snapshot import Snapshot, drop_next, read_snapshots, write_next, write_snapshot
from monitor.terms import Envelope
from tests.pings import T0, at, pair

HOUR_MS = 3_600_000


def ping(device: str, seq: int, at_ms: int, east_m: float) -> Envelope:
    lat, lon = at(east_m, 0.0)
    return Envelope(at_ms, f"v1/{device}/ping", b'{"v":1,"boot":1,"seq":%d,"at":%d,"fix":{"at":%d,"lat":%f,"lon":%f,"accuracy":8.0}}' % (seq, at_ms, at_ms, lat, lon))


def hourly(hours: int, his_m: float = 5_000.0, from_hour: int = 0) -> list[Envelope]:
    """Both report once an hour, he so far from her."""
    times = range(from_hour, from_hour + hours)
    return [one for n in times for one in (ping("brc", n, T0 + n * HOUR_MS, 0.0), ping("tag", n, T0 + n * HOUR_MS + 1, his_m))]


async def recorded(directory: Path, envelopes: Sequence[Envelope], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal with a few hours in each of its segments."""
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 1_000)
    journal = Journal.open(directory)
    for first in range(0, len(envelopes), 2):
        await journal.append([Record.of_input(one) for one in envelopes[first : first + 2]])
    journal.close()
    return directory


def begun(journal: Path, snapshots: Path) -> Recovered:
    return recover(JournalReader(journal), snapshots, Engine.restore, lambda: Engine(pair()))


# --- what a snapshot must have in common with its reader --------------------------------------------------------------


def test_another_releases_snapshot_is_read_where_its_numbers_lie_and_mean_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(pair())
    engine.receive(hourly(1, his_m=100.0))
    with monkeypatch.context() as other:
        other.setattr(geofence, "__version__", "0.0.9")
        blob = engine.snapshot()
    assert b"0.0.9" in blob
    assert Engine.restore(blob).standings() == engine.standings() != []


@pytest.mark.parametrize("digest", ["LEDGER_DIGEST", "WORDS_DIGEST"])
def test_what_lies_or_means_otherwise_outside_the_arrays_is_refused_too(digest: str, monkeypatch: pytest.MonkeyPatch) -> None:
    blob = Engine(pair()).snapshot()
    monkeypatch.setattr(module, digest, "another")
    with pytest.raises(ValueError, match="another release"):
        Engine.restore(blob)


# --- without a snapshot -----------------------------------------------------------------------------------------------


async def test_without_a_snapshot_a_day_is_judged_and_no_year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    envelopes = hourly(72)
    journal = await recorded(tmp_path / "journal", envelopes, monkeypatch)
    found = begun(journal, tmp_path / "none")
    judged = envelopes[-found.inputs :]
    assert judged[0].at_ms <= envelopes[-1].at_ms - DAY_MS, "less than a day"
    assert judged[0].at_ms > envelopes[-1].at_ms - DAY_MS - 6 * HOUR_MS, "more than the segment in which that day begins"
    assert found.place == len(envelopes)
    assert found.engine.now_ms == envelopes[-1].at_ms


async def test_a_young_journal_is_judged_from_its_first_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert begun(tmp_path / "journal", tmp_path / "none").place == 0
    journal = await recorded(tmp_path / "journal", hourly(20), monkeypatch)
    assert len(segments_of(journal)) > 3
    assert begun(journal, tmp_path / "none").inputs == 40


async def test_what_was_moved_away_or_is_damaged_stops_no_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = await recorded(tmp_path / "journal", hourly(72), monkeypatch)
    whole = begun(journal, tmp_path / "none")
    began = next(path for path in segments_of(journal) if segments.opening_of(path).first == 144 - whole.inputs)  # type: ignore[union-attr]
    data = bytearray(began.read_bytes())
    data[20] ^= 1  # in its opening: where it stands in the journal is not known any more
    began.write_bytes(data)
    earlier = begun(journal, tmp_path / "none").inputs - whole.inputs
    assert 0 < earlier <= 12, "begun at another segment than the one before"
    for path in segments_of(journal)[:-2]:
        path.unlink()
    rest = begun(journal, tmp_path / "none")
    assert 0 < rest.inputs < whole.inputs
    assert rest.place == 144


async def test_nobody_is_rung_for_what_was_over_before_a_start_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """He was beside her yesterday, and is again: of the first she heard then, perhaps in other words."""
    beside, away, again = hourly(45, 100.0), hourly(15, 5_000.0, 45), hourly(12, 100.0, 60)
    journal = await recorded(tmp_path / "journal", [*beside, *away, *again], monkeypatch)
    found = begun(journal, tmp_path / "none")
    said = [one for one in found.notifications if one.issued_ms <= found.engine.now_ms - STALE_MS]
    assert {one.incident for one in said} == {found.engine.incident_of(OrderId("O1"))}
    assert min(one.issued_ms for one in said) > T0 + 45 * HOUR_MS
    young = await recorded(tmp_path / "young", [*hourly(5, 100.0), *hourly(5, 5_000.0, 5), *hourly(5, 100.0, 10)], monkeypatch)
    assert min(one.issued_ms for one in begun(young, tmp_path / "none").notifications) < T0 + HOUR_MS, "all of it, under the ids it had"


# --- beside a service that runs ---------------------------------------------------------------------------------------


async def test_reading_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = await recorded(tmp_path / "journal", hourly(20), monkeypatch)
    last = segments_of(journal)[-1]
    last.write_bytes(last.read_bytes()[:-3])  # as a write under way leaves it for a moment
    before = {path: path.read_bytes() for path in journal.iterdir()}
    reader = JournalReader(journal)
    assert sum(len(batch) for batch in reader.inputs()) == 38
    assert reader.end == 38
    assert len(list(reader.read(30))) == 8
    assert {path: path.read_bytes() for path in journal.iterdir()} == before


def test_the_snapshot_furthest_on_is_the_first_whoever_wrote_it(tmp_path: Path) -> None:
    path = tmp_path / "snapshot"
    old, new = Snapshot(10, b"old"), Snapshot(20, b"new")
    write_snapshot(path, old)
    write_snapshot(path, new)
    for offset, place in ((30, 0), (15, 1), (5, 2)):
        prepared = Snapshot(offset, b"next", b"owed")
        write_next(path, prepared)
        assert [one for one in read_snapshots(path) if one != prepared] == [new, old]
        assert list(read_snapshots(path))[place] == prepared
    assert {one.name for one in tmp_path.iterdir()} == {"snapshot", "snapshot.old", "snapshot.next"}
    drop_next(path)
    drop_next(path)
    assert list(read_snapshots(path)) == [new, old]


def test_two_who_write_at_the_same_time_leave_each_other_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both write beside their file, and each clears up what one that was killed has left there."""
    path, sync, between = tmp_path / "snapshot", os.fsync, [write_next, write_snapshot]

    def in_between(file: int) -> None:
        sync(file)
        if between:
            between.pop()(path, Snapshot(2, b"in between"))

    for outer in (write_next, write_snapshot):
        between[:] = [write_snapshot if outer is write_next else write_next]
        monkeypatch.setattr(os, "fsync", in_between)
        outer(path, Snapshot(1, b"outer"))
        assert {one.offset for one in read_snapshots(path)} == {1, 2}
        for one in tmp_path.iterdir():
            one.unlink()


async def test_whom_nobody_told_hears_it_from_the_start_that_was_prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = await recorded(tmp_path / "journal", [*hourly(60), *hourly(2, 100.0, 60)], monkeypatch)
    prepared = begun(journal, tmp_path / "none")
    breaches = [one for one in prepared.notifications if one.reason.word == "breach"]
    assert breaches
    write_next(tmp_path / "snapshot", prepared.snapshot())
    started = begun(journal, tmp_path / "snapshot")
    assert (started.place, started.inputs) == (prepared.place, 0)
    assert [one for one in started.notifications if one.reason.word == "breach"] == breaches
    assert all(isinstance(one, Notification) for one in started.notifications)
    assert started.engine.standings() == prepared.engine.standings() != []


async def test_what_is_over_by_the_start_is_not_rung_for_though_it_was_open_when_it_was_prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = await recorded(tmp_path / "journal", hourly(45, 100.0), monkeypatch)
    prepared = begun(journal, tmp_path / "none")
    was_open = prepared.engine.incident_of(OrderId("O1"))
    write_next(tmp_path / "snapshot", prepared.snapshot())
    assert was_open in {one.incident for one in begun(journal, tmp_path / "snapshot").notifications}
    await recorded(journal, hourly(15, 5_000.0, 45), monkeypatch)
    started = begun(journal, tmp_path / "snapshot")
    stale = {one.incident for one in started.notifications if one.issued_ms <= started.engine.now_ms - STALE_MS}
    assert was_open not in stale
    assert stale <= {started.engine.incident_of(OrderId("O1"))}


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def config(tmp_path: Path) -> Path:
    people = "".join(f'[[device]]\nid = "{device}"\nperson = "{device}"\nformat = "v1"\n' for device in ("brc", "tag"))
    order = '[[order]]\nid = "O1"\nprotected = "brc"\nrespondent = "tag"\nperimeter_m = 500\nlanguage = "es"\n'
    (tmp_path / "orders.toml").write_text(f"{people}{order}valid_from = 2020-01-01T00:00:00Z\nvalid_until = 2090-01-01T00:00:00Z\n")
    (tmp_path / "resguardo.toml").write_text('[service]\norders = "orders.toml"\ndata_dir = "data"\n[canary]\nevery_s = 60\n')
    return tmp_path / "resguardo.toml"


async def test_it_prepares_what_the_service_would_recover(config: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    await recorded(config.parent / "data" / "journal", hourly(72, 100.0), monkeypatch)
    monkeypatch.setattr(os, "nice", lambda by: by)
    assert warm.main(["--config", str(config)]) == 0
    said = capsys.readouterr().out
    assert len(said.splitlines()) == 1
    assert "behind record 144" in said
    prepared = next(iter(read_snapshots(config.parent / "data" / "snapshot")))
    assert prepared.offset == 144
    assert set(Engine.restore(prepared.blob).orders()) == {"O1", "canary"}, "the canary's order is the service's too"
    assert warm.main(["--config", str(config)]) == 0
    assert "(0 inputs judged)" in capsys.readouterr().out, "what is usable is used"


def test_what_cannot_be_prepared_is_said_in_a_line(config: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(os, "nice", lambda by: by)

    def said(*words: str) -> str:
        assert warm.main(words) == 2
        answer = capsys.readouterr()
        assert answer.out == ""
        assert len(answer.err.splitlines()) == 1
        return str(answer.err)

    assert "absent.toml: No such file" in said("--config", "absent.toml")
    assert "there is no journal in" in said("--config", str(config))
    (config.parent / "data" / "journal").mkdir(parents=True)
    with monkeypatch.context() as other:
        other.setattr(os, "geteuid", lambda: 12_345)
        assert "belongs to another user" in said("--config", str(config))
    (config.parent / "data" / "journal" / "00000001.segment").write_bytes(b"")
    (config.parent / "orders.toml").write_text("nonsense")
    assert "orders.toml" in said("--config", str(config))
    with pytest.raises(BadInput):
        warm.prepare(warm.load_settings(config, {}))
