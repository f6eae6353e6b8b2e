"""The credential calendar: what ends when, how sure that is, and what renews it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError
from sqlalchemy import select

from connectors.sdk.manifest import Auth, End, Manifest
from hub.clock import DAY, SECOND
from hub.connections.health import DISCONNECTED, REPLACED, State
from hub.connections.models import Connection, Remote, Subscription, Target

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class What(StrEnum):
    """What ends."""

    SIGN_IN = "sign_in"
    SUBSCRIPTION = "subscription"  # a webhook that the remote sends for a while only
    VENDOR = "vendor"  # what the vendor ends for everybody, such as a version of its API


class Sure(StrEnum):
    """How sure its day is."""

    KNOWN = "known"  # the vendor said so
    USUAL = "usual"  # it usually lasts so long


class Renewal(StrEnum):
    """What renews it."""

    ITSELF = "itself"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that ends."""

    key: str  # which end of this connection, the same from day to day
    what: What
    name: str
    ends_at: int
    sure: Sure
    renewal: Renewal
    step: str  # what is to be done, and by whom
    link: str  # where to do it, within the hub
    connection_id: str
    owner_id: str
    connector: str
    connector_title: str
    account_label: str


@dataclass(frozen=True, slots=True)
class Line:
    """A connection with what hangs on it, as it was read."""

    connection: Connection
    remote: Remote
    subscriptions: tuple[tuple[Subscription, str], ...] = ()  # each with the label of its place


VOID: Final = frozenset({DISCONNECTED, REPLACED})
"""Problem codes of connections that hold no secrets any more: nothing of theirs can end."""


def calendar(lines: Iterable[Line], registry: Mapping[str, Manifest]) -> tuple[Entry, ...]:
    """Return everything that is known to end, the next first; what has ended and was not renewed is still in it."""
    entries = (entry for line in lines for entry in _entries(line, registry.get(line.remote.connector)))
    return tuple(sorted(entries, key=lambda entry: (entry.ends_at, entry.account_label, entry.key)))


def read(session: Session) -> list[Line]:
    """Return the connections that hold secrets. A subscription counts to the newest one of its remote."""
    remotes = {row.id: row for row in session.scalars(select(Remote))}
    labels = {row.id: row.label for row in session.scalars(select(Target))}
    ending: dict[str, list[tuple[Subscription, str]]] = {}
    for row in session.scalars(select(Subscription).where(Subscription.expires_at.is_not(None))):
        ending.setdefault(row.remote_id, []).append((row, labels.get(row.target_id or "", "")))
    query = select(Connection).where(Connection.problem_code.not_in(VOID)).order_by(Connection.id.desc())
    return [
        Line(row, remotes[row.remote_id], tuple(ending.pop(row.remote_id, ()))) for row in session.scalars(query)
    ]  # fmt: skip


def _entries(line: Line, manifest: Manifest | None) -> Iterator[Entry]:
    if manifest is None:
        return
    signed_in = _sign_in(line, manifest)
    if signed_in is not None:
        yield signed_in
    for row, place in line.subscriptions:
        yield _subscription(line, manifest, row, place)
    for end in _endings(manifest, line.connection.settings):
        at = int(datetime.combine(end.on, time(), UTC).timestamp()) * SECOND
        sure = Sure.KNOWN if end.announced else Sure.USUAL
        yield _entry(line, manifest, key=f"vendor:{end.name}", what=What.VENDOR, name=end.name, ends_at=at,
                     sure=sure, step=end.step, link=f"/connections/{line.connection.id}")  # fmt: skip


def _endings(manifest: Manifest, settings: object) -> tuple[End, ...]:
    if not callable(manifest.ends):
        return manifest.ends
    try:
        return manifest.endings(manifest.settings.model_validate(settings))
    except ValidationError:
        return ()  # speaking over this connection says what is wrong with its settings


def _sign_in(line: Line, manifest: Manifest) -> Entry | None:
    row = line.connection
    auth = next((one for one in manifest.auths if one.name == row.auth), None)
    ends_at, sure = row.expires_at, Sure.KNOWN
    if ends_at is None and auth is not None:
        days = _lasts(auth, manifest, row.settings)
        ends_at = None if days is None else (row.signed_in_at or row.created_at) + int(days * DAY)
        sure = Sure.USUAL
    if ends_at is None:
        return None
    step = f"Sign in at {manifest.title} again." if auth and auth.in_browser else "Make a new key there and fill it in."
    return _entry(line, manifest, key="sign_in", what=What.SIGN_IN, name="The sign-in", ends_at=ends_at, sure=sure,
                  step=step)  # fmt: skip


def _lasts(auth: Auth, manifest: Manifest, settings: object) -> float | None:
    if not callable(auth.lasts_days):
        return auth.lasts_days
    try:
        return auth.lasts(manifest.settings.model_validate(settings))
    except ValidationError:
        return None  # speaking over this connection says what is wrong with its settings


def _subscription(line: Line, manifest: Manifest, row: Subscription, place: str) -> Entry:
    able = line.connection.state in {State.LIVE, State.AILING, State.PENDING} and row.renew_at is not None
    step = "The hub renews it before." if able else "The hub renews it once this connection works again."
    name = f"Reports of changes in {place}" if place else "Reports of changes"
    return _entry(line, manifest, key=f"subscription:{row.id}", what=What.SUBSCRIPTION, name=name,
                  ends_at=row.expires_at or 0, sure=Sure.KNOWN, step=step,
                  renewal=Renewal.ITSELF if able else Renewal.PERSON)  # fmt: skip


def _entry(
    line: Line,
    manifest: Manifest,
    *,
    key: str,
    what: What,
    name: str,
    ends_at: int,
    sure: Sure,
    step: str,
    renewal: Renewal = Renewal.PERSON,
    link: str = "",
) -> Entry:
    row = line.connection
    return Entry(
        key=key, what=what, name=name, ends_at=ends_at, sure=sure, renewal=renewal, step=step,
        link=link or f"/connections/{row.id}/reconnect", connection_id=row.id, owner_id=row.owner_id,
        connector=manifest.name, connector_title=manifest.title, account_label=line.remote.label,
    )  # fmt: skip
