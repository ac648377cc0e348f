"""Structured logs for operators: ids, counts and reasons, never a name, a number or a place.

The one door to structlog. What may be said is a list (`KEYS`), not what may not: a key that is not on it is dropped and
its name is reported, so a coordinate cannot slip in by a new keyword.
"""

from __future__ import annotations

import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, Protocol, TextIO, cast

import structlog

# Whoever adds a key answers the question: can its value ever hold a coordinate, a telephone number or a name?
# `device` is an id of the orders file, or a stranger's account on the broker with the letters of an id (monitor/rejected.py).
KEYS = frozenset(
    (  # noqa: SIM905 - a list of words reads best as words
        "event level timestamp part version client session code error retry_s topics orders devices persons host port path reason kind "
        "seconds state channel order incident notification count batch pings offset blocks seconds_ago duration_ms lag_ms since_ms step_ms "
        "signal restarts attempt listening recovered truncated_bytes healthy faults audience pid dropped size "
        "device amended clients"
    ).split()
)
TEXT_MAX = 200  # characters of one value: an identifier or a reason fits, a payload does not


def _only_known_keys(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    kept = {key: _short(value) for key, value in event.items() if key in KEYS}
    dropped = sorted(key for key in event if key not in KEYS)
    if dropped:
        kept["dropped"] = ",".join(dropped)
    return kept


def _short(value: object) -> object:
    return value[:TEXT_MAX] if isinstance(value, str) else value if isinstance(value, int | float | bool | None) else str(value)[:TEXT_MAX]


class _Stderr:
    """Standard error, whichever it is at the moment; a log line that cannot be written must not end what it tells about."""

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()


class _Lines(Protocol):
    """Where log lines go."""

    def write(self, text: str, /) -> object: ...

    def flush(self) -> None: ...


def configure(style: str = "console", level: str = "info", file: _Lines | None = None) -> None:
    """Send logs to `file` (or stderr) as JSON lines (`json`) or for people (`console`), from `level` upwards."""
    renderer: Any = structlog.processors.JSONRenderer() if style == "json" else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_known_keys,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=cast(TextIO, file or _Stderr())),
        cache_logger_on_first_use=False,
    )


def get_logger(part: str) -> Any:
    """Give the logger of one part of the service."""
    return structlog.get_logger(part=part)


configure(level="warning")  # until the service says otherwise: tools and tests stay quiet
