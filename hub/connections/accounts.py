"""Remotes and the connections to them: a remote outlives every connection, and a new connection carries on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from connectors.sdk.errors import ConnectorError, NeedsPerson
from connectors.sdk.manifest import Auth, Manifest, OAuth
from connectors.sdk.types import Account
from hub.connections import credentials, health, inbox
from hub.connections.models import Connection, Remote
from hub.connections.problems import no_such_connection
from hub.connections.targets import printable
from hub.db.base import new_id
from hub.errors import Invalid
from hub.events.log import last_restore

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.access.keyring import Keyring

_LONGEST_SECRET = 8_192
_BEST_FIRST = (
    health.State.LIVE, health.State.AILING, health.State.PENDING, health.State.NEEDS_PERSON, health.State.OFF,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Way:
    """A checked way to connect: which method, which settings, which secrets."""

    auth: Auth
    settings: BaseModel
    secrets: Mapping[str, str] = field(repr=False)

    @property
    def server(self) -> OAuth | None:
        """Return the authorization server that gives the permission, if one does."""
        return self.auth.server(self.settings)


@dataclass(frozen=True, slots=True)
class Ends:
    """When what a vendor granted ends; None: it does not, or it did not tell."""

    token: int | None = None  # the access token, which the hub may renew by itself
    sign_in: int | None = None  # a person must sign in again then


@dataclass(frozen=True, slots=True)
class Granted:
    """A way with all its secrets in it, when they end, and what was allowed."""

    way: Way
    ends: Ends
    scopes: tuple[str, ...] = ()
    lacking: str = ""  # what was asked for and not allowed, as a sentence; empty: nothing, or nobody asked


def check_way(manifest: Manifest, auth: str, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Way:
    """Check what a person filled in.

    Raises:
        Invalid: something is missing, unknown or malformed; the message names the field and never its value.
    """
    method = auth_of(manifest, auth)
    return Way(method, check_settings(manifest, settings), _check_secrets(method, secrets))


def auth_of(manifest: Manifest, name: str) -> Auth:
    """Return one of a connector's auth methods; an empty name means the first."""
    for method in manifest.auths:
        if name in {"", method.name}:
            return method
    raise Invalid(
        "no_such_auth", f"{manifest.title} cannot be connected in this way.", where=name[:64],
        next_step=f"Use one of: {', '.join(method.name for method in manifest.auths)}.",
    )  # fmt: skip


def check_settings(manifest: Manifest, settings: Mapping[str, Any]) -> BaseModel:
    """Validate a connection's settings against the connector's model."""
    try:
        return manifest.settings.model_validate(dict(settings))
    except ValidationError as errors:
        first = errors.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise Invalid(
            "settings_invalid", f"A setting is not as it must be: {_said(first)}.", where=place,
            next_step="Correct it and try again.",
        ) from None  # fmt: skip


def _said(wrong: Mapping[str, Any]) -> str:
    """Say what is wrong with a value in words for who typed it in: a pattern tells them nothing."""
    if wrong["type"] == "string_pattern_mismatch":
        return "it is not written in the way that is asked for"
    text = str(wrong["msg"]).removeprefix("Value error, ").rstrip(".")
    return text[:1].lower() + text[1:]


def _check_secrets(method: Auth, secrets: Mapping[str, str]) -> dict[str, str]:
    known = {one.name: one for one in method.fields}
    kept = {name: value.strip() for name, value in secrets.items() if value.strip()}
    for name, value in kept.items():
        if name not in known or len(value) > _LONGEST_SECRET or not _readable(value, lines=known[name].lines):
            raise Invalid(
                "credentials_malformed",
                "A field of the credentials cannot be used.",
                where=name[:64],
                next_step="Check what you pasted.",
            )
    for name, one in known.items():
        if name not in kept and not one.optional:
            raise Invalid(
                "credentials_incomplete", f"{one.label} is missing.", where=name, next_step="Fill it in and try again."
            )
    return kept


def _readable(value: str, *, lines: bool) -> bool:
    """Tell whether a person can have meant this: what goes into a header has no line breaks, a pasted file may."""
    return (value.translate(dict.fromkeys(map(ord, "\r\n\t"), " ")) if lines else value).isprintable()


def add(
    session: Session,
    keyring: Keyring,
    remote: Remote,
    granted: Granted,
    account: Account,
    *,
    owner_id: str,
    now: int,
) -> Connection:
    """Make a proven connection to a remote."""
    way, ends = granted.way, granted.ends
    deaf = _is_known(session, remote.id) and not is_heard(session, remote.id)
    stay(session, remote.id)
    connection = Connection(
        id=new_id(), remote_id=remote.id, owner_id=owner_id, state=health.State.PENDING, auth=way.auth.name,
        problem_code="", problem="", settings=way.settings.model_dump(mode="json"),
        granted_scopes=list(granted.scopes or account.scopes), lacking=granted.lacking,
        plan=printable(account.plan), last_ok_at=now, not_before=0, created_at=now, expires_at=ends.sign_in,
        signed_in_at=now,
    )  # fmt: skip
    session.add(connection)
    session.flush()
    credentials.store(session, keyring, connection.id, credentials.Secrets(way.secrets, 1, ends.token))
    health.announce(session, connection, "connection.created", actor=owner_id)
    health.settle(session, connection, actor=owner_id)
    _listen_again(session, keyring, remote, way, deaf=deaf, now=now)
    return connection


