"""The whole of it: bracelets, broker, monitor, console and browser, each a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.dashboard.browser.conftest import becomes, room_at
from tests.dashboard.conftest import PASSWORD
from tests.dashboard.test_console_live import console_in
from tests.pings import at
from tests.service_world import devices, until

pytestmark = [pytest.mark.faults, pytest.mark.asyncio(loop_scope="session")]


async def test_an_approach_appears_rings_is_opened_answered_watched_and_closed(tmp_path: Path, chromium: Any) -> None:
    with console_in(tmp_path) as (world, console):
        async with console.browser(), devices(world.broker.port) as people, room_at(console.url, chromium) as room:
            page = await room.login("ana")
            await page.locator(".queue-head").wait_for()
            await page.evaluate("window.tones.length = 0")
            await people.meet(0)
            row = page.locator(".queue li.level-emergency", has_text="O-0")
            await row.wait_for()
            await becomes(page, "window.tones.length")
            await row.locator("button").click()
            await page.locator(".map .party-protected").wait_for()
            await page.locator(".map .party-respondent").wait_for()
            assert "± " in await page.locator(".numbers").inner_text()
            await page.locator(".incident table", has_text="brc").first.wait_for()
            await page.keyboard.press("a")
            await page.locator(".times").get_by_text("atendió ana").wait_for()
            await page.get_by_role("button", name="Recorrido").click()
            await page.get_by_text("El mismo motor decide aquí lo mismo que entonces.").wait_for()
            await page.keyboard.press("End")
            await page.locator(".playback .level-emergency").first.wait_for()
            assert await page.locator(".playback .marker").count() == 2
            rings = len(world.room.of(order="O-0", kind="raise"))
            await page.keyboard.press("c")
            await page.locator("dialog select").select_option("test")
            await page.locator("dialog button[type=submit]").click()
            await row.wait_for(state="detached")
            assert len(world.room.of(order="O-0", kind="raise")) == rings
            await until(lambda: people.breaches(0), what="her own alert, which nobody can close")


async def test_a_console_that_is_killed_and_started_again_finds_its_pages_waiting(tmp_path: Path, chromium: Any) -> None:
    with console_in(tmp_path) as (world, console):
        async with console.browser(), devices(world.broker.port) as people, room_at(console.url, chromium) as room:
            room.expected = ("net::",)
            page = await room.login("ana")
            await page.locator(".queue-head").wait_for()
            console.kill()
            await page.locator(".link-bar").wait_for()
            await people.meet(1)
            await until(lambda: people.breaches(1), what="her alert while there is no console")
            console.start()
            await page.locator(".queue li.level-emergency", has_text="O-1").wait_for(timeout=30_000)
            await page.locator(".link-bar").wait_for(state="hidden")


async def test_a_zone_is_drawn_around_one_who_stands_still_and_he_is_judged(tmp_path: Path, chromium: Any) -> None:
    with console_in(tmp_path) as (world, console):
        console.command("--add-operator", "caso", "--role", "case_officer", given=f"{PASSWORD}\n".encode())
        async with console.browser(), devices(world.broker.port) as people, room_at(console.url, chromium) as room:
            await people.ping("brc-0", at(30_000, 0))
            await people.ping("tag-0", at(0, 0))  # where the map of an order without zones begins
            page = await room.login("caso", at="/orders")
            await page.locator(".order-list li[data-id=O-0] button").click()
            await page.locator(".order-form li", has_text="tag-0").wait_for()
            await page.get_by_role("button", name="+ Círculo").click()
            box = await page.locator(".map.tall").bounding_box()
            assert box is not None
            await page.locator(".map.tall").click(position={"x": box["width"] / 2, "y": box["height"] / 2})
            await page.get_by_role("button", name="Poner en vigor").click()
            await page.get_by_text("En vigor. Nivel ahora: Emergencia (dentro del perímetro).").wait_for()
            await until(lambda: people.breaches(0), what="her alert: he stands in the new zone")


async def test_a_new_order_with_new_devices_is_issued_and_watched_at_once(tmp_path: Path, chromium: Any) -> None:
    with console_in(tmp_path) as (world, console):
        console.command("--add-operator", "caso", "--role", "case_officer", given=f"{PASSWORD}\n".encode())
        async with console.browser(), devices(world.broker.port) as people, room_at(console.url, chromium) as room:
            page = await room.login("caso", at="/orders")
            await page.get_by_role("button", name="Nueva orden").click()
            for label, value in (
                ("Clave de la orden", "O-new"),
                ("Persona protegida (seudónimo)", "P-new"),
                ("Persona vinculada (seudónimo)", "R-new"),
            ):
                await page.get_by_label(label).fill(value)
            for device, party in (("brc new", "protected"), ("tag-new", "respondent")):
                await page.get_by_role("button", name="Añadir dispositivo").click()
                row = page.locator(".order-form .zone-form").last
                await row.get_by_label("Dispositivo").fill(device)
                await row.get_by_label("De", exact=True).select_option(party)
            await page.get_by_role("button", name="Poner en vigor").click()
            await page.locator("[aria-invalid]").wait_for()
            assert await page.evaluate("document.activeElement.value") == "brc new", "no device is called so"
            await page.locator("[aria-invalid]").fill("brc-new")
            await page.get_by_role("button", name="Poner en vigor").click()
            await page.get_by_text("En vigor. Nivel ahora: Aviso").wait_for()
            await people.ping("brc-new", at(0, 0))
            await people.ping("tag-new", at(50, 0))
            breach = ("emergency", "breach")
            await until(lambda: breach in [(one["level"], one["reason"]) for one in people.heard("brc-new", "alert")], what="her alert")
