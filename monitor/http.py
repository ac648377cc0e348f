"""The pages for machines: `/metrics` for Prometheus, `/healthz` for whoever restarts us, `/acknowledgements` for the control room,
`/answers` for the button on a push message.

The server's door to aiohttp. If it dies, it is restarted and alerts never notice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from monitor.log import get_logger
from monitor.wire import to_json

_log = get_logger("http")


@dataclass(frozen=True, slots=True)
class Health:
    """Whether we do our job now, and each part's word on it."""

    healthy: bool
    parts: dict[str, object] = field(default_factory=dict)


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
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.TCPSite(runner, self.host, self.port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        self.port = runner.addresses[0][1]
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
