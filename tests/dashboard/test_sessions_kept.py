"""Promises about sessions, guesses and tokens beside what a single page shows: over a restart, at once, and when they are ended."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from dashboard.accounts import IDLE_MS, Accounts
from dashboard.server import COOKIE
from tests.dashboard.conftest import PASSWORD, Scene


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


async def test_guesses_that_come_at_once_are_slowed_as_those_that_come_in_turn(scene: Scene) -> None:
    """Forty connections are forty guesses: all but the first few must find the door locked."""
    async with scene.browser() as guesser:

        async def guess(n: int) -> int:
            async with guesser.session.post(f"{scene.url}/api/v1/session", json={"name": "ana", "password": f"wrong {n}"}) as answer:
                return answer.status

        answers = await asyncio.gather(*(guess(n) for n in range(40)))
    assert answers.count(401) <= 6
    assert answers.count(429) >= 34


@pytest.mark.parametrize("how", ["taken away", "expired"])
async def test_a_token_that_has_ended_hears_no_more(scene: Scene, how: str) -> None:
    async with scene.browser("root") as root, aiohttp.ClientSession() as machine:
        made = (await root("POST", "/tokens", {"name": "cad", "scopes": ["queue.read"], "days": 1}))[1]
        async with machine.get(f"{scene.url}/api/v1/events", headers={"Authorization": f"Bearer {made['token']}"}) as answer:
            await beat(answer)
            if how == "expired":
                scene.clock.ms += 86_400_000 + 1
            else:
                assert (await root("DELETE", f"/tokens/{made['id']}"))[0] == 204
            async with asyncio.timeout(5):
                while await answer.content.readline():
                    pass


async def test_behind_our_proxy_one_who_guesses_locks_out_only_himself(scene: Scene) -> None:
    async with scene.browser() as guesser, scene.browser() as ana:
        for made_up in range(8):
            guesser.headers["X-Forwarded-For"] = f"198.51.100.{made_up}, 203.0.113.9"  # the last is the proxy's word
            last = await guesser("POST", "/session", {"name": f"nobody {made_up}", "password": "wrong"})
        assert last[0] == 429
        ana.headers["X-Forwarded-For"] = "203.0.113.10"
        assert (await ana("POST", "/session", {"name": "ana", "password": PASSWORD}))[0] == 200
