"""OAuth 2 over the guarded client: authorization code with PKCE S256, machines' grants, refresh, revocation.

RFC 6749, 7636, 7523 and 7009.

Requests are composed by Authlib's framework-free parts; every failure ends in one of the SDK's errors:

| what happened | error |
|---|---|
| nothing was sent | Unreachable |
| no answer, 5xx, or an answer that cannot be read | OutcomeUnknown: a rotated token may be lost |
| 429 | RateLimited |
| `invalid_grant` | AuthExpired: a person signs in again |
| any other refusal | Misconfigured |
"""

# Authlib ships no types; what it returns is made text at once.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qsl

import httpx
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7009 import prepare_revoke_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from connectors.sdk.errors import AuthExpired, ConnectorError, Misconfigured, OutcomeUnknown, RateLimited, Unreachable
from connectors.sdk.limit_headers import read_headers
from connectors.sdk.manifest import Auth, GrantKind, OAuth
from connectors.sdk.wire import time_limit

LONGEST_ANSWER = 256 * 1024
TIME_LIMIT_S = 30.0
_VERIFIER_BYTES = 64  # 86 characters of the 43 to 128 that RFC 7636 allows
_SLOW_DOWN, _TIMED_OUT, _SERVER_ERROR = 429, 408, 500
_LONGEST_LIFE_S = 10 * 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token endpoint granted. Never shown: its repr hides the tokens."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_in_s: int | None
    scopes: tuple[str, ...]
    refresh_expires_in_s: int | None = None  # of the refresh token, where the vendor tells


@dataclass(frozen=True, slots=True)
class Client:
    """Our registration with the vendor."""

    id: str
    secret: str = field(default="", repr=False)


def new_verifier() -> str:
    """Return a fresh PKCE code verifier."""
    return secrets.token_urlsafe(_VERIFIER_BYTES)


def new_state() -> str:
    """Return a fresh value that ties the vendor's redirect to the one who began."""
    return secrets.token_urlsafe(32)


class OAuthFlow:
    """One vendor's authorization server, seen by one registered client."""

    def __init__(
        self,
        oauth: OAuth,
        client: Client,
        *,
        redirect_uri: str,
        http: httpx.Client,
    ) -> None:
        """Speak through `http`, which must be a guarded client without credentials of its own."""
        self._oauth = oauth
        self._client = client
        self._redirect_uri = redirect_uri
        self._http = http

    def authorize_url(self, *, state: str, verifier: str) -> str:
        """Return the address to send the person's browser to."""
        proof = {"code_challenge": create_s256_code_challenge(verifier), "code_challenge_method": "S256"}
        return str(
            prepare_grant_uri(
                self._oauth.authorize_url, self._client.id, "code",
                redirect_uri=self._redirect_uri, scope=list(self._oauth.scopes), state=state,
                **self._oauth.authorize_more, **(proof if self._oauth.pkce else {}),
            )
        )  # fmt: skip

    def exchange(self, code: str, *, verifier: str) -> Grant:
        """Turn the code that came back into tokens. A code works once."""
        proof = {"code_verifier": verifier} if self._oauth.pkce else {}
        body = prepare_token_request("authorization_code", redirect_uri=self._redirect_uri, code=code, **proof)
        return self._grant(self._post(self._oauth.token_url, str(body)), fallback=None)

    def refresh(self, refresh_token: str) -> Grant:
        """Get a new access token; where the vendor rotates, the grant holds the only valid refresh token."""
        body = prepare_token_request("refresh_token", refresh_token=refresh_token)
        return self._grant(self._post(self._oauth.token_url, str(body)), fallback=refresh_token)

    def machine(self, auth: Auth, secrets: Mapping[str, str], *, now_s: int) -> Grant:
        """Get an access token without a person, by client credentials or by a signed statement.

        Raises:
            ValueError: this server's permission is given by a person.
        """
        scope = " ".join(self._oauth.scopes)
        if auth.grant is GrantKind.CLIENT:
            more = {"scope": scope} if scope else {}
        elif auth.assertion is not None:
            more = {"assertion": auth.assertion(secrets, now_s)}
        else:
            raise ValueError(f"{auth.grant} needs a person, or a statement to sign")
        body = prepare_token_request(str(auth.grant), **more)
        named = auth.grant is GrantKind.CLIENT  # a signed statement names its maker itself
        return self._grant(self._post(self._oauth.token_url, str(body), named=named), fallback=None)

    def revoke(self, token: str) -> None:
        """Let the vendor forget a token. One that it does not know is no error; neither is a vendor without this."""
        if self._oauth.revoke_url is None:
            return
        body, _headers = prepare_revoke_token_request(token, None, "", {})
        self._post(self._oauth.revoke_url, str(body))

    def _post(self, url: str, body: str, *, named: bool = True) -> tuple[httpx.Response, bytes]:
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        if named:
            auth = ClientAuth(self._client.id, self._client.secret, self._oauth.token_auth)
            url, headers, body = auth.prepare("POST", url, headers, body)
        if self._oauth.json_body:
            headers["Content-Type"] = "application/json"
            body = json.dumps(dict(parse_qsl(str(body))))
        try:
            request = self._http.build_request("POST", url, content=body, headers=headers)
            with time_limit(TIME_LIMIT_S):
                response = self._http.send(request, stream=True, follow_redirects=False)
                with closing(response):
                    content = _read(response)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            raise Unreachable(
                "The sign-in service could not be reached. The hub tries again by itself.", detail=type(error).__name__
            ) from error
        except httpx.HTTPError as error:
            raise _unanswered(type(error).__name__) from error
        _refuse(response, content)
        return response, content

    def _grant(self, answer: tuple[httpx.Response, bytes], *, fallback: str | None) -> Grant:
        response, content = answer
        token = _object(content)
        access = token.get("access_token")
        if not isinstance(access, str) or not access:
            raise _unanswered("no access token in the answer", status=response.status_code)
        refresh = token.get("refresh_token") or fallback
        return Grant(
            access_token=access,
            refresh_token=refresh if isinstance(refresh, str) else None,
            expires_in_s=_lifetime(token.get("expires_in")),
            scopes=self._oauth.scopes if token.get("scope") is None else _scopes(token["scope"]),
            refresh_expires_in_s=_lifetime(token.get("refresh_token_expires_in")),
        )


