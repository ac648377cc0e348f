"""Promises of the console's web API: only who may, only what is so, and each look at a person on record."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from config.settings import ServiceSettings
from dashboard import database as db
from dashboard.accounts import CONFIRMED_MS
from dashboard.api import ENDPOINTS, PREFIX
from dashboard.endpoints import Endpoint
from dashboard.openapi import document
from dashboard.rights import GRANTS, Right, Role
from tests.dashboard.conftest import OPERATORS, PASSWORD, Scene

ACT = {"outcome": "test", "note": ""}


async def wait_kept(scene: Scene) -> None:
    await scene.console.kept()


async def test_an_emergency_is_seen_answered_worked_on_and_closed(scene: Scene) -> None:
    scene.transition(distance_m=110.7, uncertainty_m=18.0)
    scene.notification()
    async with scene.browser("ana") as ana:
        (one,) = (await ana("GET", "/queue"))[1]["incidents"]
        assert (one["level"], one["state"], one["seen"], one["code"]) == ("emergency", "open", False, "K7Q2")
        assert one["why"] == "Inside the perimeter, at 111 m ±18"
        assert one["next_step_ms"] == scene.clock.ms + 15_000
        shown = (await ana("GET", "/incidents/i-1"))[1]
        assert [entry["text"] for entry in shown["entries"]] == ["breach", "breach", "open"]
        assert [step["id"] for step in shown["steps"]][:2] == ["call_her", "send_patrol"]
        scene.clock.ms += 4_000
        item = (await ana("POST", "/incidents/i-1/acknowledge", {}))[1]["item"]
        assert (item["acknowledged_by"], item["acknowledged_ms"], item["next_step_ms"]) == ("ana", scene.clock.ms, None)
        assert {"do": "acknowledge_incident", "of": "i-1", "who": "ana"} in scene.monitor.asked
        assert (await ana("POST", "/incidents/i-1/assign", {}))[1]["item"]["assigned_to"] == "ana"
        assert (await ana("POST", "/incidents/i-1/note", {"text": "she is safe"}))[0] == 200
        assert (await ana("POST", "/incidents/i-1/steps", {"step": "call_her", "done": True}))[0] == 200
        item = (await ana("POST", "/incidents/i-1/close", {"outcome": "true_approach", "note": "arrested"}))[1]["item"]
        assert (item["state"], item["outcome"], item["closed_by"]) == ("closed", "true_approach", "ana")
        assert (await ana("GET", "/queue"))[1]["incidents"] == []
        story = (await ana("GET", "/incidents/i-1"))[1]
        assert [entry["text"] for entry in story["entries"] if entry["kind"] == "act"] == [
            "open",
            "acknowledge",
            "assign",
            "note",
            "step",
            "close",
        ]
        assert story["steps"][0]["done_by"] == "ana"
        assert (await ana("POST", "/incidents/i-1/acknowledge", {}))[0] == 409


async def test_two_operators_see_the_same_and_mute_only_themselves(scene: Scene) -> None:
    scene.transition()
    async with scene.browser("ana") as ana, scene.browser("bea") as bea:
        await ana("POST", "/incidents/i-1/mute", {"muted": True})
        assert (await ana("GET", "/queue"))[1]["incidents"][0]["muted"] is True
        assert (await bea("GET", "/queue"))[1]["incidents"][0]["muted"] is False
        await bea("POST", "/incidents/i-1/assign", {"to": "ana"})
        assert (await ana("GET", "/queue"))[1]["incidents"][0]["assigned_to"] == "ana"
        status, answer = await bea("POST", "/incidents/i-1/assign", {"to": "nobody"})
        assert (status, answer["error"]["where"]) == (400, "to")


async def test_what_the_monitor_has_not_done_is_never_said_to_be_done(scene: Scene) -> None:
    scene.transition()
    scene.notification()
    async with scene.browser("ana") as ana:
        scene.monitor.away = True
        for act, body in (("acknowledge", {}), ("close", ACT)):
            status, answer = await ana("POST", f"/incidents/i-1/{act}", body)
            assert (status, answer["error"]["code"]) == (503, "away")
        item = (await ana("GET", "/queue"))[1]["incidents"][0]
        assert (item["acknowledged_by"], item["state"]) == (None, "open")
        scene.console.on_link(False)
        assert (await ana("GET", "/queue"))[1]["link"]["up"] is False


async def test_closing_an_emergency_asks_for_the_password_again_and_a_caution_does_not(scene: Scene) -> None:
    scene.transition("i-1")
    scene.transition("i-2", "caution", "battery")
    async with scene.browser("ana") as ana:
        scene.clock.ms += CONFIRMED_MS + 1
        status, answer = await ana("POST", "/incidents/i-1/close", ACT)
        assert (status, answer["error"]["code"]) == (403, "confirm")
        assert (await ana("POST", "/incidents/i-2/close", ACT))[0] == 200
        assert (await ana("POST", "/session/confirm", {"password": "wrong password 1"}))[0] == 401
        assert (await ana("POST", "/incidents/i-1/close", ACT))[0] == 403
        assert (await ana("POST", "/session/confirm", {"password": PASSWORD}))[0] == 200
        assert (await ana("POST", "/incidents/i-1/close", ACT))[0] == 200


async def test_each_look_at_a_position_is_on_record_and_one_that_goes_on_is_one_line(scene: Scene) -> None:
    scene.transition()
    async with scene.browser("ana") as ana, scene.browser("bea") as bea, scene.browser("vera") as vera:
        for _ in range(5):
            scene.clock.ms += 2_000
            assert (await ana("GET", "/incidents/i-1/positions"))[0] == 200
        await bea("GET", "/incidents/i-1/positions")
        scene.clock.ms += 61_000
        await ana("GET", "/incidents/i-1/positions")
        assert (await vera("GET", "/incidents/i-1/positions"))[0] == 403
        rows = (await vera("GET", "/audit?of=O-1"))[1]["rows"]
    assert [(row["operator"], row["act"], row["times"]) for row in rows] == [
        ("ana", "position", 1),
        ("bea", "position", 1),
        ("ana", "position", 5),
    ]
    assert rows[2]["until_ms"] - rows[2]["at_ms"] == 8_000


async def test_what_cannot_be_put_on_record_is_not_shown(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.transition()

    async def broken(*_: object, **__: object) -> int:
        raise OSError("disk")

    async with scene.browser("ana") as ana:
        monkeypatch.setattr(type(scene.desk.looks), "note", broken)
        status, answer = await ana("GET", "/incidents/i-1/positions")
    assert (status, answer["error"]["code"]) == (503, "away")
    assert not [one for one in scene.monitor.asked if one["do"] == "positions"]


async def test_positions_of_a_case_long_closed_are_for_supervisors(scene: Scene) -> None:
    scene.transition()
    async with scene.browser("ana") as ana, scene.browser("sol") as sol:
        await ana("POST", "/incidents/i-1/close", ACT)
        assert (await ana("GET", "/incidents/i-1/positions"))[0] == 200
        scene.clock.ms += 25 * 3_600_000
    async with scene.browser("ana") as ana, scene.browser("sol") as sol:
        assert (await ana("GET", "/incidents/i-1/positions"))[0] == 403
        assert (await sol("GET", "/incidents/i-1/positions"))[0] == 200


# --- who may what -----------------------------------------------------------------------------------------------------

BODIES: dict[str, Any] = {
    "Login": {"name": "ana", "password": "x"}, "Confirmation": {"password": PASSWORD}, "Speech": {"language": "es"}, "Answering": {},
    "Assignment": {}, "Note": {"text": "x"}, "Mute": {"muted": True}, "StepDone": {"step": "call_her", "done": True}, "Closing": ACT,
    "Why": {"reason": "she asked for it"}, "OrderChange": {"order": {"id": "x"}},
    "NewOperator": {"name": "new", "role": "dispatcher", "password": "another horse 8 battery"}, "OperatorChange": {},
    "NewToken": {"name": "cad", "scopes": ["queue.read"]},
}  # fmt: skip


def expected(one: Endpoint, role: Role | None) -> bool:
    """Whether the door opens, by the table of rights alone."""
    if one.open:
        return True
    return role is not None and (one.right is None or one.right in GRANTS[role])


async def test_every_role_at_every_endpoint(scene: Scene) -> None:
    """No cell of the matrix is left out: it is made from the same table that OpenAPI is drawn from."""
    drawn = [(method.upper(), path) for path, methods in document(ENDPOINTS)["paths"].items() for method in methods]
    assert sorted(drawn) == sorted((one.method, PREFIX + one.path) for one in ENDPOINTS)
    tried = 0
    for name, role in (*OPERATORS.items(), (None, None)):
        scene.transition()
        async with scene.browser(name) as browser:
            for one in sorted(ENDPOINTS, key=lambda e: (e.method == "DELETE" and e.path == "/session", e.path)):  # logging out last
                path = one.path.replace("{id}", "i-1" if "incidents" in one.path else "x")
                body = BODIES[one.body.__name__] if one.body is not None else None
                status, answer = await browser(one.method, path, body)
                code = answer["error"]["code"] if isinstance(answer, dict) and "error" in answer else ""
                barred = (status == 401 and code == "login") or (status == 403 and code == "right")
                assert barred is not expected(one, role), (name, one.method, one.path, status, answer)
                assert status < 500, (one.path, answer)
                tried += 1
        if "i-1" in scene.console.board.incidents:
            scene.console.board.incidents["i-1"].closed_ms = None
    assert tried == len(ENDPOINTS) * (len(Role) + 2)  # two dispatchers, and nobody


async def test_a_token_may_what_its_scopes_say_and_never_what_needs_a_person(scene: Scene) -> None:
    scene.transition()
    async with scene.browser("root") as root, scene.browser() as machine:
        made = (await root("POST", "/tokens", {"name": "cad", "scopes": ["queue.read", "person.reveal", "operators"], "days": 1}))[1]
        machine.headers["Authorization"] = f"Bearer {made['token']}"
        assert (await machine("GET", "/queue"))[0] == 200
        assert (await machine("POST", "/incidents/i-1/acknowledge", {}))[0] == 403
        assert (await machine("POST", "/people/P-1/reveal", {"reason": "curious"}))[0] == 403
        assert (await machine("GET", "/operators"))[0] == 403
        assert (await machine("DELETE", "/session"))[0] == 403
        assert made["token"] not in json.dumps((await root("GET", "/tokens"))[1])
        scene.clock.ms += 2 * 86_400_000
        assert (await machine("GET", "/queue"))[0] == 401


async def test_a_request_forged_by_another_page_does_nothing(scene: Scene) -> None:
    scene.transition()
    async with scene.browser("ana") as ana:
        ana.csrf = ""
        status, answer = await ana("POST", "/incidents/i-1/note", {"text": "x"})
        assert (status, answer["error"]["code"]) == (403, "csrf")
        ana.csrf = "é" * 40
        ana.headers["X-CSRF-Token"] = "wrong"
        assert (await ana("POST", "/incidents/i-1/note", {"text": "x"}))[0] == 403
    await wait_kept(scene)
    assert not [row for row in await scene.desk.records.one(db.find(db.ENTRIES)) if row["what"] == "note"]


# --- names ------------------------------------------------------------------------------------------------------------


async def test_a_name_is_shown_for_a_reason_that_is_on_record(scene: Scene, tmp_path: Any) -> None:
    contacts = tmp_path / "contacts.toml"
    contacts.write_text('[P-1]\nphone = "+524421234567"\nname = "Ana Example"\n')
    scene.desk.service = ServiceSettings(contacts=contacts)
    async with scene.browser("ana") as ana:
        assert (await ana("POST", "/people/P-1/reveal", {"reason": "x"}))[0] == 400
        assert (await ana("POST", "/people/P-1/reveal", {"reason": "patrol asks who"}))[1] == {
            "id": "P-1",
            "name": "Ana Example",
            "numbers": ["+524421234567"],
        }
        assert (await ana("POST", "/people/P-9/reveal", {"reason": "patrol asks who"}))[0] == 404
    rows = await scene.desk.records.one(db.find(db.AUDIT, {"act": "reveal"}, oldest="number"))
    assert [(row["operator"], row["subject"], row["reason"]) for row in rows] == [
        ("ana", "P-1", "patrol asks who"),
        ("ana", "P-9", "patrol asks who"),
    ]


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "where"),
    [(b"{", ""), (b"[]", ""), (b'{"text":1}', "$.text"), (b'{"text":"x","more":1}', ""), (b'{"text":""}', "$.text"), (b"\xff", ""), (b"[" * 90_000, "")],
)  # fmt: skip
async def test_a_bad_body_is_refused_with_its_place(scene: Scene, body: bytes, where: str) -> None:
    scene.transition()
    async with (
        scene.browser("ana") as ana,
        ana.session.post(f"{scene.url}/api/v1/incidents/i-1/note", data=body, headers={"X-CSRF-Token": ana.csrf}) as answer,
    ):
        fault = (await answer.json())["error"]
    assert (answer.status, fault["where"]) == (400, where)


@pytest.mark.parametrize(
    "query", ["?limit=0", "?limit=501", "?limit=-1", "?limit=x", "?state=odd", "?what=1", "?before_ms=99999999999999999999", "?limit=١"]
)
async def test_a_bad_question_is_refused_with_its_place(scene: Scene, query: str) -> None:
    async with scene.browser("ana") as ana:
        status, answer = await ana("GET", f"/incidents{query}")
    assert (status, answer["error"]["where"]) == (400, re.match(r"\?(\w+)", query)[1])  # type: ignore[index]


async def test_an_unknown_place_is_a_clear_404(scene: Scene) -> None:
    async with scene.browser("ana") as ana:
        assert (await ana("GET", "/nothing"))[1]["error"]["code"] == "not_found"
        assert (await ana("GET", "/incidents/none"))[0] == 404
        assert (await ana("DELETE", "/queue"))[0] in (404, 405)


# --- orders -----------------------------------------------------------------------------------------------------------

ORDER = {
    "id": "O-1", "protected": "P-1", "respondent": "R-1", "perimeter_m": 500.0, "warning_m": 2200.0, "valid_from_ms": 1_700_000_000_000,
    "valid_until_ms": 1_900_000_000_000, "language": "es",
    "zones": [{"id": "home", "kind": "exclusion", "geometry": {"type": "Point", "coordinates": [-100.39, 20.59]}, "radius_m": 300.0, "buffer_m": 200.0}],
}  # fmt: skip


async def test_an_order_goes_to_the_monitor_with_the_name_of_who_issued_it(scene: Scene) -> None:
    async with scene.browser("caso") as caso:
        assert (await caso("PUT", "/orders/O-1", {"order": ORDER}))[1]["level"] == "caution"
    assert {"do": "set_order", "order": ORDER, "devices": [], "who": "caso"} in scene.monitor.asked


async def test_impossible_geometry_is_refused_where_it_is(scene: Scene) -> None:
    knot = {"type": "Polygon", "coordinates": [[[-100.0, 20.0], [-100.01, 20.01], [-100.01, 20.0], [-100.0, 20.01], [-100.0, 20.0]]]}
    order = {**ORDER, "zones": [{"id": "z", "kind": "exclusion", "geometry": knot}]}
    async with scene.browser("caso") as caso:
        answer = (await caso("POST", "/orders/check", {"order": order}))[1]
        assert answer["ok"] is False
        assert answer["faults"][0]["where"] == "zones[0].geometry"
        assert "cross" in answer["faults"][0]["message"]
        status, refused = await caso("PUT", "/orders/O-1", {"order": order})
        assert (status, refused["error"]["where"]) == (400, "zones[0].geometry")
        assert (await caso("PUT", "/orders/O-2", {"order": ORDER}))[1]["error"]["where"] == "id"
        for odd in (
            {"id": "O-1"},
            {**ORDER, "zones": 3},
            {**ORDER, "zones": [3]},
            {**ORDER, "valid_from_ms": 1 << 60},
            {**ORDER, "spam": 1},
        ):
            assert (await caso("POST", "/orders/check", {"order": odd}))[1]["ok"] is False, odd
    assert not [one for one in scene.monitor.asked if one["do"] == "set_order"]


async def test_a_place_where_he_must_stay_nearer_than_the_perimeter_is_hinted_at(scene: Scene) -> None:
    his = {"id": "his", "kind": "inclusion", "geometry": {"type": "Point", "coordinates": [-100.39, 20.597]}, "radius_m": 100.0}
    far = {**his, "geometry": {"type": "Point", "coordinates": [-100.39, 20.65]}}
    async with scene.browser("caso") as caso:
        for zone, hinted in ((his, True), (far, False)):
            answer = (await caso("POST", "/orders/check", {"order": {**ORDER, "zones": [*ORDER["zones"], zone]}}))[1]
            assert answer["ok"] is True, answer
            assert any("nearer than the perimeter" in hint for hint in answer["hints"]) is hinted


async def test_what_the_monitor_refuses_is_answered_as_refused(scene: Scene) -> None:
    scene.monitor.answers["set_order"] = {"why": "order O-1: the respondent is unknown"}
    async with scene.browser("caso") as caso:
        status, answer = await caso("PUT", "/orders/O-1", {"order": ORDER})
    assert (status, answer["error"]["message"]) == (409, "order O-1: the respondent is unknown")


def test_rights_are_total() -> None:
    assert set(GRANTS) == set(Role)
    assert {right for rights in GRANTS.values() for right in rights} == set(Right)
