"""A scripted server on a real loopback socket: each connection is handed to a function."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager


def read_request(conn):
    """Read one request; return its head as text and its body."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = conn.recv(65536)
        if not more:
            return "", b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    text = head.decode("latin-1")
    length = next((int(x.split(":")[1]) for x in text.split("\r\n") if x.lower().startswith("content-length:")), 0)
    while len(body) < length:
        more = conn.recv(65536)
        if not more:
            break
        body += more
    return text, body


def respond(status=200, body=b"{}", **headers):
    """Return the bytes of a whole answer."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@contextmanager
def server(handle):
    """Serve; `handle(conn, head, body)` answers one request. Yields the origin and the list of requests."""
    listener = socket.create_server(("127.0.0.1", 0))
    seen = []
    threads = []

    def one(conn):
        with conn:
            head, body = read_request(conn)
            seen.append((head, body))
            try:
                handle(conn, head, body)
            except OSError:
                seen.append(("hung up", b""))

    def loop():
        while True:
            try:
                conn, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=one, args=(conn,), daemon=True))
            threads[-1].start()

    acceptor = threading.Thread(target=loop, daemon=True)
    acceptor.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", seen
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join(5)
        for thread in threads:
            thread.join(5)
