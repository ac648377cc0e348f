"""Asking devices for the pings that are needed: how often from the state of all orders of a person, at once when unsure."""

from __future__ import annotations

from typing import Any

from geofence import policy
from geofence.filter import speed_mps
from geofence.jit import compiled
from geofence.rhythm import overdue_ms
from geofence.state import COMMAND
from geofence.terms import Reason
from geofence.watch import has

SOS = int(Reason.SOS)


@compiled
def wanted_s(T: Any, person: int) -> int:
    """The shortest interval that any order in force wants of this person, were all batteries low."""
    interval = policy.INTERVAL_SPARING_S
    m = T.person[person]["first_membership"]
    while m >= 0:
        row = T.order[T.membership[m]["order"]]
        if row["begun"] == 1 and row["protected"] == person:
            interval = min(interval, row["interval_protected_s"])
        if row["begun"] == 1 and row["respondent"] == person:
            interval = min(interval, row["interval_respondent_s"])
        m = T.membership[m]["next"]
    return int(interval)


@compiled
def due_s(d: Any, wanted: int) -> int:
    """The interval of one device: battery spared only where it is trouble."""
    if d["battery_low"] == 1:
        return max(wanted, policy.INTERVAL_FAR_S) if wanted == policy.INTERVAL_WATCHED_S else wanted
    return min(wanted, policy.INTERVAL_FAR_S)


@compiled
def command(T: Any, i: int, interval_s: int, now: int, at_ms: int) -> None:
    """Write one command to device `i`."""
    k = T.world[0]["out_count"]
    assert k < T.out.shape[0], "the output rows are full"
    T.world[0]["out_count"] = k + 1
    row = T.out[k]
    row["kind"], row["at_ms"], row["order"] = COMMAND, at_ms, -1
    row["device_protected"], row["interval_s"], row["report_now"] = i, interval_s, now


@compiled
def command_interval(T: Any, i: int, interval: int, at_ms: int) -> None:
    """Tell a device its interval.

    A longer one counts as its rhythm from now on, until its reports say what it does: who was allowed to be slower is not overdue.
    Who is overdue already stays so: nothing but a report brings anybody back into sight.
    """
    d = T.device[i]
    if interval > d["wanted_s"] and at_ms - d["fix_ms"] <= overdue_ms(d):
        d["gap_s"], d["eased_ms"] = max(d["gap_s"], float(interval)), at_ms
    d["wanted_s"], d["commanded_ms"] = interval, at_ms
    command(T, i, interval, 0, at_ms)


@compiled
def command_person(T: Any, person: int, at_ms: int) -> None:
    """Tell every device of a person its interval, if that has changed."""
    wanted = wanted_s(T, person)
    i = T.person[person]["first_device"]
    while i >= 0:
        d = T.device[i]
        interval = due_s(d, wanted)
        if d["wanted_s"] != interval and d["pinged"] == 1:
            command_interval(T, i, interval, at_ms)
        i = d["next_device"]


@compiled
def own_path_interval_s(T: Any, person: int) -> int:
    """What a respondent's own movement asks for, when nothing he can notice may depend on her."""
    i = T.person[person]["first_device"]
    while i >= 0:
        if speed_mps(T.device[i]) >= policy.MOVING_MPS_MIN:
            return policy.INTERVAL_RING_S
        i = T.device[i]["next_device"]
    return policy.INTERVAL_FAR_S


@compiled
def watched_s(before_s: int, interval_s: int, margin_m: float) -> int:
    """His interval where nothing is near: closer where he would soon be lost without a report, so far from her perimeter."""
    slack_m = policy.WATCHED_SLACK_M if before_s == policy.INTERVAL_WATCHED_S else 0.0
    near = margin_m < policy.WATCHED_MARGIN_M + slack_m
    return policy.INTERVAL_WATCHED_S if near and interval_s == policy.INTERVAL_FAR_S else interval_s


@compiled
def ask(T: Any, o: int, interval_s: int, interval_zones_s: int, around_m: float, party: int, at_ms: int) -> None:
    """Set what order `o` wants of both parties, and command their devices where that changes it; `around_m`: from her perimeter.

    With `adaptive` off the respondent is asked only by his own path and fixed zones, and only when he reports: his
    device then behaves the same wherever she is (ADR-0012).
    """
    row = T.order[o]
    if has(row["reasons"], SOS):
        interval_s = policy.INTERVAL_NEAR_S
    adaptive = T.world[0]["adaptive"] == 1
    his = watched_s(row["interval_respondent_s"], interval_s, around_m)
    if not adaptive:
        his = min(interval_zones_s, own_path_interval_s(T, row["respondent"]))
    if row["interval_protected_s"] != interval_s:
        row["interval_protected_s"] = interval_s
        command_person(T, row["protected"], at_ms)
    if (adaptive or party == 1) and row["interval_respondent_s"] != his:
        row["interval_respondent_s"] = his
        command_person(T, row["respondent"], at_ms)


@compiled
def ask_now(T: Any, o: int, doubt: bool, at_ms: int) -> None:
    """The order cannot see, or is in doubt: ask whoever is silent, or both, to report at once."""
    row = T.order[o]
    if row["lost_protected"] == 1 or (doubt and row["perimeter"] == 1):
        report_now(T, row["protected"], at_ms)
    if (row["lost_respondent"] == 1 or doubt) and T.world[0]["adaptive"] == 1:
        report_now(T, row["respondent"], at_ms)


@compiled
def report_now(T: Any, person: int, at_ms: int) -> None:
    i = T.person[person]["first_device"]
    while i >= 0:
        command(T, i, 0, 1, at_ms)
        i = T.device[i]["next_device"]


@compiled
def insist(T: Any, i: int, gap_ms: int, at_ms: int) -> None:
    """A device that reports slower than asked gets the command again: it may have been lost; one whose battery has become
    trouble, or is none any more, gets the one that fits."""
    d = T.device[i]
    if d["battery_low"] == 1 or d["wanted_s"] > policy.INTERVAL_FAR_S:
        interval = due_s(d, wanted_s(T, d["person"]))
        if d["wanted_s"] != interval:
            command_interval(T, i, interval, at_ms)
            return
    slow = gap_ms > int(policy.COMMAND_SLACK_RATIO * 1000.0 * d["wanted_s"])
    if slow and at_ms - d["commanded_ms"] >= policy.COMMAND_AGAIN_MS:
        d["wanted_s"], d["commanded_ms"] = due_s(d, wanted_s(T, d["person"])), at_ms
        command(T, i, d["wanted_s"], 0, at_ms)
