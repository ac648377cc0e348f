"""`resguardo watch URL`: the dead man's switch, run on another machine. A monitor that is dead can tell nobody.

It believes a monitor that says it is healthy, hears its broker, and whose canary goes round. It compares no clocks: a
canary lives while its time changes. After `absent_s` without that it pages, again every ten minutes, and once when all is
well again. A page that is not taken is tried again at each look.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import re
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alerts.channels import Verdict
from alerts.channels.dispatch import STATUS, signature
from alerts.channels.http import HttpClient, NotSent, post
from config.errors import BadInput
from config.settings import URL, WEBHOOK_SECRET_FLOOR

FETCH_S = 2.0  # a page of ours takes milliseconds
LOOKS_PER_ABSENCE = 6  # so that an absence is told at most a sixth of it late
EVERY_S_MAX = 10.0
AGAIN_S = 600.0  # whoever was paged is reminded
ABSENT_S_MIN, ABSENT_S_MAX = 2.0, 3600.0
CANARY_AT = re.compile(rb"^resguardo_canary_last_success_timestamp (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a monitor has shown."""

    fault: str | None = None  # why it cannot be believed now
    canary_at: float | None = None  # when its canary last came round, by its own clock; None: it has none


@dataclass(slots=True)
class Judge:
    """Whether a monitor is to be believed, from one look after another. Knows no clock and no network."""

    absent_s: float
    began_s: float
    paged_s: float | None = None  # when the present absence was last told
    fault: str = "not looked at yet"
    _good_s: float = field(init=False)
    _canary_at: float | None = None
    _canary_s: float = field(init=False)  # when its time was last seen to change

    def __post_init__(self) -> None:
        self._good_s = self._canary_s = self.began_s

    def see(self, look: Look, now_s: float) -> str | None:
        """Take in one look; the words of a page if one is due now. `told` must follow once it was taken."""
        if look.fault is None:
            self._good_s = now_s
        if look.fault is None and (look.canary_at is None or look.canary_at != self._canary_at):
            self._canary_s = now_s
        self._canary_at = look.canary_at if look.fault is None else self._canary_at
        absent_s = now_s - min(self._good_s, self._canary_s)
        if absent_s > self.absent_s:
            self.fault = look.fault or "its canary does not come round"
            due = self.paged_s is None or now_s - self.paged_s >= AGAIN_S
            return f"no sign of life for {absent_s:.0f} s: {self.fault}" if due else None
        return "back" if self.paged_s is not None and look.fault is None else None

    def told(self, words: str, now_s: float) -> None:
        """Somebody has been told."""
        self.paged_s = None if words == "back" else now_s


def look_of(status: int, health: bytes, metrics: bytes) -> Look:
    """What /healthz and /metrics say together. Never raises."""
    try:
        parts: dict[str, Any] = json.loads(health)["parts"]
        sessions = dict(parts["broker"])
        has_canary = parts.get("canary", "off") != "off"
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Look("it answers, but not as a monitor does")
    if status != 200:
        return Look(f"unhealthy ({status})")
    if not all(sessions.values()):
        return Look("it does not hear its broker")
    return Look(None, _canary_at(metrics) if has_canary else None)


def _canary_at(metrics: bytes) -> float:
    """When the canary last came round; 0 where the page does not say, so that it cannot seem to live."""
    found = CANARY_AT.search(metrics)
    try:
        at_s = float(found[1]) if found else 0.0
    except ValueError:
        return 0.0
    return at_s if math.isfinite(at_s) else 0.0


