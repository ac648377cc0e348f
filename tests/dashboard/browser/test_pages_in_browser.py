"""Promises of every page: usable by everyone, by night and on a tablet, in both languages, and with nothing from elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyotp
import pytest
from axe_playwright_python.async_playwright import Axe

from dashboard import database as db
from dashboard.accounts import CONFIRMED_MS
from dashboard.passwords import new_totp
from tests.dashboard.browser.conftest import ORDER, PLACES, Room, becomes, furnish, room_at
from tests.dashboard.conftest import PASSWORD, T0, Scene, fresh, scene_of
from tests.service_world import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}
PAGES = {"/coverage": "sol", "/orders": "caso", "/statistics": "sol", "/admin": "root"}


async def faults_of(page: Any) -> list[str]:
    """What axe finds, as lines."""
    found = await Axe().run(page, options=RULES)
    return [f"{one['id']}: {node['target']} {node['failureSummary']}" for one in found.response["violations"] for node in one["nodes"]]


def story(scene: Scene) -> None:
    """One of each level, with an answer and a delivery that failed."""
    furnish(scene)
    scene.transition("i-2", "warning", "approach", order="O-2", distance_m=900.0, seconds_to_perimeter=95.0)
    scene.transition("i-3", "caution", "cannot_see_respondent", order="O-3")
    scene.transition("i-4", "caution", "battery", order="O-4")
    scene.transition("i-4", "calm", "resolved", before="caution", order="O-4")
    scene.transition("i-1", distance_m=312.0, uncertainty_m=25.0)
    scene.notification("n-1", "i-1")
    scene.notification(
        "n-2",
        "i-1",
        audience="protected",
        channel="bracelet",
        text="PELIGRO: está dentro de tu perímetro, a 312 m ±25 al noreste. Ve a un lugar seguro y llama al 911. Clave K7Q2.",
    )
    scene.notification("n-3", "i-1", audience="protected", channel="sms", text="PELIGRO: esta dentro de tu perimetro. Clave K7Q2.")
    scene.hear("outcome", notification="n-2", state="delivered", detail="")
    scene.hear("outcome", notification="n-3", state="failed", detail="30003")


async def opened(room: Room, **more: Any) -> Any:
    """A dispatcher's page with the most urgent incident open and its map drawn."""
    page = await room.login(**more)
    await page.locator(".queue button.row").first.click()
    await page.locator(".map .marker").first.wait_for()
    await page.locator(".incident table tbody tr").nth(1).wait_for()
    return page


async def test_the_barrier_check_sees_a_planted_fault(room: Room) -> None:
    page = await room.page()
    await page.goto("/login")
    await page.locator("h1").wait_for()
    await page.evaluate(
        "document.querySelector('main').append(document.createElement('button'), Object.assign(new Image(), { src: '/static/icon.svg' }))"
    )
    assert {line.split(":")[0] for line in await faults_of(page)} >= {"button-name", "image-alt"}


@pytest.mark.parametrize("dark", [False, True], ids=["day", "night"])
async def test_the_desk_has_no_barrier(scene: Scene, room: Room, dark: bool) -> None:
    story(scene)
    page = await opened(room, dark=dark)
    assert await faults_of(page) == []
    await page.keyboard.press("c")
    await page.locator("dialog[open]").wait_for()
    assert await faults_of(page) == []


async def test_the_way_in_and_the_public_page_have_no_barrier(room: Room) -> None:
    page = await room.page()
    for path in ("/login", "/public"):
        await page.goto(path)
        await page.locator("h1").wait_for()
        assert await faults_of(page) == [], path


