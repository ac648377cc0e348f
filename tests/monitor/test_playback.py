"""Promises of playback: an incident is shown as it was judged, by the very engine, from the journal alone, beside a monitor that writes."""

from __future__ import annotations

import json
import random
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from config.errors import BadInput
from config.load import load_settings
from config.order_data import orders_input
from geofence.geodesy import distance_m
from geofence.terms import Device, DeviceId, Format, Order, OrderId, PersonId, Registry
from monitor import playback as module
from monitor import segments
from monitor.amendments import Amendment, digest_of
from monitor.canary import with_canary
from monitor.engine import Engine
from monitor.journal import Journal, Record
from monitor.playback import FRAMES_MAX, Playback, Recording, playback
from monitor.recovery import judge
from monitor.terms import CANARY, Envelope
from monitor.wire import to_json
from tests.pings import T0, at, circle
from tests.service_world import devices, needs_mosquitto, until, world_in

PAIRS = 4
HOUR_MS = 3_600_000


def registry() -> Registry:
    worn = [Device(DeviceId(f"{kind}-{n}"), PersonId(f"{kind}-{n}")) for n in range(PAIRS) for kind in ("brc", "tag")]
    worn.append(Device(DeviceId("phone"), PersonId("tag-1"), Format.OWNTRACKS, "him/phone"))
    orders = [
        Order(OrderId(f"O-{n}"), PersonId(f"brc-{n}"), PersonId(f"tag-{n}"), 500.0, 2_200.0, 0, 1 << 42, zones=(circle(),) if n == 2 else ())
        for n in range(PAIRS)
    ]
    orders.append(replace(orders[0], id=OrderId("O-too"), respondent=PersonId("tag-3")))  # she is in two
    return Registry(tuple(worn), tuple(orders))


def ping(device: str, at_ms: int, seq: int, place: tuple[float, float] | None, **more: Any) -> Envelope:
    fix = None if place is None else {"at": at_ms - 700, "lat": place[0], "lon": place[1], "accuracy": 8.0}
    return Envelope(at_ms, f"v1/{device}/ping", to_json({"v": 1, "boot": 1, "seq": seq, "at": at_ms - 400, "fix": fix, **more}))


