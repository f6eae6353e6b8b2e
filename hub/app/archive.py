"""The form of a backup: what stands in it, in which order, and how rows are written.

The archive is a tar, written and read as a stream, in this order:

    manifest.json               which hub, when, which release, and whether keys are in it
    blobs/<sha256>              every blob that a row knows, hashed again on the way
    tables/<name>.jsonl.gz      the rows of one moment, one JSON object in each line
    keys/<name>                 only when asked for
    end.json                    what was written; an archive without it was cut off

Rows that belong to a running process or browser (seats, heartbeats, sessions, sign-ins that have begun) are left out.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal

from pydantic import BaseModel
from sqlalchemy import Table

from hub.clock import SECOND, Clock, SystemClock
from hub.db.tables import all_tables
from hub.settings import Settings

MANIFEST = "manifest.json"
END = "end.json"
BLOBS = "blobs/"
TABLES = "tables/"
KEYS = "keys/"
ROWS = ".jsonl.gz"
BATCH = 500
"""How many rows are in memory at once."""

_OF_A_PROCESS = {"slots", "heartbeats", "sessions", "sign_in_attempts", "oauth_dances"}

Row = dict[str, Any]
Told = Callable[[int, int], None]
"""Hears how many bytes were carried so far, and of how many (0: not known yet)."""


class Manifest(BaseModel):
    """The first thing in the archive."""

    format: Literal[1] = 1
    revision: str
    installation_id: str
    epoch: int
    made_at: int
    with_keys: bool


class End(BaseModel):
    """The last thing in the archive, and what a person is told about a backup or a restore."""

    tables: dict[str, str]
    """Hash of each table's file."""
    rows: int
    blobs: int
    bytes: int
    missing: list[str]
    """Blobs that a row knows and that the store did not have, or had damaged. Their rows are in the backup."""


class Heard:
    """A file whose reading is heard of."""

    def __init__(self, file: IO[bytes], hear: Callable[[int], None]) -> None:
        self._file = file
        self._hear = hear

    def read(self, size: int = -1) -> bytes:
        """Read, and tell how much."""
        piece = self._file.read(size)
        self._hear(len(piece))
        return piece


def tables() -> list[Table]:
    """Return the tables that are backed up, those first that others refer to."""
    return [table for table in all_tables().sorted_tables if table.name not in _OF_A_PROCESS]


def write_rows(path: Path, rows: Iterator[Row]) -> int:
    """Write rows to a file, one in each line; return how many."""
    count = 0
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=5) as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
            count += 1
    return count


def read_rows(path: Path) -> Iterator[list[Row]]:
    """Read rows from a file, some at a time."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        while lines := list(islice(file, BATCH)):
            yield [json.loads(line) for line in lines]


def clock_of(settings: Settings) -> Clock:
    """Return the clock that the settings ask for."""
    return SystemClock(shift_ms=settings.clock_shift_s * SECOND)
