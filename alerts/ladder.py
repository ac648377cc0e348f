"""Who is told by which way after how many seconds, until somebody answers. PURE data; settings may replace it."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from alerts.terms import Audience, Channel
from geofence.terms import Level, PersonId, Reason


class Unless(Enum):
    """What has made a rung needless by the time it is due."""

    NOTHING = "nothing"
    DEVICE = "device acknowledgement"  # the bracelet says it has shown the alert
    PERSON = "person acknowledgement"  # somebody of this audience has answered


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the ladder, `after_s` seconds after the ring; repeated every `repeat_s` until a person answers.

    `person`: whose telephone of the control room it rings.
    """

    after_s: int
    audience: Audience
    channel: Channel
    unless: Unless = Unless.PERSON
    repeat_s: int | None = None
    person: PersonId | None = None


Ladder = Mapping[Level, tuple[Rung, ...]]


def asks_on(rung: Rung) -> bool:
    """Dispatch is asked about the loudest that happened until a person answers, whatever comes after; no telephone rings for that."""
    return rung.audience is Audience.DISPATCH and rung.repeat_s is not None and rung.channel is not Channel.VOICE


_HER, _DISPATCH = Audience.PROTECTED, Audience.DISPATCH

# Seconds, because 36 s is what a car at 50 km/h needs for 500 m. The control room and the bracelet are told together;
# a bracelet that does not confirm within 5 s may be out of coverage, so a text goes by the telephone network; 15 s
# without a person's answer is the limit of NENA-STA-020 for answering a call, so it rings, and the control room is asked
# again; at 30 s its software rings the second operator, at 60 s the supervisor (each message says its step), and then
# every minute until a person answers: an alert that nobody has seen never falls silent.
DEFAULT_LADDER: Ladder = {
    Level.EMERGENCY: (
        Rung(0, _HER, Channel.BRACELET, Unless.NOTHING),
        Rung(0, _DISPATCH, Channel.WEBHOOK, Unless.NOTHING),
        Rung(0, _DISPATCH, Channel.CONSOLE, Unless.NOTHING),
        Rung(5, _HER, Channel.SMS, Unless.DEVICE),
        Rung(15, _HER, Channel.VOICE),
        Rung(15, _DISPATCH, Channel.WEBHOOK),
        Rung(30, _DISPATCH, Channel.WEBHOOK),
        Rung(60, _DISPATCH, Channel.WEBHOOK, repeat_s=60),
    ),
    Level.WARNING: (
        Rung(0, _HER, Channel.BRACELET, Unless.NOTHING),
        Rung(0, _DISPATCH, Channel.WEBHOOK, Unless.NOTHING),
        Rung(0, _DISPATCH, Channel.CONSOLE, Unless.NOTHING),
        Rung(15, _HER, Channel.SMS, Unless.DEVICE),
    ),
    Level.CAUTION: (
        Rung(0, _HER, Channel.BRACELET, Unless.NOTHING),
        Rung(0, _DISPATCH, Channel.WEBHOOK, Unless.NOTHING),
        Rung(0, _DISPATCH, Channel.CONSOLE, Unless.NOTHING),
    ),
    Level.CALM: (),
}

# Rungs of ways that not every county has: they join the default ladder, after its own rungs (whose numbers snapshots
# hold), where the way is configured. A control room that reads CAP is told at once, as by the webhook. Her telephone
# shows a push beside the bracelet. Whom she trusts is told of an emergency only, when she has had 15 s to answer and is called.
OPTIONAL_RUNGS: Ladder = {
    Level.EMERGENCY: (
        Rung(0, _DISPATCH, Channel.CAP, Unless.NOTHING),
        Rung(0, _HER, Channel.PUSH, Unless.NOTHING),
        Rung(15, Audience.TRUSTED, Channel.SMS, Unless.NOTHING),
        Rung(15, Audience.TRUSTED, Channel.PUSH, Unless.NOTHING),
    ),
    Level.WARNING: (
        Rung(0, _DISPATCH, Channel.CAP, Unless.NOTHING),
        Rung(0, _HER, Channel.PUSH, Unless.NOTHING),
    ),
    Level.CAUTION: (
        Rung(0, _DISPATCH, Channel.CAP, Unless.NOTHING),
        Rung(0, _HER, Channel.PUSH, Unless.NOTHING),
    ),
    Level.CALM: (),
}


# When the telephones of the control room ring for an emergency that nobody has answered: the desk, the second operator, the
# supervisor, whoever is named after them; then round again each minute. The first two are NENA-STA-020's 15 s, once and twice.
CALLS_AFTER_S = (15, 30, 60, 90, 120, 150, 180, 210)
CALL_AGAIN_S = 60


def with_ways(ladder: Ladder, ways: Container[tuple[Audience, Channel]], calls: Sequence[PersonId] = ()) -> Ladder:
    """The ladder with the optional rungs of the ways that there are, and a call to each of `calls` in their order.

    A level whose rungs were set by hand keeps exactly those.
    """
    there = {level: [rung for rung in rungs if (rung.audience, rung.channel) in ways] for level, rungs in OPTIONAL_RUNGS.items()}
    there[Level.EMERGENCY] += [
        Rung(after_s, _DISPATCH, Channel.VOICE, repeat_s=CALL_AGAIN_S, person=person)
        for after_s, person in zip(CALLS_AFTER_S, calls, strict=False)
    ]
    return {level: (*rungs, *there[level]) if rungs is DEFAULT_LADDER[level] else rungs for level, rungs in ladder.items()}

# --- When nobody answers, and while nobody is to be disturbed -------------------------------------------------------

# Her telephone has rung since 15 s and a text message takes some 10 s: what has not reached her after a minute will hardly
# do so by itself, and somebody has to look for her. Where all ways have failed, that is known at once.
UNREACHED_MS = 60_000
# An answer that names nobody, from a control room's software that knows none, holds for one round of the ladder.
UNNAMED_MS = 60_000
# A call says the alert twice and waits for a key: 50 s. The same telephone is not rung again before.
CALL_APART_MS = 60_000
# At a start every order in force is unseen until its devices report, which takes a far interval or two. Only what is
# still unseen after five minutes is somebody's work.
PATIENCE_MS = {Reason.NOT_SEEN_YET: 300_000}
