"""`resguardo dashboard`: the console as a process of its own, and the first operator of an installation."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import signal
import sys
import time
from pathlib import Path

from config.errors import BadInput
from config.load import load_settings
from config.places import placing
from config.settings import Settings
from dashboard import database as db
from dashboard.accounts import Accounts, operator_row
from dashboard.console import Console
from dashboard.database import Records
from dashboard.endpoints import Desk
from dashboard.feed import FeedClient
from dashboard.looks import Looks
from dashboard.passwords import new_totp, totp_uri
from dashboard.rights import Role
from dashboard.server import application
from monitor.feed import HOST
from monitor.http import STOP_S, listen
from monitor.log import configure, get_logger
from monitor.supervise import end, supervised

_log = get_logger("console")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command."""
    parser.add_argument(
        "--config", type=Path, required=True, metavar="FILE", help="the monitor's settings (TOML): sections feed and dashboard"
    )
    parser.add_argument(
        "--add-operator", metavar="NAME", help="add an operator and end; the password is asked for, or the first line of a pipe"
    )
    parser.add_argument(
        "--role", choices=[role.value for role in Role], default=Role.ADMIN.value, help="of the new operator (default admin)"
    )
    parser.add_argument("--totp", action="store_true", help="give the new operator a second factor, and show its address once")


def run(args: argparse.Namespace) -> int:
    """Serve until told to stop; 0. Raises BadInput where settings or database cannot be used."""
    settings = load_settings(args.config, os.environ)
    with placing(settings, args.config, os.environ):
        return _run(settings, args)


def _run(settings: Settings, args: argparse.Namespace) -> int:
    settings.service.data_dir.mkdir(parents=True, exist_ok=True)
    records = Records(settings.dashboard.database_url or f"sqlite:///{settings.service.data_dir / 'console.db'}")
    records.migrate()
    try:
        if args.add_operator is not None:
            return _add_operator(records, args)
        if settings.feed.port is None or settings.feed.token is None:
            raise BadInput("feed.port", "the console needs the monitor's feed: set feed.port and feed.token_file")
        configure(settings.log.style, settings.log.level)
        asyncio.run(_serve(settings, records))
        return 0
    finally:
        records.close()


def _add_operator(records: Records, args: argparse.Namespace) -> int:
    password = getpass.getpass(f"Password for {args.add_operator}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    row = operator_row(args.add_operator, Role(args.role), password, "es")
    if args.totp:
        row["totp"] = new_totp()
        print(totp_uri(row["totp"], args.add_operator))
    if records.now([db.find(db.OPERATORS, {"name": args.add_operator})])[0]:
        raise BadInput("--add-operator", f"there is an operator {args.add_operator} already")
    records.now([db.add(db.OPERATORS, row)])
    return 0


def desk_of(settings: Settings, records: Records) -> Desk:
    """The console of some settings, not yet listening. Use inside a running event loop."""
    assert settings.feed.port is not None
    assert settings.feed.token is not None
    feed = FeedClient(HOST, settings.feed.port, settings.feed.token)
    console = Console(records, feed, settings.ladder, _now_ms)
    feed.on_gap, feed.on_hello, feed.on_event, feed.on_link = console.on_gap, console.on_hello, console.on_event, console.on_link
    accounts, looks = Accounts(records, _now_ms), Looks(records, _now_ms)
    return Desk(console, accounts, records, _now_ms, looks, settings.dashboard, settings.service)


async def _serve(settings: Settings, records: Records) -> None:
    desk = desk_of(settings, records)
    await desk.console.load()
    runner = await listen(application(desk), settings.dashboard.host, settings.dashboard.port)
    parts = []
    try:
        _log.info("console_listening", host=settings.dashboard.host, port=runner.addresses[0][1])
        for name, part in (("feed", desk.console.feed.run), ("keep", desk.console.keep)):
            parts.append(asyncio.ensure_future(supervised(name, part, lambda _name: None)))
        await _told_to_stop()
    finally:
        for one in parts[:1]:
            one.cancel()
        await runner.cleanup()
        async with asyncio.timeout(STOP_S):
            await desk.console.kept()
        await end(parts)


async def _told_to_stop() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
