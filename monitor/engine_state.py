"""The registry as bytes and back: for snapshots, and for the orders file that has not changed. PURE.

Typed from end to end, so that a restart with 50,000 orders does not spend its seconds on Python's dicts. Zones stay bytes until
somebody looks at them: what they bar is in the core's arrays, and as objects they were four fifths of what an order took in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar, overload

from geofence.quick import maker_of
from geofence.terms import Circle, Corridor, Device, Order, OrderId, PersonId, Polygons, Registry, Shape, Word, Zone, ZoneId, ZoneKind
from monitor.wire import Raw, from_msgpack, msgpack_reader, to_msgpack

Member = TypeVar("Member", Device, Order)

# Names what the numbers in the arrays mean, as LAYOUT_DIGEST names where they lie: a reason put between two others moves those behind it.
_WORDS = [(kind.__name__, [(one.name, one.value) for one in kind]) for kind in Word.__subclasses__() if kind.__module__ == Word.__module__]
WORDS_DIGEST = sha256(repr(_WORDS).encode()).hexdigest()

_zone, _order = maker_of(Zone), maker_of(Order)


@dataclass(frozen=True, slots=True)
class _ZoneData:
    """A zone whose shape is a field of its own by its kind: exactly one of the three is there."""

    id: ZoneId
    kind: ZoneKind
    buffer_m: float
    timezone: str
    schedule: str | None
    circle: Circle | None
    polygons: Polygons | None
    corridor: Corridor | None

    @classmethod
    def of(cls, zone: Zone) -> _ZoneData:
        shapes = [zone.shape if isinstance(zone.shape, kind) else None for kind in (Circle, Polygons, Corridor)]
        return cls(zone.id, zone.kind, zone.buffer_m, zone.timezone, zone.schedule, *shapes)  # type: ignore[arg-type]

    def zone(self) -> Zone:
        shape: Shape | None = self.circle or self.polygons or self.corridor
        assert shape is not None
        return _zone(self.id, self.kind, shape, self.buffer_m, self.timezone, self.schedule)


class PackedZones(Sequence[Zone]):
    """The zones of an order as they lie in a snapshot; each look makes them anew. Equal to whatever sequence has the same zones."""

    __slots__ = ("data",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self._zones())

    @overload
    def __getitem__(self, k: int) -> Zone: ...

    @overload
    def __getitem__(self, k: slice) -> Sequence[Zone]: ...

    def __getitem__(self, k: int | slice) -> Zone | Sequence[Zone]:
        return self._zones()[k]

    def __iter__(self) -> Iterator[Zone]:
        return iter(self._zones())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, PackedZones) and self.data == other.data:
            return True
        return self._zones() == tuple(other) if isinstance(other, PackedZones | tuple) else NotImplemented

    def __repr__(self) -> str:
        return repr(self._zones())

    def _zones(self) -> tuple[Zone, ...]:
        return tuple([zone.zone() for zone in _read_zones(self.data)])


_read_zones = msgpack_reader(list[_ZoneData])


def _packed(zones: Sequence[Zone]) -> bytes:
    if isinstance(zones, PackedZones):
        return zones.data
    return to_msgpack([_ZoneData.of(zone) for zone in zones]) if zones else b""


@dataclass(frozen=True, slots=True)
class _OrderData:
    """An order with its zones as a message of their own, empty for none."""

    id: OrderId
    protected: PersonId
    respondent: PersonId
    perimeter_m: float
    warning_m: float
    valid_from_ms: int
    valid_until_ms: int
    language: str
    zones: bytes

    @classmethod
    def of(cls, order: Order) -> _OrderData:
        times = order.valid_from_ms, order.valid_until_ms
        zones = _packed(order.zones)
        return cls(order.id, order.protected, order.respondent, order.perimeter_m, order.warning_m, *times, order.language, zones)

    def order(self, words: dict[Any, Any], lengths: dict[float, float]) -> Order:
        """The order; who and how far are the objects that equal ones had before it."""
        protected, respondent, language = [words.setdefault(word, word) for word in (self.protected, self.respondent, self.language)]
        perimeter_m, warning_m = [lengths.setdefault(m, m) for m in (self.perimeter_m, self.warning_m)]
        zones = PackedZones(self.zones) if self.zones else ()
        return _order(self.id, protected, respondent, perimeter_m, warning_m, self.valid_from_ms, self.valid_until_ms, language, zones)


_read_order = msgpack_reader(_OrderData)


@dataclass(frozen=True, slots=True)
class _RegistryData:
    devices: tuple[Device, ...]
    orders: tuple[Raw, ...]  # each read by itself: what is made on the way to 50,000 of them would leave holes as large as they are


def registry_as_data(devices: Sequence[Device], orders: Sequence[Order]) -> bytes:
    """Devices and orders, zones included, in their order."""
    return to_msgpack({"devices": devices, "orders": [_OrderData.of(order) for order in orders]})


def registry_from_data(data: bytes) -> Registry:
    """What `registry_as_data` gave. Raises msgspec.DecodeError for anything else; where it is the zones, as soon as they are looked at."""
    found = from_msgpack(data, _RegistryData)
    words: dict[Any, Any] = {device.person: device.person for device in found.devices}
    lengths: dict[float, float] = {}
    return Registry(found.devices, tuple([_read_order(order).order(words, lengths) for order in found.orders]))


def shared(found: Registry, known: Registry) -> Registry:
    """The same registry, made of what equals its members in `known`: 97 MB at 50,000 orders with two zones, which would be there twice."""
    return Registry(_shared(found.devices, known.devices), _shared(found.orders, known.orders))


def _shared(found: tuple[Member, ...], known: tuple[Member, ...]) -> tuple[Member, ...]:
    of_id = {one.id: one for one in known}
    return tuple([of_id[one.id] if of_id.get(one.id) == one else one for one in found])
