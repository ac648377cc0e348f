"""The whole web API as one table: what there is, who may, what goes in and out. The server routes by it, and OpenAPI is drawn from it."""

from __future__ import annotations

from dashboard import api_admin, api_incidents, api_orders, api_playback, api_session
from dashboard.bodies import (
    Acted,
    Answering,
    Assignment,
    Audit,
    Choices,
    Closing,
    Confirmation,
    Confirmed,
    IncidentShown,
    Items,
    Login,
    Mute,
    NewOperator,
    NewToken,
    Note,
    Open,
    OperatorChange,
    OperatorMade,
    Operators,
    OrderChange,
    Person,
    Queue,
    SessionAnswer,
    Sessions,
    Speech,
    StepDone,
    TokenMade,
    Tokens,
    Why,
)  # fmt: skip
from dashboard.endpoints import Endpoint, Query
from dashboard.rights import Right

PREFIX = "/api/v1"
MS_MAX = 1 << 53

_LIMIT = Query(int, 1, 500, default=100)
_MS = Query(int, 0, MS_MAX)
_TEXT = Query(str)

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(method="POST", path="/session", summary="Log in", handler=api_session.login, open=True, body=Login, answer=SessionAnswer),
    Endpoint(method="GET", path="/session", summary="Who is logged in here", handler=api_session.session, answer=SessionAnswer),
    Endpoint(method="DELETE", path="/session", summary="Log out", handler=api_session.logout, persons=True),
    Endpoint(method="PATCH", path="/session", summary="Choose a language", handler=api_session.speak, body=Speech, answer=SessionAnswer, persons=True),
    Endpoint(method="POST", path="/session/confirm", summary="Prove again who one is", handler=api_session.confirm, body=Confirmation, answer=Confirmed, persons=True),
    Endpoint(method="GET", path="/settings", summary="What a page must know of this installation", handler=api_session.choices, answer=Choices),
    Endpoint(method="GET", path="/queue", summary="Everything that waits for eyes, most urgent first", handler=api_incidents.queue, right=Right.QUEUE_READ, answer=Queue),
    Endpoint(
        method="GET", path="/incidents", summary="Incidents of the record, newest first", handler=api_incidents.incidents, right=Right.QUEUE_READ,
        answer=Items, query={"state": Query(str, words=("open", "closed")), "order": _TEXT, "before_ms": _MS, "limit": _LIMIT},
    ),
    Endpoint(method="GET", path="/incidents/{id}", summary="One incident with its story", handler=api_incidents.incident, right=Right.QUEUE_READ, answer=IncidentShown),
    Endpoint(method="POST", path="/incidents/{id}/acknowledge", summary="Say that a person has seen it", handler=api_incidents.acknowledge, right=Right.INCIDENT_ACT, body=Answering, answer=Acted),
    Endpoint(method="POST", path="/incidents/{id}/assign", summary="Give it to an operator, or take it", handler=api_incidents.assign, right=Right.INCIDENT_ACT, body=Assignment, answer=Acted),
    Endpoint(method="POST", path="/incidents/{id}/note", summary="Write something down", handler=api_incidents.note, right=Right.INCIDENT_ACT, body=Note, answer=Acted),
    Endpoint(method="POST", path="/incidents/{id}/mute", summary="No sound for me", handler=api_incidents.mute, right=Right.INCIDENT_ACT, body=Mute, answer=Acted),
    Endpoint(method="POST", path="/incidents/{id}/steps", summary="Tick a step of the response", handler=api_incidents.step, right=Right.INCIDENT_ACT, body=StepDone, answer=Acted),
    Endpoint(method="POST", path="/incidents/{id}/close", summary="Say how it was", handler=api_incidents.close, right=Right.INCIDENT_CLOSE, body=Closing, answer=Acted),
    Endpoint(method="GET", path="/incidents/{id}/positions", summary="Where both are now (on record)", handler=api_incidents.positions, right=Right.POSITION_READ, answer=Open),
    Endpoint(
        method="GET", path="/incidents/{id}/playback", summary="The incident again, step by step, through the real engine (on record)", handler=api_playback.playback,
        right=Right.POSITION_READ, answer=Open, query={"step_s": Query(int, 1, 3_600, default=5)},
    ),
    Endpoint(method="GET", path="/incidents/{id}/devices", summary="How the devices of both are", handler=api_incidents.devices, right=Right.QUEUE_READ, answer=Open),
    Endpoint(method="POST", path="/people/{id}/reveal", summary="The name behind a pseudonym, for a reason (on record)", handler=api_admin.reveal, right=Right.PERSON_REVEAL, body=Why, answer=Person),
    Endpoint(method="GET", path="/coverage", summary="Who is not seen right now, and why", handler=api_orders.coverage, right=Right.QUEUE_READ, answer=Open),
    Endpoint(
        method="GET", path="/orders", summary="Orders in force", handler=api_orders.orders, right=Right.ORDER_READ, answer=Open,
        query={"after": _TEXT, "limit": _LIMIT, "q": _TEXT},
    ),
    Endpoint(method="POST", path="/orders/check", summary="What is wrong with an order", handler=api_orders.check, right=Right.ORDER_READ, body=OrderChange, answer=Open),
    Endpoint(method="GET", path="/orders/{id}", summary="One order (on record)", handler=api_orders.order, right=Right.ORDER_READ, answer=Open),
    Endpoint(method="PUT", path="/orders/{id}", summary="Issue or change an order", handler=api_orders.put, right=Right.ORDER_WRITE, body=OrderChange, answer=Open, confirmed=True),
    Endpoint(method="DELETE", path="/orders/{id}", summary="Revoke an order", handler=api_orders.revoke, right=Right.ORDER_WRITE, confirmed=True),
    Endpoint(method="GET", path="/orders/{id}/zones.geojson", summary="Its zones as GeoJSON (on record)", handler=api_orders.zones, right=Right.ORDER_READ, answer=Open),
    Endpoint(
        method="GET", path="/statistics", summary="How well we do, by day", handler=api_admin.figures, right=Right.STATISTICS_READ, answer=Open,
        query={"days": Query(int, 1, 366, default=30)},
    ),
    Endpoint(method="GET", path="/public/statistics", summary="The same for everybody, without small counts; where it is switched on", handler=api_admin.public_figures, open=True, answer=Open),
    Endpoint(method="GET", path="/operators", summary="Operators", handler=api_admin.operators, right=Right.OPERATORS, answer=Operators),
    Endpoint(method="POST", path="/operators", summary="A new operator", handler=api_admin.add_operator, right=Right.OPERATORS, body=NewOperator, answer=OperatorMade, confirmed=True),
    Endpoint(method="PATCH", path="/operators/{id}", summary="Change an operator, who logs in anew", handler=api_admin.change_operator, right=Right.OPERATORS, body=OperatorChange, answer=OperatorMade, confirmed=True),
    Endpoint(method="GET", path="/sessions", summary="Who is logged in", handler=api_admin.sessions, right=Right.OPERATORS, answer=Sessions),
    Endpoint(method="DELETE", path="/sessions/{id}", summary="Log somebody out", handler=api_admin.end_session, right=Right.OPERATORS),
    Endpoint(method="GET", path="/tokens", summary="Tokens of machines", handler=api_admin.tokens, right=Right.TOKENS, answer=Tokens),
    Endpoint(method="POST", path="/tokens", summary="A new token, shown once", handler=api_admin.add_token, right=Right.TOKENS, body=NewToken, answer=TokenMade, confirmed=True),
    Endpoint(method="DELETE", path="/tokens/{id}", summary="End a token", handler=api_admin.remove_token, right=Right.TOKENS),
    Endpoint(
        method="GET", path="/audit", summary="Who did and looked at what, newest first", handler=api_admin.audit, right=Right.AUDIT_READ, answer=Audit,
        query={"before": _MS, "limit": _LIMIT, "of": _TEXT},
    ),
)  # fmt: skip
