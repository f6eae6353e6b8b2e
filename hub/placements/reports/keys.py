"""The keys that an installation signs its reports with. Functions here receive the session.

A key belongs to one installation for good. A copy of the hub that became a hub of its own has another id, makes its
own key at its first report, and cannot sign with the original's: those are never looked up under its name, and their
private parts are forgotten when it is declared a copy. A hub that only observes signs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.db.models import Installation, Mode
from hub.errors import Conflict, Unavailable
from hub.events.log import emit
from hub.placements.models import EvidenceKey
from hub.placements.reports.signing import from_text, jwk, thumbprint, to_text
from hub.placements.reports.times import iso, iso_or_none

PURPOSE: Final = "evidence-key"


class Sealer(Protocol):
    """Seals secrets. `hub.access.keyring.Keyring` is the real one."""

    def seal(self, text: str, *, purpose: str) -> str:
        """Encrypt; the result tolerates no change."""
        ...

    def open(self, sealed: str, *, purpose: str) -> str:
        """Decrypt what was sealed for the same purpose; raises Unavailable when the key is gone."""
        ...


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key, ready to sign."""

    id: str
    private: Ed25519PrivateKey


def lock_installation(session: Session) -> Installation:
    """Return this installation, locked: whoever signs or changes keys does so one after the other.

    Raises:
        Conflict: `never_woken`; `observing_signs_nothing`: it may be a copy of another hub.
    """
    found = session.scalar(select(Installation).with_for_update())
    if found is None:
        raise Conflict("never_woken", "This database was never used by a hub.",
                       next_step="Start the hub with `damhub serve`.")  # fmt: skip
    if found.mode != Mode.NORMAL:
        raise Conflict(
            "observing_signs_nothing",
            "This hub only observes: it may be a copy of another one, so it signs nothing in that one's name.",
            where=found.id, next_step="Say which it is: `damhub adopt` (the hub) or `damhub declare-copy`.",
        )  # fmt: skip
    return found


def signing_key(session: Session, installation: Installation, sealer: Sealer, *, at: int) -> SigningKey:
    """Return the current key of an installation; make the first one when there is none.

    Raises:
        Unavailable: `evidence_key_unreadable`; the master key that sealed it is not there any more.
    """
    mine = EvidenceKey.installation_id == installation.id
    row = session.scalar(select(EvidenceKey).where(mine, EvidenceKey.retired_at.is_(None)))
    if row is None:
        row = _make(session, installation, sealer, at=at)
    try:
        raw = from_text(sealer.open(row.sealed, purpose=PURPOSE), 32)
    except Unavailable as error:
        raise Unavailable(
            "evidence_key_unreadable", "The key that reports are signed with cannot be opened by this hub.",
            where=row.id,
            next_step="Put the missing file back into the keys folder, or make a new key: damhub evidence rotate-key.",
        ) from error  # fmt: skip
    return SigningKey(row.id, Ed25519PrivateKey.from_private_bytes(raw))


def rotate(session: Session, installation: Installation, sealer: Sealer, *, by: str, at: int) -> EvidenceKey:
    """Retire the current key, forget its private part, and make a new one. What it signed can be checked for good."""
    mine = EvidenceKey.installation_id == installation.id
    for row in session.scalars(select(EvidenceKey).where(mine, EvidenceKey.retired_at.is_(None))):
        row.retired_at, row.sealed = at, ""
    made = _make(session, installation, sealer, at=at)
    emit(session, "evidence.key_rotated", made.id, actor=by, body={"installation_id": installation.id})
    return made


def forget_private_parts(session: Session) -> None:
    """Forget what could sign as the original: this database is a copy's from now on."""
    session.execute(update(EvidenceKey).values(sealed=""))


def keys_of(session: Session) -> list[EvidenceKey]:
    """Return every key that this installation ever signed with, the newest first."""
    installation = session.scalar(select(Installation.id))
    query = select(EvidenceKey).where(EvidenceKey.installation_id == installation)
    return list(session.scalars(query.order_by(EvidenceKey.created_at.desc(), EvidenceKey.id)))


def published(keys: Iterable[EvidenceKey]) -> dict[str, Any]:
    """Return public keys as a JWK set (RFC 7517), each with its installation and its time."""
    return {
        "keys": [
            {
                **jwk(from_text(key.public_key, 32)), "kid": key.id, "use": "sig", "alg": "EdDSA",
                "damhub_installation": key.installation_id, "damhub_made_at": iso(key.created_at),
                "damhub_retired_at": iso_or_none(key.retired_at),
            }
            for key in keys
        ]
    }  # fmt: skip


def _make(session: Session, installation: Installation, sealer: Sealer, *, at: int) -> EvidenceKey:
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    row = EvidenceKey(
        id=thumbprint(public), installation_id=installation.id, public_key=to_text(public),
        sealed=sealer.seal(to_text(private.private_bytes_raw()), purpose=PURPOSE), created_at=at, retired_at=None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row
