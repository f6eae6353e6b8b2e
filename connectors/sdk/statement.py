"""Signed statements that stand for a person's yes: JSON Web Tokens for a token endpoint (RFC 7523), signed by RSA.

`Auth.assertion` of a connector calls `sign_statement`; the hub sends what it returns and keeps the token that it gets.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from connectors.sdk.errors import Misconfigured
from connectors.sdk.types import JsonValue

LIFE_S = 3600
LEAST_BITS = 2048


def sign_statement(
    private_key: str,
    *,
    issuer: str,
    audience: str,
    now_s: int,
    key_id: str = "",
    more: Mapping[str, JsonValue] | None = None,
) -> str:
    """Return a statement signed with RS256 (RFC 7518, 3.3) that ends in an hour.

    Args:
        private_key: an RSA key in PEM.
        issuer: who says so.
        audience: the token endpoint that it is meant for.
        now_s: the present, in seconds.
        key_id: which of the issuer's keys signs, where it has several.
        more: further claims, such as `scope` or `sub`; those that are empty are left out.

    Raises:
        Misconfigured: the key cannot be used.
    """
    head = {"alg": "RS256", "typ": "JWT", **({"kid": key_id} if key_id else {})}
    claims = {name: value for name, value in (more or {}).items() if value not in (None, "")}
    claims |= {"iss": issuer, "aud": audience, "iat": now_s, "exp": now_s + LIFE_S}
    stated = f"{_encoded(head)}.{_encoded(claims)}"
    signature = _key(private_key).sign(stated.encode(), PKCS1v15(), SHA256())
    return f"{stated}.{_base64url(signature)}"


def _key(pem: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey) or key.key_size < LEAST_BITS:
        raise Misconfigured("The private key cannot be used. Paste the whole key once more, as it was downloaded.")
    return key


def _encoded(value: Mapping[str, JsonValue]) -> str:
    return _base64url(json.dumps(dict(value), separators=(",", ":")).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
