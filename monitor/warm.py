"""`python -m monitor.warm [--config FILE]`: do before a start what it would be waited for: a monitor that starts protects nobody.

Without settings it compiles what is compiled (scripts/environment.sh does it at install). With them it also prepares the first start of
this release beside a running service of another: it reads that one's record, judges what its snapshots do not say in a way that this
release understands, and leaves the result as `snapshot.next`. The record stays as it is; `orders.known` becomes this release's.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from config.errors import BadInput
from config.load import load_settings
from config.places import placing
from config.settings import Settings
from geofence.terms import Registry
from monitor.__main__ import answering
from monitor.amendments import AMENDED, Amendments, read_amendments
from monitor.carriers import ladder_of
from monitor.engine import Engine
from monitor.groundwork import Groundwork, journal_of, rebuilt, snapshot_of, watched_of
from monitor.journal_reader import JournalReader
from monitor.recovery import Recovered
from monitor.saver import NICENESS
from monitor.segments import segments_of
from monitor.snapshot import write_next


def prepare(settings: Settings) -> Recovered:
    """Leave `snapshot.next` for the next start with these settings. Raises BadInput, OSError."""
    _check(settings)
    ground = Groundwork.read(settings)
    amendments = Amendments(settings.service.data_dir / AMENDED, read_amendments(settings.service.data_dir / AMENDED))
    watched = watched_of(settings, amendments.over(ground.registry))
    recovered = rebuilt(settings, ladder_of(settings, ground.contacts), watched, JournalReader(journal_of(settings)))
    write_next(snapshot_of(settings), recovered.snapshot())
    return recovered


def _check(settings: Settings) -> None:
    """What is left for a service must be its own, or it could not read it."""
    data = settings.service.data_dir
    if data.exists() and data.stat().st_uid != os.geteuid():
        raise BadInput("service.data_dir", f"{data} belongs to another user: run this as the one whom the service runs as")
    if not segments_of(journal_of(settings)):
        raise BadInput("service.data_dir", f"there is no journal in {data}: nothing was recorded yet that a start could go on from")


def _run(config: Path | None) -> int:
    settings = load_settings(config, os.environ) if config is not None else None
    Engine(Registry()).warm_up()  # first: what takes a minute must not make what is prepared older
    if settings is not None:
        gc.disable()  # as the service's start does (monitor/__main__.py)
        os.nice(NICENESS)  # the service that runs goes first
        with placing(settings, config, os.environ):
            recovered = prepare(settings)
        until = f"{datetime.fromtimestamp(recovered.engine.now_ms // 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
        print(f"prepared: the next start goes on behind record {recovered.place:,}, of {until} ({recovered.inputs:,} inputs judged)")
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run it; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m monitor.warm", description="Compile, and prepare the next start of a service.")
    parser.add_argument("--config", type=Path, metavar="FILE", help="the service's settings (TOML); without, only compile")
    args = parser.parse_args(argv)
    return answering(lambda: _run(args.config))


if __name__ == "__main__":
    sys.exit(main())