def story(seed: int, minutes: int) -> list[Envelope]:
    """People who come and go, fall silent, send late, tamper; our link, acknowledgements and nonsense in between."""
    rng = random.Random(seed)
    found = [Envelope(T0, "monitor/link", b'{"up":true}')]
    east = [4_000.0 * (1 + n) for n in range(PAIRS)]
    for step in range(minutes * 4):
        now = T0 + 15_000 * step
        for n in range(PAIRS):
            east[n] = abs(east[n] + rng.uniform(-400.0, 250.0 if n % 2 else 380.0))
            for kind, place in (("brc", at(0.0, 0.0)), ("tag", at(east[n], 100.0 * n))):
                if rng.random() < 0.9 and not (kind == "tag" and n == 3 and minutes < step < minutes * 2):
                    late = rng.choice([0, 0, 0, 40_000]) if step > 4 else 0
                    more = {"strap": "open"} if rng.random() < 0.02 else {"sos": True} if kind == "brc" and rng.random() < 0.01 else {}
                    sent = ping(f"{kind}-{n}", now - late + n * 31, step, place, **more)
                    found.append(Envelope(now + n * 31, sent.topic, sent.payload))
        phone = {"_type": "location", "lat": at(east[1], 0.0)[0], "lon": at(east[1], 0.0)[1], "tst": now // 1000, "acc": 12}
        found.append(Envelope(now + 500, "owntracks/him/phone", to_json(phone)))
        found.append(Envelope(now + 600, "v1/brc-0/ping", b"nonsense"))
        if step in (70, 74):
            found.append(Envelope(now + 700, "monitor/link", b'{"up":%s}' % (b"false" if step == 70 else b"true")))
    return found


def changed(of: str, at_ms: int, **what: Any) -> tuple[Envelope, Amendment]:
    file = next(one for one in registry().orders if one.id == of)
    order = None if what.get("revoked") else replace(file, **what)
    said = Envelope(at_ms, "orders", to_json(orders_input(file.id, order)))
    return said, Amendment(at_ms, file.id, order, digest_of(file))


async def recorded(folder: Path, envelopes: list[Envelope], amendments: tuple[Amendment, ...] = ()) -> tuple[Recording, dict[str, list[bytes]]]:
    """A journal as the service writes it, and the transitions of each order in it."""
    journal = Journal.open(folder / "journal")
    engine, said = Engine(with_canary(registry(), "es")), dict[str, list[bytes]]()
    for first in range(0, len(envelopes), 7):
        batch = envelopes[first : first + 7]
        last = journal.append([Record.of_input(one) for one in batch])
        transitions = judge(engine, batch, lambda envelope, error: None).transitions
        last = journal.append([Record.of_transition(one) for one in transitions])
        for one in transitions:
            said.setdefault(one.order, []).append(to_json(one))
        if first % 700 == 0:
            await last
    await last
    journal.close()
    return Recording(folder / "journal", registry(), amendments), said


async def test_what_is_played_is_what_was_judged_byte_for_byte(tmp_path: Path) -> None:
    said, amendment = changed("O-2", T0 + 1_500_100, perimeter_m=900.0)
    ended, end = changed("O-1", T0 + 2_000_100, revoked=True)
    envelopes = sorted([*story(3, 50), said, ended], key=lambda one: one.at_ms)
    recording, judged = await recorded(tmp_path, envelopes, (amendment, end))
    for order in ("O-0", "O-1", "O-2", "O-3", "O-too"):
        played = Playback(recording, order, T0 - 1, T0 + HOUR_MS, 60_000)
        frames = list(played.frames())
        assert len(judged[order]) > 4, "nothing happened to speak of"
        assert [to_json(one) for one in played._found] == judged[order]
        assert played.exact
        assert [frame.at_ms for frame in frames[:-1]] == [T0 - 1 + 60_000 * (n + 1) for n in range(len(frames) - 1)]
    assert {"calm", "caution", "emergency"} == {frame.level for frame in playback(recording, "O-2", T0, T0 + HOUR_MS, 10_000)}


async def test_frames_show_where_they_were_and_the_level_that_was_told(tmp_path: Path) -> None:
    envelopes = [Envelope(T0, "monitor/link", b'{"up":true}')]
    for step in range(60):
        now = T0 + 15_000 * step
        envelopes += [ping("brc-0", now, step, at(0.0, 0.0)), ping("tag-0", now + 1, step, at(6_000.0 - 100.0 * step, 0.0))]
    recording, _ = await recorded(tmp_path, envelopes)
    played = Playback(recording, "O-0", T0 - 5_000, T0 + 60 * 15_000, 5_000)
    frames = list(played.frames())
    told = {int(one["at_ms"]): one["to"] for one in played.transitions}  # type: ignore[call-overload]
    for frame in frames:
        assert frame.level == told[max((at_ms for at_ms in told if at_ms <= frame.at_ms), default=min(told))]
    last = frames[-1]
    assert last.protected is not None
    assert last.respondent is not None
    assert (last.level, last.reason) == ("emergency", "breach")
    assert distance_m(*at(100.0, 0.0), last.respondent["lat"], last.respondent["lon"]) < 60.0
    assert last.at_ms == envelopes[-1].at_ms, "what the journal does not hold is not made up"
    assert str(last.respondent["lat"])[:6] not in repr(last)
    assert "trail" not in last.respondent


async def test_a_late_window_is_played_from_a_late_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 30_000)
    recording, judged = await recorded(tmp_path, story(5, 152))
    from_ms, to_ms = T0 + 2 * HOUR_MS, T0 + 5 * HOUR_MS // 2
    read: list[Path] = []
    monkeypatch.setattr(module, "scan", lambda data, scan=module.scan: scan(data))
    walk = module.Walk.blocks
    monkeypatch.setattr(module.Walk, "blocks", lambda self, paths: (read.extend(paths), walk(self, paths))[1])
    played = Playback(recording, "O-0", from_ms, to_ms, 30_000)
    frames = list(played.frames())
    assert len(frames) == 61
    whole = len(segments.segments_of(recording.journal))
    assert len(read) < whole * 0.8, "it has read nearly everything"
    at_the_time = [one for one in judged["O-0"] if from_ms < json.loads(one)["at_ms"] <= to_ms]
    wanted = ("at_ms", "from_level", "to_level", "reason", "distance_m", "fixes")
    assert [[json.loads(to_json(one))[key] for key in wanted] for one in played._found] == [
        [json.loads(one)[key] for key in wanted] for one in at_the_time
    ], "an incident that was open an hour before may have another id, nothing else"


