"""SIGHUP before the service can handle it: unhandled it would end the process, so it is noted and done once we serve."""

from __future__ import annotations

import signal

_early: list[int] = []


def note_hangups() -> list[int]:
    """From now on note each SIGHUP, until somebody else handles it; all noted so far, and those to come."""
    signal.signal(signal.SIGHUP, lambda number, _: _early.append(number))
    return _early
