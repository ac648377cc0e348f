"""What a device may forget: everything up to the first hole. Told by runs of numbers, it is what a plain set of them tells."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.state import PING
from monitor.receipts import HOLE_MS_MAX, RUNS_MAX, Receipts, add_to

T0 = 1_767_600_000_000


def pings(*said: tuple[int, int, int, int]) -> Any:
    """(device, boot, seq, seconds) as rows."""
    rows = np.zeros(len(said), PING)
    for row, (device, boot, seq, at_s) in zip(rows, said, strict=True):
        row["device"], row["boot"], row["seq"], row["at_ms"] = device, boot, seq, T0 + 1000 * at_s
    return rows


class Plainly:
    """The rule as the docstring of monitor/receipts.py has it, one device, every number by itself."""

    def __init__(self) -> None:
        self.boot: int | None = None
        self.heard: set[int] = set()
        self.upto = self.since_ms = 0

    def hear(self, boot: int, seq: int, at_ms: int) -> tuple[int, int]:
        if self.boot is None:
            self.boot, self.upto = boot, seq - 1
        elif boot > self.boot:
            self.boot, self.upto, self.since_ms, self.heard = boot, min(seq, 1) - 1, 0, set()
        if boot == self.boot and seq > self.upto:
            self.heard.add(seq)
            self.go_on()
            if self.heard and self.since_ms == 0:
                self.since_ms = at_ms
            elif self.heard and at_ms - self.since_ms > HOLE_MS_MAX:
                self.upto, self.since_ms = min(self.heard) - 1, 0
                self.go_on()
            if not self.heard:
                self.since_ms = 0
        return self.boot, self.upto

    def go_on(self) -> None:
        while self.upto + 1 in self.heard:
            self.upto += 1
            self.heard.discard(self.upto)


SAID = st.lists(st.tuples(st.integers(0, 2), st.sampled_from((1, 1, 1, 1, 2)), st.integers(0, 25), st.integers(0, 200)), max_size=60)


@given(said=SAID, cut=st.integers(0, 60), batch=st.integers(1, 7))
@settings(max_examples=300, deadline=None)
def test_runs_of_numbers_tell_what_the_numbers_tell(said: list[tuple[int, int, int, int]], cut: int, batch: int) -> None:
    """In any order, twice, over a new boot, a hole of ten minutes, a restart and whatever batches."""
    receipts, plainly = Receipts(), [Plainly() for _ in range(3)]
    at_s, timed = 0, []
    for device, boot, seq, wait_s in said:
        at_s += wait_s
        timed.append((device, boot, seq, at_s))
    for first in range(0, len(timed), batch):
        some = timed[first : first + batch]
        told = receipts.heard(pings(*some))
        expected = {device: plainly[device].hear(boot, seq, T0 + 1000 * at) for device, boot, seq, at in some}
        assert told == expected
        if first <= cut < first + batch:
            receipts = Receipts.load(receipts.dump())


@pytest.mark.parametrize("begins", [0, 1])
def test_a_new_boot_knows_nothing_of_what_the_last_one_sent_beyond_a_hole(begins: int) -> None:
    receipts = Receipts()
    receipts.heard(pings((0, 1, 1, 0), (0, 1, 5, 5)))
    for seq in range(begins, 5):
        assert receipts.heard(pings((0, 2, seq, 10 + seq))) == {0: (2, seq)}


@given(st.lists(st.integers(0, 30), max_size=40))
def test_runs_are_the_longest_there_are_and_hold_each_number(numbers: list[int]) -> None:
    runs: list[tuple[int, int]] = []
    for number in numbers:
        add_to(runs, number)
    assert [n for first, last in runs for n in range(first, last + 1)] == sorted(set(numbers))
    assert all(one[1] + 1 < other[0] for one, other in pairwise(runs))


def test_beyond_a_hole_a_device_costs_two_numbers_however_long_it_goes_on() -> None:
    receipts = Receipts()
    receipts.heard(pings((0, 1, 1, 0)))
    for seq in range(3, 103):
        assert receipts.heard(pings((0, 1, seq, seq))) == {0: (1, 1)}
    assert receipts.dump()["beyond"] == {"0": [(3, 102)]}
    assert receipts.heard(pings((0, 1, 2, 104))) == {0: (1, 102)}
    assert receipts.dump()["beyond"] == {}


def test_one_hole_is_seen_to_by_compiled_code_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failure of the broker every device has one: by Python each of their pings would take forty times as long."""
    noted: list[int] = []
    monkeypatch.setattr(Receipts, "_note", lambda _, device, *rest: noted.append(device))
    receipts = Receipts()
    receipts.heard(pings((0, 1, 1, 0), (1, 1, 1, 0), (0, 1, 4, 1), (1, 1, 4, 1)))
    assert receipts.heard(pings((0, 1, 5, 2), (1, 1, 5, 2), (0, 1, 2, 3))) == {0: (1, 2), 1: (1, 1)}
    assert receipts.heard(pings((0, 1, 3, 4), (1, 1, 6, 1 + HOLE_MS_MAX // 1000))) == {0: (1, 5), 1: (1, 1)}
    assert receipts.heard(pings((0, 1, 6, 5), (1, 1, 7, 2 + HOLE_MS_MAX // 1000))) == {0: (1, 6), 1: (1, 7)}
    assert noted == []


@pytest.mark.parametrize(("holes", "upto"), [(RUNS_MAX, 1), (RUNS_MAX + 1, 3)])
def test_who_has_more_holes_than_can_be_kept_in_mind_loses_the_first(holes: int, upto: int) -> None:
    receipts = Receipts()
    told = receipts.heard(pings((0, 1, 1, 0), *((0, 1, 3 + 2 * k, 1) for k in range(holes))))
    assert told == {0: (1, upto)}
