"""The command `damhub`: its parts and how it tells failures."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer
from pydantic import ValidationError
from rich.console import Console

from hub.cli.running import Running
from hub.cli.toolbox import Toolbox
from hub.errors import HubError, Invalid

FAILED = 1
REFUSED = 2


def build(toolbox: Toolbox) -> typer.Typer:
    """Return the whole command line for one toolbox."""
    app = typer.Typer(
        name="damhub",
        help="A hub for a team's media that knows every copy it ever made.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        rich_markup_mode=None,
    )
    Running(toolbox).add_to(app)
    return app


def run(toolbox: Toolbox, arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 it failed or something is bad, 2 it cannot be done so."""
    try:
        build(toolbox)(args=arguments)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    except HubError as error:
        tell(error)
        return REFUSED if isinstance(error, Invalid) else FAILED
    except ValidationError as wrong:
        tell(_wrong_setting(wrong))
        return REFUSED
    return 0


def tell(error: HubError) -> None:
    """Print a failure for a person, on standard error: what happened, where, what to do, and its code."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    where = f" ({error.where})" if error.where else ""
    console.print(f"{error.what}{where}", style="bold", markup=False)
    if error.next_step:
        console.print(error.next_step, markup=False)
    console.print(f"[{error.code}]", style="dim", markup=False)


def _wrong_setting(wrong: ValidationError) -> HubError:
    """Say which setting is wrong, without its value: it may be a secret."""
    first = wrong.errors(include_input=False, include_url=False)[0]
    name = "DAMHUB_" + "_".join(str(part) for part in first["loc"]).upper()
    return Invalid("setting_wrong", f"A setting is wrong: {first['msg']}.", where=name,
                   next_step="Set it right in the environment or in damhub.toml.")  # fmt: skip


def main(toolbox: Toolbox) -> None:
    """Run the command of this process and end it."""
    sys.exit(run(toolbox))