@pytest.mark.parametrize("path", PAGES)
async def test_every_other_page_has_no_barrier(scene: Scene, room: Room, path: str) -> None:
    story(scene)
    page = await room.login(PAGES[path], at=path)
    await page.locator("table, .order-list button, svg.plot").first.wait_for()
    if path == "/orders":
        await page.locator(".order-list button").first.click()
        await page.locator(".zone-form").wait_for()
    assert await faults_of(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing to scroll sideways for"


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1024, 768), (768, 1024)])
async def test_the_desk_fits_a_small_screen_and_a_tablet(scene: Scene, room: Room, width: int, height: int) -> None:
    story(scene)
    page = await opened(room, width=width, height=height)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box = await page.locator(".next-thing").bounding_box()
    assert box is not None
    if width > 820:
        assert box["y"] + 40 < height, "the next thing to do is on the first screen"


async def test_the_language_is_chosen_once_and_speaks_everywhere(scene: Scene, room: Room) -> None:
    story(scene)
    page = await room.login()
    assert await page.locator("h1").inner_text() == "Incidentes"
    async with page.expect_navigation():
        await page.locator("#top select").first.select_option("en")
    await page.locator("h1").get_by_text("Incidents").wait_for()
    await page.locator(".queue .why").get_by_text("Inside the perimeter, at 312 m ±25").wait_for()
    assert await page.evaluate("document.documentElement.lang") == "en"
    await page.goto("/coverage")
    await page.get_by_role("heading", name="Can we see everyone?").wait_for()
    await page.get_by_text("no signal").wait_for()


async def test_night_is_kept_and_there_is_no_white_flash(scene: Scene, room: Room) -> None:
    page = await room.login()
    await page.locator("#top select").nth(1).select_option("dark")
    dark = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    await page.goto("/coverage", wait_until="commit")
    await page.locator("body").wait_for()
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    assert dark != "rgb(244, 245, 247)"


async def test_whoever_is_not_logged_in_is_led_to_the_login_and_back(scene: Scene, room: Room) -> None:
    room.expected = ("401",)
    page = await room.page()
    await page.goto("/coverage")
    await page.wait_for_url("**/login")
    await page.locator("input[name=name]").fill("ana")
    await page.locator("input[name=password]").fill("wrong")
    await page.keyboard.press("Enter")
    await page.get_by_text("Nombre, contraseña o código equivocado.").wait_for()
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/coverage")


