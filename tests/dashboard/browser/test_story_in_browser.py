"""Promises of an incident's story, which is read later, by others, elsewhere: when it was, how sure it is, and nothing more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.dashboard.browser.conftest import Room

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIRST_MIDNIGHT_MS = int(datetime(2026, 3, 29, 6, 1, 5, tzinfo=UTC).timestamp() * 1000)  # 00:01:05 in Mexico City


async def says(page: Any, module: str, call: str, *args: Any) -> Any:
    return await page.evaluate("([module, call, args]) => import(`/static/${module}`).then((found) => found[call](...args))", [module, call, [*args]])


@pytest.mark.parametrize(("language", "day"), [("es", "29 mar 2026, 00:01:05 (GMT-6)"), ("en", "Mar 29, 2026, 00:01:05 GMT-6")])
async def test_a_past_breach_is_told_with_when_it_was_and_how_sure(room: Room, language: str, day: str) -> None:
    page = await room.login()
    await says(page, "words.js", "setLanguage", language)
    data = {"from": "warning", "to": "warning", "distance_m": 312.4, "uncertainty_m": 25.2, "breached_at_ms": FIRST_MIDNIGHT_MS}
    said = await says(page, "incident_record.js", "tell", {"kind": "transition", "text": "past_breach", "data": data})
    assert said.endswith(f" {'el' if language == 'es' else 'at'} {day}, 312 m ± 25 m")
    data = {"from": "warning", "to": "warning", "count": 5, "since_ms": FIRST_MIDNIGHT_MS, "closest_m": 700}
    assert day in await says(page, "incident_record.js", "tell", {"kind": "transition", "text": "probing", "data": data})


@pytest.mark.parametrize("language", ["es", "en"])
async def test_the_minute_after_midnight_is_no_24th_hour_and_another_day_is_named(room: Room, language: str) -> None:
    page = await room.login()
    await says(page, "words.js", "setLanguage", language)
    assert await says(page, "format.js", "time", FIRST_MIDNIGHT_MS) == "00:01:05"
    assert await says(page, "format.js", "timeOrDay", FIRST_MIDNIGHT_MS, FIRST_MIDNIGHT_MS + 3_600_000) == "00:01:05"
    assert "2026, 00:01:05 " in await says(page, "format.js", "timeOrDay", FIRST_MIDNIGHT_MS, FIRST_MIDNIGHT_MS + 86_400_000)


async def test_each_line_has_its_moment_in_utc(room: Room) -> None:
    page = await room.login()
    stamp = await page.evaluate(
        """(at_ms) => import('/static/incident_record.js').then(({ Story }) => {
        const story = new Story(); story.add({ at_ms, kind: 'act', who: 'ana', text: 'note', data: {} });
        return story.node.querySelector('time').dateTime; })""",
        FIRST_MIDNIGHT_MS,
    )
    assert stamp == "2026-03-29T06:01:05.000Z"
