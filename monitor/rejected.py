"""What is still said of a payload that was refused: whose it was. PURE. Only rejected payloads pay for it."""

from __future__ import annotations

import re

from monitor.directory import Directory

ID_CHARS_MAX = 64  # of a device id (contract section 2)
_STRANGE = re.compile(r"[^A-Za-z0-9_-]")  # what no device id has: a line of the log stays one line, and has no decimal point


def cleaned(text: str) -> str:
    """Text from outside as it may stand in a log: as long as an id at most, and with the letters of one."""
    return _STRANGE.sub("?", text[:ID_CHARS_MAX])


def device_of(topic: str, directory: Directory) -> str:
    """The id of the device that a topic names, registered or not; empty where it names none.

    Of a stranger by OwnTracks only the device: the user before it may be somebody's name.
    """
    parts = topic.split("/")
    if len(parts) < 3 or parts[0] not in ("v1", "owntracks"):
        return ""
    if parts[0] == "v1":
        return cleaned(parts[1])
    row = directory.owntracks_rows.get(f"{parts[1]}/{parts[2]}")
    return f"?/{cleaned(parts[2])}" if row is None else directory.foreign_ids[row]
