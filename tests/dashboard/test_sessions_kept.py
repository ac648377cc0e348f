"""Promises about sessions, guesses and tokens beside what a single page shows: over a restart, at once, and when they are ended."""

from __future__ import annotations

import asyncio

import aiohttp

from dashboard.accounts import IDLE_MS, Accounts
from dashboard.server import COOKIE
from tests.dashboard.conftest import Scene


async def beat(answer: aiohttp.ClientResponse) -> None:
    async with asyncio.timeout(10):
        while not (await answer.content.readline()).startswith(b"event: beat"):
            pass


async def test_a_page_that_only_listened_all_night_is_still_logged_in_after_a_restart(scene: Scene) -> None:
    """A console that is restarted at three in the morning must not take the list from whoever watches it."""
    async with scene.browser("ana") as ana, ana.session.get(f"{scene.url}/api/v1/events") as answer:
        for _ in range(4):
            scene.clock.ms += IDLE_MS - 60_000
            await beat(answer)
            await beat(answer)
        await scene.console.kept()
        word = next(cookie.value for cookie in ana.session.cookie_jar if cookie.key == COOKIE)
        restarted = Accounts(scene.desk.records, scene.clock)
        assert await restarted.of_cookie(word) is not None
