"""Faults on the way to a sandbox and back, as a WSGI wrapper: rules say which call meets which fault, and how often."""

from __future__ import annotations

import io
import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

READS = frozenset({"GET", "HEAD", "OPTIONS"})
LOGIN_PAGE = b"<!doctype html><html><head><title>Sign in</title></head><body><form>Sign in</form></body></html>"
_CHUNK = 64 * 1024


class Fault(StrEnum):
    """What goes wrong. `before`: without the effect; `after`: with it."""

    LOSE_REQUEST = "lose_request"  # the connection breaks, no effect
    LOSE_ANSWER = "lose_answer"  # the effect happens, the connection breaks
    ERROR_BEFORE = "error_before"  # `status`, no effect
    ERROR_AFTER = "error_after"  # the effect happens, then `status`
    HTML_BEFORE = "html_before"  # 200 with a login page, no effect
    HTML_AFTER = "html_after"
    LIE = "lie"  # 200 with `body`, no effect
    CUT = "cut"  # half of the answer's body; an answer that has none is lost as a whole
    DRIP = "drip"  # the answer comes byte by byte
    SILENCE = "silence"  # the effect happens, no answer for `pause_s`
    ENDLESS = "endless"  # the answer does not end
    DOUBLE = "double"  # the call arrives twice
    REWRITE = "rewrite"  # the true answer, with `find` replaced by `replace`


class Rule(BaseModel):
    """Which calls meet a fault: the first matching rule that is not used up fires."""

    model_config = ConfigDict(extra="forbid")

    fault: Fault
    on: str = Field(default="any", pattern="^(any|read|write|effect)$")  # effect: a write that shows somebody something
    path: str = ""  # a regular expression found in the path and query
    times: int | None = 1  # None: for ever
    skip: int = 0  # let so many matching calls through first
    status: int = 503
    headers: dict[str, str] = Field(default_factory=dict)
    body: str = ""
    pause_s: float = 0.02
    find: str = ""
    replace: str = ""


def throttle(*, after: str | None = None, on: str = "any", times: int | None = 1) -> Rule:
    """Answer 429, with or without Retry-After."""
    headers = {"Retry-After": after} if after is not None else {}
    return Rule(fault=Fault.ERROR_BEFORE, status=HTTPStatus.TOO_MANY_REQUESTS, headers=headers, on=on, times=times)


def refuse(status: int, *, on: str = "any", path: str = "", times: int | None = 1, body: str = "") -> Rule:
    """Answer this status, without the effect."""
    return Rule(fault=Fault.ERROR_BEFORE, status=status, on=on, path=path, times=times, body=body)


def redirect(location: str, *, on: str = "read", status: int = 302, times: int | None = 1) -> Rule:
    """Answer a redirect."""
    return Rule(fault=Fault.ERROR_BEFORE, status=status, headers={"Location": location}, on=on, times=times)


class Faults:
    """The rules in force and those that fired."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self.fired: list[Rule] = []

    def add(self, *rules: Rule) -> None:
        """Put rules in force, after those that are."""
        with self._lock:
            self._rules.extend(rule.model_copy() for rule in rules)

    def clear(self) -> None:
        """Lift all rules."""
        with self._lock:
            self._rules.clear()

    def pick(self, *, writes: bool, shows: bool, path: str) -> Rule | None:
        """Return the rule that this call meets, and count it."""
        meets = {"any": True, "read": not writes, "write": writes, "effect": shows}
        with self._lock:
            for rule in self._rules:
                if rule.times == 0 or not meets[rule.on] or not re.search(rule.path, path):
                    continue
                if rule.skip > 0:
                    rule.skip -= 1
                    continue
                if rule.times is not None:
                    rule.times -= 1
                self.fired.append(rule)
                return rule
        return None


def is_write(environ: WSGIEnvironment) -> bool:
    """Tell by the method alone; a sandbox whose reads are POSTs brings its own."""
    return environ["REQUEST_METHOD"] not in READS


class FaultyApp:
    """Wraps an application: every call passes the rules."""

    def __init__(
        self,
        app: WSGIApplication,
        faults: Faults,
        *,
        writes: Callable[[WSGIEnvironment], bool] = is_write,
        shows: Callable[[WSGIEnvironment], bool] | None = None,
    ) -> None:
        self._app = app
        self._faults = faults
        self._writes = writes
        self._shows = shows or writes

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as the rules will have it."""
        path = f"{environ.get('PATH_INFO', '')}?{environ.get('QUERY_STRING', '')}"
        rule = self._faults.pick(writes=self._writes(environ), shows=self._shows(environ), path=path)
        answer = _run(self._app, environ) if rule is None else self._meet(rule, environ)
        start_response(answer.status, answer.headers)
        return answer.body

    def _meet(self, rule: Rule, environ: WSGIEnvironment) -> _Held:
        if rule.fault is Fault.LOSE_REQUEST:
            _hang_up(environ)
            return _Held("500 Lost", [], [])
        if rule.fault in (Fault.ERROR_BEFORE, Fault.HTML_BEFORE, Fault.LIE):
            return _made_up(rule)
        if rule.fault is Fault.DOUBLE:
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            _run(self._app, {**environ, "wsgi.input": io.BytesIO(body)})
            return _run(self._app, {**environ, "wsgi.input": io.BytesIO(body)})
        held = _run(self._app, environ)
        return _spoil(rule, held, environ)


