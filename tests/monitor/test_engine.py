"""Promises of the engine as one object: nothing it decided is lost by a defect of ours, and a snapshot is only read by who understands it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from alerts.escalation import Escalation
from geofence.terms import Device, DeviceId, Level, Order, OrderId, PersonId, Reason, Registry, Transition
from monitor import engine as module
from monitor import intake
from monitor.engine import Effects, Engine
from monitor.recovery import judge
from monitor.terms import Envelope
from tests.pings import T0, at, pair


def envelope(device: str, seq: int, at_ms: int, east_m: float) -> Envelope:
    lat, lon = at(east_m, 0.0)
    fix = {"at": at_ms - 800, "lat": lat, "lon": lon, "accuracy": 8.0}
    return Envelope(at_ms, f"v1/{device}/ping", json.dumps({"v": 1, "boot": 1, "seq": seq, "at": at_ms - 500, "fix": fix}).encode(), qos=1)


def two_orders() -> Registry:
    """She is protected from two men; both orders change whenever she moves."""
    registry = pair()
    other = Order(OrderId("O2"), PersonId("P"), PersonId("R2"), 500.0, 2_200.0, 0, 1 << 60)
    return replace(registry, devices=(*registry.devices, Device(DeviceId("tag2"), PersonId("R2"))), orders=(*registry.orders, other))


def test_a_decision_that_cannot_be_told_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Escalation.on_transition

    def breaks_on_the_first(self: Escalation, t: Transition, *rest: Any) -> Any:
        if t.order == "O1" and t.reason is Reason.BREACH:
            raise RuntimeError("planted")
        return told(self, t, *rest)

    monkeypatch.setattr(Escalation, "on_transition", breaks_on_the_first)
    engine = Engine(two_orders())
    effects = Effects()
    for seq, (device, east_m) in enumerate((("tag", 100.0), ("tag2", 110.0), ("brc", 0.0)), 1):
        engine.receive([envelope(device, seq, T0 + 1_000 * seq, east_m)], effects)
    assert [(fault.order, fault.error) for fault in effects.faults] == [("O1", "RuntimeError")]
    assert {t.order for t in effects.transitions if t.reason is Reason.BREACH} == {"O1", "O2"}
    assert {n.order for n in effects.notifications if n.reason is Reason.BREACH} == {"O2"}


def test_what_a_batch_had_caused_before_an_input_broke_it_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    decode = intake.decode

    def breaks_on_the_last(one: Envelope, *rest: Any) -> Any:
        if b'"seq": 9' in one.payload and b"null" in one.payload:
            raise RuntimeError("planted")
        return decode(one, *rest)

    monkeypatch.setattr(intake, "decode", breaks_on_the_last)
    status = Envelope(T0 + 2_500, "v1/brc/status", b'{"v":1,"online":true,"at":1}')  # ends the run of pings: they are judged before the poison
    odd = Envelope(T0 + 3_000, "v1/tag/ping", b'{"v": 1, "boot": 1, "seq": 9, "at": 1, "battery": null}')
    batch = [envelope("brc", 1, T0 + 1_000, 0.0), envelope("tag", 1, T0 + 2_000, 100.0), status, odd]
    poisoned: list[Envelope] = []
    effects = judge(Engine(pair()), batch, lambda one, error: poisoned.append(one))
    assert poisoned == batch[3:]
    assert [t.reason for t in effects.transitions if t.to_level is Level.EMERGENCY] == [Reason.BREACH], "once, and not lost"
    assert [n for n in effects.notifications if n.level is Level.EMERGENCY]


def test_a_snapshot_of_another_layout_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    blob = Engine(pair()).snapshot()
    Engine.restore(blob)
    monkeypatch.setattr(module, "LAYOUT_DIGEST", "another")
    with pytest.raises(ValueError, match="another release"):
        Engine.restore(blob)


def commands_to_him(engine: Engine) -> list[int | None]:
    """What his device is asked for when she, not he, comes close."""
    effects = Effects()
    engine.receive([envelope("tag", 2, T0 + 60_000, 5_000.0), envelope("brc", 2, T0 + 61_000, 1_500.0)], effects)
    return [command.interval_s for command in effects.commands if command.device == "tag"]


def test_a_changed_privacy_setting_holds_after_a_restart_too() -> None:
    engine = Engine(pair())
    engine.receive([envelope("tag", 1, T0, 5_000.0), envelope("brc", 1, T0, 0.0)])
    blob = engine.snapshot()
    assert commands_to_him(Engine.restore(blob, adaptive=True))
    assert commands_to_him(Engine.restore(blob, adaptive=False)) == []


def test_how_the_orders_stand_is_there_for_whoever_comes_late() -> None:
    engine = Engine(two_orders())
    effects = engine.receive([envelope("tag", 1, T0, 100.0), envelope("brc", 1, T0, 0.0)])
    standing = {s.order: s for s in engine.standings()}
    assert (standing[OrderId("O1")].level, standing[OrderId("O1")].reason) == (Level.EMERGENCY, Reason.BREACH)
    assert standing[OrderId("O1")].incident == next(t.incident for t in effects.transitions if t.order == "O1")
    assert (standing[OrderId("O2")].level, standing[OrderId("O2")].reason) == (Level.CAUTION, Reason.NOT_SEEN_YET)
    assert engine.orders_by_level() == {Level.CALM: 0, Level.CAUTION: 1, Level.WARNING: 0, Level.EMERGENCY: 1}
