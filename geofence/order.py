"""One order at one moment: look at all its targets, at both parties' contact and devices, and settle its level.

Names as in target.py.
"""

from __future__ import annotations

from typing import Any

from geofence import policy
from geofence.anchor import nobody_moves, p_settled
from geofence.ask import ask, ask_now, command_person
from geofence.filter import speed_mps
from geofence.hole import known_until_ms
from geofence.jit import compiled
from geofence.pattern import note_patterns
from geofence.proximity import INCLUSION, PERIMETER
from geofence.reach import NOWHERE_M, lost_at_ms
from geofence.rhythm import overdue_ms, silence_ms
from geofence.target import (
    APPROACH,
    BREACH,
    CLEAR,
    OVERDUE,
    bears_it,
    clear_draft,
    contact_of,
    draft_fixes,
    draft_numbers,
    interval_for,
    is_open,
    is_out_of_sight,
    is_silent,
    look,
    step_approach,
    step_breach,
    walks_s,
    witness,
)
from geofence.terms import Proximity, Reason
from geofence.watch import LOST_BITS, bit, geometry_bits, lost_bits, settle, tell_numbers

UNKNOWN = int(Proximity.UNKNOWN)
SOS, NO_LINK, STRAP = int(Reason.SOS), int(Reason.NO_LINK), int(Reason.STRAP)
JAMMING, SPOOFING, CLOCK = int(Reason.JAMMING), int(Reason.SPOOFING), int(Reason.CLOCK)
SEPARATION, BATTERY, UNVERIFIED = int(Reason.SEPARATION), int(Reason.BATTERY), int(Reason.UNVERIFIED)
NO_REASONS = 0
SCHEDULE_CLOSED, ORDER_ENDED = int(Reason.SCHEDULE_CLOSED), int(Reason.ORDER_ENDED)


# --- Reasons that are not geometry ------------------------------------------------------------------------------


@compiled
def device_bits(d: Any, protected: bool) -> int:
    """The troubles of one device, as reasons of its person's side."""
    bits = 0
    if d["strap_until_ms"] > 0:
        bits |= bit(STRAP, protected)
    if d["tether_until_ms"] > 0:
        bits |= bit(SEPARATION, protected)
    if d["jamming_until_ms"] > 0:
        bits |= bit(JAMMING, protected)
    if d["mock_until_ms"] > 0:
        bits |= bit(SPOOFING, protected)
    if d["clock_until_ms"] > 0:
        bits |= bit(CLOCK, protected)
    if d["battery_until_ms"] > 0:
        bits |= bit(BATTERY, protected)
    if protected and d["sos_until_ms"] > 0:
        bits |= bit(SOS, True)
    return bits


@compiled
def person_bits(T: Any, person: int, protected: bool) -> int:
    """The troubles of all devices of one person."""
    bits = bit(SEPARATION, protected) if T.person[person]["apart"] == 1 else 0
    i = T.person[person]["first_device"]
    while i >= 0:
        bits |= device_bits(T.device[i], protected)
        i = T.device[i]["next_device"]
    return bits


@compiled
def holds_any(T: Any, person: int) -> bool:
    """True if a position of any of the person's devices is held back."""
    i = T.person[person]["first_device"]
    while i >= 0:
        if T.device[i]["held"] > 0:
            return True
        i = T.device[i]["next_device"]
    return False


# --- One order ----------------------------------------------------------------------------------------------------


@compiled
def is_past(d: Any, at_ms: int) -> bool:
    """True if the last fix came as history and is too old to say where the device is now."""
    return bool(d["fix_late"] == 1 and is_silent(d, at_ms))


@compiled
def is_late(T: Any, sight: Any) -> bool:
    """True if the last fix of either party came as history: nothing rings by it alone, and it is no ground for calm either."""
    i, j = int(sight[7]), int(sight[8])
    return bool(T.device[j]["fix_late"] == 1 or (i >= 0 and T.device[i]["fix_late"] == 1))


@compiled
def may_raise(T: Any, sight: Any, at_ms: int, party: int) -> bool:
    """A fix that arrived as history never raises a present alarm; a present fix of the other party may, while that one still counts."""
    i, j = int(sight[7]), int(sight[8])
    his_late, her_late = T.device[j]["fix_late"] == 1, i >= 0 and T.device[i]["fix_late"] == 1
    if party == 1 and not his_late:
        return not her_late or not is_past(T.device[i], at_ms)
    if party == 0 and i >= 0 and not her_late:
        return not his_late or not is_past(T.device[j], at_ms)
    return not his_late and not her_late


