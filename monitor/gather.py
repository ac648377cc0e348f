"""When a turn should wait a moment for more pings: only once the thread that judges is near the end of its core. PURE.

A turn costs some 40 µs whatever is in it, and at 90,000 pings/s it finds twenty. Waiting 0.3 ms it finds seventy: a quarter less
processor time a ping, which the broker beside it can use. With less to do the wait would cost an alert more than it saves it.
"""

from __future__ import annotations

GATHER_S = 0.0003  # a timer of the event loop knows whole milliseconds, and each read on the way would cost what is to be saved
# Of a core: half of the most it can take needs 0.51 to 0.57, or gathered less than 0.43; all of it 0.76 or more, or gathered 0.49 to 0.57.
FROM_SHARE, TO_SHARE = 0.72, 0.505


class Gathering:
    """Whether to wait, by how much processor time has been used of late."""

    def __init__(self) -> None:
        self.on = False
        self._at_s = self._spent_s = 0.0

    def look(self, now_s: float, spent_s: float) -> None:
        """By now this thread has used `spent_s` of processor time."""
        passed_s, used_s = now_s - self._at_s, spent_s - self._spent_s
        if passed_s > 0:
            self.on = used_s >= passed_s * (TO_SHARE if self.on else FROM_SHARE)
        self._at_s, self._spent_s = now_s, spent_s
