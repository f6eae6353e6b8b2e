"""A port for the hub: the usual one, or the next that is free, kept from other demos until the hub listens on it."""

from __future__ import annotations

import socket
import sys
from typing import Final

from hub.errors import Unavailable

HOST: Final = "127.0.0.1"
FIRST: Final = 8300
TRIES: Final = 200


class Claim:
    """A port that nobody else gets. On Linux it stays ours while a process of ours begins to listen on it."""

    def __init__(self, first: int = FIRST) -> None:
        """Take the first free port from `first` on.

        Raises:
            Unavailable: `no_port_free`.
        """
        for port in range(first, first + TRIES):
            self._socket = socket.socket()
            try:
                # Without SO_REUSEADDR: a port that another demo holds, or anybody listens on, is refused.
                self._socket.bind((HOST, port))
            except OSError:
                self._socket.close()
                continue
            self.port = port
            self._lend()
            return
        raise Unavailable(
            "no_port_free", f"No port from {first} to {first + TRIES - 1} is free.", where=HOST,
            next_step="End some of the programs that listen there.",
        )  # fmt: skip

    def _lend(self) -> None:
        """Let one more socket bind here that asks with SO_REUSEADDR, as servers do: it can, since we do not listen."""
        if sys.platform == "linux":
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:  # elsewhere a bound port cannot be shared so: whoever is quicker gets it
            self._socket.close()

    def release(self) -> None:
        """Give the port up; a process that listens keeps it."""
        self._socket.close()


def any_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
