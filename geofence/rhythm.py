"""How often a device reports, learned from itself, and when it is late. A row `d` is one element of the `DEVICE` array."""

from __future__ import annotations

from typing import Any

from geofence import policy
from geofence.jit import compiled


@compiled
def silence_ms(d: Any) -> int:
    """How old the last believed fix may grow before the device counts as silent."""
    return int(1000.0 * (policy.SILENCE_GAPS * d["gap_s"] + policy.SILENCE_SLACK_S))


@compiled
def overdue_ms(d: Any) -> int:
    """How old the last believed fix may grow before a report is overdue: its own rhythm, and the network's worst latency."""
    return int(1000.0 * (d["gap_s"] + policy.OVERDUE_SLACK_S))


@compiled
def learn_gap(d: Any, dt_s: float) -> None:
    """Learn the device's rhythm from `dt_s` since the fix before: not from an outage, nor from what was under way as it was eased."""
    under_way = dt_s < d["gap_s"] and d["prev_ms"] < d["eased_ms"]
    if dt_s <= policy.GAP_LEARN_S_MAX and not under_way:
        gap = policy.GAP_MEMORY_RATIO * d["gap_s"] + (1.0 - policy.GAP_MEMORY_RATIO) * dt_s
        d["gap_s"] = min(max(gap, policy.GAP_S_MIN), policy.GAP_S_MAX)
