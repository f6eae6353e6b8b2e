"""Pinboard's shapes."""

from __future__ import annotations

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


class Pin(BaseModel):
    """A pin on a wall."""

    id: str
    filename: str
    title: str = ""
    note: str = ""
    sha256: str
    frames: tuple[str, ...] = ()
