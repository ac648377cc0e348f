"""How a person is reached, and whom she trusts. Kept apart from the orders, and never shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid5

from alerts.terms import TELEPHONES, Audience, Channel, Notification, NotificationId
from alerts.wording import neutral_text
from geofence.terms import PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One person's telephone and app. Its text form hides them and the name: none ever reaches a log."""

    phone: str = field(repr=False)  # E.164
    name: str = field(default="", repr=False)
    push_topic: str | None = field(default=None, repr=False)  # on the ntfy server; whoever knows it can read it
    neutral: bool = False  # others may read or hear this telephone
    trusted: tuple[PersonId, ...] = ()  # whom she has named, in the order in which she has


Contacts = Mapping[PersonId, Contact]


def spread(notifications: Iterable[Notification], contacts: Contacts) -> list[Notification]:
    """The same notifications, each for whom she trusts as one to each of them: none where she has named nobody.

    Only here, since the engine knows no contacts. The ids derive from the engine's, so that a message read again from
    the journal is the same message.
    """
    said: list[Notification] = []
    for one in notifications:
        if one.audience is Audience.TRUSTED:
            hers = contacts.get(one.person) if one.person is not None else None
            said += [replace(one, id=_id_for(one.id, person), person=person) for person in (hers.trusted if hers else ())]
        else:
            said.append(one)
    return [_as_agreed(one, contacts) for one in said if one.channel is not Channel.PUSH or _has_app(one, contacts)]


def _as_agreed(one: Notification, contacts: Contacts) -> Notification:
    """In other words, for a telephone that others may read."""
    contact = contacts.get(one.person) if one.person is not None and one.channel in TELEPHONES else None
    if contact is None or not contact.neutral:
        return one
    return replace(one, text=neutral_text(one.level, one.language, one.code, one.channel), neutral=True)


def _has_app(one: Notification, contacts: Contacts) -> bool:
    """A push to a person without the app is no message: it would only fail, and hurry her next rung."""
    contact = contacts.get(one.person) if one.person is not None else None
    return one.audience is Audience.TECHNICAL or (contact is not None and contact.push_topic is not None)


def _id_for(notification: NotificationId, person: PersonId) -> NotificationId:
    return NotificationId(str(uuid5(UUID(notification), person)))
