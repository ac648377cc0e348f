"""The clock follows the machine's, never runs backwards, never stands still, and says when it was set."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.clock import Clock

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND


class Machine:
    """The two clocks of a machine, ours to turn."""

    def __init__(self) -> None:
        self.wall, self.monotonic = START, 5 * SECOND
        self.steps: list[int] = []
        self.clock = Clock(self.steps.append, lambda: self.wall, lambda: self.monotonic)

    def run(self, seconds: float, *, set_by: float = 0.0) -> int:
        """Let time pass, set the wall clock, and read ours; seconds since the start, in ms."""
        self.monotonic += int(seconds * SECOND)
        self.wall += int((seconds + set_by) * SECOND)
        return self.clock.now_ms() - START // 1_000_000


def test_it_is_the_wall_clock_while_nobody_touches_that() -> None:
    machine = Machine()
    assert [machine.run(1), machine.run(0.5), machine.run(3_600)] == [1_000, 1_500, 3_601_500]
    assert machine.steps == []


def test_it_follows_a_step_forwards_at_once_and_says_so() -> None:
    machine = Machine()
    assert machine.run(1, set_by=100) == 101_000
    assert machine.steps == [100_000]


def test_after_a_step_backwards_it_goes_on_at_half_speed_until_the_machine_has_caught_up() -> None:
    """A clock that stood still for an hour would not notice a silent device for an hour."""
    machine = Machine()
    machine.run(100)
    assert machine.run(1, set_by=-60) == 100_500
    assert machine.run(10) == 105_500
    assert machine.run(200) == 251_000  # the wall's again: 311 s have passed, less the 60 s
    assert machine.steps == [-60_000]


def test_corrections_of_less_than_a_second_are_nobodys_business() -> None:
    machine = Machine()
    machine.run(1, set_by=0.9)
    machine.run(1, set_by=-0.9)
    assert machine.steps == []


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(-1_000, 1_000)), max_size=30))
def test_whatever_is_done_to_the_machine_time_never_runs_backwards_and_never_at_less_than_half_speed(turns: list[tuple[float, float]]) -> None:
    machine = Machine()
    last_ms = machine.run(0)
    for seconds, set_by in turns:
        now_ms = machine.run(seconds, set_by=set_by)
        assert now_ms >= last_ms + int(seconds * 500) - 1
        last_ms = now_ms
