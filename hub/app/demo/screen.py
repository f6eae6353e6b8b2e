"""What the demo shows: a timeline, what it waits for, tables. Every line is a moment at which it can be ended."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from hub.cli.printing import plain

ASK_AGAIN_S: Final = 0.2
WIDE: Final = 150
"""Columns where nobody's window sets them, such as in a log."""


class Ended(Exception):
    """Somebody asked for the end."""


class Screen:
    """Prints for one run of the demo."""

    def __init__(self, stop: threading.Event, *, console: Console | None = None) -> None:
        """Print until `stop` is set; from then on every line and every wait raises `Ended`."""
        self._stop = stop
        self._begun = time.monotonic()
        self._width = None if sys.stdout.isatty() else WIDE
        self._console = console or Console(highlight=False, width=self._width)

    @property
    def elapsed_s(self) -> float:
        """Return how long the demo has been running."""
        return time.monotonic() - self._begun

    def chapter(self, title: str) -> None:
        """Begin another part of the story."""
        self._go_on()
        self._console.print()
        self._console.print(Text(plain(title), style="bold"))

    def tell(self, text: str, *, style: str = "") -> None:
        """Print what happened, and when."""
        self._go_on()
        line = Table.grid(padding=(0, 2))
        line.add_column(justify="right", width=9, style="dim", no_wrap=True)
        line.add_column()
        line.add_row(f"+ {self.elapsed_s:.1f} s", Text(plain(text), style=style))
        self._console.print(line)

    def last_words(self, text: str, *, style: str = "") -> None:
        """Print a line that is no part of the timeline, even when the end was asked for."""
        self._console.print(Text(plain(text), style=style), soft_wrap=True)

    def table(self, title: str, headings: Iterable[str], rows: Iterable[Iterable[Text]]) -> None:
        """Print a table, even when the end was asked for."""
        table = Table(*headings, title=title, title_justify="left", title_style="bold", header_style="dim", box=None,
                      pad_edge=False, padding=(0, 2, 0, 0))  # fmt: skip
        for row in rows:
            table.add_row(*row)
        self._console.print()
        self._console.print(table)

    @contextmanager
    def waiting(self, what: str, *, of: int | None = None) -> Generator[Callable[[int], None]]:
        """Show that something takes its time; what is lent hears how many of `of` are done."""
        self._go_on()
        if not self._console.is_terminal:
            self._console.print(Text(f"           ... {plain(what)}", style="dim"))
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(24), MofNCompleteColumn(),
                   TimeElapsedColumn())  # fmt: skip
        shown = columns if of else (columns[0], columns[1], columns[4])
        watched = self._console.is_terminal
        with Progress(*shown, console=self._console, transient=True, disable=not watched) as progress:
            task = progress.add_task(plain(what), total=of)
            yield lambda done: progress.update(task, completed=done)

    def until(self, what: str, true: Callable[[], bool], *, within_s: float) -> bool:
        """Wait until something is true; tell whether it was in time."""
        with self.waiting(what):
            return self.watch(true, within_s=within_s)

    def watch(self, true: Callable[[], bool], *, within_s: float) -> bool:
        """Ask again and again, in time or not."""
        ends = time.monotonic() + within_s
        while not true():
            if time.monotonic() > ends:
                return False
            self._stop.wait(ASK_AGAIN_S)
            self._go_on()
        return True

    def stay(self, check: Callable[[], None]) -> None:
        """Wait for the end."""
        while not self._stop.wait(ASK_AGAIN_S):
            check()

    def _go_on(self) -> None:
        if self._stop.is_set():
            raise Ended


def clock_time(at: int) -> str:
    """Return a time of day in this machine's zone."""
    return datetime.fromtimestamp(at / 1000, UTC).astimezone().strftime("%H:%M:%S")
