"""A pair, or a person and a zone: how sure are we that he is inside, and when could he be?

`margin_m` is everywhere the signed distance from the edge of what is barred: positive on the permitted side,
negative in breach. For an inclusion zone the barred side is the outside. Probabilities are rounded to 0.01,
lengths to 0.1 m and times to 0.1 s before anything is decided by them.
"""

from __future__ import annotations

import math
from typing import Any

from geofence import policy
from geofence.filter import reckon
from geofence.geodesy import bearing_deg, offset_m
from geofence.jit import compiled, compiled_apart
from geofence.terms import ZoneKind
from geofence.track import place_at
from geofence.zone import circle_signed_distance_m, circle_swept_signed_distance_m, signed_distance_m, swept_signed_distance_m

EXCLUSION, INCLUSION, PERIMETER = int(ZoneKind.EXCLUSION), int(ZoneKind.INCLUSION), int(ZoneKind.PERIMETER)

SURE_SIGMAS = 6.0  # beyond six sigma a probability is 0.00 or 1.00 to the second decimal, whatever the formula [G]
AHEAD_S = policy.VELOCITY_TAU_S * (1.0 - math.exp(-policy.LOOK_AHEAD_S / policy.VELOCITY_TAU_S))  # travel in the look-ahead, as `reckon`
FAR_S = 1e9  # "not on course": larger than any time that decides [G]


@compiled
def rounded(x: float, steps_per_unit: float) -> float:
    """`x` rounded half up to 1 / steps_per_unit: the only numbers that decide, alike on every machine."""
    return math.floor(x * steps_per_unit + 0.5) / steps_per_unit


@compiled
def normal_below(z: float) -> float:
    """Standard normal distribution function."""
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


@compiled
def p_within(distance_m: float, sigma_m: float, radius_m: float) -> float:
    """P(true distance < radius) in two dimensions, rounded to 0.01.

    Sankaran's approximation of the noncentral chi-square with two degrees of freedom; error at most 0.015 against
    the exact value (tests/geofence/plain_proximity.py). The one-dimensional normal is wrong by up to 0.58.
    """
    if radius_m <= 0.0:
        return 0.0
    if sigma_m <= 0.0:
        return 1.0 if distance_m < radius_m else 0.0
    if abs(distance_m - radius_m) > SURE_SIGMAS * sigma_m:
        return 1.0 if distance_m < radius_m else 0.0
    x = (radius_m / sigma_m) ** 2
    noncentrality = (distance_m / sigma_m) ** 2
    if noncentrality < 1e-9:
        return rounded(1.0 - math.exp(-0.5 * x), 100.0)
    k = 2.0 + noncentrality
    h = 1.0 - 2.0 * k * (2.0 + 3.0 * noncentrality) / (3.0 * (2.0 + 2.0 * noncentrality) ** 2)
    p = (2.0 + 2.0 * noncentrality) / (k * k)
    m = (h - 1.0) * (1.0 - 3.0 * h)
    mean = 1.0 + h * p * (h - 1.0 - 0.5 * (2.0 - h) * m * p)
    spread = h * math.sqrt(2.0 * p) * (1.0 + 0.5 * m * p)
    return rounded(normal_below(((x / k) ** h - mean) / spread), 100.0)


@compiled
def p_beyond_edge(margin_m: float, sigma_m: float) -> float:
    """P(on the barred side of an edge that is straight at this scale), rounded to 0.01."""
    if sigma_m <= 0.0:
        return 1.0 if margin_m < 0.0 else 0.0
    return rounded(normal_below(-margin_m / sigma_m), 100.0)


@compiled
def seconds_to_circle(e_m: float, n_m: float, we_mps: float, wn_mps: float, radius_m: float) -> float:
    """Seconds until the point (e, n) moving at w enters the circle around the origin; 0 inside, FAR_S if never."""
    distance2 = e_m * e_m + n_m * n_m
    if distance2 <= radius_m * radius_m:
        return 0.0
    speed2 = we_mps * we_mps + wn_mps * wn_mps
    approach = -(e_m * we_mps + n_m * wn_mps)
    if approach <= policy.CLOSING_MPS_MIN * math.sqrt(distance2):
        return FAR_S
    under = approach * approach - speed2 * (distance2 - radius_m * radius_m)
    if under < 0.0:
        return FAR_S
    return rounded((approach - math.sqrt(under)) / speed2, 10.0)


