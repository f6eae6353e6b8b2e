"""Changing a connection's settings: the account is asked who we are before they count, and there is a way back.

Settings that say which account or address is meant never change: what is kept of it, secrets too, would follow them
elsewhere. The manifest names them, and whatever it names, no change sends secrets to another address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from pydantic import BaseModel
from sqlalchemy import func, select

from connectors.sdk.errors import BadAnswer, ConnectorError
from connectors.sdk.guard import origin_of
from connectors.sdk.manifest import Auth, Manifest
from connectors.sdk.types import Account
from hub.connections import accounts, health, inbox
from hub.connections.models import Connection, Remote
from hub.connections.problems import to_person
from hub.connections.targets import printable
from hub.errors import Conflict, Invalid
from hub.events.log import emit
from hub.events.models import Event

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.access.actors import Actor
    from hub.clock import Clock
    from hub.connections.speaking import Speaking
    from hub.db.unit import Database

EVENT: Final = "connection.settings_changed"


@dataclass(frozen=True, slots=True)
class Changed:
    """The last change of a connection's settings."""

    at: int
    by: str
    before: Mapping[str, Any]  # only what it changed
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SettingsView:
    """A connection's settings as they count now."""

    number: int  # of changes so far: whoever changes them says which number they saw
    values: Mapping[str, Any]
    fixed: Mapping[str, str]  # those that nobody can change -> why
    last: Changed | None
    asks_anew: bool = False  # the change that was just made asks for other permissions: a person must sign in again


@dataclass(frozen=True, slots=True)
class _Known:
    """A connection as it was read."""

    manifest: Manifest
    auth: Auth
    remote: Remote
    old: BaseModel
    signed_in_at: int
    last: Changed | None


class Changing:
    """Changes settings. Who may do it is asked by the caller. Methods open their own units of work."""

    def __init__(self, database: Database, clock: Clock, speaking: Speaking) -> None:
        self._database, self._clock, self._speaking = database, clock, speaking

    def view(self, connection_id: str) -> SettingsView:
        """Return the settings of a connection."""
        with self._database.read() as session:
            row = accounts.get(session, connection_id)
            manifest = self._speaking.installed(session.get_one(Remote, row.remote_id).connector)
            return _view(session, row, manifest)

    def change(self, actor: Actor, connection_id: str, given: Mapping[str, Any], *, seen: int) -> SettingsView:
        """Let other settings count; what is not given stays as it is, and the same values again change nothing.

        Raises:
            Invalid: `settings_invalid`, `setting_fixed`, or the account refuses them.
            Conflict: `connection_off`, `settings_changed`, `other_account`.
            Unavailable: the account does not answer.
        """
        return self._change(actor, connection_id, given, seen=seen, trusted=frozenset())

    def go_back(self, actor: Actor, connection_id: str, *, seen: int) -> SettingsView:
        """Take the last change back, as a change of its own: going back twice is as before.

        Raises:
            Conflict: `nothing_to_undo`, and as for `change`.
        """
        known = self._known(connection_id)
        if known.last is None:
            raise Conflict("nothing_to_undo", "The settings were never changed.", where=connection_id,
                           next_step="Load the page again.")  # fmt: skip
        before, trusted = known.last.before, frozenset[str]()
        if known.last.at >= known.signed_in_at:  # secrets that were given since then were given for other addresses
            then = accounts.check_settings(known.manifest, {**known.old.model_dump(mode="json"), **before})
            trusted = _doors(known.manifest, known.auth, then)
        return self._change(actor, connection_id, before, seen=seen, trusted=trusted)

    def _change(
        self, actor: Actor, connection_id: str, given: Mapping[str, Any], *, seen: int, trusted: frozenset[str]
    ) -> SettingsView:  # fmt: skip
        known = self._known(connection_id)
        new = accounts.check_settings(known.manifest, {**known.old.model_dump(mode="json"), **given})
        if not (moved := _differing(known.old, new)):
            return self.view(connection_id)
        try:
            _refuse_fixed(known, new, moved, trusted)
        except ConnectorError as error:  # an address that is none
            raise to_person(error, where=moved[0]) from error
        account = self._account(connection_id, known, new)
        with self._database.unit() as session:
            row = session.get_one(Connection, connection_id, with_for_update=True, populate_existing=True)
            _refuse_off(row)
            if _count(session, connection_id) != seen:
                raise Conflict(
                    "settings_changed",
                    "Somebody else changed these settings meanwhile.",
                    where=known.remote.label,
                    next_step="Look at theirs, then change yours again.",
                )
            session.get_one(Remote, row.remote_id).label = printable(account.label)
            row.plan = printable(account.plan)
            health.note(session, row, None, self._clock.now(), actor=actor.id)
            record(session, row, new, by=actor.id)
        view = self.view(connection_id)
        return SettingsView(view.number, view.values, view.fixed, view.last, _asks_anew(known, new))

    def _known(self, connection_id: str) -> _Known:
        with self._database.read() as session:
            row = accounts.get(session, connection_id)
            _refuse_off(row)
            remote = session.get_one(Remote, row.remote_id)
            manifest = self._speaking.manifest(remote.connector)
            session.expunge(remote)
            return _Known(
                manifest, accounts.auth_of(manifest, row.auth), remote,
                accounts.check_settings(manifest, row.settings), row.signed_in_at or row.created_at,
                _last(session, connection_id),
            )  # fmt: skip

    def _account(self, connection_id: str, known: _Known, new: BaseModel) -> Account:
        """Ask who we are there, with the new settings and the secrets that are kept."""
        try:
            account = self._speaking.speak_by(connection_id, new).connector.identify()
            if not account.key:
                raise BadAnswer(f"{known.manifest.title} does not say whose account this is.")
        except ConnectorError as error:
            raise to_person(error, where=known.remote.label) from error
        if account.key != known.remote.account_key:
            raise Conflict(
                "other_account", f"These settings lead to another account than {known.remote.label}. Nothing was "
                "changed.", where=known.manifest.title, next_step="Connect the other account as a new connection.",
            )  # fmt: skip
        return account


