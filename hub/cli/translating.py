"""Commands about what connectors say: mapping check, mapping preview."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from connectors.sdk.registry import discover
from hub.catalogue.languages import locale_of
from hub.cli.printing import AsJson, say, say_json, show_table
from hub.cli.toolbox import Toolbox
from mappings.errors import MappingError
from mappings.report import Check, Line, Preview, check, preview
from mappings.spec import legible, load_spec

FOUND_BAD = 1
LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Translating:
    """The commands, for one toolbox."""

    toolbox: Toolbox

    def add_to(self, app: typer.Typer) -> None:
        """Add the commands to the command line."""
        mapping = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What channels are told.")
        mapping.command("check")(self.check)
        mapping.command("preview")(self.preview)
        app.add_typer(mapping, name="mapping")

    def check(
        self,
        spec: Annotated[str, typer.Argument(help="A connector's name or a YAML file; nothing: every connector.")] = "",
        *,
        as_json: AsJson = False,
    ) -> None:
        """Validate mapping specs and say what each channel cannot hold. Exit code 1 if one cannot be used."""
        checks = [_checked(name) for name in ([spec] if spec else sorted(discover()))]
        if as_json:
            say_json({"specs": [_as_json(each) for each in checks]})
        else:
            for each in checks:
                _show_check(each)
        if not all(each.ok for each in checks):
            raise typer.Exit(FOUND_BAD)

    def preview(
        self,
        asset: Annotated[str, typer.Argument(help="An asset's code, such as DAM-1234, or its id.")],
        connector: Annotated[str, typer.Argument(help="The connector's name.")],
        *,
        language: Annotated[
            str, typer.Option(help="The language of the place, such as de or pt-BR; nothing: the hub's own.")
        ] = "",
        as_json: AsJson = False,
    ) -> None:
        """Show what a channel would be told of an asset, and what would be lost on the way."""
        settings = self.toolbox.settings()
        locale = locale_of(language, settings.language)
        found = preview(load_spec(connector), self.toolbox.document(settings, asset), locale)
        if as_json:
            say_json(asdict(found))
        else:
            _show_preview(found)


def _checked(name: str) -> Check:
    path = Path(name)
    if path.suffix not in {".yaml", ".yml"}:
        return check(name)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as unreadable:
        why = MappingError("mapping_unreadable", f"the file cannot be read ({type(unreadable).__name__})",
                           where=name, next_step="Check the name of the file.")  # fmt: skip
        return Check(name, why)
    return check(path.stem, text=text, source=name)


def _as_json(each: Check) -> dict[str, Any]:
    problem = each.problem
    told = {"code": problem.code, "what": str(problem), "next_step": problem.next_step} if problem else None
    return {
        "connector": each.connector, "ok": each.ok, "problem": told, "digest": each.digest,
        "fields": [_field(line) for line in each.lines], "cannot_hold": list(each.cannot_hold),
    }  # fmt: skip


def _field(line: Line) -> dict[str, Any]:
    return {name: getattr(line, name) for name in ("source", "remote", "owner", "transforms", "comes_back")}


def _show_check(each: Check) -> None:
    if each.problem is not None:
        say(f"{each.connector}: {each.problem} [{each.problem.code}]")
        say(each.problem.next_step)
        return
    say(f"{each.connector}: can be used")
    rows = [
        (legible(line.source), line.remote, line.owner, " ".join(line.transforms), _way(line)) for line in each.lines
    ]
    show_table(("catalogue", "channel", "owner", "transforms", ""), rows)
    missing = "This channel cannot hold: " + ", ".join(each.cannot_hold)
    say((missing if each.cannot_hold else "This channel can hold every field.") + "\n")


def _way(line: Line) -> str:
    return "out and back" if line.comes_back else "out only"


def _show_preview(found: Preview) -> None:
    rows = [(line.remote, _short(line.value), line.owner, "cut" if line.cut else "") for line in found.lines]
    show_table((found.connector, "would say", "owner", ""), rows)
    _show_losses([(loss.field, loss.detail) for loss in found.losses])


def _show_losses(losses: Sequence[tuple[str, str]]) -> None:
    if not losses:
        say("Nothing is lost on the way.")
        return
    say("Lost on the way:")
    show_table(("catalogue", "why"), losses)


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
