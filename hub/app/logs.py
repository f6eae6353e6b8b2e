"""What the processes write down: a line for each thing that happened, on standard error; JSON where nobody watches."""

from __future__ import annotations

import logging
import sys

import structlog

from hub.settings import Settings

QUIET = ("dbos", "alembic", "botocore", "boto3", "urllib3", "httpx", "httpcore")
"""Libraries that tell more than an operator wants to read, some of it with addresses that hold secrets."""


def start_logging(settings: Settings) -> None:
    """Send the logs of rooms and libraries to standard error, from the level that the settings name."""
    level = logging.getLevelNamesMapping().get(settings.log_level.upper(), logging.INFO)
    render = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                render,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
