"""Commands about what remotes sent: have it read again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final

import typer

from hub.cli.printing import AsJson, say, say_json, show_table
from hub.cli.toolbox import Toolbox
from hub.connections.inbox import IGNORED, WORKED
from hub.connections.replaying import STATES, Which

FORMATS: Final = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]


class Read(StrEnum):
    """How deliveries ended when they were read."""

    WORKED = WORKED
    IGNORED = IGNORED
    ALL = "all"


@dataclass(frozen=True, slots=True)
class InboundCommands:
    """The commands, for one toolbox."""

    toolbox: Toolbox

    def add_to(self, app: typer.Typer) -> None:
        """Add the commands to the command line."""
        group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What remotes sent to this hub.")
        group.callback()(lambda: None)
        group.command()(self.replay)
        app.add_typer(group, name="inbound")

    def replay(
        self,
        *,
        connection: Annotated[
            str, typer.Option(help="Of the account behind this connection: its id, as in its page's address.")
        ] = "",
        since: Annotated[
            datetime | None, typer.Option(formats=FORMATS, help="What came then or later, in UTC.")
        ] = None,
        until: Annotated[datetime | None, typer.Option(formats=FORMATS, help="What came before then, in UTC.")] = None,
        state: Annotated[Read, typer.Option(help="What led to a look, what was ignored, or all of it.")] = Read.ALL,
        really: Annotated[bool, typer.Option("--yes", help="Do it; without this it is only counted.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """Have deliveries of remotes read again, after a mistake in reading them was mended. Only counts without --yes.

        Deliveries that were refused were never kept: none of them is read again.
        """
        states = STATES if state is Read.ALL else (state.value,)
        which = Which(connection, _at(since), _at(until), states)
        found = self.toolbox.replay_inbound(self.toolbox.settings(), which, really=really)
        total = sum(one.deliveries for one in found)
        if as_json:
            say_json({"deliveries": total, "replayed": really, "accounts": [asdict(one) for one in found]})
            return
        if found:
            show_table(("connector", "account", "deliveries"),
                       ((one.connector, one.label, str(one.deliveries)) for one in found))  # fmt: skip
        word = "delivery" if total == 1 else "deliveries"
        if really:
            say(f"{total} {word}: a running worker reads them again within seconds.")
        else:
            say(f"{total} {word} would be read again. Add --yes to have that done.")


def _at(time: datetime | None) -> int | None:
    return None if time is None else int(time.replace(tzinfo=UTC).timestamp() * 1000)
