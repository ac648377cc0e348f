"""Promises of the live stream: what happens is told, resumed without loss, and only to whoever is logged in."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from dashboard.accounts import IDLE_MS, SHIFT_MS
from tests.dashboard.conftest import Scene


async def read_events(answer: Any, count: int) -> list[tuple[str | None, str, Any]]:
    """(id, kind, body) of the next events, beats left out."""
    found: list[tuple[str | None, str, Any]] = []
    async with asyncio.timeout(10):
        while len(found) < count:
            fields: dict[str, str] = {}
            while line := (await answer.content.readline()).decode().rstrip("\n"):
                key, _, value = line.partition(": ")
                fields[key] = value
            if fields["event"] != "beat":
                found.append((fields.get("id"), fields["event"], json.loads(fields["data"])))
    return found


async def test_the_stream_tells_what_happens_and_resumes_without_loss(scene: Scene) -> None:
    scene.console.parties["O-1"] = ("P-1", "R-1")  # known: nothing is learned meanwhile
    async with scene.browser("ana") as ana:
        start = (await ana("GET", "/queue"))[1]["last_id"]
        async with ana.session.get(f"{scene.url}/api/v1/events") as answer:
            scene.transition()
            (number, kind, item), entry = await read_events(answer, 2)
            assert (kind, item["id"], item["level"]) == ("item", "i-1", "emergency")
            assert entry[1] == "entry"
        scene.transition("i-2", "warning", "approach")
        for last_id in (number, start):
            async with ana.session.get(f"{scene.url}/api/v1/events", headers={"Last-Event-ID": last_id}) as answer:
                missed = await read_events(answer, 3 if last_id == number else 4)
            assert [body["id"] for _, kind, body in missed if kind == "item"] == (["i-2"] if last_id == number else ["i-1", "i-2"])


@pytest.mark.parametrize("last_id", ["other-3", "nonsense", "-", "é"])
async def test_a_page_that_cannot_be_told_what_it_missed_starts_anew(scene: Scene, last_id: str) -> None:
    async with scene.browser("ana") as ana, ana.session.get(f"{scene.url}/api/v1/events", params={"last_id": last_id}) as answer:
        assert (await read_events(answer, 1))[0][1] == "reset"


async def test_who_is_logged_out_hears_no_more(scene: Scene) -> None:
    async with scene.browser("ana") as ana, ana.session.get(f"{scene.url}/api/v1/events") as answer:
        await ana("DELETE", "/session")
        async with asyncio.timeout(10):
            while await answer.content.readline():
                pass


async def test_an_open_page_keeps_its_session_through_a_quiet_night_and_no_longer_than_a_shift(scene: Scene) -> None:
    async with scene.browser("ana") as ana, ana.session.get(f"{scene.url}/api/v1/events") as answer:
        for _ in range(3):
            scene.clock.ms += IDLE_MS - 1_000
            async with asyncio.timeout(10):
                while not (await answer.content.readline()).startswith(b"event: beat"):
                    pass
        assert (await ana("GET", "/queue"))[0] == 200
        scene.clock.ms += SHIFT_MS
        async with asyncio.timeout(10):
            while await answer.content.readline():
                pass
        assert (await ana("GET", "/queue"))[0] == 401
