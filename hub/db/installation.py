"""Which hub this is. A database that wakes up elsewhere, or after a restore, only observes until told what it is.

The data folder holds a file with a number of its own. Together with the machine and the folder's path it makes the
fingerprint of a home; the installation's row lists the homes that belong to it. Three things can be done:

    wake           at each start: a home that is not on the list puts the hub into observing
    adopt          "this is the hub": the home joins the list, the hub acts again under its old identity
    declare_copy   "this is a copy": it gets an identity of its own; the copies that the original made are not its own
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import tempfile
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from hub.clock import Clock
from hub.db.base import new_id
from hub.db.models import Installation, Mode
from hub.db.unit import Database
from hub.errors import Conflict
from hub.settings import Settings

HOME_FILE = "installation.json"
_MACHINE_ID = Path("/etc/machine-id")


def wake(database: Database, settings: Settings, clock: Clock) -> Installation:
    """Recognise this installation, or found it in a new database. Every process calls this when it starts."""
    here = fingerprint(settings)
    with database.unit() as session:
        _alone(session, database)
        installation = session.scalar(select(Installation))
        if installation is None:
            installation = Installation(
                id=new_id(),
                epoch=1,
                home_fingerprint=here,
                mode=Mode.NORMAL,
                mode_reason="",
                created_at=clock.now(),
            )
            session.add(installation)
        elif here not in installation.home_fingerprint.split():
            observe_only(
                installation,
                f"The database woke up in another place ({socket.gethostname()}, {settings.home.resolve()}). Say "
                "whether this is the hub (`damhub adopt`) or a copy of it (`damhub declare-copy`): it only observes.",
            )
    return installation


def may_write(session: Session) -> bool:
    """Tell whether this hub may change anything outside. A hub that never woke may not."""
    return session.scalar(select(Installation.mode)) == Mode.NORMAL


def recognition(session: Session, word: str) -> str:
    """Return what tells this hub from others to somebody who knows its installation, and nothing to anybody else.

    `word` is made up anew by whoever asks. An installation's id holds 74 random bits (UUID 7): no hash gives it away.
    """
    installation = session.scalar(select(Installation.id)) or ""
    return hashlib.sha256(f"{installation}\n{word}".encode()).hexdigest()


def observe_only(installation: Installation, reason: str) -> None:
    """Let the hub look and not touch, and say why. The first reason stays."""
    if installation.mode != Mode.OBSERVE_ONLY:
        installation.mode = Mode.OBSERVE_ONLY
        installation.mode_reason = reason


def adopt(database: Database, settings: Settings, *, restored: Callable[[Session], None] | None = None) -> Installation:
    """Say that this is the hub: this home belongs to it from now on, and it acts again.

    Args:
        database: the hub's.
        settings: of this home.
        restored: what is to be done first where a backup was restored, in the same unit.
    """
    here = fingerprint(settings)
    with database.unit() as session:
        _alone(session, database)
        installation = _known(session)
        homes = installation.home_fingerprint.split()
        if not homes and restored is not None:  # a restored database belongs to no home
            restored(session)
        installation.home_fingerprint = " ".join(dict.fromkeys([*homes, here]))
        installation.mode = Mode.NORMAL
        installation.mode_reason = ""
    return installation


def declare_copy(database: Database, settings: Settings, *, cut_loose: Callable[[Session], None]) -> Installation:
    """Say that this is a copy: it becomes a hub of its own, in a new epoch, and acts.

    Args:
        database: the copy's database.
        settings: the copy's settings.
        cut_loose: gives up whatever belongs to the original (its copies outside, its credentials), in the same unit.
    """
    here = fingerprint(settings)
    with database.unit() as session:
        _alone(session, database)
        original = _known(session)
        copy = Installation(
            id=new_id(),
            epoch=original.epoch + 1,
            home_fingerprint=here,
            mode=Mode.NORMAL,
            mode_reason="",
            created_at=original.created_at,
        )
        session.delete(original)
        session.add(copy)
        cut_loose(session)
    return copy


def fingerprint(settings: Settings) -> str:
    """Return what tells this home from others: the machine, the folder's path and the number kept in it."""
    settings.home.mkdir(parents=True, exist_ok=True)
    parts = [_machine(), str(settings.home.resolve()), _home_number(settings.home / HOME_FILE)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _home_number(path: Path) -> str:
    if not path.exists():
        with tempfile.NamedTemporaryFile("w", dir=path.parent) as file:
            json.dump({"home": str(uuid.uuid4())}, file)
            file.flush()
            # Whole or not at all, and the first of several processes wins.
            with suppress(FileExistsError):
                os.link(file.name, path)
    return str(json.loads(path.read_text())["home"])


def _machine() -> str:
    try:
        return _MACHINE_ID.read_text().strip() or socket.gethostname()
    except OSError:
        return socket.gethostname()


def _known(session: Session) -> Installation:
    installation = session.scalar(select(Installation))
    if installation is None:
        raise Conflict(
            "never_woken",
            "This database was never used by a hub.",
            next_step="Start the hub with `damhub serve`.",
        )
    return installation


def _alone(session: Session, database: Database) -> None:
    """Let one process at a time decide; SQLite's writers are alone anyway."""
    if database.postgres:
        session.execute(text("LOCK TABLE installation IN EXCLUSIVE MODE"))
