"""Hear what remotes send: subscriptions, and the answer to each delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, cast
from urllib.parse import urlencode

import structlog

from connectors.sdk.errors import ConnectorError, OutcomeUnknown
from connectors.sdk.manifest import Capability, Manifest
from connectors.sdk.protocols import Challenged, Inbound, Subscribe
from connectors.sdk.types import Agreement
from connectors.sdk.types import Target as Place
from hub.connections import accounts, credentials, handshakes, inbox, renewing, targets, views
from hub.connections.forged import Forged
from hub.connections.inbox import OK, Post, Reply
from hub.connections.models import Connection, Remote, Subscription, Target
from hub.connections.problems import handshake_differs, handshake_open, to_person
from hub.connections.speaking import Speaker, Speaking
from hub.db.installation import may_write
from hub.errors import Conflict, Invalid
from webhooks import SignatureError, new_secret

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.access.keyring import Keyring
    from hub.clock import Clock
    from hub.db.unit import Database

log = structlog.get_logger(__name__)

_GONE = Reply(410, {}, b"")
_UNKNOWN = Reply(404, {}, b"")
_REFUSED = Reply(403, {}, b"")


class Speak(Protocol):
    """Finds a speaker for a remote."""

    def __call__(self, remote_id: str, *, urgent: bool = False) -> Speaker:
        """Return it, or raise the SDK's NeedsPerson or RetryLater."""
        ...


class Report(Protocol):
    """Takes note of how a call ended."""

    def __call__(self, remote_id: str, error: ConnectorError | None) -> None:
        """Write it down."""
        ...


