"""What the command line is given by the composition root: acts upon a hub that only the root can wire."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from hub.access.actors import Role
from hub.cli.findings import Finding
from hub.settings import Settings

if TYPE_CHECKING:
    from hub.connections.replaying import OfAccount, Which
    from hub.db.models import Installation
    from hub.placements.reports.service import Reports
    from mappings.document import AssetDocument

Told = Callable[[int, int], None]
"""Hears how many bytes were carried so far, and of how many (0: not known yet)."""


class Carried(Protocol):
    """What a backup or a restore carried over."""

    rows: int
    blobs: int
    bytes: int
    missing: list[str]


class Backup(Protocol):
    """Writes a backup."""

    def __call__(self, settings: Settings, file: Path, *, with_keys: bool, told: Told) -> Carried:
        """Write the whole hub into one file."""
        ...


class Restore(Protocol):
    """Reads a backup."""

    def __call__(self, settings: Settings, file: Path, *, told: Told) -> Carried:
        """Fill an empty hub."""
        ...


class AddUser(Protocol):
    """Adds a person."""

    def __call__(self, settings: Settings, *, email: str, name: str, role: Role, password: str) -> str:
        """Return the new person's id."""
        ...


class ReplayInbound(Protocol):
    """Has deliveries read again."""

    def __call__(self, settings: Settings, which: Which, *, really: bool) -> Sequence[OfAccount]:
        """Return how many deliveries it is about, by account; without `really` nothing is done."""
        ...


@dataclass(frozen=True, slots=True)
class DemoWish:
    """How the demo is to be played."""

    once: bool
    """End by itself instead of staying up to be looked at."""
    real: tuple[str, ...] = ()
    """Connectors that speak to a real server instead of their sandbox."""


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The acts of one installation. Each raises HubError with what to do next, and never anything else on purpose."""

    settings: Callable[[], Settings]
    """Reads environment and file."""
    serve: Callable[[Settings], None]
    """Keeps the hub running until it is told to end."""
    web: Callable[[Settings], None]
    """Answers requests in this process."""
    worker: Callable[[Settings], None]
    """Does what is due in this process."""
    demo: Callable[[DemoWish], int]
    """Plays the whole story with a hub of its own; returns the exit code: 1 when a proof is missing."""
    doctor: Callable[[], Sequence[Finding]]
    """Looks at everything, whatever state the hub is in. Never raises."""
    backup: Backup
    restore: Restore
    adopt: Callable[[Settings], Installation]
    """Says that this is the hub."""
    declare_copy: Callable[[Settings], Installation]
    """Says that this is a copy of another hub."""
    add_user: AddUser
    document: Callable[[Settings, str], AssetDocument]
    """Returns what channels may be told of an asset, by its code or id."""
    reports: Callable[[Settings], AbstractContextManager[Reports]]
    """Lends what makes signed reports and knows the keys."""
    replay_inbound: ReplayInbound
