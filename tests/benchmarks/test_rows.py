"""Promises of the performance table: rates count the backlog, rows come through a pipe whole, and a plan is arithmetic."""

from __future__ import annotations

import pytest

from benchmarks.broker import whole_rate
from benchmarks.rows import DISK_ROW, Row, quantile, read_rows, say
from benchmarks.run import EMPTY_ROW, PLAN_ROWS, main, plan


def test_a_rate_counts_until_the_last_message_was_taken() -> None:
    """Sent within 4 s, taken within 8: the backlog in the broker is no gain. Waiting before and after does not count."""
    seen = [(0.0, 100.0), (10.0, 100.0), (12.0, 900.0), (14.0, 1_300.0), (18.0, 1_700.0), (30.0, 1_700.0)]
    assert whole_rate(seen) == pytest.approx(1_600 / 8.0)


@pytest.mark.parametrize("begins_s", [1.01, 1.1, 1.19])
@pytest.mark.parametrize("lasts_s", [8.0, 8.07, 8.13])
@pytest.mark.parametrize("step_s", [0.2, 0.25])
def test_a_steady_rate_is_never_told_as_more_and_as_less_by_two_looks_at_most(begins_s: float, lasts_s: float, step_s: float) -> None:
    looks = [k * step_s for k in range(60)]
    seen = [(100.0 + s, 7.0 + 50_000.0 * min(max(0.0, s - begins_s), lasts_s)) for s in looks]
    assert 50_000.0 * lasts_s / (lasts_s + 2 * step_s) <= whole_rate(seen) <= 50_000.0 * (1 + 1e-9)


def test_a_rest_in_between_counts() -> None:
    seen = [(float(s), 100.0 * min(s, 10) + 100.0 * max(0, s - 20)) for s in range(31)]
    assert whole_rate(seen) == pytest.approx(2_000.0 / 30.0)


def test_nothing_taken_is_a_rate_of_nothing() -> None:
    assert whole_rate([(0.0, 5.0), (1.0, 5.0)]) == 0.0


def test_rows_come_through_whatever_else_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    row = Row("a | b", 12.5, "ms", "≤ 20", 5.0, "7 of them", True)
    print("something else")
    say(row)
    assert read_rows(capsys.readouterr().out) == [row]
    assert "12.5 ms | 5.00 (2.50) | ≤ 20 | yes | 7 of them |" in row.line()


def test_what_is_not_met_is_said_loudly() -> None:
    assert "**no**" in Row("a", 1_234.0, "ms", "≤ 20", None, "", False).line()


def test_a_quantile_is_one_of_the_values() -> None:
    assert [quantile([float(k) for k in range(100)], q) for q in (0.5, 0.99, 1.0)] == [50.0, 99.0, 99.0]


def test_a_plan_follows_from_two_measures() -> None:
    rows = [Row(PLAN_ROWS[0], 20.0, "µs a ping"), Row(PLAN_ROWS[1], 500.0, "MB")]
    lines = plan(rows, 50_000)
    assert "1,500,000 devices | 375,000 devices | 125,000 devices" in lines[2]
    assert lines[5].startswith("| United States, 250,000 pairs | 0.333 cores | 1.333 cores | 4.000 cores | 2,500 MB")


def test_a_plan_counts_what_an_empty_service_takes_once() -> None:
    rows = [Row(PLAN_ROWS[0], 20.0, "µs a ping"), Row(PLAN_ROWS[1], 500.0, "MB"), Row(EMPTY_ROW, 200.0, "MB")]
    assert [line.split(" | ")[-1] for line in plan(rows, 50_000)[3:]] == ["213 MB |", "227 MB |", "1,700 MB |"]


def test_a_plan_says_how_much_disk_a_day_takes_where_that_was_measured() -> None:
    rows = [Row(PLAN_ROWS[0], 20.0, "µs a ping"), Row(PLAN_ROWS[1], 500.0, "MB"), Row(DISK_ROW, 250.0, "bytes a ping")]
    lines = plan(rows, 50_000)
    assert [line.split(" | ")[-1] for line in lines[3:]] == ["1.5 GB |", "3.2 GB |", "180.0 GB |"]
    assert {line.count("|") for line in lines} == {7}, "a table"


def test_without_measures_there_is_no_plan() -> None:
    assert plan([], 50_000) == []


def test_without_a_broker_the_table_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.broker.shutil.which", lambda name, path=None: None)
    monkeypatch.setattr("sys.argv", ["benchmarks/run"])
    with pytest.raises(SystemExit, match="benchmarks/run: mosquitto is not installed"):
        main()
