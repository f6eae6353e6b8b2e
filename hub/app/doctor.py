"""`damhub doctor`: looks at everything that a hub needs and does, whatever state it is in, and says what to do.

Nothing is made or changed by looking (but for a few bytes that are put into the blob store and taken out again). A
look that fails is a finding itself: each is guarded, so that a hub that is half broken is told of wholly.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from connectors.sdk.errors import ConnectorError
from hub.app import doctor_ground as ground
from hub.app import doctor_work as work
from hub.app.acts import sqlite_file
from hub.app.archive import clock_of
from hub.cli.app import TOLD, explained
from hub.cli.findings import Finding, bad, good, look
from hub.db.migrate import newest_revision, revision
from hub.db.unit import Database
from hub.settings import Settings

ANSWER_WITHIN_S: Final = "5"
FAILURES: Final = (
    *TOLD, ConnectorError, SQLAlchemyError, ImportError, LookupError, TypeError, ValueError, AttributeError,
    RuntimeError,
)  # fmt: skip
"""What a look may end in; each is told as a finding."""


@dataclass(frozen=True, slots=True)
class Look:
    """One thing to look at."""

    name: str
    at: Callable[[], Iterable[Finding]]


def examine(read: Callable[[], Settings] = Settings, *, environ: Mapping[str, str] | None = None) -> Sequence[Finding]:
    """Look at everything and say how it is; never raises for what may be wrong with a hub."""
    findings = [*_guarded(Look("python", ground.python)), *_guarded(Look("packages", ground.packages))]
    given = os.environ if environ is None else environ
    findings += _guarded(Look("settings", lambda: ground.names(given)))
    try:
        settings = read()
    except FAILURES as wrong:
        return [*findings, _failed("settings", wrong)]
    for each in _of_this_machine(settings):
        findings += _guarded(each)
    with _database(settings) as (told, database):
        findings += _guarded(Look("web", lambda: work.web(settings, database)))
        findings.append(told)
        for each in _of_the_database(settings, database) if database else ():
            findings += _guarded(each)
    return findings


def _of_this_machine(settings: Settings) -> Iterable[Look]:
    yield Look("connectors", ground.connectors)
    yield Look("data folder", lambda: ground.data_folder(settings))
    yield Look("folders", lambda: ground.folders(settings))
    yield Look("keys", lambda: ground.keys(settings))
    yield Look("blob store", lambda: ground.blob_store(settings))


def _of_the_database(settings: Settings, database: Database) -> Iterable[Look]:
    now = clock_of(settings).now()
    for name, check in ground.IN_DATABASE:
        yield Look(name, lambda check=check: check(settings, database))
    for name, late in work.IN_DATABASE:
        yield Look(name, lambda late=late: late(database, now))
    yield Look("search index", lambda: work.search_index(settings, database, now))


@contextmanager
def _database(settings: Settings) -> Generator[tuple[Finding, Database | None]]:
    """Lend the database if it can be looked into, and say how it is in any case."""
    if not settings.database_url and not sqlite_file(settings).is_file():
        what = f"There is no database in {settings.home} yet; nothing more can be looked at."
        yield look("database", what, "`damhub serve` makes it; or set DAMHUB_HOME to where the hub is."), None
        return
    try:
        database = Database(_patient_for_seconds(settings.database))
    except (SQLAlchemyError, ImportError) as wrong:
        yield _failed("database", wrong), None
        return
    try:
        told = _stands(database)
        yield told, database if told.verdict == "good" else None
    finally:
        database.dispose()


def _stands(database: Database) -> Finding:
    where = make_url(database.url).set(query={}).render_as_string(hide_password=True)
    try:
        stands_at = revision(database)
    except SQLAlchemyError as away:
        what = f"{where} does not answer ({type(away).__name__}); nothing in it can be looked at."
        return bad("database", what, "Start the database server, or correct DAMHUB_DATABASE_URL.")
    if stands_at == newest_revision():
        return good("database", f"{where}, revision {stands_at}")
    what = f"{where} stands at revision {stands_at or 'none'}, this release needs {newest_revision()}."
    return bad("database", what, "Start the hub with this release: it updates the tables.")


def _patient_for_seconds(url: str) -> str:
    """Let a server that is away be told of soon, and not after minutes."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql" and "connect_timeout" not in parsed.query:
        parsed = parsed.update_query_dict({"connect_timeout": ANSWER_WITHIN_S})
    return parsed.render_as_string(hide_password=False)


def _guarded(each: Look) -> list[Finding]:
    try:
        return list(each.at())
    except FAILURES as failure:
        return [_failed(each.name, failure)]


def _failed(name: str, failure: BaseException) -> Finding:
    """Tell of a look that failed, without secrets: only errors that were written for people are repeated."""
    if isinstance(failure, ConnectorError):
        return bad(name, f"{failure.message} [{failure.code}]", "")
    if isinstance(failure, TOLD):
        told = explained(failure)
        where = f" ({told.where})" if told.where else ""
        next_step = told.next_step if "damhub doctor" not in told.next_step else "See above, then look again."
        return bad(name, f"{told.what}{where} [{told.code}]", next_step)
    return bad(name, f"It could not be looked at ({type(failure).__name__}).", "Please report this with your release.")
