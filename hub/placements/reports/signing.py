"""Sign a document so that anybody can check it for good: canonical JSON (RFC 8785) under Ed25519 (RFC 8032).

A signed document is one JSON object in canonical form, and these bytes are the file:

    {"document": {...}, "signature": {"algorithm", "key_id", "public_key", "sha256", "value"}}

The signature covers the canonical form of `document`. A key is named by its thumbprint (RFC 7638), so no key can be
passed off under another's name. A file that is not byte for byte in canonical form is refused, whatever it says.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import Any, Final, Literal, cast

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, ValidationError

ALGORITHM: Final = "Ed25519"
PUBLIC_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
DEEPEST: Final = 64
"""How many objects and lists stand in each other at most; a report has six."""


class AlteredError(Exception):
    """What was read is no signed document, or not the one that was signed. The message says which part is wrong."""


class Signature(BaseModel):
    """Who signed what."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    algorithm: Literal["Ed25519"]
    key_id: str
    """The thumbprint of the public key."""
    public_key: str
    sha256: str
    """Of the canonical document, in hexadecimal: the number by which people call the document."""
    value: str


class Signed(BaseModel):
    """A document with its signature."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    document: dict[str, Any]
    signature: Signature

    def to_bytes(self) -> bytes:
        """Return the file."""
        return canonical(self.model_dump(mode="json"))


def canonical(value: dict[str, Any]) -> bytes:
    """Return the one form of a JSON object that is signed.

    Raises:
        AlteredError: it holds something that has no canonical form, such as half a character or a huge number.
    """
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise AlteredError(f"It has no canonical form: {error}.") from error


def sign(document: dict[str, Any], private: Ed25519PrivateKey) -> Signed:
    """Return the document with its signature."""
    body = canonical(document)
    public = private.public_key().public_bytes_raw()
    signature = Signature(
        algorithm=ALGORITHM, key_id=thumbprint(public), public_key=to_text(public),
        sha256=hashlib.sha256(body).hexdigest(), value=to_text(private.sign(body)),
    )  # fmt: skip
    return Signed(document=document, signature=signature)


def read(data: bytes) -> Signed:
    """Return the document that a file holds, after checking that its signature is true to the key it names.

    Whose key that is must be asked of a list of keys.

    Raises:
        AlteredError: no byte of it may be trusted.
    """
    signed = _parsed(data)
    if signed.to_bytes() != data:
        raise AlteredError("The file is not byte for byte as the hub wrote it.")
    public = from_text(signed.signature.public_key, PUBLIC_BYTES)
    if thumbprint(public) != signed.signature.key_id:
        raise AlteredError("The public key in it is not the one that it names.")
    body = canonical(signed.document)
    if hashlib.sha256(body).hexdigest() != signed.signature.sha256:
        raise AlteredError("The document is not the one whose SHA-256 was signed.")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(from_text(signed.signature.value, SIGNATURE_BYTES), body)
    except InvalidSignature as error:
        raise AlteredError("The signature does not fit the document.") from error
    return signed


def thumbprint(public: bytes) -> str:
    """Return the name of a public key: the thumbprint of its JWK (RFC 7638)."""
    return to_text(hashlib.sha256(canonical(jwk(public))).digest())


def jwk(public: bytes) -> dict[str, Any]:
    """Return a public key as the world writes it (RFC 8037)."""
    return {"kty": "OKP", "crv": ALGORITHM, "x": to_text(public)}


def to_text(raw: bytes) -> str:
    """Write bytes as base64 for addresses, without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def from_text(text: str, length: int) -> bytes:
    """Read bytes that were written so; no other spelling of the same bytes is taken.

    Raises:
        AlteredError: it is something else, or of another length.
    """
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise AlteredError("A key or signature in it is not written as it must be.") from error
    if len(raw) != length or to_text(raw) != text:
        raise AlteredError("A key or signature in it is not written as it must be.")
    return raw


def _parsed(data: bytes) -> Signed:
    try:
        found = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise AlteredError("It is no JSON, so it is not the file that the hub wrote.") from error
    if not isinstance(found, dict) or _depth(cast("dict[str, Any]", found)) > DEEPEST:
        raise AlteredError("It is no signed document.")
    try:
        return Signed.model_validate(found)
    except ValidationError as error:
        raise AlteredError("It is no signed document, or a part of it is missing.") from error


def _depth(value: object) -> int:
    """Return how deep a value goes, without recursion of our own."""
    deepest, front = 0, [value]
    while front:
        deepest += 1
        inner: list[object] = []
        for each in front:
            if isinstance(each, dict):
                inner.extend(cast("dict[str, object]", each).values())
            elif isinstance(each, list):
                inner.extend(cast("list[object]", each))
        front = inner
    return deepest
