"""A real browser before a real console. What leaves this machine, breaks or complains in a page fails its test."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from dashboard import database as db
from tests.dashboard.conftest import OPERATORS, PASSWORD, Scene, fresh, scene_of

FLAGS = [
    "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
WAIT_MS = 10_000  # for a page on a busy machine; promises in seconds are measured in the page itself

# Counts beeps without ears: each tone is an oscillator that starts.
COUNT_TONES = """
window.tones = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...args) { window.tones.push(performance.now()); return start.apply(this, args); };
"""
LONG_TASKS = """
window.longTasks = [];
new PerformanceObserver((list) => list.getEntries().forEach((entry) => window.longTasks.push(entry.duration))).observe({ type: 'longtask', buffered: true });
"""


def chromium_path() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is not here: in CI that is a failure")
        pytest.skip("Chromium is not installed")
    return found


class Wire:
    """The way between browser and server, that can be cut, stopped, and mended."""

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target).port
        self.open = asyncio.Event()
        self.open.set()
        self.port = 0
        self.server: asyncio.Server | None = None
        self.ends: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def mend(self) -> None:
        self.open.set()
        if self.server is None:
            self.server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
            self.port = self.server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """As if the server were killed: what is open ends, what is new is refused."""
        assert self.server is not None
        self.server.close()
        self.server = None
        for end in list(self.ends):
            end.transport.abort()

    def hang(self) -> None:
        """As if it were stopped: everything stays open and nothing comes."""
        self.open.clear()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self.target)
        self.ends |= {writer, back}
        try:
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        finally:
            for end in (writer, back):
                self.ends.discard(end)
                end.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while block := await source.read(65_536):
                await self.open.wait()
                sink.write(block)
                await sink.drain()
        with suppress(OSError):
            sink.write_eof()


async def becomes(page: Any, expression: str) -> Any:
    """The value of an expression in a page once it is something. (Playwright's own wait needs `eval`, which our policy forbids.)"""
    async with asyncio.timeout(WAIT_MS / 1000):
        while not (value := await page.evaluate(expression)):
            await asyncio.sleep(0.02)
    return value


class Room:
    """A control room: one console, and as many screens as there are operators."""

    def __init__(self, chromium: Any, url: str) -> None:
        self.chromium, self.url = chromium, url
        self.faults: list[str] = []
        self.expected: tuple[str, ...] = ()  # complaints of the browser that belong to the story
        self.contexts: list[Any] = []

    async def page(self, *, language: str = "es", dark: bool = False, width: int = 1366, height: int = 768) -> Any:
        """A fresh browser profile with one page."""
        context = await self.chromium.new_context(
            base_url=self.url, locale=language, timezone_id="America/Mexico_City", color_scheme="dark" if dark else "light",
            viewport={"width": width, "height": height}, reduced_motion="reduce",
        )  # fmt: skip
        context.set_default_timeout(WAIT_MS)
        self.contexts.append(context)
        await context.add_init_script(COUNT_TONES + LONG_TASKS)
        page = await context.new_page()
        page.on("request", lambda request: self._leaves(request.url))
        page.on("pageerror", lambda error: self.faults.append(f"error in the page: {error}"))
        page.on("console", self._complains)
        return page

    async def login(self, name: str = "ana", at: str = "/", **more: Any) -> Any:
        """A page of somebody who has logged in and gone somewhere."""
        return await self.enter(await self.page(**more), name, at)

    async def enter(self, page: Any, name: str = "ana", at: str = "/") -> Any:
        """The same on a page that was prepared for something."""
        answer = await page.request.post("/api/v1/session", data={"name": name, "password": PASSWORD})
        assert answer.ok
        await page.goto(at)
        await page.locator("main > *").first.wait_for()
        await page.keyboard.press("Shift")  # a first key allows sound
        return page

    def _leaves(self, url: str) -> None:
        if not url.startswith((self.url, "data:", "blob:")):
            self.faults.append(f"a request to another origin: {url}")

    def _complains(self, message: Any) -> None:
        if message.type == "error" and not any(word in message.text for word in self.expected):
            self.faults.append(f"the browser complains: {message.text}")


@asynccontextmanager
async def room_at(url: str, chromium: Any) -> AsyncIterator[Room]:
    """Screens before the console at an address."""
    room = Room(chromium, url)
    try:
        yield room
    finally:
        for context in room.contexts:
            await context.close()
    assert room.faults == []


# One browser for all tests, each with a profile of its own: it takes seconds to start. So all of them share one event loop.
@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Any]:
    from playwright.async_api import async_playwright

    path = chromium_path()
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """A control room in Mexico."""
    records = fresh(f"sqlite:///{tmp_path / 'console.db'}")
    await records.do(*(db.change(db.OPERATORS, {"id": f"id-{name}"}, language="es") for name in OPERATORS))
    async with scene_of(records, public_statistics=True) as made:
        yield made
    records.close()


