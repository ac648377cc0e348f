"""What the console knows of each incident, folded from the monitor's events and the operators' acts. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from geofence.terms import HISTORY

LEVELS = ("calm", "caution", "warning", "emergency")
SECONDS_MAX = 9_999  # of time to contact, in the urgency: beyond, all are as far
EARLY_MAX = 10_000  # notifications kept for a transition that follows them in the same turn
METRES_MAX = 9_999  # of uncertainty, likewise
CALM = "calm"
_TOLD: tuple[str, ...] = ("from", "to", "distance_m", "uncertainty_m", "seconds_to_perimeter", "zone", "breached_at_ms")
_TOLD += ("hours_left", "apart_m", "clock_s", "count", "since_ms", "closest_m")
_HISTORY = frozenset(reason.word for reason in HISTORY)
NAMELESS = frozenset(("dispatcher", "person"))  # who answered where nobody said a name
SILENCES = frozenset(("no_link", "cannot_see_respondent", "cannot_see_protected", "no_coverage_known", "not_seen_yet"))


@dataclass(slots=True)
class Incident:
    """From leaving calm until somebody has closed it: what ends by itself still waits for eyes (New York, 2013)."""

    id: str
    order: str
    level: str
    reason: str
    started_ms: int
    changed_ms: int
    raised_ms: int  # of the last rise
    peak: str = CALM  # the highest level it had
    reasons: tuple[str, ...] = ()  # all that were given, in order
    party: str | None = None  # whose device a trouble is about: protected | respondent
    zone: str | None = None
    calm_ms: int | None = None
    distance_m: float | None = None
    uncertainty_m: float | None = None
    seconds_to_perimeter: float | None = None
    code: str | None = None
    acknowledged_by: str | None = None
    acknowledged_ms: int | None = None
    assigned_to: str | None = None
    seen_by: str | None = None
    outcome: str | None = None
    closed_by: str | None = None
    closed_ms: int | None = None
    version: int = 0

    @property
    def state(self) -> str:
        """open | calm (it ended by itself, nobody has closed it) | closed."""
        if self.closed_ms is not None:
            return "closed"
        return "open" if self.calm_ms is None else "calm"

    @property
    def rank(self) -> int:
        """The urgency, smallest first: level, unanswered first, time to contact, what is blind before what is seen, certainty."""
        loud = LEVELS.index(self.level) if self.calm_ms is None else 0
        answered = self.acknowledged_ms is not None and self.acknowledged_ms >= self.raised_ms
        seconds = SECONDS_MAX if self.seconds_to_perimeter is None else min(int(self.seconds_to_perimeter), SECONDS_MAX)
        if self.level == "emergency":
            seconds = 0
        blind = 0 if self.reason in SILENCES else 1
        error = METRES_MAX if self.uncertainty_m is None else min(int(self.uncertainty_m), METRES_MAX)
        return ((((3 - loud) * 2 + answered) * (SECONDS_MAX + 1) + seconds) * 2 + blind) * (METRES_MAX + 1) + error

    @property
    def age(self) -> tuple[int, int, str]:
        """The order of the queue: urgency, then who has waited longest."""
        return (self.rank, self.raised_ms, self.id)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an incident's story."""

    incident: str
    at_ms: int
    kind: str  # transition | notification | outcome | acknowledgement | act
    who: str  # monitor | device | person | dispatcher, or an operator's name
    what: str  # the word of what was done or said
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Notice:
    """One notification and how far it got."""

    id: str
    incident: str
    audience: str
    channel: str
    kind: str
    step: int
    level: str
    reason: str
    text: str | None
    issued_ms: int
    state: str = "pending"
    detail: str = ""
    changed_ms: int = 0
    handed_ms: int | None = None  # when its carrier took it
    acknowledged_by: str | None = None


Change = Incident | Entry | Notice


