"""The program `damhub`: gives the command line what only the composition root can make.

Each act reads the modules that it needs when it is asked for: a worker needs no web, and `--help` needs no hub.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hub.access.actors import Role
from hub.cli.app import main as run_command_line
from hub.cli.findings import Finding
from hub.cli.toolbox import DemoWish, Told, Toolbox
from hub.settings import Settings

if TYPE_CHECKING:
    from hub.app.archive import End
    from hub.connections.replaying import OfAccount, Which
    from hub.db.models import Installation
    from hub.placements.reports.service import Reports
    from mappings.document import AssetDocument


def toolbox() -> Toolbox:
    """Return the acts of this installation."""
    return Toolbox(
        settings=Settings, serve=serve, web=web, worker=worker, demo=demo, doctor=doctor, backup=backup,
        restore=restore, adopt=adopt, declare_copy=declare_copy, add_user=add_user, document=document, reports=reports,
        replay_inbound=replay_inbound,
    )  # fmt: skip


def serve(settings: Settings) -> None:
    """Open the hub once, keep its processes running, and say where it is as soon as it answers."""
    from hub.app.announce import announce, begin, screen
    from hub.app.logs import start_logging
    from hub.app.ports import refuse_taken_port
    from hub.app.serve import keep_running

    start_logging(settings)
    refuse_taken_port(settings)
    console = screen()
    begin(console)
    keep_running(greet=partial(announce, settings, _code(settings), console))


def _code(settings: Settings) -> str | None:
    from hub.app.compose import Hub

    hub = Hub.open(settings)
    try:
        return hub.services.access.first_run_code()
    finally:
        hub.close()


def web(settings: Settings) -> None:
    """Answer requests in this process."""
    from hub.app.web import run_web

    run_web(settings)


def worker(settings: Settings) -> None:
    """Do what is due in this process."""
    from hub.app.work import run_work

    run_work(settings)


def demo(wish: DemoWish) -> int:
    """Play the whole story; see `hub.app.demo.play`."""
    from hub.app.demo.play import play

    return play(wish)


def doctor() -> Sequence[Finding]:
    """Look at everything; see `hub.app.doctor`."""
    from hub.app.doctor import examine

    return examine()


def backup(settings: Settings, file: Path, *, with_keys: bool, told: Told) -> End:
    """Write a backup; see `hub.app.acts`."""
    from hub.app import acts

    return acts.backup(settings, file, with_keys=with_keys, told=told)


def restore(settings: Settings, file: Path, *, told: Told) -> End:
    """Read a backup; see `hub.app.acts`."""
    from hub.app import acts

    return acts.restore(settings, file, told=told)


def adopt(settings: Settings) -> Installation:
    """Say that this is the hub; see `hub.app.acts`."""
    from hub.app import acts

    return acts.adopt(settings)


def declare_copy(settings: Settings) -> Installation:
    """Say that this is a copy of another hub; see `hub.app.acts`."""
    from hub.app import acts

    return acts.declare_copy(settings)


def add_user(settings: Settings, *, email: str, name: str, role: Role, password: str) -> str:
    """Add a person; see `hub.app.acts`."""
    from hub.app import acts

    return acts.add_user(settings, email=email, name=name, role=role, password=password)


def document(settings: Settings, asset: str) -> AssetDocument:
    """Return what channels may be told of an asset; see `hub.app.acts`."""
    from hub.app import acts

    return acts.document(settings, asset)


def replay_inbound(settings: Settings, which: Which, *, really: bool) -> Sequence[OfAccount]:
    """Have deliveries of remotes read again; see `hub.app.acts`."""
    from hub.app import acts

    return acts.replay_inbound(settings, which, really=really)


def reports(settings: Settings) -> AbstractContextManager[Reports]:
    """Lend what makes signed reports; see `hub.app.acts`."""
    from hub.app import acts

    return acts.reports(settings)


def main() -> None:
    """Run the command of this process. Whatever it writes is for its own account alone."""
    os.umask(0o077)
    run_command_line(toolbox())
