"""A process that sends a storm of alerts through the outbox until it is killed; started by test_kill_storm.py.

Usage: storm_worker.py DIRECTORY URL COUNT. It submits all alerts each time it starts, as the journal's replay does after a crash.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from alerts.channels.console import Console
from alerts.channels.telephone import Account, Telephone, Text
from alerts.contacts import Contact
from alerts.outbox import Outbox
from alerts.terms import Channel
from geofence.terms import PersonId
from tests.alerts.test_kill_storm import alert, issued_ms_of


async def main(directory: Path, url: str, count: int) -> None:
    contacts = {PersonId(f"P-{n}"): Contact(phone=f"+52550000{n:04d}") for n in range(count)}
    account = Account(account_sid=f"AC{'a' * 32}", auth_token="t", from_number="+525511111111", base_url=url)
    carriers = {Channel.SMS: Telephone(account, contacts, Text()), Channel.CONSOLE: Console()}
    outbox = Outbox(directory / "outbox.db", carriers, on_outcome=lambda outcome: None)
    await outbox.start()
    issued_ms = issued_ms_of(directory)
    outbox.submit(alert(n, issued_ms) for n in range(count))
    print("begun", flush=True)
    while outbox.unfinished:
        await asyncio.sleep(0.02)
    await outbox.stop(5.0)
    print("finished", flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
