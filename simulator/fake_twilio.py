"""Enough of Twilio to fail like it: messages and calls, listed and created, with faults in a script.

A fault is used up by the request it hits and counted in `hit`, so that a test can say that it really happened.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from base64 import b64encode
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import Enum
from typing import Any

from aiohttp import ClientSession, web
from multidict import MultiDictProxy

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
SID = {"Messages": "SM", "Calls": "CA"}
WITHHELD_S = 30.0  # longer than any client of ours waits


class Fault(Enum):
    """What goes wrong with one request."""

    BUSY = "429 with Retry-After: 1"
    ERROR = "500, nothing done"
    SILENT = "no answer, nothing done"
    WITHHELD = "done, but no answer"
    LATE_ERROR = "done, but answered 500"


DONE_ANYWAY = (Fault.WITHHELD, Fault.LATE_ERROR)


@dataclass(frozen=True, slots=True)
class Made:
    """A message or a call that Twilio has."""

    kind: str  # Messages | Calls
    to: str
    body: str
    made_at: datetime
    sid: str
    form: dict[str, str]  # all that was asked for


class FakeTwilio:
    """Start it, point `Account.base_url` at `url`."""

    def __init__(self) -> None:
        self.made: list[Made] = []
        self.faults: deque[Fault | None] = deque()  # for the next requests that create something; None = all is well
        self.hanging: set[str] = set()  # "Messages", "Calls": no request to create one is answered, and nothing is done
        self.refused: dict[str, int] = {}  # number -> Twilio error code
        self.hit: Counter[Fault] = Counter()
        self.lookups = 0
        self.account_status = "active"
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen on a free port of this machine."""
        app = web.Application()
        path = "/2010-04-01/Accounts/{account}/{kind:Messages|Calls}.json"
        app.router.add_post(path, self._create)
        app.router.add_get(path, self._list)
        app.router.add_get("/2010-04-01/Accounts/{account}.json", self._account)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _create(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        kind, to = request.match_info["kind"], str(form.get("To", ""))
        wrong = self._wrong(request, kind, form)
        if wrong is not None:
            return wrong
        fault = Fault.SILENT if kind in self.hanging else self.faults.popleft() if self.faults else None
        if fault is None or fault in DONE_ANYWAY:
            words, sid = str(form.get("Body", form.get("Twiml", ""))), f"{SID[kind]}{len(self.made) + 1:032x}"
            made = Made(kind, to, words, datetime.now(UTC), sid, {key: str(value) for key, value in form.items()})
            self.made.append(made)
        if fault is not None:
            self.hit[fault] += 1
            return await _fail(fault)
        return web.json_response(_resource(made), status=201)

    def _wrong(self, request: web.Request, kind: str, form: MultiDictProxy[Any]) -> web.StreamResponse | None:
        """What Twilio refuses for good."""
        to, words = str(form.get("To", "")), "Body" if kind == "Messages" else "Twiml"
        if not request.headers.get("Authorization", "").startswith("Basic "):
            return _error(401, 20003)
        if not E164.fullmatch(to):
            return _error(400, 21211)
        if not form.get(words):
            return _error(400, 21602)
        return _error(400, self.refused[to]) if to in self.refused else None

    async def _account(self, request: web.Request) -> web.StreamResponse:
        if not request.headers.get("Authorization", "").startswith("Basic "):
            return _error(401, 20003)
        return web.json_response({"sid": request.match_info["account"], "status": self.account_status})

    async def _list(self, request: web.Request) -> web.StreamResponse:
        self.lookups += 1
        kind, to = request.match_info["kind"], request.query.get("To")
        found = [_resource(made) for made in self.made if made.kind == kind and made.to == to]
        return web.json_response({kind.lower(): found[::-1], "next_page_uri": None, "page": 0, "page_size": 50})


async def _fail(fault: Fault) -> web.StreamResponse:
    if fault is Fault.BUSY:
        return _error(429, 20429, {"Retry-After": "1"})
    if fault in (Fault.SILENT, Fault.WITHHELD):
        await asyncio.sleep(WITHHELD_S)
    return _error(500, 20500)


def _error(status: int, code: int, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"code": code, "message": "refused", "status": status}, status=status, headers=headers)


def _resource(made: Made) -> dict[str, Any]:
    words = {"body": made.body} if made.kind == "Messages" else {}
    return {"sid": made.sid, "to": made.to, "status": "queued", "date_created": format_datetime(made.made_at), **words}


def signature(auth_token: str, url: str, form: Mapping[str, str]) -> str:
    """Twilio's signature of a call to us, made by its description and not by its package, which checks it."""
    text = url + "".join(f"{key}{form[key]}" for key in sorted(form))
    return b64encode(hmac.new(auth_token.encode(), text.encode(), hashlib.sha1).digest()).decode()


async def call_back(auth_token: str, url: str, form: Mapping[str, str]) -> tuple[int, str]:
    """Tell our own server something, as Twilio does: (status, body) of its answer."""
    headers = {"X-Twilio-Signature": signature(auth_token, url, form)}
    async with ClientSession() as session, session.post(url, data=dict(form), headers=headers) as response:
        return response.status, await response.text()
