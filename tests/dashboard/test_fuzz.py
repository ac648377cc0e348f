"""The web API against its own OpenAPI document, by schemathesis: whatever is sent, what comes back is what the document says."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import allow_header_conformance, positive_data_acceptance

from dashboard.api import ENDPOINTS
from dashboard.openapi import document
from tests.dashboard.conftest import PASSWORD, Scene, fresh, scene_of

EXAMPLES = 8  # an endpoint: the whole table in some seconds; by hand with 500 and more


def without_security() -> dict[str, Any]:
    """The document as for somebody who is logged in: who may what is test_api.py's."""
    drawn = document(ENDPOINTS)
    for path in drawn["paths"].values():
        for operation in path.values():
            del operation["security"]
    del drawn["components"]["securitySchemes"]
    return drawn


schema = schemathesis.openapi.from_dict(without_security())
# Steps, order contents and ids have rules of their own beyond a schema: a 400 that names the place is right there. And
# /orders/check is an id of /orders/{id} too, so that its list of methods is longer.
NOT_HERE = (positive_data_acceptance, allow_header_conformance)


class Served:
    """A console in a thread of its own, since the fuzzer does not know asyncio."""

    def __init__(self, directory: Path) -> None:
        self.ready, self.done = threading.Event(), threading.Event()
        self.scene: Scene
        self.thread = threading.Thread(target=lambda: asyncio.run(self._serve(directory)))
        self.thread.start()
        assert self.ready.wait(20)
        self.sessions = {name: self._login(name) for name in ("sol", "caso", "root")}

    async def _serve(self, directory: Path) -> None:
        records = fresh(f"sqlite:///{directory / 'console.db'}")
        async with scene_of(records) as self.scene:
            self.scene.transition()
            self.scene.notification()
            await self.scene.console.kept()
            self.ready.set()
            await asyncio.to_thread(self.done.wait)
        records.close()

    def _login(self, name: str) -> requests.Session:
        session = requests.Session()
        answer = session.post(f"{self.scene.url}/api/v1/session", json={"name": name, "password": PASSWORD}).json()
        session.headers["X-CSRF-Token"] = answer["csrf"]
        return session


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    made = Served(tmp_path_factory.mktemp("console"))
    yield made
    made.done.set()
    made.thread.join()


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_is_what_the_document_says(case: Any, served: Served) -> None:
    name = "root" if case.path.split("/")[3] in ("operators", "tokens", "audit") else "caso" if "order" in case.path else "sol"
    if "id" in (case.path_parameters or {}) and "incidents" in case.path:
        case.path_parameters["id"] = "i-1"
    excluded = NOT_HERE if case.path.endswith("/orders/check") else NOT_HERE[:1]
    case.call_and_validate(base_url=served.scene.url, session=served.sessions[name], excluded_checks=list(excluded))