@pytest_asyncio.fixture(loop_scope="session")
async def room(scene: Scene, chromium: Any) -> AsyncIterator[Room]:
    async with room_at(scene.url, chromium) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def wire(scene: Scene) -> AsyncIterator[Wire]:
    made = Wire(scene.url)
    await made.mend()
    yield made
    if made.server is not None:
        await made.cut()


PLACES: dict[str, Any] = {
    "at_ms": 1_800_000_000_000,
    "protected": {"lat": 20.5888, "lon": -100.3899, "radius_m": 12.0, "age_s": 4.2, "speed_mps": 1.1, "course_deg": 20, "source": "gps", "device": "brc-1", "trail": [[0, 20.5870, -100.3915], [1, 20.5880, -100.3905]]},
    "respondent": {"lat": 20.5990, "lon": -100.3760, "radius_m": 60.0, "age_s": 11.0, "speed_mps": 9.1, "course_deg": 210, "source": "lbs", "device": "tag-1", "trail": [[0, 20.6040, -100.3690], [1, 20.6015, -100.3725]]},
    "perimeter_m": 500.0,
    "warning_m": 2200.0,
    "zones": [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [-100.3850, 20.5930]}, "properties": {"id": "home", "kind": "exclusion", "radius_m": 300.0, "buffer_m": 200.0}},
        {"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[-100.40, 20.584], [-100.396, 20.590], [-100.40, 20.596]]}, "properties": {"id": "route", "kind": "exclusion", "width_m": 200.0, "buffer_m": 0.0}},
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [[[-100.378, 20.582], [-100.370, 20.582], [-100.370, 20.588], [-100.378, 20.582]]]}, "properties": {"id": "work", "kind": "inclusion", "buffer_m": 0.0}},
    ],
    "numbers": {"distance_m": 1840.0, "uncertainty_m": 61.0, "bearing": "NE", "speed_mps": 9.1, "seconds_to_perimeter": 147.0},
    "closest": {"at_ms": 1_800_000_160_000, "distance_m": 210.0, "protected": [20.5893, -100.3896], "respondent": [20.5910, -100.3885]},
}  # fmt: skip
DEVICES: list[dict[str, Any]] = [
    {
        "id": "brc-1",
        "party": "protected",
        "ping_age_s": 4.2,
        "fix_age_s": 4.2,
        "source": "gps",
        "battery": 78.0,
        "hours_left": 31.0,
        "charging": False,
        "strap": "closed",
        "tether": None,
        "signal": -71.0,
        "satellites": 9,
        "interval_s": 15,
        "troubles": [],
    },
    {
        "id": "tag-1",
        "party": "respondent",
        "ping_age_s": 11.0,
        "fix_age_s": 200.0,
        "source": "lbs",
        "battery": 9.0,
        "hours_left": 1.4,
        "charging": True,
        "strap": "open",
        "tether": "far",
        "signal": -101.0,
        "satellites": None,
        "interval_s": 10,
        "troubles": ["battery", "strap", "no_fix"],
    },
]
ORDER: dict[str, Any] = {
    "id": "O-1", "protected": "P-1", "respondent": "R-1", "perimeter_m": 500.0, "warning_m": 2200.0, "valid_from_ms": 1_767_247_200_000,
    "valid_until_ms": 1_830_319_200_000, "language": "es", "level": "calm", "reason": None, "incident": None,
    "zones": [{"id": "home", "kind": "exclusion", "geometry": {"type": "Point", "coordinates": [-100.3899, 20.5888]}, "radius_m": 300.0, "buffer_m": 200.0, "timezone": "America/Mexico_City", "schedule": None}],
}  # fmt: skip


def furnish(scene: Scene) -> None:
    """A monitor that has something to show."""
    scene.monitor.answers |= {
        "positions": PLACES,
        "devices": {"at_ms": PLACES["at_ms"], "devices": DEVICES},
        "orders": {"at_ms": PLACES["at_ms"], "orders": [ORDER], "devices": [], "next": None},
        "order": {"at_ms": PLACES["at_ms"], "order": ORDER},
        "coverage": {
            "at_ms": PLACES["at_ms"], "unseen": 1, "folded": [],
            "uncovered": [{"order": "O-3", "party": "respondent", "device": "tag-3", "since_ms": PLACES["at_ms"] - 400_000, "why": "no_signal", "level": "caution", "risk": 1}],
            "batteries": [{"device": "brc-9", "order": "O-9", "party": "protected", "hours_left": 2.2}],
        },
    }  # fmt: skip
    scene.console.parties["O-1"] = ("P-1", "R-1")
