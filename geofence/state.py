"""The arrays the kernel works on: one row a ping, a device, a target, an order. Layouts only; registry.py fills them.

A *target* is one thing an order bars: its moving perimeter, or one of its zones. Rows of a person's devices and
orders are chained (`next_*` is the next row, -1 the end), so that adding an order touches no other row.
Positions are float64 degrees, lengths metres, times int64 ms UTC. NaN = not known (here and nowhere outside).
Words and counts of a device are as narrow as they may be, since there are many devices; what a function takes as an argument is
int64, or the function would be compiled twice.
"""

from __future__ import annotations

from collections import namedtuple
from hashlib import sha256
from typing import Any, NamedTuple, get_type_hints

import numpy as np

from geofence.policy import ANCHOR_PLACES, HISTORY_FIXES, HOLES
from geofence.terms import Ping

_KIND = {int: np.int64, float: np.float64, bool: np.int8}
PING = np.dtype([(name, _KIND[kind]) for name, kind in get_type_hints(Ping).items()])

DEVICE = np.dtype(
    [
        ("person", np.int64),
        ("next_device", np.int64),  # next device of the same person
        ("pinged", np.int8),  # any ping yet
        ("seen", np.int8),  # any believed fix yet
        ("boot", np.int64),
        ("seq", np.int64),
        ("sent_ms", np.int64),  # its own clock at the last ping
        ("ping_ms", np.int64),  # arrival of the last ping
        ("skew_ms", np.int64),  # arrival - sent of the last ping
        ("offset_ms", np.int64),  # what to add to its clock; 0 while the clock is right
        ("clock_until_ms", np.int64),  # > 0: the clock is wrong
        # the last believed fix and the filter
        ("fix_ms", np.int64),
        ("fix_boot", np.int64),
        ("fix_seq", np.int64),
        ("fix_late", np.int8),  # it arrived as history
        ("source", np.int8),  # Source of the last believed fix
        ("lat", np.float64),
        ("lon", np.float64),
        ("ve", np.float64),
        ("vn", np.float64),
        ("p11", np.float64),
        ("p12", np.float64),
        ("p22", np.float64),
        ("spread", np.float64),
        ("sigma", np.float64),
        ("gap_s", np.float64),
        ("rest", np.int32),  # fixes at rest in a row
        ("stirred", np.int8),  # it has moved since it was known to be at rest here
        ("stir_from_ms", np.int64),  # when it was last known to lie here, before it stirred; 0: it has not, or lies as it did ...
        ("stir_ms", np.int32),  # ... for how long it has been up since, in all ...
        ("quiet_from_ms", np.int64),  # ... and since when it is quiet again
        ("stray_from_ms", np.int64),  # since when its fixes contradict its own "at rest"; 0: they do not
        ("prev_ms", np.int64),  # the believed fix before the last one
        ("prev_lat", np.float64),
        ("prev_lon", np.float64),
        ("prev_p11", np.float64),
        # the place where it rests (anchor.py)
        ("anchor_lat", np.float64),
        ("anchor_lon", np.float64),
        ("anchor_sigma", np.float64),  # mean standard error of a fix there
        ("anchor_s", np.float64),  # the time that the means stand for; 0 none yet
        ("astray_ms", np.int64),  # since when the track is further off than errors explain; 0 it is not
        # a fix held back as an impossible jump
        ("held", np.int32),
        ("held_lat", np.float64),
        ("held_lon", np.float64),
        ("held_sigma", np.float64),
        ("ghost", np.int8),  # it jumps to there again and again (ghost.py)
        # health
        ("strap", np.int8),
        ("strap_until_ms", np.int64),  # > 0: it is open or cut, or comes and goes
        ("tether", np.int8),
        ("tether_until_ms", np.int64),  # > 0: far or lost, or comes and goes
        ("flaps", np.int32),  # troubles that began within an hour of each other ...
        ("flap_ms", np.int64),  # ... and the last of them
        ("sos_until_ms", np.int64),
        ("sos_sent_ms", np.int64),  # its own time of the newest ping with the button pressed
        ("jamming_until_ms", np.int64),
        ("mock_until_ms", np.int64),
        ("raw_ms", np.int64),  # its last fix as it was sent, believed or not
        ("raw_lat", np.float64),
        ("raw_lon", np.float64),
        ("raw_source", np.int8),
        ("raw_sigma", np.float64),
        ("contradictions", np.int32),  # in a row, between satellites and the networks around
        ("sky_ms", np.int64),  # it had many satellites on the road until then; 0: it had not, or lost them slowly
        ("dark", np.int32),  # pings since without any
        ("frozen", np.int32),  # fixes at exactly that place, though it says it moves
        ("lots", np.int32),  # fixes on the move in a row with an accuracy between 5 and 7 m ...
        ("lot_last_m", np.float64),  # ... the last of them ...
        ("lot_m", np.float64),  # ... and by how much it has changed in all
        ("battery", np.float64),
        ("battery_ms", np.int64),
        ("base", np.float64),  # the charge from which its drain is measured ...
        ("base_ms", np.int64),  # ... and when it had that
        ("drain_per_h", np.float64),
        ("charging", np.int8),
        ("battery_low", np.int8),
        ("battery_until_ms", np.int64),  # > 0: low, or by turns low and charging
        ("signal_dbm", np.float64),  # of its last ping, as the next one; NaN not given; both for those who look
        ("satellites", np.int16),  # -1 not given
        # what it was asked for
        ("wanted_s", np.int64),
        ("commanded_ms", np.int64),
        ("eased_ms", np.int64),  # since when it may report less often than before
        ("history_count", np.int64),
    ]
)

