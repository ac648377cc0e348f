"""Promises of the watcher: it pages when a monitor is gone, says so again, says when it is back, and believes no empty words."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from monitor.watch import AGAIN_S, Judge, Look, look_of
from tests.service_world import ROOT, SECRET, ControlRoom, free_port, needs_mosquitto, until, world_in

WELL, GONE = Look(), Look("nobody answers there")


class Story:
    """Looks one after another; a page that is due is told unless nobody takes it."""

    def __init__(self, absent_s: float = 90.0) -> None:
        self.judge = Judge(absent_s, 0.0)
        self.now_s = 0.0
        self.pages: list[tuple[float, str]] = []

    def see(self, look: Look, seconds: float, *, every_s: float = 10.0, taken: bool = True) -> None:
        for _ in range(round(seconds / every_s)):
            self.now_s += every_s
            words = self.judge.see(look, self.now_s)
            if words is not None:
                self.pages.append((self.now_s, words))
                if taken:
                    self.judge.told(words, self.now_s)


# --- judging --------------------------------------------------------------------------------------------------------------


def test_a_monitor_that_is_well_is_never_paged_about() -> None:
    story = Story()
    story.see(WELL, 10_000)
    assert story.pages == []


def test_an_absence_is_told_after_its_time_again_every_ten_minutes_and_when_it_is_over() -> None:
    story = Story()
    story.see(WELL, 100)
    story.see(GONE, 90)
    assert story.pages == []
    story.see(GONE, 10 + AGAIN_S)
    story.see(WELL, 100)
    assert story.pages == [
        (200.0, "no sign of life for 100 s: nobody answers there"),
        (200.0 + AGAIN_S, f"no sign of life for {100 + AGAIN_S:.0f} s: nobody answers there"),
        (210.0 + AGAIN_S, "back"),
    ]


def test_one_that_was_never_there_is_told_as_well() -> None:
    story = Story()
    story.see(GONE, 100)
    assert len(story.pages) == 1


def test_short_silences_are_not_added_up() -> None:
    story = Story()
    for _ in range(20):
        story.see(GONE, 80)
        story.see(WELL, 10)
    assert story.pages == []


def test_a_page_that_nobody_takes_is_tried_again_at_each_look() -> None:
    story = Story()
    story.see(GONE, 90)
    story.see(GONE, 50, taken=False)
    assert len(story.pages) == 5


def test_a_canary_that_stands_still_is_an_absence_though_the_page_says_healthy() -> None:
    story = Story()
    for minute in range(10):
        story.see(Look(canary_at=1_764_000_000.0 + 60 * minute), 60)
    assert story.pages == []
    story.see(Look(canary_at=1_764_000_540.0), 90)
    assert [words for _, words in story.pages] == ["no sign of life for 100 s: its canary does not come round"]
    story.see(Look(canary_at=5.0), 10)
    assert story.pages[-1][1] == "back", "it need not be later: a clock may have been set back"


def test_a_canary_that_comes_while_the_page_is_bad_is_no_sign_of_life() -> None:
    story = Story()
    for minute in range(3):
        story.see(Look("unhealthy (503)", canary_at=float(minute)), 60)
    assert len(story.pages) == 1


# --- reading ----------------------------------------------------------------------------------------------------------------

AT = b"# TYPE x gauge\nresguardo_canary_last_success_timestamp 1.764e+09\n"


def health(canary: str = "ok", up: bool = True) -> bytes:
    return json.dumps({"healthy": True, "parts": {"broker": {"a": True, "b": up}, "canary": canary}}).encode()


@pytest.mark.parametrize(
    ("status", "body", "metrics", "seen"),
    [
        (200, health(), AT, Look(None, 1.764e9)),
        (200, health("absent"), AT, Look(None, 1.764e9)),
        (200, health("off"), AT, Look(None, None)),
        (200, health(), b"", Look(None, 0.0)),
        (200, health(), b"resguardo_canary_last_success_timestamp NaN\n", Look(None, 0.0)),
        (200, health(), b"resguardo_canary_last_success_timestamp x\n", Look(None, 0.0)),
        (503, health(), AT, Look("unhealthy (503)")),
        (200, health(up=False), AT, Look("it does not hear its broker")),
        (200, b"<html>welcome</html>", AT, Look("it answers, but not as a monitor does")),
        (200, b"[]", AT, Look("it answers, but not as a monitor does")),
        (200, b'{"parts":{"broker":3}}', AT, Look("it answers, but not as a monitor does")),
        (200, b'{"parts":' + b"[" * 100_000, AT, Look("it answers, but not as a monitor does")),
    ],
)
def test_what_a_page_says_is_believed_only_where_it_says_it(status: int, body: bytes, metrics: bytes, seen: Look) -> None:
    assert look_of(status, body, metrics) == seen


# --- for real ---------------------------------------------------------------------------------------------------------------


@contextmanager
def watcher(directory: Path, port: int, room: ControlRoom) -> Iterator[subprocess.Popen[bytes]]:
    (directory / "page-secret").write_text(SECRET)
    command = [sys.executable, "-m", "monitor", "watch", f"http://127.0.0.1:{port}", "--page-url", room.url, "--absent-s", "3"]
    process = subprocess.Popen([*command, "--page-secret-file", str(directory / "page-secret")], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def once(port: int, *more: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "monitor", "watch", f"http://127.0.0.1:{port}", "--once", *more]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout.strip()


def pages(room: ControlRoom, state: str) -> list[dict[str, Any]]:
    return room.of(kind="watch", state=state)


@needs_mosquitto
async def test_a_frozen_broker_and_a_killed_monitor_are_paged_from_outside(tmp_path: Path) -> None:
    desk = ControlRoom()
    with world_in(tmp_path, pairs=1) as world, watcher(tmp_path, world.monitor.http_port, desk):
        await until(lambda: world.monitor.metric("resguardo_broker_connected"), 20, "the link")
        assert once(world.monitor.http_port) == (0, "all is well")
        assert desk.calls == []

        world.broker.process.send_signal(signal.SIGSTOP)
        await until(lambda: pages(desk, "absent"), 20, "a page about the broker")
        assert "does not hear its broker" in pages(desk, "absent")[0]["text"]
        await until(lambda: world.monitor.metric("resguardo_broker_connected") == 0, 10, "the broker really was frozen")
        world.broker.process.send_signal(signal.SIGCONT)
        await until(lambda: pages(desk, "back"), 20, "the end of it")

        world.monitor.kill()
        killed_s = time.monotonic()
        await until(lambda: len(pages(desk, "absent")) == 2, 20, "a page about the monitor")
        assert "nobody answers there" in pages(desk, "absent")[1]["text"]
        assert time.monotonic() - killed_s > 2.5, "not before its time"
        assert once(world.monitor.http_port) == (1, "nobody answers there")
        assert desk.forged == 0
    desk.server.shutdown()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ftp://x"], "URL: must be"),
        (["http://127.0.0.1:9", "--absent-s", "0"], "--absent-s: must be between"),
        (["http://127.0.0.1:9", "--page-url", "nowhere"], "--page-url: must be"),
        (["http://127.0.0.1:9", "--page-url", "http://x", "--page-secret-file", "absent"], "--page-secret-file: cannot be read"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(arguments: list[str], says: str) -> None:
    done = subprocess.run([sys.executable, "-m", "monitor", "watch", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_where_nobody_listens_one_look_says_so() -> None:
    assert once(free_port()) == (1, "nobody answers there")
