"""One target of an order at one moment: what it looks like through every pair of devices, its two machines, contact.

`T` is the `Tables` of state.py; `o` an order's row, `k` a target's, `i` a protected person's device, `j` a
respondent's; `at_ms` the moment. `party` says whose new, believed, present fix is the occasion (0 protected,
1 respondent, -1 none: time passed, or the news was not a position).
"""

from __future__ import annotations

import math
from typing import Any

from geofence import policy
from geofence.doubt import lies_still
from geofence.filter import GLIDE_S_MAX, speed_mps
from geofence.geodesy import distance_m, moved
from geofence.jit import compiled, compiled_apart
from geofence.proximity import (
    AHEAD_S,
    FAR_S,
    INCLUSION,
    PERIMETER,
    p_held,
    p_place_barred,
    p_swept_perimeter,
    p_swept_zone,
    rounded,
    see_perimeter,
    see_zone,
)
from geofence.reach import NOWHERE_M, lost_at_ms
from geofence.rest import rests
from geofence.rhythm import overdue_ms, silence_ms
from geofence.state import TRANSITION
from geofence.terms import Contact, Proximity, Source
from geofence.track import place_at

EVER = 0  # ms: however long ago
CLEAR, APPROACH, BREACH = int(Proximity.CLEAR), int(Proximity.APPROACH), int(Proximity.BREACH)
LBS = int(Source.LBS)
FRESH, OVERDUE, LOST = int(Contact.FRESH), int(Contact.OVERDUE), int(Contact.LOST)


@compiled
def is_unfit(d: Any) -> bool:
    """True if the last position was never good enough to say where the device is.

    A mast's never is, whatever it claims and however many of its fixes agree: they are all the same mast's.
    """
    return bool(d["p11"] > policy.UNFIT_SIGMA_M**2 or d["source"] == LBS)


@compiled
def is_silent(d: Any, at_ms: int) -> bool:
    """True if the last believed fix is too old, or never was good enough, to say where the device is."""
    return bool(at_ms - d["fix_ms"] > silence_ms(d) or is_unfit(d))


@compiled
def is_overdue(d: Any, at_ms: int) -> bool:
    """True if a report should have come by now, or the last position is no good: not yet silence, and no ground for calm."""
    return bool(at_ms - d["fix_ms"] > overdue_ms(d) or is_unfit(d))


@compiled
def is_out_of_sight(d: Any, at_ms: int, calm: bool) -> bool:
    """True if reach is to be asked about the device: when it is silent, and while nothing else rings already when it is overdue."""
    return is_overdue(d, at_ms) if calm else is_silent(d, at_ms)


@compiled
def witness(T: Any, person: int, protected: bool, at_ms: int) -> int:
    """The device that speaks for a person's contact; -1 if none was ever seen.

    Respondent: the worst of those that were seen, since each is worn by order. Protected person: the best, since
    any one of them shows where she is (ADR-0011).
    """
    chosen = -1
    best = 0
    i = T.person[person]["first_device"]
    while i >= 0:
        d = T.device[i]
        if d["seen"] == 1:
            lateness = at_ms - d["fix_ms"] - silence_ms(d)
            if d["p11"] > policy.UNFIT_SIGMA_M**2:
                lateness = max(lateness, 1)
            if chosen < 0 or (lateness < best if protected else lateness > best):
                chosen, best = i, lateness
        i = d["next_device"]
    return chosen


@compiled
def is_open(target: Any, at_ms: int) -> bool:
    return bool(target["open_from_ms"] <= at_ms < target["open_until_ms"])


@compiled
def see_pair(T: Any, target: Any, i: int, j: int, at_ms: int) -> tuple[float, ...]:
    """What the target looks like from protected device `i` (perimeter only) and respondent device `j`."""
    if target["kind"] == PERIMETER:
        return see_perimeter(T.device[i], T.device[j], target["radius_m"], target["ring_m"], at_ms)
    return see_zone(target, T.edges, T.device[j], at_ms)


@compiled
def is_sure_way(mover: Any) -> bool:
    """True if the last two fixes are close enough in time, and good enough, to draw a line between them."""
    vague = max(mover["p11"], mover["prev_p11"]) > policy.UNFIT_SIGMA_M**2
    return bool(mover["fix_ms"] - mover["prev_ms"] <= policy.SWEPT_SURE_MS_MAX and not vague)


