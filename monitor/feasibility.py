"""`resguardo feasibility`: what would each perimeter mean for these two lives? For a judge who has to choose the distance.

Every respondent's track is put beside every protected person's track at the same time of day, both devices report as
they are asked to, and the very engine of `run` judges, once for each candidate radius. docs/feasibility.md explains
the columns.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

from config.errors import BadInput
from config.orders import PERIMETER_M_MAX, load_registry
from geofence.geodesy import distance_m, wrapped_deg
from geofence.schedule import FAR_FUTURE_MS
from geofence.terms import Circle, Device, DeviceId, Level, Order, Position, Reason, Registry, Role, Transition, Zone, ZoneKind
from geofence.zone import compile_zone, signed_distance_m
from monitor.engine import Engine
from monitor.terms import Envelope
from monitor.tracks import Fix, Place, Track, read_tracks, shifted
from monitor.wire import to_json

RADII = "100,200,300,500,1000"
DAY_MS = 86_400_000
WEEK_H = 168.0
MONDAY_MS = 1_767_571_200_000  # 2026-01-05T00:00:00Z: tracks of any year are judged in this week, on their own weekday
LATENCY_MS = 500  # from the device to the monitor
FIRST_INTERVAL_S = 60  # what a device does unasked
HOLE_MS = 60_000  # a recorded fix older than this is no fix: the device saw nothing
TRUTH_STEP_MS = 5_000  # true distances are looked at this often
OUT_MS = 300_000  # who comes back within five minutes has not been away
SHARED_MS_MIN = 600_000  # two tracks with less time of day in common are not a pair
CITY_MPS = 12.0  # straight-line speed by car through a city
DEVICES = {Role.PROTECTED: DeviceId("hers"), Role.RESPONDENT: DeviceId("his")}
BLIND = (Reason.CANNOT_SEE_PROTECTED, Reason.CANNOT_SEE_RESPONDENT, Reason.NO_COVERAGE_KNOWN)


@dataclass(slots=True)
class Seen:
    """What one radius made of all pairs of tracks."""

    hours: float = 0.0
    emergencies: int = 0
    warnings: int = 0
    blind_ms: int = 0
    entries: int = 0  # times that he truly came inside the perimeter
    unannounced: int = 0  # of those: no alert before he left again
    leads_s: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Row:
    """One radius, for the table."""

    radius_m: float
    hours: float
    entries: int
    emergencies_per_week: float
    warnings_per_week: float
    lead_p10_s: float | None
    lead_p50_s: float | None
    unannounced: int
    blind_min_per_day: float
    edge_to_her_s: float


# --- One pair of tracks, one radius -----------------------------------------------------------------------------------


def together(his: Track, hers: Track) -> tuple[Track, Track, int, int] | None:
    """Both tracks in the same week, on his weekday, and the time they share; None if that is too short to say anything."""
    his_day = (his.fixes[0].at_ms // DAY_MS) * DAY_MS
    monday = MONDAY_MS + ((his_day - MONDAY_MS) // DAY_MS) % 7 * DAY_MS
    his = shifted(his, timedelta(milliseconds=monday - his_day))
    apart_days = round((his.fixes[0].at_ms - hers.fixes[0].at_ms) / DAY_MS)
    hers = shifted(hers, timedelta(days=apart_days))
    first = max(his.fixes[0].at_ms, hers.fixes[0].at_ms)
    last = min(his.fixes[-1].at_ms, hers.fixes[-1].at_ms)
    return (his, hers, first, last) if last - first >= SHARED_MS_MIN else None


def registry_of(order: Order, radius_m: float) -> Registry:
    """The order with another perimeter and the same ring around it, in force whenever the tracks are."""
    ring_m = order.warning_m - order.perimeter_m
    tried = replace(order, perimeter_m=radius_m, warning_m=radius_m + ring_m, valid_from_ms=0, valid_until_ms=FAR_FUTURE_MS)
    persons = {Role.PROTECTED: order.protected, Role.RESPONDENT: order.respondent}
    return Registry(tuple(Device(DEVICES[role], person) for role, person in persons.items()), (tried,))


def ping_of(fix: Fix | None, at_ms: int, seq: int) -> dict[str, Any]:
    """A ping of the v1 format, with the fix where there is one."""
    body: dict[str, Any] = {"v": 1, "boot": 1, "seq": seq, "at": at_ms}
    if fix is not None and at_ms - fix.at_ms <= HOLE_MS:
        known = {"speed": fix.speed_mps, "course": fix.course_deg, "source": fix.source}
        body["fix"] = {"at": fix.at_ms, "lat": fix.lat_deg, "lon": fix.lon_deg, "accuracy": fix.accuracy_m}
        body["fix"] |= {key: value for key, value in known.items() if value is not None}
    return body


def judged(order: Order, radius_m: float, his: Track, hers: Track, first_ms: int, last_ms: int) -> list[Transition]:
    """Everything the engine says while both report at the intervals it asks for."""
    engine = Engine(registry_of(order, radius_m))
    tracks = {DEVICES[Role.PROTECTED]: hers, DEVICES[Role.RESPONDENT]: his}
    every_s = dict.fromkeys(tracks, FIRST_INTERVAL_S)
    due_ms = dict.fromkeys(tracks, first_ms)
    seq = dict.fromkeys(tracks, 0)
    said: list[Transition] = []
    while (at_ms := min(due_ms.values())) <= last_ms:
        device = min(due_ms, key=lambda one: (due_ms[one], one))
        seq[device] += 1
        due_ms[device] = at_ms + every_s[device] * 1000
        payload = to_json(ping_of(tracks[device].newest(at_ms), at_ms, seq[device]))
        effects = engine.receive([Envelope(at_ms + LATENCY_MS, f"v1/{device}/ping", payload)])
        said += effects.transitions
        for command in effects.commands:
            every_s[command.device] = command.interval_s or every_s[command.device]
            soonest = at_ms + (1000 if command.report_now else every_s[command.device] * 1000)
            due_ms[command.device] = max(at_ms + 1, min(due_ms[command.device], soonest))
    return [*said, *engine.advance(last_ms + LATENCY_MS).transitions]


def spans(said: Sequence[Transition], last_ms: int) -> Iterator[tuple[int, int, Transition]]:
    """(from, until, the line that began it) of every stretch of time at one level."""
    changed = [t for t in said if t.from_level is not t.to_level]
    for t, following in zip(changed, [*changed[1:], None], strict=True):
        yield t.at_ms, following.at_ms if following else last_ms, t


def true_entries(his: Track, hers: Track, radius_m: float, first_ms: int, last_ms: int) -> list[tuple[int, int]]:
    """(came in, went out) of every time that he was truly inside; not those that had begun before."""
    found: list[tuple[int, int]] = []
    inside = began_inside = False
    for at_ms in range(first_ms, last_ms + 1, TRUTH_STEP_MS):
        if _apart_m(his.true_position(at_ms), hers.true_position(at_ms)) < radius_m:
            if at_ms == first_ms:
                began_inside = True
            if not inside and found and at_ms - found[-1][1] <= OUT_MS:
                found[-1] = (found[-1][0], at_ms)
            elif not inside:
                found.append((at_ms, at_ms))
            found[-1] = (found[-1][0], at_ms)
            inside = True
        else:
            inside = False
    return found[1:] if began_inside else found


def add(seen: Seen, said: Sequence[Transition], entries: Sequence[tuple[int, int]], first_ms: int, last_ms: int) -> None:
    """Count what one pair of tracks has shown."""
    seen.hours += (last_ms - first_ms) / 3_600_000
    rises = [t for t in said if t.to_level > t.from_level]
    seen.emergencies += sum(t.to_level is Level.EMERGENCY for t in rises)
    seen.warnings += sum(t.to_level is Level.WARNING for t in rises)
    seen.blind_ms += sum(until - since for since, until, t in spans(said, last_ms) if t.to_level is Level.CAUTION and t.reason in BLIND)
    alerts = _alerts(said, last_ms)
    seen.entries += len(entries)
    for came_ms, left_ms in entries:
        raised = [since for since, until in alerts if since <= left_ms + OUT_MS and until >= came_ms]
        if raised:
            seen.leads_s.append((came_ms - min(raised)) / 1000)
        else:
            seen.unannounced += 1


def _alerts(said: Sequence[Transition], last_ms: int) -> list[tuple[int, int]]:
    """(raised, ended) of every stretch at WARNING or above."""
    found: list[tuple[int, int]] = []
    for since, until, t in spans(said, last_ms):
        if t.to_level < Level.WARNING:
            continue
        if found and found[-1][1] == since:
            found[-1] = (found[-1][0], until)
        else:
            found.append((since, until))
    return found


# --- All pairs --------------------------------------------------------------------------------------------------------


def study(order: Order, tracks: Sequence[Track], radii_m: Sequence[float]) -> list[Row]:
    """One row for each radius. Raises BadInput if no two tracks share ten minutes of the day."""
    his = [track for track in tracks if track.role is Role.RESPONDENT]
    hers = [track for track in tracks if track.role is Role.PROTECTED]
    pairs = [pair for one, other in product(his, hers) if (pair := together(one, other)) is not None]
    if not pairs:
        raise BadInput("tracks", "no respondent's track shares ten minutes of the day with a protected person's")
    rows = []
    for radius_m in radii_m:
        seen = Seen()
        for one, other, first_ms, last_ms in pairs:
            said = judged(order, radius_m, one, other, first_ms, last_ms)
            add(seen, said, true_entries(one, other, radius_m, first_ms, last_ms), first_ms, last_ms)
        rows.append(_row(radius_m, seen))
    return rows


def _row(radius_m: float, seen: Seen) -> Row:
    weeks = seen.hours / WEEK_H
    leads = sorted(seen.leads_s)
    return Row(
        radius_m=radius_m,
        hours=round(seen.hours, 1),
        entries=seen.entries,
        emergencies_per_week=round(seen.emergencies / weeks, 1),
        warnings_per_week=round(seen.warnings / weeks, 1),
        lead_p10_s=quantile(leads, 0.1),
        lead_p50_s=quantile(leads, 0.5),
        unannounced=seen.unannounced,
        blind_min_per_day=round(seen.blind_ms / 60_000 / (seen.hours / 24), 1),
        edge_to_her_s=round(radius_m / CITY_MPS, 0),
    )


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The value below which `share` of them lie (nearest rank); None for none."""
    return round(ordered[max(math.ceil(share * len(ordered)) - 1, 0)], 0) if ordered else None


