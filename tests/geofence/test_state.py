"""Arrays that grow keep every bit that was written, and nothing else of what they take is touched."""

from __future__ import annotations

import numpy as np
import pytest

from geofence.state import DEVICE, HISTORY_SHAPE, copied, doubled


@pytest.mark.parametrize("value", [1.5, -0.0, float("nan"), 5e-324], ids=["a number", "minus nothing", "not a number", "next to nothing"])
def test_a_row_that_says_anything_is_kept_to_the_bit(value: float) -> None:
    history = np.zeros((6, *HISTORY_SHAPE))
    history[2, 3, 1] = value
    grown = doubled(history)
    assert grown.shape == (12, *HISTORY_SHAPE)
    assert grown[:6].tobytes() == history.tobytes()
    assert not grown[6:].any()


def test_rows_of_a_device_are_kept_and_a_snapshot_of_none_has_room_for_one() -> None:
    devices = np.zeros(3, DEVICE)
    devices["lat"], devices["held"], devices["satellites"] = 20.5, [0, 1, 2], -1
    assert copied(devices, 5)[:3].tobytes() == devices.tobytes()
    assert len(copied(np.zeros(0, DEVICE), 1)) == len(copied(np.zeros((0, *HISTORY_SHAPE)), 1)) == 1


def test_what_a_snapshot_holds_may_be_read_only() -> None:
    history = np.arange(2.0 * HISTORY_SHAPE[0] * HISTORY_SHAPE[1])
    held = np.frombuffer(history.tobytes()).reshape(2, *HISTORY_SHAPE)
    loaded = copied(held, 2)
    assert loaded.tobytes() == history.tobytes()
    loaded[0, 0, 0] = 7.0
