"""The program `damhub`: gives the command line what only the composition root can make."""

from __future__ import annotations

import os
from functools import partial

from hub.app import acts
from hub.app.announce import announce, begin, screen
from hub.app.compose import Hub
from hub.app.demo.play import play
from hub.app.doctor import examine
from hub.app.logs import start_logging
from hub.app.processes import refuse_taken_port, run_web, run_work
from hub.app.serve import keep_running
from hub.cli.app import main as run_command_line
from hub.cli.toolbox import Toolbox
from hub.settings import Settings


def toolbox() -> Toolbox:
    """Return the acts of this installation."""
    return Toolbox(
        settings=Settings, serve=serve, web=run_web, worker=run_work, demo=play, doctor=examine, backup=acts.backup,
        restore=acts.restore, adopt=acts.adopt, declare_copy=acts.declare_copy, add_user=acts.add_user,
        document=acts.document, reports=acts.reports,
    )  # fmt: skip


def serve(settings: Settings) -> None:
    """Open the hub once, keep its processes running, and say where it is as soon as it answers."""
    start_logging(settings)
    refuse_taken_port(settings)
    console = screen()
    begin(console)
    hub = Hub.open(settings)
    try:
        code = hub.services.access.first_run_code()
    finally:
        hub.close()
    keep_running(greet=partial(announce, settings, code, console))


def main() -> None:
    """Run the command of this process. Whatever it writes is for its own account alone."""
    os.umask(0o077)
    run_command_line(toolbox())
