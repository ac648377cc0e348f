"""The OpenAPI 3.1 document of the web API, drawn from the table of endpoints: it cannot say anything else than what is served."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from dashboard.api import PREFIX
from dashboard.bodies import FaultAnswer, Login, SessionAnswer, schemas
from dashboard.endpoints import Endpoint, Query
from geofence import __version__

_FAULTS = {
    400: "the request is not what it must be; `where` names the key",
    401: "nobody is logged in, or name, password or code is wrong",
    403: "the right is missing; `confirm`: say the password again; `csrf`: the header is missing",
    404: "there is no such thing, or not for you",
    409: "the monitor says no, and why",
    413: "too large",
    429: "too many: wait as long as Retry-After says",
    503: "the monitor or the database does not answer: nothing was changed",
}


def document(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """The whole document."""
    kinds = list(dict.fromkeys(kind for one in endpoints for kind in (one.body, one.answer) if kind is not None))
    kinds += [kind for kind in (FaultAnswer, Login, SessionAnswer) if kind not in kinds]
    found, components = schemas(kinds)
    schema = dict(zip(kinds, found, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for one in endpoints:
        paths.setdefault(PREFIX + one.path, {})[one.method.lower()] = _operation(one, schema)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Resguardo console",
            "version": __version__,
            "description": "Times are ms UTC. Words are those of the contract. Server-sent events: GET /api/v1/events.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "resguardo_session"},
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(one: Endpoint, schema: dict[Any, Any]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": "done"}
    if one.answer is not None:
        success["content"] = {"application/json": {"schema": schema[one.answer]}}
    answers: dict[str, Any] = {"204" if one.answer is None else "200": success}
    for status, words in _FAULTS.items():
        answers[str(status)] = {"description": words, "content": {"application/json": {"schema": schema[FaultAnswer]}}}
    operation: dict[str, Any] = {
        "summary": one.summary,
        "operationId": re.sub(r"\W+", "_", f"{one.method.lower()}{one.path}").strip("_"),
        "parameters": [
            *({"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in re.findall(r"\{(\w+)\}", one.path)),
            *({"name": name, "in": "query", "required": False, "schema": _query(query)} for name, query in one.query.items()),
        ],
        "responses": answers,
        "security": [] if one.open else [{"session": []}] if one.persons else [{"session": []}, {"token": []}],
    }
    if one.right is not None:
        operation["x-right"] = one.right.value
    if one.body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema[one.body]}}}
    return operation


def _query(query: Query) -> dict[str, Any]:
    if query.kind is str:
        return {"type": "string", "enum": list(query.words)} if query.words else {"type": "string", "minLength": 1, "maxLength": 200}
    return {
        "type": "integer",
        "minimum": query.least,
        "maximum": query.most,
        **({"default": query.default} if query.default is not None else {}),
    }
