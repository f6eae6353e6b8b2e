"""Speak to a remote through its best connection, with secrets that are fresh and never leave this module's hands."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pydantic import BaseModel

from connectors.sdk.errors import Misconfigured, NeedsPerson, RateLimited
from connectors.sdk.guard import Guard
from connectors.sdk.http import Api, guarded_client
from connectors.sdk.manifest import Auth, Limit, Manifest
from connectors.sdk.oauth import Client, Grant, OAuthFlow
from connectors.sdk.protocols import Connector
from connectors.sdk.wire import Client as WireClient
from hub.clock import SECOND
from hub.connections import accounts, allowance, budget, credentials, health
from hub.connections.allowance import Rule
from hub.connections.budget import BudgetLeft
from hub.connections.credentials import Secrets
from hub.connections.models import Connection, Remote
from hub.connections.problems import no_such_connector, not_usable
from hub.connections.renewal import Renewal
from hub.connections.turns import Budgets
from hub.db.unit import refuse_in_transaction, transaction_open
from hub.errors import HubError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.access.keyring import Keyring
    from hub.clock import Clock
    from hub.db.unit import Database

CALLBACK_PATH = "/oauth/callback"


@dataclass(frozen=True, slots=True)
class Speaker:
    """A connector that is signed in."""

    connector: Connector = field(repr=False)
    manifest: Manifest = field(repr=False)
    connection_id: str
    remote_id: str


@dataclass(slots=True)
class Held:
    """The secrets that one speaker uses just now."""

    secrets: Secrets = field(repr=False)


@dataclass(frozen=True, slots=True)
class Line:
    """A connection as it was read: what is needed to speak."""

    id: str
    remote_id: str
    manifest: Manifest = field(repr=False)
    auth: Auth = field(repr=False)
    settings: BaseModel
    secrets: Secrets = field(repr=False)

    @property
    def app_key(self) -> str:
        """Return what the limits of the app are counted under that this connection speaks as."""
        return allowance.app_key(self.manifest, self.auth, self.secrets.values)

    @property
    def user_key(self) -> str | None:
        """Return what its own limits are counted under, where several accounts are one user to the vendor."""
        return allowance.user_key(self.manifest, self.auth, self.secrets.values)

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Return the limits that a connection with these settings has."""
        return tuple(limit for limit in self.manifest.limits if limit.holds(self.settings))

    @property
    def renewable(self) -> bool:
        """Tell whether the hub can get a newer access token by itself."""
        return self.auth.by_machine or bool(self.secrets.refresh_token)


