"""Lines for a terminal or a pipe that never make us wait: a stopped terminal (Ctrl-S) must not stop an alert."""

from __future__ import annotations

import atexit
import contextlib
import queue
import threading
from typing import TextIO

LINES_MAX = 10_000  # lines that wait for a slow reader: some minutes of trouble; then the newest are dropped
EXIT_S_MAX = 1.0  # for what is left at the end: shutdown as a whole has 5 s


class Unhurried:
    """A text file whose `write` returns at once; a thread of its own does the waiting."""

    def __init__(self, target: TextIO) -> None:
        self.dropped = 0
        self._target = target
        self._lines: queue.Queue[str | None] = queue.Queue(LINES_MAX)
        self._thread = threading.Thread(target=self._run, name="output", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def write(self, text: str) -> int:
        """Queue some text; when too much waits it is dropped and counted."""
        try:
            self._lines.put_nowait(text)
        except queue.Full:
            self.dropped += 1
        return len(text)

    def flush(self) -> None:
        """Nothing to do: the thread flushes whenever it has caught up."""

    def close(self) -> None:
        """Give what is left a moment."""
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(None)
        self._thread.join(EXIT_S_MAX)

    def _run(self) -> None:
        while (text := self._lines.get()) is not None:
            with contextlib.suppress(OSError, ValueError):  # the reader has gone: there is nobody to tell
                self._target.write(text)
                if self._lines.empty():
                    self._target.flush()
        with contextlib.suppress(OSError, ValueError):
            self._target.flush()
