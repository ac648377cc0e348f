"""Promises of the dispatcher's page: what rings, what stays still, what is said when it breaks."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from dashboard import database as db
from dashboard.accounts import CONFIRMED_MS
from tests.dashboard.browser.conftest import Room, Wire, becomes, furnish, room_at
from tests.dashboard.conftest import PASSWORD, Scene

pytestmark = pytest.mark.asyncio(loop_scope="session")

EMERGENCY_S = 1.0
LOST_S = 2.6  # two seconds without a beat, and the page looks four times a second


def danger(scene: Scene, incident: str = "i-1", **more: Any) -> None:
    """He is inside her perimeter, and the control room has been told."""
    scene.transition(incident, distance_m=312.0, uncertainty_m=25.0, order=more.get("order", "O-1"))
    scene.notification(f"n-{incident}", incident)
    scene.notification(f"b-{incident}", incident, audience="protected", channel="bracelet")


async def ids(page: Any) -> list[str]:
    return await page.locator(".queue li").evaluate_all("rows => rows.map(row => row.dataset.id)")


@pytest.mark.faults
async def test_a_new_emergency_is_on_top_and_rings_within_a_second(scene: Scene, room: Room) -> None:
    scene.transition("i-0", "warning", "approach", distance_m=900.0)
    page = await room.login()
    await page.locator(".queue li").first.wait_for()
    await page.evaluate(
        """() => { window.seen_at = null;
        new MutationObserver(() => { if (!window.seen_at && document.querySelector('.queue li.level-emergency')) window.seen_at = performance.now(); })
          .observe(document.querySelector('.queue'), { childList: true, subtree: true }); window.tones.length = 0; }"""
    )
    told_at = await page.evaluate("performance.now()")
    danger(scene)
    await becomes(page, "window.seen_at && window.tones.length")
    assert await page.evaluate("window.seen_at") - told_at < EMERGENCY_S * 1000
    assert await page.evaluate("window.tones[0]") - told_at < EMERGENCY_S * 1000
    assert await ids(page) == ["i-1", "i-0"]
    first = page.locator(".queue li").first
    assert "Emergencia".casefold() in (await first.inner_text()).casefold(), "the word, not only the colour"
    assert "Dentro del perímetro, a 312 m ±25" in await first.inner_text()
    assert (await page.title()).startswith("(1!)")


async def test_no_row_moves_under_the_pointer_and_what_is_new_is_said_above(scene: Scene, room: Room) -> None:
    scene.transition("i-0", "warning", "approach", distance_m=900.0)
    page = await room.login()
    await page.locator(".queue li").first.hover()
    before = await page.locator(".queue li").first.bounding_box()
    danger(scene)
    waiting = page.locator(".waiting.loud")
    await waiting.wait_for()
    assert await ids(page) == ["i-0"]
    assert await page.locator(".queue li").first.bounding_box() == before
    await waiting.click()
    await page.locator(".queue li[data-id=i-1]").wait_for()
    assert await ids(page) == ["i-1", "i-0"]
    await page.locator(".incident").get_by_text("Dentro del perímetro").first.wait_for()


async def test_what_another_has_closed_stays_in_its_place_while_a_hand_is_on_the_list(scene: Scene, room: Room) -> None:
    for n in (1, 2, 3):
        danger(scene, f"i-{n}", order=f"O-{n}")
    page = await room.login()
    await page.locator(".queue li").nth(2).hover()
    one = scene.console.board.incidents["i-1"]
    await scene.console.close(one, "bea", "accidental", "")
    await page.locator(".queue li[data-id=i-1]").get_by_text("Cerrado").wait_for()
    assert await ids(page) == ["i-1", "i-2", "i-3"]
    await page.mouse.move(1000, 400)
    await page.locator(".queue li[data-id=i-1]").wait_for(state="detached")


async def test_sound_that_the_browser_forbids_is_asked_for(scene: Scene, room: Room) -> None:
    danger(scene)
    page = await room.page()
    assert (await page.request.post("/api/v1/session", data={"name": "ana", "password": PASSWORD})).ok
    await page.goto("/")
    off = page.locator(".sound-off")
    await off.get_by_text("El sonido está apagado").wait_for()
    await off.click()
    await off.wait_for(state="hidden")
    assert await becomes(page, "window.tones.length") > 0, "and what was missed is heard now"


async def test_an_ended_session_leads_to_the_login(scene: Scene, room: Room) -> None:
    room.expected = ("401",)
    page = await room.login()
    for row in await scene.desk.records.one(db.find(db.SESSIONS)):
        await scene.desk.accounts.end(row["id"])
    danger(scene)
    await page.wait_for_url("**/login")


async def test_the_focus_is_never_taken_away(scene: Scene, room: Room) -> None:
    furnish(scene)
    danger(scene, "i-1")
    page = await room.login()
    await page.locator(".queue li").first.wait_for()
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.locator(".incident").wait_for()
    danger(scene, "i-2")
    scene.transition("i-1", "warning", "approach", before="emergency", distance_m=800.0)
    await page.locator(".story").get_by_text("acercamiento").wait_for()
    focused = await page.evaluate("document.activeElement.closest('li')?.dataset.id")
    assert focused == "i-1"


async def test_the_focus_goes_along_with_its_row(scene: Scene, room: Room) -> None:
    danger(scene, "i-1", order="O-1")
    danger(scene, "i-2", order="O-2")
    page = await room.login()
    await page.locator(".queue li[data-id=i-2] button").focus()
    await page.evaluate(
        "{ const then = performance.now.bind(performance); performance.now = () => then() + 31_000; }"
    )  # nobody has moved for long
    scene.transition("i-1", "warning", "approach", before="emergency", order="O-1", distance_m=800.0)
    await page.locator(".queue li:first-child[data-id=i-2]").wait_for()
    assert await page.evaluate("document.activeElement.closest('li')?.dataset.id") == "i-2"


async def test_an_incident_is_worked_through_with_the_keyboard_alone(scene: Scene, room: Room) -> None:
    room.expected = ("403",)  # the server asks for the password again: that is the promise
    furnish(scene)
    danger(scene)
    page = await room.login()
    await page.locator(".queue li").first.wait_for()
    scene.clock.ms += CONFIRMED_MS + 1
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.locator(".map .marker").first.wait_for()
    assert await page.locator(".numbers").get_by_text("1.8 km ± 61 m").count() == 1
    await page.keyboard.press("a")
    await page.locator(".next-thing").get_by_text("Llamar a la persona protegida").wait_for()
    assert len([one for one in scene.monitor.asked if one["do"].startswith("acknowledge")]) == 1
    await page.keyboard.press("n")
    await page.keyboard.type("Contestó: está en casa")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.locator(".story").get_by_text("Contestó: está en casa").wait_for()
    await page.locator("dialog").wait_for(state="detached")
    await page.keyboard.press("c")
    await page.locator("dialog select").select_option("true_approach")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="Confirme que es usted").wait_for()
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.locator(".queue li").wait_for(state="detached")
    assert "Acercamiento real" in await page.locator(".times").inner_text()
    await page.keyboard.press("r")
    await page.locator("dialog select").select_option("i-1")
    await page.locator("dialog button[type=submit]").click()
    await page.locator("dialog").wait_for(state="detached")
    assert await page.locator(".acts button:enabled").all_inner_texts() == ["Nota (n)", "Nombre y teléfono", "Recorrido"]


async def test_what_two_operators_do_each_sees_of_the_other(scene: Scene, room: Room) -> None:
    furnish(scene)
    danger(scene)
    ana, bea = await room.login("ana"), await room.login("bea")
    for page in (ana, bea):
        await page.locator(".queue button.row").click()
        await page.locator(".incident").wait_for()
    await ana.keyboard.press("a")
    await bea.locator(".times").get_by_text("atendió ana").wait_for()
    await bea.keyboard.press("s")
    await ana.locator(".queue .who").get_by_text("lo tiene bea").wait_for()
    await ana.locator(".steps input").first.check()
    await bea.locator(".steps").get_by_text("ana,").wait_for()
    assert await bea.locator(".steps input").first.is_checked()


@pytest.mark.faults
@pytest.mark.parametrize("how", ["killed", "stopped"])
async def test_a_lost_server_cannot_be_overlooked_and_comes_back_by_itself(scene: Scene, wire: Wire, chromium: Any, how: str) -> None:
    async with room_at(wire.url, chromium) as room:
        room.expected = ("ERR_CONNECTION", "ERR_EMPTY", "ERR_SOCKET", "ERR_INCOMPLETE", "net::")  # the browser says it too
        page = await room.login()
        await page.locator("h1").first.wait_for()
        await page.evaluate("window.tones.length = 0")
        bar = page.locator(".link-bar")
        assert await bar.is_hidden()
        began = asyncio.get_running_loop().time()
        if how == "killed":
            await wire.cut()
        else:
            wire.hang()
        await bar.wait_for(state="visible")
        assert asyncio.get_running_loop().time() - began < LOST_S + 1.0, "with a second for a busy machine"
        assert "SIN CONEXIÓN" in await page.title()
        box = await bar.bounding_box()
        assert box["width"] >= 1366
        assert await page.evaluate("window.tones.length") > 0
        danger(scene)  # happens while nobody can see it
        await wire.mend()
        await page.locator(".queue li[data-id=i-1]").wait_for()
        await bar.wait_for(state="hidden")
        assert "SIN CONEXIÓN" not in await page.title()


@pytest.mark.faults
async def test_a_server_lost_before_the_worker_was_loaded_is_noticed_too(wire: Wire, chromium: Any) -> None:
    async with room_at(wire.url, chromium) as room:
        room.expected = ("ERR_", "net::")
        page = await room.page()
        refused = []
        await page.route("**/static/pulse.js", lambda route: (refused.append(route), route.abort())[1])
        await room.enter(page)
        wire.hang()
        await page.locator(".link-bar").wait_for(state="visible")
        assert refused


async def test_a_monitor_that_is_away_is_said_too(scene: Scene, room: Room) -> None:
    page = await room.login(language="en")
    scene.console.on_link(False)
    await page.locator(".link-bar").get_by_text("MONITOR").wait_for()
    scene.console.on_link(True)
    await page.locator(".link-bar").wait_for(state="hidden")


@pytest.mark.faults
async def test_a_thousand_incidents_at_once_leave_the_page_free(scene: Scene, room: Room) -> None:
    page = await room.login()
    await page.locator(".queue-head").wait_for()
    await page.evaluate("window.longTasks.length = 0")
    for n in range(999):
        scene.transition(f"i-{n:04}", "caution", "no_link", order=f"O-{n}")
    danger(scene, "i-worst", order="O-worst")
    told_at = asyncio.get_running_loop().time()
    await page.locator(".queue li:first-child[data-id=i-worst]").wait_for()
    assert asyncio.get_running_loop().time() - told_at < 5 * EMERGENCY_S, "far below on a quiet machine"
    await page.locator(".queue li").nth(999).wait_for(state="attached")
    longest = max(await page.evaluate("window.longTasks"), default=0.0)
    assert longest < 200.0


def longest_rising(places: list[int]) -> int:
    """By trying all: the length of the longest rising run."""
    best: list[int] = []
    for index, place in enumerate(places):
        best.append(0 if place < 0 else 1 + max((best[k] for k in range(index) if 0 <= places[k] < place), default=0))
    return max(best, default=0)


async def test_as_few_rows_move_as_can_be(room: Room) -> None:
    page = await room.page()
    await page.goto("/login")
    rng = random.Random(7)
    for _ in range(60):
        places = rng.sample(range(12), rng.randrange(13)) + [-1] * rng.randrange(3)
        rng.shuffle(places)
        stay = await page.evaluate(
            "places => import('/static/order.js').then(({ staying }) => [...staying(places)].sort((a, b) => a - b))", places
        )
        kept = [places[index] for index in stay]
        assert kept == sorted(kept)
        assert -1 not in kept
        assert len(kept) == longest_rising(places)


async def test_what_people_write_is_text_and_never_markup(scene: Scene, room: Room) -> None:
    furnish(scene)
    danger(scene)
    evil = '<img src=x onerror="document.title=1"><b>x</b>'
    page = await room.login()
    await page.locator(".queue button.row").click()
    await page.locator(".incident").wait_for()
    await page.keyboard.press("n")
    await page.locator("dialog textarea").fill(evil)
    await page.locator("dialog button[type=submit]").click()
    await page.locator(".story").get_by_text(evil).wait_for()
    assert await page.locator(".story img, .story b").count() == 0


async def test_nothing_that_can_be_pressed_silences_her_own_alert(scene: Scene, room: Room) -> None:
    furnish(scene)
    danger(scene)
    page = await room.login()
    await page.locator(".queue button.row").click()
    for key in ("a", "m"):
        await page.locator(".acts").wait_for()
        await page.keyboard.press(key)
        await page.locator(".story").get_by_text("ana: " if key == "a" else "ana").first.wait_for()
    asked = {one["of"] for one in scene.monitor.asked if one["do"].startswith("acknowledge")}
    assert len(asked) == 1
    assert "b-i-1" not in asked, "the control room's own; not hers"