@compiled
def see_perimeter(protected: Any, respondent: Any, radius_m: float, ring_m: float, at_ms: int) -> tuple[float, ...]:
    """The pair at `at_ms`: (margin_m, sigma_m, p_inside, p_ring, seconds, bearing_deg, margin_of_last_fixes_m)."""
    dt_p = (at_ms - protected["fix_ms"]) / 1000.0
    dt_r = (at_ms - respondent["fix_ms"]) / 1000.0
    e, n = offset_m(protected["lat"], protected["lon"], respondent["lat"], respondent["lon"])
    last = rounded(math.hypot(e, n), 10.0)
    glide_p, fade_p, variance_p = reckon(protected, dt_p)
    glide_r, fade_r, variance_r = reckon(respondent, dt_r)
    e += respondent["ve"] * glide_r - protected["ve"] * glide_p
    n += respondent["vn"] * glide_r - protected["vn"] * glide_p
    we = respondent["ve"] * fade_r - protected["ve"] * fade_p
    wn = respondent["vn"] * fade_r - protected["vn"] * fade_p
    distance = rounded(math.hypot(e, n), 10.0)
    sigma = rounded(math.sqrt(variance_p + variance_r), 10.0)
    distance_ahead = rounded(math.hypot(e + we * AHEAD_S, n + wn * AHEAD_S), 10.0)
    p_inside = max(p_within(distance, sigma, radius_m), p_within(distance_ahead, sigma, radius_m))
    p_ring = p_within(distance, sigma, radius_m + ring_m)
    seconds = FAR_S
    if max(dt_p, dt_r) * 1000.0 <= policy.COURSE_AGE_MS_MAX:
        seconds = seconds_to_circle(e, n, we, wn, radius_m)
    return distance - radius_m, sigma, p_inside, p_ring, seconds, rounded(bearing_deg(e, n), 1.0) % 360.0, last - radius_m


@compiled
def place_in_zone(target: Any, lat_deg: float, lon_deg: float) -> tuple[float, float]:
    """(x, y) in the zone's own plane, metres."""
    dlon = lon_deg - target["lon"]
    if dlon > 180.0:
        dlon -= 360.0
    elif dlon < -180.0:
        dlon += 360.0
    return dlon * target["east_m_per_deg"], (lat_deg - target["lat"]) * target["north_m_per_deg"]


@compiled
def zone_margin_m(target: Any, edges: Any, x: float, y: float) -> float:
    """Signed distance from what this zone bars, at a point of its plane, rounded to 0.1 m."""
    if target["edge_count"] == 0:
        sd = circle_signed_distance_m(target["radius_m"], x, y)
    else:
        sd = signed_distance_m(edges, target["edge_first"], target["edge_count"], x, y)
    return rounded(-sd if target["kind"] == INCLUSION else sd, 10.0)


@compiled
def p_barred(target: Any, margin_m: float, sigma_m: float, ring_m: float) -> float:
    """P(within `ring_m` of the barred side): circles in two dimensions, other edges as straight.

    The edge of a circle to be kept is straight too: in two dimensions a vague fix at its very middle would be outside.
    """
    if target["edge_count"] > 0 or target["kind"] == INCLUSION:
        return p_beyond_edge(margin_m - ring_m, sigma_m)
    radius = target["radius_m"]
    return p_within(radius + margin_m, sigma_m, radius + ring_m)


