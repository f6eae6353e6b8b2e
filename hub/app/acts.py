"""What commands do to a hub that need not be running."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from connectors.sdk.registry import discover
from hub.access.actors import SYSTEM, Role
from hub.access.service import Access
from hub.app import backup as backups
from hub.app import copies
from hub.app.archive import End, Told, clock_of
from hub.app.compose import Hub
from hub.catalogue.assets import get_asset
from hub.clock import Clock
from hub.connections.replaying import OfAccount, Which, count, replay
from hub.db import installation
from hub.db.migrate import newest_revision, revision
from hub.db.models import Installation
from hub.db.unit import Database
from hub.errors import Conflict
from hub.intake.stock.recollecting import recollect
from hub.media.document import asset_document
from hub.placements.reports.service import Reports
from hub.review.standing import approved_of
from hub.rights.answer import may_use
from hub.settings import Settings
from mappings.document import AssetDocument

LINK = "a-link-of-its-own-for-each-copy"


def backup(settings: Settings, file: Path, *, with_keys: bool, told: Told) -> End:
    """Write the whole hub into one file.

    Raises:
        Conflict: `never_woken`, or the database is of another release.
    """
    _refuse_nothing(settings)
    return backups.backup(settings, file, with_keys=with_keys, told=told)


def restore(settings: Settings, file: Path, *, told: Told, clock: Clock | None = None) -> End:
    """Fill an empty hub with a backup."""
    settings.home.mkdir(parents=True, exist_ok=True)
    return backups.restore(settings, file, told=told, clock=clock)


def adopt(settings: Settings, *, clock: Clock | None = None) -> Installation:
    """Say that this is the hub. After a restore it learns first what it has out there, and publishes nothing before."""
    at = (clock or clock_of(settings)).now()
    with _existing(settings) as database:
        return installation.adopt(database, settings, restored=partial(recollect, registry=discover(), at=at))


def declare_copy(settings: Settings) -> Installation:
    """Say that this is a copy of another hub."""
    with _existing(settings) as database:
        return copies.declare_copy(database, settings, clock_of(settings))


def add_user(settings: Settings, *, email: str, name: str, role: Role, password: str) -> str:
    """Add a person and return their id; the first one of a new hub must be its administrator.

    Raises:
        Conflict: `first_user_is_administrator`, `email_taken`.
        Invalid: one of the values cannot be kept.
    """
    with _access(settings) as access:
        if access.has_users():
            return access.create_user(SYSTEM, email=email, name=name, role=role, password=password).id
        if role is not Role.ADMINISTRATOR:
            raise Conflict(
                "first_user_is_administrator",
                "This hub has nobody yet: the first person must be its administrator.",
                next_step="Add an administrator first (--role administrator).",
            )
        return access.first_administrator(email=email, name=name, password=password).id


def document(settings: Settings, asset: str) -> AssetDocument:
    """Return what channels may be told of an asset: of its approved version, or else of its newest.

    Raises:
        NotFound: `no_such_asset`.
        Conflict: `no_version_yet`.
    """
    with _existing(settings) as database, database.read() as session:
        found = get_asset(session, asset)
        approved = approved_of(session, found.id)
        version_id = approved.version_id if approved else found.current_version_id
        if version_id is None:
            raise Conflict(
                "no_version_yet", "This asset has no version yet.", where=found.code, next_step="Upload a file for it."
            )
        link = f"{settings.url}/d/{LINK}"
        answer = may_use(
            session, found.id, channel="*", territory="*", at=clock_of(settings).now(), default=settings.rights_default
        )
        return asset_document(
            session, found.id, version_id, link=link, usable_until=answer.last,
            language=settings.language,
        )  # fmt: skip


def replay_inbound(settings: Settings, which: Which, *, really: bool) -> list[OfAccount]:
    """Have deliveries of remotes read again, or only count them; return how many, by account.

    Raises:
        Conflict: `never_woken`, `database_not_current`.
        NotFound: `no_such_connection`.
    """
    with _existing(settings) as database, database.unit() as session:
        found = count(session, which)
        if really:
            replay(session, which)
    return found


@contextmanager
def reports(settings: Settings) -> Generator[Reports]:
    """Lend what makes signed reports and knows the keys.

    Raises:
        Conflict: `never_woken`.
    """
    _refuse_nothing(settings)
    hub = Hub.open(settings)
    try:
        yield hub.services.reports
    finally:
        hub.close()


@contextmanager
def _existing(settings: Settings) -> Generator[Database]:
    """Lend the database of a hub that was started once.

    Raises:
        Conflict: `never_woken`, `database_not_current`.
    """
    _refuse_nothing(settings)
    database = Database(settings.database)
    try:
        if (stands_at := revision(database)) != newest_revision():
            raise Conflict(
                "database_not_current",
                f"The database's tables are not those of this release (revision {stands_at or 'none'}).",
                next_step="Start the hub once with this release, then try again.",
            )
        yield database
    finally:
        database.dispose()


@contextmanager
def _access(settings: Settings) -> Generator[Access]:
    hub = Hub.open(settings)
    try:
        yield hub.services.access
    finally:
        hub.close()


def _refuse_nothing(settings: Settings) -> None:
    """Raise where SQLite would make an empty database of what was never one."""
    if not settings.database_url and not sqlite_file(settings).is_file():
        raise Conflict(
            "never_woken",
            "There is no hub in this data folder.",
            where=str(settings.home),
            next_step="Start it once with `damhub serve`, or set DAMHUB_HOME to where it is.",
        )


def sqlite_file(settings: Settings) -> Path:
    """Return where the embedded database is."""
    return Path(settings.database.removeprefix("sqlite:///"))