class _Held:
    """An answer that was given but has not left."""

    def __init__(self, status: str, headers: list[tuple[str, str]], body: Iterable[bytes]) -> None:
        self.status = status
        self.headers = headers
        self.body = body


def _run(app: WSGIApplication, environ: WSGIEnvironment) -> _Held:
    began: list[tuple[str, list[tuple[str, str]]]] = []
    discarded: list[bytes] = []

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        del exc_info
        began.append((status, headers))
        return discarded.append

    chunks = app(environ, start)
    body = b"".join(chunks)
    close = getattr(chunks, "close", None)
    if callable(close):
        close()
    status, headers = began[-1]
    return _Held(status, headers, [body])


def _made_up(rule: Rule) -> _Held:
    if rule.fault is Fault.HTML_BEFORE:
        return _page(LOGIN_PAGE, "text/html; charset=utf-8", HTTPStatus.OK, {})
    status = HTTPStatus.OK if rule.fault is Fault.LIE else rule.status
    kind = "application/json" if rule.body[:1] in ("{", "[") else "text/plain; charset=utf-8"
    return _page(rule.body.encode(), kind, status, rule.headers)


def _page(body: bytes, kind: str, status: int, headers: dict[str, str]) -> _Held:
    named = [("Content-Type", kind), ("Content-Length", str(len(body))), *headers.items()]
    return _Held(f"{status} {_phrase(status)}", named, [body])


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unusual"


def _spoil(rule: Rule, held: _Held, environ: WSGIEnvironment) -> _Held:
    body = b"".join(held.body)
    match rule.fault:
        case Fault.ERROR_AFTER:
            return _made_up(rule)
        case Fault.HTML_AFTER:
            return _page(LOGIN_PAGE, "text/html; charset=utf-8", HTTPStatus.OK, {})
        case Fault.CUT if body and environ["REQUEST_METHOD"] != "HEAD":
            held.body = _cut(body, environ)
        case Fault.DRIP:
            held.body = _drip(body, rule.pause_s)
        case Fault.SILENCE:
            threading.Event().wait(rule.pause_s)
            _hang_up(environ)
        case Fault.ENDLESS:
            held.headers = [(name, value) for name, value in held.headers if name.lower() != "content-length"]
            held.body = _endless(body)
        case Fault.REWRITE:
            body = re.sub(rule.find.encode(), rule.replace.encode(), body)
            held.headers = [(n, v) for n, v in held.headers if n.lower() != "content-length"]
            held.headers.append(("Content-Length", str(len(body))))
            held.body = [body]
        case _:
            _hang_up(environ)
    return held


def _cut(body: bytes, environ: WSGIEnvironment) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    _hang_up(environ)


def _drip(body: bytes, pause_s: float) -> Iterator[bytes]:
    pause = threading.Event()
    for start in range(len(body)):
        yield body[start : start + 1]
        pause.wait(pause_s)


def _endless(body: bytes) -> Iterator[bytes]:
    yield body.rstrip(b"]}")
    while True:
        yield b" " * _CHUNK


def _hang_up(environ: WSGIEnvironment) -> None:
    """Break the connection; what was read of the call stays read."""
    connection: Any = environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        with suppress(OSError):  # the client may have left already
            connection.shutdown(socket.SHUT_RDWR)
