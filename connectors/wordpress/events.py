"""Messages of the companion plugin `damhub-helper` (in `companion/`): an item was added, changed or deleted.

X-Damhub-Delivery: <id>            the same for a repeated delivery
X-Damhub-Timestamp: <seconds>
X-Damhub-Signature: <hexadecimal HMAC-SHA256 over "<id>.<seconds>.<body>" with the shared secret>

{"event": "attachment.updated", "id": 12, "library": "library", "ours": false}
"""

from __future__ import annotations

import hashlib
import hmac
import json

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
    signature = _signature(secret, delivery_key, str(at), body)
    kind = {"content-type": "application/json"}
    return {**kind, DELIVERY: delivery_key, TIMESTAMP: str(at), SIGNATURE: signature}


def _signature(secret: str, delivery_key: str, at: str, body: bytes) -> str:
    message = f"{delivery_key}.{at}.".encode() + body
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