def renew(
    session: Session,
    keyring: Keyring,
    row: Connection,
    granted: Granted,
    account: Account,
    *,
    by: str,
    now: int,
) -> None:
    """Give a connection new secrets that were proven to be the same account's; all that hangs on it carries on."""
    way, ends = granted.way, granted.ends
    remote = session.get_one(Remote, row.remote_id)
    deaf = not is_heard(session, remote.id)
    credentials.replace_all(session, keyring, row.id, way.secrets, ends.token, now=now)
    remote.label, row.plan = printable(account.label), printable(account.plan)
    row.granted_scopes, row.lacking = list(granted.scopes or account.scopes), granted.lacking
    row.expires_at, row.signed_in_at = ends.sign_in, now
    row.last_ok_at, row.not_before = now, 0
    health.announce(session, row, "connection.renewed", actor=by)
    row.problem_code = ""  # what was lacking before is judged anew
    health.settle(session, row, actor=by)
    _listen_again(session, keyring, remote, way, deaf=deaf, now=now)


def meet(session: Session, row: Connection, account: Account) -> ConnectorError | None:
    """Write down what an account tells of itself; return what is wrong where it is another than it was."""
    if account.key != session.get_one(Remote, row.remote_id).account_key:
        return NeedsPerson(
            "These credentials belong to another account now. Connect this account again.", code=health.OTHER_ACCOUNT
        )
    row.plan = printable(account.plan)
    return None


def stay(session: Session, remote_id: str) -> None:
    """Leave an account no longer: whoever connects it anew wants to stay."""
    for row in session.scalars(select(Connection).where(Connection.remote_id == remote_id)):
        row.leaving_at = row.leaving_by = None


def rank(state: str) -> int:
    """Return how good a connection is by its state; the best has the smallest number."""
    return _BEST_FIRST.index(health.State(state))


def _is_known(session: Session, remote_id: str) -> bool:
    return session.scalar(select(Connection.id).where(Connection.remote_id == remote_id).limit(1)) is not None


def is_heard(session: Session, remote_id: str) -> bool:
    """Tell whether the hub can speak to a remote, and could up to now: it has missed nothing."""
    connection = usable(session, remote_id)
    return connection is not None and connection.state != health.State.NEEDS_PERSON


def _listen_again(session: Session, keyring: Keyring, remote: Remote, way: Way, *, deaf: bool, now: int) -> None:
    """Have subscriptions made anew with the new secrets; what may have been missed meanwhile is looked at."""
    inbox.reseal(session, keyring, remote.id, way.auth.hook_secret(way.secrets))
    inbox.renew_now(session, remote.id, now)
    if deaf:
        inbox.catch_up(session, remote, "reconnected")


def usable(session: Session, remote_id: str) -> Connection | None:
    """Return the best connection to a remote: live before ailing, newest first; None when all are off."""
    rows = session.scalars(
        select(Connection).where(Connection.remote_id == remote_id, Connection.state != health.State.OFF)
    )
    ranked = sorted(rows, key=lambda row: row.id, reverse=True)
    ranked.sort(key=lambda row: rank(row.state))
    return ranked[0] if ranked else None


def why_unusable(session: Session, remote_id: str) -> str:
    """Return the code that says why a remote has no usable connection."""
    rows = list(session.scalars(select(Connection).where(Connection.remote_id == remote_id)))
    if any(row.state == health.State.NEEDS_PERSON for row in rows):
        return "connection_needs_person"
    return "connection_paused" if any(row.problem_code == health.PAUSED for row in rows) else "not_connected"


def is_known(session: Session, remote_id: str) -> bool:
    """Tell whether anybody still wants to hear of this remote: a pause keeps listening."""
    rows = session.scalars(select(Connection).where(Connection.remote_id == remote_id))
    return any(row.state != health.State.OFF or row.problem_code == health.PAUSED for row in rows)


def is_being_left(session: Session, remote_id: str) -> bool:
    """Tell whether all copies are to be taken back from a remote before it is disconnected."""
    leaving = select(Connection.id).where(Connection.remote_id == remote_id, Connection.leaving_at.is_not(None))
    return session.scalar(leaving.limit(1)) is not None


def is_recollecting(session: Session, remote_id: str) -> bool:
    """Tell whether what stands at a remote is being learnt again after a restore: nothing is published before."""
    return session.scalar(select(Remote.recollecting_since).where(Remote.id == remote_id)) is not None


def get(session: Session, connection_id: str) -> Connection:
    """Return a connection.

    Raises:
        NotFound: `no_such_connection`.
    """
    row = session.get(Connection, connection_id)
    if row is None:
        raise no_such_connection(connection_id)
    return row


def find_or_make(session: Session, connector: str, account: Account, now: int) -> Remote:
    """Return an account's remote, locked, so that two who connect one account come one after the other.

    One that is new to a restored hub may be known to the hub that is gone: what stands there is learnt first.
    """
    known = select(Remote).where(Remote.connector == connector, Remote.account_key == account.key).with_for_update()
    label = printable(account.label)
    remote = session.scalars(known).one_or_none()
    if remote is not None:
        remote.label = label
        return remote
    remote = Remote(
        id=new_id(), connector=connector, account_key=account.key, label=label, created_at=now,
        recollecting_since=now if last_restore(session) else None,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(remote)
    except IntegrityError:  # somebody connected the same account at this very moment
        return session.scalars(known).one()
    return remote
