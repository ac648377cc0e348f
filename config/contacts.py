"""Who can be reached how, apart from the orders: a file that fewer people may read."""

from __future__ import annotations

import re
from pathlib import Path

from alerts.contacts import Contact
from config.fields import Faults, Fields
from config.load import Document
from geofence.terms import PersonId

E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def load_contacts(path: Path) -> dict[PersonId, Contact]:
    """Read a table per person id, with `phone` and, if wanted, `name`. Raises BadInput with all faults, one a line."""
    document = Document(path)
    faults = Faults(document.where)
    contacts: dict[PersonId, Contact] = {}
    for person, table in document.table.items():
        if not isinstance(table, dict):
            faults.add(person, "must be a table with the keys phone and name")
            continue
        fields = Fields(person, table, faults)
        phone = fields.text("phone", required=True, pattern=E164, meaning="a number in E.164 form, such as +524421234567")
        name = fields.text("name")
        fields.no_others()
        if phone is not None:
            contacts[PersonId(person)] = Contact(phone=phone, name=name or "")
    faults.raise_any()
    return contacts
