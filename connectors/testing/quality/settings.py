"""Settings as an example, for what a manifest makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.sdk.manifest import Auth, Manifest, OAuth

EXAMPLE = "https://site.example"


def example_settings(manifest: Manifest) -> Any:
    """Return settings with their defaults; what must be typed in is the address of an example."""
    needed: dict[str, Any] = {
        name: EXAMPLE for name, field in manifest.settings.model_fields.items() if field.is_required()
    }
    return manifest.settings.model_construct(None, **needed)


def servers(manifest: Manifest) -> Iterator[tuple[Auth, OAuth | None]]:
    """Return each way to sign in with its authorization server, where it has one."""
    settings = example_settings(manifest)
    for auth in manifest.auths:
        yield auth, auth.server(settings)
