"""A vendor's authorization server (OAuth 2, PKCE S256) that a test can approve, break, and hold to its own ledger.

It behaves as RFC 6749, 7636, 7009 and the security best practice (RFC 9700) ask: exact redirect addresses, codes that
work once (a second use revokes what the first gave), refresh tokens that rotate, and reuse of an old refresh token
revokes the whole family.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import Response, jsonify, redirect, request

from connectors.testing.app import App


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger: what the server did, whatever it answered."""

    what: str
    family: str = ""
    note: str = ""


@dataclass(slots=True)
class Family:
    """Everything that grew from one approval."""

    id: str
    scope: str
    generation: int = 0
    refresh: str = ""
    access: dict[str, float] = field(default_factory=dict[str, float])
    spent: set[str] = field(default_factory=set[str])
    revoked: bool = False


@dataclass(slots=True)
class Code:
    """An authorization code that was given out."""

    challenge: str
    redirect_uri: str
    scope: str
    until: float
    family: str | None = None


@dataclass(slots=True)
class Faults:
    """What goes wrong at the token endpoint; each counts down as it fires."""

    lose_answers: int = 0  # carried out, then answered 500 with nothing readable
    refuse: int = 0  # 503, not carried out
    limit: int = 0  # 429, not carried out
    nonsense: int = 0  # carried out, answered with a page
    slow_s: float = 0.0
    cut: int = 0  # carried out, answer cut off in the middle

    def fires(self, name: str) -> bool:
        """Tell whether this fault is due, and count it."""
        left = getattr(self, name)
        if left:
            setattr(self, name, left - 1)
        return bool(left)


