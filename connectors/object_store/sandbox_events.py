"""Records of events as a MinIO posts them, written by the makers' documents with no code of the connector's.

https://github.com/minio/minio/blob/master/internal/event/event.go
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

from __future__ import annotations

import json
import secrets
from urllib.parse import quote_plus

from connectors.testing.hooks import Delivery

CALLBACK = "https://hub.example/hooks/subscription"


def posted(bucket: str, key: str, kind: str, *, token: str) -> Delivery:
    """Make one delivery; the token in its header proves who sent it, and nothing of its body."""
    owner = {"principalId": "minioadmin"}
    record = {
        "eventVersion": "2.0", "eventSource": "minio:s3", "awsRegion": "", "eventTime": "2026-05-04T06:30:00.123Z",
        "eventName": kind, "userIdentity": owner,
        "requestParameters": {"principalId": "minioadmin", "region": "", "sourceIPAddress": "192.0.2.7"},
        "responseElements": {"x-amz-request-id": secrets.token_hex(8).upper()},
        "s3": {
            "s3SchemaVersion": "1.0", "configurationId": "Config",
            "bucket": {"name": bucket, "ownerIdentity": owner, "arn": f"arn:aws:s3:::{bucket}"},
            "object": {"key": quote_plus(key), "sequencer": secrets.token_hex(8).upper()},
        },
        "source": {"host": "192.0.2.7", "port": "", "userAgent": "MinIO (linux; amd64) minio-go/v7.0.80 mc/RELEASE"},
    }  # fmt: skip
    body = json.dumps({"EventName": kind, "Key": f"{bucket}/{key}", "Records": [record]}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    return Delivery(CALLBACK, headers, body, secret=token, tells_whose=False, proves_body=False)
