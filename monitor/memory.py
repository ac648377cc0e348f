"""How often Python looks for garbage: seldom, and never through what lives as long as we do; and what a start or a burst leaves behind."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from geofence.jit import pack_sources

MAPPED_BYTES = 128 << 10  # five hundred pings: from a flood on, since mapping is dearer than the heap and would cost a usual turn
_M_MMAP_THRESHOLD = -3  # malloc.h of glibc
YOUNG = 50_000  # new objects before the youngest are looked through (Python's own: 700, four times in one turn under load)


def map_what_is_large() -> None:
    """Arrays of a burst go back to the system as soon as they are freed. Call it before there is anything large.

    By itself glibc keeps up to 32 MB of such in its heap once one was freed; small things that stay then come to lie between
    them, and hold the heap open: after an overload it stayed at 85 MB instead of 50.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, MAPPED_BYTES)


def settle_memory() -> None:
    """What is there now stays: it is not looked through again, which took 0.3 s without a turn at 50,000 orders.

    Nor first: a start with that many leaves 800 objects of garbage in circles, and to find them takes as long.
    """
    pack_sources()
    give_back()
    gc.freeze()
    gc.set_threshold(YOUNG)
    gc.enable()


def give_back() -> None:
    """What was needed for a while goes back to the system, where the C library can do that (glibc): it keeps what it has had once."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


@contextmanager
def building_what_stays() -> Iterator[None]:
    """While a registry is read and taken over: looking through what is half built took 0.14 s without a turn at 10,000 orders.

    Nor is it looked through later. Only garbage in circles is lost by that, of which reading makes none.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
