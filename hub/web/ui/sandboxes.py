"""Sandboxes that run beside this hub to be tried out: the demo names them, and the connect forms tell of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.sdk.manifest import Manifest
from hub.web.services import services
from hub.web.ui.asking import written


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox, and what to connect with: made up, and of no use anywhere else."""

    origin: str
    auth: str
    settings: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)


def running(manifest: Manifest) -> Running | None:
    """Return the sandbox of a connector that runs beside this hub; None outside of the demo."""
    file = services().settings.sandboxes
    if file is None:
        return None
    told: Mapping[str, Any] = json.loads(file.read_bytes()).get(manifest.name, {})
    if not told:
        return None
    settings = {name: written(value) for name, value in told["settings"].items()}
    return Running(told["origin"], told["auth"], settings, told["secrets"])
