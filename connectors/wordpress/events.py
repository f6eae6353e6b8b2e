"""Messages of the companion plugin `damhub-helper` (in `companion/`): an item was added, changed or deleted.

X-Damhub-Delivery: <id>            the same for a repeated delivery
X-Damhub-Timestamp: <seconds>
X-Damhub-Signature: <hexadecimal HMAC-SHA256 over "<id>.<seconds>.<body>" with the shared secret>

{"event": "attachment.updated", "id": 12, "library": "library", "ours": false}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from connectors.sdk.types import Hint
from webhooks import SignatureError, hmac_of, verify_hmac

DELIVERY = "x-damhub-delivery"
TIMESTAMP = "x-damhub-timestamp"
SIGNATURE = "x-damhub-signature"
EVENTS = frozenset({"attachment.added", "attachment.updated", "attachment.deleted"})
LONGEST_KEY = 64
LEAST_SECRET = 16


def body(event: str, number: int, library: str, *, ours: bool = False) -> bytes:
    """Write a message's body."""
    return json.dumps({"event": event, "id": number, "library": library, "ours": ours}).encode()


def headers(secret: str, body: bytes, *, delivery_key: str, at: int) -> dict[str, str]:
    """Return the headers of a signed message."""
    signature = hmac_of(_signed(delivery_key, str(at), body), key=secret)
    kind = {"content-type": "application/json"}
    return {**kind, DELIVERY: delivery_key, TIMESTAMP: str(at), SIGNATURE: signature}


def _signed(delivery_key: str, at: str, body: bytes) -> bytes:
    return f"{delivery_key}.{at}.".encode() + body


class HelperEvents:
    """Verifies and reads the plugin's messages."""

    def greet(
        self, method: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes] | None:
        """The plugin sends no handshake."""
        del method, headers, body

    def verify(self, *, secret: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Check the signature; a repeated message is recognised by its key, so its age does not matter."""
        del url
        sent = {name.lower(): value for name, value in headers.items()}
        key, at, signature = (sent.get(name, "") for name in (DELIVERY, TIMESTAMP, SIGNATURE))
        if len(secret) < LEAST_SECRET or not key.isascii() or not 0 < len(key) <= LONGEST_KEY or not at.isdecimal():
            raise SignatureError("the message is not signed as the plugin signs")
        verify_hmac(signature, _signed(key, at, body), key=secret)

    def read(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Read a verified message; what is not known is a hint without refs."""
        key = next((value for name, value in headers.items() if name.lower() == DELIVERY), "")
        said = _parsed(body)
        event, number = str(said.get("event", ""))[:100], said.get("id")
        known = event in EVENTS and isinstance(number, int) and not isinstance(number, bool)
        return Hint(key, event, (str(number),) if known else (), ours=said.get("ours") is True)


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", said) if isinstance(said, dict) else {}
