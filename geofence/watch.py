"""The state machine of one order: which reasons hold, which level they make, what is said when they change.

Everything that decides a level stands in this file. Three tables:

* `LEVEL_OF`   reason -> level while it holds. The level of an order is the highest of its reasons.
* `PROXIMITY_OF` x contact -> the reason that geometry gives (`reason_of_geometry`).
* `QUIET_OF`   reason that led -> the word for its end, when the order comes down to CALM.

The set of reasons of an order is one int64: bit `reason` for the respondent's side or both, bit `32 + reason` for
the protected person's device. Order of the reasons = their rank: the first that holds at a level leads it.
The diagram in docs/architecture.md is drawn from these tables (scripts/docs).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from geofence import policy
from geofence.jit import compiled, compiled_apart
from geofence.measure import furthest_apart_m, known_days, least_hours, worst_clock_s
from geofence.state import NUMBERS
from geofence.terms import Contact, Level, Proximity, Reason

# Reason -> level while it holds. Rank = order of the enum.
LEVELS: dict[Reason, Level] = {
    Reason.SOS: Level.EMERGENCY,
    Reason.BREACH: Level.EMERGENCY,
    Reason.OUTSIDE_INCLUSION: Level.EMERGENCY,
    Reason.APPROACH: Level.WARNING,
    Reason.UNVERIFIED: Level.WARNING,
    Reason.NO_LINK: Level.CAUTION,
    Reason.CANNOT_SEE_RESPONDENT: Level.CAUTION,
    Reason.CANNOT_SEE_PROTECTED: Level.CAUTION,
    Reason.NOT_SEEN_YET: Level.CAUTION,
    Reason.STRAP: Level.CAUTION,
    Reason.JAMMING: Level.CAUTION,
    Reason.SPOOFING: Level.CAUTION,
    Reason.CLOCK: Level.CAUTION,
    Reason.SEPARATION: Level.CAUTION,
    Reason.BATTERY: Level.CAUTION,
    Reason.NO_COVERAGE_KNOWN: Level.CAUTION,
}

# What geometry and contact together say. Losing sight never makes it quieter, and is said beside what was seen last.
# CANNOT_SEE_RESPONDENT stands for "whoever is silent": `geometry_bits` names the party.
LOST_SIGHT = Reason.CANNOT_SEE_RESPONDENT
GEOMETRY: dict[tuple[Proximity, Contact], tuple[Reason, ...]] = {
    (Proximity.UNKNOWN, Contact.FRESH): (Reason.NOT_SEEN_YET,),
    (Proximity.UNKNOWN, Contact.OVERDUE): (Reason.NOT_SEEN_YET,),
    (Proximity.UNKNOWN, Contact.LOST): (Reason.NOT_SEEN_YET,),
    (Proximity.CLEAR, Contact.FRESH): (),
    (Proximity.CLEAR, Contact.OVERDUE): (),
    (Proximity.CLEAR, Contact.LOST): (LOST_SIGHT,),
    (Proximity.APPROACH, Contact.FRESH): (Reason.APPROACH,),
    (Proximity.APPROACH, Contact.OVERDUE): (Reason.APPROACH,),
    (Proximity.APPROACH, Contact.LOST): (Reason.APPROACH, LOST_SIGHT),
    (Proximity.BREACH, Contact.FRESH): (Reason.BREACH,),
    (Proximity.BREACH, Contact.OVERDUE): (Reason.BREACH,),
    (Proximity.BREACH, Contact.LOST): (Reason.BREACH, LOST_SIGHT),
}

SIGHT = (Reason.NO_LINK, Reason.CANNOT_SEE_RESPONDENT, Reason.CANNOT_SEE_PROTECTED, Reason.NOT_SEEN_YET, Reason.NO_COVERAGE_KNOWN)
# The word for the end of what led, when the order comes down to CALM.
QUIET: dict[Reason, Reason] = {
    reason: (
        Reason.CLEAR
        if level > Level.CAUTION and reason is not Reason.SOS
        else Reason.SEEN
        if reason in SIGHT
        else Reason.RESOLVED
    )
    for reason, level in LEVELS.items()
}

REASONS = len(LEVELS)  # reasons 1 .. REASONS can hold; the table above is total over them
assert [int(r) for r in LEVELS] == list(range(1, REASONS + 1)), "LEVELS must list the reasons in rank order"

LEVEL_OF = np.array([0, *LEVELS.values()], dtype=np.int64)
QUIET_OF = np.array([0, *(QUIET[r] for r in LEVELS)], dtype=np.int64)
GEOMETRY_OF = np.array([[sum(1 << r for r in GEOMETRY[p, c]) for c in Contact] for p in Proximity], dtype=np.int64)

CANNOT_SEE_PROTECTED = int(Reason.CANNOT_SEE_PROTECTED)
CANNOT_SEE_RESPONDENT = int(Reason.CANNOT_SEE_RESPONDENT)
BREACH_BITS = 1 << int(Reason.BREACH) | 1 << int(Reason.OUTSIDE_INCLUSION)
NO_COVERAGE_KNOWN = int(Reason.NO_COVERAGE_KNOWN)
PARTY_SHIFT = 32  # bits 32.. are the protected person's
LOST_BITS = 1 << CANNOT_SEE_RESPONDENT | 1 << CANNOT_SEE_PROTECTED | 1 << NO_COVERAGE_KNOWN | 1 << NO_COVERAGE_KNOWN + PARTY_SHIFT
BREACH, OUTSIDE_INCLUSION = int(Reason.BREACH), int(Reason.OUTSIDE_INCLUSION)
CLOCK, SEPARATION, BATTERY = int(Reason.CLOCK), int(Reason.SEPARATION), int(Reason.BATTERY)
NOBODYS = -1  # neither party's alone
WARNING = int(Level.WARNING)
SHARED = np.array([r in (Reason.NO_LINK, Reason.NOT_SEEN_YET) or level > Level.CAUTION for r, level in LEVELS.items()], dtype=np.bool_)


@compiled
def bit(reason: int, protected: bool) -> int:
    """The place of one reason in the set."""
    return 1 << (reason + (PARTY_SHIFT if protected else 0))


@compiled
def has(reasons: int, reason: int) -> bool:
    """True if the reason holds for either party."""
    return bool((reasons >> reason | reasons >> (reason + PARTY_SHIFT)) & 1)


@compiled
def level_of(reasons: int) -> int:
    """The highest level among the reasons; CALM for none."""
    level = 0
    for reason in range(1, REASONS + 1):
        if has(reasons, reason) and LEVEL_OF[reason] > level:
            level = LEVEL_OF[reason]
    return level


@compiled
def lead_of(reasons: int) -> int:
    """The first reason, in rank order, of the highest level; NONE for none."""
    level = level_of(reasons)
    for reason in range(1, REASONS + 1):
        if has(reasons, reason) and LEVEL_OF[reason] == level:
            return reason
    return 0


@compiled
def party_of(reasons: int, reason: int) -> int:
    """Whose reason it is: 0 the protected person's, 1 the respondent's, -1 both or neither."""
    hers = (reasons >> (reason + PARTY_SHIFT)) & 1
    his = (reasons >> reason) & 1
    if reason == CANNOT_SEE_PROTECTED or (hers and not his):
        return 0
    return 1 if his and not hers and not SHARED[reason - 1] else -1


@compiled
def lost_bits(lost_protected: bool, lost_respondent: bool, hers_known: bool, his_known: bool) -> int:
    """Who is out of sight; in a hole of the network that is known (`hers_known`, `his_known`) by that word."""
    bits = 0
    if lost_respondent:
        bits |= bit(NO_COVERAGE_KNOWN, False) if his_known else bit(CANNOT_SEE_RESPONDENT, False)
    if lost_protected:
        bits |= bit(NO_COVERAGE_KNOWN, True) if hers_known else bit(CANNOT_SEE_PROTECTED, False)
    return bits


@compiled
def geometry_bits(proximity: int, contact: int, inclusion: bool, lost: int) -> int:
    """The reasons that GEOMETRY gives: lost sight names who is silent (`lost_bits`), a breach the kind of zone."""
    bits: int = GEOMETRY_OF[proximity, contact]
    if bits >> CANNOT_SEE_RESPONDENT & 1:
        bits = (bits & ~bit(CANNOT_SEE_RESPONDENT, False)) | lost
    if inclusion and bits >> BREACH & 1:
        bits = (bits & ~bit(BREACH, False)) | bit(OUTSIDE_INCLUSION, False)
    return bits


@compiled_apart
def say(T: Any, o: int, from_level: int, to_level: int, reason: int, party: int) -> None:
    """Write one transition of order `o`: the draft's numbers, with what changed."""
    k = T.world[0]["out_count"]
    assert k < T.out.shape[0], "the output rows are full"
    T.world[0]["out_count"] = k + 1
    T.out[k] = T.draft[0]
    row = T.out[k]
    row["order"] = o
    row["from_level"], row["to_level"] = from_level, to_level
    row["reason"], row["party"] = reason, party
    row["hours_left"] = least_hours(T, o, party) if reason == BATTERY else math.nan
    row["apart_m"] = furthest_apart_m(T, o, party) if reason == SEPARATION else math.nan
    row["clock_s"] = worst_clock_s(T, o, party) if reason == CLOCK else math.nan
    if reason == NO_COVERAGE_KNOWN:
        row["count"], row["since_ms"] = known_days(T, o, party, row["at_ms"])
    T.order[o]["told_ms"], T.order[o]["told_m"] = row["at_ms"], row["distance_m"]


