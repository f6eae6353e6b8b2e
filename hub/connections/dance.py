"""A sign-in at a vendor that has begun: bound to one session and one person, good for one use and ten minutes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import CursorResult, delete, update

from connectors.sdk.oauth import new_state, new_verifier
from hub.access.keyring import Keyring
from hub.clock import MINUTE
from hub.connections.models import OAuthDance
from hub.errors import Invalid

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

TIME_MS = 10 * MINUTE


@dataclass(frozen=True, slots=True)
class Dance:
    """What is remembered between the way out and the way back."""

    connector: str
    auth: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)
    verifier: str = field(repr=False)
    connection_id: str = ""  # the connection that it renews; empty: it makes a new one
    ends: tuple[int | None, int | None] | None = None  # of what was granted, where only a person's choice is awaited
    lacking: str = ""  # what was not allowed, in that case
    scopes: tuple[str, ...] = ()  # and what was


@dataclass(frozen=True, slots=True)
class Dancer:
    """Who dances: the person and the browser session."""

    user_id: str
    session_hash: str = field(repr=False)


def begin(
    session: Session,
    keyring: Keyring,
    dancer: Dancer,
    *,
    connector: str,
    auth: str,
    settings: Mapping[str, Any],
    secrets: Mapping[str, str],
    now: int,
    connection_id: str = "",
    ends: tuple[int | None, int | None] | None = None,
    scopes: tuple[str, ...] = (),
    lacking: str = "",
) -> tuple[str, Dance]:
    """Remember a sign-in; return its state value, of which only the hash is kept, and the dance."""
    state = new_state()
    dance = Dance(connector, auth, settings, secrets, new_verifier(), connection_id, ends, lacking, scopes)
    kept = {"auth": auth, "settings": dict(settings), "secrets": dict(secrets), "verifier": dance.verifier,
            "connection_id": connection_id, "ends": ends, "scopes": scopes, "lacking": lacking}  # fmt: skip
    session.execute(delete(OAuthDance).where(OAuthDance.expires_at <= now))
    session.add(
        OAuthDance(
            state_hash=_hash(state), session_hash=dancer.session_hash, user_id=dancer.user_id, connector=connector,
            sealed=keyring.seal(json.dumps(kept), purpose=_purpose(state)), expires_at=now + TIME_MS, used_at=None,
        )
    )  # fmt: skip
    return state, dance


def take(
    session: Session, keyring: Keyring, dancer: Dancer, state: str, *, now: int, granted: bool = False
) -> Dance:  # fmt: skip
    """Use a state value up, for the session and person that began, and for nobody else; `granted` says which kind.

    Raises:
        Invalid: `oauth_state_invalid`; unknown, somebody else's, used or too old: all look the same.
    """
    row = session.get(OAuthDance, _hash(state))
    if row is None or row.session_hash != dancer.session_hash or row.user_id != dancer.user_id:
        raise _invalid()
    unused = update(OAuthDance).where(
        OAuthDance.state_hash == row.state_hash, OAuthDance.used_at.is_(None), OAuthDance.expires_at > now
    )
    result = session.execute(unused.values(used_at=now))
    if not isinstance(result, CursorResult) or result.rowcount != 1:
        raise _invalid()
    kept: dict[str, Any] = json.loads(keyring.open(row.sealed, purpose=_purpose(state)))
    ends = kept.get("ends")
    if granted != (ends is not None):
        raise _invalid()
    return Dance(row.connector, kept["auth"], kept["settings"], kept["secrets"], kept["verifier"],
                 kept.get("connection_id", ""), (ends[0], ends[1]) if ends else None,
                 kept.get("lacking", ""), tuple(kept.get("scopes", ())))  # fmt: skip


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()


def _purpose(state: str) -> str:
    return f"oauth/{_hash(state)}"


def _invalid() -> Invalid:
    return Invalid(
        "oauth_state_invalid",
        "This sign-in was not begun here, was used already, or took longer than ten minutes.",
        next_step="Start connecting again from the connections page, in this browser.",
    )
