"""What goes to the devices besides alerts: for each device the newest word, as fast as the broker takes it.

Receipts and commands are not a queue. Only the newest receipt of a device counts, and commands not yet sent are one
command; so whatever the load, at most one of each waits per device, and nothing is lost by waiting. Commands go first.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial

from geofence.terms import Command, DeviceId
from monitor.mqtt import LinkLost
from monitor.wire import to_json

IN_FLIGHT_MAX = 64  # unconfirmed receipts and commands: alerts share the connection and must find room in its window
TICK_S = 0.05  # how often the allowance is topped up
RECEIPTS_PER_TICK = 100  # 2,000 receipts/s: about 3 % of a core, so that under a flood they do not slow the judging


class Downlink:
    """The mailbox of every device."""

    def __init__(self, publish: Callable[[str, bytes], asyncio.Future[None]], is_ready: Callable[[], bool]) -> None:
        self._publish = publish
        self._is_ready = is_ready
        # Ordered: to find the first of a plain dictionary after many were taken from its front took ever longer.
        self._commands: OrderedDict[DeviceId, Command] = OrderedDict()
        self._receipts: OrderedDict[DeviceId, tuple[int, int]] = OrderedDict()
        self._in_flight = 0
        self._allowance = RECEIPTS_PER_TICK
        self._tick: asyncio.TimerHandle | None = None

    def command(self, command: Command) -> None:
        """Ask a device for something, on top of what it has not yet been asked."""
        waiting = self._commands.get(command.device)
        if waiting is not None:
            interval_s = command.interval_s if command.interval_s is not None else waiting.interval_s
            command = Command(command.device, command.at_ms, interval_s, command.report_now or waiting.report_now)
        self._commands[command.device] = command
        self.pump()

    def receipts(self, receipts: Mapping[DeviceId, tuple[int, int]]) -> None:
        """Tell devices up to which (boot, seq) their pings are on our disk."""
        self._receipts.update(receipts)
        self.pump()

    @property
    def waiting(self) -> int:
        """Words not yet sent."""
        return len(self._commands) + len(self._receipts)

    def pump(self) -> None:
        """Send what may be sent now."""
        while self._in_flight < IN_FLIGHT_MAX and self._is_ready():
            if self._commands:
                self._send_command(self._commands.popitem(last=False)[1])
            elif self._receipts and self._allowance > 0:
                self._allowance -= 1
                self._send_receipt(*self._receipts.popitem(last=False))
            else:
                break
        if self._receipts and self._tick is None:
            self._tick = asyncio.get_running_loop().call_later(TICK_S, self._top_up)

    def _top_up(self) -> None:
        self._tick = None
        self._allowance = RECEIPTS_PER_TICK
        self.pump()

    def _send_command(self, command: Command) -> None:
        body: dict[str, object] = {"v": 1}
        if command.interval_s is not None:
            body["interval_s"] = command.interval_s
        if command.report_now:
            body["report"] = "now"
        self._send(f"v1/{command.device}/command", body, partial(self._commands.setdefault, command.device, command))

    def _send_receipt(self, device: DeviceId, upto: tuple[int, int]) -> None:
        body: dict[str, object] = {"v": 1, "boot": upto[0], "seq": upto[1]}
        self._send(f"v1/{device}/receipt", body, partial(self._receipt_again, device, upto))

    def _receipt_again(self, device: DeviceId, upto: tuple[int, int]) -> None:
        self._receipts[device] = max(upto, self._receipts.get(device, upto))  # of two lost together the newer counts, too

    def _send(self, topic: str, body: dict[str, object], put_back: Callable[[], object]) -> None:
        self._in_flight += 1
        self._publish(topic, to_json(body)).add_done_callback(partial(self._sent, put_back))

    def _sent(self, put_back: Callable[[], object], future: asyncio.Future[None]) -> None:
        """A word that was lost with its connection waits for the next one, unless a newer one has taken its place."""
        self._in_flight -= 1
        if not future.cancelled() and isinstance(future.exception(), LinkLost):
            put_back()
        self.pump()
