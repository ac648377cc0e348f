"""What a block of the journal holds: everything that came in and everything that was decided, one record each."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

from alerts.terms import Notification
from geofence.terms import Transition
from monitor.terms import Envelope
from monitor.wire import from_msgpack, to_json


class RecordKind(IntEnum):
    """What a record is. The numbers are on disk: they never change."""

    INPUT = 1  # topic, payload, retained, qos
    TRANSITION = 2  # JSON
    NOTIFICATION = 3  # JSON
    QUARANTINE = 4  # an input that the engine failed on, as INPUT; it stands among the inputs as well
    LOST = 5  # so many records were lost here while the disk was away


INPUT = RecordKind.INPUT  # looked up once a ping: a global name costs a third of a member
_make = tuple.__new__  # and this half of the named tuple's own


class Record(NamedTuple):
    """One thing that happened. A tuple, since 1,000 a second are made."""

    kind: RecordKind
    at_ms: int
    body: Any

    @staticmethod
    def of_input(envelope: Envelope) -> Record:
        """What came in, exactly as it came."""
        return _make(Record, (INPUT, envelope[0], envelope[1:]))

    @staticmethod
    def of_quarantine(envelope: Envelope) -> Record:
        """An input the engine failed on."""
        return Record.of_input(envelope)._replace(kind=RecordKind.QUARANTINE)

    @staticmethod
    def of_transition(transition: Transition) -> Record:
        """What was decided."""
        return Record(RecordKind.TRANSITION, transition.at_ms, to_json(transition))

    @staticmethod
    def of_notification(notification: Notification) -> Record:
        """Who was to be told."""
        return Record(RecordKind.NOTIFICATION, notification.issued_ms, to_json(notification))

    def envelope(self) -> Envelope:
        """The envelope of an INPUT or a QUARANTINE."""
        topic, payload, retained, qos = self[2]
        return _make(Envelope, (self[1], topic, payload, retained, qos))


def decode_body(body: bytes) -> list[Record]:
    """The records of one block. Raises ValueError for what this release did not write."""
    try:
        return from_msgpack(body, list[Record])
    except Exception as error:  # msgspec's own errors are not ValueErrors, and its name stays behind its door
        raise ValueError(f"not the records of a journal: {error}") from error