def _read(response: httpx.Response) -> bytes:
    content = b""
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > LONGEST_ANSWER:
            raise _unanswered("answer too long", status=response.status_code)
    return content


def _refuse(response: httpx.Response, content: bytes) -> None:
    status = response.status_code
    if response.is_success:
        return
    if status == _SLOW_DOWN:
        told = read_headers(response.headers, wall_s=time.time())
        raise RateLimited("The sign-in service asks us to slow down.", after_s=told.after_s, status=status)
    if status >= _SERVER_ERROR or status == _TIMED_OUT:
        raise _unanswered("server error", status=status)
    raise _refusal(str(_object(content).get("error", "")), status)


def _refusal(error: str, status: int) -> ConnectorError:
    known = error if error.isascii() and error.replace("_", "").isalpha() else "unreadable"
    detail = f"token endpoint: {known[:40]}"
    if error == "invalid_grant":
        return AuthExpired(
            "The permission to use this account has ended or was withdrawn. Connect it again.",
            detail=detail, status=status,
        )  # fmt: skip
    if error in {"server_error", "temporarily_unavailable"}:
        return _unanswered(detail, status=status)
    return Misconfigured(
        "The sign-in service refuses this hub's registration. Check client id, client secret and redirect address.",
        detail=detail, status=status,
    )  # fmt: skip


def _unanswered(detail: str, *, status: int | None = None) -> OutcomeUnknown:
    return OutcomeUnknown(
        "The sign-in service gave no usable answer, so it is not known whether it renewed the permission.",
        detail=detail, status=status,
    )  # fmt: skip


def _object(content: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _scopes(value: object) -> tuple[str, ...]:
    """Read what was granted: a text with blanks (RFC 6749, 3.3) or commas, or a list, as some vendors send it."""
    parts = cast("list[object]", value) if isinstance(value, list) else [value]
    return tuple(name for part in parts if isinstance(part, str) for name in part.replace(",", " ").split())


def _lifetime(value: object) -> int | None:
    """Read a number of seconds, which some vendors send as text; nonsense counts as absent."""
    text = str(value)
    if isinstance(value, bool) or not text.isascii() or not text.isdecimal():
        return None
    return min(int(text[:12]), _LONGEST_LIFE_S)
