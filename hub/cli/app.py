"""The command `damhub`: its parts and how it tells failures."""

from __future__ import annotations

import json
import logging
import sys
import tomllib
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from connectors.sdk.registry import BrokenConnector
from hub.cli.connectors import ConnectorCommands
from hub.cli.evidence import EvidenceCommands
from hub.cli.inbound import InboundCommands
from hub.cli.keeping import Keeping
from hub.cli.listening import Listening
from hub.cli.people import People
from hub.cli.printing import plain, say
from hub.cli.running import Running
from hub.cli.toolbox import Toolbox
from hub.cli.translating import Translating
from hub.errors import HubError, Invalid, Unavailable
from hub.settings import FILE, PREFIX
from mappings.errors import MappingError

log = logging.getLogger(__name__)

FAILED = 1
REFUSED = 2
TOLD = (
    HubError, BrokenConnector, MappingError, ValidationError, SettingsError, tomllib.TOMLDecodeError, SQLAlchemyError,
    OSError,
)  # fmt: skip
"""What can go wrong without anybody's programming error; everything else shows its traceback."""


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
    app.callback()(_about)
    parts = (
        Running, Keeping, People, Translating, ConnectorCommands, Listening, EvidenceCommands, InboundCommands,
    )  # fmt: skip
    for part in parts:
        part(toolbox).add_to(app)
    return app


def _tell_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it with the option's value
    if wanted:
        say(f"damhub {version('damhub')}")
        raise typer.Exit


def _about(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """A hub for a team's media that knows every copy it ever made."""
    del version


def run(toolbox: Toolbox, arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 it failed or something is bad, 2 it cannot be done so."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        build(toolbox)(args=given)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    except TOLD as failure:
        log.debug("the command failed", exc_info=failure)  # shown by serve, web and worker at DAMHUB_LOG_LEVEL=DEBUG
        error = explained(failure)
        tell(error, as_json="--json" in given)
        return REFUSED if isinstance(error, Invalid) else FAILED
    return 0


def tell(error: HubError, *, as_json: bool = False) -> None:
    """Print a failure on standard error: what happened, where, what to do, and its code."""
    if as_json:
        told = {name: getattr(error, name) for name in ("code", "what", "where", "next_step")}
        sys.stderr.write(json.dumps(told, ensure_ascii=False) + "\n")
        return
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    where = f" ({error.where})" if error.where else ""
    console.print(plain(f"{error.what}{where}"), style="bold", markup=False)
    if error.next_step:
        console.print(plain(error.next_step), markup=False)
    console.print(f"[{error.code}]", style="dim", markup=False)


def explained(failure: BaseException) -> HubError:
    """Say of any failure that is nobody's programming error what a person can do about it, without secrets."""
    match failure:
        case HubError():
            error = failure
        case BrokenConnector():
            error = Invalid("connector_broken", f"A connector is broken: {failure}.",
                            next_step="Its author must put it right. Until then, take it away.")  # fmt: skip
        case MappingError():
            error = Invalid(failure.code, str(failure), next_step=failure.next_step)
        case ValidationError():
            error = _wrong_setting(failure)
        case SettingsError():
            error = Invalid("setting_wrong", f"A setting is wrong: {failure}.",
                           next_step='Lists are written as JSON, such as ["http://127.0.0.1:8080"].')  # fmt: skip
        case tomllib.TOMLDecodeError():
            error = Invalid("settings_file_unreadable", f"The settings file is no TOML: {failure}.", where=str(FILE),
                           next_step="Correct the line.")  # fmt: skip
        case SQLAlchemyError():
            error = Unavailable("database_unavailable", f"The database does not answer ({type(failure).__name__}).",
                               where=f"{PREFIX}DATABASE_URL", next_step="Run `damhub doctor`.")  # fmt: skip
        case OSError():
            error = Unavailable("file_not_usable", f"The operating system refused: {failure.strerror or failure}.",
                               where=str(failure.filename or ""), next_step="Run `damhub doctor`.")  # fmt: skip
        case _:
            error = HubError("unexpected", f"Something went wrong: {type(failure).__name__}.")
    return error


def _wrong_setting(wrong: ValidationError) -> HubError:
    """Say which setting is wrong, without its value: it may be a secret."""
    first = wrong.errors(include_input=False, include_url=False)[0]
    name = PREFIX + "_".join(str(part) for part in first["loc"]).upper() if first["loc"] else ""
    what = first["msg"].removeprefix("Value error, ")
    return Invalid("setting_wrong", f"A setting is wrong: {what}.", where=name,
                   next_step="Set it right in the environment or in damhub.toml.")  # fmt: skip


def main(toolbox: Toolbox) -> None:
    """Run the command of this process and end it."""
    sys.exit(run(toolbox))
