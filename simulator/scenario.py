"""A scenario: which pairs exist, how they move, how good their devices are. From a seed, a TOML file or a builder."""

from __future__ import annotations

import math
import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path as FilePath

from config.errors import BadInput
from geofence.terms import Circle, Device, DeviceId, Order, OrderId, PersonId, Position, Registry, Role, Zone, ZoneId, ZoneKind
from simulator.approach import Approach, Meeting, perform
from simulator.network import NetworkQuality, Windows, random_outages
from simulator.people import Itinerary, Mode, Path
from simulator.tracker import TrackerTraits
from simulator.world import PlaceKind, Point, corner, offset, random_place, to_degrees

START_MS = 1_772_460_000_000  # 2026-03-02 08:00 in Querétaro, a Monday
DEFAULT_PERIMETER_M = 500.0
WARNING_EXTRA_M = 1_700.0  # contract: 120 s at 14 m/s
ZONE_RADIUS_M = 150.0
ZONE_BUFFER_M = 200.0
DAY_MS = 86_400_000
DEMO_SCRIPT = (  # what, seconds from the start, metres apart: two breaches within half a minute, six more within two
    (Approach.AVENUE, 1.0, 750.0), (Approach.AVENUE, 3.0, 850.0), (Approach.BOTH_MOVE, 4.0, 1_000.0), (Approach.AVENUE, 20.0, 1_400.0),
    (Approach.DRIVE_BY, 10.0, 900.0), (Approach.DWELL_INSIDE, 15.0, 850.0), (Approach.DRIVE_TO_CONTACT, 6.0, 1_100.0),
    (Approach.NEAR_MISS, 2.0, 1_500.0),
)  # fmt: skip
LIVES_NEAR_M = (90.0, 500.0)  # hard negatives: his home or work, this far outside the perimeter
SILENCED_FROM_M = (1_800.0, 3_500.0)  # where his tracker dies on the way to her


@dataclass(frozen=True, slots=True)
class Party:
    """One person of a pair, with the device they wear."""

    person: PersonId
    device: DeviceId
    role: Role
    itinerary: Itinerary
    traits: TrackerTraits
    quality: NetworkQuality
    outages: Windows


