"""Signs single requests, as object stores want it (AWS Signature Version 4), with botocore's own signer.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

# botocore ships no types; what it returns is made text at once.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

HASH = "x-amz-content-sha256"
UNSIGNED = "UNSIGNED-PAYLOAD"
REGION = "us-east-1"


class _Stated(S3SigV4Auth):
    """Takes the body's hash from the request: bytes that are streamed cannot be hashed here."""

    def payload(self, request: Any) -> str:
        return str(request.context.get(HASH, UNSIGNED))


def sign(secrets: Mapping[str, str], method: str, url: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that sign this request: the protocol's own headers are part of what is signed."""
    lower = {name.lower(): value for name, value in headers.items()}
    own = {name: value for name, value in lower.items() if name.startswith("x-amz-") and name != HASH}
    request = AWSRequest(method=method, url=url, headers=own)
    request.context[HASH] = lower.get(HASH, UNSIGNED)
    _Stated(_credentials(secrets), "s3", secrets.get("region") or REGION).add_auth(request)
    wanted = ("Authorization", "X-Amz-Date", "X-Amz-Content-SHA256", "X-Amz-Security-Token")
    return {name: str(request.headers[name]) for name in wanted if name in request.headers}


def presign(secrets: Mapping[str, str], url: str, seconds: int) -> str:
    """Return the address with a signature in its query, good for so long: what it lets be read, and nothing else."""
    request = AWSRequest(method="GET", url=url)
    signer = S3SigV4QueryAuth(_credentials(secrets), "s3", secrets.get("region") or REGION, expires=seconds)
    signer.add_auth(request)
    return str(request.url)


def _credentials(secrets: Mapping[str, str]) -> Credentials:
    return Credentials(secrets["access_key"], secrets["secret_key"], secrets.get("session_token") or None)
