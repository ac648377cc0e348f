"""`resguardo replay`: the very engine of `run`, fed from a file, its transitions into a file (contract section 3)."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

from alerts.audiences import audience_of
from config.errors import BadInput
from config.orders import load_registry
from geofence.terms import Reason, Transition
from monitor.bounds import MS_MAX
from monitor.engine import Effects, Engine
from monitor.files import replacing
from monitor.wire import Envelope, envelope_from_line, to_json

BATCH = 1_024  # lines judged together: any other number gives the same output (tests/monitor/test_replay.py)


def transition_line(t: Transition) -> dict[str, object]:
    """One line of TRANSITIONS.jsonl: every key always there, null where a number is not known."""
    line: dict[str, object] = {
        "at_ms": t.at_ms,
        "order": t.order,
        "incident": t.incident,
        "from": t.from_level.word,
        "to": t.to_level.word,
        "reason": t.reason.word,
        "audience": [audience.value for audience in audience_of(t.reason, t.party)],
        "distance_m": t.distance_m,
        "uncertainty_m": t.uncertainty_m,
        "seconds_to_perimeter": t.seconds_to_perimeter,
        "zone": t.zone,
        "fixes": [list(fix) for fix in t.fixes],
    }
    if t.reason is Reason.PAST_BREACH:
        line["breached_at_ms"] = t.breached_at_ms
    for name in ("hours_left", "apart_m", "clock_s", "count", "since_ms", "closest_m"):
        if getattr(t, name) is not None:
            line[name] = getattr(t, name)
    return line


def read_envelopes(path: Path) -> Iterator[Envelope]:
    """The envelopes of a PINGS.jsonl in order. Raises BadInput naming the line that is not one, or is out of order."""
    last_ms = 0
    with path.open("rb") as lines:
        for number, raw in enumerate(lines, start=1):
            if not raw.strip():
                continue
            where = f"{path.name}:{number}"
            envelope = envelope_from_line(raw, where)
            if envelope.at_ms < last_ms:
                raise BadInput(f"{where} at_ms", f"{envelope.at_ms} is before the line above ({last_ms}): sort the file by arrival")
            last_ms = envelope.at_ms
            yield envelope


def _batches(envelopes: Iterable[Envelope], size: int) -> Iterator[list[Envelope]]:
    batch: list[Envelope] = []
    for envelope in envelopes:
        batch.append(envelope)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def replay(engine: Engine, envelopes: Iterable[Envelope], *, until_ms: int | None = None, batch: int = BATCH) -> Iterator[Effects]:
    """The effects of the envelopes, batch by batch; the clock runs on to `until_ms` at the end."""
    for chunk in _batches(envelopes, batch):
        yield engine.receive(chunk)
    if until_ms is not None:
        yield engine.advance(until_ms)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `resguardo replay`."""
    parser.add_argument("--orders", type=Path, required=True, metavar="ORDERS.toml", help="devices and protection orders")
    parser.add_argument("--pings", type=Path, required=True, metavar="PINGS.jsonl", help="envelopes, one a line, sorted by arrival")
    parser.add_argument("--until", type=int, metavar="MS", help="run the clock on to this moment (ms UTC) after the last line")
    parser.add_argument("--out", type=Path, required=True, metavar="TRANSITIONS.jsonl", help="transitions, one a line")


def _check_out(args: argparse.Namespace) -> None:
    """Refuse to write over what is read, by whatever name or link. Raises BadInput."""
    for option in ("orders", "pings"):
        source = getattr(args, option)
        if args.out.is_file() and source.exists() and args.out.samefile(source):
            raise BadInput(str(args.out), f"--out is the file of --{option}, which would be lost")


def run(args: argparse.Namespace) -> int:
    """Replay a file; 0 done. Raises BadInput where orders or pings are not readable."""
    _check_out(args)
    if args.until is not None and not 0 <= args.until <= MS_MAX:
        raise BadInput("--until", f"is out of range: a moment is 0 to {MS_MAX} ms UTC")
    engine = Engine(load_registry(args.orders))
    try:
        with replacing(args.out) as out:
            for effects in replay(engine, read_envelopes(args.pings), until_ms=args.until):
                for transition in effects.transitions:
                    out.write(to_json(transition_line(transition)) + b"\n")
    except OSError as error:
        raise BadInput(str(error.filename or args.out), error.strerror or "cannot be read or written") from None
    return 0
