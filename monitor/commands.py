"""What the console may ask of the monitor. What changes something becomes an input like any other, answered with what really happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from geofence.terms import IncidentId
from monitor.engine import Effects
from monitor.inquiries import Inquiries, Reply, Unfit, subject_of, who_of
from monitor.log import get_logger
from monitor.supervise import Background
from monitor.views import Views
from monitor.wire import person_answers

Answer = Callable[[Reply], None]

WAITING_MAX = 1_000  # requests that wait for their turn: a control room asks some in a second, and turns take milliseconds


_log = get_logger("feed")


class Change(Protocol):
    """Changes an order, and says what really happened."""

    async def __call__(self, request: Mapping[str, Any]) -> Reply:
        """Raises Unfit."""


@dataclass(slots=True)
class Commands:
    """Takes requests; use from the loop's own thread."""

    views: Views
    put: Callable[[str, bytes], None]
    changes: Mapping[str, Change] = field(default_factory=dict)  # by what is asked to be done
    shows: Mapping[str, Callable[[], Reply]] = field(default_factory=dict)  # what other parts of the service have to show
    _under_way: Background = field(default_factory=Background)
    _waiting: dict[str, list[Answer]] = field(default_factory=dict)  # by notification

    def take(self, request: Mapping[str, Any], answer: Answer) -> None:
        """Do what is asked, and answer now or after the turn in which it was judged."""
        inquiries, do = Inquiries(self.views), str(request.get("do"))
        acts = {"acknowledge": self._acknowledge, "acknowledge_incident": self._acknowledge_incident}
        try:
            if do in inquiries.kinds:
                answer(inquiries.answer(request))
            elif do in acts:
                acts[do](request, answer)
            elif do in self.shows:
                answer({"ok": True, "at_ms": self.views.now_ms, **self.shows[do]()})
            elif do in self.changes:
                self._under_way.begin(self._change(self.changes[do], request, answer))
            else:
                raise Unfit(f"there is no such request: {', '.join((*acts, *self.shows, *self.changes, *inquiries.kinds))}")
        except Unfit as fault:
            answer(_refused(fault))

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
        self._await(alert, who_of(request), answer)

    def _acknowledge_incident(self, request: Mapping[str, Any], answer: Answer) -> None:
        """Dispatch has answered all that an incident asks: the newest of it stands for the rest. An incident that asks nothing is well."""
        asked = self.views.engine().asked_of_dispatch(IncidentId(subject_of(request)))
        if asked is None:
            answer({"ok": True, "at_ms": self.views.now_ms, "open": False})
        else:
            self._await(asked, who_of(request), answer)

    def _await(self, alert: str, who: str | None, answer: Answer) -> None:
        """Say that a dispatcher has answered, and answer him once that was judged. Raises Unfit."""
        if len(self._waiting) >= WAITING_MAX:
            raise Unfit("too many requests wait")
        self._waiting.setdefault(alert, []).append(answer)
        self.put(*person_answers(alert, "dispatcher", who))

    @staticmethod
    async def _change(change: Change, request: Mapping[str, Any], answer: Answer) -> None:
        try:
            answer(await change(request))
        except Unfit as fault:
            answer(_refused(fault))
        except Exception as error:  # a defect of ours: said, and survived
            _log.error("request_failed", kind=type(error).__name__)
            answer({"ok": False, "why": "the monitor failed on this request"})


def _refused(fault: Unfit) -> Reply:
    return {"ok": False, "why": str(fault), **({"faults": fault.faults} if fault.faults else {})}
