"""What we say to Twilio, and what its stand-in answers, against Twilio's own OpenAPI document.

By `prism proxy` between the two where it is there (`npm i @stoplight/prism-cli`, its folder in PATH), which refuses whatever the document
does not allow; and by the document's schemas alone. Both are skipped where the document is not beside the project.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from alerts.channels import Verdict
from alerts.channels.telephone import Account, Call, Telephone, Text
from alerts.contacts import Contact
from alerts.terms import Audience, Channel
from geofence.terms import PersonId
from monitor.broker import free_port
from simulator.fake_twilio import FakeTwilio, Fault
from tests.messages import notification

DOCUMENT = Path(__file__).parents[3] / "shared" / "data" / "peers" / "twilio_messages_calls_openapi.json"
ACCOUNT = f"AC{'a' * 32}"
WAYS = {"Messages": Text, "Calls": Call}

pytestmark = pytest.mark.skipif(not DOCUMENT.exists(), reason="Twilio's OpenAPI document is not beside the project")


def telephone(url: str, kind: str) -> Telephone:
    account = Account(account_sid=ACCOUNT, auth_token="t", from_number="+525511111111", base_url=url, public_url="https://monitor.example.org/twilio")
    return Telephone(account, {PersonId("P-1"): Contact(phone="+525500000001")}, WAYS[kind]())


def alert(kind: str) -> Any:
    return notification(Channel.SMS if kind == "Messages" else Channel.VOICE, issued_ms=1, audience=Audience.PROTECTED)


def schema_of(found: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """A schema of the document, able to find its references."""
    return {**found, "components": document["components"]}


@pytest.mark.parametrize("kind", WAYS)
async def test_every_word_we_say_is_one_twilio_knows_and_every_answer_is_one_it_gives(twilio: FakeTwilio, kind: str) -> None:
    channel = telephone(twilio.url, kind)
    try:
        assert (await channel.send(alert(kind))).verdict is Verdict.TAKEN
    finally:
        await channel.close()
    document = json.loads(DOCUMENT.read_text())
    operation = document["paths"][f"/2010-04-01/Accounts/{{AccountSid}}/{kind}.json"]["post"]
    known = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    (made,) = twilio.made
    assert set(made.form) <= set(known["properties"])
    assert set(known.get("required", ())) <= set(made.form)
    typed = {key: json.loads(value) if known["properties"][key].get("type") in ("integer", "boolean") else value for key, value in made.form.items()}
    jsonschema_rs.validator_for(schema_of({key: value for key, value in known.items() if key != "title"}, document)).validate(typed)


@pytest.fixture
async def prism(twilio: FakeTwilio) -> AsyncIterator[str]:
    """Twilio's document as a judge between us and its stand-in; anything it does not allow is answered 422 or 500."""
    program = shutil.which("prism")
    if program is None:
        pytest.skip("prism is not installed")
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        program, "proxy", str(DOCUMENT), twilio.url, "--errors", "--port", str(port), "--host", "127.0.0.1",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(60):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                except OSError:
                    await asyncio.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        await process.wait()


@pytest.mark.parametrize("kind", WAYS)
async def test_through_twilios_own_document(prism: str, twilio: FakeTwilio, kind: str) -> None:
    channel, one = telephone(prism, kind), alert(kind)
    try:
        assert (await channel.send(one)).verdict is Verdict.TAKEN
        assert await channel.was_taken(one)
        twilio.faults.extend([Fault.BUSY, Fault.ERROR])
        assert [(await channel.send(one)).verdict for _ in range(2)] == [Verdict.LATER, Verdict.UNSURE]
    finally:
        await channel.close()
    assert len(twilio.made) == 1
    assert set(twilio.hit) == {Fault.BUSY, Fault.ERROR}
