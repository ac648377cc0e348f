"""The loop over pings and deadlines: `step` takes a batch in order, `sweep` lets time pass.

A batch of n equals n batches of one exactly: before a ping is taken, every deadline of every order up to its time
has been fired, beat by beat. The rows of `out` are therefore in order of time. A beat costs one scan of `next_ms`.
"""

from __future__ import annotations

import math
from typing import Any

from geofence import policy
from geofence.anchor import learn_anchor
from geofence.ask import insist
from geofence.geodesy import distance_m
from geofence.ghost import is_ghost, note_ghost
from geofence.health import note_health, note_late_sos
from geofence.hole import note_hole
from geofence.jit import compiled
from geofence.order import judge
from geofence.past import look_back
from geofence.prefetch import PINGS as AHEAD
from geofence.prefetch import prefetch
from geofence.target import is_silent
from geofence.track import BACKLOG, DUPLICATE, HELD, LATE, LIVE, take

ROOM = 4_096  # free output rows before another ping is begun: 200 orders of one person, each with all its reasons at once [G]

NOBODY = -1  # no fix is the occasion: time passed


@compiled
def note_apart(T: Any, person: int, at_ms: int) -> None:
    """Keep whether any two devices of one person are in different places: any two apart say so, only all together end it."""
    row = T.person[person]
    known = together = 0
    furthest = 0.0
    i = row["first_device"]
    while i >= 0:
        j = T.device[i]["next_device"]
        while j >= 0:
            a, b = T.device[i], T.device[j]
            if a["seen"] == 1 and b["seen"] == 1 and not is_silent(a, at_ms) and not is_silent(b, at_ms):
                away = distance_m(a["lat"], a["lon"], b["lat"], b["lon"])
                if away > policy.APART_M + policy.JUMP_SLACK_SIGMA * math.sqrt(a["p11"] + b["p11"]):
                    row["apart"] = 1
                furthest = max(furthest, away)
                known += 1
                together += 1 if away < policy.TOGETHER_M else 0
            j = T.device[j]["next_device"]
        i = T.device[i]["next_device"]
    if known > 0:
        row["apart_m"] = furthest
    if known > 0 and together == known:
        row["apart"] = 0


@compiled
def judge_person(T: Any, person: int, at_ms: int, live: bool) -> None:
    """Judge all orders of a person of whom something new is known; `live`: a believed fix of now."""
    m = T.person[person]["first_membership"]
    while m >= 0:
        o = T.membership[m]["order"]
        party = (0 if T.order[o]["protected"] == person else 1) if live else -1
        judge(T, o, at_ms, party)
        m = T.membership[m]["next"]


@compiled
def has_room(T: Any) -> bool:
    return bool(T.world[0]["out_count"] + ROOM <= T.out.shape[0])


@compiled
def sweep(T: Any, now_ms: int) -> bool:
    """Fire every deadline up to `now_ms` in order of time; False if the output filled up: drain it and call again."""
    world = T.world[0]
    while world["next_min_ms"] <= now_ms:
        beat = world["next_min_ms"]
        soonest = policy.NEVER_MS
        for o in range(T.next_ms.shape[0]):
            if T.next_ms[o] <= beat:
                if not has_room(T):
                    return False
                judge(T, o, beat, int(NOBODY))
            soonest = min(soonest, T.next_ms[o])
        world["next_min_ms"] = soonest
    return True


@compiled
def step_ping(T: Any, p: Any) -> int:
    """One ping through the whole core; returns what became of it (track.py)."""
    i, at_ms = p["device"], p["at_ms"]
    d = T.device[i]
    person = d["person"]
    gap_ms = at_ms - d["ping_ms"] if d["pinged"] == 1 else 0
    held = d["held"]
    verdict = take(d, T.history[i], p)
    if verdict == DUPLICATE:
        return verdict
    if verdict == HELD:
        d["ghost"] = 1 if is_ghost(d, T.ghosts[i]) else 0
    elif verdict == LIVE and held > 0:
        note_ghost(d, T.ghosts[i])
    if verdict == LIVE:
        learn_anchor(d, T.places[i], p, (d["fix_ms"] - d["prev_ms"]) / 1000.0)
    if verdict == LIVE or verdict == BACKLOG:
        note_hole(d, T.holes[i], gap_ms)
    news = (verdict == LATE or verdict == BACKLOG) and look_back(T, p, verdict)
    if verdict == LATE and note_late_sos(d, p):
        news = True
    if verdict != LATE:
        note_health(d, p)
        if d["next_device"] >= 0 or T.person[person]["first_device"] != i:
            note_apart(T, person, at_ms)
    if news or verdict != LATE:
        judge_person(T, person, at_ms, verdict == LIVE)
    if verdict != LATE:
        insist(T, i, gap_ms, at_ms)
    return verdict


@compiled
def step(T: Any, pings: Any, first: int) -> int:
    """Take the pings from `first` on, in order; returns how many were taken in all before the output filled up."""
    count = int(pings.shape[0])
    for n in range(first, count):
        if (n - first) % AHEAD == 0 and n + 1 < count:  # for one alone nothing is ahead
            prefetch(T, pings, n, min(n + AHEAD, count))
        if not has_room(T) or not sweep(T, pings[n]["at_ms"]):
            return n
        step_ping(T, pings[n])
    return count


@compiled
def judge_orders(T: Any, now_ms: int, first: int, last: int) -> int:
    """Judge the orders `first` .. `last - 1` now, whatever their deadlines; returns the order to go on with."""
    for o in range(first, last):
        if not has_room(T):
            return o
        judge(T, o, now_ms, int(NOBODY))
    return last
