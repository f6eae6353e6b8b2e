"""Sandboxes to connect by hand, one of every connector that can be: for whoever looks around after the story."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from connectors.sdk.manifest import Manifest
from connectors.sdk.registry import discover
from connectors.testing.sandbox import Sandbox, make_sandbox
from connectors.testing.serve import serve
from hub.app.demo.stage import Stage

FILE: Final = "sandboxes.json"
TITLES: Final = {"wordpress": "Lakeside shop"}


class Playground:
    """Made-up vendors in this process. What they are connected with stands in a file that the hub's forms read."""

    def __init__(self, stage: Stage) -> None:
        """Serve them until the stage is closed."""
        self._sandboxes: dict[str, Sandbox] = {}
        self.file: Path = stage.home / FILE
        stack = ExitStack()
        stage.on_close(stack.close)
        for name, manifest in discover().items():
            sandbox = make_sandbox(manifest)
            if _by_hand(manifest, sandbox):
                sandbox.title = TITLES.get(name, "")
                stack.enter_context(serve(sandbox))
                self._sandboxes[name] = sandbox
        self.file.write_text(json.dumps(self.told))

    @property
    def origins(self) -> list[str]:
        """Return where they are: the hub must be let call them."""
        return [sandbox.origin for sandbox in self._sandboxes.values()]

    @property
    def told(self) -> Mapping[str, Mapping[str, Any]]:
        """Return what each is connected with, by connector."""
        return {
            name: {
                "origin": sandbox.origin, "auth": sandbox.auth, "settings": dict(sandbox.settings(sandbox.origin)),
                "secrets": dict(sandbox.secrets),
            }
            for name, sandbox in self._sandboxes.items()
        }  # fmt: skip

    def flush(self) -> None:
        """Send the webhooks that are due."""
        for sandbox in self._sandboxes.values():
            sandbox.outbox.flush()


def _by_hand(manifest: Manifest, sandbox: Sandbox) -> bool:
    """Tell whether a sandbox is connected by what is typed in: some vendors' sign-in pages are nobody else's."""
    auth = next(auth for auth in manifest.auths if auth.name == sandbox.auth)
    return not (auth.in_browser or auth.by_machine)
