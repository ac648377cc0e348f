"""Promises of an orders file taken over while pings are judged: each order is the old one or the new one, and nothing is forgotten half way."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from geofence.terms import Device, DeviceId, Order, OrderId, PersonId, Registry
from monitor.engine import Effects, Engine
from monitor.terms import Envelope
from monitor.wire import to_json
from tests.pings import T0, at, circle, pair

FILE = pair()
OLD = FILE.orders[0]


def numbered(count: int) -> Registry:
    """As many pairs, each with a bracelet, a tag and an order."""
    devices = tuple(Device(DeviceId(f"{kind}-{i}"), PersonId(f"{kind}-{i}")) for i in range(count) for kind in ("brc", "tag"))
    orders = tuple(replace(OLD, id=OrderId(f"O{i}"), protected=PersonId(f"brc-{i}"), respondent=PersonId(f"tag-{i}")) for i in range(count))
    return Registry(devices, orders)


def ping(device: str, seq: int, place: tuple[float, float], at_ms: int) -> Envelope:
    fix = {"at": at_ms - 800, "lat": place[0], "lon": place[1], "accuracy": 8.0}
    return Envelope(at_ms, f"v1/{device}/ping", to_json({"v": 1, "boot": 1, "seq": seq, "at": at_ms - 500, "fix": fix}))


def engine_of(registry: Registry, at_ms: int = T0) -> Engine:
    engine = Engine(registry)
    engine.advance(at_ms)
    return engine


def take_over(engine: Engine, registry: Registry, effects: Effects | None = None, upto: int | None = None) -> Effects:
    """All of a file, or no more than the first `upto` of its changes, as a start that is killed."""
    effects = Effects() if effects is None else effects
    for change in islice(engine.adopting(registry), upto):
        engine.adopt(change, effects)
    return effects


def test_what_stands_as_it_should_is_left_alone() -> None:
    engine = engine_of(FILE)
    before = engine.snapshot()
    assert take_over(engine, FILE) == Effects()
    assert engine.snapshot() == before


def is_kept_once(engine: Engine, file: Registry) -> bool:
    kept, read = [*engine.core.devices, *engine.core.orders], [*file.devices, *file.orders]
    return all(mine is its for mine, its in zip(kept, read, strict=True))


def test_a_file_read_anew_is_not_kept_twice() -> None:
    engine, again = engine_of(numbered(3)), numbered(3)
    assert not is_kept_once(engine, again)
    take_over(engine, again)
    assert is_kept_once(engine, again)


def test_nor_is_what_a_snapshot_says_of_the_file_again() -> None:
    blob, file = engine_of(numbered(3)).snapshot(), numbered(3)
    assert not is_kept_once(Engine.restore(blob), file)
    assert is_kept_once(Engine.restore(blob, known=file), file)
    changed = Registry(file.devices, (replace(file.orders[0], perimeter_m=501.0), *file.orders[1:]))
    assert Engine.restore(blob, known=changed).core.orders == list(file.orders), "what the snapshot says, until the file is taken over"


def test_new_changed_and_gone_orders_are_all_taken_over() -> None:
    engine = engine_of(numbered(3))
    file = numbered(4)
    changed = replace(file.orders[1], zones=(circle(),))
    file = Registry(file.devices, (changed, *file.orders[2:]))  # O0 is gone, O1 changed, O3 new
    said = take_over(engine, file)
    assert engine.orders() == ["O1", "O2", "O3"]
    assert engine.core.order(OrderId("O1")) == changed
    assert [one.order for one in said.transitions] == ["O0", "O3"], "ended, and not seen yet"
    assert not take_over(engine, file).transitions


def test_between_two_changes_a_ping_is_judged_by_orders_that_are_whole() -> None:
    near, far = at(0, 0), at(0, 900)
    engine = engine_of(Registry(FILE.devices, (OLD,)))
    engine.receive([ping("brc", 1, near, T0 + 1_000), ping("tag", 1, far, T0 + 1_500)])
    wide: Order = replace(OLD, perimeter_m=1_000.0)
    effects = Effects()
    levels = []
    for seq, change in enumerate(engine.adopting(Registry(FILE.devices, (wide,))), start=2):
        engine.adopt(change, effects)
        engine.receive([ping("tag", seq, far, T0 + seq * 1_000)], effects)
        levels.append((engine.core.order(OLD.id), engine.level_of(OLD.id)))
    assert [order for order, _ in levels] == [OLD, OLD, wide], "two devices that are known, then the order"
    assert [one.to_level.word for one in effects.transitions] == ["emergency"], "900 m is within 1,000 m at once"


def test_an_import_cut_short_is_completed_by_the_next_and_forgets_nobody() -> None:
    before, half, after = numbered(2), numbered(4), numbered(1)
    engine = engine_of(before)
    take_over(engine, half, upto=len(half.devices) + 3)  # O2 is in force, O3 is not
    assert engine.orders() == ["O0", "O1", "O2"]
    again = Engine.restore(engine.snapshot())
    take_over(again, after)
    assert again.orders() == ["O0"], "O1 was the file's before, O2 came with the half that was taken over"


def test_a_revocation_that_was_not_reached_is_made_by_the_next() -> None:
    engine = engine_of(numbered(3))
    take_over(engine, numbered(1), upto=1)
    assert engine.orders() == ["O0", "O1", "O2"]
    again = Engine.restore(engine.snapshot())
    take_over(again, numbered(1))
    assert again.orders() == ["O0"]
