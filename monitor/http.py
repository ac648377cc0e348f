"""The pages for machines: `/metrics` for Prometheus, `/healthz` for whoever restarts us, `/acknowledgements` for the control room,
`/answers` for the button on a push message; and, at an address of its own, the one page that is open to the world.

The server's door to aiohttp. If it dies, it is restarted and alerts never notice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from monitor.log import get_logger
from monitor.wire import to_json

STOP_S = 0.5  # for what is being answered when we stop; streams are cut
CALLBACK_BYTES_MAX = 16_384  # Twilio's forms have 1 kB
CALLBACK_S = 5.0  # for the whole of it: whoever sends slower holds one of our sockets

_log = get_logger("http")


@dataclass(frozen=True, slots=True)
class Health:
    """Whether we do our job now, and each part's word on it."""

    healthy: bool
    parts: dict[str, object] = field(default_factory=dict)


async def listen(app: web.Application, host: str, port: int) -> web.AppRunner:
    """Serve an application; `cleanup` of what is given back ends it. Raises OSError if the address is taken."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        error.filename = f"{host}:{port}"  # in the place of a file's name, as the log tells it
        raise
    return runner


class HttpServer:
    """Serves the pages until stopped."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        metrics: Callable[[], tuple[bytes, str]],
        health: Callable[[], Health],
        acknowledge: Callable[[str | None, bytes], bool] = lambda signature, body: False,
        answer: Callable[[bytes], bool] = lambda body: False,
    ) -> None:
        self.host = host
        self.port = port  # after `start`, the real one
        self._metrics = metrics
        self._health = health
        self._acknowledge = acknowledge  # (X-Resguardo-Signature, body) -> taken; False = not signed by the control room
        self._answer = answer  # (body) -> taken; False = no token of ours, or one that was used
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Begin to answer. Raises OSError if the address is taken."""
        app = web.Application(client_max_size=1024)  # an acknowledgement is one id
        app.router.add_get("/metrics", self._on_metrics)
        app.router.add_get("/healthz", self._on_health)
        app.router.add_post("/acknowledgements", self._on_acknowledgement)
        app.router.add_post("/answers", self._on_answer)
        self._runner = await listen(app, self.host, self.port)
        self.port = self._runner.addresses[0][1]
        _log.info("http_listening", host=self.host, port=self.port)

    async def stop(self) -> None:
        """Answer no more."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _on_metrics(self, _request: web.Request) -> web.Response:
        body, content_type = self._metrics()
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def _on_health(self, _request: web.Request) -> web.Response:
        health = self._health()
        body = to_json({"healthy": health.healthy, "parts": health.parts})
        return web.Response(body=body, status=200 if health.healthy else 503, content_type="application/json")

    async def _on_acknowledgement(self, request: web.Request) -> web.Response:
        taken = self._acknowledge(request.headers.get("X-Resguardo-Signature"), await request.read())
        return web.Response(status=202 if taken else 403)

    async def _on_answer(self, request: web.Request) -> web.Response:
        return web.Response(status=202 if self._answer(await request.read()) else 403)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered to a callback."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain"


class CallbackServer:
    """Takes the calls of a carrier: any path, one small form, one signature; `take` (path with query, body, signature) judges them."""

    def __init__(self, host: str, port: int, take: Callable[[str, bytes, str | None], Reply]) -> None:
        self.host = host
        self.port = port  # while it runs, the real one
        self._take = take

    async def run(self) -> None:
        """Answer until cancelled. Raises OSError if the address is taken."""
        app = web.Application(client_max_size=CALLBACK_BYTES_MAX)
        app.router.add_post("/{path:.*}", self._on_call)
        runner = await listen(app, self.host, self.port)
        try:
            self.port = runner.addresses[0][1]
            _log.info("callbacks_listening", host=self.host, port=self.port)
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    async def _on_call(self, request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(CALLBACK_S):
                body = await request.read()
        except TimeoutError:
            return web.Response(status=408)
        reply = self._take(request.raw_path, body, request.headers.get("X-Twilio-Signature"))
        return web.Response(status=reply.status, body=reply.body, content_type=reply.content_type)
