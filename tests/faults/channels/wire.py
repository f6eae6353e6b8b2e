"""The wire between hub and sandbox, in one process: httpx on one side, WSGI on the other, faults and deaths between.

What the rules of `connectors.testing.faults` can say is left to them. What needs the caller's side is done here: the
process dies before or after the effect, time passes while an answer is out, another worker takes over meanwhile.
"""

from __future__ import annotations

import io
import socket
import sys
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import unquote_to_bytes

import httpx

from hub.clock import SECOND
from tests.faults.model.remote import Killed

IDLE_MS = 31 * SECOND
SLOW_MS = 20 * SECOND
HERE = "127.0.0.1:9"
ORIGIN = f"http://{HERE}"
CONTENT = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


class Line(socket.socket):
    """Stands for the connection that a sandbox hangs up on; nothing is ever sent over it."""

    broken = False

    def shutdown(self, how):
        self.broken = True


@dataclass
class Snag:
    """What meets one call on the caller's side; the first that fits and is not used up."""

    kind: str  # as it stands in the table
    act: str  # die_before | die_after | unconnected | half_open | late | slow | overtaken | overtaken_after
    on: str = "any"
    skip: int = 0
    used: bool = False

    def meets(self, writes):
        if self.used or self.on == ("read" if writes else "write"):
            return False
        self.skip -= 1
        self.used = self.skip < 0
        return self.used


@dataclass
class Wire(httpx.BaseTransport):
    """Carries the calls of a hub that lives as long as `alive` says so."""

    sandbox: object
    clock: object
    snags: list = field(default_factory=list)
    fired: list = field(default_factory=list)
    calls: list = field(default_factory=list)
    after: object = None  # called after each effect with (writes)
    overtake: object = None  # lets another worker work
    works: object = None  # whether a worker is at work: people's own calls meet the sandbox's faults alone
    inside: int = 0
    read_since_write: bool = False

    def __post_init__(self):
        self.line = Line()

    def close(self):
        """A client is closed with each hub; the wire outlives them."""

    def end(self):
        self.line.close()

    def handle_request(self, request):
        body = b"".join(request.stream)
        environ = self._environ(request, body)
        writes = self.sandbox.writes(environ)
        if request.url.netloc.decode() != HERE:
            raise httpx.ConnectError("there is nobody else in this world", request=request)
        self.calls.append(f"{request.method} {environ['PATH_INFO']}")
        struck = self.works() and not self.inside
        snag = next((one for one in self.snags if one.meets(writes)), None) if struck else None
        if snag:
            self._strike_before(snag, request)
        if writes:
            self.read_since_write = False
        response = self._ask(request, environ)
        if self.after:
            self.after(writes)
        if snag:
            self._strike_after(snag, request)
        if not writes:
            self.read_since_write = True
        return response

    def _strike_before(self, snag, request):
        self.fired.append(snag.kind)
        match snag.act:
            case "die_before":
                raise Killed
            case "unconnected":
                raise httpx.ConnectError("nobody answers", request=request)
            case "half_open":
                self.clock.advance(IDLE_MS)
                raise httpx.ReadTimeout("no byte for too long", request=request)
            case "overtaken":
                self._let_overtake()

    def _strike_after(self, snag, request):
        match snag.act:
            case "die_after":
                raise Killed
            case "late":
                self.clock.advance(IDLE_MS)
                raise httpx.ReadTimeout("the answer came too late", request=request)
            case "slow":
                self.clock.advance(SLOW_MS)
            case "overtaken_after":
                self._let_overtake()

    def _let_overtake(self):
        self.inside += 1
        try:
            self.overtake()
        finally:
            self.inside -= 1

    def _ask(self, request, environ):
        self.line.broken = False
        began = []
        chunks = self.sandbox.wsgi(environ, lambda status, headers, exc_info=None: began.append((status, headers)))
        body = b"".join(chunks)
        if close := getattr(chunks, "close", None):
            close()
        status, headers = began[-1]
        if self.line.broken:
            raise httpx.ReadError("the connection broke", request=request)
        number = int(status.split()[0])
        headers = [*headers, ("Date", formatdate(usegmt=True))]
        return httpx.Response(number, headers=headers, content=body if request.method != "HEAD" else b"")

    def _environ(self, request, body):
        raw = request.url.raw_path.decode()
        path, _, query = raw.partition("?")
        environ = {
            "REQUEST_METHOD": request.method, "PATH_INFO": unquote_to_bytes(path).decode("latin-1"), "SCRIPT_NAME": "",
            "QUERY_STRING": query, "RAW_URI": raw, "REQUEST_URI": raw, "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "9",
            "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr,
            "wsgi.multithread": False, "wsgi.multiprocess": False, "wsgi.run_once": False,
            "wsgi.input_terminated": True, "werkzeug.socket": self.line,
        }  # fmt: skip
        for name, value in request.headers.items():
            environ[CONTENT.get(name, "HTTP_" + name.upper().replace("-", "_"))] = value
        if body or "CONTENT_LENGTH" in environ:
            environ["CONTENT_LENGTH"] = str(len(body))
        return environ
