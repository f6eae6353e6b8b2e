"""What `damhub serve` says: what is misspelt; once it answers, where it is and how it gets its administrator."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from rich.console import Console

from hub.app.answering import answers
from hub.settings import Settings, unknown_names


def screen() -> Console:
    """Return where `damhub serve` speaks."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def begin(console: Console, *, environ: Mapping[str, str] | None = None) -> None:
    """Say that the hub starts, and which settings have no effect."""
    for name, meant in unknown_names(os.environ if environ is None else environ):
        hint = f" Did you mean {meant}?" if meant else ""
        console.print(f"{name} is no setting and has no effect.{hint}", style="yellow", markup=False)
    console.print("damhub starts ...", style="dim", markup=False)


def announce(
    settings: Settings, code: str | None, console: Console, *, up: Callable[[Settings], bool] = answers
) -> bool:
    """Print the hub's address if it answers there by now; with a new hub's code, where its administrator is made.

    Returns:
        Whether it answers. Until then nothing is printed: whoever opens an address that is printed finds the hub.
    """
    if not up(settings):
        return False
    console.print(f"damhub: {settings.url}", style="bold", markup=False)
    if code is not None:
        console.print("This hub is new. Make its administrator here:", markup=False)
        console.print(f"  {settings.url}/first-run?code={code}", markup=False)
    console.print("Ctrl-C ends it in order.", markup=False)
    return True