@dataclass(slots=True)
class Board:
    """All incidents that hold or wait to be closed. Every change comes back as what has changed, for the record and the screens."""

    incidents: dict[str, Incident] = field(default_factory=dict)
    notices: dict[str, Notice] = field(default_factory=dict)
    _early: dict[str, list[tuple[int, Mapping[str, Any]]]] = field(default_factory=dict)  # by incident

    def queue(self) -> list[Incident]:
        """Most urgent first."""
        return sorted((one for one in self.incidents.values() if one.closed_ms is None), key=lambda one: one.age)

    def hear(self, kind: str, at_ms: int, body: Mapping[str, Any]) -> list[Change]:
        """Fold one event of the feed. An event of a kind that we do not know changes nothing."""
        folds = {
            "transition": self._transition,
            "notification": self._notification,
            "outcome": self._outcome,
            "acknowledgement": self._acknowledgement,
        }
        return folds[kind](at_ms, body) if kind in folds else []

    def _transition(self, at_ms: int, body: Mapping[str, Any]) -> list[Change]:
        one = self.incidents.get(body["incident"])
        if one is None:
            one = Incident(body["incident"], body["order"], CALM, body["reason"], at_ms, at_ms, at_ms)
            self.incidents[one.id] = one
        before, after = LEVELS.index(one.level), LEVELS.index(body["to"])
        is_aside = body["reason"] in _HISTORY and one.level != CALM
        one.level, one.reason, one.changed_ms = body["to"], one.reason if is_aside else body["reason"], at_ms
        if body["reason"] not in one.reasons:
            one.reasons = (*one.reasons, body["reason"])
        if after > before or (after == before and after > 0 and body["from"] == body["to"] and body["reason"] not in _HISTORY):
            one.raised_ms = at_ms
            one.closed_ms = None  # it was closed while it held, and has risen again: back on the list
        if after > LEVELS.index(one.peak):
            one.peak = one.level
        one.calm_ms = at_ms if after == 0 else None
        for key in ("distance_m", "uncertainty_m", "seconds_to_perimeter", "zone"):
            setattr(one, key, body.get(key))
        one.party = "protected" if "protected" in body.get("audience", ()) else "respondent"
        one.version += 1
        said = {key: body.get(key) for key in _TOLD}
        story = Entry(one.id, at_ms, "transition", "monitor", body["reason"], {k: v for k, v in said.items() if v is not None})
        early = [change for told in self._early.pop(one.id, ()) for change in self._notification(*told)]
        return [one, story, *early]

    def _notification(self, at_ms: int, body: Mapping[str, Any]) -> list[Change]:
        one = self.incidents.get(body["incident"])
        if one is None:  # people are told before the screens are: its transition follows
            if len(self._early) > EARLY_MAX:
                self._early.clear()
            self._early.setdefault(body["incident"], []).append((at_ms, body))
            return []
        if body["id"] in self.notices:
            return []
        keys = ("id", "incident", "audience", "channel", "kind", "step", "level", "reason", "text")
        same: dict[str, Any] = {key: body.get(key) for key in keys}
        notice = Notice(**same, issued_ms=at_ms, changed_ms=at_ms)
        self.notices[notice.id] = notice
        one.code = one.code or body.get("code")
        asks_dispatch = notice.audience == "dispatch" and notice.kind == "raise"
        if asks_dispatch and one.acknowledged_by in NAMELESS and at_ms > (one.acknowledged_ms or 0):
            one.acknowledged_by = one.acknowledged_ms = None  # asked again: an answer without a name has held for its round (ADR-0039)
        one.version += 1
        data = {key: body.get(key) for key in ("audience", "channel", "kind", "step", "level")}
        return [one, notice, Entry(one.id, at_ms, "notification", "monitor", body["reason"], data)]

    def _outcome(self, at_ms: int, body: Mapping[str, Any]) -> list[Change]:
        notice = self.notices.get(body["notification"])
        if notice is None:
            return []
        notice.state, notice.detail, notice.changed_ms = body["state"], body.get("detail", ""), at_ms
        if notice.handed_ms is None and body["state"] in ("accepted", "delivered", "acknowledged"):
            notice.handed_ms = at_ms
        data = {"audience": notice.audience, "channel": notice.channel, "detail": notice.detail}
        return [notice, Entry(notice.incident, at_ms, "outcome", "monitor", body["state"], data)]

    def _acknowledgement(self, at_ms: int, body: Mapping[str, Any]) -> list[Change]:
        notice = self.notices.get(body["notification"])
        if notice is None:
            return []
        who = body.get("who") or body["by"]
        notice.acknowledged_by, notice.changed_ms, notice.state = who, at_ms, "acknowledged"
        changes: list[Change] = [notice]
        one = self.incidents.get(notice.incident)
        is_desk = notice.audience == "dispatch" and body["by"] != "device"  # at a desk, or by the key of its telephone
        if one is not None and is_desk and _answers_the_last(one, notice):
            self._answered(one, who, at_ms)
            changes.append(one)
        data = {"audience": notice.audience, "channel": notice.channel}
        return [*changes, Entry(notice.incident, at_ms, "acknowledgement", who, body["by"], data)]

    @staticmethod
    def _answered(one: Incident, who: str, at_ms: int) -> None:
        """Keep the first answer since the last rise, and put a name in the place of "a dispatcher"."""
        if one.acknowledged_ms is None or one.acknowledged_ms < one.raised_ms:
            one.acknowledged_by, one.acknowledged_ms = who, at_ms
        elif one.acknowledged_by == "dispatcher":
            one.acknowledged_by = who
        one.version += 1

    def greet(self, at_ms: int, standings: list[Mapping[str, Any]]) -> list[Change]:
        """Be right about now, whatever was lost before: `standings` are all orders that are not calm. Nothing lost, nothing changed."""
        changes: list[Change] = []
        stand = {body["incident"]: body for body in standings if body["level"] != CALM and body["incident"] is not None}
        for one in self.incidents.values():
            if one.calm_ms is None and one.id not in stand:
                changes += self._transition(at_ms, {"incident": one.id, "from": one.level, "to": CALM, "reason": "seen"})
        for body in stand.values():
            known = self.incidents.get(body["incident"])
            if known is None or (known.level, known.reason) != (body["level"], body["reason"]):
                before = known.level if known is not None else CALM
                changes += self._transition(at_ms, {**body, "from": before, "to": body["level"]})
        return changes

    def act(self, one: Incident, who: str, at_ms: int, what: str, data: Mapping[str, Any], **values: Any) -> list[Change]:
        """An operator's act: set `values` and tell the story."""
        for key, value in values.items():
            setattr(one, key, value)
        one.version += 1
        return [one, Entry(one.id, at_ms, "act", who, what, data)]

    def answered(self, one: Incident, who: str, at_ms: int) -> list[Change]:
        """A named operator has answered."""
        self._answered(one, who, at_ms)
        return [one, Entry(one.id, at_ms, "act", who, "acknowledge")]

    def forget(self, incident: str) -> None:
        """Drop what has ended and is closed: the record has it."""
        if self.incidents[incident].calm_ms is None:
            return
        del self.incidents[incident]
        for notice in [n for n in self.notices.values() if n.incident == incident]:
            del self.notices[notice.id]


def _answers_the_last(one: Incident, notice: Notice) -> bool:
    """Whoever has read of a caution has not read of the emergency that came after it: as the monitor judges (alerts/case.py)."""
    return notice.issued_ms >= one.raised_ms or LEVELS.index(notice.level) >= LEVELS.index(one.level)
