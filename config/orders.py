"""The orders file: who wears which device, and who must keep away from whom, where and when (contract, section 3)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from config.errors import BadInput
from config.fields import Faults, Fields, given
from config.geojson import read_geojson, shape_of
from config.lines import line_of, lines_of_keys
from geofence.schedule import FAR_FUTURE_MS, Schedule, load_timezone
from geofence.terms import Circle, Device, DeviceId, Format, Order, OrderId, PersonId, Position, Registry, Shape, Zone, ZoneId, ZoneKind
from geofence.zone import compile_zone

PERIMETER_M_MAX = 50_000.0  # a court's circle larger than a metropolitan area is a zone
WARNING_M_MAX = 100_000.0  # an hour by car: who is warned from further away is not warned of anything
WARNING_M_BEYOND_PERIMETER = 1_700.0  # 120 s at 14 m/s (contract, section 3)
BUFFER_M_MAX = 50_000.0  # as the perimeter
WIDTH_M_MAX = 100_000.0  # twice that: a corridor reaches half its width to each side
ZONES_MAX = 64  # every ping of the respondent is judged against each

DEVICE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")  # it is also a topic level, a user name and a client id
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}")
ID_WORDS = "1 to 64 letters, digits or . _ : / -"
OWNTRACKS_ALIAS = re.compile(r"[^/+#\s]{1,64}/[^/+#\s]{1,64}")
TRACCAR_ALIAS = re.compile(r"[^\s]{1,128}")
FORMATS = {format_.word: format_ for format_ in Format}
KINDS = {kind.word: kind for kind in (ZoneKind.EXCLUSION, ZoneKind.INCLUSION)}
LANGUAGES = {"es": "es", "en": "en"}


def load_registry(path: Path) -> Registry:
    """All devices and orders of a file. Raises BadInput with every fault, one a line: file, line, key, what is wrong."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        document = tomllib.loads(text)
    except OSError as error:
        raise BadInput(str(path), f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadInput(str(path), "is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(path, str(error)) from None
    except RecursionError:
        raise BadInput(str(path), "is nested too deeply") from None
    faults = Faults(_places(path, text))
    registry = _registry(Fields("", document, faults), path.parent)
    faults.raise_any()
    return registry


def order_from_mapping(m: Mapping[str, object], where: str, base: Path | None) -> Order:
    """One order, as in the file or as the JSON of the `orders` topic. Raises BadInput with every fault.

    `base` is the folder of its GeoJSON files; None allows none, only GeoJSON inside the mapping.
    """
    faults = Faults(lambda path: f"{where} {path}".strip())
    order = _order(Fields("", m, faults), base)
    faults.raise_any()
    return given(order)


def read_order(m: Mapping[str, object], faults: Faults, base: Path | None) -> Order | None:
    """One order of the file's keys, its faults added to `faults`; None where there are any."""
    return _order(Fields("", m, faults), base)


def read_device(path: str, m: Mapping[str, object], faults: Faults) -> Device | None:
    """One device of the file's keys, as `read_order`."""
    return _device(Fields(path, m, faults))


def check(path: Path) -> list[str]:
    """What a file holds and what looks odd in it, for a person to read. Raises BadInput as `load_registry` does."""
    registry = load_registry(path)
    zones = [zone for order in registry.orders for zone in order.zones]
    persons = dict.fromkeys(device.person for device in registry.devices)
    counts = f"{path}: {len(registry.orders)} orders, {len(zones)} zones, {len(registry.devices)} devices of {len(persons)} persons"
    return [counts, *(f"warning: {warning}" for warning in warnings(registry))]


def warnings(registry: Registry) -> list[str]:
    """What is allowed but probably not meant."""
    found = [] if registry.orders else ["there is no order: nobody is protected"]
    equipped = dict.fromkeys(device.person for device in registry.devices)
    parties = dict.fromkeys(person for order in registry.orders for person in (order.protected, order.respondent))
    for order in registry.orders:
        for person, party in ((order.protected, "protected person"), (order.respondent, "respondent")):
            if person not in equipped and (party == "respondent" or order.perimeter_m > 0.0):
                found.append(f"order {order.id}: the {party} {person} has no device, so nothing can be seen")
        idle = [zone.id for zone in order.zones if _never_in_force(zone, order)]
        found += [f"order {order.id}: zone {zone} is never in force while the order is" for zone in idle]
    found += [f"device {device.id}: {device.person} is in no order" for device in registry.devices if device.person not in parties]
    return found


def _never_in_force(zone: Zone, order: Order) -> bool:
    if zone.schedule is None:
        return False
    open_now, change_ms = Schedule(zone.schedule, zone.timezone).window(order.valid_from_ms)
    return not open_now and change_ms >= min(order.valid_until_ms, FAR_FUTURE_MS)


def _not_toml(path: Path, fault: str) -> BadInput:
    place = re.search(r" \(at line (\d+), column (\d+)\)$", fault)
    if place is None:
        return BadInput(str(path), f"is not TOML: {fault}")
    return BadInput(f"{path}:{place[1]}", f"is not TOML: {fault[: place.start()]} (column {place[2]})")


def _places(path: Path, text: str) -> Callable[[str], str]:
    """Turns the path of a key into file, line and key; the lines are searched only if there is a fault."""
    lines: dict[str, int] = {}

    def where(key: str) -> str:
        if not lines:
            lines.update(lines_of_keys(text))
        line = line_of(lines, key)
        return f"{path}:{line} {key}" if line is not None else f"{path} {key}"

    return where


def _registry(root: Fields, base: Path) -> Registry:
    devices = [_device(fields) for fields in root.each("device")]
    orders = [_order(fields, base) for fields in root.each("order")]
    root.no_others()
    _unique("device", {f"device[{i}].id": device.id for i, device in enumerate(devices) if device}, root.faults)
    _unique("order", {f"order[{i}].id": order.id for i, order in enumerate(orders) if order}, root.faults)
    for format_ in (Format.OWNTRACKS, Format.TRACCAR):
        names = {f"device[{i}]": device.alias or device.id for i, device in enumerate(devices) if device and device.format is format_}
        _unique(f"{format_.word} name", names, root.faults, shown=False)  # an alias may hold a person's name
    return Registry(tuple(d for d in devices if d is not None), tuple(o for o in orders if o is not None))


def _unique(noun: str, names: Mapping[str, str], faults: Faults, *, shown: bool = True) -> None:
    """Note every name that stands at two paths."""
    first: dict[str, str] = {}
    for path, name in names.items():
        if first.setdefault(name, path) != path:
            faults.add(path, f"the {noun}{f' {name}' if shown else ''} is already used by {first[name]}")


def _device(fields: Fields) -> Device | None:
    before = len(fields.faults.found)
    id_ = fields.text("id", required=True, pattern=DEVICE_ID, meaning="1 to 64 letters, digits, _ or -")
    person = fields.text("person", required=True, pattern=ID, meaning=ID_WORDS)
    format_ = fields.one_of("format", FORMATS, default="v1")
    alias = _alias(fields, format_)
    fields.no_others()
    if len(fields.faults.found) > before:
        return None
    return Device(DeviceId(given(id_)), PersonId(given(person)), format_, alias)


def _alias(fields: Fields, format_: Format | None) -> str | None:
    if format_ is Format.OWNTRACKS:  # a device id has no slash, so the alias always differs from it
        return fields.text("alias", required=True, pattern=OWNTRACKS_ALIAS, meaning="user/device, as in the topic owntracks/user/device")
    alias = fields.text("alias", pattern=TRACCAR_ALIAS, meaning="Traccar's uniqueId, without blanks")
    if alias is not None and format_ is Format.V1:
        fields.wrong("alias", "is for owntracks and traccar only; a v1 device is known by its id")
    return alias


def _order(fields: Fields, base: Path | None) -> Order | None:
    before = len(fields.faults.found)
    id_ = fields.text("id", required=True, pattern=ID, meaning=ID_WORDS)
    protected = fields.text("protected", required=True, pattern=ID, meaning=ID_WORDS)
    respondent = fields.text("respondent", required=True, pattern=ID, meaning=ID_WORDS)
    if protected is not None and protected == respondent:
        fields.wrong("respondent", "is the protected person himself")
    perimeter_m, warning_m = _perimeter(fields)
    valid_from_ms, valid_until_ms = fields.instant_ms("valid_from"), fields.instant_ms("valid_until")
    if valid_from_ms is not None and valid_until_ms is not None and valid_from_ms >= valid_until_ms:
        fields.wrong("valid_until", "must be later than valid_from")
    language = fields.one_of("language", LANGUAGES, default="es")
    zones = _zones(fields, base)
    fields.no_others()
    if perimeter_m == 0.0 and not zones and len(fields.faults.found) == before:
        fields.wrong("", "needs perimeter_m or a zone: it would bar nothing")
    if len(fields.faults.found) > before:
        return None
    return Order(
        id=OrderId(given(id_)),
        protected=PersonId(given(protected)),
        respondent=PersonId(given(respondent)),
        perimeter_m=given(perimeter_m),
        warning_m=given(warning_m),
        valid_from_ms=given(valid_from_ms),
        valid_until_ms=given(valid_until_ms),
        language=language,
        zones=zones,
    )


def _perimeter(fields: Fields) -> tuple[float | None, float | None]:
    perimeter_m = fields.number("perimeter_m", least=0.0, most=PERIMETER_M_MAX, default=0.0)
    warning_m = fields.number("warning_m", least=0.0, most=WARNING_M_MAX)
    if perimeter_m is not None and warning_m is not None and warning_m < perimeter_m:
        fields.wrong("warning_m", "must be at least perimeter_m: it is the outer ring")
    if warning_m is None and perimeter_m is not None:
        warning_m = perimeter_m + WARNING_M_BEYOND_PERIMETER
    return perimeter_m, warning_m


def _zones(fields: Fields, base: Path | None) -> tuple[Zone, ...]:
    zones = [_zone(zone, base) for zone in fields.each("zone", most=ZONES_MAX)]
    _unique("zone", {fields.at(f"zone[{i}].id"): zone.id for i, zone in enumerate(zones) if zone}, fields.faults)
    return tuple(zone for zone in zones if zone is not None)


def _zone(fields: Fields, base: Path | None) -> Zone | None:
    before = len(fields.faults.found)
    id_ = fields.text("id", required=True, pattern=ID, meaning=ID_WORDS)
    kind = fields.one_of("kind", KINDS)
    shape_key, shape = _shape(fields, base)
    buffer_m = fields.number("buffer_m", least=0.0, most=BUFFER_M_MAX)
    timezone, schedule = _schedule(fields)
    fields.no_others()
    if shape is None or len(fields.faults.found) > before:
        return None
    zone = Zone(ZoneId(given(id_)), kind, shape, buffer_m or 0.0, timezone, schedule)
    _check_geometry(zone, fields, shape_key)
    return zone


def _schedule(fields: Fields) -> tuple[str, str | None]:
    timezone, schedule = fields.text("timezone"), fields.text("schedule")
    try:
        if timezone is not None:
            load_timezone(timezone)
    except ValueError as fault:
        fields.wrong("timezone", str(fault))
        return "UTC", None
    if schedule is None:
        return timezone or "UTC", None
    if timezone is None:
        fields.wrong("schedule", "needs timezone as well, as in America/Mexico_City")
        return "UTC", None
    try:
        Schedule(schedule, timezone)
    except ValueError as fault:
        fields.wrong("schedule", str(fault))
    return timezone, schedule


def _shape(fields: Fields, base: Path | None) -> tuple[str, Shape | None]:
    """The key that holds the shape, and the shape."""
    circle, geojson = fields.fields("circle"), fields.value("geojson")
    width_m = fields.number("width_m", least=0.0, most=WIDTH_M_MAX)
    if (circle is None) == (geojson is None):
        fields.wrong("", "needs either circle or geojson" if circle is None else "has both circle and geojson; one is enough")
        return "circle", None
    if circle is not None:
        if width_m is not None:
            fields.wrong("width_m", "is for a LineString, this is a circle")
        return "circle", _circle(circle)
    try:
        return "geojson", shape_of(_geojson(geojson, base), width_m)
    except ValueError as fault:
        fields.wrong("geojson", str(fault))
        return "geojson", None


def _circle(fields: Fields) -> Circle | None:
    lat, lon, radius_m = (fields.number(key, required=True) for key in ("lat", "lon", "radius_m"))
    fields.no_others()
    if lat is None or lon is None or radius_m is None:
        return None
    return Circle(Position(lat, lon), radius_m)


def _geojson(found: object, base: Path | None) -> object:
    if not isinstance(found, str):
        return found
    if base is None:
        raise ValueError("a file cannot be named here; put the GeoJSON itself")
    return read_geojson(base / found)


def _check_geometry(zone: Zone, fields: Fields, shape_key: str) -> None:
    """Compile the zone once, so that what is impossible is refused here and not on the first ping."""
    try:
        compiled = compile_zone(replace(zone, buffer_m=0.0))
    except ValueError as fault:
        fields.wrong(shape_key, str(fault))
        return
    if zone.kind is ZoneKind.INCLUSION and zone.buffer_m >= compiled.size_m:
        fields.wrong("buffer_m", "leaves nothing of the inclusion zone")