@dataclass(frozen=True, slots=True)
class Pair:
    """One order and its two parties."""

    order: Order
    protected: Party
    respondent: Party
    approach: Approach

    def parties(self) -> tuple[Party, Party]:
        """Protected first."""
        return self.protected, self.respondent


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that will happen; what the monitor makes of it is not part of it."""

    seed: int
    start_ms: int
    duration_ms: int
    pairs: tuple[Pair, ...]
    link_outages: Windows = ()  # when the monitor has no session with the broker

    @property
    def end_ms(self) -> int:
        """The moment the story stops."""
        return self.start_ms + self.duration_ms

    def parties(self) -> Iterator[Party]:
        """All device wearers, pair by pair."""
        for pair in self.pairs:
            yield from pair.parties()

    def registry(self) -> Registry:
        """The same pairs as the monitor knows them."""
        devices = tuple(Device(party.device, party.person) for party in self.parties())
        return Registry(devices, tuple(pair.order for pair in self.pairs))


@dataclass(frozen=True, slots=True)
class PairPlan:
    """What is decided about one pair before its paths are written. Lengths in metres, times from the start."""

    approach: Approach = Approach.DRIVE_TO_CONTACT
    at_s: float = 600.0  # when the approach begins
    distance_m: float = 3_000.0  # between the two at the start
    perimeter_m: float = DEFAULT_PERIMETER_M
    zone: bool = True  # her home is an exclusion zone
    daily_life: bool = False  # she goes about her errands before and after
    traits: TrackerTraits = field(default_factory=TrackerTraits)
    quality: NetworkQuality = field(default_factory=NetworkQuality)
    home: Point | None = None  # hers; absent = somewhere in the city


def build(
    plans: list[PairPlan], *, seed: int, start_ms: int = START_MS, duration_s: float = 3_600.0, link_outages: Windows = ()
) -> Scenario:
    """Write the paths of every plan; one seed, one world."""
    duration_ms = round(duration_s * 1000.0)
    pairs = tuple(
        build_pair(plan, index, rng=random.Random(f"{seed}/{index}"), start_ms=start_ms, duration_ms=duration_ms)
        for index, plan in enumerate(plans, start=1)
    )
    return Scenario(seed, start_ms, duration_ms, pairs, link_outages)


def build_pair(plan: PairPlan, index: int, *, rng: random.Random, start_ms: int, duration_ms: int) -> Pair:
    """One pair: her life, his, and the scripted approach."""
    end_ms = start_ms + duration_ms
    home = random_place(rng, PlaceKind.HOME).at if plan.home is None else plan.home
    his_start = offset(home, plan.distance_m, rng.uniform(0.0, 360.0))
    she, he = Path(start_ms, home, rng), Path(start_ms, his_start, rng)
    at_ms = start_ms + round(plan.at_s * 1000.0)
    if plan.daily_life:
        _errand(she, rng, before_ms=at_ms)
    perform(plan.approach, Meeting(at_ms, plan.perimeter_m, she, he, rng))
    if plan.daily_life:
        _errand(she, rng, before_ms=end_ms)
    traits = [replace(plan.traits), replace(plan.traits, sos_ms=(), strap_cut_ms=None)]  # the button is hers; the strap below is his
    traits[0] = replace(traits[0], strap_cut_ms=None)
    traits[1] = replace(traits[1], strap_cut_ms=plan.traits.strap_cut_ms)
    his_path, her_path = he.finish(end_ms), she.finish(end_ms)
    if plan.approach is Approach.SILENCED:
        traits[1] = replace(traits[1], dead=_silence(his_path, her_path, at_ms, plan.perimeter_m, rng))
    order = _order(index, plan, home, start_ms=start_ms, end_ms=end_ms)
    outages = [random_outages(rng, start_ms=start_ms, end_ms=end_ms, per_h=plan.quality.outages_per_h) for _ in range(2)]
    return Pair(
        order,
        Party(order.protected, DeviceId(f"brc-{index:04d}"), Role.PROTECTED, her_path, traits[0], plan.quality, outages[0]),
        Party(order.respondent, DeviceId(f"tag-{index:04d}"), Role.RESPONDENT, his_path, traits[1], plan.quality, outages[1]),
        plan.approach,
    )


def demo(pairs: int, *, seed: int, start_ms: int, duration_s: float = 3_600.0, speed: float = 1.0) -> Scenario:
    """The scenario of `resguardo demo`: a first breach within seconds, a handful within the first minutes, otherwise ordinary life."""
    rng = random.Random(f"demo/{seed}")
    quality = NetworkQuality(outages_per_h=0.2, latency_median_ms=300.0)
    plans = [PairPlan(kind, at_s, distance_m, quality=quality, zone=False) for kind, at_s, distance_m in DEMO_SCRIPT[:pairs]]
    while len(plans) < pairs:
        kind = rng.choice([kind for kind in Approach if kind is not Approach.SILENCED])
        plans.append(PairPlan(kind, rng.uniform(90.0, 900.0), rng.uniform(2_500.0, 5_000.0), quality=quality, zone=False, daily_life=True))
    scenario = build(plans, seed=seed, start_ms=start_ms, duration_s=duration_s)
    return scenario if speed == 1.0 else accelerated(scenario, speed)


def random_scenario(seed: int, *, pairs: int = 3, duration_s: float = 7_200.0) -> Scenario:
    """A world whose very probabilities are drawn from the seed: a calm one, a noisy one, one where everything breaks."""
    rng = random.Random(f"swarm/{seed}")
    noise_ratio = rng.choice((0.5, 1.0, 1.0, 2.0))
    quality = NetworkQuality(
        outages_per_h=rng.choice((0.0, 0.35, 1.0)), latency_median_ms=rng.choice((200.0, 1_200.0, 3_000.0)),
        duplicate_chance=rng.choice((0.0, 0.02, 0.2)), reorder_chance=rng.choice((0.0, 0.02, 0.1)),
    )  # fmt: skip
    bad_clock_chance, trouble_chance = rng.choice((0.0, 0.1, 0.5)), rng.choice((0.0, 0.2))
    plans = []
    for _ in range(pairs):
        traits = TrackerTraits(
            noise_ratio=noise_ratio, battery_percent=rng.uniform(30.0, 100.0), clock_drift_ppm=rng.uniform(-50.0, 50.0),
            clock_offset_ms=_bad_clock(rng) if rng.random() < bad_clock_chance else rng.randrange(-800, 800),
            sos_ms=(START_MS + rng.randrange(round(duration_s * 1000.0)),) if rng.random() < trouble_chance else (),
            strap_cut_ms=START_MS + rng.randrange(round(duration_s * 1000.0)) if rng.random() < trouble_chance else None,
        )  # fmt: skip
        plans.append(PairPlan(
            rng.choice(list(Approach)), rng.uniform(0.1, 0.6) * duration_s, _start_distance_m(rng), rng.choice((150.0, 300.0, 500.0)),
            zone=rng.random() < 0.3, daily_life=rng.random() < 0.5, traits=traits, quality=quality,
        ))  # fmt: skip
    link_outages = random_outages(rng, start_ms=START_MS, end_ms=START_MS + round(duration_s * 1000.0), per_h=rng.choice((0.0, 0.0, 0.3)))
    return build(plans, seed=seed, duration_s=duration_s, link_outages=link_outages)


def accelerated(scenario: Scenario, speed: float) -> Scenario:
    """The same people in a hurry. Devices still report in real time; above about 4, cars outrun what a monitor can believe."""

    def hurry(party: Party) -> Party:
        return replace(party, itinerary=party.itinerary.accelerated(anchor_ms=scenario.start_ms, speed=speed))

    pairs = tuple(replace(pair, protected=hurry(pair.protected), respondent=hurry(pair.respondent)) for pair in scenario.pairs)
    return replace(scenario, pairs=pairs)


def _errand(path: Path, rng: random.Random, *, before_ms: int) -> None:
    home = path.point
    for _ in range(3):
        latest_ms = before_ms - 2 * 1_200_000  # there and back by car, at the slowest
        if path.now_ms >= latest_ms:
            return
        path.stay(min(rng.randrange(60_000, 1_200_000), latest_ms - path.now_ms))
        place = corner(offset(home, rng.uniform(300.0, 1_500.0), rng.uniform(0.0, 360.0)))
        path.go(place, rng.choice((Mode.BIKE, Mode.CAR))).stay(rng.randrange(120_000, 600_000)).go(home, Mode.CAR)


def _silence(his: Itinerary, hers: Itinerary, at_ms: int, perimeter_m: float, rng: random.Random) -> Windows:
    """From the moment he is that near on his way, until an hour later."""
    limit_m = max(perimeter_m + 300.0, rng.uniform(*SILENCED_FROM_M))
    for step_ms in range(at_ms, at_ms + 3_600_000, 1_000):
        his_point, her_point = his.at(step_ms).point, hers.at(step_ms).point
        if math.dist(his_point, her_point) < limit_m:
            return ((step_ms, step_ms + 3_600_000),)
    return ()


def _bad_clock(rng: random.Random) -> int:
    return rng.choice((-START_MS, -DAY_MS, DAY_MS, -7_200_000, 7_200_000, -300_000, 300_000))  # stuck in 1970, a day, a time zone, minutes


def _start_distance_m(rng: random.Random) -> float:
    return rng.choice((rng.uniform(2_500.0, 6_000.0), DEFAULT_PERIMETER_M + rng.uniform(*LIVES_NEAR_M)))


def _order(index: int, plan: PairPlan, home: Point, *, start_ms: int, end_ms: int) -> Order:
    lat_deg, lon_deg = to_degrees(home)
    circle = Circle(Position(round(lat_deg, 7), round(lon_deg, 7)), ZONE_RADIUS_M)
    zones = (Zone(ZoneId("home"), ZoneKind.EXCLUSION, circle, ZONE_BUFFER_M, "America/Mexico_City"),) if plan.zone else ()
    return Order(
        OrderId(f"QRO-2026-{index:04d}"), PersonId(f"P-{index:04d}"), PersonId(f"R-{index:04d}"), plan.perimeter_m,
        plan.perimeter_m + WARNING_EXTRA_M, start_ms - DAY_MS, end_ms + DAY_MS, "es" if index % 2 else "en", zones,
    )  # fmt: skip


_PAIR_KEYS = {"count", "approach", "at_s", "distance_m", "perimeter_m", "zone", "daily_life", "noise_ratio", "outages_per_h"}
_TOP_KEYS = {"seed", "start", "duration_s", "pair"}


def load_scenario(path: FilePath, *, seed: int | None = None, start_ms: int | None = None) -> Scenario:
    """Read a scenario file (simulator/scenarios/approaches.toml explains the keys); the arguments outrank the file. Raises BadInput."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(str(path), f"cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(str(path), str(error)) from error
    _only(data, _TOP_KEYS, str(path))
    start = data.get("start")
    if start is not None and not (isinstance(start, datetime) and start.tzinfo):
        raise BadInput(f"{path} start", "must be a date and time with its offset")
    duration_s = _number(data, "duration_s", 3_600.0, str(path))
    rows = data.get("pair")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise BadInput(f"{path} pair", "at least one [[pair]] is needed")
    plans = [plan for i, row in enumerate(rows) for plan in _plans(row, f"{path} pair[{i}]")]
    if start_ms is None:
        start_ms = round(start.timestamp() * 1000.0) if start else START_MS
    chosen = seed if seed is not None else int(_number(data, "seed", 0, str(path)))
    return build(plans, seed=chosen, start_ms=start_ms, duration_s=duration_s)


