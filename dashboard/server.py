"""The console's web server: pages, assets, the API's table, the stream. Every answer carries the same strict headers."""

from __future__ import annotations

import importlib.resources
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from dashboard.accounts import Session
from dashboard.api import ENDPOINTS, PREFIX
from dashboard.api_incidents import entry_shown
from dashboard.bodies import BadBody, Fault, FaultAnswer, read
from dashboard.console import Console
from dashboard.endpoints import Call, Denied, Desk, Endpoint, Query
from dashboard.incidents import Entry, Incident
from dashboard.openapi import document
from dashboard.rights import Right
from monitor.log import get_logger
from monitor.wire import to_json

HERE = Path(__file__).parent
COOKIE = "resguardo_session"
BODY_BYTES_MAX = 1_000_000  # an order with zones of 10,000 points is half of it
STREAMS_MAX = 200  # open pages of one control room; each costs a beat a second
PAGES = {  # path -> its module in static/pages/
    "/": "queue", "/login": "login", "/coverage": "coverage", "/orders": "orders", "/statistics": "statistics", "/admin": "admin",
    "/public": "public",
}  # fmt: skip
WITH_MAP = ("queue", "orders")
MAP_STYLES = '<link rel="stylesheet" href="/vendor/leaflet/leaflet.css">\n'
VENDOR = {"leaflet": "xstatic.pkg.leaflet"}  # name below /vendor -> package of the wheel that brings it, in its folder `data`
SAME = "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"  # what no page of ours needs
LOOPBACK = ("127.0.0.1", "::1")  # where our proxy speaks from
PEER_CHARS_MAX = 64  # of an address that is remembered
UNSAFE = frozenset(("POST", "PUT", "PATCH", "DELETE"))
Asked = Callable[[web.Request], Awaitable[web.StreamResponse]]

_log = get_logger("console_http")


def application(desk: Desk) -> web.Application:
    """Everything the console serves."""
    app = web.Application(client_max_size=BODY_BYTES_MAX, middlewares=[_guard(desk)])
    for one in ENDPOINTS:
        app.router.add_route(one.method, PREFIX + one.path, _route(desk, one))
    app.router.add_get(f"{PREFIX}/events", _events(desk))
    app.router.add_get(f"{PREFIX}/openapi.json", _fixed(to_json(document(ENDPOINTS)), "application/json"))
    for path, page in PAGES.items():
        app.router.add_get(path, _fixed(page_of(page).encode(), "text/html", charset="utf-8"))
    if desk.settings.base_layer is not None:
        app.router.add_get("/base-layer.geojson", _file(desk.settings.base_layer))
    app.router.add_static("/static", HERE / "static")
    for name, package in VENDOR.items():
        app.router.add_static(f"/vendor/{name}", Path(str(importlib.resources.files(package))) / "data")
    return app


# --- around every request ---------------------------------------------------------------------------------------------


def _headers(settings: Any) -> dict[str, str]:
    tiles = ""
    if settings.tile_url is not None:
        parts = urlsplit(settings.tile_url)
        tiles = f" {parts.scheme}://{parts.netloc.replace('{s}', '*')}"
    return {
        "Content-Security-Policy": f"default-src 'self'; img-src 'self' data:{tiles}; {SAME}",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
        "Cache-Control": "no-store",
    }


def _guard(desk: Desk) -> Any:
    """Same headers on every answer, and every failure a clear one: never a traceback."""
    headers = _headers(desk.settings)

    @web.middleware
    async def guard(request: web.Request, handler: Asked) -> web.StreamResponse:
        response: web.StreamResponse
        try:
            response = await handler(request)
        except Denied as denied:
            response = _fault(denied)
        except BadBody as bad:
            response = _fault(Denied(400, "bad", bad.message, bad.where))
        except web.HTTPException as error:
            code = {404: "not_found", 405: "method", 413: "too_large"}.get(error.status, "http")
            response = _fault(Denied(error.status, code, error.reason))
            response.headers.update({k: v for k, v in error.headers.items() if k == "Allow"})
        except OSError as error:
            _log.error("request_failed", error=type(error).__name__)
            response = _fault(Denied(503, "away", "the database does not answer"))
        if not response.prepared:
            response.headers.update(headers)
        return response

    return guard


def _fault(denied: Denied) -> web.Response:
    answer = FaultAnswer(error=Fault(code=denied.code, message=denied.message, where=denied.where))
    headers = {"Retry-After": str(denied.wait_s)} if denied.wait_s else {}
    return web.Response(body=to_json(answer), status=denied.status, content_type="application/json", headers=headers)


