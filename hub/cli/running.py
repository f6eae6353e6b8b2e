"""Commands that run the hub: serve, web and worker; and demo, which runs one of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from hub.cli.toolbox import DemoWish, Toolbox


@dataclass(frozen=True, slots=True)
class Running:
    """The commands, for one toolbox."""

    toolbox: Toolbox

    def add_to(self, app: typer.Typer) -> None:
        """Add the commands to the command line."""
        for act in (self.serve, self.web, self.worker, self.demo):
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

    def demo(
        self,
        *,
        once: Annotated[bool, typer.Option("--once", help="End by itself when everything is proven.")] = False,
        real: Annotated[
            list[str] | None,
            typer.Option(metavar="NAME", help="Play on a real server instead of NAME's sandbox, such as wordpress."),
        ] = None,
    ) -> None:
        """Play the life of a picture with a hub of its own, in a folder that is removed at the end.

        Exit code 1 if a proof is missing.
        """
        raise typer.Exit(self.toolbox.demo(DemoWish(once, tuple(real or ()))))