async def test_what_the_journal_says_otherwise_is_owned_up_to(tmp_path: Path) -> None:
    recording, _ = await recorded(tmp_path, story(3, 20))
    other = replace(recording, registry=Registry(registry().devices, tuple(replace(one, perimeter_m=2_000.0) for one in registry().orders)))
    played = Playback(other, "O-0", T0, T0 + HOUR_MS, 60_000)
    assert list(played.frames())
    assert not played.exact


async def test_it_can_be_stopped_and_left(tmp_path: Path) -> None:
    recording, _ = await recorded(tmp_path, story(3, 20))
    halt = threading.Event()
    played = Playback(recording, "O-0", T0, T0 + HOUR_MS, 1_000, stop=halt.is_set).frames()
    next(played)
    halt.set()
    assert len(list(played)) < 1_200
    left = playback(recording, "O-0", T0, T0 + HOUR_MS, 1_000)
    next(left)
    left.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("order", "from_ms", "to_ms", "step_ms"),
    [("O-9", T0, T0 + 1, 1), (CANARY, T0, T0 + 1, 1), ("O-0", T0, T0 - 1, 1), ("O-0", T0, T0 + 1, 0), ("O-0", T0, T0 + FRAMES_MAX + 1, 1)],
)
async def test_what_cannot_be_played_is_refused(tmp_path: Path, order: str, from_ms: int, to_ms: int, step_ms: int) -> None:
    with pytest.raises(BadInput):
        Playback(Recording(tmp_path, registry()), order, from_ms, to_ms, step_ms)


async def test_damage_and_an_empty_journal_stop_nothing(tmp_path: Path) -> None:
    assert list(playback(Recording(tmp_path, registry()), "O-0", T0, T0 + 1_000, 100)) == []
    recording, _ = await recorded(tmp_path, story(3, 20))
    path = segments.segments_of(recording.journal)[0]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    frames = list(playback(recording, "O-0", T0, T0 + HOUR_MS, 60_000))
    assert len(frames) >= 19
    path.write_bytes(b"")
    assert list(playback(recording, "O-0", T0, T0 + 1_000, 100)) == []


@needs_mosquitto
async def test_a_whole_service_is_played_while_it_runs(tmp_path: Path) -> None:
    with world_in(tmp_path, pairs=2, more="") as world:
        async with devices(world.broker.port) as people:
            began_ms = time.time_ns() // 1_000_000 - 60_000
            await people.meet(0)
            await until(lambda: people.breaches(0), what=people.missing(range(1)))
            world.monitor.kill()
            world.monitor.start()
            await people.meet(0)
            await people.meet(1)
            await until(lambda: people.breaches(1), what=people.missing(range(1, 2)))
            recording = Recording.of(load_settings(world.monitor.config, {}).service)
            for order in ("O-0", "O-1"):
                played = Playback(recording, order, began_ms, time.time_ns() // 1_000_000, 1_000)
                frames = list(played.frames())
                assert [to_json(one) for one in played._found] == played._recorded
                assert played.exact
                assert ("emergency", "breach") in {(one["to"], one["reason"]) for one in played.transitions}
                assert frames[-1].level == "emergency"
            assert world.monitor.health()[0] == 200