# --- Geometry -----------------------------------------------------------------------------------------------------------


def _apart_m(a: Position, b: Position) -> float:
    return distance_m(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg)


def outside_m(zone: Zone, position: Position) -> float:
    """Signed distance from a zone, negative inside."""
    shape = compile_zone(zone)
    if isinstance(zone.shape, Circle):
        return _apart_m(zone.shape.centre, position) - zone.shape.radius_m
    x = wrapped_deg(position.lon_deg - shape.lon_deg) * shape.east_m_per_deg
    y = (position.lat_deg - shape.lat_deg) * shape.north_m_per_deg
    return float(signed_distance_m(shape.edges, 0, len(shape.edges), x, y))


def hints(order: Order, tracks: Sequence[Track], radii_m: Sequence[float]) -> list[str]:
    """What the places alone say, before anybody moves."""
    his = _places(tracks, Role.RESPONDENT)
    return [*_near_hers(his, _places(tracks, Role.PROTECTED), order, radii_m), *_in_zones(his, order)]


def _places(tracks: Sequence[Track], role: Role) -> list[Place]:
    return list(dict.fromkeys(place for track in tracks if track.role is role for place in track.places))


def _near_hers(his: Sequence[Place], hers: Sequence[Place], order: Order, radii_m: Sequence[float]) -> Iterator[str]:
    ring_m = order.warning_m - order.perimeter_m
    for one, other in product(his, hers):
        apart = _apart_m(one.position, other.position)
        within = [f"{radius:.0f}" for radius in radii_m if apart < radius]
        warned = [f"{radius:.0f}" for radius in radii_m if radius <= apart < radius + ring_m]
        where = f"his {one.name} is {apart:.0f} m from her {other.name}"
        if within:
            yield f"{where}: an emergency whenever both are there, with a perimeter of {', '.join(within)} m"
        if warned:
            yield f"{where}: within the warning distance of a perimeter of {', '.join(warned)} m"


