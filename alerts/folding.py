"""Many orders out of sight at once are one word to dispatch: a carrier's outage must not bury the approach in the middle of it. PURE.

The first few of a minute are told each by itself, since they may be a tracker that was silenced; from then on each that comes
joins a *fold*: one message that names them all, the likeliest to be near first. She is told by her bracelet in any case, and
an order of the fold that rises rings by itself, as if there were no fold.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid5

from alerts.message import NAMESPACE, code_of
from alerts.terms import Audience, Channel, Kind, Notification, NotificationId
from alerts.wording import fold_text
from geofence.terms import IncidentId, Level, OrderId, Reason, Transition

FOLDABLE = (Reason.CANNOT_SEE_RESPONDENT, Reason.CANNOT_SEE_PROTECTED, Reason.NOT_SEEN_YET, Reason.NO_COVERAGE_KNOWN)
# A pair goes out of sight four times a day (docs/detection.md), a county of 200 once in two minutes: six in one minute by
# chance once in three weeks. A state of 4,500 pairs has 13 a minute, so the bound grows with the orders: 45 there.
ALONE_MAX = 5
ORDERS_A_PLACE = 100  # one more may be told alone for each hundred orders beyond 500
WINDOW_MS = 60_000  # a far interval: a mast that fails silences everybody within one
UPDATE_MS = 15_000  # as other numbers (geofence/policy.py)
ORDERS_MAX = 500  # named in one message; nobody reads further, and some receivers refuse more than 16 kB
UNKNOWN_M = 1e12  # no distance is known: named last


@dataclass(slots=True)
class Fold:
    """One such event, while any of its orders is out of sight."""

    incident: IncidentId
    language: str
    members: dict[IncidentId, tuple[float, OrderId]] = field(default_factory=dict)  # (last known distance in metres, order)
    rings: dict[Channel, NotificationId] = field(default_factory=dict)  # what was rung by which way
    sent: list[NotificationId] = field(default_factory=list)
    told_ms: int = 0
    rung_ms: int = 0
    due_ms: int | None = None  # when the list as it is now is told; None: it has been
    updates: int = 0


class Folding:
    """What is folded now."""

    def __init__(self) -> None:
        self.fold: Fold | None = None
        self._recent: list[tuple[int, IncidentId]] = []  # the last who came, each once

    def takes(self, t: Transition, at_ms: int, orders: int) -> bool:
        """Whether this order, one of so many, which dispatch would be told of now, belongs to a fold instead."""
        if t.reason not in FOLDABLE or t.to_level is not Level.CAUTION:
            return False
        if self.fold is not None and t.incident in self.fold.members:
            return True
        if any(incident == t.incident for _, incident in self._recent):
            return False  # by another way it has just been told by itself
        alone_max = max(ALONE_MAX, orders // ORDERS_A_PLACE)
        crowded = len(self._recent) >= alone_max and self._recent[-alone_max][0] > at_ms - WINDOW_MS
        self._recent = [*self._recent, (at_ms, t.incident)][-alone_max:]
        return crowded

    def add(self, t: Transition, channel: Channel, at_ms: int, language: str, *, again: bool) -> list[Notification]:
        """Take an order in. The first of a fold rings; what joins it later waits for the next update.

        `again`: dispatch has not answered, and its ladder asks again: once for all of them.
        """
        if self.fold is None:
            incident = IncidentId(str(uuid5(NAMESPACE, f"fold|{t.incident}|{at_ms}")))
            self.fold = Fold(incident, language, told_ms=at_ms, rung_ms=at_ms)
        if t.incident not in self.fold.members:
            self.fold.members[t.incident] = (UNKNOWN_M if t.distance_m is None else t.distance_m, t.order)
            self._plan(self.fold, at_ms)
        if channel in self.fold.rings:
            if not again or at_ms < self.fold.rung_ms + UPDATE_MS:
                return []
            self.fold.rung_ms, self.fold.updates = at_ms, self.fold.updates + 1
        one = self._message(self.fold, Kind.RAISE, channel, at_ms)
        self.fold.rings[channel] = one.id
        return [one]

    def leave(self, incident: IncidentId, at_ms: int) -> list[Notification]:
        """An order is seen again, or says something by itself; the end of the last one is told once."""
        fold = self.fold
        if fold is None or fold.members.pop(incident, None) is None:
            return []
        if fold.members:
            self._plan(fold, at_ms)
            return []
        self.fold = None
        return [self._message(fold, Kind.CLEAR, channel, at_ms) for channel in fold.rings]

    def update(self, at_ms: int) -> list[Notification]:
        """The list as it is now, silently, if that is due."""
        fold = self.fold
        if fold is None or fold.due_ms is None or at_ms < fold.due_ms:
            return []
        fold.told_ms, fold.due_ms, fold.updates = at_ms, None, fold.updates + 1
        return [self._message(fold, Kind.UPDATE, channel, at_ms) for channel in fold.rings if channel is not Channel.CONSOLE]

    @staticmethod
    def _plan(fold: Fold, at_ms: int) -> None:
        if fold.due_ms is None:
            fold.due_ms = max(at_ms, fold.told_ms + UPDATE_MS)

    def named_in(self, notification: NotificationId) -> Iterable[IncidentId] | None:
        """The incidents that an answer to this message answers; None where it is not ours."""
        if self.fold is None or notification not in self.fold.sent:
            return None
        return list(self.fold.members)

    def _message(self, fold: Fold, kind: Kind, channel: Channel, at_ms: int) -> Notification:
        orders = [order for _, order in sorted(fold.members.values())]
        name = f"{fold.incident}|{kind.value}|{channel.value}|{fold.updates}"
        identity = NotificationId(str(uuid5(NAMESPACE, name)))
        fold.sent.append(identity)
        code = code_of(fold.incident)
        ended = kind is Kind.CLEAR
        return Notification(
            id=identity,
            incident=fold.incident,
            order=OrderId(""),
            code=code,
            audience=Audience.DISPATCH,
            channel=channel,
            kind=kind,
            step=0,
            level=Level.CALM if ended else Level.CAUTION,
            reason=Reason.SEEN if ended else Reason.CANNOT_SEE_RESPONDENT,
            issued_ms=at_ms,
            language=fold.language,
            text=fold_text(orders, fold.language, code, ended=ended),
            orders=tuple(orders[:ORDERS_MAX]),
            orders_total=len(orders),
            refreshes=fold.rings[channel] if kind is Kind.UPDATE else None,
        )

    # --- snapshot -------------------------------------------------------------------------------------------------

    def dump(self) -> dict[str, Any]:
        """All of it as plain data."""
        fold = self.fold
        return {
            "recent": [list(one) for one in self._recent],
            "fold": None
            if fold is None
            else {
                "incident": fold.incident,
                "language": fold.language,
                "members": [[incident, distance_m, order] for incident, (distance_m, order) in fold.members.items()],
                "rings": [[channel.value, ring] for channel, ring in fold.rings.items()],
                "sent": list(fold.sent),
                "told_ms": fold.told_ms,
                "rung_ms": fold.rung_ms,
                "due_ms": fold.due_ms,
                "updates": fold.updates,
            },
        }

    def load(self, data: dict[str, Any]) -> None:
        """What `dump` gave."""
        self._recent = [(at_ms, incident) for at_ms, incident in data["recent"]]
        plain = data["fold"]
        if plain is not None:
            members = {incident: (distance_m, order) for incident, distance_m, order in plain["members"]}
            rings = {Channel(channel): NotificationId(ring) for channel, ring in plain["rings"]}
            self.fold = Fold(**{**plain, "members": members, "rings": rings})