class Hearing:
    """Subscriptions and deliveries. Methods open their own units of work."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        keyring: Keyring,
        speaking: Speaking,
        *,
        base_url: str,
        speak: Speak,
        report: Report,
    ) -> None:
        self._database = database
        self._clock = clock
        self._keyring = keyring
        self._speaking = speaking
        self._base_url = base_url
        self._speak = speak
        self._report = report
        self._forged = Forged(database, clock)

    def subscribe(self, target_id: str) -> views.Subscribed:
        """Have a remote send webhooks about a place, or make the address that a person enters there."""
        with self._database.read() as session:
            target = targets.get(session, target_id)
            remote = session.get_one(Remote, target.remote_id)
            connection = accounts.usable(session, remote.id)
        manifest = self._speaking.manifest(remote.connector)
        here = manifest.at(target.kind).abilities
        if manifest.inbound is None or (
            Capability.SUBSCRIBE in manifest.abilities and Capability.SUBSCRIBE not in here
        ):
            raise Invalid(
                "no_webhooks",
                f"{manifest.title} sends no webhooks.",
                where=manifest.title,
                next_step="Nothing need be done: the hub looks by itself.",
            )
        if Capability.SUBSCRIBE not in manifest.abilities:
            return self._subscribe_here(manifest, remote, connection)
        return self._subscribe_there(manifest, remote, target, connection)

    def _subscribe_here(self, manifest: Manifest, remote: Remote, connection: Connection | None) -> views.Subscribed:
        """Make an address for a sender that a person sets up, and a new secret where it has none of its own."""
        with self._database.unit() as session:
            known = self._known_secret(session, manifest, connection)
            secret = known or new_secret()
            row = self._add_subscription(session, remote.id, None, secret)
        return views.Subscribed(row.id, row.callback_url, None if known else secret)

    def _subscribe_there(
        self, manifest: Manifest, remote: Remote, target: Target, connection: Connection | None
    ) -> views.Subscribed:
        with self._database.unit() as session:
            if not may_write(session):
                raise Conflict("observe_only", "This hub only observes, so it asks no system for webhooks.",
                               next_step="An operator must say whether it is the hub or a copy.")  # fmt: skip
            row = self._prepared(session, manifest, remote, target, connection)
        before = row.external_ref
        # The row comes first: some remotes call the address before they answer.
        try:
            connector = cast("Subscribe", self._speak(remote.id).connector)
            made = self._made(connector, row, targets.as_value(target))
            settled = self._settled(row, made)
            if not settled:
                connector.unsubscribe(made.ref)
        except ConnectorError as error:
            self._subscription_failed(row, unknown=isinstance(error, OutcomeUnknown))
            self._report(remote.id, error)
            raise to_person(error, where=target.label) from error
        if not settled:
            self._subscription_failed(row, unknown=False)
            log.warning("handshake_differs", subscription=row.id, connector=manifest.name)
            raise handshake_differs(target.label)
        if before not in {"", made.ref}:
            _end(connector, before)  # only now, so that no news falls between the two
        return views.Subscribed(row.id, row.callback_url)

    def _prepared(
        self, session: Session, manifest: Manifest, remote: Remote, target: Target, connection: Connection | None
    ) -> Subscription:
        """Make the row, or get the one that is there ready for another call."""
        row = inbox.existing(session, remote.id, target.id)
        if handshakes.hands_over(manifest.inbound) is not None:
            row = row or self._add_subscription(session, remote.id, target.id, "")
            handshake = handshakes.load(self._keyring, session, row)
            if handshake.is_open(self._clock.now()):
                raise handshake_open(target.label)
            handshakes.store(self._keyring, row, handshake.opened(self._clock.now()))
            return row
        secret = self._signing_secret(session, manifest, connection)
        if row is None:
            return self._add_subscription(session, remote.id, target.id, secret)
        # The account may have been connected anew, with another secret.
        row.sealed_secret = self._keyring.seal(secret, purpose=inbox.purpose(row.id))
        return row

    def _made(self, connector: Subscribe, row: Subscription, target: Place) -> Agreement:
        """Ask the remote; a subscription whose secret nobody knows, as its answer was lost, is made anew."""
        made = _agreement(connector.subscribe(target, row.callback_url))
        handshake = handshakes.of(self._keyring, row.id, row.sealed_secret)
        if handshake is None or made.secret or handshake.secret:
            return made
        connector.unsubscribe(made.ref)
        return _agreement(connector.subscribe(target, row.callback_url))

    def _settled(self, row: Subscription, made: Agreement) -> bool:
        """Write down what was agreed; False when the handshake brought another secret than the answer, or none."""
        with self._database.unit() as session:
            kept = session.get_one(Subscription, row.id)
            if handshakes.of(self._keyring, row.id, row.sealed_secret) is not None:
                handshake = handshakes.load(self._keyring, session, kept)
                after = handshake.after(made.secret)
                handshakes.store(self._keyring, kept, after or handshake.closed())
                if after is None:
                    return False
            kept.external_ref = made.ref
            kept.expires_at = made.ends_at
            kept.renew_at = renewing.renew_at(made.ends_at, self._clock.now())
        return True

    def _subscription_failed(self, row: Subscription, *, unknown: bool) -> None:
        """Keep the address when the remote may know it already; the next try finds it there."""
        with self._database.unit() as session:
            kept = session.get_one(Subscription, row.id)
            if not row.external_ref and not unknown:
                session.delete(kept)
            elif handshakes.of(self._keyring, row.id, row.sealed_secret) is not None:
                handshakes.store(self._keyring, kept, handshakes.load(self._keyring, session, kept).closed())

    def _add_subscription(self, session: Session, remote_id: str, target_id: str | None, secret: str) -> Subscription:
        return inbox.add(session, self._keyring, remote_id=remote_id, target_id=target_id, base_url=self._base_url,
                         secret=secret, now=self._clock.now())  # fmt: skip

    def _known_secret(self, session: Session, manifest: Manifest, connection: Connection | None) -> str:
        held = None if connection is None else credentials.load(session, self._keyring, connection.id)
        if connection is None or held is None:
            return ""
        return accounts.auth_of(manifest, connection.auth).hook_secret(held.values)

    def _signing_secret(self, session: Session, manifest: Manifest, connection: Connection | None) -> str:
        if secret := self._known_secret(session, manifest, connection):
            return secret
        raise Invalid("signing_secret_missing", f"{manifest.title} signs its webhooks with a secret that is not known.",
                      where=manifest.title, next_step="Connect the account again and fill that secret in.")  # fmt: skip

    def receive(
        self,
        subscription_id: str,
        *,
        method: str,
        headers: Mapping[str, str],
        body: bytes,
        query: Mapping[str, str] | None = None,
    ) -> Reply:
        """Answer what came to a subscription's address: verified over the raw bytes, kept, worked later."""
        if len(body) > inbox.LARGEST_BODY:
            return Reply(413, {}, b"")
        with self._database.read() as session:
            post = inbox.find(session, subscription_id)
            known = post is not None and accounts.is_known(session, post.remote_id)
        inbound = self._inbound(post)
        if post is None or inbound is None:
            return _UNKNOWN
        if not known:
            return _GONE
        headers = {name.lower(): value for name, value in headers.items()}
        if not self._may_greet(subscription_id, post, inbound, headers):
            log.warning("handshake_refused", subscription=subscription_id, connector=post.connector)
            self._forged.note(subscription_id)
            return _REFUSED
        greeting = inbound.greet(method, headers, body) or self._challenge(
            subscription_id, post, inbound, query if method == "GET" and query else {}
        )
        if greeting is not None or method != "POST":
            return Reply(*greeting) if greeting is not None else Reply(405, {"Allow": "POST"}, b"")
        called = f"{post.callback_url}?{urlencode(query)}" if query else post.callback_url
        return self._take(subscription_id, replace(post, callback_url=called), inbound, headers, body)

    def _inbound(self, post: Post | None) -> Inbound | None:
        manifest = self._speaking.installed(post.connector) if post else None
        return manifest.inbound if manifest else None

    def _challenge(
        self, subscription_id: str, post: Post, inbound: Inbound, query: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str], bytes] | None:
        """Answer a remote that wants a word back before it believes in the address."""
        if not query or not isinstance(inbound, Challenged):
            return None
        agreed = handshakes.of(self._keyring, subscription_id, post.sealed_secret) is not None
        purpose = inbox.purpose(subscription_id)
        return inbound.challenge(
            query, secret="" if agreed else self._keyring.open(post.sealed_secret, purpose=purpose)
        )

    def _may_greet(self, subscription_id: str, post: Post, inbound: Inbound, headers: Mapping[str, str]) -> bool:
        """Take note of a secret that is handed over; False when nobody asked for one now."""
        handing = handshakes.hands_over(inbound)
        offered = handing.offered(headers) if handing else None
        if offered is None:
            return True
        now = self._clock.now()
        before = handshakes.of(self._keyring, subscription_id, post.sealed_secret)
        if before is None or before.taking(offered, now) is None:
            return False
        with self._database.unit() as session:
            row = session.get_one(Subscription, subscription_id)
            after = handshakes.load(self._keyring, session, row).taking(offered, now)
            if after is not None:
                handshakes.store(self._keyring, row, after)
        return after is not None

    def _take(
        self, subscription_id: str, post: Post, inbound: Inbound, headers: Mapping[str, str], body: bytes
    ) -> Reply:
        try:
            believed = self._verified(subscription_id, post, inbound, headers, body)
        except SignatureError:
            log.warning("webhook_refused", subscription=subscription_id, connector=post.connector, size=len(body))
            self._forged.note(subscription_id)
            return Reply(401, {}, b"")
        self._forged.settle()
        if not believed:
            return OK
        hint = inbox.read(inbound, headers, body)
        with self._database.unit() as session:
            inbox.keep(session, post, hint, headers=headers, body=body, now=self._clock.now())
        return OK

    def _verified(
        self, subscription_id: str, post: Post, inbound: Inbound, headers: Mapping[str, str], body: bytes
    ) -> bool:
        """Check the signature; False when it is right, but by a secret that the remote has not confirmed yet."""

        def check(secret: str) -> None:
            if not secret:
                raise SignatureError("no secret is known yet")
            inbound.verify(secret=secret, url=post.callback_url, headers=headers, body=body)

        handshake = handshakes.of(self._keyring, subscription_id, post.sealed_secret)
        if handshake is None:
            check(self._keyring.open(post.sealed_secret, purpose=inbox.purpose(subscription_id)))
            return True
        try:
            check(handshake.secret)
        except SignatureError:
            if not handshake.is_open(self._clock.now()):
                raise
            # Remotes try the address between the handshake and their answer: it must answer well, and keep nothing.
            check(handshake.offered)
            return False
        return True

    def renew(self, subscription_id: str) -> None:
        """Ask a remote for a subscription again before it ends; the new one overlaps with the old one.

        Raises:
            HubError: it could not be done now.
        """
        with self._database.read() as session:
            row = session.get_one(Subscription, subscription_id)
            target = session.get_one(Target, row.target_id)
            remote = session.get_one(Remote, row.remote_id)
            connection = accounts.usable(session, remote.id)
        self._subscribe_there(self._speaking.manifest(remote.connector), remote, target, connection)

    def drain(self) -> int:
        """Turn what remotes sent into hints; return how many deliveries were worked."""
        with self._database.unit() as session:
            return inbox.work(session, self._speaking.installed)


def _end(connector: Subscribe, ref: str) -> None:
    """End a subscription that another has replaced; one that cannot be ended now ends by itself."""
    try:
        connector.unsubscribe(ref)
    except ConnectorError as error:
        log.warning("old_subscription_not_ended", ref=ref, code=error.code)


def _agreement(made: str | Agreement) -> Agreement:
    return made if isinstance(made, Agreement) else Agreement(made)
