"""What an answer or a broken call means: the one table that turns statuses into the SDK's errors.

| what happened | on a read | on a write |
|---|---|---|
| could not connect, no free connection, name does not resolve | Unreachable | Unreachable (never sent) |
| time-out, broken connection, 5xx, 408, unreadable 2xx | Unreachable, BadAnswer | OutcomeUnknown |
| 429 | RateLimited | RateLimited |
| 401 | AuthExpired | AuthExpired |
| 403 | Misconfigured | Misconfigured |
| 404, 410 | Missing | Missing |
| 302, 303 elsewhere | followed | OutcomeUnknown |
| other 3xx | followed | Misconfigured (moved, not carried out) |
| other 4xx | Rejected | Rejected |

A vendor's error code that stands in the manifest goes before the status.
"""

from __future__ import annotations

import base64
import email.utils
import re
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, cast

from connectors.sdk.answer import Answer, Call, quiet_json
from connectors.sdk.errors import (
    AuthExpired,
    ConnectorError,
    Misconfigured,
    Missing,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unreachable,
)
from connectors.sdk.manifest import Meaning

LONGEST_WAIT_S = 86_400.0
_SERVER_ERROR = 500
_SEEN_OTHER = frozenset({HTTPStatus.FOUND, HTTPStatus.SEE_OTHER})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CLIENT_ERROR = 400
_MEANINGS: Mapping[int, Meaning] = {
    HTTPStatus.UNAUTHORIZED: Meaning.AUTH_EXPIRED,
    HTTPStatus.FORBIDDEN: Meaning.MISCONFIGURED,
    HTTPStatus.NOT_FOUND: Meaning.MISSING,
    HTTPStatus.GONE: Meaning.MISSING,
}
_SUCCESS = range(200, 300)
_TOLD = 200
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_TAGS = re.compile(r"<[^>]*>")
_LEAST_SECRET = 6

ErrorCode = Callable[[Any, str], str]


class Translator:
    """Turns answers into errors for one connector, without the secrets of one connection."""

    def __init__(
        self,
        title: str,
        *,
        codes: Mapping[str, Meaning] | None = None,
        code_of: ErrorCode | None = None,
    ) -> None:
        self._title = title
        self._codes = codes or {}
        self._code_of = code_of

    def failure(self, answer: Answer, *, secrets: Iterable[str] = ()) -> ConnectorError | None:
        """Return the error that this answer stands for; None when the call was carried out."""
        if succeeded(answer):
            return None
        body = quiet_json(answer.body)
        code = self._code_of(body, answer.text) if self._code_of else _usual_code(body)
        told = redact(_told(body, answer.text), secrets)
        detail = f"{answer.call} answered {answer.status}{f' {redact(code, secrets)}' if code else ''}"
        meaning = self._codes.get(code)
        if meaning is Meaning.DONE:
            return None
        if meaning is not None:
            return self._by_meaning(meaning, answer, told, detail)
        return self._by_status(answer, told, detail)

    def _by_meaning(self, meaning: Meaning, answer: Answer, told: str, detail: str) -> ConnectorError:
        match meaning:
            case Meaning.AUTH_EXPIRED:
                return self._auth(detail, answer.status)
            case Meaning.MISCONFIGURED:
                return self._misconfigured(told, detail, answer.status)
            case Meaning.MISSING:
                return self._missing(detail, answer.status)
            case Meaning.RETRY_LATER:
                return self._unreachable(detail, answer.status)
            case Meaning.RATE_LIMITED:
                return self._limited(retry_after(answer.headers), detail)
            case _:
                return self._rejected(told, detail, answer.status)

    def _by_status(self, answer: Answer, told: str, detail: str) -> ConnectorError:
        status = answer.status
        if status in REDIRECTS:
            return self._moved(answer.call, detail, status)
        if status < _CLIENT_ERROR:
            return answer.call.senseless("a status that fits no call", status=status)
        if status >= _SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
            return self.lost(answer.call, detail, status=status)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return self._limited(retry_after(answer.headers), detail)
        return self._by_meaning(_MEANINGS.get(status, Meaning.REJECTED), answer, told, detail)

    def lost(self, call: Call, why: str, *, status: int | None = None) -> ConnectorError:
        """Return the error for a call that was sent and got no usable answer."""
        if call.writes:
            return OutcomeUnknown(
                f"{self._title} gave no clear answer to a change. The hub looks there before it repeats anything.",
                detail=why, status=status,
            )  # fmt: skip
        return self._unreachable(why, status)

    def never_sent(self, why: str) -> ConnectorError:
        """Return the error for a call that never left."""
        return self._unreachable(why, None)

    def _unreachable(self, detail: str, status: int | None) -> ConnectorError:
        return Unreachable(
            f"{self._title} does not answer now. The hub tries again by itself.", detail=detail, status=status
        )

    def _auth(self, detail: str, status: int) -> ConnectorError:
        return AuthExpired(f"{self._title} refuses the credentials. Connect it again.", detail=detail, status=status)

    def _missing(self, detail: str, status: int) -> ConnectorError:
        return Missing(f"{self._title} says that this is not there any more.", detail=detail, status=status)

    def _limited(self, after_s: float | None, detail: str) -> ConnectorError:
        return RateLimited(
            f"{self._title} asks for fewer calls. The hub goes on by itself later.", after_s=after_s, detail=detail
        )

    def _misconfigured(self, told: str, detail: str, status: int) -> ConnectorError:
        return Misconfigured(
            f"{self._title} does not allow this{_quote(told)}. Check the permissions of the connected account.",
            detail=detail, status=status,
        )  # fmt: skip

    def _rejected(self, told: str, detail: str, status: int) -> ConnectorError:
        return Rejected(
            f"{self._title} refused this{_quote(told)}. Change the asset or the target, then try again.",
            detail=detail, status=status,
        )  # fmt: skip

    def _moved(self, call: Call, detail: str, status: int) -> ConnectorError:
        if status in _SEEN_OTHER and call.writes:
            return self.lost(call, detail, status=status)
        return Misconfigured(
            f"{self._title} is at another address now. Correct the address in the connection's settings.",
            detail=detail, status=status,
        )  # fmt: skip