@compiled
def is_fit(T: Any, sight: Any) -> bool:
    """Positions too vague to tell inside from outside warn (the ring), but never say breach: cell fixes did so falsely."""
    i, j = int(sight[7]), int(sight[8])
    limit = policy.UNFIT_SIGMA_M**2
    return bool(T.device[j]["p11"] <= limit and (i < 0 or T.device[i]["p11"] <= limit))


@compiled
def surely(T: Any, target: Any, sight: Any, at_ms: int) -> tuple[float, float]:
    """P(inside), P(the way went through) that may raise a breach: not more than known places say; a way only while nobody moves."""
    if target["breach"] == 1 or max(sight[3], sight[9]) < policy.BREACH_ON_TWICE:
        return sight[3], sight[9]
    i, j = int(sight[7]), int(sight[8])
    p = p_settled(T, target, i, j, at_ms)
    return min(sight[3], p), min(sight[9], p) if nobody_moves(T, target, i, j) else sight[9]


@compiled
def judge_target(T: Any, o: int, k: int, at_ms: int, party: int, he_is_seen: bool, she_is_seen: bool) -> tuple[float, ...]:
    """Look at one open target and step its two machines; returns what `look` saw. A fixed zone is no business of hers (ADR-0012)."""
    target = T.target[k]
    sight = look(T, o, k, at_ms, party)
    if sight[0] > 0.0:
        moving = target["kind"] == PERIMETER
        new_fix = party == 1 or (party == 0 and moving)
        rising = may_raise(T, sight, at_ms, party)
        p_inside, p_path = surely(T, target, sight, at_ms)
        clearing = new_fix and he_is_seen and (she_is_seen or not moving)
        step_breach(target, p_inside, p_path, rising and is_fit(T, sight), new_fix, clearing)
        step_approach(target, sight[4], sight[5], rising, clearing)
    return sight


@compiled
def is_seen(T: Any, person: int, witness_row: int, at_ms: int) -> bool:
    """True if it is known where the person is: the witness is not silent, and no position is held back."""
    return witness_row >= 0 and not is_silent(T.device[witness_row], at_ms) and not holds_any(T, person)


@compiled
def close_target(target: Any) -> bool:
    """A schedule that closes ends what its target had raised; True if there was something."""
    had = target["breach"] == 1 or target["approach"] == 1
    target["breach"] = target["approach"] = 0
    target["on_count"] = target["off_count"] = target["calm_count"] = 0
    return bool(had)


@compiled
def urgency(target: Any, sight: Any, entered: bool) -> float:
    """Which target speaks for the order: just entered, in breach, approached; then the surest, then the nearest."""
    state: float = 2.0 * target["breach"] + target["approach"] + (4.0 if entered else 0.0)
    return float(state * 1e9 + sight[3] * 1e7 - min(max(sight[1], -1e6), 1e6))


@compiled
def soon(T: Any, sight: Any, at_ms: int) -> int:
    """When dead reckoning alone could change the picture: the next beat while it still moves, else never."""
    i, j = int(sight[7]), int(sight[8])
    newest = T.device[j]["fix_ms"]
    speed = speed_mps(T.device[j])
    if i >= 0:
        newest = max(newest, T.device[i]["fix_ms"])
        speed += speed_mps(T.device[i])
    gliding = at_ms - newest < int(1000.0 * policy.DEAD_RECKONING_S_MAX)
    within = sight[1] < speed * (policy.DEAD_RECKONING_S_MAX + policy.LOOK_AHEAD_S) + policy.JUMP_SLACK_SIGMA * sight[2]
    return at_ms + policy.BEAT_MS if gliding and within else policy.NEVER_MS


