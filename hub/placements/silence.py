"""An account that does not answer for a day: whoever owns the connection is told once, and once more when it answers.

Until then the hub goes on by itself and nobody is troubled. One notice is about the account, however many copies stand
there: since when nobody can vouch for them, as the drift list says it. After a day of silence the other notice waits
for one call that ended well, so an account that comes and goes is told of once a day at most.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import CursorResult, delete, func, select
from sqlalchemy.exc import IntegrityError

from hub.connections.accounts import usable
from hub.connections.models import Connection, Remote, Warned
from hub.notify import notices
from hub.placements.drift import NOT_ANSWERING, Unvouched, unvouched

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.clock import Clock
    from hub.db.unit import Database

SILENT: Final = "connection_silent"
ANSWERS: Final = "connection_answers"
_KEY: Final = "silence"


class Silence:
    """The drain that tells. What was told is kept in the database, so that a restart repeats nothing."""

    def __init__(self, database: Database, clock: Clock, base_url: str) -> None:
        self._database, self._clock, self._base_url = database, clock, base_url

    def drain(self, owner: str) -> int:
        """Tell who must know that an account fell silent, or answers again; return how many were told of."""
        del owner  # each is told with a row of its own, which only one worker can add or take away
        now = self._clock.now()
        with self._database.read() as session:
            told = session.execute(
                select(Warned, Connection.remote_id)
                .join(Connection, Connection.id == Warned.connection_id)
                .where(Warned.what == _KEY)
            ).all()
            known = {remote_id for _, remote_id in told}
            silent = [one for one in unvouched(session, "", now) if one.why == NOT_ANSWERING]
            heard = [(row.connection_id, _answered(session, remote_id, row.ends_at)) for row, remote_id in told]
        fresh = [one for one in silent if one.remote_id not in known]
        back = [(connection_id, at) for connection_id, at in heard if at is not None]
        return sum(self._fell_silent(one, now) for one in fresh) + sum(self._answers(*each, now) for each in back)

    def _fell_silent(self, one: Unvouched, now: int) -> bool:
        with self._database.unit() as session:
            connection = usable(session, one.remote_id)
            if connection is None:
                return False
            row = Warned(connection_id=connection.id, what=_KEY, ends_at=one.since or 0, days=0, at=now)
            try:
                with session.begin_nested():
                    session.add(row)
            except IntegrityError:  # another worker told it at this moment
                return False
            said = {"copies": one.copies, "since": one.since, "problem": connection.problem}
            self._tell(session, connection, SILENT, said, now)
        return True

    def _answers(self, connection_id: str, at: int, now: int) -> bool:
        with self._database.unit() as session:
            gone = session.execute(delete(Warned).where(Warned.connection_id == connection_id, Warned.what == _KEY))
            if not (isinstance(gone, CursorResult) and gone.rowcount):
                return False
            connection = session.get_one(Connection, connection_id)
            self._tell(session, connection, ANSWERS, {"at": at}, now)
        return True

    def _tell(self, session: Session, connection: Connection, what: str, said: dict[str, Any], now: int) -> None:
        remote = session.get_one(Remote, connection.remote_id)
        link = f"{self._base_url}/connections/{connection.id}"
        body = {**said, "connector": remote.connector, "account": remote.label, "link": link}
        notices.tell(session, connection.owner_id, what, subject=connection.id, body=body, at=now)


def _answered(session: Session, remote_id: str, since: int) -> int | None:
    """Return when an account answered last, over whichever connection, if that was after a time."""
    last = session.scalar(select(func.max(Connection.last_ok_at)).where(Connection.remote_id == remote_id))
    return last if last is not None and last > since else None
