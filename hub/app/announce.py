"""What `damhub serve` says when it starts: where the hub is, how a new one gets its administrator, what is misspelt."""

from __future__ import annotations

import os
from collections.abc import Mapping

from rich.console import Console

from hub.settings import unknown_names
from hub.web.services import Services


def announce(services: Services, console: Console | None = None, *, environ: Mapping[str, str] | None = None) -> None:
    """Print the hub's address; for a new hub, the address at which its administrator is made, once."""
    screen = console or Console(stderr=True, highlight=False, soft_wrap=True)
    for name, meant in unknown_names(os.environ if environ is None else environ):
        hint = f" Did you mean {meant}?" if meant else ""
        screen.print(f"{name} is no setting and has no effect.{hint}", style="yellow", markup=False)
    url = services.settings.url
    screen.print(f"damhub: {url}", style="bold", markup=False)
    code = services.access.first_run_code()
    if code is not None:
        screen.print("This hub is new. Make its administrator here:", markup=False)
        screen.print(f"  {url}/first-run?code={code}", markup=False)
    screen.print("Ctrl-C ends it in order.", markup=False)
