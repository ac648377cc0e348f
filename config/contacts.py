"""Who can be reached how, apart from the orders: a file that fewer people may read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from alerts.contacts import Contact, Contacts
from config.errors import BadInput
from config.fields import Faults, Fields
from config.load import Document
from geofence.terms import PersonId, Registry

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
TOPIC = re.compile(r"[A-Za-z0-9_-]{1,64}")  # what an ntfy server takes
TRUSTED_MAX = 8  # whom one telephones in an emergency; more is a mistake, or a way to flood


def load_contacts(path: Path) -> dict[PersonId, Contact]:
    """Read a table per person id: `phone` and, if wanted, `name`, `push_topic`, `neutral`, `trusted`.

    Raises BadInput with all faults, one a line.
    """
    document = Document(path)
    faults = Faults(document.where)
    contacts: dict[PersonId, Contact] = {}
    for person, table in document.table.items():
        if not isinstance(table, dict):
            faults.add(person, "must be a table with the keys phone, name, push_topic, neutral and trusted")
            continue
        fields = Fields(person, table, faults)
        phone = fields.text("phone", required=True, pattern=E164, meaning="a number in E.164 form, such as +524421234567")
        name = fields.text("name")
        topic = fields.text("push_topic", pattern=TOPIC, meaning="1-64 letters, digits, - or _")
        neutral = fields.flag("neutral")
        trusted = _trusted(person, fields, document.table)
        fields.no_others()
        if phone is not None:
            contacts[PersonId(person)] = Contact(phone=phone, name=name or "", push_topic=topic, neutral=neutral, trusted=trusted)
    faults.raise_any()
    return contacts


def check_trusted(contacts: Contacts, registry: Registry) -> None:
    """Refuse contacts by which a respondent would be told of her: raises BadInput naming the orders."""
    wrong = [
        order.id for order in registry.orders if order.protected in contacts and order.respondent in contacts[order.protected].trusted
    ]
    if wrong:
        raise BadInput("contacts", f"the respondent of {', '.join(wrong)} is among those whom the protected person trusts")


def check_called(contacts: Contacts, called: Sequence[PersonId]) -> None:
    """Refuse a control room whose telephones nobody knows: raises BadInput naming them."""
    unknown = [one for one in called if one not in contacts]
    if unknown:
        raise BadInput("contacts", f"{', '.join(unknown)}: called by dispatch.calls or a rung of the ladder, but not in this file")


def _trusted(person: str, fields: Fields, table: Mapping[str, object]) -> tuple[PersonId, ...]:
    """Whom she trusts: ids of other persons in the same file, each once."""
    found = fields.value("trusted")
    if found is None:
        return ()
    if not isinstance(found, list) or len(found) > TRUSTED_MAX or len(set(map(str, found))) < len(found):
        fields.wrong("trusted", f"must be a list of at most {TRUSTED_MAX} person ids, each once")
        return ()
    unknown = [one for one in found if not isinstance(one, str) or one not in table or one == person]
    if unknown:
        fields.wrong("trusted", f"entry {found.index(unknown[0]) + 1} is not another person of this file")
        return ()
    return tuple(map(PersonId, found))
