"""Whoever owns a connection is warned before something of it ends: 14, 7, 3 and 1 days before, each once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import IntegrityError

from connectors.sdk.manifest import Manifest
from hub.clock import DAY
from hub.connections.calendar import Entry, Renewal, calendar, read
from hub.connections.models import Warned
from hub.events.log import emit
from hub.notify import notices

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.clock import Clock
    from hub.db.unit import Database

DAYS_BEFORE: Final = (14, 7, 3, 1)
NOTICE: Final = "connection_ends"
EVENT: Final = "connection.ends_soon"
_LONGEST_KEY: Final = 300


class Forewarning:
    """The drain that warns. What was said is kept in the database, so that a restart repeats nothing."""

    def __init__(self, database: Database, clock: Clock, registry: Mapping[str, Manifest], *, base_url: str) -> None:
        self._database, self._clock, self._registry, self._base_url = database, clock, registry, base_url

    def drain(self) -> int:
        """Warn of what ends soon; return how many warnings were given."""
        now = self._clock.now()
        with self._database.read() as session:
            due = [
                (entry, days)
                for entry in calendar(read(session), self._registry)
                if (days := stage(entry, now)) is not None and not _was_given(session, entry, days)
            ]
        return sum(self._warn(entry, days, now) for entry, days in due)

    def _warn(self, entry: Entry, days: int, now: int) -> bool:
        with self._database.unit() as session:
            if not _note(session, entry, days, now):
                return False
            body = {"name": entry.name, "what": entry.what.value, "ends_at": entry.ends_at, "sure": entry.sure.value,
                    "days": days, "connector": entry.connector, "owner_id": entry.owner_id,
                    "link": self._base_url + entry.link}  # fmt: skip
            emit(session, EVENT, entry.connection_id, actor="system", body=body)
            told = body | {"account": entry.account_label, "step": entry.step}
            notices.tell(session, entry.owner_id, NOTICE, subject=entry.connection_id, body=told, at=now)
        return True


def stage(entry: Entry, now: int) -> int | None:
    """Return which warning is due: the nearest of `DAYS_BEFORE`; None before all of them, and after the end."""
    left = entry.ends_at - now
    if left <= 0 or entry.renewal is Renewal.ITSELF:
        return None
    return min((days for days in DAYS_BEFORE if left <= days * DAY), default=None)


def _key(entry: Entry, days: int) -> tuple[str, str, int, int]:
    return entry.connection_id, entry.key[:_LONGEST_KEY], entry.ends_at, days


def _was_given(session: Session, entry: Entry, days: int) -> bool:
    return session.get(Warned, _key(entry, days)) is not None


def _note(session: Session, entry: Entry, days: int, now: int) -> bool:
    """Write down that this warning is given; False when another worker gave it at this moment."""
    connection_id, what, ends_at, days = _key(entry, days)
    try:
        with session.begin_nested():
            session.add(Warned(connection_id=connection_id, what=what, ends_at=ends_at, days=days, at=now))
    except IntegrityError:
        return False
    return True
