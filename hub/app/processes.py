"""The two kinds of process of a running hub: `web` answers people, programs and remotes; `worker` does what is due."""

from __future__ import annotations

import errno
import socket
from typing import Any

from gunicorn.app.base import BaseApplication

from hub.app.compose import Hub
from hub.app.logs import start_logging
from hub.errors import Unavailable
from hub.jobs.worker import run_worker
from hub.settings import Settings
from hub.web.app import create_app

LONGEST_LINE = 8190
"""Request line and header fields, in bytes: longer ones are refused before any of our code runs."""


class WebServer(BaseApplication):
    """gunicorn with our settings; each of its processes opens the hub for itself, after the fork."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Set what differs from gunicorn's defaults."""
        options: dict[str, Any] = {
            "bind": self._settings.address,
            "workers": self._settings.web_workers,
            "worker_class": "gthread",
            "threads": self._settings.web_threads,
            "graceful_timeout": 20,
            "timeout": 120,
            "keepalive": 5,
            "limit_request_line": LONGEST_LINE,
            "limit_request_field_size": LONGEST_LINE,
            "forwarded_allow_ips": "",  # nobody's word about addresses is taken
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Open the hub in this process and return its Flask application."""
        start_logging(self._settings)
        return create_app(Hub.open(self._settings).services)


def run_web(settings: Settings) -> None:
    """Answer requests until SIGTERM or SIGINT.

    Raises:
        Unavailable: `port_taken`.
        Conflict, Invalid: the hub cannot be opened; see `Hub.open`.
    """
    refuse_taken_port(settings)
    Hub.open(settings).close()  # what is wrong with the hub is told once, here, and not by each process
    WebServer(settings).run()


def run_work(settings: Settings) -> None:
    """Do what is due until SIGTERM or SIGINT."""
    start_logging(settings)
    hub = Hub.open(settings)
    try:
        run_worker(settings, hub.services.database, hub.services.clock, hub.drains())
    finally:
        hub.close()


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
