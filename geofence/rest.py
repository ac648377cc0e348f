"""One who lies still by the word of his motion sensor: where he lies while no position says so, and when no longer (ADR-0045, ADR-0052).

A row `d` is one element of the `DEVICE` array, `p` one of the `PING` array.
"""

from __future__ import annotations

from typing import Any

from geofence import policy
from geofence.filter import correct_velocity, predict
from geofence.jit import compiled
from geofence.rhythm import overdue_ms


@compiled
def rests(d: Any) -> bool:
    """True if it was at rest when it was heard last."""
    return bool(d["rest"] >= policy.REST_FIXES and d["stirred"] == 0)


@compiled
def known_ms(d: Any) -> int:
    """When it was last known to be where its last believed fix says: before it stirred, until it has been quiet for long."""
    return int(d["stir_from_ms"] if d["stir_from_ms"] > 0 else d["fix_ms"])


@compiled
def lie_down(d: Any) -> None:
    """What has stirred has been quiet for long, or a fix says where it is."""
    d["stirred"] = d["stir_from_ms"] = d["stir_ms"] = d["quiet_from_ms"] = 0


@compiled
def set_out(d: Any) -> None:
    """It is under way, and has been since it was last known to lie still: the red lights since then were no rest."""
    d["rest"] = 0
    d["fix_ms"] = known_ms(d)


@compiled
def stir(d: Any, now_ms: int) -> None:
    """Somebody at rest moves: a turn in bed or the next room, if the sensor is quiet again soon; longer in all, and he is under way."""
    if d["stir_from_ms"] == 0:
        d["stir_from_ms"] = d["fix_ms"]
    d["stirred"] = 1
    if now_ms - d["fix_ms"] + d["stir_ms"] > policy.STIR_MS_MAX:
        set_out(d)


@compiled
def settle_again(d: Any, now_ms: int) -> None:
    """Quiet again: within a walk of where he lay, for as long as nobody knows that he lay still."""
    walked_ms = now_ms - d["fix_ms"]
    d["p11"] += (policy.STIR_MPS * walked_ms / 1000.0) ** 2
    d["stirred"], d["quiet_from_ms"] = 0, now_ms
    d["stir_ms"] = min(walked_ms + d["stir_ms"], policy.STIR_MS_MAX + 1)  # what is more says no more
    if d["stir_ms"] > policy.STIR_MS_MAX:
        set_out(d)


@compiled
def lie_still(d: Any, p: Any) -> None:
    """A device at rest that says it has not moved is where it was: its fix is as good as new, a little less sure.

    Only the ping's own motion sensor says so; a position that is repeated, or a cell that still matches, does not. Who has moved
    unseen for long, or was not heard for so long that he may have, is at rest somewhere else: nothing but a fix says where.
    """
    now_ms = min(p["at_ms"], p["sent_ms"] + d["offset_ms"])
    if p["at_ms"] - d["ping_ms"] > max(overdue_ms(d), policy.UNHEARD_MS_MAX):
        set_out(d)
    if p["moving"] == 1:
        stir(d, now_ms)
    elif p["moving"] == 0 and d["stirred"] == 1:
        settle_again(d, now_ms)
    elif p["moving"] == 0 and d["quiet_from_ms"] > 0 and now_ms - d["quiet_from_ms"] >= policy.QUIET_MS and rests(d):
        lie_down(d)
    at_rest = d["seen"] == 1 and rests(d) and d["held"] == 0
    if at_rest and p["moving"] == 0 and now_ms > d["fix_ms"] and p["at_ms"] - now_ms <= policy.HISTORY_AGE_MS:
        predict(d, (now_ms - d["fix_ms"]) / 1000.0)
        correct_velocity(d, 0.0, 0.0, policy.REST_SPEED_SIGMA_MPS)
        d["fix_ms"], d["fix_late"] = now_ms, 0  # what came as history is said again now