@compiled
def way_m_max(T: Any, target: Any, i: int, j: int, party: int) -> float:
    """How much nearer to each other than their last fixes the two can have been on the last step of whoever has just moved.

    His own step, and the three seconds before it; the other's way since that step began, as far as it was believed (`is_impossible`),
    and on by as much as is reckoned.
    """
    mover = T.device[j if party == 1 else i]
    way_m = distance_m(mover["prev_lat"], mover["prev_lon"], mover["lat"], mover["lon"]) + AHEAD_S * speed_mps(mover)
    if target["kind"] != PERIMETER:
        return float(way_m)
    other = T.device[i if party == 1 else j]
    other_s = max(other["fix_ms"] - mover["prev_ms"], 1_000) / 1000.0
    error_m = math.sqrt(other["prev_p11"] + other["sigma"] * other["sigma"])
    return float(way_m + policy.JUMP_SPEED_MPS_MAX * other_s + policy.JUMP_SLACK_SIGMA * error_m + GLIDE_S_MAX * speed_mps(other))


@compiled_apart
def swept(T: Any, target: Any, i: int, j: int, party: int, from_ms: int) -> float:
    """P(the path between the last two fixes of whoever has just moved went through after `from_ms`)."""
    if target["kind"] != PERIMETER:
        return p_swept_zone(target, T.edges, T.device[j], from_ms)
    mover, other = (j, i) if party == 1 else (i, j)
    return p_swept_perimeter(T.device[mover], T.device[other], T.history[other], target["radius_m"], from_ms)


@compiled_apart
def p_just_before(T: Any, target: Any, i: int, j: int, party: int) -> float:
    """P(inside) three seconds before the fix that has just come, by the way its bearer goes.

    Nobody saw him come. Who drives away from there was inside, though he is out again by the time his fix arrives.
    """
    mover = T.device[j if party == 1 else i]
    lat, lon = moved(mover["lat"], mover["lon"], -AHEAD_S * mover["ve"], -AHEAD_S * mover["vn"])
    his = hers = (lat, lon, mover["p11"])
    if party == 0:
        his = place_at(T.device[j], T.history[j], mover["fix_ms"])
    elif i >= 0:
        hers = place_at(T.device[i], T.history[i], mover["fix_ms"])
    return p_place_barred(target, T.edges, his, hers, 0.0)


@compiled_apart
def p_last_seen(T: Any, target: Any, i: int, j: int, party: int, at_ms: int) -> float:
    """P(inside) of where the new fix is and where the other party was last seen, silent for minutes since; 0 where nobody was.

    Nobody saw them meet: until this fix it was not known where its bearer was.
    """
    hers, his = T.device[i], T.device[j]
    other = hers if party == 1 else his
    recent = at_ms - other["fix_ms"] <= policy.SWEPT_SURE_MS_MAX
    if target["kind"] != PERIMETER or not recent or is_unfit(other) or not is_overdue(other, at_ms):
        return 0.0
    return p_place_barred(target, T.edges, (his["lat"], his["lon"], his["p11"]), (hers["lat"], hers["lon"], hers["p11"]), 0.0)


@compiled
def ended_ms(row: Any) -> int:
    """When the order's last live breach ended; 0 while one stands, or there was none."""
    return int(row["breach_until_ms"] if row["breach_until_ms"] != policy.NEVER_MS else 0)


@compiled
def look_at_way(T: Any, target: Any, i: int, j: int, party: int, margin_m: float, at_ms: int, from_ms: int) -> tuple[float, float]:
    """The last step of whoever has just moved: (P that he was inside on it after `from_ms`, P that he was, too unsure for a breach)."""
    mover = j if party == 1 else i
    if mover < 0 or margin_m > way_m_max(T, target, i, j, party):  # most pings: nowhere on the way P reaches a half
        return 0.0, 0.0
    if is_sure_way(T.device[mover]):
        return swept(T, target, i, j, party, from_ms), 0.0
    p_way = swept(T, target, i, j, party, int(EVER))
    p_was = max(p_just_before(T, target, i, j, party), p_last_seen(T, target, i, j, party, at_ms))
    return p_was if p_was >= policy.BREACH_ON else 0.0, p_way if p_way >= policy.SWEPT_ON else 0.0


@compiled
def pairs_of(T: Any, o: int, target: Any) -> tuple[int, int]:
    """First device of each party to look at; a fixed zone needs no device of hers, and gets one stand-in (-1)."""
    first_i = -1
    if target["kind"] == PERIMETER:
        first_i = T.person[T.order[o]["protected"]]["first_device"]
    return first_i, T.person[T.order[o]["respondent"]]["first_device"]


