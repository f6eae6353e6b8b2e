"""Subscriptions that end are asked for anew before they do; what may have been missed meanwhile is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import structlog
from sqlalchemy import CursorResult, select, update

from hub.clock import HOUR, MINUTE
from hub.connections import accounts, health, inbox
from hub.connections.models import Remote, Subscription
from hub.db.installation import may_write
from hub.errors import HubError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.clock import Clock
    from hub.db.unit import Database

log = structlog.get_logger(__name__)

OVERLAP: Final = 4
"""The last quarter of its life is the overlap: so long there is time to renew it, try by try."""
LONGEST_OVERLAP_MS: Final = 48 * HOUR
AGAIN_MS: Final = 15 * MINUTE
"""A renewal that failed, or whose worker was killed, is tried again after so long."""


def renew_at(ends_at: int | None, now: int) -> int | None:
    """Return when a subscription is to be renewed; None where it has no end."""
    if ends_at is None:
        return None
    return ends_at - min(max(ends_at - now, 0) // OVERLAP, LONGEST_OVERLAP_MS)


class Renewing:
    """The drain that renews subscriptions."""

    def __init__(self, database: Database, clock: Clock, renew: Callable[[str], None]) -> None:
        self._database, self._clock, self._renew = database, clock, renew

    def drain(self) -> int:
        """Renew what is due where the hub can speak; return how many were renewed."""
        now = self._clock.now()
        with self._database.read() as session:
            query = select(Subscription).where(Subscription.renew_at <= now).order_by(Subscription.renew_at)
            due = [row.id for row in session.scalars(query) if _speakable(session, row.remote_id)]
            if not may_write(session):
                return 0
        return sum(self._one(subscription_id, now) for subscription_id in due)

    def _one(self, subscription_id: str, now: int) -> bool:
        with self._database.unit() as session:
            if not _claim(session, subscription_id, now):
                return False
            row = session.get_one(Subscription, subscription_id)
            missed = row.expires_at is not None and row.expires_at <= now
            remote_id = row.remote_id
        try:
            self._renew(subscription_id)
        except HubError as error:
            log.warning("subscription_not_renewed", subscription=subscription_id, code=error.code)
            return False
        if missed:
            with self._database.unit() as session:
                inbox.catch_up(session, session.get_one(Remote, remote_id), "subscription_ended")
        return True


def _claim(session: Session, subscription_id: str, now: int) -> bool:
    """Take one subscription for this worker; a second one that comes at once finds it not due."""
    mine = update(Subscription).where(Subscription.id == subscription_id, Subscription.renew_at <= now)
    result = session.execute(mine.values(renew_at=now + AGAIN_MS))
    return isinstance(result, CursorResult) and result.rowcount == 1


def _speakable(session: Session, remote_id: str) -> bool:
    connection = accounts.usable(session, remote_id)
    return connection is not None and connection.state != health.State.NEEDS_PERSON
