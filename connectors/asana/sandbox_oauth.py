"""The made-up Asana's sign-in: an authorization server with Asana's addresses and habits."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX = "/-/oauth_"
_MOST = 64 * 1024


class SignIn:
    """Wraps a server that knows the standard.

    Asana sends a refresh token with a code's answer alone, keeps it for good, and takes no other token back.
    """

    def __init__(self, app: WSGIApplication, about: Mapping[str, Any]) -> None:
        self._app = app
        self._about = about

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request at Asana's own address."""
        what = environ["PATH_INFO"].removeprefix(PREFIX)
        body = environ["wsgi.input"].read(min(int(environ.get("CONTENT_LENGTH") or 0), _MOST))
        sent = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        passed = {**environ, "PATH_INFO": f"/{what}", "wsgi.input": io.BytesIO(body)}
        if what == "token":
            return self._token(sent, passed, start_response)
        if what == "revoke" and sent.get("token", "").startswith("access-"):
            return _json(start_response, "400 Bad Request", {"error": "invalid_request"})
        return self._app(passed, start_response)

    def _token(
        self, sent: Mapping[str, str], environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        status: list[str] = []
        kept: list[bytes] = []

        def start(said: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            del headers, exc_info
            status.append(said)
            return kept.append

        body = b"".join(self._app(environ, start))
        if not status[-1].startswith("200"):
            start_response(status[-1], [("Content-Type", "application/json; charset=UTF-8")])
            return [body]
        answer = {**json.loads(body), "token_type": "bearer", "data": self._about}
        if sent.get("grant_type") == "refresh_token":
            del answer["refresh_token"]
        return _json(start_response, status[-1], answer)


def _json(start_response: StartResponse, status: str, body: Mapping[str, Any]) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "application/json; charset=UTF-8")])
    return [json.dumps(body).encode()]
