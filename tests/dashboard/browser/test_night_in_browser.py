"""Promises of the dispatcher's page about what goes wrong quietly: sound that stops, positions that are no longer read."""

from __future__ import annotations

import pytest

from tests.dashboard.browser.conftest import Room, becomes
from tests.dashboard.browser.test_desk_in_browser import danger
from tests.dashboard.conftest import Scene

pytestmark = pytest.mark.asyncio(loop_scope="session")

CATCH_SOUND = "window.AudioContext = class extends AudioContext { constructor(...args) { super(...args); window.sound = this; } };"


async def test_sound_that_the_machine_takes_away_later_is_asked_for_again(scene: Scene, room: Room) -> None:
    page = await room.page()
    await page.add_init_script(CATCH_SOUND)
    await room.enter(page)
    off = page.locator(".sound-off")
    await becomes(page, "window.sound.state === 'running'")
    await off.wait_for(state="hidden")
    await page.evaluate("window.sound.suspend()")
    await off.wait_for(state="visible")
    danger(scene)
    await page.locator(".queue li.level-emergency").wait_for()
    await page.evaluate("window.tones.length = 0")
    await off.click()
    await off.wait_for(state="hidden")
    assert await becomes(page, "window.tones.length") > 0
