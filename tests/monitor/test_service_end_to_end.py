"""The whole service as a process, on a real broker: pings in, alerts out, and what it survives."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service_world import HERE, NEAR, ROOT, World, devices, needs_mosquitto, until, world_in

pytestmark = [
    pytest.mark.faults,
    needs_mosquitto,
]
KILLS = int(os.environ.get("RESGUARDO_TEST_KILLS", "6"))  # 50 for the record


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """For tests that break nothing: each has its own pair of people."""
    with world_in(tmp_path_factory.mktemp("shared")) as world:
        yield world


@pytest.fixture
def own(tmp_path: Path) -> Iterator[World]:
    """For tests that break something."""
    with world_in(tmp_path) as world:
        yield world


async def test_a_breach_rings_her_bracelet_and_dispatch_and_both_devices_are_answered(shared: World) -> None:
    monitor, broker, control_room = shared.monitor, shared.broker, shared.room
    async with devices(broker.port) as people:
        await people.meet(0)
        await until(lambda: people.breaches(0), what="alert on the bracelet")
        alert = people.breaches(0)[0]
        assert alert["v"] == 1
        assert abs(alert["distance"] - 111) <= 3
        assert alert["bearing"] == "N"
        assert alert["language"] == "es"
        assert alert["code"] in alert["text"]
        await until(lambda: control_room.of(reason="breach", order="O-0"), what="webhook")
        call = control_room.of(reason="breach", order="O-0")[0]
        assert (call["code"], call["order"]) == (alert["code"], "O-0")
        assert control_room.forged == 0
        for device in ("brc-0", "tag-0"):
            await until(lambda device=device: {"v": 1, "boot": 1, "seq": 1} in people.heard(device, "receipt"), what=f"receipt of {device}")
            await until(
                lambda device=device: any(c.get("interval_s") == 5 for c in people.heard(device, "command")), what=f"command of {device}"
            )
        assert people.heard("tag-0", "alert") == []
        assert monitor.metric('resguardo_transitions_total{reason="breach",to="emergency"}') >= 1
        assert monitor.metric('resguardo_ping_to_alert_seconds_count{channel="bracelet"}') >= 1


async def test_over_the_brokers_unix_socket_all_is_as_over_tcp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESGUARDO_BROKER__HOST", str(tmp_path / "broker" / "mqtt.sock"))
    monkeypatch.setenv("RESGUARDO_BROKER__PORT", "1")  # where nobody listens
    with world_in(tmp_path, pairs=2) as world:
        async with devices(world.broker.port) as people:
            await people.meet(0)
            await until(lambda: people.breaches(0), what="alert on the bracelet")
            await until(lambda: people.heard("tag-0", "receipt"), what="receipt")
        world.broker.stop(signal.SIGKILL)  # and the file of its socket stays behind
        world.broker.start()
        await until(lambda: world.monitor.log.count("broker_link_up") == 6, what="the three sessions again")
        async with devices(world.broker.port) as people:
            await people.meet(1)
            await until(lambda: people.breaches(1), what="alert after the broker's restart")


async def test_a_hostile_payload_is_counted_and_the_next_ping_is_judged(shared: World) -> None:
    monitor, broker = shared.monitor, shared.broker
    async with devices(broker.port) as people:
        for topic, payload in (
            ("v1/brc-1/ping", b"\xff\xfe"),
            ("v1/brc-1/ping", b"{" * 2000),
            ("v1/brc-1/ping", b"x" * 5000),
            ("v1/stranger/ping", b'{"v":1}'),
            ("v1/brc-1/ack", b"null"),
        ):
            await people.client.publish(topic, payload, qos=1)
        await people.meet(1)
        await until(lambda: people.breaches(1), what="alert after poison")
    assert monitor.metric('resguardo_pings_rejected_total{reason="unknown_device"}') == 1
    assert monitor.metric('resguardo_pings_rejected_total{reason="too_large"}') == 1
    assert "input_poisoned" not in monitor.log


async def test_sigterm_ends_it_within_five_seconds_and_the_next_start_knows_what_it_knew(own: World) -> None:
    monitor, broker = own.monitor, own.broker
    async with devices(broker.port) as people:
        await people.meet(2)
        await until(lambda: people.breaches(2), what="alert")
        assert monitor.process is not None
        monitor.process.terminate()
        started_s = time.monotonic()
        assert await asyncio.to_thread(monitor.process.wait, 10) == 0
        assert time.monotonic() - started_s <= 5.0
        await asyncio.to_thread(monitor.start)
        await people.meet(3)
        await until(lambda: people.breaches(3), what="alert of another order after the restart")
        assert len(people.breaches(2)) == 1, "an alert was repeated without need"


async def test_kill_9_at_any_moment_loses_no_alert_and_opens_no_incident_twice(tmp_path: Path) -> None:
    rng = random.Random(7)
    pairs = range(3 * KILLS)
    with world_in(tmp_path, pairs=len(pairs)) as world:
        async with devices(world.broker.port) as people:
            for kill in range(KILLS):
                for i in pairs[3 * kill : 3 * kill + 3]:
                    await people.meet(i)
                    await asyncio.sleep(rng.uniform(0.0, 0.02))
                awake = kill % 3 != 2  # every third kill hits a monitor that is still finding out where it was
                await asyncio.sleep(rng.uniform(0.0, 0.05 if awake else 3.0))
                world.monitor.kill()
                await asyncio.to_thread(world.monitor.start, healthy=kill % 3 != 1)
            await until(lambda: world.monitor.health()[0] == 200, 60, "healthy after the last kill")
            await until(lambda: all(people.breaches(i) for i in pairs), 30, people.missing(pairs))
            for i in pairs:
                assert len({alert["code"] for alert in people.breaches(i)}) == 1, "one incident was opened twice"
            receipted = {f"brc-{i}" for i in pairs}
            await until(lambda: receipted <= {device for device, kind, _ in people.told if kind == "receipt"}, 10, "receipts")
        verify = [sys.executable, "-m", "monitor", "verify", str(world.monitor.data / "journal")]
        verdict = await asyncio.to_thread(subprocess.run, verify, cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert verdict.returncode == 0, verdict.stdout + verdict.stderr


async def test_a_lost_broker_is_told_to_dispatch_and_seen_in_health_and_then_work_goes_on(own: World) -> None:
    monitor, broker, control_room = own.monitor, own.broker, own.room
    broker.stop()
    await until(lambda: control_room.of(reason="no_link"), 15, "notice of the lost link")
    assert monitor.health()[1]["parts"]["troubles"] == ["link"]
    notices = control_room.of(reason="no_link")
    broker.start()
    await until(lambda: monitor.health()[1]["parts"]["troubles"] == [], 15, "the link is back")
    async with devices(broker.port) as people:
        await people.meet(4)
        await until(lambda: people.breaches(4), what="alert after the outage")
    assert len(notices) == 1, "one notice for one loss"


async def test_a_second_monitor_on_the_same_data_is_refused(shared: World) -> None:
    monitor = shared.monitor
    second = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "monitor", "run", "--config", str(monitor.config)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert second.returncode == 2
    assert "is in use by another monitor" in second.stderr


async def test_no_place_reaches_the_log_the_metrics_or_the_health_page(shared: World) -> None:
    monitor, broker = shared.monitor, shared.broker
    marker = (20.58837123, -100.38991234)
    async with devices(broker.port) as people:
        await people.ping("brc-5", marker)
        await people.ping("tag-5", marker)
        await people.client.publish("v1/brc-5/ping", json.dumps({"v": 1, "lat": marker[0]}), qos=1)
        await until(lambda: people.breaches(5), what="alert")
    with urllib.request.urlopen(f"http://127.0.0.1:{monitor.http_port}/metrics", timeout=2) as answer:
        pages = answer.read().decode() + json.dumps(monitor.health()[1]) + monitor.log
    assert "58837123" not in pages
    assert "38991234" not in pages


async def test_an_order_that_is_issued_while_it_runs_is_taken_over_at_a_hangup(own: World) -> None:
    orders = own.monitor.directory / "orders.toml"
    text = orders.read_text()
    orders.write_text(text + "[[order]]\nid = 'no")
    assert own.monitor.process is not None
    own.monitor.process.send_signal(signal.SIGHUP)
    await until(lambda: "orders_refused" in own.monitor.log, what="a file with faults is refused")
    issued = text[text.index("[[order]]") :].split("\n\n")[0]
    new = "".join(f'[[device]]\nid = "{kind}-new"\nperson = "{kind}-new"\nformat = "v1"\n' for kind in ("brc", "tag"))
    orders.write_text(text + "\n" + new + issued.replace("O-0", "O-new").replace("brc-0", "brc-new").replace("tag-0", "tag-new"))
    own.monitor.process.send_signal(signal.SIGHUP)
    await until(lambda: "orders_taken_over" in own.monitor.log, what="the file is taken over")
    async with devices(own.broker.port) as people:
        await people.ping("brc-new", HERE)
        await people.ping("tag-new", NEAR)
        await until(lambda: people.heard("brc-new", "alert"), what="alert of the new order")