def succeeded(answer: Answer) -> bool:
    """Tell whether a status says that the call was carried out; of others a vendor's code may say so."""
    return answer.status in _SUCCESS or answer.status in answer.call.fine


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After against the answer's own Date, at most a day; None where it says nothing usable."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:12]), LONGEST_WAIT_S)
    try:
        until = email.utils.parsedate_to_datetime(value)
        now = email.utils.parsedate_to_datetime(headers.get("date", ""))
        seconds = (until - now).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT_S)


def redact(text: str, secrets: Iterable[str]) -> str:
    """Take every secret out of a text."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _LEAST_SECRET:
            text = text.replace(secret, "[secret]")
    return text


def secrets_in(headers: Mapping[str, str]) -> frozenset[str]:
    """Return every piece of these headers that might be a secret."""
    pieces: set[str] = set()
    for value in headers.values():
        pieces.add(value)
        pieces.update(re.split(r"[\s\",;=]+", value))
        pieces.update(_basic_parts(value))
    return frozenset(piece for piece in pieces if len(piece) >= _LEAST_SECRET)


def _basic_parts(value: str) -> list[str]:
    """Return what stands inside Basic credentials."""
    scheme, _, encoded = value.partition(" ")
    if scheme.lower() != "basic":
        return []
    try:
        return base64.b64decode(encoded, validate=True).decode().split(":", 1)[1:]
    except ValueError:
        return []


def _usual_code(body: Any) -> str:
    """Find a code where most vendors put it: `code` or `error`, at the top."""
    found = (_member(body, name) for name in ("code", "error"))
    return next((value for value in found if isinstance(value, str)), "")


def _member(body: Any, name: str) -> Any:
    return cast("dict[str, Any]", body).get(name) if isinstance(body, dict) else None


def _told(body: Any, text: str) -> str:
    """Return what the remote says to people, short and harmless."""
    inside = _member(_member(body, "error"), "message")
    said = _member(body, "message") or inside or _first_told(_member(body, "errors")) or _member(body, "msg")
    if isinstance(said, list):  # one line for each thing that is wrong
        said = "; ".join(str(line) for line in cast("list[Any]", said) if isinstance(line, str))
    if not isinstance(said, str):
        said = "" if text.lstrip().startswith(("<", "{", "[")) else text
    plain = _UNPRINTABLE.sub(" ", _TAGS.sub(" ", said))
    return " ".join(plain.split())[:_TOLD].rstrip(" .")


def _first_told(errors: Any) -> Any:
    """Return what the first of several errors says."""
    first: Any = cast("list[Any]", errors)[0] if isinstance(errors, list) and errors else None
    return _member(first, "message") or _member(first, "detail")


def _quote(told: str) -> str:
    return f' ("{told}")' if told else ""
