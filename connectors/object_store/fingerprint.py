"""What the headers of an object say of its bytes: whose they are, and which."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from connectors.object_store.types import CHECKSUM, KEY_META, PARTS_META, SHA256_META
from connectors.sdk.types import Outgoing


def holds(headers: Mapping[str, str], outgoing: Outgoing) -> bool:
    """Tell whether these very bytes stand there, put by a hub."""
    sha256, size = sha256_of(headers), headers.get("content-length", "")
    same = sha256 == outgoing.sha256 if sha256 else size == str(outgoing.size)
    return same and key_of(headers) == outgoing.content_key


def key_of(headers: Mapping[str, str]) -> str:
    """Return our name of the bytes; empty of those that others put there, whatever is said of them."""
    told, parts = headers.get(CHECKSUM, ""), headers.get(PARTS_META, "")
    return "" if parts and told and told != parts else headers.get(KEY_META, "")


def sha256_of(headers: Mapping[str, str]) -> str | None:
    """Return the hash of all bytes: as the store tells it, or as it was said of parts that it tells to be these."""
    told = headers.get(CHECKSUM, "")
    return headers.get(SHA256_META) if told and told == headers.get(PARTS_META) else _digest(told)


def _digest(text: str) -> str | None:
    """Return a checksum as hexadecimal; None where the store tells none, or that of parts."""
    try:
        return base64.b64decode(text, validate=True).hex() or None
    except binascii.Error:
        return None
