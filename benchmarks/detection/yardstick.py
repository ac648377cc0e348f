"""Could he be inside? Asked from outside of the core: by the last believed fixes, two sigma of their errors and the speed of a car.

The numbers are this yardstick's own copy: whoever makes the core's weaker does not make these weaker with them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

AVENUE_MPS, AVENUE_S, CITY_MPS = 16.0, 180.0, 12.0  # a car on an avenue, how long that lasts, a car through a city
WALK_MPS, WALK_S, WALK_SEEN_S = 3.0, 180.0, 480.0  # she walks first, if both rested: so long, and so long while he is seen to rest
UNFIT_M = 150.0  # one sigma: such a fix says next to nothing
MAST = 2  # the source of a fix that never says more than "somewhere around here"
LATE_S = 20.0 + 1.0  # beyond its own rhythm: the network's worst latency, and deadlines live on whole seconds


def apart_m(a: Any, b: Any) -> float:
    """Independent of the kernel: the haversine on a sphere, good to half a percent."""
    lat_a, lon_a, lat_b, lon_b = (math.radians(float(x)) for x in (a["lat"], a["lon"], b["lat"], b["lon"]))
    h = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * 6_371_000.0 * math.asin(math.sqrt(h))


def could_be_inside(hers: Any, his: Any, at_ms: Any, perimeter_m: float) -> Any:
    """For each moment (int or int[n], ms) whether he could be, each party free to go from its fix on once its report is overdue; bool[n].

    `hers`, `his`: the two rows of the core's DEVICE array as they were last.
    """
    at = np.atleast_1d(np.asarray(at_ms, np.int64))
    if not (hers["seen"] and his["seen"]) or max(hers["p11"], his["p11"]) > UNFIT_M**2 or MAST in (hers["source"], his["source"]):
        return np.ones(len(at), bool)
    hers_s, his_s = ((at - d["fix_ms"]) / 1000.0 for d in (hers, his))
    she_is_late, he_is_late = hers_s > hers["gap_s"] + LATE_S, his_s > his["gap_s"] + LATE_S
    error_m = 2.0 * math.sqrt(hers["p11"] + his["p11"])
    he_did_m = AVENUE_MPS * np.minimum(his_s, AVENUE_S) + CITY_MPS * np.maximum(his_s - AVENUE_S, 0.0)
    both_rest = hers["rest"] >= 2 and his["rest"] >= 2
    walk_s = np.minimum(hers_s, np.where(he_is_late, WALK_S, WALK_SEEN_S) if both_rest else 0.0)
    she_did_m = WALK_MPS * walk_s + CITY_MPS * (hers_s - walk_s)
    reach_m = error_m + np.where(he_is_late, he_did_m, 0.0) + np.where(she_is_late, she_did_m, 0.0)
    distance_m = apart_m(hers, his) * 1.005
    sure = distance_m < perimeter_m - 3.0 * reach_m  # nobody is late, and yet he is inside beyond doubt
    return (distance_m < perimeter_m + reach_m - 1.0) & (she_is_late | he_is_late | sure)
