"""The client's door to aiohttp: one POST with a time-out, its answer as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp

RETRY_AFTER_S_MAX = 60.0  # a server that asks for more is asked again sooner: an alert has no more time


@dataclass(frozen=True, slots=True)
class Response:
    """What a server answered."""

    status: int
    retry_after_s: float | None = None


class NotSent(Exception):
    """There was no connection, so surely nothing was taken."""


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """The wait a server asks for in seconds; None where it gives none, or gives a date."""
    text = headers.get("Retry-After", "").strip()
    return min(float(text), RETRY_AFTER_S_MAX) if text.isascii() and text.isdigit() else None


class HttpClient:
    """Connections that are kept open from one alert to the next."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Response:
        """Post once. Raises NotSent if no connection came about, TimeoutError or OSError if the answer stayed away."""
        if self._session is None:
            self._session = aiohttp.ClientSession(auto_decompress=False)
        timeout = aiohttp.ClientTimeout(total=timeout_s, connect=timeout_s)
        try:
            async with self._session.post(url, data=body, headers=headers, timeout=timeout, allow_redirects=False) as response:
                return Response(response.status, retry_after_s(response.headers))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise NotSent(type(error).__name__) from None
        except aiohttp.ClientError as error:
            raise ConnectionError(type(error).__name__) from None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None
