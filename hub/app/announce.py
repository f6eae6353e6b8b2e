"""What `damhub serve` says when it starts: where the hub is, and how a new one gets its administrator."""

from __future__ import annotations

from rich.console import Console

from hub.web.services import Services


def announce(services: Services, console: Console | None = None) -> None:
    """Print the hub's address; for a new hub, the address at which its administrator is made, once."""
    screen = console or Console(stderr=True, highlight=False, soft_wrap=True)
    url = services.settings.url
    screen.print(f"damhub: {url}", style="bold", markup=False)
    code = services.access.first_run_code()
    if code is not None:
        screen.print("This hub is new. Make its administrator here:", markup=False)
        screen.print(f"  {url}/first-run?code={code}", markup=False)
    screen.print("Ctrl-C ends it in order.", markup=False)
