"""The pictures of the console in the documents: `python -m tests.dashboard.browser.pictures`. Invented persons and places."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

from dashboard import database as db
from tests.dashboard.browser.conftest import FLAGS, PLACES, Room, chromium_path, furnish
from tests.dashboard.conftest import OPERATORS, Scene, fresh, scene_of

IMAGES = Path(__file__).parents[3] / "docs" / "images"
SIZE = {"width": 1180, "height": 720}  # two columns still, and a file below 200 kB
DANGER = "PELIGRO: está dentro de tu perímetro, a 312 m ±25 al noreste. Ve a un lugar seguro y llama al 911. Clave K7Q2."


def night(scene: Scene) -> None:
    """What an hour of a bad night leaves on the screen."""
    furnish(scene)
    for n, reason in ((5, "cannot_see_respondent"), (6, "strap"), (7, "battery"), (8, "cannot_see_protected")):
        scene.transition(f"i-{n}", "caution", reason, order=f"QRO-2026-00{n}")
        scene.clock.ms += 61_000
    scene.transition("i-7", "calm", "resolved", before="caution", order="QRO-2026-007")
    scene.transition("i-2", "warning", "approach", order="QRO-2026-002", distance_m=900.0, uncertainty_m=40.0, seconds_to_perimeter=95.0)
    scene.clock.ms += 47_000
    scene.transition("i-1", "caution", "cannot_see_respondent", order="O-1")
    scene.clock.ms += 90_000
    scene.transition(
        "i-1", "warning", "approach", before="caution", order="O-1", distance_m=1240.0, uncertainty_m=61.0, seconds_to_perimeter=95.0
    )
    scene.notification(
        "n-0", "i-1", audience="protected", channel="bracelet", text="ATENCIÓN: se está acercando, a 1240 m al noreste. Clave K7Q2."
    )
    scene.hear("outcome", notification="n-0", state="delivered", detail="")
    scene.clock.ms += 62_000
    scene.transition("i-1", before="warning", order="O-1", distance_m=312.0, uncertainty_m=25.0)
    scene.notification("n-1", "i-1")
    scene.notification("n-2", "i-1", audience="protected", channel="bracelet", text=DANGER)
    scene.notification("n-3", "i-1", audience="protected", channel="sms", text=DANGER)
    scene.clock.ms += 400
    scene.hear("outcome", notification="n-2", state="delivered", detail="")
    scene.hear("acknowledgement", notification="n-2", by="device")
    scene.hear("outcome", notification="n-3", state="failed", detail="30003")
    scene.clock.ms += 9_000
    he = {
        "lat": 20.5908,
        "lon": -100.3878,
        "radius_m": 22.0,
        "age_s": 5.0,
        "source": "gps",
        "speed_mps": 3.1,
        "trail": [[0, 20.6000, -100.3760], [1, 20.5960, -100.3810], [2, 20.5930, -100.3850]],
    }
    numbers = {**PLACES["numbers"], "distance_m": 312.0, "uncertainty_m": 25.0, "speed_mps": 3.1, "seconds_to_perimeter": None}
    closest = {"at_ms": scene.clock.ms + 80_000, "distance_m": 40.0, "protected": [20.5892, -100.3896], "respondent": [20.5894, -100.3892]}
    zones = [one for one in PLACES["zones"] if one["properties"]["id"] != "work"]
    scene.monitor.answers["positions"] = {
        **PLACES,
        "at_ms": scene.clock.ms,
        "respondent": he,
        "numbers": numbers,
        "closest": closest,
        "zones": zones,
    }


async def take(room: Room) -> None:
    """Each page once."""
    for name, dark in (("console-incident", False), ("console-night", True)):
        page = await room.login("sol", dark=dark, **SIZE)
        await page.locator(".queue button.row").first.click()
        await page.locator(".map .marker").first.wait_for()
        await page.locator(".incident table tbody tr").nth(1).wait_for()
        await page.evaluate("document.activeElement.blur()")
        await save(page, name)
    page = await room.login("caso", at="/orders", **SIZE)
    await page.locator(".order-list button").first.click()
    await page.locator(".zone-form").wait_for()
    await page.get_by_role("button", name="+ Polígono").click()
    for x, y in ((60, 80), (180, 90), (120, 220)):
        await page.locator(".map.tall").click(position={"x": x, "y": y})
    await save(page, "console-orders")


async def save(page: Any, name: str) -> None:
    await page.wait_for_load_state("networkidle" if name == "console-orders" else "load")
    await page.screenshot(path=IMAGES / f"{name}.png")


async def main() -> None:
    from playwright.async_api import async_playwright

    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        records = fresh(f"sqlite:///{folder}/console.db")
        await records.do(*(db.change(db.OPERATORS, {"id": f"id-{name}"}, language="es") for name in OPERATORS))
        async with scene_of(records) as scene, async_playwright() as driver:
            night(scene)
            chromium = await driver.chromium.launch(executable_path=chromium_path(), args=FLAGS)
            room = Room(chromium, scene.url)
            await take(room)
            await chromium.close()
        records.close()
    sys.exit("\n".join(room.faults) or None)


if __name__ == "__main__":
    asyncio.run(main())