async def _session_of(desk: Desk, request: web.Request, one: Endpoint | None, right: Right | None) -> Session:
    """Who asks. Raises Denied: nobody, a forged request, or somebody without the right."""
    bearer = request.headers.get("Authorization", "")
    if bearer.startswith("Bearer "):
        session = await desk.accounts.of_token(bearer.removeprefix("Bearer "))
    else:
        session = await desk.accounts.of_cookie(request.cookies.get(COOKIE, ""))
    if session is None:
        raise Denied(401, "login", "log in first")
    if session.csrf is not None and request.method in UNSAFE:
        said = request.headers.get("X-CSRF-Token", "")
        if not secrets.compare_digest(said.encode(), session.csrf.encode()):
            raise Denied(403, "csrf", "the header X-CSRF-Token is missing or wrong")
    if session.csrf is None and one is not None and one.persons:
        raise Denied(403, "right", "this is for persons")
    if right is not None and right not in session.rights:
        raise Denied(403, "right", f"this needs the right {right.value}")
    return session


# --- the API ----------------------------------------------------------------------------------------------------------

NOBODY = Session("", "", "", frozenset(), "es")


def _route(desk: Desk, one: Endpoint) -> Asked:
    async def asked(request: web.Request) -> web.Response:
        session = NOBODY if one.open else await _session_of(desk, request, one, one.right)
        query = _queried(one, request)
        body = read(await request.read(), one.body) if one.body is not None else None
        call = Call(session, body, request.match_info, query, _peer(request), desk)
        if one.confirmed:
            call.need_confirmed()
        answer = await one.handler(call)
        status = 204 if one.answer is None else 200
        response = web.Response(status=status) if answer is None else web.Response(body=to_json(answer), content_type="application/json")
        _set_cookie(response, call.cookie, request)
        return response

    return asked


def _queried(one: Endpoint, request: web.Request) -> dict[str, Any]:
    """The query string, checked. Raises Denied for a key that we do not know."""
    for name in request.query:
        if name not in one.query:
            raise Denied(400, "bad", "unknown key", name)
    return {name: _value(name, query, request.query.get(name)) for name, query in one.query.items()}


def _value(name: str, query: Query, text: str | None) -> Any:
    if text is None:
        return query.default
    if query.kind is str:
        if not 0 < len(text) <= 200 or (query.words and text not in query.words):
            raise Denied(400, "bad", f"must be one of {', '.join(query.words)}" if query.words else "must have 1 to 200 characters", name)
        return text
    if not (text.isascii() and text.isdigit() and len(text) < 17):
        raise Denied(400, "bad", "must be a whole number", name)
    number = int(text)
    if not (query.least or 0) <= number <= (query.most or number):
        raise Denied(400, "bad", f"must be between {query.least} and {query.most}", name)
    return number


def _set_cookie(response: web.Response, word: str | None, request: web.Request) -> None:
    if word == "":
        response.del_cookie(COOKIE, path="/")
    elif word is not None:
        response.set_cookie(COOKIE, word, path="/", httponly=True, samesite="Strict", secure=request.secure or _behind_tls(request))


def _peer(request: web.Request) -> str:
    """Who asks: behind our own proxy whom it names, which it writes last. Else one guesser would lock the door for all."""
    remote = request.remote or ""
    if remote not in LOOPBACK:
        return remote
    named = ",".join(request.headers.getall("X-Forwarded-For", [])).rpartition(",")[2].strip()
    return named[:PEER_CHARS_MAX] or remote


def _behind_tls(request: web.Request) -> bool:
    return request.headers.get("X-Forwarded-Proto") == "https"


# --- the stream -------------------------------------------------------------------------------------------------------


def _events(desk: Desk) -> Asked:
    streams: list[int] = []

    async def events(request: web.Request) -> web.StreamResponse:
        session = await _session_of(desk, request, None, Right.QUEUE_READ)
        if len(streams) >= STREAMS_MAX:
            raise Denied(429, "slow", "too many open pages", wait_s=5)
        response = web.StreamResponse(headers={**_headers(desk.settings), "Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
        await response.prepare(request)
        streams.append(1)
        try:
            last_id = request.headers.get("Last-Event-ID") or request.query.get("last_id")
            async for block in desk.console.stream.follow(last_id, _renderer(desk.console, session), desk.now_ms):
                if not desk.accounts.counts(session):
                    break
                await response.write(block)
        except ConnectionError:
            pass  # the page was closed
        finally:
            streams.pop()
        return response

    return events


def _renderer(console: Console, session: Session) -> Callable[[str, object], object | None]:
    """What one viewer reads of an event."""

    def render(kind: str, subject: object) -> object | None:
        if isinstance(subject, Incident):
            return console.item(subject, session.language, session.operator)
        if isinstance(subject, Entry):
            return {"incident": subject.incident, "entry": entry_shown(subject)}
        return console.link() if kind == "link" else None

    return render


# --- files ------------------------------------------------------------------------------------------------------------


def _file(path: Path) -> Asked:
    async def page(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(path)

    return page


def page_of(name: str) -> str:
    """One page: the shell that all share, with its module, and the map's styles where it has a map."""
    shell = (HERE / "pages" / "page.html").read_text(encoding="utf-8")
    return shell.replace("{page}", name).replace("{styles}", MAP_STYLES if name in WITH_MAP else "")


def _fixed(body: bytes, content_type: str, charset: str | None = None) -> Asked:
    async def fixed(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type=content_type, charset=charset)

    return fixed