# the last believed fixes of a device, a ring: time (ms as float), lat, lon, variance per axis
HISTORY_SHAPE = (HISTORY_FIXES, 4)

# the places where a device has rested for long before (anchor.py): lat, lon, usual standard error (m), seconds they stand for; 0 none
PLACES_SHAPE = (ANCHOR_PLACES, 4)

# where the network fails a device again and again (hole.py): lat, lon, on how many days, first and last time (ms), longest (ms)
HOLES_SHAPE = (HOLES, 6)

# where its fixes jump to again and again (ghost.py): as HOLES_SHAPE, without a longest time
GHOSTS_SHAPE = (HOLES, 6)

PERSON = np.dtype(
    [
        ("first_device", np.int64),
        ("last_device", np.int64),
        ("first_membership", np.int64),
        ("last_membership", np.int64),
        ("apart", np.int8),  # two of its devices are in different places ...
        ("apart_m", np.float64),  # ... and how far the two furthest were when last both were seen
    ]
)

# a person's part in an order
MEMBERSHIP = np.dtype([("order", np.int64), ("next", np.int64)])

TARGET = np.dtype(
    [
        ("kind", np.int64),  # ZoneKind
        ("zone", np.int64),  # index in the order's zones; -1 the perimeter
        ("lat", np.float64),  # reference point of the zone's own plane
        ("lon", np.float64),
        ("east_m_per_deg", np.float64),
        ("north_m_per_deg", np.float64),
        ("radius_m", np.float64),  # NaN: polygonal
        ("edge_first", np.int64),
        ("edge_count", np.int64),
        ("size_m", np.float64),
        ("ring_m", np.float64),  # width of the warning ring beyond the edge
        ("open_from_ms", np.int64),  # the schedule's present window
        ("open_until_ms", np.int64),
        ("breach", np.int8),
        ("on_count", np.int64),
        ("off_count", np.int64),
        ("approach", np.int8),
        ("calm_count", np.int64),
        ("near_until_ms", np.int64),  # both devices report fast until then
    ]
)

ORDER = np.dtype(
    [
        ("protected", np.int64),
        ("respondent", np.int64),
        ("target_first", np.int64),
        ("target_count", np.int64),
        ("perimeter", np.int8),  # has a moving perimeter
        ("valid_from_ms", np.int64),
        ("valid_until_ms", np.int64),
        ("begun", np.int8),  # has been judged in force
        ("waiting", np.int8),  # not yet seen both parties since it came into force
        ("level", np.int64),
        ("reasons", np.int64),  # bit set, watch.bit
        ("told_ms", np.int64),  # when its distance was said last ...
        ("told_m", np.float64),  # ... and what that was; NaN not known then
        ("lost_respondent", np.int8),
        ("lost_protected", np.int8),
        ("unverified_until_ms", np.int64),  # a doubt is kept a while, or the next judgement would take it back
        ("past_ms", np.int64),  # time of the last past breach reported
        ("breach_from_ms", np.int64),  # the last live breach
        ("breach_until_ms", np.int64),
        ("interval_protected_s", np.int64),
        ("interval_respondent_s", np.int64),
    ]
)

# what an order has seen of pressure (pattern.py); times 0 = none
PATTERN = np.dtype(
    [
        ("visit_from_ms", np.int64),  # the time he is in the ring now
        ("visit_m", np.float64),  # its nearest moment: distance ...
        ("visit_edge_m", np.float64),  # ... and from the edge
        ("he_came", np.int8),  # to there it was rather his way than hers
        ("his_lat", np.float64),  # where both were as it began
        ("his_lon", np.float64),
        ("her_lat", np.float64),
        ("her_lon", np.float64),
        ("first_ms", np.int64),  # the last three probes: when each began, and how near it came
        ("first_m", np.float64),
        ("second_ms", np.int64),
        ("second_m", np.float64),
        ("third_ms", np.int64),
        ("third_m", np.float64),
        ("circle_from_ms", np.int64),
        ("circle_target", np.int64),
        ("circle_bearing", np.float64),
        ("circle_deg", np.float64),  # turned so far, clockwise
        ("circle_m", np.float64),
        ("her_rest_ms", np.int64),  # since when she rests
        ("stop_ms", np.int64),  # her last stop, and where both were
        ("stop_her_lat", np.float64),
        ("stop_her_lon", np.float64),
        ("stop_his_lat", np.float64),
        ("stop_his_lon", np.float64),
        ("journeys", np.int64),  # that he went along, in a row
        ("follow_from_ms", np.int64),
        ("follow_m", np.float64),
        ("probing_ms", np.int64),  # told last
        ("circling_ms", np.int64),
        ("following_ms", np.int64),
    ]
)

