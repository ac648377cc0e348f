"""Promises of the small parts around the engine: link, supervision, snapshots, mailboxes, notices, logs, pages."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest

from alerts.terms import Channel, Kind
from benchmarks.rows import resident_bytes
from geofence.terms import Command, DeviceId
from monitor import downlink as downlink_module
from monitor import log
from monitor.downlink import IN_FLIGHT_MAX, Downlink
from monitor.http import Health, HttpServer
from monitor.link import LinkWatch
from monitor.mqtt import LinkLost, NoListener
from monitor.notices import TEXTS, Trouble, notices
from monitor.output import Unhurried
from monitor.saver import SnapshotFailed, save
from monitor.service import SAVE_AGAIN_S, Service
from monitor.snapshot import Snapshot, read_snapshots, write_snapshot
from monitor.supervise import supervised

# --- link ---------------------------------------------------------------------------------------------------------


async def wait_for(said: list[bool], count: int) -> None:
    async with asyncio.timeout(2):
        while len(said) < count:
            await asyncio.sleep(0.005)


async def test_the_link_is_up_only_with_every_session() -> None:
    said: list[bool] = []
    watch = LinkWatch(("a", "b"), grace_s=60, say=said.append)
    watch.start()
    watch.on_link("a", True)
    assert said == []
    watch.on_link("b", True)
    assert said == [True]


async def test_an_absence_within_the_grace_is_not_said_and_a_longer_one_once() -> None:
    said: list[bool] = []
    watch = LinkWatch(("a", "b"), grace_s=0.05, say=said.append)
    for part in ("a", "b"):
        watch.on_link(part, True)
    watch.on_link("a", False)
    watch.on_link("a", True)
    watch.on_link("a", False)
    watch.on_link("b", False)
    await wait_for(said, 2)
    watch.on_link("a", True)
    assert said == [True, False]
    watch.on_link("b", True)
    assert said == [True, False, True]


async def test_a_broker_that_is_never_there_is_said_after_the_grace() -> None:
    said: list[bool] = []
    watch = LinkWatch(("a",), grace_s=0.01, say=said.append)
    watch.start()
    await wait_for(said, 1)
    assert said == [False]


async def test_our_own_shutdown_is_not_a_lost_link() -> None:
    said: list[bool] = []
    watch = LinkWatch(("a",), grace_s=0.0, say=said.append)
    watch.on_link("a", True)
    watch.stop()
    watch.on_link("a", False)
    await asyncio.sleep(0.02)
    assert said == [True]


# --- supervision --------------------------------------------------------------------------------------------------


async def test_a_part_that_fails_or_returns_is_started_again() -> None:
    starts: list[int] = []
    restarts: list[str] = []
    up = asyncio.Event()

    async def part() -> None:
        starts.append(len(starts))
        if len(starts) == 1:
            raise RuntimeError("planted")
        if len(starts) == 3:
            up.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(supervised("part", part, restarts.append))
    async with asyncio.timeout(5):
        await up.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert restarts == ["part", "part"]


# --- snapshot -----------------------------------------------------------------------------------------------------


def test_the_newest_whole_snapshot_is_read_and_the_one_before_it_if_it_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "snapshot"
    assert list(read_snapshots(path)) == []
    first, second = Snapshot(10, b"first\nwith a line"), Snapshot(20, b"second")
    write_snapshot(path, first)
    write_snapshot(path, second)
    assert list(read_snapshots(path)) == [second, first]
    for broken in (path.read_bytes()[:-1], b"", b"\xff\n", path.read_bytes().replace(b"second", b"Second"), b"{}\nx", b"[]\nx"):
        path.write_bytes(broken)
        assert list(read_snapshots(path)) == [first]
    path.unlink()
    assert list(read_snapshots(path)) == [first]


async def test_a_snapshot_is_of_the_moment_of_asking_and_takes_the_place_that_is_told_later(tmp_path: Path) -> None:
    state = [b"then"]
    place: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    saving = asyncio.create_task(save(tmp_path / "snapshot", lambda: state[0], place, 10))
    await asyncio.sleep(0)
    state[0] = b"now"
    place.set_result(7)
    await saving
    assert list(read_snapshots(tmp_path / "snapshot")) == [Snapshot(7, b"then")]


async def test_a_snapshot_that_fails_or_hangs_is_an_error_and_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "snapshot"
    write_snapshot(path, Snapshot(1, b"old"))

    async def place() -> int:
        return 2

    def fail() -> bytes:
        raise RuntimeError("planted")

    def hang() -> bytes:
        time.sleep(60)
        return b""

    def die() -> bytes:
        os.kill(os.getpid(), signal.SIGKILL)
        return b""

    with pytest.raises(SnapshotFailed, match="RuntimeError"):
        await save(path, fail, place(), 10)
    with pytest.raises(SnapshotFailed, match="SIGKILL"):
        await save(path, die, place(), 10)
    with pytest.raises(TimeoutError):
        await save(path, hang, place(), 0.2)
    assert list(read_snapshots(path)) == [Snapshot(1, b"old")]


async def test_with_each_snapshot_goes_back_to_the_system_what_was_needed_for_a_while(tmp_path: Path) -> None:
    """As after a busy disk: what waited is gone, but the last of it still lies above it, and the C library keeps all below."""
    waited = [bytearray(5_000) for _ in range(20_000)]
    last = bytearray(5_000)
    del waited
    before = resident_bytes()
    place: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    place.set_result(1)
    await save(tmp_path / "snapshot", lambda: b"x", place, 10)
    assert before - resident_bytes() > 50e6, len(last)


async def test_a_snapshot_that_failed_is_tried_again_long_before_the_next_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    service, waits = object.__new__(Service), list[float]()

    async def save() -> None:
        if not waits:
            raise OSError("planted")

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            raise asyncio.CancelledError

    monkeypatch.setattr(service, "_settings", SimpleNamespace(service=SimpleNamespace(snapshot_every_s=3600.0)), raising=False)
    monkeypatch.setattr(service, "_save", save)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await service._keep_snapshots()
    assert waits == [SAVE_AGAIN_S, 3600.0]


# --- mailbox ------------------------------------------------------------------------------------------------------


class Wire:
    """A broker that confirms when told."""

    def __init__(self) -> None:
        self.ready = True
        self.sent: list[tuple[str, dict[str, object]]] = []
        self.open: list[asyncio.Future[None]] = []

    def publish(self, topic: str, payload: bytes) -> asyncio.Future[None]:
        self.sent.append((topic, json.loads(payload)))
        self.open.append(asyncio.get_running_loop().create_future())
        return self.open[-1]

    async def confirm(self, error: Exception | None = None) -> None:
        for future in self.open:
            if not future.done():
                future.set_exception(error) if error else future.set_result(None)
        await asyncio.sleep(0)


BRC = DeviceId("brc-1")


async def test_what_waits_for_one_device_is_one_receipt_and_one_command() -> None:
    wire = Wire()
    wire.ready = False
    downlink = Downlink(wire.publish, lambda: wire.ready)
    downlink.receipts({BRC: (1, 5)})
    downlink.receipts({BRC: (1, 9)})
    downlink.command(Command(BRC, 0, interval_s=15))
    downlink.command(Command(BRC, 1, report_now=True))
    assert wire.sent == []
    wire.ready = True
    downlink.pump()
    assert wire.sent == [
        ("v1/brc-1/command", {"v": 1, "interval_s": 15, "report": "now"}),
        ("v1/brc-1/receipt", {"v": 1, "boot": 1, "seq": 9}),
    ]


async def test_a_word_lost_with_its_connection_is_said_again_unless_there_is_a_newer_one() -> None:
    wire = Wire()
    downlink = Downlink(wire.publish, lambda: wire.ready)
    downlink.command(Command(BRC, 0, interval_s=15))
    downlink.receipts({BRC: (1, 5), DeviceId("brc-2"): (1, 1)})
    wire.ready = False
    downlink.receipts({BRC: (1, 6)})
    await wire.confirm(LinkLost())
    wire.sent.clear()
    wire.ready = True
    downlink.pump()
    assert wire.sent == [
        ("v1/brc-1/command", {"v": 1, "interval_s": 15}),
        ("v1/brc-1/receipt", {"v": 1, "boot": 1, "seq": 6}),
        ("v1/brc-2/receipt", {"v": 1, "boot": 1, "seq": 1}),
    ]


async def test_of_a_device_only_the_newest_receipt_is_sent_whichever_came_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downlink_module, "IN_FLIGHT_MAX", 2)
    wire = Wire()
    downlink = Downlink(wire.publish, lambda: wire.ready)
    second, third = DeviceId("brc-2"), DeviceId("brc-3")
    downlink.receipts({BRC: (1, 1)})
    downlink.receipts({second: (1, 1)})
    downlink.receipts({BRC: (1, 2), second: (1, 2), third: (1, 1)})
    wire.open.pop().set_result(None)  # of the second, so that the first's newer one goes after its older
    await asyncio.sleep(0)
    assert [topic for topic, _ in wire.sent] == ["v1/brc-1/receipt", "v1/brc-2/receipt", "v1/brc-1/receipt"]
    wire.ready = False
    await wire.confirm(LinkLost())
    wire.ready, wire.sent[:] = True, []
    while downlink.waiting:
        downlink.pump()
        await wire.confirm()
    assert sorted((topic, body["seq"]) for topic, body in wire.sent) == [("v1/brc-1/receipt", 2), ("v1/brc-2/receipt", 2), ("v1/brc-3/receipt", 1)]


async def test_a_word_that_nobody_hears_is_not_repeated() -> None:
    wire = Wire()
    downlink = Downlink(wire.publish, lambda: wire.ready)
    downlink.command(Command(BRC, 0, interval_s=15))
    await wire.confirm(NoListener())
    assert downlink.waiting == 0
    assert len(wire.sent) == 1


async def test_receipts_leave_room_for_alerts() -> None:
    wire = Wire()
    downlink = Downlink(wire.publish, lambda: wire.ready)
    downlink.receipts({DeviceId(f"brc-{i}"): (1, i) for i in range(1000)})
    assert len(wire.sent) == IN_FLIGHT_MAX
    async with asyncio.timeout(5):
        while len(wire.sent) < 1000:
            await wire.confirm()
            await asyncio.sleep(0.005)
    assert downlink.waiting == 0


# --- notices ------------------------------------------------------------------------------------------------------


def test_the_end_of_a_trouble_carries_the_code_of_its_beginning_and_other_ids() -> None:
    begun = notices(Trouble.LINK, True, since_ms=5, at_ms=5, language="es")
    over = notices(Trouble.LINK, False, since_ms=5, at_ms=90, language="es")
    assert {one.channel for one in begun} == {Channel.WEBHOOK, Channel.CONSOLE}
    assert {one.code for one in begun} == {one.code for one in over}
    assert len({one.id for one in begun + over}) == 4
    assert {one.kind for one in begun} == {Kind.RAISE}
    assert {one.kind for one in over} == {Kind.CLEAR}
    assert notices(Trouble.LINK, True, since_ms=5, at_ms=5, language="es") == begun


def test_every_trouble_has_words_in_both_languages() -> None:
    for trouble in Trouble:
        for language in ("es", "en"):
            assert TEXTS[trouble, True, language]


# --- log ----------------------------------------------------------------------------------------------------------


def test_a_key_that_is_not_on_the_list_does_not_reach_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        log.configure("json", "info")
        log.get_logger("test").info("planted", order="QRO-1", lat=48.85837123, phone="+525512345678", reason="x" * 900)
    finally:
        log.configure(level="warning")
    line = json.loads(capsys.readouterr().err)
    assert line["order"] == "QRO-1"
    assert line["dropped"] == "lat,phone"
    assert "48.85837123" not in str(line)
    assert "5512345678" not in str(line)
    assert len(line["reason"]) == log.TEXT_MAX


def test_a_log_line_that_cannot_be_written_ends_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    closed = (tmp_path / "closed").open("w", encoding="utf-8")
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    log.get_logger("test").error("planted")


# --- pages --------------------------------------------------------------------------------------------------------


def fetch(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


async def test_health_is_200_only_while_healthy_and_says_why() -> None:
    healthy = [True]
    server = HttpServer(
        "127.0.0.1", 0, metrics=lambda: (b"resguardo_pings_total 1\n", "text/plain"), health=lambda: Health(healthy[0], {"journal": "ok"})
    )
    await server.start()
    try:
        url = f"http://127.0.0.1:{server.port}"
        status, body = await asyncio.to_thread(fetch, f"{url}/healthz")
        assert (status, json.loads(body)) == (200, {"healthy": True, "parts": {"journal": "ok"}})
        healthy[0] = False
        assert (await asyncio.to_thread(fetch, f"{url}/healthz"))[0] == 503
        assert await asyncio.to_thread(fetch, f"{url}/metrics") == (200, "resguardo_pings_total 1\n")
    finally:
        await server.stop()


# --- output -------------------------------------------------------------------------------------------------------


def test_a_stopped_terminal_does_not_make_us_wait() -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(write_end, "w") as pipe:
        out = Unhurried(pipe)
        for _ in range(100):
            out.write("x" * 10_000 + "\n")  # 1 MB: a pipe holds 64 kB, and nobody reads it
        with os.fdopen(read_end) as reader:
            assert [len(reader.readline()) for _ in range(100)] == [10_001] * 100
        out.close()
    assert out.dropped == 0
