"""Who is who on the wire: which registered device a topic, an alias or a Traccar unique id stands for. PURE."""

from __future__ import annotations

from geofence.terms import NOBODY, Device, DeviceId, Format, Registry
from monitor.topics import NOWHERE, Topics


class Directory:
    """Which registered device a topic, an alias or a Traccar unique id stands for."""

    def __init__(self, registry: Registry, *, traccar_topic: str = "positions") -> None:
        self.traccar_topic = traccar_topic
        self.topics = Topics()  # of the pings that speak v1, whole: nothing is split
        self.owntracks_rows: dict[str, int] = {}
        self.traccar_rows: dict[str, int] = {}
        self.foreign_ids: dict[int, DeviceId] = {}  # by row: an alias may hold a person's name, an id never does
        for row, device in enumerate(registry.devices):
            self.add(row, device)

    def add(self, row: int, device: Device) -> None:
        """Make one device known; or known no more, where nobody wears it."""
        name = device.alias or device.id
        if device.format is not Format.V1:
            self.foreign_ids[row] = device.id
        if device.person == NOBODY:
            self._forget(row, device, name)
        elif device.format is Format.OWNTRACKS:
            self.owntracks_rows[name] = row
        elif device.format is Format.TRACCAR:
            self.traccar_rows[name] = row
        else:
            self.topics.put(f"v1/{device.id}/ping".encode(), row)

    def _forget(self, row: int, device: Device, name: str) -> None:
        """Another device may have its name by now."""
        for rows in (self.owntracks_rows, self.traccar_rows):
            if rows.get(name) == row:
                del rows[name]
        self.topics.put(f"v1/{device.id}/ping".encode(), NOWHERE)

    def row_of(self, device: str) -> int | None:
        """The row of a device that speaks v1."""
        return self.row_at(f"v1/{device}/ping")

    def row_at(self, topic: str) -> int | None:
        """The row of the device whose v1 pings come by a topic."""
        row = self.topics.get(topic.encode())
        return None if row == NOWHERE else row