WORLD = np.dtype(
    [
        ("link_up", np.int8),  # our own session with the broker
        ("adaptive", np.int8),  # may the respondent's interval depend on her? (ADR-0012)
        ("next_min_ms", np.int64),  # no order has a deadline before this
        ("out_count", np.int64),
    ]
)

# what comes out; what kind of row it is:
TRANSITION, COMMAND, NUMBERS = 0, 1, 2  # NUMBERS: nothing has changed but how far he is
OUT = np.dtype(
    [
        ("kind", np.int8),
        ("at_ms", np.int64),
        ("order", np.int64),
        ("from_level", np.int64),
        ("to_level", np.int64),
        ("reason", np.int64),
        ("party", np.int64),  # Role, -1 both
        ("target", np.int64),
        ("distance_m", np.float64),
        ("uncertainty_m", np.float64),
        ("seconds", np.float64),
        ("bearing_deg", np.float64),
        ("device_protected", np.int64),
        ("boot_protected", np.int64),
        ("seq_protected", np.int64),
        ("device_respondent", np.int64),
        ("boot_respondent", np.int64),
        ("seq_respondent", np.int64),
        ("breached_ms", np.int64),
        ("hours_left", np.float64),  # of the battery it is about, else NaN
        ("apart_m", np.float64),  # of the devices it is about, else NaN
        ("clock_s", np.float64),  # how far the clock it is about is ahead, else NaN
        ("count", np.int64),  # of a pattern, else 0
        ("since_ms", np.int64),
        ("closest_m", np.float64),
        ("interval_s", np.int64),
        ("report_now", np.int8),
    ]
)

# The same row as a tuple of plain numbers, as it leaves the core.
OutRow: Any = namedtuple("OutRow", [name if name != "count" else "count_" for name in OUT.names or ()])  # type: ignore[misc]


class Tables(NamedTuple):
    """Everything the kernel reads and writes. `draft` is one OUT row: the numbers of the judgement in hand."""

    device: Any  # DEVICE[n]
    history: Any  # float64[n, HISTORY_FIXES, 4]
    places: Any  # float64[n, ANCHOR_PLACES, 4]
    holes: Any  # float64[n, HOLES, 6]
    ghosts: Any  # float64[n, HOLES, 6]
    person: Any  # PERSON[n]
    membership: Any  # MEMBERSHIP[2 n orders]
    order: Any  # ORDER[n]
    pattern: Any  # PATTERN[n orders]
    next_ms: Any  # int64[n orders]: when time alone must look at the order again
    target: Any  # TARGET[n]
    edges: Any  # float64[n, 4]
    world: Any  # WORLD[1]
    out: Any  # OUT[n]
    draft: Any  # OUT[1]


# Every array of a core: name -> (its rows, the shape of one)
LAYOUT: dict[str, tuple[Any, tuple[int, ...]]] = {
    "device": (DEVICE, ()),
    "history": (np.dtype(np.float64), HISTORY_SHAPE),
    "places": (np.dtype(np.float64), PLACES_SHAPE),
    "holes": (np.dtype(np.float64), HOLES_SHAPE),
    "ghosts": (np.dtype(np.float64), GHOSTS_SHAPE),
    "person": (PERSON, ()),
    "membership": (MEMBERSHIP, ()),
    "order": (ORDER, ()),
    "pattern": (PATTERN, ()),
    "next_ms": (np.dtype(np.int64), ()),
    "target": (TARGET, ()),
    "edges": (np.dtype(np.float64), (4,)),
    "world": (WORLD, ()),
    "draft": (OUT, ()),
}
# Names the layout of every array: a snapshot of another layout is not read.
LAYOUT_DIGEST = sha256(repr([(name, dtype.descr, shape) for name, (dtype, shape) in LAYOUT.items()]).encode()).hexdigest()


def doubled(array: Any) -> Any:
    """The rows, and room for as many again."""
    return copied(array, 2 * len(array))


def copied(array: Any, room: int) -> Any:
    """The rows, in room for so many. What was never written to (free room, the history of who has not reported) takes no memory."""
    grown = np.zeros((room, *array.shape[1:]), array.dtype)
    if array.ndim > 1 and len(array):  # numbers of eight bytes; the other arrays say something in each row
        used = np.ascontiguousarray(array).view(np.int64).reshape(len(array), -1).any(axis=1)
        if not used.all():
            grown[: len(array)][used] = array[used]
            return grown
    grown[: len(array)] = array
    return grown
