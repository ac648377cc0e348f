"""What the console may ask of the monitor. Each request becomes an input like any other, and is answered with what really happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from geofence.terms import OrderId
from monitor.canary import is_canary
from monitor.engine import Effects, Engine
from monitor.wire import person_answers

Reply = dict[str, object]
Answer = Callable[[Reply], None]

WAITING_MAX = 1_000  # requests that wait for their turn: a control room asks some in a second, and turns take milliseconds
ID_CHARS_MAX = 64  # of an order or notification


@dataclass(slots=True)
class Commands:
    """Takes requests; use from the loop's own thread."""

    engine: Callable[[], Engine]
    put: Callable[[str, bytes], None]
    _waiting: dict[str, list[Answer]] = field(default_factory=dict)  # by notification

    def take(self, request: Mapping[str, Any], answer: Answer) -> None:
        """Do what is asked, and answer now or after the turn in which it was judged."""
        kinds = {"acknowledge": self._acknowledge, "positions": self._positions}
        do, subject = kinds.get(str(request.get("do"))), request.get("of")
        if do is None:
            answer(_refused(f"there is no such request: {', '.join(kinds)}"))
        elif not isinstance(subject, str) or not 0 < len(subject) <= ID_CHARS_MAX:
            answer(_refused("of: must be an id"))
        else:
            do(subject, answer)

    def judged(self, effects: Effects) -> None:
        """Answer those whose acknowledgement has been judged."""
        if not self._waiting:
            return
        for one in effects.acknowledgements:
            if one.by == "dispatcher":
                for answer in self._waiting.pop(one.notification, ()):
                    answer({"ok": True, "at_ms": one.at_ms})

    def _acknowledge(self, alert: str, answer: Answer) -> None:
        if not self.engine().awaits_answer(alert):
            answer(_refused("no such alert is open"))
        elif len(self._waiting) >= WAITING_MAX:
            answer(_refused("too many requests wait"))
        else:
            self._waiting.setdefault(alert, []).append(answer)
            self.put(*person_answers(alert, "dispatcher"))

    def _positions(self, order: str, answer: Answer) -> None:
        engine = self.engine()
        if is_canary(order) or engine.level_of(OrderId(order)) is None:
            answer(_refused("no such order is in force"))
        else:
            answer({"ok": True, "at_ms": engine.now_ms, "positions": engine.whereabouts(OrderId(order))})


def _refused(why: str) -> Reply:
    return {"ok": False, "why": why}
