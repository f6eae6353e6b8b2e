"""Pinboard's shapes."""

from __future__ import annotations

import hashlib
from typing import IO

from pydantic import BaseModel


class Settings(BaseModel):
    """A connection's settings."""

    origin: str


class Me(BaseModel):
    """Anything with an id."""

    id: str
    name: str = ""


class Wall(BaseModel):
    """A wall."""

    id: str
    name: str


class Room(Me):
    """A room in which walls hang, and what can be said of these."""

    sides: tuple[Me, ...] = ()
    colours: tuple[Me, ...] = ()
    marks: tuple[Me, ...] = ()


class Hung(Me):
    """A wall with what is said of it."""

    text: str = ""
    room: str
    side: str
    colours: tuple[str, ...] = ()
    mark: str = ""
    done: bool = False


class Sheet(BaseModel):
    """A further picture of a pin."""

    sha256: str
    note: str = ""


class Pin(BaseModel):
    """A pin on a wall."""

    id: str
    filename: str
    title: str = ""
    note: str = ""
    sha256: str
    frames: tuple[str, ...] = ()
    state: str = "showing"
    at: int | None = None
    more: tuple[Sheet, ...] = ()


class Thing(BaseModel):
    """A wall or a pin, as the archive tells it."""

    id: str
    kind: str
    name: str
    wall: str = ""
    size: int | None = None
    sha256: str = ""


class Changed(BaseModel):
    """One line of the feed."""

    id: str
    gone: bool = False


class News(BaseModel):
    """A page of the feed."""

    changes: list[Changed]
    next: int
    more: bool


class Hashing:
    """A file that hashes what is written into it on its way."""

    def __init__(self, into: IO[bytes]) -> None:
        self._into = into
        self.seen = hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Write and hash."""
        self.seen.update(data)
        return self._into.write(data)
