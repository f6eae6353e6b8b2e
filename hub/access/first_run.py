"""The one-time code of a new hub: whoever holds it may make the first administrator from a browser.

The code is a signature over the hub's identity. So each process can tell it, no table holds it, a hub set up anew has
another one, and it is worth nothing as soon as there is anybody.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.access.keyring import Keyring
from hub.access.models import User
from hub.access.users import hub_has_users
from hub.db.models import Installation
from hub.errors import Forbidden

PURPOSE = "first-run"


def somebody_is_here(session: Session) -> bool:
    """Tell whether the hub has had its first run."""
    return session.scalar(select(User.id).limit(1)) is not None


def write_code(session: Session, keyring: Keyring) -> str | None:
    """Return the code; None when there is nothing left that it could open."""
    return None if somebody_is_here(session) else keyring.sign(_message(session), purpose=PURPOSE)


def check_code(session: Session, keyring: Keyring, code: str) -> None:
    """Let the right code pass, compared in constant time.

    Raises:
        Conflict: `hub_has_users`.
        Forbidden: `first_run_code_wrong`.
    """
    if somebody_is_here(session):
        raise hub_has_users()
    if not keyring.verify(_message(session), code.strip(), purpose=PURPOSE):
        raise Forbidden(
            "first_run_code_wrong",
            "This is not the one-time code of this hub. Nothing was done.",
            where="code",
            next_step="Open the address that `damhub serve` printed when it started.",
        )


def _message(session: Session) -> bytes:
    return (session.scalar(select(Installation.id)) or "").encode()
