"""The command that adds a person."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Annotated

import typer

from hub.access.actors import Role
from hub.cli.printing import AsJson, say, say_json
from hub.cli.toolbox import Toolbox


@dataclass(frozen=True, slots=True)
class People:
    """The command, for one toolbox."""

    toolbox: Toolbox

    def add_to(self, app: typer.Typer) -> None:
        """Add the command to the command line."""
        app.command()(self.create_user)

    def create_user(
        self,
        email: Annotated[str, typer.Argument(help="The e-mail address to sign in with.")],
        *,
        name: Annotated[str, typer.Option(help="The person's name, as others see it.")],
        role: Annotated[Role, typer.Option(help="What the person may do.")] = Role.VIEWER,
        as_json: AsJson = False,
    ) -> None:
        """Add a person. The password is asked for, or read from standard input when that is no terminal."""
        settings = self.toolbox.settings()
        user_id = self.toolbox.add_user(settings, email=email, name=name, role=role, password=_password())
        if as_json:
            say_json({"id": user_id, "email": email, "role": role.value})
        else:
            say(f"{name} ({role.value}) can sign in at {settings.url} now.")


def _password() -> str:
    """Ask twice, unseen. Never an argument: those stand in the process list and in the shell's history."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")
