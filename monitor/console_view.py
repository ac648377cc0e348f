"""A live view of incidents for a terminal, and plain lines where there is none. The one door to rich.

It shows what it is told and decides nothing. A screen that is redirected to a file gets one line an event.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

ROWS_MAX = 18  # incidents on screen: what fits on a terminal of 24 lines
WIDE = 110  # columns from which there is room for the reason beside the text, which says it too
REFRESH_PER_S = 4  # smooth to the eye, free for the processor
COLOURS = {"emergency": "bold white on red", "warning": "bold black on yellow", "caution": "cyan", "calm": "green"}


@dataclass(frozen=True, slots=True)
class Row:
    """One alert as the view shows it."""

    key: str
    at_ms: int
    order: str
    level: str
    reason: str
    text: str
    state: str  # how far it got: on her bracelet, acknowledged, …


def _clock(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone().strftime("%H:%M:%S")


class ConsoleView:
    """Rows as they come, under a headline that is asked for at each refresh."""

    def __init__(self, headline: Callable[[], str], console: Console | None = None) -> None:
        self._console = console or Console()
        self._headline = headline
        self._rows: OrderedDict[str, Row] = OrderedDict()
        self._live: Live | None = None

    def __enter__(self) -> ConsoleView:
        if self._console.is_terminal:
            self._live = Live(get_renderable=self._draw, console=self._console, refresh_per_second=REFRESH_PER_S, transient=False)
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def say(self, words: str) -> None:
        """Print one line that stays: progress, or the summary."""
        self._console.print(Text(words), soft_wrap=True)

    def show(self, row: Row) -> None:
        """Add an alert."""
        self._rows[row.key] = row
        self._rows.move_to_end(row.key)
        while len(self._rows) > ROWS_MAX:
            self._rows.popitem(last=False)
        self._plain(row)

    def mark(self, key: str, state: str) -> None:
        """Say how far an alert has got."""
        known = self._rows.get(key)
        if known is not None and known.state != state:
            self._rows[key] = replace(known, state=state)
            if self._live is None:
                self._console.print(Text(f"{'':<8}  {'':<9}  {known.order:<14}  {known.reason:<22}  {state}"), soft_wrap=True)

    def _plain(self, row: Row) -> None:
        if self._live is None:
            line = f"{_clock(row.at_ms)}  {row.level:<9}  {row.order:<14}  {row.reason:<22}  {row.state:<14}  {row.text}"
            self._console.print(Text(line), soft_wrap=True)

    def _draw(self) -> Group:
        wide = self._console.width >= WIDE
        table = Table(expand=True, box=None, pad_edge=False, header_style="bold")
        for column, width in (("time", 8), ("level", 11), ("order", 13)) + ((("reason", 21),) if wide else ()) + (("state", 14),):
            table.add_column(column, width=width, no_wrap=True)
        table.add_column("what she reads", ratio=1, overflow="ellipsis", no_wrap=True)
        for row in reversed(self._rows.values()):
            level = Text(f" {row.level} ", style=COLOURS.get(row.level, ""))
            reason = (row.reason,) if wide else ()
            table.add_row(_clock(row.at_ms), level, row.order, *reason, row.state, row.text)
        return Group(Text(self._headline(), style="bold"), Text(), table)
