"""Stories as text tables: what happens, line by line, and what the system must have said by the end.

A line is `time  who  east north  key=value ...` with the time as h:mm:ss or m:ss from the start, metres east and north of her home; or
`time  order key=value ...`, `time  revoked`, `time  wait`. `who` is her, him, or a device id. Keys are fields of the ping or of its fix;
`late=s` makes the ping that much older than its arrival, `nofix` leaves the position out, `clock=s` shifts the device's clock.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from geofence.terms import Registry, Transition
from monitor.engine import Engine
from monitor.terms import Envelope
from tests.pings import T0, at, pair

DEVICES = {"her": "brc", "him": "tag"}
FIX_KEYS = ("accuracy", "speed", "course", "source", "satellites", "hdop", "mock")


@dataclass
class Story:
    """An engine, a clock and everything that was said."""

    registry: Registry = field(default_factory=pair)
    options: dict[str, Any] = field(default_factory=dict)
    transitions: list[Transition] = field(default_factory=list)
    notifications: list[Any] = field(default_factory=list)
    commands: list[Any] = field(default_factory=list)
    rejections: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = Engine(self.registry, **self.options)
        self.seq: dict[str, int] = {}
        self.last: tuple[str, int] = ("", 0)

    def tell(self, text: str) -> Story:
        """Play a table; returns self."""
        for line in text.strip().splitlines():
            if line.strip() and not line.strip().startswith("#"):
                self._play(line.split())
        return self

    def _play(self, words: list[str]) -> None:
        at_ms = T0 + round(1000 * seconds(words[0]))
        what = words[1]
        if what == "wait":
            self._hear(self.engine.advance(at_ms))
        elif what == "revoked":
            self._send(at_ms, "orders", {"order_revoked": "O1"})
        elif what == "link":
            self._send(at_ms, "monitor/link", {"up": words[2] == "up"})
        else:
            self._send(at_ms, f"v1/{DEVICES.get(what, what)}/ping", self._ping(DEVICES.get(what, what), at_ms, words[2:]))

    def _ping(self, device: str, at_ms: int, words: list[str]) -> dict[str, Any]:
        more = dict(word.split("=", 1) for word in words if "=" in word)
        own = at_ms - round(1000 * float(more.pop("late", 0.5))) + round(1000 * float(more.pop("clock", 0)))
        seq = int(more.pop("seq", self.seq.get(device, 0) + 1))
        self.seq[device] = max(seq, self.seq.get(device, 0))
        body: dict[str, Any] = {"v": 1, "boot": int(more.pop("boot", 1)), "seq": seq, "at": int(more.pop("at", own))}
        if "nofix" not in words:
            lat, lon = at(float(words[0]), float(words[1]))
            fix: dict[str, Any] = {"at": body["at"] - round(1000 * float(more.pop("age", 0.3))), "lat": lat, "lon": lon, "accuracy": 8.0}
            body["fix"] = fix | {key: value_of(more.pop(key)) for key in FIX_KEYS if key in more}
        return body | {key: value_of(value) for key, value in more.items()}

    def _send(self, at_ms: int, topic: str, body: Any) -> None:
        self._hear(self.engine.receive([Envelope(at_ms, topic, json.dumps(body).encode())]))

    def order(self, at_text: str, **order: Any) -> Story:
        """Issue or change an order, as the `orders` topic carries it."""
        known = {"id": "O1", "protected": "P", "respondent": "R", "perimeter_m": 500, "warning_m": 2200}
        known |= {"valid_from": "2020-01-01T00:00:00Z", "valid_until": "2030-01-01T00:00:00Z", "language": "es"}
        self._send(T0 + round(1000 * seconds(at_text)), "orders", {"order": known | order})
        return self

    def _hear(self, effects: Any) -> None:
        self.transitions += effects.transitions
        self.notifications += effects.notifications
        self.commands += effects.commands
        self.rejections += effects.rejections

    def said(self) -> list[str]:
        """`m:ss from>to reason` of every line, rounded down to the second."""
        return [f"{clock(t.at_ms)} {t.from_level.word}>{t.to_level.word} {t.reason.word}" for t in self.transitions]

    def alerts(self) -> list[str]:
        """Reasons of the rises to WARNING and above."""
        return [t.reason.word for t in self.transitions if t.to_level > t.from_level and t.to_level >= 2]

    def reasons(self) -> list[str]:
        return [t.reason.word for t in self.transitions]

    @property
    def level(self) -> str:
        return self.transitions[-1].to_level.word if self.transitions else "calm"


def seconds(text: str) -> float:
    total = 0.0
    for part in text.split(":"):
        total = total * 60 + float(part)
    return total


def clock(at_ms: int) -> str:
    passed = (at_ms - T0) // 1000
    return f"{passed // 60}:{passed % 60:02d}"


def value_of(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