@compiled
def look(T: Any, o: int, k: int, at_ms: int, party: int) -> tuple[float, ...]:
    """One target through every pair of devices that have been seen; the most alarming pair speaks.

    Returns (seen, margin_m, sigma_m, p_inside, p_ring, seconds, bearing_deg, i, j, p_swept, reach_margin_m, p_unverified).
    """
    target = T.target[k]
    seen, margin, sigma, p_inside, p_ring, seconds, bearing = 0.0, 0.0, 0.0, -1.0, 0.0, FAR_S, math.nan
    best_i, best_j, p_path, reach, unverified = -1, -1, 0.0, NOWHERE_M, 0.0
    way_from_ms = max(at_ms - policy.SWEPT_AGE_MS_MAX, ended_ms(T.order[o]))  # what was before the end of a breach was told with it
    first_i, first_j = pairs_of(T, o, target)
    i = first_i
    while i >= 0 or target["kind"] != PERIMETER:
        j = first_j
        while j >= 0:
            if T.device[j]["seen"] == 1 and (i < 0 or T.device[i]["seen"] == 1):
                m, s, p, q, tti, b, last = see_pair(T, target, i, j, at_ms)
                error2 = T.device[j]["p11"] + (T.device[i]["p11"] if i >= 0 else 0.0)
                reach = min(reach, last - policy.REACH_SIGMAS * math.sqrt(error2))
                unverified = max(unverified, p_held(target, T.edges, T.device[max(i, 0)], T.device[j], i >= 0))
                if party >= 0:
                    p_way, p_doubt = look_at_way(T, target, i, j, party, last, at_ms, way_from_ms)
                    p_path, unverified = max(p_path, p_way), max(unverified, p_doubt)
                if p > p_inside or (p == p_inside and m < margin):
                    margin, sigma, p_inside, bearing, best_i, best_j = m, s, p, b, i, j
                p_ring = max(p_ring, q)
                seconds = min(seconds, tti)
                seen = 1.0
            j = T.device[j]["next_device"]
        if i < 0:
            break
        i = T.device[i]["next_device"]
    return seen, margin, sigma, p_inside, p_ring, seconds, bearing, float(best_i), float(best_j), p_path, reach, unverified


@compiled
def step_breach(target: Any, p_inside: float, p_path: float, may_raise: bool, new_fix: bool, may_clear: bool) -> None:
    """Raise at once on one sure look, or two fairly sure fixes, or the path; clear on evidence only."""
    if target["breach"] == 0:
        if new_fix:
            target["on_count"] = target["on_count"] + 1 if p_inside >= policy.BREACH_ON_TWICE else 0
        twice = target["on_count"] >= policy.BREACH_ON_PINGS
        if may_raise and (p_inside >= policy.BREACH_ON or twice or p_path >= policy.SWEPT_ON):
            target["breach"], target["off_count"] = 1, 0
    elif may_clear:
        target["off_count"] = target["off_count"] + 1 if p_inside < policy.BREACH_OFF else 0
        if target["off_count"] >= policy.BREACH_OFF_PINGS:
            target["breach"], target["on_count"] = 0, 0


@compiled
def step_approach(target: Any, p_ring: float, seconds: float, may_raise: bool, may_clear: bool) -> None:
    """Inside the warning ring, or on course to be inside soon."""
    if target["approach"] == 0:
        if may_raise and (p_ring >= policy.APPROACH_ON or seconds <= policy.CONTACT_S_ON):
            target["approach"], target["calm_count"] = 1, 0
    elif may_clear:
        calm = p_ring < policy.APPROACH_OFF and seconds > policy.CONTACT_S_OFF
        target["calm_count"] = target["calm_count"] + 1 if calm else 0
        if target["calm_count"] >= policy.APPROACH_OFF_PINGS:
            target["approach"] = 0


@compiled
def is_near(target: Any, margin_m: float, seconds: float) -> bool:
    """True when contact is minutes away: both devices should report every few seconds."""
    if target["breach"] == 1:
        return True
    return bool(target["approach"] == 1 and (seconds <= policy.NEAR_CONTACT_S or margin_m <= policy.NEAR_DISTANCE_M))


@compiled
def interval_for(target: Any, margin_m: float, seconds: float, at_ms: int, party: int) -> int:
    """The reporting interval this target wants; a fixed zone is moved only by his own fixes (ADR-0012)."""
    if is_near(target, margin_m, seconds) and (party == 1 or target["kind"] == PERIMETER):
        target["near_until_ms"] = at_ms + policy.NEAR_HOLD_MS
    if at_ms < target["near_until_ms"]:
        return policy.INTERVAL_NEAR_S
    return policy.INTERVAL_RING_S if target["approach"] == 1 else policy.INTERVAL_FAR_S


