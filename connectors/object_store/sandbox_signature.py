"""Checks request signatures (AWS Signature Version 4) by the manual, with no code of the signer's.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote

from werkzeug.wrappers import Request

_FORM = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})"
)
UNSIGNED = "UNSIGNED-PAYLOAD"


LONGEST_S = 604_800
"""A signed address is good for a week at most."""


def wrong(request: Request, raw_path: str, secrets: Mapping[str, str], now: datetime) -> str:
    """Return the code with which a store refuses this request's signature; empty: it is right."""
    if "X-Amz-Signature" in request.args:
        return _wrong_address(request, raw_path, secrets, now)
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
        (request.method, _path(raw_path), _query(request), *_headers(request, signed), "", names,
         request.headers.get("x-amz-content-sha256", UNSIGNED))
    )  # fmt: skip
    if request.headers.get("x-amz-security-token", "") != secrets.get("session_token", ""):
        return "InvalidToken"
    expected = _expected(canonical, request.headers.get("x-amz-date", ""), scope, secrets)
    return "" if hmac.compare_digest(expected, signature) else "SignatureDoesNotMatch"


def _wrong_address(request: Request, raw_path: str, secrets: Mapping[str, str], now: datetime) -> str:
    """Check a signature that stands in the address."""
    key, _, scope = request.args.get("X-Amz-Credential", "").partition("/")
    names, at = request.args.get("X-Amz-SignedHeaders", ""), request.args.get("X-Amz-Date", "")
    if key != secrets["access_key"]:
        return "InvalidAccessKeyId"
    if request.args.get("X-Amz-Algorithm") != "AWS4-HMAC-SHA256" or "host" not in names.split(";"):
        return "AccessDenied"
    lasts = request.args.get("X-Amz-Expires", 0, int)
    began = datetime.strptime(at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if not 0 < lasts <= LONGEST_S or now >= began + timedelta(seconds=lasts):
        return "AccessDenied"
    canonical = "\n".join(
        (request.method, _path(raw_path), _query(request), *_headers(request, names.split(";")), "", names, UNSIGNED)
    )
    right = hmac.compare_digest(_expected(canonical, at, scope, secrets), request.args["X-Amz-Signature"])
    return "" if right else "SignatureDoesNotMatch"


def _path(raw_path: str) -> str:
    return quote(unquote(raw_path), safe="/-_.~")


def _expected(canonical: str, at: str, scope: str, secrets: Mapping[str, str]) -> str:
    stated = "\n".join(("AWS4-HMAC-SHA256", at, scope, _hash(canonical)))
    day, region, *_ = scope.split("/")
    return hmac.new(_key(secrets["secret_key"], day, region), stated.encode(), hashlib.sha256).hexdigest()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _query(request: Request) -> str:
    sent = parse_qsl(request.query_string.decode(), keep_blank_values=True)
    pairs = [(name, value) for name, value in sent if name != "X-Amz-Signature"]
    return "&".join(sorted(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs))


def _headers(request: Request, names: list[str]) -> list[str]:
    return [f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in names]


def _key(secret: str, day: str, region: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
