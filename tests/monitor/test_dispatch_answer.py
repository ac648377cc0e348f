"""Promises to the control room: an emergency is asked again until a dispatcher answers, and only a signed answer counts."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from alerts.channels.dispatch import is_signed, signature
from tests.service_world import SECRET, TOLD_AT_ONCE, devices, needs_mosquitto, until, world_in

LADDER = f"""{TOLD_AT_ONCE}[[ladder.emergency]]
after_s = 1
audience = "dispatch"
channel = "webhook"
repeat_s = 5
"""


def answer(port: int, body: bytes, signed: str) -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/acknowledgements", body, {"X-Resguardo-Signature": signed}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


@needs_mosquitto
async def test_dispatch_is_asked_until_a_signed_answer_comes(tmp_path: Path) -> None:
    with world_in(tmp_path, more=LADDER) as world:
        async with devices(world.broker.port) as people:
            await people.meet(0)
            await until(lambda: len(world.room.of(reason="breach")) >= 3, 15, "the repeats")
            body = json.dumps({"alert": world.room.of(reason="breach")[0]["id"]}).encode()
            forged = signature("another secret of someone", int(time.time()), body)
            assert await asyncio.to_thread(answer, world.monitor.http_port, body, forged) == 403
            before = len(world.room.of(reason="breach"))
            await until(lambda: len(world.room.of(reason="breach")) > before, 10, "a forged answer must change nothing")
            signed = signature(SECRET, int(time.time()), body)
            assert await asyncio.to_thread(answer, world.monitor.http_port, body, signed) == 202
            await asyncio.sleep(1.5)  # what was under way arrives
            after = len(world.room.of(reason="breach"))
            await asyncio.sleep(6.0)  # another rung would have come: nothing happening can only be waited for
            assert len(world.room.of(reason="breach")) == after


@pytest.mark.parametrize("header", [None, "", "t=,v1=", "t=x,v1=y", "t=1,v1=00", "t=٣,v1=é", "v1=abc", "t=" + "9" * 50 + ",v1=a"])
def test_a_malformed_signature_is_refused_and_never_raises(header: str | None) -> None:
    assert not is_signed("secret", header, b"{}", 1_000)


def test_a_signature_is_good_for_five_minutes_and_for_its_body_alone() -> None:
    signed = signature("secret", 1_000, b"{}")
    assert is_signed("secret", signed, b"{}", 1_300)
    assert not is_signed("secret", signed, b"{}", 1_301)
    assert not is_signed("secret", signed, b"{ }", 1_000)
    assert not is_signed("other", signed, b"{}", 1_000)
