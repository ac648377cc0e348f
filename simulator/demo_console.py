"""The dispatcher's console inside `resguardo demo`: a process of its own, and people who may look. If it fails, the demo goes on."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from monitor.broker import free_port
from simulator.demo_process import end, start
from simulator.world import streets

PEOPLE = {"ana": "dispatcher", "sol": "supervisor", "caso": "case_officer", "admin": "admin"}  # who may log in, and as what
ADD_S_MAX = 30.0  # each hashes a password slowly on purpose, and the first makes the tables


class DemoConsole:
    """What the console needs of one showing."""

    def __init__(self, directory: Path) -> None:
        self._log = directory / "console.log"
        self._feed_port, self.port = free_port(), free_port()
        self.password = f"demo-{secrets.token_hex(4)}"
        (directory / "feed.secret").write_text(secrets.token_urlsafe(24), encoding="utf-8")
        (directory / "streets.geojson").write_text(json.dumps(streets()), encoding="utf-8")

    def settings(self) -> str:
        """Its part of the monitor's settings file."""
        lines = ("[feed]", f"port = {self._feed_port}", 'token_file = "feed.secret"')
        return "\n".join((*lines, "[dashboard]", f"port = {self.port}", 'base_layer = "streets.geojson"', "public_statistics = true", ""))

    def invitation(self) -> str:
        """What to type where."""
        return f"the dispatcher's console is at http://127.0.0.1:{self.port}  name: ana (or sol, caso, admin)  password: {self.password}"

    @asynccontextmanager
    async def run(self, config: Path) -> AsyncIterator[bool]:
        """The console's process; gives False, and shows nothing, if it could not be started."""
        (first, role), *others = PEOPLE.items()
        if not await self._add(config, first, role):  # alone: it makes the tables
            yield False
            return
        process = await start(self._words(config), self._log)
        adding = asyncio.gather(*(self._add(config, *one) for one in others))
        try:
            yield True
        finally:
            await adding
            await end(process)

    @staticmethod
    def _words(config: Path) -> list[str]:
        return ["dashboard", "--config", str(config)]

    async def _add(self, config: Path, name: str, role: str) -> bool:
        words = [*self._words(config), "--add-operator", name, "--role", role]
        process = await start(words, self._log, stdin=asyncio.subprocess.PIPE)
        try:
            async with asyncio.timeout(ADD_S_MAX):
                await process.communicate(f"{self.password}\n".encode())
        except TimeoutError:
            process.kill()
        return process.returncode == 0
