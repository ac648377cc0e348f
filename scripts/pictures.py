"""The pictures of docs/detection.md, drawn by running the very engine: nothing in them is invented but the golden incidents they show.

`scripts/docs` writes them to docs/images and, with `--check`, says which are out of date.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from config.orders import load_registry
from geofence import policy
from geofence.filter import reckon
from geofence.geodesy import offset_m
from geofence.proximity import p_within, see_perimeter
from geofence.reach import reach_m
from geofence.rhythm import overdue_ms
from geofence.terms import Level, Reason, Transition
from monitor.engine import Engine
from monitor.terms import Envelope
from monitor.wire import envelope_from_line
from scripts.svg import Picture, Scale, axes
from tests.golden_story import FOLDER, Source, read
from tests.pings import HER, HIM, HOME, T0
from tests.story import clock

Place = tuple[float, float]  # metres east and north of her home
FIFTHS = [(v / 10, f"{v / 10:.1f}") for v in range(0, 11, 2)]  # the axis of a probability


@dataclass(frozen=True)
class Fix:
    """What a device said of its place."""

    at_s: float
    who: int
    place: Place
    accuracy_m: float


@dataclass(frozen=True)
class Second:
    """What the engine held to be true at one second: his place by its reckoning, how sure, and both probabilities."""

    at_s: float
    place: Place
    radius_m: float  # 68 %
    p_inside: float
    p_ring: float


@dataclass(frozen=True)
class Incident:
    """A golden incident, judged again second by second (extra ticks change nothing: tests/geofence/test_core_properties.py)."""

    source: Source
    fixes: tuple[Fix, ...]
    seconds: tuple[Second, ...]
    said: tuple[Transition, ...]
    engine: Engine

    @property
    def order(self) -> Any:
        return self.engine.core.orders[0]

    def when(self, reason: Reason) -> Transition:
        return next(t for t in self.said if t.reason is reason)

    def at(self, at_ms: int) -> Second:
        return min(self.seconds, key=lambda one: abs(one.at_s - (at_ms - T0) / 1000.0))


def metres(lat_deg: float, lon_deg: float) -> Place:
    east, north = offset_m(HOME.lat_deg, HOME.lon_deg, lat_deg, lon_deg)
    return east, north


def fix_of(envelope: Envelope, body: Any) -> Fix:
    who = HER if envelope.topic == "v1/brc/ping" else HIM
    return Fix((body["fix"]["at"] - T0) / 1000.0, who, metres(body["fix"]["lat"], body["fix"]["lon"]), body["fix"]["accuracy"])


def second_of(engine: Engine, at_ms: int) -> Second | None:
    tables = engine.core.tables()
    her, him, target = tables.device[HER], tables.device[HIM], tables.target[0]
    if not (her["seen"] and him["seen"]):
        return None
    glide, _, variance = reckon(him, (at_ms - him["fix_ms"]) / 1000.0)
    east, north = metres(him["lat"], him["lon"])
    _, _, p_inside, p_ring, *_ = see_perimeter(her, him, target["radius_m"], target["ring_m"], at_ms)
    place = (east + him["ve"] * glide, north + him["vn"] * glide)
    return Second((at_ms - T0) / 1000.0, place, policy.ACCURACY_RADIUS_PER_SIGMA * math.sqrt(variance), p_inside, p_ring)


def incident(name: str, until_s: int | None = None) -> Incident:
    """Judge a golden incident again, and look after every second."""
    source = read(FOLDER / f"{name}.story")
    lines = (FOLDER / f"{name}.pings.jsonl").read_bytes().splitlines()
    envelopes = [envelope_from_line(line, name) for line in lines]
    engine, said, seconds, left = Engine(load_registry(source.orders)), list[Transition](), list[Second](), list(envelopes)
    for at_ms in range(T0, (source.until_ms if until_s is None else T0 + 1000 * until_s) + 1, 1000):
        while left and left[0].at_ms <= at_ms:
            said += engine.receive([left.pop(0)]).transitions
        said += engine.advance(at_ms).transitions
        seen = second_of(engine, at_ms)
        seconds += [seen] if seen else []
    fixes = tuple(fix_of(one, json.loads(one.payload)) for one in envelopes[: len(envelopes) - len(left)])
    return Incident(source, fixes, tuple(seconds), tuple(said), engine)


# --- An approach ----------------------------------------------------------------------------------------------------------


def approach() -> str:
    """The approach on the map: the whole ring at the left, the edge of her perimeter at the right."""
    told = incident("s01-he-comes-by-the-streets")
    picture = Picture(960, 520, "An approach with its uncertainty")
    order = told.order
    panels = [
        ("The whole way", (20.0, 40.0), 450.0, (-2_720.0, 2_280.0), (-2_240.0, 2_760.0)),
        ("The last streets, as the receiver saw them", (490.0, 40.0), 450.0, (-690.0, 10.0), (110.0, 810.0)),
    ]
    for n, (title, (left, top), size, (west, east), (south, north)) in enumerate(panels):
        x, y = Scale(west, east, left, left + size), Scale(south, south + (east - west), top + size, top)
        assert north - south >= east - west
        picture.text(left, top - 12, title, "bold")
        with picture.within(left, top, size, size):
            picture.circle(x(0), y(0), x.px * order.warning_m, "ring")
            picture.circle(x(0), y(0), x.px * order.perimeter_m, "perimeter")
            picture.circle(x(0), y(0), 5, "her")
            if n:
                zoom(picture, told, x, y)
            else:
                whole(picture, told, x, y)
        bar_m = 100.0 if n else 500.0
        picture.line(left + 14, top + size - 14, left + 14 + x.px * bar_m, top + size - 14, "track")
        picture.text(left + 20 + x.px * bar_m, top + size - 10, f"{bar_m:.0f} m", "small")
    picture.circle(30, 507, 5, "her")
    picture.text(41, 511, "she", "small")
    picture.circle(85, 507, 6, "fix")
    picture.circle(85, 507, 1.5, "dot")
    picture.text(97, 511, "a fix of his, and the circle in which he is with 68 % by what it says of itself", "small")
    picture.circle(530, 507, 7, "belief")
    picture.line(520, 507, 540, 507, "track")
    picture.text(547, 511, "what Resguardo believes, second by second, with its own 68 %", "small")
    return picture.svg()


def how_far(said: Transition) -> str:
    return f"{said.distance_m:.0f} m ± {said.uncertainty_m:.0f}"


def whole(picture: Picture, told: Incident, x: Scale, y: Scale) -> None:
    picture.text(x(0) + 9, y(0) + 18, "she", "small")
    picture.text(x(0), y(-told.order.perimeter_m) + 15, f"perimeter {told.order.perimeter_m:.0f} m", "small mid")
    picture.text(x(0), y(-told.order.warning_m) - 12, f"warning ring {told.order.warning_m:.0f} m", "small mid")
    draw_belief(picture, told, x, y)
    for fix in told.fixes:
        if fix.who == HIM:
            picture.circle(x(fix.place[0]), y(fix.place[1]), 1.5, "dot")
    for reason, dx, dy, words in (
        (Reason.APPROACH, 40, -55, "warning: approach"),
        (Reason.BREACH, 26, -52, "emergency: breach"),
        (Reason.CLEAR, 22, 50, "calm: clear"),
    ):
        said = told.when(reason)
        place = told.at(said.at_ms).place
        picture.note(x(place[0]), y(place[1]), dx, dy, [f"{clock(said.at_ms)} {words}", how_far(said)])


def zoom(picture: Picture, told: Incident, x: Scale, y: Scale) -> None:
    for second in told.seconds[::5]:
        picture.circle(x(second.place[0]), y(second.place[1]), x.px * second.radius_m, "belief")
    for fix in told.fixes:
        if fix.who == HIM:
            picture.circle(x(fix.place[0]), y(fix.place[1]), x.px * fix.accuracy_m, "fix")
            picture.circle(x(fix.place[0]), y(fix.place[1]), 2, "dot")
    draw_belief(picture, told, x, y)
    picture.text(x(-60), y(530), "her perimeter", "small end")
    raised, ended = told.when(Reason.BREACH), next(t for t in told.said if t.from_level is Level.EMERGENCY)
    place = told.at(raised.at_ms).place
    words = [f"{clock(raised.at_ms)} emergency", f"P(inside) {told.at(raised.at_ms).p_inside:.2f}", how_far(raised)]
    picture.note(x(place[0]), y(place[1]), 60, 20, words)
    place = told.at(ended.at_ms).place
    picture.note(x(place[0]), y(place[1]), 8, -60, [f"{clock(ended.at_ms)} down", "two fixes outside"])
    picture.text(x(-295), y(722), "he turned off, and was", "small")
    picture.text(x(-295), y(722) + 13, "reckoned on for some seconds", "small")


def draw_belief(picture: Picture, told: Incident, x: Scale, y: Scale) -> None:
    picture.path(((x(s.place[0]), y(s.place[1])) for s in told.seconds), "track")


# --- P over time ----------------------------------------------------------------------------------------------------------


def over_time() -> str:
    """The same incident over time: both probabilities, what raises and what ends, and the level shown."""
    told = incident("s01-he-comes-by-the-streets")
    picture = Picture(960, 380, "P(inside) over time in the same incident")
    last_s = told.seconds[-1].at_s
    x, y = Scale(0.0, last_s, 60, 940), Scale(0.0, 1.0, 310, 40)
    axes(picture, x, y, [(60.0 * m, f"{m} min") for m in range(int(last_s // 60) + 1)], FIFTHS)
    for value, word in ((policy.BREACH_ON, "raises the breach"), (policy.BREACH_OFF, "below it, on two fixes: ends it")):
        picture.line(60, y(value), 940, y(value), "level")
        picture.text(x(200.0), y(value) - 5, f"{value:.2f} {word}", "small")
    picture.path(((x(s.at_s), y(s.p_ring)) for s in told.seconds), "amber")
    picture.path(((x(s.at_s), y(s.p_inside)) for s in told.seconds), "red")
    for fix in told.fixes:
        if fix.who == HIM:
            picture.line(x(fix.at_s), 310, x(fix.at_s), 304, "blue")
    for left, word, kind in ((60, "P(in the warning ring)", "amber"), (270, "P(inside her perimeter)", "red"), (480, "his fixes", "blue")):
        picture.line(left, 20, left + 22, 20, kind)
        picture.text(left + 28, 24, word, "bold")
    for from_s, to_s, level in stretches(told, last_s):
        picture.rect(x(from_s), 334, x(to_s) - x(from_s), 16, level.word)
        if x(to_s) - x(from_s) > 60:
            picture.text((x(from_s) + x(to_s)) / 2, 365, level.word, "small mid")
    picture.text(54, 346, "shown", "small end")
    for t in told.said:
        if t.from_level is not t.to_level and t.to_level is not Level.CAUTION and t.at_ms > T0 + 10_000:
            at = x((t.at_ms - T0) / 1000.0)
            picture.line(at, 40, at, 350, "lead")
            late = at > 880
            picture.text(at - 4 if late else at + 4, 190, f"{clock(t.at_ms)} {t.to_level.word}", "small end" if late else "small")
    return picture.svg()


def stretches(told: Incident, last_s: float) -> Iterator[tuple[float, float, Level]]:
    """The levels shown, one after the other."""
    level, since_s = Level.CALM, 0.0
    for t in told.said:
        at_s = (t.at_ms - T0) / 1000.0
        if at_s > since_s:
            yield since_s, at_s, level
        level, since_s = t.to_level, at_s
    yield since_s, last_s, level


# --- P over distance ------------------------------------------------------------------------------------------------------

ERRORS_M = ((10.0, "green"), (40.0, "blue"), (80.0, "amber"), (150.0, "red"))  # of both fixes together, per axis; vaguer ones say no breach
RADIUS_M = 500.0


def exact_p_within(distance_m: float, sigma_m: float, radius_m: float) -> float:
    """P(within) by the series of the noncentral chi-square with two degrees of freedom: Poisson weights of central ones, to 1e-12."""
    half_x, half_l = 0.5 * (radius_m / sigma_m) ** 2, 0.5 * (distance_m / sigma_m) ** 2
    total, j = 0.0, 0
    below_j = 0.0  # P(Poisson(half_x) <= j): what a central chi-square with 2 + 2 j degrees exceeds x with
    for j in range(int(half_l + half_x + 60.0 * math.sqrt(half_l + half_x + 1.0))):
        below_j += math.exp(j * math.log(half_x) - half_x - math.lgamma(j + 1))
        weight = math.exp((j * math.log(half_l) if half_l else (0.0 if j == 0 else -math.inf)) - half_l - math.lgamma(j + 1))
        total += weight * (1.0 - min(below_j, 1.0))
    return total


def over_distance() -> str:
    """What a distance says, by the error of the two fixes; below, how far the formula in use is from the exact distribution."""
    picture = Picture(960, 500, "P(inside) over the distance, by the error of the fixes")
    x, y, dy = Scale(0.0, 1_000.0, 60, 925), Scale(0.0, 1.0, 330, 30), Scale(-0.02, 0.02, 460, 380)
    axes(picture, x, y, [], FIFTHS)
    axes(picture, x, dy, [(100.0 * m, f"{100 * m} m") for m in range(11)], [(-0.02, "−0.02"), (0.0, "0"), (0.02, "+0.02")])
    for value, word in ((policy.BREACH_ON, "from here on it is a breach"), (policy.BREACH_OFF, "below here, on two fixes, no longer")):
        picture.line(60, y(value), 925, y(value), "level")
        picture.text(919 if value > 0.5 else 66, y(value) - 5, f"{value:.2f}: {word}", "small end" if value > 0.5 else "small")
    picture.line(x(RADIUS_M), y(1.0), x(RADIUS_M), dy(-0.02), "lead")
    picture.text(x(RADIUS_M) + 5, y(0.94), "the edge of her perimeter", "small")
    for n, (sigma_m, kind) in enumerate(ERRORS_M):
        distances = [5.0 * k for k in range(201)]
        used = [p_within(d, sigma_m, RADIUS_M) for d in distances]
        exact = [exact_p_within(d, sigma_m, RADIUS_M) for d in distances]
        picture.path(((x(d), y(p)) for d, p in zip(distances, used, strict=True)), kind)
        picture.path(((x(d), y(p)) for d, p in zip(distances, exact, strict=True)), "exact")
        picture.path(((x(d), dy(a - b)) for d, a, b in zip(distances, used, exact, strict=True)), kind)
        picture.line(690, 150 + 20 * n, 720, 150 + 20 * n, kind)
        radius_m = policy.ACCURACY_RADIUS_PER_SIGMA * sigma_m
        picture.text(728, 154 + 20 * n, f"σ {sigma_m:.0f} m (68 % within {radius_m:.0f} m)", "small")
    picture.line(690, 230, 720, 230, "exact")
    picture.text(728, 234, "the exact distribution", "small")
    picture.text(60, 372, "in use less exact (Sankaran's formula, rounded to 0.01)", "small")
    picture.text(500, 494, "distance between the two fixes", "small mid")
    return picture.svg()


# --- Silence --------------------------------------------------------------------------------------------------------------


def reach() -> str:
    """What a silent device could have reached, until it could have been at her perimeter. North is to the right."""
    name = "s09-a-silent-respondent"
    lost = incident(name).when(Reason.CANNOT_SEE_RESPONDENT)
    told = incident(name, until_s=(lost.at_ms - T0) // 1000)
    tables, order = told.engine.core.tables(), told.order
    him, her = tables.device[HIM], tables.device[HER]
    picture = Picture(960, 470, "What a silent device could have reached")
    x = Scale(-900.0, 5_800.0, 20, 940)
    middle = 225.0
    error_m = policy.REACH_SIGMAS * math.sqrt(float(him["p11"] + her["p11"]))
    last = metres(him["lat"], him["lon"])[1]
    with picture.within(20, 20, 920, 410):
        picture.circle(x(0), middle, x.px * order.warning_m, "ring")
        picture.circle(x(0), middle, x.px * order.perimeter_m, "perimeter")
        picture.circle(x(0), middle, 5, "her")
        picture.text(x(0), middle + 18, "she", "small mid")
        picture.text(x(0), middle - x.px * order.perimeter_m - 6, f"perimeter {order.perimeter_m:.0f} m", "small mid")
        ages = [20.0, (overdue_ms(him)) / 1000.0, 120.0, (lost.at_ms - int(him["fix_ms"])) / 1000.0]
        for n, age_s in enumerate(ages):
            radius = x.px * (reach_m(him, False, age_s, 0.0) + error_m)
            picture.circle(x(last), middle, radius, "lost" if n == len(ages) - 1 else "reach")
            picture.text(x(last) + 0.72 * radius, middle - 0.72 * radius - 4, words_at(n, age_s), "small")
        picture.circle(x(last), middle, 4.5, "pin")
        picture.text(x(last), middle + 20, f"last seen {clock(int(him['fix_ms']))}", "small mid")
        picture.text(x(last), middle + 35, "12 m/s towards her", "small mid")
    edge = x(order.perimeter_m)
    after = f"LOST after {ages[-1]:.0f} s: he could be at the edge. She and the control room are told"
    picture.note(edge, middle, 70, 140, [f"{clock(lost.at_ms)} caution: cannot see him", after])
    speed = f"{policy.REACH_AVENUE_MPS:.0f} m/s in every direction since the last fix"
    picture.text(20, 452, f"Each circle: {speed}, and two sigma of both positions ({error_m:.0f} m). North is to the right.", "small")
    return picture.svg()


def words_at(n: int, age_s: float) -> str:
    return f"{age_s:.0f} s" + ("", ": overdue", "", ": LOST")[n]


PICTURES: dict[str, Callable[[], str]] = {"approach": approach, "p-over-distance": over_distance, "p-over-time": over_time, "reach": reach}