def _in_zones(his: Sequence[Place], order: Order) -> Iterator[str]:
    for place, zone in product(his, order.zones):
        outside = outside_m(zone, place.position)
        if zone.kind is ZoneKind.EXCLUSION and outside <= zone.buffer_m:
            words = "lies in zone" if outside <= 0.0 else f"lies {outside:.0f} m from, and in the buffer of, zone"
            yield f"his {place.name} {words} {zone.id}, which bars him"
        if zone.kind is ZoneKind.INCLUSION and outside > 0.0:
            yield f"his {place.name} lies {outside:.0f} m outside zone {zone.id}, which he must stay in"


# --- The command --------------------------------------------------------------------------------------------------------

HEAD = (
    "radius m", "entries", "emergencies / week", "warnings / week", "lead p10 s", "lead p50 s", "unannounced", "blind min / day",
    "edge to her s",
)  # fmt: skip


def table(rows: Sequence[Row]) -> Iterator[str]:
    """The rows as Markdown."""
    yield "| " + " | ".join(HEAD) + " |"
    yield "| " + " | ".join(["---:"] * len(HEAD)) + " |"
    for row in rows:
        shown = (
            row.radius_m, row.entries, row.emergencies_per_week, row.warnings_per_week, row.lead_p10_s, row.lead_p50_s, row.unannounced,
            row.blind_min_per_day, row.edge_to_her_s,
        )  # fmt: skip
        yield "| " + " | ".join("–" if value is None else f"{value:g}" for value in shown) + " |"


