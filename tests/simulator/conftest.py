"""Judges that are simple enough to be wrong in known ways: what the world and the auditor are tested with."""

from __future__ import annotations

import json
import math
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from geofence.terms import Command, DeviceId, IncidentId, Level, Reason, Registry, Transition
from monitor.broker import NoBroker, mosquitto_program
from simulator.device import Broker
from simulator.virtual import Answer, Arrival

EARTH_M_PER_DEG = 111_000.0


@dataclass
class NaiveJudge:
    """The plain last-fix threshold of today's trackers; answers receipts and commands like a monitor would."""

    registry: Registry
    commanded_s: int | None = None
    mute: bool = False
    last: dict[str, tuple[float, float]] = field(default_factory=dict)
    level: dict[str, Level] = field(default_factory=dict)

    def receive(self, batch: list[Arrival]) -> Answer:
        answer = Answer()
        for at_ms, topic, payload in batch:
            if topic.endswith("/ping"):
                self._ping(at_ms, DeviceId(topic.split("/")[1]), json.loads(payload), answer)
        return answer

    def advance(self, now_ms: int) -> Answer:
        return Answer()

    def next_deadline_ms(self) -> int | None:
        return None

    def _ping(self, at_ms: int, device: DeviceId, ping: dict[str, object], answer: Answer) -> None:
        answer.receipts[device] = (int(str(ping["boot"])), int(str(ping["seq"])))
        if self.commanded_s is not None:
            answer.commands.append(Command(device, at_ms, self.commanded_s))
        fix = ping.get("fix")
        if not isinstance(fix, dict):
            return
        self.last[device] = (float(fix["lat"]), float(fix["lon"]))
        people = {d.person: d.id for d in self.registry.devices}
        for order in self.registry.orders:
            hers, his = self.last.get(people[order.protected]), self.last.get(people[order.respondent])
            if hers is None or his is None or self.mute:
                continue
            apart_m = math.hypot(hers[0] - his[0], (hers[1] - his[1]) * math.cos(math.radians(hers[0]))) * EARTH_M_PER_DEG
            now, before = (Level.EMERGENCY if apart_m < order.perimeter_m else Level.CALM), self.level.get(order.id, Level.CALM)
            if now is not before:
                self.level[order.id] = now
                reason = Reason.BREACH if now is Level.EMERGENCY else Reason.CLEAR
                answer.transitions.append(Transition(at_ms, order.id, IncidentId("i"), before, now, reason, None))


@pytest.fixture
def naive() -> type[NaiveJudge]:
    return NaiveJudge


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[BrokerProcess]:
    """A real mosquitto of our own on a free port."""
    try:
        program = mosquitto_program()
    except NoBroker:
        pytest.skip("mosquitto is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o777)  # started by root mosquitto becomes a user of its own, who must make the socket there
        (tmp_path / "mosquitto.conf").write_text(
            f"listener {port} 127.0.0.1\nlistener 0 {place}/mqtt.sock\nallow_anonymous true\npersistence true\npersistence_location {tmp_path}/\n",
            encoding="utf-8",
        )
        process = BrokerProcess(program, tmp_path / "mosquitto.conf", port, f"{place}/mqtt.sock")
        process.start()
        yield process
        process.stop()


class BrokerProcess:
    """Start, stop, start again."""

    def __init__(self, program: str, conf: Path, port: int, socket_path: str) -> None:
        self._command = [program, "-c", str(conf)]
        self.address = Broker("127.0.0.1", port)
        self.socket = Broker(socket_path)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline_s = time.monotonic() + 10.0
        while time.monotonic() < deadline_s:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.address.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("mosquitto did not open its port within 10 s")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None
