"""The made-up Drive's service account: its key file, and a token endpoint that takes what the key signs."""

from __future__ import annotations

import base64
import json
from functools import cached_property
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask

from connectors.testing.authorization_server import AuthorizationServer

EMAIL = "robot@sandbox-5ca1ab1e.iam.example"
AUDIENCE = "https://oauth2.googleapis.com/token"


class Robot:
    """One service account, which gets the one token that the sandbox knows. Its key is made when it is asked for."""

    def __init__(self, token: str) -> None:
        self._server = AuthorizationServer()
        self._server.gives = token
        self._server.checks_assertion = self._checked

    @property
    def app(self) -> Flask:
        """Return the token endpoint, at /token."""
        return self._server.app

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def key_file(self) -> str:
        """Return what a person would have downloaded."""
        pem = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return json.dumps({
            "type": "service_account", "project_id": "sandbox-5ca1ab1e", "private_key_id": "k1", "private_key": pem,
            "client_email": EMAIL, "token_uri": AUDIENCE,
        })  # fmt: skip

    def _checked(self, statement: str) -> str:
        """Return who made a statement; nobody where this key did not sign it, or not for Google."""
        told, _, signature = statement.rpartition(".")
        try:
            self._key.public_key().verify(_bytes(signature), told.encode(), PKCS1v15(), SHA256())
            claims: dict[str, Any] = json.loads(_bytes(told.partition(".")[2]))
        except (InvalidSignature, ValueError):
            return ""
        return str(claims["iss"]) if claims.get("aud") == AUDIENCE and claims.get("scope") else ""


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