async def look(http: HttpClient, url: str) -> Look:
    """Look once."""
    try:
        health = await http.get(f"{url}/healthz", FETCH_S)
        metrics = await http.get(f"{url}/metrics", FETCH_S)
    except NotSent:
        return Look("nobody answers there")
    except (TimeoutError, OSError):
        return Look("no answer in time")
    return look_of(health.status, health.body, metrics.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """Where and how a page goes."""

    url: str
    secret: str | None = field(default=None, repr=False)
    as_text: bool = False  # the words alone, as ntfy takes them

    async def page(self, http: HttpClient, subject: str, words: str, at_s: int) -> bool:
        """Whether somebody's machine has taken it."""
        text = f"resguardo watch: {subject}: {words}"
        state = "back" if words == "back" else "absent"
        message = {"v": 1, "kind": "watch", "state": state, "text": text, "at": at_s * 1000}
        body = text.encode() if self.as_text else json.dumps(message, ensure_ascii=False).encode()
        headers = {"Content-Type": "text/plain; charset=utf-8" if self.as_text else "application/json"}
        if self.secret is not None:
            headers["X-Resguardo-Signature"] = signature(self.secret, at_s, body)
        answer = await post(http, self.url, body, headers, timeout_s=FETCH_S, meaning=STATUS)
        return answer.verdict is Verdict.TAKEN


async def watch(url: str, pager: Pager | None, absent_s: float) -> None:
    """Watch until cancelled."""
    http = HttpClient()
    judge = Judge(absent_s, time.monotonic())
    every_s = min(EVERY_S_MAX, absent_s / LOOKS_PER_ABSENCE)
    try:
        while True:
            next_s = time.monotonic() + every_s
            seen = await look(http, url)
            words = judge.see(seen, time.monotonic())
            if words is not None:
                print(f"{time.strftime('%H:%M:%S')}  {words}", flush=True)
                if pager is None or await pager.page(http, _subject(url), words, int(time.time())):
                    judge.told(words, time.monotonic())
                else:
                    print(f"{time.strftime('%H:%M:%S')}  the page was not taken: tried again", flush=True)
            await asyncio.sleep(max(0.0, next_s - time.monotonic()))
    finally:
        await http.close()


async def once(url: str, absent_s: float) -> str | None:
    """Look once; what is wrong, if anything. A canary's age is by the two machines' clocks here."""
    http = HttpClient()
    try:
        seen = await look(http, url)
    finally:
        await http.close()
    if seen.fault is None and seen.canary_at is not None and abs(time.time() - seen.canary_at) > absent_s:
        return "its canary does not come round"
    return seen.fault


def _subject(url: str) -> str:
    """Which monitor, seen from which machine."""
    return f"{url.rsplit('://', maxsplit=1)[-1]} seen from {socket.gethostname()}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `resguardo watch`."""
    parser.add_argument("url", metavar="URL", help="where a monitor answers /healthz and /metrics, such as http://10.0.0.2:9464")
    parser.add_argument("--page-url", metavar="URL", help="where a page is posted: a webhook, or an ntfy topic with --page-text")
    parser.add_argument("--page-text", action="store_true", help="post the words alone instead of JSON")
    parser.add_argument("--page-secret-file", type=Path, metavar="FILE", help="key of the signature on each page, as the webhook's")
    parser.add_argument(
        "--absent-s", type=float, default=90.0, metavar="S", help="page after so long without a sign of life (90)"
    )
    parser.add_argument("--once", action="store_true", help="look once: status 0 all is well, 1 it is not")


def run(args: argparse.Namespace) -> int:
    """Watch until interrupted, or look once. Raises BadInput for arguments that cannot be used."""
    for name, url in (("URL", args.url), ("--page-url", args.page_url)):
        wrong = URL(url) if url is not None else None
        if wrong:
            raise BadInput(name, wrong)
    if not ABSENT_S_MIN <= args.absent_s <= ABSENT_S_MAX:
        raise BadInput("--absent-s", f"must be between {ABSENT_S_MIN:g} and {ABSENT_S_MAX:g}")
    url = args.url.rstrip("/")
    if args.once:
        fault = asyncio.run(once(url, args.absent_s))
        print(fault or "all is well")
        return int(fault is not None)
    if args.page_url is None:
        print("no --page-url: an absence is only printed here", file=sys.stderr)
    asyncio.run(watch(url, _pager(args), args.absent_s))
    return 0


def _pager(args: argparse.Namespace) -> Pager | None:
    if args.page_url is None:
        return None
    secret = None
    if args.page_secret_file is not None:
        try:
            secret = args.page_secret_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput("--page-secret-file", f"cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
        if len(secret) < WEBHOOK_SECRET_FLOOR:
            raise BadInput("--page-secret-file", f"must hold {WEBHOOK_SECRET_FLOOR} characters or more")
    return Pager(url=args.page_url, secret=secret, as_text=args.page_text)
