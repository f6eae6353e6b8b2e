"""Who acts: a signed-in person, a program with a person's token, or the hub itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person is in this hub, weakest first."""

    VIEWER = "viewer"
    CONTRIBUTOR = "contributor"
    EDITOR = "editor"
    ADMINISTRATOR = "administrator"


class Scope(StrEnum):
    """What an API token is good for. A scope only ever narrows what its owner's role may."""

    READ = "read"
    UPLOAD = "upload"
    EDIT = "edit"
    PUBLISH = "publish"
    ADMIN = "admin"
    EVENTS = "events"


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks for something. `scopes` is None for everything that the role may."""

    id: str
    name: str
    role: Role
    scopes: frozenset[str] | None = None


SYSTEM = Actor("system", "damhub", Role.ADMINISTRATOR)
"""The hub itself: the worker, the planner, the clock."""