def _plans(row: dict[str, object], where: str) -> list[PairPlan]:
    _only(row, _PAIR_KEYS, where)
    try:
        approach = Approach(row.get("approach", Approach.DRIVE_TO_CONTACT.value))
    except ValueError as error:
        raise BadInput(f"{where}.approach", f"must be one of {', '.join(kind.value for kind in Approach)}") from error
    usual = PairPlan()
    plan = PairPlan(
        approach, _number(row, "at_s", usual.at_s, where), _number(row, "distance_m", usual.distance_m, where),
        _number(row, "perimeter_m", usual.perimeter_m, where),
        bool(row.get("zone", usual.zone)), bool(row.get("daily_life", usual.daily_life)),
        TrackerTraits(noise_ratio=_number(row, "noise_ratio", 1.0, where)),
        NetworkQuality(outages_per_h=_number(row, "outages_per_h", usual.quality.outages_per_h, where)),
    )  # fmt: skip
    return [plan] * int(_number(row, "count", 1, where))


def _only(row: dict[str, object], known: set[str], where: str) -> None:
    for key in row:
        if key not in known:
            raise BadInput(f"{where}.{key}", f"unknown key; known are {', '.join(sorted(known))}")


def _number(row: dict[str, object], key: str, default: float, where: str) -> float:
    value = row.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise BadInput(f"{where}.{key}", "must be a number, zero or more")
    return float(value)
