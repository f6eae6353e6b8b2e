"""What the command line is given by the composition root: acts upon a hub that only the root can wire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hub.settings import Settings


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The acts of one installation. Each raises HubError with what to do next, and never anything else on purpose."""

    settings: Callable[[], Settings]
    """Reads environment and file."""
    serve: Callable[[Settings], None]
    """Keeps the hub running until it is told to end."""
    web: Callable[[Settings], None]
    """Answers requests in this process."""
    worker: Callable[[Settings], None]
    """Does what is due in this process."""
