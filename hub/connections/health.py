"""How a connection is: what a call's end means for it, and the events when that changes."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import and_, or_, select

from connectors.sdk.errors import (
    BadAnswer,
    ConnectorError,
    GiveUp,
    Misconfigured,
    NeedsPerson,
    RateLimited,
)
from hub.clock import HOUR, MINUTE, SECOND
from hub.connections.models import Connection, Remote
from hub.events.log import emit
from hub.notify import notices

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

NOTED_EVERY_MS = MINUTE
"""A success is written down at most so often, so that a busy connection does not write with each call."""
CHECK_EVERY_MS = 5 * MINUTE
QUIET_MS = 6 * HOUR
"""A live connection that nothing was heard of for so long is asked whether it still lives."""
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 900.0
_LONGEST_TEXT = 500


class State(StrEnum):
    """How a connection is."""

    PENDING = "pending"  # made, not proven yet
    LIVE = "live"
    AILING = "ailing"  # something went wrong; it goes on by itself
    NEEDS_PERSON = "needs_person"  # it does not
    OFF = "off"  # paused, replaced or disconnected


NEEDS_PERSON_NOTICE = "connection_needs_person"
SCOPES_MISSING = "scopes_missing"  # it works as far as what was allowed goes, and no trying helps
PAUSED, REPLACED, DISCONNECTED = "paused", "replaced", "disconnected"
OTHER_ACCOUNT = "other_account"  # the credentials open another account now: nothing may be written there
USABLE = (State.LIVE, State.AILING, State.PENDING)


def worth_writing(connection: Connection, error: ConnectorError | None, now: int) -> bool:
    """Tell whether a call's end says anything that the row does not say already."""
    if connection.state == State.OFF:
        return False
    if not _is_success(error):
        return True
    if connection.problem_code == OTHER_ACCOUNT:
        return False  # the call that ended well had begun before that was found out
    stale = connection.last_ok_at is None or connection.last_ok_at <= now - NOTED_EVERY_MS
    return stale or not _is_settled(connection)


def to_check(session: Session, now: int) -> list[str]:
    """Return the connections of which nothing was heard for too long, and those that ail; not the ones told to wait."""
    quiet = Connection.last_ok_at <= now - QUIET_MS
    settled = or_(Connection.state == State.LIVE, Connection.problem_code == SCOPES_MISSING)
    ails = and_(Connection.state == State.AILING, Connection.problem_code != SCOPES_MISSING)
    states = or_(ails, and_(settled, quiet))
    query = select(Connection.id).where(states, Connection.not_before <= now).order_by(Connection.id)
    return list(session.scalars(query))


def next_try(connection: Connection, now: int) -> int | None:
    """Return when the hub speaks over an ailing connection again by itself; None where it is well, or nothing helps."""
    told = connection.not_before if connection.not_before > now else None
    if connection.state == State.AILING and connection.problem_code != SCOPES_MISSING:
        return told or now + CHECK_EVERY_MS
    return told if connection.state in USABLE else None


def note(session: Session, connection: Connection, error: ConnectorError | None, now: int, *, actor: str) -> None:
    """Write down how a call ended."""
    if connection.state == State.OFF:
        return
    if error is None or _is_success(error):
        connection.last_ok_at = now
        settle(session, connection, actor=actor)
    elif isinstance(error, RateLimited):
        _slow_down(connection, error, now)
    elif isinstance(error, NeedsPerson) and not isinstance(error, Misconfigured):
        changed = connection.state != State.NEEDS_PERSON
        set_state(session, connection, State.NEEDS_PERSON, code=error.code, text=error.message, actor=actor)
        if changed:
            _tell_owner(session, connection, now)
    elif connection.state != State.NEEDS_PERSON:  # that somebody must sign in is still so when the remote is away
        # Misconfigured may be about one target only, so it does not stop the others.
        set_state(session, connection, State.AILING, code=error.code, text=error.message, actor=actor)


def _tell_owner(session: Session, connection: Connection, now: int) -> None:
    remote = session.get_one(Remote, connection.remote_id)
    body = {"connector": remote.connector, "account": remote.label, "problem_code": connection.problem_code,
            "problem": connection.problem, "link": f"/connections/{connection.id}/reconnect"}  # fmt: skip
    notices.tell(session, connection.owner_id, NEEDS_PERSON_NOTICE, subject=connection.id, body=body, at=now)


def _slow_down(connection: Connection, error: RateLimited, now: int) -> None:
    """Let every process wait as long as the remote asks; what our own limiter held back asks for nothing."""
    if error.status is not None:
        pause_s = min(max(error.after_s or SHORTEST_PAUSE_S, 0.0), LONGEST_PAUSE_S)
        connection.not_before = max(connection.not_before, now + int(pause_s * SECOND))


def set_state(
    session: Session, connection: Connection, state: State, *, actor: str, code: str = "", text: str = ""
) -> None:
    """Set state and problem; a change of state is an event."""
    changed = connection.state != state
    connection.state = state
    connection.problem_code = code[:64]
    connection.problem = text[:_LONGEST_TEXT]
    if changed and state != State.PENDING:
        announce(session, connection, f"connection.{state.value}", actor=actor)


def settle(session: Session, connection: Connection, *, actor: str) -> None:
    """Note that a connection works; one that was not allowed all that was asked for does not pretend to be whole.

    It is live for a moment all the same: what waited for the connection goes on at that event.
    """
    if connection.problem_code == SCOPES_MISSING and connection.lacking:
        return
    set_state(session, connection, State.LIVE, actor=actor)
    if connection.lacking:
        set_state(session, connection, State.AILING, code=SCOPES_MISSING, text=connection.lacking, actor=actor)


def announce(session: Session, connection: Connection, kind: str, *, actor: str) -> None:
    """Note an event about a connection; it names the problem's code, never a secret."""
    remote = session.get_one(Remote, connection.remote_id)
    body = {"remote_id": remote.id, "connector": remote.connector, "problem_code": connection.problem_code}
    emit(session, kind, connection.id, actor=actor, body=body)


def _is_settled(connection: Connection) -> bool:
    """Tell whether a success would change nothing about how a connection is."""
    if connection.lacking:
        return connection.state == State.AILING and connection.problem_code == SCOPES_MISSING
    return connection.state == State.LIVE and not connection.problem_code


def _is_success(error: ConnectorError | None) -> bool:
    """A remote that answered "no" or "not there" is well."""
    if error is None:
        return True
    return isinstance(error, GiveUp) and not isinstance(error, BadAnswer)
