"""Which scopes Drive's methods need, as its discovery document says, and how a call that lacks one is refused."""

from __future__ import annotations

from flask import Response, jsonify

from connectors.testing.scopes import Needs, Scopes

PLACE = "https://www.googleapis.com/auth/"
ALL, OWN, READ = f"{PLACE}drive", f"{PLACE}drive.file", f"{PLACE}drive.readonly"
KNOWING = (ALL, READ, OWN, f"{PLACE}drive.metadata.readonly", f"{PLACE}drive.metadata")


def scopes() -> Scopes:
    """Return them."""
    return Scopes(
        "google_account",
        (
            Needs("GET", "/drive/v3/files/generateIds", (ALL, OWN)),
            Needs("GET", "/drive/v3/drives", (ALL, READ)),
            Needs("GET", "/drive/v3/files/*/export", (ALL, READ, OWN)),
            Needs("GET", "/drive/v3/*", KNOWING),
            Needs("POST", "/drive/v3/changes/watch", KNOWING),
            Needs("POST", "/drive/v3/channels/stop", KNOWING),
            Needs("POST PATCH PUT DELETE", "*/drive/v3/*", (ALL, OWN)),
        ),
        _refuse,
    )


def _refuse(scope: str) -> Response:
    """Refuse as Google does: it does not say which scope is missing."""
    del scope
    answer = jsonify({
        "error": {
            "code": 403, "message": "Request had insufficient authentication scopes.", "status": "PERMISSION_DENIED",
            "errors": [
                {"domain": "global", "reason": "insufficientPermissions", "message": "Insufficient Permission"}
            ],
            "details": [
                {
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo", "domain": "googleapis.com",
                    "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "metadata": {"service": "drive.googleapis.com"},
                }
            ],
        }
    })  # fmt: skip
    answer.status_code = 403
    return answer
