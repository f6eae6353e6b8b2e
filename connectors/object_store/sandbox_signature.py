"""Checks request signatures (AWS Signature Version 4) by the manual, with no code of the signer's.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, unquote

from werkzeug.wrappers import Request

_FORM = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})"
)
UNSIGNED = "UNSIGNED-PAYLOAD"


def wrong(request: Request, raw_path: str, secrets: Mapping[str, str]) -> str:
    """Return the code with which a store refuses this request's signature; empty: it is right."""
    form = _FORM.fullmatch(request.headers.get("Authorization", ""))
    if form is None:
        return "AccessDenied"
    key, day, region, names, signature = form.groups()
    if key != secrets["access_key"]:
        return "InvalidAccessKeyId"
    signed = names.split(";")
    must = {"host", *(name.lower() for name in dict(request.headers) if name.lower().startswith("x-amz-"))}
    if not must <= set(signed):
        return "AccessDenied"
    scope = f"{day}/{region}/s3/aws4_request"
    canonical = "\n".join(
        (request.method, quote(unquote(raw_path), safe="/-_.~"), _query(request), *_headers(request, signed), "", names,
         request.headers.get("x-amz-content-sha256", UNSIGNED))
    )  # fmt: skip
    stated = "\n".join(
        (
            "AWS4-HMAC-SHA256",
            request.headers.get("x-amz-date", ""),
            scope,
            _hash(canonical),
        )
    )
    made = _key(secrets["secret_key"], day, region)
    expected = hmac.new(made, stated.encode(), hashlib.sha256).hexdigest()
    return "" if hmac.compare_digest(expected, signature) else "SignatureDoesNotMatch"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _query(request: Request) -> str:
    pairs = parse_qsl(request.query_string.decode(), keep_blank_values=True)
    return "&".join(sorted(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs))


def _headers(request: Request, names: list[str]) -> list[str]:
    return [f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in names]


def _key(secret: str, day: str, region: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
