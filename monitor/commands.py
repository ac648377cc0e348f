"""What the console may ask of the monitor. What changes something becomes an input like any other, answered with what really happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor.engine import Effects
from monitor.inquiries import Inquiries, Reply, Unfit, subject_of
from monitor.views import Views
from monitor.wire import person_answers

Answer = Callable[[Reply], None]

WAITING_MAX = 1_000  # requests that wait for their turn: a control room asks some in a second, and turns take milliseconds


@dataclass(slots=True)
class Commands:
    """Takes requests; use from the loop's own thread."""

    views: Views
    put: Callable[[str, bytes], None]
    _waiting: dict[str, list[Answer]] = field(default_factory=dict)  # by notification

    def take(self, request: Mapping[str, Any], answer: Answer) -> None:
        """Do what is asked, and answer now or after the turn in which it was judged."""
        inquiries, do = Inquiries(self.views), str(request.get("do"))
        acts = {"acknowledge": self._acknowledge}
        try:
            if do in inquiries.kinds:
                answer(inquiries.answer(request))
            elif do in acts:
                acts[do](request, answer)
            else:
                raise Unfit(f"there is no such request: {', '.join((*acts, *inquiries.kinds))}")
        except Unfit as fault:
            answer({"ok": False, "why": str(fault)})

    def judged(self, effects: Effects) -> None:
        """Answer those whose acknowledgement has been judged."""
        if not self._waiting:
            return
        for one in effects.acknowledgements:
            if one.by == "dispatcher":
                for answer in self._waiting.pop(one.notification, ()):
                    answer({"ok": True, "at_ms": one.at_ms})

    def _acknowledge(self, request: Mapping[str, Any], answer: Answer) -> None:
        alert = subject_of(request)
        if not self.views.engine().awaits_answer(alert):
            raise Unfit("no such alert is open")
        if len(self._waiting) >= WAITING_MAX:
            raise Unfit("too many requests wait")
        self._waiting.setdefault(alert, []).append(answer)
        self.put(*person_answers(alert, "dispatcher"))