@compiled
def judge_targets(T: Any, o: int, at_ms: int, party: int, he_is_seen: bool, she_is_seen: bool) -> tuple[float, ...]:
    """All targets of an order.

    Returns (proximity, any_breach_is_inclusion, reach_margin_m, p_unverified, closed, next_ms, interval_all_s,
    interval_zones_s, open targets, another target was just entered, perimeter_margin_m); the draft holds the governing target's numbers.
    """
    row = T.order[o]
    proximity, inclusion, reach, unverified, closed = UNKNOWN, 1.0, NOWHERE_M, 0.0, 0.0
    next_ms, interval, interval_zones, opened = policy.NEVER_MS, policy.INTERVAL_FAR_S, policy.INTERVAL_FAR_S, 0
    best, again, around = -1e18, 0.0, NOWHERE_M
    for k in range(row["target_first"], row["target_first"] + row["target_count"]):
        target = T.target[k]
        if at_ms < target["open_from_ms"]:
            next_ms = min(next_ms, target["open_from_ms"])
        if not is_open(target, at_ms):
            closed = 1.0 if close_target(target) else closed
            continue
        next_ms = min(next_ms, target["open_until_ms"])
        opened += 1
        was_in = target["breach"] == 1
        sight = judge_target(T, o, k, at_ms, party, he_is_seen, she_is_seen)
        entered = target["breach"] == 1 and not was_in
        if sight[0] <= 0.0:
            continue
        state = BREACH if target["breach"] == 1 else APPROACH if target["approach"] == 1 else CLEAR
        proximity = max(proximity, state)
        if state == BREACH and target["kind"] != INCLUSION:
            inclusion = 0.0
        reach, unverified = min(reach, sight[10]), max(unverified, sight[11])
        if state == CLEAR and is_late(T, sight):
            unverified = max(unverified, sight[3])
        next_ms = min(next_ms, soon(T, sight, at_ms))
        seconds = interval_for(target, sight[1], sight[5], at_ms, party)
        interval = min(interval, seconds)
        if target["kind"] != PERIMETER:
            interval_zones = min(interval_zones, seconds)
        else:
            around = sight[10]
        again = 1.0 if entered else again
        if urgency(target, sight, entered) > best:
            best = urgency(target, sight, entered)
            draft_numbers(T, k, sight)
            draft_fixes(T, int(sight[7]), int(sight[8]))
    if interval == policy.INTERVAL_FAR_S and opened > 0 and policy.SPARING_MARGIN_M <= reach < NOWHERE_M:
        interval = policy.INTERVAL_SPARING_S
    times = (closed, float(next_ms), float(interval), float(interval_zones))
    return float(proximity), inclusion, reach, unverified, *times, float(opened), again, around


@compiled
def contact_deadline_ms(T: Any, o: int, i: int, j: int, reach: float, at_ms: int, proximity: int) -> int:
    """When silence alone must be looked at again: as a report becomes overdue, as that becomes silence, as reach closes."""
    row, calm = T.order[o], proximity == CLEAR
    next_ms = policy.NEVER_MS
    asked_i, asked_j = row["perimeter"] == 1 and i >= 0, j >= 0
    bears = bears_it(T, i, j, proximity, at_ms)
    gone_i = asked_i and not bears and is_out_of_sight(T.device[i], at_ms, calm)
    gone_j = asked_j and is_out_of_sight(T.device[j], at_ms, calm)
    if bears:  # until the usual outage is over, or he is not seen either
        next_ms = min(T.device[i]["fix_ms"] + int(1000.0 * policy.REACH_REST_SEEN_S) + 1, out_of_sight_ms(T.device[j], True))
    elif asked_i and not gone_i:
        next_ms = min(next_ms, out_of_sight_ms(T.device[i], calm))
    if asked_j and not gone_j:
        next_ms = min(next_ms, out_of_sight_ms(T.device[j], calm))
    waiting = (gone_i and row["lost_protected"] == 0) or (gone_j and row["lost_respondent"] == 0)
    if waiting:
        lost_ms = lost_at_ms(T, i if gone_i else -1, j if gone_j else -1, reach, at_ms, walks_s(T, i, j, at_ms))
        next_ms = min(next_ms, max(lost_ms, at_ms + 1))
    return next_ms


@compiled
def out_of_sight_ms(d: Any, calm: bool) -> int:
    """When the device, heard no more, goes out of sight."""
    return int(d["fix_ms"] + (overdue_ms(d) if calm else silence_ms(d)) + 1)