@compiled
def tell_numbers(T: Any, o: int) -> None:
    """Say, silently, how far he is now, where that is no longer what was said last: an alarm that stands still is not believed."""
    row, draft = T.order[o], T.draft[0]
    if row["level"] < WARNING or math.isnan(draft["distance_m"]) or draft["at_ms"] - row["told_ms"] < policy.NUMBERS_MS_MIN:
        return
    limit_m = max(policy.NUMBERS_M_MIN, policy.NUMBERS_SHARE_MIN * row["told_m"])
    if not abs(draft["distance_m"] - row["told_m"]) < limit_m:  # nor where none was known
        reason = lead_of(row["reasons"])
        say(T, o, row["level"], row["level"], reason, party_of(row["reasons"], reason))
        T.out[T.world[0]["out_count"] - 1]["kind"] = NUMBERS


@compiled
def settle(T: Any, o: int, reasons: int, quiet: int, again: bool) -> None:
    """Give order `o` its new set of reasons and say what changed.

    Up: one line for the new level, led by its first new reason, then one line for each further new reason. Same
    level: one line for each new reason. Down: one line, with what still holds; at CALM the word for what ended
    (`quiet` where it is not the usual one). `again`: another target was entered, which is said even if a breach holds.
    """
    row = T.order[o]
    old, old_level = row["reasons"], row["level"]
    if reasons == old and not again:
        return  # nearly always
    level = level_of(reasons)
    raised = reasons & ~old
    row["reasons"], row["level"] = reasons, level
    said = 0
    if level > old_level:
        said = lead_of(raised)
        say(T, o, old_level, level, said, party_of(reasons, said))
    elif level < old_level:
        said = lead_of(reasons)
        word = said
        if level == 0:
            word = quiet if quiet > 0 else QUIET_OF[lead_of(old)]
        say(T, o, old_level, level, word, party_of(reasons, said) if said > 0 else NOBODYS)
    if again and level == old_level and not raised:
        said = lead_of(reasons & BREACH_BITS)
        say(T, o, level, level, said, int(NOBODYS))
    for reason in range(1, REASONS + 1):
        if reason != said and has(raised, reason):
            say(T, o, level, level, reason, party_of(raised, reason))
