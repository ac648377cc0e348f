"""Where a device has rested for long: better known than by any one fix. Noise alone raises no breach there (ADR-0041, ADR-0045).

The neighbour a hundred metres outside her perimeter, both asleep under bad roofs: their fixes wander for minutes at a time, and
each time a filter follows them in. The mean over ten minutes and more wanders far less. It stands for whoever lies still by their
own word and by their fixes; whoever moves is judged by the very fix, at once. It can only keep a new breach from being raised,
never end one.
"""

from __future__ import annotations

from typing import Any

from geofence import policy
from geofence.doubt import explained_m
from geofence.filter import reckon, speed_mps
from geofence.geodesy import distance_m, moved, offset_m
from geofence.jit import compiled, compiled_apart
from geofence.proximity import AHEAD_S, PERIMETER, p_place_barred
from geofence.terms import Source

WIFI, LBS = int(Source.WIFI), int(Source.LBS)
LAT, LON, SIGMA, SECONDS = 0, 1, 2, 3  # of a remembered place


@compiled
def astray_m(d: Any) -> float:
    """How far the track is from the anchor."""
    return distance_m(d["anchor_lat"], d["anchor_lon"], d["lat"], d["lon"])


@compiled
def is_astray(d: Any) -> bool:
    """True if the track is further from the anchor than the errors of this place explain: claims vary, so the usual one counts too."""
    return bool(astray_m(d) > explained_m(d, max(d["sigma"], d["anchor_sigma"])))


@compiled
def begin_anchor(d: Any, p: Any) -> None:
    d["anchor_lat"], d["anchor_lon"], d["anchor_sigma"] = p["lat_deg"], p["lon_deg"], d["sigma"]
    d["anchor_s"], d["astray_ms"] = 1.0, 0


@compiled
def is_leaving(d: Any) -> bool:
    """True if it is on the move, by its own word or by its fixes: slower is turning in bed or the next room."""
    return bool(d["rest"] == 0 and speed_mps(d) >= policy.MOVING_MPS_MIN)


@compiled
def is_known(anchor_s: float) -> bool:
    """True if somebody has rested at a place for so long that it is worth remembering."""
    return anchor_s >= policy.ANCHOR_KNOWN_S


@compiled
def known_place(places: Any, lat_deg: float, lon_deg: float) -> int:
    """The remembered place within one usual error of a point; -1 for none."""
    for k in range(places.shape[0]):
        if places[k, SECONDS] > 0.0 and distance_m(lat_deg, lon_deg, places[k, LAT], places[k, LON]) <= places[k, SIGMA]:
            return k
    return -1


@compiled
def least_known(places: Any) -> int:
    """The place that is forgotten for a new one."""
    least = 0
    for k in range(places.shape[0]):
        if places[k, SECONDS] < places[least, SECONDS]:
            least = k
    return least


@compiled
def leave_anchor(d: Any, places: Any) -> None:
    """The visit is over; a place that is known by now is remembered for the next."""
    if is_known(d["anchor_s"]):
        k = known_place(places, d["anchor_lat"], d["anchor_lon"])
        k = k if k >= 0 else least_known(places)
        places[k, LAT], places[k, LON] = d["anchor_lat"], d["anchor_lon"]
        places[k, SIGMA], places[k, SECONDS] = d["anchor_sigma"], d["anchor_s"]
    d["anchor_s"], d["astray_ms"] = 0.0, 0


@compiled
def recall_anchor(d: Any, places: Any) -> None:
    """Whoever rests within one usual error of a place that is remembered is there."""
    k = known_place(places, d["lat"], d["lon"])
    if k >= 0:
        d["anchor_lat"], d["anchor_lon"] = places[k, LAT], places[k, LON]
        d["anchor_sigma"], d["anchor_s"] = places[k, SIGMA], places[k, SECONDS]


