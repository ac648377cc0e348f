"""Pressure: coming to the edge again and again, going round her, going where she goes. Told to dispatch once a day, never an alarm.

Three rules, each looked at with each believed fix of his, each with its own evidence (how often, since when, how near):

* probing    PROBES times within a day he, not she, came close to the edge, and turned away again within the hour.
* circling   on the move inside the warning ring he has gone once round her, or round the zone, in one direction.
* following  from one stop of hers to her next, FOLLOWED times running, he went along and was never much further off than the warning ring.

Who lives or works near the edge does not turn away within the hour; who passes by twice a day passes twice; who takes the same
way to work stops once. A pattern changes no level, and nothing he can notice depends on it.
"""

from __future__ import annotations

import math
from typing import Any

from geofence import policy
from geofence.filter import speed_mps
from geofence.geodesy import bearing_deg, distance_m, offset_m
from geofence.jit import compiled
from geofence.proximity import INCLUSION, PERIMETER, rounded
from geofence.target import APPROACH, CLEAR, is_silent
from geofence.terms import Reason
from geofence.watch import say

PROBES = 3  # twice is to and fro, whoever he is; the state keeps the last three [F]
HIS, ONCE = 1, 1  # the party of a pattern; how often he has gone round when it is told
PROBING, CIRCLING, FOLLOWING = int(Reason.PROBING), int(Reason.CIRCLING), int(Reason.FOLLOWING)


@compiled
def away_m(d: Any, lat_deg: float, lon_deg: float) -> float:
    """Metres between a device and a place."""
    return distance_m(lat_deg, lon_deg, d["lat"], d["lon"])


@compiled
def is_due(told_ms: int, at_ms: int) -> bool:
    """True if this pattern of this order has not been told for a day."""
    return bool(told_ms == 0 or at_ms - told_ms >= policy.PATTERN_AGAIN_MS)


@compiled
def tell(T: Any, o: int, reason: int, count: int, since_ms: int, closest_m: float) -> None:
    """Write one line of history: what, how often, since when, how near; the level stays what it is."""
    level = T.order[o]["level"]
    draft = T.draft[0]
    draft["count"], draft["since_ms"], draft["closest_m"] = count, since_ms, rounded(closest_m, 10.0)
    say(T, o, level, level, reason, int(HIS))


# --- Probing -------------------------------------------------------------------------------------------------------


@compiled
def begin_visit(row: Any, his: Any, hers: Any, at_ms: int) -> None:
    """He has come into the ring: from here on it is measured who comes, and how near."""
    row["visit_from_ms"], row["visit_m"], row["visit_edge_m"] = at_ms, math.inf, math.inf
    row["his_lat"], row["his_lon"] = his["lat"], his["lon"]
    row["her_lat"], row["her_lon"] = hers["lat"], hers["lon"]
    row["he_came"] = 0


@compiled
def go_on_visit(row: Any, his: Any, hers: Any, distance_m: float, edge_m: float, moving: bool) -> None:
    """Keep the nearest moment, and whose way it was to there; a fixed zone does not come to anybody."""
    if edge_m < row["visit_edge_m"]:
        row["visit_m"], row["visit_edge_m"] = distance_m, edge_m
        she_came_m = away_m(hers, row["her_lat"], row["her_lon"]) if moving else 0.0
        row["he_came"] = 1 if not moving or away_m(his, row["his_lat"], row["his_lon"]) > she_came_m else 0


@compiled
def end_visit(row: Any, at_ms: int) -> bool:
    """He is out of the ring again; True if it was a probe: near, his own doing, and soon over. It is added to those before."""
    soon_over = at_ms - row["visit_from_ms"] <= policy.PROBE_MS_MAX
    probe = soon_over and row["he_came"] == 1 and row["visit_edge_m"] <= policy.PROBE_EDGE_M
    if probe:
        row["first_ms"], row["first_m"] = row["second_ms"], row["second_m"]
        row["second_ms"], row["second_m"] = row["third_ms"], row["third_m"]
        row["third_ms"], row["third_m"] = row["visit_from_ms"], row["visit_m"]
    row["visit_from_ms"] = 0
    return bool(probe)


@compiled
def note_visit(T: Any, o: int, his: Any, hers: Any, proximity: int, at_ms: int) -> None:
    """One fix of his, for probing."""
    row, draft = T.pattern[o], T.draft[0]
    target = T.target[draft["target"]]
    moving = target["kind"] == PERIMETER
    if proximity >= APPROACH and row["visit_from_ms"] == 0:
        begin_visit(row, his, hers, at_ms)
    if proximity >= APPROACH:
        edge_m = draft["distance_m"] - (target["radius_m"] if moving else 0.0)
        go_on_visit(row, his, hers, draft["distance_m"], edge_m, moving)
    elif proximity == CLEAR and row["visit_from_ms"] > 0 and end_visit(row, at_ms):
        since_ms = row["first_ms"]
        if since_ms > 0 and at_ms - since_ms <= policy.PROBE_SPAN_MS and is_due(row["probing_ms"], at_ms):
            row["probing_ms"] = at_ms
            tell(T, o, int(PROBING), int(PROBES), since_ms, min(row["first_m"], row["second_m"], row["third_m"]))


# --- Circling ------------------------------------------------------------------------------------------------------