@compiled
def draft_numbers(T: Any, k: int, sight: tuple[float, ...]) -> None:
    """Put the numbers of the target that governs into the draft of what will be said."""
    draft = T.draft[0]
    target = T.target[k]
    draft["target"] = k
    is_perimeter = target["kind"] == PERIMETER
    distance = sight[1] + target["radius_m"] if is_perimeter else max(sight[1], 0.0)
    if target["kind"] == INCLUSION:
        distance = abs(sight[1])
    draft["distance_m"] = rounded(distance, 10.0)
    draft["uncertainty_m"] = rounded(sight[2] * policy.ACCURACY_RADIUS_PER_SIGMA, 10.0)
    draft["seconds"] = sight[5] if sight[5] < FAR_S else math.nan
    draft["bearing_deg"] = sight[6]


@compiled
def draft_fixes(T: Any, i: int, j: int) -> None:
    """Name the fixes the judgement rests on; -1 where there is none."""
    draft = T.draft[0]
    draft["device_protected"], draft["device_respondent"] = i, j
    if i >= 0:
        draft["boot_protected"], draft["seq_protected"] = T.device[i]["fix_boot"], T.device[i]["fix_seq"]
    if j >= 0:
        draft["boot_respondent"], draft["seq_respondent"] = T.device[j]["fix_boot"], T.device[j]["fix_seq"]


@compiled
def clear_draft(T: Any, at_ms: int) -> None:
    draft = T.draft[0]
    draft["kind"], draft["at_ms"] = TRANSITION, at_ms
    draft["target"], draft["party"], draft["breached_ms"] = -1, -1, 0
    draft["count"], draft["since_ms"], draft["closest_m"] = 0, 0, math.nan
    draft["distance_m"] = draft["uncertainty_m"] = draft["seconds"] = draft["bearing_deg"] = math.nan
    draft["device_protected"] = draft["device_respondent"] = -1


@compiled
def bears_it(T: Any, i: int, j: int, proximity: int, at_ms: int) -> bool:
    """True if her silence is no news yet: she rested, an approach is told already, and he is seen to lie still.

    The neighbour, asleep: her bracelet is without a network twice a day, and she would have to come to him. For the longest usual outage.
    """
    if proximity != APPROACH or i < 0 or j < 0 or not rests(T.device[i]) or is_unfit(T.device[i]):
        return False
    usual = at_ms - T.device[i]["fix_ms"] <= int(1000.0 * policy.REACH_REST_SEEN_S)
    return bool(usual and lies_still(T.device[j]) and not is_overdue(T.device[j], at_ms))


@compiled
def contact_of(T: Any, o: int, i: int, j: int, reach_margin_m: float, at_ms: int, proximity: int) -> int:
    """FRESH, OVERDUE or LOST, and which party is lost: out of sight, and by the speed bound he could be inside.

    `i`, `j` are the witnesses; `proximity`: what geometry raises. A lost party stays lost until it reports again.
    """
    row, calm = T.order[o], proximity == CLEAR
    gone_i = row["perimeter"] == 1 and i >= 0 and is_out_of_sight(T.device[i], at_ms, calm) and not bears_it(T, i, j, proximity, at_ms)
    gone_j = j >= 0 and is_out_of_sight(T.device[j], at_ms, calm)
    if row["perimeter"] == 0 or i < 0 or not is_overdue(T.device[i], at_ms):
        row["lost_protected"] = 0
    if j < 0 or not is_overdue(T.device[j], at_ms):
        row["lost_respondent"] = 0
    lost_i, lost_j = i if gone_i else -1, j if gone_j else -1
    vague = (gone_i and is_unfit(T.device[i])) or (gone_j and is_unfit(T.device[j]))
    if vague or ((gone_i or gone_j) and at_ms >= lost_at_ms(T, lost_i, lost_j, reach_margin_m, at_ms, walks_s(T, i, j, at_ms))):
        silent_i, silent_j = gone_i and is_silent(T.device[i], at_ms), gone_j and is_silent(T.device[j], at_ms)
        if gone_i and (silent_i or not silent_j):  # whoever is silent is named; who is merely late only if nobody is
            row["lost_protected"] = 1
        if gone_j and (silent_j or not silent_i):
            row["lost_respondent"] = 1
    if row["lost_protected"] == 1 or row["lost_respondent"] == 1:
        return LOST
    return OVERDUE if gone_i or gone_j else FRESH


@compiled
def walks_s(T: Any, i: int, j: int, at_ms: int) -> float:
    """For how many seconds after her last fix only a walk of hers is to be feared: both were at rest when they were seen last.

    Who sets out to meet somebody sets out when he does: while he is seen on the move she may be in a car as well. As long as he
    is seen to stay where he is, she would have to come all the way to him; once he is not, she may have set out long ago.
    """
    if i < 0 or not rests(T.device[i]) or (j >= 0 and not rests(T.device[j])):
        return 0.0
    return policy.REACH_REST_S if j < 0 or is_overdue(T.device[j], at_ms) else policy.REACH_REST_SEEN_S
