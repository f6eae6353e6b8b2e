"""Commands that run the hub: serve, web and worker."""

from __future__ import annotations

from dataclasses import dataclass

import typer

from hub.cli.toolbox import Toolbox


@dataclass(frozen=True, slots=True)
class Running:
    """The commands, for one toolbox."""

    toolbox: Toolbox

    def add_to(self, app: typer.Typer) -> None:
        """Add the commands to the command line."""
        for act in (self.serve, self.web, self.worker):
            app.command()(act)

    def serve(self) -> None:
        """Run the hub: web and worker processes, until Ctrl-C."""
        self.toolbox.serve(self.toolbox.settings())

    def web(self) -> None:
        """Run the web process alone, for several hosts."""
        self.toolbox.web(self.toolbox.settings())

    def worker(self) -> None:
        """Run the worker process alone, for several hosts."""
        self.toolbox.worker(self.toolbox.settings())
