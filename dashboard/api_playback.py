"""The web API: an incident again, from the journal, through the engine that judged it."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import asdict
from typing import Any

from config.errors import BadInput
from config.order_data import zone_as_feature
from dashboard.api_incidents import may_look, the
from dashboard.endpoints import Call, Denied
from dashboard.incidents import Incident
from monitor.playback import FRAMES_MAX, Playback, Recording

BEFORE_MS = 5 * 60_000  # how it came to that is part of the story
AFTER_MS = 2 * 60_000  # and how it went on
SHOWN_MAX = 2_000  # frames of one answer: a slider has no more places, and an hour is 2 s a frame
AT_ONCE = 1  # each takes a core while it runs; who watches the map comes first

_running = asyncio.Semaphore(AT_ONCE)


async def playback(call: Call) -> Any:
    """Where both were and how the order stood, step by step. The look is on record before it is answered."""
    one = await the(call)
    await may_look(call, one)
    from_ms, to_ms = one.started_ms - BEFORE_MS, min((one.calm_ms or call.desk.now_ms()) + AFTER_MS, call.desk.now_ms())
    step_ms = max(call.query["step_s"] * 1000, -(-(to_ms - from_ms) // min(SHOWN_MAX, FRAMES_MAX)))
    stop = threading.Event()
    try:
        async with _running:
            return await asyncio.to_thread(_play, call, one, (from_ms, to_ms, step_ms), stop)
    except BadInput as fault:
        raise Denied(409, "refused", fault.message, fault.where) from None
    finally:
        stop.set()  # whoever asked has gone, or has it


def _play(call: Call, one: Incident, span: tuple[int, int, int], stop: threading.Event) -> dict[str, Any]:
    from_ms, to_ms, step_ms = span
    play = Playback(Recording.of(call.desk.service), one.order, from_ms, to_ms, step_ms, stop=stop.is_set)
    frames = [asdict(frame) for frame in play.frames()]
    order = play.order
    return {
        "from_ms": from_ms,
        "to_ms": to_ms,
        "frames": frames,
        "transitions": play.transitions,
        "exact": play.exact,
        "perimeter_m": order.perimeter_m if order is not None else None,
        "warning_m": order.warning_m if order is not None else None,
        "zones": [zone_as_feature(zone) for zone in order.zones] if order is not None else [],
    }
