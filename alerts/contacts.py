"""How a person is reached by telephone. Kept apart from the orders, and never shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from geofence.terms import PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One person's telephone. Its text form hides the number and the name: neither ever reaches a log."""

    phone: str = field(repr=False)  # E.164
    name: str = field(default="", repr=False)


Contacts = Mapping[PersonId, Contact]
