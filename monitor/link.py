"""Our link with the broker as the engine shall know it: all sessions up, or not for longer than a grace."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable


class LinkWatch:
    """Joins the state of several sessions into one, and says when it changes.

    Down is said only after the grace, since a restarted broker is back within a second; up is said at once. The first word
    comes with the first connection, or with the end of the grace if there is none.
    """

    def __init__(self, sessions: Iterable[str], *, grace_s: float, say: Callable[[bool], None]) -> None:
        self._up = dict.fromkeys(sessions, False)
        self._grace_s = grace_s
        self._say = say
        self._said: bool | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def up(self) -> bool:
        """Every session is connected and subscribed."""
        return all(self._up.values())

    def start(self) -> None:
        """Begin to count the grace."""
        self._look()

    def on_link(self, session: str, up: bool) -> None:
        """Take in the word of one session."""
        self._up[session] = up
        self._look()

    def stop(self) -> None:
        """Say nothing more."""
        if self._timer is not None:
            self._timer.cancel()
        self._said = self._timer = None
        self._say = lambda _: None

    def _look(self) -> None:
        if self.up:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self._tell(True)
        elif self._timer is None and self._said is not False:
            self._timer = asyncio.get_running_loop().call_later(self._grace_s, self._give_up)

    def _give_up(self) -> None:
        self._timer = None
        if not self.up:
            self._tell(False)

    def _tell(self, up: bool) -> None:
        if self._said is not up:
            self._said = up
            self._say(up)