def record(session: Session, row: Connection, new: BaseModel, *, by: str) -> None:
    """Let settings count; where they are others, note what they were, and have every copy there looked at."""
    before, after = row.settings, new.model_dump(mode="json")
    moved = [name for name in after if before.get(name) != after[name]]
    row.settings = after
    if moved:
        body = {
            "remote_id": row.remote_id, "fields": moved, "before": {name: before.get(name) for name in moved},
            "after": {name: after[name] for name in moved},
        }  # fmt: skip
        session.flush()
        emit(session, EVENT, row.id, actor=by, body=body)
        inbox.catch_up(session, session.get_one(Remote, row.remote_id), "settings_changed")


def _view(session: Session, row: Connection, manifest: Manifest | None) -> SettingsView:
    values = dict(cast("Mapping[str, Any]", row.settings))
    names = manifest.settings.model_fields if manifest else values
    fixed = {name: why for name in names if manifest and (why := manifest.why_fixed(name))}
    return SettingsView(_count(session, row.id), values, fixed, _last(session, row.id))


def _count(session: Session, connection_id: str) -> int:
    ours = select(func.count()).select_from(Event).where(Event.kind == EVENT, Event.subject == connection_id)
    return session.scalar(ours) or 0


def _last(session: Session, connection_id: str) -> Changed | None:
    ours = select(Event).where(Event.kind == EVENT, Event.subject == connection_id)
    event = session.scalars(ours.order_by(Event.seq.desc()).limit(1)).first()
    if event is None:
        return None
    body = cast("Mapping[str, Any]", event.body)
    return Changed(event.at, event.actor, body["before"], body["after"])


def _differing(old: BaseModel, new: BaseModel) -> list[str]:
    then, now = old.model_dump(mode="json"), new.model_dump(mode="json")
    return [name for name in now if now[name] != then.get(name)]


def _refuse_off(row: Connection) -> None:
    if row.state == health.State.OFF:
        raise Conflict("connection_off", "This connection is switched off.", where=row.id,
                       next_step="Resume it, or connect the account again.")  # fmt: skip


def _refuse_fixed(known: _Known, new: BaseModel, moved: list[str], trusted: frozenset[str]) -> None:
    for name in moved:
        if why := known.manifest.why_fixed(name):
            raise Invalid("setting_fixed", f"This setting cannot be changed. {why}", where=name,
                          next_step="Leave it as it is, or connect anew.")  # fmt: skip
    allowed = _doors(known.manifest, known.auth, known.old) | trusted
    if strange := _doors(known.manifest, known.auth, new) - allowed:
        raise Invalid("setting_leads_elsewhere", f"That would send the kept credentials to {min(strange)}.",
                      where=moved[0], next_step="Connect that address anew, with credentials for it.")  # fmt: skip


def _doors(manifest: Manifest, auth: Auth, settings: BaseModel) -> frozenset[str]:
    """Return every origin that a connection's secrets may go to."""
    server = auth.server(settings)
    signs_in = (server.authorize_url, server.token_url, server.revoke_url) if server else ()
    spoken = (manifest.origin(settings), *manifest.further_origins(settings))
    return frozenset({*spoken, *(origin_of(url) for url in signs_in if url)})


def _asks_anew(known: _Known, new: BaseModel) -> bool:
    if not known.auth.in_browser:
        return False
    before, after = known.auth.server(known.old), known.auth.server(new)
    return bool(set(after.scopes if after else ()) - set(before.scopes if before else ()))
