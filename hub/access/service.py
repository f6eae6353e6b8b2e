"""What doors ask: signing in and out, people, roles, tokens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from hub.access import sessions, tokens
from hub.access.actors import SYSTEM, Actor, Role
from hub.access.first_run import check_code, somebody_is_here, write_code
from hub.access.keyring import Keyring
from hub.access.models import ApiToken, User
from hub.access.passwords import Passwords
from hub.access.permissions import Act, allowed, require
from hub.access.sessions import SessionInfo, SignedIn
from hub.access.throttle import account_gate, address_gate, count_try, forgive, sweep
from hub.access.tokens import TokenView
from hub.access.users import (
    add_user,
    clean_email,
    clean_name,
    get_user,
    keep_an_administrator,
    lock_administrators,
    require_may_give,
    require_nobody_yet,
)
from hub.clock import Clock
from hub.db.unit import Database
from hub.errors import Forbidden, NotFound, NotSignedIn
from hub.events.log import emit


@dataclass(frozen=True, slots=True)
class UserView:
    """What may be shown of a person."""

    id: str
    email: str
    name: str
    role: Role
    disabled: bool
    created_at: int


class Access:
    """Everything about who is who."""

    def __init__(
        self, database: Database, clock: Clock, keyring: Keyring, *, passwords: Passwords | None = None
    ) -> None:
        """Wire the service; `passwords` may be given cheaper parameters in tests."""
        self._database = database
        self._clock = clock
        self.keyring = keyring
        self._passwords = passwords or Passwords()

    def sign_in(self, email: str, password: str, *, address: str) -> SignedIn:
        """Check a password and begin a session. Takes equally long whether the person exists or not.

        Raises:
            Throttled: too many failures for this account or from this address.
            NotSignedIn: `wrong_credentials`, whatever was wrong.
        """
        email = email.strip().lower()
        account, origin = account_gate(email), address_gate(address)
        with self._database.unit() as unit:
            count_try(unit, (account, origin), at=self._clock.now())
            known = "\0" not in email and email.isprintable()
            user = unit.scalars(select(User).where(User.email == email)).one_or_none() if known else None
        kept = user.password_hash if user else None
        matches = self._passwords.matches(kept, password)
        if not matches or user is None or kept is None:
            raise _wrong()
        fresh_hash = self._passwords.hash(password) if self._passwords.outdated(kept) else kept
        with self._database.unit() as unit:
            at = self._clock.now()
            user = get_user(unit, user.id)
            if user.disabled_at is not None or user.password_hash != kept:
                raise _wrong()
            user.password_hash = fresh_hash
            forgive(unit, account, at=at, entirely=True)
            forgive(unit, origin, at=at, entirely=False)
            sweep(unit, at=at)
            emit(unit, "access.signed_in", user.id, actor=user.id)
            return sessions.begin(unit, user, at=at)

    def session(self, cookie: str) -> SessionInfo | None:
        """Return the session that a cookie stands for, with the person's role of today; None when it has ended."""
        at = self._clock.now()
        with self._database.read() as unit:
            found = sessions.find(unit, cookie, at=at)
        if found is None:
            return None
        info, stale = found
        if stale:
            with self._database.unit() as unit:
                sessions.note_seen(unit, info.hash, at=at)
        return info

    def sign_out(self, cookie: str) -> None:
        """End a session; one that has ended is no error."""
        with self._database.unit() as unit:
            sessions.end(unit, cookie)

    def token_actor(self, secret: str) -> Actor | None:
        """Return whom an API token acts for; None when it is unknown, expired, revoked, or the person disabled."""
        at = self._clock.now()
        with self._database.read() as unit:
            found = tokens.find(unit, secret, at=at)
        if found is None:
            return None
        actor, token_id, stale = found
        if stale:
            with self._database.unit() as unit:
                tokens.note_used(unit, token_id, at=at)
        return actor

    def first_administrator(self, *, email: str, name: str, password: str) -> Actor:
        """Create the first person of a new hub, for whoever runs it; doors to the network ask `first_run`.

        Raises:
            Conflict: `hub_has_users`.
        """
        email, name, kept = clean_email(email), clean_name(name), self._passwords.hash(password)
        with self._database.unit() as unit:
            require_nobody_yet(unit)
            at = self._clock.now()
            user = add_user(unit, email=email, name=name, role=Role.ADMINISTRATOR, password_hash=kept, at=at)
            emit(unit, "access.user_created", user.id, actor=SYSTEM.id, body={"role": user.role})
            return Actor(user.id, user.name, Role.ADMINISTRATOR)

    def first_run_code(self) -> str | None:
        """Return the one-time code of a new hub, for whoever runs it; None once somebody is there."""
        with self._database.read() as unit:
            return write_code(unit, self.keyring)

    def first_run(self, code: str, *, email: str, name: str, password: str) -> Actor:
        """Create the first person of a new hub for somebody who comes over the network and holds its one-time code.

        Raises:
            Conflict: `hub_has_users`; the code is worth nothing any more.
            Forbidden: `first_run_code_wrong`; nothing was done.
        """
        with self._database.read() as unit:
            check_code(unit, self.keyring, code)
        return self.first_administrator(email=email, name=name, password=password)

    def has_users(self) -> bool:
        """Tell whether this hub has had its first run."""
        with self._database.read() as unit:
            return somebody_is_here(unit)

    def create_user(self, actor: Actor, *, email: str, name: str, role: Role, password: str) -> UserView:
        """Add a person, with no more power than the actor has.

        Raises:
            Forbidden, Invalid, Conflict: `email_taken`.
        """
        require(actor, Act.MANAGE_USERS)
        require_may_give(actor, role)
        email, name, kept = clean_email(email), clean_name(name), self._passwords.hash(password)
        with self._database.unit() as unit:
            user = add_user(unit, email=email, name=name, role=role, password_hash=kept, at=self._clock.now())
            emit(unit, "access.user_created", user.id, actor=actor.id, body={"role": role.value})
            return _view(user)

    def users(self, actor: Actor) -> list[UserView]:
        """List everybody, in the order in which they came."""
        require(actor, Act.MANAGE_USERS)
        with self._database.read() as unit:
            return [_view(user) for user in unit.scalars(select(User).order_by(User.id))]

    def set_role(self, actor: Actor, user_id: str, role: Role) -> UserView:
        """Change a person's role; it counts from their next request on.

        Raises:
            Forbidden: `more_than_you_have`.
            Conflict: `last_administrator`.
        """
        require(actor, Act.MANAGE_USERS)
        with self._database.unit() as unit:
            administrators = lock_administrators(unit)
            user = get_user(unit, user_id)
            require_may_give(actor, role, Role(user.role))
            if role != Role.ADMINISTRATOR:
                keep_an_administrator(administrators, user)
            before, user.role = user.role, role
            emit(unit, "access.role_changed", user.id, actor=actor.id, body={"from": before, "to": role.value})
            return _view(user)

    def set_password(self, actor: Actor, user_id: str, password: str, *, current: str = "") -> None:
        """Change a password and end that person's sessions. One's own needs the current one.

        Raises:
            NotSignedIn: `wrong_credentials`; `current` is not the current one.
            Forbidden: not one's own and no administrator, or asked for with a token.
        """
        own = actor.id == user_id
        if not own or actor.scopes is not None:
            require(actor, Act.MANAGE_USERS)
        if own and not self._passwords.matches(self._kept_hash(user_id), current):
            raise _wrong()
        kept = self._passwords.hash(password)
        with self._database.unit() as unit:
            user = get_user(unit, user_id)
            if not own or actor.scopes is not None:
                require_may_give(actor, Role(user.role))
            user.password_hash = kept
            sessions.end_all(unit, user.id)
            emit(unit, "access.password_changed", user.id, actor=actor.id)

    def _kept_hash(self, user_id: str) -> str | None:
        with self._database.read() as unit:
            return unit.scalars(select(User.password_hash).where(User.id == user_id)).one_or_none()

    def disable(self, actor: Actor, user_id: str) -> None:
        """Shut a person out at once: sessions and tokens end. What they did stays.

        Raises:
            Forbidden, Conflict: `last_administrator`.
        """
        require(actor, Act.MANAGE_USERS)
        with self._database.unit() as unit:
            administrators = lock_administrators(unit)
            user = get_user(unit, user_id)
            require_may_give(actor, Role(user.role))
            if user.disabled_at is not None:
                return
            keep_an_administrator(administrators, user)
            at = user.disabled_at = self._clock.now()
            sessions.end_all(unit, user.id)
            tokens.revoke_all(unit, user.id, at=at)
            emit(unit, "access.user_disabled", user.id, actor=actor.id)

    def enable(self, actor: Actor, user_id: str) -> None:
        """Let a disabled person sign in again; their tokens stay revoked."""
        require(actor, Act.MANAGE_USERS)
        with self._database.unit() as unit:
            user = get_user(unit, user_id)
            require_may_give(actor, Role(user.role))
            user.disabled_at = None
            emit(unit, "access.user_enabled", user.id, actor=actor.id)

    def issue_token(self, actor: Actor, *, label: str, scopes: Iterable[str], days: int) -> tuple[str, str]:
        """Make an API token for oneself; return its id and its secret, which cannot be shown again.

        Raises:
            Forbidden: `tokens_make_no_tokens`.
            Invalid: unknown scopes, or no expiry.
        """
        if actor.scopes is not None or actor.id == SYSTEM.id:
            raise Forbidden(
                "tokens_make_no_tokens",
                "Only a signed-in person can make a token.",
                next_step="Sign in on the web page and make it there.",
            )
        with self._database.unit() as unit:
            token_id, secret = tokens.issue(unit, actor.id, label=label, scopes=scopes, days=days, at=self._clock.now())
            emit(unit, "access.token_issued", actor.id, actor=actor.id, body={"token_id": token_id})
            return token_id, secret

    def revoke_token(self, actor: Actor, token_id: str) -> None:
        """End a token at once: one's own, or anybody's for an administrator.

        Raises:
            NotFound: `no_such_token`.
        """
        with self._database.unit() as unit:
            token = unit.get(ApiToken, token_id)
            if token is None or not (token.user_id == actor.id or allowed(actor, Act.MANAGE_USERS)):
                raise NotFound("no_such_token", "There is no such token.", next_step="Load the list of tokens again.")
            if token.revoked_at is None:
                token.revoked_at = self._clock.now()
                emit(unit, "access.token_revoked", token.user_id, actor=actor.id, body={"token_id": token.id})

    def list_tokens(self, actor: Actor, *, user_id: str | None = None) -> list[TokenView]:
        """List one's own tokens, or somebody's for an administrator; newest first, ended ones too."""
        whose = user_id or actor.id
        if whose != actor.id:
            require(actor, Act.MANAGE_USERS)
        with self._database.read() as unit:
            found = unit.scalars(select(ApiToken).where(ApiToken.user_id == whose).order_by(ApiToken.id.desc()))
            return [tokens.view(token) for token in found]


def _view(user: User) -> UserView:
    return UserView(
        user.id, user.email, user.name, Role(user.role), user.disabled_at is not None, user.created_at
    )  # fmt: skip


def _wrong() -> NotSignedIn:
    return NotSignedIn(
        "wrong_credentials",
        "The e-mail address or the password is wrong.",
        next_step="Try again, or ask an administrator for a new password.",
    )
