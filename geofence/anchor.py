"""Where a device has rested for long: better known than by any one fix. While nobody moves, noise alone raises no breach (ADR-0041).

The neighbour a hundred metres outside her perimeter, both asleep under bad roofs: their fixes wander for minutes at a time, and
each time a filter follows them in. The mean over ten minutes and more wanders far less. It is asked only where both parties lie
still by their own word and by their fixes; whoever moves is judged as ever, at once. It can only keep a new breach from being
raised, never end one.
"""

from __future__ import annotations

from typing import Any

from geofence import policy
from geofence.geodesy import distance_m, moved, offset_m
from geofence.jit import compiled
from geofence.proximity import PERIMETER, p_place_barred
from geofence.terms import Source
from geofence.track import explained_m

LBS = int(Source.LBS)


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
def learn_anchor(d: Any, p: Any, dt_s: float) -> None:
    """Take a believed fix at rest into the mean of its place, by the time it stands for; what stays elsewhere for minutes rests there."""
    if d["rest"] < policy.REST_FIXES or p["source"] == LBS:
        return
    if d["anchor_s"] == 0.0:
        begin_anchor(d, p)
    elif is_astray(d):
        d["astray_ms"] = d["fix_ms"] if d["astray_ms"] == 0 else d["astray_ms"]
        if d["fix_ms"] - d["astray_ms"] >= policy.ANCHOR_ASTRAY_MS:
            begin_anchor(d, p)
        return
    d["astray_ms"] = 0
    stands_for_s = min(max(dt_s, 1.0), policy.GAP_S_MAX)
    share = stands_for_s / (d["anchor_s"] + stands_for_s)
    east, north = offset_m(d["anchor_lat"], d["anchor_lon"], p["lat_deg"], p["lon_deg"])
    d["anchor_lat"], d["anchor_lon"] = moved(d["anchor_lat"], d["anchor_lon"], share * east, share * north)
    d["anchor_sigma"] += share * (d["sigma"] - d["anchor_sigma"])
    d["anchor_s"] = min(d["anchor_s"] + stands_for_s, policy.ANCHOR_S_MAX)


@compiled
def is_anchored(d: Any) -> bool:
    """True if it lies still, has done so here for long, and its fixes agree."""
    still = d["rest"] >= policy.STRAY_REST_FIXES and d["anchor_s"] >= policy.ANCHOR_S_MIN and d["held"] == 0
    return bool(still and d["source"] != LBS and not is_astray(d))


@compiled
def anchored_place(d: Any) -> tuple[float, float, float]:
    """(lat, lon, variance per axis): a place has a bias of its own, so the mean never gets surer than half of one fix's error."""
    sigma = policy.ANCHOR_SIGMA_RATIO * d["anchor_sigma"]
    return d["anchor_lat"], d["anchor_lon"], sigma * sigma


@compiled
def p_settled(T: Any, target: Any, i: int, j: int) -> float:
    """P(inside) by the places where both have rested for long; 1 if anybody moves, which says nothing against a breach."""
    his = T.device[j]
    if not is_anchored(his) or (target["kind"] == PERIMETER and not is_anchored(T.device[i])):
        return 1.0
    hers = anchored_place(T.device[max(i, 0)])
    return p_place_barred(target, T.edges, anchored_place(his), hers, 0.0)
