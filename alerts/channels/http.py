"""The client's door to aiohttp: one POST or GET with a time-out, its answer as a value; and what every way by POST shares."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp

from alerts.channels import Answer, Verdict
from alerts.terms import Notification

BODY_BYTES_MAX = 1_000_000  # our own /metrics has 30 kB
RETRY_AFTER_S_MAX = 60.0  # a server that asks for more is asked again sooner: an alert has no more time


@dataclass(frozen=True, slots=True)
class Response:
    """What a server answered."""

    status: int
    retry_after_s: float | None = None
    body: bytes = b""  # of a GET


Meaning = Mapping[int, Verdict]  # what a status means to one channel: whole classes by their hundred, exceptions by themselves
USUAL: Meaning = {
    2: Verdict.TAKEN,
    3: Verdict.NEVER,  # we follow nobody: what we say would go where the operator has not said
    4: Verdict.NEVER,
    5: Verdict.UNSURE,
    408: Verdict.LATER,
    425: Verdict.LATER,
    429: Verdict.LATER,
}


class NotSent(Exception):
    """There was no connection, so surely nothing was taken."""


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """The wait a server asks for in seconds; None where it gives none, or gives a date."""
    text = headers.get("Retry-After", "").strip()
    return min(float(text), RETRY_AFTER_S_MAX) if text.isascii() and text.isdigit() else None


async def _page(response: aiohttp.ClientResponse) -> bytes:
    page = b""
    while len(page) < BODY_BYTES_MAX and (more := await response.content.read(BODY_BYTES_MAX - len(page))):
        page += more
    return page


def answer_of(response: Response, meaning: Meaning) -> Answer:
    """What a response means to a channel; a status that it has no word for may have been taken."""
    verdict = meaning.get(response.status) or meaning.get(response.status // 100, Verdict.UNSURE)
    return Answer(verdict, f"http {response.status}", response.retry_after_s)


class HttpClient:
    """Connections that are kept open from one alert to the next."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Response:
        """Post once. Raises NotSent if no connection came about, TimeoutError or OSError if the answer stayed away."""
        return await self._request("POST", url, body, headers, timeout_s)

    async def get(self, url: str, timeout_s: float) -> Response:
        """Fetch a page, of which the first BODY_BYTES_MAX are read. Raises as `post` does."""
        return await self._request("GET", url, None, {}, timeout_s)

    async def _request(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], timeout_s: float) -> Response:
        if self._session is None:
            self._session = aiohttp.ClientSession(auto_decompress=False)
        timeout = aiohttp.ClientTimeout(total=timeout_s, connect=timeout_s)
        try:
            async with self._session.request(
                method, url, data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                page = await _page(response) if method == "GET" else b""
                return Response(response.status, retry_after_s(response.headers), page)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise NotSent(type(error).__name__) from None
        except aiohttp.ClientError as error:
            raise ConnectionError(type(error).__name__) from None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None


async def post(http: HttpClient, url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float, meaning: Meaning) -> Answer:
    """Post once; what came of it as an answer, however the server behaves."""
    try:
        return answer_of(await http.post(url, body, headers, timeout_s), meaning)
    except NotSent as error:
        return Answer(Verdict.LATER, str(error))
    except (TimeoutError, OSError) as error:
        return Answer(Verdict.UNSURE, type(error).__name__)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # `json.dumps` makes one for each message


def json_bytes(message: object) -> bytes:
    """A message as compact JSON in UTF-8."""
    return _encode(message).encode()


class Poster:
    """What the ways that post to one server share: a `Carrier` but for its `send`."""

    timeout_s = 2.0
    parallel = 16  # a slow server still gets 16 alerts at a time, most urgent first
    idempotent = True
    status: Meaning = USUAL

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = HttpClient()

    def reaches(self, notification: Notification) -> bool:
        """Always."""
        return True

    async def was_taken(self, notification: Notification) -> bool:
        """Never asked: the same message twice is one."""
        return False

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        return await post(self._http, self._url, body, headers, timeout_s=self.timeout_s, meaning=self.status)


def bearer(token: str | None) -> dict[str, str]:
    """The headers of a JSON message, with our access token where there is one."""
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return headers
