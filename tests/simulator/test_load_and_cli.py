"""The load generator's hand-made packets, and the command line."""

import argparse
import asyncio
import json
import sys
from pathlib import Path

import aiomqtt
import pytest

from config.errors import BadInput
from config.orders import load_registry
from geofence.terms import Ping
from monitor.wire import Directory, Envelope, decode
from simulator.cli import add_arguments, run
from simulator.device import Broker
from simulator.earth import distance_m
from simulator.fleet import system_clock_ms
from simulator.load import SEQ_FIRST, Frames, LoadError, LoadGenerator, LoadPlan

ROOT = Path(__file__).parents[2]
NOW_MS = 1_772_460_000_123


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


@pytest.mark.parametrize("qos", [0, 1])
def test_the_monitor_reads_every_hand_made_ping(qos: int) -> None:
    plan = LoadPlan(40)
    directory = Directory(plan.registry(now_ms=NOW_MS))
    frames = Frames(plan, qos=qos, boot=NOW_MS // 1000)
    data = frames.render(slice(0, 80), at_ms=NOW_MS, seq=SEQ_FIRST + 1, packet_id=7)
    size = len(data) // 80
    lat_deg, lon_deg, course_deg = plan.positions(slice(0, 80), NOW_MS)
    for row in range(80):
        packet = data[row * size : (row + 1) * size]
        payload = packet[packet.index(b"{") :]
        ping = decode(Envelope(at_ms=NOW_MS, topic=f"v1/{plan.devices[row]}/ping", payload=payload), directory)
        assert isinstance(ping, Ping)
        assert (ping.device, ping.seq, ping.sent_ms, ping.fix_ms) == (row, SEQ_FIRST + 1, NOW_MS, NOW_MS)
        assert (ping.lat_deg, ping.lon_deg) == pytest.approx((lat_deg[row], lon_deg[row]), abs=6e-7)
        assert ping.speed_mps == pytest.approx(plan.speeds_mps()[row])
        assert abs((ping.course_deg - course_deg[row] + 180.0) % 360.0 - 180.0) <= 0.11


def test_who_lives_east_of_a_hundred_degrees_west_is_read_too() -> None:
    plan = LoadPlan(50_000)
    frames, rows = Frames(plan, qos=0, boot=NOW_MS // 1000), slice(0, 100_000)
    _, lon_deg, _ = plan.positions(rows, NOW_MS)
    assert 50 < (lon_deg > -100.0).sum() < 1_000
    data = frames.render(rows, at_ms=NOW_MS, seq=SEQ_FIRST)
    size = len(data) // 100_000
    for row in (lon_deg > -100.01).nonzero()[0].tolist():
        packet = data[row * size : (row + 1) * size]
        assert json.loads(packet[packet.index(b"{") :])["fix"]["lon"] == pytest.approx(lon_deg[row], abs=6e-7)


def test_everybody_moves_as_fast_as_they_say_and_one_in_a_hundred_comes_near() -> None:
    plan = LoadPlan(5_000, seed=3)
    everyone = slice(0, 10_000)
    lat0, lon0, _ = plan.positions(everyone, NOW_MS)
    lat1, lon1, _ = plan.positions(everyone, NOW_MS + 1_000)
    assert distance_m(lat0, lon0, lat1, lon1) == pytest.approx(plan.speeds_mps(), rel=0.01)
    near = distance_m(lat0[::2], lon0[::2], lat0[1::2], lon0[1::2]) < 2_200.0
    assert 0.005 < near.mean() < 0.02


def test_devices_report_in_no_order_and_each_goes_its_own_way() -> None:
    def ways(plan: LoadPlan) -> dict[str, tuple[float, ...]]:
        columns = (*plan.positions(slice(0, 100), NOW_MS), plan.speeds_mps())
        return dict(zip(plan.devices, zip(*(column.tolist() for column in columns), strict=True), strict=True))

    plan, mixed = LoadPlan(50), LoadPlan(50).mixed()
    assert mixed.devices != plan.devices
    assert ways(mixed) == ways(plan)


@pytest.mark.parametrize("way", ["address", "socket"])
@pytest.mark.parametrize("qos", [0, 1])
async def test_the_broker_takes_what_is_sent(broker, qos: int, way: str) -> None:
    plan = LoadPlan(20)
    heard: list[str] = []
    async with aiomqtt.Client("127.0.0.1", broker.address.port) as client:
        await client.subscribe("v1/+/ping", qos=qos)
        generator = LoadGenerator(plan, getattr(broker, way), clock=system_clock_ms, connections=3, qos=qos, rate=400.0)
        report = await generator.run(0.5)
        async with asyncio.timeout(20):
            async for message in client.messages:
                assert json.loads(message.payload)["v"] == 1
                heard.append(message.topic.value)
                if len(heard) == report.sent:
                    break
    assert set(heard) == {f"v1/{device}/ping" for device in plan.devices}
    assert report.acknowledged == (report.sent if qos else 0)


async def test_devices_reach_a_broker_by_its_unix_socket(broker) -> None:
    words = [sys.executable, "-m", "monitor", "simulate", "--broker", str(broker.socket), "--pairs", "1", "--seconds", "60"]
    async with aiomqtt.Client("127.0.0.1", broker.address.port) as client:
        await client.subscribe("v1/+/ping", qos=1)
        fleet = await asyncio.create_subprocess_exec(*words, cwd=ROOT)
        async with asyncio.timeout(30):
            message = await anext(client.messages)
        fleet.terminate()
        await fleet.wait()
    assert json.loads(message.payload)["v"] == 1


async def test_no_broker_is_one_clear_line() -> None:
    generator = LoadGenerator(LoadPlan(1), Broker("127.0.0.1", 1), clock=system_clock_ms)
    with pytest.raises(LoadError, match=r"no connection to 127\.0\.0\.1:1"):
        await generator.run(1.0)


@pytest.mark.parametrize(
    ("words", "where"),
    [
        ((), "--broker"),
        (("--broker", "localhost"), "--broker"),
        (("--broker", "localhost:99999"), "--broker"),
        (("--broker", "localhost:1883", "--pairs", "0"), "--pairs"),
        (("--broker", "localhost:1883", "--speed", "50"), "--speed"),
        (("--broker", "localhost:1883", "--seconds", "0"), "--seconds"),
        (("--broker", "localhost:1883", "--load", "fast"), "--load"),
        (("--broker", "localhost:1883", "--load", "nan"), "--load"),
        (("--broker", "localhost:1883", "--load", "max", "--truth-out", "x"), "--load"),
        (("--scenario", "nowhere.toml", "--truth-out", "x"), "nowhere.toml"),
        (("--truth-out", "/nowhere/truth.jsonl", "--seconds", "1"), "/nowhere/truth.jsonl"),
    ],
)
def test_wrong_use_names_what_is_wrong(words: tuple[str, ...], where: str) -> None:
    with pytest.raises(BadInput) as caught:
        run(parse(*words))
    assert str(caught.value).startswith(where)


def test_files_of_a_world_are_written_without_a_broker(tmp_path: Path) -> None:
    orders, pings, there = tmp_path / "orders.toml", tmp_path / "pings.jsonl", tmp_path / "truth.jsonl"
    words = ["--pairs", "3", "--seconds", "60", "--orders-out", str(orders), "--pings-out", str(pings), "--truth-out", str(there)]
    assert run(parse(*words)) == 0
    assert len(load_registry(orders).orders) == 3
    assert {json.loads(line)["topic"].split("/")[-1] for line in pings.read_text().splitlines()} >= {"link", "ping"}
    assert len(there.read_text().splitlines()) == 3 * 61


def test_a_short_run_ends_with_its_sum(broker, capsys: pytest.CaptureFixture[str]) -> None:
    address = f"127.0.0.1:{broker.address.port}"
    assert run(parse("--broker", address, "--pairs", "1", "--seconds", "0.5")) == 0
    assert "expected alerts 0, raised 0, missed 0" in capsys.readouterr().out


def test_a_run_with_missed_alerts_fails_and_says_which(broker, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.fleet.APPROACH_WITHIN_MS", 100)  # due at once, and nobody is there to raise it
    monkeypatch.setattr("simulator.fleet.RING_STAY_MS", 0)
    address = f"127.0.0.1:{broker.address.port}"
    assert run(parse("--broker", address, "--pairs", "1", "--seconds", "1")) == 1
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["missed"] == "approach"


def test_a_run_that_never_reaches_its_broker_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(parse("--broker", "127.0.0.1:1", "--pairs", "1", "--seconds", "0.5")) == 1
    assert "no device reached the broker at 127.0.0.1:1" in capsys.readouterr().out


def test_load_mode_says_how_fast_it_was(broker, capsys: pytest.CaptureFixture[str]) -> None:
    address = f"127.0.0.1:{broker.address.port}"
    assert run(parse("--broker", address, "--pairs", "10", "--seconds", "0.3", "--load", "max", "--qos", "1")) == 0
    sent, acknowledged = capsys.readouterr().out.split(" pings in")[0], "acknowledged"
    assert int(sent) > 0
    assert run(parse("--broker", "127.0.0.1:1", "--load", "max", "--seconds", "0.1")) == 1
    assert acknowledged not in capsys.readouterr().out