@compiled
def see_zone(target: Any, edges: Any, respondent: Any, at_ms: int) -> tuple[float, ...]:
    """A person and a zone at `at_ms`: as `see_perimeter`, bearing NaN."""
    dt = (at_ms - respondent["fix_ms"]) / 1000.0
    x, y = place_in_zone(target, respondent["lat"], respondent["lon"])
    last = zone_margin_m(target, edges, x, y)
    glide, fade, variance = reckon(respondent, dt)
    vx, vy = respondent["ve"] * fade, respondent["vn"] * fade
    x += respondent["ve"] * glide
    y += respondent["vn"] * glide
    sigma = rounded(math.sqrt(variance), 10.0)
    margin = zone_margin_m(target, edges, x, y)
    if margin > target["ring_m"] + SURE_SIGMAS * sigma + math.hypot(vx, vy) * policy.CONTACT_S_OFF:
        return margin, sigma, 0.0, 0.0, FAR_S, math.nan, last  # too far for anything below to say otherwise
    margin_ahead = zone_margin_m(target, edges, x + vx * AHEAD_S, y + vy * AHEAD_S)
    p_inside = max(p_barred(target, margin, sigma, 0.0), p_barred(target, margin_ahead, sigma, 0.0))
    p_ring = p_barred(target, margin, sigma, target["ring_m"])
    seconds = 0.0 if margin <= 0.0 else FAR_S
    closing = (margin - margin_ahead) / AHEAD_S
    if margin > 0.0 and dt * 1000.0 <= policy.COURSE_AGE_MS_MAX and closing >= policy.CLOSING_MPS_MIN:
        seconds = seconds_to_zone(target, edges, x, y, vx, vy, rounded(margin / closing, 10.0))
    return margin, sigma, p_inside, p_ring, seconds, math.nan, last


@compiled
def seconds_to_zone(target: Any, edges: Any, x: float, y: float, vx: float, vy: float, seconds: float) -> float:
    """`seconds` if the present course really ends in what is barred within CONTACT_S_OFF, else FAR_S."""
    if seconds > policy.CONTACT_S_OFF:
        return FAR_S
    if target["kind"] == INCLUSION:
        return seconds
    reach = policy.CONTACT_S_OFF
    return seconds if zone_swept_m(target, edges, x, y, x + vx * reach, y + vy * reach) < 0.0 else FAR_S


@compiled
def zone_swept_m(target: Any, edges: Any, x0: float, y0: float, x1: float, y1: float) -> float:
    """The least margin along a straight path (exclusion zones only)."""
    if target["edge_count"] == 0:
        return circle_swept_signed_distance_m(target["radius_m"], x0, y0, x1, y1)
    return swept_signed_distance_m(edges, target["edge_first"], target["edge_count"], x0, y0, x1, y1)


@compiled
def least_distance_m(e0: float, n0: float, e1: float, n1: float) -> float:
    """Least distance from the origin to the segment."""
    de, dn = e1 - e0, n1 - n0
    length2 = de * de + dn * dn
    share = 0.0 if length2 <= 0.0 else min(max(-(e0 * de + n0 * dn) / length2, 0.0), 1.0)
    return math.hypot(e0 + share * de, n0 + share * dn)


@compiled
def share_before(mover: Any, from_ms: int) -> float:
    """The share of the mover's last step that was made before `from_ms`."""
    step_ms = mover["fix_ms"] - mover["prev_ms"]
    share: float = min(max((from_ms - mover["prev_ms"]) / step_ms, 0.0), 1.0)
    return share


@compiled
def path_sigma_m(sigma_m: float, length_m: float, size_m: float) -> float:
    """Error of a path between two fixes: that of its ends, and that it was not straight."""
    bend = min(policy.SWEPT_SPREAD_RATIO * length_m, policy.SWEPT_SPREAD_OF_SIZE_MAX * size_m)
    return rounded(math.hypot(sigma_m, bend), 10.0)


@compiled
def p_swept_perimeter(mover: Any, other: Any, other_history: Any, radius_m: float, from_ms: int) -> float:
    """P(the two, both moving, came within the radius between the mover's last two fixes and after `from_ms`); 0 if not known."""
    step_ms = mover["fix_ms"] - mover["prev_ms"]
    if step_ms <= 0 or step_ms > policy.SWEPT_GAP_MS_MAX:
        return 0.0
    lat0, lon0, var0 = place_at(other, other_history, mover["prev_ms"])
    lat1, lon1, var1 = place_at(other, other_history, mover["fix_ms"])
    if var0 < 0.0 or var1 < 0.0:
        return 0.0
    e0, n0 = offset_m(lat0, lon0, mover["prev_lat"], mover["prev_lon"])
    e1, n1 = offset_m(lat1, lon1, mover["lat"], mover["lon"])
    past = share_before(mover, from_ms)
    nearest = rounded(least_distance_m(e0 + past * (e1 - e0), n0 + past * (n1 - n0), e1, n1), 10.0)
    sigma = math.sqrt(mover["p11"] + max(var0, var1))
    return p_within(nearest, path_sigma_m(sigma, math.hypot(e1 - e0, n1 - n0), radius_m), radius_m)