@compiled
def learn_anchor(d: Any, places: Any, p: Any, dt_s: float) -> None:
    """Take a believed fix at rest into the mean of its place, by the time it stands for; what stays elsewhere for minutes rests there."""
    if is_leaving(d):
        leave_anchor(d, places)
    if d["rest"] < policy.REST_FIXES or p["source"] == LBS:
        return
    if d["anchor_s"] == 0.0:
        begin_anchor(d, p)
    elif is_astray(d):
        d["astray_ms"] = d["fix_ms"] if d["astray_ms"] == 0 else d["astray_ms"]
        if d["fix_ms"] - d["astray_ms"] >= policy.ANCHOR_ASTRAY_MS:
            leave_anchor(d, places)
            begin_anchor(d, p)
        return
    d["astray_ms"] = 0
    stands_for_s = min(max(dt_s, 1.0), policy.GAP_S_MAX) * (policy.ANCHOR_WIFI_RATIO if p["source"] == WIFI else 1.0)
    share = stands_for_s / (d["anchor_s"] + stands_for_s)
    east, north = offset_m(d["anchor_lat"], d["anchor_lon"], p["lat_deg"], p["lon_deg"])
    d["anchor_lat"], d["anchor_lon"] = moved(d["anchor_lat"], d["anchor_lon"], share * east, share * north)
    d["anchor_sigma"] += share * (d["sigma"] - d["anchor_sigma"])
    d["anchor_s"] = min(d["anchor_s"] + stands_for_s, policy.ANCHOR_S_MAX)
    if not is_known(d["anchor_s"]):
        recall_anchor(d, places)


@compiled
def is_still(d: Any) -> bool:
    """True if it lies still; at a place that is known nobody asks for how long."""
    return bool(d["rest"] >= (policy.ANCHOR_KNOWN_FIXES if is_known(d["anchor_s"]) else policy.STRAY_REST_FIXES))


@compiled
def is_anchored(d: Any) -> bool:
    """True if it lies still, its place is known for long enough, and its fixes agree."""
    return bool(d["anchor_s"] >= policy.ANCHOR_S_MIN and is_still(d) and d["source"] != LBS and not is_astray(d))


@compiled
def anchored_place(d: Any) -> tuple[float, float, float]:
    """(lat, lon, variance per axis): a place has a bias of its own, so the mean never gets surer than half of one fix's error."""
    sigma = policy.ANCHOR_SIGMA_RATIO * d["anchor_sigma"]
    return d["anchor_lat"], d["anchor_lon"], sigma * sigma


@compiled
def best_place(d: Any, at_ms: int, ahead_s: float) -> tuple[float, float, float]:
    """Where it is best said to be: its anchor if it has one, else where it is reckoned to be, so far ahead."""
    if is_anchored(d):
        return anchored_place(d)
    glide, fade, variance = reckon(d, (at_ms - d["fix_ms"]) / 1000.0)
    travel_s = glide + fade * ahead_s
    lat, lon = moved(d["lat"], d["lon"], d["ve"] * travel_s, d["vn"] * travel_s)
    return lat, lon, variance


@compiled
def nobody_moves(T: Any, target: Any, i: int, j: int) -> bool:
    """True if both rest at places that are known (he alone, for a zone)."""
    return is_anchored(T.device[j]) and (target["kind"] != PERIMETER or is_anchored(T.device[i]))


@compiled_apart
def p_settled(T: Any, target: Any, i: int, j: int, at_ms: int) -> float:
    """P(inside) where whoever rests at a place known for long is there; 1 if neither does."""
    his = T.device[j]
    if not is_anchored(his) and not (target["kind"] == PERIMETER and is_anchored(T.device[i])):
        return 1.0
    p = 0.0
    for ahead_s in (0.0, AHEAD_S):
        hers = best_place(T.device[max(i, 0)], at_ms, ahead_s)
        p = max(p, p_place_barred(target, T.edges, best_place(his, at_ms, ahead_s), hers, 0.0))
    return p
