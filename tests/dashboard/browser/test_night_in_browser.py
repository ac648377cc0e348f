"""Promises of the dispatcher's page about what goes wrong quietly: sound that stops, positions that are no longer read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dashboard.browser.conftest import PLACES, Room, Wire, becomes, furnish, room_at
from tests.dashboard.browser.test_desk_in_browser import danger
from tests.dashboard.browser.test_pages_in_browser import faults_of
from tests.dashboard.conftest import PASSWORD, Scene

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


async def test_positions_that_cannot_be_read_any_more_are_said_to_be_old(scene: Scene, room: Room) -> None:
    room.expected = ("503",)
    furnish(scene)
    danger(scene)
    page = await room.login()
    await page.locator(".queue button.row").click()
    await page.locator(".map .marker").first.wait_for()
    fault = page.locator(".places .fault")
    assert await fault.inner_text() == ""
    scene.monitor.away = True
    await fault.get_by_text("No se pueden leer las posiciones").wait_for()
    at = await page.evaluate("ms => new Intl.DateTimeFormat('es', { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false }).format(ms)", PLACES["at_ms"])
    assert f"Lo que se ve es de las {at}" in await fault.inner_text()
    assert await fault.is_visible()
    above, below = await fault.bounding_box(), await page.locator(".places .numbers").bounding_box()
    assert above["y"] < below["y"], "before the numbers that are old"
    scene.monitor.away = False
    await fault.wait_for(state="hidden")


async def test_who_is_inside_does_not_look_like_one_of_whom_nothing_is_known(scene: Scene, room: Room) -> None:
    furnish(scene)
    scene.monitor.answers["positions"] = {**PLACES, "numbers": {**PLACES["numbers"], "seconds_to_perimeter": 0.0}}
    danger(scene)
    page = await room.login()
    await page.locator(".queue button.row").click()
    contact = page.locator(".places .numbers div", has_text="Llega en")
    await contact.wait_for()
    assert "0 s" in await contact.inner_text()


async def test_a_pattern_of_days_is_told_with_its_day(scene: Scene, room: Room) -> None:
    furnish(scene)
    since_ms = scene.clock.ms - 3 * 86_400_000
    scene.transition(to="caution", reason="probing", count=4, since_ms=since_ms, closest_m=900.0)
    page = await room.login()
    await page.locator(".queue button.row").click()
    day = await page.evaluate("ms => new Intl.DateTimeFormat('es', { dateStyle: 'medium' }).format(ms)", since_ms)
    await page.locator(".story").get_by_text(day).wait_for()


async def test_who_has_logged_in_again_in_another_tab_can_still_answer_in_the_first(scene: Scene, room: Room) -> None:
    room.expected = ("403",)
    furnish(scene)
    danger(scene)
    danger(scene, "i-2", order="O-2")
    page = await room.login("ana")
    await page.locator(".queue li[data-id=i-1] button").click()
    await page.locator(".incident").wait_for()
    assert (await page.request.post("/api/v1/session", data={"name": "ana", "password": PASSWORD})).ok
    await page.locator(".next-thing button.primary").click()
    await page.locator(".times").get_by_text("atendió ana").wait_for()
    assert (await page.request.post("/api/v1/session", data={"name": "bea", "password": PASSWORD})).ok
    await page.locator(".queue li[data-id=i-2] button").click()
    await page.locator(".next-thing button.primary").click()
    await page.locator("#complaint").get_by_text("Recargue la página").wait_for()
    assert scene.console.board.incidents["i-2"].acknowledged_by is None, "nobody answers under another's name"


async def test_who_listens_hears_each_emergency_though_two_are_told_in_the_same_words(scene: Scene, room: Room) -> None:
    page = await room.login()
    await page.locator(".queue-head").wait_for()
    for incident in ("i-1", "i-2"):
        danger(scene, incident)
        await page.locator(f".queue li[data-id={incident}]").wait_for()
    said = await page.locator("#polite").text_content()
    assert said.count("Emergencia: Dentro del perímetro, a 312 m ±25") == 2


async def test_a_lost_link_is_said_once_and_not_with_every_second(scene: Scene, room: Room) -> None:
    page = await room.login()
    await page.locator(".queue-head").wait_for()
    await page.evaluate(
        """() => { window.said = [];
        const seen = () => [...document.querySelectorAll('[role=alert]')].map((one) => one.textContent).join('');
        let last = seen();
        new MutationObserver(() => { if (seen() !== last) { last = seen(); window.said.push(last); } })
          .observe(document.body, { childList: true, subtree: true, characterData: true }); }"""
    )
    scene.console.on_link(False)
    bar = page.locator(".link-bar")
    for seconds in (1, 2, 3):
        scene.clock.ms += 1_000
        await bar.get_by_text(f"{seconds} s").wait_for()
    (said,) = await page.evaluate("window.said")
    assert "MONITOR" in said
    scene.console.on_link(True)
    await bar.wait_for(state="hidden")
    assert await becomes(page, "window.said.length === 2 && window.said[1] === ''")


@pytest.mark.faults
async def test_a_time_of_which_nothing_was_heard_is_said_until_each_has_read_it(scene: Scene, wire: Wire, chromium: Any) -> None:
    async with room_at(wire.url, chromium) as room:
        room.expected = ("net::",)
        page, bar = await open_page(room, "ana")
        assert await bar.is_hidden(), "nothing was missed"
        scene.monitor.heard_ms = scene.clock.ms - 26 * 3_600_000
        scene.console.on_gap()
        await bar.get_by_text("no oyó nada del monitor desde 14 ene 2027, 00:00:00 (GMT-6) hasta 02:00:00").wait_for()
        assert "bitácora (journal) del monitor" in await bar.inner_text()
        assert await page.evaluate("window.tones.length") == 0, "it does not ring"
        below, head = await bar.bounding_box(), await page.locator(".queue-head").bounding_box()
        assert below["y"] + below["height"] <= head["y"], "it covers nothing"
        assert await faults_of(page) == []
        assert await page.evaluate(SAID) == 1
        scene.console.on_link(False)
        await wire.cut()
        scene.console.on_link(True)
        await page.locator(".link-bar").wait_for()
        await wire.mend()
        await page.locator(".link-bar").wait_for(state="hidden")
        assert await bar.is_visible()
        assert await page.evaluate(SAID) <= 1, "once for whoever listens"
        _, later = await open_page(room, "bea")
        await later.wait_for()
        await bar.get_by_role("button", name="Leído").click()
        await bar.wait_for(state="hidden")
        await page.reload()
        await page.locator(".queue-head").wait_for()
        assert await bar.is_hidden()
        assert await later.is_visible(), "each reads for herself"
        scene.clock.ms += 60_000
        scene.monitor.heard_ms = scene.clock.ms - 10_000
        scene.console.on_gap()
        await bar.get_by_text("desde 02:00:50 hasta 02:01:00").wait_for()
        assert "14 ene" not in await bar.inner_text(), "what she has read is not said again"


SAID = "document.getElementById('polite').textContent.split('no oyó nada').length - 1"


async def open_page(room: Room, name: str) -> tuple[Any, Any]:
    page = await room.login(name)
    await page.locator(".queue-head").wait_for()
    return page, page.locator(".unheard-bar")
