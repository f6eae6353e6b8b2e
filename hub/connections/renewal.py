"""Renew an OAuth access token exactly once, however many threads, processes and hosts want it at the same time.

    lease the credential row for the generation that is to be renewed, commit
    call the vendor, no unit open
    put the answer in by compare-and-set on the generation, commit

Whoever does not get the lease waits for the next generation. When the holder dies, its lease ends and another takes
over with the same refresh token: a vendor that had already rotated it refuses, and then a person is asked.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from connectors.sdk.errors import AuthExpired, ConnectorError, NeedsPerson, OutcomeUnknown, RetryLater
from connectors.sdk.oauth import Grant
from hub.clock import SECOND
from hub.connections import credentials, health
from hub.connections.credentials import Secrets
from hub.connections.models import Connection
from hub.connections.problems import not_usable
from hub.db.base import new_id
from hub.db.installation import may_write

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.access.keyring import Keyring
    from hub.clock import Clock
    from hub.db.unit import Database

WAIT_S = 20.0
"""Who waits longer than this for another's renewal comes back later instead."""
LOOK_EVERY_S = 0.05
UNANSWERED = "renewal_unanswered"


class Refresh(Protocol):
    """Asks the vendor for the next tokens."""

    def __call__(self, secrets: Secrets) -> Grant:
        """Make the call; raises the SDK's errors."""
        ...


def _refuse_while_observing(session: Session) -> None:
    """A copy of a hub that renewed would take the permission away from the hub that it was copied from."""
    if not may_write(session):
        raise RetryLater("This hub only observes, so it renews no permissions. An operator must say what it is.",
                         code="observe_only")  # fmt: skip


class Renewal:
    """Renews access tokens. Safe for threads; the truth is the credential row."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        keyring: Keyring,
        *,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._clock = clock
        self._keyring = keyring
        self._sleep = sleep
        self._monotonic = monotonic
        self._guard = threading.Lock()
        self._doors: dict[str, threading.Lock] = {}

    def renew(self, connection_id: str, generation: int, refresh: Refresh, *, connector: str) -> Secrets:
        """Return secrets of a later generation than this one.

        Raises:
            NeedsPerson: the vendor refuses; the connection says so from now on.
            RetryLater: it could not be done now. Nothing that the caller wanted to do was carried out.
        """
        # One thread per process goes to the database's lease; the others would only ask it again and again.
        with self._door(connection_id):
            deadline = self._monotonic() + WAIT_S
            while True:
                secrets, leased = self._try_lease(connection_id, generation, owner := new_id(), connector)
                if leased:
                    return self._call(connection_id, secrets, refresh, owner)
                if secrets.generation > generation:
                    return secrets
                if self._monotonic() >= deadline:
                    raise RetryLater("The permission is just being renewed. The hub goes on by itself.",
                                     code="renewal_running")  # fmt: skip
                self._sleep(LOOK_EVERY_S)

    def _door(self, connection_id: str) -> threading.Lock:
        with self._guard:
            return self._doors.setdefault(connection_id, threading.Lock())

    def _try_lease(self, connection_id: str, generation: int, owner: str, connector: str) -> tuple[Secrets, bool]:
        with self._database.read() as session:
            secrets = self._load(session, connection_id, connector)
        if secrets.generation > generation:
            return secrets, False
        with self._database.unit() as session:
            _refuse_while_observing(session)
            dead = credentials.holder(session, connection_id)
            now = self._clock.now()
            leased = credentials.lease(session, connection_id, secrets.generation, owner=owner, now=now)
            if leased and dead:
                self._note_unanswered(session, connection_id)
        return secrets, leased

    def _note_unanswered(self, session: Session, connection_id: str) -> None:
        """The holder before us never came back: it may have asked, so a refusal may mean that an answer was lost."""
        lost = RetryLater("A renewal of the permission was cut off. The hub tries again.", code=UNANSWERED)
        health.note(session, session.get_one(Connection, connection_id), lost, self._clock.now(), actor="system")

    def _load(self, session: Session, connection_id: str, connector: str) -> Secrets:
        secrets = credentials.load(session, self._keyring, connection_id)
        if secrets is None:
            raise not_usable("not_connected", connector)
        return secrets

    def _call(self, connection_id: str, secrets: Secrets, refresh: Refresh, owner: str) -> Secrets:
        try:
            grant = refresh(secrets)
        except ConnectorError as error:
            return self._failed(connection_id, secrets, error, owner)
        renewed = secrets.renewed(grant, self._clock.now())
        with self._database.unit() as session:
            if credentials.swap(session, self._keyring, connection_id, renewed):
                self._succeeded(session, connection_id, grant)
                return renewed
        return self._current(connection_id, secrets, AuthExpired("The connection was removed meanwhile."))

    def _succeeded(self, session: Session, connection_id: str, grant: Grant) -> None:
        connection = session.get_one(Connection, connection_id)
        if grant.refresh_expires_in_s is not None:
            connection.expires_at = self._clock.now() + grant.refresh_expires_in_s * SECOND
        if connection.problem_code == UNANSWERED:
            health.settle(session, connection, actor="system")

    def _failed(self, connection_id: str, secrets: Secrets, error: ConnectorError, owner: str) -> Secrets:
        """Give the lease back and say what is to be done; another's success meanwhile wins."""
        with self._database.unit() as session:
            credentials.release(session, connection_id, owner=owner)
            current = credentials.load(session, self._keyring, connection_id)
            if current is not None and current.generation > secrets.generation:
                return current
            raised = self._judge(session, session.get_one(Connection, connection_id), error)
        raise raised from error

    def _judge(self, session: Session, connection: Connection, error: ConnectorError) -> ConnectorError:
        if isinstance(error, OutcomeUnknown):
            # Not "unknown" for the caller: what they wanted was never sent.
            raised: ConnectorError = RetryLater(error.message, code=UNANSWERED, detail=error.detail)
        elif isinstance(error, AuthExpired) and connection.problem_code == UNANSWERED:
            raised = NeedsPerson(
                "The permission was renewed, but the answer was lost on its way, so the hub does not have the new one. "
                "Connect the account again; all its copies carry on.",
                code="renewal_lost", detail=error.detail,
            )  # fmt: skip
        else:
            raised = error
        health.note(session, connection, raised, self._clock.now(), actor="system")
        return raised

    def _current(self, connection_id: str, old: Secrets, otherwise: ConnectorError) -> Secrets:
        with self._database.read() as session:
            current = credentials.load(session, self._keyring, connection_id)
        if current is None or current.generation <= old.generation:
            raise otherwise
        return current
