"""The process that does what is due."""

from __future__ import annotations

from hub.app.compose import Hub
from hub.app.logs import start_logging
from hub.jobs.worker import run_worker
from hub.settings import Settings


def run_work(settings: Settings) -> None:
    """Do what is due until SIGTERM or SIGINT."""
    start_logging(settings)
    hub = Hub.open(settings)
    try:
        run_worker(settings, hub.services.database, hub.services.clock, hub.drains())
    finally:
        hub.close()
