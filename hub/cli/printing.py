"""How commands answer: a table for people, JSON for programs, both on standard output; progress on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table
from rich.text import Text

AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON, for programs.")]
"""The option of every command whose answer a program may want to read."""


def say(text: str) -> None:
    """Print a line for a person."""
    Console(highlight=False, soft_wrap=True).print(plain(text), markup=False)


def warn(text: str) -> None:
    """Print a line for a person on standard error, where it is in no program's way."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(plain(text), markup=False)


def say_json(value: object) -> None:
    """Print an answer for a program."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


def show_table(
    headings: Iterable[str], rows: Iterable[Iterable[str]], *, styles: Mapping[str, str] | None = None
) -> None:
    """Print a table; `styles` gives the style of cells that are one of its words."""
    table = Table(*headings, box=None, pad_edge=False, header_style="dim")
    for row in rows:
        table.add_row(*(Text(plain(cell), style=(styles or {}).get(cell, "")) for cell in row))
    Console(highlight=False).print(table)


def plain(text: str) -> str:
    """Return a text without what could move a terminal's cursor or turn its direction: some of it came from outside."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


@contextmanager
def waiting(what: str) -> Generator[None]:
    """Show that something goes on whose length nobody knows."""
    with Console(stderr=True).status(what):
        yield


@contextmanager
def progress(what: str) -> Generator[Callable[[int, int], None]]:
    """Show how far a long work is; what is lent hears of the bytes so far, and of how many."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(what, total=None)

        def hear(so_far: int, of: int) -> None:
            shown.update(task, completed=min(so_far, of) if of else so_far, total=of or None)

        yield hear
