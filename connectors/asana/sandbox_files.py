"""Uploaded files of the made-up Asana, and the storage that hands them out, as S3 does with addresses that end."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from flask import Response, request

from connectors.testing.app import App

PREFIX = "/asana-user-private-us-east-1/"
LASTS_S = 120
KEY = b"5eed0ff1ceba11ad"
KINDS = {"jpg": "image/jpeg", "png": "image/png", "tif": "image/tiff", "txt": "text/plain"}


class Files:
    """Keeps bytes by their hash. The storage knows no accounts: its addresses are signed, and end."""

    def __init__(self) -> None:
        self.clock = time.time
        self.storage = App("storage")
        self.storage.add_url_rule(f"{PREFIX}<digest>/<name>", view_func=self._hand_out)
        self._bytes: dict[str, bytes] = {}

    def keep(self, name: str, data: bytes) -> dict[str, Any]:
        """Keep the bytes of a new file; return the facts of its attachment."""
        digest = hashlib.sha256(data).hexdigest()
        self._bytes[digest] = data
        return {"url": "", "name": name, "kind": "asana", "size": len(data), "sha256": digest}

    def address(self, origin: str, facts: Mapping[str, Any]) -> str | None:
        """Return where a file can be read for the next two minutes; None of what is no file of ours."""
        digest = facts.get("sha256")
        if digest is None:
            return None
        ends = int(self.clock()) + LASTS_S
        kind = KINDS.get(facts["name"].rpartition(".")[2], "application/octet-stream")
        name = quote(facts["name"].replace("/", "_"), safe="")
        return f"{origin}{PREFIX}{digest}/{name}?ends={ends}&type={quote(kind)}&signature={_sign(digest, ends)}"

    def _hand_out(self, digest: str, name: str) -> Response:
        del name
        asked = request.args
        if "Authorization" in request.headers:
            return _refuse(400, "InvalidArgument", "Only one auth mechanism allowed")
        ends = asked.get("ends", 0, int)
        if not hmac.compare_digest(asked.get("signature", ""), _sign(digest, ends)):
            return _refuse(403, "SignatureDoesNotMatch", "The request signature does not match")
        if ends < self.clock():
            return _refuse(403, "AccessDenied", "Request has expired")
        return Response(self._bytes[digest], content_type=asked["type"])


def _sign(digest: str, ends: int) -> str:
    return hmac.new(KEY, f"{digest} {ends}".encode(), hashlib.sha256).hexdigest()


def _refuse(status: int, code: str, message: str) -> Response:
    text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Response(text, status, content_type="application/xml")
