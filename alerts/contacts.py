"""How a person is reached, and whom she trusts. Kept apart from the orders, and never shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid5

from alerts.terms import Audience, Notification, NotificationId
from geofence.terms import PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One person's telephone and app. Its text form hides them and the name: none ever reaches a log."""

    phone: str = field(repr=False)  # E.164
    name: str = field(default="", repr=False)
    push_topic: str | None = field(default=None, repr=False)  # on the ntfy server; whoever knows it can read it
    trusted: tuple[PersonId, ...] = ()  # whom she has named, in the order in which she has


Contacts = Mapping[PersonId, Contact]


def spread(notifications: Iterable[Notification], contacts: Contacts) -> list[Notification]:
    """The same notifications, each for whom she trusts as one to each of them: none where she has named nobody.

    Only here, since the engine knows no contacts. The ids derive from the engine's, so that a message read again from
    the journal is the same message.
    """
    said: list[Notification] = []
    for one in notifications:
        if one.audience is not Audience.TRUSTED:
            said.append(one)
            continue
        hers = contacts.get(one.person) if one.person is not None else None
        said += [replace(one, id=_id_for(one.id, person), person=person) for person in (hers.trusted if hers else ())]
    return said


def _id_for(notification: NotificationId, person: PersonId) -> NotificationId:
    return NotificationId(str(uuid5(UUID(notification), person)))