@compiled
def on_the_beat(next_ms: int, at_ms: int) -> int:
    """The first whole second at or after `next_ms`, strictly after `at_ms`."""
    if next_ms >= policy.NEVER_MS:
        return policy.NEVER_MS
    beat = -(-next_ms // policy.BEAT_MS) * policy.BEAT_MS
    return max(beat, (at_ms // policy.BEAT_MS + 1) * policy.BEAT_MS)


@compiled
def arm(T: Any, o: int, next_ms: int, at_ms: int) -> None:
    """Set when time alone must look at the order again."""
    beat = on_the_beat(next_ms, at_ms)
    T.next_ms[o] = beat
    T.world[0]["next_min_ms"] = min(T.world[0]["next_min_ms"], beat)


@compiled
def end_order(T: Any, o: int, at_ms: int) -> None:
    """The order is over: everything it had raised ends, and it is never looked at again."""
    row = T.order[o]
    for k in range(row["target_first"], row["target_first"] + row["target_count"]):
        close_target(T.target[k])
    if row["begun"] == 1:
        settle(T, o, int(NO_REASONS), int(ORDER_ENDED), False)
    row["begun"] = 0
    T.next_ms[o] = policy.NEVER_MS
    command_person(T, row["protected"], at_ms)
    command_person(T, row["respondent"], at_ms)


@compiled
def begin_order(T: Any, o: int) -> None:
    row = T.order[o]
    if row["begun"] == 0:
        row["begun"], row["waiting"] = 1, 1


@compiled
def note_breach_times(T: Any, o: int, proximity: int, at_ms: int) -> None:
    """Remember when the live breach ran, so that its own buffered fixes are not reported as a past one."""
    row = T.order[o]
    if proximity == BREACH:
        if row["breach_until_ms"] != policy.NEVER_MS:
            row["breach_from_ms"], row["breach_until_ms"] = at_ms, policy.NEVER_MS
    elif row["breach_until_ms"] == policy.NEVER_MS:
        row["breach_until_ms"] = at_ms


@compiled
def has_no_part(T: Any, o: int) -> bool:
    """True if the order needs no fix of hers: it has no perimeter and she has no device."""
    row = T.order[o]
    return bool(row["perimeter"] == 0 and T.person[row["protected"]]["first_device"] < 0)


@compiled
def judge(T: Any, o: int, at_ms: int, party: int) -> None:
    """Judge order `o` at `at_ms` and say what changed."""
    row = T.order[o]
    if at_ms >= row["valid_until_ms"]:
        clear_draft(T, at_ms)
        end_order(T, o, at_ms)
        return
    if at_ms < row["valid_from_ms"]:
        arm(T, o, row["valid_from_ms"], at_ms)
        return
    begin_order(T, o)
    clear_draft(T, at_ms)
    i, j = witness(T, row["protected"], True, at_ms), witness(T, row["respondent"], False, at_ms)
    draft_fixes(T, i, j)
    if (i >= 0 or has_no_part(T, o)) and j >= 0:
        row["waiting"] = 0
    seen = judge_targets(T, o, at_ms, party, is_seen(T, row["respondent"], j, at_ms), is_seen(T, row["protected"], i, at_ms))
    proximity = int(seen[0])
    note_breach_times(T, o, proximity, at_ms)
    if proximity == CLEAR and row["waiting"] == 1:
        proximity = UNKNOWN
    if proximity == UNKNOWN and row["waiting"] == 0:
        proximity = CLEAR  # no target is open, or none can be looked at: nothing is barred now
    contact = contact_of(T, o, i, j, seen[2], at_ms, proximity) if seen[8] > 0.0 else OVERDUE
    lost_i, lost_j = row["lost_protected"] == 1, row["lost_respondent"] == 1
    hers_until_ms = known_until_ms(T, i, lost_i and proximity == CLEAR, at_ms)
    his_until_ms = known_until_ms(T, j, lost_j and proximity == CLEAR, at_ms)
    bits = geometry_bits(proximity, contact, seen[1] > 0.0, lost_bits(lost_i, lost_j, hers_until_ms > 0, his_until_ms > 0))
    bits |= person_bits(T, row["protected"], True) | person_bits(T, row["respondent"], False)
    if seen[3] >= policy.APPROACH_ON:
        row["unverified_until_ms"] = at_ms + policy.UNVERIFIED_HOLD_MS
    if at_ms < row["unverified_until_ms"]:
        bits |= bit(UNVERIFIED, False)
    if T.world[0]["link_up"] == 0:
        bits |= bit(NO_LINK, False)
    new = bits & ~row["reasons"]
    settle(T, o, bits, int(SCHEDULE_CLOSED if seen[4] > 0.0 else 0), seen[9] > 0.0)
    if party >= 0:
        tell_numbers(T, o)
    if party == 1:
        note_patterns(T, o, proximity, at_ms)
    ask(T, o, int(seen[6]), int(seen[7]), seen[10], party, at_ms)
    if new & (LOST_BITS | bit(UNVERIFIED, False)):
        ask_now(T, o, new & bit(UNVERIFIED, False) != 0, at_ms)
    deadline = min(int(seen[5]), row["valid_until_ms"])
    for until_ms in (row["unverified_until_ms"], hers_until_ms, his_until_ms):
        deadline = min(deadline, until_ms) if until_ms > at_ms else deadline
    if seen[8] > 0.0:
        deadline = min(deadline, contact_deadline_ms(T, o, i, j, seen[2], at_ms, proximity))
    arm(T, o, deadline, at_ms)

