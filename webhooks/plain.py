"""Plain HMAC signatures, as Trello (SHA-1, base64) and our WordPress helper (SHA-256, hexadecimal) send them."""

from __future__ import annotations

import base64
import hmac
from typing import Literal

from webhooks.errors import SignatureError

Algorithm = Literal["sha1", "sha256"]
Encoding = Literal["base64", "hex"]


def hmac_of(message: bytes, *, key: str, algorithm: Algorithm = "sha256", encoding: Encoding = "hex") -> str:
    """Return the HMAC of a message as text.

    Raises:
        SignatureError: the key is empty or no text.
    """
    try:
        secret = key.encode("utf-8")
    except UnicodeEncodeError as malformed:
        raise SignatureError("the key is malformed") from malformed
    if not secret:
        raise SignatureError("the key is empty")
    digest = hmac.digest(secret, message, algorithm)
    return digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()


def verify_hmac(
    signature: str | None,
    message: bytes,
    *,
    key: str,
    algorithm: Algorithm = "sha256",
    encoding: Encoding = "hex",
    prefix: str = "",
) -> None:
    """Check a signature over a raw message in constant time; `prefix` is text before it, such as `sha256=`.

    Raises:
        SignatureError: in every case of doubt, a missing signature included.
    """
    expected = prefix + hmac_of(message, key=key, algorithm=algorithm, encoding=encoding)
    if not hmac.compare_digest(expected.encode(), (signature or "").encode("utf-8", "surrogatepass")):
        raise SignatureError("the signature does not fit")