@compiled
def bearing_from(T: Any, k: int, his: Any, hers: Any) -> float:
    """Degrees at which he is seen from the middle of what the target bars, rounded to a whole one."""
    target = T.target[k]
    centre_lat, centre_lon = target["lat"], target["lon"]
    if target["kind"] == PERIMETER:
        centre_lat, centre_lon = hers["lat"], hers["lon"]
    east, north = offset_m(centre_lat, centre_lon, his["lat"], his["lon"])
    return rounded(bearing_deg(east, north), 1.0)


@compiled
def begin_circle(row: Any, k: int, bearing: float, at_ms: int) -> None:
    row["circle_from_ms"], row["circle_target"], row["circle_deg"], row["circle_m"] = at_ms, k, 0.0, math.inf
    row["circle_bearing"] = bearing


@compiled
def note_circle(T: Any, o: int, his: Any, hers: Any, proximity: int, at_ms: int) -> None:
    """One fix of his, for circling: only what he moves counts, and a step across the middle says nothing of its direction."""
    row, draft = T.pattern[o], T.draft[0]
    if proximity < APPROACH:
        row["circle_from_ms"] = 0
        return
    k = draft["target"]
    bearing = bearing_from(T, k, his, hers)
    too_long = at_ms - row["circle_from_ms"] > policy.CIRCLE_MS_MAX
    if row["circle_from_ms"] == 0 or row["circle_target"] != k or too_long:
        begin_circle(row, k, bearing, at_ms)
    turn = (bearing - row["circle_bearing"] + 540.0) % 360.0 - 180.0
    row["circle_bearing"] = bearing
    row["circle_m"] = min(row["circle_m"], draft["distance_m"])
    if abs(turn) > policy.CIRCLE_STEP_DEG_MAX:
        begin_circle(row, k, bearing, at_ms)
    elif speed_mps(his) >= policy.MOVING_MPS_MIN:
        row["circle_deg"] += turn
    if abs(row["circle_deg"]) >= 360.0:
        if is_due(row["circling_ms"], at_ms):
            row["circling_ms"] = at_ms
            tell(T, o, int(CIRCLING), int(ONCE), row["circle_from_ms"], row["circle_m"])
        begin_circle(row, k, bearing, at_ms)


# --- Following -----------------------------------------------------------------------------------------------------


@compiled
def begin_journey(row: Any, his: Any, hers: Any, at_ms: int) -> None:
    """She is at a stop: the next journey starts here, for both."""
    row["stop_ms"] = at_ms
    row["stop_her_lat"], row["stop_her_lon"] = hers["lat"], hers["lon"]
    row["stop_his_lat"], row["stop_his_lon"] = his["lat"], his["lon"]


@compiled
def end_journey(T: Any, o: int, his: Any, hers: Any, at_ms: int) -> None:
    """She has stopped elsewhere: he went along, or he did not."""
    row = T.pattern[o]
    if away_m(his, row["stop_his_lat"], row["stop_his_lon"]) < policy.FOLLOW_HIS_M:
        row["journeys"] = 0
    else:
        if row["journeys"] == 0:
            row["follow_from_ms"] = row["stop_ms"]
        row["journeys"] += 1
    begin_journey(row, his, hers, at_ms)
    if row["journeys"] >= policy.FOLLOWED and is_due(row["following_ms"], at_ms):
        row["following_ms"] = at_ms
        tell(T, o, int(FOLLOWING), row["journeys"], row["follow_from_ms"], row["follow_m"])
        row["journeys"] = 0


@compiled
def stop_following(row: Any) -> None:
    row["stop_ms"], row["journeys"] = 0, 0


@compiled
def note_follow(T: Any, o: int, his: Any, hers: Any, at_ms: int) -> None:
    """One fix of his, for following: a stop of hers is some minutes at rest; the first one more than a walk away ends a journey."""
    row = T.pattern[o]
    target = T.target[T.order[o]["target_first"]]
    distance = away_m(his, hers["lat"], hers["lon"])
    if distance > target["radius_m"] + target["ring_m"] + policy.FOLLOW_BEYOND_M:
        stop_following(row)
        return
    if row["stop_ms"] > 0 and at_ms - row["stop_ms"] > policy.FOLLOW_MS_MAX:
        stop_following(row)
    row["follow_m"] = min(row["follow_m"], distance)
    if hers["rest"] < policy.REST_FIXES:
        row["her_rest_ms"] = 0
        return
    if row["her_rest_ms"] == 0:
        row["her_rest_ms"] = at_ms
    if at_ms - row["her_rest_ms"] < policy.STOP_MS:
        return
    if row["stop_ms"] == 0:
        row["follow_m"] = distance
        begin_journey(row, his, hers, at_ms)
    elif away_m(hers, row["stop_her_lat"], row["stop_her_lon"]) >= policy.FOLLOW_HER_M:
        end_journey(T, o, his, hers, at_ms)


@compiled
def note_patterns(T: Any, o: int, proximity: int, at_ms: int) -> None:
    """Look at a believed fix of his for all three patterns, through the devices that governed the judgement."""
    draft = T.draft[0]
    i, j = draft["device_protected"], draft["device_respondent"]
    if draft["target"] < 0 or j < 0 or T.target[draft["target"]]["kind"] == INCLUSION:
        return
    paired = T.order[o]["perimeter"] == 1 and i >= 0 and not is_silent(T.device[i], at_ms)
    if T.target[draft["target"]]["kind"] == PERIMETER and not paired:
        return
    his = T.device[j]
    hers = T.device[i] if paired else his  # of a fixed zone nobody asks where she is
    note_visit(T, o, his, hers, proximity, at_ms)
    note_circle(T, o, his, hers, proximity, at_ms)
    if paired:
        note_follow(T, o, his, hers, at_ms)
