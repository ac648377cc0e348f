"""The console with everything real around it, or alone with a monitor that the test plays."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from alerts.ladder import DEFAULT_LADDER
from config.settings import DashboardSettings, ServiceSettings
from dashboard import database as db
from dashboard.accounts import Accounts, operator_row
from dashboard.console import Console
from dashboard.database import Records
from dashboard.endpoints import Desk
from dashboard.feed import Away, Refusal
from dashboard.looks import Looks
from dashboard.rights import Role
from dashboard.server import application
from monitor.broker import free_port

PASSWORD = "correct horse 7 battery"
T0 = 1_800_000_000_000
SERVERS = ("/usr/lib/postgresql/*/bin", "/usr/local/bin", "/usr/bin")


class PlayedMonitor:
    """The monitor's end of the feed: says what the test wants, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answers: dict[str, dict[str, Any]] = {
            "acknowledge_incident": {"at_ms": T0, "open": True},
            "orders": {"at_ms": T0, "orders": [], "devices": []},
            "order": {"order": {"id": "O-1", "protected": "P-1", "respondent": "R-1", "perimeter_m": 500.0, "zones": []}},
            "positions": {"at_ms": T0, "protected": {"lat": 20.5, "lon": -100.4}, "respondent": None},
            "devices": {"devices": []},
            "coverage": {"at_ms": T0, "unseen": 0, "uncovered": [], "folded": [], "batteries": []},
            "set_order": {"at_ms": T0, "level": "caution", "reason": "not_seen_yet"},
            "revoke_order": {"at_ms": T0},
        }
        self.away = False
        self.epoch: str | None = None
        self.seq = 0
        self.heard_ms: int | None = None

    async def ask(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        if self.away:
            raise Away
        answer = self.answers[request["do"]]
        if "why" in answer:
            raise Refusal(answer["why"])
        return {"kind": "reply", "id": 1, "ok": True, **answer}


class Clock:
    def __init__(self) -> None:
        self.ms = T0

    def __call__(self) -> int:
        return self.ms


class Scene:
    """A console over HTTP, whose monitor and clock are the test's."""

    def __init__(self, desk: Desk, monitor: PlayedMonitor, clock: Clock, url: str) -> None:
        self.desk, self.monitor, self.clock, self.url = desk, monitor, clock, url
        self.console = desk.console
        self.seq = 0

    def hear(self, what: str, /, **body: Any) -> None:
        self.seq += 1
        self.console.feed.epoch, self.console.feed.seq = "e", self.seq
        self.console.on_event({"kind": what, "seq": self.seq, "at_ms": self.clock.ms, "body": body})

    def transition(
        self, incident: str = "i-1", to: str = "emergency", reason: str = "breach", *, before: str = "calm", order: str = "O-1", **more: Any
    ) -> None:
        body = {
            "incident": incident,
            "order": order,
            "from": before,
            "to": to,
            "reason": reason,
            "audience": ["protected", "dispatch"],
            **more,
        }
        self.hear("transition", **body)

    def notification(
        self, notice: str = "n-1", incident: str = "i-1", audience: str = "dispatch", channel: str = "webhook", **more: Any
    ) -> None:
        body = {
            "id": notice,
            "incident": incident,
            "order": "O-1",
            "code": "K7Q2",
            "audience": audience,
            "channel": channel,
            "kind": "raise",
            "step": 0,
            "level": "emergency",
            "reason": "breach",
            "trouble": None,
            "text": "x",
            **more,
        }
        self.hear("notification", **body)

    @asynccontextmanager
    async def browser(self, name: str | None = None) -> AsyncIterator[Browser]:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            browser = Browser(session, self.url)
            if name is not None:
                status, answer = await browser("POST", "/session", {"name": name, "password": PASSWORD})
                assert status == 200, answer
                browser.csrf = answer["csrf"]
            yield browser


class Browser:
    """What a page does."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session, self.url, self.csrf = session, url, ""
        self.headers: dict[str, str] = {}

    async def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        headers = {"X-CSRF-Token": self.csrf, **self.headers}
        async with self.session.request(method, f"{self.url}/api/v1{path}", json=body, headers=headers, **more) as answer:
            text = await answer.read()
            self.seen = answer
            return answer.status, json.loads(text) if text else None


OPERATORS = {
    "ana": Role.DISPATCHER,
    "bea": Role.DISPATCHER,
    "sol": Role.SUPERVISOR,
    "caso": Role.CASE_OFFICER,
    "vera": Role.AUDITOR,
    "root": Role.ADMIN,
}
_ROWS: list[dict[str, Any]] = []


def operators() -> list[dict[str, Any]]:
    """Hashed once: argon2 is slow on purpose."""
    if not _ROWS:
        first = operator_row("nobody", Role.ADMIN, PASSWORD, "en")
        _ROWS.extend({**first, "id": f"id-{name}", "name": name, "role": role.value} for name, role in OPERATORS.items())
    return [dict(row) for row in _ROWS]


@asynccontextmanager
async def scene_of(records: Records, service: ServiceSettings | None = None, **settings: Any) -> AsyncIterator[Scene]:
    clock, monitor = Clock(), PlayedMonitor()
    console = Console(records, monitor, DEFAULT_LADDER, clock)  # type: ignore[arg-type]
    sections = DashboardSettings(**settings), service or ServiceSettings()
    desk = Desk(console, Accounts(records, clock), records, clock, Looks(records, clock), *sections)
    await console.load()
    console.on_link(True)
    runner = web.AppRunner(application(desk), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    keeping = asyncio.create_task(console.keep())
    try:
        yield Scene(desk, monitor, clock, f"http://127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await console.kept()
        keeping.cancel()
        await runner.cleanup()


def fresh(url: str) -> Records:
    records = Records(url)
    records.migrate()
    records.now([db.add(db.OPERATORS, row) for row in operators()])
    return records


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    records = fresh(f"sqlite:///{tmp_path / 'console.db'}")
    async with scene_of(records) as made:
        yield made
    records.close()


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


def postgres_programs() -> tuple[str, str] | None:
    """(initdb, postgres), wherever the distribution keeps them."""
    places = os.pathsep.join([*map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), os.environ["PATH"]])
    found = shutil.which("initdb", path=places), shutil.which("postgres", path=places)
    return found if found[0] and found[1] else None  # type: ignore[return-value]


def needs_postgres() -> tuple[str, str]:
    programs = postgres_programs()
    if programs is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is not here: in CI that is a failure")
        pytest.skip("PostgreSQL is not installed")
    return programs


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server of our own; its URL without a database name. Root may not run one: then the account `nobody` does."""
    initdb, server = needs_postgres()
    base = Path("/tmp") if os.geteuid() == 0 else tmp_path_factory.mktemp("pg")
    home = Path(tempfile.mkdtemp(prefix="pg", dir=base))
    drop: dict[str, Any] = {}
    if os.geteuid() == 0:
        shutil.chown(home, "nobody")
        drop = {"user": "nobody", "env": {**os.environ, "HOME": str(home)}}
    port = free_port()
    subprocess.run(
        [initdb, "-D", home / "data", "-U", "resguardo", "-A", "trust", "-E", "UTF8", "--locale=C"],
        check=True,
        capture_output=True,
        cwd=home,
        **drop,
    )
    arguments = ["-D", home / "data", "-p", str(port), "-h", "127.0.0.1", "-k", str(home), "-c", "fsync=off"]
    process = subprocess.Popen([server, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=home, **drop)
    try:
        url = f"postgresql://resguardo@127.0.0.1:{port}"
        _await_postgres(process, url)
        yield url
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(home, ignore_errors=True)


def _await_postgres(process: subprocess.Popen[bytes], url: str) -> None:
    import psycopg

    deadline = time.monotonic() + 20
    while True:
        try:
            psycopg.connect(f"{url}/postgres").close()
        except psycopg.OperationalError:
            assert process.poll() is None, "PostgreSQL has ended"
            assert time.monotonic() < deadline, "PostgreSQL did not start"
            time.sleep(0.05)
        else:
            return


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'console.db'}"
    import psycopg

    server, name = request.getfixturevalue("postgres"), f"console_{time.monotonic_ns()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{server}/{name}"
