"""Pinboard's webhooks: HMAC-SHA256 over the body, in hexadecimal digits."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from connectors.sdk.types import Hint
from webhooks import SignatureError


class PinboardInbound:
    """Verifies and reads them."""

    def greet(
        self, method: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes] | None:
        """There is no handshake."""
        del method, headers, body

    def verify(self, *, secret: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Check the signature.

        Raises:
            SignatureError: it does not fit.
        """
        del url
        given = {name.lower(): value for name, value in headers.items()}.get("x-pin-signature", "")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), sign(secret, body).encode()):
            raise SignatureError("not signed by Pinboard")

    def read(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Read a delivery."""
        del headers
        event: dict[str, Any] = json.loads(body)
        refs = (str(event["pin"]),) if event["kind"] == "pin.changed" else ()
        cards = (str(event["wall"]),) if event["kind"].startswith("wall.") else ()
        ours = bool(event["by_client"] == "damhub")
        return Hint(str(event["id"]), str(event["kind"]), refs, ours=ours, cards=cards)


def sign(secret: str, body: bytes) -> str:
    """Return the signature that Pinboard sends."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