async def test_a_second_factor_is_asked_for_where_there_is_one(scene: Scene, room: Room) -> None:
    room.expected = ("401",)
    secret = new_totp()
    await scene.desk.records.do(db.change(db.OPERATORS, {"id": "id-ana"}, totp=secret))
    page = await room.page()
    await page.goto("/login")
    await page.locator("input[name=name]").fill("ana")
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.keyboard.press("Enter")
    code = page.get_by_label("Código de verificación")
    await code.wait_for()
    await code.fill(pyotp.TOTP(secret).at(scene.clock.ms // 1000))
    await page.keyboard.press("Enter")
    await page.locator(".queue-head").wait_for()


async def test_a_zone_is_drawn_on_the_map_and_put_in_force(scene: Scene, room: Room) -> None:
    room.expected = ("403",)
    furnish(scene)
    page = await room.login("caso", at="/orders")
    await page.locator(".order-list button").first.click()
    await page.locator(".zone-form").wait_for()
    scene.clock.ms += CONFIRMED_MS + 1
    await page.get_by_role("button", name="+ Polígono").click()
    for x, y in ((60, 80), (180, 90), (120, 220)):
        await page.locator(".map.tall").click(position={"x": x, "y": y})
    await page.get_by_role("button", name="Poner en vigor").click()
    await page.locator("dialog input[type=password]").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.get_by_text("En vigor. Nivel ahora: Aviso").wait_for()
    (change,) = [one for one in scene.monitor.asked if one["do"] == "set_order"]
    home, drawn = change["order"].get("zone") or change["order"]["zones"]
    assert home["id"] == "home"
    (ring,) = (drawn.get("geojson") or drawn["geometry"])["coordinates"]
    assert len(ring) == 4
    assert ring[0] == ring[-1], "a closed ring of the three corners"
    assert all(-180 < lon < 0 < lat < 90 for lon, lat in ring), "longitude first, as GeoJSON has it"


async def test_a_fault_is_shown_at_its_field(scene: Scene, room: Room) -> None:
    furnish(scene)
    page = await room.login("caso", at="/orders")
    await page.locator(".order-list button").first.click()
    await page.get_by_label("Zona horaria").fill("Luna/Tycho")
    await page.get_by_role("button", name="Comprobar").click()
    await page.locator("[aria-invalid]").wait_for()
    assert await page.evaluate("document.activeElement.value") == "Luna/Tycho"
    assert "Luna/Tycho" in await page.locator(".zone-form .fault").filter(has_text="Luna").inner_text()


async def test_zones_come_from_a_file(scene: Scene, room: Room) -> None:
    furnish(scene)
    page = await room.login("caso", at="/orders")
    await page.locator(".order-list button").first.click()
    ring = [[[-100.39, 20.59], [-100.38, 20.59], [-100.38, 20.60], [-100.39, 20.59]]]
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": ring},
            "properties": {"id": "school", "kind": "exclusion", "buffer_m": 50},
        }
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    await page.locator("input[type=file]").set_input_files(
        {"name": "zones.geojson", "mimeType": "application/geo+json", "buffer": text.encode()}
    )
    await page.locator(".zone-form").nth(1).wait_for()
    assert await page.locator(".zone-form textarea").nth(1).input_value() == "20.59, -100.39\n20.59, -100.38\n20.6, -100.38"


async def test_what_happened_is_played_back_with_a_slider(scene: Scene, room: Room) -> None:
    story(scene)
    frames = [
        {"at_ms": T0 + 5_000 * n, "level": "warning" if n > 5 else "caution", "reason": "approach", "distance_m": 2_000.0 - 100 * n, "uncertainty_m": 30.0,
         "protected": {**PLACES["protected"], "trail": []}, "respondent": {**PLACES["respondent"], "lat": 20.61 - 0.001 * n, "trail": []}}
        for n in range(12)
    ]  # fmt: skip
    track = {
        "from_ms": T0,
        "to_ms": T0 + 60_000,
        "frames": frames,
        "transitions": [{"at_ms": T0 + 30_000, "to": "warning", "reason": "approach"}],
        "perimeter_m": 500.0,
        "warning_m": 2200.0,
        "zones": [],
    }
    scene.monitor.answers["playback"] = {"at_ms": T0, **track}
    page = await opened(room)
    await page.route("**/playback*", lambda route: route.fulfill(json=track))
    await page.get_by_role("button", name="Recorrido").click()
    await page.locator(".playback .marker").first.wait_for()
    assert "2.0 km ± 30 m" in await page.locator(".playback .numbers").inner_text()
    await page.keyboard.press("End")
    assert "900 m ± 30 m" in await page.locator(".playback .numbers").inner_text()
    await page.locator(".marks button").click()
    assert "1.4 km ± 30 m" in await page.locator(".playback .numbers").inner_text()
    asked = len([one for one in scene.monitor.asked if one["do"] == "positions"])
    await page.get_by_role("button", name="Volver al mapa en vivo").click()
    await page.locator(".places .marker").first.wait_for()
    assert asked >= 1


async def test_positions_are_asked_for_only_while_somebody_looks_at_an_incident(scene: Scene, room: Room) -> None:
    story(scene)
    page = await room.login()
    await page.locator(".queue li").first.wait_for()
    assert [one for one in scene.monitor.asked if one["do"] == "positions"] == []
    await page.locator(".queue button.row").first.click()
    await page.locator(".map .marker").first.wait_for()
    assert {one["of"] for one in scene.monitor.asked if one["do"] == "positions"} == {"O-1"}


async def test_a_name_is_shown_for_a_reason_only(scene: Scene, room: Room) -> None:
    room.expected = ("404",)  # this console has no contacts file: what counts is that the reason went on record first
    story(scene)
    page = await opened(room)
    await page.get_by_role("button", name="Nombre y teléfono").click()
    await page.get_by_label("Motivo").fill("avisar a la patrulla")
    await page.locator("dialog button[type=submit]").click()
    await page.locator("dialog .fault").get_by_text("No existe").wait_for()
    rows = await scene.desk.records.one(db.find(db.AUDIT, {"act": "reveal"}))
    assert [(row["operator"], row["subject"], row["reason"]) for row in rows] == [("ana", "P-1", "avisar a la patrulla")]


async def test_whoever_may_not_change_orders_cannot_try(scene: Scene, room: Room) -> None:
    furnish(scene)
    page = await room.login("sol", at="/orders")
    await page.locator(".order-list button").first.click()
    await page.locator(".zone-form").wait_for()
    assert await page.locator("form.order-form").get_by_role("button", name="Poner en vigor").count() == 0
    assert await page.locator("form.order-form input:enabled").count() == 0
    assert await page.locator("form.order-form input").first.input_value() == ORDER["id"]


async def test_single_keys_can_be_turned_off(scene: Scene, room: Room) -> None:
    story(scene)
    page = await opened(room)
    await page.keyboard.press("?")
    await page.get_by_label("Usar teclas de una letra").uncheck()
    await page.keyboard.press("Escape")
    await page.locator("dialog").wait_for(state="detached")
    await page.keyboard.press("n")
    assert await page.locator("dialog").count() == 0
    await page.locator("#top").get_by_role("button", name="Ver las teclas").click()
    await page.get_by_label("Usar teclas de una letra").check()
    await page.keyboard.press("Escape")
    await page.locator("dialog").wait_for(state="detached")
    await page.keyboard.press("n")
    await page.locator("dialog textarea").wait_for()


async def test_a_base_layer_of_our_own_is_the_map_where_there_is_one(tmp_path: Path, chromium: Any) -> None:
    street = {"type": "Feature", "properties": {}, "geometry": {"type": "LineString", "coordinates": [[-100.40, 20.58], [-100.37, 20.60]]}}
    layer = tmp_path / "streets.geojson"
    layer.write_text(json.dumps({"type": "FeatureCollection", "features": [street]}))
    records = fresh(f"sqlite:///{tmp_path / 'console.db'}")
    async with scene_of(records, base_layer=layer) as scene, room_at(scene.url, chromium) as room:
        story(scene)
        page = await opened(room)
        drawn = "[...document.querySelector('.map canvas').getContext('2d').getImageData(0, 0, 2000, 1000).data].some(Boolean)"
        await page.locator(".map canvas").wait_for()
        assert await becomes(page, drawn)
        assert await page.locator(".map path.grid").count() == 0
    records.close()


async def test_only_a_tile_server_that_is_set_is_asked_and_only_for_pictures(tmp_path: Path, chromium: Any) -> None:
    records = fresh(f"sqlite:///{tmp_path / 'console.db'}")
    tiles = "http://127.0.0.1:9/{z}/{x}/{y}.png"
    async with scene_of(records, tile_url=tiles, tile_attribution="<b>streets</b>") as scene, room_at(scene.url, chromium) as room:
        room.expected = ("net::",)  # nothing listens there: the map goes on without
        story(scene)
        page = await opened(room)
        await until(lambda: any("http://127.0.0.1:9/" in fault for fault in room.faults), what="no tile was asked for")
        asked = [fault for fault in room.faults if "http://127.0.0.1:9/" in fault]
        room.faults[:] = [fault for fault in room.faults if fault not in asked]
        assert await page.locator(".leaflet-control-attribution b").count() == 0, "what is set is text"
        refused = await page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'let through', () => 'refused')")
        assert refused == "refused"
        room.faults[:] = [fault for fault in room.faults if "127.0.0.1:9" not in fault and "Content Security Policy" not in fault]
    records.close()
