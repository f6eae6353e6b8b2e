"""A server that takes every body and gives bodies of any size: the other side of the benchmark of large calls.

python -m tests.bench.sink     prints its origin, and serves until it is ended
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHUNK = bytes(1024 * 1024)


class Sink(BaseHTTPRequestHandler):
    """Counts what comes, and sends zeros."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        left = took = int(self.headers["Content-Length"])
        while left > 0:
            left -= len(self.rfile.read(min(left, len(CHUNK))))
        self._answer(json.dumps({"took": took}).encode())

    def do_POST(self):
        self.do_PUT()

    def do_GET(self):
        left = int(self.path.strip("/"))
        self._head(left)
        while left > 0:
            left -= self.wfile.write(CHUNK[: min(left, len(CHUNK))])

    def log_message(self, *_):
        """Say nothing."""

    def _head(self, size):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(size))
        self.end_headers()

    def _answer(self, body):
        self._head(len(body))
        self.wfile.write(body)


if __name__ == "__main__":
    with ThreadingHTTPServer(("127.0.0.1", 0), Sink) as server:
        sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()
