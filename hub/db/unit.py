"""The one way to touch the database: a unit of work, for reading or for writing.

    with database.unit() as session:   # writes; commits at the end, rolls back on any exception
        ...
    with database.read() as session:   # one consistent picture; nothing can be written
        ...

Services that doors call open a unit; rooms below receive the session. No unit stays open across network or file I/O:
whatever does such I/O calls `refuse_in_transaction` first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

from sqlalchemy import event, text
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from hub.db.engine import BUSY_TIMEOUT_MS, make_engine
from hub.errors import Stale

BeforeCommit = Callable[[Session], None]
_open = threading.local()
_KEPT = "damhub.kept"


class TransactionOpenError(RuntimeError):
    """A programming error: network or file I/O was begun while a unit of work was open."""


def transaction_open() -> bool:
    """Tell whether this thread has a unit of work open."""
    return bool(getattr(_open, "count", 0))


def refuse_in_transaction(what: str) -> None:
    """Raise TransactionOpenError when this thread has a unit of work open; `what` names the I/O."""
    if transaction_open():
        raise TransactionOpenError(f"{what} inside a unit of work: end the unit first")


def keep_loaded(session: Session) -> None:
    """Let a short unit keep what it loads from now on, so that a row asked for again by its key costs no statement.

    By itself a session forgets each row as soon as nobody holds it.
    """
    session.info.setdefault(_KEPT, [])


@event.listens_for(Session, "loaded_as_persistent")
def _keep(session: Session, row: object) -> None:
    if (kept := session.info.get(_KEPT)) is not None:
        kept.append(row)


class Database:
    """One database and the units of work upon it. Safe to share between threads; not across a fork."""

    def __init__(self, url: str, *, pool_size: int = 20) -> None:
        self.url = url
        self.engine = make_engine(url, pool_size=pool_size)
        self.postgres = self.engine.dialect.name == "postgresql"
        self._writer = self.engine.execution_options(writes=True)
        self._before_commit: list[BeforeCommit] = []
        self._turns = threading.Lock()

    def before_commit(self, act: BeforeCommit) -> None:
        """Let `act` run as the last statements of every writing unit."""
        self._before_commit.append(act)

    @contextmanager
    def unit(self) -> Generator[Session]:
        """Open a writing unit of work.

        Raises:
            Stale: a row was changed by somebody else since it was read; nothing was written.
        """
        with _counted(), self._turn(), Session(self._writer, expire_on_commit=False) as session:
            session.begin()
            try:
                yield session
                session.flush()
                for act in self._before_commit:
                    act(session)
                session.commit()
            except StaleDataError as stale:
                session.rollback()
                raise Stale(
                    "changed_meanwhile",
                    "Somebody else changed this meanwhile. Nothing of yours was written.",
                    next_step="Load it again and repeat the change.",
                ) from stale

    @contextmanager
    def read(self) -> Generator[Session]:
        """Open a reading unit: one consistent snapshot, rolled back at the end."""
        with _counted(), Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            if self.postgres:
                session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            try:
                yield session
            finally:
                # Rolling back would empty the rows that the caller has read; cut loose, they can still be looked at.
                session.expunge_all()
                session.rollback()

    @contextmanager
    def _turn(self) -> Generator[None]:
        """Let this process's SQLite writers follow each other at once.

        SQLite itself only knows to sleep and to try again, longer each time: with three threads that write, most of
        their time was slept away.
        """
        if self.postgres:
            yield
            return
        # Whoever waits in vain goes on and is told by the database itself.
        ours = self._turns.acquire(timeout=BUSY_TIMEOUT_MS / 1000)
        try:
            yield
        finally:
            if ours:
                self._turns.release()

    def dispose(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


@contextmanager
def _counted() -> Generator[None]:
    _open.count = getattr(_open, "count", 0) + 1
    try:
        yield
    finally:
        _open.count -= 1
