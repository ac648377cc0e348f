"""The nightly self-test: is every way still there? Silent for everybody it asks; what fails is written down, worst first.

Each protected person's bracelets are asked to report at once: a command down, a ping up. Each way out that can be asked
without a person's noticing is asked: the control room's webhook by a signed message of the kind "test", Twilio for our own
account. The report is a file beside the journal; who reads it is told that there is something in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol, runtime_checkable

from alerts.channels import Answer, Carrier, Verdict
from alerts.terms import Channel
from geofence.terms import Command, DeviceId, Level, OrderId, PersonId
from monitor.files import put_file
from monitor.log import get_logger
from monitor.terms import Reach
from monitor.wire import to_json

ANSWER_S = 20.0  # for a bracelet: a mobile network's worst latency [docs/detection.md], well below its far interval of 60 s
AT_A_TIME = 1_000  # bracelets: their commands are out within a second, and no receipt waits long behind them
PROBE_S = 5.0  # for a way out: two attempts' time, at night
OK = "ok"  # what a way says that is there
REPORTS_KEPT = 60  # two months of nights

_log = get_logger("selftest")


@runtime_checkable
class Probe(Protocol):
    """A carrier that can be asked whether its way is there, without a person's noticing."""

    async def probe(self) -> Answer:
        """Ask."""


@dataclass(frozen=True, slots=True)
class Silent:
    """A bracelet that did not answer, or a person without one (`device` empty)."""

    order: OrderId
    person: PersonId
    device: str
    level: str
    silent_s: int | None  # since its last ping; None: never heard


@dataclass(frozen=True, slots=True)
class Report:
    """What one night has shown."""

    at: str
    asked: int  # bracelets
    answered: int
    ways: dict[str, str]  # way -> OK, or what it said
    failures: tuple[Silent, ...]  # by risk: the highest level first, then the longest silence

    @property
    def is_clean(self) -> bool:
        """Nothing for anybody to do."""
        return not self.failures and all(said == OK for said in self.ways.values())


class Ask(Protocol):
    """What the self-test needs of the service."""

    def orders(self) -> list[OrderId]:
        """Every order in the registry."""

    def reach_of(self, order: OrderId) -> Reach | None:
        """How its protected person can be reached now; None for an order that is not in force."""


def next_at_ms(clock: str, now_ms: int) -> int:
    """When it is next HH:MM UTC."""
    hour, minute = map(int, clock.split(":"))
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    then = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return round((then if then > now else then + timedelta(days=1)).timestamp() * 1000)


def by_risk(failures: Iterable[tuple[Level, Silent]]) -> tuple[Silent, ...]:
    """The highest level first, then who was never heard, then the longest silence."""

    def rank(failure: tuple[Level, Silent]) -> tuple[int, float, str, str]:
        level, silent = failure
        silence = float("inf") if silent.silent_s is None else silent.silent_s
        return (-int(level), -silence, silent.order, silent.device)

    return tuple(silent for _, silent in sorted(failures, key=rank))


class SelfTest:
    """Runs once a night."""

    def __init__(
        self,
        directory: Path,
        clock: str,
        carriers: Mapping[Channel, Carrier],
        *,
        ask: Ask,
        command: Callable[[Command], None],
        now_ms: Callable[[], int],
        on_report: Callable[[Report], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._probes = {channel: carrier for channel, carrier in carriers.items() if isinstance(carrier, Probe)}
        self._ask = ask
        self._command = command
        self._now_ms = now_ms
        self._on_report = on_report
        self._sleep = sleep

    async def run(self) -> None:
        """Examine each night until cancelled."""
        while True:
            await self._sleep((next_at_ms(self._clock, self._now_ms()) - self._now_ms()) / 1000)
            report = await self.examine()
            ways = ", ".join(f"{way} {said}" for way, said in report.ways.items())
            _log.info("selftest", devices=report.asked, faults=len(report.failures), state=ways)
            self._on_report(report)

    async def examine(self) -> Report:
        """Ask everybody and everything once; the report, which is on disk as well."""
        at_ms = self._now_ms()
        orders = self._ask.orders()
        asked, failures = 0, list[tuple[Level, Silent]]()
        for first in range(0, len(orders), AT_A_TIME):
            count, silent = await self._examine_some(orders[first : first + AT_A_TIME])
            asked += count
            failures += silent
        ways = {channel.value: await _said(probe) for channel, probe in self._probes.items()}
        stamp = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")
        silent_devices = sum(silent.device != "" for _, silent in failures)
        report = Report(stamp, asked, asked - silent_devices, ways, by_risk(failures))
        await asyncio.to_thread(keep, self._directory, report)
        return report

    async def _examine_some(self, orders: list[OrderId]) -> tuple[int, list[tuple[Level, Silent]]]:
        """Ask the bracelets of some orders; how many, and who did not answer."""
        asked_ms = self._now_ms()
        asked: dict[DeviceId, None] = {}
        for order in orders:
            reach = self._ask.reach_of(order)
            for device, _ in reach.devices if reach else ():
                if device not in asked:
                    asked[device] = None
                    self._command(Command(device, asked_ms, None, True))
        if asked:
            await self._sleep(ANSWER_S)
        failures: list[tuple[Level, Silent]] = []
        for order in orders:
            reach = self._ask.reach_of(order)
            if reach is not None:
                failures += [(reach.level, silent) for silent in _silent(reach, asked_ms, self._now_ms())]
        return len(asked), failures


def _silent(reach: Reach, asked_ms: int, now_ms: int) -> list[Silent]:
    """Who of one order's bracelets has not been heard since it was asked."""
    word = reach.level.word
    if not reach.devices:
        return [Silent(reach.order, reach.person, "", word, None)]
    return [
        Silent(reach.order, reach.person, device, word, (now_ms - ping_ms) // 1000 if ping_ms else None)
        for device, ping_ms in reach.devices
        if ping_ms < asked_ms
    ]


async def _said(probe: Probe) -> str:
    try:
        async with asyncio.timeout(PROBE_S):
            answer = await probe.probe()
    except Exception as error:
        return type(error).__name__
    return OK if answer.verdict is Verdict.TAKEN else answer.detail


def keep(directory: Path, report: Report) -> None:
    """Write the report under its day, for our eyes only; the oldest ones go. Raises OSError."""
    directory.mkdir(mode=0o700, exist_ok=True)
    path = directory / f"{report.at[:10]}.json"
    put_file(path, to_json({**asdict(report), "clean": report.is_clean}))
    for old in sorted(directory.glob("*.json"))[:-REPORTS_KEPT]:
        old.unlink()
