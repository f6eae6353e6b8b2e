"""Tokens of signed delivery links: every parameter is under the signature."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from hub.errors import NotFound

if TYPE_CHECKING:
    from hub.access.keyring import Keyring

PURPOSE = "delivery-link"
LONGEST = 1024


@dataclass(frozen=True, slots=True)
class LinkClaims:
    """What a signed link stands for."""

    id: str
    asset_id: str
    version_id: str
    preset: str
    expires_at: int


def write_token(claims: LinkClaims, keyring: Keyring) -> str:
    """Return the token for a link."""
    body = json.dumps(asdict(claims), sort_keys=True, separators=(",", ":")).encode()
    return f"{_encode(body)}.{keyring.sign(body, purpose=PURPOSE)}"


def read_token(token: str, keyring: Keyring) -> LinkClaims:
    """Return what a token stands for; NotFound for anything that this hub did not sign."""
    body, _, signature = token[:LONGEST].partition(".")
    try:
        raw = _decode(body)
        if not keyring.verify(raw, signature, purpose=PURPOSE):
            raise dead_link()
        return LinkClaims(**json.loads(raw))
    except (ValueError, TypeError, binascii.Error) as error:
        raise dead_link() from error


def dead_link() -> NotFound:
    """Return the one answer for links that are forged, expired, revoked, or whose asset may not be shown."""
    return NotFound("no_such_link", "This link leads nowhere, or not any more.", next_step="Ask for a new link.")


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
