"""Subscriptions are kept alive: those that end are asked for anew before they do, the others are seen to once a day.

Systems give webhooks up that nobody answered for a while: Asana deletes them, Trello switches them off. Asking again
is idempotent (`connectors.sdk.protocols.Subscribe`): one that stands is found, one that is gone or off is made anew.
What may have been missed meanwhile is looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import structlog
from sqlalchemy import CursorResult, select, update

from connectors.sdk.errors import RetryLater
from hub.clock import DAY, HOUR, MINUTE
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
ROUND_MS: Final = DAY
"""A subscription without an end is seen to so often; so, too, what the remote refused to give."""
MOST: Final = 50
"""So many are seen to in one go, those that are due the longest first; the others are due next time."""


def renew_at(ends_at: int | None, now: int) -> int:
    """Return when a subscription is to be asked for again."""
    if ends_at is None:
        return now + ROUND_MS
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
            waiting = session.scalars(query).all()
            speakable = {each: _speakable(session, each) for each in {row.remote_id for row in waiting}}
            due = [row.id for row in waiting if speakable[row.remote_id]]
            if not may_write(session):
                return 0
        missed: dict[str, list[str]] = {}
        renewed = sum(self._one(subscription_id, now, missed) for subscription_id in due[:MOST])
        for remote_id, (why, *others) in missed.items():
            if others:  # what the later ones missed happened after the first look was asked for
                self._look(remote_id, why)
        return renewed

    def _look(self, remote_id: str, why: str) -> None:
        with self._database.unit() as session:
            inbox.catch_up(session, session.get_one(Remote, remote_id), why)

    def _missed(self, remote_id: str, why: str, missed: dict[str, list[str]]) -> None:
        """Have a remote looked at that nobody listened to for a while: at once, as a killed worker forgets it."""
        missed.setdefault(remote_id, []).append(why)
        if len(missed[remote_id]) == 1:
            self._look(remote_id, why)

    def _one(self, subscription_id: str, now: int, missed: dict[str, list[str]]) -> bool:
        """Renew one; have its remote looked at where nobody listened for a while."""
        with self._database.unit() as session:
            if not _claim(session, subscription_id, now):
                return False
            before = session.get_one(Subscription, subscription_id)
        try:
            self._renew(subscription_id)
        except HubError as error:
            log.warning("subscription_not_renewed", subscription=subscription_id, code=error.code)
            if before.expires_at is None and not isinstance(error.__cause__, RetryLater):
                self._put_off(subscription_id, now + ROUND_MS)
            return False
        if before.expires_at is not None and before.expires_at <= now:
            self._missed(before.remote_id, "subscription_ended", missed)
        elif before.expires_at is None and self._anew(before):
            log.info("subscription_made_anew", subscription=subscription_id, remote=before.remote_id)
            self._missed(before.remote_id, "subscription_lost", missed)
        return True

    def _put_off(self, subscription_id: str, until: int) -> None:
        with self._database.unit() as session:
            session.get_one(Subscription, subscription_id).renew_at = until

    def _anew(self, before: Subscription) -> bool:
        with self._database.read() as session:
            return session.get_one(Subscription, before.id).external_ref != before.external_ref


def _claim(session: Session, subscription_id: str, now: int) -> bool:
    """Take one subscription for this worker; a second one that comes at once finds it not due."""
    mine = update(Subscription).where(Subscription.id == subscription_id, Subscription.renew_at <= now)
    result = session.execute(mine.values(renew_at=now + AGAIN_MS))
    return isinstance(result, CursorResult) and result.rowcount == 1


def _speakable(session: Session, remote_id: str) -> bool:
    connection = accounts.usable(session, remote_id)
    return connection is not None and connection.state != health.State.NEEDS_PERSON
