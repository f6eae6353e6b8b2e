"""A small receiver of webhooks for developers: checks signatures, drops what came before, answers at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from webhooks import Deduplicator, SignatureError, verify

HOST: Final = "127.0.0.1"
MOST_BYTES: Final = 1024 * 1024
REMEMBERED_S: Final = 7 * 24 * 3600
SIGNED: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")


@dataclass(frozen=True, slots=True)
class Heard:
    """One message as it came."""

    id: str
    body: bytes
    headers: Mapping[str, str]
    cursor: str = ""
    """Where the feed goes on behind it; empty for what was sent here."""


Hear = Callable[[Heard], bool]
"""Does something with a message; returns whether it was taken. What was not is asked for again."""


class Receiver:
    """Decides what to answer. Safe to share between threads."""

    def __init__(self, secrets: Sequence[str], hear: Hear, complain: Callable[[str], None]) -> None:
        """Without secrets nothing is checked."""
        self._secrets, self._hear, self._complain = secrets, hear, complain
        self._seen = Deduplicator(keep_s=REMEMBERED_S)

    def take(self, headers: Mapping[str, str], body: bytes, *, now_s: int) -> HTTPStatus:
        """Take one message and return the status to answer with."""
        found = {name.lower(): value for name, value in headers.items()}
        message_id = found.get("webhook-id", "")
        try:
            if self._secrets:
                message_id = verify(self._secrets, found, body, now_s=now_s)
        except SignatureError as wrong:
            self._complain(f"Refused: {wrong}.")
            return HTTPStatus.UNAUTHORIZED
        if not message_id:
            self._complain("Refused: a message without webhook-id.")
            return HTTPStatus.BAD_REQUEST
        if not self._seen.is_new(message_id, now_s=now_s):
            self._complain(f"Again, and dropped: {message_id}.")
            return HTTPStatus.NO_CONTENT
        if self._hear(Heard(message_id, body, {name: found[name] for name in SIGNED if name in found})):
            return HTTPStatus.NO_CONTENT
        self._seen.forget(message_id)
        return HTTPStatus.BAD_GATEWAY


@contextmanager
def serving(receiver: Receiver, *, port: int, now_s: Callable[[], int]) -> Generator[str]:
    """Listen on a loopback port (0: any free one) from a thread; yields the address.

    Raises:
        OSError: the port is taken.
    """

    class Handler(BaseHTTPRequestHandler):
        timeout = 30  # a sender that hangs keeps its thread no longer

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isdecimal() or int(length) > MOST_BYTES:
                self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                return
            self._answer(receiver.take(dict(self.headers.items()), self.rfile.read(int(length)), now_s=now_s()))

        def log_message(self, *said: object, **named: object) -> None:
            """Write no log: what matters is printed by whoever hears."""

        def _answer(self, status: HTTPStatus) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = ThreadingHTTPServer((HOST, port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