@compiled
def p_swept_zone(target: Any, edges: Any, mover: Any, from_ms: int) -> float:
    """P(he went through the exclusion zone between his last two fixes and after `from_ms`)."""
    step_ms = mover["fix_ms"] - mover["prev_ms"]
    if target["kind"] == INCLUSION or step_ms <= 0 or step_ms > policy.SWEPT_GAP_MS_MAX:
        return 0.0
    x0, y0 = place_in_zone(target, mover["prev_lat"], mover["prev_lon"])
    x1, y1 = place_in_zone(target, mover["lat"], mover["lon"])
    past = share_before(mover, from_ms)
    margin = rounded(zone_swept_m(target, edges, x0 + past * (x1 - x0), y0 + past * (y1 - y0), x1, y1), 10.0)
    sigma = path_sigma_m(math.sqrt(mover["p11"]), math.hypot(x1 - x0, y1 - y0), target["size_m"])
    return p_barred(target, margin, sigma, 0.0)


@compiled
def p_place_barred(target: Any, edges: Any, place: Any, her: Any, ring_m: float) -> float:
    """P(he was within `ring_m` of what the target bars); places are (lat, lon, variance), variance < 0 = not known."""
    if target["kind"] != PERIMETER:
        x, y = place_in_zone(target, place[0], place[1])
        return p_barred(target, zone_margin_m(target, edges, x, y), rounded(math.sqrt(place[2]), 10.0), ring_m)
    if her[2] < 0.0 or place[2] < 0.0:
        return 0.0
    e, n = offset_m(her[0], her[1], place[0], place[1])
    sigma = rounded(math.sqrt(place[2] + her[2]), 10.0)
    return p_within(rounded(math.hypot(e, n), 10.0), sigma, target["radius_m"] + ring_m)


@compiled_apart
def p_held_alone(target: Any, edges: Any, mover: Any, other: Any) -> float:
    """P(a held-back position of `mover`, or the straight way to it, is true and inside): the other party stands still.

    The ring counts for the position, the target itself for the way there.
    """
    other_place = (other["lat"], other["lon"], other["p11"])
    held = (mover["held_lat"], mover["held_lon"], mover["held_sigma"] * mover["held_sigma"])
    p_place = p_place_barred(target, edges, held, other_place, target["ring_m"])
    if target["kind"] == PERIMETER:
        e0, n0 = offset_m(other["lat"], other["lon"], mover["lat"], mover["lon"])
        e1, n1 = offset_m(other["lat"], other["lon"], held[0], held[1])
        sigma = path_sigma_m(math.sqrt(held[2] + other["p11"]), math.hypot(e1 - e0, n1 - n0), target["radius_m"])
        return max(p_place, p_within(rounded(least_distance_m(e0, n0, e1, n1), 10.0), sigma, target["radius_m"]))
    if target["kind"] == INCLUSION:
        return p_place
    x0, y0 = place_in_zone(target, mover["lat"], mover["lon"])
    x1, y1 = place_in_zone(target, held[0], held[1])
    sigma = path_sigma_m(mover["held_sigma"], math.hypot(x1 - x0, y1 - y0), target["size_m"])
    return max(p_place, p_barred(target, rounded(zone_swept_m(target, edges, x0, y0, x1, y1), 10.0), sigma, 0.0))


@compiled
def p_held(target: Any, edges: Any, hers: Any, his: Any, is_pair: bool) -> float:
    """P(inside) by a position held back of either party, where it is no ghost; 0 while nothing is held."""
    p = 0.0
    if his["held"] > 0 and his["ghost"] == 0:
        p = p_held_alone(target, edges, his, hers)
    if is_pair and hers["held"] > 0 and hers["ghost"] == 0:
        p = max(p, p_held_alone(target, edges, hers, his))
    return p
