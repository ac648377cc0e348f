"""The whole way of a call: it rings, she presses a key, and the control room hears that she asks for help."""

from __future__ import annotations

import asyncio
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from simulator.fake_twilio import FakeTwilio, Made, call_back
from tests.service_world import TOLD_AT_ONCE, World, devices, free_port, needs_mosquitto, until, world_in

TOKEN = "b" * 32
LADDER = f"""{TOLD_AT_ONCE}[[ladder.emergency]]
after_s = 1
audience = "protected"
channel = "sms"
[[ladder.emergency]]
after_s = 60
audience = "protected"
channel = "voice"
"""


SILENT_ROOM = f"""{TOLD_AT_ONCE}[[ladder.emergency]]
after_s = 1
audience = "dispatch"
channel = "voice"
person = "desk"
repeat_s = 5
[[ladder.emergency]]
after_s = 2
audience = "dispatch"
channel = "webhook"
repeat_s = 5
"""


def settings_for(directory: Path, twilio: FakeTwilio, port: int, ladder: str = LADDER) -> str:
    (directory / "token").write_text(TOKEN)
    (directory / "contacts.toml").write_text('[brc-0]\nphone = "+525500000001"\n[desk]\nphone = "+525500000002"\n')
    return (
        f'[telephone]\naccount_sid = "AC{"a" * 32}"\nauth_token_file = "token"\nfrom_number = "+525500000009"\nbase_url = "{twilio.url}"\n'
        f'callback_listen = "127.0.0.1:{port}"\npublic_url = "http://127.0.0.1:{port}/"\n{ladder}'
    )


async def one_of(twilio: FakeTwilio, kind: str) -> Made:
    await until(lambda: any(made.kind == kind for made in twilio.made), 15, f"no {kind}")
    return next(made for made in twilio.made if made.kind == kind)


async def tell_and_press(world: World, twilio: FakeTwilio) -> None:
    text = await one_of(twilio, "Messages")
    failed = {"MessageSid": text.sid, "MessageStatus": "undelivered", "ErrorCode": "30003"}
    assert (await call_back("c" * 32, text.form["StatusCallback"], failed))[0] == 403
    assert (await call_back(TOKEN, text.form["StatusCallback"], failed))[0] == 204
    call = await one_of(twilio, "Calls")  # long before its 60 s: the text has failed
    gather = ET.fromstring(call.body).find("Gather")
    assert gather is not None
    status, page = await call_back(TOKEN, str(gather.get("action")), {"CallSid": call.sid, "Digits": "9"})
    assert status == 200
    assert "central" in page
    await until(lambda: world.room.of(reason="sos", level="emergency"), 10, "dispatch was not told that she asks for help")


@needs_mosquitto
async def test_a_text_that_fails_is_followed_by_a_call_and_a_key_calls_dispatch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESGUARDO_SERVICE__CONTACTS", str(tmp_path / "contacts.toml"))
    twilio, port = FakeTwilio(), free_port()
    await twilio.start()
    try:
        more = settings_for(tmp_path, twilio, port)
        with world_in(tmp_path, pairs=1, more=more) as world:
            async with devices(world.broker.port) as people:
                await people.meet(0)
                await tell_and_press(world, twilio)
                assert world.monitor.metric('resguardo_callbacks_total{result="forged"}') == 1
                assert world.monitor.metric('resguardo_callbacks_total{result="taken"}') == 2
                assert world.monitor.metric('resguardo_notifications_total{channel="sms",state="failed"}') == 1
            assert all(hidden not in world.monitor.log for hidden in ("+525500000001", TOKEN, "Traceback"))
    finally:
        await twilio.stop()


@needs_mosquitto
async def test_a_silent_control_room_is_called_and_who_presses_the_key_takes_charge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESGUARDO_SERVICE__CONTACTS", str(tmp_path / "contacts.toml"))
    twilio, port = FakeTwilio(), free_port()
    await twilio.start()
    try:
        with world_in(tmp_path, pairs=1, more=settings_for(tmp_path, twilio, port, SILENT_ROOM)) as world:
            async with devices(world.broker.port) as people:
                await people.meet(0)
                call = await one_of(twilio, "Calls")
                assert call.form["To"] == "+525500000002"
                gather = ET.fromstring(call.body).find("Gather")
                assert gather is not None
                assert "te haces cargo" in call.body
                status, page = await call_back(TOKEN, str(gather.get("action")), {"CallSid": call.sid, "Digits": "1"})
                assert (status, "a tu cargo" in page) == (200, True)
                await asyncio.sleep(1.5)  # what was under way arrives
                asked = len(world.room.of(reason="breach", kind="raise"))
                await asyncio.sleep(6.0)  # another round would have come: nothing happening can only be waited for
                assert len(world.room.of(reason="breach", kind="raise")) == asked
            assert "+525500000002" not in world.monitor.log
    finally:
        await twilio.stop()