class AuthorizationServer:
    """The server's state, its ledger and its Flask application (`app`)."""

    def __init__(
        self,
        *,
        client_id: str = "hub",
        client_secret: str = "",
        redirect_uris: tuple[str, ...] = (),
        access_life_s: int = 3600,
        rotate: bool = True,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.client_id = client_id
        self.client_secret = client_secret
        self.redirect_uris = redirect_uris
        self.access_life_s = access_life_s
        self.rotate = rotate
        self.pkce = True  # False: a vendor that refuses it
        self.takes_json = False  # at the token endpoint, instead of forms
        self.machines = False  # whether clients may come without a person
        self.refresh_life_s: int | None = None  # told beside the tokens, by vendors that do
        self.withheld: frozenset[str] = frozenset()  # what a person unticks, whatever is asked for
        self.scope_between = " "  # or ",", at vendors that answer so; empty: they do not tell what was granted
        self.gives = ""  # the one access token that everybody gets, for a sandbox that knows no other
        self.checks_assertion: Callable[[str], str] | None = None  # a signed statement -> who made it, or ""
        self.faults = Faults()
        self.families: dict[str, Family] = {}
        self._clock = clock
        self._sleep = sleep
        self._codes: dict[str, Code] = {}
        self._ledger: list[Entry] = []
        self._lock = threading.Lock()
        self.app = self._make_app()

    @property
    def ledger(self) -> tuple[Entry, ...]:
        """Everything that was done so far, oldest first."""
        with self._lock:
            return tuple(self._ledger)

    def count(self, what: str) -> int:
        """Return how often something was done."""
        return sum(entry.what == what for entry in self.ledger)

    def valid(self, access_token: str) -> bool:
        """Tell whether a resource server would let this access token in."""
        with self._lock:
            now = self._clock()
            return any(
                not family.revoked and family.access.get(access_token, 0.0) > now for family in self.families.values()
            )

    def scopes_of(self, access_token: str) -> frozenset[str] | None:
        """Return what an access token was granted; None where it is not from here, so that nothing limits it."""
        with self._lock:
            families = [family for family in self.families.values() if access_token in family.access]
            return frozenset(families[-1].scope.split()) if families else None

    def withdraw_consent(self) -> None:
        """Revoke everything, as when the person removes the hub in the vendor's settings."""
        with self._lock:
            for family in self.families.values():
                self._revoke_family(family, "consent withdrawn")

    def approve(self, *, redirect_uri: str, state: str, challenge: str, scope: str) -> str:
        """Press "allow" in the person's place; return the address that the browser is sent to."""
        code = secrets.token_urlsafe(16)
        with self._lock:
            self._codes[code] = Code(challenge, redirect_uri, self._ticked(scope), self._clock() + 60)
            self._note("approved")
        return f"{redirect_uri}?{urlencode({'code': code, 'state': state})}"

    def _ticked(self, scope: str) -> str:
        return " ".join(one for one in scope.split() if one not in self.withheld)

    def _told_scope(self, family: Family) -> dict[str, str]:
        return {"scope": self.scope_between.join(family.scope.split())} if self.scope_between else {}

    def _note(self, what: str, family: str = "", note: str = "") -> None:
        self._ledger.append(Entry(what, family, note))

    def _make_app(self) -> App:
        app = App("authorization_server")
        app.add_url_rule("/authorize", view_func=self._authorize_page, methods=["GET"], endpoint="authorize_page")
        app.add_url_rule("/authorize", view_func=self._decide, methods=["POST"], endpoint="decide")
        app.add_url_rule("/token", view_func=self._token, methods=["POST"], endpoint="token")
        app.add_url_rule("/revoke", view_func=self._revoke, methods=["POST"], endpoint="revoke")
        app.add_url_rule("/me", view_func=self._me, methods=["GET"], endpoint="me")
        return app

    def _wrong(self) -> str:
        """Return what is wrong with an authorization request; such a request is never redirected (RFC 6749 4.1.2.1)."""
        asked = request.args
        if asked.get("client_id") != self.client_id:
            return "unknown client"
        if asked.get("redirect_uri") not in self.redirect_uris:
            return "redirect address not registered"
        if asked.get("response_type") != "code":
            return "only code is supported"
        if not self.pkce:
            return "" if "code_challenge" not in asked and asked.get("state") else "no PKCE here, but a state"
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            return "PKCE with S256 is required"
        return "" if asked.get("state") else "state is required"

    def _authorize_page(self) -> Response:
        wrong = self._wrong()
        if wrong:
            return Response(wrong, 400, mimetype="text/plain")
        page = "<!doctype html><title>Allow?</title><form method=post><button name=allow value=yes>Allow</button>"
        return Response(page + "<button name=allow value=no>Deny</button></form>", mimetype="text/html")

    def _decide(self) -> Response:
        wrong = self._wrong()
        if wrong:
            return Response(wrong, 400, mimetype="text/plain")
        asked = request.args
        if request.form.get("allow") != "yes":
            denied = urlencode({"error": "access_denied", "state": asked["state"]})
            return _see(f"{asked['redirect_uri']}?{denied}")
        return _see(
            self.approve(
                redirect_uri=asked["redirect_uri"], state=asked["state"],
                challenge=asked.get("code_challenge", ""), scope=asked.get("scope", ""),
            )
        )  # fmt: skip

    def _token(self) -> Response:
        self._sleep(self.faults.slow_s)
        if not self._client_is_known():
            return _refusal("invalid_client", 401)
        with self._lock:
            if self.faults.fires("refuse"):
                return Response("upstream is down", 503)
            if self.faults.fires("limit"):
                return Response("slow down", 429, headers={"Retry-After": "7"})
            answer = self._grant()
            return self._spoil(answer)

    def _spoil(self, answer: Response) -> Response:
        if self.faults.fires("lose_answers"):
            return Response("", 500)
        if self.faults.fires("nonsense"):
            return Response("<html>Welcome</html>", 200, mimetype="text/html")
        if self.faults.fires("cut"):
            answer.set_data(answer.get_data()[: len(answer.get_data()) // 2])
        return answer

    def _grant(self) -> Response:
        kind = self._sent("grant_type")
        if kind == "authorization_code":
            return self._by_code()
        if kind == "refresh_token":
            return self._by_refresh()
        if kind == "client_credentials" and self.machines:
            return self._by_machine(self.client_id)
        if kind == "urn:ietf:params:oauth:grant-type:jwt-bearer" and self.checks_assertion is not None:
            who = self.checks_assertion(self._sent("assertion"))
            return self._by_machine(who) if who else _refusal("invalid_grant")
        return _refusal("unsupported_grant_type")

    def _sent(self, name: str) -> str:
        """Read a parameter out of a form, or out of JSON where this vendor takes that."""
        if self.takes_json:
            body: dict[str, Any] = request.get_json()
            return str(body.get(name, ""))
        return request.form.get(name, "")

    def _by_machine(self, who: str) -> Response:
        """Grant without a person: nothing to refresh, a new access token each time."""
        asked = self._sent("scope") or str(_claims(self._sent("assertion")).get("scope", ""))
        family = Family(secrets.token_hex(8), self._ticked(asked))
        self.families[family.id] = family
        self._note("granted", family.id, who)
        access = self.gives or f"access-{secrets.token_urlsafe(24)}"
        family.access[access] = self._clock() + self.access_life_s
        return jsonify(
            access_token=access, token_type="Bearer", expires_in=self.access_life_s,
            **(self._told_scope(family) if asked else {}),
        )  # fmt: skip

    def _by_code(self) -> Response:
        code = self._codes.get(self._sent("code"))
        if code is None:
            return _refusal("invalid_grant")
        if code.family is not None:
            self._revoke_family(self.families[code.family], "code used twice")
            return _refusal("invalid_grant")
        if code.until < self._clock() or code.redirect_uri != self._sent("redirect_uri"):
            return _refusal("invalid_grant")
        digest = hashlib.sha256(self._sent("code_verifier").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if self.pkce and not hmac.compare_digest(challenge, code.challenge):
            self._note("wrong verifier")
            return _refusal("invalid_grant")
        family = Family(secrets.token_hex(8), code.scope)
        code.family = family.id
        self.families[family.id] = family
        self._note("exchanged", family.id)
        return self._issue(family)

    def _by_refresh(self) -> Response:
        token = self._sent("refresh_token")
        for family in self.families.values():
            if token in family.spent:
                self._revoke_family(family, "old refresh token used again")
                return _refusal("invalid_grant")
            if token == family.refresh and not family.revoked:
                self._note("refreshed", family.id)
                return self._issue(family)
        self._note("refused", note="unknown refresh token")
        return _refusal("invalid_grant")

    def _issue(self, family: Family) -> Response:
        family.generation += 1
        if self.rotate or not family.refresh:
            if family.refresh:
                family.spent.add(family.refresh)
            family.refresh = f"refresh-{secrets.token_urlsafe(24)}"
        access = self.gives or f"access-{secrets.token_urlsafe(24)}"
        family.access[access] = self._clock() + self.access_life_s
        told = {} if self.refresh_life_s is None else {"refresh_token_expires_in": self.refresh_life_s}
        return jsonify(
            access_token=access, refresh_token=family.refresh, token_type="Bearer",
            expires_in=self.access_life_s, **self._told_scope(family), **told,
        )  # fmt: skip

    def _revoke_family(self, family: Family, why: str) -> None:
        if not family.revoked:
            family.revoked = True
            self._note("revoked", family.id, why)

    def _revoke(self) -> Response:
        if not self._client_is_known():
            return _refusal("invalid_client", 401)
        token = request.form.get("token", "")
        with self._lock:
            for family in self.families.values():
                if token == family.refresh or token in family.access:
                    self._revoke_family(family, "asked")
        return Response("", 200)

    def _me(self) -> Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not self.valid(token):
            return Response("invalid token", 401)
        return jsonify(id="account-1", name="Acme", user="robin")

    def _client_is_known(self) -> bool:
        sent = request.authorization
        if self.checks_assertion is not None and self._sent("assertion"):
            return True
        name, secret = self._sent("client_id"), self._sent("client_secret")
        if sent is not None and sent.type == "basic":
            name, secret = sent.username or "", sent.password or ""
        return name == self.client_id and hmac.compare_digest(secret.encode(), self.client_secret.encode())


def _claims(statement: str) -> dict[str, Any]:
    """Return what a signed statement says of itself; nothing where there is none."""
    _, _, told = statement.rpartition(".")[0].partition(".")  # of header, claims and signature
    return json.loads(base64.urlsafe_b64decode(told + "=" * (-len(told) % 4))) if told else {}


def _see(url: str) -> Response:
    answer = Response("", 302)
    answer.headers["Location"] = redirect(url).headers["Location"]
    return answer


def _refusal(error: str, status: int = 400) -> Response:
    answer = jsonify(error=error)
    answer.status_code = status
    return answer
