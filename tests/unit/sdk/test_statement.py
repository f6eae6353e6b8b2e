"""Signed statements, checked by another library than the one that signs them, and taken by a token endpoint."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import RSAKey

from connectors.sdk.errors import Misconfigured
from connectors.sdk.statement import LIFE_S, sign_statement

PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
TOKEN_URL = "https://sign-in.example/token"


def pem(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public(key):
    return RSAKey.import_key(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def signed(**more):
    return sign_statement(pem(PRIVATE), issuer="robot@example", audience=TOKEN_URL, now_s=1_000, **more)


def test_another_library_reads_what_was_signed():
    token = jwt.decode(signed(key_id="k1", more={"scope": "drive", "sub": ""}), public(PRIVATE), algorithms=["RS256"])
    assert token.header == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    expected = {"iss": "robot@example", "aud": TOKEN_URL, "iat": 1_000, "exp": 1_000 + LIFE_S, "scope": "drive"}
    assert token.claims == expected


def test_nobody_elses_key_fits():
    with pytest.raises(BadSignatureError):
        jwt.decode(signed(), public(OTHER), algorithms=["RS256"])


def test_further_claims_never_change_who_speaks_to_whom():
    claims = jwt.decode(signed(more={"iss": "mallory", "exp": 9}), public(PRIVATE), algorithms=["RS256"]).claims
    assert (claims["iss"], claims["exp"]) == ("robot@example", 1_000 + LIFE_S)


@pytest.mark.parametrize(
    "key",
    [
        "", "no key", json.dumps({"a": 1}), pem(ec.generate_private_key(ec.SECP256R1())),
        pem(PRIVATE).replace("A", "B"), pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)),
    ],
    ids=["empty", "text", "json", "another kind", "damaged", "short"],
)  # fmt: skip
def test_a_key_that_cannot_be_used_is_for_a_person_and_is_not_told(key):
    with pytest.raises(Misconfigured) as refused:
        sign_statement(key, issuer="x", audience="y", now_s=1)
    assert not key or key not in f"{refused.value} {refused.value.detail} {refused.value.__cause__}"
