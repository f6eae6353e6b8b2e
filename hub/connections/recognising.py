"""Recognising an account that is connected already: one account has one remote, and mostly one sign-in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import select

from connectors.sdk.errors import ConnectorError
from connectors.sdk.types import Account
from hub.connections import accounts, health
from hub.connections.models import Connection, Remote

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.connections.speaking import Speaking
    from hub.db.unit import Database


class Known(StrEnum):
    """What is to become of a sign-in to an account that is connected already."""

    ASK = "ask"  # nothing yet: a person is told, and chooses
    RENEW = "renew"  # the connection that is there goes on with the new credentials and settings
    SECOND = "second"  # both are kept: they are two people's, with rights of their own


@dataclass(frozen=True, slots=True)
class Standing:
    """The connection that an account has already."""

    connection_id: str
    gone: bool  # it was disconnected, so that a new sign-in simply comes back to it
    apart: bool  # it belongs to somebody else there than the one who signs in now


def standing_of(database: Database, speaking: Speaking, connector: str, account: Account) -> Standing | None:
    """Return the connection that an account has already; None for a new account. It may be asked whose it is.

    Of several, the one of the same person; else one that needs a person, since that is why somebody signs in.
    """
    with database.read() as session:
        rows = [(row.id, row.state, row.problem_code) for row in _rows(session, connector, account.key)]
    living = [one for one in rows if one[2] != health.DISCONNECTED]
    if not living:
        return Standing(rows[0][0], gone=True, apart=False) if rows else None
    others: list[str] = []
    for connection_id, state, _ in living:
        if state in health.USABLE:
            user = _user(speaking, connection_id)
            if user is not None and user == account.user:
                return Standing(connection_id, gone=False, apart=False)
            if user is not None:
                others.append(connection_id)
    waiting = [connection_id for connection_id, _, _ in living if connection_id not in others]
    if waiting:
        return Standing(waiting[0], gone=False, apart=False)
    return Standing(others[0], gone=False, apart=True)


def is_alone(session: Session, remote: Remote, standing: Standing | None) -> bool:
    """Tell whether nobody connected the account since `standing` was found; whoever asks holds its remote's lock."""
    known = {standing.connection_id} if standing else set[str]()
    living = {row.id for row in _rows(session, remote.connector, remote.account_key)}
    return not living or bool(known & living)


def _rows(session: Session, connector: str, account_key: str) -> list[Connection]:
    """Return an account's connections: those in use first, the newest of each kind first, without replaced ones."""
    query = (
        select(Connection)
        .join(Remote, Remote.id == Connection.remote_id)
        .where(Remote.connector == connector, Remote.account_key == account_key)
        .where(Connection.problem_code != health.REPLACED)
        .order_by(Connection.id.desc())
    )
    return sorted(session.scalars(query), key=lambda row: accounts.rank(row.state))


def _user(speaking: Speaking, connection_id: str) -> str | None:
    """Return whose sign-in a connection is; None where it cannot be asked now."""
    try:
        return speaking.speak_by(connection_id).connector.identify().user
    except ConnectorError:  # it does not work, so it is no second way in beside a new one
        return None
