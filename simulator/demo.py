"""`resguardo demo`: the whole system on this machine, with simulated people, to be watched.

The real parts: an MQTT broker of its own, the monitor as a process of its own (the very `resguardo run`), and simulated
devices over MQTT. What the screen shows is what arrives at the bracelets; the summary compares it with the simulated truth.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from monitor.broker import EmbeddedBroker, free_port
from monitor.console_view import ConsoleView, Row
from monitor.mqtt import Batch, Session
from monitor.mqtt import Broker as MonitorBroker
from simulator.demo_console import DemoConsole
from simulator.demo_process import end, start
from simulator.device import Broker, ReceivedAlert
from simulator.fleet import Fleet, FleetSummary, system_clock_ms
from simulator.orders_file import write_orders
from simulator.scenario import Scenario, demo

READY_S_MAX = 90.0  # the kernel compiles in about 15 s on a slow machine, once
POLL_S = 0.25
ENDLESS_S = 3600.0  # without --seconds: the scripted hour
DONE, FAILED = 0, 1
ANSWERS = {"device": "shown", "person": "she answered"}


def _positive(text: str) -> float:
    with suppress(ValueError):
        if 0.0 < float(text) < math.inf:
            return float(text)
    raise argparse.ArgumentTypeError(f"must be a number of seconds, more than 0, is {text!r}")


def _count(text: str) -> int:
    with suppress(ValueError):
        if int(text) >= 1:
            return int(text)
    raise argparse.ArgumentTypeError(f"must be a whole number, 1 or more, is {text!r}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command."""
    parser.add_argument(
        "--seconds", type=_positive, metavar="N", help="end by itself after N seconds with a summary; absent = until Ctrl-C"
    )
    parser.add_argument("--pairs", type=_count, default=25, metavar="N", help="simulated pairs of people (default 25)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="another seed, another day in the city (default 1)")


def run(args: argparse.Namespace) -> int:
    """Show it; 0 unless an expected alert was missed, or none could be expected to come."""
    with tempfile.TemporaryDirectory(prefix="resguardo-demo-") as directory:
        return asyncio.run(_Demo(Path(directory), seconds=args.seconds, pairs=args.pairs, seed=args.seed).run())


class _Demo:
    """One showing."""

    def __init__(self, directory: Path, *, seconds: float | None, pairs: int, seed: int) -> None:
        self._directory = directory
        self._seconds = seconds
        self._pairs = pairs
        self._seed = seed
        self._started_s = time.monotonic()
        self._fleet: Fleet | None = None
        self._console = DemoConsole(directory)
        self._order_of: dict[str, str] = {}
        self._config = directory / "resguardo.toml"
        self._levels: Counter[str] = Counter()
        self._view = ConsoleView(self._headline)

    async def run(self) -> int:
        self._view.say("Resguardo demo: everything on this machine, nothing leaves it. Ctrl-C ends it.")
        self._say("starting the message broker")
        async with EmbeddedBroker.start(self._directory / "broker") as (host, port):
            scenario = demo(self._pairs, seed=self._seed, start_ms=system_clock_ms(), duration_s=self._seconds or ENDLESS_S)
            orders = self._directory / "orders.toml"
            write_orders(orders, scenario.registry())
            self._say("starting the monitor (the first start compiles its kernel: some seconds)")
            async with self._monitor(orders, host, port), self._console.run(self._config) as shown:
                self._say(self._console.invitation() if shown else "the dispatcher's console could not be started; the rest goes on")
                return self._conclude(await self._play(host, port))

    async def _play(self, host: str, port: int) -> FleetSummary:
        """Let the people live. Built again now, so that what is scripted starts when the monitor is ready."""
        scenario = demo(self._pairs, seed=self._seed, start_ms=system_clock_ms(), duration_s=self._seconds or ENDLESS_S)
        self._learn(scenario)
        self._fleet = Fleet(scenario, Broker(host, port), on_alert=self._on_alert)
        self._say(f"{self._pairs} pairs of people are on their way; the first alert is due within seconds")
        playing = asyncio.ensure_future(self._fleet.run(self._seconds))
        answers = Session("demo-view", MonitorBroker(host, port, 311), ["v1/+/ack"], on_batch=self._on_answers, on_link=lambda up: None)
        watching = asyncio.ensure_future(answers.run())
        with self._view:
            try:
                return await asyncio.shield(playing)
            except asyncio.CancelledError:  # Ctrl-C: sum up what was seen
                playing.cancel()
                await asyncio.gather(playing, return_exceptions=True)
                return self._fleet.summary()
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)

    def _learn(self, scenario: Scenario) -> None:
        self._order_of = {party.device: str(pair.order.id) for pair in scenario.pairs for party in pair.parties()}

    # --- the monitor ----------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _monitor(self, orders: Path, host: str, port: int) -> AsyncIterator[None]:
        """`resguardo run` in a process of its own, up and healthy."""
        http_port = free_port()
        settings = _settings(orders, self._directory / "data", host, port, http_port)
        self._config.write_text(settings + self._console.settings(), encoding="utf-8")
        journal_of_errors = self._directory / "monitor.log"
        process = await start(["run", "--config", str(self._config)], journal_of_errors)
        try:
            await self._until_healthy(process, f"http://127.0.0.1:{http_port}/healthz", journal_of_errors)
            yield
        finally:
            await end(process)

    async def _until_healthy(self, process: asyncio.subprocess.Process, url: str, errors: Path) -> None:
        deadline_s = time.monotonic() + READY_S_MAX
        while not await asyncio.to_thread(_healthy, url):
            if process.returncode is not None or time.monotonic() > deadline_s:
                raise SystemExit(f"resguardo: the monitor did not start:\n{_tail(errors)}")
            await asyncio.sleep(POLL_S)
        self._say("the monitor is ready")

    # --- what is shown ----------------------------------------------------------------------------------------------

    def _say(self, words: str) -> None:
        self._view.say(f"[{time.monotonic() - self._started_s:5.1f} s] {words}")

    def _headline(self) -> str:
        fleet = self._fleet
        if fleet is None:
            return ""
        left = f" of {self._seconds:.0f}" if self._seconds else ""
        levels = ", ".join(f"{count} {level}" for level, count in sorted(self._levels.items())) or "no alert yet"
        elapsed = f"{time.monotonic() - self._started_s:4.0f}{left} s"
        return f"{elapsed}   {fleet.connected()} devices connected   {fleet.summary().pings} pings   {levels}"

    def _on_alert(self, alert: ReceivedAlert) -> None:
        self._levels[alert.level] += 1
        took_ms = alert.received_ms - alert.issued_ms
        self._view.show(
            Row(
                alert.id,
                alert.received_ms,
                self._order_of.get(alert.device, "?"),
                alert.level,
                alert.reason,
                alert.text,
                f"rang in {took_ms} ms",
            )
        )

    def _on_answers(self, batch: Batch) -> None:
        """What the bracelets and the people answer, as the monitor hears it too."""
        for message in batch.messages:
            answer = json.loads(message.payload)
            self._view.mark(answer["alert"], ANSWERS[answer["by"]])
        batch.acknowledge()

    def _conclude(self, summary: FleetSummary) -> int:
        self._view.say("")
        self._view.say(str(summary))
        for name, times in (
            ("alert issued to bracelet", summary.issue_to_bracelet_ms),
            ("ping sent to bracelet", summary.ping_to_bracelet_ms),
        ):
            if times:
                self._view.say(f"{name}: median {_percentile(times, 50)} ms, 95 % within {_percentile(times, 95)} ms (n = {len(times)})")
        for one in summary.missed:
            self._view.say(f"MISSED {one.kind} of {one.order}, due within {(one.by_ms - one.from_ms) / 1000:.0f} s")
        return FAILED if summary.missed or not summary.alerts else DONE


def _percentile(times: tuple[int, ...], percent: int) -> int:
    """Nearest rank of sorted times."""
    return times[max(0, -(-len(times) * percent // 100) - 1)]


def _settings(orders: Path, data: Path, host: str, port: int, http_port: int) -> str:
    """The settings of the demo's monitor. JSON strings are TOML strings."""
    return "\n".join(
        (
            "[service]",
            'name = "demo"',
            f"orders = {json.dumps(str(orders))}",
            f"data_dir = {json.dumps(str(data))}",
            "[broker]",
            f"host = {json.dumps(host)}",
            f"port = {port}",
            "version = 311",  # the embedded broker speaks nothing newer
            "[http]",
            f"port = {http_port}",
            "[log]",
            'style = "json"',
            'level = "warning"',
            "",
        )
    )


def _tail(path: Path) -> str:
    """The end of a log."""
    return path.read_text(errors="replace")[-2000:]


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1.0) as answer:
            return bool(json.load(answer)["healthy"])
    except (urllib.error.URLError, OSError, ValueError):
        return False
