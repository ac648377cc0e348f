"""What a console may ask that changes nothing: orders, positions, devices, who is not seen. Answered at once, from the engine's memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from config.errors import BadInput
from geofence.terms import OrderId
from monitor.views import PAGE, PAGE_MAX, Views
from monitor.wire import WHO_CHARS_MAX

Reply = dict[str, object]

ID_CHARS_MAX = 64  # of an order, an incident or a notification


class Unfit(Exception):
    """A request that cannot be done; its text says why, `faults` where in it."""

    def __init__(self, why: str, faults: Sequence[BadInput] = ()) -> None:
        super().__init__(why or "; ".join(map(str, faults)))
        self.faults = [{"where": one.where, "message": one.message} for one in faults]


class Inquiries:
    """Answers from one engine's views."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._kinds: Mapping[str, Callable[[Mapping[str, Any]], Reply]] = {
            "orders": self._orders,
            "order": self._order,
            "positions": self._positions,
            "devices": self._devices,
            "coverage": lambda request: self._views.coverage(),
            "beat": lambda request: {},
        }

    @property
    def kinds(self) -> tuple[str, ...]:
        """What may be asked."""
        return tuple(self._kinds)

    def answer(self, request: Mapping[str, Any]) -> Reply:
        """The answer to one of `kinds`. Raises Unfit."""
        return {"ok": True, "at_ms": self._views.now_ms, **self._kinds[request["do"]](request)}

    def _orders(self, request: Mapping[str, Any]) -> Reply:
        limit, after = request.get("limit", PAGE), request.get("after") or ""
        if type(limit) is not int or not 0 < limit <= PAGE_MAX:
            raise Unfit(f"limit: must be a whole number from 1 to {PAGE_MAX}")
        if not isinstance(after, str) or len(after) > ID_CHARS_MAX:
            raise Unfit("after: must be an id")
        return self._views.page(after, limit)

    def _order(self, request: Mapping[str, Any]) -> Reply:
        order = self._subject(request)
        return {"order": self._views.order(order), "devices": self._views.devices_of(order)}

    def _positions(self, request: Mapping[str, Any]) -> Reply:
        order = self._subject(request)
        if not self._views.stands(order)["begun"]:  # before it begins and after its end, where they are is nobody's business
            raise Unfit("the order is not in force")
        return self._views.positions(order)

    def _devices(self, request: Mapping[str, Any]) -> Reply:
        return {"devices": self._views.states(self._subject(request))}

    def _subject(self, request: Mapping[str, Any]) -> OrderId:
        order = subject_of(request)
        if not self._views.has(order):
            raise Unfit("no such order is in force")
        return OrderId(order)


def subject_of(request: Mapping[str, Any]) -> str:
    """What a request is about. Raises Unfit."""
    subject = request.get("of")
    if not isinstance(subject, str) or not 0 < len(subject) <= ID_CHARS_MAX:
        raise Unfit("of: must be an id")
    return subject


def who_of(request: Mapping[str, Any]) -> str | None:
    """Who asks for it, where he is named. Raises Unfit."""
    who = request.get("who")
    if who is not None and (not isinstance(who, str) or not 0 < len(who) <= WHO_CHARS_MAX):
        raise Unfit(f"who: must be a name of at most {WHO_CHARS_MAX} characters")
    return who
