"""Signing and verifying as the Standard Webhooks specification says, around the `standardwebhooks` package.

The package raises ValueError, binascii.Error and UnicodeDecodeError for hostile input, reads the wall clock and signs a
wrong time for anything but UTC. Here every doubt ends in SignatureError, the caller brings the time, and several
secrets can be valid at once, so that a secret can be replaced without a gap.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets as randomness
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook

from webhooks.errors import SignatureError

PREFIX = "whsec_"
TOLERANCE_S = 5 * 60
SECRET_BYTES = range(24, 65)
MOST_SIGNATURES = 16
# The id and the time are joined by dots when signed: a dot in an id would let one message pass for another.
_ID = re.compile(r"[A-Za-z0-9_-]{1,256}")
_TIME = re.compile(r"[0-9]{1,11}")


def new_secret() -> str:
    """Return a fresh signing secret."""
    return PREFIX + base64.b64encode(randomness.token_bytes(32)).decode()


def sign(secrets: Sequence[str], *, message_id: str, now_s: int, body: bytes) -> dict[str, str]:
    """Return the three headers for a message, signed with every secret, in their order.

    Raises:
        SignatureError: an id, body or secret that the specification does not allow.
    """
    if not _ID.fullmatch(message_id):
        raise SignatureError("a message id has letters, digits, dashes and underscores only")
    if not secrets:
        raise SignatureError("no secret to sign with")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(now_s),
        "webhook-signature": " ".join(_signature(secret, message_id, now_s, body) for secret in secrets),
    }


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, *, now_s: int) -> str:
    """Check a message against every valid secret, in constant time; return its id.

    Raises:
        SignatureError: in every case of doubt.
    """
    found = {name.lower(): value for name, value in headers.items()}
    message_id, time, given = (found.get(f"webhook-{part}", "") for part in ("id", "timestamp", "signature"))
    if not _ID.fullmatch(message_id) or not _TIME.fullmatch(time):
        raise SignatureError("the id or the time of this message is missing or malformed")
    if abs(now_s - int(time)) > TOLERANCE_S:
        raise SignatureError("the time of this message is too far from now")
    candidates = [each.encode("utf-8", "surrogatepass") for each in given.split(" ")[:MOST_SIGNATURES]]
    expected = [_signature(secret, message_id, int(time), body).encode() for secret in secrets]
    matches = [hmac.compare_digest(one, other) for one in expected for other in candidates]
    if not any(matches):
        raise SignatureError("no signature of this message fits")
    return message_id


def _signature(secret: str, message_id: str, at_s: int, body: bytes) -> str:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX).encode("ascii"), validate=True)
        if len(key) not in SECRET_BYTES:
            raise SignatureError("a signing secret has 24 to 64 bytes")
        return Webhook(key).sign(message_id, datetime.fromtimestamp(at_s, tz=UTC), body.decode("utf-8"))
    except (ValueError, OverflowError, OSError, binascii.Error) as malformed:
        raise SignatureError("a secret, time or body is malformed") from malformed
