"""What a later message of the same conversation makes needless: only what it says itself. PURE.

A conversation is one incident, told to one audience by one way. What says something of its own is never dropped: neither
a strap that was cut while he comes nearer, nor the second of two past breaches, however many messages follow it.
"""

from __future__ import annotations

from alerts.terms import Channel, Kind, Notification
from geofence.terms import HISTORY, Reason

# Screens of the control room keep every message with its time and its id. Her bracelet and a telephone ring with each, and
# show the last: a quieter word after a louder one would hide it.
SCREENS = (Channel.WEBHOOK, Channel.CAP, Channel.CONSOLE)
# Where he is, from "perhaps near" to "inside": of these the louder says all that the quieter said.
WHERE = (Reason.UNVERIFIED, Reason.APPROACH, Reason.BREACH, Reason.OUTSIDE_INCLUSION)


def makes_needless(new: Notification, earlier: Notification) -> bool:
    """Whether nobody misses anything who hears `new` and not `earlier`, which has not gone out."""
    if earlier.refreshes is not None:
        return _has_newer_numbers(new)
    if earlier.kind is Kind.UPDATE:
        return _says_the_same(new, earlier) or (_is_louder_ring(new, earlier) and earlier.channel not in SCREENS)
    if new.kind is not Kind.RAISE or new.level < earlier.level:
        return False
    if earlier.kind is Kind.CLEAR or _subject(new) == _subject(earlier):
        return True  # it rings again: that it had come down is no longer true
    return _is_louder_ring(new, earlier) and (earlier.channel not in SCREENS or (new.reason in WHERE and earlier.reason in WHERE))


def _has_newer_numbers(new: Notification) -> bool:
    """A ring and an end come with the numbers of their time, and a list of many orders with its newest names; history has old ones."""
    if new.kind is not Kind.UPDATE or new.refreshes is not None:
        return True
    return new.distance_m is not None and new.reason not in HISTORY


def _says_the_same(new: Notification, earlier: Notification) -> bool:
    """The same words about the same. Two past breaches are two, even in the same words."""
    if earlier.reason in HISTORY or new.level < earlier.level:
        return False
    return _subject(new) == _subject(earlier) and new.text == earlier.text


def _is_louder_ring(new: Notification, earlier: Notification) -> bool:
    return new.kind is Kind.RAISE and new.level > earlier.level


def _subject(one: Notification) -> tuple[object, ...]:
    return one.reason, one.zone, one.trouble
