"""Commands about connectors themselves: scorecard, sandbox."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from connectors.sdk.manifest import Manifest
from connectors.sdk.registry import discover
from connectors.sdk.scorecard import Scorecard, State, scorecard_of
from connectors.testing import serve
from hub.cli.printing import AsJson, say, say_json, show_table, warn
from hub.cli.toolbox import Toolbox
from hub.errors import Invalid

STYLES = {State.DONE.value: "green", State.EXEMPT.value: "dim", State.TODO.value: "yellow"}
NOT_RATED = "not rated"


@dataclass(frozen=True, slots=True)
class ConnectorCommands:
    """The commands, for one toolbox."""

    toolbox: Toolbox

    def add_to(self, app: typer.Typer) -> None:
        """Add the commands to the command line."""
        for act in (self.scorecard, self.sandbox):
            app.command()(act)

    def scorecard(
        self,
        name: Annotated[str, typer.Argument(help="The connector's name; nothing: every connector.")] = "",
        *,
        as_json: AsJson = False,
    ) -> None:
        """Show how far connectors are, from bronze to platinum, and what is still to do."""
        found = {name: _installed(name)} if name else dict(sorted(discover().items()))
        cards = {one: scorecard_of(manifest) for one, manifest in found.items()}
        if as_json:
            say_json({"connectors": {one: _as_json(card) for one, card in cards.items()}})
        elif name:
            _show_rules(found[name], cards[name])
        else:
            show_table(
                ("connector", "tier", "done", "exempt", "to do", "next"), [_row(*each) for each in cards.items()]
            )

    def sandbox(
        self,
        name: Annotated[str, typer.Argument(help="The connector's name.")],
        *,
        port: Annotated[int, typer.Option(min=0, max=65_535, help="0: any free one.")] = 0,
        ledger: Annotated[Path | None, typer.Option(help="A file in which the sandbox keeps what it did.")] = None,
    ) -> None:
        """Run one connector's sandbox alone.

        Prints what to connect with: a line of JSON for programs, and on standard error what a person types in where.
        """
        _installed(name)
        options = ["--port", str(port), *(["--ledger", str(ledger)] if ledger else [])]
        raise typer.Exit(serve.main([name, *options], say=_how_to_connect))


def _how_to_connect(manifest: Manifest, told: Mapping[str, Any]) -> None:
    """Say what to type into which field of the hub's form."""
    auth = next(one for one in manifest.auths if one.name == told["auth"])
    labels = {name: about.get("title", name) for name, about in _settings(manifest).items()}
    labels |= {field.name: field.label for field in auth.fields}
    warn("")
    warn(f"In the hub: Connections, {manifest.title}, {auth.label}. Type in:")
    for name, value in {**told["settings"], **told["secrets"]}.items():
        label = labels[name][:1].upper() + labels[name][1:]
        warn(f"  {label}: {str(value).lower() if isinstance(value, bool) else value}")
    warn("The hub calls an address of this machine only if it was started with")
    warn(f"  export DAMHUB_TRUSTED_ORIGINS='{json.dumps([told['origin']])}'")
    warn("Ctrl-C ends the sandbox.")


def _settings(manifest: Manifest) -> Mapping[str, Any]:
    return manifest.settings.model_json_schema().get("properties", {})


def _installed(name: str) -> Manifest:
    known = discover()
    if name not in known:
        raise Invalid(
            "no_such_connector", "No connector of this name is installed.", where=name,
            next_step=f"Choose one of these: {', '.join(sorted(known))}.",
        )  # fmt: skip
    return known[name]


def _tier(card: Scorecard | None) -> str:
    return card.tier.value if card and card.tier else NOT_RATED


def _row(name: str, card: Scorecard | None) -> Sequence[str]:
    lines = card.lines if card else ()
    counts = [str(sum(line.state is state for line in lines)) for state in State]
    step = next(iter(card.next_steps), None) if card else None
    return name, _tier(card), *counts, f"{step.tier}: {step.why}" if step else ""


def _as_json(card: Scorecard | None) -> dict[str, Any] | None:
    return card.model_dump(mode="json") if card else None


def _show_rules(manifest: Manifest, card: Scorecard | None) -> None:
    say(f"{manifest.title}: {_tier(card)}")
    if card is None:
        say(f"No scorecard lies in its folder. python -m connectors.testing.conformance {manifest.name} measures one.")
        return
    show_table(
        ("tier", "rule", "", "why"), [(line.tier, line.says, line.state, line.why) for line in card.lines],
        styles=STYLES,
    )  # fmt: skip
    held = card.measured.contract
    say(
        f"Contract: {held.operations} operations known, {held.used} called; {held.requests} requests checked; "
        f"{held.refused} of {held.tried} that were sent wrongly on purpose refused."
    )
