"""Promises about answers that cross with news: who answers or closes what was seen has not answered what came meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.dashboard.conftest import Scene

ACTS: list[tuple[str, dict[str, Any]]] = [("acknowledge", {}), ("close", {"outcome": "device_fault", "note": "charged again"})]


def rises(scene: Scene) -> None:
    scene.clock.ms += 1_000
    scene.transition(before="caution")
    scene.clock.ms += 1_000


@pytest.mark.parametrize(("act", "body"), ACTS)
async def test_what_rises_while_the_monitor_is_asked_stays_on_the_list_unanswered(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, act: str, body: dict[str, Any]
) -> None:
    scene.transition(to="caution", reason="battery")
    ask = scene.monitor.ask

    async def slow(**request: Any) -> dict[str, Any]:
        rises(scene)
        return await ask(**request)

    async with scene.browser("ana") as ana:
        monkeypatch.setattr(scene.monitor, "ask", slow)
        status, answer = await ana("POST", f"/incidents/i-1/{act}", body)
        assert (status, answer["error"]["code"]) == (409, "risen")
        (one,) = (await ana("GET", "/queue"))[1]["incidents"]
    assert (one["level"], one["state"], one["acknowledged_ms"]) == ("emergency", "open", None)


@pytest.mark.parametrize(("act", "body"), ACTS)
async def test_what_has_risen_since_it_was_seen_is_not_answered_with_it(scene: Scene, act: str, body: dict[str, Any]) -> None:
    """A note takes half a minute to write; what it closes is what was on the screen when it was begun."""
    scene.transition(to="caution", reason="battery")
    async with scene.browser("ana") as ana:
        (seen,) = (await ana("GET", "/queue"))[1]["incidents"]
        rises(scene)
        status, answer = await ana("POST", f"/incidents/i-1/{act}", {**body, "raised_ms": seen["raised_ms"]})
        assert (status, answer["error"]["code"]) == (409, "risen")
        assert not [one for one in scene.monitor.asked if one["do"] == "acknowledge_incident"], "the control room is asked on"
        (now,) = (await ana("GET", "/queue"))[1]["incidents"]
        assert (await ana("POST", f"/incidents/i-1/{act}", {**body, "raised_ms": now["raised_ms"]}))[0] == 200


async def test_of_two_who_close_at_once_the_first_has_closed_it_and_the_second_is_told(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.transition()
    scene.transition(to="calm", reason="clear", before="emergency")
    ask, both = scene.monitor.ask, asyncio.Barrier(2)

    async def together(**request: Any) -> dict[str, Any]:
        async with asyncio.timeout(5):
            await both.wait()
        return await ask(**request)

    async with scene.browser("ana") as ana, scene.browser("bea") as bea:
        monkeypatch.setattr(scene.monitor, "ask", together)
        closing = [
            one("POST", "/incidents/i-1/close", {"outcome": outcome, "note": ""})
            for one, outcome in ((ana, "true_approach"), (bea, "test"))
        ]
        first, second = sorted(await asyncio.gather(*closing), key=lambda answer: answer[0])
        assert (first[0], second[0], second[1]["error"]["code"]) == (200, 409, "closed")
        story = (await ana("GET", "/incidents/i-1"))[1]
    assert story["item"]["outcome"] == first[1]["item"]["outcome"]
    assert [entry["text"] for entry in story["entries"]].count("close") == 1
