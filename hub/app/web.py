"""The process that answers people, programs and remotes."""

from __future__ import annotations

from typing import Any

from gunicorn.app.base import BaseApplication

from hub.app.compose import Hub
from hub.app.logs import start_logging
from hub.app.ports import refuse_taken_port
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
