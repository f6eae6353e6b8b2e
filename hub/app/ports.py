"""Whether the hub can listen where it is to listen."""

from __future__ import annotations

import errno
import socket

from hub.errors import Unavailable
from hub.settings import Settings


def refuse_taken_port(settings: Settings) -> None:
    """Let a hub that cannot listen where it is to listen say so before anything else starts.

    Raises:
        Unavailable: `port_taken`, `address_not_usable`.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.host, settings.port))
    except OSError as refused:
        what = f"{settings.address} cannot be listened on: {refused.strerror}."
        if refused.errno == errno.EADDRINUSE:
            step = "End the other program, or set DAMHUB_PORT to a free port."
            raise Unavailable("port_taken", what, where="DAMHUB_PORT", next_step=step) from refused
        step = "Name an address of this machine (0.0.0.0: all of them) and a port that this account may use."
        raise Unavailable("address_not_usable", what, where="DAMHUB_HOST", next_step=step) from refused
