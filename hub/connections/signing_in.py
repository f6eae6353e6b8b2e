"""Signing in at outside accounts: for a new connection, or to give one that is there new secrets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from pydantic import BaseModel

from connectors.sdk.errors import BadAnswer, ConnectorError
from connectors.sdk.manifest import HandOver, Manifest
from connectors.sdk.oauth import Grant
from connectors.sdk.types import Account
from hub.connections import accounts, allowed, credentials, dance, health
from hub.connections.accounts import Ends, Granted, Way
from hub.connections.changing import record
from hub.connections.dance import Dance, Dancer
from hub.connections.models import Connection, Remote
from hub.connections.problems import AlreadyConnected, to_person
from hub.connections.recognising import Known, is_alone, standing_of
from hub.db.unit import refuse_in_transaction
from hub.errors import Conflict, Invalid

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.access.actors import Actor
    from hub.access.keyring import Keyring
    from hub.clock import Clock
    from hub.connections.speaking import Speaking
    from hub.db.unit import Database


class SigningIn:
    """Makes and renews connections. Who may do it is asked by the caller. Methods open their own units of work."""

    def __init__(self, database: Database, clock: Clock, keyring: Keyring, speaking: Speaking) -> None:
        self._database, self._clock, self._keyring, self._speaking = database, clock, keyring, speaking

    def connect(
        self,
        actor: Actor,
        connector: str,
        *,
        auth: str,
        settings: Mapping[str, Any],
        secrets: Mapping[str, str],
        known: Known,
        session_hash: str,
    ) -> Connection:
        """Connect an account with what a person typed in; with a session, it is kept until that person has chosen."""
        manifest = self._speaking.manifest(connector)
        way = accounts.check_way(manifest, auth, settings, secrets)
        granted = self._typed(manifest, way)
        return self._add_or_ask(actor, manifest, granted, known, session_hash)

    def choose(self, actor: Actor, session_hash: str, state: str, known: Known) -> Connection:
        """Go on with a sign-in to a known account, as the person chose who began it in this session.

        Raises:
            Invalid: the state is not this session's, was used, or is too old.
        """
        with self._database.unit() as session:
            kept = dance.take(
                session, self._keyring, Dancer(actor.id, session_hash), state, now=self._clock.now(), granted=True
            )
        manifest = self._speaking.manifest(kept.connector)
        settings = accounts.check_settings(manifest, kept.settings)
        way = Way(accounts.auth_of(manifest, kept.auth), settings, kept.secrets)
        granted = Granted(way, Ends(*(kept.ends or ())), kept.scopes, kept.lacking)
        return self._add(actor, manifest, granted, known)

    def reconnect(self, actor: Actor, connection_id: str, secrets: Mapping[str, str]) -> Connection:
        """Give a connection new secrets. What is left out stays as it was; its settings stay in any case.

        Kept secrets must not go to another address than the one they were given for.
        """
        manifest, way = self._known_way(connection_id, secrets)
        return self._renew(actor, connection_id, manifest, self._typed(manifest, way))

    def start(
        self,
        actor: Actor,
        session_hash: str,
        connector: str,
        settings: Mapping[str, Any],
        *,
        auth: str,
        secrets: Mapping[str, str],
    ) -> str:
        """Begin a sign-in at a vendor for a new connection; return where to send the browser."""
        manifest = self._speaking.manifest(connector)
        name = auth or next((method.name for method in manifest.auths if method.in_browser), "")
        return self._begin(actor, session_hash, manifest, accounts.check_way(manifest, name, settings, secrets))

    def start_again(self, actor: Actor, session_hash: str, connection_id: str, secrets: Mapping[str, str]) -> str:
        """Begin a sign-in that renews a connection; the client that is registered at the vendor is known."""
        manifest, way = self._known_way(connection_id, secrets)
        return self._begin(actor, session_hash, manifest, way, connection_id)

    def finish(self, actor: Actor, session_hash: str, query: Mapping[str, str]) -> Connection:
        """Finish a sign-in with what the vendor's redirect brought.

        Raises:
            Invalid: the state is not this session's, was used, or is too old; or the person said no.
        """
        with self._database.unit() as session:
            begun = dance.take(
                session, self._keyring, Dancer(actor.id, session_hash), query.get("state", ""), now=self._clock.now()
            )
        manifest = self._speaking.manifest(begun.connector)
        granted = self._brought(manifest, begun, query)
        if begun.connection_id:
            return self._renew(actor, begun.connection_id, manifest, granted)
        return self._add_or_ask(actor, manifest, granted, Known.ASK, session_hash)

    def _known_way(self, connection_id: str, secrets: Mapping[str, str]) -> tuple[Manifest, Way]:
        with self._database.read() as session:
            row = accounts.get(session, connection_id)
            if row.problem_code == health.REPLACED:
                raise Conflict("connection_replaced", "A newer connection to this account took its place.",
                               where=connection_id, next_step="Open the newer one.")  # fmt: skip
            manifest = self._speaking.manifest(session.get_one(Remote, row.remote_id).connector)
            kept = credentials.legible(session, self._keyring, connection_id)
        auth = accounts.auth_of(manifest, row.auth)
        names = {one.name for one in auth.fields}
        held: Mapping[str, str] = kept.values if kept else {}
        known = {name: value for name, value in held.items() if name in names and value}
        given = {name: value for name, value in secrets.items() if value.strip()}
        return manifest, accounts.check_way(manifest, row.auth, row.settings, {**known, **given})

    def _begin(
        self, actor: Actor, session_hash: str, manifest: Manifest, way: Way, connection_id: str = ""
    ) -> str:  # fmt: skip
        if not way.auth.in_browser:
            raise Invalid(
                "oauth_not_offered",
                f"{manifest.title} is not connected in this way.",
                where=way.auth.name,
                next_step="Choose another way to connect.",
            )
        with self._database.unit() as session:
            state, begun = dance.begin(
                session, self._keyring, Dancer(actor.id, session_hash), connector=manifest.name, auth=way.auth.name,
                settings=way.settings.model_dump(mode="json"), secrets=way.secrets, connection_id=connection_id,
                now=self._clock.now(),
            )  # fmt: skip
        if way.auth.hand_over is None:
            return self._speaking.flow(way).authorize_url(state=state, verifier=begun.verifier)
        back = f"{self._speaking.redirect_uri}?{urlencode({'state': state})}"
        try:
            page = way.auth.hand_over.page(self._speaking.unproven(manifest, way), back)
            if not page.lower().startswith(("https://", "http://")):  # a remote named it, and a person will press it
                raise BadAnswer(f"{manifest.title} names no page on which to say yes.")
        except ConnectorError as error:
            raise to_person(error, where=manifest.title) from error
        return page

    def _typed(self, manifest: Manifest, way: Way) -> Granted:
        """Return what was typed in, with a machine's permission where it takes one."""
        if way.auth.by_machine:
            return self._granted(manifest, way, lambda: self._speaking.machine(way))
        if way.auth.in_browser:
            raise Invalid("oauth_required", f"{manifest.title} is connected by signing in there.", where=way.auth.name,
                          next_step="Start the sign-in from the connections page.")  # fmt: skip
        return Granted(way, Ends())

    def _brought(self, manifest: Manifest, begun: Dance, query: Mapping[str, str]) -> Granted:
        """Take what the browser brought: a code to be exchanged, or the credentials themselves."""
        settings = accounts.check_settings(manifest, begun.settings)
        way = Way(accounts.auth_of(manifest, begun.auth), settings, begun.secrets)
        code = query.get("code", "")
        if "error" not in query and way.auth.hand_over is not None:
            if handed := _handed(manifest, way.auth.hand_over, settings, query):
                return Granted(replace(way, secrets={**way.secrets, **handed}), Ends())
        elif "error" not in query and code:
            verifier = begun.verifier
            return self._granted(manifest, way, lambda: self._speaking.flow(way).exchange(code, verifier=verifier))
        raise Invalid("consent_denied", "The account was not connected: permission was not given.",
                      next_step="Start again, and allow it there.")  # fmt: skip

    def _granted(self, manifest: Manifest, way: Way, ask: Callable[[], Grant]) -> Granted:
        """Ask a vendor for its tokens; return the way with them in it, and when they end."""
        refuse_in_transaction(f"a sign-in at {manifest.title}")
        try:
            grant = ask()
        except ConnectorError as error:
            raise to_person(error, where=manifest.title) from error
        now = self._clock.now()
        ends = Ends(credentials.token_end(grant, now), credentials.sign_in_end(way.auth, grant, now))
        full = replace(way, secrets={**way.secrets, **credentials.tokens(grant)})
        return Granted(full, ends, grant.scopes, allowed.lacking(manifest.title, way.server, grant))

    def _add_or_ask(
        self, actor: Actor, manifest: Manifest, granted: Granted, known: Known, session_hash: str
    ) -> Connection:  # fmt: skip
        """Make a connection; where a person must choose, keep what was granted for their session."""
        try:
            return self._add(actor, manifest, granted, known)
        except AlreadyConnected as told:
            if session_hash:
                with self._database.unit() as session:
                    told.state, _ = dance.begin(
                        session, self._keyring, Dancer(actor.id, session_hash), connector=manifest.name,
                        auth=granted.way.auth.name, settings=granted.way.settings.model_dump(mode="json"),
                        secrets=granted.way.secrets, ends=(granted.ends.token, granted.ends.sign_in),
                        scopes=granted.scopes, lacking=granted.lacking, now=self._clock.now(),
                    )  # fmt: skip
            raise

    def _add(self, actor: Actor, manifest: Manifest, granted: Granted, known: Known) -> Connection:
        account = self._account(manifest, granted)
        standing = standing_of(self._database, self._speaking, manifest.name, account)
        second = standing is not None and standing.apart and known is Known.SECOND
        if standing is not None and not (standing.gone or second or known is Known.RENEW):
            raise AlreadyConnected(account.label, standing.connection_id, apart=standing.apart)
        with self._database.unit() as session:
            remote = accounts.find_or_make(session, manifest.name, account, self._clock.now())
            if not is_alone(session, remote, standing):  # somebody connected it at this very moment
                raise Conflict("connected_meanwhile", f"{account.label} was connected by somebody else just now.",
                               where=manifest.title, next_step="Look at the connections, then try again.")  # fmt: skip
            if standing is None or second:
                return accounts.add(session, self._keyring, remote, granted, account,
                                    owner_id=actor.id, now=self._clock.now())  # fmt: skip
            return self._come_back(session, actor, standing.connection_id, granted, account)

    def _come_back(
        self, session: Session, actor: Actor, connection_id: str, granted: Granted, account: Account
    ) -> Connection:  # fmt: skip
        """Let the connection that is there go on with a new sign-in: all that hangs on it carries on."""
        row = accounts.get(session, connection_id)
        accounts.stay(session, row.remote_id)
        row.auth, row.owner_id = granted.way.auth.name, actor.id
        if row.state in health.USABLE:
            row.state = health.State.PENDING  # so that it is told to be live anew, and its copies are looked at
        record(session, row, granted.way.settings, by=actor.id)
        accounts.renew(session, self._keyring, row, granted, account, by=actor.id,
                       now=self._clock.now())  # fmt: skip
        return row

    def _renew(self, actor: Actor, connection_id: str, manifest: Manifest, granted: Granted) -> Connection:
        account = self._account(manifest, granted)
        with self._database.unit() as session:
            row = accounts.get(session, connection_id)
            remote = session.get_one(Remote, row.remote_id)
            if account.key != remote.account_key:
                raise Conflict(
                    "other_account", f"That is another account than {remote.label}. Nothing was changed.",
                    where=manifest.title,
                    next_step=f"Sign in as {remote.label}, or connect the other account as a new connection.",
                )  # fmt: skip
            accounts.renew(session, self._keyring, row, granted, account, by=actor.id,
                           now=self._clock.now())  # fmt: skip
            return row

    def _account(self, manifest: Manifest, granted: Granted) -> Account:
        """Ask the remote who we are; where too little was allowed even for that, that is what a person is told."""
        try:
            account = self._speaking.unproven(manifest, granted.way).identify()
            if not account.key or not account.key.isprintable():
                raise BadAnswer(f"{manifest.title} does not say whose account this is.")
        except ConnectorError as error:
            if granted.lacking:
                raise Invalid("scopes_missing", granted.lacking, where=manifest.title,
                              next_step="Connect again, and allow all that is asked for.") from error  # fmt: skip
            raise to_person(error, where=manifest.title) from error
        return account


def _handed(
    manifest: Manifest, hand_over: HandOver, settings: BaseModel, query: Mapping[str, str]
) -> Mapping[str, str]:
    """Take credentials that the vendor handed over; none where the person said no."""
    try:
        return hand_over.take(settings, query)
    except ConnectorError as error:
        raise to_person(error, where=manifest.title) from error
