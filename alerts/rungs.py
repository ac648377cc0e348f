"""Which rungs of a ladder wait in an incident: planned, kept when it rings again, put off, found again after a restart. PURE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alerts.case import Case, Due, Said
from alerts.ladder import UNNAMED_MS, Ladder, Rung, asks_on
from alerts.terms import Audience
from geofence.terms import Level

_DISPATCH = Audience.DISPATCH


def rung_of(ladder: Ladder, due: Due) -> Rung:
    """The rung that waits."""
    return ladder[due.level][due.step]


def plan(case: Case, ladder: Ladder, level: Level, audiences: Sequence[Audience], start_ms: int) -> list[int]:
    """Have the rungs of a level wait, from now or a later moment on; the times to look at the case again.

    A rung that waits already keeps its place, and its time where that is sooner.
    """
    waiting = {due.step: due for due in case.waiting if due.level is level}
    times = []
    for step, rung in enumerate(ladder[level]):
        if rung.audience in audiences:
            at_ms = start_ms + rung.after_s * 1000
            due = waiting.get(step)
            if due is None:
                due = Due(at_ms, level, step, rung.audience)
                case.waiting.append(due)
            due.at_ms = min(due.at_ms, at_ms)
            times.append(due.at_ms)
    return list(dict.fromkeys(times))


def keep_for_ring(case: Case, ladder: Ladder, level: Level, audiences: Sequence[Audience]) -> None:
    """A new ring leaves what waits of one as loud, what dispatch is asked until a person answers, and her cry for help.

    Who comes back every quarter of a minute would otherwise put off the second operator for ever.
    """

    def goes_on(due: Due) -> bool:
        return due.level == level or (due.level > level and asks_on(rung_of(ladder, due))) or is_for_help(case, due)

    case.waiting = [due for due in case.waiting if due.audience not in audiences or goes_on(due)]


def keep_for_quiet(case: Case, ladder: Ladder) -> None:
    """The level came down: her ladder ends, and the telephones; dispatch is asked on, and for her cry for help by all ways."""
    case.waiting = [due for due in case.waiting if asks_on(rung_of(ladder, due)) or is_for_help(case, due)]


def is_for_help(case: Case, due: Due) -> bool:
    """Whether it tells dispatch that she has asked for help."""
    return case.wants_help and due.audience is _DISPATCH


def put_off(case: Case, ladder: Ladder, at_ms: int) -> list[int]:
    """Somebody of dispatch has seen it and not said who: the ladder rests for a round. When it goes on; never where nothing is repeated."""
    repeated = [due for due in case.waiting if due.audience is _DISPATCH and rung_of(ladder, due).repeat_s is not None]
    if repeated:
        case.waiting = [due for due in case.waiting if due.audience is not _DISPATCH] + repeated
    for due in repeated:
        due.at_ms = max(due.at_ms, at_ms + UNNAMED_MS)
    return [due.at_ms for due in repeated]


def ring_now(case: Case, said: Said, at_ms: int) -> bool:
    """A rung that came too late for its telephone rings now; not where somebody has answered, or where it waits already."""
    waits = any((due.level, due.step) == (said.level, said.step) for due in case.waiting)
    if said.step < 0 or said.audience in case.answered or waits:
        return False
    case.waiting.append(Due(at_ms, said.level, said.step, said.audience, said.turn + 1))
    return True


# --- Over a restart ---------------------------------------------------------------------------------------------------


def ladder_as_data(ladder: Ladder) -> list[list[list[Any]]]:
    """Which rung each number of a snapshot means, by level."""
    return [[_rung_as_data(rung) for rung in ladder[level]] for level in Level]


def _rung_as_data(rung: Rung) -> list[Any]:
    return [rung.after_s, rung.audience.value, rung.channel.value, rung.person]


def find_rungs(case: Case, ladder: Ladder, before: list[list[list[Any]]]) -> None:
    """Give what waits the numbers that its rungs have now, should the ladder be another since.

    A rung that comes at another time now keeps its own; where one is gone nothing waits, but dispatch is asked on: by the new ladder.
    """
    found, lost = [], []
    for due in case.waiting:
        step = _step_now([_rung_as_data(one) for one in ladder[due.level]], before[due.level][due.step])
        if step is None:
            lost.append(due)
        else:
            due.step = step
            found.append(due)
    case.waiting = found
    asks_no_more = not any(asks_on(rung_of(ladder, due)) for due in found)
    for due in lost:
        if asks_no_more and due.audience is _DISPATCH:
            plan(case, ladder, due.level, (_DISPATCH,), due.at_ms)


def _step_now(now: list[list[Any]], rung: list[Any]) -> int | None:
    """The last of those that ring the same person by the same way, of which the one at the same time goes before."""
    if rung in now:
        return now.index(rung)
    alike = [step for step, one in enumerate(now) if one[1:] == rung[1:]]
    return alike[-1] if alike else None
