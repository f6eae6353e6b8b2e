"""OAuth 2 as the plugin "OAuth 2 for WordPress" (github.com/WP-API/OAuth2, 0.2.0) was measured to speak it.

It knows no PKCE, looks at no client secret, and gives tokens that last until they are revoked. What it refuses comes
in WordPress' own form. Compared with what the plugin answered in `tests/unit/wordpress/test_measured_oauth.py`.
"""

from __future__ import annotations

import html
import secrets
import string
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import urlencode

from flask import Response, request

from connectors.wordpress.sandbox_http import answer
from connectors.wordpress.sandbox_library import Refusal

PAGE = "/wp-login.php"
ACTION = "oauth2_authorize"
EXCHANGE = "/wp-json/oauth2/access_token"
LETTERS = string.ascii_letters + string.digits
LENGTH = 12
CODE_S = 600


class Plugin:
    """The plugin's one client, the codes that it gave out, and its tokens."""

    def __init__(self, redirect_uri: str, *, clock: Callable[[], float] = time.time) -> None:
        self.on = False
        self.client_id = _word().lower()
        self.redirect_uri = redirect_uri
        self.tokens: set[str] = set()
        self._codes: dict[str, float] = {}
        self._clock = clock

    def said(self, origin: str) -> dict[str, object]:
        """Return what the site's index says of it."""
        ends = {"authorization": f"{origin}{PAGE}?action={ACTION}", "token": f"{origin}{EXCHANGE}"}
        return {"oauth2": {"endpoints": ends, "grant_types": ["authorization_code"]}} if self.on else {}

    def check(self) -> None:
        """Refuse a token that is not known, whatever is asked for."""
        token = request.headers.get("Authorization", "").partition("Bearer ")[2]
        if self.on and token and token not in self.tokens and request.path.startswith("/wp-json"):
            raise Refusal("oauth2.authentication.attempt_authentication.invalid_token", "Supplied token is invalid.",
                          HTTPStatus.FORBIDDEN, token=token)  # fmt: skip

    def page(self) -> Response:
        """Ask the person, who is signed in; POST is their answer."""
        wrong = self._wrong(request.args)
        if wrong:
            return _html(wrong, HTTPStatus.INTERNAL_SERVER_ERROR)
        if request.method == "GET":
            action = html.escape(request.full_path)
            return _html(f'<form id="oauth2_authorize_form" action="{action}" method="post"></form>', HTTPStatus.OK)
        told = {"error": "access_denied"} if request.form.get("wp-submit") != "authorize" else {"code": self._code()}
        back = urlencode({**told, "state": request.args["state"]})
        return Response("", HTTPStatus.FOUND, {"Location": f"{request.args['redirect_uri']}?{back}"})

    def exchange(self) -> Response:
        """Turn a code into a token."""
        sent = request.form
        lacking = [name for name in ("grant_type", "client_id", "code") if not sent.get(name)]
        if lacking:
            raise Refusal("rest_missing_callback_param", f"Missing parameter(s): {', '.join(lacking)}",
                          HTTPStatus.BAD_REQUEST, params=lacking)  # fmt: skip
        if sent["client_id"] != self.client_id:
            raise Refusal("oauth2.endpoints.token.exchange_token.invalid_client",
                          f"Client ID {sent['client_id']} is invalid.", HTTPStatus.BAD_REQUEST,
                          client_id=sent["client_id"])  # fmt: skip
        until = self._codes.pop(sent["code"], None)
        if until is None:
            raise Refusal("oauth2.client.check_authorization_code.invalid_code",
                          "Authorization code is not valid for the specified client.", HTTPStatus.NOT_FOUND,
                          client=self.client_id, code=sent["code"])  # fmt: skip
        if until <= self._clock():
            raise Refusal("oauth2.tokens.authorization_code.validate.expired", "Authorization code has expired.",
                          HTTPStatus.BAD_REQUEST, expiration=int(until), time=int(self._clock()))  # fmt: skip
        self.tokens.add(token := _word())
        return answer({"access_token": token, "token_type": "bearer"})

    def _wrong(self, asked: Mapping[str, str]) -> str:
        if asked.get("action") != ACTION or asked.get("response_type") != "code":
            return "Invalid response type specified."
        if asked.get("client_id") != self.client_id:
            return f"Client ID {html.escape(asked.get('client_id', ''))} is invalid."
        return "" if asked.get("redirect_uri") == self.redirect_uri else "Specified redirect URI is not valid."

    def _code(self) -> str:
        code = _word()
        self._codes[code] = self._clock() + CODE_S
        return code


def _word() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


def _html(text: str, status: int) -> Response:
    return Response(f"<!doctype html><title>Authorize</title>{text}", status, content_type="text/html; charset=UTF-8")
