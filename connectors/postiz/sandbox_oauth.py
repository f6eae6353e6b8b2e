"""The made-up Postiz's sign-in, as a static app sees it: a code that lives ten minutes, a token that never ends."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Response, redirect, request

from connectors.postiz.sandbox_answers import said

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response as AnyResponse

CODE_LIVES_S = 600
PATH = "/oauth/"


class SignIn:
    """One app of an organisation, and the tokens that people granted it."""

    def __init__(self, app: Flask, tokens: set[str], clock: Callable[[], float] = time.monotonic) -> None:
        self.client_id, self.client_secret = "pca_5a6d", "pcs_5ec2e7f00d5ec2e7"
        self.redirect_uri = "https://hub.example/oauth/callback"  # the one that was entered there: none other is used
        self.clock = clock
        self.tokens = tokens
        self._codes: dict[str, float] = {}
        app.add_url_rule("/oauth/authorize", view_func=self._authorize, methods=["GET", "POST"])
        app.add_url_rule("/oauth/token", view_func=self._token, methods=["POST"])

    def _authorize(self) -> AnyResponse:
        """Show a page, and send whoever said yes or no back. What else was asked for is not looked at."""
        if request.args.get("client_id") != self.client_id:
            return said({"error": "invalid_client"}, 400)
        if request.method == "GET":
            return Response("<form method=post><button name=allow value=yes>Authorize</button></form>")
        state = request.args.get("state", "")
        if request.form.get("allow") != "yes":
            return redirect(f"{self.redirect_uri}?{urlencode({'error': 'access_denied', 'state': state})}")
        code = secrets.token_hex(16)
        self._codes[code] = self.clock() + CODE_LIVES_S
        return redirect(f"{self.redirect_uri}?{urlencode({'code': code, 'state': state})}")

    def _token(self) -> Response:
        """Give a token for a code, once. A form is taken as well as JSON."""
        sent = request.get_json(silent=True) if request.is_json else request.form.to_dict()
        asked = {str(name): str(value) for name, value in (sent or {}).items()}
        if not asked.get("code"):
            message = ["code should not be empty", "code must be a string"]
            return said({"message": message, "error": "Bad Request", "statusCode": 400}, 400)
        if (asked.get("client_id"), asked.get("client_secret")) != (self.client_id, self.client_secret):
            return said({"error": "invalid_client"}, 401)
        if self._codes.pop(asked["code"], 0.0) < self.clock():
            return said({"error": "invalid_grant"}, 400)
        token = f"pos_{secrets.token_hex(16)}"
        self.tokens.add(token)
        about = {"id": "org-1", "cus": None, "access_token": token, "token_type": "bearer"}
        return said({**about, "scope": "mcp:read mcp:write"}, 200)
