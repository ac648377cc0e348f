"""Promises of the pages behind the desk: who may what is changed there, secrets are shown once, outages are one line."""

from __future__ import annotations

import pytest

from dashboard import database as db
from tests.dashboard.browser.conftest import PLACES, Room, furnish
from tests.dashboard.conftest import T0, Scene

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_operator_is_added_gets_a_second_factor_and_loses_access(scene: Scene, room: Room) -> None:
    page = await room.login("root", at="/admin")
    await page.get_by_role("button", name="Nuevo operador").click()
    await page.locator("dialog").get_by_label("Nombre de usuario").fill("nora")
    await page.locator("dialog").get_by_label("Contraseña").fill("largo camino a casa 42")
    await page.locator("dialog button[type=submit]").click()
    await page.get_by_role("button", name="Cambiar nora").click()
    await page.locator("dialog").get_by_label("Segundo factor").check()
    await page.locator("dialog button[type=submit]").click()
    assert "otpauth://totp/" in await page.locator("dialog .secret").inner_text()
    await page.keyboard.press("Escape")
    await page.locator("tr", has_text="nora").get_by_text("sí").nth(1).wait_for()
    await page.get_by_role("button", name="Cambiar nora").click()
    await page.locator("dialog").get_by_label("Puede entrar").uncheck()
    await page.locator("dialog button[type=submit]").click()
    await page.locator("dialog").wait_for(state="detached")
    (row,) = await scene.desk.records.one(db.find(db.OPERATORS, {"name": "nora"}))
    assert (row["role"], bool(row["active"])) == ("dispatcher", False)
    assert row["totp"]


async def test_a_weak_password_is_refused_where_it_is_typed(scene: Scene, room: Room) -> None:
    room.expected = ("400",)
    page = await room.login("root", at="/admin")
    await page.get_by_role("button", name="Nuevo operador").click()
    await page.locator("dialog").get_by_label("Nombre de usuario").fill("nora")
    await page.locator("dialog").get_by_label("Contraseña").fill("nora")
    await page.locator("dialog button[type=submit]").click()
    await page.locator("dialog .fault").get_by_text("password").wait_for()


async def test_a_token_is_shown_once_and_a_session_is_ended(scene: Scene, room: Room) -> None:
    page = await room.login("root", at="/admin")
    await page.get_by_role("button", name="Nueva clave").click()
    await page.locator("dialog").get_by_label("Nombre").fill("cad")
    await page.locator("dialog").get_by_label("queue.read").check()
    await page.locator("dialog button[type=submit]").click()
    word = await page.locator("dialog .secret").inner_text()
    assert len(word) > 20
    await page.keyboard.press("Escape")
    await page.reload()
    await page.locator("tr", has_text="cad").first.wait_for()
    assert word not in await page.content()
    ana = await room.login("ana")
    await ana.locator(".queue-head").wait_for()
    room.expected = ("401",)
    await page.reload()
    await page.get_by_role("button", name="Terminar ana").click()
    await ana.reload()
    await ana.wait_for_url("**/login")


async def test_the_record_of_looks_is_read_page_by_page_and_by_subject(scene: Scene, room: Room) -> None:
    rows = [
        {"at_ms": T0, "until_ms": T0, "times": 1, "operator": "ana", "act": "position", "subject": f"O-{n % 2}", "reason": ""}
        for n in range(150)
    ]
    await scene.desk.records.do(*(db.add(db.AUDIT, row) for row in rows))
    page = await room.login("vera", at="/admin")
    await page.locator("tbody tr").nth(99).wait_for()
    await page.get_by_role("button", name="Ver más").click()
    await page.locator("tbody tr").nth(149).wait_for()
    await page.get_by_label("Persona u orden").fill("O-1")
    await page.get_by_role("button", name="Buscar").click()
    await page.locator("tbody tr").nth(74).wait_for()
    assert await page.locator("tbody tr", has_text="O-0").count() == 0


async def test_an_outage_of_many_is_one_line(scene: Scene, room: Room) -> None:
    furnish(scene)
    orders = [f"O-{n}" for n in range(40)]
    outage = {"why": "no_signal", "count": 40, "since_ms": PLACES["at_ms"] - 120_000, "orders": orders}
    scene.monitor.answers["coverage"] = {"at_ms": PLACES["at_ms"], "unseen": 40, "uncovered": [], "folded": [outage], "batteries": []}
    page = await room.login("ana", at="/coverage")
    await page.get_by_text("40 a la vez: sin señal, desde hace 2:0").wait_for()
    await page.get_by_text("Órdenes que no se ven ahora: 40").wait_for()


async def test_how_well_we_do_is_drawn_and_told_in_numbers(scene: Scene, room: Room) -> None:
    scene.transition("i-1")
    scene.notification("n-1", "i-1")
    scene.clock.ms += 12_000
    await scene.console.close(scene.console.board.incidents["i-1"], "ana", "accidental", "")
    page = await room.login("sol", at="/statistics")
    await page.locator(".totals", has_text="100 %").wait_for()
    await page.locator(".totals", has_text="12 s").wait_for()
    assert await page.locator("svg.plot").count() == 5
    await page.locator("tr", has_text="Encuentro casual").wait_for()


async def test_an_incident_is_passed_on_and_muted_for_one_alone(scene: Scene, room: Room) -> None:
    furnish(scene)
    scene.transition("i-1")
    scene.notification("n-1", "i-1")
    ana, bea = await room.login("ana"), await room.login("bea")
    for page in (ana, bea):
        await page.locator(".queue button.row").click()
        await page.locator(".incident").wait_for()
    await ana.get_by_role("button", name="Pasar a…").click()
    await ana.locator("dialog input").fill("bea")
    await ana.keyboard.press("Enter")
    await bea.get_by_role("button", name="Es mío").wait_for()
    await ana.locator("dialog").wait_for(state="detached")
    await ana.keyboard.press("m")
    await ana.get_by_role("button", name="Con sonido").wait_for()
    assert await bea.get_by_role("button", name="Sin sonido").count() == 1
