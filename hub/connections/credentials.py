"""A connection's secrets: sealed for this connection alone, renewed under a lease, replaced by compare-and-set."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import CursorResult, delete, or_, update

from connectors.sdk.manifest import Auth
from connectors.sdk.oauth import Grant
from hub.access.keyring import Keyring
from hub.clock import SECOND
from hub.connections.models import Credential
from hub.errors import Unavailable

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

LEASE_MS = 90 * SECOND
"""Longer than twice a token call's time limit, so that a holder who still lives has always ended its call."""
LEEWAY_MS = 60 * SECOND
"""An access token that ends within this time is renewed before it is used."""
YEAR_2020 = 1_577_836_800
"""Seconds are counted from here, so that a generation fits into four bytes."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """A connection's secrets by name, as the manifest's auth method names them. Never shown."""

    values: Mapping[str, str] = field(repr=False)
    generation: int = 1
    expires_at: int | None = None  # of the access token

    @property
    def refresh_token(self) -> str | None:
        """Return what renews the access token, where there is such a thing."""
        return self.values.get("refresh_token") or None

    def ends_soon(self, now: int) -> bool:
        """Tell whether the access token has ended, or will within the leeway."""
        return self.expires_at is not None and self.expires_at - LEEWAY_MS <= now

    def renewed(self, grant: Grant, now: int) -> Secrets:
        """Return the secrets with what the vendor granted, one generation on."""
        return replace(self, values={**self.values, **tokens(grant)}, expires_at=token_end(grant, now),
                       generation=self.generation + 1)  # fmt: skip


def tokens(grant: Grant) -> dict[str, str]:
    """Return a grant's tokens under the names that auth methods use."""
    return {"access_token": grant.access_token, "refresh_token": grant.refresh_token or ""}


def token_end(grant: Grant, now: int) -> int | None:
    """Return when a grant's access token ends."""
    return None if grant.expires_in_s is None else now + grant.expires_in_s * SECOND


def sign_in_end(auth: Auth, grant: Grant, now: int) -> int | None:
    """Return when a person must sign in again, as far as the vendor told; None: never, or it is not known."""
    if auth.by_machine:
        return None
    if grant.refresh_token:
        return None if grant.refresh_expires_in_s is None else now + grant.refresh_expires_in_s * SECOND
    return token_end(grant, now)


def purpose(connection_id: str) -> str:
    """Return what a connection's secrets are sealed for: they open for no other connection."""
    return f"connection/{connection_id}"


def store(session: Session, keyring: Keyring, connection_id: str, secrets: Secrets) -> None:
    """Keep a new connection's secrets."""
    session.add(
        Credential(
            connection_id=connection_id, sealed=_seal(keyring, connection_id, secrets), key_id=keyring.key_id,
            generation=secrets.generation, lease_owner=None, lease_until=None,
        )
    )  # fmt: skip


def load(session: Session, keyring: Keyring, connection_id: str) -> Secrets | None:
    """Open a connection's secrets; None after it was disconnected."""
    row = session.get(Credential, connection_id)
    if row is None:
        return None
    kept: dict[str, Any] = json.loads(keyring.open(row.sealed, purpose=purpose(connection_id)))
    return Secrets(kept["values"], row.generation, kept["expires_at"])


def legible(session: Session, keyring: Keyring, connection_id: str) -> Secrets | None:
    """Open a connection's secrets; None where there are none, or their key is gone: then they are as good as none."""
    try:
        return load(session, keyring, connection_id)
    except Unavailable:
        return None


def replace_all(session: Session, keyring: Keyring, connection_id: str, values: Mapping[str, str],
                expires_at: int | None, *, now: int) -> None:  # fmt: skip
    """Put new secrets in the place of all that were there; a renewal of the old ones that still runs is too late.

    Where the old ones were deleted, nobody knows their generation any more: this one is counted from the time, in
    seconds, so that it is a later one than any before it.
    """
    row = session.get(Credential, connection_id, with_for_update=True, populate_existing=True)
    if row is None:
        store(session, keyring, connection_id, Secrets(values, max(1, now // SECOND - YEAR_2020), expires_at))
        return
    row.generation += 1
    row.sealed = _seal(keyring, connection_id, Secrets(values, row.generation, expires_at))
    row.key_id, row.lease_owner, row.lease_until = keyring.key_id, None, None


def lease(session: Session, connection_id: str, generation: int, *, owner: str, now: int) -> bool:
    """Take the right to renew this generation; True for exactly one of all that try, until the lease ends."""
    return _changes_one(
        session.execute(
            update(Credential)
            .where(
                Credential.connection_id == connection_id,
                Credential.generation == generation,
                or_(Credential.lease_until.is_(None), Credential.lease_until <= now),
            )
            .values(lease_owner=owner, lease_until=now + LEASE_MS)
        )
    )


def holder(session: Session, connection_id: str) -> str | None:
    """Return who holds the lease, or held it and never gave it back."""
    row = session.get(Credential, connection_id)
    return row.lease_owner if row else None


def release(session: Session, connection_id: str, *, owner: str) -> None:
    """Give the lease back, if it is still ours."""
    session.execute(
        update(Credential)
        .where(Credential.connection_id == connection_id, Credential.lease_owner == owner)
        .values(lease_owner=None, lease_until=None)
    )


def swap(session: Session, keyring: Keyring, connection_id: str, secrets: Secrets) -> bool:
    """Put the next generation in the place of the one before it; False when somebody else was faster.

    The holder of a lost lease may still swap: what it was granted is the only valid token if nobody else was.
    """
    return _changes_one(
        session.execute(
            update(Credential)
            .where(Credential.connection_id == connection_id, Credential.generation == secrets.generation - 1)
            .values(
                sealed=_seal(keyring, connection_id, secrets), key_id=keyring.key_id,
                generation=secrets.generation, lease_owner=None, lease_until=None,
            )
        )
    )  # fmt: skip


def forget(session: Session, connection_id: str) -> None:
    """Delete a connection's secrets for good."""
    session.execute(delete(Credential).where(Credential.connection_id == connection_id))


def _seal(keyring: Keyring, connection_id: str, secrets: Secrets) -> str:
    kept = json.dumps({"values": dict(secrets.values), "expires_at": secrets.expires_at})
    return keyring.seal(kept, purpose=purpose(connection_id))


def _changes_one(result: object) -> bool:
    return isinstance(result, CursorResult) and result.rowcount == 1
