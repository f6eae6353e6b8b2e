"""Serves a sandbox on a loopback port: in a thread, or as a process of its own.

    python -m connectors.testing.serve trello --port 0 --ledger FILE

prints one line of JSON with the origin, the control token, and what to connect with.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from connectors.sdk.manifest import Manifest
from connectors.sdk.registry import discover
from connectors.testing.ledger import Ledger
from connectors.testing.sandbox import Sandbox, make_sandbox

HOST = "127.0.0.1"
POLL_S = 0.02
FLUSH_S = 0.1


class _Quiet(WSGIRequestHandler):
    """Writes no log: paths and queries may hold what tests call secret."""

    def log(self, type: str, message: str, *args: Any) -> None:
        del type, message, args


@contextmanager
def serve(sandbox: Sandbox, *, port: int = 0) -> Generator[str]:
    """Serve a sandbox from a thread; yields its origin. Webhooks are sent when a test flushes the outbox."""
    server = make_server(HOST, port, sandbox.wsgi, threaded=True, request_handler=_Quiet)
    sandbox.origin = f"http://{HOST}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": POLL_S}, daemon=True)
    thread.start()
    try:
        yield sandbox.origin
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def told_of(sandbox: Sandbox, origin: str) -> dict[str, Any]:
    """Return what is printed of a sandbox: where it is, and what a person connects with."""
    typed = sandbox.typed()
    return {
        "origin": origin, "control_token": sandbox.control_token, "auth": typed.auth, "secrets": dict(typed.secrets),
        "settings": dict(sandbox.settings(origin)),
    }  # fmt: skip


def _nothing(manifest: Manifest, told: Mapping[str, Any]) -> None:
    """Programs have read the line."""
    del manifest, told


def main(
    arguments: Sequence[str] | None = None, *, say: Callable[[Manifest, Mapping[str, Any]], None] = _nothing
) -> int:
    """Serve one connector's sandbox until a signal comes; `say` tells people what was printed for programs."""
    parser = argparse.ArgumentParser(prog="connectors.testing.serve", description=main.__doc__)
    parser.add_argument("connector")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ledger", type=Path)
    parser.add_argument("--control-token", default="")
    parser.add_argument("--title", default="", help="what the account is called")
    options = parser.parse_args(arguments)
    manifests = discover()
    if options.connector not in manifests:
        parser.error(f"no connector is named {options.connector}; there are {', '.join(sorted(manifests))}")
    sandbox = make_sandbox(manifests[options.connector], ledger=Ledger(options.ledger))
    sandbox.title = options.title
    if options.control_token:
        sandbox.control_token = options.control_token
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    with serve(sandbox, port=options.port) as origin:
        told = told_of(sandbox, origin)
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        say(manifests[options.connector], told)
        while not stop.wait(FLUSH_S):
            sandbox.outbox.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
