"""The connections service: connect outside accounts, keep them well, speak to them, hear what they send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from connectors.sdk.errors import ConnectorError
from connectors.sdk.manifest import Capability, Manifest
from connectors.sdk.protocols import Targets
from connectors.sdk.types import Account
from hub.access.actors import Actor
from hub.access.permissions import Act, allowed, require
from hub.connections import accounts, calendar, health, targets, views
from hub.connections.budget import BudgetLeft
from hub.connections.changing import Changing, SettingsView
from hub.connections.forewarning import Forewarning
from hub.connections.forgetting import Forgetting
from hub.connections.hearing import Hearing
from hub.connections.inbox import Reply
from hub.connections.models import Connection, Remote
from hub.connections.problems import no_such_connection, to_person
from hub.connections.recognising import Known
from hub.connections.renewing import Renewing
from hub.connections.signing_in import SigningIn
from hub.connections.speaking import Speaker, Speaking
from hub.errors import Conflict, Forbidden
from hub.events.log import emit
from hub.settings import Settings

if TYPE_CHECKING:
    from hub.access.keyring import Keyring
    from hub.clock import Clock
    from hub.db.unit import Database


class Connections:
    """Everything about outside accounts. Methods open their own units of work."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        keyring: Keyring,
        registry: Mapping[str, Manifest],
        settings: Settings,
        *,
        speaking: Speaking | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._keyring = keyring
        self._registry = registry
        self._speaking = speaking or Speaking(
            database, clock, keyring, registry, base_url=settings.url, trusted_origins=settings.trusted_origins,
            folders=settings.folders,
        )  # fmt: skip
        self._checked: dict[str, int] = {}
        self._signing_in = SigningIn(database, clock, keyring, self._speaking)
        self._changing = Changing(database, clock, self._speaking)
        self._forgetting = Forgetting(database, keyring, registry, self._speaking)
        self._hearing = Hearing(
            database, clock, keyring, self._speaking, base_url=settings.url, speak=self.speak, report=self.report
        )
        self._renewing = Renewing(database, clock, self._hearing.renew)
        self._forewarning = Forewarning(database, clock, registry, base_url=settings.url)

    # What there is

    def connectors(self) -> Sequence[Manifest]:
        """Return the installed connectors by title."""
        return sorted(self._registry.values(), key=lambda manifest: manifest.title)

    def manifest(self, connector: str) -> Manifest:
        """Return what a connector declares, whether or not it is connected."""
        return self._speaking.manifest(connector)

    def list(self, actor: Actor) -> Sequence[views.ConnectionView]:
        """Return all connections, newest first, for those who connect or place."""
        _require_sight(actor)
        with self._database.read() as session:
            return views.connections(session, self._registry, self._clock.now())

    def view(self, actor: Actor, connection_id: str) -> views.ConnectionView:
        """Return one connection."""
        for one in self.list(actor):
            if one.id == connection_id:
                return one
        raise no_such_connection(connection_id)

    def budget_left(self, actor: Actor, connection_id: str) -> BudgetLeft:
        """Return how many calls the remote of a connection allows just now, limit by limit, and until when none."""
        _require_sight(actor)
        return self._speaking.budget_left(connection_id)

    def has_room(self, remote_id: str) -> bool:
        """Tell whether a remote has room for calls that are in no hurry: half of each of its limits is free."""
        return self._speaking.has_room(remote_id)

    def targets(self, actor: Actor, remote_id: str | None = None) -> Sequence[views.TargetView]:
        """Return the known places, of one remote or of all."""
        _require_sight(actor)
        with self._database.read() as session:
            return views.targets(session, targets.of_remote(session, remote_id))

    def places(self, actor: Actor, remote_id: str, words: str, *, offset: int, limit: int) -> views.Places:
        """Return some of a remote's places: those that hold each of some words, and how many there are in all."""
        _require_sight(actor)
        with self._database.read() as session:
            known = targets.of_remote(session, remote_id)
            found = targets.named(known, words)
            shown = views.targets(session, found[offset : offset + limit])
            return views.Places(shown, found=len(found), known=len(known))

    def place(self, actor: Actor, target_id: str) -> views.TargetView:
        """Return one place."""
        _require_sight(actor)
        with self._database.read() as session:
            return views.targets(session, [targets.get(session, target_id)])[0]

    def calendar(self, actor: Actor) -> Sequence[calendar.Entry]:
        """Return what ends when, the next first."""
        _require_sight(actor)
        with self._database.read() as session:
            return calendar.calendar(calendar.read(session), self._registry)

    # Connecting

    def connect(
        self,
        actor: Actor,
        connector: str,
        *,
        auth: str,
        settings: Mapping[str, Any],
        secrets: Mapping[str, str],
        known: Known = Known.ASK,
        session_hash: str = "",
    ) -> Connection:
        """Connect an account; the remote is asked who we are first. One that was disconnected comes back as itself.

        Raises:
            Invalid: something is missing, or the remote refuses it.
            AlreadyConnected: it is connected, and `known` does not say what becomes of that; with a session's hash
                what was typed in is kept ten minutes for `choose`.
            Unavailable: the remote does not answer.
        """
        require(actor, Act.CONNECT)
        return self._signing_in.connect(
            actor, connector, auth=auth, settings=settings, secrets=secrets, known=known, session_hash=session_hash
        )

    def choose(self, actor: Actor, session_hash: str, state: str, known: Known) -> Connection:
        """Say what becomes of a sign-in to an account that is connected already.

        Raises:
            Invalid: `oauth_state_invalid`; it was not begun in this session, or is too old.
        """
        require(actor, Act.CONNECT)
        return self._signing_in.choose(actor, session_hash, state, known)

    def reconnect(self, actor: Actor, connection_id: str, secrets: Mapping[str, str]) -> views.ConnectionView:
        """Give a connection new secrets of the same account; its settings stay, its copies carry on.

        Raises:
            Invalid: something is missing, or the remote refuses it.
            Conflict: `other_account`, `connection_replaced`.
        """
        require(actor, Act.CONNECT)
        self._signing_in.reconnect(actor, connection_id, secrets)
        return self.view(actor, connection_id)

    def start_oauth(
        self,
        actor: Actor,
        session_hash: str,
        connector: str,
        settings: Mapping[str, Any],
        *,
        auth: str = "",
        secrets: Mapping[str, str] | None = None,
    ) -> str:
        """Begin a sign-in at a vendor; return the address to send this person's browser to."""
        require(actor, Act.CONNECT)
        return self._signing_in.start(actor, session_hash, connector, settings, auth=auth, secrets=secrets or {})

    def start_reconnect(
        self, actor: Actor, session_hash: str, connection_id: str, secrets: Mapping[str, str] | None = None
    ) -> str:
        """Begin a sign-in that renews a connection; return the address to send this person's browser to."""
        require(actor, Act.CONNECT)
        return self._signing_in.start_again(actor, session_hash, connection_id, secrets or {})

    def finish_oauth(self, session_hash: str, actor: Actor, query: Mapping[str, str]) -> Connection:
        """Finish a sign-in with what the vendor's redirect brought.

        Raises:
            Invalid: the state is not this session's, was used, or is too old; or the person said no.
        """
        require(actor, Act.CONNECT)
        return self._signing_in.finish(actor, session_hash, query)

    # Settings

    def settings(self, actor: Actor, connection_id: str) -> SettingsView:
        """Return a connection's settings, which of them are fixed and why, and their last change."""
        _require_sight(actor)
        return self._changing.view(connection_id)

    def change_settings(
        self, actor: Actor, connection_id: str, given: Mapping[str, Any], *, seen: int
    ) -> SettingsView:  # fmt: skip
        """Change settings; the remote is asked who we are first, and every copy there is looked at afterwards.

        Raises:
            Invalid: `settings_invalid`, `setting_fixed`, `setting_leads_elsewhere`, or the remote refuses them.
            Conflict: `connection_off`, `settings_changed`, `other_account`.
            Unavailable: the remote does not answer.
        """
        require(actor, Act.CONNECT)
        return self._changing.change(actor, connection_id, given, seen=seen)

    def undo_settings(self, actor: Actor, connection_id: str, *, seen: int) -> SettingsView:
        """Take the last change of the settings back; raises as `change_settings`, and Conflict: `nothing_to_undo`."""
        require(actor, Act.CONNECT)
        return self._changing.go_back(actor, connection_id, seen=seen)

    # Keeping well

    def test(self, actor: Actor, connection_id: str) -> views.ConnectionView:
        """Ask the remote who we are, over this connection, and write down how it is."""
        require(actor, Act.CONNECT)
        with self._database.read() as session:
            if accounts.get(session, connection_id).state == health.State.OFF:
                raise Conflict("connection_off", "This connection is switched off.", where=connection_id,
                               next_step="Resume it, or connect the account again.")  # fmt: skip
        self._check(connection_id)
        return self.view(actor, connection_id)

    def _check(self, connection_id: str) -> None:
        error: ConnectorError | None = None
        account: Account | None = None
        try:
            account = self._speaking.speak_by(connection_id).connector.identify()
        except ConnectorError as failed:
            error = failed
        with self._database.unit() as session:
            row = accounts.get(session, connection_id)
            if account is not None:
                error = accounts.meet(session, row, account)
            health.note(session, row, error, self._clock.now(), actor="system")

    def drain_health(self, owner: str) -> int:
        """Ask again where nothing else does: connections that ail, and live ones that nobody used for hours."""
        del owner  # a check that two processes make at once does no harm
        self._speaking.budgets.settle()
        now = self._clock.now()
        with self._database.read() as session:
            due = [
                one for one in health.to_check(session, now) if self._checked.get(one, 0) <= now - health.CHECK_EVERY_MS
            ]
        for connection_id in due:
            self._checked[connection_id] = now
            self._check(connection_id)
        return len(due)

    def refresh_targets(self, actor: Actor, connection_id: str) -> int:
        """Ask the remote for all places where copies can stand; return how many there are."""
        require(actor, Act.CONNECT)
        with self._database.read() as session:
            remote = session.get_one(Remote, accounts.get(session, connection_id).remote_id)
        try:
            speaker = self.speak(remote.id)
            if Capability.TARGETS not in speaker.manifest.abilities:
                return 0
            listed = targets.list_all(cast("Targets", speaker.connector))
        except ConnectorError as error:
            self.report(remote.id, error)
            raise to_person(error, where=remote.label) from error
        self.report(remote.id, None)
        with self._database.unit() as session:
            return targets.store(session, remote, listed)

    def set_target(
        self,
        actor: Actor,
        target_id: str,
        *,
        channel: str | None = None,
        territory: str | None = None,
        lead_s: int | None = None,
        late_s: int | None = None,
        life_s: int | None = None,
        language: str | None = None,
    ) -> views.TargetView:
        """Say what a place stands for: channel and territory in the words that licences use, and its texts' language.

        What is None stays. Whoever places assets may set the language; empty: the catalogue's own. See `targets.TIMES`.

        Raises:
            Invalid: `target_malformed`, `unknown_language`.
        """
        times = {"lead_s": lead_s, "late_s": late_s, "life_s": life_s}
        licensed = any(said is not None for said in (channel, territory, *times.values()))
        require(actor, Act.CONNECT if licensed else Act.PLACE)
        with self._database.unit() as session:
            row = targets.get(session, target_id)
            if targets.change(row, channel=channel, territory=territory, language=language, times=times):
                session.flush()
                emit(session, "target.changed", row.id, actor=actor.id, body={"remote_id": row.remote_id})
            return views.targets(session, [row])[0]

    def pause(self, actor: Actor, connection_id: str) -> None:
        """Let nothing go over this connection until it is resumed."""
        require(actor, Act.CONNECT)
        with self._database.unit() as session:
            row = accounts.get(session, connection_id)
            if row.state != health.State.OFF:
                health.set_state(session, row, health.State.OFF, actor=actor.id, code=health.PAUSED, text="Paused.")

    def resume(self, actor: Actor, connection_id: str) -> views.ConnectionView:
        """Go on after a pause; the remote is asked who we are first."""
        require(actor, Act.CONNECT)
        with self._database.unit() as session:
            row = accounts.get(session, connection_id)
            if row.problem_code != health.PAUSED:
                raise Conflict(
                    "connection_not_paused",
                    "This connection is not paused.",
                    where=connection_id,
                    next_step="Load the page again.",
                )
            health.set_state(session, row, health.State.PENDING, actor=actor.id)
        self._check(connection_id)
        return self.view(actor, connection_id)

    def disconnect(self, actor: Actor, connection_id: str) -> None:
        """Switch a connection off for good: the vendor is asked to forget us, the secrets are deleted.

        Copies stay where they are and stay known; connecting the same account again carries on.
        """
        require(actor, Act.CONNECT)
        self._forgetting.forget(actor, connection_id)

    # Speaking

    def speak(self, remote_id: str, *, urgent: bool = False, checking: bool = False) -> Speaker:
        """Return a speaker for a remote; raises the SDK's NeedsPerson or RetryLater when there is none now."""
        return self._speaking.speak(remote_id, urgent=urgent, checking=checking)

    def report(self, remote_id: str, error: ConnectorError | None) -> None:
        """Tell how a call ended, for the health of the connection that carries this remote."""
        now = self._clock.now()
        with self._database.read() as session:
            row = accounts.usable(session, remote_id)
            if row is None or not health.worth_writing(row, error, now):
                return
        with self._database.unit() as session:
            health.note(session, accounts.get(session, row.id), error, now, actor="system")

    # Hearing

    def subscribe(self, actor: Actor, target_id: str) -> views.Subscribed:
        """Have a remote send webhooks about a place, or make the address that a person enters there."""
        require(actor, Act.CONNECT)
        return self._hearing.subscribe(target_id)

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
        return self._hearing.receive(subscription_id, method=method, headers=headers, body=body, query=query)

    def drain_subscriptions(self, owner: str) -> int:
        """Renew subscriptions before they end; return how many were renewed."""
        del owner  # each is taken by a compare-and-set of its own
        return self._renewing.drain()

    def drain_warnings(self, owner: str) -> int:
        """Warn the owners of what ends soon; return how many warnings were given."""
        del owner  # each warning is written down as it is given, and only once
        return self._forewarning.drain()

    def drain_inbox(self, owner: str) -> int:
        """Turn what remotes sent into hints; return how many deliveries were worked."""
        del owner  # rows are locked for the length of one unit; nothing outlives it
        return self._hearing.drain()


def _require_sight(actor: Actor) -> None:
    if not (allowed(actor, Act.PLACE) or allowed(actor, Act.CONNECT)):
        raise Forbidden("not_allowed", "Your role or token does not cover this: connections.", where="connections",
                        next_step="Ask an administrator.")  # fmt: skip
