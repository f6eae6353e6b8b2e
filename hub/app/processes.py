"""The two kinds of process of a running hub: `web` answers people, programs and remotes; `worker` does what is due."""

from __future__ import annotations

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
            "bind": f"{self._settings.host}:{self._settings.port}",
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
    """Raise `port_taken` if somebody else listens where this hub is to listen."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as taken:
            raise Unavailable(
                "port_taken",
                f"{settings.host}:{settings.port} cannot be listened on: {taken.strerror}.",
                where="DAMHUB_PORT",
                next_step="End the other program, or set DAMHUB_PORT to a free port.",
            ) from taken