class Speaking:
    """Makes speakers. No method may be called inside a unit of work."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        keyring: Keyring,
        registry: Mapping[str, Manifest],
        *,
        base_url: str,
        trusted_origins: list[str],
        folders: Mapping[str, Path] | None = None,
        renewal: Renewal | None = None,
        budgets: Budgets | None = None,
        client: WireClient | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._clock = clock
        self._keyring = keyring
        self._registry = registry
        self._client = client or guarded_client(Guard(trusted_origins=trusted_origins), folders=folders or {})
        self.budgets = budgets or Budgets(database, clock, sleep=sleep)
        self._renewal = renewal or Renewal(database, clock, keyring)
        self._sleep = sleep
        self.redirect_uri = base_url + CALLBACK_PATH

    def manifest(self, name: str) -> Manifest:
        """Return what a connector declares.

        Raises:
            NotFound: `no_such_connector`.
        """
        manifest = self._registry.get(name)
        if manifest is None:
            raise no_such_connector(name)
        return manifest

    def installed(self, name: str) -> Manifest | None:
        """Return what a connector declares, or None when it is not installed any more."""
        return self._registry.get(name)

    def flow(self, way: accounts.Way) -> OAuthFlow:
        """Return a vendor's authorization server, seen by the client that a person registered there."""
        server = way.server
        if server is None:
            raise ValueError(f"{way.auth.name} is no OAuth sign-in")
        client = Client(way.secrets.get("client_id", ""), way.secrets.get("client_secret", ""))
        return OAuthFlow(server, client, redirect_uri=self.redirect_uri, http=self._client)

    def machine(self, way: accounts.Way) -> Grant:
        """Get an access token for a way to connect that needs no person's yes."""
        refuse_in_transaction("a call to a sign-in service")
        return self.flow(way).machine(way.auth, way.secrets, now_s=self._clock.now() // SECOND)

    def unproven(self, manifest: Manifest, way: accounts.Way) -> Connector:
        """Return a connector for secrets that belong to no connection yet, to ask it who we are."""
        refuse_in_transaction(f"a call to {manifest.title}")
        api = Api(
            manifest.origin(way.settings), manifest=manifest, client=self._client,
            further=manifest.further_origins(way.settings),
            headers=lambda: way.auth.headers(way.secrets), sign=_signer(way.auth, lambda: way.secrets),
            presign=_presigner(way.auth, lambda: way.secrets),
            busy=transaction_open, sleep=self._sleep,
        )  # fmt: skip
        return manifest.connect(api, way.settings)

    def speak(self, remote_id: str, *, urgent: bool = False, checking: bool = False) -> Speaker:
        """Return a speaker for a remote; one that is only checking spends a part of each limit at most.

        Raises:
            NeedsPerson: there is no usable connection.
            RetryLater: not now.
        """
        refuse_in_transaction("a call to a remote")
        try:
            return self._speaker(self._best_line(remote_id), urgent=urgent, checking=checking)
        except HubError as error:
            # A key, a setting or the connector itself is missing: a person must put that right.
            raise NeedsPerson(f"{error.what} {error.next_step}".strip(), code=error.code) from error

    def _best_line(self, remote_id: str) -> Line:
        with self._database.read() as session:
            remote = session.get_one(Remote, remote_id)
            connection = accounts.usable(session, remote_id)
            title = self.manifest(remote.connector).title
            if connection is None or connection.state == health.State.NEEDS_PERSON:
                raise not_usable(accounts.why_unusable(session, remote_id), title)
            wait_ms = connection.not_before - self._clock.now()
            if wait_ms > 0:
                raise RateLimited(
                    f"{title} asked the hub to slow down. It goes on by itself.", after_s=wait_ms / SECOND, status=None
                )
            return self._line(session, connection, self.manifest(remote.connector))

    def speak_by(self, connection_id: str, settings: BaseModel | None = None) -> Speaker:
        """Return a speaker for one connection, whatever its state, to test it: as it is, or with other settings.

        Raises:
            NotFound: `no_such_connection`.
            Misconfigured: a key, a setting or the connector itself is missing; it goes on by itself once that is there.
        """
        refuse_in_transaction("a call to a remote")
        with self._database.read() as session:
            connection = accounts.get(session, connection_id)
            try:
                manifest = self.manifest(session.get_one(Remote, connection.remote_id).connector)
                line = self._line(session, connection, manifest)
            except HubError as error:
                raise Misconfigured(f"{error.what} {error.next_step}".strip(), code=error.code) from error
        return self._speaker(replace(line, settings=settings) if settings else line, urgent=False)

    def budget_left(self, connection_id: str) -> BudgetLeft:
        """Return what the remote of a connection allows just now; of its app only while the connection has secrets."""
        with self._database.read() as session:
            connection = accounts.get(session, connection_id)
            manifest = self._registry.get(session.get_one(Remote, connection.remote_id).connector)
            rules = self._rules(session, connection, manifest) if manifest is not None else ()
            return budget.left(session, connection.remote_id, rules, self._clock.now())

    def has_room(self, remote_id: str) -> bool:
        """Tell whether a remote has room for calls that are in no hurry."""
        with self._database.read() as session:
            connection = accounts.usable(session, remote_id)
        return connection is not None and self.budget_left(connection.id).has_room

    def _rules(self, session: Session, connection: Connection, manifest: Manifest) -> tuple[Rule, ...]:
        """Return what a connection is bound by, as far as it can be told without its secrets."""
        if credentials.legible(session, self._keyring, connection.id) is not None:
            line = self._line(session, connection, manifest)
            return allowance.rules_of(line.remote_id, line.app_key, line.limits, user=line.user_key)
        settings = accounts.check_settings(manifest, connection.settings)
        user = None if accounts.auth_of(manifest, connection.auth).user is None else ""
        limits = [limit for limit in manifest.limits if limit.holds(settings)]
        return tuple(rule for rule in allowance.rules_of(connection.remote_id, "", limits, user=user) if rule.key)

    def _line(self, session: Session, connection: Connection, manifest: Manifest) -> Line:
        secrets = credentials.load(session, self._keyring, connection.id)
        if secrets is None:
            raise not_usable("not_connected", manifest.title)
        return Line(
            connection.id, connection.remote_id, manifest, accounts.auth_of(manifest, connection.auth),
            accounts.check_settings(manifest, connection.settings), secrets,
        )  # fmt: skip

    def _speaker(self, line: Line, *, urgent: bool, checking: bool = False) -> Speaker:
        held = Held(line.secrets)
        if line.renewable and line.secrets.ends_soon(self._clock.now()):
            held.secrets = self._renew(line, held.secrets)

        def renew() -> bool:
            """Get newer secrets after a refusal: another's, or by renewing them."""
            held.secrets, old = self._newer(line, held.secrets), held.secrets
            return held.secrets.generation > old.generation

        api = Api(
            line.manifest.origin(line.settings), manifest=line.manifest, client=self._client,
            further=line.manifest.further_origins(line.settings),
            headers=lambda: line.auth.headers(held.secrets.values),
            sign=_signer(line.auth, lambda: held.secrets.values),
            presign=_presigner(line.auth, lambda: held.secrets.values),
            renew=renew, urgent=urgent, busy=transaction_open,
            hook_secret=lambda: line.auth.hook_secret(held.secrets.values), sleep=self._sleep,
            limiter=self.budgets.of(
                line.remote_id, line.app_key, line.limits, user=line.user_key, checking=checking
            ),
        )  # fmt: skip
        return Speaker(line.manifest.connect(api, line.settings), line.manifest, line.id, line.remote_id)

    def _newer(self, line: Line, old: Secrets) -> Secrets:
        if line.renewable:
            return self._renew(line, old)
        with self._database.read() as session:
            return credentials.load(session, self._keyring, line.id) or old

    def _renew(self, line: Line, old: Secrets) -> Secrets:
        def refresh(secrets: Secrets) -> Grant:
            way = accounts.Way(line.auth, line.settings, secrets.values)
            if line.auth.by_machine:
                return self.machine(way)
            return self.flow(way).refresh(cast("str", secrets.refresh_token))

        return self._renewal.renew(line.id, old.generation, refresh, connector=line.manifest.title)


def _signer(
    auth: Auth, secrets: Callable[[], Mapping[str, str]]
) -> Callable[[str, str, Mapping[str, str]], Mapping[str, str]] | None:
    """Return what signs single requests, where the remote wants that."""
    sign = auth.sign
    return None if sign is None else lambda method, url, headers: sign(secrets(), method, url, headers)


def _presigner(auth: Auth, secrets: Callable[[], Mapping[str, str]]) -> Callable[[str, int], str] | None:
    """Return what signs addresses for people, where the remote knows such."""
    presign = auth.presign
    return None if presign is None else lambda url, seconds: presign(secrets(), url, seconds)
