"""Buffered fixes: a breach found later is history. It is reported with its own time and never replayed as now.

A fix that is merely overtaken by a newer one, and no older than any report under way may be, speaks of now as well (ADR-0033).
"""

from __future__ import annotations

import math
from typing import Any

from geofence import policy
from geofence.anchor import nobody_moves, p_settled
from geofence.clock import fix_time_ms
from geofence.doubt import is_impossible
from geofence.filter import measured_sigma_m
from geofence.jit import compiled, compiled_apart
from geofence.proximity import PERIMETER, p_place_barred
from geofence.target import clear_draft, ended_ms, is_open, witness
from geofence.terms import Reason
from geofence.track import LATE, distance_from, place_at
from geofence.watch import NOBODYS, say

PAST_BREACH = int(Reason.PAST_BREACH)


@compiled
def p_past(T: Any, target: Any, place: Any, other_person: int, at_ms: int, is_respondent: bool) -> float:
    """P(inside) at the fix's own time, against the surest remembered place of the other party; 0 where either place is unfit."""
    limit = policy.UNFIT_SIGMA_M**2
    if place[2] > limit:
        return 0.0
    if target["kind"] != PERIMETER:
        return p_place_barred(target, T.edges, place, place, 0.0) if is_respondent else 0.0
    p = 0.0
    i = T.person[other_person]["first_device"]
    while i >= 0:
        other = place_at(T.device[i], T.history[i], at_ms)
        if other[2] <= limit:
            p = max(p, p_place_barred(target, T.edges, place, other, 0.0))
        i = T.device[i]["next_device"]
    return p


@compiled
def was_known(row: Any, fix_ms: int) -> bool:
    """True if that moment was already a live breach of the order, or belongs to a past one already reported."""
    live = row["breach_from_ms"] - policy.HISTORY_AGE_MS <= fix_ms <= row["breach_until_ms"]
    told = row["past_ms"] > 0 and abs(fix_ms - row["past_ms"]) <= policy.PAST_EPISODE_MS
    return bool((row["breach_from_ms"] > 0 and live) or told)


@compiled
def report_past(T: Any, o: int, k: int, at_ms: int, fix_ms: int, boot: int, seq: int, i: int, is_respondent: bool) -> None:
    row = T.order[o]
    clear_draft(T, at_ms)
    draft = T.draft[0]
    draft["target"], draft["breached_ms"] = k, fix_ms
    if is_respondent:
        draft["device_respondent"], draft["boot_respondent"], draft["seq_respondent"] = i, boot, seq
    else:
        draft["device_protected"], draft["boot_protected"], draft["seq_protected"] = i, boot, seq
    say(T, o, row["level"], row["level"], int(PAST_BREACH), int(NOBODYS))


@compiled
def speaks_of_now(d: Any, p: Any, fix_ms: int, sigma_m: float) -> bool:
    """True if an overtaken fix is as young as a present one may be, good enough, and leads to where the device was seen next."""
    young = p["at_ms"] - fix_ms <= policy.HISTORY_AGE_MS and sigma_m <= policy.UNFIT_SIGMA_M
    return bool(young and d["held"] == 0 and not is_impossible(d, (d["fix_ms"] - fix_ms) / 1000.0, distance_from(d, p), sigma_m))


@compiled
def raise_breach(T: Any, o: int, k: int, at_ms: int) -> bool:
    """He was inside less than a minute ago: as good as now, unless both have long been at rest elsewhere. True if it is new."""
    target, row = T.target[k], T.order[o]
    if target["breach"] == 1 or not is_open(target, at_ms):
        return False
    hers, his = witness(T, row["protected"], True, at_ms), witness(T, row["respondent"], False, at_ms)
    if his < 0 or (nobody_moves(T, target, hers, his) and p_settled(T, target, hers, his, at_ms) < policy.BREACH_ON):
        return False
    target["breach"], target["off_count"] = 1, 0
    return True


@compiled
def look_back_order(T: Any, o: int, i: int, place: Any, p: Any, fix_ms: int, now: bool) -> bool:
    """Judge one historic fix for one order; True if it raised a breach, which only one that speaks of `now` does."""
    row = T.order[o]
    if row["begun"] == 0 or fix_ms < row["valid_from_ms"] or fix_ms >= row["valid_until_ms"]:
        return False
    is_respondent = row["respondent"] == T.device[i]["person"]
    other = row["protected"] if is_respondent else row["respondent"]
    for k in range(row["target_first"], row["target_first"] + row["target_count"]):
        target = T.target[k]
        if is_open(target, fix_ms) and p_past(T, target, place, other, fix_ms, is_respondent) >= policy.PAST_ON:
            new = not was_known(row, fix_ms)
            if new:
                report_past(T, o, k, p["at_ms"], fix_ms, p["boot"], p["seq"], i, is_respondent)
            if new or row["breach_until_ms"] != policy.NEVER_MS:  # of a live breach that stands, its own fixes are no past one
                row["past_ms"] = fix_ms
            return now and fix_ms > ended_ms(row) and raise_breach(T, o, k, p["at_ms"])
    return False


@compiled_apart
def look_back(T: Any, p: Any, verdict: int) -> bool:
    """Judge the fix of a ping that is history for every order of its person; True if one of them must be judged again now."""
    i = p["device"]
    d = T.device[i]
    if not p["has_fix"] or math.isnan(p["lat_deg"]):
        return False
    fix_ms = fix_time_ms(d, p) if verdict == LATE else d["fix_ms"]
    sigma = measured_sigma_m(p["source"], p["accuracy_m"])
    place = (p["lat_deg"], p["lon_deg"], sigma * sigma)
    now = verdict == LATE and speaks_of_now(d, p, fix_ms, sigma)
    raised = False
    m = T.person[d["person"]]["first_membership"]
    while m >= 0:
        raised = look_back_order(T, T.membership[m]["order"], i, place, p, fix_ms, now) or raised
        m = T.membership[m]["next"]
    return raised
