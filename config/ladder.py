"""The ladder of notifications from the settings: `[[ladder.emergency]]` and so on, each table one rung.

A level that is given replaces the default rungs of that level as a whole; the others keep theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from alerts.ladder import DEFAULT_LADDER, Ladder, Rung, Unless
from alerts.terms import Audience, Channel
from config.errors import BadInput
from config.fields import Faults, Fields
from geofence.terms import Level, PersonId

RUNGS_MAX = 32  # of one level: more is a mistake, not a plan
AFTER_S_MAX = 3600.0  # an hour: later than that an incident has another form
REPEAT_S_MIN = 5.0  # quicker repetition only hides what is said
# Which ways lead to whom. A technical trouble has no ladder: monitor/notices.py says it.
WAYS: Mapping[Audience, tuple[Channel, ...]] = {
    Audience.PROTECTED: (Channel.BRACELET, Channel.SMS, Channel.VOICE, Channel.PUSH, Channel.WEBHOOK, Channel.CONSOLE),
    Audience.TRUSTED: (Channel.SMS, Channel.VOICE, Channel.PUSH, Channel.CONSOLE),
    Audience.DISPATCH: (Channel.WEBHOOK, Channel.CAP, Channel.VOICE, Channel.CONSOLE),
}
AUDIENCES: Mapping[str, Audience] = {audience.value: audience for audience in WAYS}
CHANNELS: Mapping[str, Channel] = {channel.value: channel for channel in Channel if channel is not Channel.ALERTMANAGER}
UNLESS: Mapping[str, Unless] = {unless.name.lower(): unless for unless in Unless}


def read_ladder(table: Mapping[str, object], where: Callable[[str], str]) -> tuple[Ladder, list[BadInput]]:
    """The ladder that a `[ladder]` table describes, and what is wrong with it."""
    faults = Faults(where)
    fields = Fields("ladder", table, faults)
    ladder = dict(DEFAULT_LADDER)
    for level in (Level.EMERGENCY, Level.WARNING, Level.CAUTION):
        rungs = [_rung(rung) for rung in fields.each(level.word, most=RUNGS_MAX)]
        if rungs:
            ladder[level] = tuple(rung for rung in rungs if rung is not None)
            _check_first(level, ladder[level], fields)
    fields.no_others()
    return ladder, faults.found


def _rung(fields: Fields) -> Rung | None:
    after_s = fields.number("after_s", required=True, least=0.0, most=AFTER_S_MAX)
    audience = fields.one_of("audience", AUDIENCES)
    channel = fields.one_of("channel", CHANNELS)
    unless = fields.one_of("unless", UNLESS, default="person")
    repeat_s = fields.number("repeat_s", least=REPEAT_S_MIN, most=AFTER_S_MAX)
    person = fields.text("person")
    fields.no_others()
    if (audience, channel) == (Audience.DISPATCH, Channel.VOICE):
        if person is None:
            fields.wrong("person", "is missing: whose telephone of the control room rings")
            return None
    elif person is not None:
        fields.wrong("person", "goes with audience dispatch and channel voice alone")
        return None
    if audience is not None and channel is not None and channel not in WAYS[audience]:
        fields.wrong("channel", f"does not lead to {audience.value}: there are {', '.join(way.value for way in WAYS[audience])}")
        return None
    if after_s is None or audience is None or channel is None or unless is None:
        return None
    who = None if person is None else PersonId(person)
    return Rung(round(after_s), audience, channel, unless, None if repeat_s is None else round(repeat_s), who)


def _check_first(level: Level, rungs: tuple[Rung, ...], fields: Fields) -> None:
    """A level at which nobody of an audience is told at once would be a silence by mistake."""
    if level is Level.CAUTION:
        return
    for audience in (Audience.PROTECTED, Audience.DISPATCH):
        if not any(rung.audience is audience and rung.after_s == 0 for rung in rungs):
            fields.wrong(level.word, f"tells {audience.value} nothing at once: it needs a rung with after_s = 0")
