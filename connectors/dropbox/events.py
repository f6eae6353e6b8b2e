"""Dropbox's webhooks: the challenge, the signature, and that something changed, never what.

Manual: https://www.dropbox.com/developers/reference/webhooks
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from pydantic import BaseModel, ValidationError

from connectors.sdk.types import Hint
from webhooks import SignatureError

SIGNATURE = "x-dropbox-signature"
LONGEST_CHALLENGE = 1000


class _Accounts(BaseModel):
    accounts: list[str] = []


class _Body(BaseModel):
    list_folder: _Accounts


class DropboxInbound:
    """Verifies and reads what Dropbox sends."""

    def challenge(self, query: Mapping[str, str], *, secret: str) -> tuple[int, Mapping[str, str], bytes] | None:
        """Say the word back that Dropbox sends when the address is entered there; it carries no signature."""
        del secret
        word = query.get("challenge", "")
        if not word or len(word) > LONGEST_CHALLENGE:
            return None
        return 200, {"Content-Type": "text/plain", "X-Content-Type-Options": "nosniff"}, word.encode()

    def greet(
        self, method: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes] | None:
        """Deliveries bring no handshake."""
        del method, headers, body

    def verify(self, *, secret: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Check HMAC-SHA256 over the body, in hexadecimal digits; the secret is the app's.

        Raises:
            SignatureError: it does not fit, or is no signature at all.
        """
        del url
        given = {name.lower(): value for name, value in headers.items()}.get(SIGNATURE, "")
        if not secret or not hmac.compare_digest(given.encode("utf-8", "replace"), sign(secret, body).encode()):
            raise SignatureError("the delivery is not signed by Dropbox")

    def read(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Read a verified delivery. It names accounts and has no id: one may come many times, for other changes."""
        del headers
        key = f"body:{hashlib.sha256(body).hexdigest()}"
        try:
            accounts = _Body.model_validate_json(body).list_folder.accounts
        except ValidationError:
            return Hint(key, "unknown")
        return Hint(key, "list_folder", extra={"accounts": [*accounts]})


def sign(secret: str, body: bytes) -> str:
    """Return the signature that Dropbox sends."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