def chosen_order(path: Path, order_id: str | None) -> Order:
    """The order of that id, or the only one."""
    orders = {str(order.id): order for order in load_registry(path).orders}
    if order_id is None and len(orders) == 1:
        return next(iter(orders.values()))
    if order_id is None:
        raise BadInput(str(path), f"holds {len(orders)} orders: name one with --id")
    if order_id not in orders:
        raise BadInput(str(path), "holds no order of that --id")
    return orders[order_id]


def radii_of(text: str) -> list[float]:
    """The candidates, ascending."""
    try:
        radii = sorted({float(part) for part in text.split(",")})
    except ValueError:
        raise BadInput("--radii", "is not a list of metres such as 100,300,500") from None
    if not radii or not all(0.0 < radius <= PERIMETER_M_MAX for radius in radii):
        raise BadInput("--radii", f"a perimeter is more than 0 and at most {PERIMETER_M_MAX:.0f} m")
    return radii


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `resguardo feasibility`."""
    parser.add_argument("--order", type=Path, required=True, metavar="ORDERS.toml", help="the order, its zones and its warning distance")
    parser.add_argument("--id", metavar="ORDER", help="which order, where the file holds several")
    parser.add_argument("--tracks", type=Path, nargs="+", required=True, metavar="PATH", help="files (.csv, .geojson) or folders of tracks")
    parser.add_argument("--radii", default=RADII, metavar="M,M,…", help=f"candidate perimeters in metres (default {RADII})")
    parser.add_argument("--seed", type=int, default=1, help="of the errors that drawn days are reported with")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")


def run(args: argparse.Namespace) -> int:
    """Print the study; 0 done. Raises BadInput for files that cannot be used."""
    order, radii_m = chosen_order(args.order, args.id), radii_of(args.radii)
    tracks = read_tracks(args.tracks, args.seed)
    rows, said = study(order, tracks, radii_m), hints(order, tracks, radii_m)
    if args.json:
        print(to_json({"order": order.id, "seed": args.seed, "radii": [asdict(row) for row in rows], "hints": said}).decode())
        return 0
    print(f"Order {order.id}: {len(tracks)} tracks, {rows[0].hours:g} hours of pairs, scaled to a week of such days.\n")
    print("\n".join(table(rows)))
    for line in said:
        print(f"\n- {line}", end="")
    print()
    return 0
